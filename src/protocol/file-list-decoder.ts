/**
 * File lists as a receiver reads them, for protocols 27 to 32 (2-file-list 3): the twin of `FileListEncoder`. Everything
 * that a peer could lie about is checked here (2-file-list 3.11, 4-traps H-10 to H-18); order, duplicates and whether an entry
 * was asked for at all are up to the caller.
 */
import { type ByteName, baseName, directoryName } from "../bytes/byte-name.ts";
import { limitError, protocolError, refusedError } from "../errors.ts";
import { limits } from "../limits.ts";
import { AclReader } from "./acl-block.ts";
import { packDevice, unpackDevice } from "./device-number.ts";
import { directoryMarks, OldHierarchy } from "./directory-marks.ts";
import { readEntryFlags, WireFlag } from "./entry-flags.ts";
import { type FileEntry, FileType, noRoot, type Xattr } from "./file-entry.ts";
import type { FileListSettings, ListPlace } from "./file-list-settings.ts";
import { IdNameReader } from "./id-names.ts";
import { LinkGroupReader } from "./link-groups.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { isIncremental } from "./wire-context.ts";
import { cleanWirePath } from "./wire-path.ts";
import { notYet, type WireReader } from "./wire-reader.ts";
import { XattrReader } from "./xattr-block.ts";

const sizeBytes = 3;
const timeBytes = 4;
const nanosecondsMax = 999_999_999;
/** Memory of an entry besides its name, for the budget (4-traps X-01). */
const entryBytes = 250;
const linkBytes = 100;

type Draft = { -readonly [Key in keyof FileEntry]: FileEntry[Key] };

export class FileListDecoder {
  /** Names that came with entries, ACLs, or behind the list. */
  readonly names: IdNameReader;
  /** I/O error bits of the list that ended last. */
  ioError = 0;
  /** Memory that the entries of the current (or last) list take, roughly: to be released from the budget with them. */
  listBytes = 0;
  /** Memory that everything from the peer takes. */
  readonly budget: MemoryBudget = new MemoryBudget();
  private readonly settings: FileListSettings;
  private readonly acls: AclReader;
  private readonly xattrs: XattrReader;
  private readonly links: LinkGroupReader;
  private readonly hierarchy: OldHierarchy;
  private place: ListPlace = { firstNdx: 0, directory: undefined };
  private nextNdx = 0;

  private name: ByteName = "" as ByteName;
  private mode = 0;
  private mtime = 0;
  private atime = 0;
  private uid = 0;
  private gid = 0;
  private rdevMajor = 0;
  private rdev = 0;
  /** An entry whose attributes are still to be read. */
  private open: Draft | undefined;
  private accessAclRead = false;
  private defaultAclRead = false;

  private readonly readOne = (reader: WireReader): FileEntry | undefined => this.read(reader);

  constructor(settings: FileListSettings) {
    this.settings = settings;
    this.names = new IdNameReader(settings);
    this.acls = new AclReader(this.names, this.budget);
    this.xattrs = new XattrReader(this.budget);
    this.links = new LinkGroupReader(settings);
    this.hierarchy = new OldHierarchy(settings);
  }

  startList(place: ListPlace): void {
    this.place = place;
    this.nextNdx = place.firstNdx;
    this.listBytes = 0;
    this.links.startList();
  }

  /** Reads entries of the current list as long as there are bytes; true at its end. */
  readEntries(reader: WireReader, entries: FileEntry[]): boolean {
    for (;;) {
      const entry = reader.poll(this.readOne);
      if (entry === notYet) return false;
      if (entry === undefined) return true;
      entries.push(entry);
    }
  }

  /**
   * What stands behind the end of the only list without incremental recursion: names of ids, and before protocol 30 the
   * I/O error. Through `poll`, again until it succeeds.
   */
  readTail(reader: WireReader): void {
    if (!isIncremental(this.settings)) this.names.readLists(reader);
    if (this.settings.protocol < 30) this.ioError = reader.int32() & 7;
  }

  /** The next entry, undefined at the end of the list; through `poll`, again until it succeeds. Parts are kept. */
  read(reader: WireReader): FileEntry | undefined {
    const { settings } = this;
    if (this.open === undefined) {
      const flags = readEntryFlags(reader, settings);
      if (flags < 0) {
        this.ioError = ~flags & 7;
        return undefined;
      }
      const draft = this.readFixed(reader, flags);
      if (!settings.acls && !settings.xattrs) return draft;
      this.open = draft;
      this.accessAclRead = false;
      this.defaultAclRead = false;
      reader.commit();
    }
    return this.readAttributes(reader, this.open);
  }

  private readAttributes(reader: WireReader, draft: Draft): FileEntry {
    const { settings } = this;
    const type = draft.mode & FileType.mask;
    if (settings.acls && type !== FileType.symlink) {
      if (!this.accessAclRead) {
        draft.accessAcl = this.acls.read(reader, "access");
        this.accessAclRead = true;
        reader.commit();
      }
      if (type === FileType.directory && !this.defaultAclRead) {
        draft.defaultAcl = this.acls.read(reader, "default");
        this.defaultAclRead = true;
        reader.commit();
      }
    }
    if (settings.xattrs) draft.xattrs = this.xattrs.read(reader) as readonly Xattr[];
    this.open = undefined;
    return draft;
  }

  /** Rows 2 to 18 of 2-file-list 3.4, and the checksum. */
  private readFixed(reader: WireReader, flags: number): Draft {
    const { settings } = this;
    const { role } = reader;
    const rawPath = this.readPath(reader, flags);
    const path = cleanWirePath(rawPath, settings.relative, role);
    this.checkDirectory(path, reader);
    const reference = this.links.readReference(reader, flags);
    const first = reference < 0 ? undefined : this.links.entryInList(reference);
    const draft = first === undefined ? this.readFields(reader, flags, path) : copyEntry(first, path);
    const type = draft.mode & FileType.mask;
    if ((path === "." || path === "/.") && type !== FileType.directory) {
      throw protocolError(`Invalid root entry of mode ${draft.mode.toString(8)} [${role}]`, role);
    }
    const isLinked = settings.hardLinks && type !== FileType.directory && (flags & WireFlag.linked) !== 0;
    if (first === undefined && settings.protocol < 30) {
      draft.linkGroup = this.links.readInode(reader, flags, type, this.nextNdx);
    }
    if (first === undefined && settings.checksumBytes > 0) {
      if (type === FileType.regular) draft.checksum = reader.copy(settings.checksumBytes);
      else if (settings.protocol < 28) reader.view(settings.checksumBytes);
    }
    // From here on nothing can be missing: the state of the list moves on.
    if (isLinked && settings.protocol >= 30) draft.linkGroup = this.links.join(reference, this.nextNdx, draft);
    if (type === FileType.directory) {
      draft.flags = settings.protocol >= 30 ? directoryMarks(flags) : this.hierarchy.marks(path, flags);
    }
    this.advance(rawPath, draft, type);
    const bytes = entryBytes + path.length + (draft.target?.length ?? 0) + settings.checksumBytes;
    this.listBytes += bytes;
    // What is known of hard links stays to the end of the session.
    this.budget.take(isLinked ? bytes + linkBytes : bytes, role);
    return draft;
  }

  private readPath(reader: WireReader, flags: number): ByteName {
    const { role } = reader;
    const prefix = (flags & WireFlag.sameName) === 0 ? 0 : reader.byte();
    let suffix: number;
    if ((flags & WireFlag.longName) === 0) suffix = reader.byte();
    else suffix = this.settings.protocol >= 30 ? reader.varint() : reader.int32();
    if (suffix < 0 || prefix + suffix >= limits.pathBytes) {
      throw limitError(`overflow: flags=0x${flags.toString(16)} l1=${prefix} l2=${suffix} [${role}]`, role);
    }
    if (prefix > this.name.length) throw protocolError(`name prefix ${prefix} is too long [${role}]`, role);
    return reader.prefixedName(this.name, prefix, suffix);
  }

  /** Rows 6 to 17. */
  private readFields(reader: WireReader, flags: number, path: ByteName): Draft {
    const { settings } = this;
    const { role } = reader;
    const isNew = settings.protocol >= 30;
    const size = isNew ? reader.varlong(sizeBytes) : reader.longint();
    if (size < 0) throw refusedError(`Invalid file length ${size} of ${path} [${role}]`, role, path);
    let { mtime, mode, atime, uid, gid } = this;
    if ((flags & WireFlag.sameTime) === 0) mtime = isNew ? reader.varlong(timeBytes) : reader.uint32();
    let mtimeNanoseconds = 0;
    if ((flags & WireFlag.nanoseconds) !== 0 && settings.protocol >= 31) {
      mtimeNanoseconds = reader.varintIn("nanoseconds", 0, nanosecondsMax);
    }
    // Before the first entry the mode is 0, which nobody has checked yet.
    const isInherited = (flags & WireFlag.sameMode) !== 0;
    if (!isInherited || mode === 0) mode = this.checkMode(isInherited ? 0 : reader.uint32(), reader);
    const type = mode & FileType.mask;
    const isDirectory = type === FileType.directory;
    if (settings.atimes && !isDirectory && (flags & WireFlag.sameAtime) === 0) atime = reader.varlong(timeBytes);
    if (settings.owner && (flags & WireFlag.sameUid) === 0) {
      uid = isNew ? reader.varint() >>> 0 : reader.uint32();
      if (isNew && (flags & WireFlag.userName) !== 0) this.names.readName(reader, "user", uid);
    }
    if (settings.group && (flags & WireFlag.sameGid) === 0) {
      gid = isNew ? reader.varint() >>> 0 : reader.uint32();
      if (isNew && (flags & WireFlag.groupName) !== 0) this.names.readName(reader, "group", gid);
    }
    const draft: Draft = {
      path,
      name: baseName(path),
      root: noRoot,
      mode,
      size,
      mtime,
      mtimeNanoseconds,
      atime: isDirectory ? 0 : atime,
      uid,
      gid,
      rdevMajor: 0,
      rdevMinor: 0,
      flags: 0,
      target: undefined,
      linkGroup: -1,
      checksum: undefined,
      accessAcl: undefined,
      defaultAcl: undefined,
      xattrs: undefined,
    };
    if (type !== FileType.regular && !isDirectory) {
      this.readRdev(reader, flags, type, draft);
      if (type === FileType.symlink && settings.links) draft.target = this.readTarget(reader);
    }
    return draft;
  }

  private checkMode(mode: number, reader: WireReader): number {
    const { role } = reader;
    switch (mode & FileType.mask) {
      case FileType.regular:
      case FileType.directory:
      case FileType.symlink:
      case FileType.block:
      case FileType.character:
      case FileType.fifo:
      case FileType.socket:
        if (mode <= 0xffff) return mode;
        break;
      case 0:
        if (mode === 0 && this.settings.missingArguments) return mode;
        break;
    }
    throw protocolError(`Invalid file mode ${mode.toString(8)} [${role}]`, role);
  }

  /** 2-file-list 3.6. */
  private readRdev(reader: WireReader, flags: number, type: number, draft: Draft): void {
    const { protocol, devices, specials } = this.settings;
    const isDevice = type === FileType.block || type === FileType.character;
    const isSpecial = type === FileType.fifo || type === FileType.socket;
    if (!(isDevice && devices) && !(isSpecial && specials && protocol < 31)) return;
    let major: number;
    let minor: number;
    if (protocol < 28) {
      const device = (flags & WireFlag.sameRdevOld) === 0 ? reader.int32() : this.rdev;
      ({ major, minor } = unpackDevice(device));
    } else {
      const isNew = protocol >= 30;
      major = this.rdevMajor;
      if ((flags & WireFlag.sameRdevMajor) === 0) major = (isNew ? reader.varint() : reader.int32()) >>> 0;
      if (isNew) minor = reader.varint() >>> 0;
      else minor = (flags & WireFlag.rdevMinorByte) === 0 ? reader.uint32() : reader.byte();
    }
    if (!isDevice) return;
    draft.rdevMajor = major;
    draft.rdevMinor = minor;
  }

  private readTarget(reader: WireReader): ByteName {
    const { role } = reader;
    const length = this.settings.protocol >= 30 ? reader.varint() : reader.int32();
    if (length < 0 || length >= limits.pathBytes) throw limitError(`overflow: linkname_len=${length} [${role}]`, role);
    return reader.name(length);
  }

  /** Incremental lists hold the children of their directory only (4-traps H-14). */
  private checkDirectory(path: ByteName, reader: WireReader): void {
    const { directory } = this.place;
    if (directory === undefined) return;
    const own = directoryName(path);
    if (own === directory) return;
    if (this.settings.relative && withoutSlash(own) === withoutSlash(directory)) return;
    const message = `ABORTING due to invalid path from sender: ${path}`;
    throw refusedError(`${message} [${reader.role}]`, reader.role, path);
  }

  /** The entry is complete: the next one is told as difference to it. */
  private advance(rawPath: ByteName, draft: Draft, type: number): void {
    const { settings } = this;
    this.name = rawPath;
    this.nextNdx++;
    this.mode = draft.mode;
    this.mtime = draft.mtime;
    if (type !== FileType.directory) this.atime = draft.atime;
    this.uid = draft.uid;
    this.gid = draft.gid;
    if ((type === FileType.block || type === FileType.character) && settings.devices) {
      this.rdevMajor = draft.rdevMajor;
      if (settings.protocol < 28) this.rdev = packDevice(draft.rdevMajor, draft.rdevMinor);
    } else if (settings.protocol < 28 && !(settings.specials && (type === FileType.fifo || type === FileType.socket))) {
      this.rdev = 0;
    }
  }
}

/** A member of a hard-link group that came as reference: all but the path is the first one's. */
function copyEntry(first: FileEntry, path: ByteName): Draft {
  return { ...first, path, name: baseName(path), accessAcl: undefined, xattrs: undefined };
}

function withoutSlash(path: ByteName): string {
  return path.startsWith("/") ? path.slice(1) : path;
}
