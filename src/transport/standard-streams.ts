/**
 * Standard input and output as a byte stream: a server's connection to its client. Both are non-blocking, whatever they were
 * when they came: a client may hand over an end of its own socket (1-session 2.1).
 */
import { createReadStream, createWriteStream } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { type ByteStream, NodeByteStream, writeAheadBytes } from "./byte-stream.ts";

export function standardStreams(): ByteStream {
  return new NodeByteStream(openInput(0), openOutput(1));
}

/** Pipes and sockets are waited for by the event loop; anything else (a file in tests) is read by the thread pool. */
function openInput(fd: number): Readable {
  try {
    return new Socket({ fd, readable: true, writable: false, allowHalfOpen: true });
  } catch {
    return createReadStream("", { fd, autoClose: false });
  }
}

function openOutput(fd: number): Writable {
  try {
    return new Socket({ fd, readable: false, writable: true, allowHalfOpen: true });
  } catch {
    return createWriteStream("", { fd, autoClose: false, highWaterMark: writeAheadBytes });
  }
}
