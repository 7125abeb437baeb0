import { expect, test } from "vitest";
import { fileSuffix, nameDistance, one } from "../../../src/sync/name-distance.ts";

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "abd", one + 1],
  ["", "a", one + 97],
  ["ab", "a", one + 98],
  ["a1", "a9b", 2 * one + 8 + 98],
  ["core~", ".excludes", 7 * one + 117],
  ["-leading-dash", ".excludes", 10 * one + 352],
])("nameDistance of %j and %j is %i", (a, b, distance) => {
  expect(nameDistance(a, b, 25 * one)).toBe(distance);
  expect(nameDistance(b, a, 25 * one)).toBe(distance);
});

test("nameDistance gives up where the lengths are too far apart", () => {
  expect(nameDistance("a", "abcd", 2 * one)).toBe(Number.POSITIVE_INFINITY);
});

test.each([
  ["a.txt", ".txt"],
  ["a.tar.gz", ".gz"],
  ["a.c~", ".c"],
  ["a.c.bak", ".c"],
  ["a.c.orig.old", ".orig"],
  ["a.old~", ".old"],
  ["a.c.old.~1~", ".old"],
  ["a.c.~2~.old", ".~2~"],
  ["a.c.1.old", ".c"],
  ["a.c~~", ".c~"],
  ["a..old", "."],
  ["lib.so.1", ".so"],
  ["report.1", ".1"],
  [".profile", ""],
  [".profile.old", ""],
  ["plain", ""],
  ["a.c.~12~", ".c"],
])("fileSuffix of %j is %j", (name, suffix) => {
  expect(fileSuffix(name)).toBe(suffix);
});
