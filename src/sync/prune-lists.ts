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
  const repeated = repeatedDirectories(lists);
  const last = lists.at(-1);
  const result: FileList[] = [];
  // Children come after their parents, so the way back meets them first.
  for (const list of [...lists].reverse()) {
    const entries = list.entries.filter((entry) => !isDirectory(entry) || kept.has(entry.path));
    const isRoot = list.owner === undefined || list.path === "." || list.path === "/.";
    const isProtected = !context.filters.isEmpty && context.filters.check(list.path, true) < 0;
    // rsync drops the directory just before the next one: a removed duplicate that stands between the two.
    const isMissed = list !== last && repeated.has(list.path) && !list.entries.some(isDirectory);
    if (!isRoot && entries.length === 0 && !isProtected && !isMissed) continue;
    kept.add(list.path);
    result.push(entries.length === list.entries.length ? list : { ...list, entries });
  }
  return result.reverse();
}

/** Directories that more than one argument brought. */
function repeatedDirectories(lists: readonly FileList[]): ReadonlySet<ByteName> {
  const paths = new Set<ByteName>();
  for (const { duplicates } of lists) {
    for (const { entry } of duplicates) if (isDirectory(entry)) paths.add(entry.path);
  }
  return paths;
}
