/** Lines of --list-only as rsync 3.5.0 prints them; the zone of the tests is UTC (vitest keeps TZ, so it is set). */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ClockText } from "../../../src/text/clock-text.ts";
import { listLine } from "../../../src/text/list-line.ts";
import { directory, entryOf, symlink } from "./samples.ts";

beforeAll(() => vi.stubEnv("TZ", "UTC"));
afterAll(() => vi.unstubAllEnvs());

const root = entryOf(".", directory);
const big = entryOf("big", { size: 1_000_000_000_000 });
const link = entryOf("lnk", symlink("big"));

describe("listLine", () => {
  test.each([
    ["drwxr-xr-x          4,096 2026/11/22 23:58:29 .", root, 1],
    ["drwxr-xr-x        4096 2026/11/22 23:58:29 .", root, 0],
    ["drwxr-xr-x          4.10K 2026/11/22 23:58:29 .", root, 2],
    ["drwxr-xr-x          4.00K 2026/11/22 23:58:29 .", root, 3],
    ["-rw-r--r-- 1,000,000,000,000 2026/11/22 23:58:29 big", big, 1],
    ["-rw-r--r-- 1000000000000 2026/11/22 23:58:29 big", big, 0],
    ["lrwxrwxrwx              3 2026/11/22 23:58:29 lnk -> big", link, 1],
  ])("%s", (line, entry, level) => {
    expect(listLine(entry, true, { level, decimalComma: false }, new ClockText())).toBe(line);
  });

  test("hides the target without -l", () => {
    expect(listLine(link, false, { level: 1, decimalComma: false }, new ClockText())).toBe(
      "lrwxrwxrwx              3 2026/11/22 23:58:29 lnk",
    );
  });
});
