/** In which order the extraneous entries of a directory are deleted, the device that one lies on, and the limit of deletions. */
import { byteName, compareBytes } from "../bytes/byte-name.ts";
import type { Stat, Syscalls } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import type { Destination } from "./destination.ts";
import type { Candidate } from "./guarded-deletion.ts";

/**
 * Reverse of the file-list order: directories first, both by descending bytes (3-transfer 6.2); `byName`: all by the bytes of their
 * names, as before protocol 29 (2-file-list 4.2).
 */
export function sortForDeletion(items: Candidate[], byName: boolean): Candidate[] {
  if (byName) return items.sort((a, b) => compareBytes(b.name, a.name));
  const isDirectory = (item: Candidate) => (item.mode & FileType.mask) === FileType.directory;
  return items.sort((a, b) => {
    const aDirectory = isDirectory(a);
    if (aDirectory !== isDirectory(b)) return aDirectory ? -1 : 1;
    const aKey = aDirectory ? `${a.name}/` : a.name;
    const bKey = aDirectory ? `${b.name}/` : b.name;
    return aKey < bKey ? 1 : aKey > bKey ? -1 : 0;
  });
}

export function deviceOf(stat: Stat): number {
  return stat.deviceMajor * 2 ** 32 + stat.deviceMinor;
}

/** `-x`: the device of the destination, as rsync knows it from the start if it was there as a directory; 0 if not. */
export function destinationDevice(
  syscalls: Syscalls,
  { walker, created, singleName }: Destination,
  stat: Stat,
): number {
  const root = walker?.directory(byteName(""));
  if (created || singleName !== undefined || typeof root !== "object") return 0;
  return syscalls.fstat(root.descriptor, stat) === 0 ? deviceOf(stat) : 0;
}

/** The warning about `--max-delete`, once at the end of a run. */
export function reportDeletionLimit({ counters, ledger }: RunContext): void {
  const { skippedDeletions } = counters;
  if (skippedDeletions === 0) return;
  const text = byteName(`Deletions stopped due to --max-delete limit (${skippedDeletions} skipped)`);
  const role = "generator";
  ledger.record({ type: "problem", severity: "delete-limit", role, text, path: undefined, errno: 0 });
}
