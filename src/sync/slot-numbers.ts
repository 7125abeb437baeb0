/** Indexes of entries as the generator comes to them (2-file-list 4.4): removed duplicates keep their slots. */
import type { ByteName } from "../bytes/byte-name.ts";
import { type FileList, isDirectory, type ListSlots } from "./file-list.ts";

/** Index of an entry, and its place in the whole list counted without gaps. */
export interface SlotNumber {
  readonly ndx: number;
  readonly position: number;
}

export class SlotNumbers {
  private readonly incremental: boolean;
  /** Incremental: index of the current list's first slot, and how many lists there were, this one included. */
  private start = 1;
  private lists = 0;
  /** Slot within the list (incremental), or in all of them. */
  private slot = 0;
  private used = 0;
  /** Slots of files that were removed as duplicates. */
  private taken: ReadonlySet<number> = new Set();
  /** Not incremental: index of the list's own directory, and how many duplicates follow directories still to come. */
  private ownIndex = 0;
  private readonly twins = new Map<ByteName, number>();

  constructor(incremental: boolean) {
    this.incremental = incremental;
  }

  /** Indexes that came with the current list, and how many of them are used up. */
  private given: ListSlots | undefined;
  private usedGiven = 0;

  /** Begins the next list. */
  startList(list: FileList): void {
    this.given = list.slots;
    this.usedGiven = 0;
    const dot = list.path === "." && list.owner !== undefined ? 1 : 0;
    if (!this.incremental) {
      this.startPart(list, dot);
      return;
    }
    if (this.lists > 0) this.start += this.used + 1;
    this.lists++;
    this.used = dot + list.entries.length + list.duplicates.length;
    this.taken = new Set(list.duplicates.map((duplicate) => duplicate.position));
    this.slot = dot;
  }

  /** The number of the list's own directory. */
  owner(): SlotNumber {
    if (this.given !== undefined) return this.placed(this.given.owner);
    if (this.incremental) return { ndx: this.start - 1, position: Math.max(this.start - this.lists - 1, 0) };
    return { ndx: this.ownIndex, position: this.ownIndex };
  }

  /** The number of the list's next entry; directories of a complete list are numbered when their turn comes. */
  next(directory: boolean): SlotNumber {
    if (this.given !== undefined) return this.placed(this.given.entries[this.usedGiven++] ?? 0);
    if (!this.incremental) {
      if (!directory) this.skipTaken();
      const ndx = directory ? this.slot : this.slot++;
      return { ndx, position: ndx };
    }
    this.skipTaken();
    const ndx = this.start + this.slot++;
    return { ndx, position: ndx - this.lists };
  }

  /** An index that the sender gave, and its place without the gaps between lists. */
  private placed(ndx: number): SlotNumber {
    return { ndx, position: this.incremental ? Math.max(ndx - this.lists, 0) : ndx };
  }

  /** The part of a complete list that is below one directory: the directory, its duplicates, its files. */
  private startPart(list: FileList, dot: number): void {
    this.skipTaken();
    if (list.owner !== undefined) {
      this.ownIndex = this.slot++;
      this.slot += this.twins.get(list.path) ?? 0;
      this.twins.delete(list.path);
    }
    const taken = new Set<number>();
    for (const { entry, position } of list.duplicates) {
      if (!isDirectory(entry) || entry.path === ".") taken.add(this.slot - dot + position);
      else this.twins.set(entry.path, (this.twins.get(entry.path) ?? 0) + 1);
    }
    this.taken = taken;
  }

  private skipTaken(): void {
    while (this.taken.has(this.slot)) this.slot++;
  }
}
