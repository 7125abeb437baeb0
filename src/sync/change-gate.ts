/**
 * What stands between a run and the destination when only planned changes are to be made (`library/plan`): asked before
 * anything is done about an entry or a deletion. Without one, everything is done.
 */
import { type ByteName, baseName, directoryName } from "../bytes/byte-name.ts";
import { createChecksum, type StreamingChecksum } from "../delta/checksum.ts";
import { DirectoryWalker } from "../fs/held-directory.ts";
import { emptyStat, isXattrList, type Stat, type Syscalls } from "../fs/syscalls/interface.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import type { DoomedEntry } from "./delete-guard.ts";

/** A destination, as far as it matters here. */
export interface Place {
  readonly walker: DirectoryWalker | undefined;
  readonly singleName: ByteName | undefined;
}

/**
 * `planned`: go on; `unplanned`: nothing was to be done about it; `leading`: neither, but others are to be linked to it;
 * `drifted`: it is not any more what was planned for.
 */
export type GateAnswer = "planned" | "unplanned" | "leading" | "drifted";

/** `contents`: a directory that is to stay, but not all that is in it. */
export type DeletionAnswer = Exclude<GateAnswer, "leading"> | "contents";

/** Deletions that `--delete-guard` holds back, and what is said of that. */
export interface HeldDeletions {
  readonly text: ByteName;
  readonly doomed: readonly DoomedEntry[];
}

export interface ChangeGate {
  /** The destination is about to be made. */
  creating(): void;
  /** The destination is open; `wanted` tells which extended attributes and ACLs the run sets. */
  attach(syscalls: Syscalls, destination: Place, wanted: WantedXattrs | undefined): void;
  /** There are alternate directories; `look` tells what stands at the path of an entry in each of them. */
  attachAlternates(look: AlternateLook): void;
  entry(entry: FileEntry): GateAnswer;
  /** An alternate directory has the entry. `made`: it comes from there; otherwise what stands at its place is removed. */
  alternate(entry: FileEntry, made: boolean): void;
  /** What stands at the place of an entry has other names, under which it may be changed. */
  shared(entry: FileEntry, stat: Stat): void;
  /** `ignoreExisting`: something else stays where a directory would be; only its time is set, and nobody is told. */
  kept(entry: FileEntry): void;
  /** `path`: below the destination. */
  deletion(path: ByteName): DeletionAnswer;
  /** What `--delete-guard` held back when it was planned; undefined: nothing, and it looks anew. */
  held(): HeldDeletions | undefined;
  /** The run is over; closes what `attach` opened. */
  release(): void;
}

/** What stood somewhere. Of a directory size and times are left out: they change with what is done in it. */
export interface Fingerprint {
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly mtimeNanoseconds: number;
  /** Device and inode number, as text. */
  readonly identity: string;
  /** A digest of extended attributes and ACLs, where the run sets any and they could be looked at. */
  readonly attributes: string | undefined;
}

/** Which extended attributes count, by their names. */
export type WantedXattrs = (name: ByteName) => boolean;

/** What counts of what stands at a destination; undefined: nothing. */
export function wantedXattrs({ acls, xattrs }: TransferOptions, isPrivileged: boolean): WantedXattrs | undefined {
  if (!acls && xattrs === 0) return undefined;
  return (name) => {
    if (name.startsWith("system.")) return acls && name.startsWith("system.posix_acl_");
    return xattrs > 0 && (isPrivileged || name.startsWith("user."));
  };
}

/** What stands where an entry would be in each alternate directory, in their order; undefined: nothing. */
export type AlternateLook = (entry: FileEntry) => readonly (Fingerprint | undefined)[];

/** Looks at destination paths through a walk of its own, so that no one else's is disturbed. */
export class DestinationLook {
  private readonly syscalls: Syscalls;
  private readonly destination: Place;
  private readonly stat: Stat = emptyStat();
  private readonly descriptor: number;
  private readonly walker: DirectoryWalker | undefined;
  private readonly wanted: WantedXattrs | undefined;
  private checksum: StreamingChecksum | undefined;

  constructor(syscalls: Syscalls, destination: Place, wanted: WantedXattrs | undefined) {
    this.wanted = wanted;
    this.syscalls = syscalls;
    this.destination = destination;
    const root = destination.walker?.directory("" as ByteName);
    this.descriptor = typeof root === "object" ? syscalls.duplicate(root.descriptor) : -1;
    const follow = destination.walker?.follow;
    this.walker = this.descriptor < 0 ? undefined : new DirectoryWalker(syscalls, this.descriptor, follow);
  }

  /** What stands where an entry goes; undefined: nothing that can be looked at. */
  at(path: ByteName): Fingerprint | undefined {
    const { singleName } = this.destination;
    // What a link leads to may have been removed meanwhile.
    if (this.walker?.follow === "inside") this.walker.close();
    const below = singleName ?? (path.replace(/^\/+/, "") as ByteName);
    const isRoot = below === "." || below === "";
    const slash = below.lastIndexOf("/");
    const held = this.walker?.directory((isRoot ? "" : below.slice(0, Math.max(slash, 0))) as ByteName);
    if (held === undefined || typeof held === "number") return undefined;
    const name = (isRoot ? "." : below.slice(slash + 1)) as ByteName;
    if (this.syscalls.lstatAt(held.descriptor, name, this.stat) < 0) return undefined;
    return { ...fingerprintOf(this.stat), attributes: this.attributesAt(held.descriptor, name) };
  }

  private attributesAt(directory: number, name: ByteName): string | undefined {
    if (this.wanted === undefined) return undefined;
    const [list] = this.syscalls.readXattrs(directory, [name], this.wanted);
    if (!isXattrList(list)) return undefined;
    const values = list.map((item) => [item.name, Buffer.from(item.value).toString("base64")].join()).sort();
    const bytes = Buffer.from(values.join("\n"), "latin1");
    this.checksum ??= createChecksum("xxh128");
    this.checksum.reset();
    this.checksum.update(bytes, 0, bytes.length);
    return Buffer.from(this.checksum.digest()).toString("hex");
  }

  /** Which place a path is, by whatever links it leads there: the identity of its directory, and its name; undefined: none. */
  placeOf(path: ByteName): string | undefined {
    const { singleName } = this.destination;
    const below = singleName ?? (path.replace(/^\/+/, "") as ByteName);
    const parent = this.directoryAt(directoryName(below));
    return parent === undefined ? undefined : `${parent}/${baseName(below)}`;
  }

  /** The identity of the directory that a path leads to, as it is at this moment; undefined: none. */
  directoryAt(path: ByteName): string | undefined {
    this.walker?.close();
    const held = this.walker?.directory(path.replace(/^\/+/, "") as ByteName);
    if (typeof held !== "object" || this.syscalls.fstat(held.descriptor, this.stat) < 0) return undefined;
    return fingerprintOf(this.stat).identity;
  }

  /** What stands where a file-list entry goes. */
  of(entry: FileEntry): Fingerprint | undefined {
    return this.at(entry.path);
  }

  /** The directory itself; undefined: there is none, or it cannot be looked at. */
  root(): Fingerprint | undefined {
    if (this.descriptor < 0 || this.syscalls.fstat(this.descriptor, this.stat) < 0) return undefined;
    return fingerprintOf(this.stat);
  }

  close(): void {
    this.walker?.dispose();
    if (this.descriptor >= 0) this.syscalls.close(this.descriptor);
  }
}

/** Whether two looks found the same. */
export function sameFingerprint(a: Fingerprint | undefined, b: Fingerprint | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.size === b.size &&
    a.mtime === b.mtime &&
    a.mtimeNanoseconds === b.mtimeNanoseconds &&
    a.identity === b.identity &&
    (a.attributes === b.attributes || a.attributes === undefined || b.attributes === undefined)
  );
}

/** Whether a source is still what it was when it was listed. */
export function sameSource(a: FileEntry, b: FileEntry): boolean {
  return JSON.stringify(sourceFacts(a)) === JSON.stringify(sourceFacts(b));
}

function sourceFacts(entry: FileEntry): unknown {
  const { mode, size, mtime, mtimeNanoseconds, uid, gid, rdevMajor, rdevMinor, target } = entry;
  const isDirectory = (mode & FileType.mask) === FileType.directory;
  const { checksum, accessAcl, defaultAcl, xattrs } = entry;
  const values = [checksum, accessAcl, defaultAcl, ...(xattrs ?? []).flatMap(({ name, value }) => [name, value])];
  const bytes = values.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value));
  return [mode, isDirectory ? 0 : size, mtime, mtimeNanoseconds, uid, gid, rdevMajor, rdevMinor, target, bytes];
}

export function fingerprintOf(stat: Stat): Fingerprint {
  const { mode, uid, gid, size, mtime, mtimeNanoseconds } = stat;
  const identity = `${stat.deviceMajor}:${stat.deviceMinor}:${stat.inodeHigh * 2 ** 32 + stat.inodeLow}`;
  const isDirectory = (mode & FileType.mask) === FileType.directory;
  const own = isDirectory ? { size: 0, mtime: 0, mtimeNanoseconds: 0 } : { size, mtime, mtimeNanoseconds };
  return { mode, uid, gid, ...own, identity, attributes: undefined };
}
