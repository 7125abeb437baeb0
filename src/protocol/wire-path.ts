/** Paths of file-list entries from a peer (2-file-list 3.11, 4-traps H-11): cleaned, and refused where they lead out. */
import type { ByteName } from "../bytes/byte-name.ts";
import { protocolError, type Role, refusedError } from "../errors.ts";

/** A component that is empty, `.` or `..`, or a NUL. */
const unusual = /\0|(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * The path without `.` components, duplicate and trailing slashes; the root is `.` (or `/.`). A component `..`, and without
 * `--relative` a leading slash, are refused with exit 4.
 */
export function cleanWirePath(path: ByteName, relative: boolean, role: Role): ByteName {
  if (!unusual.test(path) || path === ".") return path;
  if (path === "" || path.includes("\0")) throw protocolError(`Invalid pathname in file list [${role}]`, role);
  const isAbsolute = path.startsWith("/");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || (isAbsolute && !relative)) {
    throw refusedError(`ABORTING due to unsafe pathname from sender: ${path}`, role, path);
  }
  const text = parts.length === 0 ? "." : parts.join("/");
  return (isAbsolute ? `/${text}` : text) as ByteName;
}
