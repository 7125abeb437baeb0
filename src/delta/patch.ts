/**
 * The receiver's half of the delta algorithm (3-transfer 3.3, 3.4, 5.1): builds the new file from literals and blocks of
 * the basis and digests it on the way. Writes are gathered in a buffer of bounded size.
 */
import type { StreamingChecksum } from "./checksum.ts";
import type { MatchSink } from "./match-blocks.ts";
import { blockBytesOf, type ReadAt, type SumHead } from "./signature.ts";

/** Writes all of `bytes` at `position`; 0 or a negative errno. The bytes are valid during the call only. */
export type WriteAt = (bytes: Uint8Array, position: number) => number;

/** What a patch is given. */
export interface PatchRequest {
  readonly head: SumHead;
  readonly readBasis: ReadAt;
  readonly write: WriteAt;
  /** Basis and result are one file: what stands where it belongs is not written again. */
  readonly updating: boolean;
  /** Learns of what is not written because it stands there; 0 or a negative errno. The bytes are valid during the call only. */
  readonly onStanding?: WriteAt;
  /** Takes the data of the result, to be compared with the sender's digest. */
  readonly checksum: StreamingChecksum;
  /** Where writes are gathered; without it the patcher makes one of 256 KiB. */
  readonly buffer?: Uint8Array;
  /** Where the result begins to grow, 0 if not given: what is before it stands already. */
  readonly start?: number;
}

const bufferBytesDefault = 262_144;
/** No such block: the number comes from the peer. */
const EINVAL = -22;

/** Builds one file; use once. */
export class Patcher implements MatchSink {
  private readonly request: PatchRequest;
  private readonly buffer: Uint8Array;
  private buffered = 0;
  /** Blocks that follow each other in the basis are read together: where those begin that are to be read, and their bytes. */
  private runStart = 0;
  private runBytes = 0;
  /** Something came that is not of the basis. */
  hasLiteral = false;
  /** Where the result has grown to, the buffer and what is still to be read included. */
  private end: number;

  constructor(request: PatchRequest) {
    this.request = request;
    this.end = request.start ?? 0;
    this.buffer = request.buffer ?? new Uint8Array(bufferBytesDefault);
  }

  /** Bytes of the result so far. */
  get size(): number {
    return this.end;
  }

  literal(bytes: Uint8Array): number {
    this.hasLiteral = true;
    const read = this.readRun();
    if (read < 0) return read;
    for (let done = 0; done < bytes.length; ) {
      const piece = Math.min(bytes.length - done, this.buffer.length - this.buffered);
      this.buffer.set(bytes.subarray(done, done + piece), this.buffered);
      this.end += piece;
      const status = this.added(piece);
      if (status < 0) return status;
      done += piece;
    }
    return 0;
  }

  block(index: number): number {
    const { head, updating } = this.request;
    if (!(index >= 0 && index < head.count)) return EINVAL;
    const length = blockBytesOf(head, index);
    const start = index * head.blockLength;
    if (updating && start === this.end) return this.standing(length);
    if (this.runBytes > 0 && start !== this.runStart + this.runBytes) {
      const status = this.readRun();
      if (status < 0) return status;
    }
    if (this.runBytes === 0) this.runStart = start;
    this.runBytes += length;
    this.end += length;
    return this.buffered + this.runBytes < this.buffer.length ? 0 : this.readRun(false);
  }

  /** Writes what is still in the buffer; 0 or a negative errno. */
  flush(): number {
    const read = this.readRun();
    const written = this.writeBuffer();
    return read < 0 ? read : written;
  }

  private writeBuffer(): number {
    if (this.buffered === 0) return 0;
    const status = this.request.write(this.buffer.subarray(0, this.buffered), this.end - this.runBytes - this.buffered);
    this.buffered = 0;
    return status;
  }

  /** A block that is where it belongs: only the digest wants it. */
  private standing(length: number): number {
    const { readBasis, checksum, onStanding } = this.request;
    const status = this.flush();
    if (status < 0) return status;
    for (const end = this.end + length; this.end < end; ) {
      const wanted = Math.min(end - this.end, this.buffer.length);
      const count = readBasis(this.buffer, 0, wanted, this.end);
      if (count < 0) return count;
      if (count === 0) this.buffer.fill(0, 0, wanted);
      const piece = count === 0 ? wanted : count;
      checksum.update(this.buffer, 0, piece);
      const passed = onStanding?.(this.buffer.subarray(0, piece), this.end) ?? 0;
      if (passed < 0) return passed;
      this.end += piece;
    }
    return 0;
  }

  /**
   * Reads blocks of the run into the buffer, which is written whenever it is full: all of them, or those that fill it. A basis that has
   * shrunk gives zeros, which the digest will not agree with.
   */
  private readRun(all = true): number {
    const { buffer, request } = this;
    while (this.runBytes > 0 && (all || this.buffered + this.runBytes >= buffer.length)) {
      const wanted = Math.min(this.runBytes, buffer.length - this.buffered);
      const count = request.readBasis(buffer, this.buffered, wanted, this.runStart);
      if (count < 0) return count;
      if (count === 0) buffer.fill(0, this.buffered, this.buffered + wanted);
      const piece = count === 0 ? wanted : count;
      this.runStart += piece;
      this.runBytes -= piece;
      const status = this.added(piece);
      if (status < 0) return status;
    }
    return 0;
  }

  private added(length: number): number {
    this.request.checksum.update(this.buffer, this.buffered, length);
    this.buffered += length;
    return this.buffered === this.buffer.length ? this.writeBuffer() : 0;
  }
}
