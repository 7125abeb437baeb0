/**
 * A synchronous cursor over bytes that arrive in pieces (1-session 6). Decoders read one record after the other; when
 * bytes are missing the read throws `underflow`, `poll` goes back to the mark and the decoder is tried again later.
 *
 * A decoder changes its own state only when its record is complete, or where it calls `commit`: then the part read so
 * far is not read again. Nothing here waits, and no length from the peer is ever allocated before its bytes are there.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { protocolError, type Role, streamError } from "../errors.ts";

/** What `poll` returns while bytes are missing. */
export const notYet: unique symbol = Symbol("not yet");

/** Thrown by reads when bytes are missing; one for all, so that it costs nothing. Only `poll` catches it. */
export class Underflow extends Error {
  override readonly name = "Underflow";
}

/** The one `Underflow`. */
export const underflow: Underflow = new Underflow("more bytes are needed");

const noBytes = Buffer.alloc(0);
/** Buffers that grow piece by piece start with this many bytes. */
const growBytes = 4096;
const two32 = 0x1_0000_0000;

export class WireReader {
  /** Who reads, for the texts of errors. */
  readonly role: Role;
  /** Bytes taken so far; after a whole record also a position in the stream. */
  consumed = 0;
  private bytes: Buffer = noBytes;
  private at = 0;
  private end = 0;
  private mark = 0;
  /** Bytes behind the mark without which another try is useless. */
  private needed = 0;
  /** `bytes` is ours to append to. */
  private owned = false;

  constructor(role: Role) {
    this.role = role;
  }

  /** Bytes that are here and not read. */
  get available(): number {
    return this.end - this.at;
  }

  /**
   * Adds bytes. They are not copied where that can be avoided: the caller must not change them any more. Views that
   * reads gave out stay what they are.
   */
  feed(chunk: Uint8Array): void {
    const left = this.end - this.at;
    if (chunk.length === 0) return;
    if (left === 0) {
      this.bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.owned = false;
    } else {
      if (this.owned && this.end + chunk.length <= this.bytes.length) {
        this.bytes.set(chunk, this.end);
        this.end += chunk.length;
        return;
      }
      // At least doubled, so that a long value that comes in small pieces is not copied again and again.
      const grown = Buffer.allocUnsafeSlow(Math.max(growBytes, 2 * left + chunk.length));
      this.bytes.copy(grown, 0, this.at, this.end);
      grown.set(chunk, left);
      this.bytes = grown;
      this.owned = true;
    }
    this.at = 0;
    this.mark = 0;
    this.end = left + chunk.length;
  }

  /**
   * Tries to read one record: its value, or `notYet` when bytes are missing; then nothing was taken (or only what was
   * committed). Until the missing bytes are here, further tries cost nothing.
   */
  poll<T>(decode: (reader: WireReader) => T): T | typeof notYet {
    if (this.end - this.at < this.needed) return notYet;
    const start = this.at;
    this.mark = start;
    try {
      const value = decode(this);
      this.consumed += this.at - this.mark;
      this.needed = 0;
      return value;
    } catch (error) {
      if (error !== underflow) throw error;
      this.at = this.mark;
      return notYet;
    }
  }

  /** Drops everything that is here, also of a record that was begun. */
  discard(): void {
    this.consumed += this.end - this.at;
    this.at = this.end;
    this.needed = 0;
  }

  /** What was read so far will not be read again: the decoder has kept it. */
  commit(): void {
    this.consumed += this.at - this.mark;
    this.mark = this.at;
  }

  /** Throws `underflow` unless so many bytes are here. */
  require(count: number): void {
    if (this.end - this.at < count) this.missing(count);
  }

  private missing(count: number): never {
    this.needed = this.at - this.mark + count;
    throw underflow;
  }

  /** One byte, 0..255. */
  byte(): number {
    if (this.at >= this.end) this.missing(1);
    return this.bytes[this.at++] as number;
  }

  /** The `int` that stands so many bytes ahead, which is not taken; undefined: it is not here. */
  int32Ahead(offset: number): number | undefined {
    return this.end - this.at < offset + 4 ? undefined : this.bytes.readInt32LE(this.at + offset);
  }

  /** Puts back bytes of the current record. */
  unread(count: number): void {
    this.at -= count;
  }

  /** `shortint`: 16 bits, unsigned. */
  uint16(): number {
    if (this.end - this.at < 2) this.missing(2);
    const { bytes, at } = this;
    this.at = at + 2;
    return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  }

  /** `int`: 32 bits, signed. */
  int32(): number {
    if (this.end - this.at < 4) this.missing(4);
    const { bytes, at } = this;
    this.at = at + 4;
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }

  /** 32 bits, unsigned. */
  uint32(): number {
    return this.int32() >>> 0;
  }

  /** `int` within a range; the error says `what`. */
  int32In(what: string, min: number, max: number): number {
    return this.checked(what, this.int32(), min, max);
  }

  /** 64 bits, signed; beyond what a number holds exactly it is refused. */
  int64(): number {
    this.require(8);
    const low = this.uint32();
    return this.wide(low, this.int32());
  }

  /** `longint`, protocols before 30: `int`, or all ones and 8 bytes. */
  longint(): number {
    const value = this.int32();
    return value === -1 ? this.int64() : value;
  }

  /** A `longint` of which only the identity matters (device, inode), so that all 64 bits may be used. */
  longintKey(): string {
    const value = this.int32();
    if (value !== -1) return String(value);
    this.require(8);
    return `${this.int32()}:${this.int32()}`;
  }

  /** `varint`: 32 bits, signed, 1 to 5 bytes. */
  varint(): number {
    if (this.at >= this.end) this.missing(1);
    const { bytes, at } = this;
    const first = bytes[at] as number;
    if (first < 0x80) {
      this.at = at + 1;
      return first;
    }
    if (first >= 0xf8 || (first > 0xf0 && first < 0xf8)) throw streamError("Overflow in read_varint()", this.role);
    const extra = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (this.end - at <= extra) this.missing(extra + 1);
    this.at = at + 1 + extra;
    let value = bytes[at + 1] as number;
    if (extra === 1) return value | ((first & 0x3f) << 8);
    value |= (bytes[at + 2] as number) << 8;
    if (extra === 2) return value | ((first & 0x1f) << 16);
    value |= (bytes[at + 3] as number) << 16;
    if (extra === 3) return value | ((first & 0x0f) << 24);
    return value | ((bytes[at + 4] as number) << 24);
  }

  /** `varint` within a range; the error says `what`. */
  varintIn(what: string, min: number, max: number): number {
    return this.checked(what, this.varint(), min, max);
  }

  /** `varlong(min)`: 64 bits, signed; beyond what a number holds exactly it is refused. */
  varlong(min: number): number {
    if (this.end - this.at < min) this.missing(min);
    const { bytes, at } = this;
    const first = bytes[at] as number;
    const extra =
      first < 0x80
        ? 0
        : first < 0xc0
          ? 1
          : first < 0xe0
            ? 2
            : first < 0xf0
              ? 3
              : first < 0xf8
                ? 4
                : first < 0xfc
                  ? 5
                  : 6;
    const following = min - 1 + extra;
    if (following > 8) throw streamError("Overflow in read_varlong()", this.role);
    if (this.end - at <= following) this.missing(following + 1);
    this.at = at + 1 + following;
    const top = extra === 6 ? first & 0x03 : first & (0x7f >> extra);
    if (following === 8 && top !== 0) throw streamError("Overflow in read_varlong()", this.role);
    let low = 0;
    let high = 0;
    for (let index = 0; index < following; index++) {
      const byte = bytes[at + 1 + index] as number;
      if (index < 4) low |= byte << (8 * index);
      else high |= byte << (8 * index - 32);
    }
    if (following < 4) low |= top << (8 * following);
    else if (following < 8) high |= top << (8 * following - 32);
    return high === 0 ? low >>> 0 : this.wide(low >>> 0, high);
  }

  /** A name of `length` bytes. */
  name(length: number): ByteName {
    if (this.end - this.at < length) this.missing(length);
    const { at } = this;
    this.at = at + length;
    return this.bytes.toString("latin1", at, at + length) as ByteName;
  }

  /** The first `prefix` bytes of a name before, and `suffix` bytes from here. */
  prefixedName(before: ByteName, prefix: number, suffix: number): ByteName {
    const rest = this.name(suffix);
    return prefix === 0 ? rest : ((before.slice(0, prefix) + rest) as ByteName);
  }

  /** `vstring` of at most `max` bytes; undefined (and nothing more read) when it is longer. */
  vstring(max: number): ByteName | undefined {
    let length = this.byte();
    if (length >= 0x80) length = ((length & 0x7f) << 8) | this.byte();
    return length > max ? undefined : this.name(length);
  }

  /** Bytes up to and with the next NUL, or `max` bytes without one; some other text of fewer bytes is not enough. */
  untilNul(max: number): string {
    return this.until(0, max);
  }

  /** The same with a newline. */
  untilNewline(max: number): string {
    return this.until(0x0a, max);
  }

  private until(last: number, max: number): string {
    const { bytes, at } = this;
    const limit = Math.min(this.end, at + max);
    const found = bytes.subarray(at, limit).indexOf(last);
    if (found < 0 && limit < at + max) this.missing(limit - at + 1);
    const stop = found < 0 ? limit : at + found + 1;
    this.at = stop;
    return bytes.toString("latin1", at, stop);
  }

  /** `length` bytes, copied. */
  copy(length: number): Uint8Array {
    return this.view(length).slice();
  }

  /** `length` bytes as a view, which must not be changed. */
  view(length: number): Uint8Array {
    if (this.end - this.at < length) this.missing(length);
    const { bytes, at } = this;
    this.at = at + length;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + at, length);
  }

  /** Between 1 and `max` bytes, whatever is here, as a view: for data that is not collected. */
  some(max: number): Uint8Array {
    if (this.at >= this.end) this.missing(1);
    return this.view(Math.min(max, this.end - this.at));
  }

  /** Copies `target.length` bytes into it. */
  fill(target: Uint8Array, offset: number, length: number): void {
    if (this.end - this.at < length) this.missing(length);
    this.bytes.copy(target, offset, this.at, this.at + length);
    this.at += length;
  }

  /** The value if it is in the range; else a protocol error. */
  checked(what: string, value: number, min: number, max: number): number {
    if (value < min || value > max) {
      throw protocolError(`${what} ${value} is not in ${min}..${max} [${this.role}]`, this.role);
    }
    return value;
  }

  private wide(low: number, high: number): number {
    const value = high * two32 + low;
    if (!Number.isSafeInteger(value)) throw protocolError(`64-bit number out of range [${this.role}]`, this.role);
    return value;
  }
}
