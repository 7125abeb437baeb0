/** Opens partial directories (3-transfer 5.3; 4-traps L-08, S-16), on any thread. */
import { type ByteName, baseName, byteName, directoryName } from "../bytes/byte-name.ts";
import type { OperatorPaths } from "../fs/operator-path.ts";
import { emptyStat, type Syscalls } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";

/**
 * Opens the partial directory of a file, making it (mode 0700, only its last part) if asked: a relative one lies beside
 * the file and is walked without links, an absolute one is the operator's. What is no directory makes room for it, a link
 * too. Negative errno on failure.
 */
export function openPartialDirectory(
  syscalls: Syscalls,
  operator: OperatorPaths,
  directory: number,
  partial: ByteName,
  make: boolean,
): number {
  const { readOnly, directory: isDirectory } = syscalls.flags;
  if (partial.startsWith("/")) {
    // Behind a link of somebody else it counts as absent (4-traps O-01).
    const paths = operator.quiet;
    if (make) {
      const parent = paths.openDirectory(directoryName(partial) || byteName("/"));
      if (parent < 0) return parent;
      makeLast(syscalls, parent, baseName(partial));
      syscalls.close(parent);
    }
    return paths.open(partial, readOnly | isDirectory);
  }
  const parts = partial.split("/").filter((part) => part !== "" && part !== ".") as ByteName[];
  let held = syscalls.duplicate(directory);
  for (const [index, part] of parts.entries()) {
    if (held < 0) break;
    if (make && index === parts.length - 1) makeLast(syscalls, held, part);
    const next = syscalls.openDirectoryAt(held, part);
    syscalls.close(held);
    held = next;
  }
  return held;
}

function makeLast(syscalls: Syscalls, parent: number, name: ByteName): void {
  const stat = emptyStat();
  const found = syscalls.lstatAt(parent, name, stat) === 0;
  const isDirectory = found && (stat.mode & FileType.mask) === FileType.directory;
  if (found && !isDirectory) syscalls.unlinkAt(parent, name);
  if (!isDirectory) syscalls.makeDirectoryAt(parent, name, 0o700);
}
