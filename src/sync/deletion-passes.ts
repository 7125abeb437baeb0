/** When and where the generator deletes what the sender does not have: list by list, or in a pass of its own (3-transfer 6). */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { EntryFlag } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import type { Deleter } from "./delete.ts";
import type { Destination } from "./destination.ts";
import { type FileList, isDirectory } from "./file-list.ts";
import { belowDestination, failBehindLink } from "./place.ts";

export interface DeletionParts {
  readonly context: RunContext;
  readonly destination: Destination;
  readonly deleter: Deleter;
}

export class DeletionPasses {
  private readonly parts: DeletionParts;
  /** Whether a directory of the list is simply there. */
  private readonly isThere: (path: ByteName) => boolean;

  constructor(parts: DeletionParts, isThere: (path: ByteName) => boolean) {
    this.parts = parts;
    this.isThere = isThere;
  }

  /** The full deletion pass of `--delete-before` and `--delete-after`. */
  inAll(lists: readonly FileList[]): void {
    if (this.parts.destination.walker === undefined) return;
    const { options, emit, ledger } = this.parts.context;
    ledger.knownIoError |= ledger.ioError;
    for (const list of lists) {
      if (options.debug.del > 0 && list.owner !== undefined && (list.owner.flags & EntryFlag.top) !== 0) {
        const text = byteName(`deleting in ${list.path}`);
        if ((list.owner.flags & EntryFlag.content) !== 0) {
          emit({ type: "notice", role: "generator", code: "deleting-in", path: list.path, text });
        }
      }
      this.inList(list);
      const names = list.entries.filter((entry) => !isDirectory(entry) || (entry.flags & EntryFlag.content) === 0);
      this.parts.deleter.warnOfForeignLinks(
        this.below(list.path),
        names.map((entry) => entry.name),
      );
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
  inList(list: FileList): void {
    const { deleter, context } = this.parts;
    const names = this.names(list);
    if (names === undefined) return;
    if (context.options.keepDirectoryLinks && failBehindLink(context, this.parts.destination, list.path)) return;
    const isTop = ((list.owner?.flags ?? 0) & EntryFlag.top) !== 0;
    deleter.deleteIn(this.below(list.path), names, isTop, context.options.deleteTiming === "delay");
  }

  /** The names of a list whose directory is searched for what is to be deleted; undefined: it is not. */
  private names({ owner, path, entries }: FileList): ReadonlySet<ByteName> | undefined {
    if (owner === undefined || (owner.flags & EntryFlag.content) === 0) return undefined;
    if (this.parts.destination.singleName !== undefined || (owner.flags & EntryFlag.mountPoint) !== 0) return undefined;
    if (!this.isThere(path)) return undefined;
    const names = new Set<ByteName>();
    for (const entry of entries) names.add(entry.name);
    return names;
  }

  private below(path: ByteName): ByteName {
    return belowDestination(this.parts.destination, path);
  }
}
