/**
 * The system calls tsync needs, behind one interface with two implementations: `koffi` (libc through FFI) and `plain`
 * (node:fs on `/proc/self/fd/N/name` plus streaming helper programs). Design section 3; 4-traps P-01 to P-06.
 *
 * Every operation names its object as an open directory descriptor and ONE path component (never a slash, never
 * `..`; `.` is allowed for the directory itself where noted), and never follows a link at that component unless its
 * name says so. Calls are synchronous. They do not throw for errors of the operating system: they return a negative
 * errno (`-2` is ENOENT), which keeps the hot loops free of exceptions. What an implementation cannot do returns
 * `-95` (EOPNOTSUPP); docs/system-calls.md lists what that is.
 *
 * One instance belongs to one thread; descriptors may be used from any thread of the process.
 */
import type { ByteName } from "../../bytes/byte-name.ts";
import type { Xattr } from "../../protocol/file-entry.ts";

/** What a stat call found. The object is filled in place and reused: copy what you keep. */
export interface Stat {
  /** Type and permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes. */
  size: number;
  /** 512-byte units allocated. */
  blocks: number;
  mtime: number;
  mtimeNanoseconds: number;
  atime: number;
  atimeNanoseconds: number;
  linkCount: number;
  /** 64-bit inode number in two unsigned halves (it may exceed 2^53, 4-traps T-07). */
  inodeLow: number;
  inodeHigh: number;
  deviceMajor: number;
  deviceMinor: number;
  rdevMajor: number;
  rdevMinor: number;
}

/** An empty `Stat` to be filled. */
export function emptyStat(): Stat {
  return {
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    blocks: 0,
    mtime: 0,
    mtimeNanoseconds: 0,
    atime: 0,
    atimeNanoseconds: 0,
    linkCount: 0,
    inodeLow: 0,
    inodeHigh: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    rdevMajor: 0,
    rdevMinor: 0,
  };
}

/** Open flags (Linux, the values common to x86-64 and arm64 are used through this table only). */
export interface OpenFlags {
  readonly readOnly: number;
  readonly writeOnly: number;
  readonly readWrite: number;
  readonly create: number;
  readonly exclusive: number;
  readonly truncate: number;
  readonly nonBlock: number;
  readonly noFollow: number;
  /** O_NOATIME: reading leaves the access time alone; only the owner and root may ask for it. */
  readonly noAccessTime: number;
  readonly directory: number;
  /** O_PATH: only names the object; no read permission needed. */
  readonly path: number;
}

/** What one implementation of the calls cannot do or does only approximately; see docs/system-calls.md. */
export interface Abilities {
  /** Times are kept to the nanosecond (else to the microsecond). */
  readonly exactTimes: boolean;
  /** Holes can be found (SEEK_HOLE) and punched (else zeros are written). */
  readonly holes: boolean;
  /** copy_file_range exists (else read and write). */
  readonly kernelCopy: boolean;
  /** Blocks can be shared (`cloneFile`) and the page cache dropped (`dropCache`). */
  readonly reflink: boolean;
  readonly dropCache: boolean;
  /** Owner and mode can be set through a descriptor (not where they are kept in attributes). */
  readonly descriptorAttributes: boolean;
  /** So can extended attributes. */
  readonly descriptorXattrs: boolean;
  /** Whether symbolic links are made as such, not as files that stand for them. */
  readonly realLinks: boolean;
}

/** One change of the extended attributes of the object `name`. `.` allowed. */
export interface XattrChange {
  readonly name: ByteName;
  readonly attribute: ByteName;
  /** The new value; undefined removes the attribute. */
  readonly value: Uint8Array | undefined;
}

/** Whether an answer of `readXattrs` is the list of attributes. */
export function isXattrList(
  answer: readonly Xattr[] | UnreadableXattr | number | undefined,
): answer is readonly Xattr[] {
  return Array.isArray(answer);
}

/** An attribute that is listed but whose value could not be read. */
export interface UnreadableXattr {
  readonly attribute: ByteName;
  /** Negative, as the calls return it. */
  readonly errno: number;
}

/** A conversion of names and texts. */
export interface NameConverter {
  /** A negative errno: not every character of it exists in the other set (EILSEQ), or it is cut short (EINVAL). */
  convert(text: string): ByteName | number;
  /** The same; what cannot be converted stays as it is. */
  convertWhatCan(text: string): ByteName;
  close(): void;
}

export interface Syscalls {
  readonly kind: "koffi" | "plain";
  readonly abilities: Abilities;
  readonly flags: OpenFlags;

  /** Opens a path named by the operator: links are followed, it may contain slashes. Returns a descriptor. */
  openPath(path: ByteName, flags: number, mode?: number): number;
  /** Stats a path named by the operator, following links. */
  statPath(path: ByteName, stat: Stat): number;
  /** Stats a path named by the operator without following a link at its end. */
  lstatPath(path: ByteName, stat: Stat): number;
  /** Opens the directory above an open one; links in what it holds are followed. */
  openAbove(directory: number, flags: number): number;
  /** The absolute path of the working directory; `ENOENT` if it was deleted. */
  workingDirectory(): ByteName | number;

  /** Opens `name` in a directory; `noFollow` is always added. Returns a descriptor. */
  openAt(directory: number, name: ByteName, flags: number, mode?: number): number;
  /** Opens a sub-directory for listing and as parent of further calls (no-follow); a directory we may search but not read is opened O_PATH. `.` allowed. */
  openDirectoryAt(directory: number, name: ByteName): number;
  close(descriptor: number): number;
  /** A second descriptor for the same open file. */
  duplicate(descriptor: number): number;

  /** Names in a directory without `.` and `..`, in directory order; reads from the start. */
  readDirectory(directory: number): ByteName[] | number;
  lstatAt(directory: number, name: ByteName, stat: Stat): number;
  /** Follows a link at `name` (wherever it leads): only for options that ask for it on the sending side. */
  statAt(directory: number, name: ByteName, stat: Stat): number;
  fstat(descriptor: number, stat: Stat): number;
  readLinkAt(directory: number, name: ByteName): ByteName | number;

  makeDirectoryAt(directory: number, name: ByteName, mode: number): number;
  makeNodeAt(directory: number, name: ByteName, mode: number, rdevMajor: number, rdevMinor: number): number;
  symlinkAt(directory: number, name: ByteName, target: ByteName): number;
  /** Hard link of an object (a link itself is linked, not followed). */
  linkAt(fromDirectory: number, fromName: ByteName, toDirectory: number, toName: ByteName): number;
  renameAt(fromDirectory: number, fromName: ByteName, toDirectory: number, toName: ByteName): number;
  unlinkAt(directory: number, name: ByteName): number;
  removeDirectoryAt(directory: number, name: ByteName): number;

  /** Owner and group; -1 leaves one alone. `.` allowed. */
  chownAt(directory: number, name: ByteName, uid: number, gid: number): number;
  fchown(descriptor: number, uid: number, gid: number): number;
  /** Permission bits, never through a link (4-traps P-05). `.` allowed. */
  chmodAt(directory: number, name: ByteName, mode: number): number;
  fchmod(descriptor: number, mode: number): number;
  /** Sets mtime; atime is left alone when `atime` is undefined. Seconds may be negative. `.` allowed. */
  setTimesAt(
    directory: number,
    name: ByteName,
    mtime: number,
    mtimeNanoseconds: number,
    atime?: number,
    atimeNanoseconds?: number,
  ): number;
  fsetTimes(
    descriptor: number,
    mtime: number,
    mtimeNanoseconds: number,
    atime?: number,
    atimeNanoseconds?: number,
  ): number;

  /**
   * The extended attributes of several objects of one directory in one go, `system.posix_acl_*` included (the caller
   * filters), sorted by name. Result i belongs to names[i]: the attributes, a negative errno if they could not be listed,
   * or the first that could not be read. A file system without attributes gives empty lists. With `wanted` the values
   * of other attributes are not asked for: reading one may need a permission that listing does not; its answers must stay
   * the same. Equal lists may be one object, so nobody may change them.
   */
  readXattrs(
    directory: number,
    names: readonly ByteName[],
    wanted?: (attribute: ByteName) => boolean,
  ): (readonly Xattr[] | UnreadableXattr | number)[];
  /** Where objects stand for others: what they have themselves, whatever `readXattrs` shows. */
  readonly readOwnXattrs?: Syscalls["readXattrs"];
  /**
   * Sets and removes attributes of objects of one directory, in this order for each object. Result i belongs to
   * changes[i]: 0 or a negative errno. One call for many changes is what helper programs need.
   */
  changeXattrs(directory: number, changes: readonly XattrChange[]): number[];
  /** Sets one attribute (create or replace), never through a link. `.` allowed. */
  setXattrAt(directory: number, name: ByteName, attribute: ByteName, value: Uint8Array): number;
  removeXattrAt(directory: number, name: ByteName, attribute: ByteName): number;
  /** The same for an open file; only with `abilities.descriptorXattrs`, else -95. */
  fsetXattr(descriptor: number, attribute: ByteName, value: Uint8Array): number;
  fremoveXattr(descriptor: number, attribute: ByteName): number;

  /** Reads into `buffer`; `position` -1 reads at the file offset. Returns the count, 0 at the end. */
  read(descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  write(descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** Copies up to `length` bytes at both file offsets, in the kernel. Returns the count, 0 at the end, -95 if it cannot. */
  copyFileRange(from: number, to: number, length: number): number;
  /** Makes `to` share the blocks of all of `from` (FICLONE); -95 or -18 where the file systems cannot. */
  cloneFile(from: number, to: number): number;
  /** Takes what is already on the drive out of the page cache; -95 if that cannot be asked for. */
  dropCache(descriptor: number): number;
  /** Bytes that were written to a pipe or socket and not read by the peer yet, as far as the system knows; -95 if it cannot be asked. */
  unreadBytes(descriptor: number): number;
  truncate(descriptor: number, size: number): number;
  /** Makes bytes [offset, offset+length) a hole, within or beyond the file's size, which stays. */
  punchHole(descriptor: number, offset: number, length: number): number;
  /** Reserves space for the first `length` bytes (`--preallocate`); `grow`: the file is then at least that long, else its size stays. */
  allocate(descriptor: number, length: number, grow: boolean): number;
  /** Next data (SEEK_DATA) at or after `offset`; -6 (ENXIO) when only a hole follows. */
  seekData(descriptor: number, offset: number): number;
  seekHole(descriptor: number, offset: number): number;
  /** Moves the file offset. */
  seek(descriptor: number, offset: number): number;
  fsync(descriptor: number): number;

  /** User and group database (4-traps T-16); undefined when unknown. */
  userName(uid: number): ByteName | undefined;
  groupName(gid: number): ByteName | undefined;
  userId(name: ByteName): number | undefined;
  groupId(name: ByteName): number | undefined;

  /** A conversion between two character sets (one of them UTF-8) by the names that iconv knows; undefined for unknown ones. */
  openConverter(from: ByteName, to: ByteName): NameConverter | undefined;
  /** The character set of the user's locale. */
  localCharset(): ByteName;

  /** Ends helper programs, if any. */
  dispose(): void;
}
