import { describe, expect, test } from "vitest";
import { createBlockSummer } from "../../../src/delta/block-sums.ts";
import { referenceRollingSum } from "../../../src/delta/reference/rolling-sum.ts";
import { basisBytesOf, blockBytesOf, signBasis, sumHeadFor } from "../../../src/delta/signature.ts";
import { limits } from "../../../src/limits.ts";
import { readerOf, toEnd } from "../../support/delta.ts";
import { randomBytes } from "../../support/random-bytes.ts";

const usual = { blockSize: 0, protocol: 32, digestBytes: 16, phase: "normal" } as const;

describe("sumHeadFor", () => {
  test.each([
    [0, usual, undefined],
    [1, usual, { count: 1, blockLength: 700, strongBytes: 2, remainder: 1 }],
    [700, usual, { count: 1, blockLength: 700, strongBytes: 2, remainder: 0 }],
    [3000, usual, { count: 5, blockLength: 700, strongBytes: 2, remainder: 200 }],
    [10_000_000, usual, { count: 3165, blockLength: 3160, strongBytes: 2, remainder: 1760 }],
    [3000, { ...usual, phase: "redo" } as const, { count: 5, blockLength: 700, strongBytes: 16, remainder: 200 }],
    [
      3000,
      { ...usual, digestBytes: 8, phase: "redo" } as const,
      { count: 5, blockLength: 700, strongBytes: 8, remainder: 200 },
    ],
    [5, { ...usual, blockSize: 131_072 }, { count: 1, blockLength: 131_072, strongBytes: 2, remainder: 5 }],
    [
      limits.sumCountMax,
      { ...usual, blockSize: 1 },
      { count: limits.sumCountMax, blockLength: 1, strongBytes: 4, remainder: 0 },
    ],
    [limits.sumCountMax + 1, { ...usual, blockSize: 1 }, undefined],
  ])("%i bytes, %j", (bytes, options, head) => {
    expect(sumHeadFor(bytes, options)).toEqual(head);
    if (head !== undefined) expect(basisBytesOf(head)).toBe(bytes);
  });
});

describe("signBasis", () => {
  test.each([
    [3000, 0, 2],
    [3000, 1, 2],
    [300_000, 131_072, 3],
    [600_000, 7, 2],
  ])("%i bytes in blocks of %i", (length, blockSize) => {
    const basis = randomBytes(length, 5);
    const head = sumHeadFor(length, { ...usual, blockSize });
    if (head === undefined) throw new Error("no head");
    const summer = createBlockSummer({ name: "md5", seed: 1, seedFirst: true });
    const signature = toEnd(signBasis(readerOf(basis, 999), head, summer));
    if (typeof signature === "number") throw new Error(String(signature));
    expect(signature.rolling).toHaveLength(head.count);
    expect(signature.strong).toHaveLength(head.count * head.strongBytes);
    for (const index of [0, 1, head.count - 2, head.count - 1].filter((value) => value >= 0 && value < head.count)) {
      const start = index * head.blockLength;
      const block = basis.subarray(start, start + blockBytesOf(head, index));
      expect(signature.rolling[index]).toBe(referenceRollingSum(block));
    }
  });

  test("reads zeros past the end, and gives back what a read fails with", () => {
    const head = sumHeadFor(1400, usual);
    if (head === undefined) throw new Error("no head");
    const summer = createBlockSummer({ name: "xxh128", seed: 1, seedFirst: true });
    const short = toEnd(signBasis(readerOf(new Uint8Array(0)), head, summer));
    expect(typeof short === "number" ? short : [...short.rolling]).toEqual([0, 0]);
    expect(toEnd(signBasis(() => -5, head, summer))).toBe(-5);
  });
});
