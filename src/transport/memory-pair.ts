/** Two byte streams that are each other's peer within this process. */
import { type ByteStream, writeAheadBytes } from "./byte-stream.ts";

/** One direction. */
class Pipe {
  private chunks: Uint8Array[] = [];
  private held = 0;
  private ended = false;
  private wakeReader: (() => void) | undefined;
  private room: Promise<void> | undefined;
  private wakeWriter: (() => void) | undefined;

  async read(): Promise<Uint8Array | undefined> {
    while (this.chunks.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => {
        this.wakeReader = resolve;
      });
    }
    const chunk = this.chunks.shift();
    this.held -= chunk?.length ?? 0;
    if (this.held < writeAheadBytes) this.release();
    return chunk;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.ended) return undefined;
    this.chunks.push(bytes);
    this.held += bytes.length;
    this.wakeReader?.();
    if (this.held < writeAheadBytes) return undefined;
    this.room ??= new Promise((resolve) => {
      this.wakeWriter = resolve;
    });
    return this.room;
  }

  end(): void {
    this.ended = true;
    this.wakeReader?.();
    this.release();
  }

  private release(): void {
    this.wakeWriter?.();
    this.wakeWriter = undefined;
    this.room = undefined;
  }
}

/** Makes both. */
export function memoryPair(): readonly [ByteStream, ByteStream] {
  const there = new Pipe();
  const back = new Pipe();
  const endOf = (input: Pipe, output: Pipe): ByteStream => ({
    read: () => input.read(),
    write: (bytes) => output.write(bytes),
    finish: () => Promise.resolve(output.end()),
    destroy: () => {
      output.end();
      input.end();
    },
  });
  return [endOf(back, there), endOf(there, back)];
}
