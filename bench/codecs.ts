/**
 * CPU time of the wire codecs: a file list of 200,000 entries, and token streams of every compression, for one large file and
 * for many small ones. `node bench/codecs.ts`
 */

import { clampLevel, createTokenReader, createTokenSink } from "../src/compress/token-codec.ts";
import { type CompressionName, compressionNames } from "../src/protocol/compression-name.ts";
import type { FileEntry } from "../src/protocol/file-entry.ts";
import { FileListDecoder } from "../src/protocol/file-list-decoder.ts";
import { FileListEncoder } from "../src/protocol/file-list-encoder.ts";
import type { FileListSettings } from "../src/protocol/file-list-settings.ts";
import { FrameDecoder } from "../src/protocol/frame-decoder.ts";
import { notYet, WireReader } from "../src/protocol/wire-reader.ts";
import { WireWriter } from "../src/protocol/wire-writer.ts";
import { makeFileEntry } from "../test/support/file-entry.ts";

const protocol = 32;
const entryCount = 200_000;
const chunkBytes = 65_536;
const rounds = 3;

const settings: FileListSettings = {
  protocol,
  compat: 0x1fe,
  owner: true,
  group: true,
  devices: true,
  specials: true,
  links: true,
  hardLinks: false,
  atimes: false,
  acls: false,
  xattrs: false,
  checksumBytes: 0,
  numericIds: false,
  relative: false,
  recursive: true,
  missingArguments: false,
};

for (let round = 0; round < rounds; round++) measureList(makeEntries());
const text = Buffer.alloc(64 << 20);
for (let at = 0; at < text.length; at += 16) text.write(`${(at * 7919) % 1_000_003} lorem ipsum `, at);
for (const name of compressionNames) {
  await measureTokens(name, text, 1);
  await measureTokens(name, text.subarray(0, 2000), 3000);
}

function measureList(entries: readonly FileEntry[]): void {
  const chunks: Buffer[] = [];
  const encoding = cpuMilliseconds(() => {
    const encoder = new FileListEncoder(settings, { nameOf: () => undefined, md5: (bytes) => bytes });
    const writer = new WireWriter();
    encoder.startList(0);
    for (const entry of entries) {
      encoder.writeEntry(writer, entry);
      if (writer.length >= chunkBytes) chunks.push(writer.take());
    }
    encoder.endList(writer, 0);
    chunks.push(writer.take());
  });
  const decoding = cpuMilliseconds(() => {
    const decoder = new FileListDecoder(settings);
    decoder.startList({ firstNdx: 0, directory: undefined });
    const reader = new WireReader("receiver");
    const decoded: FileEntry[] = [];
    for (const chunk of chunks) {
      reader.feed(chunk);
      decoder.readEntries(reader, decoded);
    }
    if (decoded.length !== entries.length) throw new Error(`${decoded.length} entries came back`);
  });
  console.log(`${entryCount} entries: encoded in ${encoding.toFixed(0)} ms, decoded in ${decoding.toFixed(0)} ms`);
}

async function measureTokens(name: CompressionName, data: Buffer, files: number): Promise<void> {
  const chunks: Buffer[] = [];
  const writer = new WireWriter();
  const sink = createTokenSink({ name, protocol, level: clampLevel(name, undefined) ?? 0, threads: 0 });
  let start = process.cpuUsage();
  for (let file = 0; file < files; file++) {
    for (let at = 0; at < data.length; at += chunkBytes) {
      await sink.literal(writer, data.subarray(at, at + chunkBytes));
      if (writer.length >= chunkBytes) chunks.push(writer.takeFrames());
    }
    await sink.end(writer);
  }
  chunks.push(writer.takeFrames());
  const writing = since(start);
  sink.close();

  const stream = Buffer.concat(chunks);
  const tokens = createTokenReader(name, protocol);
  const reader = new WireReader("receiver");
  const frames = new FrameDecoder({ protocol, isServer: true }, "receiver", {
    data: (bytes) => reader.feed(bytes),
    message: () => undefined,
  });
  let bytes = 0;
  start = process.cpuUsage();
  for (let at = 0; at < stream.length; at += chunkBytes) {
    frames.push(stream.subarray(at, at + chunkBytes));
    for (;;) {
      const token = await reader.poll((from) => tokens.read(from));
      if (token === notYet) break;
      if (token?.kind === "data") bytes += token.bytes.length;
    }
  }
  const reading = since(start);
  tokens.close();
  const total = data.length * files;
  if (bytes !== total) throw new Error(`${bytes} of ${total} bytes came back`);
  const rate = (milliseconds: number): string =>
    files === 1
      ? `${(total / milliseconds / 1000).toFixed(0)} MB/s`
      : `${((milliseconds / files) * 1000).toFixed(0)} us a file`;
  const what = files === 1 ? "one large file" : "small files";
  console.log(`${name}, ${what}: written at ${rate(writing)}, read at ${rate(reading)}`);
}

function makeEntries(): FileEntry[] {
  return Array.from({ length: entryCount }, (_, index) => {
    const path = `some/dir-${Math.floor(index / 100)}/sub/file-${index}.txt`;
    return makeFileEntry(path, {
      size: (index * 37) % 100_000,
      mtime: 1_600_000_000 + ((index * 7919) % 1_000_000),
      mtimeNanoseconds: ((index * 7919) % 999_999_999) + 1,
    });
  });
}

function cpuMilliseconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  return since(start);
}

function since(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
