/**
 * The destination directories that the generator has open or in hand: their descriptors, whether they exist, and what has
 * to be set again when their contents are done (3-transfer 5.6 "directory times", 1.8; 4-traps T-12, T-13).
 */
import { type ByteName, baseName, byteName } from "../bytes/byte-name.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import { keepsTime, sameTime } from "./compare.ts";
import type { RunContext } from "./context.ts";
import type { Destination } from "./destination.ts";
import type { ListPart } from "./file-list.ts";
import { belowDestination, type DirectoryState, keptState, type Place, shownDirectory } from "./place.ts";

const EPERM = -1;
const EACCES = -13;
const EROFS = -30;
const ELOOP = -40;

/** A directory whose list is being worked on. */
export class OpenDirectory {
  readonly path: ByteName;
  /** Its entry; undefined for a destination root that is not in the list. */
  readonly entry: FileEntry | undefined;
  /** Open descriptor, or undefined when it does not exist (dry run) or is not to be touched. */
  descriptor: number | undefined;
  /** Mode to be set at the end, when it had to be relaxed. */
  finalMode: number | undefined;
  /** It was made in this run, so nothing can exist in it yet but what the run makes. */
  isNew = false;
  /** Regular files belong into it. */
  hasFiles = false;
  /** A file of it is being transferred, or has been. */
  hasJobs = false;
  /** It is a link that counts as the directory it leads to (`--keep-dirlinks`). */
  isLink = false;
  /** With what every call in it fails, if it leads out of the destination: a negative errno. */
  refusal: number | undefined;
  /** Something in it was made, replaced or removed, so that its time has changed. */
  dirty = false;
  /** New files in it get an ACL from it; undefined: nobody has looked. */
  givesAcl: boolean | undefined;
  /** Jobs under way, plus one while the generator walks its list. */
  pending = 1;

  constructor(path: ByteName, entry: FileEntry | undefined) {
    this.path = path;
    this.entry = entry;
  }
}

export class TreeState {
  private readonly context: RunContext;
  private readonly destination: Destination;
  private readonly stat: Stat = emptyStat();
  private readonly open = new Map<ByteName, OpenDirectory>();
  /** Directories of which lists with further entries are to come. */
  private readonly paused = new Map<ByteName, OpenDirectory>();
  /** Directories finished but touched again afterwards (late deletions, hard links): set once more at the end. */
  private readonly late = new Map<ByteName, FileEntry | undefined>();
  /** Modes of directories that were opened up, set again when everything is done. */
  private readonly closing = new Map<ByteName, number>();
  /** `--keep-dirlinks`: directories that may have been changed under another name. */
  private readonly aliased = new Map<ByteName, FileEntry>();
  /** Links that count as directories. */
  private readonly links = new Set<ByteName>();
  private readonly entries = new Map<ByteName, FileEntry>();
  /** When only planned changes are made: directories whose content changed before their turn came, at which nothing may be planned. */
  private readonly early = new Set<ByteName>();
  private readonly rememberAll: boolean;
  /** Seconds since 1970; what this run changes has no earlier time. */
  private readonly startedSeconds = Math.floor(Date.now() / 1000);
  /** Directories so far. */
  private entered = 0;
  /** The destination itself may not be searched any more. */
  private isShutOut = false;
  /** An entry below the top directory has been handled. */
  private isBelowTop = false;
  /** A file is being transferred, or has been; and so it was at the end of the last list. */
  private hasJobs = false;
  private hadJobs = false;
  /** Directories that are through and get their time with the first entry of the next list, or at the end. */
  private readonly waiting: OpenDirectory[] = [];

  constructor(context: RunContext, destination: Destination) {
    this.context = context;
    this.destination = destination;
    const { deleteTiming, hardLinks, times, impliedDirectories, backupDirectory, delayUpdates } = context.options;
    // With a plan no directory is made ahead of its list.
    const late = context.gate !== undefined || delayUpdates || deleteTiming === "delay" || deleteTiming === "after";
    this.rememberAll = times && (hardLinks || late || !impliedDirectories || backupDirectory !== undefined);
  }

  /** Directories held open by who works in them. */
  get openCount(): number {
    return this.open.size;
  }

  enter(directory: OpenDirectory): void {
    this.entered++;
    this.open.set(directory.path, directory);
    if (this.early.has(directory.path)) directory.dirty = true;
    if (directory.isLink) this.links.add(directory.path);
    if (this.rememberAll && directory.entry !== undefined) this.entries.set(directory.path, directory.entry);
    // What is done through a link may be done in any of them.
    const { keepDirectoryLinks, dryRun } = this.context.options;
    if (keepDirectoryLinks && !dryRun && directory.entry !== undefined)
      this.aliased.set(directory.path, directory.entry);
  }

  /** Notes that the content of a directory changed. */
  touch(path: ByteName): void {
    // Deletions name a directory by its place below the destination, an absolute argument of --relative by its whole path.
    const whole = byteName(`/${path}`);
    const directory = this.open.get(path) ?? this.open.get(whole);
    if (directory !== undefined) {
      directory.dirty = true;
      return;
    }
    if (this.context.gate !== undefined) for (const name of [path, whole]) this.early.add(name);
    if (this.rememberAll) this.late.set(path, this.entries.get(path) ?? this.entries.get(whole));
  }

  /**
   * Notes that the backup directory was made. At the end of a run the times of all directories are looked at again, but
   * under incremental recursion only until the list after that of the top directory has had its first entry, and what the
   * receiver makes behind the generator's back is not seen (3-transfer 5.6).
   */
  touchTop(byReceiver: boolean): void {
    const { incrementalRecursion, deleteTiming } = this.context.options;
    const top = byteName(".");
    if (!incrementalRecursion || deleteTiming === "delay") this.touch(top);
    else if (!byReceiver && (this.open.has(top) || (this.entered <= 2 && !this.isBelowTop))) this.touch(top);
  }

  /** Notes that the first entry of a list has been handled. */
  begun(): void {
    this.isBelowTop = this.entered > 1;
  }

  /** One user more. A directory that was left is opened again, as `descriptor`; returns the descriptor that stays open. */
  retain(directory: OpenDirectory, descriptor: number): number {
    this.hasJobs = true;
    directory.hasJobs = true;
    if (directory.pending++ > 0) return descriptor;
    directory.descriptor = this.context.syscalls.duplicate(descriptor);
    this.open.set(directory.path, directory);
    return directory.descriptor;
  }

  /** One user fewer; when nobody works in the directory any more its time and mode are set. */
  release(directory: OpenDirectory): void {
    if (--directory.pending > 0) return;
    this.open.delete(directory.path);
    const { descriptor } = directory;
    if (descriptor === undefined) return;
    if (this.isWaitedFor(directory)) this.waiting.push(directory);
    else if (directory.entry !== undefined && directory.dirty) this.finish(directory.entry, descriptor, directory.path);
    // Not now: the lists of its sub-directories and late deletions still have to get in (3-transfer 1.8 step 10).
    if (directory.finalMode !== undefined) this.closing.set(directory.path, directory.finalMode);
    this.context.syscalls.close(descriptor);
  }

  /** The generator is through a list of a directory, which stays in hand if more of its entries are to come. */
  leave(directory: OpenDirectory, part: ListPart | undefined): void {
    const { path } = directory;
    this.hadJobs = this.hasJobs;
    const before = this.paused.get(path);
    // Names may come before the entry `.`, with which the directory is opened once more.
    if (before !== undefined && before !== directory) this.release(before);
    this.paused.delete(path);
    if (part === undefined || part.isLast) this.release(directory);
    else this.paused.set(path, directory);
  }

  /** The directory of a list that is not its first; undefined: it is left alone. */
  resume(path: ByteName): OpenDirectory | undefined {
    return this.paused.get(path);
  }

  /** What stands in place of a directory stays (`--ignore-existing`), but gets its time like any other directory (3-transfer 5.6). */
  keep(entry: FileEntry, { descriptor, name }: Place, stat: Stat): DirectoryState {
    this.context.gate?.kept(entry);
    if (!this.context.options.dryRun) this.setTime(entry, descriptor, name, entry.path);
    return keptState(this.context, this.destination, entry.path, stat);
  }

  /**
   * Notes the mode of a directory that was opened up, for the end. Only one that its owner may not write to is closed again, or one
   * whose attributes the receiver sets, who has given it its `actual` mode. What is told last counts: closing is the generator's, and
   * comes late if it waits for something.
   */
  closeLater(opened: OpenDirectory, wanted: number, actual: number, hasXattrs: boolean): void {
    const { hardLinks, incrementalRecursion, deleteTiming } = this.context.options;
    const isLate = hardLinks || !incrementalRecursion || deleteTiming === "delay" || opened.hasFiles;
    if ((wanted & 0o200) === 0 && isLate) opened.finalMode = wanted & 0o7777;
    else if ((actual & 0o200) === 0 || hasXattrs) opened.finalMode = actual;
  }

  /** Gives a directory that was opened up its mode for now, if it can still be entered then. */
  shut(path: ByteName, mode: number): void {
    const held = this.destination.walker?.directory(belowDestination(this.destination, path));
    if (typeof held === "object" && (mode & 0o100) !== 0)
      this.context.syscalls.chmodAt(held.descriptor, byteName("."), mode & 0o7777);
  }

  /** Opens up a directory; one that a link leads to only with `--insecure-links`. */
  openUp(path: ByteName, { descriptor, name }: Place, mode: number, isLink: boolean): number {
    const { syscalls, options } = this.context;
    const below = belowDestination(this.destination, path);
    let status = ELOOP;
    if (!isLink) status = syscalls.chmodAt(descriptor, name, mode);
    else if (options.insecureLinks) {
      const held = this.destination.walker?.directory(below) ?? ELOOP;
      status = typeof held === "number" ? held : syscalls.chmodAt(held.descriptor, byteName("."), mode);
    }
    if (status >= 0) this.destination.walker?.reopen(below);
    return status;
  }

  /** The attributes that a directory has got keep us out of it: rsync says so of its mode, and nothing of its time. */
  shutOut(absolute: ByteName, status: number): void {
    this.isShutOut = true;
    this.context.ledger.systemError("generator", `failed to modify permissions on "${absolute}"`, status, absolute);
  }

  /** Opens a directory anew that could not be listed with the mode that it had, but can be with the one that it has been given. */
  reopenListable(path: ByteName, before: number, mode: number): void {
    if ((mode & ~before & 0o400) !== 0) this.destination.walker?.reopen(belowDestination(this.destination, path));
  }

  /** Closes what is still open when a run ends before its time. Nobody may be at work in a directory any more. */
  close(): void {
    for (const { descriptor } of this.open.values()) {
      if (descriptor !== undefined) this.context.syscalls.close(descriptor);
    }
    this.open.clear();
  }

  /** Sets the times of directories that were touched after they were done. */
  finishLate(): void {
    this.setLateModes();
    this.finishWaiting();
    for (const [path, entry] of this.late) {
      const held = this.destination.walker?.directory(belowDestination(this.destination, path));
      if (entry === undefined || held === undefined || typeof held === "number" || this.aliased.has(path)) continue;
      this.finish(entry, held.descriptor, path);
    }
    for (const [path, entry] of this.aliased) {
      const held = this.destination.walker?.directory(belowDestination(this.destination, path));
      // All in the order of the walk: of two names of one directory the last one counts.
      if (typeof held === "object") this.finish(entry, held.descriptor, path, !this.late.has(path));
      else if (this.links.has(path)) this.setTimeByName(entry, path);
    }
    this.closeOpened();
  }

  /**
   * Under incremental recursion rsync is through a list with the first entry of the next one, and closes the directory then: those
   * below it that have not been made by then cannot be. Only before the first file is this no race with its receiver.
   */
  listDone(): void {
    const { incrementalRecursion, deleteTiming } = this.context.options;
    if (!incrementalRecursion || deleteTiming === "delay") return;
    this.finishWaiting();
    if (!this.hadJobs) this.closeOpened();
  }

  /** Another name of a directory, which is looked at next, shows what the generator itself has done in it. */
  private isWaitedFor({ hasJobs }: OpenDirectory): boolean {
    const { keepDirectoryLinks, incrementalRecursion, dryRun } = this.context.options;
    return keepDirectoryLinks && !dryRun && !hasJobs && !(incrementalRecursion && this.hasJobs);
  }

  private finishWaiting(): void {
    for (const { path, entry, dirty } of this.waiting.splice(0)) {
      const held = this.destination.walker?.directory(belowDestination(this.destination, path));
      if (entry !== undefined && dirty && typeof held === "object") this.finish(entry, held.descriptor, path);
    }
  }

  private closeOpened(): void {
    const { walker } = this.destination;
    // The deepest come last in the order of the walk and are closed first.
    const closing = [...this.closing].reverse();
    this.closing.clear();
    for (const [path, mode] of closing) {
      const held = walker?.directory(belowDestination(this.destination, path));
      if (held === undefined || typeof held === "number") continue;
      const set = this.context.syscalls.chmodAt(held.descriptor, "." as ByteName, mode & 0o7777);
      if (set === 0) continue;
      const absolute = shownDirectory(this.destination, path);
      this.context.ledger.systemError("generator", `failed to set permissions on "${absolute}"`, set, absolute);
    }
  }

  /** Gives directories their setgid bits; what was made in them did not get these (`setAttributes`; with another machine it is the receiver's). */
  private setLateModes(): void {
    const { isRemote, lateXattrs, syscalls } = this.context;
    if (isRemote === true) return;
    for (const { path } of lateXattrs?.keys() ?? []) {
      const held = this.destination.walker?.directory(belowDestination(this.destination, path));
      if (typeof held !== "object" || syscalls.lstatAt(held.descriptor, byteName("."), this.stat) < 0) continue;
      syscalls.chmodAt(held.descriptor, byteName("."), (this.stat.mode & 0o7777) | 0o2000);
      const mode = this.closing.get(path);
      if (mode !== undefined) this.closing.set(path, mode | 0o2000);
    }
  }

  /** `again`: nothing may have been done in the directory. */
  private finish(entry: FileEntry, descriptor: number, path: ByteName, again = false): void {
    if (this.links.has(path)) this.setTimeByName(entry, path);
    else if (!again || this.hasOtherTime(entry, descriptor)) this.setTime(entry, descriptor, byteName("."), path);
  }

  private hasOtherTime(entry: FileEntry, descriptor: number): boolean {
    const { syscalls, options } = this.context;
    if (syscalls.lstatAt(descriptor, byteName("."), this.stat) < 0) return false;
    const { mtime, mtimeNanoseconds } = this.stat;
    return !sameTime(entry.mtime, entry.mtimeNanoseconds, mtime, mtimeNanoseconds, options);
  }

  /** A link gets the time, not the directory that it leads to; a directory that cannot be entered is reached from above. */
  private setTimeByName(entry: FileEntry, path: ByteName): void {
    const below = belowDestination(this.destination, path);
    const parent = this.destination.walker?.parent(below);
    if (typeof parent === "object") this.setTime(entry, parent.descriptor, baseName(below), path);
  }

  private setTime(entry: FileEntry, descriptor: number, name: ByteName, path: ByteName): void {
    const { syscalls, options, ledger } = this.context;
    const absolute = shownDirectory(this.destination, path);
    if (keepsTime(entry, options) && !this.omitsTimes()) {
      const status = syscalls.lstatAt(descriptor, name, this.stat);
      const { mtime, mtimeNanoseconds } = this.stat;
      if (status === EACCES && name === ".") {
        if (belowDestination(this.destination, path) !== ".") this.setTimeByName(entry, path);
        else if (!this.isShutOut)
          ledger.systemError("generator", `failed to set times on "${absolute}"`, status, absolute);
      } else if (status < 0) ledger.systemError("generator", `failed to set times on "${absolute}"`, status, absolute);
      else if (!sameTime(entry.mtime, entry.mtimeNanoseconds, mtime, mtimeNanoseconds, options)) {
        const set = syscalls.setTimesAt(descriptor, name, entry.mtime, entry.mtimeNanoseconds);
        // Of a directory of somebody else, or on a read-only drive, that was told at its own item: rsync says nothing more.
        if (set < 0 && set !== EPERM && set !== EROFS)
          ledger.systemError("generator", `failed to set times on "${absolute}"`, set, absolute);
      } else if (!this.context.coarseTimes && mtime >= this.startedSeconds && mtime <= Date.now() / 1000) {
        // It was changed in the very second that the source's has: the time it had before is not known any more, the source's is
        // right. One that lies in the future is of before.
        syscalls.setTimesAt(descriptor, name, entry.mtime, entry.mtimeNanoseconds);
      }
    }
  }

  private omitsTimes(): boolean {
    const { options } = this.context;
    return options.backup && options.backupDirectory === undefined;
  }
}
