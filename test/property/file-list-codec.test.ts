/** File lists: what is encoded comes back, at every protocol and with all options, however the bytes are cut. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ByteName } from "../../src/bytes/byte-name.ts";
import type { FileEntry, Xattr } from "../../src/protocol/file-entry.ts";
import { FileListDecoder } from "../../src/protocol/file-list-decoder.ts";
import { FileListEncoder } from "../../src/protocol/file-list-encoder.ts";
import type { FileListSettings } from "../../src/protocol/file-list-settings.ts";
import { isIncremental } from "../../src/protocol/wire-context.ts";
import { notYet, WireReader } from "../../src/protocol/wire-reader.ts";
import { Random } from "../support/random.ts";
import { written } from "../support/wire.ts";
import { namedIds, type RandomList, randomLists, randomSettings } from "../support/wire-entries.ts";

const casesPerProtocol = 60;

function encode(settings: FileListSettings, lists: readonly RandomList[]): Buffer[] {
  const encoder = new FileListEncoder(settings, namedIds);
  return lists.map((list) =>
    written((writer) => {
      encoder.startList(list.firstNdx);
      for (const entry of list.entries) encoder.writeEntry(writer, entry);
      encoder.endList(writer, list.ioError);
    }),
  );
}

interface Decoded {
  readonly lists: readonly { readonly entries: readonly FileEntry[]; readonly ioError: number }[];
  readonly decoder: FileListDecoder;
}

/** Decodes the bytes of all lists as one stream, fed in pieces. */
function decode(
  settings: FileListSettings,
  lists: readonly RandomList[],
  bytes: Buffer,
  nextPiece: () => number,
): Decoded {
  const decoder = new FileListDecoder(settings);
  const reader = new WireReader("receiver");
  let at = 0;
  const more = (): void => {
    if (at >= bytes.length) throw new Error("the list is cut short");
    const piece = nextPiece();
    reader.feed(Uint8Array.prototype.slice.call(bytes, at, at + piece));
    at += piece;
  };
  const decoded = lists.map((place) => {
    decoder.startList(place);
    const entries: FileEntry[] = [];
    while (!decoder.readEntries(reader, entries)) more();
    while (reader.poll((from) => decoder.readTail(from)) === notYet) more();
    return { entries, ioError: decoder.ioError };
  });
  expect(at).toBeGreaterThanOrEqual(bytes.length);
  expect(reader.available).toBe(0);
  return { lists: decoded, decoder };
}

/** An attribute as it arrives: long values are known by length and digest only. */
function arrived({ name, value }: Xattr): unknown {
  if (value.length <= 32) return { name, value, abbreviated: undefined };
  const digest = new Uint8Array(createHash("md5").update(value).digest());
  return { name, value: new Uint8Array(0), abbreviated: { length: value.length, digest } };
}

function comparable(entry: FileEntry, isExpected: boolean): unknown {
  const xattrs = isExpected
    ? entry.xattrs?.map(arrived)
    : entry.xattrs?.map(({ name, value, abbreviated }) => ({ name, value, abbreviated }));
  return { ...entry, xattrs };
}

describe.each([27, 28, 29, 30, 31, 32])("file lists of protocol %d", (protocol) => {
  test.each(Array.from({ length: casesPerProtocol }, (_, seed) => seed))("come back (case %d)", (seed) => {
    const random = new Random(`file-list-${protocol}`, seed);
    const settings = randomSettings(random, protocol);
    const lists = randomLists(random, settings);
    const bytes = Buffer.concat(encode(settings, lists));
    const carriesError = protocol !== 30 || (settings.compat & 0x88) !== 0;
    const expected = lists.map(({ entries, ioError }) => ({
      entries: entries.map((entry) => comparable(entry, true)),
      ioError: carriesError ? ioError : 0,
    }));
    for (const nextPiece of [() => bytes.length, () => 1, () => random.between(1, 50)]) {
      const { lists: decoded } = decode(settings, lists, bytes, nextPiece);
      expect(
        decoded.map(({ entries, ioError }) => ({ entries: entries.map((e) => comparable(e, false)), ioError })),
      ).toEqual(
        expected.map(({ entries, ioError }) => ({
          entries: protocol < 28 && settings.hardLinks ? withOldGroups(entries) : entries,
          ioError,
        })),
      );
    }
  });

  test("tell the names of ids", () => {
    for (let seed = 0; seed < casesPerProtocol; seed++) {
      const random = new Random(`id-names-${protocol}`, seed);
      const settings = randomSettings(random, protocol);
      const lists = randomLists(random, settings);
      const { decoder } = decode(settings, lists, Buffer.concat(encode(settings, lists)), () => 1000);
      const entries = lists.flatMap((list) => list.entries);
      const uids = new Set(settings.owner ? entries.map((entry) => entry.uid) : []);
      for (const uid of uids) {
        const isTold =
          !settings.numericIds && (uid !== 0 || isIncremental(settings) || (settings.compat & 0x100) !== 0);
        const name: ByteName | undefined = isTold ? namedIds.nameOf("user", uid) : undefined;
        expect(decoder.names.users.get(uid)).toBe(name);
      }
      if (settings.numericIds) expect(decoder.names.groups.size).toBe(0);
    }
  });
});

/** Protocol 27 numbers every regular file. */
function withOldGroups(entries: readonly unknown[]): readonly unknown[] {
  return (entries as readonly FileEntry[]).map((entry, index) =>
    (entry.mode & 0o170000) === 0o100000 ? { ...entry, linkGroup: index } : entry,
  );
}
