/** Feeds decoders of the wire protocol, whole or in pieces. */
import { notYet, WireReader } from "../../src/protocol/wire-reader.ts";
import { WireWriter } from "../../src/protocol/wire-writer.ts";

/** The bytes that `write` makes. */
export function written(write: (writer: WireWriter) => void): Buffer {
  const writer = new WireWriter();
  write(writer);
  return writer.take();
}

/** Bytes written as hexadecimal text; spaces are ignored. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

/** A reader that has these bytes. */
export function readerOf(bytes: Uint8Array): WireReader {
  const reader = new WireReader("receiver");
  reader.feed(bytes);
  return reader;
}

/** One record out of bytes that must be all of it. */
export function readAll<T>(bytes: Uint8Array, decode: (reader: WireReader) => T): T {
  const reader = readerOf(bytes);
  const value = reader.poll(decode);
  if (value === notYet) throw new Error("the record is cut short");
  if (reader.available > 0) throw new Error(`${reader.available} bytes are left`);
  return value;
}

/** The same where the bytes come in pieces of `pieceBytes`, each a buffer of its own. */
export function readInPieces<T>(bytes: Uint8Array, pieceBytes: number, decode: (reader: WireReader) => T): T {
  const reader = new WireReader("receiver");
  for (let at = 0; ; at += pieceBytes) {
    const value = reader.poll(decode);
    if (value !== notYet) {
      if (at < bytes.length || reader.available > 0) throw new Error("the record ended early");
      return value;
    }
    if (at >= bytes.length) throw new Error("the record is cut short");
    reader.feed(Uint8Array.prototype.slice.call(bytes, at, at + pieceBytes));
  }
}
