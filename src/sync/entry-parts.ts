/** What the handlers of entries work with, and how they name an entry's place at the destination. */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { Alternate, Alternates } from "./alternates.ts";
import type { Place } from "./attributes.ts";
import type { Backups } from "./backup.ts";
import type { RecordChannel } from "./channel.ts";
import { fullPath, type RunContext } from "./context.ts";
import type { Deleter } from "./delete.ts";
import type { Destination } from "./destination.ts";
import type { NoticeCode } from "./events.ts";
import type { ExistingReader } from "./existing.ts";
import type { HardLinks, LinkGroup, Member } from "./hard-links.ts";
import type { DeviceNumber } from "./receive-job.ts";
import type { Arrivals } from "./remove-source.ts";
import type { TempDirectory } from "./temp-directory.ts";
import type { OpenDirectory, TreeState } from "./tree-state.ts";

/** An entry in the directory that the generator works in. */
export interface Turn extends Member {
  readonly directory: OpenDirectory;
  readonly entry: FileEntry;
  readonly ndx: number;
  readonly position: number;
  /** Permission bits that new entries may have without `-p`. */
  readonly defaultPermissions: number;
  /** Something of another kind had to go for it: it is made even where nothing new is to be. */
  readonly cleared?: boolean;
  /** Nobody waits for it: no pauses are made while it is looked at. */
  readonly atOnce?: boolean;
}

/** A turn at its place: name, mode to give, and whether something of the kind stands there. */
export interface PlacedTurn extends Turn {
  readonly place: Place;
  readonly mode: number;
  /** The mode of a copy within this machine, if not that: of what had to go for it, which the receiver does not see. */
  readonly copyMode?: number;
  readonly exists: boolean;
  /** Size of the file that stands there, when it was looked at. */
  readonly oldBytes?: number | undefined;
  /** What stands there is this device, and is written into. */
  readonly device?: DeviceNumber | undefined;
  /** A file in an alternate directory to start from; its directory is held for the transfer. */
  readonly basis?: Alternate | undefined;
}

export interface EntryParts {
  readonly context: RunContext;
  readonly destination: Destination;
  readonly channel: RecordChannel;
  readonly deleter: Deleter;
  readonly backups: Backups;
  readonly tree: TreeState;
  readonly existing: ExistingReader;
  readonly links: HardLinks;
  readonly remover: Arrivals;
  readonly alternates: Alternates;
  readonly temp: TempDirectory | undefined;
}

/** Path below the destination: the single name, or the transfer path without a leading slash. */
export function pathBelow(destination: Destination, entry: FileEntry): ByteName {
  if (destination.singleName !== undefined) return destination.singleName;
  return entry.path.startsWith("/") ? (entry.path.replace(/^\/+/, "") as ByteName) : entry.path;
}

/** The name that texts of the generator show (3-transfer 1.7). */
export function shownName(destination: Destination, entry: FileEntry): ByteName {
  return pathBelow(destination, entry);
}

/** The name in the list, which some texts show even where the file gets another one (3-transfer 1.7 steps 11, 13, 14). */
export function listedName(destination: Destination, entry: FileEntry): ByteName {
  return destination.singleName === undefined ? shownName(destination, entry) : entry.path;
}

export function absolutePath(destination: Destination, entry: FileEntry): ByteName {
  return fullPath(destination.absolute, pathBelow(destination, entry));
}

/** Emits a remark of the generator if it is wanted. */
export function remark(context: RunContext, code: NoticeCode, text: string, path: ByteName, wanted: boolean): void {
  if (wanted) context.emit({ type: "notice", role: "generator", code, path, text: byteName(text) });
}

/** Tells of an entry of a kind that the run does not make. */
export function remarkNonRegular({ context, destination }: EntryParts, entry: FileEntry): void {
  const text = `skipping non-regular file "${listedName(destination, entry)}"`;
  remark(context, "non-regular", text, entry.path, context.options.info.nonreg > 0);
}

/** Where the last of a group is left alone, one that is not made has its turn once more; with incremental recursion rsync may hang then. */
export function remarkNotMade(parts: EntryParts, group: LinkGroup | undefined, last: boolean): void {
  if (group?.notMade === undefined || !last || parts.context.options.incrementalRecursion) return;
  remarkNonRegular(parts, group.notMade);
}

/** `--max-size`, `--min-size`: which of the limits leaves a file out, if one does. */
export function exceededLimit(
  { options }: RunContext,
  { size }: FileEntry,
): "over max-size" | "under min-size" | undefined {
  if (options.maxSize !== undefined && size > options.maxSize) return "over max-size";
  return options.minSize !== undefined && size < options.minSize ? "under min-size" : undefined;
}

/** Whether these limits leave a file out, which is told. */
export function isOutOfSize(context: RunContext, entry: FileEntry, shown: ByteName): boolean {
  const limit = exceededLimit(context, entry);
  if (limit === undefined) return false;
  remark(context, "size-limit", `${shown} is ${limit}`, entry.path, context.options.info.skip > 0);
  return true;
}

/** `-vv`: `NAME is uptodate` when nothing differed, the bare name when attributes did. */
export function remarkUpToDate(parts: EntryParts, entry: FileEntry, changed: boolean | undefined): void {
  // Attributes that could not be set have been told of.
  if (changed === undefined) return;
  const { context, destination } = parts;
  const shown = shownName(destination, entry);
  const text = changed ? shown : `${shown} is uptodate`;
  remark(context, "up-to-date", text, entry.path, context.options.info.name > 1);
  parts.existing.tellJudged();
}

/** `-vv`: what rsync tells besides of links to a file that was copied from an alternate directory. */
export function remarkLinked(parts: EntryParts, entry: FileEntry, leader: FileEntry): void {
  const { context, destination } = parts;
  const text = `${shownName(destination, entry)} => ${shownName(destination, leader)}`;
  remark(context, "up-to-date", text, entry.path, context.options.info.name > 1);
}
