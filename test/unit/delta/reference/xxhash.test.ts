/** The reference hashes give the published digests. */
import { describe, expect, test } from "vitest";
import { referenceXxh3, referenceXxh128 } from "../../../../src/delta/reference/xxh3.ts";
import { referenceXxh64 } from "../../../../src/delta/reference/xxh64.ts";
import { sanityBuffer, xxh3Vectors, xxh64Vectors, xxh128Vectors } from "../../../support/xxhash-vectors.ts";

const buffer = sanityBuffer(2367);

describe("reference hashes", () => {
  test.each(xxh64Vectors)("referenceXxh64 of %i bytes, seed %i", (length, seed, digest) => {
    expect(referenceXxh64(buffer.subarray(0, length), seed)).toBe(digest);
  });

  test.each(xxh3Vectors)("referenceXxh3 of %i bytes, seed %i", (length, seed, digest) => {
    expect(referenceXxh3(buffer.subarray(0, length), seed)).toBe(digest);
  });

  test.each(xxh128Vectors)("referenceXxh128 of %i bytes, seed %i", (length, seed, low, high) => {
    expect(referenceXxh128(buffer.subarray(0, length), seed)).toEqual({ low, high });
  });
});
