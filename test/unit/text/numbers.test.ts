/** Numbers against what rsync 3.5.0 printed. */
import { describe, expect, test } from "vitest";
import {
  countDecimal,
  countNumber,
  fixed,
  humanDecimal,
  humanNumber,
  type NumberStyle,
  numberStyle,
  progressRate,
  progressTime,
} from "../../../src/text/numbers.ts";

const plain: NumberStyle = { level: 0, decimalComma: false };
const grouped: NumberStyle = { level: 1, decimalComma: false };
const thousands: NumberStyle = { level: 2, decimalComma: false };
const binary: NumberStyle = { level: 3, decimalComma: false };
const german: NumberStyle = { level: 1, decimalComma: true };

describe("humanNumber", () => {
  test.each([
    [0, "0", "0", "0", "0"],
    [999, "999", "999", "999", "999"],
    [1000, "1000", "1,000", "1.00K", "1,000"],
    [1023, "1023", "1,023", "1.02K", "1,023"],
    [1024, "1024", "1,024", "1.02K", "1.00K"],
    [9999, "9999", "9,999", "10.00K", "9.76K"],
    [999_994, "999994", "999,994", "999.99K", "976.56K"],
    [999_995, "999995", "999,995", "1000.00K", "976.56K"],
    [1_048_575, "1048575", "1,048,575", "1.05M", "1024.00K"],
    [5_368_709, "5368709", "5,368,709", "5.37M", "5.12M"],
    [1_073_741_824, "1073741824", "1,073,741,824", "1.07G", "1.00G"],
    [1_099_511_627_776, "1099511627776", "1,099,511,627,776", "1.10T", "1.00T"],
    // Exact ties go to the even digit.
    [1125, "1125", "1,125", "1.12K", "1.10K"],
    [1152, "1152", "1,152", "1.15K", "1.12K"],
    [1375, "1375", "1,375", "1.38K", "1.34K"],
  ])("shows %d at the four levels", (value, level0, level1, level2, level3) => {
    expect([plain, grouped, thousands, binary].map((style) => humanNumber(value, style))).toEqual([
      level0,
      level1,
      level2,
      level3,
    ]);
  });
  test("uses dots and a comma where the locale does", () => {
    expect(humanNumber(1_048_576, german)).toBe("1.048.576");
    expect(humanNumber(1_048_576, { level: 2, decimalComma: true })).toBe("1,05M");
  });
});

describe("countNumber", () => {
  test("never uses units", () => {
    expect(countNumber(12_345, binary)).toBe("12,345");
    expect(countNumber(12_345, plain)).toBe("12345");
  });
});

describe("humanDecimal", () => {
  test.each([
    [680_898, grouped, "680,898.00"],
    [680_898, plain, "680898.00"],
    [680_898, thousands, "680.90K"],
    [680_912, binary, "664.95K"],
    [306, thousands, "306.00"],
    [160, german, "160,00"],
  ])("shows %d", (value, style, text) => {
    expect(humanDecimal(value, 2, style)).toBe(text);
  });
});

describe("countDecimal", () => {
  test.each([
    [13_107.2, 2, thousands, "13,107.20"],
    [13_107.2, 2, german, "13.107,20"],
    [985.519, 2, plain, "985.52"],
    [0.001, 3, grouped, "0.001"],
  ])("shows %d with %d places", (value, decimals, style, text) => {
    expect(countDecimal(value, decimals, style)).toBe(text);
  });
});

describe("fixed", () => {
  test.each([
    [0.125, "0.12"],
    [0.375, "0.38"],
    [2.5, "2.50"],
    [1.005, "1.00"],
    [0, "0.00"],
    [976.6748046875, "976.67"],
    [0.625, "0.62"],
    [0.115, "0.12"],
  ])("rounds %d to %s", (value, text) => {
    expect(fixed(value, 2)).toBe(text);
  });
});

describe("progressRate", () => {
  test.each([
    [0, "   0.00kB/s"],
    [4000, "   3.91kB/s"],
    [267_232_000, " 254.85MB/s"],
    [32_768_000, "  31.25MB/s"],
    [3 * 1024 ** 3, "   3.00GB/s"],
  ])("shows %d bytes a second", (rate, text) => {
    expect(progressRate(rate, grouped)).toBe(text);
  });
  test("has the decimal comma of the locale", () => {
    expect(progressRate(4000, german)).toBe("   3,91kB/s");
  });
});

describe("progressTime", () => {
  test.each([
    [0, "   0:00:00"],
    [3.99, "   0:00:03"],
    [3725, "   1:02:05"],
    [9999 * 3600, "9999:00:00"],
    [9999 * 3600 + 1, "  ??:??:??"],
    [-1, "  ??:??:??"],
    [Number.NaN, "  ??:??:??"],
    [Number.POSITIVE_INFINITY, "  ??:??:??"],
  ])("shows %d seconds", (seconds, text) => {
    expect(progressTime(seconds)).toBe(text);
  });
});

test("numberStyle takes the punctuation of the locale", () => {
  expect(numberStyle(2, { utf8: true, decimalComma: true })).toEqual({ level: 2, decimalComma: true });
});
