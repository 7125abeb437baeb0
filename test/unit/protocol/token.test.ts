/** Files that come as one token (3-transfer 3.3): known as such once they are here, cut at every byte. */
import { describe, expect, test } from "vitest";
import { literalTokenBytes, PlainTokenReader, PlainTokenSink } from "../../../src/protocol/token.ts";
import { WireReader } from "../../../src/protocol/wire-reader.ts";
import { hex, written } from "../../support/wire.ts";

const digest = hex("0102030405060708");

/** A file of these tokens, with its digest. */
function file(...parts: readonly Uint8Array[]): Buffer {
  const sink = new PlainTokenSink();
  return written((writer) => {
    for (const part of parts) sink.literal(writer, part);
    sink.end(writer);
    writer.data(digest);
  });
}

describe("PlainTokenReader.wholeLength", () => {
  test.each([0, 1, 5, 100])("knows a file of %d bytes once it is all here", (length) => {
    const data = Buffer.alloc(length, 7);
    const bytes = file(data);
    const tokens = new PlainTokenReader();
    for (let cut = 0; cut < bytes.length; cut++) {
      const reader = new WireReader("receiver");
      reader.feed(bytes.subarray(0, cut));
      expect(tokens.wholeLength(reader, digest.length)).toBe("not-here");
      expect(reader.available).toBe(cut);
      reader.feed(bytes.subarray(cut));
      expect(tokens.wholeLength(reader, digest.length)).toBe(length);
      expect(Buffer.from(reader.poll((from) => tokens.readWhole(from, length)) as Uint8Array)).toEqual(data);
      expect(reader.available).toBe(digest.length);
      expect(reader.consumed).toBe(bytes.length - digest.length);
    }
  });

  test("leaves alone what comes in several tokens, refers to a basis, or is too long for one", () => {
    const tokens = new PlainTokenReader();
    const lengthOf = (bytes: Uint8Array): unknown => {
      const reader = new WireReader("receiver");
      reader.feed(bytes);
      const length = tokens.wholeLength(reader, digest.length);
      expect(reader.available).toBe(bytes.length);
      return length;
    };
    expect(lengthOf(file(Buffer.alloc(literalTokenBytes)))).toBe(literalTokenBytes);
    expect(lengthOf(file(Buffer.alloc(literalTokenBytes + 1)))).toBeUndefined();
    expect(lengthOf(file(Buffer.alloc(3), Buffer.alloc(4)))).toBeUndefined();
    expect(lengthOf(hex("ff ff ff ff"))).toBeUndefined();
    expect(lengthOf(hex("01 80 00 00"))).toBeUndefined();
    expect(lengthOf(hex("01 00 00 00 61 ff ff ff ff"))).toBeUndefined();
  });

  test("leaves alone a file that has been begun", () => {
    const tokens = new PlainTokenReader();
    const reader = new WireReader("receiver");
    reader.feed(hex("05 00 00 00 61 62"));
    reader.poll((from) => tokens.read(from));
    reader.feed(hex("00 00 00 00 00 00 00"));
    expect(tokens.wholeLength(reader, 0)).toBeUndefined();
  });
});
