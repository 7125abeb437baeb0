/**
 * Opens paths that the operator named: destination, backup and partial directory, rule files, lists of files (4-traps O-01).
 * The path is walked component by component; a symbolic link on the way or at the end is followed only if the link itself
 * belongs to root or to us. A source argument is not walked so: what it leads to is only read.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { limits } from "../limits.ts";
import { FileType } from "../protocol/file-entry.ts";
import { emptyStat, type Stat, type Syscalls } from "./syscalls/interface.ts";

const EACCES = -13;
const ELOOP = -40;

/** What rsync says about a link of a foreign user. */
export const foreignLinkText: string =
  "refusing to follow a symlink owned by an untrusted user; use --insecure-links locally or " +
  '"insecure links = yes" in a daemon module ONLY if every path component is trusted';

/** Told when a link was refused. */
export type OnRefused = () => void;

/** Whether the directory behind a descriptor may be searched: 0 or a negative errno. */
export function searchable(syscalls: Syscalls, directory: number, stat: Stat = emptyStat()): number {
  return syscalls.lstatAt(directory, "." as ByteName, stat);
}

/** Walks operator paths for one effective user. */
export class OperatorPaths {
  private readonly syscalls: Syscalls;
  private readonly uid: number;
  private readonly onRefused: OnRefused;
  private readonly stat: Stat = emptyStat();
  private hops = 0;

  constructor(syscalls: Syscalls, uid: number, onRefused: OnRefused = () => {}) {
    this.syscalls = syscalls;
    this.uid = uid;
    this.onRefused = onRefused;
  }

  /** Opens a path; a negative errno on failure, ELOOP for a refused link. */
  open(path: ByteName, flags: number, mode?: number): number {
    this.hops = 0;
    const start = this.start(path);
    return start < 0 ? start : this.walk(start, path, flags, mode);
  }

  /** Opens a directory for use as parent of further calls; one that may not be read is only named, as `openDirectoryAt`. */
  openDirectory(path: ByteName): number {
    const { readOnly, directory, path: nameOnly } = this.syscalls.flags;
    let descriptor = this.open(path, readOnly | directory);
    if (descriptor === EACCES) descriptor = this.open(path, nameOnly | directory);
    if (descriptor < 0) return descriptor;
    const status = searchable(this.syscalls, descriptor, this.stat);
    if (status < 0) this.syscalls.close(descriptor);
    return status < 0 ? status : descriptor;
  }

  /** A descriptor for where a walk begins. */
  private start(path: ByteName): number {
    const { directory, path: nameOnly } = this.syscalls.flags;
    return this.syscalls.openPath((path.startsWith("/") ? "/" : ".") as ByteName, directory | nameOnly);
  }

  /** Walks `path` from `at`, which it takes over. */
  private walk(at: number, path: ByteName, flags: number, mode: number | undefined): number {
    const { syscalls } = this;
    const { directory, path: nameOnly } = syscalls.flags;
    const parts = path.split("/").filter((part) => part !== "" && part !== ".") as ByteName[];
    // A slash at the end asks for a directory, and for `.` there is no component at all.
    if (parts.length === 0 || path.endsWith("/")) parts.push("." as ByteName);
    let held = at;
    for (const [index, part] of parts.entries()) {
      const last = index === parts.length - 1;
      const next = this.step(held, part, last ? flags : directory | nameOnly, last ? mode : undefined);
      syscalls.close(held);
      if (next < 0 || last) return next;
      held = next;
    }
    return held;
  }

  /** Opens one component of a directory that stays open. */
  private step(held: number, name: ByteName, flags: number, mode: number | undefined): number {
    const { syscalls, stat } = this;
    if (name === "..") return syscalls.openPath(`/proc/self/fd/${held}/..` as ByteName, flags);
    const found = syscalls.lstatAt(held, name, stat);
    if (found < 0 || (stat.mode & FileType.mask) !== FileType.symlink || (flags & syscalls.flags.noFollow) !== 0) {
      return syscalls.openAt(held, name, flags, mode);
    }
    if (stat.uid !== 0 && stat.uid !== this.uid) {
      this.onRefused();
      return ELOOP;
    }
    if (++this.hops > limits.linkHops) return ELOOP;
    const { deviceMajor, deviceMinor } = stat;
    // /proc/self/fd/N is no path but an open file of ours (`<(...)`, /dev/stdin): only the kernel can follow it.
    if (syscalls.lstatPath("/proc/self" as ByteName, stat) === 0) {
      const sameDevice = stat.deviceMajor === deviceMajor && stat.deviceMinor === deviceMinor;
      if (sameDevice) return syscalls.openPath(`/proc/self/fd/${held}/${name}` as ByteName, flags, mode);
    }
    const target = syscalls.readLinkAt(held, name);
    if (typeof target === "number") return target;
    const start = target.startsWith("/") ? this.start(target) : syscalls.duplicate(held);
    return start < 0 ? start : this.walk(start, target, flags, mode);
  }
}
