/**
 * Decompression of the zlib and zlibx forms (3-transfer 4.2). A run of literal data ends at a sync point, so short runs are
 * inflated in one call, with the history so far as dictionary; only long ones need a stream.
 */
import type { Decompressor, Output } from "./codec.ts";
import { History, insertIntoHistory } from "./history.ts";
import { zlib } from "./node-zlib.ts";
import { StreamPump, streamChunkBytes } from "./stream-pump.ts";

/** Compressed bytes of a run that are collected before a stream is used. */
const collectedBytesMax = 65_536;
/** Output of a run that may come at once. */
const outputBytesMax = 1_048_576;
/** The end of a sync flush, which is not sent. */
const syncTrailer = Uint8Array.of(0, 0, 0xff, 0xff);

export class Inflater implements Decompressor {
  readonly wantsBlocks: boolean;
  private readonly protocol: number;
  private readonly history = new History();
  private collected: Uint8Array[] = [];
  private collectedBytes = 0;
  private stream: StreamPump | undefined;
  /** The run is over: the stream ends with the output that is still in it. */
  private ending = false;

  /** `blocks`: the old form, in which blocks of the basis are history too. */
  constructor(protocol: number, blocks: boolean) {
    this.protocol = protocol;
    this.wantsBlocks = blocks;
  }

  startFile(): void {
    this.history.clear();
  }

  push(piece: Uint8Array): Output {
    if (this.stream === undefined) {
      this.collected.push(piece);
      this.collectedBytes += piece.length;
      if (this.collectedBytes <= collectedBytesMax) return undefined;
      return this.startStream();
    }
    this.stream.push(piece);
    return this.pull();
  }

  endRun(): Output {
    if (this.stream !== undefined) {
      this.ending = true;
      this.stream.push(syncTrailer);
      return this.pull();
    }
    const dictionary = this.history.bytes;
    try {
      const { constants, inflateRawSync } = zlib();
      const bytes = inflateRawSync(Buffer.concat([...this.collected, syncTrailer]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: outputBytesMax,
        ...(dictionary.length === 0 ? {} : { dictionary }),
      });
      this.drop();
      this.history.append(bytes);
      return bytes;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      this.ending = true;
      this.collected.push(syncTrailer);
      return this.startStream();
    }
  }

  async pull(): Promise<Uint8Array | undefined> {
    const { stream } = this;
    const bytes = await stream?.pull();
    if (bytes !== undefined) {
      this.history.append(bytes);
    } else if (this.ending) {
      this.ending = false;
      this.close();
    }
    return bytes;
  }

  insertBlock(bytes: Uint8Array): void {
    if (this.wantsBlocks) insertIntoHistory(this.history, bytes, this.protocol);
  }

  close(): void {
    this.stream?.close();
    this.stream = undefined;
  }

  private startStream(): Output {
    const dictionary = this.history.bytes;
    const stream = zlib().createInflateRaw({
      chunkSize: streamChunkBytes,
      ...(dictionary.length === 0 ? {} : { dictionary: dictionary.slice() }),
    });
    this.stream = new StreamPump(stream);
    this.stream.push(Buffer.concat(this.collected));
    this.drop();
    return this.pull();
  }

  private drop(): void {
    this.collected = [];
    this.collectedBytes = 0;
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}
