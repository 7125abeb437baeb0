/**
 * Deletion of extraneous entries and of what stands in the way of another type (3-transfer 6; 4-traps L-01 to L-04,
 * P-09). Every removal is done on a held directory and a single name; links are removed, never followed.
 */
import { type ByteName, byteName, directoryName } from "../bytes/byte-name.ts";
import { searchable } from "../fs/operator-path.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";
import { checkListAllocation } from "./allocation-limit.ts";
import { type Backups, copiedOnly } from "./backup.ts";
import { directoryText, fullPath, type RunContext } from "./context.ts";
import { destinationDevice, deviceOf, sortForDeletion } from "./deletion-order.ts";
import { DeletionRemarks } from "./deletion-remarks.ts";
import type { Destination } from "./destination.ts";
import { destinationNames } from "./destination-names.ts";
import { type Candidate, type Delayed, type DeletionSource, GuardedDeletion } from "./guarded-deletion.ts";
import { readLinks } from "./read-links.ts";
import { childPath } from "./split-argument.ts";
import { finish } from "./steps.ts";

const ENOENT = -2;
const ENOTEMPTY = -39;
const EEXIST = -17;
/** So many are removed before others are let in. */
const entriesPerStep = 1024;
/** `backed-up`: of a directory that is emptied but for the backups that lie in it. */
type Outcome = "deleted" | "at-limit" | "failed" | "not-empty" | "backed-up";

export class Deleter implements DeletionSource {
  /** `--delete-guard`: every deletion waits for its verdict. */
  readonly guarded: GuardedDeletion | undefined;
  /** Deletions so far; each file and each directory counts against `--max-delete`. rsync's receiver counts its own. */
  private readonly counts = { generator: 0, receiver: 0 };
  private steps = 0;
  private blockedTold = false;
  /** `-x`: device of the last transfer root, 0 before the first. */
  topDevice = 0;
  private readonly context: RunContext;
  private readonly destination: Destination;
  private readonly backups: Backups;
  /** Called when something below a directory (its path) was removed. */
  private readonly touched: (directory: ByteName) => void;
  private readonly stat: Stat = emptyStat();
  readonly delayed: Delayed[] = [];
  /** Hears how many entries a directory holds that rules do not protect, whether they are to go or not. */
  onListed: ((count: number) => void) | undefined;
  private readonly remarks: DeletionRemarks;
  /** Who makes room for a backup. What goes is not backed up itself, and of the receiver's `--stats` tells nothing. */
  private forBackup: "generator" | "receiver" | undefined;
  /** Where the filter stack finds merge files of the receiving side. */
  private readonly places: { absolute(root: number, path: ByteName): ByteName };

  constructor(context: RunContext, destination: Destination, backups: Backups, touched: (directory: ByteName) => void) {
    const limit = context.options.deleteGuard;
    this.guarded = limit && new GuardedDeletion(context, destination, this, limit);
    this.context = context;
    this.remarks = new DeletionRemarks(context);
    this.destination = destination;
    this.backups = backups;
    backups.makeRoomWith((path, name, stat, byReceiver) => this.makeRoomForBackup(path, name, stat, byReceiver));
    this.touched = touched;
    this.places = { absolute: (_root, path) => fullPath(destination.absolute, path) };
  }

  /**
   * Deletes (or, with `later`, remembers) what a destination directory holds and the transfer does not. `names` are the
   * names of its list; `path` its transfer path; `isTop` says that it is a transfer root.
   */
  *deleteIn(path: ByteName, names: ReadonlySet<ByteName>, isTop: boolean, later: boolean): Generator<void, void> {
    const { options, syscalls } = this.context;
    const held = this.destination.walker?.directory(path);
    if (held === undefined || typeof held === "number" || this.isBlocked()) return;
    if (options.oneFileSystem > 0 && syscalls.fstat(held.descriptor, this.stat) === 0) {
      if (isTop) this.topDevice = deviceOf(this.stat);
      else if (deviceOf(this.stat) !== this.topDevice) return;
    }
    for (const candidate of this.list(path, held.descriptor, (name) => names.has(name), false)) {
      if (candidate.isMountPoint === true)
        this.remarks.mountPoint(`cannot delete mount point: ${candidate.path}`, candidate.path);
      else if (later || this.guarded !== undefined) this.delayed.push({ item: candidate, deep: true });
      else yield* this.deleteSteps(candidate, false, undefined, true);
    }
  }

  /** Whether read errors forbid deletions; says so once. */
  isBlocked(): boolean {
    const { ledger, options, emit } = this.context;
    if (!ledger.deletionBlocked || options.ignoreErrors) return false;
    const text = byteName("IO error encountered -- skipping file deletion");
    if (!this.blockedTold) emit({ type: "notice", role: "generator", code: "deletion-skipped", path: undefined, text });
    this.blockedTold = true;
    return true;
  }

  /** Removes what `--delete-delay` remembered, in the order in which it was found. */
  *deleteDelayed(): Generator<void, void> {
    const delayed = this.delayed.splice(0);
    // Listing them has taken its time.
    if (delayed.length > 0) yield;
    if (this.guarded?.holds !== true)
      for (const { item, deep } of delayed) yield* this.deleteSteps(item, false, undefined, deep);
  }

  /** `--delete-missing-args`: removes what stands where a missing argument would be, unless rules protect it (those for all, not for directories). */
  deleteArgument(path: ByteName, name: ByteName, stat: Stat): void {
    if (this.protectsArgument(path)) return;
    const candidate = this.candidate(path, name, stat);
    const deep = this.context.options.force || this.context.options.deleteTiming !== "none";
    const isDirectory = (candidate.mode & FileType.mask) === FileType.directory;
    if (isDirectory && !deep && this.simulate(candidate, true, false) === ENOTEMPTY) {
      if (this.context.options.debug.filter > 0) this.isSeenFull(candidate);
      this.remarks.notEmpty(path);
    } else if (this.guarded !== undefined) this.delayed.push({ item: candidate, deep });
    // rsync opens up directories that are below it, but not itself.
    else this.deleteItem(candidate, false, deep, false);
  }

  /** Whether rules protect what stands, or could stand, where a missing argument would be. */
  protectsArgument(path: ByteName): boolean {
    this.context.filters.enter(0, directoryName(path) || byteName("."), this.places);
    return this.remarks.isProtected(path, false, false);
  }

  /**
   * Removes an entry that stands in the way of one of another kind. The entry itself is neither counted nor printed.
   * False (and reported) when it cannot be removed. `opensUp`: also a directory that may not be written to; rsync does so for files.
   */
  makeRoom(path: ByteName, name: ByteName, stat: Stat, forWhat: string, opensUp = true): boolean {
    const candidate = this.candidate(path, name, stat);
    if (
      !(this.guarded?.holds === true && this.hasContent(candidate)) &&
      this.deleteItem(candidate, true, false, opensUp) === "deleted"
    )
      return true;
    this.context.ledger.error("generator", `could not make way for new ${forWhat}: ${path}`, path);
    return false;
  }

  /** Removes a directory with all that it holds, whether deletions were asked for or not. False when something stays. */
  private makeRoomForBackup(path: ByteName, name: ByteName, stat: Stat, byReceiver: boolean): boolean {
    if (this.guarded !== undefined) return false;
    this.forBackup = byReceiver ? "receiver" : "generator";
    const outcome = this.deleteItem(this.candidate(path, name, stat), true, true);
    this.forBackup = undefined;
    return outcome === "deleted";
  }

  hasContent(item: Candidate): boolean {
    if ((item.mode & FileType.mask) !== FileType.directory) return false;
    return this.simulate(item, true, false) === ENOTEMPTY;
  }

  /** Lists without a word: what is deleted will be told then. */
  quietly(look: () => void): void {
    this.remarks.silent = true;
    look();
    this.remarks.silent = false;
  }

  /** Candidates of a directory, last in sort order first; among them with `-x` mount points. */
  list(
    path: ByteName,
    descriptor: number,
    listed: (name: ByteName) => boolean,
    beingRemoved: boolean,
    onProtected?: () => void,
  ): Candidate[] {
    const { syscalls, filters, options, ledger } = this.context;
    const names = destinationNames(syscalls, descriptor, path);
    if (typeof names === "number") {
      if (this.remarks.silent) return [];
      const absolute = directoryText(this.destination.absolute, path);
      ledger.systemError("generator", `opendir "${absolute}" failed`, names, absolute);
      ledger.readFailed();
      return [];
    }
    checkListAllocation(names.length, options.maxAlloc, "generator");
    this.guarded?.guard.saw(names.length);
    if (options.atimes && options.links) readLinks(syscalls, descriptor, names);
    if (this.isClosed(path, descriptor, names, beingRemoved, onProtected)) return [];
    filters.enter(0, path, this.places);
    const found: Candidate[] = [];
    let own = -1;
    const ownDevice = (): number => {
      // A mount point that is to be removed itself is left as soon as a directory lies in it: what counts is the argument.
      if (beingRemoved) own = this.topDevice || destinationDevice(syscalls, this.destination, this.stat) || -1;
      if (own < 0 && syscalls.fstat(descriptor, this.stat) === 0) own = deviceOf(this.stat);
      return own;
    };
    // Nothing comes of those that are listed, but -vv tells of the rules for every name that the directory holds (2-file-list 1.8),
    // and -x of every mount point.
    const told =
      ((options.debug.filter > 0 || this.onListed !== undefined) && !filters.isEmpty) ||
      (options.oneFileSystem > 0 && options.info.mount > 0);
    let kept = 0;
    for (const name of names) {
      const isListed = listed(name);
      if (isListed && !told) {
        kept++;
        continue;
      }
      const child = childPath(path, name);
      const status = syscalls.lstatAt(descriptor, name, this.stat);
      if (status < 0) {
        // Gone by itself is as good as deleted; anything else must not pass for success (L-17).
        if (status === ENOENT || isListed) continue;
        onProtected?.();
        if (!this.remarks.silent) ledger.notSeen(fullPath(this.destination.absolute, child), status);
        continue;
      }
      const candidate = this.candidate(child, name, this.stat);
      const isDirectory = (candidate.mode & FileType.mask) === FileType.directory;
      const isMountPoint = isDirectory && options.oneFileSystem > 0 && candidate.device !== ownDevice();
      if (isMountPoint && options.oneFileSystem > 1) {
        // It is not in the list, whatever the rules say: the directory that it lies in is not known to hold anything.
        this.remarks.mountPoint(`[generator] skipping mount-point dir ${child}`, child);
        if (this.remarks.silent) onProtected?.();
      } else if (!filters.isEmpty && this.remarks.isProtected(child, isDirectory, beingRemoved)) onProtected?.();
      else if (isMountPoint) {
        onProtected?.();
        found.push({ ...candidate, isMountPoint });
      } else if (isListed) kept++;
      else found.push(candidate);
    }
    if (!this.remarks.silent) this.onListed?.(kept + found.length);
    return sortForDeletion(found, this.context.sortsByName === true);
  }

  candidate(path: ByteName, name: ByteName, stat: Stat): Candidate {
    return { path, name, mode: stat.mode, uid: stat.uid, device: deviceOf(stat) };
  }

  /** Removes one entry at once, `deep`: with its contents. */
  deleteItem(item: Candidate, makingRoom: boolean, deep: boolean = !makingRoom, opensUp: boolean = true): Outcome {
    return finish(this.deleteSteps(item, makingRoom, undefined, deep, opensUp));
  }

  private *deleteSteps(
    item: Candidate,
    makingRoom: boolean,
    known: "emptied" | "full" | undefined,
    deep: boolean,
    opensUp: boolean = true,
  ): Generator<void, Outcome> {
    if (++this.steps % entriesPerStep === 0) yield;
    const { options, counters, gate, emit } = this.context;
    const isDirectory = (item.mode & FileType.mask) === FileType.directory;
    const answer = (makingRoom ? undefined : gate?.deletion(item.path)) ?? "planned";
    if (answer === "contents" && isDirectory && known === undefined) yield* this.deleteContents(this.writable(item));
    if (answer !== "planned") return "failed";
    const recursive = deep || options.force || options.deleteTiming !== "none";
    if (opensUp && (item.mode & FileType.mask) !== FileType.symlink) this.writable(item);
    const contents = isDirectory && known === undefined && recursive ? yield* this.deleteContents(item) : "deleted";
    if (contents !== "deleted" && contents !== "backed-up") return contents;
    // Looked at first: for a mount point or without permission, the removal would fail for another reason.
    if (isDirectory && known === undefined && !recursive && this.isSeenFull(item)) {
      this.remarks.notEmpty(item.path);
      return "not-empty";
    }
    const role = this.forBackup ?? "generator";
    const isAtLimit = !makingRoom && options.maxDelete !== undefined && this.counts[role] >= options.maxDelete;
    if (isAtLimit && role === "generator") counters.skippedDeletions++;
    if (isAtLimit) return "at-limit";
    const act = () => (options.dryRun ? this.simulate(item, isDirectory, recursive) : this.remove(item, isDirectory));
    const status = known === "full" || contents === "backed-up" ? ENOTEMPTY : act();
    if (status === 0) {
      if (!makingRoom) {
        this.counts[role]++;
        if (role === "generator") counters.deleted.add(item.mode);
        emit({ type: "delete", path: item.path, directory: isDirectory, mode: item.mode });
      }
      return "deleted";
    }
    if (isDirectory && (status === ENOTEMPTY || status === EEXIST)) {
      this.remarks.notEmpty(item.path);
      return "not-empty";
    }
    return status === ENOENT ? "deleted" : "failed";
  }

  /** Removes the contents of a directory; protected entries stay, and so does then the directory. */
  private *deleteContents(directory: Candidate): Generator<void, Outcome> {
    const held = this.destination.walker?.directory(directory.path);
    if (typeof held !== "object") return "deleted";
    let [remains, isBackedUp] = [false, false];
    held.retain();
    const keep = () => {
      remains = true;
    };
    for (const item of this.list(directory.path, held.descriptor, () => false, true, keep)) {
      if (item.isMountPoint === true) {
        this.remarks.mountPoint(`mount point, ${item.path}, pins parent directory`, item.path);
        continue;
      }
      const isDirectory = (item.mode & FileType.mask) === FileType.directory;
      const stays = isDirectory && (yield* this.deleteContents(this.writable(item))) !== "deleted";
      const isPlanned = this.context.gate !== undefined; // A dry run tells of what stays, a plan must be exact.
      const known = stays && isPlanned ? "full" : isDirectory ? "emptied" : undefined;
      if ((yield* this.deleteSteps(item, false, known, true)) !== "deleted" || stays) remains = true;
      else if (isPlanned && !isDirectory && !this.forBackup && this.backups.isBeside(item.name)) isBackedUp = true;
    }
    held.release();
    if (!remains) return isBackedUp ? "backed-up" : "deleted";
    this.remarks.notEmpty(directory.path);
    return "not-empty";
  }

  /** What is ours and may not be written to is opened up before it or its contents go (4-traps T-13). */
  private writable(item: Candidate): Candidate {
    const { identity, options, syscalls, gate } = this.context;
    const isClosed = !identity.privileged && (item.mode & 0o200) === 0 && item.uid === identity.uid;
    if (isClosed && !options.dryRun && gate?.deletion(item.path) !== "unplanned") {
      const parent = this.parent(item);
      if (parent >= 0) syscalls.chmodAt(parent, item.name, (item.mode & 0o7777) | 0o200);
    }
    return item;
  }

  private remove(item: Candidate, isDirectory: boolean): number {
    const { syscalls, ledger, options } = this.context;
    if (isDirectory) this.destination.walker?.forget(item.path);
    const held = this.destination.walker?.directory(directoryName(item.path));
    if (held === undefined || typeof held === "number") return held ?? ENOENT;
    // A backup walks elsewhere in the destination meanwhile.
    held.retain();
    const parent = held.descriptor;
    const backsUp = !isDirectory && options.backup && !this.forBackup && this.backups.appliesToDeletion(item.name);
    let status: number = backsUp ? this.backups.make(parent, item.name, item.path, true) : copiedOnly;
    const operation = status !== copiedOnly ? "make_backup" : isDirectory ? "rmdir" : "unlink";
    if (status === copiedOnly)
      status = isDirectory ? syscalls.removeDirectoryAt(parent, item.name) : syscalls.unlinkAt(parent, item.name);
    held.release();
    if (status === 0) this.touched(directoryName(item.path) || byteName("."));
    else if (status !== ENOENT && status !== ENOTEMPTY && status !== EEXIST) {
      ledger.systemError("generator", `delete_file: ${operation}(${item.path}) failed`, status, item.path);
    }
    return status;
  }

  /** Whether a directory is seen to hold something; one that cannot be looked into is reported. Its list is for what -vv tells of rules. */
  private isSeenFull(item: Candidate): boolean {
    const held = this.destination.walker?.directory(item.path);
    if (held === undefined) return false;
    const { filters, options, syscalls } = this.context;
    const names = typeof held === "number" ? held : syscalls.readDirectory(held.descriptor);
    if (typeof names === "object" && typeof held === "object") {
      if (filters.looksUp) filters.enter(0, item.path, this.places);
      if (names.length === 0 || this.isClosed(item.path, held.descriptor, names, true)) return false;
      if (options.debug.filter > 0 && !filters.isEmpty) this.list(item.path, held.descriptor, () => false, true);
      return true;
    }
    const absolute = fullPath(this.destination.absolute, item.path);
    this.context.ledger.systemError("generator", `opendir "${absolute}" failed`, Number(names), absolute);
    return false;
  }

  /** Whether a directory may be read but not searched; says then of which names nothing can be seen. */
  private isClosed(
    path: ByteName,
    descriptor: number,
    names: readonly ByteName[],
    beingRemoved: boolean,
    onProtected?: () => void,
  ): boolean {
    const { syscalls, filters, ledger } = this.context;
    const status = searchable(syscalls, descriptor, this.stat);
    if (status >= 0 || names.length === 0) return false;
    filters.enter(0, path, this.places);
    for (const name of names) {
      const child = childPath(path, name);
      // What rules protect, as a file or as a directory, is not missed.
      const isMissed =
        filters.isEmpty || ![false, true].some((kind) => this.remarks.isProtected(child, kind, beingRemoved));
      if (!isMissed) onProtected?.();
      else if (!this.remarks.silent) ledger.notSeen(fullPath(this.destination.absolute, child), status);
    }
    return true;
  }

  /** What a removal would do. */
  private simulate(item: Candidate, isDirectory: boolean, recursive: boolean): number {
    const { options } = this.context;
    if (!isDirectory && options.backup && this.backups.appliesToDeletion(item.name)) {
      const parent = this.parent(item);
      if (parent >= 0) this.backups.leavesOut(parent, item.name, item.path);
      this.backups.tell(item.path);
    }
    if (!isDirectory || recursive) return 0;
    const held = this.destination.walker?.directory(item.path);
    if (held === undefined || typeof held === "number") return 0;
    const names = this.context.syscalls.readDirectory(held.descriptor);
    const isSeen = searchable(this.context.syscalls, held.descriptor, this.stat) >= 0;
    return typeof names === "object" && names.length > 0 && isSeen ? ENOTEMPTY : 0;
  }

  private parent(item: Candidate): number {
    const held = this.destination.walker?.directory(directoryName(item.path));
    return held === undefined ? ENOENT : typeof held === "number" ? held : held.descriptor;
  }
}
