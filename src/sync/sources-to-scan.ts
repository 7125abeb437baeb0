/** Which of the arguments that name one directory are scanned when its list is made alone (2-file-list 4.6). */
import { EntryFlag, type FileEntry } from "../protocol/file-entry.ts";
import type { SourceRoots } from "./source-root.ts";

/**
 * All that have content, but one that has the place of the first is passed over right after another that has it and was not
 * passed over.
 */
export function sourcesToScan(sources: readonly FileEntry[], roots: SourceRoots): readonly FileEntry[] {
  let first: number | undefined;
  let before: number | undefined;
  return sources.filter((source) => {
    if ((source.flags & EntryFlag.content) === 0) {
      before = undefined;
      return false;
    }
    const { row } = roots.get(source.root);
    first ??= row;
    const again = row === first && before === first;
    before = again ? undefined : row;
    return !again;
  });
}
