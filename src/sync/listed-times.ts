/**
 * Times of access (`-U`) of what is read while the source is listed: links, what `-c` reads, merge files that are named themselves. The
 * list tells what rsync sees, who looks at a name just before it reads it (3-transfer 5.6).
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { BuilderContext } from "./builder-context.ts";
import { isDirectory } from "./file-list.ts";
import { followsFiles } from "./source-stat.ts";

/** An entry whose time can still be told otherwise. */
type TimedEntry = Omit<FileEntry, "atime"> & { atime: number };

interface Visit {
  readonly entry: TimedEntry;
  readonly rank: number;
}

export class ListedTimes {
  private readonly context: BuilderContext;
  private readonly stat: Stat = emptyStat();
  /** Number of the argument. */
  private rank = -1;
  /** Every look at a name, by its whole path, in the order of the walk. */
  private readonly visits = new Map<ByteName, Visit[]>();

  constructor(context: BuilderContext) {
    this.context = context;
  }

  /**
   * Several arguments may name the same, and rsync lists one after the other: which comes first is known at the end. Until then
   * entries may change, and no other thread can go on.
   */
  get isOpen(): boolean {
    const { atimes, incrementalRecursion } = this.context.options;
    return atimes && !incrementalRecursion && this.rank > 0;
  }

  /** What is added from now on belongs to the next argument. */
  beginArgument(): void {
    this.rank++;
  }

  /** Hears of an argument. */
  named(entry: FileEntry): void {
    const { atimes, incrementalRecursion } = this.context.options;
    if (atimes && !incrementalRecursion) this.note(entry, this.rank);
  }

  /** Hears of an argument that is listed as another entry. */
  replaced(named: FileEntry, entry: FileEntry): void {
    if (entry === named || !this.isOpen) return;
    const path = this.context.roots.absolute(named.root, named.path);
    const visits = this.visits.get(path) ?? [];
    // It is read for its digest now, behind what was read before.
    const rank = visits.find((visit) => visit.entry === named)?.rank ?? 0;
    this.visits.set(path, [...visits.filter((visit) => visit.entry !== named), { entry, rank }]);
  }

  /** Hears of what a walk found below an argument. */
  found(entries: readonly FileEntry[], rank: number): void {
    if (this.isOpen) for (const entry of entries) this.note(entry, rank);
  }

  /** Gives each look at a name the time that it would have had in the order of the arguments. */
  settle(): void {
    for (const visits of this.visits.values()) {
      const times = visits.map(({ entry }) => entry.atime);
      const inOrder = visits.toSorted((one, other) => one.rank - other.rank);
      for (const [index, { entry }] of inOrder.entries()) entry.atime = times[index] ?? entry.atime;
    }
    this.visits.clear();
  }

  /**
   * An argument of `--relative` is looked at once more when the merge files of its directory have been read: one that is itself named
   * has the time of that reading.
   */
  lookBehindMergeFiles(entry: TimedEntry, path: ByteName): void {
    const { options, filters, roots, syscalls } = this.context;
    if (!options.atimes || !filters.hasMergeFiles || entry.mode === 0 || isDirectory(entry)) return;
    const held = roots.directory(entry.root, path);
    if (typeof held === "number") return;
    filters.enter(entry.root, path, roots);
    const look = followsFiles(options) ? "statAt" : "lstatAt";
    if (syscalls[look](held.descriptor, entry.name, this.stat) === 0) entry.atime = this.stat.atime;
  }

  private note(entry: FileEntry, rank: number): void {
    if (isDirectory(entry)) return;
    const path = this.context.roots.absolute(entry.root, entry.path);
    const visits = this.visits.get(path);
    if (visits === undefined) this.visits.set(path, [{ entry, rank }]);
    else visits.push({ entry, rank });
  }
}
