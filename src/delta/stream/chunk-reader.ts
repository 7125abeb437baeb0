/** Reads a stream of bytes in pieces of the reader's choice; holds one chunk of the stream and no more. */
import { streamError, usageError } from "../../errors.ts";

/** A stream of bytes: a file's stream, a web stream, a generator, an array of pieces. */
export type ByteStream = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Reads one stream. `close` must be called in the end. */
export class ChunkReader {
  private readonly what: string;
  private readonly stream: ByteStream;
  private readonly iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  private started = false;
  private chunk: Uint8Array = new Uint8Array(0);
  private ended = false;
  /** Bytes taken so far. */
  position = 0;

  /** `what` names the stream in errors. */
  constructor(stream: ByteStream, what: string) {
    this.what = what;
    this.stream = stream;
    const given: unknown = stream;
    if (typeof given !== "object" || given === null || !(Symbol.asyncIterator in given || Symbol.iterator in given)) {
      throw usageError(`${what}: a stream of Uint8Array is needed, not ${given === null ? "null" : typeof given}`);
    }
    if (Symbol.asyncIterator in stream) this.iterator = stream[Symbol.asyncIterator]();
    else this.iterator = stream[Symbol.iterator]();
    // Node ends the process for an error that nobody hears. It is thrown when the turn of the stream comes, or it was not needed.
    if ("on" in stream && typeof stream.on === "function") stream.on("error", () => {});
  }

  /** Waits until there is something to take; false at the end of the stream. */
  async more(): Promise<boolean> {
    this.started = true;
    while (this.chunk.length === 0 && !this.ended) {
      const { done, value } = await this.iterator.next();
      if (done === true) this.ended = true;
      else if (value instanceof Uint8Array) this.chunk = value;
      else throw usageError(`${this.what}: a stream of Uint8Array is needed, not of ${typeof value}`);
    }
    return this.chunk.length > 0;
  }

  /** Up to `most` bytes of those that are there, a view of the stream's chunk; none after `more` has said so. */
  take(most: number): Uint8Array {
    const taken = this.chunk.subarray(0, most);
    this.chunk = this.chunk.subarray(taken.length);
    this.position += taken.length;
    return taken;
  }

  /** Exactly so many bytes, the caller's own; an error if the stream ends before. */
  async exactly(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      if (!(await this.more())) throw this.corrupt("ends too early");
      const piece = this.take(length - done);
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes;
  }

  /** An error about the stream's content, with the place. */
  corrupt(problem: string): Error {
    return streamError(`${this.what}: ${problem} (at byte ${this.position})`, "client");
  }

  /** Tells the stream that no more is wanted of it. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.iterator.return?.();
    // An iterator that was never asked for anything lets a stream of Node stay open.
    const { stream } = this;
    if (!this.started && "destroy" in stream && typeof stream.destroy === "function") stream.destroy();
  }
}

/** Closes all of them, whatever one of them says. */
export async function closeAll(readers: readonly ChunkReader[]): Promise<void> {
  const results = await Promise.allSettled(readers.map((reader) => reader.close()));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Closes what an output reads also when that is stopped before it was asked for anything: a generator that has not begun never ends. */
export function withReaders(
  output: AsyncGenerator<Uint8Array, void, void>,
  readers: readonly ChunkReader[],
): AsyncGenerator<Uint8Array, void, void> {
  const [end, fail] = [output.return.bind(output), output.throw.bind(output)];
  output.return = (value) => end(value).finally(() => closeAll(readers));
  output.throw = (error) => fail(error).finally(() => closeAll(readers));
  return output;
}
