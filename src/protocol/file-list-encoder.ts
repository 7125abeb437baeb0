/**
 * File lists as a sender writes them, for protocols 27 to 32 (2-file-list 3). Entries go out in the order in which they
 * were found; what equals the entry before is left out, over all lists of a session.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { AclWriter } from "./acl-block.ts";
import { packDevice } from "./device-number.ts";
import { fillOldFlags, WireFlag, writeEntryFlags, writeListEnd } from "./entry-flags.ts";
import { EntryFlag, type FileEntry, FileType } from "./file-entry.ts";
import type { FileListSettings, FileListSource } from "./file-list-settings.ts";
import { IdNameWriter } from "./id-names.ts";
import { isIncremental } from "./wire-context.ts";
import type { WireWriter } from "./wire-writer.ts";
import { XattrWriter } from "./xattr-block.ts";

/** Longest prefix that can be shared with the name before. */
const prefixMax = 255;
const sizeBytes = 3;
const timeBytes = 4;

/** Protocols before 30 number hard-link groups by device and inode; ours are made up. */
const groupDevice = 1;
const singleDevice = 2;

export class FileListEncoder {
  private readonly settings: FileListSettings;
  private readonly names: IdNameWriter;
  private readonly acls: AclWriter;
  private readonly xattrs: XattrWriter;
  /** Per hard-link group: the index of its first entry, and the entry itself while its list is written. */
  private readonly groups: Map<number, { readonly ndx: number; readonly entry: FileEntry }> = new Map();
  private firstNdx = 0;
  private nextNdx = 0;

  private started = false;
  private name: ByteName = byteName("");
  private mode = 0;
  private mtime = 0;
  private atime = 0;
  private uid = 0;
  private gid = 0;
  private rdevMajor = 0;
  private rdev = 0;
  private device = 0;
  private singles = 0;

  constructor(settings: FileListSettings, source: FileListSource) {
    this.settings = settings;
    this.names = new IdNameWriter(settings, source);
    this.acls = new AclWriter(this.names);
    this.xattrs = new XattrWriter((bytes) => source.md5(bytes));
  }

  /** Begins a list whose first entry has this index. */
  startList(firstNdx: number): void {
    this.firstNdx = firstNdx;
    this.nextNdx = firstNdx;
  }

  /** Ends a list: end marker, and where there is only one list what belongs behind it. `ioError`: bits to tell, 0 for none. */
  endList(writer: WireWriter, ioError: number): void {
    const { settings } = this;
    writeListEnd(writer, ioError, settings);
    if (!isIncremental(settings)) this.names.writeLists(writer);
    if (settings.protocol < 30) writer.int32(ioError);
  }

  /** Writes an entry. */
  writeEntry(writer: WireWriter, entry: FileEntry): void {
    const { settings } = this;
    const { protocol } = settings;
    const { path, mode } = entry;
    const type = mode & FileType.mask;
    const isDirectory = type === FileType.directory;

    const prefix = commonPrefix(this.name, path);
    const suffix = path.length - prefix;
    let flags = prefix > 0 ? WireFlag.sameName : 0;
    if (suffix > 0xff) flags |= WireFlag.longName;
    if (isDirectory) flags |= this.directoryFlags(entry.flags);
    if (mode === this.mode) flags |= WireFlag.sameMode;
    if (entry.mtime === this.mtime) flags |= WireFlag.sameTime;
    if (protocol >= 31 && entry.mtimeNanoseconds !== 0) flags |= WireFlag.nanoseconds;
    if (settings.atimes && !isDirectory && protocol >= 28 && entry.atime === this.atime) flags |= WireFlag.sameAtime;

    let userName: ByteName | undefined;
    let groupName: ByteName | undefined;
    if (!settings.owner || (this.started && entry.uid === this.uid)) flags |= WireFlag.sameUid;
    else {
      userName = this.names.use("user", entry.uid);
      if (userName !== undefined) flags |= WireFlag.userName;
    }
    if (!settings.group || (this.started && entry.gid === this.gid)) flags |= WireFlag.sameGid;
    else {
      groupName = this.names.use("group", entry.gid);
      if (groupName !== undefined) flags |= WireFlag.groupName;
    }

    const hasRdev = this.hasRdev(type);
    if (hasRdev) flags |= this.rdevFlags(entry, type);

    const linked = settings.hardLinks && !isDirectory && entry.linkGroup >= 0 && protocol >= 28;
    let first: FileEntry | undefined;
    let reference = -1;
    if (linked) {
      flags |= WireFlag.linked;
      if (protocol >= 30) {
        const group = this.groups.get(entry.linkGroup);
        if (group === undefined) {
          flags |= WireFlag.linkFirst;
          this.groups.set(entry.linkGroup, { ndx: this.nextNdx, entry });
        } else {
          reference = group.ndx;
          if (reference >= this.firstNdx) first = group.entry;
        }
      } else if (this.device === groupDevice) flags |= WireFlag.sameDevice;
    }
    if (protocol < 28) flags = fillOldFlags(flags, isDirectory);

    writeEntryFlags(writer, flags, isDirectory, settings);
    if (prefix > 0) writer.byte(prefix);
    if ((flags & WireFlag.longName) === 0) writer.byte(suffix);
    else if (protocol >= 30) writer.varint(suffix);
    else writer.int32(suffix);
    writer.nameFrom(path, prefix);
    this.name = path;
    this.started = true;
    this.nextNdx++;

    if (reference >= 0) writer.varint(reference);
    if (first === undefined) {
      this.writeFields(writer, entry, flags, userName, groupName);
      if (hasRdev) this.writeRdev(writer, entry, type, flags);
      else if (protocol < 28) this.rdev = 0;
      if (type === FileType.symlink && settings.links) this.writeTarget(writer, entry);
      if (settings.hardLinks && protocol < 30) this.writeInode(writer, entry, type, flags);
      if (settings.checksumBytes > 0 && (type === FileType.regular || protocol < 28)) {
        this.writeChecksum(writer, entry.checksum);
      }
    } else {
      this.takeOver(first);
    }
    if (settings.acls && type !== FileType.symlink) {
      this.acls.write(writer, "access", entry.accessAcl);
      if (isDirectory) this.acls.write(writer, "default", entry.defaultAcl);
    }
    if (settings.xattrs) this.xattrs.write(writer, entry.xattrs ?? []);
  }

  /** 2-file-list 3.3. */
  private directoryFlags(flags: number): number {
    const isTop = (flags & EntryFlag.top) !== 0;
    const isImplied = (flags & EntryFlag.implied) !== 0;
    const hasContent = (flags & EntryFlag.content) !== 0;
    // An old receiver takes a top directory for one with content, and deletes what is not listed in it and below.
    if (this.settings.protocol < 30) return isTop && hasContent && !isImplied ? WireFlag.top : 0;
    if (isImplied) return WireFlag.top | WireFlag.noContent;
    if (!hasContent) return WireFlag.noContent;
    return isTop ? WireFlag.top : 0;
  }

  private hasRdev(type: number): boolean {
    const { devices, specials, protocol } = this.settings;
    if (type === FileType.block || type === FileType.character) return devices;
    return specials && protocol < 31 && (type === FileType.fifo || type === FileType.socket);
  }

  private rdevFlags(entry: FileEntry, type: number): number {
    const { protocol } = this.settings;
    const isDevice = type === FileType.block || type === FileType.character;
    if (protocol < 28) {
      return !isDevice || packDevice(entry.rdevMajor, entry.rdevMinor) === this.rdev ? WireFlag.sameRdevOld : 0;
    }
    const sameMajor = !isDevice || entry.rdevMajor === this.rdevMajor ? WireFlag.sameRdevMajor : 0;
    if (protocol >= 30) return sameMajor;
    return sameMajor | (!isDevice || entry.rdevMinor <= 0xff ? WireFlag.rdevMinorByte : 0);
  }

  /** Rows 6 to 15 of 2-file-list 3.4. */
  private writeFields(
    writer: WireWriter,
    entry: FileEntry,
    flags: number,
    userName: ByteName | undefined,
    groupName: ByteName | undefined,
  ): void {
    const { settings } = this;
    const isNew = settings.protocol >= 30;
    const { mode } = entry;
    if (isNew) writer.varlong(entry.size, sizeBytes);
    else writer.longint(entry.size);
    if ((flags & WireFlag.sameTime) === 0) {
      if (isNew) writer.varlong(entry.mtime, timeBytes);
      else writer.int32(entry.mtime);
    }
    if ((flags & WireFlag.nanoseconds) !== 0) writer.varint(entry.mtimeNanoseconds);
    if ((flags & WireFlag.sameMode) === 0) writer.int32(mode);
    if (settings.atimes && (mode & FileType.mask) !== FileType.directory && (flags & WireFlag.sameAtime) === 0) {
      writer.varlong(entry.atime, timeBytes);
      this.atime = entry.atime;
    }
    if ((flags & WireFlag.sameUid) === 0) {
      if (isNew) writer.varint(entry.uid);
      else writer.int32(entry.uid);
      if (userName !== undefined) this.names.writeName(writer, userName);
    }
    if ((flags & WireFlag.sameGid) === 0) {
      if (isNew) writer.varint(entry.gid);
      else writer.int32(entry.gid);
      if (groupName !== undefined) this.names.writeName(writer, groupName);
    }
    this.mtime = entry.mtime;
    this.mode = mode;
    this.uid = entry.uid;
    this.gid = entry.gid;
  }

  private writeRdev(writer: WireWriter, entry: FileEntry, type: number, flags: number): void {
    const { protocol } = this.settings;
    const isDevice = type === FileType.block || type === FileType.character;
    if (protocol < 28) {
      if ((flags & WireFlag.sameRdevOld) !== 0) return;
      this.rdev = packDevice(entry.rdevMajor, entry.rdevMinor);
      writer.int32(this.rdev);
      return;
    }
    const minor = isDevice ? entry.rdevMinor : 0;
    if ((flags & WireFlag.sameRdevMajor) === 0) {
      if (protocol >= 30) writer.varint(entry.rdevMajor);
      else writer.int32(entry.rdevMajor);
      this.rdevMajor = entry.rdevMajor;
    }
    if (protocol >= 30) writer.varint(minor);
    else if ((flags & WireFlag.rdevMinorByte) !== 0) writer.byte(minor);
    else writer.int32(minor);
  }

  private writeTarget(writer: WireWriter, entry: FileEntry): void {
    const target = entry.target ?? byteName("");
    if (this.settings.protocol >= 30) writer.varint(target.length);
    else writer.int32(target.length);
    writer.name(target);
  }

  /** 2-file-list 3.7, before protocol 30: equal pairs of numbers are one file. */
  private writeInode(writer: WireWriter, entry: FileEntry, type: number, flags: number): void {
    const isOld = this.settings.protocol < 28;
    if (isOld ? type !== FileType.regular : (flags & WireFlag.linked) === 0) return;
    const isGroup = entry.linkGroup >= 0;
    const device = isGroup ? groupDevice : singleDevice;
    if (isOld || (flags & WireFlag.sameDevice) === 0) {
      writer.longint(device + 1);
      this.device = device;
    }
    writer.longint(isGroup ? entry.linkGroup + 1 : ++this.singles);
  }

  private writeChecksum(writer: WireWriter, checksum: Uint8Array | undefined): void {
    const { checksumBytes } = this.settings;
    if (checksum?.length === checksumBytes) writer.data(checksum);
    else writer.zeros(checksumBytes);
  }

  /** An entry that was only a reference leaves the fields of the one referred to (2-file-list 3.7). */
  private takeOver(first: FileEntry): void {
    const { settings } = this;
    this.mtime = first.mtime;
    this.mode = first.mode;
    if (settings.atimes) this.atime = first.atime;
    this.uid = first.uid;
    this.gid = first.gid;
    const type = first.mode & FileType.mask;
    if ((type === FileType.block || type === FileType.character) && settings.devices) this.rdevMajor = first.rdevMajor;
  }
}

function commonPrefix(a: string, b: string): number {
  const max = Math.min(a.length, b.length, prefixMax);
  let length = 0;
  while (length < max && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
