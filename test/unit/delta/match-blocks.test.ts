/** The counts are those that rsync 3.5.0 prints at `-vv` for the same files (`test/interop/delta` compares more). */
import { describe, expect, test } from "vitest";
import { createBlockSummer } from "../../../src/delta/block-sums.ts";
import { BlockMatcher } from "../../../src/delta/match-blocks.ts";
import { type ReadAt, type Signature, sumHeadFor } from "../../../src/delta/signature.ts";
import { limits } from "../../../src/limits.ts";
import { readerOf, runDelta, toEnd } from "../../support/delta.ts";
import { randomBytes } from "../../support/random-bytes.ts";

const a = randomBytes(100_000, 1);
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

describe("BlockMatcher", () => {
  test.each<[string, Uint8Array, Uint8Array, boolean, object]>([
    ["the basis itself", a, a, false, { matches: 143, literalBytes: 0, literalRuns: 0, matchedBytes: 100_000 }],
    ["the basis without its short last block", a.subarray(0, 99_400), a, false, { matches: 142, literalBytes: 0 }],
    [
      "something put in front",
      join(randomBytes(10, 9), a),
      a,
      false,
      { matches: 143, literalBytes: 10, literalRuns: 1 },
    ],
    [
      "halves swapped",
      join(a.subarray(50_400), a.subarray(0, 50_400)),
      a,
      false,
      { matches: 142, matchedBytes: 99_400 },
    ],
    ["halves swapped in place", join(a.subarray(50_400), a.subarray(0, 50_400)), a, true, { matches: 70 }],
    ["moved to the end, in place", join(randomBytes(700, 9), a), a, true, { matches: 0, literalBytes: 100_700 }],
    ["moved to the front, in place", a.subarray(700), a, true, { matches: 142, literalBytes: 0 }],
    ["shorter than the last block", a.subarray(0, 100), a.subarray(0, 700), false, { matches: 0, literalRuns: 1 }],
    ["empty", new Uint8Array(0), a, false, { matches: 0, literalBytes: 0, literalRuns: 0, hashHits: 0 }],
    ["zeros", new Uint8Array(7000), new Uint8Array(70_000), false, { matches: 10, hashHits: 10 }],
    [
      "zeros shorter than the last block",
      new Uint8Array(17),
      new Uint8Array(62_952),
      false,
      { matches: 0, hashHits: 1 },
    ],
    ["unlike data", randomBytes(70_000, 8), a.subarray(0, 1400), false, { matches: 0, literalRuns: 3 }],
  ])("%s", (_title, file, basis, updating, totals) => {
    const delta = runDelta({ file, basis, updating, name: "xxh128" });
    expect(delta.totals).toMatchObject({ ...totals, error: 0 });
    expect(Buffer.compare(delta.result, file)).toBe(0);
  });

  test("in place, zeros are not moved on beyond the end of the file", () => {
    const file = new Uint8Array(2);
    const delta = runDelta({ file, basis: new Uint8Array(701), updating: true, name: "xxh128" });
    expect(delta.result).toEqual(file);
    expect(delta.totals).toMatchObject({ matches: 1, literalBytes: 1, matchedBytes: 1 });
  });

  test("in place, zeros are moved on to where zeros stand", () => {
    const basis = join(randomBytes(700, 3), new Uint8Array(7000));
    const file = join(randomBytes(900, 4), new Uint8Array(6800));
    const delta = runDelta({ file, basis, updating: true, name: "xxh128" });
    // Not the first 700 zeros: from the next block on everything stands already.
    expect(delta.totals).toMatchObject({ matches: 9, literalBytes: 1400 });
    expect(delta.writtenBytes).toBe(1400);
    expect(Buffer.compare(delta.result, file)).toBe(0);
  });

  test("after four false alarms in a row a block is given up", () => {
    // All sums are equal, no strong sum is.
    const { signature, summer } = hostile(1, 16);
    const totals = search(signature, summer, new Uint8Array(1600));
    // 4 places, then one in 16: the run of alarms goes on.
    expect(totals).toMatchObject({ matches: 0, literalBytes: 1600, hashHits: 4 + 99 - 1, error: 0 });
  });

  test("many blocks of one rolling sum cost no more than the limit at each place", () => {
    const { signature, summer } = hostile(100_000, 700);
    // All are different: those that are alike are passed over.
    const strong = new Uint8Array(new Uint32Array(4 * signature.count).map((_, index) => index + 1).buffer);
    const size = 70_000;
    const totals = search({ ...signature, strong }, summer, new Uint8Array(size));
    expect(totals.matches).toBe(0);
    expect(totals.falseAlarms).toBeLessThanOrEqual(totals.hashHits * limits.equalSumsTried);
    expect(totals.falseAlarms).toBeGreaterThan(limits.equalSumsTried);
    expect(totals.literalBytes).toBe(size);
  });

  test("many equal blocks cost nothing after the first place (R-03)", () => {
    const { signature, summer } = hostile(1_000_000, 1);
    const totals = search(signature, summer, new Uint8Array(100_000));
    // One alarm a place: four in a row, and from then on each place gives the next block up.
    expect(totals).toMatchObject({ matches: 0, falseAlarms: totals.hashHits, literalBytes: 100_000 });
  });

  test("blocks of one bucket but unequal rolling sums are not walked through at each place (R-03)", () => {
    // At every place of zeros the sum of the last block agrees, its length does not: without an alarm nothing is skipped.
    const { signature, summer } = hostile(50_000, 700);
    const rolling = signature.rolling.map((_, index) => ((index << 16) | (65_536 - index)) >>> 0).fill(0, 49_999);
    const short = { ...signature, rolling, remainder: 10 };
    // 100,000 million steps if they were.
    expect(search(short, summer, new Uint8Array(2_000_000))).toMatchObject({ matches: 0, literalBytes: 2_000_000 });
  });

  test.each([
    [0, -61],
    [-5, -5],
  ])("after a read that gives %i the rest is zeros, and that is told (L-10)", (result, readError) => {
    const { signature, summer } = hostile(1, 700);
    const out: Buffer[] = [];
    const sink = { literal: (bytes: Uint8Array) => out.push(Buffer.from(bytes)), block: () => 0 };
    const read: ReadAt = (buffer, offset, length, position) =>
      position < 3000 ? readerOf(a)(buffer, offset, Math.min(length, 3000 - position), position) : result;
    const request = { read, size: 5000, sink, onData: () => undefined, updating: false };
    const totals = toEnd(new BlockMatcher(signature, summer, request).run());
    expect(totals).toMatchObject({ error: 0, readError, literalBytes: 5000 });
    expect(Buffer.concat(out)).toEqual(Buffer.concat([a.subarray(0, 3000), Buffer.alloc(2000)]));
  });

  test("a sink that fails stops the search", () => {
    const { signature, summer } = hostile(1, 700);
    const sink = { literal: () => -28, block: () => 0 };
    const request = { read: readerOf(a), size: a.length, sink, onData: () => undefined, updating: false };
    expect(toEnd(new BlockMatcher(signature, summer, request).run())).toMatchObject({ error: -28, readError: 0 });
  });
});

/** A signature of so many blocks that have the rolling sum of zeros and a strong sum that nothing has. */
function hostile(count: number, blockLength: number) {
  const head = sumHeadFor(count * blockLength, {
    blockSize: blockLength,
    protocol: 32,
    digestBytes: 16,
    phase: "redo",
  });
  if (head === undefined) throw new Error("no head");
  const strong = new Uint8Array(count * head.strongBytes).fill(1);
  const signature: Signature = { ...head, rolling: new Uint32Array(count), strong };
  return { signature, summer: createBlockSummer({ name: "xxh128", seed: 1, seedFirst: true }) };
}

function search(signature: Signature, summer: ReturnType<typeof createBlockSummer>, file: Uint8Array) {
  const sink = { literal: () => 0, block: () => 0 };
  const request = { read: readerOf(file), size: file.length, sink, onData: () => undefined, updating: false };
  return toEnd(new BlockMatcher(signature, summer, request).run());
}
