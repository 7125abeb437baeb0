/** The last 32 KiB that a deflate stream can refer back to (3-transfer 4.2). */
const windowBytes = 32_768;
const bufferBytes = 4 * windowBytes;

export class History {
  private readonly buffer = new Uint8Array(bufferBytes);
  private end = 0;

  /** The bytes that may be referred to; a view, valid until the next change. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(Math.max(0, this.end - windowBytes), this.end);
  }

  append(bytes: Uint8Array): void {
    const added = bytes.length > windowBytes ? bytes.subarray(-windowBytes) : bytes;
    if (this.end + added.length > bufferBytes) {
      this.buffer.copyWithin(0, this.end - windowBytes, this.end);
      this.end = windowBytes;
    }
    this.buffer.set(added, this.end);
    this.end += added.length;
  }

  clear(): void {
    this.end = 0;
  }
}

/** Longest stored block of a deflate stream. */
const storedBytes = 65_535;

/**
 * Adds a block of the basis to the history, as the old zlib form does. Before protocol 31 each stored block of a longer
 * one begins at its start again; both sides must do the same.
 */
export function insertIntoHistory(history: History, block: Uint8Array, protocol: number): void {
  for (let at = 0; at < block.length; at += storedBytes) {
    const length = Math.min(storedBytes, block.length - at);
    const from = protocol >= 31 ? at : 0;
    history.append(block.subarray(from, from + length));
  }
}
