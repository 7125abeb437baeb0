/**
 * The rolling part of the sender's search (3-transfer 3.2): from place to place of a window, until one where a block may
 * stand. `BlockMatcher` looks at that place and decides. There are two of them, which report the same hits: this
 * plain one, and the one of the kernels (`kernel-search`) for all that fits into their memory.
 */
import { bucketCount, bucketOf } from "./block-table.ts";
import type { Signature } from "./signature.ts";

/** Moves over one file; belongs to one search. */
export interface PlaceSearch {
  /** The part of the file that is looked at; the matcher fills it. */
  readonly window: Uint8Array;
  /** The place: index in the window, length of its block and rolling sum (unsigned). */
  at: number;
  readonly length: number;
  readonly sum: number;
  /** Places so far whose bucket was not empty. */
  readonly hits: number;
  /** Goes to a place whose block has `length` bytes, all in the window. */
  start(at: number, length: number): void;
  /**
   * Goes to the first place where a block may stand, from the present one on (`after`: from the one behind it) up to
   * `last`; false if there is none, and then the place is the one behind `last`. `end` is where the bytes in the window
   * end, and must not be before the last byte of the block behind `last`, unless the file ends there: then blocks get
   * shorter. `offset` is the file offset of the window.
   */
  next(after: boolean, last: number, end: number, offset: number): boolean;
  /** Block `index` stands for good, though its basis is being overwritten. */
  keep(index: number): void;
}

/** In a bucket: a block that stands for good. */
const forGood = 2 ** 31 - 1;

/** The search in TypeScript. */
export class PlainSearch implements PlaceSearch {
  readonly window: Uint8Array;
  at = 0;
  length = 0;
  hits = 0;
  private readonly signed: Int8Array;
  private readonly signature: Signature;
  private readonly updating: boolean;
  /** The last block of each bucket, -1 if none. */
  private readonly buckets: Int32Array;
  /** The two halves of the sum, of which 16 bits count. */
  private low = 0;
  private high = 0;

  constructor(signature: Signature, windowBytes: number, updating: boolean) {
    this.signature = signature;
    this.updating = updating;
    this.window = new Uint8Array(windowBytes);
    this.signed = new Int8Array(this.window.buffer);
    this.buckets = new Int32Array(bucketCount(signature.count)).fill(-1);
    for (let index = 0; index < signature.count; index++) this.buckets[this.bucketOfBlock(index)] = index;
  }

  get sum(): number {
    return ((this.low & 0xffff) | (this.high << 16)) >>> 0;
  }

  start(at: number, length: number): void {
    this.at = at;
    this.length = length;
    let low = 0;
    let high = 0;
    for (let place = at, end = at + length; place < end; place++) {
      low = (low + (this.signed[place] ?? 0)) | 0;
      high = (high + low) | 0;
    }
    this.low = low;
    this.high = high;
  }

  next(after: boolean, last: number, end: number, offset: number): boolean {
    const { buckets, updating } = this;
    if (after) this.slide(end);
    for (; this.at <= last; this.slide(end)) {
      const bucket = bucketOf(buckets.length, this.sum);
      const block = buckets[bucket] ?? -1;
      if (block < 0) continue;
      this.hits++;
      // All its blocks have been overwritten: later places need not meet it again.
      if (updating && block !== forGood && block * this.signature.blockLength < offset + this.at) buckets[bucket] = -1;
      else return true;
    }
    return false;
  }

  keep(index: number): void {
    this.buckets[this.bucketOfBlock(index)] = forGood;
  }

  private bucketOfBlock(index: number): number {
    return bucketOf(this.buckets.length, this.signature.rolling[index] ?? 0);
  }

  private slide(end: number): void {
    const { signed, at, length } = this;
    const old = signed[at] ?? 0;
    this.low = (this.low - old) | 0;
    this.high = (this.high - length * old) | 0;
    if (at + length < end) {
      this.low = (this.low + (signed[at + length] ?? 0)) | 0;
      this.high = (this.high + this.low) | 0;
    } else this.length--;
    this.at++;
  }
}
