/** Forms and meanings of `--stop-at` and `--stop-after`; which forms are valid was learnt from rsync 3.5.0. */
import { describe, expect, test } from "vitest";
import { nextStop, parseStopAfter, parseStopAt } from "../../../src/options/stop-time.ts";

/** 2026-11-24 20:30:32 local time, which is an hour ahead of UTC. */
const clock = { now: Date.UTC(2026, 10, 24, 19, 30, 32) / 1000, utcOffset: () => 3600 };
const localText = (text: string) =>
  new Date((nextStop(parseStopAt(text), clock) + 3600) * 1000).toISOString().slice(0, 16);

describe("--stop-at", () => {
  test.each([
    ["2027-2-3T4:5", "2027-02-03T04:05"],
    ["2027/2-3", "2027-02-03T00:00"],
    ["2027-1-1T", "2027-01-01T00:00"],
    ["27-1-1", "2027-01-01T00:00"],
    ["20-1-1", "2120-01-01T00:00"],
    ["0001-1-1", "2101-01-01T00:00"],
    ["2027-02-30", "2027-03-02T00:00"],
    ["2026-11-24T23:59", "2026-11-24T23:59"],
    ["1-30", "2027-01-30T00:00"],
    ["11-24", "2027-11-24T00:00"],
    ["11-24T20:31", "2026-11-24T20:31"],
    ["2-29", "2028-02-29T00:00"],
    ["24", "2026-12-24T00:00"],
    ["24t20:31", "2026-11-24T20:31"],
    ["25", "2026-11-25T00:00"],
    ["31", "2026-12-31T00:00"],
    ["20:31", "2026-11-24T20:31"],
    ["20:30", "2026-11-25T20:30"],
    ["T5:00", "2026-11-25T05:00"],
    ["005:07", "2026-11-25T05:07"],
    [":31", "2026-11-24T20:31"],
    [":30", "2026-11-24T21:30"],
    [":5", "2026-11-24T21:05"],
  ])("%s is %s", (text, expected) => {
    expect(localText(text)).toBe(expected);
  });

  test.each(["2000-01-01", "2026-11-24T20:30", "26-11-24", "127-1-1", "1970-1-1"])("%s is over", (text) => {
    expect(() => localText(text)).toThrow(`--stop-at time is not in the future: ${text}`);
  });

  test.each(
    ["", "x", "T", "5:", "24:00", "23:60", ":60", "32", "0", "13-1", "0-1", "30-12", "2-30", "4-31", "1-1-1-1"].concat(
      ["1T5", "T5", "1T:30", "T:30", "2027-1", "2027-0-1", "2027-1-0", "1 ", " 1", "-1", "1-", "/1", "+1", "1--1"],
      ["T05:00Z", "5:00T1", "5:5:5", "2027-01-01T24:00", "2026-11T5:00", "2027.1.1", "now"],
    ),
  )("%j is refused", (text) => {
    expect(() => parseStopAt(text)).toThrow(`invalid --stop-at format: ${text}`);
  });
});

describe("--stop-after", () => {
  test.each([
    ["1", 1],
    [" 2", 2],
    ["1x", 1],
    ["1.5", 1],
    ["99999999999", 99_999_999_999],
  ])("%j is %i", (text, minutes) => {
    expect(parseStopAfter(text)).toBe(minutes);
  });

  test.each(["", "0", "-1", "x"])("%j is refused", (text) => {
    expect(() => parseStopAfter(text)).toThrow(`invalid --stop-after value: ${text}`);
  });
});
