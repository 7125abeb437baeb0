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

/** A list that has not been sent to its end. */
interface Unsent {
  readonly entries: readonly FileEntry[];
  readonly parts: readonly number[];
  readonly named: number;
  /** Parts that have been sent. */
  sent: number;
}

/** All entries as they travel in one list. */
export function scanOrder(lists: readonly FileList[]): FileEntry[] {
  const unsent = new Map<ByteName, Unsent>();
  for (const list of lists) {
    const entries = inScanOrder(list, slotsOf(list));
    const { parts = [entries.length], named = 0 } = list.scanned ?? {};
    unsent.set(list.path, { entries, parts, named, sent: 0 });
  }
  const sent: FileEntry[] = [];
  /** Sends parts up to one: what an argument found, and before that arguments that lie here. */
  const visit = (list: Unsent, end: number): void => {
    while (list.sent < Math.min(end, list.parts.length)) {
      const part = list.entries.slice(list.parts[list.sent - 1] ?? 0, list.parts[list.sent]);
      list.sent++;
      for (const entry of part) sent.push(entry);
      for (const entry of part) {
        const inside = isDirectory(entry) && entry.path !== "." ? unsent.get(entry.path) : undefined;
        if (inside !== undefined) visit(inside, Math.max(inside.sent, inside.named) + 1);
      }
    }
  };
  for (const list of unsent.values()) visit(list, list.parts.length);
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
