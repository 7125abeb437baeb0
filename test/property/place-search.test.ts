/**
 * The search of the kernels is the plain one: the same tokens, `hash_hits` and `false_alarms`, for random, repetitive
 * and shifted data, with and without the rule of the overwritten basis, for both kinds of buckets.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DeltaRequest, runDelta } from "../support/delta.ts";
import { randomBytes } from "../support/random-bytes.ts";

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

function expectAlike(request: DeltaRequest): void {
  const plain = runDelta({ ...request, search: "plain" });
  const kernels = runDelta({ ...request, search: "kernels" });
  expect(kernels.totals).toEqual(plain.totals);
  expect(kernels.tokens).toEqual(plain.tokens);
  // Not the file: a short strong sum may take a block for another.
  expect(Buffer.compare(kernels.result, plain.result)).toBe(0);
}

/** Random bytes of few or many values, runs of one value, and patterns. */
const piece = fc.oneof(
  fc
    .record({ length: fc.nat(3000), seed: fc.nat(1e6), mask: fc.constantFrom(255, 255, 3, 1) })
    .map(({ length, seed, mask }) => randomBytes(length, seed).map((byte) => byte & mask)),
  fc
    .record({ length: fc.nat(3000), byte: fc.constantFrom(0, 0, 1, 128, 255) })
    .map(({ length, byte }) => new Uint8Array(length).fill(byte)),
  fc
    .record({ length: fc.nat(3000), period: fc.integer({ min: 1, max: 40 }) })
    .map(({ length, period }) => Uint8Array.from({ length }, (_, index) => (index % period) * 11)),
);
const content = fc.array(piece, { maxLength: 7 }).map((pieces) => join(...pieces));
const cut = fc.record({ from: fc.nat(12_000), length: fc.nat(4000), insert: fc.uint8Array({ maxLength: 30 }) });
const pair = fc.record({ basis: content, cuts: fc.array(cut, { maxLength: 8 }) }).map(({ basis, cuts }) => ({
  basis,
  file: join(...cuts.flatMap(({ from, length, insert }) => [basis.subarray(from, from + length), insert])),
}));

describe.each([false, true])("updating the basis itself: %s", (updating) => {
  test("edited files", () => {
    fc.assert(
      fc.property(
        pair,
        fc.constantFrom(0, 1, 2, 3, 7, 8, 9, 16, 31, 64, 700, 4096),
        fc.constantFrom("xxh128", "xxh3", "xxh64", "md5"),
        ({ basis, file }, blockSize, name) => expectAlike({ basis, file, blockSize, name, updating }),
      ),
      { numRuns: 400 },
    );
  });

  test("unlike files, whose strong sums are short enough for false alarms and matches", () => {
    fc.assert(
      fc.property(
        fc.record({ a: fc.nat(1e6), b: fc.nat(1e6), blockSize: fc.constantFrom(1, 2, 3, 5) }),
        fc.constantFrom(255, 15, 1),
        ({ a, b, blockSize }, mask) => {
          const [basis, file] = [a, b].map((seed) => randomBytes(5000, seed).map((byte) => byte & mask));
          if (basis !== undefined && file !== undefined)
            expectAlike({ basis, file, blockSize, name: "xxh128", updating });
        },
      ),
      { numRuns: 60 },
    );
  });

  const basis = randomBytes(300_000, 1);
  const larger = randomBytes(1_500_000, 2);
  test.each<[string, Uint8Array, Uint8Array, number]>([
    ["more blocks than 16-bit buckets are for", basis, randomBytes(40_000, 3), 4],
    ["the same, shifted", basis, join(randomBytes(3, 4), basis.subarray(100_000), basis.subarray(0, 5000)), 5],
    ["several windows of unlike data", larger, randomBytes(2_700_000, 5), 700],
    ["several windows of shifted data", larger, join(randomBytes(1, 6), larger, randomBytes(80_000, 7), larger), 0],
    ["long blocks", larger, join(larger.subarray(900_000), randomBytes(1000, 8), larger), 131_072],
    ["blocks too long for the window of the kernels", larger, join(randomBytes(9, 8), larger), 600_000],
    ["several windows of zeros", new Uint8Array(900_000), new Uint8Array(2_200_001), 0],
    ["zeros and a few others", new Uint8Array(900_000), new Uint8Array(1_200_000).fill(1, 500_000, 500_100), 1000],
    ["a file that ends in its only block", basis.subarray(0, 700), randomBytes(699, 9), 700],
  ])("%s", { timeout: 60_000 }, (_title, before, file, blockSize) => {
    expectAlike({ basis: before, file, blockSize, name: "xxh128", updating });
  });
});
