/**
 * The attributes of a regular file that has just been written (3-transfer 5.6; 4-traps T-15). The owner is set before the mode,
 * because a file must not be setuid for the wrong owner for a moment.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { accessAclDiffers } from "../fs/acl.ts";
import { emptyStat, isXattrList, type Stat, type Syscalls } from "../fs/syscalls/interface.ts";
import { noId } from "./impossible-ids.ts";
import type { JobFailure, ReceiveJob } from "./receive-job.ts";

const accessAclName = byteName("system.posix_acl_access");
const isAccessAcl = (attribute: ByteName): boolean => attribute === accessAclName;
const ENODATA = -61;
const EOPNOTSUPP = -95;

/** What a file has when it is made: its owner and its mode. */
type Made = Pick<Stat, "uid" | "gid" | "mode">;

/** Sets them for one thread. */
export class FileAttributes {
  private readonly syscalls: Syscalls;
  private readonly stat: Stat = emptyStat();
  /** What files have that are made in a directory, by its descriptor: in a batch, which takes some milliseconds. */
  private made: Map<number, Made> | undefined;

  constructor(syscalls: Syscalls) {
    this.syscalls = syscalls;
  }

  /** From now on, until `endBatch`, the files made in one directory have one owner and mode; the descriptors of the directories stay open. */
  beginBatch(): void {
    this.made = new Map();
  }

  endBatch(): void {
    this.made = undefined;
  }

  /** Those of the job, for its open file, which is called `name` in `directory`; what goes wrong is added to `failures`. */
  set(job: ReceiveJob, descriptor: number, directory: number, name: ByteName, failures: JobFailure[]): void {
    const { syscalls, stat } = this;
    const { uid, gid, mode, mtime, mtimeNanoseconds, atime, accessAcl, xattrs, removeXattrs } = job.attributes;
    const note = (step: JobFailure["step"], errno: number, detail?: ByteName) => {
      if (errno < 0) failures.push({ step, errno, detail });
    };
    // A default ACL of the directory may have made the mode another than 0600.
    const byName = !syscalls.abilities.descriptorAttributes;
    const open = syscalls.abilities.descriptorXattrs;
    const setsXattrs = byName || (xattrs ?? []).length + (removeXattrs ?? []).length > 0;
    const before = job.method === "replace" && !byName && mtime !== undefined ? this.made : undefined;
    const known = before?.get(directory);
    const own: Made = known ?? stat;
    let seen = 0;
    let currentMode = -1;
    if (known === undefined) {
      seen = byName ? syscalls.lstatAt(directory, name, stat) : syscalls.fstat(descriptor, stat);
      note("chmod", seen);
      if (seen >= 0) currentMode = stat.mode & 0o7777;
      if (seen >= 0) before?.set(directory, { uid: stat.uid, gid: stat.gid, mode: stat.mode });
    }
    // It may even be closed to its owner, who could not set attributes then.
    if (setsXattrs && seen >= 0 && (own.mode & 0o200) === 0) {
      const opened = (own.mode & 0o777) | 0o600;
      if (syscalls.fchmod(descriptor, opened) >= 0) currentMode = opened;
    }
    if (uid >= 0 || gid >= 0) {
      const newUid = uid >= 0 && uid !== own.uid ? uid : -1;
      const newGid = gid >= 0 && gid !== own.gid ? gid : -1;
      if (newUid >= 0 || newGid >= 0) {
        if (!byName && (newUid === noId || newGid === noId))
          failures.push({ step: "ids", errno: 0, detail: undefined });
        const status = byName
          ? syscalls.chownAt(directory, name, newUid, newGid)
          : syscalls.fchown(descriptor, newUid, newGid);
        note(newUid >= 0 ? "chown" : "chgrp", status);
        if (status < 0) {
          // rsync leaves the rest of such a file alone, and set-id bits are not for another owner (4-traps T-15).
          const first = 0o600 | (mode & 0o700);
          if (job.method === "replace" && !byName && first !== 0o600) note("chmod", syscalls.fchmod(descriptor, first));
          return;
        }
        if (currentMode >= 0) currentMode &= 0o1777;
      }
    }
    const setXattr = (attribute: ByteName, value: Uint8Array): number =>
      open ? syscalls.fsetXattr(descriptor, attribute, value) : syscalls.setXattrAt(directory, name, attribute, value);
    const removeXattr = (attribute: ByteName): number =>
      open ? syscalls.fremoveXattr(descriptor, attribute) : syscalls.removeXattrAt(directory, name, attribute);
    for (const item of xattrs ?? []) {
      if (item.abbreviated === undefined) note("xattr", setXattr(item.name, item.value), item.name);
      // A value that has not come takes no other's place; of a copy made here it is still to come.
      else if (job.tokens !== undefined) failures.push({ step: "xattr-value", errno: 0, detail: item.name });
    }
    // An ACL that comes as an attribute stays as it is where rsync's temporary file has the mode from the start.
    const bringsAcl = xattrs?.some((item) => item.name === accessAclName) === true;
    if (bringsAcl && job.method === "replace") currentMode = 0o600 | (mode & 0o700);
    for (const item of removeXattrs ?? []) {
      const status = removeXattr(item);
      // Whoever writes to a file takes its capabilities away.
      if (status !== ENODATA) note("xattr", status, item);
    }
    if (mtime !== undefined || atime !== undefined) {
      const [seconds, nanoseconds] =
        mtime === undefined ? [stat.mtime, stat.mtimeNanoseconds] : [mtime, mtimeNanoseconds];
      const timed = syscalls.fsetTimes(descriptor, seconds, nanoseconds, atime, 0);
      note("times", timed);
      // Somebody else's file, written in place: rsync leaves the rest alone, but what it stands for has been noted before.
      if (timed < 0) {
        if (byName) syscalls.chmodAt(directory, name, mode);
        return;
      }
    }
    if (accessAcl !== undefined) {
      const status = accessAcl === null ? removeXattr(accessAclName) : setXattr(accessAclName, accessAcl);
      const isNone = accessAcl === null && (status === ENODATA || status === EOPNOTSUPP);
      // Of somebody else's file, written in place, only what differs is missed.
      if (status < 0 && !isNone && this.hasOtherAcl(directory, name, accessAcl ?? undefined, mode)) note("acl", status);
      if (status >= 0 && accessAcl !== null) currentMode = -1;
    }
    // What it has by itself may have to be noted instead (2-file-list 7.8).
    if (currentMode === mode && !byName) return;
    note("chmod", byName ? syscalls.chmodAt(directory, name, mode) : syscalls.fchmod(descriptor, mode));
  }

  private hasOtherAcl(directory: number, name: ByteName, wanted: Uint8Array | undefined, mode: number): boolean {
    const { syscalls, stat } = this;
    const list = syscalls.readXattrs(directory, [name], isAccessAcl)[0];
    if (!isXattrList(list) || syscalls.lstatAt(directory, name, stat) < 0) return true;
    const present = list.find((item) => item.name === accessAclName)?.value;
    return accessAclDiffers(wanted, mode, present, stat.mode);
  }
}
