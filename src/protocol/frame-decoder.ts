/**
 * Takes a multiplexed stream apart (1-session 5.1): data goes on piece by piece as it comes, messages are collected. It
 * is iterative: a flood of empty frames or messages neither recurses nor grows anything (4-traps H-02, H-06).
 */
import type { Role } from "../errors.ts";
import { checkMessageHeader, type Message, MessageCode, type MessagePeer, parseMessage } from "./message.ts";
import { frameHeaderBytes } from "./wire-writer.ts";

/** Frames whose beginnings are known: more than what may follow the last record that counts (3-transfer 7.3). */
const framesRemembered = 16;

/** Takes what a stream holds, in order. Neither call may feed the decoder again. */
export interface FrameSink {
  /** Data bytes as a view of the chunk that was fed. */
  data(bytes: Uint8Array): void;
  message(message: Message): void;
}

export class FrameDecoder {
  private readonly peer: MessagePeer;
  private readonly role: Role;
  private readonly sink: FrameSink;
  private readonly header = new Uint8Array(frameHeaderBytes);
  private headerFilled = 0;
  private code = 0;
  /** Payload bytes of the current frame that have not come yet. */
  private missing = 0;
  private payload: Uint8Array | undefined;
  private payloadFilled = 0;
  private bytesFed = 0;
  private dataFed = 0;
  /** Where the last frames began: data bytes and bytes before each, in turns. */
  private readonly begun = new Float64Array(2 * framesRemembered);
  private frames = 0;

  constructor(peer: MessagePeer, role: Role, sink: FrameSink) {
    this.peer = peer;
    this.role = role;
    this.sink = sink;
  }

  /** Whether the stream stands between two frames: only there may framing be switched off again. */
  get betweenFrames(): boolean {
    return this.headerFilled === 0;
  }

  /** Bytes of the frames behind the one that holds the byte before the last `unread` data bytes. */
  bytesBehind(unread: number): number {
    const taken = this.dataFed - unread;
    let start = this.bytesFed;
    for (let back = 1; back <= Math.min(this.frames, framesRemembered); back++) {
      const at = 2 * ((this.frames - back) % framesRemembered);
      if ((this.begun[at] as number) < taken) break;
      start = this.begun[at + 1] as number;
    }
    return this.bytesFed - start;
  }

  /** Takes bytes; data of them is handed on at once, as views. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) at += this.pushSome(at === 0 ? chunk : chunk.subarray(at));
  }

  /** As `push`, up to the end of the first frame with data: messages behind it are for later. Returns how many bytes it took. */
  pushSome(chunk: Uint8Array): number {
    const { length } = chunk;
    let at = 0;
    let hasData = false;
    while (at < length && !(hasData && this.missing === 0)) {
      if (this.headerFilled < frameHeaderBytes) {
        while (at < length && this.headerFilled < frameHeaderBytes) {
          this.header[this.headerFilled++] = chunk[at++] as number;
        }
        if (this.headerFilled < frameHeaderBytes) break;
        this.begin(this.bytesFed + at - frameHeaderBytes);
        if (this.missing > 0) continue;
      } else {
        const piece = Math.min(this.missing, length - at);
        if (this.payload === undefined) {
          this.dataFed += piece;
          hasData = true;
          this.sink.data(chunk.subarray(at, at + piece));
        } else {
          this.payload.set(chunk.subarray(at, at + piece), this.payloadFilled);
          this.payloadFilled += piece;
        }
        this.missing -= piece;
        at += piece;
      }
      if (this.missing === 0) this.finish();
    }
    this.bytesFed += at;
    return at;
  }

  private begin(position: number): void {
    const { header, begun } = this;
    const slot = 2 * (this.frames++ % framesRemembered);
    begun[slot] = this.dataFed;
    begun[slot + 1] = position;
    this.code = (header[3] as number) - 7;
    this.missing = (header[0] as number) | ((header[1] as number) << 8) | ((header[2] as number) << 16);
    if (this.code !== MessageCode.data) {
      checkMessageHeader(this.code, this.missing, this.peer, this.role);
      this.payload = new Uint8Array(this.missing);
      this.payloadFilled = 0;
    }
  }

  private finish(): void {
    const { payload } = this;
    this.headerFilled = 0;
    if (payload === undefined) return;
    this.payload = undefined;
    this.sink.message(parseMessage(this.code, payload, this.role));
  }
}
