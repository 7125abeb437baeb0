/** Block sums against the plain-TypeScript references (3-transfer 2.4, 2.5). */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type BlockSumOptions, createBlockSummer, sumRecordBytes } from "../../../src/delta/block-sums.ts";
import { loadKernels } from "../../../src/delta/kernels/kernels.ts";
import { createMd4 } from "../../../src/delta/reference/md4.ts";
import { referenceRollingSum } from "../../../src/delta/reference/rolling-sum.ts";
import { referenceXxh3, referenceXxh128 } from "../../../src/delta/reference/xxh3.ts";
import { referenceXxh64 } from "../../../src/delta/reference/xxh64.ts";
import { randomBytes } from "../../support/random-bytes.ts";

type Settings = Pick<BlockSumOptions, "name" | "seed" | "seedFirst">;

function littleEndian(...values: bigint[]): string {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => {
    bytes.writeBigUInt64LE(value, index * 8);
  });
  return bytes.toString("hex");
}

/** The record of one block, computed without kernels, as hexadecimal digits. */
function expectedRecord({ name, seed, seedFirst }: Settings, block: Uint8Array): string {
  const rolling = Buffer.alloc(4);
  rolling.writeUInt32LE(referenceRollingSum(block));
  const wide = BigInt.asUintN(64, BigInt(seed));
  const seedBytes = Buffer.alloc(seed === 0 ? 0 : 4);
  if (seed !== 0) seedBytes.writeInt32LE(seed);
  const strong = (): string => {
    switch (name) {
      case "xxh128": {
        const { low, high } = referenceXxh128(block, wide);
        return littleEndian(low, high);
      }
      case "xxh3":
        return littleEndian(referenceXxh3(block, wide));
      case "xxh64":
        return littleEndian(referenceXxh64(block, wide));
      case "md4": {
        const message = Buffer.concat([block, seedBytes]);
        const digest = createMd4();
        digest.update(message);
        return Buffer.from(digest.digest()).toString("hex");
      }
      default: {
        const parts = name === "sha1" || seedFirst ? [seedBytes, block] : [block, seedBytes];
        return createHash(name).update(Buffer.concat(parts)).digest("hex").slice(0, 32);
      }
    }
  };
  return rolling.toString("hex") + strong();
}

/** Records cut to the bytes that are defined. */
function records(bytes: Uint8Array, strongBytes: number): string[] {
  const found: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += sumRecordBytes) {
    found.push(Buffer.from(bytes.subarray(offset, offset + 4 + strongBytes)).toString("hex"));
  }
  return found;
}

const settings: readonly Settings[] = (["xxh128", "xxh3", "xxh64", "md4", "md5", "sha1"] as const).flatMap((name) =>
  [0, 5, -5, 0x12345678].flatMap((seed) => [true, false].map((seedFirst) => ({ name, seed, seedFirst }))),
);

describe.each(settings)("createBlockSummer($name, seed $seed, first $seedFirst)", (setting) => {
  const summer = createBlockSummer(setting);

  test.each([
    [0, 700],
    [1, 700],
    [700, 700],
    [3000, 700],
    [300, 3],
    [2000, 240],
    [2000, 241],
    [2049, 1024],
  ])("%i bytes in blocks of %i", (length, blockLength) => {
    const basis = randomBytes(length, length);
    const expected: string[] = [];
    for (let start = 0; start < length; start += blockLength) {
      expected.push(expectedRecord(setting, basis.subarray(start, start + blockLength)));
    }
    summer.inputBuffer.set(basis);
    expect(records(summer.sumBlocks(length, blockLength), summer.strongBytes)).toEqual(expected);
  });

  test("blocks of all lengths around the chunks of md4 and md5", () => {
    for (let blockLength = 50; blockLength <= 135; blockLength++) {
      const basis = randomBytes(6 * blockLength + 1, blockLength);
      const expected: string[] = [];
      for (let start = 0; start < basis.length; start += blockLength) {
        expected.push(expectedRecord(setting, basis.subarray(start, start + blockLength)));
      }
      summer.inputBuffer.set(basis);
      expect(records(summer.sumBlocks(basis.length, blockLength), summer.strongBytes)).toEqual(expected);
    }
  });

  test("one block, in the memory of the kernels and elsewhere", () => {
    for (const length of [0, 1, 64, 700, 5000]) {
      const block = randomBytes(length, length);
      const expected = expectedRecord(setting, block);
      for (const inside of [true, false]) {
        const bytes = inside ? summer.inputBuffer.subarray(100, 100 + length) : block;
        if (inside) bytes.set(block);
        expect(Buffer.from(summer.strongSum(bytes)).toString("hex")).toBe(expected.slice(8));
        const rolling = Buffer.alloc(4);
        rolling.writeUInt32LE(summer.rollingSum(bytes));
        expect(rolling.toString("hex")).toBe(expected.slice(0, 8));
      }
    }
  });

  test("a block in several pieces, twice", () => {
    const block = randomBytes(5000, 9);
    for (const pieces of [[5000], [1, 16, 983, 2000, 1999, 1]]) {
      let offset = 0;
      for (const piece of pieces) {
        summer.inputBuffer.set(block.subarray(offset, offset + piece));
        summer.addToBlock(piece);
        offset += piece;
      }
      expect(records(summer.finishBlock(), summer.strongBytes)).toEqual([expectedRecord(setting, block)]);
    }
  });
});

describe("createBlockSummer", () => {
  const summer = createBlockSummer({ name: "xxh128", seed: 0, seedFirst: true });

  test.each([
    [1, 6553],
    [700, 374],
    [131_072, 2],
    [262_144, 1],
    [262_145, 0],
  ])("blocksPerCall(%i) is %i", (blockLength, count) => {
    expect(summer.blocksPerCall(blockLength)).toBe(count);
  });

  test("refuses what does not fit into input or output", () => {
    expect(() => summer.sumBlocks(262_145, 700)).toThrow("block sums of 262145 bytes in blocks of 700");
    expect(() => summer.sumBlocks(6554, 1)).toThrow("block sums of 6554 bytes in blocks of 1");
    expect(summer.sumBlocks(6553, 1)).toHaveLength(6553 * sumRecordBytes);
  });
});

describe("rollingSum", () => {
  const { calls, input, inputAddress } = loadKernels();
  const sum = (bytes: Uint8Array): number => {
    input.set(bytes);
    return calls.rollingSum(0, inputAddress, bytes.length) >>> 0;
  };
  const cases: readonly (readonly [string, Uint8Array, number])[] = [
    ["zeros", new Uint8Array(700), 0],
    ["01 02 03", Uint8Array.of(1, 2, 3), 0x000a0006],
    ["ff ff", Uint8Array.of(255, 255), 0xfffdfffe],
    ["61 * 700", new Uint8Array(700).fill(0x61), 0x24a6093c],
    ["hello world", Buffer.from("hello world"), 0x1a00045c],
    ["00..ff", Uint8Array.from({ length: 256 }, (_, i) => i), 0x6a80ff80],
  ];

  test.each(cases)("of %s, as in 3-transfer 2.4", (_title, bytes, expected) => {
    expect(sum(bytes)).toBe(expected);
    expect(referenceRollingSum(bytes)).toBe(expected);
  });

  test("of every length up to 300 and of long runs of extreme bytes", () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = randomBytes(length, length);
      expect([length, sum(bytes)]).toEqual([length, referenceRollingSum(bytes)]);
    }
    for (const fill of [0x7f, 0x80, 0xff]) {
      const bytes = new Uint8Array(262_143).fill(fill);
      expect(sum(bytes)).toBe(referenceRollingSum(bytes));
    }
  });

  test("continues from a value", () => {
    const bytes = randomBytes(1000, 1);
    for (const cut of [0, 1, 15, 16, 17, 500, 1000]) {
      input.set(bytes);
      const value = calls.rollingSum(0, inputAddress, cut);
      expect(calls.rollingSum(value, inputAddress + cut, 1000 - cut) >>> 0).toBe(referenceRollingSum(bytes));
    }
  });
});
