/**
 * What the sender lists of an entry beyond its stat: digest (`-c`), ACLs (`-A`) and extended attributes (`-X`), read for all
 * entries of an open directory at once (2-file-list 3.8, 7).
 */
import { type ByteName, baseName, byteName, directoryName } from "../bytes/byte-name.ts";
import { digestBytes } from "../delta/checksum.ts";
import { accessAclToSend } from "../fs/acl.ts";
import { countLinkHops, findReferent } from "../fs/followed-links.ts";
import { emptyStat, isXattrList, type Stat, type Syscalls } from "../fs/syscalls/interface.ts";
import { limits } from "../limits.ts";
import { noListChecksum } from "../options/checksum-choice.ts";
import { type FileEntry, FileType, type Xattr } from "../protocol/file-entry.ts";
import type { BuilderContext } from "./builder-context.ts";
import { FileDigester, quickDigestBytes } from "./file-digest.ts";
import { isDevice, isDirectory, isRegular, isSpecial, isSymlink } from "./file-list.ts";
import { sameInode } from "./make-special.ts";
import { followsFiles } from "./source-stat.ts";

const accessAclName = "system.posix_acl_access";
const defaultAclName = "system.posix_acl_default";
const aclPrefix = "system.posix_acl_";

/** Where trouble goes. */
export interface AttributeReports {
  failed(text: string, absolute: ByteName, errno: number): void;
  vanished(absolute: ByteName): void;
  /** A rule has decided about the name of an attribute. */
  judged(name: ByteName, keeps: boolean, rule: ByteName | undefined): void;
}

/** Times of access of hard-linked files that have been listed with digests, and of such links; seconds, by group. */
export type LinkedTimes = readonly (readonly [number, number])[];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What is sent of an attribute list with an entry of this mode. */
interface SentAttributes extends Pick<FileEntry, "accessAcl" | "defaultAcl" | "xattrs"> {
  readonly mode: number;
}

/** A digest that is still to be made. */
interface LaterDigest {
  /** The directory as the scan knows it, and one that stays open until then. */
  readonly source: number;
  readonly directory: number;
  readonly name: ByteName;
  readonly digest: Uint8Array;
}

const knownLists = 1024;
const EACCES = -13;
const ELOOP = -40;

export class EntryAttributes {
  private readonly context: BuilderContext;
  private readonly reports: AttributeReports;
  private readonly digester: FileDigester;
  /** Entries under way that stand for what a link leads to; only kept under `-A`. */
  private readonly followed = new Set<ByteName>();
  private readonly plainWanted: (name: ByteName) => boolean;
  private readonly stat = emptyStat();
  private readonly sent = new Map<readonly Xattr[], SentAttributes>();
  /** Times of access of hard-linked files and links before they were read, by the numbers of their groups. */
  private readonly linkedTimes: Map<number, number>;
  /** Bytes of the files of this list that have digests. */
  private digested = 0;
  private readonly later: LaterDigest[] = [];

  constructor(context: BuilderContext, linkedTimes: LinkedTimes | undefined, reports: AttributeReports) {
    this.linkedTimes = new Map(linkedTimes);
    this.context = context;
    this.reports = reports;
    const { options, filters } = context;
    this.plainWanted = (name) =>
      (options.acls && name.startsWith(aclPrefix)) || (options.xattrs > 0 && filters.sendsXattr(name, options.xattrs));
    this.digester = new FileDigester(context.syscalls, context.options.listChecksum);
  }

  /** What a builder in another thread needs to go on. */
  snapshot(): LinkedTimes {
    return [...this.linkedTimes];
  }

  /** Hears that the entry with this path was made from what a link leads to. */
  isFollowed(path: ByteName): void {
    if (this.context.options.acls) this.followed.add(path);
  }

  /** What comes now is another list: under incremental recursion it is sent without a look at those before. */
  beginList(): void {
    if (this.context.options.incrementalRecursion) this.linkedTimes.clear();
    this.digested = 0;
  }

  /**
   * Adds an entry of an open directory, to which `hops` links lead, to those before it; what it lacks comes with `complete`, but where it is
   * told what rules say of attributes, these are read in its turn, as in rsync.
   */
  collect(entries: FileEntry[], entry: FileEntry, directory: number, parent: ByteName, hops: number): void {
    if (!this.tellsNames) entries.push(entry);
    else
      for (const made of this.add(this.addDigests([entry], directory), directory, parent, false, hops))
        entries.push(made);
  }

  /** Adds what is asked for to entries that `collect` has gathered. */
  complete(entries: FileEntry[], directory: number, parent: ByteName, hops: number): FileEntry[] {
    return this.tellsNames ? entries : this.add(this.addDigests(entries, directory), directory, parent, false, hops);
  }

  /** Adds digests (`-c`) to entries of one open directory. Reading changes times of access: entries come in the order of the walk. */
  addDigests(entries: FileEntry[], directory: number): FileEntry[] {
    if (!this.context.options.checksum) return entries;
    return entries.map((entry) => {
      if (!isRegular(entry)) return entry;
      const atime = this.accessTime(directory, entry);
      const checksum = this.isQuick(entry)
        ? this.digest(directory, entry.name)
        : this.digestLater(directory, entry.name);
      return { ...entry, atime, checksum };
    });
  }

  /** Whether all digests of the list that was made last are there. */
  get isDigested(): boolean {
    return this.later.length === 0;
  }

  /** Makes those that are not, in steps. */
  *digestRest(): Generator<void, void> {
    const { digester, later } = this;
    const { options } = this.context;
    try {
      for (const { directory, name, digest } of later) {
        digest.set(yield* digester.stepsAt(directory, name, followsFiles(options), options.openNoAtime));
      }
    } finally {
      this.close();
    }
  }

  /** Closes what is kept open for digests that will not be made. */
  close(): void {
    const { later } = this;
    for (const directory of new Set(later.map((one) => one.directory))) this.context.syscalls.close(directory);
    later.length = 0;
  }

  /**
   * Whether the digest of a file is made at once: those of a list that takes long wait until the list is made. With `-U` it shows when a file is
   * read.
   */
  private isQuick({ size }: FileEntry): boolean {
    this.digested += size;
    return this.digested <= quickDigestBytes || this.context.options.atimes;
  }

  /** A digest of zeros that `digestRest` fills in. */
  private digestLater(directory: number, name: ByteName): Uint8Array {
    const { options, syscalls } = this.context;
    if (options.listChecksum === "none") throw noListChecksum();
    const digest = new Uint8Array(digestBytes[options.listChecksum]);
    const last = this.later.at(-1);
    const held = last?.source === directory ? last.directory : syscalls.duplicate(directory);
    if (held < 0) return this.digest(directory, name);
    this.later.push({ source: directory, directory: held, name, digest });
    return digest;
  }

  /** An argument with its digest: it is read where its turn comes, not when the argument is looked up. */
  withDigest(entry: FileEntry): FileEntry {
    if (!isRegular(entry)) return entry;
    return this.addDigests([entry], this.context.roots.get(entry.root).descriptor)[0] ?? entry;
  }

  /** Adds ACLs (`-A`) and extended attributes (`-X`) to entries of one open directory, to which `hops` links lead. */
  add(entries: FileEntry[], directory: number, parent: ByteName, self: boolean, hops: number): FileEntry[] {
    const { options, syscalls, roots } = this.context;
    let result = entries;
    if (options.acls || options.xattrs > 0) {
      const names = result.map((entry) => (self ? byteName(".") : entry.name));
      const lists = syscalls.readXattrs(directory, names, this.wanted());
      const kept: FileEntry[] = [];
      for (const [index, entry] of result.entries()) {
        let list = this.isListedOnly(entry) ? [] : (lists[index] ?? []);
        if (self && list === EACCES) list = this.readByName(directory, roots.absolute(entry.root, parent));
        if (typeof list === "number") {
          const path = roots.absolute(entry.root, self ? parent : entry.path);
          if (list === -2) this.reports.vanished(path);
          else this.reports.failed(`get_xattr_names: llistxattr( "${path}" failed`, path, list);
          continue;
        }
        if (!isXattrList(list)) {
          const base = roots.absolute(entry.root, parent);
          // What lies in the content of an argument is named from its `.`.
          const path =
            self || parent !== "." ? roots.absolute(entry.root, self ? parent : entry.path) : `${base}/./${entry.name}`;
          this.reports.failed(
            `get_xattr_data: lgetxattr("${path}","${list.attribute}",0) failed`,
            byteName(path),
            list.errno,
          );
          continue;
        }
        if (this.followed.size === 0) this.give(entry, list);
        else if (this.isTooFar(entry, directory, hops)) continue;
        else this.give(entry, this.withReferentAcls(entry, directory, list));
        kept.push(entry);
      }
      result = kept;
    }
    return result;
  }

  /** The attributes of an open directory that may not be searched: then `.` has none, but its name in its parent has. */
  private readByName(directory: number, path: ByteName): ReturnType<Syscalls["readXattrs"]>[number] {
    const { syscalls } = this.context;
    const { directory: isDirectory, path: pathOnly } = syscalls.flags;
    const own = emptyStat();
    const named = emptyStat();
    const parent = syscalls.openPath(directoryName(path) || byteName("/"), isDirectory | pathOnly);
    if (parent < 0) return EACCES;
    const isSame =
      syscalls.fstat(directory, own) === 0 &&
      syscalls.lstatAt(parent, baseName(path), named) === 0 &&
      sameInode(own, named);
    const list = isSame ? syscalls.readXattrs(parent, [baseName(path)], this.wanted())[0] : undefined;
    syscalls.close(parent);
    return list ?? EACCES;
  }

  /**
   * What reading the same file under another name has made of its time of access: rsync looks at each file just before it reads it, but
   * the names of a hard-linked file have what the first has (2-file-list 3.7), before protocol 30 each its own.
   */
  private accessTime(directory: number, entry: FileEntry): number {
    if (!this.context.options.atimes) return entry.atime;
    if (this.context.ownAttributes === true) return this.accessTimeNow(directory, entry);
    const known = this.linkedTimes.get(entry.linkGroup);
    if (known !== undefined) return known;
    const atime = this.accessTimeNow(directory, entry);
    if (entry.linkGroup >= 0) this.linkedTimes.set(entry.linkGroup, atime);
    return atime;
  }

  /** The time of access that an entry is made with: reading the same link under another name has changed it. */
  listedAtime({ mode, atime }: Stat, linkGroup: number): number {
    if (linkGroup < 0 || this.context.ownAttributes === true || (mode & FileType.mask) !== FileType.symlink)
      return atime;
    const known = this.linkedTimes.get(linkGroup);
    if (known === undefined) this.linkedTimes.set(linkGroup, atime);
    return known ?? atime;
  }

  private accessTimeNow(directory: number, { name, atime }: FileEntry): number {
    const { options, syscalls } = this.context;
    const status = followsFiles(options)
      ? syscalls.statAt(directory, name, this.stat)
      : syscalls.lstatAt(directory, name, this.stat);
    return status < 0 ? atime : this.stat.atime;
  }

  private digest(directory: number, name: ByteName): Uint8Array {
    const { options } = this.context;
    if (options.listChecksum === "none") throw noListChecksum();
    return this.digester.digestAt(directory, name, followsFiles(options), options.openNoAtime);
  }

  /**
   * Whether an entry was found by a link that its whole path may not pass (4-traps X-06), by which rsync reads its ACLs: it is
   * reported and left out.
   */
  private isTooFar({ path, name }: FileEntry, directory: number, hops: number): boolean {
    if (hops === 0 || !this.followed.has(path)) return false;
    if (hops + countLinkHops(this.context.syscalls, directory, name) <= limits.linkHops) return false;
    this.followed.delete(path);
    this.reports.failed(`get_acl: sys_acl_get_file(${path}, ACL_TYPE_ACCESS)`, path, ELOOP);
    return true;
  }

  /** Where a link was followed, ACLs are those of the object behind it; attributes stay those of the link, as in rsync. */
  private withReferentAcls(entry: FileEntry, directory: number, list: readonly Xattr[]): readonly Xattr[] {
    const { options, syscalls } = this.context;
    if (!this.followed.delete(entry.path) || !options.acls) return list;
    const referent = findReferent(syscalls, directory, entry.name);
    if (typeof referent === "number") return list;
    const isAcl = (name: ByteName) => name.startsWith(aclPrefix);
    const [acls] = syscalls.readXattrs(referent.directory, [referent.name], isAcl);
    syscalls.close(referent.directory);
    return isXattrList(acls) ? [...list.filter((item) => !isAcl(item.name)), ...acls] : list;
  }

  /** Whether nothing of this kind will be made: of such an entry nothing more is sent. */
  private isListedOnly(entry: FileEntry): boolean {
    const { links, devices, specials } = this.context.options;
    return (!links && isSymlink(entry)) || (!devices && isDevice(entry)) || (!specials && isSpecial(entry));
  }

  /** Which attributes are read: the same function only as long as its answers are the same. */
  private wanted(): (name: ByteName) => boolean {
    const { plainWanted } = this;
    const { filters } = this.context;
    if (!filters.hasXattrRules) return plainWanted;
    if (!this.tellsNames) return (name) => plainWanted(name);
    return (name) => {
      const verdict = filters.checkXattr(name);
      if (verdict !== 0) this.reports.judged(name, verdict > 0, filters.lastRuleText);
      return plainWanted(name);
    };
  }

  /** Whether it is told what rules say of attributes. */
  private get tellsNames(): boolean {
    const { options, filters } = this.context;
    return options.debug.filter > 0 && options.xattrs > 0 && filters.hasXattrRules;
  }

  /** Writes ACLs and attributes into an entry just made. */
  private give(entry: Mutable<FileEntry>, list: readonly Xattr[]): void {
    const sent = this.sentOf(entry, list);
    entry.accessAcl = sent.accessAcl;
    entry.defaultAcl = sent.defaultAcl;
    entry.xattrs = sent.xattrs;
  }

  /** What is sent of a list; lists that come again are one object, and so is what is sent of them. */
  private sentOf(entry: FileEntry, list: readonly Xattr[]): SentAttributes {
    const { options, filters } = this.context;
    const known = this.sent.get(list);
    if (known !== undefined && known.mode === entry.mode && !filters.hasXattrRules) return known;
    const acl = options.acls && (entry.mode & FileType.mask) !== FileType.symlink;
    const access = acl ? list.find((item) => item.name === accessAclName)?.value : undefined;
    const sent = {
      mode: entry.mode,
      accessAcl: access === undefined ? undefined : accessAclToSend(access, entry.mode),
      defaultAcl: acl && isDirectory(entry) ? list.find((item) => item.name === defaultAclName)?.value : undefined,
      xattrs: options.xattrs > 0 ? list.filter((item) => filters.sendsXattr(item.name, options.xattrs)) : undefined,
    };
    if (this.sent.size >= knownLists) this.sent.clear();
    this.sent.set(list, sent);
    return sent;
  }
}
