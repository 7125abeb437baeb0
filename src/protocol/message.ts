/**
 * Messages beside the data of a multiplexed stream (1-session 5.4): their codes, payloads, and who may send which. Frames
 * are taken apart in `frame-decoder`.
 */
import { type ByteName, fromBytes } from "../bytes/byte-name.ts";
import { type Role, streamError } from "../errors.ts";
import { limits } from "../limits.ts";
import { frameHeaderBytes } from "./wire-writer.ts";

/** Codes of frames (1-session 5.4). */
export const MessageCode = {
  data: 0,
  errorXfer: 1,
  info: 2,
  error: 3,
  warning: 4,
  ioError: 22,
  ioTimeout: 33,
  noop: 42,
  errorExit: 86,
  success: 100,
  deleted: 101,
  noSend: 102,
} as const;

/** How a text is meant: `errorXfer` also makes the exit code 23. */
export type TextClass = "errorXfer" | "info" | "error" | "warning";

/** A message. Numbers are signed 32-bit integers. */
export type Message =
  | { readonly kind: "text"; readonly class: TextClass; readonly text: ByteName }
  /** The sender's I/O error bits (2-file-list 3.9), only those that exist. */
  | { readonly kind: "io-error"; readonly bits: number }
  /** The daemon's time-out in seconds, any number. */
  | { readonly kind: "io-timeout"; readonly seconds: number }
  | { readonly kind: "noop" }
  /** The peer ends with this code; undefined: it answers ours. */
  | { readonly kind: "error-exit"; readonly code: number | undefined }
  /** The receiving side has file `ndx`: the sender may remove it. */
  | { readonly kind: "success"; readonly ndx: number }
  | { readonly kind: "deleted"; readonly name: ByteName; readonly directory: boolean }
  /** The sender could not send file `ndx`. */
  | { readonly kind: "no-send"; readonly ndx: number };

/** Who the peer is: some messages come from one side only. */
export interface MessagePeer {
  readonly protocol: number;
  /** The peer is the server (or the daemon). */
  readonly isServer: boolean;
}

const textCodes: Readonly<Record<TextClass, number>> = {
  errorXfer: MessageCode.errorXfer,
  info: MessageCode.info,
  error: MessageCode.error,
  warning: MessageCode.warning,
};
const textClasses: ReadonlyMap<number, TextClass> = new Map([
  [MessageCode.errorXfer, "errorXfer"],
  [MessageCode.info, "info"],
  [MessageCode.error, "error"],
  [MessageCode.warning, "warning"],
]);
const ioErrorBits = 7;
const integerBytes = 4;
/** Codes of the reference that never travel between two machines. */
const internalCodes: ReadonlySet<number> = new Set([5, 6, 7, 8, 9, 10]);

/**
 * Checks the header of a frame that is no data, before its payload is here: an unknown or misplaced code, or a length
 * that its message cannot have, ends the session (exit 12; 4-traps H-01, H-02).
 */
export function checkMessageHeader(code: number, length: number, peer: MessagePeer, role: Role): void {
  if (!isPermitted(code, peer)) {
    if (code === MessageCode.ioTimeout || internalCodes.has(code)) throw invalidMessage(code, length, role);
    throw streamError(`unexpected tag ${code} [${role}]`, role);
  }
  switch (code) {
    case MessageCode.ioError:
    case MessageCode.ioTimeout:
    case MessageCode.success:
    case MessageCode.noSend:
      if (length !== integerBytes) throw invalidMessage(code, length, role);
      break;
    case MessageCode.errorExit:
      if (length !== 0 && length !== integerBytes) throw invalidMessage(code, length, role);
      break;
    case MessageCode.noop:
      if (length !== 0) throw invalidMessage(code, length, role);
      break;
    default:
      if (length > limits.messageBytes) {
        throw streamError(`multiplexing overflow ${code}:${length} [${role}]`, role);
      }
  }
}

/** The message of a checked frame. */
export function parseMessage(code: number, payload: Uint8Array, role: Role): Message {
  switch (code) {
    case MessageCode.ioError:
      return { kind: "io-error", bits: int32(payload) & ioErrorBits };
    case MessageCode.ioTimeout:
      return { kind: "io-timeout", seconds: int32(payload) };
    case MessageCode.noop:
      return { kind: "noop" };
    case MessageCode.errorExit:
      return { kind: "error-exit", code: payload.length === 0 ? undefined : int32(payload) };
    case MessageCode.success:
      return { kind: "success", ndx: int32(payload) };
    case MessageCode.noSend:
      return { kind: "no-send", ndx: int32(payload) };
    case MessageCode.deleted: {
      const directory = payload.at(-1) === 0;
      return { kind: "deleted", name: fromBytes(directory ? payload.subarray(0, -1) : payload), directory };
    }
    default: {
      const kind = textClasses.get(code);
      if (kind === undefined) throw streamError(`unexpected tag ${code} [${role}]`, role);
      return { kind: "text", class: kind, text: fromBytes(payload) };
    }
  }
}

/**
 * A message as one frame. Below protocol 30 errors travel as `errorXfer` and warnings as `info` (1-session 5.5); a text that
 * is too long for a frame is cut.
 */
export function encodeMessage(message: Message, protocol: number): Buffer {
  switch (message.kind) {
    case "text":
      return frame(textCode(message.class, protocol), message.text.slice(0, limits.messageBytes));
    case "io-error":
      return integerFrame(MessageCode.ioError, message.bits);
    case "io-timeout":
      return integerFrame(MessageCode.ioTimeout, message.seconds);
    case "noop":
      return frame(MessageCode.noop, "");
    case "error-exit":
      return message.code === undefined
        ? frame(MessageCode.errorExit, "")
        : integerFrame(MessageCode.errorExit, message.code);
    case "success":
      return integerFrame(MessageCode.success, message.ndx);
    case "deleted":
      return frame(MessageCode.deleted, message.directory ? `${message.name}\0` : message.name);
    case "no-send":
      return integerFrame(MessageCode.noSend, message.ndx);
  }
}

/** The empty data frame that keeps a connection alive (1-session 5.6). */
export function keepAliveFrame(): Buffer {
  return frame(MessageCode.data, "");
}

function isPermitted(code: number, { protocol, isServer }: MessagePeer): boolean {
  switch (code) {
    case MessageCode.errorXfer:
    case MessageCode.info:
    case MessageCode.success:
    case MessageCode.noop:
      return true;
    case MessageCode.error:
    case MessageCode.warning:
    case MessageCode.ioError:
    case MessageCode.noSend:
      return protocol >= 30;
    case MessageCode.deleted:
      return protocol >= 29;
    case MessageCode.errorExit:
      return protocol >= 31;
    case MessageCode.ioTimeout:
      return protocol >= 31 && isServer;
    default:
      return false;
  }
}

function textCode(kind: TextClass, protocol: number): number {
  if (protocol >= 30) return textCodes[kind];
  return kind === "error" ? MessageCode.errorXfer : kind === "warning" ? MessageCode.info : textCodes[kind];
}

function frame(code: number, payload: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(frameHeaderBytes + payload.length);
  bytes.writeUInt32LE((7 + code) * 0x100_0000 + payload.length, 0);
  bytes.write(payload, frameHeaderBytes, "latin1");
  return bytes;
}

function integerFrame(code: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(frameHeaderBytes + integerBytes);
  bytes.writeUInt32LE((7 + code) * 0x100_0000 + integerBytes, 0);
  bytes.writeInt32LE(value, frameHeaderBytes);
  return bytes;
}

function int32(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getInt32(0, true);
}

function invalidMessage(code: number, length: number, role: Role): Error {
  return streamError(`invalid multi-message ${code}:${length} [${role}]`, role);
}
