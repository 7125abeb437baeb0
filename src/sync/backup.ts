/**
 * Backups of what is replaced or deleted (3-transfer 5.7; 4-traps L-12): `NAME~` beside it, or the same path below the
 * backup directory, whose missing parts get the attributes of the directories they mirror.
 */
import { type ByteName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { cleanPath, components } from "../bytes/paths.ts";
import { DataCopier } from "../fs/copy-data.ts";
import { DirectoryWalker } from "../fs/held-directory.ts";
import { emptyStat, isXattrList, type Stat } from "../fs/syscalls/interface.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import type { Destination } from "./destination.ts";
import { isUnsafeLink } from "./unsafe-link.ts";

const ENOENT = -2;
const EEXIST = -17;
const EISDIR = -21;

/** What `Backups.make` returns for a file that is backed up and still there. */
export const copiedOnly = 1;

export class Backups {
  private readonly context: RunContext;
  private readonly destination: Destination;
  private readonly stat: Stat = emptyStat();
  private readonly touched: (byReceiver: boolean) => void;
  private walker: DirectoryWalker | undefined;
  private receiving = false;

  /** `touched` is told when the backup directory was made, perhaps inside the destination's top directory, and by whom. */
  constructor(context: RunContext, destination: Destination, touched: (byReceiver: boolean) => void) {
    this.touched = touched;
    this.context = context;
    this.destination = destination;
    const { options, syscalls, emit } = context;
    if (options.backup && options.backupDirectory !== undefined && options.info.backup > 0) {
      const exists = syscalls.statPath(this.directoryPath(), this.stat) === 0;
      const text = byteName(`${exists ? "" : "(new) "}backup_dir is ${options.backupDirectory}`);
      emit({ type: "notice", role: "Receiver", code: "backup-directory", path: undefined, text });
    }
  }

  /** Whether a deleted file of this name is backed up rather than removed. */
  appliesToDeletion(name: ByteName): boolean {
    const { options } = this.context;
    return options.backup && (options.backupDirectory !== undefined || !name.endsWith(options.backupSuffix));
  }

  /**
   * Backs up `name` of an open directory. With `move` the original goes away (a deletion), else it may stay so that the
   * final rename replaces it atomically. Returns 0 (also when there is nothing to back up) or a negative errno; `copiedOnly`
   * where it was to go away but could only be copied: the caller removes it.
   */
  make(directory: number, name: ByteName, path: ByteName, move: boolean): number {
    const { options, syscalls } = this.context;
    const found = syscalls.lstatAt(directory, name, this.stat);
    // What cannot be looked at is not replaced without its backup (L-12).
    if (found < 0) return found === ENOENT ? 0 : found;
    if ((this.stat.mode & FileType.mask) === FileType.directory) return 0;
    const backupName = `${name}${options.backupSuffix}` as ByteName;
    let target = directory;
    if (options.backupDirectory !== undefined) {
      target = this.open(directoryName(path));
      if (target < 0) return target;
    }
    if (this.leavesOut(directory, name, path)) {
      const gone = move ? syscalls.unlinkAt(directory, name) : 0;
      return gone < 0 ? gone : this.tell(path);
    }
    const status = this.place(directory, name, target, backupName, move);
    if (status >= 0) this.tell(path);
    return status;
  }

  /** As `make`, for a file that the receiver is about to replace. */
  beforeReplace(directory: number, name: ByteName, path: ByteName): number {
    this.receiving = true;
    const status = this.make(directory, name, path, false);
    this.receiving = false;
    return status;
  }

  /** Whether this is a link that leads out of the tree, of which `--safe-links` makes no backup either; says so. */
  leavesOut(directory: number, name: ByteName, path: ByteName): boolean {
    const { options, syscalls, emit } = this.context;
    if (!options.safeLinks) return false;
    const target = syscalls.readLinkAt(directory, name);
    if (typeof target === "number" || !isUnsafeLink(target, path)) return false;
    if (options.info.symsafe) {
      const text = byteName(`not backing up unsafe symlink "${path}" -> "${target}"`);
      emit({ type: "notice", role: "generator", code: "unsafe-link", path, text });
    }
    return true;
  }

  /** Backs up what the generator is about to replace; a dry run only tells. */
  makeBeforeReplacing(directory: number, name: ByteName, path: ByteName): void {
    if (!this.context.options.dryRun) this.make(directory, name, path, false);
    else {
      this.leavesOut(directory, name, path);
      this.tell(path);
    }
  }

  /** Says that a file was (in a dry run: would be) backed up. Returns 0. */
  tell(path: ByteName): number {
    const { options, emit } = this.context;
    if (options.info.backup > 0) {
      const text = byteName(`backed up ${path} to ${backupPath(options, path)}`);
      emit({ type: "notice", role: "generator", code: "backed-up", path, text });
    }
    return 0;
  }

  /** Backs up a file that will be changed in place: always a copy (3-transfer 1.7 step 25). */
  copy(directory: number, name: ByteName, path: ByteName): number {
    const target = this.context.options.backupDirectory === undefined ? directory : this.open(directoryName(path));
    if (target < 0) return target;
    const status = this.copyTo(directory, name, target, `${name}${this.context.options.backupSuffix}` as ByteName);
    return status < 0 ? status : this.tell(path);
  }

  /** Opens what `copy` has made, for reading; a negative errno if that cannot be done. */
  openCopy(directory: number, name: ByteName, path: ByteName): number {
    const { options, syscalls } = this.context;
    const target = options.backupDirectory === undefined ? directory : this.open(directoryName(path));
    if (target < 0) return target;
    const { readOnly, nonBlock } = syscalls.flags;
    return syscalls.openAt(target, `${name}${options.backupSuffix}` as ByteName, readOnly | nonBlock);
  }

  /** Closes what is open. Nobody may be at work on a backup any more. */
  close(): void {
    this.walker?.dispose();
    this.walker = undefined;
  }

  private place(from: number, name: ByteName, to: number, backupName: ByteName, move: boolean): number {
    const { syscalls } = this.context;
    if (syscalls.lstatAt(to, backupName, this.stat) === 0 && (this.stat.mode & FileType.mask) === FileType.directory) {
      const removed = syscalls.removeDirectoryAt(to, backupName);
      if (removed < 0) return removed;
    }
    if (!move) {
      let linked = syscalls.linkAt(from, name, to, backupName);
      if (linked === EEXIST) {
        syscalls.unlinkAt(to, backupName);
        linked = syscalls.linkAt(from, name, to, backupName);
      }
      if (linked === 0) return 0;
    }
    const renamed = syscalls.renameAt(from, name, to, backupName);
    if (renamed === 0) {
      // A rename onto another link of the same file does nothing: the old name is still there.
      if (syscalls.lstatAt(from, name, this.stat) === 0) return syscalls.unlinkAt(from, name);
      return 0;
    }
    if (renamed === EISDIR) return renamed;
    const copied = this.copyTo(from, name, to, backupName);
    return copied < 0 || !move ? copied : copiedOnly;
  }

  /** Across file systems, or of what must not be moved (immutable): the backup is a copy with the attributes of the original. */
  private copyTo(from: number, name: ByteName, to: number, backupName: ByteName): number {
    const { syscalls } = this.context;
    const { stat } = this;
    const status = syscalls.lstatAt(from, name, stat);
    if (status < 0) return status;
    syscalls.unlinkAt(to, backupName);
    const type = stat.mode & FileType.mask;
    const { uid, gid, mode, mtime, mtimeNanoseconds, rdevMajor, rdevMinor } = stat;
    if (type === FileType.symlink) {
      const target = syscalls.readLinkAt(from, name);
      if (typeof target === "number") return target;
      const made = syscalls.symlinkAt(to, backupName, target);
      if (made < 0) return made;
    } else if (type !== FileType.regular) {
      const made = syscalls.makeNodeAt(to, backupName, type | 0o600, rdevMajor, rdevMinor);
      if (made < 0) return made;
    } else {
      const copied = this.copyData(from, name, to, backupName);
      if (copied < 0) return copied;
    }
    syscalls.chownAt(to, backupName, uid, gid);
    if (type !== FileType.symlink) syscalls.chmodAt(to, backupName, mode & 0o7777);
    if (this.context.options.times) syscalls.setTimesAt(to, backupName, mtime, mtimeNanoseconds);
    return 0;
  }

  private copyData(from: number, name: ByteName, to: number, backupName: ByteName): number {
    const { syscalls } = this.context;
    const { readOnly, writeOnly, create, exclusive, nonBlock } = syscalls.flags;
    const { size } = this.stat;
    const source = syscalls.openAt(from, name, readOnly | nonBlock);
    if (source < 0) return source;
    const target = syscalls.openAt(to, backupName, writeOnly | create | exclusive, 0o600);
    if (target < 0) {
      syscalls.close(source);
      return target;
    }
    const copying = new DataCopier(syscalls).copyData(source, target, size);
    let step = copying.next();
    while (step.done !== true) step = copying.next();
    syscalls.close(source);
    const closed = syscalls.close(target);
    if (step.value >= 0 && closed >= 0) return 0;
    syscalls.unlinkAt(to, backupName);
    return Math.min(step.value, closed);
  }

  private directoryPath(): ByteName {
    const text = this.writtenDirectory();
    return this.context.options.backupDirectory?.startsWith("/") ? text : cleanPath(text);
  }

  /** The backup directory's absolute path as messages show it: `..` stays. */
  private writtenDirectory(): ByteName {
    const text = this.context.options.backupDirectory ?? byteName("");
    return text.startsWith("/") ? text : joinName(this.destination.absolute, text);
  }

  /** The open directory of the backup tree that mirrors `path` of the destination; made as needed. */
  private open(path: ByteName): number {
    const { syscalls } = this.context;
    const { directory } = syscalls.flags;
    if (this.walker === undefined) {
      const where = this.directoryPath();
      // A link of somebody else on the way: no backup is made there, and nothing is replaced without it (4-traps O-01).
      const { path: nameOnly } = syscalls.flags;
      const found = this.context.operator.open(where, nameOnly | directory);
      if (found >= 0) syscalls.close(found);
      else if (found === ENOENT) makePath(this.context, where);
      else return found;
      this.touched(this.receiving);
      const root = this.context.operator.openDirectory(where);
      if (root < 0) return root;
      this.walker = new DirectoryWalker(syscalls, root);
    }
    const held = this.walker.directory(path);
    if (typeof held !== "number") return held.descriptor;
    if (held !== ENOENT) return held;
    let made = "";
    for (const part of components(path)) {
      const parent = this.walker.directory(made as ByteName);
      if (typeof parent === "number") return parent;
      made = made === "" ? part : `${made}/${part}`;
      const status = syscalls.makeDirectoryAt(parent.descriptor, part, 0o777);
      if (status === 0) this.copyAttributes(parent.descriptor, part, made as ByteName);
      else if (status !== EEXIST) return status;
    }
    const result = this.walker.directory(path);
    return typeof result === "number" ? result : result.descriptor;
  }

  /** Gives a new backup directory the owner, mode, times and ACLs (not: attributes) of the one it mirrors. */
  private copyAttributes(directory: number, name: ByteName, path: ByteName): void {
    const { syscalls, options, identity, ledger } = this.context;
    const mirrored = this.destination.walker?.directory(path);
    if (mirrored === undefined || typeof mirrored === "number") return;
    const { stat } = this;
    if (syscalls.fstat(mirrored.descriptor, stat) < 0) return;
    const uid = options.owner && identity.privileged ? stat.uid : -1;
    const gid = options.group ? stat.gid : -1;
    if (uid >= 0 || gid >= 0) {
      const status = syscalls.chownAt(directory, name, uid, gid);
      if (status < 0) {
        const absolute = joinName(this.writtenDirectory(), path);
        const operation = uid >= 0 ? "chown" : "chgrp";
        const role = this.receiving ? "receiver" : "generator";
        ledger.systemError(role, `${operation} "${absolute}" failed`, status, absolute);
        return;
      }
    }
    if (options.acls) {
      const isAcl = (attribute: ByteName) => attribute.startsWith("system.posix_acl_");
      const [list] = syscalls.readXattrs(mirrored.descriptor, [byteName(".")], isAcl);
      for (const item of isXattrList(list) ? list : []) syscalls.setXattrAt(directory, name, item.name, item.value);
    }
    if (options.times) syscalls.setTimesAt(directory, name, stat.mtime, stat.mtimeNanoseconds);
    const { mode } = stat;
    // As with every new directory, without -p the setgid bit that its parent gave it stays (T-14).
    const given = options.permissions || syscalls.lstatAt(directory, name, stat) < 0 ? 0 : stat.mode & 0o2000;
    syscalls.chmodAt(directory, name, (mode & 0o7777) | given);
  }
}

/** How messages name the backup of a path below the destination. */
export function backupPath({ backupDirectory, backupSuffix }: TransferOptions, path: ByteName): ByteName {
  const shown = byteName(`${path}${backupSuffix}`);
  return backupDirectory === undefined ? shown : joinName(backupDirectory, shown);
}

/** What is said, up to the reason, of a backup that could not be made. */
export function keepBackupText(options: TransferOptions, path: ByteName, absolute: ByteName): string {
  return `keep_backup failed: "${absolute}" -> "${backupPath(options, path)}"`;
}

/** Makes every missing directory of a path named by the operator. */
export function makePath(context: RunContext, path: ByteName): void {
  const { syscalls, operator } = context;
  const { path: nameOnly, directory } = syscalls.flags;
  let made = path.startsWith("/") ? "/" : ".";
  for (const part of components(path)) {
    const parent = operator.open(made as ByteName, nameOnly | directory);
    if (parent < 0) return;
    syscalls.makeDirectoryAt(parent, part, 0o777);
    syscalls.close(parent);
    made = made === "/" ? `/${part}` : `${made}/${part}`;
  }
}
