/** Remembers in which order a scan came upon the entries of a list, which is how they travel (2-file-list 4.6). */
import type { FileEntry } from "../protocol/file-entry.ts";
import type { Duplicate, ScannedOrder, SortedEntries } from "./file-list.ts";

export class EntryOrder {
  private readonly entries: FileEntry[] = [];
  private readonly parts: number[] = [];
  private named = 0;

  /** What one argument contributed; `goesOn`: what comes next belongs to it too. */
  addPart(entries: readonly FileEntry[], goesOn = false): void {
    for (const entry of entries) this.entries.push(entry);
    if (!goesOn) this.parts.push(this.entries.length);
  }

  /** Arguments, each of which is a part. */
  addEach(entries: readonly FileEntry[]): void {
    for (const entry of entries) this.addPart([entry]);
    this.named = entries.length;
  }

  /**
   * The order as places in the sorted list: the entries `.` of the first list, what was kept and the duplicates, whose places are
   * known. Arguments of one directory stand for what was merged of them.
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
    for (const { sources } of sorted.directories) keep(sources[0]);
    const slots: number[] = [];
    for (const entry of this.entries) {
      const place = places.get(entry);
      if (place !== undefined) slots.push(place);
    }
    if (this.parts.at(-1) !== this.entries.length) this.parts.push(this.entries.length);
    return { slots, parts: this.parts, named: this.named };
  }
}
