/**
 * What becomes in the destination of parents that are not sent: those of `--no-implied-dirs`, and the missing ones of
 * `--delete-missing-args` (3-transfer 1.7 steps 4 and 5).
 */
import { type ByteName, byteName, directoryName } from "../bytes/byte-name.ts";
import { protocolError } from "../errors.ts";
import { emptyStat } from "../fs/syscalls/interface.ts";
import { EntryFlag, type FileEntry } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import type { Deleter } from "./delete.ts";
import type { Destination } from "./destination.ts";
import { type FileList, isMissing } from "./file-list.ts";
import { belowDestination, findPlace, warnOfPermissions } from "./place.ts";
import type { TreeState } from "./tree-state.ts";

const ENOENT = -2;
const EEXIST = -17;

/** What making and deleting needs. */
interface Parts {
  readonly context: RunContext;
  readonly destination: Destination;
  readonly tree: TreeState;
  readonly deleter: Deleter;
}

/**
 * Whether the directory of a list is made although `--no-implied-dirs` leaves it out: for what goes into it, and as in rsync for
 * a directory that is implied itself if that comes first.
 */
export function needsDirectory({ entries, part }: FileList): boolean {
  const [first, ...rest] = part?.names ?? entries;
  if (first === undefined) return false;
  return !isMissing(first) || rest.some((entry) => !isMissing(entry) && (entry.flags & EntryFlag.implied) === 0);
}

/** Makes a directory that `--no-implied-dirs` leaves out, and those above it, with default permissions; returns 0 or a negative errno. */
export function makeImplied(parts: Parts, path: ByteName): number {
  const { context, destination, tree } = parts;
  const parent = directoryName(path);
  let where = findPlace(destination, path, path === ".");
  if (where === ENOENT && parent !== "") {
    const above = makeImplied(parts, parent);
    where = above < 0 ? above : findPlace(destination, path, false);
  }
  if (typeof where === "number") return where;
  const made = context.syscalls.makeDirectoryAt(where.descriptor, where.name, 0o777);
  where.held.release();
  tree.touch(parent || byteName("."));
  return made === EEXIST ? 0 : made;
}

/** Why a directory cannot be made, which looking for fails with `status`: a parent that `--no-implied-dirs` leaves out cannot be. */
export function whyNotMade(parts: Parts, path: ByteName, status: number): number {
  const { relative, impliedDirectories } = parts.context.options;
  const parent = directoryName(path);
  if (status !== ENOENT || !relative || impliedDirectories || parent === "") return status;
  return makeImplied(parts, parent) || status;
}

/** Lists without a directory of their own, of missing arguments in directories that are missing too. */
export class AbsentDirectories {
  private readonly parts: Parts;
  /** Arguments that are missing. */
  private readonly missing = new Set<ByteName>();
  /** Of the directory that a dry run has not made: rsync takes everything that is deeper and follows for being in it. */
  private missingDepth = Number.POSITIVE_INFINITY;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Comes to an entry of another list. */
  pass(entry: FileEntry): void {
    if (isMissing(entry)) this.missing.add(entry.path);
  }

  /** Enters a directory; `isThere`: it is, or has been made. */
  enter(path: ByteName, isThere: boolean): void {
    const depth = depthOf(path);
    if (depth <= this.missingDepth) this.missingDepth = isThere ? Number.POSITIVE_INFINITY : depth;
  }

  /**
   * Deletes what stands under the names of such a list, and tells that its directory is not there, unless an argument names that too.
   * Senders below protocol 30 list no parents for `--no-implied-dirs`; then nothing is done, as in rsync (3-transfer 1.7 step 4).
   */
  deleteIn({ path: parent, entries }: FileList): void {
    const { context, destination, deleter } = this.parts;
    const { ledger, syscalls } = context;
    if (depthOf(parent) >= this.missingDepth || destination.walker === undefined) return;
    this.missingDepth = Number.POSITIVE_INFINITY;
    const lost = entries.find((entry) => !isMissing(entry));
    if (lost !== undefined) throw protocolError(`ABORTING due to invalid path from sender: ${lost.path}`, "generator");
    if (!this.missing.has(parent))
      ledger.warning("generator", `WARNING: parent dir is absent in the file list: ${parent}`);
    if (!context.options.permissions) warnOfPermissions(context, destination, parent);
    const stat = emptyStat();
    for (const entry of entries) {
      this.missing.add(entry.path);
      const path = belowDestination(destination, entry.path);
      const where = findPlace(destination, entry.path, false);
      const found = typeof where === "number" ? where : syscalls.lstatAt(where.descriptor, where.name, stat);
      if (found !== 0) deleter.protectsArgument(path);
      if (typeof where === "number") continue;
      if (found === 0) deleter.deleteArgument(path, where.name, stat);
      where.held.release();
    }
  }
}

/** How deep a path lies. */
function depthOf(path: ByteName): number {
  return path === "." ? 0 : path.split("/").filter((part) => part !== "").length;
}
