/**
 * The zstd form: one frame for the whole session, flushed at the end of each run (3-transfer 4.3). In steps where that can be, else by
 * Node's streams.
 */
import type { ZstdCompress, ZstdDecompress } from "node:zlib";
import type { Compressor, Decompressor, Emit, Output } from "./codec.ts";
import { zlib } from "./node-zlib.ts";
import { StreamPump, streamChunkBytes } from "./stream-pump.ts";
import { SteppedZstdCompressor, SteppedZstdDecompressor, stepsOf } from "./zstd-steps.ts";

/** Literal bytes that are given to the compressor at once. */
const partBytes = 131_072;

export function createZstdDecompressor(): Decompressor {
  const stream = zlib().createZstdDecompress({ chunkSize: streamChunkBytes });
  const steps = stepsOf(stream);
  return steps === undefined ? new ZstdDecompressor(stream) : new SteppedZstdDecompressor(steps);
}

/** `threads`: of the compressor itself, 0 for none (`--compress-threads`). */
export function createZstdCompressor(level: number, threads: number): Compressor {
  const { constants, createZstdCompress } = zlib();
  const { ZSTD_c_compressionLevel, ZSTD_c_nbWorkers } = constants;
  const stream = createZstdCompress({
    chunkSize: streamChunkBytes,
    params: { [ZSTD_c_compressionLevel]: level, ...(threads > 0 ? { [ZSTD_c_nbWorkers]: threads } : {}) },
  });
  // Its own threads work while ours does something else.
  const steps = threads > 0 ? undefined : stepsOf(stream);
  return steps === undefined ? new ZstdCompressor(stream) : new SteppedZstdCompressor(steps);
}

export class ZstdDecompressor implements Decompressor {
  readonly wantsBlocks = false;
  private readonly pump: StreamPump;

  constructor(stream: ZstdDecompress) {
    this.pump = new StreamPump(stream);
  }

  startFile(): void {}

  push(piece: Uint8Array): Output {
    this.pump.push(piece);
    return this.pump.pull();
  }

  endRun(): Output {
    return undefined;
  }

  pull(): Output {
    return this.pump.pull();
  }

  insertBlock(): void {}

  close(): void {
    this.pump.close();
  }
}

export class ZstdCompressor implements Compressor {
  readonly wantsBlocks = false;
  private readonly stream: ZstdCompress;
  private readonly pump: StreamPump;
  private part: Uint8Array = new Uint8Array(partBytes);
  private filled = 0;

  constructor(stream: ZstdCompress) {
    this.stream = stream;
    this.pump = new StreamPump(stream);
  }

  startFile(): void {}

  literal(bytes: Uint8Array, emit: Emit): void | Promise<void> {
    if (this.filled + bytes.length <= partBytes) {
      this.part.set(bytes, this.filled);
      this.filled += bytes.length;
      return;
    }
    return this.literalParts(bytes, emit);
  }

  async endRun(emit: Emit): Promise<void> {
    await this.compress(emit);
    this.pump.begin((done) => this.stream.flush(zlib().constants.ZSTD_e_flush, done));
    await this.drain(emit);
  }

  insertBlock(): void {}

  close(): void {
    this.pump.close();
  }

  private async literalParts(bytes: Uint8Array, emit: Emit): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.filled === partBytes) await this.compress(emit);
      const count = Math.min(partBytes - this.filled, bytes.length - at);
      this.part.set(bytes.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
    }
  }

  private async compress(emit: Emit): Promise<void> {
    if (this.filled === 0) return;
    this.pump.push(this.part.subarray(0, this.filled));
    this.filled = 0;
    // Pulled to the end, the part has been used up and may be filled again.
    await this.drain(emit);
  }

  private async drain(emit: Emit): Promise<void> {
    for (let bytes = await this.pump.pull(); bytes !== undefined; bytes = await this.pump.pull()) emit(bytes);
  }
}
