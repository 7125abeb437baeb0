/**
 * `--prune-empty-dirs` (2-file-list 4.3): a directory without any non-directory below it is dropped from the lists, unless
 * a rule protects it. All lists must be known.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { RunContext } from "./context.ts";
import { type FileList, isDirectory } from "./file-list.ts";

/** The lists without the pruned directories, in the same order. */
export function pruneLists(lists: readonly FileList[], context: RunContext): FileList[] {
  const kept = new Set<ByteName>();
  const result: FileList[] = [];
  // Children come after their parents, so the way back meets them first.
  for (const list of [...lists].reverse()) {
    const entries = list.entries.filter((entry) => !isDirectory(entry) || kept.has(entry.path));
    const isRoot = list.owner === undefined || list.path === "." || list.path === "/.";
    const isProtected = !context.filters.isEmpty && context.filters.check(list.path, true) < 0;
    if (!isRoot && entries.length === 0 && !isProtected) continue;
    kept.add(list.path);
    result.push(entries.length === list.entries.length ? list : { ...list, entries });
  }
  return result.reverse();
}
