/** The library's `signature`, `delta` and `patch`: round trips in any pieces, and every kind of damage is an error. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ByteStream, delta, patch, signature, TsyncError } from "../../src/index.ts";
import { randomBytes } from "../support/random-bytes.ts";

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

async function all(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return join(...pieces);
}

/** The bytes in pieces of these lengths, over and over; some are empty. */
async function* inPieces(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

async function roundTrip(basis: Uint8Array, file: Uint8Array, blockLength: number, lengths: readonly number[]) {
  const known = await all(signature(inPieces(basis, lengths), { blockLength }));
  const changes = await all(delta(inPieces(known, lengths), inPieces(file, lengths)));
  return { known, changes, result: await all(patch(basis, inPieces(changes, lengths))) };
}

const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.record({ length: fc.nat(3000), seed: fc.nat(99) }).map(({ length, seed }) => randomBytes(length, seed)),
      fc.nat(3000).map((length) => new Uint8Array(length)),
    ),
    { maxLength: 5 },
  )
  .map((pieces) => join(...pieces));
const lengths = fc
  .array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 5 })
  .filter(([first]) => !!first);

describe("signature, delta and patch", () => {
  test("give the file, however the streams are cut", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        content,
        content,
        fc.nat(5000),
        fc.constantFrom(1, 16, 100, 700, 2048),
        lengths,
        async (basis, other, from, blockLength, cuts) => {
          const file = join(basis.subarray(from), other, basis.subarray(0, from));
          const { result } = await roundTrip(basis, file, blockLength, cuts);
          expect(Buffer.compare(result, file)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  const large = randomBytes(3_000_000, 1);

  test("of a large file with few changes, the delta is small", async () => {
    const file = join(large.subarray(0, 1_000_000), randomBytes(10, 2), large.subarray(1_000_100));
    const { changes, result } = await roundTrip(large, file, 2048, [65_536]);
    expect(Buffer.compare(result, file)).toBe(0);
    expect(changes.length).toBeLessThan(5000);
  });

  test.each([
    ["nothing from nothing", new Uint8Array(0), new Uint8Array(0)],
    ["nothing from something", large, new Uint8Array(0)],
    ["something from nothing", new Uint8Array(0), large],
    ["itself", large, large],
    ["one byte", large, large.subarray(0, 1)],
  ])("%s", async (_title, basis, file) => {
    for (const blockLength of [700, 131_072]) {
      const { result } = await roundTrip(basis, file, blockLength, [100_000, 1]);
      expect(Buffer.compare(result, file)).toBe(0);
    }
  });

  test("the block length follows from the size", async () => {
    const lengthIn = async (options: object) => {
      const bytes = await all(signature([large], options));
      return Buffer.from(bytes).readUInt32LE(8);
    };
    expect(await lengthIn({})).toBe(2048);
    expect(await lengthIn({ size: 3_000_000 })).toBe(1728);
    expect(await lengthIn({ size: 3_000_000, blockLength: 5 })).toBe(5);
  });

  test("arrays, and a basis with a read function, do as well", async () => {
    const basis = {
      read: async (buffer: Uint8Array, offset: number, length: number, position: number) => {
        const piece = large.subarray(position, position + Math.min(length, 10_000));
        buffer.set(piece, offset);
        return { bytesRead: piece.length };
      },
    };
    const changes = await all(delta(signature([large]), [large.subarray(5), large.subarray(0, 5)]));
    expect(Buffer.compare(await all(patch(basis, [changes])), join(large.subarray(5), large.subarray(0, 5)))).toBe(0);
  });
});

describe("trouble", () => {
  const basis = randomBytes(5000, 3);
  const file = join(basis.subarray(2000), randomBytes(300, 4), basis.subarray(0, 2500));

  async function errorOf(stream: AsyncIterable<Uint8Array>): Promise<unknown> {
    try {
      await all(stream);
    } catch (error) {
      return error;
    }
    return undefined;
  }

  test("a signature that is cut, damaged or goes on", async () => {
    const { known } = await roundTrip(basis, file, 700, [999]);
    const refused = async (bytes: Uint8Array) => {
      const error = await errorOf(delta([bytes], [file]));
      expect(error).toBeInstanceOf(TsyncError);
      expect(error).toMatchObject({ kind: "protocol", exitCode: 12 });
    };
    for (let length = 0; length < known.length; length++) await refused(known.subarray(0, length));
    for (let at = 0; at < known.length; at++) {
      await refused(known.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte)));
    }
    await refused(join(known, Uint8Array.of(0)));
  });

  test("a delta that is cut, damaged or goes on", async () => {
    const { changes } = await roundTrip(basis, file, 700, [999]);
    const refused = async (bytes: Uint8Array) => {
      const error = await errorOf(patch(basis, [bytes]));
      expect(error).toBeInstanceOf(TsyncError);
      expect(error).toMatchObject({ kind: "protocol", exitCode: 12 });
    };
    for (let length = 0; length < changes.length; length++) await refused(changes.subarray(0, length));
    for (let at = 0; at < changes.length; at++) {
      await refused(changes.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte)));
    }
    await refused(join(changes, Uint8Array.of(0)));
  });

  test.each([
    ["another basis", randomBytes(5000, 5), /another basis/],
    ["a basis that is too short", basis.subarray(0, 4000), /ends before byte 4000/],
  ])("%s", async (_title, other, message) => {
    const { changes } = await roundTrip(basis, file, 700, [999]);
    expect(String(await errorOf(patch(other, [changes])))).toMatch(message);
  });

  test.each([{ blockLength: 0 }, { blockLength: 131_073 }, { blockLength: 1.5 }, { size: -1 }, { size: Number.NaN }])(
    "options %j",
    (options) => {
      expect(() => signature([], options)).toThrow(TsyncError);
    },
  );

  test("what is no stream of bytes", async () => {
    const text = ["text"] as unknown as ByteStream;
    expect(await errorOf(signature(text))).toMatchObject({ kind: "usage" });
  });

  test("an error of the stream itself comes through, and streams are closed", async () => {
    const own = new Error("disk");
    const closed: string[] = [];
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield basis;
      throw own;
    }
    async function* endless(name: string): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield randomBytes(100_000, 1);
      } finally {
        closed.push(name);
      }
    }
    expect(await errorOf(signature(failing()))).toBe(own);
    expect(await errorOf(delta(signature([basis]), failing()))).toBe(own);
    for (const stream of [signature(endless("basis")), delta(signature([basis]), endless("file"))]) {
      // The first piece comes before anything is read of the endless one.
      for (let piece = 0; piece < 2; piece++) await stream.next();
      await stream.return();
    }
    expect(await errorOf(delta(endless("signature"), endless("unread")))).toMatchObject({ kind: "protocol" });
    // `unread` was never begun: a generator has nothing to close then.
    expect(closed).toEqual(["basis", "file", "signature"]);
  });
});
