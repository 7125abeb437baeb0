/** Targets of symbolic links that are kept harmless by a prefix (`--munge-links`, 2-file-list 8.3). */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { mungeDirectoryError } from "../errors.ts";
import { emptyStat, type Syscalls } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";

const mungePrefix = "/rsyncd-munged/";

/** The target with the prefix that makes it harmless, as a munging receiver keeps it (2-file-list 8.3). */
export function munged(target: ByteName): ByteName {
  return byteName(mungePrefix + target);
}

/** The target behind the prefix that a munging receiver put before it (2-file-list 8.3). */
export function unmunged(target: ByteName): ByteName {
  const isMunged = target.startsWith(mungePrefix) && target.length > mungePrefix.length;
  return isMunged ? byteName(target.slice(mungePrefix.length)) : target;
}

/** A directory of the munging prefix would make munged links work (exit 4, 2-file-list 8.3). */
export function checkMunging(syscalls: Syscalls): void {
  const stat = emptyStat();
  const exists = syscalls.statPath(byteName("/rsyncd-munged"), stat) === 0;
  if (exists && (stat.mode & FileType.mask) === FileType.directory) throw mungeDirectoryError();
}
