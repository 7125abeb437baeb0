/**
 * A session's two streams over a byte stream: what comes in is taken apart into data and messages, what goes out is gathered
 * and framed (1-session 5). Unless told otherwise whoever waits for input sends first what is gathered, so that the peer never
 * waits for bytes that lie here.
 */
import { ExitCode, protocolError, type Role, streamError, TsyncError } from "../errors.ts";
import { FrameDecoder } from "../protocol/frame-decoder.ts";
import { encodeMessage, keepAliveFrame, type Message, type MessagePeer } from "../protocol/message.ts";
import { notYet, WireReader } from "../protocol/wire-reader.ts";
import { frameDataBytes, WireWriter } from "../protocol/wire-writer.ts";
import { steadyMilliseconds } from "../steady-time.ts";
import type { ByteStream, Unsent } from "./byte-stream.ts";

/** Gathered bytes that are sent without waiting for more. */
const flushBytes = 32_768;

/** How a framed stream begins. */
export type FrameStart = "framed" | "raw" | "stepwise";

export class Connection {
  readonly reader: WireReader;
  /** Where records are written; `settle` or `flush` sends them. */
  readonly out: WireWriter = new WireWriter(frameDataBytes);
  /** Bytes of the stream itself, frames included, since `startCounting`. */
  bytesRead = 0;
  bytesWritten = 0;
  private isCounting = false;
  /** When bytes came or went last, in milliseconds on the steady clock. */
  lastRead: number = steadyMilliseconds();
  lastWritten: number = steadyMilliseconds();
  private readonly stream: ByteStream;
  private decoder: FrameDecoder | undefined;
  private framedOutput: MessagePeer | undefined;
  private failure: TsyncError | undefined;
  /** Who waits for the stream, and is to be woken when the session fails. */
  private readonly waiting = new Set<() => void>();
  /** A read of the stream that has not been answered. */
  private reading: Promise<Uint8Array | undefined> | undefined;
  private ended = false;
  /** Input is not framed for now, though it will be. */
  private isRaw = false;
  /** Input is taken apart byte by byte: what is behind the record that is read next may be raw. */
  private isStepwise = false;
  /** What has come and is not taken apart yet, behind the frame that was taken apart last. */
  private held: Uint8Array = new Uint8Array(0);
  /** Whether waiting for input sends what is gathered; if not, others see to it. */
  flushesWhenWaiting = true;
  private blocked: Promise<void> | undefined;
  /** Messages while the peer does not take what it was sent. */
  private readonly messages = new WireWriter();
  /** Converts the names in messages that are sent. */
  convertMessage: ((message: Message) => Message) | undefined;
  /** Gets a look at the data that is sent, without frames and messages; it must copy what it keeps. */
  onSent: ((bytes: Uint8Array) => void) | undefined;
  /** The same of the data that comes in frames. */
  onReceived: ((bytes: Uint8Array) => void) | undefined;

  constructor(stream: ByteStream, role: Role) {
    this.stream = stream;
    this.reader = new WireReader(role);
  }

  /** What came and went so far, to agree on how to talk, does not count: rsync's totals are without it (3-transfer 9.4). */
  startCounting(): void {
    this.flush();
    this.isCounting = true;
    this.bytesRead = this.reader.available;
    this.bytesWritten = 0;
  }

  /** What counts by now. */
  get counted(): { readonly bytesSent: number; readonly bytesReceived: number } {
    const { isCounting, bytesWritten, bytesRead } = this;
    return { bytesSent: isCounting ? bytesWritten : 0, bytesReceived: isCounting ? bytesRead : 0 };
  }

  /** Bytes read up to the end of the frame that holds the last byte taken: what came behind it came too early to count. */
  get bytesTaken(): number {
    const { available } = this.reader;
    return this.bytesRead - this.held.length - (this.decoder?.bytesBehind(available) ?? available);
  }

  /**
   * From here on input is framed; messages go to `onMessage`, which must not read. `start`: `raw`: only once `resumeFrames` says so;
   * `stepwise`: until `suspendFrames` says otherwise (1-session 2.8).
   */
  frameInput(peer: MessagePeer, onMessage: (message: Message) => void, start: FrameStart = "framed"): void {
    const data = (bytes: Uint8Array): void => {
      this.onReceived?.(bytes);
      this.reader.feed(bytes);
    };
    const decoder = new FrameDecoder(peer, this.reader.role, { data, message: onMessage });
    this.decoder = decoder;
    this.isRaw = start === "raw";
    this.isStepwise = start === "stepwise";
    if (!this.isRaw) this.decodeArrived();
  }

  /** What is behind the record that was read last is not framed, until `resumeFrames`; nothing where input was never framed. */
  suspendFrames(): void {
    if (!this.isStepwise) return;
    const { role } = this.reader;
    if (this.decoder?.betweenFrames === false) throw protocolError(`raw data within a frame [${role}]`, role);
    this.isStepwise = false;
    this.isRaw = true;
    this.reader.feed(this.held);
    this.held = new Uint8Array(0);
  }

  /** From here on input is framed again. */
  resumeFrames(): void {
    this.isRaw = false;
    this.decodeArrived();
  }

  /** Sends what `write` writes as it is, whether output is framed or not. */
  sendRaw(write: () => void): void {
    this.flush();
    const { framedOutput } = this;
    this.framedOutput = undefined;
    try {
      write();
      this.flush();
    } finally {
      this.framedOutput = framedOutput;
    }
  }

  /** From here on output is framed. */
  frameOutput(own: MessagePeer): void {
    this.flush();
    this.framedOutput = own;
  }

  /** Whether messages can be sent. */
  get sendsMessages(): boolean {
    return this.framedOutput !== undefined;
  }

  /** Reads one record, waiting for its bytes: a promise only if there are too few. One reader at a time. */
  read<T>(decode: (reader: WireReader) => T): T | Promise<T> {
    for (;;) {
      const value = this.reader.poll(decode);
      if (value !== notYet) return value;
      if (!this.decodeHeld()) return this.readLater(decode);
    }
  }

  /** Takes the next frame apart, with the messages before it, if it has come; false if not, or once the session has failed. */
  decodeHeld(): boolean {
    if (this.held.length === 0 || this.decoder === undefined || this.failure !== undefined) return false;
    this.decode(this.held, this.decoder);
    return true;
  }

  private async readLater<T>(decode: (reader: WireReader) => T): Promise<T> {
    for (;;) {
      await this.more();
      const value = this.reader.poll(decode);
      if (value !== notYet) return value;
    }
  }

  /** Waits until bytes (or a message) have come. Throws at the end of the stream, and what ended the session. */
  async more(): Promise<void> {
    const ended = await this.receive();
    if (!ended) return;
    // With a list a receiving side is two processes in rsync, and this is the one that reads.
    const role = this.hasList && this.reader.role === "Receiver" ? "receiver" : this.reader.role;
    if (this.failure === undefined && this.isReset) {
      // While the two agree on how to talk rsync reads in another way, which ends otherwise.
      const act = this.isCounting ? "read error" : "safe_read failed to read 1 bytes";
      const exitCode = this.isCounting ? ExitCode.socketIo : ExitCode.stream;
      const message = `rsync: [${role}] ${act}: Connection reset by peer (104)`;
      throw new TsyncError("transport", message, { exitCode, role, retryable: true });
    }
    const received = `(${this.isCounting ? this.bytesRead : 0} bytes received so far)`;
    throw this.failure ?? streamError(`rsync: connection unexpectedly closed ${received} [${role}]`, role);
  }

  /** Reads on until the peer has closed the stream; what comes is dropped, messages are still heard. */
  async drain(): Promise<void> {
    while (!(await this.receive())) this.reader.discard();
  }

  /** Whether the peer hears us no more: what it has still to say is worth reading, but nothing is worth sending. */
  get isDeaf(): boolean {
    return this.stream.isBroken === true;
  }

  /** Reads on to the end of the stream, and throws as a read there does. */
  async toEnd(): Promise<never> {
    for (;;) {
      await this.more();
      this.reader.discard();
    }
  }

  /** Sends what is gathered once it is worth it. A promise says that the peer does not take it so fast. */
  settle(): Promise<void> | undefined {
    if (this.failure !== undefined) throw this.failure;
    return this.out.length >= flushBytes ? this.flush() : this.blocked;
  }

  /** Sends what is gathered. */
  flush(): Promise<void> | undefined {
    this.sendMessages();
    if (this.out.length > 0) this.onSent?.(this.out.pending);
    if (this.out.length > 0) this.send(this.framedOutput === undefined ? this.out.take() : this.out.takeFrames());
    return this.blocked;
  }

  /** Sends a message at once, ahead of what is gathered. Text has no hearer any more where the peer has ended (1-session 7.5). */
  message(message: Message): void {
    if (this.framedOutput === undefined || (this.ended && message.kind === "text")) return;
    const bytes = encodeMessage(this.convertMessage?.(message) ?? message, this.framedOutput.protocol);
    // Who deletes very much tells of it without a look at the stream: one buffer is less than very many writes that wait.
    if (this.blocked !== undefined) this.messages.data(bytes);
    else this.send(bytes);
  }

  /** A promise holds back what comes in, so that who looks on can keep up. */
  room: (() => Promise<void> | undefined) | undefined;
  /** Nothing is read because of that: it is not the peer that is silent. */
  isHeld = false;

  /** The first list has been received whole. */
  hasList = false;

  /** What the system has not taken yet. */
  get unsent(): Unsent {
    return this.stream.unsent ?? { waiting: 0, queued: 0 };
  }

  /** The descriptor that the stream is written to, where there is one. */
  get descriptor(): number | undefined {
    return this.stream.descriptor;
  }

  /** Whether the peer may be told that we are alive: a receiving side that waits for its first list may not (1-session 5.6). */
  keepsAlive = true;

  /** Tells the peer that we are alive, if there is a way to. */
  keepAlive(): void {
    if (this.keepsAlive && this.framedOutput !== undefined && this.blocked === undefined && this.out.length === 0)
      this.send(keepAliveFrame());
  }

  /** Ends the session: whoever waits for input gets this error. The stream stays open for a last word. */
  fail(error: TsyncError): void {
    this.failure ??= error;
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  /**
   * Parts from the peer: tells it the exit code, if it would not know otherwise, drops what still comes until it hangs up, or for as long
   * as our patience lasts, and closes the stream (1-session 7.5).
   */
  async part(exitCode: number | undefined, patienceMilliseconds: number): Promise<void> {
    const isTold = exitCode !== undefined && (this.framedOutput?.protocol ?? 0) >= 31;
    if (isTold) this.message({ kind: "error-exit", code: exitCode });
    if (exitCode === undefined) {
      this.stream.destroy();
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMilliseconds);
    });
    this.sendMessages();
    const emptied = (async (): Promise<void> => {
      // A sender that sees the end of our stream while it sends forgets what came ahead of it: who is told hangs up first.
      if (!isTold) await this.stream.finish();
      this.reading ??= this.stream.read();
      while ((await this.reading) !== undefined) this.reading = this.stream.read();
      if (isTold) await this.stream.finish();
    })();
    await Promise.race([emptied, late]);
    clearTimeout(timer);
    this.stream.destroy();
  }

  /** Waits until everything is handed over, and ends the outgoing stream. What has come with the last record is heard. */
  async finish(): Promise<void> {
    while (this.held.length > 0 && this.decoder !== undefined) this.decode(this.held, this.decoder);
    this.flush();
    await this.stream.finish();
  }

  destroy(): void {
    this.stream.destroy();
  }

  /** The peer has left with data of ours unread. */
  get isReset(): boolean {
    return this.stream.isReset === true;
  }

  /** The peer has closed its stream, and what it sent is read. */
  get hasEnded(): boolean {
    return this.ended;
  }

  /** Everything that has come is read, and more is waited for. */
  get isWaiting(): boolean {
    return this.reading !== undefined;
  }

  /** True at the end. */
  private async receive(): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure;
    if (this.held.length > 0 && this.decoder !== undefined) {
      this.decode(this.held, this.decoder);
      return false;
    }
    if (this.ended) return true;
    if (this.flushesWhenWaiting) this.flush();
    const room = this.room?.();
    if (room !== undefined) await this.hold(room);
    this.reading ??= this.stream.read();
    const chunk = await this.orFailed(this.reading);
    if (this.failure !== undefined) throw this.failure;
    this.reading = undefined;
    if (chunk === undefined) {
      this.ended = true;
      return true;
    }
    this.bytesRead += chunk.length;
    this.lastRead = steadyMilliseconds();
    if (this.decoder === undefined || this.isRaw) this.reader.feed(chunk);
    else this.decode(chunk, this.decoder);
    return false;
  }

  /** Messages are heard where they stand between the data, as rsync hears them. */
  private decode(bytes: Uint8Array, decoder: FrameDecoder): void {
    const count = decoder.pushSome(this.isStepwise ? bytes.subarray(0, 1) : bytes);
    this.held = bytes.subarray(count);
  }

  /** What came ahead of the switch is framed too. */
  private decodeArrived(): void {
    const { reader, decoder } = this;
    if (decoder !== undefined && reader.available > 0) this.decode(reader.copy(reader.available), decoder);
  }

  private async hold(room: Promise<void>): Promise<void> {
    this.isHeld = true;
    await this.orFailed(room);
    this.isHeld = false;
    if (this.failure !== undefined) throw this.failure;
  }

  private sendMessages(): void {
    if (this.messages.length > 0) this.write(this.messages.take());
  }

  private send(bytes: Uint8Array): void {
    this.sendMessages();
    this.write(bytes);
  }

  private write(bytes: Uint8Array): void {
    this.bytesWritten += bytes.length;
    this.lastWritten = steadyMilliseconds();
    const written = this.stream.write(bytes);
    if (written === undefined || this.blocked !== undefined) return;
    this.blocked = this.orFailed(written).then(() => {
      this.blocked = undefined;
      this.sendMessages();
    });
  }

  /** Waits for the stream, or until the session fails. */
  private orFailed<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const wake = (): void => resolve(undefined);
      this.waiting.add(wake);
      void promise.then((value) => {
        this.waiting.delete(wake);
        resolve(value);
      });
    });
  }
}
