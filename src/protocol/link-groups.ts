/**
 * Hard links in file lists, receiving side (2-file-list 3.7): which entries are one file. From protocol 30 on a later member
 * names the first one's index, and in the same list nothing but that; before, members have equal device and inode.
 */
import { protocolError } from "../errors.ts";
import { WireFlag } from "./entry-flags.ts";
import { type FileEntry, FileType } from "./file-entry.ts";
import type { FileListSettings } from "./file-list-settings.ts";
import type { WireReader } from "./wire-reader.ts";

export class LinkGroupReader {
  private readonly settings: FileListSettings;
  /** Indexes of first members, those of the current list with their entries. */
  private readonly firsts: Map<number, FileEntry | undefined> = new Map();
  private inList: number[] = [];
  private readonly inodes: Map<string, number> = new Map();
  private device = "0";

  constructor(settings: FileListSettings) {
    this.settings = settings;
  }

  startList(): void {
    // Entries of earlier lists are not needed, and may be dropped elsewhere.
    for (const ndx of this.inList) this.firsts.set(ndx, undefined);
    this.inList = [];
  }

  /** Row 5 of 2-file-list 3.4: the index of the first member, -1 where the entry has none. */
  readReference(reader: WireReader, flags: number): number {
    if ((flags & WireFlag.linked) === 0) return -1;
    const { protocol, hardLinks } = this.settings;
    const { role } = reader;
    // A flag must not switch on what was not agreed (4-traps H-15).
    if (!hardLinks) throw protocolError(`Unexpected hard link in file list [${role}]`, role);
    if (protocol < 30 || (flags & WireFlag.linkFirst) !== 0) return -1;
    const reference = reader.varint();
    if (!this.firsts.has(reference))
      throw protocolError(`hard-link reference out of range: ${reference} [${role}]`, role);
    return reference;
  }

  /** The first member, if it is in the current list. */
  entryInList(reference: number): FileEntry | undefined {
    return this.firsts.get(reference);
  }

  /** From protocol 30 on: the group of a member with this reference (-1: it is the first, with index `ndx`). */
  join(reference: number, ndx: number, entry: FileEntry): number {
    if (reference >= 0) return reference;
    this.firsts.set(ndx, entry);
    this.inList.push(ndx);
    return ndx;
  }

  /** Before protocol 30: row 18. The group, or -1. Asking again for the same entry gives the same. */
  readInode(reader: WireReader, flags: number, type: number, ndx: number): number {
    const { protocol, hardLinks } = this.settings;
    if (!hardLinks) return -1;
    const isOld = protocol < 28;
    if (isOld ? type !== FileType.regular : (flags & WireFlag.linked) === 0) return -1;
    const device = isOld || (flags & WireFlag.sameDevice) === 0 ? reader.longintKey() : this.device;
    const key = `${device}/${reader.longintKey()}`;
    this.device = device;
    const known = this.inodes.get(key);
    if (known !== undefined) return known;
    this.inodes.set(key, ndx);
    return ndx;
  }
}
