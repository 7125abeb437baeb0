/** The lz4 form: every piece is a block of its own (3-transfer 4.4). */
import { type Compressor, type Decompressor, type Emit, type Output, pieceBytesMax } from "./codec.ts";
import { compressLz4, decompressLz4, Lz4Table, lz4Bound } from "./lz4-block.ts";

/** Decompressed bytes of one piece: twice what the reference takes. */
const outputBytesMax = 65_536;

export class Lz4Decompressor implements Decompressor {
  readonly wantsBlocks = false;
  private readonly output = new Uint8Array(outputBytesMax);

  startFile(): void {}

  push(piece: Uint8Array): Output {
    const length = decompressLz4(piece, this.output);
    if (length < 0) throw new Error("not an lz4 block");
    return this.output.subarray(0, length);
  }

  endRun(): Output {
    return undefined;
  }

  pull(): Output {
    return undefined;
  }

  insertBlock(): void {}

  close(): void {}
}

export class Lz4Compressor implements Compressor {
  readonly wantsBlocks = false;
  private readonly table = new Lz4Table();
  private readonly part = new Uint8Array(pieceBytesMax);
  private readonly output = new Uint8Array(lz4Bound(pieceBytesMax));
  private filled = 0;

  startFile(): void {}

  literal(bytes: Uint8Array, emit: Emit): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.filled === pieceBytesMax) this.endRun(emit);
      const count = Math.min(pieceBytesMax - this.filled, bytes.length - at);
      this.part.set(bytes.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
    }
  }

  endRun(emit: Emit): void {
    this.compress(this.part.subarray(0, this.filled), emit);
    this.filled = 0;
  }

  insertBlock(): void {}

  close(): void {}

  /** A block that would not fit into a piece goes in halves. */
  private compress(bytes: Uint8Array, emit: Emit): void {
    if (bytes.length === 0) return;
    const length = compressLz4(bytes, this.output, this.table);
    if (length <= pieceBytesMax) {
      emit(this.output.slice(0, length));
      return;
    }
    const half = bytes.length >> 1;
    this.compress(bytes.subarray(0, half), emit);
    this.compress(bytes.subarray(half), emit);
  }
}
