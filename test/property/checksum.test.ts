/** However a message is split, its digest is the same. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ChecksumName, createChecksum, digestBytes } from "../../src/delta/checksum.ts";
import { loadKernels } from "../../src/delta/kernels/kernels.ts";
import { randomBytes } from "../support/random-bytes.ts";

const names = Object.keys(digestBytes) as ChecksumName[];
const message = randomBytes(5000, 11);
/** Piece lengths around the sizes at which the algorithms behave differently. */
const piece = fc.oneof(
  fc.nat(20),
  fc.nat(300),
  fc.constantFrom(0, 1, 16, 31, 32, 63, 64, 65, 240, 256, 257, 1024, 1025),
);

describe.each(names)("createChecksum(%j)", (name) => {
  const kernels = loadKernels();
  const split = createChecksum(name, { kernels });
  const whole = createChecksum(name, { kernels });

  test("any split of the updates gives the same digest", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        split.reset();
        whole.reset();
        let position = 0;
        for (const wanted of pieces) {
          const length = Math.min(wanted, message.length - position);
          split.update(message, position, length);
          position += length;
        }
        whole.update(message, 0, position);
        expect(split.digest()).toEqual(whole.digest());
      }),
      { numRuns: 300 },
    );
  });
});
