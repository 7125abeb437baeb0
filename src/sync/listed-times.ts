/**
 * Times of access (`-U`) of what is read while the source is listed: links, what `-c` reads, merge files that are named themselves. The
 * list tells what rsync sees, who looks at a name just before it reads it (3-transfer 5.6).
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { BuilderContext } from "./builder-context.ts";
import { isDirectory } from "./file-list.ts";
import type { Scanned } from "./scan-events.ts";
import { followsFiles } from "./source-stat.ts";

/** An entry whose time can still be told otherwise. */
type TimedEntry = Omit<FileEntry, "atime"> & { atime: number };

interface Visit {
  readonly entry: TimedEntry;
  readonly part: Scanned;
}

export class ListedTimes {
  private readonly context: BuilderContext;
  private readonly stat: Stat = emptyStat();
  /** Number of the argument. */
  private rank = -1;
  /** Every look at an object, by its number or else its whole path, in the order of the walk. */
  private readonly visits = new Map<string, Visit[]>();
  /** What stands at a path. */
  private readonly objects = new Map<ByteName, string>();
  private settled = false;

  constructor(context: BuilderContext) {
    this.context = context;
  }

  /**
   * Which look comes first is known at the end: several arguments, or names of one object (or links to it) in several directories, are looked at in
   * another order here. Until then entries may change, and no other thread can go on.
   */
  get isOpen(): boolean {
    const { atimes, incrementalRecursion, checksum } = this.context.options;
    return atimes && !this.settled && (this.rank > 0 || (!incrementalRecursion && (checksum || this.objects.size > 0)));
  }

  /** What is added from now on belongs to the next argument. */
  beginArgument(): void {
    this.rank++;
  }

  /** Hears what stands at a path. */
  seen(root: number, path: ByteName, stat: Stat): void {
    const { options } = this.context;
    // Links that are followed may lead to one file, which is looked at when one of them has been read.
    const isShared = stat.linkCount > 1 || (options.checksum && followsFiles(options));
    if (!options.atimes || this.settled || !isShared) return;
    const { deviceMajor, deviceMinor, inodeHigh, inodeLow } = stat;
    this.objects.set(this.context.roots.absolute(root, path), `${deviceMajor} ${deviceMinor} ${inodeHigh} ${inodeLow}`);
  }

  /** Hears of an argument. */
  named(entry: FileEntry, part: Scanned): void {
    if (this.context.options.atimes) this.note(entry, part);
  }

  /** Hears of an argument that is listed as another entry. */
  replaced(named: FileEntry, entry: FileEntry): void {
    if (entry === named || !this.isOpen) return;
    const key = this.keyOf(named);
    const visits = this.visits.get(key) ?? [];
    const part = visits.find((visit) => visit.entry === named)?.part;
    // It is read for its digest now, behind what was read before.
    if (part !== undefined) this.visits.set(key, [...visits.filter((visit) => visit.entry !== named), { entry, part }]);
  }

  /** Hears of what a walk found below an argument. */
  found(entries: readonly FileEntry[], part: Scanned): void {
    if (this.isOpen) for (const entry of entries) this.note(entry, part);
  }

  /** Gives each look the time that it would have had in the order of rsync's scan. */
  settle(): void {
    for (const visits of this.visits.values()) {
      const times = visits.map(({ entry }) => entry.atime);
      const inOrder = visits.toSorted((one, other) => one.part.place - other.part.place);
      // The names of a hard-linked object have what the first has.
      for (const [index, { entry }] of inOrder.entries())
        entry.atime = times[entry.linkGroup < 0 || this.context.ownAttributes === true ? index : 0] ?? entry.atime;
    }
    this.visits.clear();
    this.objects.clear();
    this.settled = true;
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

  private note(entry: FileEntry, part: Scanned): void {
    if (isDirectory(entry)) return;
    const key = this.keyOf(entry);
    const visits = this.visits.get(key);
    if (visits === undefined) this.visits.set(key, [{ entry, part }]);
    else visits.push({ entry, part });
  }

  private keyOf({ root, path }: FileEntry): string {
    const absolute = this.context.roots.absolute(root, path);
    return this.objects.get(absolute) ?? absolute;
  }
}
