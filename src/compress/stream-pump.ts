/**
 * A compression stream of node:zlib with explicit steps: push bytes, then pull output until there is none. The stream makes
 * no more output than its buffer holds until that is pulled.
 */
import type { InflateRaw, ZstdCompress, ZstdDecompress } from "node:zlib";

/** The streams in use; their `bytesWritten` counts the bytes used up. */
export type CompressionStream = InflateRaw | ZstdCompress | ZstdDecompress;

/** Bytes of output that a stream makes at once. */
export const streamChunkBytes = 65_536;

export class StreamPump {
  private readonly stream: CompressionStream;
  private pushedBytes = 0;
  private busy = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(stream: CompressionStream) {
    this.stream = stream;
    const ready = (): void => this.awaken();
    stream.on("readable", ready);
    stream.on("error", (error) => {
      this.failure = error;
      ready();
    });
    stream.on("end", ready);
  }

  /** Adds bytes, which must not change until they are used up. */
  push(bytes: Uint8Array): void {
    this.pushedBytes += bytes.length;
    this.begin((done) => this.stream.write(bytes, done));
  }

  /** Does something else that ends in a callback, such as a flush. */
  begin(start: (done: () => void) => void): void {
    this.busy = true;
    start(() => {
      this.busy = false;
      this.awaken();
    });
  }

  /** More output; undefined when all that was pushed is used up. */
  async pull(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      const bytes: Uint8Array | null = this.stream.read();
      if (bytes !== null) return bytes;
      // A stream that saw its end takes no more, without an error of its own.
      if (this.stream.readableEnded || (!this.busy && this.stream.bytesWritten !== this.pushedBytes)) {
        throw new Error("data after the end of the compressed stream");
      }
      if (!this.busy) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  close(): void {
    this.stream.destroy();
  }

  private awaken(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }
}
