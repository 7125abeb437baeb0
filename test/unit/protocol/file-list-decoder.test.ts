/** Hostile and broken file lists (2-file-list 3.11, 4-traps H-10 to H-19), and the worked example of 2-file-list 10.1. */
import { describe, expect, test } from "vitest";
import { type ByteName, byteName } from "../../../src/bytes/byte-name.ts";
import { limits } from "../../../src/limits.ts";
import { EntryFlag, type FileEntry } from "../../../src/protocol/file-entry.ts";
import { FileListDecoder } from "../../../src/protocol/file-list-decoder.ts";
import type { FileListSettings } from "../../../src/protocol/file-list-settings.ts";
import { cleanWirePath } from "../../../src/protocol/wire-path.ts";
import { notYet } from "../../../src/protocol/wire-reader.ts";
import { hex, readerOf } from "../../support/wire.ts";

const plain: FileListSettings = {
  protocol: 32,
  compat: 0x1fe,
  owner: false,
  group: false,
  devices: false,
  specials: false,
  links: true,
  hardLinks: false,
  atimes: false,
  acls: false,
  xattrs: false,
  checksumBytes: 0,
  numericIds: true,
  relative: false,
  recursive: true,
  missingArguments: false,
};

/** Flags of an entry that has name, size, time and mode of its own: `sameUid` and `sameGid` only. */
const flags = "18";
const time = "5f 00 10 5e";
const regular = "a4 81 00 00";
const directory = "ed 41 00 00";
const symlink = "ff a1 00 00";

/** An entry `name` of a mode, everything told in full. */
function entry(name: string, mode: string = regular, rest = ""): string {
  const bytes = Buffer.from(name, "latin1");
  return `${flags} ${bytes.length.toString(16).padStart(2, "0")} ${bytes.toString("hex")} 00 00 00 ${time} ${mode} ${rest} `;
}

function decode(bytes: string, settings: Partial<FileListSettings> = {}, directoryName?: string): readonly FileEntry[] {
  const decoder = new FileListDecoder({ ...plain, ...settings });
  decoder.startList({
    firstNdx: 1,
    directory: directoryName === undefined ? undefined : (directoryName as ByteName),
  });
  const reader = readerOf(hex(bytes));
  const entries: FileEntry[] = [];
  if (!decoder.readEntries(reader, entries)) throw new Error("cut short");
  expect(reader.available).toBe(0);
  return entries;
}

describe("the worked example", () => {
  const named = (name: string): string => Buffer.from(name, "latin1").toString("hex");
  const example = [
    "8c 01 01 2e 00 00 10 5f 01 10 5e ed 41 00 00 00 04 72 6f 6f 74 00 04 72 6f 6f 74 00 00 00 00 00 00",
    `92 18 01 62 00 02 00 5f 00 10 5e a4 81 00 00 ${"49f6".padEnd(32, "0")}`,
    `00 10 01 01 13 06 ${named("daemon")} 00 01 07 01 ${named("user.k")} 00 76`,
    "80 98 01 6c 00 01 00 ff a1 00 00 01 61 01",
    "82 98 01 61 02 02 02",
    `a0 98 01 64 00 00 10 f0 00 65 cd 1d ed 41 00 00 01 01 00 01 09 28 ${named("user.big")} 00 ${"fe917b22".padEnd(32, "0")}`,
    "00 00",
  ].join(" ");
  const settings: FileListSettings = {
    ...plain,
    compat: 0x1ff,
    owner: true,
    group: true,
    devices: true,
    specials: true,
    hardLinks: true,
    acls: true,
    xattrs: true,
    checksumBytes: 16,
    numericIds: false,
  };

  test("decodes as it is explained", () => {
    const decoder = new FileListDecoder(settings);
    decoder.startList({ firstNdx: 1, directory: byteName("") });
    const reader = readerOf(hex(example));
    const entries: FileEntry[] = [];
    expect(decoder.readEntries(reader, entries)).toBe(true);
    expect(reader.available).toBe(0);
    expect(decoder.ioError).toBe(0);
    const [root, b, l, a, d] = entries;
    expect(root).toMatchObject({
      path: ".",
      flags: EntryFlag.top | EntryFlag.content,
      mtime: 1_600_000_001,
      xattrs: [],
    });
    expect(b).toMatchObject({ path: "b", size: 2, mode: 0o100644, linkGroup: 2, checksum: { length: 16 } });
    expect(b?.xattrs).toMatchObject([{ name: "user.k", value: { 0: 0x76 } }]);
    expect(l).toMatchObject({ path: "l", target: "a", accessAcl: undefined });
    expect(a).toEqual({ ...b, path: "a", name: "a" });
    expect(a?.xattrs).toBe(b?.xattrs);
    expect(d).toMatchObject({ path: "d", mtimeNanoseconds: 500_000_000, flags: EntryFlag.content });
    expect(d?.xattrs).toMatchObject([{ name: "user.big", abbreviated: { length: 40 } }]);
    expect([...decoder.names.users]).toEqual([
      [0, "root"],
      [1, "daemon"],
    ]);
  });
});

describe("an entry that is refused", () => {
  const acls = { acls: true };
  const xattrs = { xattrs: true };
  test.each<readonly [string, string, Partial<FileListSettings>, number]>([
    ["the prefix is longer than the name before", "38 05 01 61", {}, 2],
    ["prefix and suffix exceed a path", `${entry("aaaa")} 78 04 8f fc`, {}, 22],
    ["the suffix is negative", "58 f0 ff ff ff ff", {}, 22],
    ["the name is empty", "18 00 00 00 00", {}, 2],
    ["the name has a NUL", entry("a\0b"), {}, 2],
    ["the name is ..", entry(".."), {}, 4],
    ["the name ends in /..", entry("a/.."), {}, 4],
    ["the name begins with ../", entry("../a"), {}, 4],
    ["the name has .. within", entry("a//../b"), {}, 4],
    ["the name is absolute", entry("/etc"), {}, 4],
    ["the name is absolute and leads up", entry("/../etc"), { relative: true }, 4],
    ["the root is a file", entry("."), {}, 2],
    ["the root is a link", entry("./"), {}, 2],
    ["the absolute root is a file", entry("/."), { relative: true }, 2],
    ["the mode has no kind", entry("a", "ff 0f 00 00"), {}, 2],
    ["the mode has two kinds", entry("a", "a4 e1 00 00"), {}, 2],
    ["the mode has high bits", entry("a", "a4 81 01 00"), { missingArguments: true }, 2],
    ["the mode is 0", entry("a", "00 00 00 00"), {}, 2],
    ["the size is negative", `${flags} 01 61 fc ff ff ff ff ff ff ff ff`, {}, 4],
    ["the size is beyond 2^53", `${flags} 01 61 fc 00 00 00 00 00 00 20 00`, {}, 2],
    ["the nanoseconds are a second", `a0 18 01 61 00 00 00 ${time} f0 00 ca 9a 3b`, {}, 2],
    ["the nanoseconds are negative", `a0 18 01 61 00 00 00 ${time} f0 ff ff ff ff`, {}, 2],
    ["the link target is a path long", entry("l", symlink, "90 00"), {}, 22],
    ["the link target has a negative length", entry("l", symlink, "f0 ff ff ff ff"), {}, 22],
    ["a hard link nobody asked for", "82 18 01 61 01", {}, 2],
    ["a hard link to nothing", "82 18 01 61 01", { hardLinks: true }, 2],
    ["a hard link to itself", "82 18 01 61 01", { hardLinks: true }, 2],
    ["a hard link to a file that is none", `${entry("a")} 82 18 01 62 01`, { hardLinks: true }, 2],
    ["an ACL that was not sent", entry("a", regular, "01"), acls, 12],
    ["a negative ACL index", entry("a", regular, "f0 ff ff ff ff"), acls, 12],
    ["ACL permissions above 7", entry("a", regular, "00 01 08"), acls, 2],
    ["too many ACL entries", entry("a", regular, "00 10 c1 01 00"), acls, 2],
    ["permissions above 7 of a named entry", entry("a", regular, "00 10 01 05 20"), acls, 2],
    ["xattrs that were not sent", entry("a", regular, "01"), xattrs, 12],
    ["too many xattrs", entry("a", regular, "00 c1 01 00"), xattrs, 2],
    ["an xattr name without NUL", entry("a", regular, "00 01 02 00 61 62"), xattrs, 11],
    ["an xattr name with a NUL in it", entry("a", regular, "00 01 03 00 00 61 00"), xattrs, 11],
    ["an empty xattr name", entry("a", regular, "00 01 01 00 00"), xattrs, 11],
    ["an xattr name of length 0", entry("a", regular, "00 01 00 00"), xattrs, 2],
    ["a long xattr name", entry("a", regular, "00 01 90 01 00"), xattrs, 2],
    ["a long xattr value", entry("a", regular, "00 01 02 f0 01 00 00 08"), xattrs, 2],
    ["a negative xattr value", entry("a", regular, "00 01 02 f0 ff ff ff ff"), xattrs, 2],
    ["an overflowing varint", "f8", {}, 12],
  ])("%s", (_title, bytes, settings, exitCode) => {
    expect(() => decode(bytes, settings)).toThrow(expect.objectContaining({ exitCode }));
  });

  test.each([
    ["another directory", "e/a"],
    ["deeper", "d/e/a"],
    ["above", "a"],
    ["with another start", "dd/a"],
  ])("lies %s than its list", (_title, path) => {
    expect(() => decode(entry(path), {}, "d")).toThrow(expect.objectContaining({ exitCode: 4 }));
  });

  test("is read in time even if it is huge", () => {
    const start = performance.now();
    expect(() => decode(`${entry("a", regular, "00 c1 00 00")} 02 00 61 00`, { xattrs: true })).toThrow("cut short");
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe("an entry that is taken", () => {
  test.each<readonly [string, string, Partial<FileListSettings>, Partial<FileEntry>]>([
    ["with a name to be cleaned", entry("./a//b/."), {}, { path: byteName("a/b"), name: byteName("b") }],
    ["that is the root", entry(".//", directory), {}, { path: byteName("."), name: byteName(".") }],
    ["with an absolute name", entry("/a//b"), { relative: true }, { path: byteName("/a/b") }],
    ["that is the absolute root", entry("/.", directory), { relative: true }, { path: byteName("/.") }],
    ["that is missing", entry("a", "00 00 00 00"), { missingArguments: true }, { mode: 0 }],
    ["with dots that are no steps", entry("a/..b/c../..."), {}, { path: byteName("a/..b/c../...") }],
    ["without a link target", entry("l", symlink), { links: false }, { target: undefined }],
    ["with a name of three dots", entry("..."), {}, { path: byteName("...") }],
  ])("%s", (_title, bytes, settings, expected) => {
    expect(decode(`${bytes} 00 00`, settings)).toMatchObject([expected]);
  });

  test("keeps names of users to what accounts can be called", () => {
    const decoder = new FileListDecoder({ ...plain, compat: 0x1ff, owner: true, numericIds: false });
    decoder.startList({ firstNdx: 1, directory: byteName("") });
    const named = (name: string, id: string, text: string): string =>
      `84 10 01 ${Buffer.from(name).toString("hex")} 00 00 00 ${time} ${regular} ${id} ${text.length.toString(16).padStart(2, "0")} ${Buffer.from(text).toString("hex")} `;
    const bytes = `${named("a", "05", "x\ny")}${named("b", "06", "")}${named("c", "07", "a:b")}${named("d", "08", "good")}00 00`;
    const entries: FileEntry[] = [];
    expect(decoder.readEntries(readerOf(hex(bytes)), entries)).toBe(true);
    expect(entries.map(({ uid }) => uid)).toEqual([5, 6, 7, 8]);
    expect([...decoder.names.users]).toEqual([[8, "good"]]);
  });
});

describe("the end of a list", () => {
  test.each<readonly [string, number, number, number]>([
    ["00 00", 32, 0x80, 0],
    ["00 05", 32, 0x80, 5],
    ["00 ef ff ff ff", 32, 0x80, 7],
    ["00", 31, 0, 0],
    ["04 10 03", 31, 0, 3],
    ["04 10 03", 30, 0x08, 3],
    ["00", 30, 0, 0],
    ["00", 29, 0, 0],
  ])("%s at protocol %d with flags %d: error %d", (bytes, protocol, compat, ioError) => {
    const decoder = new FileListDecoder({ ...plain, protocol, compat });
    decoder.startList({ firstNdx: 0, directory: undefined });
    expect(decoder.readEntries(readerOf(hex(bytes)), [])).toBe(true);
    expect(decoder.ioError).toBe(ioError);
  });

  test("has names of ids behind it, which may come late", () => {
    const settings = { ...plain, owner: true, numericIds: false };
    const decoder = new FileListDecoder(settings);
    decoder.startList({ firstNdx: 0, directory: undefined });
    const reader = readerOf(hex("00 00 05 03 61 62"));
    expect(decoder.readEntries(reader, [])).toBe(true);
    const tail = (): unknown => reader.poll((from) => decoder.readTail(from));
    expect(tail()).toBe(notYet);
    reader.feed(hex("63 00 04 72 6f 6f"));
    expect(tail()).toBe(notYet);
    reader.feed(hex("74"));
    expect(tail()).toBeUndefined();
    expect([...decoder.names.users]).toEqual([
      [5, "abc"],
      [0, "root"],
    ]);
  });
});

describe("the budget of file lists", () => {
  test("counts attributes that a peer repeats with changes", () => {
    const decoder = new FileListDecoder({ ...plain, xattrs: true });
    decoder.startList({ firstNdx: 0, directory: undefined });
    decoder.budget.take(limits.fileListBytes - 4000, "receiver");
    const xattrs = Array.from({ length: 20 }, (_, index) => `02 00 61 00`.replace("61", (0x61 + index).toString(16)));
    const bytes = entry("a", regular, `00 14 ${xattrs.join(" ")}`);
    expect(() => decoder.readEntries(readerOf(hex(bytes)), [])).toThrow(expect.objectContaining({ exitCode: 22 }));
  });

  test("is counted", () => {
    const decoder = new FileListDecoder(plain);
    decoder.startList({ firstNdx: 0, directory: undefined });
    decoder.readEntries(readerOf(hex(`${entry("a")}${entry("b")}00 00`)), []);
    expect(decoder.listBytes).toBeGreaterThan(2 * 200);
    expect(decoder.budget.heldBytes).toBe(decoder.listBytes);
    decoder.budget.release(decoder.listBytes);
    decoder.budget.take(limits.fileListBytes - 100, "receiver");
    expect(() => decoder.readEntries(readerOf(hex(entry("c"))), [])).toThrow(expect.objectContaining({ exitCode: 22 }));
  });
});

test("cleanWirePath leaves ordinary names as they are", () => {
  for (const path of ["a", "a/b", ".a", "a.", "a/.b", "..a", "a..", "a/...b"]) {
    expect(cleanWirePath(byteName(path), false, "receiver")).toBe(path);
  }
});
