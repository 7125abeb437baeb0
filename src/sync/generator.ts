/**
 * The generator of a local run: walks the file lists in order, looks at the destination and decides (3-transfer 1, 12).
 * Directories are handled here; files in `generate-entry`.
 */
import { type ByteName, byteName, directoryName } from "../bytes/byte-name.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { EntryFlag, type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { isWithoutOwner } from "./absent-lists.ts";
import { AbsentDirectories, makeImplied, needsDirectory, whyNotMade } from "./absent-parents.ts";
import type { Alternates } from "./alternates.ts";
import { setAttributes } from "./attributes.ts";
import type { ItemRecord, RecordChannel } from "./channel.ts";
import { destinationMode, itemFlags, noAttributes } from "./compare.ts";
import type { RunContext } from "./context.ts";
import type { Deleter } from "./delete.ts";
import { DeletionPasses } from "./deletion-passes.ts";
import type { Destination } from "./destination.ts";
import { EarlyDirectories, leadsToDirectory } from "./early-directories.ts";
import type { ExistingReader } from "./existing.ts";
import { type FileList, isDirectory, isRegular } from "./file-list.ts";
import { newDirectoryFlags } from "./generate-alternate.ts";
import type { EntryGenerator } from "./generate-entry.ts";
import { NewPermissions } from "./new-permissions.ts";
import {
  belowDestination,
  type DirectoryState,
  failBelowKept,
  failDirectory,
  failSearch,
  findPlace,
  impliedDirectory,
  openKept,
  type Place,
  refusals,
  shownDirectory,
  warnOfPermissions,
} from "./place.ts";
import { type SlotNumber, SlotNumbers } from "./slot-numbers.ts";
import { withPauses } from "./steps.ts";
import { OpenDirectory, type TreeState } from "./tree-state.ts";

const ENOENT = -2;
const EACCES = -13;
const EEXIST = -17;
const EXDEV = -18;
const ENOTDIR = -20;
const ELOOP = -40;

/** So many entries apart records are sent without delay. */
const entriesPerFlush = 200;

export interface GeneratorParts {
  readonly context: RunContext;
  readonly destination: Destination;
  readonly channel: RecordChannel;
  readonly deleter: Deleter;
  readonly tree: TreeState;
  readonly existing: ExistingReader;
  readonly alternates: Alternates;
  readonly entries: EntryGenerator;
  /** Whether every list has come from the sender. */
  readonly allArrived: () => boolean;
}

export class Generator {
  private readonly parts: GeneratorParts;
  private readonly stat: Stat = emptyStat();
  /** Directories that are not simply there; all others are. */
  private readonly states = new Map<ByteName, DirectoryState>();
  private readonly early: EarlyDirectories;
  private readonly numbers: SlotNumbers;
  private readonly permissions: NewPermissions;
  readonly deletions: DeletionPasses;
  private readonly absent: AbsentDirectories;
  /** From this index on the next entry lets the records before it go. */
  private nextFlush = 0;

  constructor(parts: GeneratorParts) {
    this.parts = parts;
    this.numbers = new SlotNumbers(parts.context.options.incrementalRecursion);
    this.early = new EarlyDirectories(parts);
    this.absent = new AbsentDirectories(parts);
    this.permissions = new NewPermissions(parts.context, parts.existing);
    this.deletions = new DeletionPasses(parts, (path) => ["ok", "outside"].includes(this.states.get(path) ?? "ok"));
    if (parts.destination.walker === undefined) this.states.set(byteName("."), "missing");
  }

  /**
   * Works through one list. Returns when every entry has been decided; transfers may still be under way. `begun` is called
   * after the first entry, or when there is none to handle.
   */
  async processList(list: FileList, begun: () => void): Promise<void> {
    const { context, tree, existing, entries, deleter } = this.parts;
    const { options } = context;
    context.ledger.learn(list.ioError, options.hardLinks || !options.incrementalRecursion);
    this.numbers.startList(list);
    if (isWithoutOwner(list)) {
      for (const _ of list.entries) this.numbers.next(false);
      this.absent.deleteIn(list);
      begun();
      return;
    }
    const isResumed = list.part?.isFirst === false;
    const directory = isResumed ? tree.resume(list.path) : this.enterDirectory(list);
    const state = this.states.get(list.path);
    const outside = state === "outside";
    const kept = state === "no-directory";
    if ((options.deleteTiming === "during" || options.deleteTiming === "delay") && !isResumed) {
      if (!kept) await withPauses(context, this.deletions.inList(list));
      // Without incremental recursion rsync does not come upon it.
      else if (options.incrementalRecursion && ((list.owner?.flags ?? 0) & EntryFlag.content) !== 0) {
        if (!deleter.isBlocked()) failSearch(context, this.parts.destination, list.path);
      }
    }
    // With incremental recursion a directory is an entry of its parent's list.
    const isEntry = list.owner !== undefined && (!options.incrementalRecursion || list.path === ".");
    if (isEntry) await this.entryDone(this.numbers.owner().ndx);
    if (directory === undefined) {
      for (const entry of list.entries) {
        if (isDirectory(entry)) this.states.set(entry.path, "skipped");
        else await entries.skip(entry);
      }
      for (const entry of list.entries) this.numbers.next(isDirectory(entry));
      begun();
      return;
    }
    const { descriptor } = directory;
    if (descriptor !== undefined && !directory.isNew && !kept && !outside && existing.needed)
      existing.prefetch(descriptor, list.entries);
    const permissions = this.permissions.ofEntries(list, outside ? undefined : descriptor);
    const isAbsent = state === "missing" && options.relative && !options.impliedDirectories && !options.dryRun;
    if ((kept || isAbsent || directory.refusal !== undefined) && !options.permissions && list.entries.length > 0)
      warnOfPermissions(context, this.parts.destination, list.path);
    if (list.entries.length === 0) begun();
    for (const [index, entry] of list.entries.entries()) {
      if (isDirectory(entry)) {
        if (descriptor !== undefined) this.early.make(directory, descriptor, entry);
        else if (directory.refusal !== EACCES && !outside) this.states.set(entry.path, "missing");
        const { ndx } = this.numbers.next(true);
        if (options.incrementalRecursion) await this.entryDone(ndx);
      } else {
        this.absent.pass(entry);
        const number = this.numbers.next(false);
        const crowded = this.parts.channel.makeRoom?.(tree);
        if (crowded !== undefined) await crowded;
        const defaultPermissions = isRegular(entry) ? permissions.files : permissions.others;
        const waiting = entries.handle({ directory, entry, ...number, defaultPermissions });
        if (waiting !== undefined) await waiting;
        const flushing = this.entryDone(number.ndx);
        if (flushing !== undefined) await flushing;
      }
      if (index === 0) begun();
      if (index === 0) tree.begun();
    }
    tree.leave(directory, list.part);
  }

  /**
   * Once all lists have come, rsync's generator sends its records without delay now and then: remarks on later entries come
   * behind (3-transfer 9.10).
   */
  private entryDone(ndx: number): Promise<void> | undefined {
    if (ndx < this.nextFlush) return undefined;
    const isFirst = this.nextFlush === 0;
    this.nextFlush += entriesPerFlush;
    // Files would be there at once, and with them the further names of hard links, for which rsync waits longer.
    if (!isFirst && this.parts.context.options.hardLinks) return undefined;
    return this.parts.allArrived() ? this.parts.channel.flush() : undefined;
  }

  /** Handles a list's own directory in full and opens it; undefined when it is to be left alone. */
  private enterDirectory(list: FileList): OpenDirectory | undefined {
    const { destination, tree, context } = this.parts;
    const { owner, path } = list;
    const untouched =
      owner !== undefined && (owner.flags & EntryFlag.implied) !== 0 && !context.options.impliedDirectories;
    const directory = new OpenDirectory(path, untouched ? undefined : owner);
    directory.hasFiles = list.entries.some(isRegular);
    const parentPath = path === "." ? undefined : directoryName(path) || byteName(".");
    const parentState =
      parentPath === undefined ? undefined : this.states.get(parentPath === "/" ? byteName(".") : parentPath);
    let state = this.states.get(path) ?? parentState ?? "ok";
    if (owner !== undefined && state !== "skipped") {
      state = this.handleDirectory(owner, this.numbers.owner(), state, directory, needsDirectory(list));
    } else if (state === "no-directory" || state === "outside") state = "skipped";
    if (state !== "ok") this.states.set(path, state);
    if (!untouched) this.absent.enter(path, state !== "missing");
    if (state === "skipped") return undefined;
    if (state === "no-directory" || state === "outside") directory.descriptor = openKept(context, destination, path);
    if (state === "outside") directory.refusal = ELOOP;
    if (state === "ok" && destination.walker !== undefined) {
      const held = destination.walker.directory(owner === undefined ? byteName("") : this.below(path));
      if (held === ENOENT || (held === EACCES && untouched && !context.options.dryRun)) {
        // An implied parent that could not be made, a link to nothing in its place, or somebody has removed it.
        if (!context.options.dryRun) directory.refusal = held;
        tree.enter(directory);
        return directory;
      }
      const descriptor = typeof held === "number" ? held : context.syscalls.duplicate(held.descriptor);
      if (context.options.keepDirectoryLinks && (descriptor === ELOOP || descriptor === EXDEV)) {
        this.states.set(path, "outside");
        directory.refusal = ELOOP;
        directory.descriptor = openKept(context, destination, path);
      } else if (descriptor < 0) {
        // Its contents are left alone, and that must not pass for success (L-17).
        const absolute = shownDirectory(destination, path);
        context.ledger.systemError("generator", `opendir "${absolute}" failed`, descriptor, absolute);
        this.states.set(path, "skipped");
        return undefined;
      } else directory.descriptor = descriptor;
    }
    tree.enter(directory);
    return directory;
  }

  /** The directory's own item: comparison, creation, attributes (3-transfer 1.8). */
  private handleDirectory(
    entry: FileEntry,
    number: SlotNumber,
    state: DirectoryState,
    opened: OpenDirectory,
    isNeeded: boolean,
  ): DirectoryState {
    if ((entry.flags & EntryFlag.implied) !== 0 && !this.parts.context.options.impliedDirectories)
      return this.ensureParents(entry.path, state, isNeeded);
    const root = entry.path === "." || entry.path === "/.";
    const where =
      state === "missing"
        ? undefined
        : state === "no-directory" || state === "outside"
          ? refusals[state]
          : findPlace(this.parts.destination, entry.path, root);
    try {
      return this.updateDirectory(entry, number, root, where, opened);
    } finally {
      if (typeof where === "object") where.held.release();
    }
  }

  private updateDirectory(
    entry: FileEntry,
    number: SlotNumber,
    root: boolean,
    where: Place | number | undefined,
    opened: OpenDirectory,
  ): DirectoryState {
    const { context, destination, channel, deleter, existing, tree } = this.parts;
    const { options, syscalls, ledger, identity } = context;
    const absolute = shownDirectory(destination, entry.path);
    const above = this.states.get(directoryName(entry.path) || byteName("."));
    const inKept = typeof where === "number" && (above === "no-directory" || above === "outside");
    if (typeof where === "number" && where !== ENOENT && where !== EACCES && !inKept) {
      ledger.systemError("generator", `recv_generator: failed to stat "${absolute}"`, where, absolute);
      return "skipped";
    }
    let status =
      where === undefined || typeof where === "number"
        ? (where ?? ENOENT)
        : syscalls.lstatAt(where.descriptor, where.name, this.stat);
    // Lists of old protocols may have names before it (2-file-list 4.2): then rsync takes it for one that was there.
    const madeRoot = root && destination.created && number.position === 0;
    let exists = !this.early.wasMade(entry.path) && status === 0 && !madeRoot;
    if (status === 0 && typeof where === "object")
      opened.isLink = leadsToDirectory(context, where.descriptor, where.name, this.stat);
    const isDir = status === 0 && (this.stat.mode & FileType.mask) === FileType.directory;
    if (context.gate !== undefined && context.gate.entry(entry) !== "planned") return isDir ? "ok" : "skipped";
    if (options.existing && status === ENOENT) {
      const text = `not creating new directory "${this.below(entry.path)}"`;
      this.notice("not-creating", text, entry.path, options.info.skip > 0);
      return "skipped";
    }
    if (options.ignoreExisting && exists && !isDir && typeof where === "object") {
      this.notice("exists", `${this.below(entry.path)} exists`, entry.path, options.info.skip > 0);
      return tree.keep(entry, where, this.stat);
    }
    if (exists && !isDir) {
      // Only incremental recursion comes to a directory twice, and then tries and tells twice.
      const name = destination.singleName ?? entry.name;
      const tried = this.early.wasBlocked(entry.path) && !options.incrementalRecursion;
      if (tried || !deleter.makeRoom(this.below(entry.path), name, this.stat, "directory")) return this.skipping();
      exists = false;
      status = ENOENT;
    }
    const parentPath = directoryName(entry.path) || byteName(".");
    const parentPermissions = this.permissions.ofDirectory(parentPath, root, where);
    const existingMode = exists ? this.stat.mode : undefined;
    const mode = destinationMode(context, entry, existingMode, parentPermissions);
    const own =
      exists && typeof where === "object" ? existing.read(where.descriptor, where.name, absolute) : noAttributes();
    const isLink = opened.isLink && typeof where === "object";
    existing.tellJudged();
    const attributes = isLink ? existing.readLinked(where.descriptor, where.name, own) : own;
    const flags = exists
      ? itemFlags(context, entry, mode, this.stat, attributes, 0)
      : newDirectoryFlags(this.parts, entry, this.below(entry.path), mode);
    const record: ItemRecord = { kind: "item", entry, ...number, flags, linkedTo: undefined };
    channel.push(record);
    if (options.dryRun) return exists ? "ok" : "missing";
    if (typeof where !== "object" || status !== 0) {
      const made =
        typeof where === "object"
          ? syscalls.makeDirectoryAt(where.descriptor, where.name, mode & 0o1777)
          : whyNotMade(this.parts, entry.path, status);
      if (typeof where !== "object" || (made < 0 && made !== EEXIST)) {
        failDirectory(context, absolute, made, status, flags);
        return this.skipping();
      }
      tree.touch(parentPath);
      status = syscalls.lstatAt(where.descriptor, where.name, this.stat);
      if (status < 0 || (this.stat.mode & FileType.mask) !== FileType.directory) {
        // What was made is not what stands there now (P-06).
        const found = status < 0 ? status : ENOTDIR;
        ledger.systemError("generator", `recv_generator: failed to stat "${absolute}"`, found, absolute);
        return "skipped";
      }
    }
    // A new setgid directory without -p keeps the bit that its parent gave it (T-14).
    const wanted = !options.permissions && !exists ? mode | (this.stat.mode & 0o2000) : mode;
    const present = options.insecureLinks ? attributes : own;
    const found = exists ? present : existing.read(where.descriptor, where.name);
    const place = { directory: where.descriptor, name: where.name, absolute, isLink: opened.isLink };
    const timeRule = options.backup && options.backupDirectory === undefined ? "leave" : exists ? "by-window" : "exact";
    const hasCopies = !exists && (flags & (ItemFlag.isNew | ItemFlag.xattr)) === 0;
    const changed = setAttributes(context, place, entry, wanted, this.stat, found, timeRule, hasCopies);
    record.isChanged = changed ?? false;
    channel.settled?.(record);
    // What could not be set left the time alone: it is set at the end.
    if (changed === undefined || (changed && !exists)) opened.dirty = true;
    // A change of attributes may have given another mode than the wanted one (5.6).
    const seen = identity.privileged ? 0 : syscalls.lstatAt(where.descriptor, where.name, this.stat);
    // If the destination itself lost its search permission we cannot get back in, like rsync, which tries with each entry.
    if (seen < 0) tree.shutOut(absolute, seen);
    opened.isNew = !exists && seen === 0;
    // The mode that opens a new directory is that of the source: the bit that its parent gave it goes.
    const lost = exists || options.permissions ? 0 : 0o2000 & ~mode;
    const actual = this.stat.mode & 0o7777 & ~lost;
    // One of somebody else whose wanted mode is open already has been refused just now: rsync does not try again.
    const isRefused = (wanted & 0o700) === 0o700 && this.stat.uid !== identity.uid;
    const opens = seen === 0 && !identity.privileged && destination.singleName === undefined;
    if (opens && existingMode !== undefined) tree.reopenListable(entry.path, existingMode, actual);
    if (opens && (actual & wanted & 0o700) !== 0o700 && !isRefused) {
      const status = tree.openUp(entry.path, where, actual | 0o700, opened.isLink);
      if (status < 0) {
        ledger.systemError("generator", `failed to modify permissions on "${absolute}"`, status, absolute);
      } else {
        const hasXattrs = (flags & ItemFlag.xattr) !== 0;
        const closed = hasXattrs ? actual | (lost & entry.mode) : actual;
        tree.closeLater(opened, wanted & ~lost, closed, hasXattrs);
        // The receiver, who sets the extended attributes, closes it at once: it has no room for what comes then (5.6).
        if (hasXattrs && !hasCopies) record.received = () => tree.shut(entry.path, closed);
      }
    }
    return "ok";
  }

  /** Makes the missing parents that `--no-implied-dirs` leaves out, with default permissions, if anything goes into them. */
  private ensureParents(path: ByteName, state: DirectoryState, isNeeded: boolean): DirectoryState {
    const { context, destination } = this.parts;
    const { dryRun, existing, info } = context.options;
    if (state === "no-directory" || state === "outside") {
      if (dryRun) return "missing";
      failBelowKept(context, destination, path, refusals[state]);
      return "outside";
    }
    if (state !== "ok" && (state !== "missing" || dryRun)) return state;
    const held = impliedDirectory(context, destination, path);
    if (held === ENOTDIR) return "no-directory";
    if (held === ELOOP || held === EXDEV) return "outside";
    if (held !== ENOENT && held !== EACCES) return "ok";
    if (existing && held === ENOENT) {
      this.notice("not-creating", `not creating new directory "${this.below(path)}"`, path, info.skip > 0);
      return "skipped";
    }
    if (dryRun || !isNeeded) return "missing";
    failBelowKept(context, destination, path, makeImplied(this.parts, path));
    for (let above = path; above !== "" && above !== "/"; above = directoryName(above)) this.states.delete(above);
    return "ok";
  }

  private below(path: ByteName): ByteName {
    return belowDestination(this.parts.destination, path);
  }

  private skipping(): "skipped" {
    this.parts.context.ledger.error("generator", "*** Skipping any contents from this failed directory ***");
    return "skipped";
  }

  private notice(code: "not-creating" | "exists", text: string, path: ByteName, wanted: boolean): void {
    if (wanted) this.parts.context.emit({ type: "notice", role: "generator", code, path, text: byteName(text) });
  }
}
