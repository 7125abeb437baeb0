/** The delta algorithm as a whole: apply(match(signature(basis), file), basis) = file, for all kinds of edits. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ChecksumName, createChecksum, digestBytes } from "../../src/delta/checksum.ts";
import { type Delta, runDelta } from "../support/delta.ts";

const names = ["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1"] as const satisfies readonly ChecksumName[];

/** Files made of few different pieces, so that blocks repeat and move. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .record({ byte: fc.constantFrom(0, 0, 65, 255), length: fc.nat(2500) })
        .map(({ byte, length }) => new Uint8Array(length).fill(byte)),
      fc
        .record({ start: fc.nat(255), length: fc.nat(2500) })
        .map(({ start, length }) => Uint8Array.from({ length }, (_, index) => (start + index * 7) & 0xff)),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => new Uint8Array(Buffer.concat(pieces)));

/** A file and another that shares parts of it, in any order. */
const pair = fc
  .record({
    basis: content,
    cuts: fc.array(fc.record({ from: fc.nat(8000), length: fc.nat(3000), insert: fc.uint8Array({ maxLength: 40 }) }), {
      maxLength: 6,
    }),
  })
  .map(({ basis, cuts }) => ({
    basis,
    file: new Uint8Array(
      Buffer.concat(cuts.flatMap(({ from, length, insert }) => [basis.subarray(from, from + length), insert])),
    ),
  }));

function expectSame(delta: Delta, file: Uint8Array, name: ChecksumName): void {
  expect(Buffer.compare(delta.result, file)).toBe(0);
  const checksum = createChecksum(name);
  checksum.update(file, 0, file.length);
  expect(delta.sentDigest).toEqual(checksum.digest());
  expect(delta.receivedDigest).toEqual(delta.sentDigest);
  expect(delta.sentDigest).toHaveLength(digestBytes[name]);
  if (delta.totals !== undefined) {
    expect(delta.totals.literalBytes + delta.totals.matchedBytes).toBe(file.length);
    expect(delta.totals.error).toBe(0);
  }
}

describe.each([false, true])("updating the basis itself: %s", (updating) => {
  test("the result is the file", () => {
    fc.assert(
      fc.property(
        pair,
        fc.constantFrom(...names),
        fc.constantFrom(0, 1, 3, 16, 64, 700, 5000),
        fc.integer({ min: 1, max: 5000 }),
        ({ basis, file }, name, blockSize, readBytes) => {
          expectSame(runDelta({ basis, file, name, blockSize, readBytes, updating }), file, name);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("a file that is its basis has no literal bytes", () => {
    fc.assert(
      fc.property(content, fc.constantFrom(0, 5, 64), (basis, blockSize) => {
        const delta = runDelta({ basis, file: basis, name: "xxh128", blockSize, updating });
        expectSame(delta, basis, "xxh128");
        expect(delta.totals?.literalBytes ?? 0).toBe(0);
        if (updating) expect(delta.writtenBytes).toBe(0);
      }),
    );
  });
});
