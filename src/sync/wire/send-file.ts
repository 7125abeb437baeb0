/**
 * The data of one file on its way to another machine (3-transfer 3): blocks that the other side has and literal bytes, then the
 * digest of the whole file. Pauses (awaits) where the peer takes it slowly.
 */
import type { StreamingChecksum } from "../../delta/checksum.ts";
import { BlockMatcher } from "../../delta/match-blocks.ts";
import { basisBytesOf, blockBytesOf, type Signature } from "../../delta/signature.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { PlainTokenSink, type TokenSink } from "../../protocol/token.ts";
import type { DeltaResult } from "../receive-job.ts";
import { Throttle, pieceBytes as throttledBytes } from "../throttle.ts";
import type { Link } from "./link.ts";

/** What is sent, and how. */
export interface FileToSend {
  readonly descriptor: number;
  /** When it was opened. */
  readonly size: number;
  /** What the other side has. */
  readonly sums: Signature;
  /** That is overwritten as the file grows (3-transfer 3.4). */
  readonly updating: boolean;
  /** Only what is behind the other side's file is sent. */
  readonly append: "no" | "trust" | "verify";
  /** Hears how far the file is sent. */
  readonly onProgress: ((done: number) => void) | undefined;
}

/** What came of it. */
export interface SentFile extends DeltaResult {
  /** 0, or why some of the file could not be read: the other side is told so by a wrong digest. */
  readonly readError: number;
}

const longestPiece = 262_144;
/** Literal bytes in one token, and sent at once. */
const literalRun = 32_768;
const sleepMilliseconds = 200;
const ENODATA = -61;

/** Sends the data of files; one for a session. */
export class FileSender {
  private readonly link: Link;
  private readonly syscalls: Syscalls;
  private readonly tokens: TokenSink;
  private readonly throttle: Throttle | undefined;
  private readonly pieceBytes: number;
  private throttled: number;

  /** `bandwidthLimit`: bytes a second, 0 for no limit. */
  constructor(link: Link, syscalls: Syscalls, bandwidthLimit: number) {
    this.throttle = bandwidthLimit > 0 ? new Throttle(bandwidthLimit) : undefined;
    this.pieceBytes = bandwidthLimit > 0 ? throttledBytes(bandwidthLimit) : longestPiece;
    this.throttled = link.connection.bytesWritten;
    this.link = link;
    this.syscalls = syscalls;
    this.tokens = link.tokenSink;
  }

  /** A promise only where something must be waited for. */
  send(file: FileToSend): SentFile | Promise<SentFile> {
    const { link, throttle, pieceBytes } = this;
    const { size, sums, append, updating } = file;
    // Before the digest is begun, which is to be made where the file is read to.
    link.memoryFor(append === "no" ? sums.count : 0, updating);
    const isSmall = append === "no" && sums.count === 0 && size <= pieceBytes && throttle === undefined;
    return isSmall ? this.sendSmall(file) : this.sendLarge(file);
  }

  private async sendLarge(file: FileToSend): Promise<SentFile> {
    const { link, tokens } = this;
    const checksum = link.wholeChecksum();
    try {
      const found =
        file.append === "no" && file.sums.count > 0
          ? await this.sendDelta(file, checksum)
          : await this.sendWhole(file, checksum);
      const ended = tokens.end(link.data);
      if (ended instanceof Promise) await ended;
      return this.ended(found, checksum);
    } finally {
      checksum.release();
    }
  }

  /** A whole file of one piece. */
  private sendSmall(file: FileToSend): SentFile | Promise<SentFile> {
    const { link, tokens } = this;
    const { size } = file;
    const checksum = link.wholeChecksum();
    const finish = (): SentFile => {
      const sent = this.ended(this.wholeSent(size, readError), checksum);
      checksum.release();
      return sent;
    };
    const { window } = link.memory;
    const readError = size > 0 ? this.readPiece(file.descriptor, window, size, checksum) : 0;
    const written = size > 0 ? this.literal(window.subarray(0, size)) : undefined;
    const ended = chain(written, () => tokens.end(link.data));
    return ended instanceof Promise ? ended.then(finish) : finish();
  }

  /** Reads a piece; 0, or why it could not be read in full: zeros stand for what is missing. */
  private readPiece(descriptor: number, buffer: Uint8Array, size: number, checksum: StreamingChecksum): number {
    let readError = 0;
    let done = 0;
    while (done < size && readError === 0) {
      const count = this.syscalls.read(descriptor, buffer, done, size - done, done);
      if (count > 0) done += count;
      else readError = count === 0 ? ENODATA : count;
    }
    // As many bytes as were promised: the digest says that they are not right (4-traps L-10).
    buffer.fill(0, done, size);
    checksum.update(buffer, 0, size);
    return readError;
  }

  private wholeSent(literalBytes: number, readError: number): Omit<SentFile, "digest" | "verified"> {
    const literalRuns = Math.ceil(literalBytes / literalRun);
    const none = { matches: 0, hashHits: 0, falseAlarms: 0, matchedBytes: 0 };
    return { ...none, literalBytes, literalRuns, checksumBytes: 16, readError };
  }

  /** The digest behind the data. */
  private ended(found: Omit<SentFile, "digest" | "verified">, checksum: StreamingChecksum): SentFile {
    const digest = checksum.digest();
    if (found.readError < 0) spoil(digest);
    this.link.data.data(digest);
    return { ...found, digest, verified: true };
  }

  private async sendWhole(
    file: FileToSend,
    checksum: StreamingChecksum,
  ): Promise<Omit<SentFile, "digest" | "verified">> {
    const { link, syscalls, pieceBytes } = this;
    const buffer = link.memory.window;
    const { descriptor, size, sums, append } = file;
    const start = append === "no" ? 0 : Math.min(basisBytesOf(sums), size);
    let readError = 0;
    for (let at = append === "verify" ? 0 : start; at < size; ) {
      const wanted = Math.min(pieceBytes, (at < start ? start : size) - at);
      let count = readError < 0 ? 0 : syscalls.read(descriptor, buffer, 0, wanted, at);
      if (count <= 0) {
        if (readError === 0) readError = count === 0 ? ENODATA : count;
        // As many bytes as were promised: the digest says that they are not right (4-traps L-10).
        buffer.fill(0, 0, wanted);
        count = wanted;
      }
      checksum.update(buffer, 0, count);
      if (at >= start) {
        const written = this.literal(buffer.subarray(0, count));
        if (written instanceof Promise) await written;
      }
      at += count;
      file.onProgress?.(at);
      await this.pause(at < size);
    }
    return this.wholeSent(size - start, readError);
  }

  /** Writes literal bytes. What fills a token is sent at once: gathered it would be copied once more. */
  private literal(bytes: Uint8Array): void | Promise<void> {
    const { link, tokens } = this;
    if (!(tokens instanceof PlainTokenSink)) return tokens.literal(link.data, bytes);
    for (let at = 0; at < bytes.length; at += literalRun) {
      tokens.literal(link.data, bytes.subarray(at, at + literalRun));
      if (this.throttle === undefined) void link.settleData();
    }
  }

  /** Lets the peer catch up, and keeps to the rate. */
  private async pause(breathes: boolean): Promise<void> {
    const { connection } = this.link;
    const { throttle } = this;
    const settled = this.link.settleData();
    const written = connection.bytesWritten + connection.out.length;
    let left = throttle?.sent(written - this.throttled) ?? 0;
    this.throttled = written;
    // Only what is slept upon goes out before: it would make more frames than there are without a limit.
    const waiting = left > 0 ? connection.flush() : settled;
    if (waiting !== undefined) await waiting;
    else if (breathes) await new Promise((resolve) => setImmediate(resolve));
    if (connection.isDeaf) await connection.toEnd();
    // In short parts, so that the end of a session is noticed.
    for (; left > 0; left -= sleepMilliseconds) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(left, sleepMilliseconds)));
      connection.settle();
      if (connection.isDeaf) await connection.toEnd();
    }
  }

  private async sendDelta(
    file: FileToSend,
    checksum: StreamingChecksum,
  ): Promise<Omit<SentFile, "digest" | "verified">> {
    const { link, syscalls, tokens } = this;
    const { data: out, summer } = link;
    const { descriptor, size, sums, updating } = file;
    if (summer === undefined) return await this.sendWhole(file, checksum);
    /** The end of what is written by the search so far. */
    const written: { end: void | Promise<void> } = { end: undefined };
    const isPlain = tokens instanceof PlainTokenSink;
    let position = 0;
    const matcher = new BlockMatcher(sums, summer, {
      read: (buffer, offset, length, at) => syscalls.read(descriptor, buffer, offset, length, at),
      size,
      updating,
      memory: link.memoryFor(sums.count, updating),
      onData: (bytes) => checksum.update(bytes, 0, bytes.length),
      sink: {
        literal: (bytes) => {
          // A compressor may still be at work when the search goes on.
          const own = isPlain ? bytes : bytes.slice();
          written.end = chain(written.end, () => this.literal(own));
          position += bytes.length;
          return 0;
        },
        block: (index) => {
          const length = blockBytesOf(sums, index);
          let content: Uint8Array | undefined;
          if (tokens.wantsBlocks) {
            content = new Uint8Array(length);
            syscalls.read(descriptor, content, 0, length, position);
          }
          position += length;
          written.end = chain(written.end, () => tokens.block(out, index, content));
          return 0;
        },
      },
    });
    const steps = matcher.run();
    for (;;) {
      const step = steps.next();
      if (written.end instanceof Promise) await written.end;
      written.end = undefined;
      if (step.done === true) {
        const { matches, hashHits, falseAlarms, literalBytes, matchedBytes, literalRuns, readError } = step.value;
        file.onProgress?.(size);
        const checksumBytes = 16 + sums.count * (4 + sums.strongBytes);
        return { matches, hashHits, falseAlarms, literalBytes, matchedBytes, literalRuns, checksumBytes, readError };
      }
      file.onProgress?.(step.value);
      await this.pause(true);
    }
  }
}

/** One after the other: what is to be written while something is still being compressed waits for it. */
function chain(before: void | Promise<void>, next: () => void | Promise<void>): void | Promise<void> {
  return before instanceof Promise ? before.then(next) : next();
}

/** A digest that cannot be right: zeros, unless that is what it is. */
function spoil(digest: Uint8Array): void {
  const wasZero = digest.every((byte) => byte === 0);
  digest.fill(0);
  if (wasZero) digest[digest.length - 1] = 1;
}
