/**
 * The directories that backups go to (3-transfer 5.7): with `--backup-dir` a tree that mirrors the destination, whose missing
 * parts get the attributes of the directories they mirror.
 */
import { type ByteName, byteName, joinName } from "../bytes/byte-name.ts";
import { cleanPath, components } from "../bytes/paths.ts";
import { accessAclName, defaultAclName } from "../fs/acl.ts";
import { DirectoryWalker } from "../fs/held-directory.ts";
import { emptyStat, isXattrList, type Stat } from "../fs/syscalls/interface.ts";
import { fullPath, type RunContext } from "./context.ts";
import type { Destination } from "./destination.ts";

const ENOENT = -2;
const EEXIST = -17;
const ELOOP = -40;

/** The call that kept a backup from being made, in rsync's words. */
export interface BackupFailure {
  readonly errno: number;
  /** Undefined: only `keep_backup failed` is said. */
  readonly text?: string | undefined;
  /** A second line, which is complete. */
  readonly second?: string | undefined;
  /** `keep_backup failed` is said too. */
  readonly keeps: boolean;
  /** The backup directory itself cannot be made, of which rsync says nothing. */
  readonly isTop?: boolean;
}

/** What rsync calls a change of owner and group: an owner who has it already is not changed. */
export function ownerOperation(uid: number, identity: RunContext["identity"]): "chown" | "chgrp" {
  return uid >= 0 && uid !== identity.uid ? "chown" : "chgrp";
}

/** `--info=backup`: names the directory for backups, a relative one as that of `base`. */
export function announceBackupDirectory({ options, syscalls, emit }: RunContext, base: ByteName): void {
  const { backup, backupDirectory, info } = options;
  if (!backup || backupDirectory === undefined || info.backup === 0) return;
  const path = backupDirectory.startsWith("/") ? backupDirectory : joinName(base, backupDirectory);
  const exists = syscalls.statPath(path, emptyStat()) === 0;
  const text = byteName(`${exists ? "" : "(new) "}backup_dir is ${backupDirectory}`);
  emit({ type: "notice", role: "Receiver", code: "backup-directory", path: undefined, text });
}

export class BackupTree {
  private readonly context: RunContext;
  private readonly destination: Destination;
  private readonly stat: Stat = emptyStat();
  private readonly touched: (byReceiver: boolean) => void;
  private walker: DirectoryWalker | undefined;

  /** `touched` is told when the backup directory was made, perhaps inside the destination's top directory, and by whom. */
  constructor(context: RunContext, destination: Destination, touched: (byReceiver: boolean) => void) {
    this.context = context;
    this.destination = destination;
    this.touched = touched;
  }

  /** Closes what is open. */
  close(): void {
    this.walker?.dispose();
    this.walker = undefined;
  }

  /** The absolute path of the backup directory. */
  get path(): ByteName {
    const text = this.shownPath;
    return this.context.options.backupDirectory?.startsWith("/") ? text : cleanPath(text);
  }

  /** The absolute path, as messages show it, of the directory that backups go to: `..` stays. */
  get shownPath(): ByteName {
    const { backupDirectory } = this.context.options;
    if (backupDirectory === undefined) return this.destination.absolute;
    return backupDirectory.startsWith("/") ? backupDirectory : joinName(this.destination.absolute, backupDirectory);
  }

  /**
   * Whether a path of the destination at which nothing stood may have got something by now that is not to be lost: a backup that
   * this run has made, or with `--keep-dirlinks` a file that came by another path (4-traps L-12).
   */
  mayHold(path: ByteName): boolean {
    const { backupDirectory, backupSuffix, keepDirectoryLinks } = this.context.options;
    if (keepDirectoryLinks) return true;
    if (!path.endsWith(backupSuffix)) return false;
    return backupDirectory === undefined || fullPath(this.destination.absolute, path).startsWith(`${this.path}/`);
  }

  /** The open directory of the backup tree that mirrors `path` of the destination; made as needed. */
  open(path: ByteName, receiving: boolean): number | BackupFailure {
    const { syscalls, options } = this.context;
    const { directory } = syscalls.flags;
    const top = options.backupDirectory ?? byteName("");
    if (this.walker === undefined) {
      const where = this.path;
      // A link of somebody else on the way: no backup is made there, and nothing is replaced without it (4-traps O-01).
      const { path: nameOnly } = syscalls.flags;
      const found = this.context.operator.open(where, nameOnly | directory);
      if (found >= 0) syscalls.close(found);
      else if (found !== ENOENT) return { errno: found, keeps: true };
      const made = found >= 0 ? 0 : makePath(this.context, where);
      this.touched(receiving);
      const root = this.context.operator.openDirectory(where);
      if (root === ENOENT && made < 0) {
        return { errno: made, text: `backup mkdir ${top} failed`, keeps: false, isTop: true };
      }
      if (root < 0) return { errno: root, keeps: true };
      this.walker = new DirectoryWalker(syscalls, root);
    }
    const held = this.walker.directory(path);
    if (typeof held !== "number") return held.descriptor;
    if (held !== ENOENT) return { errno: held, keeps: true };
    let made = "";
    for (const part of components(path)) {
      const parent = this.walker.directory(made as ByteName);
      if (typeof parent === "number") return { errno: parent, keeps: true };
      made = made === "" ? part : `${made}/${part}`;
      const status = syscalls.makeDirectoryAt(parent.descriptor, part, 0o777);
      if (status === 0) this.copyAttributes(parent.descriptor, part, made as ByteName, receiving);
      else if (status !== EEXIST) {
        return {
          errno: status,
          text: `backup mkdir ${joinName(top, made as ByteName)} failed`,
          keeps: false,
        };
      }
    }
    const result = this.walker.directory(path);
    return typeof result === "number" ? { errno: result, keeps: true } : result.descriptor;
  }

  /** Gives a new backup directory the owner, mode, times and ACLs (not: attributes) of the one it mirrors. */
  private copyAttributes(directory: number, name: ByteName, path: ByteName, receiving: boolean): void {
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
        const absolute = joinName(this.shownPath, path);
        const operation = ownerOperation(uid, identity);
        const role = receiving ? "receiver" : "generator";
        ledger.systemError(role, `${operation} "${absolute}" failed`, status, absolute);
        return;
      }
    }
    if (options.acls) {
      const isAcl = (attribute: ByteName) => attribute.startsWith("system.posix_acl_");
      const [list] = syscalls.readXattrs(mirrored.descriptor, [byteName(".")], isAcl);
      for (const item of isXattrList(list) ? list : []) syscalls.setXattrAt(directory, name, item.name, item.value);
      // What its parent gave it goes.
      for (const acl of [accessAclName, defaultAclName]) {
        if (isXattrList(list) && !list.some((item) => item.name === acl)) syscalls.removeXattrAt(directory, name, acl);
      }
    }
    if (options.times) syscalls.setTimesAt(directory, name, stat.mtime, stat.mtimeNanoseconds);
    const { mode } = stat;
    // As with every new directory, without -p the setgid bit that its parent gave it stays (T-14).
    const given = options.permissions || syscalls.lstatAt(directory, name, stat) < 0 ? 0 : stat.mode & 0o2000;
    syscalls.chmodAt(directory, name, (mode & 0o7777) | given);
  }
}

/** Makes every missing directory of a path named by the operator. Returns why the last of them could not be made, or 0. */
function makePath({ syscalls, operator }: RunContext, path: ByteName): number {
  const { path: nameOnly, directory } = syscalls.flags;
  let made = path.startsWith("/") ? "/" : ".";
  let status = 0;
  for (const part of components(path)) {
    const parent = operator.unconfined.open(made as ByteName, nameOnly | directory);
    if (parent < 0) return status < 0 ? status : parent;
    // On the way to a confined directory nothing is made.
    status = operator.contains(parent) ? syscalls.makeDirectoryAt(parent, part, 0o777) : ELOOP;
    syscalls.close(parent);
    made = made === "/" ? `/${part}` : `${made}/${part}`;
  }
  return status;
}
