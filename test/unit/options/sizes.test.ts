/** Size and integer arguments; values taken from what rsync 3.5.0 passes on to a server. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { parseInteger, parseSize, type SizeRange } from "../../../src/options/sizes.ts";

const plain: SizeRange = { defaultSuffix: "b", min: 0 };

describe("parseSize", () => {
  test.each([
    ["1", 1],
    ["", 0],
    ["k", 0],
    [".k", 0],
    ["010", 10],
    ["1b", 1],
    ["1K", 1024],
    ["1kb", 1000],
    ["1KiB", 1024],
    ["1k+1", 1025],
    ["1k-1", 1023],
    ["1-1", 0],
    ["1.5k", 1536],
    ["1.9b", 1],
    ["0.3k", 307],
    ["1.999m", 2_096_103],
    ["4.1G", 4_402_341_478],
    ["1.123456789t", 1_235_253_802_809],
    ["1gB", 1_000_000_000],
    ["8191p", 8191 * 2 ** 50],
  ])("%j is %d bytes", (text, bytes) => {
    expect(parseSize("min-size", byteName(text), plain)).toBe(bytes);
  });

  test.each([
    ["5q", plain, "--x=5q is invalid"],
    ["1.5.2", plain, "--x=1.5.2 is invalid"],
    ["1kI", plain, "--x=1kI is invalid"],
    ["1kb+2", plain, "--x=1kb+2 is invalid"],
    ["+5", plain, "--x=+5 is invalid"],
    [" 5", plain, "--x= 5 is invalid"],
    ["-k", plain, "--x=-k is invalid"],
    ["-1", plain, "--x=-1 is too large"],
    ["0-1", plain, "--x=0-1 is too large"],
    ["8192p", plain, "--x=8192p is too large"],
    ["131073", { ...plain, max: 131_072 }, "--x=131073 is too large (max: 128.00K)"],
    ["100b", { ...plain, min: 512, zeroUnlimited: true }, "--x=100b is too small (min: 512 or 0 for unlimited)"],
    ["5", { ...plain, min: 2 ** 20 }, "--x=5 is too small (min: 1.00M)"],
  ])("refuses %j", (text, range, message) => {
    expect(() => parseSize("x", byteName(text), range)).toThrow(message);
  });

  test("uses the default suffix and lets 0 pass as unlimited", () => {
    const rate: SizeRange = { defaultSuffix: "k", min: 512, zeroUnlimited: true };
    expect(parseSize("bwlimit", byteName("2"), rate)).toBe(2048);
    expect(parseSize("bwlimit", byteName("0"), rate)).toBe(0);
  });
});

describe("parseInteger", () => {
  test.each([
    ["", 0],
    [" 5", 5],
    ["+7", 7],
    ["-5", -5],
    ["0x1F", 31],
    ["+0X1f", 31],
    ["010", 8],
    ["0", 0],
    ["2147483647", 2147483647],
    ["-2147483648", -2147483648],
  ])("%j is %d", (text, value) => {
    expect(parseInteger(byteName(text), "-x")).toBe(value);
  });

  test.each(["5 ", "5x", "x", "-", "0x", "08", "1.5", " "])("refuses %j as not numeric", (text) => {
    expect(() => parseInteger(byteName(text), "--timeout=T")).toThrow("--timeout=T: invalid numeric value");
  });

  test.each(["2147483648", "-2147483649", "99999999999999999999"])("refuses %j as out of range", (text) => {
    expect(() => parseInteger(byteName(text), "--t")).toThrow("--t: number too large or too small");
  });
});
