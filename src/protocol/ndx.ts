/**
 * File indexes on the wire (2-file-list 6). From protocol 30 on they are differences to the index before, with one
 * memory for each sign and direction: a session has one `NdxReader` and one `NdxWriter`.
 */
import { streamError } from "../errors.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Indexes that are no file. */
export const Ndx = {
  /** End of a phase, or of a list. */
  done: -1,
  /** No more file lists. */
  listsEnd: -2,
  /** Delete statistics follow. */
  deleteStats: -3,
  /** The file list of directory d follows: `listBase - d`. */
  listBase: -101,
} as const;

const newForm = 30;
const longestStep = 0x7fff;

export class NdxReader {
  private readonly protocol: number;
  private positive = -1;
  private negative = 1;

  constructor(protocol: number) {
    this.protocol = protocol;
  }

  /** The next index. Whole or not at all: read it as a record of its own, or `commit` behind it. */
  read(reader: WireReader): number {
    if (this.protocol < newForm) return reader.int32();
    let byte = reader.byte();
    if (byte === 0) return Ndx.done;
    const negative = byte === 0xff;
    if (negative) byte = reader.byte();
    const memory = negative ? this.negative : this.positive;
    let value: number;
    if (byte === 0xfe) {
      const high = reader.byte();
      const low = reader.byte();
      if ((high & 0x80) === 0) {
        value = memory + (high << 8) + low;
      } else {
        value = ((high & 0x7f) << 24) | low;
        value |= reader.byte() << 8;
        value |= reader.byte() << 16;
      }
    } else {
      value = memory + byte;
    }
    if (value > 0x7fffffff) throw streamError(`file index ${value} is out of range [${reader.role}]`, reader.role);
    if (negative) this.negative = value;
    else this.positive = value;
    return negative ? -value : value;
  }
}

export class NdxWriter {
  private readonly protocol: number;
  private positive = -1;
  private negative = 1;

  constructor(protocol: number) {
    this.protocol = protocol;
  }

  write(writer: WireWriter, ndx: number): void {
    if (this.protocol < newForm) {
      writer.int32(ndx);
      return;
    }
    if (ndx === Ndx.done) {
      writer.byte(0);
      return;
    }
    let value = ndx;
    let step: number;
    if (ndx >= 0) {
      step = value - this.positive;
      this.positive = value;
    } else {
      writer.byte(0xff);
      value = -ndx;
      step = value - this.negative;
      this.negative = value;
    }
    if (step > 0 && step < 0xfe) {
      writer.byte(step);
    } else if (step < 0 || step > longestStep) {
      writer.byte(0xfe);
      writer.byte((value >> 24) | 0x80);
      writer.byte(value);
      writer.byte(value >> 8);
      writer.byte(value >> 16);
    } else {
      writer.byte(0xfe);
      writer.byte(step >> 8);
      writer.byte(step);
    }
  }
}
