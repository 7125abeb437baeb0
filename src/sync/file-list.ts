/**
 * File lists: the entries of one directory in rsync's order, without duplicates (2-file-list 4.1, 4.3, 4.6).
 *
 * A transfer is a sequence of lists in depth-first order. The first holds the arguments; every further one holds the
 * children of one directory. Under non-incremental recursion the same lists exist, they are only all known before the
 * generator starts.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { EntryFlag, type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import type { RunEvent } from "./events.ts";

/** An entry that was removed because an equal one was listed before it. */
export interface Duplicate {
  readonly entry: FileEntry;
  /** Its place in the sorted list, duplicates included: among all for a file, after its kept twin for a directory. */
  readonly position: number;
  /** What a remark calls it, where that is not its path. */
  readonly told?: ByteName | undefined;
}

/** The children of one directory, sorted. */
export interface FileList {
  /** The directory whose children these are; for the first list its entry `.`, if the transfer has one. */
  readonly owner: FileEntry | undefined;
  /** Path of that directory, `.` for the root. */
  readonly path: ByteName;
  readonly entries: readonly FileEntry[];
  /** Entries that were removed as duplicates: they are counted, nothing else. */
  readonly duplicates: readonly Duplicate[];
  /** I/O error bits of the sender so far (2-file-list 3.9). */
  readonly ioError: number;
  /** What the sender had to say while it made this list. */
  readonly events: readonly RunEvent[];
  /** Whether this is the last list of the transfer. */
  readonly last: boolean;
  /** How the scan came upon its entries; undefined: nobody asked. */
  readonly scanned?: ScannedOrder | undefined;
  /** Indexes that the sender's order gives to its entries; undefined: they follow from the order of the lists. */
  readonly slots?: ListSlots | undefined;
  /** Given if other lists have further entries of the directory, with those of other directories between them. */
  readonly part?: ListPart | undefined;
}

/** Which part of a directory's entries a list has. */
export interface ListPart {
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** The entries of all parts; for those that come before the entry `.` with that one. */
  readonly names: readonly FileEntry[];
}

/** The order of a scan, in which a list travels (2-file-list 4.6). */
export interface ScannedOrder {
  /** Places in the sorted list, duplicates and the entry `.` of the first list included. */
  readonly slots: readonly number[];
  /** Ends of the parts that each argument contributed: without incremental recursion what lies in a part's directories follows it. */
  readonly parts: readonly number[];
  /** The numbers of those arguments, ascending without incremental recursion. */
  readonly ranks: readonly number[];
  /** Slots of directories that several arguments name, with the flags of the first of them. */
  readonly flags: readonly (readonly [number, number])[];
}

/** Indexes of a list (2-file-list 4.4). */
export interface ListSlots {
  /** Of the directory whose children are listed. */
  readonly owner: number;
  /** Of the entries, in their order. */
  readonly entries: ArrayLike<number>;
  /** The highest that belongs to the list, duplicates included. */
  readonly last: number;
}

/** I/O error bits (2-file-list 3.9). */
export const IoError = { general: 1, vanished: 2, deleteLimit: 4 } as const;

export function isDirectory(entry: FileEntry): boolean {
  return (entry.mode & FileType.mask) === FileType.directory;
}

export function isRegular(entry: FileEntry): boolean {
  return (entry.mode & FileType.mask) === FileType.regular;
}

/** A source argument that does not exist, under `--delete-missing-args` (2-file-list 3.4). */
export function isMissing(entry: FileEntry): boolean {
  return entry.mode === 0;
}

export function isSymlink(entry: Pick<FileEntry, "mode">): boolean {
  return (entry.mode & FileType.mask) === FileType.symlink;
}

/** The flags of an item; of an old peer nothing is known but that it cannot set the times of symbolic links (3-transfer 1.1). */
export function withFailedTime(entry: FileEntry, flags: number, isOld: boolean): number {
  return isOld && isSymlink(entry) && (flags & ItemFlag.time) !== 0 ? flags | ItemFlag.size : flags;
}

export function isDevice(entry: FileEntry): boolean {
  const type = entry.mode & FileType.mask;
  return type === FileType.block || type === FileType.character;
}

export function isSpecial(entry: FileEntry): boolean {
  const type = entry.mode & FileType.mask;
  return type === FileType.fifo || type === FileType.socket;
}

/** A directory entry that several arguments contribute to. */
export interface MergedEntry {
  readonly entry: FileEntry;
  /** Directories only: every duplicate, in argument order, the kept one first. */
  readonly sources: readonly FileEntry[];
}

/** Result of sorting: what is kept, and the names of dropped duplicates. */
export interface SortedEntries {
  readonly files: readonly FileEntry[];
  readonly directories: readonly MergedEntry[];
  readonly dropped: readonly Duplicate[];
}

/**
 * Sorts the children of one directory and removes duplicates: non-directories first, by bytes; directories after
 * them, as if their names ended with a slash; a directory beats a file, else the first of equals wins.
 */
export function sortEntries(entries: readonly FileEntry[]): SortedEntries {
  const files: FileEntry[] = [];
  const directories: { key: string; entry: FileEntry; sources: FileEntry[] }[] = [];
  for (const entry of entries) {
    if (isDirectory(entry)) directories.push({ key: sortKey(entry), entry, sources: [entry] });
    else files.push(entry);
  }
  directories.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const kept: typeof directories = [];
  const droppedDirectories: Duplicate[] = [];
  for (const [index, directory] of directories.entries()) {
    const previous = kept.at(-1);
    if (previous !== undefined && previous.key === directory.key) {
      previous.entry = mergeDirectories(previous.entry, directory.entry);
      previous.sources.push(directory.entry);
      droppedDirectories.push({ entry: directory.entry, position: files.length + index });
    } else {
      kept.push(directory);
    }
  }
  files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const names =
    kept.length > 0 && files.length > 0 ? new Set(kept.map((directory) => directory.entry.name)) : undefined;
  const keptFiles: FileEntry[] = [];
  const dropped: Duplicate[] = [];
  for (const [position, entry] of files.entries()) {
    if (keptFiles.at(-1)?.name === entry.name || names?.has(entry.name) === true) dropped.push({ entry, position });
    else keptFiles.push(entry);
  }
  return { files: keptFiles, directories: kept, dropped: [...dropped, ...droppedDirectories] };
}

/** Everything that the scan of a list found, in the order of the list; duplicates of its own directory come with `.` only. */
export function slotsOf({ path, owner, entries, duplicates }: FileList): FileEntry[] {
  const kept = path === "." && owner !== undefined ? [owner, ...entries] : entries;
  if (duplicates.length === 0) return [...kept];
  const slots: FileEntry[] = new Array(kept.length + duplicates.length);
  const taken = new Set<number>();
  for (const { entry, position } of duplicates) {
    slots[position] = entry;
    taken.add(position);
  }
  let at = 0;
  for (const entry of kept) {
    while (taken.has(at)) at++;
    slots[at++] = entry;
  }
  return slots;
}

/** Sorts before every other directory: `.`; others compare with a slash at the end. */
function sortKey(entry: FileEntry): string {
  if (entry.path === "." || entry.path === "/.") return "";
  return `${entry.path.startsWith("/") ? "/" : ""}${entry.name}/`;
}

/** An implied directory that is listed as another's content, too, is no argument (2-file-list 4.3). */
function mergeDirectories(kept: FileEntry, other: FileEntry): FileEntry {
  const implied = kept.flags & other.flags & EntryFlag.implied;
  const ofArgument = ({ flags }: FileEntry): number =>
    implied === 0 && (flags & EntryFlag.implied) !== 0 ? flags & ~EntryFlag.top : flags;
  const union = (ofArgument(kept) | ofArgument(other)) & (EntryFlag.top | EntryFlag.content | EntryFlag.mountPoint);
  return { ...kept, flags: union | implied };
}
