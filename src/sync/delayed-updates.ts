/**
 * `--delay-updates`: new versions wait in the partial directory until everything has come, then all of them take their
 * places in the order of the list (3-transfer 5.3, 7.4). A path is walked anew then: nobody who exchanged a directory for
 * a link meanwhile can lead a rename outside (4-traps P-01).
 */
import { type ByteName, baseName, byteName, directoryName } from "../bytes/byte-name.ts";
import { absolutePath, type EntryParts, type PlacedTurn, pathBelow } from "./entry-parts.ts";
import type { GroupEnd, LinkGroup } from "./hard-links.ts";
import { openPartialDirectory } from "./partial-directory.ts";
import { partialPath, removePartialDirectory } from "./partial-files.ts";

const ENOENT = -2;

interface DelayedFile {
  readonly turn: PlacedTurn;
  readonly group: LinkGroup | undefined;
}

export class DelayedUpdates {
  private readonly parts: EntryParts;
  private readonly groups: GroupEnd;
  private files: DelayedFile[] = [];
  /** In an absolute partial directory files of one name from all directories meet: whose it is. */
  private readonly owners = new Map<ByteName, ByteName>();

  constructor(parts: EntryParts, groups: GroupEnd) {
    this.parts = parts;
    this.groups = groups;
  }

  /** Whether the name in the partial directory is that of another file of this run. */
  isTaken({ place, entry }: PlacedTurn): boolean {
    return (this.owners.get(place.name) ?? entry.path) !== entry.path;
  }

  /** Whether a file that is asked for is to wait. One whose name is taken is not: it would replace the other. */
  takes(turn: PlacedTurn): boolean {
    const { delayUpdates, partialDirectory } = this.parts.context.options;
    if (!delayUpdates || this.isTaken(turn)) return false;
    if (partialDirectory?.startsWith("/") === true) this.owners.set(turn.place.name, turn.entry.path);
    return true;
  }

  /** A file has come and waits. */
  add(turn: PlacedTurn, group: LinkGroup | undefined): void {
    this.files.push({ turn, group });
  }

  /** Puts everything that waits into place. */
  install(): void {
    const files = this.files.sort((a, b) => a.turn.ndx - b.turn.ndx);
    this.files = [];
    for (const file of files) this.installOne(file);
  }

  private installOne({ turn, group }: DelayedFile): void {
    const { context, destination, tree, remover, backups } = this.parts;
    const { options, ledger } = context;
    const { entry } = turn;
    const path = pathBelow(destination, entry);
    const held = destination.walker?.directory(directoryName(path));
    const directory = typeof held === "object" ? held.retain() : undefined;
    const descriptor = directory?.descriptor ?? (typeof held === "number" ? held : ENOENT);
    const name = baseName(path);
    const absolute = absolutePath(destination, entry);
    tree.touch(directoryName(path) || byteName("."));
    const backup = options.backup && descriptor >= 0 ? backups.beforeReplace(descriptor, name, path) : 0;
    if (backup < 0) {
      backups.report(path, "receiver");
      directory?.release();
      return;
    }
    const status = descriptor < 0 ? descriptor : this.rename(descriptor, name);
    if (status < 0) {
      const from = partialPath(options.partialDirectory, path);
      ledger.systemError("receiver", `rename failed for "${absolute}" (from ${from})`, status, absolute);
    } else {
      removePartialDirectory(context, descriptor);
      remover.arrived(turn, "sent", descriptor, name);
      if (group !== undefined) this.groups.done(group, entry);
      // Nothing is asked for any more that could be the same file.
      remover.flush();
    }
    directory?.release();
  }

  private rename(directory: number, name: ByteName): number {
    const { options, syscalls, operator } = this.parts.context;
    const partial = openPartialDirectory(
      syscalls,
      operator,
      directory,
      options.partialDirectory ?? byteName("."),
      false,
    );
    if (partial < 0) return partial;
    const status = syscalls.renameAt(partial, name, directory, name);
    syscalls.close(partial);
    return status;
  }
}
