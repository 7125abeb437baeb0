/** Local times against `rsync --list-only` in the same zones. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { ClockText } from "../../../src/text/clock-text.ts";

afterEach(() => vi.unstubAllEnvs());

describe("ClockText", () => {
  test.each([
    ["UTC", 0, "1970/01/01 00:00:00"],
    ["UTC", -1, "1969/12/31 23:59:59"],
    ["UTC", -2_147_483_648, "1901/12/13 20:45:52"],
    ["UTC", 15_032_385_535, "2446/05/10 22:38:55"],
    ["Europe/Amsterdam", 1_711_846_799, "2024/03/31 01:59:59"],
    ["Europe/Amsterdam", 1_711_846_800, "2024/03/31 03:00:00"],
    ["Asia/Kathmandu", 1_000_000_000, "2001/09/09 07:31:40"],
    ["Australia/Lord_Howe", 1_775_318_399, "2026/04/05 02:29:59"],
    ["Africa/Monrovia", 63_072_000, "1971/12/31 23:15:30"],
  ])("%s %d", (zone, seconds, text) => {
    vi.stubEnv("TZ", zone);
    const { date, time } = new ClockText().format(seconds);
    expect(`${date} ${time}`).toBe(text);
  });

  test("keeps its cache apart for every quarter of an hour", () => {
    vi.stubEnv("TZ", "Asia/Kathmandu");
    const clock = new ClockText();
    for (let seconds = 1_711_846_000; seconds < 1_711_853_000; seconds += 37) {
      expect(clock.format(seconds)).toEqual(new ClockText().format(seconds));
    }
  });

  test("follows a zone that changes at an odd second and is no whole quarter away", () => {
    const change = 1_710_036_007;
    const clock = new ClockText((seconds) => (seconds < change ? 53_999 : 57_599));
    const texts = [change - 1, change, change - 1, change - 2000, change + 2000].map((seconds) =>
      clock.format(seconds),
    );
    expect(texts.map(({ time }) => time)).toEqual(["17:00:05", "18:00:06", "17:00:05", "16:26:46", "18:33:26"]);
  });

  test("asks for the zone twice a quarter of an hour", () => {
    let calls = 0;
    const clock = new ClockText(() => {
      calls++;
      return 0;
    });
    for (let seconds = 900_000; seconds < 900_900; seconds++) clock.format(seconds);
    expect(calls).toBe(2);
  });

  test("does not fail on times that no calendar has", () => {
    expect(new ClockText().format(9e15)).toEqual({ date: "@9000000000000000", time: "??:??:??" });
  });
});
