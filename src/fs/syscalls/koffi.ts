/**
 * The system calls through koffi: libc's own *at calls on held descriptors (design section 3; 4-traps P-01 to P-06).
 * Times are exact, offsets 64-bit, names bytes. Nothing here throws for an error of the operating system.
 *
 * Hot: lstatAt, readDirectory, openAt, read, write, close (bench/syscalls.ts).
 */
import { constants } from "node:fs";
import type { ByteName } from "../../bytes/byte-name.ts";
import { FileType } from "../../protocol/file-entry.ts";
import { Errno, openFlags } from "./common.ts";
import type { Stat, Syscalls } from "./interface.ts";
import { koffiCharsets } from "./koffi-charsets.ts";
import { koffiUsers } from "./koffi-users.ts";
import { koffiXattrs } from "./koffi-xattrs.ts";
import { loadLibc, Scratch } from "./libc.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_NO_AUTOMOUNT = 0x800;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const O_CLOEXEC = 0o2000000;
const F_DUPFD_CLOEXEC = 1030;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const FALLOC_KEEP_SIZE = 1;
const FALLOC_KEEP_SIZE_PUNCH_HOLE = FALLOC_KEEP_SIZE | 2;
/** `_IOW(0x94, 9, int)` of x86-64, arm64 and riscv64. */
const FICLONE = 0x40049409;
const TIOCOUTQ = 0x5411;
const FIONREAD = 0x541b;
const POSIX_FADV_DONTNEED = 4;
const UTIME_OMIT = 0x3ffffffe;
/** The number of fchmodat2 is the same on every architecture. */
const SYS_fchmodat2 = 452;

/** What copy_file_range answers when these two files or this kernel cannot do it. */
const cannotCopy: ReadonlySet<number> = new Set([
  Errno.EXDEV,
  Errno.EINVAL,
  Errno.ETXTBSY,
  Errno.ENOSYS,
  Errno.EOPNOTSUPP,
  Errno.EPERM,
  Errno.EBADF,
]);

/**
 * Opens the koffi back end for this thread; throws when koffi cannot load here. `oldKernel` does without the calls that
 * Linux 6.6 and 6.13 added; where they are missing, that is found out by itself.
 */
export function openKoffi({ oldKernel = false }: { readonly oldKernel?: boolean } = {}): Syscalls {
  const libc = loadLibc();
  const scratch = new Scratch(libc);
  const { bytes, unsigned, signed, first, second, record, list, listOffset, listBytes } = scratch;
  const { failure } = libc;

  const statx = libc.declare("statx", "int", ["int", "size_t", "int", "uint", "size_t"]);
  const openat = libc.declare("openat", "int", ["int", "size_t", "int", "uint"]);
  const closeDescriptor = libc.declare("close", "int", ["int"]);
  const getdents = libc.lazy("getdents64", "int64", ["int", "size_t", "size_t"]);
  const readBytes = libc.declare("read", "int64", ["int", "size_t", "size_t"]);
  const writeBytes = libc.declare("write", "int64", ["int", "size_t", "size_t"]);
  const pread = libc.lazy("pread", "int64", ["int", "size_t", "size_t", "int64"]);
  const pwrite = libc.lazy("pwrite", "int64", ["int", "size_t", "size_t", "int64"]);
  const lseek = libc.lazy("lseek", "int64", ["int", "int64", "int"]);
  const fcntl = libc.lazy("fcntl", "int", ["int", "int", "int"]);
  const readlinkat = libc.lazy("readlinkat", "int64", ["int", "size_t", "size_t", "size_t"]);
  const mkdirat = libc.lazy("mkdirat", "int", ["int", "size_t", "uint"]);
  const mknodat = libc.lazy("mknodat", "int", ["int", "size_t", "uint", "size_t"]);
  const symlinkat = libc.lazy("symlinkat", "int", ["size_t", "int", "size_t"]);
  const linkat = libc.lazy("linkat", "int", ["int", "size_t", "int", "size_t", "int"]);
  const renameat = libc.lazy("renameat", "int", ["int", "size_t", "int", "size_t"]);
  const unlinkat = libc.lazy("unlinkat", "int", ["int", "size_t", "int"]);
  const fchownat = libc.lazy("fchownat", "int", ["int", "size_t", "uint", "uint", "int"]);
  const fchown = libc.lazy("fchown", "int", ["int", "uint", "uint"]);
  const fchmod = libc.lazy("fchmod", "int", ["int", "uint"]);
  const chmod = libc.lazy("chmod", "int", ["size_t", "uint"]);
  const syscall4 = libc.lazy("syscall", "int64", ["int64", "int", "size_t", "uint", "int"]);
  const utimensat = libc.lazy("utimensat", "int", ["int", "size_t", "size_t", "int"]);
  const futimens = libc.lazy("futimens", "int", ["int", "size_t"]);
  const ioctl = libc.lazy("ioctl", "int", ["int", "size_t", "int64"]);
  const advise = libc.lazy("posix_fadvise", "int", ["int", "int64", "int64", "int"]);
  const copyRange = libc.lazy("copy_file_range", "int64", ["int", "size_t", "int", "size_t", "size_t", "uint"]);
  const ftruncate = libc.lazy("ftruncate", "int", ["int", "int64"]);
  const fallocate = libc.lazy("fallocate", "int", ["int", "int", "int64", "int64"]);
  const getcwd = libc.lazy("getcwd", "size_t", ["size_t", "size_t"]);
  const fsyncDescriptor = libc.lazy("fsync", "int", ["int"]);

  let hasFchmodat2 = !oldKernel;
  // The buffer last used for data and its address: callers reuse one, and an address costs a quarter of the call.
  let dataBuffer: Uint8Array = bytes;
  let dataAddress = first;

  const result = (value: number): number => (value < 0 ? failure() : value);

  function fillStat(stat: Stat): void {
    // struct statx (statx(2)), in 4-byte units.
    stat.linkCount = unsigned[4] as number;
    stat.uid = unsigned[5] as number;
    stat.gid = unsigned[6] as number;
    stat.mode = (unsigned[7] as number) & 0xffff;
    stat.inodeLow = unsigned[8] as number;
    stat.inodeHigh = unsigned[9] as number;
    stat.size = (unsigned[10] as number) + (signed[11] as number) * 0x1_0000_0000;
    stat.blocks = (unsigned[12] as number) + (unsigned[13] as number) * 0x1_0000_0000;
    stat.atime = (unsigned[16] as number) + (signed[17] as number) * 0x1_0000_0000;
    stat.atimeNanoseconds = unsigned[18] as number;
    stat.mtime = (unsigned[28] as number) + (signed[29] as number) * 0x1_0000_0000;
    stat.mtimeNanoseconds = unsigned[30] as number;
    stat.rdevMajor = unsigned[32] as number;
    stat.rdevMinor = unsigned[33] as number;
    stat.deviceMajor = unsigned[34] as number;
    stat.deviceMinor = unsigned[35] as number;
  }

  function statInto(directory: number, flags: number, stat: Stat): number {
    if (statx(directory, first, flags, STATX_BASIC_STATS, record) !== 0) return failure();
    fillStat(stat);
    return 0;
  }

  function putTimes(mtime: number, mtimeNanoseconds: number, atime?: number, atimeNanoseconds?: number): void {
    scratch.putInteger(0, atime ?? 0);
    scratch.putInteger(2, atime === undefined ? UTIME_OMIT : (atimeNanoseconds ?? 0));
    scratch.putInteger(4, mtime);
    scratch.putInteger(6, mtimeNanoseconds);
  }

  /** The address of `buffer[offset]`, or EFAULT if the piece is not inside the buffer. */
  function addressOf(buffer: Uint8Array, offset: number, length: number): number {
    if (buffer !== dataBuffer) {
      dataBuffer = buffer;
      dataAddress = libc.address(buffer);
    }
    // Also refuses a buffer whose memory was handed to another thread: its length is then 0.
    return offset < 0 || length < 0 || offset + length > buffer.byteLength ? Errno.EFAULT : dataAddress + offset;
  }

  /** Before Linux 6.6: a descriptor of the object itself, which is refused if it is a link (4-traps P-05). */
  function chmodThroughDescriptor(directory: number, mode: number): number {
    const descriptor = openat(directory, first, openFlags.path | constants.O_NOFOLLOW | O_CLOEXEC, 0);
    if (descriptor < 0) return failure();
    bytes[0] = 0;
    let outcome = 0;
    if (statx(descriptor, first, AT_EMPTY_PATH, STATX_BASIC_STATS, record) !== 0) outcome = failure();
    else if (((unsigned[7] as number) & FileType.mask) === FileType.symlink) outcome = Errno.EOPNOTSUPP;
    else {
      scratch.putText(`/proc/self/fd/${descriptor}`);
      outcome = result(chmod(first, mode));
    }
    closeDescriptor(descriptor);
    return outcome;
  }

  return {
    kind: "koffi",
    abilities: {
      exactTimes: true,
      holes: true,
      kernelCopy: true,
      reflink: true,
      dropCache: true,
      descriptorAttributes: true,
      descriptorXattrs: true,
      realLinks: true,
    },
    flags: openFlags,

    openPath(path, flags, mode = 0) {
      return scratch.putText(path) || result(openat(AT_FDCWD, first, flags | O_CLOEXEC, mode));
    },
    statPath(path, stat) {
      return scratch.putText(path) || statInto(AT_FDCWD, 0, stat);
    },
    lstatPath(path, stat) {
      return scratch.putText(path) || statInto(AT_FDCWD, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, stat);
    },
    openAbove: (directory, flags) => scratch.putText("..") || result(openat(directory, first, flags | O_CLOEXEC, 0)),
    workingDirectory() {
      return getcwd(list, listBytes) === 0 ? failure() : scratch.textAt(listOffset);
    },

    openAt(directory, name, flags, mode = 0) {
      const bad = scratch.putName(name);
      if (bad !== 0) return bad;
      return result(openat(directory, first, flags | constants.O_NOFOLLOW | O_CLOEXEC, mode));
    },
    openDirectoryAt(directory, name) {
      const bad = scratch.putName(name);
      if (bad !== 0) return bad;
      const flags = constants.O_DIRECTORY | constants.O_NOFOLLOW | O_CLOEXEC;
      const descriptor = result(openat(directory, first, flags, 0));
      return descriptor === Errno.EACCES ? result(openat(directory, first, flags | openFlags.path, 0)) : descriptor;
    },
    close: (descriptor) => result(closeDescriptor(descriptor)),
    duplicate: (descriptor) => result(fcntl(descriptor, F_DUPFD_CLOEXEC, 0)),

    readDirectory(directory) {
      if (lseek(directory, 0, 0) < 0) {
        const error = failure();
        // A descriptor opened openFlags.path because we may not read the directory.
        return error === Errno.EBADF ? Errno.EACCES : error;
      }
      const names: ByteName[] = [];
      for (;;) {
        const length = getdents(directory, list, listBytes);
        if (length <= 0) {
          if (length === 0) return names;
          const error = failure();
          return error === Errno.EBADF ? Errno.EACCES : error;
        }
        for (let at = listOffset; at < listOffset + length; ) {
          const recordLength = (bytes[at + 16] as number) | ((bytes[at + 17] as number) << 8);
          const start = at + 19;
          at += recordLength;
          // Records are padded to 8 bytes, so the name ends in the last 8.
          let end = Math.max(at - 8, start);
          while (bytes[end] !== 0) end++;
          if (bytes[start] === 46 && (end === start + 1 || (end === start + 2 && bytes[start + 1] === 46))) continue;
          names.push(bytes.toString("latin1", start, end) as ByteName);
        }
      }
    },
    lstatAt(directory, name, stat) {
      const bad = scratch.putName(name);
      if (bad !== 0) return bad;
      return statInto(directory, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, stat);
    },
    statAt(directory, name, stat) {
      return scratch.putName(name) || statInto(directory, 0, stat);
    },
    fstat(descriptor, stat) {
      bytes[0] = 0;
      return statInto(descriptor, AT_EMPTY_PATH, stat);
    },
    readLinkAt(directory, name) {
      const bad = scratch.putName(name);
      if (bad !== 0) return bad;
      const length = readlinkat(directory, first, list, listBytes);
      return length < 0 ? failure() : (bytes.toString("latin1", listOffset, listOffset + length) as ByteName);
    },

    makeDirectoryAt(directory, name, mode) {
      return scratch.putName(name) || result(mkdirat(directory, first, mode));
    },
    makeNodeAt(directory, name, mode, rdevMajor, rdevMinor) {
      // The kernel's own packing of a 32-bit device number, which glibc's makedev() extends.
      const low = ((rdevMinor & 0xff) | ((rdevMajor & 0xfff) << 8)) >>> 0;
      const device = BigInt(low) | (BigInt(rdevMinor >>> 8) << 20n) | (BigInt(rdevMajor >>> 12) << 44n);
      return scratch.putName(name) || result(mknodat(directory, first, mode, device));
    },
    symlinkAt(directory, name, target) {
      return scratch.putName(name) || scratch.putSecondText(target) || result(symlinkat(second, directory, first));
    },
    linkAt(fromDirectory, fromName, toDirectory, toName) {
      const bad = scratch.putName(fromName) || scratch.putSecondName(toName);
      return bad || result(linkat(fromDirectory, first, toDirectory, second, 0));
    },
    renameAt(fromDirectory, fromName, toDirectory, toName) {
      const bad = scratch.putName(fromName) || scratch.putSecondName(toName);
      return bad || result(renameat(fromDirectory, first, toDirectory, second));
    },
    unlinkAt(directory, name) {
      return scratch.putName(name) || result(unlinkat(directory, first, 0));
    },
    removeDirectoryAt(directory, name) {
      return scratch.putName(name) || result(unlinkat(directory, first, AT_REMOVEDIR));
    },

    chownAt(directory, name, uid, gid) {
      return scratch.putName(name) || result(fchownat(directory, first, uid >>> 0, gid >>> 0, AT_SYMLINK_NOFOLLOW));
    },
    fchown: (descriptor, uid, gid) => result(fchown(descriptor, uid >>> 0, gid >>> 0)),
    chmodAt(directory, name, mode) {
      const bad = scratch.putName(name);
      if (bad !== 0) return bad;
      if (hasFchmodat2) {
        if (syscall4(SYS_fchmodat2, directory, first, mode, AT_SYMLINK_NOFOLLOW) === 0) return 0;
        const error = failure();
        // A sandbox may answer EPERM for calls that it does not know.
        if (error !== Errno.ENOSYS && error !== Errno.EPERM) return error;
        if (error === Errno.ENOSYS) hasFchmodat2 = false;
      }
      return chmodThroughDescriptor(directory, mode);
    },
    fchmod: (descriptor, mode) => result(fchmod(descriptor, mode)),
    setTimesAt(directory, name, mtime, mtimeNanoseconds, atime, atimeNanoseconds) {
      const bad = scratch.putName(name);
      if (bad !== 0) return bad;
      putTimes(mtime, mtimeNanoseconds, atime, atimeNanoseconds);
      return result(utimensat(directory, first, record, AT_SYMLINK_NOFOLLOW));
    },
    fsetTimes(descriptor, mtime, mtimeNanoseconds, atime, atimeNanoseconds) {
      putTimes(mtime, mtimeNanoseconds, atime, atimeNanoseconds);
      return result(futimens(descriptor, record));
    },

    ...koffiXattrs(libc, scratch, oldKernel),

    read(descriptor, buffer, offset, length, position) {
      const address = addressOf(buffer, offset, length);
      if (address < 0) return address;
      const count =
        position < 0 ? readBytes(descriptor, address, length) : pread(descriptor, address, length, position);
      return count < 0 ? failure() : count;
    },
    write(descriptor, buffer, offset, length, position) {
      const address = addressOf(buffer, offset, length);
      if (address < 0) return address;
      const count =
        position < 0 ? writeBytes(descriptor, address, length) : pwrite(descriptor, address, length, position);
      return count < 0 ? failure() : count;
    },
    cloneFile: (from, to) => (ioctl(to, FICLONE, from) < 0 ? failure() : 0),
    // The answer itself is the error.
    unreadBytes(descriptor) {
      // A socket knows what leaves it, a pipe what lies in it.
      if (ioctl(descriptor, TIOCOUTQ, record) < 0 && ioctl(descriptor, FIONREAD, record) < 0) return Errno.EOPNOTSUPP;
      return signed[0] as number;
    },
    dropCache: (descriptor) => -advise(descriptor, 0, 0, POSIX_FADV_DONTNEED),
    copyFileRange(from, to, length) {
      const count = result(copyRange(from, 0, to, 0, length, 0));
      return cannotCopy.has(count) ? Errno.EOPNOTSUPP : count;
    },
    truncate: (descriptor, size) => result(ftruncate(descriptor, size)),
    punchHole: (descriptor, offset, length) =>
      result(fallocate(descriptor, FALLOC_KEEP_SIZE_PUNCH_HOLE, offset, length)),
    allocate: (descriptor, length, grow) => result(fallocate(descriptor, grow ? 0 : FALLOC_KEEP_SIZE, 0, length)),
    seekData: (descriptor, offset) => result(lseek(descriptor, offset, SEEK_DATA)),
    seekHole: (descriptor, offset) => result(lseek(descriptor, offset, SEEK_HOLE)),
    seek: (descriptor, offset) => result(lseek(descriptor, offset, 0)),
    fsync: (descriptor) => result(fsyncDescriptor(descriptor)),

    ...koffiUsers(libc, scratch),
    ...koffiCharsets(libc, scratch),
    dispose() {},
  };
}
