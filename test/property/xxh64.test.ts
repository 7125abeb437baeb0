/** XXH64 of the kernels is that of the package xxhash-wasm, for any message, seed and pieces. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import xxhash, { type XXHashAPI } from "xxhash-wasm";
import { createChecksum } from "../../src/delta/checksum.ts";
import { loadKernels } from "../../src/delta/kernels/kernels.ts";

describe("xxh64", () => {
  const kernels = loadKernels();
  let others: XXHashAPI;
  beforeAll(async () => {
    others = await xxhash();
  });

  test("is the same in pieces", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), pieces, (seed, parts) => {
        const ours = createChecksum("xxh64", { kernels, seed });
        const theirs = others.create64(seed);
        for (const part of parts) {
          ours.update(part, 0, part.length);
          theirs.update(part);
        }
        const digest = Buffer.from(ours.digest()).readBigUInt64LE();
        ours.release();
        expect(digest).toBe(theirs.digest());
      }),
      { numRuns: 500, seed: 64 },
    );
  });
});
