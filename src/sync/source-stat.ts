/**
 * What a name of the source stands for: itself, or what a link leads to under `-L`, `-k` and `--copy-unsafe-links` (2-file-list
 * 8.3, 9.1). Every other link stays a link (4-traps P-04).
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { countLinkHops } from "../fs/followed-links.ts";
import type { FollowLinks } from "../fs/held-directory.ts";
import { emptyStat, type Stat, type Syscalls } from "../fs/syscalls/interface.ts";
import { limits } from "../limits.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import { FileType } from "../protocol/file-entry.ts";
import { isUnsafeLink } from "./unsafe-link.ts";

const ELOOP = -40;
const ENOENT = -2;

/** `own`: the object itself; `followed`: what a link leads to; `dangling`: a link to be followed that leads nowhere; or a negative errno. */
export type SourceStat = "own" | "followed" | "dangling" | number;

/** Which links the walks of the source may pass. */
export function linksToFollow(options: TransferOptions): FollowLinks {
  const { copyLinks, copyUnsafeLinks, copyDirectoryLinks } = options;
  return copyLinks || copyUnsafeLinks || copyDirectoryLinks ? "any" : "none";
}

/** Whether a source file may be opened through a link. */
export function followsFiles(options: TransferOptions): boolean {
  return options.copyLinks || options.copyUnsafeLinks;
}

/**
 * Fills `stat` for `name` in an open directory; `path` is its transfer path. `onUnsafe` hears of a link that is followed
 * because it is unsafe. `passed` are the links on the way to the directory.
 */
export function statSource(
  options: TransferOptions,
  syscalls: Syscalls,
  directory: number,
  name: ByteName,
  path: ByteName,
  stat: Stat,
  onUnsafe: (target: ByteName) => void,
  passed = 0,
): SourceStat {
  const status = syscalls.lstatAt(directory, name, stat);
  if (status < 0) return status;
  if ((stat.mode & FileType.mask) !== FileType.symlink) return "own";
  // rsync looks at some links by their whole path, in which only so many may be passed (4-traps X-06).
  const isTooFar = (): boolean => passed > 0 && passed + countLinkHops(syscalls, directory, name) > limits.linkHops;
  if (options.copyLinks) return options.fakeSuper && isTooFar() ? ELOOP : follow(syscalls, directory, name, stat);
  // Of these `--copy-unsafe-links` says nothing.
  if (options.copyDirectoryLinks && !(options.fakeSuper && isTooFar())) {
    const own = { ...stat };
    const followed = syscalls.statAt(directory, name, stat);
    if (followed === 0 && (stat.mode & FileType.mask) === FileType.directory) return "followed";
    // Not asked for again: following it has changed its time of access.
    Object.assign(stat, own);
  }
  if (options.copyUnsafeLinks) {
    const target = syscalls.readLinkAt(directory, name);
    if (typeof target !== "number" && isUnsafeLink(target, path)) {
      onUnsafe(target);
      if (isTooFar()) return ELOOP;
      return follow(syscalls, directory, name, stat);
    }
  }
  return "own";
}

/**
 * Whether `--copy-unsafe-links` alone makes an argument be followed: when rsync asks whether directories are sent, and whether rules
 * leave it out, it takes it for the link that it is.
 */
export function isUnsafe({ copyLinks, copyDirectoryLinks }: TransferOptions, seen: SourceStat): boolean {
  return seen === "followed" && !copyLinks && !copyDirectoryLinks;
}

/** A link that an argument names is looked at once more after `-k` has tried to follow it, which changes its time of access. */
export function lookAgain(
  { options, syscalls }: { readonly options: TransferOptions; readonly syscalls: Syscalls },
  seen: SourceStat,
  directory: number,
  name: ByteName,
  stat: Stat,
): void {
  if (seen === "own" && options.atimes && options.copyDirectoryLinks) syscalls.lstatAt(directory, name, stat);
}

function follow(syscalls: Syscalls, directory: number, name: ByteName, stat: Stat): SourceStat {
  const status = syscalls.statAt(directory, name, stat);
  return status === 0 ? "followed" : status === -2 ? "dangling" : status;
}

/**
 * Bytes of a device that is sent as a file (2-file-list 8.2), from the kernel's list of block devices: other devices have
 * no size and are sent empty. Negative errno when it cannot be told.
 */
export function deviceSize(syscalls: Syscalls, { mode, rdevMajor, rdevMinor }: Stat): number {
  if ((mode & FileType.mask) !== FileType.block) return 0;
  const file = syscalls.openPath(byteName(`/sys/dev/block/${rdevMajor}:${rdevMinor}/size`), syscalls.flags.readOnly);
  // A number without a driver: nothing that could be read.
  if (file < 0) return file === ENOENT && syscalls.statPath(byteName("/sys/dev/block"), emptyStat()) === 0 ? 0 : file;
  const buffer = new Uint8Array(32);
  const count = syscalls.read(file, buffer, 0, buffer.length, 0);
  syscalls.close(file);
  return count < 0 ? count : Number(String.fromCharCode(...buffer.subarray(0, count)).trim()) * 512;
}

/** One number for a device. */
export function deviceKey(stat: Stat): number {
  return stat.deviceMajor * 2 ** 32 + stat.deviceMinor;
}
