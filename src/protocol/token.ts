/**
 * The data of one file: literal bytes and references to blocks of the basis, in file order (3-transfer 3.3). This is
 * the form without compression; `compress/` has the others behind the same two interfaces.
 */
import { protocolError } from "../errors.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** A part of a file. */
export type Token =
  /** Bytes of the file, valid until the next read. */
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  /** Blocks `index` up to `index + count - 1`, one after the other. The index may be too high: the caller knows the head. */
  | { readonly kind: "blocks"; readonly index: number; readonly count: number }
  /** End of the file; the whole-file digest follows. */
  | { readonly kind: "end" };

/** Reads the data of files. One for a session. */
export interface TokenReader {
  /**
   * The next part; through `poll`, again until it succeeds. A promise (of a part, or of undefined: nothing came out of
   * the bytes taken, call again) where the data must be decompressed first; the next call waits for it.
   */
  read(reader: WireReader): Token | undefined | Promise<Token | undefined>;
  /** What the block references just read stand for, one call a block: the old zlib form compresses against it. */
  insertBlock(bytes: Uint8Array): void;
  /** Whether `insertBlock` is wanted at all. */
  readonly wantsBlocks: boolean;
  /** Gives native memory back. */
  close(): void;
}

/** Writes the data of files. One for a session. */
export interface TokenSink {
  /** Literal bytes, any number; they are free again on return (or when the promise is settled). */
  literal(writer: WireWriter, bytes: Uint8Array): void | Promise<void>;
  /** A block of the basis; `bytes` is its content (only wanted with `wantsBlocks`). */
  block(writer: WireWriter, index: number, bytes: Uint8Array | undefined): void | Promise<void>;
  readonly wantsBlocks: boolean;
  end(writer: WireWriter): void | Promise<void>;
  close(): void;
}

/** Most literal bytes in one token of ours: old receivers take no more. */
export const literalTokenBytes = 32_768;
/** Literal bytes that are handed on at once. */
const pieceBytes = 65_536;
const endToken: Token = { kind: "end" };

export class PlainTokenReader implements TokenReader {
  readonly wantsBlocks = false;
  private literalLeft = 0;

  read(reader: WireReader): Token {
    if (this.literalLeft === 0) {
      const token = reader.int32();
      if (token === 0) return endToken;
      if (token < 0) return { kind: "blocks", index: -1 - token, count: 1 };
      this.literalLeft = token;
      reader.commit();
    }
    const bytes = reader.some(Math.min(this.literalLeft, pieceBytes));
    this.literalLeft -= bytes.length;
    return { kind: "data", bytes };
  }

  /**
   * How long a file is that comes as one token, or none, and is here with its end and so many bytes behind it; undefined: it comes in
   * another way. Takes nothing.
   */
  wholeLength(reader: WireReader, bytesBehind: number): number | "not-here" | undefined {
    if (this.literalLeft > 0) return undefined;
    const length = reader.int32Ahead(0);
    if (length === undefined) return "not-here";
    if (length < 0 || length > literalTokenBytes) return undefined;
    const end = length === 0 ? 0 : 4 + length;
    const token = reader.int32Ahead(end);
    if (token !== undefined && token !== 0) return undefined;
    return reader.available < end + 4 + bytesBehind ? "not-here" : length;
  }

  /** Takes such a file up to its end; the bytes are valid until the next read. */
  readWhole(reader: WireReader, length: number): Uint8Array {
    reader.int32();
    const bytes = reader.view(length);
    if (length > 0) reader.int32();
    return bytes;
  }

  insertBlock(): void {}

  close(): void {}
}

export class PlainTokenSink implements TokenSink {
  readonly wantsBlocks = false;

  literal(writer: WireWriter, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += literalTokenBytes) {
      const piece = bytes.subarray(at, at + literalTokenBytes);
      writer.int32(piece.length);
      writer.data(piece);
    }
  }

  block(writer: WireWriter, index: number): void {
    writer.int32(-1 - index);
  }

  end(writer: WireWriter): void {
    writer.int32(0);
  }

  close(): void {}
}

/** Refuses a reference to a block that the basis does not have (exit 2; 4-traps H-22). */
export function checkBlocks(reader: WireReader, index: number, count: number, blocks: number): void {
  if (index >= 0 && index + count <= blocks) return;
  throw protocolError(`Invalid block index ${index} (count=${blocks}) [${reader.role}]`, reader.role);
}
