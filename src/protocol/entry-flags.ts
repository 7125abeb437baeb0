/** The flag word that begins a file-list entry, in its three forms (2-file-list 3.2). */
import { hasSafeLists, hasVarintFlags, type WireContext } from "./wire-context.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Bits of the flag word. Some mean different things at different protocols, or for directories. */
export const WireFlag = {
  top: 0x0001,
  sameMode: 0x0002,
  /** Protocol 27. */
  sameRdevOld: 0x0004,
  /** Byte form, from protocol 28 on: a second byte follows. */
  extended: 0x0004,
  sameUid: 0x0008,
  sameGid: 0x0010,
  sameName: 0x0020,
  longName: 0x0040,
  sameTime: 0x0080,
  sameRdevMajor: 0x0100,
  /** Directories, from protocol 30 on. */
  noContent: 0x0100,
  linked: 0x0200,
  /** Protocols 28 and 29. */
  sameDevice: 0x0400,
  userName: 0x0400,
  /** Protocols 28 and 29. */
  rdevMinorByte: 0x0800,
  groupName: 0x0800,
  linkFirst: 0x1000,
  nanoseconds: 0x2000,
  sameAtime: 0x4000,
} as const;

/** Byte form: the end of a list with an I/O error. */
const endWithError = 0x1004;

/** Writes the flags of an entry. */
export function writeEntryFlags(writer: WireWriter, flags: number, isDirectory: boolean, context: WireContext): void {
  const { protocol } = context;
  if (hasVarintFlags(context)) {
    writer.varint(flags === 0 ? WireFlag.extended : flags);
  } else if (protocol >= 28) {
    if (flags === 0 && !isDirectory) flags = WireFlag.top;
    if ((flags & 0xff00) !== 0 || flags === 0) writer.uint16(flags | WireFlag.extended);
    else writer.byte(flags);
  } else {
    writer.byte(flags & 0xff);
  }
}

/** The bits that protocol 27 sets where a flag byte would be 0. */
export function fillOldFlags(flags: number, isDirectory: boolean): number {
  if ((flags & 0xff) !== 0) return flags;
  return flags | (isDirectory ? WireFlag.longName : WireFlag.top);
}

/** The end of a list, with the I/O error bits where the session lets it carry them (2-file-list 3.10). */
export function writeListEnd(writer: WireWriter, ioError: number, context: WireContext): void {
  if (hasVarintFlags(context)) {
    writer.varint(0);
    writer.varint(ioError);
  } else if (ioError !== 0 && context.protocol >= 30 && hasSafeLists(context)) {
    writer.uint16(endWithError);
    writer.varint(ioError);
  } else {
    writer.byte(0);
  }
}

/** What begins with the next flag word: an entry, or the end of the list. */
export type EntryStart = { readonly flags: number } | { readonly ioError: number };

/** The flags of the next entry; at the end of the list a negative number, whose complement are the I/O error bits. */
export function readEntryFlags(reader: WireReader, context: WireContext): number {
  if (hasVarintFlags(context)) {
    const flags = reader.varint();
    return flags === 0 ? ~(reader.varint() & 0x7fffffff) : flags & 0x7fffffff;
  }
  let flags = reader.byte();
  if (flags === 0) return ~0;
  if (context.protocol >= 28 && (flags & WireFlag.extended) !== 0) {
    flags |= reader.byte() << 8;
    if (flags === endWithError && context.protocol >= 30 && hasSafeLists(context)) {
      return ~(reader.varint() & 0x7fffffff);
    }
  }
  return flags;
}
