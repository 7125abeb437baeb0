/** Makes a member of a hard-link group another name of its leader (2-file-list 8.1 step 5, 3-transfer 1.11). */
import { type ByteName, baseName, byteName, directoryName } from "../bytes/byte-name.ts";
import { DirectoryWalker, type HeldDirectory } from "../fs/held-directory.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { isItemized } from "../options/itemized.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { AlternateLevel } from "./alternates.ts";
import { destinationMode, itemFlags, newItemFlags, noAttributes } from "./compare.ts";
import { fullPath } from "./context.ts";
import type { Destination } from "./destination.ts";
import {
  absolutePath,
  type EntryParts,
  pathBelow,
  remark,
  remarkUpToDate,
  shownName,
  type Turn,
} from "./entry-parts.ts";
import { isRegular } from "./file-list.ts";
import { makesKind, replaceBy, replacementText, sameInode, tellUnplaced } from "./make-special.ts";

const ENOENT = -2;
const EEXIST = -17;
const ENOTDIR = -20;
const ELOOP = -40;

/**
 * Links the member to the leader's path and reports it; in a dry run only reports. `waited`: it has been waiting for its leader,
 * and is not compared with what `--compare-dest` or `--copy-dest` has.
 */
export function linkMember(parts: EntryParts, turn: Turn, leader: ByteName, waited: boolean): void {
  const found = hold(parts.destination, directoryName(pathBelow(parts.destination, turn.entry)));
  const directory = typeof found === "object" ? found : undefined;
  const leaderPath = leader.startsWith("/") ? byteName(leader.slice(1)) : leader;
  const leaderFound = hold(parts.destination, directoryName(leaderPath));
  const leaderDirectory = typeof leaderFound === "object" ? leaderFound : undefined;
  const isMade = !isRegular(turn.entry) || parts.context.options.alternates?.kind === "copy";
  if (leaderDirectory === undefined && isMereDryRun(parts) && isMade && !waited) {
    const failed = lookThroughLinks(parts, directoryName(leaderPath));
    if (failed !== 0) {
      const absolute = fullPath(parts.destination.absolute, leaderPath);
      parts.context.ledger.systemError("generator", `stat "${absolute}" failed`, failed, absolute);
      directory?.release();
      const group = parts.links.group(turn.entry);
      // With incremental recursion rsync has lost its list by then.
      if (group !== undefined && !parts.context.options.incrementalRecursion) parts.links.loseLeader(group, turn);
      return;
    }
  }
  const flags = compareWithLeader(parts, turn, leader, waited, directory, leaderDirectory, baseName(leaderPath));
  if (flags !== undefined && makeLink(parts, turn, leader, found, leaderFound, baseName(leaderPath))) {
    const { entry, ndx, position } = turn;
    if (directory !== undefined) parts.remover.linked(turn, directory.descriptor, entry.name);
    parts.channel.push({ kind: "item", entry, ndx, position, flags, linkedTo: leader });
    if (flags === ItemFlag.local) remarkUpToDate(parts, entry, false);
  }
  directory?.release();
  leaderDirectory?.release();
}

/** What the link changes, as item flags; undefined when there is nothing to make. */
function compareWithLeader(
  parts: EntryParts,
  turn: Turn,
  leader: ByteName,
  waited: boolean,
  directory: HeldDirectory | undefined,
  leaderDirectory: HeldDirectory | undefined,
  leaderName: ByteName,
): number | undefined {
  const { context, channel, existing, deleter, backups, destination, links } = parts;
  const { options, syscalls } = context;
  const { entry, ndx, position } = turn;
  const initial = ItemFlag.local | ItemFlag.nameFollows;
  const stat = emptyStat();
  const exists = directory !== undefined && syscalls.lstatAt(directory.descriptor, entry.name, stat) === 0;
  if (options.existing && !exists && turn.cleared !== true) {
    remark(
      context,
      "not-creating",
      `not creating new file "${shownName(destination, entry)}"`,
      entry.path,
      options.info.skip > 0,
    );
    return undefined;
  }
  if (options.ignoreExisting && exists) {
    remark(context, "exists", `${shownName(destination, entry)} exists`, entry.path, options.info.skip > 0);
    return undefined;
  }
  const target = emptyStat();
  const leads = leaderDirectory !== undefined && syscalls.lstatAt(leaderDirectory.descriptor, leaderName, target) === 0;
  // In a dry run the leader is not what --link-dest would make of it.
  const alternate = options.dryRun ? links.group(entry)?.alternate : undefined;
  const leading = alternate ?? (leads ? target : undefined);
  if (!exists || directory === undefined) return flagsOfNew(parts, turn, leader, { waited, initial, leading });
  const type = stat.mode & FileType.mask;
  // Of a kind that the run does not make nothing is read: all that the leader has is another.
  const isForeign = !isPlain(stat.mode) && !makesKind(context, stat.mode);
  const attributes = { ...(isForeign ? noAttributes() : existing.read(directory.descriptor, entry.name)) };
  const existingMode = type === FileType.directory ? undefined : stat.mode;
  const mode = destinationMode(context, entry, existingMode, turn.defaultPermissions);
  // Attributes are looked at once the link is made: they are those of the leader then, but for a link that it is taken for.
  if (leads && !options.dryRun && !isForeign && type !== FileType.symlink)
    attributes.accessAcl = existing.readFresh(leaderDirectory.descriptor, leaderName).accessAcl;
  if (leads && leading !== undefined && sameInode(stat, leading)) {
    const flags = asLinked(parts, entry, itemFlags(context, entry, mode, stat, attributes, initial, byteName("")));
    channel.push({ kind: "item", entry, ndx, position, flags, linkedTo: byteName("") });
    remarkUpToDate(parts, entry, false);
    parts.remover.succeeded(turn, "handled", directory.descriptor, entry.name);
    return undefined;
  }
  const compared = itemFlags(context, entry, mode, stat, attributes, initial, leader);
  const flags = isForeign ? compared : asLinked(parts, entry, compared);
  if (type === FileType.directory) {
    // Whatever kind the link is of.
    if (!deleter.makeRoom(pathBelow(destination, entry), entry.name, stat, "regular file", false)) return undefined;
  } else if (options.backup) {
    const path = pathBelow(destination, entry);
    if (backups.makeBeforeReplacing(directory.descriptor, entry.name, path) < 0) return undefined;
  }
  return flags;
}

/** Flags of a member that was there. Of the leader's extended attributes rsync's receiver sets those that differed later. */
function asLinked({ context, links }: EntryParts, entry: FileEntry, flags: number): number {
  if (context.options.dryRun) return flags;
  return (flags & ~ItemFlag.xattr) | (links.group(entry)?.hadOtherXattrs === true ? ItemFlag.xattr : 0);
}

/** Flags of a member that is not there: one that an alternate directory has like that, or linked like that, is not new. */
function flagsOfNew(
  parts: EntryParts,
  turn: Turn,
  leader: ByteName,
  { waited, initial, leading }: { waited: boolean; initial: number; leading: Stat | undefined },
): number {
  const { context, destination, alternates } = parts;
  const { kind } = context.options.alternates ?? {};
  const { entry } = turn;
  const here = waited ? flagsFromHere(parts, turn, leader, initial) : undefined;
  if (here !== undefined) return here;
  const made = newItemFlags(context, entry, initial);
  if (kind === undefined || (kind !== "link" && (waited || !isRegular(entry)))) return made;
  const mode = destinationMode(context, entry, undefined, turn.defaultPermissions);
  const path = pathBelow(destination, entry);
  if (kind === "link" && leading === undefined) return made;
  const found = alternates.find({ entry, path, mode, file: kind === "link" ? leading : undefined });
  if (found === undefined) return made;
  found.directory.release();
  const { stat, attributes, level } = found;
  if (kind !== "link") {
    return level === AlternateLevel.kind ? made : itemFlags(context, entry, mode, stat, attributes, initial, leader);
  }
  // Without the flag of a new link: then the line is for those who want to see what stays as it is. Only they see that its time is not kept.
  const { itemize, info } = context.options;
  const isShown = isItemized(context.options) && (itemize > 1 || info.name > 1);
  return itemFlags(context, entry, mode, stat, attributes, ItemFlag.local, isShown ? leader : byteName(""));
}

/**
 * A dry run of rsync has not entered a destination that does not exist, and compares with what has that path in its working directory,
 * often the source itself. Nothing is told of it if another machine names the path.
 */
function flagsFromHere(
  parts: EntryParts,
  { entry, defaultPermissions }: Turn,
  leader: ByteName,
  initial: number,
): number | undefined {
  const { context, destination, existing } = parts;
  const { syscalls, isRemote } = context;
  if (!isMereDryRun(parts) || destination.walker !== undefined || isRemote === true) return undefined;
  const path = pathBelow(destination, entry);
  const { path: pathOnly, directory: directoryOnly } = syscalls.flags;
  const directory = syscalls.openPath(directoryName(path) || byteName("."), pathOnly | directoryOnly);
  if (directory < 0) return undefined;
  const stat = emptyStat();
  const name = baseName(path);
  let flags: number | undefined;
  if (syscalls.lstatAt(directory, name, stat) === 0) {
    const mode = destinationMode(context, entry, stat.mode, defaultPermissions);
    flags = itemFlags(context, entry, mode, stat, existing.readFresh(directory, name), initial, leader);
  }
  syscalls.close(directory);
  return flags;
}

/** Whether nothing is done, and told as rsync tells it; a plan says what a run will do. */
function isMereDryRun({ context }: EntryParts): boolean {
  return context.options.dryRun && context.gate === undefined;
}

function isPlain(mode: number): boolean {
  const type = mode & FileType.mask;
  return type === FileType.regular || type === FileType.directory;
}

function makeLink(
  parts: EntryParts,
  turn: Turn,
  leader: ByteName,
  directory: HeldDirectory | number,
  leaderDirectory: HeldDirectory | number,
  leaderName: ByteName,
): boolean {
  const { context, tree, destination } = parts;
  const { options, syscalls, ledger } = context;
  if (options.dryRun) return true;
  const { entry } = turn;
  // A backup may have taken the place of its directory since.
  if (typeof directory === "number" || typeof leaderDirectory === "number") {
    const status = typeof leaderDirectory === "number" ? leaderDirectory : Number(directory);
    tellUnlinked(parts, entry, leader, absolutePath(destination, entry), status);
    return false;
  }
  const link = (leaf: ByteName) => syscalls.linkAt(leaderDirectory.descriptor, leaderName, directory.descriptor, leaf);
  const first = link(entry.name);
  const replace = first === EEXIST;
  const status = replace ? replaceBy(syscalls, directory.descriptor, entry.name, link) : first;
  if (status !== 0) {
    const absolute = absolutePath(destination, entry);
    if (typeof status === "object") {
      tellUnplaced(ledger, absolute, status);
      return false;
    }
    tellUnlinked(parts, entry, leader, replace ? replacementText(absolute) : absolute, status);
    return false;
  }
  tree.touch(directoryName(pathBelow(destination, entry)) || byteName("."));
  return true;
}

function tellUnlinked(parts: EntryParts, entry: FileEntry, leader: ByteName, made: string, status: number): void {
  const absolute = absolutePath(parts.destination, entry);
  const text = `link "${made}" => ${leader.replace(/^\//, "")} failed`;
  parts.context.ledger.systemError("generator", text, status, absolute);
}

/**
 * A dry run of rsync looks for the leader of a link or special file, or of a file that --copy-dest has, where something else yet stands in
 * the place of its directory, through links that stay inside: 0 if it may be missing, else what it fails with, a negative errno.
 */
function lookThroughLinks({ context, destination }: EntryParts, path: ByteName): number {
  const top = destination.walker?.directory(byteName(""));
  if (typeof top !== "object") return 0;
  const walker = new DirectoryWalker(context.syscalls, context.syscalls.duplicate(top.descriptor), "inside");
  const held = walker.directory(path);
  const isBelow = typeof held === "number" && typeof walker.parent(path) === "number";
  walker.dispose();
  if (typeof held === "object" || held === ENOENT) return 0;
  return held === ENOTDIR && !isBelow ? ENOTDIR : ELOOP;
}

function hold(destination: Destination, path: ByteName): HeldDirectory | number {
  const held = destination.walker?.directory(path) ?? ENOENT;
  return typeof held === "number" ? held : held.retain();
}
