/** `--list-only`: the entries in order, nothing else (3-transfer 9.9). */
import { byteName, joinName } from "../bytes/byte-name.ts";
import { EntryFlag, type FileEntry } from "../protocol/file-entry.ts";
import { alternatePlaces } from "./alternates.ts";
import { announceBackupDirectory } from "./backup-tree.ts";
import type { RunContext } from "./context.ts";
import { type FileList, isDirectory } from "./file-list.ts";
import type { ListSource } from "./list-source.ts";
import { TempDirectory } from "./temp-directory.ts";

/** Tells of the directories that options name, as a run would; relative ones are those of the working directory here. */
export function checkNamedDirectories(context: RunContext): void {
  const working = context.syscalls.workingDirectory();
  const here = typeof working === "number" ? byteName("") : working;
  announceBackupDirectory(context, here);
  alternatePlaces(context, (path) => (path.startsWith("/") ? path : joinName(here, path)));
  TempDirectory.find(context, { absolute: here, walker: undefined });
}

/** Emits a `listed` event for each entry; directories when their own list comes. */
export async function listEntries(
  context: RunContext,
  feed: ListSource,
  room: (() => Promise<void> | undefined) | undefined,
  listDone: (entryCount: number, isLast: boolean) => void,
): Promise<void> {
  for (;;) {
    await feed.fill(1);
    const list = feed.take();
    if (list === undefined) return;
    tellListed(context, list);
    listDone(list.entries.length + (list.path === "." && list.owner !== undefined ? 1 : 0), list.last);
    await room?.();
  }
}

/** Tells of the entries of one list. */
export function tellListed({ options, emit }: RunContext, { owner, entries }: FileList): void {
  const tell = (entry: FileEntry) => {
    const hidden = (entry.flags & EntryFlag.implied) !== 0 && !options.impliedDirectories;
    if (!hidden) emit({ type: "listed", entry });
  };
  if (owner !== undefined) tell(owner);
  for (const entry of entries) if (!isDirectory(entry)) tell(entry);
}
