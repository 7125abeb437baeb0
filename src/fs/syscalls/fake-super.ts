/**
 * `--fake-super` (2-file-list 7.8): system calls that keep in extended attributes what only the super-user could set. Owners,
 * set-id bits, devices, special files and symbolic links are files of our own with a note of what they stand for; every
 * caller sees, and changes, what they stand for. Only calls that name an object in a directory do so: what is done through a
 * descriptor concerns the file itself (`abilities.descriptorAttributes`).
 */
import { readlinkSync } from "node:fs";
import { type ByteName, byteName, fromBytes, joinName, toBytes } from "../../bytes/byte-name.ts";
import { ExitCode, type Role, TsyncError } from "../../errors.ts";
import { FileType, isDeviceMode, type Xattr } from "../../protocol/file-entry.ts";
import { parseAcl } from "../../protocol/posix-acl.ts";
import { accessAclName, defaultAclName } from "../acl.ts";
import { emptyFakeAcl, fakeAccessAcl, fakeDefaultAcl, readFakeAcl } from "../fake-acl.ts";
import { emptyStat, isXattrList, type Stat, type Syscalls } from "./interface.ts";

const ownPrefix = "user.rsync.";
const statName = byteName("user.rsync.%stat");
const accessName = byteName("user.rsync.%aacl");
const defaultName = byteName("user.rsync.%dacl");
const targetBytesMax = 4096;
const ENOENT = -2;
const EACCES = -13;

/** What a file stands for. */
interface Pretence {
  readonly mode: number;
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  readonly uid: number;
  readonly gid: number;
}

/** The calls of one side of a run, over `own`, which stay the owner's. `role` is who complains of a note that makes no sense. */
export function fakeSuperSyscalls(own: Syscalls, role: Role): Syscalls {
  const calls = { ...own, ...openingCalls(own) };
  const found = emptyStat();
  /** A receiver sees attributes by the names under which they are stored, as what it is to store is named (`storedXattrName`). */
  const shownName = role === "sender" ? sentName : keptName;

  /** The note on an object; undefined if there is none. */
  function read(directory: number, name: ByteName): Pretence | undefined {
    const [list] = calls.readXattrs(directory, [name], isStat);
    const value = isXattrList(list) ? list.find((item) => item.name === statName)?.value : undefined;
    if (value === undefined) return undefined;
    const text = fromBytes(value);
    const fields = /^\s*([0-7]+)\s+(-?\d+),\s*(-?\d+)\s+(-?\d+):\s*(-?\d+)/.exec(text);
    if (fields === null) throw corrupt(role, directory, name, text);
    const number = (index: number): number => Number(fields[index]);
    const mode = Number.parseInt(fields[1] ?? "", 8);
    return { mode, rdevMajor: number(2), rdevMinor: number(3), uid: number(4) >>> 0, gid: number(5) >>> 0 };
  }

  /** Makes `stat`, which describes an object, describe what it stands for. */
  function pretend(directory: number, name: ByteName, stat: Stat): void {
    if (!canStandForOther(stat.mode)) return;
    const pretence = read(directory, name);
    if (pretence !== undefined) Object.assign(stat, pretence);
  }

  /** Changes what an object stands for; the note goes when the object is just that. */
  function change(directory: number, name: ByteName, changes: Partial<Pretence>): number {
    const status = calls.lstatAt(directory, name, found);
    if (status < 0 || !canStandForOther(found.mode)) return status;
    return note(directory, name, found.mode, read(directory, name), changes);
  }

  /** The same for the object that `found` describes, whose mode is `mode` by now. */
  function note(
    directory: number,
    name: ByteName,
    mode: number,
    before: Pretence | undefined,
    changes: Partial<Pretence>,
  ): number {
    const { uid, gid } = found;
    const wanted = { mode, rdevMajor: 0, rdevMinor: 0, uid, gid, ...before, ...changes };
    if (wanted.mode === mode && wanted.uid === uid && wanted.gid === gid) {
      return before === undefined ? 0 : calls.removeXattrAt(directory, name, statName);
    }
    const { rdevMajor, rdevMinor } = isDeviceMode(wanted.mode) ? wanted : { rdevMajor: 0, rdevMinor: 0 };
    if (before?.mode === wanted.mode && before.uid === wanted.uid && before.gid === wanted.gid) {
      if (before.rdevMajor === rdevMajor && before.rdevMinor === rdevMinor) return 0;
    }
    const text = `${wanted.mode.toString(8)} ${rdevMajor},${rdevMinor} ${wanted.uid}:${wanted.gid}`;
    return calls.setXattrAt(directory, name, statName, toBytes(byteName(text)));
  }

  /** Makes a file that stands for something else. */
  function make(directory: number, name: ByteName, mode: number, content: Uint8Array, rest: Partial<Pretence>): number {
    const { writeOnly, create, exclusive } = calls.flags;
    const descriptor = calls.openAt(directory, name, writeOnly | create | exclusive, (mode & 0o777) | 0o600);
    if (descriptor < 0) return descriptor;
    const written = content.length === 0 ? 0 : calls.write(descriptor, content, 0, content.length, 0);
    const seen = calls.fstat(descriptor, found);
    const closed = calls.close(descriptor);
    let status = Math.min(written, seen, closed, 0);
    const permissions = found.mode & 0o777;
    if (status === 0) status = change(directory, name, { mode: (mode & FileType.mask) | permissions, ...rest });
    if (status < 0) calls.unlinkAt(directory, name);
    return status;
  }

  function modeOf(directory: number, name: ByteName): number {
    if (calls.lstatAt(directory, name, found) < 0) return 0;
    pretend(directory, name, found);
    return found.mode;
  }

  /** The attributes as they stand for others, sorted by name. */
  function shown(directory: number, name: ByteName, list: readonly Xattr[]): readonly Xattr[] {
    const result: Xattr[] = [];
    for (const { name: stored, value } of list) {
      const attribute = shownName(stored);
      if (attribute === undefined) continue;
      if (attribute !== accessAclName && attribute !== defaultAclName) result.push({ name: attribute, value });
      else {
        const acl = readFakeAcl(value, modeOf(directory, name));
        if (acl !== undefined) result.push({ name: attribute, value: acl });
      }
    }
    return result.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  const setXattrAt: Syscalls["setXattrAt"] = (directory, name, attribute, value) => {
    const acl = attribute === accessAclName || attribute === defaultAclName ? parseAcl(value) : undefined;
    if (acl === undefined) return calls.setXattrAt(directory, name, storedXattrName(attribute), value);
    return attribute === accessAclName
      ? calls.setXattrAt(directory, name, accessName, fakeAccessAcl(acl))
      : calls.setXattrAt(directory, name, defaultName, fakeDefaultAcl(acl));
  };

  const removeXattrAt: Syscalls["removeXattrAt"] = (directory, name, attribute) => {
    if (attribute === defaultAclName) return calls.removeXattrAt(directory, name, defaultName);
    // What an object has of other namespaces itself stays.
    if (attribute.startsWith("user.")) return calls.removeXattrAt(directory, name, attribute);
    if (attribute !== accessAclName) return 0;
    // One that was there is made to say nothing.
    const [list] = calls.readXattrs(directory, [name], isAccess);
    const exists = isXattrList(list) && list.some((item) => item.name === accessName);
    return exists ? calls.setXattrAt(directory, name, accessName, emptyFakeAcl()) : 0;
  };

  return {
    ...calls,
    abilities: { ...calls.abilities, descriptorAttributes: false, descriptorXattrs: false, realLinks: false },

    lstatAt(directory, name, stat) {
      const status = calls.lstatAt(directory, name, stat);
      if (status === 0) pretend(directory, name, stat);
      return status;
    },
    statAt(directory, name, stat) {
      const status = calls.statAt(directory, name, stat);
      const isLink = calls.lstatAt(directory, name, found) === 0 && (found.mode & FileType.mask) === FileType.symlink;
      if (status === 0 && !isLink) pretend(directory, name, stat);
      return status;
    },
    fstat(descriptor, stat) {
      const status = calls.fstat(descriptor, stat);
      if (status === 0 && (stat.mode & FileType.mask) === FileType.directory) pretend(descriptor, byteName("."), stat);
      return status;
    },
    readLinkAt(directory, name) {
      const status = calls.lstatAt(directory, name, found);
      if (status < 0) return status;
      if (!canStandForOther(found.mode)) return calls.readLinkAt(directory, name);
      if (((read(directory, name)?.mode ?? 0) & FileType.mask) !== FileType.symlink)
        return calls.readLinkAt(directory, name);
      const descriptor = calls.openAt(directory, name, calls.flags.readOnly | calls.flags.nonBlock);
      if (descriptor < 0) return descriptor;
      const buffer = new Uint8Array(targetBytesMax);
      const count = calls.read(descriptor, buffer, 0, buffer.length, 0);
      calls.close(descriptor);
      return count < 0 ? count : count === 0 ? ENOENT : fromBytes(buffer.subarray(0, count));
    },

    makeDirectoryAt: (directory, name, mode) => calls.makeDirectoryAt(directory, name, mode | 0o700),
    makeNodeAt(directory, name, mode, rdevMajor, rdevMinor) {
      return make(directory, name, mode, new Uint8Array(0), { rdevMajor, rdevMinor });
    },
    symlinkAt: (directory, name, target) => make(directory, name, FileType.symlink | 0o777, toBytes(target), {}),

    chownAt(directory, name, uid, gid) {
      return change(directory, name, { ...(uid < 0 ? {} : { uid }), ...(gid < 0 ? {} : { gid }) });
    },
    chmodAt(directory, name, mode) {
      const status = calls.lstatAt(directory, name, found);
      if (status < 0) return status;
      const type = found.mode & FileType.mask;
      if (type === FileType.symlink) return 0;
      if (!canStandForOther(found.mode)) return calls.chmodAt(directory, name, mode);
      const before = read(directory, name);
      const own = (mode & 0o777) | (type === FileType.directory ? 0o700 : 0o600);
      const done = (found.mode & 0o7777) === own ? 0 : calls.chmodAt(directory, name, own);
      const pretended = ((before?.mode ?? found.mode) & FileType.mask) | (mode & 0o7777);
      const noted = note(directory, name, type | own, before, { mode: pretended });
      // What is noted counts, whatever the mode itself is.
      return done < 0 && noted >= 0 && read(directory, name)?.mode !== pretended ? done : noted;
    },

    readXattrs(directory, names, wanted) {
      const isWanted = (stored: ByteName): boolean => {
        const attribute = shownName(stored);
        return attribute !== undefined && (wanted === undefined || wanted(attribute));
      };
      const lists = calls.readXattrs(directory, names, isWanted);
      return lists.map((list, index) =>
        isXattrList(list) ? shown(directory, names[index] ?? byteName("."), list) : list,
      );
    },
    readOwnXattrs: calls.readXattrs,
    changeXattrs(directory, changes) {
      return changes.map(({ name, attribute, value }) =>
        value === undefined ? removeXattrAt(directory, name, attribute) : setXattrAt(directory, name, attribute, value),
      );
    },
    setXattrAt,
    removeXattrAt,
  };
}

/** An attribute of what its owner may not write to is written while the owner may, as by rsync. */
function openingCalls(calls: Syscalls): Pick<Syscalls, "setXattrAt" | "removeXattrAt"> {
  const found = emptyStat();
  const opened = (directory: number, name: ByteName, write: () => number): number => {
    const status = write();
    if (status !== EACCES || calls.lstatAt(directory, name, found) < 0) return status;
    const mode = found.mode & 0o7777;
    if ((mode & 0o200) !== 0 || (found.mode & FileType.mask) === FileType.symlink) return status;
    if (calls.chmodAt(directory, name, mode | 0o200) < 0) return status;
    const again = write();
    calls.chmodAt(directory, name, mode);
    return again;
  };
  return {
    setXattrAt: (directory, name, attribute, value) =>
      opened(directory, name, () => calls.setXattrAt(directory, name, attribute, value)),
    removeXattrAt: (directory, name, attribute) =>
      opened(directory, name, () => calls.removeXattrAt(directory, name, attribute)),
  };
}

const isStat = (attribute: ByteName): boolean => attribute === statName;
const isAccess = (attribute: ByteName): boolean => attribute === accessName;

/** Real links stand for themselves. Devices and special files should have notes too, which no system lets them have. */
function canStandForOther(mode: number): boolean {
  return (mode & FileType.mask) !== FileType.symlink;
}

/** The name under which an attribute is stored (2-file-list 7.8). */
export function storedXattrName(attribute: ByteName): ByteName {
  return attribute.startsWith("user.") ? attribute : byteName(`${ownPrefix}${attribute}`);
}

/** The name by which a sender lists a stored attribute; undefined: it is not listed. */
function sentName(stored: ByteName): ByteName | undefined {
  const kept = keptName(stored);
  return kept?.startsWith(ownPrefix) === true ? (kept.slice(ownPrefix.length) as ByteName) : kept;
}

/** The name by which a receiver sees a stored attribute; undefined: it is none, or a note. */
function keptName(stored: ByteName): ByteName | undefined {
  if (stored === accessName) return accessAclName;
  if (stored === defaultName) return defaultAclName;
  return stored.startsWith("system.") || stored.startsWith(`${ownPrefix}%`) ? undefined : stored;
}

function corrupt(role: Role, directory: number, name: ByteName, text: string): TsyncError {
  let parent = byteName("");
  try {
    parent = byteName(readlinkSync(`/proc/self/fd/${directory}`, { encoding: "latin1" }));
  } catch {}
  const path = name === "." ? parent : joinName(parent, name);
  const message = `Corrupt ${statName} xattr attached to "${path}": "${text}"`;
  return new TsyncError("file", message, { exitCode: ExitCode.fileIo, role, path, plain: true });
}
