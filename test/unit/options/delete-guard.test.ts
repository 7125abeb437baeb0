import { describe, expect, test } from "vitest";
import { formatDeleteGuard, parseDeleteGuard } from "../../../src/options/delete-guard.ts";

describe("parseDeleteGuard", () => {
  test.each([
    ["0", { kind: "count", entries: 0 }],
    ["25", { kind: "count", entries: 25 }],
    ["0%", { kind: "share", percent: 0 }],
    ["2.5%", { kind: "share", percent: 2.5 }],
    ["100%", { kind: "share", percent: 100 }],
  ])("takes %s", (text, limit) => {
    expect(parseDeleteGuard(text)).toEqual(limit);
    expect(formatDeleteGuard(parseDeleteGuard(text))).toBe(text);
  });

  test.each(["", "%", "-1", "1.5", "101%", "100.1%", "10%%", "ten", "1e3", " 5", "9".repeat(16)])(
    "refuses %j",
    (text) => {
      expect(() => parseDeleteGuard(text)).toThrow(/^--delete-guard=.* is invalid/);
    },
  );
});
