/**
 * Opens paths that the operator named: destination, backup and partial directory, rule files, lists of files (4-traps O-01).
 * The path is walked component by component; a symbolic link on the way or at the end is followed only if the link itself
 * belongs to root or to us, unless it was said that all may be (`--insecure-links`). A source argument is not walked so:
 * what it leads to is only read. With `--confine-root` what a path leads to must lie in that directory, whoever made the links.
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

/** Whose links are followed, and how far. */
export interface OperatorRules {
  /** The effective user; his links are followed. */
  readonly uid: number;
  /** So are everybody's. */
  readonly followsAll?: boolean;
  /** Absolute path of the directory that must not be left; what it is a link to counts. */
  readonly root?: ByteName | undefined;
}

/** Whether the directory behind a descriptor may be searched: 0 or a negative errno. */
export function searchable(syscalls: Syscalls, directory: number, stat: Stat = emptyStat()): number {
  return syscalls.lstatAt(directory, "." as ByteName, stat);
}

/** Walks operator paths for one effective user. */
export class OperatorPaths {
  /** Whether a directory was named that must not be left. */
  readonly confined: boolean;
  private readonly syscalls: Syscalls;
  private readonly rules: OperatorRules;
  private readonly onRefused: OnRefused;
  private readonly stat: Stat = emptyStat();
  private hops = 0;
  /** Where that directory really is; empty when there is none, so that nothing lies in it. */
  private root: ByteName | undefined;

  constructor(syscalls: Syscalls, rules: OperatorRules, onRefused: OnRefused = () => {}) {
    this.syscalls = syscalls;
    this.rules = rules;
    this.onRefused = onRefused;
    this.confined = rules.root !== undefined;
  }

  /** The same for paths that may lead anywhere. */
  get unconfined(): OperatorPaths {
    return this.confined ? new OperatorPaths(this.syscalls, { ...this.rules, root: undefined }, this.onRefused) : this;
  }

  /** The same, with somebody else hearing of links that are refused. */
  telling(onRefused: OnRefused): OperatorPaths {
    return new OperatorPaths(this.syscalls, this.rules, onRefused);
  }

  /** The same without a word about links that are refused. */
  get quiet(): OperatorPaths {
    return new OperatorPaths(this.syscalls, this.rules);
  }

  /** Opens a path; a negative errno on failure, ELOOP for a refused link and for what lies outside. */
  open(path: ByteName, flags: number, mode?: number): number {
    this.hops = 0;
    const start = this.start(path);
    const found = start < 0 ? start : this.walk(start, path, flags, mode);
    if (found < 0 || this.contains(found)) return found;
    this.syscalls.close(found);
    return ELOOP;
  }

  /** Whether what a descriptor stands for lies where paths may lead. */
  contains(descriptor: number): boolean {
    if (this.rules.root === undefined) return true;
    this.root ??= this.findRoot(this.rules.root);
    const place = this.placeOf(descriptor);
    if (this.root === "" || place === undefined) return false;
    return this.root === "/" || place === this.root || place.startsWith(`${this.root}/`);
  }

  private findRoot(path: ByteName): ByteName {
    const { directory, path: nameOnly } = this.syscalls.flags;
    const descriptor = this.syscalls.openPath(path, directory | nameOnly);
    if (descriptor < 0) return "" as ByteName;
    const place = this.placeOf(descriptor);
    this.syscalls.close(descriptor);
    return place ?? ("" as ByteName);
  }

  /** The absolute path of what is open, as the kernel has it. */
  private placeOf(descriptor: number): ByteName | undefined {
    const { syscalls } = this;
    const { directory, path: nameOnly } = syscalls.flags;
    const descriptors = syscalls.openPath("/proc/self/fd" as ByteName, directory | nameOnly);
    if (descriptors < 0) return undefined;
    const place = syscalls.readLinkAt(descriptors, `${descriptor}` as ByteName);
    syscalls.close(descriptors);
    return typeof place === "number" ? undefined : place;
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
    const makes = this.confined && (flags & syscalls.flags.create) !== 0;
    let held = at;
    for (const [index, part] of parts.entries()) {
      const last = index === parts.length - 1;
      // Nothing is made outside to be found out afterwards.
      if (last && makes && !this.contains(held)) {
        syscalls.close(held);
        return ELOOP;
      }
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
    if (name === "..") return syscalls.openAbove(held, flags);
    const found = syscalls.lstatAt(held, name, stat);
    if (found < 0 || (stat.mode & FileType.mask) !== FileType.symlink || (flags & syscalls.flags.noFollow) !== 0) {
      return syscalls.openAt(held, name, flags, mode);
    }
    if (stat.uid !== 0 && stat.uid !== this.rules.uid && this.rules.followsAll !== true) {
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
