/**
 * Buffered, synchronous output to a descriptor (4-traps N-03, N-13): bytes go out in pieces of up to 64 KiB, a full
 * non-blocking pipe is waited for, and nothing is lost at the exit as long as `flush` was called. When the reader is
 * gone or the disk is full the rest is dropped without a word and the run goes on, as rsync does.
 */
import { writeSync } from "node:fs";
import { type ByteName, toBytes } from "../bytes/byte-name.ts";
import { steadyMilliseconds } from "../steady-time.ts";

/** `none`: every text at once; `line`: when a line ends or (progress) begins again; `block`: when much or old enough. */
export type OutputMode = "none" | "line" | "block";

/** What the writer calls; the tests put their own in place. */
export interface WriteCalls {
  /** Writes at the file offset and returns the count, or throws an error with a `code`. */
  write(descriptor: number, bytes: Uint8Array, offset: number, length: number): number;
  /** Waits some milliseconds without running anything else. */
  pause(milliseconds: number): void;
  /** A steady clock in milliseconds. */
  now(): number;
}

const chunkBytes = 64 * 1024;
/** Text in block mode is not kept longer than this while more text comes. */
const ageMaxMilliseconds = 200;
const pauseMaxMilliseconds = 50;
const lineEnd = /[\r\n]/;

export class OutputWriter {
  private readonly descriptor: number;
  private readonly mode: OutputMode;
  private readonly calls: WriteCalls;
  private texts: string[] = [];
  private bytes = 0;
  private oldest = 0;
  private dead = false;

  constructor(descriptor: number, mode: OutputMode, calls: WriteCalls = systemCalls) {
    this.descriptor = descriptor;
    this.mode = mode;
    this.calls = calls;
  }

  /** The reader has gone away or the device is full: nothing is written any more. */
  get closed(): boolean {
    return this.dead;
  }

  /** Takes a text; when it goes out depends on the mode. */
  write(text: ByteName): void {
    if (this.dead || text === "") return;
    if (this.texts.length === 0) this.oldest = this.calls.now();
    this.texts.push(text);
    this.bytes += text.length;
    if (this.mode === "none" || (this.mode === "line" && lineEnd.test(text)) || this.isDue()) this.flush();
  }

  /** Writes out whatever was kept back. */
  flush(): void {
    if (this.texts.length === 0) return;
    const bytes = toBytes(this.texts.join("") as ByteName);
    this.texts = [];
    this.bytes = 0;
    this.writeAll(bytes);
  }

  private isDue(): boolean {
    return this.bytes >= chunkBytes || this.calls.now() - this.oldest >= ageMaxMilliseconds;
  }

  private writeAll(bytes: Uint8Array): void {
    let offset = 0;
    let pause = 1;
    while (offset < bytes.length && !this.dead) {
      try {
        offset += this.calls.write(this.descriptor, bytes, offset, Math.min(chunkBytes, bytes.length - offset));
        pause = 1;
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        if (code === "EAGAIN") {
          this.calls.pause(pause);
          pause = Math.min(pause * 2, pauseMaxMilliseconds);
        } else if (code !== "EINTR") {
          this.dead = true;
        }
      }
    }
  }
}

/** The mode for standard output: `--outbuf` if given, else lines on a terminal and blocks elsewhere. */
export function outputMode(outbuf: "none" | "line" | "full" | undefined, isTerminal: boolean): OutputMode {
  if (outbuf === undefined) return isTerminal ? "line" : "block";
  return outbuf === "full" ? "block" : outbuf;
}

const systemCalls: WriteCalls = {
  write: (descriptor, bytes, offset, length) => writeSync(descriptor, bytes, offset, length),
  pause: (milliseconds) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  },
  now: steadyMilliseconds,
};
