/** A file as the peer of a session: what it holds comes in, what is said to it goes nowhere. */
import { createReadStream } from "node:fs";
import { Writable } from "node:stream";
import { type ByteStream, NodeByteStream } from "./byte-stream.ts";

/** Reads an open file and closes it when it is destroyed, after the reading that is under way (standard input stays open). */
export function fileInput(descriptor: number): ByteStream {
  const nowhere = new Writable({ write: (_bytes, _encoding, done) => done() });
  return new NodeByteStream(createReadStream("", { fd: descriptor }), nowhere);
}
