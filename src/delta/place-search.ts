/**
 * The rolling part of the sender's search (3-transfer 3.2): from place to place of a window, until one where a block may
 * stand. `BlockMatcher` looks at that place and decides. There are two of them, which report the same hits: this
 * plain one, and the one of the kernels (`kernel-search`) for all that fits into their memory.
 */
import { type BlockTable, bucketOf } from "./block-table.ts";

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

/** The search in TypeScript. Buckets are emptied by who walks their chains. */
export class PlainSearch implements PlaceSearch {
  readonly window: Uint8Array;
  at = 0;
  length = 0;
  hits = 0;
  private readonly signed: Int8Array;
  private readonly table: BlockTable;
  /** The two halves of the sum, of which 16 bits count. */
  private low = 0;
  private high = 0;

  constructor(table: BlockTable, windowBytes: number) {
    this.table = table;
    this.window = new Uint8Array(windowBytes);
    this.signed = new Int8Array(this.window.buffer);
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

  next(after: boolean, last: number, end: number): boolean {
    const { table } = this;
    if (after) this.slide(end);
    for (; this.at <= last; this.slide(end)) {
      if ((table.heads[bucketOf(table, this.sum)] ?? -1) >= 0) {
        this.hits++;
        return true;
      }
    }
    return false;
  }

  keep(): void {}

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
