/** When and where the generator deletes what the sender does not have: list by list, or in a pass of its own (3-transfer 6). */
import { type ByteName, baseName, byteName, joinName } from "../bytes/byte-name.ts";
import { DirectoryWalker } from "../fs/held-directory.ts";
import { searchable } from "../fs/operator-path.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { EntryFlag, FileType } from "../protocol/file-entry.ts";
import type { RecordChannel } from "./channel.ts";
import { fullPath, type RunContext } from "./context.ts";
import type { Deleter } from "./delete.ts";
import type { Destination } from "./destination.ts";
import { type FileList, isDirectory } from "./file-list.ts";
import { belowDestination, failBehindLink, statBehindLink } from "./place.ts";
import { childPath } from "./split-argument.ts";

const ENOENT = -2;
const EXDEV = -18;
const ELOOP = -40;

export interface DeletionParts {
  readonly context: RunContext;
  readonly destination: Destination;
  readonly deleter: Deleter;
  readonly channel: Pick<RecordChannel, "isSource">;
}

export class DeletionPasses {
  private readonly parts: DeletionParts;
  private readonly stat: Stat = emptyStat();
  /** Whether a directory of the list is simply there. */
  private readonly isThere: (path: ByteName) => boolean;

  constructor(parts: DeletionParts, isThere: (path: ByteName) => boolean) {
    this.parts = parts;
    this.isThere = isThere;
  }

  /** The full deletion pass of `--delete-before` and `--delete-after`; `tellsCounts`: of what it looks at (3-transfer 9.5). */
  *inAll(lists: readonly FileList[], tellsCounts = false): Generator<void, void> {
    const { destination, deleter, context } = this.parts;
    if (destination.walker === undefined) return;
    const { options, emit, ledger } = context;
    let before = 0;
    if (tellsCounts) {
      deleter.onListed = (count) => {
        emit({ type: "deletion-count", before, count, complete: false });
        before += count;
      };
    }
    ledger.knownIoError |= ledger.ioError;
    for (const list of lists) {
      if (options.debug.del > 0 && list.owner !== undefined && (list.owner.flags & EntryFlag.top) !== 0) {
        const text = byteName(`deleting in ${this.below(list.path)}`);
        if ((list.owner.flags & EntryFlag.content) !== 0) {
          emit({ type: "notice", role: "generator", code: "deleting-in", path: list.path, text });
        }
      }
      yield* this.handle(list, false);
      const names = list.entries.filter((entry) => !isDirectory(entry) || (entry.flags & EntryFlag.content) === 0);
      this.warnOfForeignLinks(
        this.below(list.path),
        names.map((entry) => entry.name),
      );
    }
    if (tellsCounts && destination.singleName === undefined) {
      deleter.onListed = undefined;
      emit({ type: "deletion-count", before, count: 0, complete: true });
    }
  }

  /** `--delete-guard`: counts what the destination holds before the run, where that is not counted on the way. */
  countBefore(lists: readonly FileList[]): void {
    const { deleter, context } = this.parts;
    const { deleteTiming } = context.options;
    const { guarded } = deleter;
    if (guarded === undefined || deleteTiming === "delay") return;
    if (guarded.guard.needsCount) {
      if (deleteTiming === "none") guarded.countAll();
      for (const list of lists) {
        const names = this.names(list);
        if (names !== undefined) guarded.countIn(this.below(list.path), names);
      }
    }
    guarded.guard.endCount();
  }

  /** Deletes, or notes for the end of the run, what is extraneous in the directory of a list. */
  inList(list: FileList): Generator<void, void> {
    return this.handle(list, true);
  }

  /** `tellsOfLinks`: of a link in the place of the directory, where no full pass does. */
  private *handle(list: FileList, tellsOfLinks: boolean): Generator<void, void> {
    const { deleter, context } = this.parts;
    const names = tellsOfLinks || this.isFound(list.path) ? this.names(list) : undefined;
    // Where deletions are skipped after an error nothing is entered for them.
    if (names === undefined || !deleter.isBlocked()) this.enter(list, tellsOfLinks);
    if (names === undefined) return;
    const { owner, path } = list;
    const isSource = (stat: Stat) => owner !== undefined && this.parts.channel.isSource?.(owner, stat) === true;
    if (context.options.keepDirectoryLinks && failBehindLink(context, this.parts.destination, path, isSource)) return;
    const isTop = ((owner?.flags ?? 0) & EntryFlag.top) !== 0;
    yield* deleter.deleteIn(this.below(path), names, isTop, context.options.deleteTiming === "delay");
  }

  /** Merge files count in every directory of the list, also where nothing is deleted: what is below inherits them (2-file-list 1.9). */
  private enter({ owner, path }: FileList, tellsOfLinks: boolean): void {
    const { context, destination } = this.parts;
    if (owner === undefined || !context.filters.hasMergeFiles || destination.walker === undefined) return;
    if (!this.isThere(path)) return;
    if (!tellsOfLinks && typeof destination.walker.directory(this.below(path)) === "number") return;
    context.filters.enter(0, this.below(path), { absolute: (_root, inner) => fullPath(destination.absolute, inner) });
  }

  /**
   * Full passes look for merge files below every name of the list, as if each were a directory; what is seen of that is a warning for
   * each link of somebody else, and for each name behind one (2-file-list 1.9). Nothing is read through such a link (4-traps O-01).
   */
  private warnOfForeignLinks(path: ByteName, names: readonly ByteName[]): void {
    const { context, destination } = this.parts;
    const { filters, syscalls } = context;
    if (!filters.hasMergeFiles) return;
    const held = destination.walker?.directory(path);
    if (held === undefined || held === ENOENT) return;
    if (typeof held === "number") {
      if (this.isBehindLink(path)) this.lookForMergeFiles(path);
      for (const name of names) this.lookForMergeFiles(childPath(path, name));
      return;
    }
    for (const name of names) {
      const status = syscalls.lstatAt(held.descriptor, name, this.stat);
      const isLink = status === 0 && (this.stat.mode & FileType.mask) === FileType.symlink;
      if (isLink) this.lookForMergeFiles(childPath(path, name));
    }
  }

  /** Whether a directory is there behind a link that leads to another one of the destination. */
  private isBehindLink(path: ByteName): boolean {
    const { context, destination } = this.parts;
    const { syscalls } = context;
    const top = destination.walker?.directory(byteName(""));
    if (typeof top !== "object") return false;
    const walker = new DirectoryWalker(syscalls, syscalls.duplicate(top.descriptor), "inside");
    const above = walker.parent(path);
    const status = typeof above === "number" ? above : syscalls.lstatAt(above.descriptor, baseName(path), this.stat);
    walker.dispose();
    return status === 0 && (this.stat.mode & FileType.mask) === FileType.directory;
  }

  private lookForMergeFiles(path: ByteName): void {
    const { context, destination } = this.parts;
    const { filters, syscalls, operator } = context;
    const { readOnly, nonBlock } = syscalls.flags;
    for (const name of filters.mergeFileNames) {
      const found = operator.open(joinName(fullPath(destination.absolute, path), name), readOnly | nonBlock);
      if (found >= 0) syscalls.close(found);
    }
  }

  /** The names of a list whose directory is searched for what is to be deleted; undefined: it is not. */
  private names({ owner, path, entries, part }: FileList): ReadonlySet<ByteName> | undefined {
    if (owner === undefined || (owner.flags & EntryFlag.content) === 0) return undefined;
    if ((owner.flags & EntryFlag.mountPoint) !== 0 || !this.isThere(path)) return undefined;
    const names = new Set<ByteName>();
    for (const entry of part?.names ?? entries) names.add(entry.name);
    return names;
  }

  /** Whether a full pass comes into a directory: what does not stand there is passed over without a word (3-transfer 6.2). */
  private isFound(path: ByteName): boolean {
    const { context, destination } = this.parts;
    const below = this.below(path);
    const held = destination.walker?.directory(below);
    // The top may have lost the permission to be searched by then.
    if (typeof held === "object") return path !== "." || searchable(context.syscalls, held.descriptor) === 0;
    if (!context.options.keepDirectoryLinks || (held !== ELOOP && held !== EXDEV)) return false;
    const status = statBehindLink(context.syscalls, destination, below, this.stat);
    return status === 0 && (this.stat.mode & FileType.mask) === FileType.directory;
  }

  private below(path: ByteName): ByteName {
    return belowDestination(this.parts.destination, path);
  }
}
