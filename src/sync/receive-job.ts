/**
 * What the receiver is asked to do for one regular file: plain data but for what another machine sends, so that a batch can be done
 * by any thread of the process (descriptors are shared by threads). See `receive-file` for the doing.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { ChecksumName, StreamingChecksum } from "../delta/checksum.ts";
import type { SumHead } from "../delta/signature.ts";
import type { ReflinkMode } from "../fs/copy-data.ts";
import type { Xattr } from "../protocol/file-entry.ts";
import type { Token } from "../protocol/token.ts";

/** Attributes to give to a new or rewritten file, in the order of 3-transfer 5.6. */
export interface JobAttributes {
  /** -1: leave alone. */
  readonly uid: number;
  readonly gid: number;
  /** Final permission bits (07777). */
  readonly mode: number;
  /** Undefined: times are not preserved. */
  readonly mtime: number | undefined;
  readonly mtimeNanoseconds: number;
  /** Seconds; undefined: access times are not preserved. */
  readonly atime: number | undefined;
  /** Access ACL in POSIX xattr form; null: make sure there is none; undefined: leave it alone. */
  readonly accessAcl: Uint8Array | null | undefined;
  readonly xattrs: readonly Xattr[] | undefined;
  /** In-place only: attribute names that the existing file has and the source has not. */
  readonly removeXattrs: readonly ByteName[] | undefined;
}

/** A block or character device. */
export interface DeviceNumber {
  readonly major: number;
  readonly minor: number;
}

export interface ReceiveJob {
  /** Identifies the job to the receiver. */
  readonly id: number;
  /** Open source, or -1 until whoever does the job opens it; closed by that one. */
  source: number;
  /** Where whoever does the job opens its source, if it is not open: only a regular file is one. */
  readonly openFrom?: SourcePlace | undefined;
  /** Bytes seen when the source was opened, or listed if it is not open; growth beyond it is left for the next run (4-traps L-10). */
  size: number;
  /**
   * Directory of the destination, its descriptor held by the receiver until the job is done. In place also a negative errno:
   * the data is dropped, and why the file may not be written is told.
   */
  readonly directory: number;
  readonly name: ByteName;
  /** Where the temporary file is made, if not beside the final one; or a negative errno. */
  readonly tempDirectory?: number | undefined;
  /**
   * `replace`: temp file and rename. `inplace`: write into the file itself. `partial`: write into the kept partial
   * file (`partialDirectory/partialName`), then rename it.
   */
  readonly method: "replace" | "inplace" | "partial";
  /**
   * In place: the file is this device, whose size stays as it is (`--write-devices`). Such a job is done by the main thread.
   */
  readonly device?: DeviceNumber | undefined;
  readonly sparse: boolean;
  /** The space for `size` bytes is reserved first; that it cannot be is told and no more. */
  readonly preallocate: boolean;
  /** The file is flushed to disk before it takes its name (L-14). */
  readonly fsync: boolean;
  /** The run has `-p` or `-E`: of a read-only file that cannot be made writable rsync then tells why. */
  readonly keepsModes?: boolean;
  /** Read back and compare before it takes its final name. */
  readonly verify: boolean;
  /** Whether a whole file may, must or must not share the blocks of its source. */
  readonly reflink: ReflinkMode;
  readonly attributes: JobAttributes;
  /** Keep what was written when the job is aborted: under the final name, in a directory, or not at all. */
  readonly keepPartial: "no" | "in-place" | "directory";
  /** Partial directory when it exists or can be made: parent directory and its name in it; absolute dirs: parent -1. */
  readonly partialDirectory: ByteName | undefined;
  /** Set by whoever does a job with a basis: data has come that is not of it, so that an incomplete file is worth keeping. */
  hasNewData?: boolean;
  /** A good file is put into the partial directory, not into its place; it has come when it lies there. */
  readonly delayed: boolean;
  /** Compute the digest of the data (`%C`). */
  readonly wantDigest: boolean;
  /** The digest that is wanted, if not the usual one (xxh128). */
  readonly checksumName?: ChecksumName | undefined;
  /** Undefined: the file is copied whole. Such a job is done by the main thread. */
  readonly delta?: DeltaJob | undefined;
  /** The data comes from another machine, not from `source`. */
  readonly tokens?: TokenFeed | undefined;
}

/** A name in a directory of the source, whose descriptor the main thread holds until the job is done. */
export interface SourcePlace {
  readonly directory: number;
  readonly name: ByteName;
}

/** The data of one file as another machine sends it. */
export interface TokenFeed {
  /** The shape of the basis that the sender refers to. */
  readonly head: SumHead;
  /** The next part; undefined: it is not here yet, to be asked again after a pause. */
  next(): Token | undefined;
  /** All the data, if it is one part that is here with the digest behind it, valid until the next read; else nothing is taken. */
  whole(): Uint8Array | undefined;
  /** The sender's digest, once it is here; behind the last part. */
  digest(): Uint8Array | undefined;
  /** Bytes of data taken for the file so far, its head included: what `%b` shows (3-transfer 9.6). */
  readonly bytesTaken: number;
  /** A digest to compare it with, of what is added from now on. */
  checksum(): StreamingChecksum;
  /** Where the file may be put together: the digest takes what lies there without copying it. */
  readonly buffer: Uint8Array;
  /** What a block that the sender referred to holds, if it wants to know. */
  readonly onBlock: ((bytes: Uint8Array) => void) | undefined;
}

/** How the data of a job is found in a basis (3-transfer 2, 3). */
export interface DeltaJob {
  /** Open basis; closed by whoever does the job. */
  readonly basis: number;
  /** The basis is the file that is written. */
  readonly updating: boolean;
  /** `--block-size`, 0 if none. */
  readonly blockSize: number;
  /** The transfer checksum, and the seed of the block sums. */
  readonly checksumName: Exclude<ChecksumName, "none">;
  readonly seed: number;
  /** A redo compares complete strong sums. */
  readonly phase: "normal" | "redo";
  /** Only what is beyond `basisBytes` of the basis, which is the file that is written, is sent. */
  readonly append?: "trust" | "verify" | undefined;
  /** Size of the basis when it was asked for: with `append` another name of it may have become longer since. */
  readonly basisBytes: number;
  /** That it is read does not show in its time of access, which only tells when data of it are used. */
  readonly leavesNoTrace?: boolean;
}

/** What a delta job found (3-transfer 9.5, 9.7). */
export interface DeltaResult {
  readonly matches: number;
  readonly hashHits: number;
  readonly falseAlarms: number;
  readonly literalBytes: number;
  readonly matchedBytes: number;
  /** Literal tokens on the wire. */
  readonly literalRuns: number;
  /** Bytes of sum head and block sums. */
  readonly checksumBytes: number;
  /** Digest of the source as it was read. */
  readonly digest: Uint8Array;
  /** The result has the same digest. */
  readonly verified: boolean;
}

/** A failed step of a job. */
export interface JobFailure {
  readonly step:
    | "source"
    | "open"
    | "preallocate"
    | "read"
    | "write"
    | "fsync"
    | "ids"
    | "chown"
    | "chgrp"
    | "chmod"
    | "times"
    | "xattr"
    | "xattr-value"
    | "acl"
    | "rename"
    | "partial-directory"
    | "backup"
    | "close"
    | "verify"
    | "compare"
    | "reflink";
  /** Negative errno. */
  readonly errno: number;
  /** Attribute name, or the temp name. */
  readonly detail: ByteName | undefined;
}

export interface JobResult {
  readonly id: number;
  /** The file stands complete under its final name. */
  readonly done: boolean;
  /** Bytes written. */
  readonly written: number;
  readonly failures: readonly JobFailure[];
  /** The temp name used, for messages. */
  readonly tempName: ByteName | undefined;
  readonly digest: Uint8Array | undefined;
  /** Of a delta job that came to its end. */
  readonly delta?: DeltaResult | undefined;
}

/** Whether the file could not be made or opened, so that nothing was written. */
export function isUnopened({ failures }: JobResult): boolean {
  return failures.some(({ step }) => step === "open");
}
