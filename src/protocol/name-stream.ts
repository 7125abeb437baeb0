/**
 * Names of `--files-from` on their way to the sender (2-file-list 2.2): each ends with a NUL, an empty one ends the
 * stream.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { limits } from "../limits.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Makes the stream out of the content of the operator's file. */
export class NameStreamWriter {
  /** Records end at NUL only (`--from0`), else at LF and CR too. */
  private readonly nulTerminated: boolean;
  private midName = false;

  constructor(nulTerminated: boolean) {
    this.nulTerminated = nulTerminated;
  }

  /** Forwards a piece of the file: runs of terminators become one NUL, leading ones are dropped. */
  push(writer: WireWriter, bytes: Uint8Array): void {
    const kept = new Uint8Array(bytes.length);
    let count = 0;
    for (const byte of bytes) {
      const ends = byte === 0 || (!this.nulTerminated && (byte === 10 || byte === 13));
      if (ends && !this.midName) continue;
      this.midName = !ends;
      kept[count++] = ends ? 0 : byte;
    }
    writer.data(kept.subarray(0, count));
  }

  /** Ends the last name if need be, and the stream. */
  end(writer: WireWriter): void {
    writer.zeros(this.midName ? 2 : 1);
    this.midName = false;
  }
}

/** Reads the names. */
export class NameStreamReader {
  private name = "";

  /** The next name, undefined at the end of the stream; through `poll`. What is beyond 4095 bytes of a name is dropped. */
  read(reader: WireReader): ByteName | undefined {
    for (;;) {
      const bytes = reader.untilNul(limits.pathBytes);
      const ended = bytes.endsWith("\0");
      const text = ended ? bytes.slice(0, -1) : bytes;
      if (this.name.length < limits.pathBytes - 1) {
        this.name = (this.name + text).slice(0, limits.pathBytes - 1);
      }
      if (ended) {
        const { name } = this;
        this.name = "";
        return name === "" ? undefined : byteName(name);
      }
      reader.commit();
    }
  }
}
