/**
 * `--prune-empty-dirs` (2-file-list 4.3): a directory without any non-directory below it is dropped from the lists, unless
 * a rule protects it. All lists must be known.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import { isWithoutOwner } from "./absent-lists.ts";
import type { RunContext } from "./context.ts";
import { type FileList, isDirectory } from "./file-list.ts";

/** The lists without the pruned directories, in the same order. */
export function pruneLists(lists: readonly FileList[], context: RunContext): FileList[] {
  const kept = new Set<ByteName>();
  const repeated = repeatedDirectories(lists);
  const last = lists.at(-1);
  const isKept = (entry: FileEntry): boolean => !isDirectory(entry) || kept.has(entry.path);
  // Children come after their parents, so the way back meets them first.
  let keepsNext = false;
  for (const list of [...lists].reverse()) {
    const isRoot = list.owner === undefined ? list.part === undefined : list.path === "." || list.path === "/.";
    const isProtected = !context.filters.isEmpty && context.filters.check(list.path, true) < 0;
    // rsync drops the directory just before the next one: a removed duplicate that stands between the two.
    const isMissed = list !== last && repeated.has(list.path);
    if (keepsNext || isRoot || isProtected || isMissed || list.entries.some(isKept)) kept.add(list.path);
    // Missing arguments whose parents are missing too fill whatever directory was listed last, as in rsync.
    keepsNext = isWithoutOwner(list);
  }
  kept.add(byteName("."));
  const result: FileList[] = [];
  for (const list of lists) {
    if (!kept.has(list.path)) continue;
    const entries = list.entries.filter(isKept);
    const { part } = list;
    if (entries.length === list.entries.length && part === undefined) result.push(list);
    else if (part === undefined) result.push({ ...list, entries });
    else result.push({ ...list, entries, part: { ...part, names: part.names.filter(isKept) } });
  }
  return result;
}

/** Directories that more than one argument brought. */
function repeatedDirectories(lists: readonly FileList[]): ReadonlySet<ByteName> {
  const paths = new Set<ByteName>();
  for (const { duplicates } of lists) {
    for (const { entry } of duplicates) if (isDirectory(entry)) paths.add(entry.path);
  }
  return paths;
}
