/**
 * The signature of a basis file: how it is cut into blocks, and the rolling and strong sum of each (3-transfer 2.1 to
 * 2.5). Memory: 4 bytes and the strong sum a block, never the file.
 */
import { limits } from "../limits.ts";
import { blockLayout, blockLengthFor } from "./block-length.ts";
import { type BlockSummer, sumRecordBytes } from "./block-sums.ts";
import { strongLengthFor } from "./strong-length.ts";

/** The shape of a signature (3-transfer 2.1), lengths in bytes. */
export interface SumHead {
  readonly count: number;
  readonly blockLength: number;
  /** Bytes of each strong sum. */
  readonly strongBytes: number;
  /** Length of the last block if it is short, else 0. */
  readonly remainder: number;
}

/** Block sums of a basis; block i covers the bytes from `i * blockLength` on. */
export interface Signature extends SumHead {
  readonly rolling: Uint32Array;
  /** `strongBytes` a block. */
  readonly strong: Uint8Array;
}

/**
 * Reads up to `length` bytes at `position` into `buffer` from `offset` on. Returns the count, 0 at the end, or a
 * negative errno.
 */
export type ReadAt = (buffer: Uint8Array, offset: number, length: number, position: number) => number;

/** What the shape of a signature depends on. */
export interface SumHeadOptions {
  /** `--block-size`, 0 if none. */
  readonly blockSize: number;
  readonly protocol: number;
  /** Length of the transfer checksum's digest. */
  readonly digestBytes: number;
  readonly phase: "normal" | "redo";
}

/** The shape for a basis of this many bytes; undefined: no signature (nothing in it, or too many blocks), send all. */
export function sumHeadFor(basisBytes: number, options: SumHeadOptions): SumHead | undefined {
  const { blockSize, protocol, digestBytes, phase } = options;
  if (basisBytes <= 0) return undefined;
  const blockLength = blockLengthFor(basisBytes, protocol, blockSize);
  const layout = blockLayout(basisBytes, blockLength);
  if (layout === undefined || layout.count > limits.sumCountMax) return undefined;
  return { ...layout, blockLength, strongBytes: strongLengthFor(basisBytes, blockLength, digestBytes, phase) };
}

/** Bytes of the basis that the blocks cover. */
export function basisBytesOf(head: SumHead): number {
  return head.count * head.blockLength - (head.remainder === 0 ? 0 : head.blockLength - head.remainder);
}

/** Length of block `index`. */
export function blockBytesOf(head: SumHead, index: number): number {
  return index === head.count - 1 && head.remainder !== 0 ? head.remainder : head.blockLength;
}

/**
 * Makes the signature of a basis, yielding the bytes done now and then; `summer` is used between the yields only. A
 * basis that ends early reads as zeros (the digest of the result will tell). Returns the signature or a negative errno.
 */
export function* signBasis(read: ReadAt, head: SumHead, summer: BlockSummer): Generator<number, Signature | number> {
  const rolling = new Uint32Array(head.count);
  const strong = new Uint8Array(head.count * head.strongBytes);
  const signature = { ...head, rolling, strong };
  const status = yield* signBlocks(read, signature, summer, 0, head.count);
  return status < 0 ? status : signature;
}

/** The same for the blocks from `first` up to (not including) `last`, whose sums are put into `signature`. Returns 0 or a negative errno. */
export function* signBlocks(
  read: ReadAt,
  signature: Signature,
  summer: BlockSummer,
  first: number,
  last: number,
): Generator<number, number> {
  const { blockLength, strongBytes, rolling, strong } = signature;
  const basisBytes = Math.min(last * blockLength, basisBytesOf(signature));
  const store = (index: number, records: Uint8Array): void => {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    for (let at = 0; at < records.length; at += sumRecordBytes, index++) {
      rolling[index] = view.getUint32(at, true);
      strong.set(records.subarray(at + 4, at + 4 + strongBytes), index * strongBytes);
    }
  };
  const together = summer.blocksPerCall(blockLength);
  for (let index = first; index < last; ) {
    const start = index * blockLength;
    if (together > 0) {
      const length = Math.min(together * blockLength, basisBytes - start);
      const error = fill(read, summer.inputBuffer, length, start);
      if (error < 0) return error;
      store(index, summer.sumBlocks(length, blockLength));
      index += Math.ceil(length / blockLength);
    } else {
      const end = Math.min(start + blockLength, basisBytes);
      for (let at = start; at < end; ) {
        const length = Math.min(summer.inputBuffer.length, end - at);
        const error = fill(read, summer.inputBuffer, length, at);
        if (error < 0) return error;
        summer.addToBlock(length);
        at += length;
      }
      store(index, summer.finishBlock());
      index++;
    }
    yield Math.min(index * blockLength, basisBytes);
  }
  return 0;
}

function fill(read: ReadAt, buffer: Uint8Array, length: number, position: number): number {
  for (let done = 0; done < length; ) {
    const count = read(buffer, done, length - done, position + done);
    if (count < 0) return count;
    if (count === 0) {
      buffer.fill(0, done, length);
      break;
    }
    done += count;
  }
  return 0;
}
