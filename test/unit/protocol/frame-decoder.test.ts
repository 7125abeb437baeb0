/** Multiplexed frames and messages: captured bytes, round trips cut anywhere, and frames that end a session (4-traps H-01 to H-03). */
import { describe, expect, test } from "vitest";
import { byteName, fromBytes } from "../../../src/bytes/byte-name.ts";
import { FrameDecoder } from "../../../src/protocol/frame-decoder.ts";
import { encodeMessage, keepAliveFrame, type Message, type MessagePeer } from "../../../src/protocol/message.ts";
import { hex } from "../../support/wire.ts";

const server32: MessagePeer = { protocol: 32, isServer: true };

/** What a stream holds: messages, and all data between them as text. */
function decode(bytes: Uint8Array, peer: MessagePeer = server32, pieceBytes: number = bytes.length): unknown[] {
  const seen: unknown[] = [];
  const decoder = new FrameDecoder(peer, "client", {
    data(piece): void {
      const last = seen.at(-1);
      if (typeof last === "string") seen[seen.length - 1] = last + fromBytes(piece);
      else seen.push(`${fromBytes(piece)}`);
    },
    message: (message) => seen.push(message),
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) decoder.push(bytes.subarray(at, at + pieceBytes));
  expect(decoder.betweenFrames).toBe(true);
  return seen;
}

const messages: readonly (readonly [string, Message])[] = [
  ["05 00 00 6c 78 64 69 72 00", { kind: "deleted", name: byteName("xdir"), directory: true }],
  ["05 00 00 6c 65 78 74 72 61", { kind: "deleted", name: byteName("extra"), directory: false }],
  ["04 00 00 6b 05 00 00 00", { kind: "success", ndx: 5 }],
  ["04 00 00 28 21 00 00 00", { kind: "io-timeout", seconds: 33 }],
  ["04 00 00 5d 0b 00 00 00", { kind: "error-exit", code: 11 }],
  ["00 00 00 5d", { kind: "error-exit", code: undefined }],
  ["04 00 00 6d 02 00 00 00", { kind: "no-send", ndx: 2 }],
  ["04 00 00 1d 01 00 00 00", { kind: "io-error", bits: 1 }],
  ["03 00 00 0a 68 69 0a", { kind: "text", class: "error", text: byteName("hi\n") }],
  ["01 00 00 08 78", { kind: "text", class: "errorXfer", text: byteName("x") }],
  ["01 00 00 0b 78", { kind: "text", class: "warning", text: byteName("x") }],
  ["00 00 00 09", { kind: "text", class: "info", text: byteName("") }],
  ["00 00 00 31", { kind: "noop" }],
];

describe("messages", () => {
  test.each(messages)("%s", (bytes, message) => {
    expect(decode(hex(bytes))).toEqual([message]);
    expect(encodeMessage(message, 32).toString("hex")).toBe(bytes.replaceAll(" ", ""));
  });

  test("of a session arrive between any two bytes of data", () => {
    const stream: Buffer[] = [];
    let text = "";
    for (const [index, [bytes]] of messages.entries()) {
      stream.push(hex(`01 00 00 07 ${(0x41 + index).toString(16)}`), hex(bytes), keepAliveFrame());
      text += String.fromCharCode(0x41 + index);
    }
    const all = Buffer.concat(stream);
    for (const pieceBytes of [1, 2, 3, 7, all.length]) {
      const seen = decode(all, server32, pieceBytes);
      expect(seen.filter((one) => typeof one === "string").join("")).toBe(text);
      expect(seen.filter((one) => typeof one !== "string")).toEqual(messages.map(([, message]) => message));
    }
  });

  test("hold I/O error bits that exist", () => {
    expect(decode(hex("04 00 00 1d ff ff ff ff"))).toEqual([{ kind: "io-error", bits: 7 }]);
  });

  test("are errors of a file or information before protocol 30", () => {
    const encode = (kind: "error" | "warning"): string =>
      encodeMessage({ kind: "text", class: kind, text: byteName("x") }, 29).toString("hex");
    expect(encode("error")).toBe("0100000878");
    expect(encode("warning")).toBe("0100000978");
  });

  test("have at most 5119 bytes of text", () => {
    const bytes = encodeMessage({ kind: "text", class: "info", text: byteName("x".repeat(9999)) }, 32);
    expect(bytes).toHaveLength(4 + 5119);
    expect(decode(bytes)).toHaveLength(1);
  });
});

describe("a frame that ends the session with 12", () => {
  test.each([
    ["an unknown code", "00 00 00 3e", server32, "unexpected tag 55 [client]"],
    ["a code below data", "00 33 00 00", server32, "unexpected tag -7 [client]"],
    ["an internal code", "04 00 00 10 00 00 00 00", server32, "invalid multi-message 9:4 [client]"],
    ["a log text", "01 00 00 0d 78", server32, "invalid multi-message 6:1 [client]"],
    [
      "a time-out from a client",
      "04 00 00 28 01 00 00 00",
      { protocol: 32, isServer: false },
      "invalid multi-message 33:4",
    ],
    ["an exit before protocol 31", "04 00 00 5d 01 00 00 00", { protocol: 30, isServer: true }, "unexpected tag 86"],
    ["an error before protocol 30", "01 00 00 0a 78", { protocol: 29, isServer: true }, "unexpected tag 3"],
    ["deletions before protocol 29", "01 00 00 6c 78", { protocol: 28, isServer: true }, "unexpected tag 101"],
    ["a short number", "03 00 00 1d", server32, "invalid multi-message 22:3"],
    ["a long number", "05 00 00 6d", server32, "invalid multi-message 102:5"],
    ["an exit of two bytes", "02 00 00 5d", server32, "invalid multi-message 86:2"],
    ["a noop with payload", "01 00 00 31", server32, "invalid multi-message 42:1"],
    ["a long text", "00 14 00 09", server32, "multiplexing overflow 2:5120"],
    ["a huge name", "ff ff ff 6c", server32, "multiplexing overflow 101:16777215"],
  ])("%s", (_title, bytes, peer, text) => {
    expect(() => decode(hex(bytes), peer)).toThrow(expect.objectContaining({ exitCode: 12 }));
    expect(() => decode(hex(bytes), peer)).toThrow(text);
  });
});

describe("FrameDecoder", () => {
  test("hands data of a long frame on as it comes", () => {
    let bytes = 0;
    const decoder = new FrameDecoder(server32, "client", {
      data: (piece) => {
        bytes += piece.length;
      },
      message: () => undefined,
    });
    decoder.push(hex("ff ff ff 07"));
    decoder.push(new Uint8Array(1000));
    expect(bytes).toBe(1000);
    expect(decoder.betweenFrames).toBe(false);
    decoder.push(new Uint8Array(0xffffff - 1000));
    expect(decoder.betweenFrames).toBe(true);
  });

  test("copes with a flood of empty frames", () => {
    const flood = Buffer.alloc(4_000_000);
    for (let at = 3; at < flood.length; at += 4) flood[at] = 7;
    expect(decode(flood)).toEqual([]);
  });
});

describe("bytes behind what was taken", () => {
  const frames = ["02 00 00 07 41 42", "00 00 00 31", "03 00 00 07 43 44 45", "01 00 00 08 78", "01 00 00 07 46"];
  const stream = hex(frames.join(" "));

  test.each([
    [0, 0],
    [1, 10],
    [2, 10],
    [3, 10],
    [4, 21],
    [5, 21],
    [6, 27],
  ])("%i unread data bytes leave %i bytes of later frames", (unread, behind) => {
    for (const pieceBytes of [1, 3, stream.length]) {
      const decoder = new FrameDecoder(server32, "client", { data: () => undefined, message: () => undefined });
      for (let at = 0; at < stream.length; at += pieceBytes) decoder.push(stream.subarray(at, at + pieceBytes));
      expect(decoder.bytesBehind(unread)).toBe(behind);
    }
  });
});
