/**
 * Copies the data of a file between two descriptors (3-transfer 5.1.6; 4-traps L-10, T-21, T-22): in the kernel where it
 * can, else by reading and writing; with `sparse`, so that runs of zeros become holes. Errors of the operating system
 * are returned, not thrown, and the caller learns after every piece how far the copy is, so that it can stop.
 *
 * Hot: `copySmall` (bench: many small files).
 */
import { limits } from "../limits.ts";
import type { Stat, Syscalls } from "./syscalls/interface.ts";
import { emptyStat } from "./syscalls/interface.ts";

/** Largest file that `copySmall` takes, in bytes. */
export const smallFileBytes: number = 64 * 1024;

/** Zeros are looked for in pieces of this many bytes, at multiples of it: the smallest block a file system has. */
const zeroRunBytes = 1024;
const bufferBytes = 256 * 1024;
const EIO = -5;
const ENXIO = -6;

/** Whether a copy may, must or must not share the blocks of its source. */
export type ReflinkMode = "auto" | "always" | "never";

/** The zeros at the end of what has been written so far, which become a hole when data follows them. Begins with a length of 0. */
export interface ZeroRun {
  start: number;
  length: number;
}

/** How `copyData` copies. */
export interface CopyOptions {
  /** Make holes of zero runs, and skip the source's holes. */
  readonly sparse?: boolean;
  /**
   * Given where the target may hold old data or reserved space, so that a hole must be punched, not skipped. What is left in it at
   * the end is the caller's: see `settle`.
   */
  readonly existing?: ZeroRun | undefined;
  /** False: by reading and writing, although the kernel could copy (default true). */
  readonly kernel?: boolean;
  /** Both files are copied from this offset on (default 0). */
  readonly start?: number;
  /** Sees all data in order, for a digest; the bytes are valid during the call only. The copy then goes through memory. */
  readonly onData?: (bytes: Uint8Array) => void;
}

/** Copies file data for one thread; the buffer is made once. */
export class DataCopier {
  /** The side that the last negative result came from. */
  failed: "read" | "write" | "reflink" = "read";
  readonly #calls: Syscalls;
  readonly #buffer: Buffer = Buffer.from(new ArrayBuffer(bufferBytes));
  readonly #zeros: Buffer = Buffer.alloc(zeroRunBytes);
  readonly #stat: Stat = emptyStat();

  /** Pieces are at most this long. */
  readonly pieceBytes: number;

  constructor(calls: Syscalls, pieceBytes: number = limits.copyChunkBytes) {
    this.pieceBytes = pieceBytes;
    this.#calls = calls;
  }

  /**
   * Copies at most `size` (up to `smallFileBytes`) bytes at both file offsets. Returns the bytes copied, fewer when the
   * source ends before, or a negative errno (`failed` tells the side).
   */
  copySmall(from: number, to: number, size: number): number {
    let filled = 0;
    while (filled < size) {
      const count = this.#calls.read(from, this.#buffer, filled, size - filled, -1);
      if (count < 0) return this.#fail("read", count);
      if (count === 0) break;
      filled += count;
    }
    const error = this.#writeAll(to, 0, filled, -1);
    return error < 0 ? error : filled;
  }

  /**
   * Copies the bytes from `start` up to `size`, the size seen when the source was opened, or to its end if that comes
   * before. Yields the offset reached after each piece of at most `pieceBytes`; abandon it to stop. Returns
   * the offset reached at the end or a negative errno (`failed` tells the side). The file offsets are undefined after.
   */
  *copyData(from: number, to: number, size: number, options: CopyOptions = {}): Generator<number, number> {
    const { sparse = false, existing, kernel = true, start = 0, onData } = options;
    if (sparse) return yield* this.#copySparse(from, to, start, size, existing, onData);
    let done = start;
    if (onData === undefined && kernel && this.#calls.abilities.kernelCopy) {
      const error = this.#seekBoth(from, to, start);
      if (error < 0) return error;
      while (done < size) {
        const count = this.#calls.copyFileRange(from, to, Math.min(size - done, this.pieceBytes));
        // Reading and writing will tell which side fails, if it is not merely the combination; zero may mean a file
        // whose content the kernel makes up.
        if (count <= 0) break;
        done += count;
        yield done;
      }
    }
    return yield* this.#copyThroughMemory(from, to, done, size, onData);
  }

  /**
   * Makes `to` share all blocks of `from`, up to `size`, the size seen when the source was opened. Returns the bytes that
   * it then has, fewer when the source has become shorter, or a negative errno.
   */
  clone(from: number, to: number, size: number): number {
    const cloned = this.#calls.cloneFile(from, to);
    if (cloned < 0) return this.#fail("reflink", cloned);
    const seen = this.#calls.fstat(to, this.#stat);
    if (seen < 0) return this.#fail("write", seen);
    if (this.#stat.size <= size) return this.#stat.size;
    const cut = this.#calls.truncate(to, size);
    return cut < 0 ? this.#fail("write", cut) : size;
  }

  /** Writes all of `bytes` at `position`; 0 or a negative errno. The end of a file that ends in a hole is the caller's. */
  writeAt(to: number, bytes: Uint8Array, position: number, options: Pick<CopyOptions, "sparse" | "existing">): number {
    const { sparse = false, existing } = options;
    for (let done = 0; done < bytes.length; ) {
      const count = Math.min(bytes.length - done, bufferBytes);
      this.#buffer.set(bytes.subarray(done, done + count));
      const at = position + done;
      const error = sparse ? this.#writeSparse(to, count, at, existing) : this.#writeAll(to, 0, count, at);
      if (error < 0) return error;
      done += count;
    }
    return 0;
  }

  /** The same with `sparse` for bytes that stand at `position` already: they are not written, but runs of zeros become holes. */
  passOver(to: number, bytes: Uint8Array, position: number, existing: ZeroRun): number {
    for (let done = 0; done < bytes.length; ) {
      const count = Math.min(bytes.length - done, bufferBytes);
      this.#buffer.set(bytes.subarray(done, done + count));
      const error = this.#writeSparse(to, count, position + done, existing, true);
      if (error < 0) return error;
      done += count;
    }
    return 0;
  }

  /**
   * Makes the run a hole. At the end of a file this is left undone where the space was only reserved, for that reads as zeros
   * and is kept (3-transfer 5.1.6).
   */
  settle(to: number, run: ZeroRun): number {
    const { start, length } = run;
    run.length = 0;
    return length === 0 ? 0 : this.#punch(to, start, length);
  }

  *#copyThroughMemory(
    from: number,
    to: number,
    start: number,
    size: number,
    onData: CopyOptions["onData"],
  ): Generator<number, number> {
    let done = start;
    while (done < size) {
      const count = this.#calls.read(from, this.#buffer, 0, Math.min(size - done, bufferBytes, this.pieceBytes), done);
      if (count < 0) return this.#fail("read", count);
      if (count === 0) break;
      onData?.(this.#buffer.subarray(0, count));
      const error = this.#writeAll(to, 0, count, done);
      if (error < 0) return error;
      done += count;
      yield done;
    }
    return done;
  }

  *#copySparse(
    from: number,
    to: number,
    start: number,
    size: number,
    existing: ZeroRun | undefined,
    onData: CopyOptions["onData"],
  ): Generator<number, number> {
    let done = start;
    let dataEnd = start;
    while (done < size) {
      if (done === dataEnd && onData === undefined) {
        // Holes of the source need not be read (4-traps X-07).
        const data = this.#nextData(from, done, size);
        if (data < 0) return this.#fail("read", data);
        if (data > done) {
          const error = existing === undefined ? 0 : this.#addZeros(to, existing, done, data - done);
          if (error < 0) return error;
          done = data;
          yield done;
        }
        const hole = this.#calls.seekHole(from, done);
        dataEnd = hole > done ? Math.min(hole, size) : size;
        if (done >= size) break;
      } else if (done === dataEnd) dataEnd = size;
      const count = this.#calls.read(
        from,
        this.#buffer,
        0,
        Math.min(dataEnd - done, bufferBytes, this.pieceBytes),
        done,
      );
      if (count < 0) return this.#fail("read", count);
      if (count === 0) break;
      onData?.(this.#buffer.subarray(0, count));
      const error = this.#writeSparse(to, count, done, existing);
      if (error < 0) return error;
      done += count;
      yield done;
    }
    // A file that ends in a hole was not written to its end; an existing one is not cut here.
    const error = this.#calls.fstat(to, this.#stat);
    if (error < 0) return this.#fail("write", error);
    if (this.#stat.size < done) {
      const grown = this.#calls.truncate(to, done);
      if (grown < 0) return this.#fail("write", grown);
    }
    return done;
  }

  /** Where data begins at or after `offset`; the end of the source (at most `size`) if only a hole follows. */
  #nextData(from: number, offset: number, size: number): number {
    const data = this.#calls.seekData(from, offset);
    if (data >= 0) return Math.min(data, size);
    if (data !== ENXIO) return offset;
    const error = this.#calls.fstat(from, this.#stat);
    return error < 0 ? error : Math.max(offset, Math.min(this.#stat.size, size));
  }

  /** Writes the first `count` bytes of the buffer at `position`, leaving out the runs of zeros and with `standing` the others too. */
  #writeSparse(to: number, count: number, position: number, existing: ZeroRun | undefined, standing = false): number {
    let runStart = 0;
    let runIsZero = false;
    for (let start = 0; start < count; ) {
      // Pieces begin at multiples of their length in the file, as the blocks of a file system do.
      const end = Math.min(count, start + zeroRunBytes - ((position + start) % zeroRunBytes));
      const isZero = this.#isZero(start, end);
      if (isZero !== runIsZero) {
        const error = this.#writeRun(to, runStart, start - runStart, position, runIsZero, existing, standing);
        if (error < 0) return error;
        runStart = start;
        runIsZero = isZero;
      }
      start = end;
    }
    return this.#writeRun(to, runStart, count - runStart, position, runIsZero, existing, standing);
  }

  #writeRun(
    to: number,
    start: number,
    length: number,
    position: number,
    isZero: boolean,
    existing: ZeroRun | undefined,
    standing: boolean,
  ): number {
    if (length === 0) return 0;
    if (isZero) return existing === undefined ? 0 : this.#addZeros(to, existing, position + start, length);
    const error = existing === undefined ? 0 : this.settle(to, existing);
    return error < 0 || standing ? error : this.#writeAll(to, start, length, position + start);
  }

  /** Notes that zeros belong at `offset`: they go on the run, or begin the next one. */
  #addZeros(to: number, run: ZeroRun, offset: number, length: number): number {
    const error = run.start + run.length === offset ? 0 : this.settle(to, run);
    if (run.length === 0) run.start = offset;
    run.length += length;
    return error;
  }

  #isZero(start: number, end: number): boolean {
    const buffer = this.#buffer;
    if (buffer[start] !== 0 || buffer[end - 1] !== 0) return false;
    return buffer.compare(this.#zeros, 0, end - start, start, end) === 0;
  }

  /** Makes a piece of an existing file a hole, or writes zeros where that cannot be done. */
  #punch(to: number, offset: number, length: number): number {
    if (this.#calls.punchHole(to, offset, length) === 0) return 0;
    const error = this.#calls.fstat(to, this.#stat);
    if (error < 0) return this.#fail("write", error);
    // Past its end the file reads as zeros by itself.
    const end = Math.min(offset + length, this.#stat.size);
    const zeros = Buffer.alloc(Math.min(Math.max(end - offset, 0), bufferBytes));
    for (let at = offset; at < end; ) {
      const count = this.#calls.write(to, zeros, 0, Math.min(end - at, zeros.length), at);
      if (count <= 0) return this.#fail("write", count || EIO);
      at += count;
    }
    return 0;
  }

  #writeAll(to: number, offset: number, length: number, position: number): number {
    for (let done = 0; done < length; ) {
      const at = position < 0 ? -1 : position + done;
      const count = this.#calls.write(to, this.#buffer, offset + done, length - done, at);
      if (count <= 0) return this.#fail("write", count || EIO);
      done += count;
    }
    return 0;
  }

  #seekBoth(from: number, to: number, offset: number): number {
    const source = this.#calls.seek(from, offset);
    if (source < 0) return this.#fail("read", source);
    const target = this.#calls.seek(to, offset);
    return target < 0 ? this.#fail("write", target) : 0;
  }

  #fail(side: "read" | "write" | "reflink", error: number): number {
    this.failed = side;
    return error;
  }
}
