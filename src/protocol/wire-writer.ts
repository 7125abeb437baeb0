/**
 * A growing buffer that records are written to (1-session 6), the twin of `WireReader`. `take` hands the bytes over;
 * `takeFrame` does so as one multiplexed data frame, for which room is kept in front.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { internalError } from "../errors.ts";

/** Bytes of a frame header (1-session 5.1). */
export const frameHeaderBytes = 4;
/** Most payload that one data frame of ours has: what the reference sends at most. */
export const frameDataBytes = 65_532;

const startBytes = 1024;
const two32 = 0x1_0000_0000;

export class WireWriter {
  private bytes: Buffer;
  private at: number = frameHeaderBytes;
  private handedOver = 0;

  constructor(capacity: number = startBytes) {
    this.bytes = Buffer.allocUnsafeSlow(capacity + frameHeaderBytes);
  }

  /** Bytes written and not taken. */
  get length(): number {
    return this.at - frameHeaderBytes;
  }

  /** All bytes ever written, without frames. */
  get total(): number {
    return this.handedOver + this.length;
  }

  /** The bytes written and not taken, valid until more is written. */
  get pending(): Uint8Array {
    return this.bytes.subarray(frameHeaderBytes, this.at);
  }

  /** The bytes written, which become the caller's; the writer starts anew. */
  take(): Buffer {
    return this.handOver(frameHeaderBytes);
  }

  /**
   * The bytes written as data frames, which become the caller's: one frame up to 65,532 bytes, several above. Nothing
   * written gives no bytes.
   */
  takeFrames(): Buffer {
    const { length } = this;
    if (length === 0) return Buffer.alloc(0);
    if (length <= frameDataBytes) {
      this.bytes.writeUInt32LE(dataHeader(length), 0);
      return this.handOver(0);
    }
    const payload = this.take();
    const count = Math.ceil(length / frameDataBytes);
    const frames = Buffer.allocUnsafeSlow(length + count * frameHeaderBytes);
    for (let from = 0, to = 0; from < length; from += frameDataBytes) {
      const piece = Math.min(frameDataBytes, length - from);
      frames.writeUInt32LE(dataHeader(piece), to);
      payload.copy(frames, to + frameHeaderBytes, from, from + piece);
      to += frameHeaderBytes + piece;
    }
    return frames;
  }

  private handOver(start: number): Buffer {
    const taken = this.bytes.subarray(start, this.at);
    this.handedOver += this.length;
    // Large buffers were made for large records, or for a batch: the next one is likely to be as large.
    this.bytes = Buffer.allocUnsafeSlow(Math.max(startBytes, Math.min(this.at, frameDataBytes) + frameHeaderBytes));
    this.at = frameHeaderBytes;
    return taken;
  }

  private reserve(count: number): number {
    const { at } = this;
    if (at + count > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, at + count));
      this.bytes.copy(grown, 0, 0, at);
      this.bytes = grown;
    }
    this.at = at + count;
    return at;
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  /** `shortint`: 16 bits. */
  uint16(value: number): void {
    const at = this.reserve(2);
    this.bytes[at] = value;
    this.bytes[at + 1] = value >> 8;
  }

  /** `int`: the low 32 bits. */
  int32(value: number): void {
    const at = this.reserve(4);
    const { bytes } = this;
    bytes[at] = value;
    bytes[at + 1] = value >> 8;
    bytes[at + 2] = value >> 16;
    bytes[at + 3] = value >> 24;
  }

  /** 64 bits of a safe integer. */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw internalError(`${value} does not fit a 64-bit field`);
    this.int32(value | 0);
    this.int32(Math.floor(value / two32));
  }

  /** `longint`, protocols before 30. */
  longint(value: number): void {
    if (value >= 0 && value <= 0x7fffffff) {
      this.int32(value);
    } else {
      this.int32(-1);
      this.int64(value);
    }
  }

  /** `varint` of the low 32 bits. */
  varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      this.byte(value);
      return;
    }
    const at = this.reserve(5);
    const { bytes } = this;
    const unsigned = value >>> 0;
    bytes[at + 1] = value;
    if (unsigned < 0x4000) {
      bytes[at] = 0x80 | (value >> 8);
      this.at = at + 2;
      return;
    }
    bytes[at + 2] = value >> 8;
    if (unsigned < 0x20_0000) {
      bytes[at] = 0xc0 | (value >> 16);
      this.at = at + 3;
      return;
    }
    bytes[at + 3] = value >> 16;
    if (unsigned < 0x1000_0000) {
      bytes[at] = 0xe0 | (value >> 24);
      this.at = at + 4;
      return;
    }
    bytes[at] = 0xf0;
    bytes[at + 4] = value >> 24;
  }

  /** `varlong(min)` of a safe integer. */
  varlong(value: number, min: number): void {
    if (!Number.isSafeInteger(value)) throw internalError(`${value} does not fit a 64-bit field`);
    const low = value | 0;
    const high = Math.floor(value / two32) | 0;
    const byteAt = (index: number): number => (index < 4 ? low >>> (8 * index) : high >>> (8 * index - 32)) & 0xff;
    let count = 8;
    while (count > min && byteAt(count - 1) === 0) count--;
    const last = byteAt(count - 1);
    const room = 1 << (7 - count + min);
    let following = count;
    let first: number;
    if (last >= room) {
      first = prefixOf(count + 1 - min);
    } else {
      first = prefixOf(count - min) | last;
      following = count - 1;
    }
    const at = this.reserve(1 + following);
    const { bytes } = this;
    bytes[at] = first;
    for (let index = 0; index < following; index++) bytes[at + 1 + index] = byteAt(index);
  }

  /** The bytes of a name, without its length. */
  name(name: ByteName): void {
    const { length } = name;
    const at = this.reserve(length);
    if (length > 24) {
      this.bytes.write(name, at, length, "latin1");
    } else {
      const { bytes } = this;
      for (let index = 0; index < length; index++) bytes[at + index] = name.charCodeAt(index);
    }
  }

  /** The bytes of a name from `start` on. */
  nameFrom(name: ByteName, start: number): void {
    const length = name.length - start;
    const at = this.reserve(length);
    const { bytes } = this;
    for (let index = 0; index < length; index++) bytes[at + index] = name.charCodeAt(start + index);
  }

  /** `vstring`: up to 32,767 bytes. */
  vstring(text: ByteName): void {
    if (text.length > 0x7fff) throw internalError(`a string of ${text.length} bytes is too long for the wire`);
    if (text.length > 0x7f) this.byte(0x80 | (text.length >> 8));
    this.byte(text.length & 0xff);
    this.name(text);
  }

  /** Bytes as they are (copied). */
  data(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** So many zero bytes. */
  zeros(count: number): void {
    const at = this.reserve(count);
    this.bytes.fill(0, at, at + count);
  }
}

/** The leading one-bits that announce `count` more bytes. */
function prefixOf(count: number): number {
  return (0xff00 >> count) & 0xff;
}

function dataHeader(length: number): number {
  return 0x0700_0000 + length;
}
