/**
 * The sender's scan: turns the source arguments into file lists, depth first (2-file-list 4.6, 9.1). It runs on the main
 * thread for small trees and is handed to a worker thread for large ones (`list-feed`), so its state is plain data.
 */
import { type ByteName, byteName, joinName } from "../bytes/byte-name.ts";
import { searchable } from "../fs/operator-path.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { limits } from "../limits.ts";
import { applyModeChanges } from "../options/chmod.ts";
import { EntryFlag, type FileEntry, FileType } from "../protocol/file-entry.ts";
import { addAbsent, isWithoutOwner, type PendingDirectory } from "./absent-lists.ts";
import type { BuilderContext } from "./builder-context.ts";
import { EntryAttributes, type LinkedTimes } from "./entry-attributes.ts";
import { EntryOrder } from "./entry-order.ts";
import type { RunEvent } from "./events.ts";
import { type FileList, IoError, sortEntries } from "./file-list.ts";
import type { FilterPosition, FilterStack } from "./filter-stack.ts";
import { systemProblem, tooLongProblem } from "./ledger.ts";
import { ListedTimes } from "./listed-times.ts";
import { unmunged } from "./munge.ts";
import { NamedEntries, type NamedState } from "./named-entries.ts";
import { ScanEvents, type ScanEventsState } from "./scan-events.ts";
import { followsUnsafe, hasVanished, judgedByRule, judgedXattr, leadsNowhere, skipsMountPoint } from "./scan-texts.ts";
import { deviceKey, deviceSize, linksToFollow, type SourceStat, statSource } from "./source-stat.ts";
import { sourcesToScan } from "./sources-to-scan.ts";
import { TreeEstimate } from "./tree-estimate.ts";

const ENOENT = -2;
const ELOOP = -40;

/** Everything a builder needs to go on in another thread. */
export interface BuilderState {
  readonly pending: readonly PendingDirectory[];
  readonly named: NamedState;
  readonly linkGroups: readonly (readonly [string, number])[];
  readonly linkedTimes: LinkedTimes;
  readonly ioError: number;
  readonly filters: FilterPosition;
  readonly events: ScanEventsState;
}

export class ListBuilder {
  private readonly context: BuilderContext;
  private readonly stat: Stat = emptyStat();
  readonly attributes: EntryAttributes;
  private readonly pending: PendingDirectory[];
  /** Entries that belong in a directory's list besides its scanned content. */
  private readonly named: NamedEntries;
  private readonly linkGroups: Map<string, number>;
  private ioError: number;
  readonly events: ScanEvents;
  readonly times: ListedTimes;
  /** How large the source will be. */
  readonly estimate: TreeEstimate = new TreeEstimate();

  constructor(context: BuilderContext, state?: BuilderState) {
    this.context = context;
    this.attributes = new EntryAttributes(context, state?.linkedTimes, {
      failed: (text, absolute, errno) => this.failed(text, absolute, errno),
      vanished: (absolute) => this.vanished(absolute),
      judged: (name, keeps, rule) => this.report(judgedXattr("sender", name, keeps, rule)),
    });
    this.pending = [...(state?.pending ?? [{ owner: undefined, path: byteName("."), sources: [] }])];
    this.named = new NamedEntries(context.options.incrementalRecursion, state?.named);
    this.linkGroups = new Map(state?.linkGroups);
    this.ioError = state?.ioError ?? 0;
    this.times = new ListedTimes(context);
    this.events = new ScanEvents(context.options, state?.events);
  }

  /** The state after the last list, for another thread. */
  snapshot(): BuilderState {
    return {
      pending: this.pending,
      named: this.named.snapshot(),
      linkGroups: [...this.linkGroups],
      linkedTimes: this.attributes.snapshot(),
      ioError: this.ioError,
      filters: this.context.filters.snapshot(),
      events: this.events.snapshot(),
    };
  }

  /** Reports something that belongs to the next list. */
  report(event: RunEvent, ioError = 0): void {
    this.events.add(event);
    this.ioError |= ioError;
  }

  /** What is reported and added from now on belongs to the next argument. */
  beginArgument(): void {
    this.events.beginArgument();
    this.named.beginArgument();
    this.times.beginArgument();
  }

  /** Adds an entry to the list of the directory `parent` (`.` for the first list); `remark` is told when it is listed. */
  addEntry(parent: ByteName, entry: FileEntry, remark?: RunEvent): void {
    const isLater = this.context.options.incrementalRecursion && parent !== ".";
    if (remark !== undefined && !isLater) this.report(remark);
    this.named.add(parent, entry, isLater ? remark : undefined);
    this.times.named(entry, this.events.scanning);
    this.events.addEntry(entry);
  }

  /** The next list in depth-first order; undefined after the last. */
  next(): FileList | undefined {
    const directory = this.pending.pop();
    if (directory === undefined) return undefined;
    const apart = isWithoutOwner(directory);
    const first = directory.owner === undefined && !apart;
    this.attributes.beginList();
    const steps = this.named.take(directory.path, directory.sources);
    let { owner } = directory;
    let dots: readonly FileEntry[] = [];
    // The order of the arguments decides between equal names.
    const children: FileEntry[] = [];
    const order = this.context.keepsOrder === true ? new EntryOrder() : undefined;
    // Not `push(...)`: a directory may hold a million entries.
    const addContent = (source: FileEntry, rank: number): void => {
      if ((source.flags & EntryFlag.content) === 0) return;
      const found = this.scan(source, directory.path);
      for (const child of found) children.push(child);
      this.named.found(rank, found);
      this.times.found(found, this.events.scanning);
      order?.addPart(found, rank);
    };
    const scanned = sourcesToScan(directory.sources, this.context);
    const isDot = ({ path }: FileEntry) => path === "." || path === "/.";
    if (first) {
      const named = steps.flatMap((step) => (step.kind === "named" && isDot(step.entry) ? step.entry : []));
      const merged = sortEntries(named).directories[0];
      owner = merged?.entry;
      dots = merged?.sources ?? [];
    }
    for (const step of steps) {
      if (step.kind === "source") {
        if (scanned.has(step.source)) addContent(step.source, step.rank);
        continue;
      }
      const { entry: named, rank, remark } = step;
      if (remark !== undefined) this.report(remark);
      const dot = isDot(named);
      if (!first && this.isHiddenBelow(named, directory.path)) continue;
      if (!first) this.times.lookBehindMergeFiles(named, directory.path);
      const entry = this.attributes.withDigest(named);
      this.times.replaced(named, entry);
      if (!dot) children.push(entry);
      order?.addPart([entry], rank, dot && (entry.flags & EntryFlag.content) !== 0);
      if (dot) addContent(entry, rank);
    }
    const sorted = sortEntries(children);
    const below: PendingDirectory[] = sorted.directories.map(({ entry, sources }) => {
      return { owner: entry, path: entry.path, sources };
    });
    const { missingArguments, incrementalRecursion } = this.context.options;
    const mayBeAbsent = missingArguments === "delete" && !incrementalRecursion && !apart;
    if (mayBeAbsent) addAbsent(below, directory.path, this.named.parents());
    this.estimate.listed(children.length, below.length);
    for (const next of below.reverse()) this.pending.push(next);
    const shifted = sorted.dropped.map(({ entry, position }) => ({ entry, position: position + dots.length }));
    const last = this.pending.length === 0;
    const events = this.events.take(last);
    if (last || this.context.options.incrementalRecursion) this.times.settle();
    return {
      owner,
      path: directory.path,
      entries: [...sorted.files, ...sorted.directories.map((merged) => merged.entry)],
      duplicates: [...dots.slice(1).map((entry, index) => ({ entry, position: index + 1 })), ...shifted],
      ioError: this.ioError,
      events,
      last,
      scanned: order?.places(dots, sorted, shifted),
    };
  }

  /**
   * Whether an argument of `--relative` is hidden in the list of a directory that it implies. With incremental recursion merge files
   * count too, and `-vv` tells of it again; without, only the command line, asked before but for missing ones (2-file-list 9.2).
   */
  private isHiddenBelow({ root, path: child, mode, flags }: FileEntry, path: ByteName): boolean {
    const { options, filters, roots } = this.context;
    const asks = mode === 0 || filters.hasMergeFiles || options.debug.filter > 0;
    if (!asks || !options.incrementalRecursion) return false;
    filters.enter(root, path, roots);
    return (flags & EntryFlag.implied) === 0 && this.hidden(child, (mode & FileType.mask) === FileType.directory);
  }

  private scan(source: FileEntry, path: ByteName): FileEntry[] {
    const { roots, filters, options, syscalls } = this.context;
    this.events.beginScan(source);
    const held = roots.directory(source.root, path);
    // Merge files are looked for first, also of what then cannot be opened.
    filters.enter(source.root, path, roots);
    const asks = options.oneFileSystem > 0 && typeof held !== "number";
    const status = asks ? syscalls.fstat(held.descriptor, this.stat) : 0;
    // Under -x: what the arguments have of one directory may lie on several file systems.
    const device = deviceKey(this.stat);
    const names = typeof held === "number" ? held : status < 0 ? status : this.read(held.descriptor);
    if (typeof held === "number" || typeof names === "number") {
      const shown =
        path === "." ? joinName(roots.absolute(source.root, path), path) : roots.absolute(source.root, path);
      const error = typeof names === "number" ? names : 0;
      // It was there when its parent was read. Of an argument too little is known to let its copy be emptied (L-02).
      if (error === ENOENT && (source.flags & EntryFlag.top) === 0) this.vanished(shown, "directory");
      else this.fail(error === ELOOP && this.looksFirst ? "link_stat" : "opendir", shown, error);
      return [];
    }
    const directory = held.descriptor;
    const filtering = !filters.isEmpty;
    const prefix = path === "." ? "" : path === "/." ? "/" : `${path}/`;
    const entries: FileEntry[] = [];
    for (const name of names) {
      const child = (prefix + name) as ByteName;
      if (child.length >= limits.pathBytes) {
        this.report(tooLongProblem(child, roots.absolute(source.root, child)), IoError.general);
        continue;
      }
      const seen = this.look(directory, name, child, this.stat, held.hops);
      if (typeof seen === "number" || seen === "dangling") {
        // What rules leave out, as a file or as a directory, is not missed.
        const missed = !filtering || !(this.hidden(child, false) || this.hidden(child, true));
        if (missed) this.unseen(roots.absolute(source.root, child), seen);
        continue;
      }
      const isDir = (this.stat.mode & FileType.mask) === FileType.directory;
      const lists = isDir && options.recursive;
      const isMount = lists && options.oneFileSystem > 0 && deviceKey(this.stat) !== device;
      if (isMount && options.oneFileSystem > 1) {
        if (options.info.mount > 0) this.report(skipsMountPoint(child));
        continue;
      }
      if (filtering && this.hidden(child, isDir)) continue;
      const flags = isMount ? EntryFlag.mountPoint : lists ? EntryFlag.content : 0;
      const entry = this.makeEntry(source.root, directory, name, child, this.stat, flags, seen === "followed");
      if (entry === undefined) continue;
      this.events.foundEntry(entry);
      this.attributes.collect(entries, entry, directory, path, held.hops);
    }
    return this.attributes.complete(entries, directory, path, held.hops);
  }

  /**
   * The names in a directory. One that may be read but not searched is as closed as one that may not be read, except under
   * `--files-from`, `--insecure-links` and where links are followed: there rsync opens directories another way, which also leaves traces.
   */
  private read(directory: number): ByteName[] | number {
    const { options, syscalls } = this.context;
    const byDescriptor = options.filesFrom === undefined && linksToFollow(options) === "none" && !options.insecureLinks;
    const status = byDescriptor ? searchable(syscalls, directory, this.stat) : 0;
    if (status < 0 || !options.openNoAtime || !byDescriptor)
      return status < 0 ? status : syscalls.readDirectory(directory);
    const { readOnly, directory: isDirectory, noAccessTime } = syscalls.flags;
    const quiet = syscalls.openAt(directory, byteName("."), readOnly | isDirectory | noAccessTime);
    if (quiet < 0) return quiet;
    const names = syscalls.readDirectory(quiet);
    syscalls.close(quiet);
    return names;
  }

  /** Stats a name of the source, through links as far as the options say; `tell` hears of unsafe links that are followed. */
  look(
    directory: number,
    name: ByteName,
    path: ByteName,
    stat: Stat,
    passed = 0,
    tell: (remark: RunEvent) => void = (remark) => this.report(remark),
  ): SourceStat {
    const { options, syscalls } = this.context;
    const onUnsafe = (target: ByteName): void => {
      if (options.info.symsafe > 0) tell(followsUnsafe(path, target));
    };
    return statSource(options, syscalls, directory, name, path, stat, onUnsafe, passed);
  }

  /** Reports a name that could not be looked at. */
  private unseen(absolute: ByteName, seen: "dangling" | number): void {
    if (seen === "dangling") this.dangling(absolute);
    else if (seen === -2) this.vanished(absolute);
    else this.failed(`readlink_stat("${absolute}") failed`, absolute, seen);
  }

  /** Reports a link that was to be followed and leads nowhere. */
  dangling(absolute: ByteName): void {
    this.report(leadsNowhere(absolute), IoError.general);
  }

  /** Whether the sender's rules hide a name. */
  hidden(path: ByteName, isDir: boolean, filters: FilterStack = this.context.filters): boolean {
    const { options } = this.context;
    const verdict = filters.check(path, isDir);
    if (verdict !== 0 && options.debug.filter > 0)
      this.report(judgedByRule(path, isDir, verdict < 0, filters.lastRuleText));
    return verdict < 0;
  }

  /** Makes an entry from a stat; undefined (and reported) when its link cannot be read. */
  makeEntry(
    root: number,
    directory: number,
    name: ByteName,
    path: ByteName,
    stat: Stat,
    flags: number,
    followed = false,
  ): FileEntry | undefined {
    const { options, syscalls } = this.context;
    const type = stat.mode & FileType.mask;
    let target: ByteName | undefined;
    let size = 0;
    if (type === FileType.symlink) {
      // rsync reads every link, which changes its time of access.
      const link = options.links || options.atimes ? syscalls.readLinkAt(directory, name) : undefined;
      if (options.links && link !== undefined) {
        if (typeof link === "number" || link === "") {
          this.fail("readlink_stat", this.context.roots.absolute(root, path), typeof link === "number" ? link : -22);
          return undefined;
        }
        target = options.mungeLinks ? unmunged(link) : link;
      }
      size = stat.size;
    } else if (type === FileType.regular || type === FileType.directory) {
      size = stat.size;
    }
    let isDev = type === FileType.block || type === FileType.character;
    const { mtimeNanoseconds } = stat;
    let { mode, mtime } = stat;
    if (isDev && options.copyDevices) {
      // The data counts: a file that has changed in this second, without set-id and sticky bits (2-file-list 8.2).
      isDev = false;
      size = deviceSize(syscalls, stat);
      if (size < 0) {
        this.fail("cannot tell the size of device", this.context.roots.absolute(root, path), size);
        return undefined;
      }
      mode = (mode & 0o777) | FileType.regular;
      mtime = Math.floor(Date.now() / 1000);
    }
    if (followed) this.attributes.isFollowed(path);
    this.times.seen(root, path, stat);
    const isOne = stat.linkCount > 1 || (this.context.linksAll === true && type === FileType.regular);
    const linked = options.hardLinks && isOne && type !== FileType.directory;
    const linkGroup = linked ? this.linkGroup(stat) : -1;
    return {
      path,
      name: path === "." || path === "/." ? path : (path.slice(path.lastIndexOf("/") + 1) as ByteName),
      root,
      mode: type === FileType.symlink ? mode : applyModeChanges(mode, options.chmod, this.context.umask),
      size,
      mtime,
      mtimeNanoseconds,
      atime: options.atimes && type !== FileType.directory ? this.attributes.listedAtime(stat, linkGroup) : 0,
      uid: stat.uid,
      gid: stat.gid,
      rdevMajor: isDev ? stat.rdevMajor : 0,
      rdevMinor: isDev ? stat.rdevMinor : 0,
      flags,
      target,
      linkGroup,
      checksum: undefined,
      accessAcl: undefined,
      defaultAcl: undefined,
      xattrs: undefined,
    };
  }

  /** Adds ACLs (`-A`) and extended attributes (`-X`) to entries of one open directory. */
  withAttributes(entries: FileEntry[], directory: number, parent: ByteName, self: boolean): FileEntry[] {
    return this.attributes.add(entries, directory, parent, self, 0);
  }

  private linkGroup(stat: Stat): number {
    const key = `${stat.deviceMajor}:${stat.deviceMinor}:${stat.inodeHigh}:${stat.inodeLow}`;
    const known = this.linkGroups.get(key);
    if (known !== undefined) return known;
    const group = this.linkGroups.size;
    this.linkGroups.set(key, group);
    return group;
  }

  /** With -x a directory of incremental recursion is looked at before it is opened, through links only if all are followed. */
  private get looksFirst(): boolean {
    const { oneFileSystem, copyLinks, incrementalRecursion } = this.context.options;
    return oneFileSystem > 0 && copyLinks && incrementalRecursion;
  }

  private fail(operation: string, absolute: ByteName, errno: number): void {
    this.failed(`${operation} "${absolute}" failed`, absolute, errno);
  }

  private failed(text: string, absolute: ByteName, errno: number): void {
    this.report(systemProblem("sender", text, errno, absolute), IoError.general);
  }

  /** Reports something that went away, or was not there when it was looked for. */
  vanished(absolute: ByteName, kind: "file" | "directory" = "file"): void {
    this.report(hasVanished(absolute, kind), IoError.vanished);
  }
}
