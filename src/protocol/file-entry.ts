/**
 * One entry of a file list (2-file-list 3): what the sender knows of a source object. Entries are plain data, so that
 * they can cross threads and, later, the wire.
 */
import type { ByteName } from "../bytes/byte-name.ts";

/** File type bits of a mode and their values. */
export const FileType = {
  mask: 0o170000,
  regular: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  block: 0o060000,
  character: 0o020000,
  fifo: 0o010000,
  socket: 0o140000,
} as const;

/** Whether a mode is that of a block or character device. */
export function isDeviceMode(mode: number): boolean {
  const type = mode & FileType.mask;
  return type === FileType.block || type === FileType.character;
}

/** One extended attribute: full name (`user.x`) and value. */
export interface Xattr {
  readonly name: ByteName;
  readonly value: Uint8Array;
  /** Receiving from another machine only: what is known of a long value that has not come; `value` is empty. */
  readonly abbreviated?: AbbreviatedValue | undefined;
}

/** A long value of an attribute as file lists have it (2-file-list 7.4). */
export interface AbbreviatedValue {
  /** Of the value, in bytes. */
  readonly length: number;
  /** MD5 of the value. */
  readonly digest: Uint8Array;
}

/** Directory flags (2-file-list 3.3). */
export const EntryFlag = {
  /** A transfer root: an argument of the command line. */
  top: 1,
  /** A directory whose content is part of the transfer: deletion applies in it. */
  content: 2,
  /** A mere parent that `--relative` implies. */
  implied: 4,
  /** A directory on another device under `-x`: its content is left alone. */
  mountPoint: 8,
} as const;

/** The root of a file list whose entries did not come from this machine. */
export const noRoot = -1;

/** A file-list entry. Times are seconds (signed) plus nanoseconds 0..999999999; sizes are bytes. */
export interface FileEntry {
  /** Transfer-relative path, `.` for the root; no trailing slash; may begin with `/` under `--relative`. */
  readonly path: ByteName;
  /** Last component of `path`. */
  readonly name: ByteName;
  /** Sender only: which base directory the path starts from (an argument may have its own). */
  readonly root: number;
  /** Type and permission bits as sent, after `--chmod`. */
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  readonly mtimeNanoseconds: number;
  /** Access time in seconds under `-U`, else 0. */
  readonly atime: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  /** `EntryFlag` bits. */
  readonly flags: number;
  /** Link text of a symlink, else undefined. */
  readonly target: ByteName | undefined;
  /** Hard-link group: entries with the same number are one inode; -1 when the file is not in a group. */
  readonly linkGroup: number;
  /** Whole-file digest under `-c`, else undefined. */
  readonly checksum: Uint8Array | undefined;
  /** Access ACL (POSIX xattr form, 2-file-list 7.3) under `-A`; undefined: none beyond the mode bits. */
  readonly accessAcl: Uint8Array | undefined;
  readonly defaultAcl: Uint8Array | undefined;
  /** Extended attributes under `-X`, sorted by name (from a peer: as they came); undefined without `-X`. */
  readonly xattrs: readonly Xattr[] | undefined;
}
