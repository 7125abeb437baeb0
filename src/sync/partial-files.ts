/** The `--partial-dir` of a destination directory (3-transfer 1.7 step 18, 5.3; 4-traps L-08, S-16). */
import { type ByteName, baseName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { emptyStat } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import { openPartialDirectory } from "./partial-directory.ts";

/** How messages name the partial file of a path below the destination. */
export function partialPath(partialDirectory: ByteName | undefined, path: ByteName): ByteName {
  const held = joinName(partialDirectory ?? byteName("."), baseName(path));
  const directory = directoryName(path);
  return held.startsWith("/") || directory === "" ? held : joinName(directory, held);
}

/** The mode of the partial file of this name that an earlier run kept; undefined if there is none. */
export function modeOfPartial(context: RunContext, directory: number, name: ByteName): number | undefined {
  const { options, syscalls, operator } = context;
  if (options.partialDirectory === undefined || directory < 0) return undefined;
  const partial = openPartialDirectory(syscalls, operator, directory, options.partialDirectory, false);
  if (partial < 0) return undefined;
  const stat = emptyStat();
  const status = syscalls.lstatAt(partial, name, stat);
  syscalls.close(partial);
  return status === 0 && (stat.mode & FileType.mask) === FileType.regular ? stat.mode : undefined;
}

/** Removes a partial file that is not needed any more, and its directory if that is then empty. */
export function dropPartial(context: RunContext, directory: number, name: ByteName): void {
  const { options, syscalls, operator } = context;
  if (options.partialDirectory === undefined) return;
  const partial = openPartialDirectory(syscalls, operator, directory, options.partialDirectory, false);
  if (partial < 0) return;
  syscalls.unlinkAt(partial, name);
  syscalls.close(partial);
  removePartialDirectory(context, directory);
}

/** A relative partial directory goes when it is empty. */
export function removePartialDirectory(context: RunContext, directory: number): void {
  const { options, syscalls, operator } = context;
  const { partialDirectory } = options;
  if (partialDirectory === undefined || partialDirectory.startsWith("/")) return;
  const parent = openPartialDirectory(syscalls, operator, directory, directoryName(partialDirectory), false);
  if (parent < 0) return;
  syscalls.removeDirectoryAt(parent, baseName(partialDirectory));
  syscalls.close(parent);
}
