/** Compressed token streams: captured bytes, damaged and hostile ones (4-traps H-22, H-23). */
import { deflateRawSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { clampLevel, createTokenReader, createTokenSink } from "../../../src/compress/token-codec.ts";
import type { Token } from "../../../src/protocol/token.ts";
import { checkBlocks, PlainTokenReader } from "../../../src/protocol/token.ts";
import { notYet, type WireReader } from "../../../src/protocol/wire-reader.ts";
import { WireWriter } from "../../../src/protocol/wire-writer.ts";
import { hex, readAll, readerOf } from "../../support/wire.ts";

/** All tokens of bytes that must be one file. */
async function tokensOf(name: Parameters<typeof createTokenReader>[0], bytes: Uint8Array): Promise<Token[]> {
  const tokens = createTokenReader(name, 32);
  const reader = readerOf(bytes);
  const all: Token[] = [];
  for (;;) {
    const read = reader.poll((from) => tokens.read(from));
    if (read === notYet) throw new Error("cut short");
    const token = await read;
    if (token === undefined) continue;
    all.push(token.kind === "data" ? { kind: "data", bytes: token.bytes.slice() } : token);
    if (token.kind === "end") return all;
  }
}

/** Compressed data as pieces of a stream. */
function pieces(data: Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += 16_383) {
    const piece = data.subarray(at, at + 16_383);
    parts.push(Uint8Array.of(0x40 | (piece.length >> 8), piece.length & 255), piece);
  }
  return Buffer.concat([...parts, Uint8Array.of(0)]);
}

describe("block references", () => {
  test("have the captured form", async () => {
    expect(await tokensOf("zlibx", hex("c0 2b 01 21 bc 02 00 00 09 00 81 20 05 00 00 00 00"))).toEqual([
      { kind: "blocks", index: 0, count: 300 },
      { kind: "blocks", index: 700, count: 10 },
      { kind: "blocks", index: 710, count: 1 },
      { kind: "blocks", index: 5, count: 1 },
      { kind: "end" },
    ]);
    const writer = new WireWriter();
    const sink = createTokenSink({ name: "lz4", protocol: 32, level: 0, threads: 0 });
    for (let index = 0; index < 300; index++) sink.block(writer, index, undefined);
    for (let index = 700; index < 710; index++) sink.block(writer, index, undefined);
    sink.block(writer, 711, undefined);
    sink.block(writer, 5, undefined);
    sink.end(writer);
    expect(writer.take()).toEqual(hex("c0 2b 01 21 bc 02 00 00 09 00 82 20 05 00 00 00 00"));
  });

  test.each(["20 ff ff ff ff 00", "20 ff ff ff 7f 00", "21 f0 ff ff 7f ff 00 00"])("refuse %s", async (bytes) => {
    await expect(tokensOf("zstd", hex(bytes))).rejects.toThrow("invalid token number in compressed stream");
  });

  test.each(["01", "1f", "22", "3f", "40 00"])("refuse flag %s", async (bytes) => {
    await expect(tokensOf("lz4", hex(bytes))).rejects.toMatchObject({ exitCode: 2 });
  });

  test("are checked against the basis", () => {
    const check = (index: number, count: number) => (): void => checkBlocks(readerOf(hex("")), index, count, 10);
    expect(check(9, 1)).not.toThrow();
    expect(check(0, 10)).not.toThrow();
    expect(check(10, 1)).toThrow("Invalid block index 10 (count=10) [receiver]");
    expect(check(9, 2)).toThrow("Invalid block index");
    expect(check(-1, 1)).toThrow("Invalid block index");
  });
});

describe("damaged data", () => {
  test.each(["zlib", "zlibx", "zstd", "lz4"] as const)("of %s ends the session with 12", async (name) => {
    await expect(tokensOf(name, pieces(Buffer.alloc(50, 0xee)))).rejects.toMatchObject({ exitCode: 12 });
    await expect(tokensOf(name, pieces(Buffer.alloc(100_000, 0xee)))).rejects.toMatchObject({ exitCode: 12 });
  });

  test("behind the end of a zstd frame", async () => {
    const frame = zstdCompressSync("abc");
    await expect(tokensOf("zstd", pieces(Buffer.concat([frame, frame])))).rejects.toMatchObject({ exitCode: 12 });
  });
});

describe("a bomb", () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024);
  test.each([
    ["zlibx", (): Buffer => deflateRawSync(zeros, { finishFlush: 2 }).subarray(0, -4)],
    ["zstd", (): Buffer => zstdCompressSync(zeros)],
  ] as const)("of %s comes out in pieces", async (name, compress) => {
    const tokens = createTokenReader(name, 32);
    const reader = readerOf(pieces(compress()));
    let bytes = 0;
    let largest = 0;
    for (;;) {
      const token = await reader.poll((from) => tokens.read(from));
      if (token === notYet) throw new Error("cut short");
      if (token?.kind === "end") break;
      if (token?.kind !== "data") continue;
      bytes += token.bytes.length;
      largest = Math.max(largest, token.bytes.length);
    }
    expect(bytes).toBe(zeros.length);
    expect(largest).toBeLessThanOrEqual(1_048_576);
  });
});

describe("plain tokens", () => {
  test("have the captured form", () => {
    const reader = new PlainTokenReader();
    const read = (bytes: string): Token => readAll(hex(bytes), (from: WireReader) => reader.read(from));
    expect(read("ff ff ff ff")).toEqual({ kind: "blocks", index: 0, count: 1 });
    expect(read("fd ff ff ff")).toEqual({ kind: "blocks", index: 2, count: 1 });
    expect(read("00 00 00 80")).toEqual({ kind: "blocks", index: 0x7fffffff, count: 1 });
    expect(read("02 00 00 00 68 69")).toEqual({ kind: "data", bytes: new Uint8Array(Buffer.from("hi")) });
    expect(read("00 00 00 00")).toEqual({ kind: "end" });
  });

  test("hand on a run of any length as it comes", () => {
    const tokens = new PlainTokenReader();
    const reader = readerOf(hex("ff ff ff 7f 01 02"));
    const decode = (from: WireReader): Token => tokens.read(from);
    expect(reader.poll(decode)).toMatchObject({ kind: "data", bytes: { length: 2 } });
    expect(reader.poll(decode)).toBe(notYet);
    reader.feed(new Uint8Array(100_000));
    expect(reader.poll(decode)).toMatchObject({ bytes: { length: 65_536 } });
  });
});

describe("clampLevel", () => {
  test.each([
    ["zlib", undefined, 6],
    ["zlib", 0, undefined],
    ["zlibx", -1, 6],
    ["zlibx", 99, 9],
    ["zlib", -5, 1],
    ["zstd", 0, 3],
    ["zstd", 99, 22],
    ["zstd", -999_999, -131_072],
    ["lz4", 9, 0],
  ] as const)("%s at %s is %s", (name, level, clamped) => {
    expect(clampLevel(name, level)).toBe(clamped);
  });
});
