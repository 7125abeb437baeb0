/** The names in a directory of the destination, for deletions and for `--fuzzy`. */
import type { ByteName } from "../bytes/byte-name.ts";
import { searchable } from "../fs/operator-path.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";

/**
 * The names, or a negative errno. rsync opens the top (path empty or `.`) as `.` in itself, which fails when `--chmod` has
 * taken away the permission to search it, though it may be read.
 */
export function destinationNames(syscalls: Syscalls, descriptor: number, path: ByteName): ByteName[] | number {
  const status = path === "" || path === "." ? searchable(syscalls, descriptor) : 0;
  return status < 0 ? status : syscalls.readDirectory(descriptor);
}
