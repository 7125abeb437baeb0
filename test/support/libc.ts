/**
 * The few system calls that building and comparing trees needs and node:fs lacks (nodes, raw attributes, exact
 * times), straight from libc. Kept apart from src/fs/syscalls on purpose: the test must not trust the code it tests.
 * Paths are byte strings without NUL; errors are thrown with the call and path.
 */
import koffi from "koffi";
import { type ByteName, byteName, toBytes } from "../../src/bytes/byte-name.ts";

/** What `statx` told about one object. */
export interface RawStat {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** 512-byte units. */
  readonly blocks: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly atime: bigint;
  readonly inode: string;
  readonly links: number;
  readonly rdev: string;
}

/** The calls, bound once by `openLibc`. */
export interface Libc {
  lstat(path: ByteName): RawStat | undefined;
  makeNode(path: ByteName, mode: number, major: number, minor: number): void;
  makeDirectory(path: ByteName, mode: number): void;
  symlink(target: ByteName, path: ByteName): void;
  link(from: ByteName, to: ByteName): void;
  chown(path: ByteName, uid: number, gid: number): void;
  chmod(path: ByteName, mode: number): void;
  /** Nanoseconds since 1970; without `atime` the time of access stays. */
  setTimes(path: ByteName, mtime: bigint, atime?: bigint): void;
  setXattr(path: ByteName, name: string, value: Uint8Array): void;
  /** All attributes by name; empty where the file system has none. */
  xattrs(path: ByteName): Map<string, Buffer>;
}

const atWorkingDirectory = -100;
const noFollow = 0x100;
const omitTime = 0x3ffffffen;

/** Binds the calls. */
export function openLibc(): Libc {
  const library = koffi.load("libc.so.6");
  const statx: (...args: unknown[]) => number = library.func("int statx(int, const void *, int, unsigned int, void *)");
  const mknod: (...args: unknown[]) => number = library.func("int mknod(const void *, unsigned int, uint64_t)");
  const mkdir: (...args: unknown[]) => number = library.func("int mkdir(const void *, unsigned int)");
  const symlink: (...args: unknown[]) => number = library.func("int symlink(const void *, const void *)");
  const link: (...args: unknown[]) => number = library.func("int link(const void *, const void *)");
  const lchown: (...args: unknown[]) => number = library.func("int lchown(const void *, unsigned int, unsigned int)");
  const chmod: (...args: unknown[]) => number = library.func("int chmod(const void *, unsigned int)");
  const utimensat: (...args: unknown[]) => number = library.func("int utimensat(int, const void *, const void *, int)");
  const lsetxattr: (...args: unknown[]) => number = library.func(
    "int lsetxattr(const void *, const void *, const void *, size_t, int)",
  );
  const lgetxattr: (...args: unknown[]) => number = library.func(
    "long lgetxattr(const void *, const void *, void *, size_t)",
  );
  const llistxattr: (...args: unknown[]) => number = library.func("long llistxattr(const void *, void *, size_t)");
  const statBuffer = Buffer.alloc(256);
  const listBuffer = Buffer.alloc(65_536);
  const valueBuffer = Buffer.alloc(65_536);
  const check = (result: number, call: string, path: ByteName): void => {
    if (result < 0) throw new Error(`${call} ${JSON.stringify(path)}: errno ${koffi.errno()}`);
  };
  return {
    lstat(path) {
      if (statx(atWorkingDirectory, terminated(path), noFollow, 0x7ff, statBuffer) < 0) return undefined;
      return decodeStat(statBuffer);
    },
    makeNode(path, mode, major, minor) {
      const device = (BigInt(major) << 8n) | BigInt(minor & 255) | (BigInt(minor >> 8) << 20n);
      check(mknod(terminated(path), mode, device), "mknod", path);
    },
    makeDirectory: (path, mode) => check(mkdir(terminated(path), mode), "mkdir", path),
    symlink: (target, path) => check(symlink(terminated(target), terminated(path)), "symlink", path),
    link: (from, to) => check(link(terminated(from), terminated(to)), "link", to),
    chown: (path, uid, gid) => check(lchown(terminated(path), uid, gid), "lchown", path),
    chmod: (path, mode) => check(chmod(terminated(path), mode), "chmod", path),
    setTimes(path, mtime, atime) {
      const times = Buffer.alloc(32);
      if (atime === undefined) times.writeBigInt64LE(omitTime, 8);
      else writeTime(times, 0, atime);
      writeTime(times, 16, mtime);
      check(utimensat(atWorkingDirectory, terminated(path), times, noFollow), "utimensat", path);
    },
    setXattr(path, name, value) {
      const result = lsetxattr(terminated(path), terminated(byteName(name)), value, value.length, 0);
      check(result, `lsetxattr ${name}`, path);
    },
    xattrs(path) {
      const found = new Map<string, Buffer>();
      const file = terminated(path);
      const length = llistxattr(file, listBuffer, listBuffer.length);
      if (length <= 0) return found;
      for (const name of listBuffer
        .toString("latin1", 0, length - 1)
        .split("\0")
        .sort()) {
        const size = lgetxattr(file, terminated(byteName(name)), valueBuffer, valueBuffer.length);
        if (size >= 0) found.set(name, Buffer.from(valueBuffer.subarray(0, size)));
      }
      return found;
    },
  };
}

/** A `struct timespec`. */
function writeTime(buffer: Buffer, offset: number, time: bigint): void {
  const nanoseconds = ((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  buffer.writeBigInt64LE((time - nanoseconds) / 1_000_000_000n, offset);
  buffer.writeBigInt64LE(nanoseconds, offset + 8);
}

function terminated(path: ByteName): Buffer {
  return Buffer.concat([toBytes(path), Buffer.alloc(1)]);
}

/** `struct statx` of Linux, the same on every architecture with little-endian numbers. */
function decodeStat(buffer: Buffer): RawStat {
  const time = (offset: number): bigint =>
    buffer.readBigInt64LE(offset) * 1_000_000_000n + BigInt(buffer.readUInt32LE(offset + 8));
  return {
    links: buffer.readUInt32LE(16),
    uid: buffer.readUInt32LE(20),
    gid: buffer.readUInt32LE(24),
    mode: buffer.readUInt16LE(28),
    inode: `${buffer.readBigUInt64LE(32)}`,
    size: Number(buffer.readBigUInt64LE(40)),
    blocks: Number(buffer.readBigUInt64LE(48)),
    atime: time(64),
    mtime: time(112),
    rdev: `${buffer.readUInt32LE(128)}:${buffer.readUInt32LE(132)}`,
  };
}
