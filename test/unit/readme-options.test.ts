/** README's table of options that work says the same as the option table. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { optionsByLetter, optionsByName, optionTable } from "../../src/options/option-table.ts";

const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
const section = /^## What works\n([\s\S]*?)\nand the `--no-` forms/m.exec(readme)?.[1] ?? "";
const listed = [...section.matchAll(/`(--?[^`]+)`/g)].map((match) => match[1] ?? "");
const matchOf = (option: string) =>
  option.startsWith("--") ? optionsByName.get(option.slice(2)) : optionsByLetter.get(option.slice(1));

test("README lists options", () => {
  expect(listed.length).toBeGreaterThan(50);
});

test.each(listed)("%s, listed in README, is supported", (option) => {
  expect(matchOf(option)?.row.support).toBe("now");
});

test("README lists every supported option under one of its names", () => {
  const rows = new Set(listed.map((option) => matchOf(option)?.row));
  const missing = optionTable.filter((row) => row.support === "now" && !rows.has(row));
  expect(missing.map((row) => row.names[0] ?? row.letter)).toEqual([]);
});
