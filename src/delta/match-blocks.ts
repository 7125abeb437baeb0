/**
 * The sender's search: which parts of a file are blocks of the basis (3-transfer 3.2, 3.4). It reads the file once, in
 * order, through a window of bounded size, and hands literal bytes and block numbers to a sink in file order. The
 * choices are those that rsync makes, so that its counts are ours. Rolling from place to place is `PlaceSearch`'s work.
 *
 * Equal rolling sums cannot make it slow: at most `limits.equalSumsTried` blocks are tried at one place (4-traps R-03), and
 * unequal ones share a chain by chance only (`block-table`).
 */
import { limits } from "../limits.ts";
import type { BlockSummer } from "./block-sums.ts";
import { type BlockTable, chainOf, tableOf } from "./block-table.ts";
import type { DeltaMemory } from "./delta-memory.ts";
import { KernelSearch } from "./kernel-search.ts";
import { type PlaceSearch, PlainSearch } from "./place-search.ts";
import { blockBytesOf, type ReadAt, type Signature } from "./signature.ts";

/** Takes the parts of the file in order; a negative result stops the search. */
export interface MatchSink {
  /** The bytes are valid during the call only. */
  literal(bytes: Uint8Array): number;
  block(index: number): number;
}

/** What a search is given. */
export interface MatchRequest {
  /** Reads the file; may also give `notYet`. */
  readonly read: ReadAt;
  /**
   * Its size. What cannot be read, or lies behind an earlier end, counts as zeros (4-traps L-10). While a file comes
   * in pieces this may be `unknownSize`; it must be right before a read at the end.
   */
  readonly size: number;
  readonly sink: MatchSink;
  /** Sees every byte of the file once, in order. */
  readonly onData: (bytes: Uint8Array) => void;
  /** The basis is overwritten by the result as it grows: only blocks that still stand may be used (3-transfer 3.4). */
  readonly updating: boolean;
  /** Lets the kernels do the rolling, if it is large enough; it must have the kernels of the summer. */
  readonly memory?: DeltaMemory;
}

/** What a search found. */
export interface MatchTotals {
  readonly matches: number;
  /** Places whose bucket was not empty. */
  readonly hashHits: number;
  /** Blocks whose rolling sum agreed and whose strong sum did not. */
  readonly falseAlarms: number;
  readonly literalBytes: number;
  readonly matchedBytes: number;
  /** Literal tokens on the wire, of at most 32,768 bytes each. */
  readonly literalRuns: number;
  /** Why the sink stopped the search before the end: 0 or a negative errno. */
  readonly error: number;
  /** 0, or why some of the file could not be read: a negative errno. */
  readonly readError: number;
}

/** A read gives this when the next bytes are not there yet: the search yields, and reads again when it is resumed. */
export const notYet: number = Number.NEGATIVE_INFINITY;
/** The size of a file whose end has not come yet. */
export const unknownSize: number = Number.MAX_SAFE_INTEGER;

/** Literal bytes in one token (3-transfer 3.3). */
export const literalRunBytes: number = 32_768;

const windowBytes = 1_048_576;
/** After so many false alarms at places in a row rsync gives a block up as literal; each costs a strong sum. */
const falseAlarmRun = 4;
const ENODATA = -61;
/** In the table, the successor of a block that is in no chain any more. */
const unlinked = -2;

/** Searches one file for the blocks of a signature; use once. `summer` is used between the yields only. */
export class BlockMatcher {
  private readonly signature: Signature;
  private readonly summer: BlockSummer;
  private readonly request: MatchRequest;
  private readonly table: BlockTable;
  private readonly search: PlaceSearch;
  private readonly window: Uint8Array;
  /** File offset of the first byte in the window, and how many bytes it holds. */
  private base = 0;
  private filled = 0;
  /** Blocks that were matched at their own place and so stay what they are. */
  private readonly standing: Uint8Array;
  /** How far from a place the search looks: a block, and under `updating` the next aligned one. */
  private readonly reach: number;
  private expected = 0;
  private literalStart = 0;
  private runBytes = 0;
  private readonly totals: { -readonly [Key in keyof MatchTotals]: MatchTotals[Key] } = {
    matches: 0,
    hashHits: 0,
    falseAlarms: 0,
    literalBytes: 0,
    matchedBytes: 0,
    literalRuns: 0,
    error: 0,
    readError: 0,
  };

  constructor(signature: Signature, summer: BlockSummer, request: MatchRequest) {
    this.signature = signature;
    this.summer = summer;
    this.request = request;
    this.table = tableOf(signature);
    this.standing = new Uint8Array(request.updating ? signature.count : 0);
    this.reach = (request.updating ? 2 : 1) * signature.blockLength;
    const { memory, size, updating } = request;
    this.search =
      memory !== undefined && KernelSearch.fits(memory, signature, this.reach, updating)
        ? new KernelSearch(signature, memory, updating)
        : new PlainSearch(signature, Math.min(Math.max(windowBytes, 2 * this.reach), size), updating);
    this.window = this.search.window;
  }

  /** Does the search, yielding the bytes searched after each window, and when a read gave `notYet`. */
  *run(): Generator<number, MatchTotals> {
    const { request, totals, search } = this;
    const { blockLength } = this.signature;
    let offset = 0;
    // Whether the search is to begin anew at `offset`, and if not, whether it has looked at that place.
    let jumped = true;
    let looked = false;
    let alarmRun = 0;
    while (offset <= this.lastStart && totals.error === 0) {
      if (this.mustRefill(offset)) {
        if (!(yield* this.refill(offset))) break;
        yield offset;
        if (offset > this.lastStart) break;
      }
      const { lastStart } = this;
      const { size } = request;
      if (jumped) search.start(offset - this.base, Math.min(blockLength, size - offset));
      const windowEnd = this.base + this.filled;
      const last = Math.min(lastStart, windowEnd < size ? windowEnd - this.reach - 1 : lastStart);
      const found = search.next(looked && !jumped, last - this.base, this.filled, this.base);
      const before = offset + (looked && !jumped ? 1 : 0);
      offset = this.base + search.at;
      jumped = false;
      looked = found;
      // Only alarms at places in a row count.
      if (offset !== before) alarmRun = 0;
      if (!found) continue;
      const { length, sum } = search;
      const alarmsBefore = totals.falseAlarms;
      const index = this.find(sum, offset, length);
      if (index >= 0) {
        const shifted = sum === 0 ? this.shiftedZeros(index, offset, length) : -1;
        if (shifted >= 0) offset = shifted * blockLength;
        this.takeBlock(shifted >= 0 ? shifted : index, offset, length);
        offset += length;
        jumped = true;
        alarmRun = 0;
        continue;
      }
      alarmRun = totals.falseAlarms > alarmsBefore ? alarmRun + 1 : 0;
      if (alarmRun >= falseAlarmRun) {
        offset += blockLength;
        jumped = true;
      }
    }
    totals.hashHits = search.hits;
    yield* this.finish();
    return totals;
  }

  /** The search ends where not even the last block fits (3-transfer 3.2); the first place is looked at even so. */
  private get lastStart(): number {
    const { signature, request } = this;
    if (signature.count === 0 || request.size === 0) return -1;
    return Math.max(request.size - blockBytesOf(signature, signature.count - 1), 0);
  }

  /** Whether the window ends before what is looked at from `offset`, and the byte after it. */
  private mustRefill(offset: number): boolean {
    const end = this.base + this.filled;
    return end < this.request.size && offset + this.reach >= end;
  }

  /**
   * Under `updating` a block of zeros that would have to be written elsewhere: the block at the next multiple of the
   * block length, if that is one of zeros too, in the basis and in the file; -1 if not (3-transfer 3.4).
   */
  private shiftedZeros(index: number, offset: number, length: number): number {
    const { signature, request } = this;
    const { blockLength } = signature;
    if (!request.updating || index * blockLength === offset) return -1;
    const next = Math.ceil(offset / blockLength);
    const start = next * blockLength;
    // The file may end before that place.
    if (start + length > request.size) return -1;
    if (next >= signature.count || signature.rolling[next] !== 0 || blockBytesOf(signature, next) !== length) return -1;
    const bytes = this.bytesAt(start, length);
    return this.summer.rollingSum(bytes) === 0 && this.isStrong(next, this.summer.strongSum(bytes)) ? next : -1;
  }

  /** Sends what the window holds before `offset` and reads on; false when the sink failed. */
  private *refill(offset: number): Generator<number, boolean> {
    const { window, request, totals } = this;
    if (offset > this.literalStart && !this.sendLiteral(offset)) return false;
    const keep = this.base + this.filled - offset;
    window.copyWithin(0, this.filled - keep, this.filled);
    this.search.at -= offset - this.base;
    this.base = offset;
    this.filled = keep;
    while (this.filled < window.length && this.base + this.filled < request.size) {
      const wanted = Math.min(window.length - this.filled, request.size - this.base - this.filled);
      const count = request.read(window, this.filled, wanted, this.base + this.filled);
      if (count === notYet) {
        yield offset;
        continue;
      }
      const filled = count > 0 ? count : wanted;
      if (count <= 0) {
        // The receiver waits for as many bytes as were promised; the caller sees to it that it throws them away.
        if (totals.readError === 0) totals.readError = count === 0 ? ENODATA : count;
        window.fill(0, this.filled, this.filled + wanted);
      }
      request.onData(window.subarray(this.filled, this.filled + filled));
      this.filled += filled;
    }
    return true;
  }

  /** The rest of the file is literal. */
  private *finish(): Generator<number, void> {
    const { request, totals } = this;
    while (totals.error === 0 && this.literalStart < request.size) {
      const end = this.base + this.filled;
      if (end > this.literalStart) this.sendLiteral(end);
      else if (yield* this.refill(end)) yield end;
    }
    this.endRun();
  }

  private sendLiteral(end: number): boolean {
    const { totals } = this;
    const bytes = this.window.subarray(this.literalStart - this.base, end - this.base);
    this.runBytes += bytes.length;
    totals.literalBytes += bytes.length;
    this.literalStart = end;
    return this.sent(this.request.sink.literal(bytes));
  }

  private takeBlock(index: number, offset: number, length: number): void {
    const { totals, request } = this;
    if (offset > this.literalStart && !this.sendLiteral(offset)) return;
    this.endRun();
    totals.matches++;
    totals.matchedBytes += length;
    if (request.updating && index * this.signature.blockLength === offset) this.keep(index);
    this.expected = index + 1;
    this.literalStart = offset + length;
    this.sent(request.sink.block(index));
  }

  private endRun(): void {
    this.totals.literalRuns += Math.ceil(this.runBytes / literalRunBytes);
    this.runBytes = 0;
  }

  private sent(status: number): boolean {
    if (status >= 0) return true;
    this.totals.error = status;
    return false;
  }

  /** The block that stands at `offset`, -1 if none. */
  private find(sum: number, offset: number, length: number): number {
    const { signature, table, request, totals } = this;
    const { rolling } = signature;
    // Only made where a rolling sum agrees.
    let strong: Uint8Array | undefined;
    const fits = (index: number): boolean => {
      if (rolling[index] !== sum || blockBytesOf(signature, index) !== length) return false;
      strong ??= this.summer.strongSum(this.bytesAt(offset, length));
      return this.isStrong(index, strong);
    };
    const chain = chainOf(table, sum);
    let tried = 0;
    let before = -1;
    let failed = -1;
    for (let index = table.heads[chain] ?? -1, after: number; index >= 0; index = after) {
      after = table.next[index] ?? -1;
      const agrees = rolling[index] === sum && blockBytesOf(signature, index) === length;
      // One that was overwritten, or that is as the one before it in all respects, does not count here nor later.
      if ((request.updating && !this.stands(index, offset)) || (agrees && failed >= 0 && this.isTwin(index, failed))) {
        if (before < 0) table.heads[chain] = after;
        else table.next[before] = after;
        table.next[index] = unlinked;
        continue;
      }
      before = index;
      if (!agrees) continue;
      if (++tried > limits.equalSumsTried) break;
      if (fits(index)) {
        const preferred = this.preferred(offset);
        return preferred >= 0 && fits(preferred) ? preferred : index;
      }
      totals.falseAlarms++;
      failed = index;
    }
    return -1;
  }

  /** Whether two blocks have the same strong sum, and both stand for good or neither does. */
  private isTwin(one: number, other: number): boolean {
    const { standing, signature } = this;
    if (standing[one] !== standing[other]) return false;
    const { strong, strongBytes } = signature;
    for (let at = 0; at < strongBytes; at++) {
      if (strong[one * strongBytes + at] !== strong[other * strongBytes + at]) return false;
    }
    return true;
  }

  /** A block stands for good from now on; if it had left its chain, it comes back to its place there. */
  private keep(index: number): void {
    const { table, search, standing, signature } = this;
    standing[index] = 1;
    search.keep(index);
    if (table.next[index] !== unlinked) return;
    const chain = chainOf(table, signature.rolling[index] ?? 0);
    let before = -1;
    let after = table.heads[chain] ?? -1;
    for (; after > index; after = table.next[after] ?? -1) before = after;
    if (before < 0) table.heads[chain] = index;
    else table.next[before] = index;
    table.next[index] = after;
  }

  /** Of equal blocks: under `updating` the one at this very place, else the one after the last match; -1 if none. */
  private preferred(offset: number): number {
    const { signature, request, expected } = this;
    const { blockLength, count } = signature;
    if (request.updating) {
      const here = offset / blockLength;
      if (Number.isInteger(here) && here < count) return here;
      if (expected < count && !this.stands(expected, offset)) return -1;
    }
    return expected < count ? expected : -1;
  }

  /** Whether a block of a basis that is being overwritten is still what it was when the result has grown to `offset`. */
  private stands(index: number, offset: number): boolean {
    return index * this.signature.blockLength >= offset || this.standing[index] === 1;
  }

  private isStrong(index: number, strong: Uint8Array): boolean {
    const { strongBytes, strong: known } = this.signature;
    for (let at = 0, base = index * strongBytes; at < strongBytes; at++) {
      if (known[base + at] !== strong[at]) return false;
    }
    return true;
  }

  /** Bytes of the file that are in the window. */
  private bytesAt(offset: number, length: number): Uint8Array {
    const start = offset - this.base;
    return this.window.subarray(start, start + length);
  }
}
