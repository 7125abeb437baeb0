/**
 * The orders of the lists of a sender: they travel as the scan found them, and are numbered as both sides sort them (2-file-list
 * 4.4, 4.6). Without incremental recursion all are one list; an argument is scanned to its end before the next, and a directory's
 * own entries come before what lies in its directories.
 */
import type { ByteName } from "../../bytes/byte-name.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import { type FileList, isDirectory, slotsOf } from "../file-list.ts";

/** The entries of one list as they travel; `slots` are those of `slotsOf`. */
export function inScanOrder({ scanned }: FileList, slots: readonly FileEntry[]): readonly FileEntry[] {
  return scanned === undefined ? slots : scanned.slots.map((slot) => slots[slot] as FileEntry);
}

/** All entries as they travel in one list. */
export function scanOrder(lists: readonly FileList[]): FileEntry[] {
  const unsent = new Map<ByteName, FileList>(lists.map((list) => [list.path, list]));
  const sent: FileEntry[] = [];
  const visit = (list: FileList): void => {
    unsent.delete(list.path);
    const entries = inScanOrder(list, slotsOf(list));
    let start = 0;
    for (const end of list.scanned?.parts ?? [entries.length]) {
      const part = entries.slice(start, end);
      start = end;
      for (const entry of part) sent.push(entry);
      for (const entry of part) {
        const inside = isDirectory(entry) ? unsent.get(entry.path) : undefined;
        if (inside !== undefined) visit(inside);
      }
    }
  };
  for (const list of lists) if (unsent.has(list.path)) visit(list);
  return sent;
}

/** All entries in the order of protocol 29 and later: lists come depth first, directories before what lies in them. */
export function listOrder(lists: readonly FileList[]): FileEntry[] {
  const sorted: FileEntry[] = [];
  const copies = new Map<ByteName, FileEntry[]>();
  for (const list of lists) {
    for (const { entry } of list.duplicates) {
      if (!isDirectory(entry)) continue;
      const known = copies.get(entry.path);
      if (known === undefined) copies.set(entry.path, [entry]);
      else known.push(entry);
    }
    if (list.owner !== undefined) sorted.push(list.owner);
    for (const entry of copies.get(list.path) ?? []) sorted.push(entry);
    for (const entry of slotsOf(list)) if (!isDirectory(entry)) sorted.push(entry);
  }
  return sorted;
}
