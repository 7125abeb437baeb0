/**
 * Sets the attributes of objects that already stand at the destination (3-transfer 5.6): owner and group in one call,
 * extended attributes, times, ACLs, and the mode last. What is already right is not written again (4-traps T-18). New
 * file contents get theirs in `receive-file`, before the rename.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import type { Role } from "../errors.ts";
import { accessAclDiffers, accessAclToSet, defaultAclDiffers, defaultAclToSet } from "../fs/acl.ts";
import { followedPath } from "../fs/followed-links.ts";
import { emptyStat, isXattrList, type Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import { aclFailure, cannotOpen } from "./attribute-failure.ts";
import {
  type ExistingAttributes,
  givesGroup,
  groupToSet,
  isPending,
  keepsAccessTime,
  keepsTime,
  noAttributes,
  ownerToSet,
  postponeXattrs,
  sameAccessTime,
  sameBytes,
  sameTime,
  storable,
  wantedXattrs,
  xattrsDiffer,
} from "./compare.ts";
import type { LateAttributes, RunContext } from "./context.ts";
import { isDevice, isDirectory, isRegular, isSymlink } from "./file-list.ts";
import { missingValueText } from "./finish-file.ts";
import { impossibleIds } from "./impossible-ids.ts";
import type { JobAttributes } from "./receive-job.ts";

export const accessAclName = "system.posix_acl_access" as ByteName;
export const defaultAclName = "system.posix_acl_default" as ByteName;

const bothRoles: readonly Role[] = ["generator", "receiver"];
const EPERM = -1;
const EACCES = -13;
const ELOOP = -40;

/** An object in an open directory, with its absolute path for messages. */
export interface Place {
  readonly directory: number;
  readonly name: ByteName;
  readonly absolute: ByteName;
  /** A link that counts as the directory it leads to: the attributes are set on the link itself. */
  readonly isLink?: boolean;
  /** Where mode and ACLs are set if not here: at the directory that such a link leads to (`--insecure-links`). */
  readonly access?: Place | undefined;
}

/** How times are set: by the comparison rule for things found in place, exactly for things just made. */
export type TimeRule = "by-window" | "exact" | "leave";

/**
 * Makes the attributes of an existing object those of the entry; trouble goes into the ledger. True if it changed any,
 * undefined if it gave up. What rsync's generator fails at its receiver tries and tells again if there are extended
 * attributes to set, which is the receiver's. `stat` is read again when a change of owner may have cleared set-id bits.
 * `hasCopies`: rsync's generator has given a new directory those of an alternate one already (3-transfer 5.6), so that the mode stays the wanted one.
 */
export function setAttributes(
  context: RunContext,
  place: Place,
  entry: FileEntry,
  mode: number,
  stat: Stat,
  existing: ExistingAttributes,
  timeRule: TimeRule,
  hasCopies = false,
): boolean | undefined {
  const { options, syscalls, ledger } = context;
  if (place.isLink === true && options.insecureLinks && !("access" in place)) {
    const again = (access: Place | undefined) =>
      setAttributes(context, { ...place, access }, entry, mode, stat, existing, timeRule, hasCopies);
    return atTarget(context, place, again);
  }
  const { directory, name, absolute } = place;
  const isReceivers = () => options.xattrs > 0 && xattrsDiffer(context, entry, existing.xattrs);
  const fail = (text: string, errno: number, byGenerator = true): undefined => {
    if (byGenerator) ledger.systemError("generator", text, errno, absolute);
    if (isReceivers()) ledger.systemError("receiver", text, errno, absolute);
  };
  let changed = false;
  const hasNotes = !syscalls.abilities.descriptorAttributes;
  /** Nobody has been told that what the object stands for cannot be noted on it. */
  let isNoted = true;
  let currentMode = stat.mode & 0o7777;
  const uid = ownerToSet(context, entry, stat);
  const gid = groupToSet(context, entry, stat);
  if (uid >= 0 || gid >= 0) {
    // Of a link both are set: what it has itself is another matter.
    const [newUid, newGid] = place.isLink === true ? [uid < 0 ? stat.uid : uid, gid < 0 ? stat.gid : gid] : [uid, gid];
    for (const text of hasNotes ? [] : impossibleIds(uid, gid, absolute)) ledger.error("generator", text, absolute);
    const status = syscalls.chownAt(directory, name, newUid, newGid);
    if (status < 0 && !hasNotes) {
      // rsync leaves the rest of such an object alone.
      return fail(`${uid >= 0 ? "chown" : "chgrp"} "${absolute}" failed`, status);
    } else if (status < 0) {
      // That is only told.
      fail(failedNote(absolute), status);
      isNoted = false;
      changed = true;
    } else {
      changed = true;
      if (!hasNotes) {
        // chown clears setuid and setgid of files (T-15): what is reported and set from here on is what it left.
        existing.xattrs = existing.xattrs.filter((item) => item.name !== "security.capability");
        if ((currentMode & 0o6000) !== 0 && place.isLink !== true && syscalls.lstatAt(directory, name, stat) === 0)
          currentMode = stat.mode & 0o7777;
      }
    }
  }
  let finalMode = mode;
  if (isReceivers()) {
    openedXattrs(context, place, entry, stat.uid, currentMode, existing);
    // By itself that is no change that `-vv` tells of (3-transfer 9.5).
    // Without -p an object found in place whose attributes change gets the source's mode all the same (3-transfer 5.6).
    // A directory keeps its setgid bit then.
    if (!options.permissions && !hasCopies) finalMode = entry.mode | (isDirectory(entry) ? currentMode & 0o2000 : 0);
    // rsync's receiver does that when the item comes back, and what is made in a directory until then does not get its setgid bit.
    const isLate = !options.permissions && context.lateXattrs !== undefined && isDirectory(entry);
    if (isLate && (finalMode & ~currentMode & 0o2000) !== 0) {
      finalMode &= ~0o2000;
      if (context.lateXattrs?.has(entry) === false) context.lateXattrs.set(entry, "mode");
    }
  }
  if (timeRule !== "leave") {
    const { mtime, mtimeNanoseconds } = entry;
    const exact = timeRule === "exact";
    // The receiver, who changes extended attributes, sets times exactly (3-transfer 5.6), and a link has been read before that.
    // What is made to stand for a link is no link.
    const modified =
      (keepsTime(entry, options) || (exact && hasNotes && options.times && isSymlink(entry))) &&
      !(exact || isReceivers()
        ? mtime === stat.mtime && mtimeNanoseconds === stat.mtimeNanoseconds
        : sameTime(mtime, mtimeNanoseconds, stat.mtime, stat.mtimeNanoseconds, options));
    const wasRead = isSymlink(entry) && isReceivers();
    const accessed = keepsAccessTime(entry, options) && (exact || wasRead || !sameAccessTime(entry, stat, options));
    if (modified || accessed) {
      const { seconds, nanoseconds } = modified
        ? { seconds: mtime, nanoseconds: mtimeNanoseconds }
        : { seconds: stat.mtime, nanoseconds: stat.mtimeNanoseconds };
      // The time of access stays what it was before this run looked at the object (reading a link changes it).
      const [atime, atimeNanoseconds] = accessed ? [entry.atime, 0] : [stat.atime, stat.atimeNanoseconds];
      const status = syscalls.setTimesAt(directory, name, seconds, nanoseconds, atime, atimeNanoseconds);
      if (status < 0) {
        return fail(`failed to set times on "${absolute}"`, status);
      }
      changed = true;
    }
  }
  if (place.isLink === true && isReceivers()) settleLink(context, place, entry, finalMode);
  // Only a file that stands for a link has a mode.
  if (isSymlink(entry) && !hasNotes) return changed;
  if (options.acls) {
    // What fails at the generator does so at the receiver again, which goes through all of them for extended attributes.
    const roles = place.isLink !== true && isReceivers() ? bothRoles : bothRoles.slice(0, 1);
    const outcome = setAcls(context, place.access ?? place, roles, entry, mode, stat, existing);
    if (outcome !== undefined) changed = true;
    if (outcome !== undefined && !hasNotes) {
      currentMode = outcome;
      // What the ACL did to the permission bits is reported as its change, not as theirs.
      stat.mode = (stat.mode & ~0o777) | (mode & 0o777);
    }
  }
  if (((currentMode ^ finalMode) & 0o7777) !== 0) {
    const status = changeMode(context, place, finalMode & 0o7777);
    const isGenerators = ((currentMode ^ mode) & 0o7777) !== 0;
    if (status < 0) {
      // The receiver has told of a link itself.
      const text = hasNotes ? failedNote(absolute) : `failed to set permissions on "${absolute}"`;
      if (place.isLink !== true) {
        if (isNoted) fail(text, status, isGenerators);
      } else if (isGenerators) ledger.systemError("generator", text, status, absolute);
      if (!hasNotes) return isGenerators ? undefined : changed;
    }
    if (isGenerators) changed = true;
  } else if (hasNotes && !isSymlink(entry) && needsNote(entry, finalMode)) {
    // What a file has by itself and could stand for only is moved into its note; nobody is told of it (2-file-list 7.8).
    const status = syscalls.chmodAt(directory, name, finalMode & 0o7777);
    if (status < 0 && isNoted) fail(failedNote(absolute), status);
  }
  return changed;
}

/** Hands over the directory that a link leads to while it is open, if there is one. */
function atTarget<Result>({ syscalls }: RunContext, place: Place, act: (target: Place | undefined) => Result): Result {
  const { path, directory } = syscalls.flags;
  const opened = syscalls.openPath(followedPath(place.directory, place.name), path | directory);
  if (opened < 0) return act(undefined);
  try {
    return act({ directory: opened, name: byteName("."), absolute: place.absolute });
  } finally {
    syscalls.close(opened);
  }
}

/** The mode of a link cannot be changed. */
function changeMode({ syscalls }: RunContext, place: Place, mode: number): number {
  if (place.isLink === true && place.access === undefined) return ELOOP;
  const { directory, name } = place.access ?? place;
  return syscalls.chmodAt(directory, name, mode);
}

/** `--fake-super`: what an object stands for cannot be kept. */
function failedNote(absolute: ByteName): string {
  return `failed to write xattr user.rsync.%stat for "${absolute}"`;
}

/** Whether no file of our own can have this mode. */
function needsNote(entry: FileEntry, mode: number): boolean {
  const own = isDirectory(entry) ? 0o700 : 0o600;
  return (mode & 0o7000) !== 0 || (mode & own) !== own;
}

/** What rsync's receiver, which sets extended attributes, makes of a link that counts as a directory: it sees the link. */
function settleLink(context: RunContext, place: Place, entry: FileEntry, mode: number): void {
  const { options, syscalls, ledger } = context;
  const { directory, name, absolute } = place;
  const stat = emptyStat();
  if (syscalls.lstatAt(directory, name, stat) < 0) return;
  const uid = ownerToSet(context, entry, stat);
  const gid = groupToSet(context, entry, stat);
  const owned = uid < 0 && gid < 0 ? 0 : syscalls.chownAt(directory, name, uid, gid);
  if (owned < 0) {
    ledger.systemError("receiver", `${uid >= 0 ? "chown" : "chgrp"} "${absolute}" failed`, owned, absolute);
    return;
  }
  const { mtime, mtimeNanoseconds } = entry;
  const isTimed =
    options.times &&
    !options.omitLinkTimes &&
    !sameTime(mtime, mtimeNanoseconds, stat.mtime, stat.mtimeNanoseconds, options);
  const status = isTimed ? syscalls.setTimesAt(directory, name, mtime, mtimeNanoseconds) : 0;
  if (status < 0) {
    ledger.systemError("receiver", `failed to set times on "${absolute}"`, status, absolute);
    return;
  }
  // What the directory has got by now need not be set again.
  if (options.acls && place.access === undefined)
    setAcls(context, place, bothRoles.slice(1), entry, mode, stat, noAttributes());
  const changed = ((stat.mode ^ mode) & 0o7777) === 0 ? 0 : changeMode(context, place, mode & 0o7777);
  if (changed < 0) ledger.systemError("receiver", `failed to set permissions on "${absolute}"`, changed, absolute);
}

/** The attributes that a new (or rewritten) regular file is to get, with this ACL (see `JobAttributes`). */
export function jobAttributes(
  context: RunContext,
  entry: FileEntry,
  mode: number,
  accessAcl: JobAttributes["accessAcl"],
): JobAttributes {
  const { options, identity, ids } = context;
  const gid = options.group ? ids.group(entry.gid) : -1;
  return {
    uid: options.owner && identity.privileged ? ids.user(entry.uid) : -1,
    gid: gid >= 0 && givesGroup(context, entry, gid) ? gid : -1,
    mode: mode & 0o7777,
    mtime: keepsTime(entry, options) ? entry.mtime : undefined,
    mtimeNanoseconds: entry.mtimeNanoseconds,
    atime: keepsAccessTime(entry, options) ? entry.atime : undefined,
    accessAcl,
    xattrs: options.xattrs > 0 ? wantedXattrs(context, entry) : undefined,
    removeXattrs: undefined,
  };
}

/** Sets extended attributes; an object of ours that is closed to us is opened for the moment (user attributes obey the mode). */
function openedXattrs(
  context: RunContext,
  place: Place,
  entry: FileEntry,
  uid: number,
  mode: number,
  existing: ExistingAttributes,
  isLate = false,
): void {
  const { syscalls, identity } = context;
  const { directory, name } = place;
  if (!isLate && postponeXattrs(context, entry)) return;
  const needed = existing.unreadable === true ? 0o600 : 0o200;
  const closed = !identity.privileged && uid === identity.uid && (mode & needed) !== needed;
  const isOpened = closed && !isSymlink(entry) && syscalls.chmodAt(directory, name, (mode & 0o7777) | needed) >= 0;
  const [list] = isOpened ? syscalls.readXattrs(directory, [name]) : [];
  setXattrs(context, place, entry, isXattrList(list) ? { ...existing, xattrs: list } : existing);
  if (isOpened) syscalls.chmodAt(directory, name, mode & 0o7777);
}

/** Sets attributes whose values had to be asked for first; they are here now. With `mode` nothing but the setgid bit was left to be set. */
export function setLateXattrs(context: RunContext, place: Place, entry: FileEntry, late: LateAttributes): void {
  const { syscalls } = context;
  const { directory, name } = place;
  const stat = emptyStat();
  if (syscalls.lstatAt(directory, name, stat) < 0) return;
  const [list] = late === "mode" ? [] : syscalls.readXattrs(directory, [name]);
  const existing = { ...noAttributes(), xattrs: isXattrList(list) ? list : [] };
  if (late === "xattrs" && xattrsDiffer(context, entry, existing.xattrs))
    openedXattrs(context, place, entry, stat.uid, stat.mode & 0o7777, existing, true);
  for (const item of wantedXattrs(context, entry)) {
    if (isPending(item)) context.ledger.error("receiver", missingValueText(item.name, place.absolute), place.absolute);
  }
  const isMissing = !context.options.permissions && isDirectory(entry) && (entry.mode & ~stat.mode & 0o2000) !== 0;
  if (isMissing) syscalls.chmodAt(directory, name, (stat.mode & 0o7777) | 0o2000);
}

function setXattrs(context: RunContext, place: Place, entry: FileEntry, existing: ExistingAttributes): void {
  const { syscalls, ledger } = context;
  const opens = place.isLink !== true && (isRegular(entry) || isDirectory(entry));
  const fail = (call: string, name: ByteName, errno: number): void => {
    const isShut = opens && errno === EACCES && cannotOpen(syscalls, place.directory, place.name);
    if (isShut && entry.path.includes("/")) return;
    const text = `rsync_xal_set: ${opens && !isShut ? "f" : "l"}${call}("${place.absolute}","${name}") failed`;
    ledger.systemError("receiver", text, errno, place.absolute);
  };
  const wanted = wantedXattrs(context, entry);
  const present = new Map(existing.xattrs.map((item) => [item.name, item.value]));
  for (const { name, value, abbreviated } of wanted) {
    if (abbreviated !== undefined) continue;
    const old = present.get(name);
    if (old !== undefined && sameBytes(old, value)) continue;
    const status = syscalls.setXattrAt(place.directory, place.name, name, value);
    if (status < 0) fail("setxattr", name, status);
  }
  const keep = new Set(wanted.map((item) => item.name));
  for (const { name } of storable(context, existing.xattrs)) {
    if (keep.has(name)) continue;
    const status = syscalls.removeXattrAt(place.directory, place.name, name);
    // A capability goes by itself when the owner changes.
    if (status < 0 && status !== -61) fail("removexattr", name, status);
  }
}

// Whether rsync does not even try to set an ACL, of which nothing is said then: below the top it opens what it sets it on (and extended
// attributes), but not everything of somebody else can be opened (3-transfer 5.6).
function isPassedOver(context: RunContext, place: Place, entry: FileEntry, status: number): boolean {
  return (
    status === EPERM &&
    entry.path.includes("/") &&
    !isDevice(entry) &&
    cannotOpen(context.syscalls, place.directory, place.name)
  );
}

/** Sets changed ACLs; the permission bits afterwards, or undefined when nothing was set. */
function setAcls(
  context: RunContext,
  place: Place,
  roles: readonly Role[],
  entry: FileEntry,
  mode: number,
  stat: Stat,
  existing: ExistingAttributes,
): number | undefined {
  const { syscalls, ledger } = context;
  const { directory, name, absolute } = place;
  const fail = (text: string, errno: number): void => {
    for (const role of roles) ledger.systemError(role, text, errno, absolute);
  };
  // Below the top the generator opens what it sets them on, and says nothing of a link.
  if (place.isLink === true && roles[0] === "generator" && entry.path.includes("/")) return undefined;
  let bits: number | undefined;
  if (accessAclDiffers(entry.accessAcl, mode, existing.accessAcl, stat.mode)) {
    const value = accessAclToSet(entry.accessAcl, mode, !syscalls.abilities.descriptorAttributes);
    const status =
      value === undefined
        ? syscalls.removeXattrAt(directory, name, accessAclName)
        : syscalls.setXattrAt(directory, name, accessAclName, value);
    // A file system without ACLs, or a link, has none to remove; what cannot be set is said, as the mode is still to be set.
    if (status < 0 && status !== -61 && (value !== undefined || status !== -95)) {
      if (!isPassedOver(context, place, entry, status))
        fail(aclFailure(context, entry.path, absolute, "ACCESS"), status);
      return undefined;
    }
    // Setting the ACL wrote the permission bits too; removing it leaves them as they were.
    bits = value === undefined ? stat.mode & 0o7777 : (stat.mode & 0o7000) | (mode & 0o777);
  }
  // The receiver sees no default ACL of a link, be it that there is none, as one that is to go.
  const isLinks = place.isLink === true && roles[0] === "receiver";
  if (isDirectory(entry) && (isLinks || defaultAclDiffers(entry.defaultAcl, existing.defaultAcl))) {
    const value = defaultAclToSet(entry.defaultAcl);
    const status =
      value === undefined
        ? syscalls.removeXattrAt(directory, name, defaultAclName)
        : syscalls.setXattrAt(directory, name, defaultAclName, value);
    if (status < 0 && status !== -61) {
      const text =
        value === undefined
          ? `set_acl: sys_acl_delete_def_file(${entry.path})`
          : aclFailure(context, entry.path, absolute, "DEFAULT");
      if (!isPassedOver(context, place, entry, status)) fail(text, status);
    } else bits ??= stat.mode & 0o7777;
  }
  return bits;
}
