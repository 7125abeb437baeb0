/** docs/traps.md: every P0 and P1 trap of the specification has one row, and every test that a row names exists. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8");

interface Row {
  readonly id: string;
  readonly priority: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
  readonly cells: readonly string[];
}

/** The rows of all tables of the document that begin with the number of a trap. */
function parseRows(text: string): Row[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| trap "))
    .map((line) => {
      const cells = line
        .slice(2, -2)
        .split(/ \| /)
        .map((cell) => cell.trim());
      const [id = "", priority = ""] = (cells[0] ?? "").split(" ");
      const tests = (cells[3] ?? "")
        .split("<br>")
        .map((reference) => /^`([^`]+)`: (.+)$/.exec(reference))
        .flatMap((match) => (match === null ? [] : [{ file: match[1] ?? "", name: match[2] ?? "" }]));
      return { id, priority, tests, cells };
    });
}

/** A test's title as it stands in the source, or what quoting makes of it. */
function hasTest(file: string, name: string): boolean {
  if (!existsSync(`${root}/${file}`)) return false;
  const source = read(file);
  return [name, JSON.stringify(name).slice(1, -1), name.replaceAll("'", "\\'")].some((title) => source.includes(title));
}

const text = read("docs/traps.md");
const [local = "", elsewhere = ""] = text.split("## Cannot occur in a local run");
const localRows = parseRows(local);
const otherRows = parseRows(elsewhere);
const traps = new Map(
  [...read("docs/spec/4-traps.md").matchAll(/\*\*([A-Z]-\d+) \((P\d)\)/g)].map((match) => [
    match[1] ?? "",
    match[2] ?? "",
  ]),
);

describe("docs/traps.md", () => {
  test("has every P0 and P1 trap exactly once, and no unknown one", () => {
    const ids = [...localRows, ...otherRows].map((row) => row.id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(ids.filter((id) => !traps.has(id))).toEqual([]);
    const wanted = [...traps].filter(([, priority]) => priority !== "P2").map(([id]) => id);
    expect(wanted.length).toBeGreaterThan(100);
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("gives each trap the priority of the specification", () => {
    for (const { id, priority } of [...localRows, ...otherRows])
      expect(`${id} ${priority}`).toBe(`${id} ${traps.get(id)}`);
  });

  test.each(localRows)("$id names tests that exist, a module and roles", ({ id, tests, cells }) => {
    expect(cells, id).toHaveLength(5);
    expect(cells.every((cell) => cell !== "")).toBe(true);
    expect(tests.length, id).toBeGreaterThan(0);
    for (const { file, name } of tests) expect(hasTest(file, name), `${file}: ${name}`).toBe(true);
  });

  test("says why the others cannot occur", () => {
    for (const { id, cells } of otherRows) expect(cells[2]?.length ?? 0, id).toBeGreaterThan(2);
  });
});

test("hasTest knows what does not exist", () => {
  expect(hasTest("test/unit/traps-table.test.ts", ["has every P0 and P1", "trap exactly twice"].join(" "))).toBe(false);
  expect(hasTest("test/unit/no-such-file.test.ts", "x")).toBe(false);
});
