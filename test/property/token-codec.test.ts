/** Token streams of every compression: files come back, file after file in one session, however the bytes are cut. */
import { describe, expect, test } from "vitest";
import { createTokenReader, createTokenSink } from "../../src/compress/token-codec.ts";
import { compressionNames } from "../../src/protocol/compression-name.ts";
import { Random } from "../support/random.ts";
import { type Basis, contentOf, type Part, readFile, writeFile } from "../support/tokens.ts";

/** Data with much or little to compress. */
function literal(random: Random, basis: Basis): Uint8Array {
  const length = random.weighted([
    [5, random.between(1, 300)],
    [3, random.between(300, 40_000)],
    [1, random.between(100_000, 400_000)],
  ]);
  const kind = random.between(0, 2);
  if (kind === 0) return random.bytes(length);
  if (kind === 1) return Buffer.alloc(length, `line ${random.between(0, 99)} of some text\n`);
  return Buffer.concat([random.bytes(10), basis.bytes.subarray(0, length)]);
}

function randomParts(random: Random, basis: Basis, blocks: number): Part[] {
  const parts: Part[] = [];
  for (let left = random.between(0, 8); left > 0; left--) {
    if (random.chance(0.5)) parts.push(literal(random, basis));
    else {
      const start = random.between(0, blocks - 1);
      const end = Math.min(
        blocks,
        start +
          random.weighted([
            [1, 1],
            [1, 5],
            [1, 90],
          ]),
      );
      for (let index = start; index < end; index++) parts.push(index);
    }
  }
  return parts;
}

describe.each(compressionNames)("token stream with %s", (name) => {
  test.each([28, 30, 31, 32])("gives the files back at protocol %d", async (protocol) => {
    const random = new Random(`tokens-${name}`, protocol);
    for (let session = 0; session < 4; session++) {
      const blockLength = random.pick([700, 1000, 100_000]);
      const blocks = blockLength > 1000 ? 6 : 200;
      const basis = { bytes: literalBasis(random, blocks * blockLength), blockLength };
      const sink = createTokenSink({ name, protocol, level: name === "zstd" ? 3 : 6, threads: 0 });
      const tokens = createTokenReader(name, protocol);
      for (let file = 0; file < 5; file++) {
        const parts = randomParts(random, basis, blocks);
        const bytes = await writeFile(sink, parts, basis);
        const pieceBytes = random.pick(bytes.length < 5000 ? [1, 7] : [1000, 20_000, bytes.length]);
        const content = await readFile(tokens, bytes, basis, pieceBytes);
        expect(content.equals(contentOf(parts, basis))).toBe(true);
      }
      sink.close();
      tokens.close();
    }
  });

  test("takes a run of many blocks", async () => {
    const basis = { bytes: new Uint8Array(70_000), blockLength: 1 };
    const parts = Array.from({ length: 70_000 }, (_, index) => index);
    const sink = createTokenSink({ name, protocol: 32, level: 3, threads: 0 });
    const bytes = await writeFile(sink, parts, basis);
    const tokens = createTokenReader(name, 32);
    expect((await readFile(tokens, bytes, basis, bytes.length)).length).toBe(70_000);
    if (name !== "none") expect(bytes.toString("hex")).toBe("c0ffffc16f1100");
    sink.close();
    tokens.close();
  });
});

function literalBasis(random: Random, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4)
    bytes.writeUInt32LE(random.chance(0.5) ? random.next() : 0x20202020, Math.min(at, length - 4));
  return bytes;
}
