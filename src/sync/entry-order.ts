/** Remembers in which order a scan came upon the entries of a list, which is how they travel (2-file-list 4.6). */
import type { FileEntry } from "../protocol/file-entry.ts";
import type { Duplicate, ScannedOrder, SortedEntries } from "./file-list.ts";

export class EntryOrder {
  private readonly entries: FileEntry[] = [];
  private readonly parts: number[] = [];
  private readonly ranks: number[] = [];

  /** What the argument with the number `rank` contributed; `goesOn`: what comes next belongs to it too. */
  addPart(entries: readonly FileEntry[], rank: number, goesOn = false): void {
    for (const entry of entries) this.entries.push(entry);
    if (goesOn) return;
    this.parts.push(this.entries.length);
    this.ranks.push(rank);
  }

  /**
   * The order as places in the sorted list: the entries `.` of the first list, what was kept and the duplicates, whose places are
   * known. The first of several arguments of one directory stands for what was merged of them, but has its own flags on the way.
   */
  places(dots: readonly FileEntry[], sorted: SortedEntries, duplicates: readonly Duplicate[]): ScannedOrder {
    const places = new Map<FileEntry, number>(dots.map((entry, place) => [entry, place]));
    const taken = new Set<number>();
    for (const { entry, position } of duplicates) {
      places.set(entry, position);
      taken.add(position);
    }
    let at = dots.length;
    const keep = (entry: FileEntry | undefined): void => {
      while (taken.has(at)) at++;
      if (entry !== undefined) places.set(entry, at);
      at++;
    };
    for (const entry of sorted.files) keep(entry);
    const flags: (readonly [number, number])[] = [];
    if (dots.length > 1 && dots[0] !== undefined) flags.push([0, dots[0].flags]);
    for (const { entry, sources } of sorted.directories) {
      keep(sources[0]);
      if (sources[0] !== undefined && sources[0].flags !== entry.flags) flags.push([at - 1, sources[0].flags]);
    }
    const slots: number[] = [];
    for (const entry of this.entries) {
      const place = places.get(entry);
      if (place !== undefined) slots.push(place);
    }
    return { slots, parts: this.parts, ranks: this.ranks, flags };
  }
}
