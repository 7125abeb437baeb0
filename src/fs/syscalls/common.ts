/** What both implementations of the system calls share: flag numbers, error numbers and the check of names. */
import { constants } from "node:fs";
import type { ByteName } from "../../bytes/byte-name.ts";
import { limits } from "../../limits.ts";
import type { OpenFlags } from "./interface.ts";

/** O_PATH is not in `fs.constants`; the value is that of x86-64, arm64 and riscv64. */
const O_PATH = 0o10000000;

export const openFlags: OpenFlags = {
  readOnly: constants.O_RDONLY,
  writeOnly: constants.O_WRONLY,
  readWrite: constants.O_RDWR,
  create: constants.O_CREAT,
  exclusive: constants.O_EXCL,
  truncate: constants.O_TRUNC,
  nonBlock: constants.O_NONBLOCK,
  noFollow: constants.O_NOFOLLOW,
  noAccessTime: constants.O_NOATIME,
  directory: constants.O_DIRECTORY,
  path: O_PATH,
};

/** The errors that are told apart here, negative as the calls return them. */
export const Errno = {
  EPERM: -1,
  ENOENT: -2,
  EIO: -5,
  E2BIG: -7,
  EBADF: -9,
  EACCES: -13,
  EFAULT: -14,
  EXDEV: -18,
  EINVAL: -22,
  EILSEQ: -84,
  ETXTBSY: -26,
  ERANGE: -34,
  ENAMETOOLONG: -36,
  ENOSYS: -38,
  ENODATA: -61,
  EOPNOTSUPP: -95,
} as const;

/**
 * 0 if this can be a name within a held directory, else an errno. `a/b` and `..` would leave the directory, and a NUL
 * would name another object (4-traps P-01, P-02). `.` is the directory itself.
 */
export function checkName(name: ByteName): number {
  if (name.indexOf("/") >= 0 || name.indexOf("\0") >= 0 || name === "..") return Errno.EINVAL;
  if (name === "") return Errno.ENOENT;
  return name.length > limits.nameBytes ? Errno.ENAMETOOLONG : 0;
}

/** Keeps the answers of `find`, up to a bound that a hostile tree cannot exceed. */
export function remember<K, V>(find: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    if (known.has(key)) return known.get(key) as V;
    if (known.size >= limits.knownIds) known.clear();
    const value = find(key);
    known.set(key, value);
    return value;
  };
}
