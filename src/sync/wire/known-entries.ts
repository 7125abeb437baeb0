/** The entries of the lists that have come, by their indexes. */
import type { FileEntry } from "../../protocol/file-entry.ts";
import type { FileList } from "../file-list.ts";

export class KnownEntries {
  private readonly entries = new Map<number, FileEntry>();

  add({ owner, entries, slots }: FileList): void {
    if (slots === undefined) return;
    if (owner !== undefined && slots.owner >= 0) this.entries.set(slots.owner, owner);
    for (const [place, entry] of entries.entries()) this.entries.set(slots.entries[place] ?? -1, entry);
  }

  find(ndx: number): FileEntry | undefined {
    return this.entries.get(ndx);
  }
}
