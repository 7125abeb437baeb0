/**
 * Explains both directions of a captured session with the codecs of `protocol/` and `compress/`: every byte must belong
 * to a record. Written for sessions over a remote shell, without `--files-from` and secluded arguments.
 */

import { type ByteName, byteName } from "../../src/bytes/byte-name.ts";
import { createTokenReader } from "../../src/compress/token-codec.ts";
import { type ChecksumName, createChecksum, digestBytes } from "../../src/delta/checksum.ts";
import {
  BlockSumsReader,
  readSumHead,
  type WireSumHead,
  writeBlockSums,
  writeSumHead,
} from "../../src/protocol/block-sums.ts";
import type { CompressionName } from "../../src/protocol/compression-name.ts";
import type { FileEntry } from "../../src/protocol/file-entry.ts";
import { FileListDecoder } from "../../src/protocol/file-list-decoder.ts";
import type { FileListSettings } from "../../src/protocol/file-list-settings.ts";
import { FilterListReader, sendsFilterList } from "../../src/protocol/filter-list.ts";
import { FrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { ItemFlag } from "../../src/protocol/item-flags.ts";
import {
  type ItemRecord,
  type TransferRecord,
  TransferRecordReader,
  TransferRecordWriter,
} from "../../src/protocol/item-record.ts";
import type { Message } from "../../src/protocol/message.ts";
import { chooseName, parseNameList, readNameList } from "../../src/protocol/name-list.ts";
import { NdxReader, NdxWriter } from "../../src/protocol/ndx.ts";
import { agreeOnProtocol, readCompatFlags, readSeed, readVersion } from "../../src/protocol/session-start.ts";
import { PlainTokenSink } from "../../src/protocol/token.ts";
import { readTransferStats, type TransferStats, writeTransferStats } from "../../src/protocol/transfer-stats.ts";
import { CompatFlag, isIncremental } from "../../src/protocol/wire-context.ts";
import { notYet, WireReader } from "../../src/protocol/wire-reader.ts";
import { WireWriter } from "../../src/protocol/wire-writer.ts";
import {
  hasXattrValues,
  type NumberedValue,
  readXattrRequest,
  writeXattrRequest,
  writeXattrValues,
  XattrValuesReader,
} from "../../src/protocol/xattr-values.ts";

/** A captured session. */
export interface Transcript {
  readonly options: readonly string[];
  readonly direction: "push" | "pull";
  readonly toServer: Buffer;
  readonly toClient: Buffer;
}

/** A file list as it came. */
export interface ExplainedList {
  readonly firstNdx: number;
  readonly directory: ByteName | undefined;
  readonly entries: readonly FileEntry[];
  readonly ioError: number;
  /** The bytes of entries and end (and what belongs behind it). */
  readonly bytes: Buffer;
}

/** A file as it was sent. */
export interface ExplainedFile {
  readonly item: ItemRecord;
  readonly content: Buffer;
  readonly head: WireSumHead;
  /** The digest sent is that of the content. */
  readonly verified: boolean;
}

export interface ExplainedSession {
  readonly settings: FileListSettings;
  readonly seed: number;
  readonly checksum: ChecksumName;
  readonly compression: CompressionName;
  readonly filters: readonly ByteName[];
  readonly lists: readonly ExplainedList[];
  readonly names: FileListDecoder["names"];
  readonly requests: readonly TransferRecord[];
  readonly answers: readonly TransferRecord[];
  readonly xattrRequests: readonly (readonly number[])[];
  readonly xattrValues: readonly (readonly NumberedValue[])[];
  readonly files: readonly ExplainedFile[];
  readonly stats: TransferStats | undefined;
  readonly messages: readonly Message[];
  /** What both sides sent after the lists, and the same records encoded again; compressed data is not. */
  readonly transfer: Rewritten;
  readonly request: Rewritten;
}

export interface Rewritten {
  readonly bytes: Buffer;
  readonly again: Buffer;
}

const checksums = ["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1"] as const;
const compressions = ["zstd", "lz4", "zlibx", "zlib"] as const;

export function parseTranscript(text: string): Transcript {
  const [command = "", , ...rest] = text.trimEnd().split("\n");
  const middle = rest.indexOf("server to client");
  const words = command.split(" ").slice(1);
  return {
    options: words.filter((word) => word.startsWith("-")),
    direction: words.at(-1)?.startsWith("host:") === true ? "push" : "pull",
    toServer: Buffer.from(rest.slice(0, middle).join(""), "hex"),
    toClient: Buffer.from(rest.slice(middle + 1).join(""), "hex"),
  };
}

/** A direction of the stream, fed `pieceBytes` at a time whenever bytes are missing. */
class Stream {
  readonly reader: WireReader = new WireReader("receiver");
  readonly messages: Message[] = [];
  private readonly bytes: Buffer;
  private readonly pieceBytes: number;
  private at = 0;
  /** Data so far, without frames. */
  private readonly data: Uint8Array[] = [];
  private dataBytes = 0;
  private frames: FrameDecoder | undefined;

  constructor(bytes: Buffer, pieceBytes: number) {
    this.bytes = bytes;
    this.pieceBytes = pieceBytes;
  }

  read<T>(decode: (reader: WireReader) => T): T {
    for (;;) {
      const value = this.reader.poll(decode);
      if (value !== notYet) return value;
      if (this.at >= this.bytes.length) throw new Error("the session ends within a record");
      this.feed(this.pieceBytes);
    }
  }

  /** Data bytes read so far. */
  get position(): number {
    return this.dataBytes - this.reader.available;
  }

  /** Data bytes from a position on up to where the reader is. */
  bytesSince(position: number): Buffer {
    return Buffer.concat(this.data).subarray(position, this.position);
  }

  /** Whether all bytes have been read. */
  get atEnd(): boolean {
    while (this.reader.available === 0 && this.at < this.bytes.length) this.feed(this.pieceBytes);
    return this.reader.available === 0;
  }

  /** From here on the stream is multiplexed. */
  frame(protocol: number, fromServer: boolean): void {
    this.at -= this.reader.available;
    this.dataBytes -= this.reader.available;
    this.data.splice(0, this.data.length, Buffer.concat(this.data).subarray(0, this.dataBytes));
    this.reader.poll((reader) => reader.view(reader.available));
    this.frames = new FrameDecoder({ protocol, isServer: fromServer }, "receiver", {
      data: (bytes) => this.addData(bytes),
      message: (message) => this.messages.push(message),
    });
  }

  /** Nothing is left but messages. */
  finish(): void {
    while (this.at < this.bytes.length) this.feed(this.pieceBytes);
    if (this.reader.available > 0) throw new Error(`${this.reader.available} bytes are not explained`);
    if (this.frames?.betweenFrames === false) throw new Error("the session ends within a frame");
  }

  private feed(count: number): void {
    const piece = Uint8Array.prototype.slice.call(this.bytes, this.at, this.at + count);
    this.at = Math.min(this.bytes.length, this.at + count);
    if (this.frames === undefined) this.addData(piece);
    else this.frames.push(piece);
  }

  private addData(bytes: Uint8Array): void {
    this.reader.feed(bytes);
    this.data.push(bytes);
    this.dataBytes += bytes.length;
  }
}

/** What comes before the file list. */
interface OpenedSession {
  readonly protocol: number;
  readonly compat: number;
  readonly checksum: ChecksumName;
  /** The checksum was chosen by an option. */
  readonly isForced: boolean;
  readonly compression: CompressionName;
  readonly seed: number;
  readonly filters: readonly ByteName[];
  readonly toServer: Stream;
  readonly toClient: Stream;
  readonly isPush: boolean;
  /** Whether an option letter is on. */
  readonly has: (letter: string) => boolean;
}

/** Reads the start of a session, up to and with the filter rules. */
export function openSession(transcript: Transcript, pieceBytes: number): OpenedSession {
  const { options, direction } = transcript;
  const toServer = new Stream(transcript.toServer, pieceBytes);
  const toClient = new Stream(transcript.toClient, pieceBytes);
  const isPush = direction === "push";
  const has = (letter: string): boolean => options.some((word) => /^-[a-zA-Z]/.test(word) && word.includes(letter, 1));
  const value = (name: string): string | undefined =>
    options.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

  const protocol = agreeOnProtocol(toServer.read(readVersion), toClient.read(readVersion), "client");
  const compat = protocol >= 30 ? toClient.read(readCompatFlags) : 0;
  const negotiates = (compat & CompatFlag.varintFlags) !== 0;
  const forcedChecksum = value("checksum-choice") as ChecksumName | undefined;
  const forcedCompression = value("compress-choice") as CompressionName | undefined;
  let checksum: ChecksumName = forcedChecksum ?? (protocol >= 30 ? "md5" : "md4");
  if (negotiates && forcedChecksum === undefined) {
    checksum = negotiate(toServer, toClient, checksums);
  }
  let compression: CompressionName = forcedCompression ?? (has("z") ? "zlib" : "none");
  if (negotiates && has("z")) compression = negotiate(toServer, toClient, compressions);
  const seed = toClient.read(readSeed);
  toClient.frame(protocol, true);
  if (protocol >= 30) toServer.frame(protocol, false);

  const condition = {
    protocol,
    serverIsSender: !isPush,
    pruneEmptyDirs: false,
    deletes: options.includes("--delete"),
    deleteExcluded: options.includes("--delete-excluded"),
  };
  const filterReader = new FilterListReader();
  const filters = sendsFilterList(condition) ? toServer.read((reader) => filterReader.read(reader)) : [];
  const isForced = forcedChecksum !== undefined;
  return { protocol, compat, checksum, isForced, compression, seed, filters, toServer, toClient, isPush, has };
}

/** Explains a session; throws where a byte does not fit. `basis`: content that block references are taken from. */
export async function explainSession(
  transcript: Transcript,
  basis: Uint8Array,
  pieceBytes: number,
): Promise<ExplainedSession> {
  const opened = openSession(transcript, pieceBytes);
  const { protocol, compat, checksum, compression, seed, filters, toServer, toClient, isPush, has } = opened;
  const settings: FileListSettings = {
    protocol,
    compat,
    owner: true,
    group: true,
    devices: true,
    specials: true,
    links: true,
    hardLinks: has("H"),
    atimes: has("U"),
    acls: has("A"),
    xattrs: has("X"),
    checksumBytes: has("c") ? digestBytes[checksum] : 0,
    numericIds: transcript.options.includes("--numeric-ids"),
    relative: false,
    recursive: true,
    missingArguments: false,
  };
  const [sender, generator] = isPush ? [toServer, toClient] : [toClient, toServer];
  const transfer = { settings, checksum, seed, basis, isImplied: !opened.isForced && protocol < 30 };
  const sent = await explainSender(sender, transfer, compression, !isPush);
  const asked = explainGenerator(generator, settings, digestBytes[checksum]);
  toServer.finish();
  toClient.finish();
  const messages = [...toServer.messages, ...toClient.messages];
  return { settings, seed, checksum, compression, filters, messages, ...sent, ...asked };
}

function negotiate<Name extends string>(toServer: Stream, toClient: Stream, own: readonly Name[]): Name {
  const offered = parseNameList(toServer.read(readNameList));
  parseNameList(toClient.read(readNameList));
  const name = chooseName(own, offered);
  if (name === undefined) throw new Error(`nothing known in ${offered.join(" ")}`);
  return name;
}

interface TransferContext {
  readonly settings: FileListSettings;
  readonly checksum: ChecksumName;
  readonly seed: number;
  readonly basis: Uint8Array;
  /** md4 as before protocol 30, with the seed in front. */
  readonly isImplied: boolean;
}

type SenderPart = Pick<
  ExplainedSession,
  "lists" | "names" | "answers" | "xattrValues" | "files" | "stats" | "transfer"
>;

async function explainSender(
  stream: Stream,
  context: TransferContext,
  compression: CompressionName,
  isServer: boolean,
): Promise<SenderPart> {
  const { settings } = context;
  const { protocol } = settings;
  const decoder = new FileListDecoder(settings);
  const lists: ExplainedList[] = [];
  const directories: ByteName[] = [];
  const readList = (directory: ByteName | undefined): void => {
    const before = lists.at(-1);
    const firstNdx =
      before === undefined ? (isIncremental(settings) ? 1 : 0) : before.firstNdx + before.entries.length + 1;
    decoder.startList({ firstNdx, directory });
    const entries: FileEntry[] = [];
    const start = stream.position;
    for (;;) {
      const entry = stream.read((reader) => decoder.read(reader));
      if (entry === undefined) break;
      entries.push(entry);
    }
    stream.read((reader) => decoder.readTail(reader));
    const bytes = stream.bytesSince(start);
    lists.push({ firstNdx, directory, entries, ioError: decoder.ioError, bytes });
    for (const path of sortedDirectories(entries)) directories.push(path);
  };
  readList(isIncremental(settings) ? byteName("") : undefined);

  const records = new TransferRecordReader(settings, new NdxReader(protocol));
  const tokens = createTokenReader(compression, protocol);
  const answers: TransferRecord[] = [];
  const writer = new WireWriter();
  const recordWriter = new TransferRecordWriter(settings, new NdxWriter(protocol));
  const parts: Buffer[] = [];
  let start = stream.position;
  const xattrValues: (readonly NumberedValue[])[] = [];
  const files: ExplainedFile[] = [];
  let stats: TransferStats | undefined;
  let phases = protocol >= 29 ? 3 : 2;
  const goodbyes = protocol >= 31 ? 1 : 0;
  for (let left = -1; left !== 0; ) {
    const record = stream.read((reader) => records.read(reader));
    answers.push(record);
    recordWriter.write(writer, record);
    if (record.kind === "list") {
      phases++;
      const directory = directories[record.directory];
      if (directory === undefined) throw new Error(`there is no directory ${record.directory}`);
      parts.push(stream.bytesSince(start));
      readList(directory === "." ? byteName("") : directory);
      start = stream.position;
    } else if (record.kind === "done") {
      if (left > 0) left--;
      else if (--phases === 0) {
        left = goodbyes;
        if (isServer) {
          stats = stream.read((reader) => readTransferStats(reader, protocol));
          writeTransferStats(writer, stats, protocol);
        }
      }
    } else if (record.kind === "item") {
      if (settings.xattrs && hasXattrValues(record.flags, settings)) {
        const values = new XattrValuesReader(1000);
        xattrValues.push(stream.read((reader) => values.read(reader)));
        writeXattrValues(writer, xattrValues.at(-1) ?? []);
      }
      if ((record.flags & ItemFlag.transfer) !== 0) {
        files.push(await explainFile(stream, record, context, tokens, writer));
      }
    }
  }
  tokens.close();
  parts.push(stream.bytesSince(start));
  const transfer = { bytes: Buffer.concat(parts), again: writer.take() };
  return { lists, names: decoder.names, answers, xattrValues, files, stats, transfer };
}

async function explainFile(
  stream: Stream,
  item: ItemRecord,
  { settings, checksum, seed, basis, isImplied }: TransferContext,
  tokens: ReturnType<typeof createTokenReader>,
  writer: WireWriter,
): Promise<ExplainedFile> {
  const head = stream.read((reader) => readSumHead(reader, settings.protocol, digestBytes[checksum]));
  writeSumHead(writer, head);
  const plain = new PlainTokenSink();
  const parts: Uint8Array[] = [];
  for (;;) {
    const token = await stream.read((reader) => tokens.read(reader));
    if (token?.kind === "end") break;
    if (token?.kind === "data") {
      parts.push(token.bytes.slice());
      plain.literal(writer, token.bytes);
    }
    if (token?.kind !== "blocks") continue;
    for (let index = token.index; index < token.index + token.count; index++) {
      const block = basis.subarray(index * head.blockLength, (index + 1) * head.blockLength);
      parts.push(block);
      plain.block(writer, index);
      if (tokens.wantsBlocks) tokens.insertBlock(block);
    }
  }
  plain.end(writer);
  const content = Buffer.concat(parts);
  const hash = createChecksum(checksum);
  if (isImplied) {
    const start = Buffer.alloc(4);
    start.writeInt32LE(seed);
    hash.update(start, 0, 4);
  }
  hash.update(content, 0, content.length);
  const digest = stream.read((reader) => reader.copy(digestBytes[checksum]));
  writer.data(digest);
  return { item, content, head, verified: Buffer.compare(digest, hash.digest()) === 0 };
}

function explainGenerator(
  stream: Stream,
  settings: FileListSettings,
  digestLength: number,
): Pick<ExplainedSession, "requests" | "xattrRequests" | "request"> {
  const { protocol } = settings;
  const records = new TransferRecordReader(settings, new NdxReader(protocol));
  const requests: TransferRecord[] = [];
  const writer = new WireWriter();
  const recordWriter = new TransferRecordWriter(settings, new NdxWriter(protocol));
  const start = stream.position;
  const xattrRequests: (readonly number[])[] = [];
  while (!stream.atEnd) {
    const record = stream.read((reader) => records.read(reader));
    requests.push(record);
    recordWriter.write(writer, record);
    if (record.kind !== "item") continue;
    if (settings.xattrs && hasXattrValues(record.flags, settings)) {
      xattrRequests.push(stream.read((reader) => readXattrRequest(reader, 1000)));
      writeXattrRequest(writer, xattrRequests.at(-1) ?? []);
    }
    if ((record.flags & ItemFlag.transfer) === 0) continue;
    const head = stream.read((reader) => readSumHead(reader, protocol, digestLength));
    const sums = new BlockSumsReader(head);
    writeSumHead(writer, head);
    writeBlockSums(
      writer,
      stream.read((reader) => sums.read(reader)),
    );
  }
  return { requests, xattrRequests, request: { bytes: stream.bytesSince(start), again: writer.take() } };
}

/** Directories of a list in the order in which they are numbered; the fixture has no names that need more than this. */
function sortedDirectories(entries: readonly FileEntry[]): ByteName[] {
  const paths = entries.filter(({ mode }) => (mode & 0o170000) === 0o040000).map(({ path }) => path);
  return paths.sort((a, b) => (a === "." ? -1 : b === "." ? 1 : `${a}/` < `${b}/` ? -1 : 1));
}
