/** Block lengths: the table of 3-transfer 2.3 and the edges of 2.2. */
import { describe, expect, test } from "vitest";
import { blockBytesMax, blockLayout, blockLengthFor } from "../../../src/delta/block-length.ts";
import { strongLengthFor } from "../../../src/delta/strong-length.ts";

/** Basis size, protocol, block length, count, remainder, strong sum length. */
const table: readonly (readonly [number, number, number, number, number, number])[] = [
  [1, 32, 700, 1, 1, 2],
  [700, 32, 700, 1, 0, 2],
  [701, 32, 700, 2, 1, 2],
  [3000, 32, 700, 5, 200, 2],
  [65_536, 32, 700, 94, 436, 2],
  [490_000, 32, 700, 700, 0, 2],
  [490_001, 32, 700, 701, 1, 2],
  [500_000, 32, 704, 711, 160, 2],
  [1_000_000, 32, 1000, 1000, 0, 2],
  [1_048_576, 32, 1024, 1024, 0, 2],
  [10_000_000, 32, 3160, 3165, 1760, 2],
  [100_000_000, 32, 10_000, 10_000, 0, 3],
  [2 ** 30, 32, 32_768, 32_768, 0, 3],
  [10 * 2 ** 30, 32, 103_616, 103_628, 3008, 4],
  [2 ** 34, 32, 131_072, 131_072, 0, 4],
  [2 ** 40, 30, 131_072, 8_388_608, 0, 6],
  [2 ** 40, 29, 1_048_576, 1_048_576, 0, 5],
];

describe("sum head of a basis", () => {
  test.each(table)("of %i bytes, protocol %i", (size, protocol, blockLength, count, remainder, strong) => {
    expect(blockLengthFor(size, protocol)).toBe(blockLength);
    expect(blockLayout(size, blockLength)).toEqual({ count, remainder });
    expect(strongLengthFor(size, blockLength, 16, "normal")).toBe(strong);
  });
});

describe("blockLengthFor", () => {
  test("takes --block-size as it is, even above the size", () => {
    expect(blockLengthFor(10, 32, 131_072)).toBe(131_072);
    expect(blockLengthFor(2 ** 40, 32, 3)).toBe(3);
  });

  test.each([
    [2 ** 34 - 1, 30, 131_064],
    [2 ** 34 - 1, 29, 131_064],
    [2 ** 34, 29, 131_072],
    [(2 ** 26 - 8) ** 2, 29, 2 ** 26 - 8],
    [(2 ** 26 - 8) ** 2 - 1, 29, 2 ** 26 - 16],
    [2 ** 53, 32, 131_072],
    [0, 32, 700],
  ])("of %i bytes, protocol %i", (size, protocol, blockLength) => {
    expect(blockLengthFor(size, protocol)).toBe(blockLength);
  });

  test("is the largest multiple of 8 whose square is not above the size", () => {
    for (let size = 490_001; size < 2 ** 34; size = Math.floor(size * 1.37) + 1) {
      const length = blockLengthFor(size, 32);
      expect(length % 8 === 0 || length === 700).toBe(true);
      expect(length === 700 || length ** 2 <= size).toBe(true);
      expect((Math.floor(length / 8) * 8 + 8) ** 2).toBeGreaterThan(size);
    }
  });
});

describe("blockBytesMax", () => {
  test("changes with protocol 30", () => {
    expect([blockBytesMax(29), blockBytesMax(30)]).toEqual([2 ** 29, 131_072]);
  });
});

describe("blockLayout", () => {
  test("of an empty basis has no blocks", () => {
    expect(blockLayout(0, 700)).toEqual({ count: 0, remainder: 0 });
  });

  test("is undefined when the count does not fit 31 bits", () => {
    expect(blockLayout(2 ** 31 - 1, 1)).toEqual({ count: 2 ** 31 - 1, remainder: 0 });
    expect(blockLayout(2 ** 31, 1)).toBeUndefined();
  });
});

describe("strongLengthFor", () => {
  test.each([
    [16, 16],
    [8, 8],
    [20, 16],
    [1, 1],
  ])("in the redo phase is all of a digest of %i bytes, at most 16", (digest, length) => {
    expect(strongLengthFor(1000, 700, digest, "redo")).toBe(length);
  });

  test("is never longer than the digest", () => {
    expect(strongLengthFor(2 ** 53, 1, 16, "normal")).toBe(11);
    expect(strongLengthFor(2 ** 53, 1, 8, "normal")).toBe(8);
    expect(strongLengthFor(1, 700, 1, "normal")).toBe(1);
  });

  test("counts whole bits just below a power of two", () => {
    // 10 + 2 * 51 - 2 bits and 10 + 2 * 52 - 2 bits.
    expect(strongLengthFor(2 ** 52 - 1, 4, 16, "normal")).toBe(10);
    expect(strongLengthFor(2 ** 52, 4, 16, "normal")).toBe(11);
  });
});
