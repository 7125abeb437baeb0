/**
 * Following symbolic links on the sending side, for `--copy-links` and its relatives only (4-traps P-04). What a link leads
 * to may lie anywhere; how many links one path passes is bounded, as the kernel bounds it.
 */
import { type ByteName, baseName, byteName, directoryName } from "../bytes/byte-name.ts";
import { limits } from "../limits.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { Syscalls } from "./syscalls/interface.ts";

const ELOOP = -40;
const EISDIR = -21;
const EINVAL = -22;
const descriptors = byteName("/proc/self/fd");

/** Path of a name in an open directory, for calls that follow links. */
export function followedPath(directory: number, name: ByteName): ByteName {
  return byteName(`${descriptors}/${directory}/${name}`);
}

/**
 * How many links are passed from `name` in an open directory to the object it stands for, those within the targets of others
 * included; 0 when it is no link. Stops beyond `limits.linkHops`.
 */
export function countLinkHops(calls: Syscalls, directory: number, name: ByteName): number {
  const passed = { hops: 0 };
  const end = resolve(calls, directory, name, passed);
  if (end >= 0) calls.close(end);
  return passed.hops;
}

/** Walks a path from an open directory and counts links; the directory it ends in, to be closed, or a negative errno. */
function resolve(calls: Syscalls, start: number, path: ByteName, passed: { hops: number }): number {
  const how = calls.flags.path | calls.flags.directory;
  let at = path.startsWith("/") ? calls.openPath(byteName("/"), how) : calls.duplicate(start);
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (at < 0) break;
    const target = part === ".." ? -1 : calls.readLinkAt(at, part as ByteName);
    let next: number;
    if (typeof target === "number") next = calls.openPath(followedPath(at, part as ByteName), how);
    else next = ++passed.hops > limits.linkHops ? ELOOP : resolve(calls, at, target, passed);
    calls.close(at);
    at = next;
  }
  return at;
}

/**
 * Opens a file of the source; a link is followed when `follow` says so. `passed` are the links passed on the way to the
 * directory. Returns a descriptor or a negative errno.
 */
export function openSource(
  calls: Syscalls,
  directory: number,
  name: ByteName,
  flags: number,
  follow: boolean,
  passed = 0,
): number {
  const descriptor = calls.openAt(directory, name, flags);
  if (descriptor !== ELOOP || !follow) return descriptor;
  if (passed + countLinkHops(calls, directory, name) > limits.linkHops) return ELOOP;
  return calls.openPath(followedPath(directory, name), flags);
}

/** The errno of what was listed as a file and is none any more. */
export function notRegular(mode: number): number {
  return (mode & FileType.mask) === FileType.directory ? EISDIR : EINVAL;
}

/** Where the object that a link leads to lies: an open directory, to be closed by the caller, and a name in it. */
export interface Referent {
  readonly directory: number;
  readonly name: ByteName;
}

/** Finds the object behind a link, or gives a negative errno. */
export function findReferent(calls: Syscalls, directory: number, name: ByteName): Referent | number {
  const { path, directory: isDirectory, readOnly } = calls.flags;
  const object = calls.openPath(followedPath(directory, name), path);
  if (object < 0) return object;
  const list = calls.openPath(descriptors, readOnly | isDirectory);
  const place = list < 0 ? list : calls.readLinkAt(list, byteName(String(object)));
  if (list >= 0) calls.close(list);
  calls.close(object);
  if (typeof place === "number") return place;
  if (place === "/") {
    const root = calls.openPath(place, readOnly | isDirectory);
    return root < 0 ? root : { directory: root, name: byteName(".") };
  }
  const parent = calls.openPath(directoryName(place), path | isDirectory);
  return parent < 0 ? parent : { directory: parent, name: baseName(place) };
}
