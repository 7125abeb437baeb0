/**
 * The orders of the lists of a sender: they travel as the scan found them, and are numbered as both sides sort them (2-file-list
 * 4.4, 4.6). Without incremental recursion all are one list; an argument is scanned to its end before the next, and a directory's
 * own entries come before what lies in its directories.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import { type FileList, isDirectory, slotsOf } from "./file-list.ts";

/** The entries of one list as they travel; `slots` are those of `slotsOf`. */
export function inScanOrder({ scanned }: FileList, slots: readonly FileEntry[]): readonly FileEntry[] {
  if (scanned === undefined) return slots;
  const own = scanned.flags.length > 0 ? new Map(scanned.flags) : undefined;
  return scanned.slots.map((slot) => withFlags(slots[slot] as FileEntry, own?.get(slot)));
}

/** What several arguments name was merged; the first of them travels as it was. */
function withFlags(entry: FileEntry, flags: number | undefined): FileEntry {
  return flags === undefined ? entry : { ...entry, flags };
}

/** A list that has not been sent to its end. */
interface Unsent {
  readonly entries: readonly FileEntry[];
  readonly parts: readonly number[];
  readonly ranks: readonly number[];
  /** Parts that have been sent. */
  sent: number;
}

/** All entries as they travel in one list. */
export function scanOrder(lists: readonly FileList[]): FileEntry[] {
  const unsent = new Map<ByteName, Unsent>();
  const byRank = new Map<number, Unsent[]>();
  for (const list of lists) {
    const entries = inScanOrder(list, slotsOf(list));
    const { parts = [entries.length], ranks = [0] } = list.scanned ?? {};
    const item = { entries, parts, ranks, sent: 0 };
    unsent.set(list.path, item);
    for (const rank of new Set(ranks)) {
      const others = byRank.get(rank);
      if (others === undefined) byRank.set(rank, [item]);
      else others.push(item);
    }
  }
  const sent: FileEntry[] = [];
  /** Sends what an argument, and those before it, put into a list or found there, and all that lies in it. */
  const visit = (list: Unsent, rank: number): void => {
    while (list.sent < list.parts.length && (list.ranks[list.sent] ?? 0) <= rank) {
      const part = list.entries.slice(list.parts[list.sent - 1] ?? 0, list.parts[list.sent]);
      list.sent++;
      for (const entry of part) sent.push(entry);
      for (const entry of part) {
        const inside = isDirectory(entry) && entry.path !== "." ? unsent.get(entry.path) : undefined;
        if (inside !== undefined) visit(inside, rank);
      }
    }
  };
  for (const rank of [...byRank.keys()].sort((a, b) => a - b))
    for (const list of byRank.get(rank) ?? []) visit(list, rank);
  return sent;
}

/** All entries in the order of protocol 29 and later: lists come depth first, directories before what lies in them. */
export function listOrder(lists: readonly FileList[]): FileEntry[] {
  const sorted: FileEntry[] = [];
  const copies = new Map<ByteName, FileEntry[]>();
  const own = new Map<ByteName, number>();
  for (const list of lists) {
    const slots = slotsOf(list);
    for (const [slot, flags] of list.scanned?.flags ?? []) own.set((slots[slot] as FileEntry).path, flags);
    for (const { entry } of list.duplicates) {
      if (!isDirectory(entry)) continue;
      const known = copies.get(entry.path);
      if (known === undefined) copies.set(entry.path, [entry]);
      else known.push(entry);
    }
    if (list.owner !== undefined) sorted.push(withFlags(list.owner, own.get(list.owner.path)));
    for (const entry of copies.get(list.path) ?? []) sorted.push(entry);
    for (const entry of slots) if (!isDirectory(entry)) sorted.push(entry);
  }
  return sorted;
}
