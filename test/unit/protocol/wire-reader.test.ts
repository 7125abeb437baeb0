/** Integers and strings of the wire (1-session 6): the values of the specification, both ways, and the ones that are refused. */
import { describe, expect, test } from "vitest";
import { type ByteName, byteName } from "../../../src/bytes/byte-name.ts";
import { notYet, WireReader } from "../../../src/protocol/wire-reader.ts";
import { WireWriter } from "../../../src/protocol/wire-writer.ts";
import { hex, readAll, readerOf, readInPieces, written } from "../../support/wire.ts";

const varints: readonly (readonly [number, string])[] = [
  [0, "00"],
  [127, "7f"],
  [128, "80 80"],
  [255, "80 ff"],
  [256, "81 00"],
  [511, "81 ff"],
  [16383, "bf ff"],
  [16384, "c0 00 40"],
  [65536, "c1 00 00"],
  [2097151, "df ff ff"],
  [2097152, "e0 00 00 20"],
  [268435455, "ef ff ff ff"],
  [268435456, "f0 00 00 00 10"],
  [0x7fffffff, "f0 ff ff ff 7f"],
  [-1, "f0 ff ff ff ff"],
  [-2, "f0 fe ff ff ff"],
];

const varlongs: readonly (readonly [number, string, string])[] = [
  [0, "00 00 00", "00 00 00 00"],
  [12, "00 0c 00", "00 0c 00 00"],
  [65535, "00 ff ff", "00 ff ff 00"],
  [65536, "01 00 00", "00 00 00 01"],
  [0x7fffff, "7f ff ff", "00 ff ff 7f"],
  [0x800000, "80 00 00 80", "00 00 00 80"],
  [0x1000000, "81 00 00 00", "01 00 00 00"],
  [0x7fffffff, "c0 ff ff ff 7f", "7f ff ff ff"],
  [0xffffffff, "c0 ff ff ff ff", "80 ff ff ff ff"],
  [0x65937d25, "c0 25 7d 93 65", "65 25 7d 93"],
  [2 ** 32, "c1 00 00 00 00", "81 00 00 00 00"],
  [2 ** 40, "e1 00 00 00 00 00", "c1 00 00 00 00 00"],
  [2 ** 47, "f0 00 00 00 00 00 80", "e0 00 00 00 00 00 80"],
  [-1, "fc ff ff ff ff ff ff ff ff", "f8 ff ff ff ff ff ff ff ff"],
];

const longints: readonly (readonly [number, string])[] = [
  [5, "05 00 00 00"],
  [0x7fffffff, "ff ff ff 7f"],
  [0x100000000, "ff ff ff ff 00 00 00 00 01 00 00 00"],
  [0x80000000, "ff ff ff ff 00 00 00 80 00 00 00 00"],
  [-1, "ff ff ff ff ff ff ff ff ff ff ff ff"],
];

describe("varint", () => {
  test.each(varints)("%d is %s", (value, bytes) => {
    expect(written((writer) => writer.varint(value)).toString("hex")).toBe(bytes.replaceAll(" ", ""));
    expect(readAll(hex(bytes), (reader) => reader.varint())).toBe(value);
    expect(readInPieces(hex(bytes), 1, (reader) => reader.varint())).toBe(value);
  });

  test.each(["f8 00 00 00 00 00", "fc 00 00 00 00 00 00", "ff 00 00 00 00 00 00", "f1 00 00 00 00"])(
    "refuses %s",
    (bytes) => {
      expect(() => readAll(hex(bytes), (reader) => reader.varint())).toThrow("Overflow in read_varint()");
    },
  );
});

describe("varlong", () => {
  test.each(varlongs)("%d is %s or %s", (value, three, four) => {
    for (const [min, bytes] of [
      [3, three],
      [4, four],
    ] as const) {
      expect(written((writer) => writer.varlong(value, min)).toString("hex")).toBe(bytes.replaceAll(" ", ""));
      expect(readAll(hex(bytes), (reader) => reader.varlong(min))).toBe(value);
      expect(readInPieces(hex(bytes), 1, (reader) => reader.varlong(min))).toBe(value);
    }
  });

  test.each([2 ** 53 - 1, -(2 ** 53) + 1, -(2 ** 31), -(2 ** 31) - 1, 2 ** 52, 1 - 2 ** 40])(
    "%d comes back",
    (value) => {
      expect(
        readAll(
          written((writer) => writer.varlong(value, 4)),
          (reader) => reader.varlong(4),
        ),
      ).toBe(value);
      expect(
        readAll(
          written((writer) => writer.int64(value)),
          (reader) => reader.int64(),
        ),
      ).toBe(value);
    },
  );

  test.each(["fc 00 00 00 00 00 00 20 00", "fc 00 00 00 00 00 00 00 80"])("refuses %s, beyond 2^53", (bytes) => {
    expect(() => readAll(hex(bytes), (reader) => reader.varlong(3))).toThrow("out of range");
  });

  test("refuses more bytes than a number has", () => {
    expect(() => readAll(hex("fc 00 00 00 00 00 00 00 00 00"), (reader) => reader.varlong(4))).toThrow("Overflow");
    expect(() => readAll(hex("fd 00 00 00 00 00 00 00 00"), (reader) => reader.varlong(3))).toThrow("Overflow");
  });
});

describe("longint", () => {
  test.each(longints)("%d is %s", (value, bytes) => {
    expect(written((writer) => writer.longint(value)).toString("hex")).toBe(bytes.replaceAll(" ", ""));
    expect(readAll(hex(bytes), (reader) => reader.longint())).toBe(value);
  });
});

describe("vstring", () => {
  test.each([
    [30, "1e"],
    [127, "7f"],
    [128, "80 80"],
    [300, "81 2c"],
    [32767, "ff ff"],
  ])("of %d bytes begins with %s", (length, start) => {
    const text = byteName("x".repeat(length));
    const bytes = written((writer) => writer.vstring(text));
    expect(bytes.toString("latin1")).toBe(hex(start).toString("latin1") + text);
    expect(readAll(bytes, (reader) => reader.vstring(length))).toBe(text);
    expect(readerOf(bytes).poll((reader) => reader.vstring(length - 1))).toBeUndefined();
  });
});

describe("WireReader", () => {
  test("takes nothing of a record that is cut short, and all of it later", () => {
    const reader = readerOf(hex("01 02 03"));
    const decode = (from: WireReader): number => from.byte() * 0x1_0000_0000 + from.uint32();
    expect(reader.poll(decode)).toBe(notYet);
    expect(reader.available).toBe(3);
    reader.feed(hex("04"));
    expect(reader.poll(decode)).toBe(notYet);
    reader.feed(hex("05 06"));
    expect(reader.poll(decode)).toBe(0x1_05040302);
    expect(reader.available).toBe(1);
    expect(reader.consumed).toBe(5);
  });

  test("does not try again before the missing bytes are here", () => {
    const reader = new WireReader("sender");
    let tries = 0;
    const decode = (from: WireReader): Uint8Array => {
      tries++;
      return from.view(100);
    };
    for (let count = 0; count < 99; count++) {
      reader.feed(Uint8Array.of(count));
      expect(reader.poll(decode)).toBe(notYet);
    }
    expect(tries).toBe(1);
    reader.feed(Uint8Array.of(99));
    expect(reader.poll(decode)).toEqual(Uint8Array.from({ length: 100 }, (_, index) => index));
    expect(tries).toBe(2);
  });

  test("keeps what was committed", () => {
    const reader = readerOf(hex("07"));
    let first: number | undefined;
    const decode = (from: WireReader): number => {
      if (first === undefined) {
        first = from.byte();
        from.commit();
      }
      return first * 256 + from.byte();
    };
    expect(reader.poll(decode)).toBe(notYet);
    expect(reader.available).toBe(0);
    reader.feed(hex("08"));
    expect(reader.poll(decode)).toBe(0x708);
  });

  test("drops what nobody wants any more", () => {
    const reader = readerOf(hex("01 02"));
    expect(reader.poll((from) => from.view(5))).toBe(notYet);
    reader.discard();
    reader.feed(hex("03"));
    expect(reader.poll((from) => from.byte())).toBe(3);
    expect(reader.consumed).toBe(3);
  });

  test("gives views that later bytes do not change", () => {
    const reader = readerOf(hex("01 02 03"));
    const view = reader.poll((from) => from.view(2)) as Uint8Array;
    for (let count = 0; count < 10_000; count++) reader.feed(Uint8Array.of(9));
    expect([...view]).toEqual([1, 2]);
  });

  test("copes with a long value in small pieces in time that grows with its length", () => {
    const reader = new WireReader("receiver");
    const length = 4_000_000;
    const piece = new Uint8Array(16);
    const start = performance.now();
    for (let at = 0; at < length; at += piece.length) {
      reader.feed(piece);
      reader.poll((from) => from.view(length));
    }
    expect(reader.available).toBe(0);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test("says which value is out of its range", () => {
    expect(() => readAll(hex("05"), (reader) => reader.varintIn("sum count", 0, 4))).toThrow(
      "sum count 5 is not in 0..4 [receiver]",
    );
  });

  test("reads text up to a NUL", () => {
    const reader = readerOf(Buffer.from("abc\0de"));
    expect(reader.poll((from) => from.untilNul(10))).toBe("abc\0");
    expect(reader.poll((from) => from.untilNul(10))).toBe(notYet);
    expect(reader.poll((from) => from.untilNul(2))).toBe(notYet);
    reader.feed(Buffer.from("\0"));
    expect(reader.poll((from) => from.untilNul(2))).toBe("de");
    expect(reader.poll((from) => from.untilNul(2))).toBe("\0");
  });
});

describe("WireWriter", () => {
  test("grows, and starts anew when its bytes are taken", () => {
    const writer = new WireWriter(4);
    const text = "näme-".repeat(1000) as ByteName;
    writer.name(text);
    writer.nameFrom(text, 4990);
    writer.zeros(3);
    expect(writer.length).toBe(5013);
    expect(writer.take().toString("latin1")).toBe(`${text}${text.slice(4990)}\0\0\0`);
    expect(writer.take()).toHaveLength(0);
  });

  test("makes frames of at most 65532 bytes", () => {
    const writer = new WireWriter();
    expect(writer.takeFrames()).toHaveLength(0);
    writer.byte(1);
    expect(writer.takeFrames().toString("hex")).toBe("0100000701");
    writer.data(new Uint8Array(65_533).fill(7));
    const frames = writer.takeFrames();
    expect(frames).toHaveLength(65_533 + 8);
    expect(frames.subarray(0, 5).toString("hex")).toBe("fcff000707");
    expect(frames.subarray(65_536).toString("hex")).toBe("0100000707");
  });
});
