/** Which of the arguments that name one directory are scanned when its list is made alone (2-file-list 4.6). */
import type { TransferOptions } from "../options/transfer-options.ts";
import { EntryFlag, type FileEntry } from "../protocol/file-entry.ts";
import type { SourceRoots } from "./source-root.ts";

/** All that have content, but one that has the place of the first is passed over right after one that was not passed over. */
export function sourcesToScan(
  sources: readonly FileEntry[],
  { options, roots }: { readonly options: TransferOptions; readonly roots: SourceRoots },
): ReadonlySet<FileEntry> {
  if (!options.incrementalRecursion || sources.length < 2) return new Set(sources);
  let first: number | undefined;
  let scanned = false;
  const kept = sources.filter((source) => {
    if ((source.flags & EntryFlag.content) === 0) {
      scanned = false;
      return false;
    }
    const { row } = roots.get(source.root);
    first ??= row;
    const again = scanned && row === first;
    scanned = !again;
    return scanned;
  });
  return new Set(kept);
}
