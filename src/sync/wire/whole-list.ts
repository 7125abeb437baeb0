/**
 * Takes the only list of a transfer without incremental recursion apart into one for each directory (2-file-list 4.1, 4.2). Before
 * protocol 29 it is in the order of whole names as bytes, so that the entries of a directory may have those of others between
 * them: then there are several lists of one directory, in the order in which rsync's generator comes to their entries.
 */
import { type ByteName, byteName, directoryName } from "../../bytes/byte-name.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import { isDirectory, type ListPart } from "../file-list.ts";
import type { CleanList } from "./sort-entries.ts";

const top = byteName(".");

/** The children of a directory, or some of them. */
export interface DirectoryEntries {
  readonly path: ByteName;
  readonly owner: FileEntry | undefined;
  readonly ownNdx: number;
  readonly entries: readonly FileEntry[];
  readonly ndx: readonly number[];
  readonly part?: ListPart | undefined;
}

/** What is being put together. */
interface Open extends DirectoryEntries {
  readonly entries: FileEntry[];
  readonly ndx: number[];
  part?: ListPart | undefined;
}

interface Kept {
  readonly list: CleanList["kept"];
  /** Index of the entry at this position. */
  readonly numberOf: (position: number) => number;
  /** Called with each parent that the list lacks; throws if that may not be. */
  readonly absent: (path: ByteName) => void;
}

/** From protocol 29 on: a directory's entries are all together. The first list is that of the top directory. */
export function directoriesOf({ list, numberOf, absent }: Kept): DirectoryEntries[] {
  const found = new Map<ByteName, Open>();
  const open = (path: ByteName, owner: FileEntry | undefined, ownNdx: number): Open => {
    const opened = { path, owner, ownNdx, entries: [], ndx: [] };
    found.set(path, opened);
    return opened;
  };
  const dot = list.find(({ entry }) => entry.path === ".");
  open(top, dot?.entry, dot === undefined ? 0 : numberOf(dot.position));
  for (const { entry, position } of list) {
    if (entry.path === ".") continue;
    const path = parentOf(entry);
    let parent = found.get(path);
    if (parent === undefined) {
      absent(path);
      parent = open(path, undefined, 0);
    }
    parent.entries.push(entry);
    parent.ndx.push(numberOf(position));
    if (isDirectory(entry)) open(entry.path, entry, numberOf(position));
  }
  return [...found.values()];
}

/** Before protocol 29. Names before the entry `.` have lists of the top directory that nobody owns. */
export function piecesOf({ list, numberOf, absent }: Kept): DirectoryEntries[] {
  const all = new Map<ByteName, FileEntry[]>([[top, []]]);
  for (const { entry } of list) {
    if (entry.path === ".") continue;
    if (isDirectory(entry)) all.set(entry.path, []);
    all.get(parentOf(entry))?.push(entry);
  }
  const pieces: Open[] = [];
  const open = (path: ByteName, owner: FileEntry | undefined, ownNdx: number): Open => {
    const opened = { path, owner, ownNdx, entries: [], ndx: [] };
    pieces.push(opened);
    return opened;
  };
  if (list[0]?.entry.path !== ".") open(top, undefined, 0);
  for (const { entry, position } of list) {
    const path = entry.path === "." ? undefined : parentOf(entry);
    if (path !== undefined) {
      if (!all.has(path)) absent(path);
      const last = pieces.at(-1);
      const piece = last?.path === path ? last : open(path, undefined, 0);
      piece.entries.push(entry);
      piece.ndx.push(numberOf(position));
    }
    if (isDirectory(entry)) open(entry.path, entry, numberOf(position));
  }
  const dot = list.find(({ entry }) => entry.path === ".")?.entry;
  const last = new Map(pieces.map((piece) => [piece.path, piece]));
  const first = new Map(pieces.toReversed().map((piece) => [piece.path, piece]));
  const seen = new Set<ByteName>();
  let isBeforeDot = dot !== undefined;
  for (const piece of pieces) {
    const { path, owner } = piece;
    if (owner !== undefined && owner === dot) isBeforeDot = false;
    const names = all.get(path);
    const isFirst = owner !== undefined || !seen.has(path);
    const isLast = last.get(path) === piece;
    seen.add(path);
    // One that is whole is nothing special.
    if (names === undefined || (isLast && first.get(path) === piece)) continue;
    piece.part = { isFirst, isLast, names: isBeforeDot && path === top && dot !== undefined ? [dot, ...names] : names };
  }
  return pieces;
}

function parentOf({ path }: FileEntry): ByteName {
  return directoryName(path) || top;
}
