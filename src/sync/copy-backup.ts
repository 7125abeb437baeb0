/** Copies the data of a file into its backup (3-transfer 5.7); attributes are the caller's. */
import type { ByteName } from "../bytes/byte-name.ts";
import { DataCopier } from "../fs/copy-data.ts";
import { emptyStat } from "../fs/syscalls/interface.ts";
import type { BackupFailure } from "./backup-tree.ts";
import type { RunContext } from "./context.ts";

/** What is copied; `original` is its path as it is told of if it cannot be opened. */
export interface BackupSource {
  readonly from: number;
  readonly name: ByteName;
  readonly original: ByteName | undefined;
  readonly size: number;
}

/** Where the copy goes, and how its path is shown. */
export interface BackupTarget {
  readonly to: number;
  readonly backupName: ByteName;
  readonly shown: ByteName;
}

/** Undefined when it stands; otherwise nothing is left of it. */
export function copyBackup(context: RunContext, source: BackupSource, target: BackupTarget): BackupFailure | undefined {
  const { syscalls, options } = context;
  const { readOnly, writeOnly, create, exclusive, nonBlock, noAccessTime } = syscalls.flags;
  const quiet = options.openNoAtime ? noAccessTime : 0;
  const input = syscalls.openAt(source.from, source.name, readOnly | nonBlock | quiet);
  if (input < 0) {
    const text = source.original === undefined ? undefined : `open "${source.original}"`;
    return { errno: input, text, keeps: true };
  }
  const stat = emptyStat();
  syscalls.fstat(input, stat);
  // What it has until its own mode is set, which it keeps if something before that fails. One by delta is the generator's.
  const isBasis = source.original === undefined && !options.wholeFile;
  const mode = isBasis ? 0o600 : 0o600 | (stat.mode & 0o700);
  const output = syscalls.openAt(target.to, target.backupName, writeOnly | create | exclusive, mode);
  if (output < 0) {
    syscalls.close(input);
    return { errno: output, text: `open "${target.shown}"`, keeps: true };
  }
  const copying = new DataCopier(syscalls).copyData(input, output, source.size);
  let step = copying.next();
  while (step.done !== true) step = copying.next();
  syscalls.close(input);
  const closed = syscalls.close(output);
  if (step.value >= 0 && closed >= 0) return undefined;
  syscalls.unlinkAt(target.to, target.backupName);
  return { errno: Math.min(step.value, closed), keeps: true };
}
