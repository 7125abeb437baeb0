import { expect, test } from "vitest";
import { parseFilesFrom } from "../../../src/filter/parse-files-from.ts";
import { limits } from "../../../src/limits.ts";

function parse(text: string, nulTerminated = false, relative = true): string[] {
  return parseFilesFrom(Buffer.from(text, "latin1"), { nulTerminated, relative });
}

test("parseFilesFrom splits records and skips comments", () => {
  expect(parse("f\r\n#c\n;d\ra/f\n\n  sp\n\xff")).toEqual(["f", "a/f", "  sp", "\xff"]);
  expect(parse("f\0#h\0;a\0\0a\nb\0", true)).toEqual(["f", "a\nb"]);
  expect(parse("")).toEqual([]);
});

test.each([
  // name, with -R, without
  ["a/..", ".", "."],
  ["./a", "./a", "a"],
  ["./a/", "./a/", "a/"],
  ["a/./b", "a/./b", "a/b"],
  ["a/.", "a/.", "a/"],
  ["..", ".", "."],
  ["/", ".", "."],
  ["//a//b//g", "a/b/g", "a/b/g"],
  ["a/b/../f", "a/f", "a/f"],
  ["a/../../c/i", "c/i", "c/i"],
  ["../../../etc/passwd", "etc/passwd", "etc/passwd"],
  ["a/./../c", "a/c", "c"],
  ["a/b/..", "a/", "a/"],
  ["..x/...", "..x/...", "..x/..."],
])("parseFilesFrom cleans %s", (name, relative, plain) => {
  expect(parse(name)).toEqual([relative]);
  expect(parse(name, false, false)).toEqual([plain]);
});

test("parseFilesFrom cuts over-long names", () => {
  const limit = limits.pathBytes - 1;
  expect(parse("x".repeat(limit))[0]?.length).toBe(limit);
  expect(parse("x".repeat(limit + 1))[0]?.length).toBe(limit);
});
