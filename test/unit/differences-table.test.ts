/**
 * docs/differences.md: every row of its tables has a test that is named after its first cell (test/support/difference.ts), or is listed
 * here with the test that it has elsewhere, or with why it can have none; and no test is named after a row that is not there.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8");

/** Rows that tests of another kind show: file and title. */
const elsewhere: Readonly<Record<string, readonly [file: string, title: string]>> = {
  "`--max-alloc`": ["test/interop/rarer-options.test.ts", 'describe("--max-alloc"'],
  "end by a signal": ["test/system/signals.test.ts", "with %s system calls"],
  "second signal": ["test/system/signals.test.ts", "signals in quick succession end the program with 20 as one does"],
  "`SIGVTALRM` without `--progress`": [
    "test/system/signals.test.ts",
    "SIGVTALRM, which asks rsync for its progress, does no harm",
  ],
  "repeats of the line of `--info=progress2` after lists with transfers": [
    "test/interop/corners.test.ts",
    "repeats of --info=progress2 after a list",
  ],
  "a directory given as argument that vanishes before it is opened, with deletion": [
    "test/hostile/changing-source.test.ts",
    "L-02 the copy of an argument that vanishes before it is opened is not emptied",
  ],
  "a source file with an error of reading in its middle, under `--partial`, `--inplace` or `--partial-dir`": [
    "test/hostile/changing-source.test.ts",
    "L-10 one that shrinks both times is an error: $title",
  ],
  "a sender that says it is through, but has neither sent a file that was asked for nor said that it cannot (from protocol 30)":
    ["test/hostile/broken-promises.test.ts", 'describe("a sender that is through without"'],
  "`-X`: a sender that does not send the value of a long attribute that was asked for": [
    "test/hostile/missing-values.test.ts",
    'describe("a long attribute without its value"',
  ],
  "the other side ends the session early with code 0": [
    "test/hostile/broken-promises.test.ts",
    "the code of an early end, %s, is none of success",
  ],
  "whole files on btrfs, XFS and their like": [
    "test/system/reflink.test.ts",
    "plain cannot: always is an error for each file",
  ],
};

/** Rows that no test can show, and why. */
const untestable: Readonly<Record<string, string>> = {
  "`--stats`: list generation time": "two clocks, which never show the same",
  "rates and times": "two clocks, which never show the same",
  "lines in between": "one a second: a test would have to copy for seconds",
  "`ir-chk` or `to-chk`, and its total": "how far the list is ahead depends on the moment, in both programs",
  "signals in the first 50 ms": "no signal can be sent in a moment that Node does not tell of",
  "signals while it leaves": "no signal can be sent in a moment that Node does not tell of",
  memory: "bench/ measures it; a limit would depend on the machine",
  "order of lines of a remote run": "which line overtakes which depends on buffers and the moment",
  "`--stats`: `File list size`": "how many bytes have been written at a moment differs from run to run",
  "the same with compression": "depends on the versions of the libraries",
  "a daemon that closes the connection with data of ours unread": "whether data is unread depends on the moment",
};

/** First cells of all rows; a row has as many cells as the head of its table. */
function parseRows(text: string): string[] {
  const rows: string[] = [];
  let columns = 0;
  for (const line of text.split("\n")) {
    const cells = line.startsWith("| ")
      ? line
          .slice(1, line.lastIndexOf("|"))
          .split("|")
          .map((cell) => cell.trim())
      : [];
    if (cells[0] === "where") columns = cells.length;
    else if (cells.length > 0) {
      expect(cells.length, line).toBe(columns);
      rows.push(cells[0] ?? "");
    }
  }
  return rows;
}

/** What calls of `difference` in a file are named after. */
function namedRows(source: string): string[] {
  return [...source.matchAll(/^\s*difference\(\s*("(?:[^"\\]|\\.)*")/gm)].map((match) => JSON.parse(match[1] ?? ""));
}

const rows = parseRows(read("docs/differences.md"));
const files = readdirSync(`${root}/test/interop`).filter((name) => name.startsWith("differences"));
const named = files.flatMap((name) => namedRows(read(`test/interop/${name}`)));

describe("docs/differences.md", () => {
  test("has no row twice", () => {
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter((row, index) => rows.indexOf(row) !== index)).toEqual([]);
  });

  test("has a test for every row, in test/interop/differences-*.test.ts", () => {
    const covered = new Set([...named, ...Object.keys(elsewhere), ...Object.keys(untestable)]);
    // How many are still without one: only ever to be lowered.
    const open = rows.filter((row) => !covered.has(row));
    expect(open.length, open.join("\n")).toBeLessThanOrEqual(3);
  });

  test("has every row that a test is named after", () => {
    const listed = [...named, ...Object.keys(elsewhere), ...Object.keys(untestable)];
    expect(listed.filter((row) => !rows.includes(row))).toEqual([]);
    expect(listed.filter((row, index) => listed.indexOf(row) !== index)).toEqual([]);
  });

  test.each(Object.values(elsewhere))("%s has the test %j", (file, title) => {
    expect(existsSync(`${root}/${file}`)).toBe(true);
    expect(read(file)).toContain(title);
  });

  test("has few rows without a test, and says why", () => {
    expect(Object.keys(untestable).length).toBeLessThan(13);
    for (const reason of Object.values(untestable)) expect(reason.length).toBeGreaterThan(10);
  });
});

test("namedRows finds every call", () => {
  expect(namedRows('difference(\n  "a \\"b\\"",\n  []);\n  difference("c", {})\nindifference("d")')).toEqual([
    'a "b"',
    "c",
  ]);
});
