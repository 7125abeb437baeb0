/**
 * Lists that no directory owns: missing arguments of `--relative --delete-missing-args` whose parents are missing too, without
 * incremental recursion (3-transfer 1.7 step 5). They take their places between the lists of the directories beside them.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { FileList } from "./file-list.ts";

/** A directory whose list is still to be made. */
export interface PendingDirectory {
  readonly owner: FileEntry | undefined;
  readonly path: ByteName;
  /** The entries that contribute content: several when arguments overlap. */
  readonly sources: readonly FileEntry[];
}

/** A list of names in a directory that is not listed. */
export function isWithoutOwner({ owner, path, part }: Pick<FileList, "owner" | "path" | "part">): boolean {
  return owner === undefined && path !== "." && part === undefined;
}

/** Adds to the directories in `path` those of `parents` that lie below it in none of them, and sorts. */
export function addAbsent(directories: PendingDirectory[], path: ByteName, parents: Iterable<ByteName>): void {
  const names = new Set(directories.map(({ owner }) => owner?.name));
  const prefix = path === "." ? "" : `${path}/`;
  for (const parent of parents) {
    if (parent === "." || parent === "/." || !parent.startsWith(prefix)) continue;
    const name = parent.slice(prefix.length).replace(/^\/+/, "").split("/", 1)[0] as ByteName;
    if (!names.has(name)) directories.push({ owner: undefined, path: parent, sources: [] });
  }
  if (directories.length > names.size) directories.sort((left, right) => (`${left.path}/` < `${right.path}/` ? -1 : 1));
}
