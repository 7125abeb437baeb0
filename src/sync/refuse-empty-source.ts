/**
 * `--refuse-empty-source`: a source directory that is empty or missing ends a run that would delete before it begins. It
 * is the usual look of a drive that is not mounted, and taken for a source it empties the copy.
 */
import { type ByteName, baseName } from "../bytes/byte-name.ts";
import { selectionError } from "../errors.ts";
import { emptyStat, type Syscalls } from "../fs/syscalls/interface.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import { FileType } from "../protocol/file-entry.ts";

const ENOENT = -2;

/** What a file system has when it was just made: no content either. */
const noContent: ReadonlySet<string> = new Set(["lost+found"]);

/**
 * Looks at the source arguments.
 * @throws TsyncError file (exit 3) for one that is refused
 */
export function refuseEmptySources(syscalls: Syscalls, options: TransferOptions, sources: readonly ByteName[]): void {
  const deletes = options.deleteTiming !== "none" || options.missingArguments === "delete";
  if (!options.refuseEmptySource || !deletes) return;
  for (const source of sources) {
    const trouble = troubleWith(syscalls, options, source);
    if (trouble === undefined) continue;
    throw selectionError(`tsync: --refuse-empty-source: source "${source}" ${trouble}; nothing was touched`, "sender");
  }
}

function troubleWith(syscalls: Syscalls, options: TransferOptions, source: ByteName): string | undefined {
  const stat = emptyStat();
  const base = baseName(source);
  const content = source.endsWith("/") || base === "." || base === ".." || options.filesFrom !== undefined;
  const followed = content || options.copyLinks || options.copyDirectoryLinks;
  const status = followed ? syscalls.statPath(source, stat) : syscalls.lstatPath(source, stat);
  if (status === ENOENT) return "is missing";
  // What cannot be looked at is an error of the run, after which nothing is deleted.
  if (status < 0 || (stat.mode & FileType.mask) !== FileType.directory) return undefined;
  // Without recursion only the content of a directory is compared, not the directory.
  if (!content && !options.recursive) return undefined;
  const descriptor = syscalls.openPath(source, syscalls.flags.readOnly | syscalls.flags.directory);
  if (descriptor < 0) return undefined;
  const names = syscalls.readDirectory(descriptor);
  syscalls.close(descriptor);
  if (typeof names === "number") return undefined;
  return names.every((name) => noContent.has(name)) ? "is empty" : undefined;
}
