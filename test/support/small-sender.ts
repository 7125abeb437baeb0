/**
 * A sender of a few files in memory, for a real `rsync --server`: enough of a session (non-incremental, one list, whole
 * list of requests) to see whether the receiver understands what the codecs write.
 */
import { spawn } from "node:child_process";
import { clampLevel, createTokenSink } from "../../src/compress/token-codec.ts";
import { createBlockSummer } from "../../src/delta/block-sums.ts";
import { createChecksum, digestBytes } from "../../src/delta/checksum.ts";
import { BlockMatcher } from "../../src/delta/match-blocks.ts";
import { BlockSumsReader, readSumHead, writeSumHead } from "../../src/protocol/block-sums.ts";
import type { CompressionName } from "../../src/protocol/compression-name.ts";
import { FileListEncoder } from "../../src/protocol/file-list-encoder.ts";
import { FrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { ItemFlag } from "../../src/protocol/item-flags.ts";
import { TransferRecordReader, TransferRecordWriter } from "../../src/protocol/item-record.ts";
import { NdxReader, NdxWriter } from "../../src/protocol/ndx.ts";
import { readCompatFlags, readSeed, readVersion, writeVersion } from "../../src/protocol/session-start.ts";
import { notYet, WireReader } from "../../src/protocol/wire-reader.ts";
import { WireWriter } from "../../src/protocol/wire-writer.ts";
import { readerOf, toEnd } from "./delta.ts";
import { makeFileEntry } from "./file-entry.ts";
import { namedIds } from "./wire-entries.ts";

/** Files by name, in the order of their indexes. */
export type Files = readonly (readonly [name: string, content: Uint8Array])[];

export interface SmallPush {
  readonly protocol: number;
  readonly compression: CompressionName;
  /** Sent as `--compress-choice`, and md5 as `--checksum-choice`. */
  readonly files: Files;
  readonly destination: string;
  readonly extraOptions?: readonly string[];
}

export interface PushResult {
  readonly status: number | null;
  /** What the server said. */
  readonly text: string;
  /** How many files it asked for; one that failed to verify counts twice. */
  readonly requests: number;
}

/** Pushes the files. */
export async function pushFiles(push: SmallPush): Promise<PushResult> {
  const { protocol, compression, files, destination } = push;
  const letters = compression === "zlib" ? "-trz" : "-tr";
  const choice = compression === "none" || compression === "zlib" ? [] : [`--compress-choice=${compression}`];
  const options = [protocol >= 30 ? `${letters}e.LsfxCIu` : letters, ...choice, "--checksum-choice=md5"];
  const server = spawn("rsync", ["--server", ...options, ...(push.extraOptions ?? []), ".", destination]);
  const text: Buffer[] = [];
  server.stderr.on("data", (bytes: Buffer) => text.push(bytes));
  server.stdin.on("error", () => undefined);
  const ended = new Promise<number | null>((resolve) => server.on("close", resolve));
  const reader = new WireReader("sender");
  let frames: FrameDecoder | undefined;
  const input = server.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const read = async <T>(decode: (from: WireReader) => T): Promise<T> => {
    for (;;) {
      const value = reader.poll(decode);
      if (value !== notYet) return value;
      const next = await input.next();
      if (next.done === true) throw new Error(`the server ended: ${Buffer.concat(text)}`);
      if (frames === undefined) reader.feed(next.value);
      else frames.push(next.value);
    }
  };
  const writer = new WireWriter();
  let framed = false;
  const send = (): void => void server.stdin.write(framed ? writer.takeFrames() : writer.take());

  writeVersion(writer, protocol);
  send();
  await read(readVersion);
  const compat = protocol >= 30 ? await read(readCompatFlags) : 0;
  const seed = await read(readSeed);
  const rest = reader.poll((from) => from.copy(from.available));
  frames = new FrameDecoder({ protocol, isServer: true }, "sender", {
    data: (bytes) => reader.feed(bytes),
    message: (message) => void text.push(Buffer.from(JSON.stringify(message))),
  });
  if (rest !== notYet) frames.push(rest);
  framed = protocol >= 30;

  const context = { protocol, compat };
  const encoder = new FileListEncoder({ ...context, ...plainOptions }, namedIds);
  encoder.startList(0);
  for (const [name, content] of files)
    encoder.writeEntry(writer, makeFileEntry(name, { size: content.length, mtime: 1_600_000_000 }));
  encoder.endList(writer, 0);
  send();

  const records = new TransferRecordReader(context, new NdxReader(protocol));
  const answers = new TransferRecordWriter(context, new NdxWriter(protocol));
  const level = clampLevel(compression, undefined) ?? 0;
  const tokens = createTokenSink({ name: compression, protocol, level, threads: 0 });
  const digestLength = digestBytes.md5;
  let phase = 0;
  let requests = 0;
  while (phase < (protocol >= 29 ? 3 : 2)) {
    const record = await read((from) => records.read(from));
    answers.write(writer, record);
    if (record.kind === "done") phase++;
    else if (record.kind === "item" && (record.flags & ItemFlag.transfer) !== 0) {
      requests++;
      const head = await read((from) => readSumHead(from, protocol, digestLength));
      const collector = new BlockSumsReader(head);
      const sums = await read((from) => collector.read(from));
      writeSumHead(writer, head);
      const content = files[record.ndx]?.[1] ?? new Uint8Array(0);
      if (head.count === 0) await tokens.literal(writer, content);
      else {
        const parts: (Uint8Array | number)[] = [];
        const sink = {
          literal: (bytes: Uint8Array): number => parts.push(bytes.slice()),
          block: (index: number): number => parts.push(index),
        };
        const summer = createBlockSummer({ name: "md5", seed, seedFirst: true });
        const request = {
          read: readerOf(content),
          size: content.length,
          sink,
          updating: false,
          onData: () => undefined,
        };
        toEnd(new BlockMatcher(sums, summer, request).run());
        let at = 0;
        for (const part of parts) {
          const isLast = part === head.count - 1 && head.remainder !== 0;
          const length = typeof part === "number" ? (isLast ? head.remainder : head.blockLength) : part.length;
          const bytes = content.subarray(at, at + length);
          at += length;
          if (typeof part === "number") await tokens.block(writer, part, tokens.wantsBlocks ? bytes : undefined);
          else await tokens.literal(writer, bytes);
        }
      }
      await tokens.end(writer);
      const digest = createChecksum("md5");
      digest.update(content, 0, content.length);
      writer.data(digest.digest());
    }
    send();
  }
  if (protocol >= 31) {
    while ((await read((from) => records.read(from))).kind !== "done");
    answers.write(writer, { kind: "done" });
    send();
  }
  await read((from) => records.read(from));
  tokens.close();
  server.stdin.end();
  return { status: await ended, text: Buffer.concat(text).toString("latin1"), requests };
}

const plainOptions = {
  owner: false,
  group: false,
  devices: false,
  specials: false,
  links: false,
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
