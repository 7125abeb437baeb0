/** Which link targets count as leading out of the tree, as rsync 3.5.0 was seen to judge them (4-traps S-14). */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { isUnsafeLink } from "../../../src/sync/unsafe-link.ts";

describe("isUnsafeLink", () => {
  test.each(["f", "../f", "../../f", "..", "./a/./b", "..//../f"])("keeps %j two directories down", (target) => {
    expect(isUnsafeLink(byteName(target), byteName("d/e/link"))).toBe(false);
  });

  test.each(["../../../f", "../..", "a/../b", "a/..", "/etc", "", "./.."])(
    "drops %j two directories down",
    (target) => {
      expect(isUnsafeLink(byteName(target), byteName("d/e/link"))).toBe(true);
    },
  );

  test.each([
    ["../f", "link", true],
    ["f", "link", false],
    ["../f", "d/link", false],
    ["../f", "./link", true],
  ])("judges %j from the place of %j", (target, path, unsafe) => {
    expect(isUnsafeLink(byteName(target), byteName(path))).toBe(unsafe);
  });
});
