/**
 * What a compression algorithm provides for token streams (3-transfer 4). Output comes in steps, so that no piece of a peer can
 * make us hold more than some hundred KiB (4-traps H-23).
 */

/** Output of a step: bytes, valid until the next step; nothing more for now; or a promise of either. */
export type Output = Uint8Array | undefined | Promise<Uint8Array | undefined>;

/** Decompresses the literal data of files, in order. */
export interface Decompressor {
  /** Blocks of the basis belong into its history. */
  readonly wantsBlocks: boolean;
  startFile(): void;
  /** Takes one piece of compressed data and gives the first output, if any; `pull` must have said that there is no more. */
  push(piece: Uint8Array): Output;
  /** The run of literal data is over; gives the first output that it held back. */
  endRun(): Output;
  /** Further output of the last `push` or `endRun`. */
  pull(): Output;
  insertBlock(bytes: Uint8Array): void;
  close(): void;
}

/** Takes compressed bytes, to be sent as one piece or several; they are valid during the call. */
export type Emit = (bytes: Uint8Array) => void;

/** Compresses the literal data of files, in order. */
export interface Compressor {
  readonly wantsBlocks: boolean;
  startFile(): void;
  /** Adds literal bytes, which are free again on return (or when the promise is settled). */
  literal(bytes: Uint8Array, emit: Emit): void | Promise<void>;
  /** Emits what is left of a run of literal data. */
  endRun(emit: Emit): void | Promise<void>;
  insertBlock(bytes: Uint8Array): void;
  close(): void;
}

/** Most compressed bytes in one piece (3-transfer 4.1). */
export const pieceBytesMax = 16_383;
