/**
 * What differs between a listed entry and what stands at the destination (3-transfer 1.3, 1.5, 1.6): the item flags, the
 * quick check, and the mode an entry gets when permissions are not preserved (5.6).
 */
import { type ByteName, compareBytes } from "../bytes/byte-name.ts";
import { createChecksum } from "../delta/checksum.ts";
import { accessAclDiffers, defaultAclDiffers } from "../fs/acl.ts";
import type { Stat } from "../fs/syscalls/interface.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import { type FileEntry, FileType, type Xattr } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { ReceivedXattr } from "../protocol/xattr-block.ts";
import type { RunContext } from "./context.ts";
import { isDirectory, isRegular, isSymlink } from "./file-list.ts";

/** Attributes of an existing object that a stat does not tell. */
export interface ExistingAttributes {
  readonly accessAcl: Uint8Array | undefined;
  readonly defaultAcl: Uint8Array | undefined;
  /** A change of owner takes a capability away. */
  xattrs: readonly Xattr[];
  /** One of them could not be read: then none is listed. */
  readonly unreadable?: boolean;
}

/** The attributes of something that has none, or whose attributes nobody asked for. */
export function noAttributes(): ExistingAttributes {
  return { accessAcl: undefined, defaultAcl: undefined, xattrs: [] };
}

/** Compares modification times by the `--modify-window` rule (3-transfer 1.5). */
export function sameTime(
  a: number,
  aNanoseconds: number,
  b: number,
  bNanoseconds: number,
  options: TransferOptions,
): boolean {
  const window = options.modifyWindow;
  if (window === 0) return a === b;
  if (window < 0) return a === b && aNanoseconds === bNanoseconds;
  return Math.abs(a - b) <= window;
}

/** Whether modification times of this kind of entry are preserved. */
export function keepsTime(entry: FileEntry, options: TransferOptions): boolean {
  if (!options.times) return false;
  if (isDirectory(entry)) return !options.omitDirectoryTimes;
  return !(isSymlink(entry) && options.omitLinkTimes);
}

/** Whether the access time of this kind of entry is preserved. */
export function keepsAccessTime(entry: FileEntry, options: TransferOptions): boolean {
  return options.atimes && !isDirectory(entry) && !(isSymlink(entry) && options.omitLinkTimes);
}

/** Whether access times count as equal: whole seconds do (3-transfer 1.5). */
export function sameAccessTime(entry: FileEntry, stat: Stat, options: TransferOptions): boolean {
  return Math.abs(entry.atime - stat.atime) <= Math.max(options.modifyWindow, 0);
}

/** Whether a file that passes the quick check with these flags would be changed: after a checksum by its exact times too (3-transfer 1.5). */
export function wouldChange(options: TransferOptions, entry: FileEntry, stat: Stat, flags: number): boolean {
  if ((flags & ~ItemFlag.xattr) !== 0 || !options.checksum) return (flags & ~ItemFlag.xattr) !== 0;
  const isExact = entry.mtime === stat.mtime && entry.mtimeNanoseconds === stat.mtimeNanoseconds;
  return (keepsTime(entry, options) && !isExact) || keepsAccessTime(entry, options);
}

/** Item flags of an entry against an existing object; `mode` is the mode that the entry is to get. */
export function itemFlags(
  context: RunContext,
  entry: FileEntry,
  mode: number,
  stat: Stat,
  existing: ExistingAttributes,
  initial: number,
  linkName?: ByteName,
): number {
  const { options } = context;
  let flags = initial;
  if (isRegular(entry) && entry.size !== stat.size) flags |= ItemFlag.size;
  if (keepsTime(entry, options)) {
    if (!sameTime(entry.mtime, entry.mtimeNanoseconds, stat.mtime, stat.mtimeNanoseconds, options)) {
      flags |= ItemFlag.time;
    }
  } else if ((initial & (ItemFlag.transfer | ItemFlag.local)) !== 0 && linkName !== "") {
    flags |= ItemFlag.time;
  }
  const link = isSymlink(entry);
  if (keepsAccessTime(entry, options) && !link && !sameAccessTime(entry, stat, options)) flags |= ItemFlag.accessTime;
  const difference = (stat.mode ^ mode) & 0o7777;
  if (options.permissions ? difference !== 0 : options.executability && executableDiffers(stat.mode, mode, entry)) {
    flags |= ItemFlag.permissions;
  }
  if (ownerToSet(context, entry, stat) >= 0) flags |= ItemFlag.owner;
  if (groupToSet(context, entry, stat) >= 0) flags |= ItemFlag.group;
  if (options.acls && !link) {
    const access = accessAclDiffers(entry.accessAcl, mode, existing.accessAcl, stat.mode);
    if (access || (isDirectory(entry) && defaultAclDiffers(entry.defaultAcl, existing.defaultAcl))) {
      flags |= ItemFlag.acl;
    }
  }
  if (options.xattrs > 0 && xattrsDiffer(context, entry, existing.xattrs)) flags |= ItemFlag.xattr;
  return flags;
}

/** Flags of an entry when nothing exists to compare it with. */
export function newItemFlags(context: RunContext, entry: FileEntry, initial: number): number {
  const { xattrs = [] } = entry;
  const hasXattrs = context.options.xattrs > 0 && xattrs.length > 0 && storable(context, xattrs).length > 0;
  return initial | ItemFlag.isNew | (hasXattrs ? ItemFlag.xattr : 0);
}

/** The user id to set, or -1 when the owner stays. */
export function ownerToSet(context: RunContext, entry: FileEntry, stat: Stat): number {
  if (!context.options.owner || !context.identity.privileged) return -1;
  const uid = context.ids.user(entry.uid);
  return uid === stat.uid ? -1 : uid;
}

/** The group id to set, or -1 when the group stays or may not be given by us (2-file-list 5.3). */
export function groupToSet(context: RunContext, entry: FileEntry, stat: Stat): number {
  if (!context.options.group) return -1;
  const gid = context.ids.group(entry.gid);
  return gid === stat.gid || !givesGroup(context, entry, gid) ? -1 : gid;
}

/** Whether an entry gets its group, `gid` here: it is one that we may give, or is taken for one (`GroupOrder`). */
export function givesGroup({ identity, groupOrder }: RunContext, entry: FileEntry, gid: number): boolean {
  return identity.privileged || (groupOrder?.get(entry) ?? identity.groups.has(gid));
}

/** Whether the data of two regular files is taken as equal (3-transfer 1.6); `digest` computes the existing file's. */
export function quickCheck(options: TransferOptions, entry: FileEntry, stat: Stat, digest: () => Uint8Array): boolean {
  if (entry.size !== stat.size) return false;
  if (options.checksum) return entry.checksum !== undefined && sameBytes(entry.checksum, digest());
  if (options.sizeOnly) return true;
  if (options.ignoreTimes) return false;
  return sameTime(entry.mtime, entry.mtimeNanoseconds, stat.mtime, stat.mtimeNanoseconds, options);
}

/**
 * The mode for an entry when permissions are not preserved (3-transfer 5.6): an existing object keeps its bits, `-E`
 * moves executability; a new one gets the source's bits under the umask (or default ACL), special bits off.
 */
export function destinationMode(
  context: RunContext,
  entry: FileEntry,
  existingMode: number | undefined,
  defaultPermissions: number,
): number {
  const { options, syscalls } = context;
  // What stands for a link is a file, which has a mode.
  if (options.permissions || (isSymlink(entry) && syscalls.abilities.realLinks)) return entry.mode;
  const type = entry.mode & FileType.mask;
  if (existingMode === undefined) return type | (entry.mode & defaultPermissions & 0o777);
  let bits = existingMode & 0o7777;
  if (options.executability && isRegular(entry)) {
    if ((entry.mode & 0o111) === 0) bits &= ~0o111;
    else if ((bits & 0o111) === 0) bits |= (bits & 0o444) >> 2;
  }
  return type | bits;
}

/** Whether the attribute lists differ, as far as the receiver may store them. */
export function xattrsDiffer(context: RunContext, entry: FileEntry, existing: readonly Xattr[]): boolean {
  const wanted = wantedXattrs(context, entry);
  const present = storable(context, existing);
  if (wanted === present) return false;
  settleKnown(entry.path, wanted, present);
  if (wanted.length !== present.length) return true;
  for (let index = 0; index < wanted.length; index++) {
    const a = wanted[index];
    const b = present[index];
    if (a === undefined || b === undefined || a.name !== b.name || isPending(a) || !sameBytes(a.value, b.value))
      return true;
  }
  return false;
}

/** The attributes that an entry is to have at the destination, by the names under which they are stored (2-file-list 7.7). */
export function wantedXattrs(context: RunContext, entry: FileEntry): readonly Xattr[] {
  const { filters, identity } = context;
  const list = storable(context, entry.xattrs ?? []);
  if (identity.privileged) return sortedByName(list);
  const stored = list.map((item) => {
    const name = filters.storedXattrName(item.name, false);
    return name === item.name ? item : { ...item, name };
  });
  return sortedByName(stored);
}

/** Another machine's list need not be sorted (2-file-list 7.4). */
function sortedByName(list: readonly Xattr[]): readonly Xattr[] {
  const isSorted = list.every(
    (item, index) => index === 0 || compareBytes(list[index - 1]?.name ?? item.name, item.name) < 0,
  );
  return isSorted ? list : [...list].sort((a, b) => compareBytes(a.name, b.name));
}

/** Whether the value of an attribute is on another machine. */
export function isPending(xattr: Xattr): boolean {
  return xattr.abbreviated !== undefined;
}

/** Notes that all extended attributes are set later if values are still to come; returns whether that is so. */
export function postponeXattrs(context: RunContext, entry: FileEntry): boolean {
  if (context.lateXattrs === undefined || !wantedXattrs(context, entry).some(isPending)) return false;
  context.lateXattrs.set(entry, "xattrs");
  return true;
}

/** Values of another machine that are here already need not be asked for (2-file-list 7.5). */
function settleKnown(path: ByteName, wanted: readonly Xattr[], present: readonly Xattr[]): void {
  if (!wanted.some((item) => isPending(item) || isFound(item))) return;
  const here = new Map(present.map(({ name, value }) => [name, value]));
  const md5 = createChecksum("md5");
  for (const item of wanted) {
    const value = here.get(item.name);
    const { abbreviated } = item;
    if (value !== undefined && isFound(item) && sameBytes(item.value, value)) item.foundAt = path;
    if (abbreviated === undefined || value === undefined || value.length !== abbreviated.length) continue;
    md5.reset();
    md5.update(value, 0, value.length);
    if (item instanceof ReceivedXattr && sameBytes(md5.digest(), abbreviated.digest)) item.settle(value, path);
  }
}

/** Whether a value was only found with another file so far. */
function isFound(item: Xattr): item is ReceivedXattr {
  return item instanceof ReceivedXattr && item.foundAt !== undefined;
}

/** The attributes that the receiving side may set or remove (2-file-list 7.7); the list itself if it may all of them. */
export function storable(context: RunContext, list: readonly Xattr[]): readonly Xattr[] {
  const { filters, options, identity } = context;
  const may = (item: Xattr) => filters.storesXattr(item.name, options.xattrs, identity.privileged);
  return list.every(may) ? list : list.filter(may);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

function executableDiffers(a: number, b: number, entry: FileEntry): boolean {
  return isRegular(entry) && ((a & 0o111) !== 0) !== ((b & 0o111) !== 0);
}
