/** lz4 blocks: round trips, a block made by hand, and damaged ones. */
import { describe, expect, test } from "vitest";
import { compressLz4, decompressLz4, Lz4Table, lz4Bound } from "../../../src/compress/lz4-block.ts";
import { Random } from "../../support/random.ts";
import { hex } from "../../support/wire.ts";

const table = new Lz4Table();

function compress(input: Uint8Array): Buffer {
  const output = new Uint8Array(lz4Bound(input.length));
  return Buffer.from(output.subarray(0, compressLz4(input, output, table)));
}

function decompress(input: Uint8Array, room: number): Buffer | undefined {
  const output = new Uint8Array(room);
  const length = decompressLz4(input, output);
  return length < 0 ? undefined : Buffer.from(output.subarray(0, length));
}

describe("lz4 block", () => {
  test("comes back", () => {
    const random = new Random("lz4", 1);
    for (let round = 0; round < 300; round++) {
      const length = random.between(0, 16_383);
      const unit = random.bytes(random.pick([1, 3, 40, 1000]));
      const input = random.chance(0.3) ? random.bytes(length) : Buffer.alloc(length, unit);
      for (let change = random.between(0, 20); change > 0 && length > 0; change--) {
        input[random.between(0, length - 1)] = random.next() & 255;
      }
      const compressed = compress(input);
      expect(decompress(compressed, length)?.equals(input)).toBe(true);
      if (length > 0) expect(decompress(compressed, length - 1)).toBeUndefined();
    }
  });

  test("is as the format says", () => {
    // "ab", then a match of 4 + 15 + 3 bytes at offset 2, then 5 literals.
    expect(decompress(hex("2f 61 62 02 00 03 50 7a 7a 7a 7a 7a"), 100)?.toString()).toBe(`${"ab".repeat(12)}zzzzz`);
    expect(compress(Buffer.alloc(100, "a")).length).toBeLessThan(20);
  });

  test.each([
    "",
    "f0",
    "20 61",
    "20 61 62 00 00 50",
    "20 61 62 03 00 50 7a 7a 7a 7a 7a",
    "2f 61 62 02 00",
    "2f 61 62 02 00 ff",
  ])("refuses %j", (bytes) => {
    expect(decompress(hex(bytes), 100)).toBeUndefined();
  });

  test("never writes outside, whatever it is given", () => {
    const random = new Random("lz4-noise", 1);
    for (let round = 0; round < 2000; round++) {
      const output = new Uint8Array(300);
      const length = decompressLz4(random.bytes(random.between(1, 60)), output.subarray(0, 200));
      expect(length).toBeLessThanOrEqual(200);
      expect(output.subarray(200).every((byte) => byte === 0)).toBe(true);
    }
  });
});
