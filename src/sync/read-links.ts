/** With `-U` it shows that rsync, where it lists a directory of the destination, reads the links in it (3-transfer 5.6). */
import type { ByteName } from "../bytes/byte-name.ts";
import { emptyStat, type Syscalls } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";

/** Reads those of the names in an open directory that are links, so that their times of access change as in rsync. */
export function readLinks(syscalls: Syscalls, directory: number, names: readonly ByteName[]): void {
  const stat = emptyStat();
  for (const name of names) {
    const found = syscalls.lstatAt(directory, name, stat) === 0;
    if (found && (stat.mode & FileType.mask) === FileType.symlink) syscalls.readLinkAt(directory, name);
  }
}
