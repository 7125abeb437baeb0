/** A few guards are taken out (all of them by hand: `node test/hostile/guards.mjs`); every place is still where it was. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { guards } from "./guard-list.mjs";
import { nodeProgram } from "./support.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test.each(guards)("$name stands in $file once", ({ file, find, replace }) => {
  expect(readFileSync(`${root}/${file}`, "utf8").split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
});

test("at least 25 guards have names of their own", () => {
  expect(new Set(guards.map(({ name }) => name)).size).toBe(guards.length);
  expect(guards.length).toBeGreaterThanOrEqual(25);
});

test.each(["temp-exclusive", "deletion-blocked", "max-delete"])("without the guard %s its test turns red", (name) => {
  const run = spawnSync(nodeProgram, [fileURLToPath(new URL("guards.mjs", import.meta.url)), name], {
    encoding: "utf8",
  });
  expect(run.stdout + run.stderr).toContain(`red ${name}`);
  expect(run.status).toBe(0);
});
