/**
 * Compression to the zlib and zlibx forms (3-transfer 4.2). Each part of a run is deflated in one call with the history so far
 * as dictionary, which for a decoder is the same as one stream a file.
 */
import type { Compressor, Emit } from "./codec.ts";
import { History, insertIntoHistory } from "./history.ts";
import { zlib } from "./node-zlib.ts";

/** Literal bytes that are compressed at once. */
const partBytes = 131_072;
/** Bytes at the end of a sync flush that are not sent at the end of a run. */
const trailerBytes = 4;
const memoryLevel = 8;

export class Deflater implements Compressor {
  readonly wantsBlocks: boolean;
  private readonly protocol: number;
  private readonly level: number;
  private readonly history = new History();
  private readonly part: Uint8Array = new Uint8Array(partBytes);
  private filled = 0;

  /** `level`: 1..9, or 0 for stored data; `blocks`: the old form, in which blocks of the basis are history too. */
  constructor(protocol: number, level: number, blocks: boolean) {
    this.protocol = protocol;
    this.level = level;
    this.wantsBlocks = blocks;
  }

  startFile(): void {
    this.history.clear();
  }

  literal(bytes: Uint8Array, emit: Emit): void {
    for (let at = 0; at < bytes.length; ) {
      // A full part waits until more comes: the last one of a run is emitted without its trailer.
      if (this.filled === partBytes) emit(this.compress());
      const count = Math.min(partBytes - this.filled, bytes.length - at);
      this.part.set(bytes.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
    }
  }

  endRun(emit: Emit): void {
    if (this.filled > 0) emit(this.compress().subarray(0, -trailerBytes));
  }

  insertBlock(bytes: Uint8Array): void {
    if (this.wantsBlocks) insertIntoHistory(this.history, bytes, this.protocol);
  }

  close(): void {}

  private compress(): Uint8Array {
    const bytes = this.part.subarray(0, this.filled);
    const dictionary = this.history.bytes;
    const { constants, deflateRawSync } = zlib();
    const compressed = deflateRawSync(bytes, {
      level: this.level,
      memLevel: memoryLevel,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(dictionary.length === 0 ? {} : { dictionary }),
    });
    this.history.append(bytes);
    this.filled = 0;
    return compressed;
  }
}
