import { expect, test } from "vitest";
import { blankAccessTimes } from "../../support/access-times.ts";

const line = (access: string) => `lrwxrwxrwx              7 2020/09/13 12:26:40 ${access} a/b -> c\n`;
const from = Date.UTC(2026, 10, 28, 10, 45, 55) / 1000;

test.each([
  ["the first second", "2026/11/28 10:45:55", undefined, "now"],
  ["the last second", "2026/11/28 10:45:57", undefined, "now"],
  ["before", "2026/11/28 10:45:54", undefined, "2026/11/28 10:45:54"],
  ["after", "2026/11/28 10:45:58", undefined, "2026/11/28 10:45:58"],
  ["another time zone", "2026/11/28 07:15:56", "America/St_Johns", "now"],
])("blankAccessTimes: %s", (_, access, zone, expected) => {
  expect(blankAccessTimes(line(access), from, from + 2, zone)).toBe(line(expected));
});

test("blankAccessTimes leaves times of change and names alone", () => {
  const text = "-rw-r--r--              7 2026/11/28 10:45:55 a 2026/11/28 10:45:55 b\n";
  expect(blankAccessTimes(text, from, from + 2)).toBe(text);
});
