/**
 * Damaged streams: whatever bytes a decoder gets, it takes them, waits for more, or ends the session with one of rsync's
 * codes. Nothing else is thrown, nothing hangs, and nothing unsafe comes out (4-traps 3).
 */
import { describe, expect, test } from "vitest";
import { createTokenReader, createTokenSink } from "../../src/compress/token-codec.ts";
import { TsyncError } from "../../src/errors.ts";
import { BlockSumsReader, readSumHead } from "../../src/protocol/block-sums.ts";
import { compressionNames } from "../../src/protocol/compression-name.ts";
import type { FileEntry } from "../../src/protocol/file-entry.ts";
import { FileListDecoder } from "../../src/protocol/file-list-decoder.ts";
import { FileListEncoder } from "../../src/protocol/file-list-encoder.ts";
import { FilterListReader } from "../../src/protocol/filter-list.ts";
import { FrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { TransferRecordReader } from "../../src/protocol/item-record.ts";
import { encodeMessage } from "../../src/protocol/message.ts";
import { NdxReader } from "../../src/protocol/ndx.ts";
import { notYet, type WireReader } from "../../src/protocol/wire-reader.ts";
import { readXattrRequest, XattrValuesReader } from "../../src/protocol/xattr-values.ts";
import { Random } from "../support/random.ts";
import { readFile, writeFile } from "../support/tokens.ts";
import { readerOf, written } from "../support/wire.ts";
import { namedIds, randomLists, randomSettings } from "../support/wire-entries.ts";

const rounds = 150;

/** Changes, removes, repeats or adds some bytes. */
function damage(random: Random, bytes: Buffer): Buffer {
  let damaged: Buffer = Buffer.from(bytes);
  for (let count = random.between(1, 3); count > 0 && damaged.length > 0; count--) {
    const at = random.between(0, damaged.length - 1);
    const end = Math.min(damaged.length, at + random.between(1, 8));
    const pieces = random.weighted<readonly Uint8Array[]>([
      [4, [damaged.subarray(0, at), Buffer.from([random.next() & 255]), damaged.subarray(at + 1)]],
      [1, [damaged.subarray(0, at), Buffer.from([0xff, 0xff, 0xff, 0xff]), damaged.subarray(at + 4)]],
      [1, [damaged.subarray(0, at), damaged.subarray(end)]],
      [1, [damaged.subarray(0, end), damaged.subarray(at)]],
      [1, [damaged.subarray(0, at), random.bytes(5), damaged.subarray(at)]],
    ]);
    damaged = Buffer.concat(pieces);
  }
  return damaged;
}

/** Runs a decoder; its errors must be ours, with a code that the specification gives. */
function attempt(decode: () => void): void {
  try {
    decode();
  } catch (error) {
    checkError(error);
  }
}

function checkError(error: unknown): void {
  if (!(error instanceof TsyncError)) throw error;
  expect([2, 4, 11, 12, 22]).toContain(error.exitCode);
}

function checkEntry(entry: FileEntry, relative: boolean): void {
  expect(entry.path).not.toMatch(/\0|(^|\/)\.\.(\/|$)/);
  if (!relative) expect(entry.path.startsWith("/")).toBe(false);
  expect(entry.size).toBeGreaterThanOrEqual(0);
  expect(Number.isSafeInteger(entry.mtime)).toBe(true);
  expect(entry.uid >= 0 && entry.gid >= 0).toBe(true);
}

describe.each([27, 28, 29, 30, 31, 32])("protocol %d", (protocol) => {
  test("file lists", () => {
    const random = new Random("damaged-lists", protocol);
    for (let round = 0; round < rounds; round++) {
      const settings = randomSettings(random, protocol);
      const lists = randomLists(random, settings);
      const encoder = new FileListEncoder(settings, namedIds);
      const decoder = new FileListDecoder(settings);
      attempt(() => {
        for (const list of lists) {
          const bytes = written((writer) => {
            encoder.startList(list.firstNdx);
            for (const entry of list.entries) encoder.writeEntry(writer, entry);
            encoder.endList(writer, list.ioError);
          });
          const reader = readerOf(damage(random, bytes));
          const entries: FileEntry[] = [];
          decoder.startList(list);
          const isWhole = decoder.readEntries(reader, entries);
          for (const entry of entries) checkEntry(entry, settings.relative);
          if (!isWhole || reader.poll((from) => decoder.readTail(from)) === notYet) return;
        }
      });
    }
  });

  test("records", () => {
    const random = new Random("damaged-records", protocol);
    for (let round = 0; round < rounds; round++) {
      const noise = random.bytes(random.between(0, 200));
      const decoders: readonly ((reader: WireReader) => unknown)[] = [
        (() => {
          const records = new TransferRecordReader({ protocol, compat: 0 }, new NdxReader(protocol));
          return (reader: WireReader): unknown => records.read(reader);
        })(),
        (reader) => new BlockSumsReader(readSumHead(reader, protocol, 16)).read(reader),
        (reader) => new FilterListReader().read(reader),
        (reader) => readXattrRequest(reader, 5),
        (reader) => new XattrValuesReader(5).read(reader),
      ];
      for (const decode of decoders) {
        attempt(() => {
          const reader = readerOf(noise);
          for (let left = 300; left > 0 && reader.poll(decode) !== notYet; left--);
        });
      }
    }
  });

  test("frames", () => {
    const random = new Random("damaged-frames", protocol);
    const stream = Buffer.concat([
      encodeMessage({ kind: "success", ndx: 5 }, protocol),
      Buffer.from([3, 0, 0, 7, 1, 2, 3]),
      encodeMessage({ kind: "text", class: "info", text: "hello" as never }, protocol),
      encodeMessage({ kind: "error-exit", code: 3 }, protocol),
    ]);
    for (let round = 0; round < rounds; round++) {
      const sink = { data: (): void => undefined, message: (): void => undefined };
      const decoder = new FrameDecoder({ protocol, isServer: random.chance(0.5) }, "client", sink);
      attempt(() => decoder.push(damage(random, stream)));
    }
  });
});

test.each(compressionNames)("token streams with %s", async (name) => {
  const random = new Random("damaged-tokens", 1);
  const basis = { bytes: random.bytes(10_000), blockLength: 1000 };
  const sink = createTokenSink({ name, protocol: 32, level: 1, threads: 0 });
  const bytes = await writeFile(
    sink,
    [random.bytes(50), 1, 2, Buffer.alloc(3000, "text "), 9, random.bytes(700)],
    basis,
  );
  sink.close();
  for (let round = 0; round < rounds; round++) {
    const tokens = createTokenReader(name, 32);
    try {
      await readFile(tokens, damage(random, bytes), basis, 1000);
    } catch (error) {
      const ownEnd = error instanceof Error && /the stream (is cut short|ended early)/.test(error.message);
      if (!ownEnd) checkError(error);
    }
    tokens.close();
  }
});
