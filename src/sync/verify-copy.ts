/**
 * `--verify`: reads back what was written and compares it with the source. The written file is first brought to the drive
 * and out of the page cache, where that can be asked for, so that it is the drive that answers. Trouble is returned.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { emptyStat, type Syscalls } from "../fs/syscalls/interface.ts";

/** How a comparison ended: equal, different, or a negative errno of the side that could not be read. */
export type VerifyOutcome = "equal" | "different" | number;

/** What is said of a file that differs. */
export function verificationText(path: ByteName): string {
  return `tsync: verification failed: "${path}" is not what was read`;
}

const bufferBytes = 256 * 1024;

/** Compares files for one thread; the buffers are made when the first comparison is asked for. */
export class CopyVerifier {
  private readonly syscalls: Syscalls;
  private buffers: { readonly source: Buffer; readonly written: Buffer } | undefined;

  constructor(syscalls: Syscalls) {
    this.syscalls = syscalls;
  }

  /**
   * Compares the first `size` bytes of `source` with the whole file `name`, which is open for writing as `descriptor`.
   * Yields `size` now and then, so that signals get through.
   */
  *compare(
    source: number,
    descriptor: number,
    directory: number,
    name: ByteName,
    size: number,
  ): Generator<number, VerifyOutcome> {
    const { syscalls } = this;
    if (syscalls.abilities.dropCache) {
      const flushed = syscalls.fsync(descriptor);
      if (flushed < 0) return flushed;
      syscalls.dropCache(descriptor);
    }
    const { readOnly, noFollow, nonBlock } = syscalls.flags;
    const reader = syscalls.openAt(directory, name, readOnly | noFollow | nonBlock);
    if (reader < 0) return reader;
    try {
      const same = this.isSameFile(reader, descriptor, size);
      return same === "equal" ? yield* this.compareData(source, reader, size) : same;
    } finally {
      syscalls.close(reader);
    }
  }

  /** What was opened again must be what was written, not what somebody put in its place. */
  private isSameFile(reader: number, descriptor: number, size: number): VerifyOutcome {
    const { syscalls } = this;
    const [opened, written] = [emptyStat(), emptyStat()];
    const status = syscalls.fstat(reader, opened) || syscalls.fstat(descriptor, written);
    if (status < 0) return status;
    const equal =
      opened.inodeLow === written.inodeLow &&
      opened.inodeHigh === written.inodeHigh &&
      opened.deviceMajor === written.deviceMajor &&
      opened.deviceMinor === written.deviceMinor &&
      opened.size === size;
    return equal ? "equal" : "different";
  }

  private *compareData(source: number, reader: number, size: number): Generator<number, VerifyOutcome> {
    this.buffers ??= { source: Buffer.allocUnsafe(bufferBytes), written: Buffer.allocUnsafe(bufferBytes) };
    const { buffers } = this;
    for (let position = 0; position < size; ) {
      const wanted = Math.min(bufferBytes, size - position);
      const read = this.fill(source, buffers.source, wanted, position);
      if (read < 0) return read;
      const found = this.fill(reader, buffers.written, wanted, position);
      if (found < 0) return found;
      const equal = read === wanted && found === wanted;
      if (!equal || buffers.source.compare(buffers.written, 0, wanted, 0, wanted) !== 0) return "different";
      position += wanted;
      yield size;
    }
    return "equal";
  }

  /** Reads `length` bytes, fewer only at the end; the count or a negative errno. */
  private fill(descriptor: number, buffer: Buffer, length: number, position: number): number {
    let filled = 0;
    while (filled < length) {
      const count = this.syscalls.read(descriptor, buffer, filled, length - filled, position + filled);
      if (count < 0) return count;
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }
}
