/**
 * `--append`: the end of a file that is shorter than its source (3-transfer 2.1, 3.5; 4-traps L-11). What stands there
 * is trusted; with `--append-verify` it is compared, so that the file is asked for again where it differs.
 */
import type { StreamingChecksum } from "../delta/checksum.ts";
import type { DataCopier } from "../fs/copy-data.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";

const pieceBytes = 256 * 1024;

export interface AppendRequest {
  readonly source: number;
  readonly sourceSize: number;
  /** The file that is written (undefined: none), its old part for reading, and how long that is. */
  readonly target: number | undefined;
  readonly basis: number;
  readonly basisSize: number;
  readonly verify: boolean;
  readonly sparse: boolean;
  readonly sent: StreamingChecksum;
  readonly received: StreamingChecksum;
}

export interface Appended {
  /** Bytes appended, or a negative errno. */
  readonly count: number;
  readonly failed: "read" | "write";
  /** The source ended before its size; the result is not verified then. */
  readonly short: boolean;
}

/** Appends, yielding the bytes done now and then. */
export function* appendData(
  syscalls: Syscalls,
  copier: DataCopier,
  request: AppendRequest,
): Generator<number, Appended> {
  const { source, sourceSize, target, basis, basisSize, verify, sparse, sent, received } = request;
  const buffer = Buffer.alloc(pieceBytes);
  const existing = { start: 0, length: 0 };
  const old = Math.min(basisSize, sourceSize);
  for (let at = 0; verify && at < old; ) {
    const wanted = Math.min(pieceBytes, old - at);
    const mine = syscalls.read(basis, buffer, 0, wanted, at);
    // It is not the source that failed: the file is asked for again, as if it were unlike.
    if (mine <= 0) return { count: 0, failed: "read", short: true };
    received.update(buffer, 0, mine);
    const theirs = syscalls.read(source, buffer, 0, mine, at);
    if (theirs <= 0) return { count: theirs, failed: "read", short: true };
    sent.update(buffer, 0, theirs);
    at += mine;
    yield at;
  }
  let at = old;
  while (at < sourceSize) {
    const count = syscalls.read(source, buffer, 0, Math.min(pieceBytes, sourceSize - at), at);
    if (count < 0) return { count, failed: "read", short: true };
    if (count === 0) break;
    const piece = buffer.subarray(0, count);
    sent.update(buffer, 0, count);
    received.update(buffer, 0, count);
    const written = target === undefined ? 0 : copier.writeAt(target, piece, at, { sparse, existing });
    if (written < 0) return { count: written, failed: "write", short: false };
    at += count;
    yield at;
  }
  const settled = target === undefined ? 0 : copier.settle(target, existing);
  if (settled < 0) return { count: settled, failed: "write", short: false };
  return { count: at - old, failed: "write", short: at < sourceSize };
}
