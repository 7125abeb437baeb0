/** `--list-only`: the entries in order, nothing else (3-transfer 9.9). */
import { EntryFlag, type FileEntry } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import { isDirectory } from "./file-list.ts";
import type { ListSource } from "./list-source.ts";

/** Emits a `listed` event for each entry; directories when their own list comes. */
export async function listEntries(
  context: RunContext,
  feed: ListSource,
  room: (() => Promise<void> | undefined) | undefined,
  listDone: (entryCount: number, isLast: boolean) => void,
): Promise<void> {
  const { options, emit } = context;
  const tell = (entry: FileEntry) => {
    const hidden = (entry.flags & EntryFlag.implied) !== 0 && !options.impliedDirectories;
    if (!hidden) emit({ type: "listed", entry });
  };
  for (;;) {
    await feed.fill(1);
    const list = feed.take();
    if (list === undefined) return;
    if (list.owner !== undefined) tell(list.owner);
    for (const entry of list.entries) if (!isDirectory(entry)) tell(entry);
    listDone(list.entries.length + (list.path === "." && list.owner !== undefined ? 1 : 0), list.last);
    await room?.();
  }
}
