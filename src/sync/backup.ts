/**
 * Backups of what is replaced or deleted (3-transfer 5.7; 4-traps L-12): `NAME~` beside it, or the same path below the
 * backup directory, whose missing parts get the attributes of the directories they mirror.
 */
import { type ByteName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { cleanPath } from "../bytes/paths.ts";
import { ExitCode, type Role, TsyncError } from "../errors.ts";
import { accessAclName } from "../fs/acl.ts";
import { errnoText } from "../fs/errno.ts";
import { emptyStat, isXattrList, type Stat } from "../fs/syscalls/interface.ts";
import { FileType, isDeviceMode } from "../protocol/file-entry.ts";
import { announceBackupDirectory, type BackupFailure, BackupTree, ownerOperation } from "./backup-tree.ts";
import { fullPath, type RunContext } from "./context.ts";
import { copyBackup } from "./copy-backup.ts";
import type { Destination } from "./destination.ts";
import { kindName, makesKind, nodeMode } from "./make-special.ts";
import { deviceSize } from "./source-stat.ts";
import { isUnsafeLink } from "./unsafe-link.ts";

const EPERM = -1;
const ENOENT = -2;
const EEXIST = -17;
const EACCES = -13;
const EISDIR = -21;
const ENOTEMPTY = -39;
const EROFS = -30;
const EOPNOTSUPP = -95;

/** Nothing can be renamed there. */
const closedErrors: ReadonlySet<number> = new Set([EPERM, EACCES, EROFS]);

/** What `Backups.make` returns for a file that is backed up and still there. */
export const copiedOnly = 1;

type RoomMaker = (path: ByteName, name: ByteName, stat: Stat, byReceiver: boolean) => boolean;

export class Backups {
  private readonly context: RunContext;
  private readonly destination: Destination;
  private readonly stat: Stat = emptyStat();
  readonly tree: BackupTree;
  /** Removes a directory of the destination with what it holds, so that a backup can stand there; false: something stays. */
  private makeRoom: RoomMaker | undefined;
  private receiving = false;
  private failure: BackupFailure = { errno: 0, keeps: true };

  /** `touched` is told when the backup directory was made, perhaps inside the destination's top directory, and by whom. */
  constructor(context: RunContext, destination: Destination, touched: (byReceiver: boolean) => void) {
    this.context = context;
    this.destination = destination;
    this.tree = new BackupTree(context, destination, touched);
    announceBackupDirectory(context, destination.absolute);
  }

  /** Names who removes a directory that stands where a backup goes. */
  makeRoomWith(makeRoom: RoomMaker): void {
    this.makeRoom = makeRoom;
  }

  /** Whether a deleted file of this name is backed up rather than removed. */
  appliesToDeletion(name: ByteName): boolean {
    const { options } = this.context;
    return options.backup && (options.backupDirectory !== undefined || !name.endsWith(options.backupSuffix));
  }

  /** Whether the backup of something that is deleted stays in its directory. */
  isBeside(name: ByteName): boolean {
    return this.context.options.backupDirectory === undefined && this.appliesToDeletion(name);
  }

  /**
   * Backs up `name` of an open directory. With `move` the original goes away (a deletion), else it may stay so that the
   * final rename replaces it atomically. Returns 0 (also when there is nothing to back up) or a negative errno, which has
   * been reported: the original must stay as it is (L-12). `copiedOnly` where it was to go away but could only be copied:
   * the caller removes it.
   */
  make(directory: number, name: ByteName, path: ByteName, move: boolean): number {
    const status = this.tryToMake(directory, name, path, move);
    // Of a deletion its own line says that.
    if (status < 0 && !(move && this.failure.isTop === true)) this.report(path, "generator");
    return status;
  }

  private tryToMake(directory: number, name: ByteName, path: ByteName, move: boolean): number {
    const { options, syscalls } = this.context;
    const found = syscalls.lstatAt(directory, name, this.stat);
    // What cannot be looked at is not replaced without its backup (L-12).
    if (found < 0) return found === ENOENT ? 0 : this.fail({ errno: found, keeps: true });
    if ((this.stat.mode & FileType.mask) === FileType.directory) return 0;
    const target = options.backupDirectory === undefined ? directory : this.open(directoryName(path));
    if (target < 0) return target;
    if (this.leavesOut(directory, name, path)) {
      const gone = move ? syscalls.unlinkAt(directory, name) : 0;
      return gone < 0 ? this.fail({ errno: gone, keeps: true }) : this.tell(path);
    }
    return this.place(directory, name, target, path, move);
  }

  /** As `make`, for a file that the receiver is about to replace; a failure is not reported but ends the run (`fatalError`). */
  beforeReplace(directory: number, name: ByteName, path: ByteName): number {
    this.receiving = true;
    const status = this.tryToMake(directory, name, path, false);
    this.receiving = false;
    return status;
  }

  /** What the last failure of `beforeReplace` ends the run with. */
  fatalError(path: ByteName): TsyncError {
    const { errno, text, second, keeps } = this.failure;
    const absolute = fullPath(this.destination.absolute, path);
    if (text === undefined && second !== undefined) {
      return new TsyncError("file", second, {
        exitCode: ExitCode.fileIo,
        role: "receiver",
        path: absolute,
        plain: true,
      });
    }
    if (text !== undefined && keeps) this.context.ledger.systemError("receiver", text, errno, absolute);
    const last = text === undefined || keeps ? this.keepingText(path) : text;
    const message = `[receiver] ${last}: ${errnoText(-errno)}`;
    const more = second === undefined ? {} : { moreLines: [second] };
    return new TsyncError("file", message, { exitCode: ExitCode.fileIo, role: "receiver", path: absolute, ...more });
  }

  /** Whether this is a link that leads out of the tree, of which `--safe-links` makes no backup either; says so. */
  leavesOut(directory: number, name: ByteName, path: ByteName): boolean {
    const { options, syscalls, emit } = this.context;
    if (!options.safeLinks || !options.links) return false;
    const target = syscalls.readLinkAt(directory, name);
    if (typeof target === "number" || !isUnsafeLink(target, path)) return false;
    if (options.info.symsafe) {
      const text = byteName(`not backing up unsafe symlink "${path}" -> "${target}"`);
      emit({ type: "notice", role: "generator", code: "unsafe-link", path, text });
    }
    return true;
  }

  /** Backs up what the generator is about to replace; a dry run only tells. As `make`, which it returns the result of. */
  makeBeforeReplacing(directory: number, name: ByteName, path: ByteName): number {
    if (!this.context.options.dryRun) return this.make(directory, name, path, false);
    this.leavesOut(directory, name, path);
    return this.tell(path);
  }

  /** Says that a file was (in a dry run: would be) backed up. Returns 0. */
  tell(path: ByteName): number {
    const { options, emit } = this.context;
    if (options.info.backup > 0) {
      const text = byteName(`backed up ${path} to ${this.shown(path)}`);
      emit({ type: "notice", role: "generator", code: "backed-up", path, text });
    }
    return 0;
  }

  /** Backs up a file that will be changed in place: always a copy (3-transfer 1.7 step 25). A failure has been reported. */
  copy(directory: number, name: ByteName, path: ByteName): number {
    const target = this.context.options.backupDirectory === undefined ? directory : this.open(directoryName(path));
    const status = target < 0 ? target : this.copyTo(directory, name, target, path, true);
    if (status >= 0) return this.tell(path);
    const { errno, text, keeps } = this.failure;
    // Of the file itself nothing more is said.
    this.failure = { errno, text, keeps: keeps && text === undefined };
    this.report(path, "generator");
    return status;
  }

  /** Opens what `copy` has made, for reading; a negative errno if that cannot be done. */
  openCopy(directory: number, name: ByteName, path: ByteName, moreFlags: number): number {
    const { options, syscalls } = this.context;
    const target = options.backupDirectory === undefined ? directory : this.open(directoryName(path));
    if (target < 0) return target;
    const { readOnly, nonBlock } = syscalls.flags;
    return syscalls.openAt(target, `${name}${options.backupSuffix}` as ByteName, readOnly | nonBlock | moreFlags);
  }

  /** Closes what is open. Nobody may be at work on a backup any more. */
  close(): void {
    this.tree.close();
  }

  private place(from: number, name: ByteName, to: number, path: ByteName, move: boolean): number {
    const { syscalls } = this.context;
    const backupName = this.nameOf(name);
    if (syscalls.lstatAt(to, backupName, this.stat) === 0 && (this.stat.mode & FileType.mask) === FileType.directory) {
      const removed = syscalls.removeDirectoryAt(to, backupName);
      if (removed === ENOTEMPTY) {
        const failed = this.clear(backupName, path);
        if (failed !== undefined) return this.fail(failed);
      } else if (removed < 0) return this.inTheWay("rmdir", removed, path);
    }
    if (!move) {
      let linked = syscalls.linkAt(from, name, to, backupName);
      if (linked === EEXIST) {
        const removed = syscalls.unlinkAt(to, backupName);
        if (removed < 0) return this.inTheWay("unlink", removed, path);
        linked = syscalls.linkAt(from, name, to, backupName);
      }
      if (linked === 0) return this.tell(path);
      // Somebody else's may not be linked: rsync makes another one then.
      const mode = linked === EPERM ? this.specialMode(from, name) : undefined;
      if (mode !== undefined && makesKind(this.context, mode) && this.copyTo(from, name, to, path, false) === 0)
        return this.tell(path);
    }
    const renamed = syscalls.renameAt(from, name, to, backupName);
    if (renamed === 0) {
      // A rename onto another link of the same file does nothing: the old name is still there.
      const gone = syscalls.lstatAt(from, name, this.stat) === 0 ? syscalls.unlinkAt(from, name) : 0;
      return gone < 0 ? this.fail({ errno: gone, keeps: true }) : this.tell(path);
    }
    if (renamed === EISDIR) return this.fail({ errno: renamed, keeps: true });
    const mode = closedErrors.has(renamed) ? this.specialMode(from, name) : undefined;
    if (mode !== undefined && !makesKind(this.context, mode)) {
      // It stays where it is, which rsync takes for done.
      const text = byteName(`make_bak: skipping non-regular file ${path}`);
      this.context.emit({ type: "notice", role: "generator", code: "other", path, text });
      return 0;
    }
    const copied = this.copyTo(from, name, to, path, false);
    if (copied < 0 && !this.isClosed(copied)) return copied;
    if (copied < 0) this.report(path, "generator");
    this.tell(path);
    return move ? copiedOnly : 0;
  }

  /** The mode of a link, device or special file; undefined for anything else. */
  private specialMode(directory: number, name: ByteName): number | undefined {
    if (this.context.syscalls.lstatAt(directory, name, this.stat) < 0) return undefined;
    const { mode } = this.stat;
    return (mode & FileType.mask) === FileType.regular ? undefined : mode;
  }

  /**
   * Whether a failed backup of a link or special file beside it shows that its directory may not be changed at all. Then the
   * caller may go on, as rsync does: nothing can be removed or replaced there either, and the caller will say so.
   */
  private isClosed(errno: number): boolean {
    const isBeside = this.context.options.backupDirectory === undefined;
    return isBeside && !this.failure.keeps && (errno === EACCES || errno === EROFS);
  }

  /**
   * In place, across file systems, or of what must not be moved (immutable): the backup is a copy with the mode of the original
   * and those of its other attributes that are preserved. Of a device it is another node, in place a file with its data.
   */
  private copyTo(from: number, name: ByteName, to: number, path: ByteName, inPlace: boolean): number {
    const { syscalls, ledger } = this.context;
    const { stat } = this;
    const backupName = this.nameOf(name);
    const shown = this.absolute(path);
    const status = syscalls.lstatAt(from, name, stat);
    if (status < 0) return this.fail({ errno: status, keeps: true });
    const removed = syscalls.unlinkAt(to, backupName);
    const type = stat.mode & FileType.mask;
    const { uid, gid, mode, mtime, mtimeNanoseconds, atime, rdevMajor, rdevMinor } = stat;
    if (type === FileType.symlink) {
      const target = syscalls.readLinkAt(from, name);
      if (typeof target === "number") return this.fail({ errno: target, keeps: true });
      const made = syscalls.symlinkAt(to, backupName, target);
      if (made < 0) return this.notMade(made, mode, `link "${shown}" -> "${target}"`, shown, to, backupName);
    } else if (type !== FileType.regular && !(inPlace && isDeviceMode(stat.mode))) {
      const writable = uid === this.context.identity.uid ? 0o200 : 0;
      const made = syscalls.makeNodeAt(to, backupName, nodeMode(mode) | writable, rdevMajor, rdevMinor);
      if (made < 0) return this.notMade(made, mode, `mknod "${shown}" failed`, shown, to, backupName);
    } else {
      if (removed < 0 && removed !== ENOENT) {
        return this.fail({ errno: removed, text: `unlink "${shown}"`, keeps: true });
      }
      if (type !== FileType.regular) stat.size = Math.max(deviceSize(syscalls, stat), 0);
      const original = inPlace ? undefined : fullPath(this.destination.absolute, path);
      const failure = copyBackup(this.context, { from, name, original, size: stat.size }, { to, backupName, shown });
      const copied = failure === undefined ? 0 : this.fail(failure);
      if (copied < 0) return copied;
    }
    const { options, identity } = this.context;
    const owner = options.owner && identity.privileged ? uid : -1;
    const group = options.group ? gid : -1;
    const owned = owner < 0 && group < 0 ? 0 : syscalls.chownAt(to, backupName, owner, group);
    if (owned < 0) {
      // As with every object, the rest is left alone then.
      const role = this.receiving ? "receiver" : "generator";
      ledger.systemError(role, `${ownerOperation(owner, identity)} "${shown}" failed`, owned, shown);
      return 0;
    }
    const withAcl = options.acls && !inPlace;
    // Such a copy has the mode alone, and nothing of the default ACL of its directory.
    if (options.acls && inPlace) syscalls.removeXattrAt(to, backupName, accessAclName);
    if (withAcl || options.xattrs > 0) this.copyXattrs(from, name, to, backupName, withAcl);
    if (type !== FileType.symlink) syscalls.chmodAt(to, backupName, mode & 0o7777);
    if (type === FileType.symlink && options.omitLinkTimes) return 0;
    // As every object that is made, it keeps the whole seconds of its time of access.
    const accessed = options.atimes ? atime : undefined;
    // Before protocol 31 no time of the session has more than seconds.
    const fraction = this.context.coarseTimes ? 0 : mtimeNanoseconds;
    if (options.times) syscalls.setTimesAt(to, backupName, mtime, fraction, accessed, 0);
    else if (accessed !== undefined && syscalls.lstatAt(to, backupName, stat) === 0)
      syscalls.setTimesAt(to, backupName, stat.mtime, stat.mtimeNanoseconds, accessed, 0);
    return 0;
  }

  private copyXattrs(from: number, name: ByteName, to: number, backupName: ByteName, withAcl: boolean): void {
    const { options, syscalls, filters, identity } = this.context;
    const wanted = (attribute: ByteName) =>
      attribute === accessAclName
        ? withAcl
        : options.xattrs > 0 && filters.storesXattr(attribute, options.xattrs, identity.privileged);
    const [list] = syscalls.readXattrs(from, [name], wanted);
    for (const item of isXattrList(list) ? list : []) syscalls.setXattrAt(to, backupName, item.name, item.value);
  }

  private fail(failure: BackupFailure): number {
    this.failure = failure;
    return failure.errno;
  }

  /** A link or special file that could not be made; rsync then misses it. */
  private notMade(errno: number, mode: number, text: string, shown: ByteName, to: number, name: ByteName): number {
    const seen = this.context.syscalls.lstatAt(to, name, this.stat);
    const second = seen < 0 ? `rsync: [generator] stat "${shown}" failed: ${errnoText(-seen)}` : undefined;
    // Of sockets rsync always says that they are not supported.
    const isSocket = (mode & FileType.mask) === FileType.socket;
    this.fail({ errno: isSocket ? EOPNOTSUPP : errno, text, second, keeps: false });
    return errno;
  }

  /** Removes the directory with content, described by `stat`, that stands where the backup goes, if such may be replaced. */
  private clear(name: ByteName, path: ByteName): BackupFailure | undefined {
    const { backupDirectory, deleteTiming, force } = this.context.options;
    const shown = this.shown(path);
    const errno = ENOTEMPTY;
    const isInside = backupDirectory === undefined || !/^\/|(?:^|\/)\.\.(?:\/|$)/.test(backupDirectory);
    const mayDelete = isInside && (force || deleteTiming !== "none");
    if (!mayDelete || this.makeRoom === undefined) return { errno, keeps: true };
    if (this.makeRoom(cleanPath(shown), name, this.stat, this.receiving)) return undefined;
    return { errno, second: `could not make way for backup directory: ${shown}`, keeps: false };
  }

  /** What stands where the backup goes, and is described by `stat`, cannot be removed. */
  private inTheWay(operation: "rmdir" | "unlink", errno: number, path: ByteName): number {
    const shown = this.shown(path);
    const text = `delete_file: ${operation}(${shown}) failed`;
    return this.fail({
      errno,
      text,
      second: `could not make way for backup ${kindName(this.stat)}: ${shown}`,
      keeps: false,
    });
  }

  /** Says why the last backup was not made. */
  report(path: ByteName, role: Role): void {
    const { ledger } = this.context;
    const { errno, text, second, keeps } = this.failure;
    const absolute = fullPath(this.destination.absolute, path);
    if (text !== undefined) ledger.systemError(role, text, errno, absolute);
    if (second !== undefined) ledger.error(role, second, absolute);
    if (keeps) ledger.systemError(role, this.keepingText(path), errno, absolute);
  }

  private keepingText(path: ByteName): string {
    return `keep_backup failed: "${fullPath(this.destination.absolute, path)}" -> "${this.shown(path)}"`;
  }

  private nameOf(name: ByteName): ByteName {
    return `${name}${this.context.options.backupSuffix}` as ByteName;
  }

  /** Where the backup of a path goes, as messages show it. */
  private shown(path: ByteName): ByteName {
    const { backupDirectory } = this.context.options;
    return backupDirectory === undefined ? this.nameOf(path) : joinName(backupDirectory, this.nameOf(path));
  }

  /** The same as an absolute path. */
  private absolute(path: ByteName): ByteName {
    return joinName(this.tree.shownPath, this.nameOf(path));
  }

  /** The open directory for the backups of a directory's files, or the errno of a failure. */
  private open(path: ByteName): number {
    const opened = this.tree.open(path, this.receiving);
    return typeof opened === "number" ? opened : this.fail(opened);
  }
}
