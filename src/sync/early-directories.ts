/** Directories that the generator makes ahead of their turn, in their parent's list (3-transfer 1.4 (a)). */
import type { ByteName } from "../bytes/byte-name.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { EntryFlag, type FileEntry, FileType } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import type { Deleter } from "./delete.ts";
import type { Destination } from "./destination.ts";
import { belowDestination } from "./place.ts";
import type { OpenDirectory } from "./tree-state.ts";

const ENOENT = -2;

export interface EarlyParts {
  readonly context: RunContext;
  readonly destination: Destination;
  readonly deleter: Deleter;
}

export class EarlyDirectories {
  private readonly parts: EarlyParts;
  private readonly stat: Stat = emptyStat();
  private readonly made = new Set<ByteName>();
  /** Directories for which no room could be made. */
  private readonly blocked = new Set<ByteName>();

  constructor(parts: EarlyParts) {
    this.parts = parts;
  }

  /** Makes a directory of the open parent's list, so that the parent's time can be set soon. */
  make(parent: OpenDirectory, descriptor: number, entry: FileEntry): void {
    const { context, deleter, destination } = this.parts;
    const { options, syscalls, identity } = context;
    const name = destination.singleName ?? entry.name;
    if (!options.times || options.omitDirectoryTimes) return;
    if (context.gate !== undefined || (options.dryRun && !options.incrementalRecursion)) return;
    if ((entry.flags & EntryFlag.implied) !== 0 && !options.impliedDirectories) return;
    if (entry.path === "." || entry.path === "/.") return;
    const status = syscalls.lstatAt(descriptor, name, this.stat);
    if (status === 0 && leadsToDirectory(context, descriptor, name, this.stat)) return;
    if (status === 0 && (this.stat.mode & FileType.mask) !== FileType.directory) {
      if (options.ignoreExisting) return;
      if (!deleter.makeRoom(belowDestination(destination, entry.path), name, this.stat, "directory")) {
        this.blocked.add(entry.path);
        return;
      }
    } else if (status !== ENOENT || options.existing) return;
    // That room would be made has been said.
    if (options.dryRun) return;
    // Without incremental recursion rsync makes it in its turn, with the mode that it keeps if its owner cannot be set.
    const mode = options.incrementalRecursion
      ? (entry.mode & 0o700) | (identity.privileged ? 0 : 0o700)
      : entry.mode & 0o1777;
    if (syscalls.makeDirectoryAt(descriptor, name, mode) === 0) {
      this.made.add(entry.path);
      parent.dirty = true;
    }
  }

  /** Whether a directory was made early; asked once, when its turn has come. */
  wasMade(path: ByteName): boolean {
    return this.made.delete(path);
  }

  /** Whether no room could be made for a directory; asked once. */
  wasBlocked(path: ByteName): boolean {
    return this.blocked.delete(path);
  }
}

/** `--keep-dirlinks`: whether this is a link to a directory, wherever that is; then `stat` becomes that directory's. */
export function leadsToDirectory(
  { options, syscalls }: RunContext,
  directory: number,
  name: ByteName,
  stat: Stat,
): boolean {
  if (!options.keepDirectoryLinks || (stat.mode & FileType.mask) !== FileType.symlink) return false;
  const target = emptyStat();
  if (syscalls.statAt(directory, name, target) < 0 || (target.mode & FileType.mask) !== FileType.directory)
    return false;
  Object.assign(stat, target);
  return true;
}
