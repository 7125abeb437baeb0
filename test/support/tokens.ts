/** Files as token streams (3-transfer 3.3, 4): written, and read back however the bytes are cut. */
import type { Token, TokenReader, TokenSink } from "../../src/protocol/token.ts";
import { notYet, WireReader } from "../../src/protocol/wire-reader.ts";
import { WireWriter } from "../../src/protocol/wire-writer.ts";

/** A part of a file as a sender finds it: literal bytes, or a block of the basis. */
export type Part = Uint8Array | number;

/** The basis that block numbers refer to. */
export interface Basis {
  readonly bytes: Uint8Array;
  readonly blockLength: number;
}

export function blockOf(basis: Basis, index: number): Uint8Array {
  return basis.bytes.subarray(index * basis.blockLength, (index + 1) * basis.blockLength);
}

/** The content of a file that consists of these parts. */
export function contentOf(parts: readonly Part[], basis: Basis): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === "number" ? blockOf(basis, part) : part)));
}

/** The stream of one file. */
export async function writeFile(sink: TokenSink, parts: readonly Part[], basis: Basis): Promise<Buffer> {
  const writer = new WireWriter();
  for (const part of parts) {
    if (typeof part === "number") {
      await sink.block(writer, part, sink.wantsBlocks ? blockOf(basis, part) : undefined);
    } else {
      await sink.literal(writer, part);
    }
  }
  await sink.end(writer);
  return writer.take();
}

/** Reads one file off a stream that is fed `pieceBytes` at a time; all of the bytes must be used up. */
export async function readFile(
  tokens: TokenReader,
  bytes: Uint8Array,
  basis: Basis,
  pieceBytes: number,
): Promise<Buffer> {
  const reader = new WireReader("receiver");
  const parts: Uint8Array[] = [];
  const decode = (from: WireReader): Token | undefined | Promise<Token | undefined> => tokens.read(from);
  for (let at = 0; ; ) {
    const read = reader.poll(decode);
    if (read === notYet) {
      if (at >= bytes.length) throw new Error("the stream is cut short");
      reader.feed(Uint8Array.prototype.slice.call(bytes, at, at + pieceBytes));
      at += pieceBytes;
      continue;
    }
    const token = await read;
    if (token === undefined) continue;
    if (token.kind === "end") {
      if (at < bytes.length || reader.available > 0) throw new Error("the stream ended early");
      return Buffer.concat(parts);
    }
    if (token.kind === "data") parts.push(token.bytes.slice());
    else {
      for (let index = token.index; index < token.index + token.count; index++) {
        const block = blockOf(basis, index);
        parts.push(block);
        if (tokens.wantsBlocks) tokens.insertBlock(block);
      }
    }
  }
}
