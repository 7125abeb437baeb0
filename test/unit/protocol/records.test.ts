/** Small records of the protocol: what the specification captured, round trips, and values that are refused. */
import { describe, expect, test } from "vitest";
import { type ByteName, byteName } from "../../../src/bytes/byte-name.ts";
import { limits } from "../../../src/limits.ts";
import { readBatchHeader, writeBatchHeader } from "../../../src/protocol/batch-header.ts";
import {
  BlockSumsReader,
  nullSumHead,
  readSumHead,
  type WireSums,
  writeBlockSums,
  writeSumHead,
} from "../../../src/protocol/block-sums.ts";
import { FilterListReader, sendsFilterList, writeFilterList } from "../../../src/protocol/filter-list.ts";
import { formatGreeting, parseGreeting } from "../../../src/protocol/greeting.ts";
import {
  BasisType,
  type TransferRecord,
  TransferRecordReader,
  TransferRecordWriter,
} from "../../../src/protocol/item-record.ts";
import { chooseName, parseNameList, readNameList, writeNameList } from "../../../src/protocol/name-list.ts";
import { NameStreamReader, NameStreamWriter } from "../../../src/protocol/name-stream.ts";
import { NdxReader, NdxWriter } from "../../../src/protocol/ndx.ts";
import { agreeOnProtocol, readCompatFlags, readVersion } from "../../../src/protocol/session-start.ts";
import { readTransferStats, writeTransferStats } from "../../../src/protocol/transfer-stats.ts";
import { notYet, type WireReader } from "../../../src/protocol/wire-reader.ts";
import {
  readXattrRequest,
  writeXattrRequest,
  writeXattrValues,
  XattrValuesReader,
} from "../../../src/protocol/xattr-values.ts";
import { hex, readAll, readerOf, readInPieces, written } from "../../support/wire.ts";

describe("session start", () => {
  test.each([20, 31, 32, 40])("takes version %d", (version) => {
    expect(
      readAll(
        written((writer) => writer.int32(version)),
        readVersion,
      ),
    ).toBe(version);
  });

  test.each(["0a 0a 0a 0a", "13 00 00 00", "29 00 00 00", "ff ff ff ff"])("refuses version word %s", (bytes) => {
    expect(() => readAll(hex(bytes), readVersion)).toThrow("is your shell clean?");
  });

  test("agrees on the lower protocol, if it is one of 27 to 32", () => {
    expect(agreeOnProtocol(32, 31, "client")).toBe(31);
    expect(agreeOnProtocol(30, 33, "client")).toBe(30);
    expect(() => agreeOnProtocol(32, 26, "client")).toThrow("protocol 26 is not supported");
    expect(() => agreeOnProtocol(19, 32, "client")).toThrow("--protocol must be at least 20 on the Client.");
    expect(() => agreeOnProtocol(33, 34, "server", "Server")).toThrow(
      "--protocol must be no more than 32 on the Server.",
    );
  });

  test("reads compatibility flags and ignores unknown ones", () => {
    expect(readAll(hex("81 ff"), readCompatFlags)).toBe(0x1ff);
    expect(readAll(hex("81 fe"), readCompatFlags)).toBe(0x1fe);
    expect(readAll(hex("5e"), readCompatFlags)).toBe(0x5e);
    expect(readAll(hex("c0 ff ff"), readCompatFlags)).toBe(0x1ff);
  });
});

describe("name list", () => {
  test("has the captured form", () => {
    const bytes = written((writer) => writeNameList(writer, ["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1"]));
    expect(bytes.toString("latin1")).toBe("\x1exxh128 xxh3 xxh64 md5 md4 sha1");
    expect(parseNameList(readAll(bytes, readNameList))).toEqual(["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1"]);
  });

  test("ignores case, blanks and repetitions", () => {
    expect(parseNameList(byteName(" MD5  md5 __proto__ "))).toEqual(["md5", "__proto__"]);
  });

  test("is at most 255 bytes long", () => {
    expect(
      readAll(
        written((writer) => writer.vstring(byteName("x".repeat(255)))),
        readNameList,
      ),
    ).toHaveLength(255);
    const reader = readerOf(written((writer) => writer.vstring(byteName("x".repeat(256)))));
    const message = expect.stringContaining("over-long vstring") as string;
    expect(() => reader.poll(readNameList)).toThrow(expect.objectContaining({ exitCode: 4, message }));
  });

  test.each([
    [["md5", "xxh128"], "xxh128"],
    [["sha1"], "sha1"],
    [["xxhash"], "xxh64"],
    [["constructor", ""], undefined],
  ])("chooses of %j our best: %s", (peer, chosen) => {
    const own = ["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1"] as const;
    expect(chooseName(own, peer, new Map([["xxhash", "xxh64" as const]]))).toBe(chosen);
  });
});

describe("greeting", () => {
  test.each([
    ["@RSYNCD: 32.0 sha512 sha256 md5", { protocol: 32, sub: 0, digests: ["sha512", "sha256", "md5"] }],
    ["@RSYNCD: 31.14", { protocol: 31, sub: 14, digests: undefined }],
    ["@RSYNCD: 29", { protocol: 29, sub: undefined, digests: undefined }],
  ])("%s", (line, greeting) => {
    expect(parseGreeting(byteName(line))).toEqual(greeting);
    expect(formatGreeting(greeting)).toBe(line);
  });

  test.each(["@RSYNCD: OK", "@RSYNCD: x", "RSYNCD: 32.0", "@RSYNCD: 32.", "@RSYNCD: 99999999999.0", ""])(
    "is not %j",
    (line) => {
      expect(parseGreeting(byteName(line))).toBeUndefined();
    },
  );
});

describe("ndx", () => {
  const sequence: readonly (readonly [number, string])[] = [
    [0, "01"],
    [1, "01"],
    [3, "02"],
    [3, "fe 00 00"],
    [256, "fd"],
    [509, "fd"],
    [763, "fe 00 fe"],
    [33530, "fe 7f ff"],
    [66298, "fe 80 fa 02 01"],
    [5, "fe 80 05 00 00"],
    [-1, "00"],
    [6, "01"],
    [-101, "ff 64"],
    [-102, "ff 01"],
    [-101, "ff fe 80 65 00 00"],
    [-2, "ff fe 80 02 00 00"],
    [-3, "ff 01"],
    [-103, "ff 64"],
    [16909060, "fe 81 04 03 02"],
    [0x7fffffff, "fe ff ff ff ff"],
  ];

  test("has the verified sequence of bytes, both ways", () => {
    const writer = new NdxWriter(30);
    const reader = new NdxReader(31);
    for (const [ndx, bytes] of sequence) {
      expect(written((to) => writer.write(to, ndx)).toString("hex")).toBe(bytes.replaceAll(" ", ""));
      expect(readInPieces(hex(bytes), 1, (from) => reader.read(from))).toBe(ndx);
    }
  });

  test("is an int before protocol 30", () => {
    expect(written((writer) => new NdxWriter(29).write(writer, -1)).toString("hex")).toBe("ffffffff");
    expect(readAll(hex("05 00 00 00"), (reader) => new NdxReader(29).read(reader))).toBe(5);
  });

  test("does not run over 31 bits", () => {
    const reader = readerOf(hex("fe ff ff ff ff 01"));
    const ndx = new NdxReader(32);
    expect(reader.poll((from) => ndx.read(from))).toBe(0x7fffffff);
    expect(() => reader.poll((from) => ndx.read(from))).toThrow("out of range");
  });
});

describe("transfer records", () => {
  const records: readonly TransferRecord[] = [
    { kind: "lists-end" },
    { kind: "list", directory: 7 },
    { kind: "item", ndx: 4, flags: 0xa000, basisType: BasisType.destination, name: undefined },
    { kind: "item", ndx: 3, flags: 0x7000, basisType: BasisType.destination, name: byteName("c") },
    { kind: "item", ndx: 300, flags: 0xb800, basisType: BasisType.fuzzy, name: byteName("x".repeat(200)) },
    { kind: "item", ndx: 2, flags: 0x880c, basisType: BasisType.partial, name: undefined },
    { kind: "item", ndx: 2, flags: 0x5000, basisType: BasisType.destination, name: byteName("") },
    { kind: "delete-stats", counts: { files: 1, directories: 1, symlinks: 0, devices: 300, specials: 0 } },
    { kind: "done" },
  ];

  test.each([27, 28, 29, 30, 31, 32])("come back at protocol %d, cut anywhere", (protocol) => {
    const sent = records.filter(
      ({ kind }) =>
        protocol >= 31 || kind === "item" || kind === "done" || (protocol === 30 && kind !== "delete-stats"),
    );
    const context = { protocol, compat: 0 };
    const writer = new TransferRecordWriter(context, new NdxWriter(protocol));
    const bytes = written((to) => {
      for (const record of sent) writer.write(to, record);
    });
    const expected = sent.map((record) =>
      record.kind === "item" && protocol < 29
        ? { kind: "item", ndx: record.ndx, flags: 0x8000, basisType: 0x80, name: undefined }
        : record,
    );
    for (const pieceBytes of [1, 2, 3, 5, 1000]) {
      const reader = new TransferRecordReader(context, new NdxReader(protocol));
      const received: TransferRecord[] = [];
      const all = readInPieces(bytes, pieceBytes, (from) => {
        while (received.length < sent.length) {
          received.push(reader.read(from));
          from.commit();
        }
        return received;
      });
      expect(all).toEqual(expected);
    }
  });

  test("have the captured bytes", () => {
    const read = (bytes: string): TransferRecord =>
      readAll(hex(bytes), (from) =>
        new TransferRecordReader({ protocol: 32, compat: 0 }, new NdxReader(32)).read(from),
      );
    expect(read("ff 02 01 01 00 00 00")).toEqual({
      kind: "delete-stats",
      counts: { files: 1, directories: 1, symlinks: 0, devices: 0, specials: 0 },
    });
    expect(read("ff 64")).toEqual({ kind: "list", directory: 0 });
    expect(read("02 00 a0")).toMatchObject({ ndx: 1, flags: 0xa000 });
    expect(read("01 00 b8 83 02 61 61")).toMatchObject({ basisType: 0x83, name: "aa" });
  });

  test.each([
    ["an index that is no file and no mark", 32, "ff 03", "Invalid file index: -4"],
    ["lists before protocol 30", 29, "fe ff ff ff", "Invalid file index: -2"],
    ["too many deletions", 32, "ff 02 f0 01 00 00 10", "number of deleted items"],
    ["negative deletions", 32, "ff 02 f0 ff ff ff ff", "number of deleted items"],
    ["a name with NUL", 32, "01 00 90 01 00", "Invalid name"],
    ["a long name", 32, "01 00 90 90 00", "Invalid name"],
  ])("refuse %s", (_title, protocol, bytes, message) => {
    const reader = new TransferRecordReader({ protocol, compat: 0 }, new NdxReader(protocol));
    expect(() => readerOf(hex(bytes)).poll((from) => reader.read(from))).toThrow(message);
  });
});

describe("sums", () => {
  const sums: WireSums = {
    count: 3,
    blockLength: 700,
    strongBytes: 2,
    remainder: 10,
    rolling: Uint32Array.of(1, 0x6396fa9f, 0xffffffff),
    strong: Uint8Array.of(1, 2, 3, 4, 5, 6),
  };

  test("come back, cut anywhere", () => {
    const bytes = written((writer) => {
      writeSumHead(writer, sums);
      writeBlockSums(writer, sums);
    });
    expect(bytes).toHaveLength(16 + 3 * 6);
    for (let pieceBytes = 1; pieceBytes <= bytes.length; pieceBytes++) {
      let collector: BlockSumsReader | undefined;
      const read = readInPieces(bytes, pieceBytes, (reader) => {
        if (collector === undefined) {
          collector = new BlockSumsReader(readSumHead(reader, 32, 16));
          reader.commit();
        }
        return collector.read(reader);
      });
      expect(read).toEqual(sums);
    }
  });

  test("may be written in parts", () => {
    const parts = Buffer.concat([
      written((writer) => writeBlockSums(writer, sums, 0, 2)),
      written((writer) => writeBlockSums(writer, sums, 2)),
    ]);
    expect(parts).toEqual(written((writer) => writeBlockSums(writer, sums)));
  });

  test("of many blocks", () => {
    const count = 10_000;
    const many: WireSums = {
      count,
      blockLength: 700,
      strongBytes: 3,
      remainder: 0,
      rolling: Uint32Array.from({ length: count }, (_, index) => index * 7),
      strong: Uint8Array.from({ length: count * 3 }, (_, index) => index),
    };
    const bytes = written((writer) => writeBlockSums(writer, many));
    const collector = new BlockSumsReader(many);
    expect(readInPieces(bytes, 1000, (reader) => collector.read(reader))).toEqual(many);
  });

  test("are none for a null head", () => {
    expect(
      readAll(
        written((writer) => writeSumHead(writer, nullSumHead)),
        (r) => readSumHead(r, 27, 16),
      ),
    ).toEqual(nullSumHead);
  });

  test.each([
    [[-1, 700, 2, 0], 32, "Invalid checksum count -1 [receiver]"],
    [[limits.sumCountMax + 1, 700, 2, 0], 32, "Invalid checksum count"],
    [[1, 0, 2, 0], 32, "Invalid block length 0"],
    [[1, -700, 2, 0], 32, "Invalid block length -700"],
    [[1, 131073, 2, 0], 30, "Invalid block length 131073"],
    [[1, 536870913, 2, 0], 29, "Invalid block length 536870913"],
    [[1, 700, 9, 0], 32, "Invalid checksum length 9"],
    [[1, 700, -1, 0], 32, "Invalid checksum length -1"],
    [[1, 700, 2, 701], 32, "Invalid remainder length 701"],
    [[1, 700, 2, -1], 32, "Invalid remainder length -1"],
  ])("refuses head %j at protocol %d", (head, protocol, message) => {
    const bytes = written((writer) => {
      for (const value of head) writer.int32(value);
    });
    expect(() => readAll(bytes, (reader) => readSumHead(reader, protocol, 8))).toThrow(message);
  });

  test("accepts long blocks before protocol 30", () => {
    const bytes = written((writer) => {
      for (const value of [1, 536870912, 8, 5]) writer.int32(value);
    });
    expect(readAll(bytes, (reader) => readSumHead(reader, 29, 8)).blockLength).toBe(536870912);
  });
});

describe("statistics", () => {
  const stats = { bytesRead: 43, bytesWritten: 113, totalSize: 12, listBuildMilliseconds: 1, listSendMilliseconds: 0 };

  test.each([
    [32, "00 2b 00 00 71 00 00 0c 00 00 01 00 00 00 00"],
    [29, "2b 00 00 00 71 00 00 00 0c 00 00 00 01 00 00 00 00 00 00 00"],
    [28, "2b 00 00 00 71 00 00 00 0c 00 00 00"],
  ])("of protocol %d are %s", (protocol, bytes) => {
    expect(written((writer) => writeTransferStats(writer, stats, protocol))).toEqual(hex(bytes));
    const expected = protocol < 29 ? { ...stats, listBuildMilliseconds: 0 } : stats;
    expect(readInPieces(hex(bytes), 1, (reader) => readTransferStats(reader, protocol))).toEqual(expected);
  });

  test("are not negative", () => {
    const bytes = written((writer) => writeTransferStats(writer, { ...stats, bytesRead: -1 }, 32));
    expect(() => readAll(bytes, (reader) => readTransferStats(reader, 32))).toThrow("statistics -1");
  });
});

describe("filter list", () => {
  test("has the captured form", () => {
    const rules = [byteName("- *.o")];
    const bytes = written((writer) => writeFilterList(writer, rules));
    expect(bytes).toEqual(hex("05 00 00 00 2d 20 2a 2e 6f 00 00 00 00"));
    const reader = new FilterListReader();
    expect(readInPieces(bytes, 1, (from) => reader.read(from))).toEqual(rules);
  });

  test.each(["00 14 00 00", "ff ff ff ff"])("refuses a rule of length %s", (bytes) => {
    expect(() => readerOf(hex(bytes)).poll((from) => new FilterListReader().read(from))).toThrow("filter rule");
  });

  test.each([
    [{ serverIsSender: true }, true],
    [{}, false],
    [{ pruneEmptyDirs: true }, true],
    [{ deletes: true }, true],
    [{ deletes: true, deleteExcluded: true }, true],
    [{ deletes: true, deleteExcluded: true, protocol: 28 }, false],
  ])("with %j is sent: %s", (condition, sent) => {
    const base = { protocol: 32, serverIsSender: false, pruneEmptyDirs: false, deletes: false, deleteExcluded: false };
    expect(sendsFilterList({ ...base, ...condition })).toBe(sent);
  });
});

describe("name stream", () => {
  const forward = (text: string, nulTerminated: boolean, pieceBytes: number): string =>
    written((writer) => {
      const stream = new NameStreamWriter(nulTerminated);
      const bytes = Buffer.from(text, "latin1");
      for (let at = 0; at < bytes.length; at += pieceBytes) stream.push(writer, bytes.subarray(at, at + pieceBytes));
      stream.end(writer);
    }).toString("latin1");

  test.each([
    ["hello.txt", false, "hello.txt\0\0"],
    ["\n\r\na\r\n\nb\n", false, "a\0b\0\0"],
    ["a\n\0\0b\0", true, "a\n\0b\0\0"],
    ["", false, "\0"],
    ["\n", false, "\0"],
  ])("of %j (from0 %s) is %j", (text, nulTerminated, stream) => {
    for (const pieceBytes of [1, 2, 100]) expect(forward(text, nulTerminated, pieceBytes)).toBe(stream);
  });

  test("gives the names back, cut anywhere", () => {
    const long = "y".repeat(10_000);
    const bytes = Buffer.from(`a\0#b\0${long}\0\0`, "latin1");
    for (const pieceBytes of [1, 7, 20_000]) {
      const stream = new NameStreamReader();
      const names: ByteName[] = [];
      readInPieces(bytes, pieceBytes, (reader: WireReader) => {
        for (;;) {
          const name = stream.read(reader);
          if (name === undefined) return;
          names.push(name);
          reader.commit();
        }
      });
      expect(names).toEqual(["a", "#b", long.slice(0, 4095)]);
    }
  });
});

describe("batch header", () => {
  test("has the captured form", () => {
    const bytes = hex("9f 01 00 00 20 00 00 00 81 ff 5a 2e 1f 6b");
    const header = { flags: 0x19f, protocol: 32, compat: 0x1ff, seed: 0x6b1f2e5a };
    expect(readInPieces(bytes, 1, (reader) => readBatchHeader(reader, 32, 27))).toEqual(header);
    expect(written((writer) => writeBatchHeader(writer, header))).toEqual(bytes);
  });

  test("has no compatibility flags before protocol 30", () => {
    const bytes = hex("9f 01 00 00 1c 00 00 00 01 00 00 00");
    expect(readAll(bytes, (reader) => readBatchHeader(reader, 32, 27))).toEqual({
      flags: 0x1f,
      protocol: 28,
      compat: 0,
      seed: 1,
    });
  });

  test("is refused when it is too new or too old", () => {
    expect(() => readerOf(hex("00 00 00 00 21 00 00 00")).poll((reader) => readBatchHeader(reader, 32, 27))).toThrow(
      "The protocol version in the batch file is too new (33 > 32).",
    );
    expect(() => readerOf(hex("00 00 00 00 1a 00 00 00")).poll((reader) => readBatchHeader(reader, 32, 27))).toThrow(
      "protocol version mismatch",
    );
  });
});

describe("xattr values", () => {
  test("requests have the verified form and may go backwards", () => {
    const bytes = written((writer) => writeXattrRequest(writer, [3, 4, 1, 2]));
    expect(bytes).toEqual(hex("03 01 f0 fd ff ff ff 01 00"));
    expect(readInPieces(bytes, 1, (reader) => readXattrRequest(reader, 4))).toEqual([3, 4, 1, 2]);
    expect(() => readAll(bytes, (reader) => readXattrRequest(reader, 3))).toThrow("number of an xattr");
    expect(() => readerOf(hex("01 f0 ff ff ff ff")).poll((reader) => readXattrRequest(reader, 3))).toThrow("xattr");
  });

  test("refuse a number that is asked for twice", () => {
    const bytes = written((writer) => writeXattrRequest(writer, [1, 2, 1]));
    expect(() => readAll(bytes, (reader) => readXattrRequest(reader, 3))).toThrow("asked for twice");
  });

  test("have the captured form", () => {
    const values = [{ number: 1, value: new Uint8Array(40).fill(0x5a) }];
    const bytes = written((writer) => writeXattrValues(writer, values));
    expect(bytes).toEqual(Buffer.concat([hex("01 28"), Buffer.alloc(40, 0x5a), hex("00")]));
    const reader = new XattrValuesReader(1);
    expect(readInPieces(bytes, 7, (from) => reader.read(from))).toEqual(values);
  });

  test("ascend, and belong to the list", () => {
    expect(() => readerOf(hex("02 00 f0 ff ff ff ff 00")).poll((r) => new XattrValuesReader(3).read(r))).toThrow();
    expect(() => readerOf(hex("04 00")).poll((r) => new XattrValuesReader(3).read(r))).toThrow("number of an xattr");
  });

  test("are not made room for before they are here", () => {
    expect(readerOf(hex("01 f0 00 00 00 08")).poll((r) => new XattrValuesReader(3).read(r))).toBe(notYet);
    expect(() => readerOf(hex("01 f0 01 00 00 08")).poll((r) => new XattrValuesReader(3).read(r))).toThrow("length");
  });
});
