/** Token streams with compressed literal data: the flag bytes that all algorithms share (3-transfer 4.1). */
import { protocolError, streamError } from "../errors.ts";
import type { Token, TokenReader, TokenSink } from "../protocol/token.ts";
import type { WireReader } from "../protocol/wire-reader.ts";
import type { WireWriter } from "../protocol/wire-writer.ts";
import { type Compressor, type Decompressor, type Output, pieceBytesMax } from "./codec.ts";

const Flag = { end: 0x00, block: 0x20, blocks: 0x21, data: 0x40, nearBlock: 0x80, nearBlocks: 0xc0 } as const;
const lowBits = 0x3f;
const kindBits = 0xc0;
const indexMax = 0x7ffffffe;
const runMax = 65_536;
const endToken: Token = { kind: "end" };

export class CompressedTokenReader implements TokenReader {
  readonly wantsBlocks: boolean;
  private readonly codec: Decompressor;
  /** Output of the last piece is still coming. */
  private draining = false;
  /** Data was seen since the last block, or since the file began. */
  private inRun = false;
  private index = 0;
  private readonly take = (bytes: Uint8Array | undefined): Token | undefined => {
    this.draining = bytes !== undefined;
    return bytes === undefined || bytes.length === 0 ? undefined : { kind: "data", bytes };
  };

  constructor(codec: Decompressor) {
    this.codec = codec;
    this.wantsBlocks = codec.wantsBlocks;
  }

  read(reader: WireReader): Token | undefined | Promise<Token | undefined> {
    if (this.draining) return this.output(reader, () => this.codec.pull());
    const flag = reader.byte();
    if ((flag & kindBits) === Flag.data) {
      const piece = reader.view(((flag & lowBits) << 8) | reader.byte());
      if (piece.length === 0) throw protocolError(`empty piece of compressed data [${reader.role}]`, reader.role);
      if (!this.inRun) this.inRun = true;
      return this.output(reader, () => this.codec.push(piece));
    }
    if (this.inRun) {
      // The flag is read again when the run has been drained.
      reader.unread(1);
      this.inRun = false;
      return this.output(reader, () => this.codec.endRun());
    }
    if (flag === Flag.end) {
      this.index = 0;
      this.codec.startFile();
      return endToken;
    }
    return this.blocks(reader, flag);
  }

  insertBlock(bytes: Uint8Array): void {
    this.codec.insertBlock(bytes);
  }

  close(): void {
    this.codec.close();
  }

  private blocks(reader: WireReader, flag: number): Token {
    let index: number;
    let hasRun: boolean;
    if ((flag & Flag.nearBlock) !== 0) {
      index = this.index + (flag & lowBits);
      hasRun = (flag & kindBits) === Flag.nearBlocks;
    } else if (flag === Flag.block || flag === Flag.blocks) {
      index = reader.int32();
      hasRun = flag === Flag.blocks;
    } else {
      throw protocolError(`unknown flag ${flag} in compressed stream [${reader.role}]`, reader.role);
    }
    const count = hasRun ? reader.uint16() + 1 : 1;
    if (index < 0 || index + count - 1 > indexMax) {
      throw protocolError(`invalid token number in compressed stream [${reader.role}]`, reader.role);
    }
    this.index = index + count - 1;
    return { kind: "blocks", index, count };
  }

  private output(reader: WireReader, step: () => Output): Token | undefined | Promise<Token | undefined> {
    const fail = (error: unknown): never => {
      const reason = error instanceof Error ? error.message : String(error);
      throw streamError(`compressed data is damaged: ${reason} [${reader.role}]`, reader.role, error);
    };
    try {
      const output = step();
      return output instanceof Promise ? output.then(this.take, fail) : this.take(output);
    } catch (error) {
      return fail(error);
    }
  }
}

export class CompressedTokenSink implements TokenSink {
  readonly wantsBlocks: boolean;
  private readonly codec: Compressor;
  private inRun = false;
  /** Blocks that are written together: where they begin, and how many. */
  private start = 0;
  private count = 0;
  /** The last block written. */
  private index = 0;

  constructor(codec: Compressor) {
    this.codec = codec;
    this.wantsBlocks = codec.wantsBlocks;
  }

  literal(writer: WireWriter, bytes: Uint8Array): void | Promise<void> {
    if (bytes.length === 0) return;
    this.writeBlocks(writer);
    this.inRun = true;
    return this.codec.literal(bytes, (data) => writeData(writer, data));
  }

  block(writer: WireWriter, index: number, bytes: Uint8Array | undefined): void | Promise<void> {
    const ended = this.endRun(writer);
    if (ended !== undefined) return ended.then(() => this.addBlock(writer, index, bytes));
    this.addBlock(writer, index, bytes);
  }

  end(writer: WireWriter): void | Promise<void> {
    const ended = this.endRun(writer);
    if (ended !== undefined) return ended.then(() => this.writeEnd(writer));
    this.writeEnd(writer);
  }

  close(): void {
    this.codec.close();
  }

  private endRun(writer: WireWriter): Promise<void> | undefined {
    if (!this.inRun) return undefined;
    this.inRun = false;
    const ended = this.codec.endRun((data) => writeData(writer, data));
    return ended instanceof Promise ? ended : undefined;
  }

  private addBlock(writer: WireWriter, index: number, bytes: Uint8Array | undefined): void {
    if (this.count === 0 || index !== this.start + this.count || this.count === runMax) {
      this.writeBlocks(writer);
      this.start = index;
    }
    this.count++;
    if (bytes !== undefined && this.wantsBlocks) this.codec.insertBlock(bytes);
  }

  private writeBlocks(writer: WireWriter): void {
    const { start, count } = this;
    if (count === 0) return;
    const distance = start - this.index;
    if (distance >= 0 && distance <= lowBits) {
      writer.byte((count > 1 ? Flag.nearBlocks : Flag.nearBlock) | distance);
    } else {
      writer.byte(count > 1 ? Flag.blocks : Flag.block);
      writer.int32(start);
    }
    if (count > 1) writer.uint16(count - 1);
    this.index = start + count - 1;
    this.count = 0;
  }

  private writeEnd(writer: WireWriter): void {
    this.writeBlocks(writer);
    writer.byte(Flag.end);
    this.index = 0;
    this.codec.startFile();
  }
}

function writeData(writer: WireWriter, data: Uint8Array): void {
  for (let at = 0; at < data.length; at += pieceBytesMax) {
    const piece = data.subarray(at, at + pieceBytesMax);
    writer.byte(Flag.data | (piece.length >> 8));
    writer.byte(piece.length & 0xff);
    writer.data(piece);
  }
}
