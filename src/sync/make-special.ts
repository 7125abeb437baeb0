/**
 * Symlinks, devices and special files at the destination (3-transfer 1.7 steps 11, 12): made under a temporary name and
 * renamed when they replace something, else directly.
 */
import { type ByteName, baseName, directoryName, joinName } from "../bytes/byte-name.ts";
import type { Stat, Syscalls } from "../fs/syscalls/interface.ts";
import { type FileEntry, FileType, isDeviceMode } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import { isDevice, isSymlink } from "./file-list.ts";
import type { Ledger } from "./ledger.ts";

const EEXIST = -17;

/** Kinds that are compared with each other (3-transfer 1.6). */
export function classOf(mode: number): number {
  const type = mode & FileType.mask;
  if (type === FileType.socket) return FileType.fifo;
  return type === FileType.block ? FileType.character : type;
}

/** Whether an existing object already is what the entry describes, attributes aside. */
export function sameSpecial(
  syscalls: Syscalls,
  entry: FileEntry,
  directory: number,
  name: ByteName,
  stat: Stat,
): boolean {
  const type = entry.mode & FileType.mask;
  if ((stat.mode & FileType.mask) !== type) return false;
  if (isSymlink(entry)) {
    if (!syscalls.abilities.realLinks && !opens(syscalls, directory, name)) return false;
    return syscalls.readLinkAt(directory, name) === entry.target;
  }
  if (isDevice(entry)) return stat.rdevMajor === entry.rdevMajor && stat.rdevMinor === entry.rdevMinor;
  return true;
}

/** Where links are kept as files, a real one cannot be opened; whatever it points at, it is replaced by a file, as rsync does. */
function opens(syscalls: Syscalls, directory: number, name: ByteName): boolean {
  const descriptor = syscalls.openAt(directory, name, syscalls.flags.readOnly | syscalls.flags.nonBlock);
  if (descriptor < 0) return false;
  syscalls.close(descriptor);
  return true;
}

/**
 * The mode that a device or special file is made with, less the umask. Where its owner cannot be set it keeps that; a device
 * opens to others after its owner is set only.
 */
export function nodeMode(mode: number): number {
  return mode & (FileType.mask | (isDeviceMode(mode) ? 0o700 : 0o7777));
}

/** What was made under a temporary name and could not take its place. */
export interface UnplacedMaking {
  readonly status: number;
  readonly temporary: ByteName;
}

/** Makes the object; `replace` says that a non-directory stands there. A number is 0 or a negative errno of making it. */
export function makeSpecial(
  syscalls: Syscalls,
  entry: FileEntry,
  mode: number,
  directory: number,
  name: ByteName,
  replace: boolean,
): number | UnplacedMaking {
  const make = (leaf: ByteName): number =>
    isSymlink(entry)
      ? syscalls.symlinkAt(directory, leaf, entry.target ?? ("" as ByteName))
      : syscalls.makeNodeAt(directory, leaf, nodeMode(mode), entry.rdevMajor, entry.rdevMinor);
  return replace ? replaceBy(syscalls, directory, name, make) : make(name);
}

/** Makes something under an unused temporary name in the directory and renames it to its final name. */
export function replaceBy(
  syscalls: Syscalls,
  directory: number,
  name: ByteName,
  make: (leaf: ByteName) => number,
): number | UnplacedMaking {
  const base = name.startsWith(".") ? name : `.${name}`;
  for (let number = process.pid, last = number + 100; number <= last; number++) {
    const temp = `${base.slice(0, 244)}.${number}` as ByteName;
    const made = make(temp);
    if (made === EEXIST) continue;
    if (made < 0) return made;
    const renamed = syscalls.renameAt(directory, temp, directory, name);
    // Renaming one link of a file over another of the same file leaves both names.
    if (renamed === 0) return 0;
    syscalls.unlinkAt(directory, temp);
    return { status: renamed, temporary: temp };
  }
  return EEXIST;
}

/** The temporary name of what replaces something, as messages show it. */
export function replacementText(absolute: ByteName): ByteName {
  const base = baseName(absolute);
  return joinName(directoryName(absolute), `${base.startsWith(".") ? "" : "."}${base}.XXXXXX` as ByteName);
}

/** Tells that something could not take the place of `absolute`; as in rsync, which quotes that name once more. */
export function tellUnplaced(ledger: Ledger, absolute: ByteName, { status, temporary }: UnplacedMaking): void {
  const made = joinName(directoryName(absolute), temporary);
  ledger.systemError("generator", `rename "${made}" -> ""${absolute}"" failed`, status, absolute);
}

/** Whether a run makes links, devices or special files of this kind. */
export function makesKind({ options, identity }: Pick<RunContext, "options" | "identity">, mode: number): boolean {
  if ((mode & FileType.mask) === FileType.symlink) return options.links;
  return isDeviceMode(mode) ? options.devices && identity.privileged : options.specials;
}

/** How messages call this kind of entry. */
export function kindName({ mode }: Pick<FileEntry, "mode">): string {
  switch (mode & FileType.mask) {
    case FileType.symlink:
      return "symlink";
    case FileType.block:
    case FileType.character:
      return "device file";
    case FileType.fifo:
    case FileType.socket:
      return "special file";
    case FileType.directory:
      return "directory";
    default:
      return "regular file";
  }
}

/** Whether two stats are of one object. */
export function sameInode(a: Stat, b: Stat): boolean {
  return (
    a.inodeLow === b.inodeLow &&
    a.inodeHigh === b.inodeHigh &&
    a.deviceMajor === b.deviceMajor &&
    a.deviceMinor === b.deviceMinor
  );
}
