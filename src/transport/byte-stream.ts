/**
 * A pair of byte streams to a peer: what every way of reaching one (a child process, standard input and output, a socket)
 * looks like to a session. Reading is asked for, so that a peer that sends more than is read is held up.
 */
import type { Readable, Writable } from "node:stream";

export interface Unsent {
  readonly waiting: number;
  /** 0 where it is not known. */
  readonly queued: number;
}

export interface ByteStream {
  /** The next bytes, as many as are there; undefined at the end, also when the connection broke. One call at a time. */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Takes bytes, which must not be changed any more. A promise says that the caller must wait before it writes more.
   * Once the peer is gone bytes are dropped: the reading side tells of the end, after what the peer had still to say.
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Waits until everything is handed to the system, then ends the writing side; what still comes in may be dropped. */
  finish(): Promise<void>;
  /** Closes both directions at once. */
  destroy(): void;
  /** Bytes that were written and that the system has not taken: all pieces of which any are left, and what is left of those under way. */
  readonly unsent?: Unsent;
  /** The descriptor that is written to, where there is one. */
  readonly descriptor?: number | undefined;
  /** The end of what was read was none: the peer has left with data of ours unread. Only a socket between machines tells. */
  readonly isReset?: boolean;
  /** What is written is dropped. */
  readonly isBroken?: boolean;
}

/** Bytes that Node holds back for us before a writer must wait. */
export const writeAheadBytes = 262_144;

/** A byte stream on two streams of Node. */
export class NodeByteStream implements ByteStream {
  private readonly input: Readable;
  private readonly output: Writable;
  private inputEnded = false;
  private broken = false;
  private wakeReader: (() => void) | undefined;
  private wakeWriter: (() => void) | undefined;
  private drained: Promise<void> | undefined;
  private reset = false;

  /** `tellsReset`: it is a socket between machines. */
  constructor(input: Readable, output: Writable, tellsReset = false) {
    this.input = input;
    this.output = output;
    if (tellsReset) {
      input.on("error", ({ code, syscall }: NodeJS.ErrnoException) => {
        this.reset ||= code === "ECONNRESET" && syscall === "read";
      });
    }
    const ended = (): void => {
      this.inputEnded = true;
      this.wakeReader?.();
    };
    input.on("readable", () => this.wakeReader?.());
    for (const event of ["end", "close", "error"]) input.on(event, ended);
    const lost = (): void => {
      this.broken = true;
      this.wakeWriter?.();
    };
    output.on("drain", () => this.wakeWriter?.());
    for (const event of ["close", "error"]) output.on(event, lost);
    // What is over already tells of it no more; nobody can talk to a peer in one direction.
    const isOver = input.destroyed || input.readableEnded || output.destroyed || output.writableEnded;
    this.inputEnded = isOver;
    this.broken = isOver;
  }

  get unsent(): Unsent {
    // A handle of Node's tells how far a piece has come.
    const { _handle: handle } = this.output as { _handle?: { readonly writeQueueSize?: unknown } | null };
    const size = handle?.writeQueueSize;
    return { waiting: this.output.writableLength, queued: typeof size === "number" ? size : 0 };
  }

  get descriptor(): number | undefined {
    const { _handle: handle } = this.output as { _handle?: { readonly fd?: unknown } | null };
    return typeof handle?.fd === "number" && handle.fd >= 0 ? handle.fd : undefined;
  }

  get isReset(): boolean {
    return this.reset;
  }

  get isBroken(): boolean {
    return this.broken;
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.input.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.inputEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.wakeReader = resolve;
      });
      this.wakeReader = undefined;
    }
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.broken) return undefined;
    // A stream that would hold more than we want to wait for tells of no drain before.
    if (this.output.writableHighWaterMark > writeAheadBytes) this.output.write(bytes, () => this.wakeWriter?.());
    else this.output.write(bytes);
    if (this.output.writableLength < writeAheadBytes) return undefined;
    this.drained ??= this.untilDrained();
    return this.drained;
  }

  async finish(): Promise<void> {
    if (this.broken) return;
    const drop = (): void => {
      while (this.input.read() !== null);
    };
    await new Promise<void>((resolve) => {
      this.wakeWriter = resolve;
      // Behind everything that was written before.
      this.output.write(new Uint8Array(0), () => resolve());
      this.input.on("readable", drop);
      drop();
    });
    // Some streams have ended only when the other side has read so far, which it may not do any more.
    this.output.end();
  }

  destroy(): void {
    this.input.destroy();
    this.output.destroy();
  }

  private async untilDrained(): Promise<void> {
    while (!this.broken && this.output.writableLength > 0) {
      await new Promise<void>((resolve) => {
        this.wakeWriter = resolve;
      });
    }
    this.drained = undefined;
  }
}
