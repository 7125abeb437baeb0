/** Zstd data by Node's streams and in steps: each reads what the other writes, and both refuse the same. */
import { createZstdCompress, createZstdDecompress, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Compressor, Decompressor } from "../../../src/compress/codec.ts";
import {
  createZstdCompressor,
  createZstdDecompressor,
  ZstdCompressor,
  ZstdDecompressor,
} from "../../../src/compress/zstd.ts";
import { SteppedZstdCompressor, SteppedZstdDecompressor, stepsOf } from "../../../src/compress/zstd-steps.ts";
import { Random } from "../../support/random.ts";

const compressors: Record<string, () => Compressor> = {
  stream: () => new ZstdCompressor(createZstdCompress()),
  steps: () => createZstdCompressor(3, 0),
};
const decompressors: Record<string, () => Decompressor> = {
  stream: () => new ZstdDecompressor(createZstdDecompress()),
  steps: () => createZstdDecompressor(),
};

async function outputOf(codec: Decompressor, piece: Uint8Array): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (let bytes = await codec.push(piece); bytes !== undefined; bytes = await codec.pull()) parts.push(bytes.slice());
  return Buffer.concat(parts);
}

/** Runs of all lengths, of which some compress. */
function runsOf(random: Random): Buffer[] {
  return [0, 1, 700, 131_072, 131_073, 400_000].map((length, index) =>
    index % 2 === 0 ? Buffer.from(random.bytes(length)) : Buffer.alloc(length, "some words "),
  );
}

test("this Node offers steps", () => {
  expect(createZstdDecompressor()).toBeInstanceOf(SteppedZstdDecompressor);
  expect(createZstdCompressor(3, 0)).toBeInstanceOf(SteppedZstdCompressor);
  expect(createZstdCompressor(3, 1)).toBeInstanceOf(ZstdCompressor);
});

test("streams of another make have none", () => {
  const stream = createZstdDecompress();
  Object.assign(stream, { _writeState: undefined });
  expect(stepsOf(stream)).toBe(undefined);
});

describe.each(Object.keys(compressors))("written by %s", (writing) => {
  test.each(Object.keys(decompressors))("and read by %s", async (reading) => {
    const compressor = compressors[writing]?.() as Compressor;
    const decompressor = decompressors[reading]?.() as Decompressor;
    for (const run of runsOf(new Random("zstd-steps", 1))) {
      const pieces: Buffer[] = [];
      await compressor.literal(run, (bytes) => pieces.push(Buffer.from(bytes)));
      await compressor.endRun((bytes) => pieces.push(Buffer.from(bytes)));
      const all = Buffer.concat(pieces);
      const parts: Buffer[] = [];
      for (let at = 0; at < all.length; at += 16_383) {
        parts.push(await outputOf(decompressor, all.subarray(at, at + 16_383)));
      }
      // Nothing of a run is held back.
      expect(Buffer.concat(parts).equals(run)).toBe(true);
    }
    compressor.close();
    decompressor.close();
  });
});

describe.each(Object.keys(decompressors))("read by %s", (reading) => {
  test("damaged data fails", async () => {
    const decompressor = decompressors[reading]?.() as Decompressor;
    await expect(outputOf(decompressor, Buffer.alloc(500, 0xee))).rejects.toThrow();
    decompressor.close();
  });

  test("data behind the end fails", async () => {
    const frame = zstdCompressSync("abc");
    const decompressor = decompressors[reading]?.() as Decompressor;
    await expect(outputOf(decompressor, Buffer.concat([frame, frame]))).rejects.toThrow("after the end");
    decompressor.close();
  });
});
