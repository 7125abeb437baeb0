/**
 * The system calls with Node's own file functions, for machines where koffi does not load (design section 3). A name within
 * a held directory is `/proc/self/fd/N/name`, which the kernel resolves from the open directory (4-traps P-02). What
 * Node lacks goes through helper programs, or is refused with -95: docs/system-calls.md.
 */
import * as fs from "node:fs";
import { type ByteName, toBytes } from "../../bytes/byte-name.ts";
import { internalError } from "../../errors.ts";
import { FileType } from "../../protocol/file-entry.ts";
import { checkName, Errno, openFlags } from "./common.ts";
import { complaintErrno, helperDirectory, runHelper } from "./helper-program.ts";
import type { Stat, Syscalls } from "./interface.ts";
import { plainCharsets } from "./plain-charsets.ts";
import { plainUsers } from "./plain-users.ts";
import { plainXattrs } from "./plain-xattrs.ts";

/** A Node that binds a socket and dies at once, so that nobody unlinks it: there is no other call that makes one. */
const socketProgram =
  'require("net").createServer().listen(process.argv[1],()=>process.kill(process.pid,"SIGKILL")).on("error",()=>process.exit(1))';
/** What the mknod program calls the types of nodes; it makes no sockets. */
const nodeLetters: ReadonlyMap<number, string> = new Map([
  [FileType.fifo, "p"],
  [FileType.character, "c"],
  [FileType.block, "b"],
]);
const bigStats = { bigint: true, throwIfNoEntry: false } as const;
/** By a path or through links: without an exception a file on the way (ENOTDIR) would look like a name that is not there. */
const followedStats = { bigint: true } as const;

/** Opens the plain back end for this thread. */
export function openPlain(): Syscalls {
  let nodes = 0;

  function lstatAt(directory: number, name: ByteName, stat: Stat): number {
    const bad = checkName(name);
    return bad || attempt(() => fillStat(stat, fs.lstatSync(childPath(directory, name), bigStats)));
  }

  /** Opens the object itself, link or not, without needing permission to read it. */
  function openLeaf(directory: number, name: ByteName): number {
    return attempt(() => fs.openSync(childPath(directory, name), openFlags.path | openFlags.noFollow));
  }

  /** Makes a node under a name that survives a command line, then gives it its real one, which must be free. */
  function makeSpecial(directory: number, name: ByteName, mode: number, major: number, minor: number): number {
    const letter = nodeLetters.get(mode & FileType.mask);
    const isSocket = (mode & FileType.mask) === FileType.socket;
    if (letter === undefined && !isSocket) return Errno.EOPNOTSUPP;
    const temporary = `.tsync-node.${process.pid}.${nodes++}.${Math.random().toString(36).slice(2)}` as ByteName;
    const permissions = (mode & 0o777 & ~process.umask()).toString(8);
    const from = childPath(directory, temporary);
    if (letter === undefined) {
      runHelper(process.execPath, ["-e", socketProgram, `${helperDirectory}${temporary}`], "", directory);
      const bound = attempt(() => fs.chmodSync(from, Number.parseInt(permissions, 8)));
      if (bound !== 0) return bound;
    } else {
      const numbers = letter === "p" ? [] : [String(major), String(minor)];
      const parameters = ["-m", permissions, `${helperDirectory}${temporary}`, letter, ...numbers];
      const run = runHelper("mknod", parameters, "", directory);
      if (run.error !== 0 || run.status !== 0) return run.error || complaintErrno(run.complaints[0]);
    }
    const linked = attempt(() => fs.linkSync(from, childPath(directory, name)));
    attempt(() => fs.unlinkSync(from));
    return linked;
  }

  return {
    kind: "plain",
    abilities: {
      exactTimes: false,
      holes: false,
      kernelCopy: false,
      reflink: false,
      dropCache: false,
      descriptorAttributes: true,
      descriptorXattrs: false,
      realLinks: true,
    },
    flags: openFlags,

    openPath: (path, flags, mode = 0) => checkPath(path) || attempt(() => fs.openSync(toBytes(path), flags, mode)),
    statPath: (path, stat) =>
      checkPath(path) || attempt(() => fillStat(stat, fs.statSync(toBytes(path), followedStats))),
    lstatPath: (path, stat) =>
      checkPath(path) || attempt(() => fillStat(stat, fs.lstatSync(toBytes(path), followedStats))),
    openAbove: (directory, flags) => attempt(() => fs.openSync(`/proc/self/fd/${directory}/..`, flags)),
    workingDirectory() {
      // Of a deleted one the link still has a text.
      const gone = attempt(() => void process.cwd());
      return gone < 0 ? gone : (fs.readlinkSync("/proc/self/cwd", { encoding: "latin1" }) as ByteName);
    },

    openAt: (directory, name, flags, mode = 0) =>
      checkName(name) || attempt(() => fs.openSync(childPath(directory, name), flags | openFlags.noFollow, mode)),
    openDirectoryAt(directory, name) {
      const bad = checkName(name);
      if (bad !== 0) return bad;
      const path = childPath(directory, name);
      const flags = openFlags.directory | openFlags.noFollow;
      const descriptor = attempt(() => fs.openSync(path, flags));
      return descriptor === Errno.EACCES ? attempt(() => fs.openSync(path, flags | openFlags.path)) : descriptor;
    },
    close: (descriptor) => attempt(() => fs.closeSync(descriptor)),
    duplicate: (descriptor) =>
      attempt(() => {
        const [, flags] =
          /^flags:\s*([0-7]+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1")) ?? [];
        // The kernel's own link to the open file has to be followed.
        return fs.openSync(`/proc/self/fd/${descriptor}`, Number.parseInt(flags ?? "0", 8) & ~openFlags.noFollow);
      }),

    readDirectory(directory) {
      let names: string[] = [];
      const read = (path: string): number =>
        attempt(() => {
          names = fs.readdirSync(path, { encoding: "latin1" });
        });
      const path = `/proc/self/fd/${directory}`;
      let error = read(`${path}/.`);
      // One that may be read but not searched.
      if (error === Errno.EACCES) error = read(path);
      return error < 0 ? error : (names as ByteName[]);
    },
    lstatAt,
    statAt: (directory, name, stat) =>
      checkName(name) || attempt(() => fillStat(stat, fs.statSync(childPath(directory, name), followedStats))),
    fstat: (descriptor, stat) => attempt(() => fillStat(stat, fs.fstatSync(descriptor, bigStats))),
    readLinkAt(directory, name) {
      let target = "";
      const error =
        checkName(name) ||
        attempt(() => {
          target = fs.readlinkSync(childPath(directory, name), { encoding: "latin1" });
        });
      return error < 0 ? error : (target as ByteName);
    },

    makeDirectoryAt: (directory, name, mode) =>
      checkName(name) || attempt(() => fs.mkdirSync(childPath(directory, name), mode)),
    makeNodeAt(directory, name, mode, rdevMajor, rdevMinor) {
      const bad = checkName(name);
      return bad || makeSpecial(directory, name, mode, rdevMajor, rdevMinor);
    },
    symlinkAt: (directory, name, target) =>
      checkName(name) ||
      checkPath(target) ||
      attempt(() => fs.symlinkSync(toBytes(target), childPath(directory, name))),
    linkAt: (fromDirectory, fromName, toDirectory, toName) =>
      checkName(fromName) ||
      checkName(toName) ||
      attempt(() => fs.linkSync(childPath(fromDirectory, fromName), childPath(toDirectory, toName))),
    renameAt: (fromDirectory, fromName, toDirectory, toName) =>
      checkName(fromName) ||
      checkName(toName) ||
      attempt(() => fs.renameSync(childPath(fromDirectory, fromName), childPath(toDirectory, toName))),
    unlinkAt: (directory, name) => checkName(name) || attempt(() => fs.unlinkSync(childPath(directory, name))),
    removeDirectoryAt: (directory, name) => checkName(name) || attempt(() => fs.rmdirSync(childPath(directory, name))),

    chownAt: (directory, name, uid, gid) =>
      checkName(name) || attempt(() => fs.lchownSync(childPath(directory, name), uid, gid)),
    fchown: (descriptor, uid, gid) => attempt(() => fs.fchownSync(descriptor, uid, gid)),
    chmodAt(directory, name, mode) {
      const bad = checkName(name);
      if (bad !== 0) return bad;
      // There is no chmod that does not follow: change the object that the descriptor holds (4-traps P-05).
      const leaf = openLeaf(directory, name);
      if (leaf < 0) return leaf;
      const outcome = attempt(() => {
        if ((fs.fstatSync(leaf).mode & FileType.mask) === FileType.symlink) return Errno.EOPNOTSUPP;
        return fs.chmodSync(`/proc/self/fd/${leaf}`, mode);
      });
      fs.closeSync(leaf);
      return outcome;
    },
    fchmod: (descriptor, mode) => attempt(() => fs.fchmodSync(descriptor, mode)),
    setTimesAt(directory, name, mtime, mtimeNanoseconds, atime, atimeNanoseconds = 0) {
      const bad = checkName(name);
      if (bad !== 0) return bad;
      const path = childPath(directory, name);
      return attempt(() => {
        const access =
          atime === undefined ? accessTime(fs.lstatSync(path, { bigint: true })) : time(atime, atimeNanoseconds);
        return fs.lutimesSync(path, access, time(mtime, mtimeNanoseconds));
      });
    },
    fsetTimes: (descriptor, mtime, mtimeNanoseconds, atime, atimeNanoseconds = 0) =>
      attempt(() => {
        const access =
          atime === undefined ? accessTime(fs.fstatSync(descriptor, { bigint: true })) : time(atime, atimeNanoseconds);
        return fs.futimesSync(descriptor, access, time(mtime, mtimeNanoseconds));
      }),

    ...plainXattrs(lstatAt),

    read: (descriptor, buffer, offset, length, position) =>
      isInside(buffer, offset, length)
        ? attempt(() => fs.readSync(descriptor, buffer, offset, length, position < 0 ? null : position))
        : Errno.EFAULT,
    write: (descriptor, buffer, offset, length, position) =>
      isInside(buffer, offset, length)
        ? attempt(() => fs.writeSync(descriptor, buffer, offset, length, position < 0 ? null : position))
        : Errno.EFAULT,
    copyFileRange: () => Errno.EOPNOTSUPP,
    cloneFile: () => Errno.EOPNOTSUPP,
    dropCache: () => Errno.EOPNOTSUPP,
    unreadBytes: () => Errno.EOPNOTSUPP,
    truncate: (descriptor, size) => attempt(() => fs.ftruncateSync(descriptor, size)),
    allocate: () => Errno.EOPNOTSUPP,
    punchHole: () => Errno.EOPNOTSUPP,
    seekData: () => Errno.EOPNOTSUPP,
    seekHole: () => Errno.EOPNOTSUPP,
    seek: () => Errno.EOPNOTSUPP,
    fsync: (descriptor) => attempt(() => fs.fsyncSync(descriptor)),

    ...plainUsers(),
    ...plainCharsets(),
    dispose() {},
  };
}

/** The bytes of the path of a checked name within a held directory. */
function childPath(directory: number, name: ByteName): Buffer {
  return Buffer.from(`/proc/self/fd/${directory}/${name}`, "latin1");
}

function checkPath(path: ByteName): number {
  return path.includes("\0") ? Errno.EINVAL : 0;
}

function isInside(buffer: Uint8Array, offset: number, length: number): boolean {
  return offset >= 0 && length >= 0 && offset + length <= buffer.byteLength;
}

/** The result of a call, 0 for one without, or the errno that it threw. */
function attempt(call: () => unknown): number {
  try {
    const value = call();
    return typeof value === "number" ? value : 0;
  } catch (error) {
    const { errno, code, message } = error as NodeJS.ErrnoException;
    // Node looks at descriptors itself: -1 stands for a file that is not there.
    if (code === "ERR_OUT_OF_RANGE" && message.includes('"fd"')) return Errno.EBADF;
    if (typeof errno !== "number") throw internalError(`a file call failed without an error number: ${message}`);
    return errno;
  }
}

function fillStat(stat: Stat, found: fs.BigIntStats | undefined): number {
  if (found === undefined) return Errno.ENOENT;
  stat.mode = Number(found.mode);
  stat.uid = Number(found.uid);
  stat.gid = Number(found.gid);
  stat.size = Number(found.size);
  stat.blocks = Number(found.blocks);
  stat.mtime = seconds(found.mtimeNs);
  stat.mtimeNanoseconds = Number(found.mtimeNs - BigInt(stat.mtime) * 1_000_000_000n);
  stat.atime = seconds(found.atimeNs);
  stat.atimeNanoseconds = Number(found.atimeNs - BigInt(stat.atime) * 1_000_000_000n);
  stat.linkCount = Number(found.nlink);
  stat.inodeLow = Number(found.ino & 0xffffffffn);
  stat.inodeHigh = Number(found.ino >> 32n);
  const device = Number(found.dev);
  stat.deviceMajor = major(device);
  stat.deviceMinor = minor(device);
  const special = Number(found.rdev);
  stat.rdevMajor = major(special);
  stat.rdevMinor = minor(special);
  return 0;
}

/** Whole seconds, rounded down for times before 1970. */
function seconds(nanoseconds: bigint): number {
  const whole = Number(nanoseconds / 1_000_000_000n);
  return nanoseconds < 0n && nanoseconds % 1_000_000_000n !== 0n ? whole - 1 : whole;
}

// glibc's packing of device numbers: minor 7..0, major 19..8 (here 12 bits), minor 43..20, major 63..44.
function major(device: number): number {
  const high = Math.floor(device / 0x1_0000_0000);
  return (((device >>> 8) & 0xfff) | (high & 0xfffff000)) >>> 0;
}

function minor(device: number): number {
  const high = Math.floor(device / 0x1_0000_0000);
  return ((device & 0xff) | ((device >>> 12) & 0xfff00) | (high << 20)) >>> 0;
}

/**
 * A time for node:fs, which keeps microseconds (4-traps T-11). Half a microsecond more, away from zero, survives the
 * cutting of the binary fraction. A negative number would mean the current time; a string does not.
 */
function time(whole: number, nanoseconds: number): number | string {
  const value = whole + Math.floor(nanoseconds / 1000) / 1e6;
  return value < 0 ? String(value - 0.5e-6) : value + 0.5e-6;
}

function accessTime(stats: fs.BigIntStats): number | string {
  const whole = seconds(stats.atimeNs);
  return time(whole, Number(stats.atimeNs - BigInt(whole) * 1_000_000_000n));
}
