/**
 * The channel of a remote command as a byte stream. ssh2 hands everything that the window of the server allows to the socket, so both are looked
 * at before more is taken; what the server sends beyond its own window ends the connection.
 */
import type { Socket } from "node:net";
import type { ClientChannel } from "ssh2";
import { type ByteStream, writeAheadBytes } from "../byte-stream.ts";

export class ChannelStream implements ByteStream {
  private readonly channel: ClientChannel;
  private readonly socket: Socket;
  private readonly close: () => void;
  private inputEnded = false;
  private broken = false;
  private isDestroyed = false;
  private wakeReader: (() => void) | undefined;
  private readonly writers = new Set<() => void>();
  private drained: Promise<void> | undefined;

  /** `close` ends the channel, and the connection with it. */
  constructor(channel: ClientChannel, socket: Socket, close: () => void) {
    this.channel = channel;
    this.socket = socket;
    this.close = close;
    const ended = (): void => {
      this.inputEnded = true;
      this.wakeReader?.();
    };
    channel.on("readable", () => this.wakeReader?.());
    for (const event of ["end", "close"]) channel.on(event, ended);
    const lost = (): void => {
      this.broken = true;
      this.wakeWriters();
    };
    channel.on("close", lost);
    socket.on("close", () => {
      lost();
      ended();
    });
    socket.on("drain", () => this.wakeWriters());
  }

  get isBroken(): boolean {
    return this.broken;
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.channel.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.inputEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.wakeReader = resolve;
      });
      this.wakeReader = undefined;
    }
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.broken || !this.channel.writable) return undefined;
    this.channel.write(bytes, () => this.wakeWriters());
    if (this.held < writeAheadBytes) return undefined;
    this.drained ??= this.untilDrained();
    return this.drained;
  }

  async finish(): Promise<void> {
    if (this.broken || !this.channel.writable) return;
    await new Promise<void>((resolve) => {
      this.writers.add(resolve);
      this.channel.end(resolve);
    });
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.close();
  }

  /** Bytes that have not left yet. */
  private get held(): number {
    return this.channel.writableLength + this.socket.writableLength;
  }

  private async untilDrained(): Promise<void> {
    while (!this.broken && this.held >= writeAheadBytes) {
      await new Promise<void>((resolve) => {
        this.writers.add(resolve);
      });
    }
    this.drained = undefined;
  }

  private wakeWriters(): void {
    const waiting = [...this.writers];
    this.writers.clear();
    for (const wake of waiting) wake();
  }
}
