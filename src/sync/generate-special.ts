/** Symlinks, devices and special files (3-transfer 1.7 steps 11 and 12): compared, made or replaced at once. */

import { byteName } from "../bytes/byte-name.ts";
import type { Stat } from "../fs/syscalls/interface.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { AlternateLevel } from "./alternates.ts";
import { setAttributes } from "./attributes.ts";
import { itemFlags, keepsAccessTime, newItemFlags, noAttributes, sameAccessTime } from "./compare.ts";
import type { RunContext } from "./context.ts";
import { type EntryParts, listedName, type PlacedTurn, pathBelow, remark, remarkUpToDate } from "./entry-parts.ts";
import { isDevice, isSpecial, isSymlink } from "./file-list.ts";
import type { AlternateEntries } from "./generate-alternate.ts";
import { classOf, kindName, makeSpecial, replacementText, sameSpecial, tellUnplaced } from "./make-special.ts";
import { isUnsafeLink } from "./unsafe-link.ts";

/** EPERM, EACCES, EOPNOTSUPP: with these rsync takes sockets below the top for something that cannot be made here: no error. */
const refusals: ReadonlySet<number> = new Set([-1, -13, -95]);

/** Whether an entry that is no regular file is to be made here; the others are skipped with a remark. */
export function wantsSpecial({ options, identity }: RunContext, entry: FileEntry): boolean {
  if (isSymlink(entry)) return entry.target !== undefined;
  if (options.dropDevices) return false;
  if (isDevice(entry)) return options.devices && identity.privileged;
  return isSpecial(entry) && options.specials;
}

/** `--safe-links`: whether an entry is a link that is not made. */
export function isRefusedLink({ options }: RunContext, entry: FileEntry): boolean {
  return options.safeLinks && isSymlink(entry) && isUnsafeLink(entry.target ?? byteName(""), entry.path);
}

/**
 * Brings the entry about; `stat` describes what stands there. False when that failed, `left-out` when nothing is to stand there as
 * a directory of `--compare-dest` has it.
 */
export function generateSpecial(
  parts: EntryParts,
  alternates: AlternateEntries,
  turn: PlacedTurn,
  stat: Stat,
): boolean | "left-out" {
  const { context, channel, existing, deleter, backups, destination, remover } = parts;
  const { options, syscalls } = context;
  const { entry, ndx, position, place, mode } = turn;
  let { exists } = turn;
  if (isRefusedLink(context, entry)) {
    const text = `ignoring unsafe symlink "${listedName(destination, entry)}" -> "${entry.target ?? ""}"`;
    remark(context, "unsafe-link", text, entry.path, options.info.name > 0);
    return false;
  }
  const item = (flags: number) => channel.push({ kind: "item", entry, ndx, position, flags, linkedTo: undefined });
  if (exists && sameSpecial(syscalls, entry, place.directory, place.name, stat)) {
    const attributes = existing.read(place.directory, place.name, place.absolute);
    const changed = !options.dryRun && setAttributes(context, place, entry, mode, stat, attributes, "by-window");
    const flags = itemFlags(context, entry, mode, stat, attributes, 0);
    item(flags);
    // The time of access of a link is none of its items, and yet a change that a dry run tells of.
    const isRead = keepsAccessTime(entry, options) && !sameAccessTime(entry, stat, options);
    remarkUpToDate(parts, entry, options.dryRun ? isRead || (flags & ~ItemFlag.xattr) !== 0 : changed);
    remover.succeeded(turn, "handled", place.directory, place.name);
    return true;
  }
  const found = exists ? undefined : alternates.find(turn);
  const made = ItemFlag.local | ItemFlag.change;
  if (found?.level === AlternateLevel.attributes) {
    const outcome = alternates.special(turn, found);
    const flags = alternates.flags(turn, found, outcome);
    found.directory.release();
    const group = parts.links.group(entry);
    if (group !== undefined && outcome === "linked" && !options.dryRun) group.alternate = found.stat;
    // Of those that wait for it a dry run does not tell.
    if (group !== undefined && outcome === "copied" && options.dryRun) parts.links.giveUp(group);
    if (outcome === "linked" || outcome === "left-out" || options.dryRun || makeNew(parts, turn, stat)) {
      const linkedTo = outcome === "linked" ? byteName("") : undefined;
      channel.push({ kind: "item", entry, ndx, position, flags, linkedTo, isMatch: true });
      remarkUpToDate(parts, entry, false);
      // One that could not be linked, as on another file system, has been made like any other.
      const isMade = outcome === "copied" || outcome === "failed";
      if (isMade) remover.succeeded(turn, isSymlink(entry) ? "sent" : "handled", place.directory, place.name);
      return outcome === "left-out" ? outcome : true;
    }
    return false;
  }
  // Fifo and socket are one class, block and character devices another: within a class differences are itemised.
  const comparable = exists && classOf(stat.mode) === classOf(entry.mode);
  // What is replaced loses its attributes before they are compared, and has the new ACL by then; only a dry run sees the old ones.
  const attributes = comparable && options.dryRun ? existing.read(place.directory, place.name) : noAttributes();
  const flags =
    found !== undefined
      ? itemFlags(context, entry, mode, found.stat, found.attributes, made)
      : comparable
        ? itemFlags(context, entry, mode, stat, attributes, made) & (options.dryRun ? -1 : ~ItemFlag.acl)
        : newItemFlags(context, entry, made);
  found?.directory.release();
  if (exists && (stat.mode & FileType.mask) === FileType.directory) {
    if (!deleter.makeRoom(pathBelow(destination, entry), place.name, stat, kindName(entry), false)) return false;
    exists = false;
  }
  if (exists && options.backup) {
    const path = pathBelow(destination, entry);
    if (backups.makeBeforeReplacing(place.directory, place.name, path) < 0) return false;
  }
  if (!options.dryRun && !makeNew(parts, { ...turn, exists }, stat)) return false;
  item(flags);
  // Of what is made here only links count as sent (3-transfer 1.7 step 11).
  remover.succeeded(turn, isSymlink(entry) ? "sent" : "handled", place.directory, place.name);
  return true;
}

/** Makes the entry, under a temporary name if something stands there, and gives it its attributes. */
function makeNew(parts: EntryParts, turn: PlacedTurn, stat: Stat): boolean {
  const { context, existing } = parts;
  const { syscalls, ledger } = context;
  const { entry, directory, place, mode, exists } = turn;
  const status = directory.refusal ?? makeSpecial(syscalls, entry, mode, place.directory, place.name, exists);
  if (typeof status === "object") {
    tellUnplaced(ledger, place.absolute, status);
    return false;
  }
  if (status < 0) {
    const made = exists ? replacementText(place.absolute) : place.absolute;
    const isBelow = pathBelow(parts.destination, entry).includes("/");
    if (isBelow && (entry.mode & FileType.mask) === FileType.socket && refusals.has(status)) {
      ledger.warning("generator", `skipping socket (creation unsupported here): "${made}"`);
      return false;
    }
    const operation = isSymlink(entry) ? `symlink "${made}" -> "${entry.target ?? ""}"` : `mknod "${made}"`;
    ledger.systemError("generator", `${operation} failed`, status, place.absolute);
    return false;
  }
  directory.dirty = true;
  const seen = syscalls.lstatAt(place.directory, place.name, stat);
  if (seen === 0) {
    const found = existing.read(place.directory, place.name);
    setAttributes(context, place, entry, mode, stat, found, "exact");
  } else ledger.systemError("generator", `failed to set times on "${place.absolute}"`, seen, place.absolute);
  return true;
}
