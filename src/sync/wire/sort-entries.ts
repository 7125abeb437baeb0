/** The order of file lists, which both sides derive on their own (2-file-list 4.1 to 4.3). */
import { compareBytes } from "../../bytes/byte-name.ts";
import { EntryFlag, type FileEntry } from "../../protocol/file-entry.ts";
import { isDirectory } from "../file-list.ts";

/** Places in the list as it came, in the order of the list. */
export function sortedPlaces(entries: readonly FileEntry[], protocol: number): number[] {
  const places = entries.map((_entry, place) => place);
  const order = protocol >= 29 ? compareEntries : (a: FileEntry, b: FileEntry) => compareBytes(a.path, b.path);
  return places.sort((a, b) => order(entries[a] as FileEntry, entries[b] as FileEntry));
}

/** From protocol 29 on: non-directories before directories, component by component. */
export function compareEntries(a: FileEntry, b: FileEntry): number {
  const left = a.path;
  const right = b.path;
  if (left === "." || right === ".") return left === right ? 0 : left === "." ? -1 : 1;
  const shorter = Math.min(left.length, right.length);
  let at = 0;
  while (at < shorter && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  const start = at === 0 ? 0 : left.lastIndexOf("/", at - 1) + 1;
  const leftEnd = left.indexOf("/", start);
  const rightEnd = right.indexOf("/", start);
  const leftIsDirectory = leftEnd >= 0 || isDirectory(a);
  const rightIsDirectory = rightEnd >= 0 || isDirectory(b);
  if (leftIsDirectory !== rightIsDirectory) return leftIsDirectory ? 1 : -1;
  const leftPart = left.slice(start, leftEnd < 0 ? undefined : leftEnd);
  const rightPart = right.slice(start, rightEnd < 0 ? undefined : rightEnd);
  // Of two paths through the same directory one ends there.
  if (leftPart === rightPart) return left.length - right.length;
  const tail = leftIsDirectory ? "/" : "";
  return leftPart + tail < rightPart + tail ? -1 : 1;
}

/** A list without its duplicates: indexes of what is left, and the entries that were dropped. */
export interface CleanList {
  /** Kept entries with their places in the sorted order; directories with the flags of all their duplicates. */
  readonly kept: readonly { readonly entry: FileEntry; readonly position: number }[];
  readonly dropped: readonly { readonly entry: FileEntry; readonly position: number }[];
}

/** Drops duplicates from sorted entries: a directory beats a file, else the first of equals wins. */
export function cleanEntries(sorted: readonly FileEntry[]): CleanList {
  const kept: { entry: FileEntry; position: number }[] = [];
  const dropped: { entry: FileEntry; position: number }[] = [];
  const byPath = new Map<string, number>();
  for (const [position, entry] of sorted.entries()) {
    const known = byPath.get(entry.path);
    if (known === undefined) {
      byPath.set(entry.path, kept.length);
      kept.push({ entry, position });
      continue;
    }
    const other = kept[known];
    if (other === undefined) continue;
    if (!isDirectory(entry)) dropped.push({ entry, position });
    else if (!isDirectory(other.entry)) {
      dropped.push(other);
      kept[known] = { entry, position };
    } else {
      kept[known] = { entry: merged(other.entry, entry), position: other.position };
      dropped.push({ entry, position });
    }
  }
  return { kept: kept.sort((a, b) => a.position - b.position), dropped };
}

function merged(kept: FileEntry, other: FileEntry): FileEntry {
  const union = (kept.flags | other.flags) & (EntryFlag.top | EntryFlag.content);
  return { ...kept, flags: union | (kept.flags & other.flags & EntryFlag.implied) };
}
