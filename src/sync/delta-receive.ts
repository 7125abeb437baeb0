/**
 * The data of one file by the delta algorithm, all roles in a row, as a local run does it (3-transfer 2, 3, 5): block
 * sums of the basis, the sender's search, the receiver's patch, and the comparison of their digests. Works on
 * descriptors only; trouble is returned, not thrown.
 */
import { byteName } from "../bytes/byte-name.ts";
import { type BlockSummer, createBlockSummer } from "../delta/block-sums.ts";
import { createChecksum, digestBytes, type StreamingChecksum } from "../delta/checksum.ts";
import { type DeltaMemory, deltaMemoryFor } from "../delta/delta-memory.ts";
import { BlockMatcher, literalRunBytes, type MatchTotals } from "../delta/match-blocks.ts";
import { Patcher } from "../delta/patch.ts";
import { type ReadAt, type SumHead, signBasis, sumHeadFor } from "../delta/signature.ts";
import type { DataCopier } from "../fs/copy-data.ts";
import { emptyStat, type Syscalls } from "../fs/syscalls/interface.ts";
import { appendData } from "./append-receive.ts";
import type { DeltaJob, DeltaResult, ReceiveJob } from "./receive-job.ts";
import { deviceSize } from "./source-stat.ts";
import { settleEnd, zeroRunOf } from "./sparse-file.ts";

/** What came of it. */
export interface DeltaOutcome {
  /** Bytes of the result, or a negative errno. */
  readonly written: number;
  /** The side that a negative number came from. */
  readonly failed: "read" | "write";
  /** 0, or why some of the source could not be read: zeros stand for it, and the result is not verified. */
  readonly readError: number;
  readonly result: DeltaResult | undefined;
}

/** What one transfer works with. */
interface DeltaParts {
  readonly head: SumHead;
  readonly memory: DeltaMemory;
  readonly summer: BlockSummer;
  /** Digests of the source as it is read, and of the result as it is made. */
  readonly sent: StreamingChecksum;
  readonly received: StreamingChecksum;
}

/** Protocol whose limits hold within one machine. */
const protocol = 32;

/** Receives file data by delta, for one thread. */
export class DeltaReceiver {
  private readonly syscalls: Syscalls;
  private readonly copier: DataCopier;
  private memory: DeltaMemory | undefined;

  constructor(syscalls: Syscalls, copier: DataCopier) {
    this.syscalls = syscalls;
    this.copier = copier;
  }

  /** Writes the data of `job` to `descriptor` (undefined: nowhere), yielding the bytes done now and then. Closes the basis. */
  *receive(job: ReceiveJob, delta: DeltaJob, descriptor: number | undefined): Generator<number, DeltaOutcome> {
    const { syscalls } = this;
    try {
      const stat = emptyStat();
      const seen = syscalls.fstat(delta.basis, stat);
      if (job.device !== undefined) stat.size = deviceSize(syscalls, stat);
      if (seen < 0) return failure("read", seen);
      const { blockSize, updating, phase, checksumName: name, seed } = delta;
      const shape = { blockSize, protocol, digestBytes: digestBytes[name], phase };
      // A basis that has become empty since it was looked at has one block of zeros, which the digest will refuse.
      const head = sumHeadFor(Math.max(stat.size, 1), shape);
      const memory = deltaMemoryFor(head?.count ?? 0, updating, this.memory);
      this.memory = memory;
      const { kernels } = memory;
      const sent = createChecksum(name, { kernels });
      const received = createChecksum(name, { kernels });
      try {
        if (delta.append !== undefined)
          return yield* this.append(
            job,
            delta,
            delta.append,
            descriptor,
            Math.min(stat.size, delta.basisBytes),
            sent,
            received,
          );
        if (head === undefined) return failure("read", EFBIG);
        // `--checksum-choice` and negotiation alike put md5's seed first (3-transfer 2.5).
        const summer = createBlockSummer({ name, seed, seedFirst: true, kernels });
        try {
          return yield* this.transfer(job, delta, descriptor, { head, memory, summer, sent, received });
        } finally {
          summer.release();
        }
      } finally {
        for (const part of [sent, received]) part.release();
      }
    } finally {
      syscalls.close(delta.basis);
    }
  }

  private *transfer(
    job: ReceiveJob,
    delta: DeltaJob,
    descriptor: number | undefined,
    parts: DeltaParts,
  ): Generator<number, DeltaOutcome> {
    const { syscalls, copier } = this;
    const { head, memory, summer, sent, received } = parts;
    const { updating, checksumName } = delta;
    const readBasis = this.basisReader(delta.basis);
    const signature = yield* silently(signBasis(readBasis, head, summer));
    if (typeof signature === "number") return failure("read", signature);
    const existing = zeroRunOf(job);
    let writeError = 0;
    const write = (bytes: Uint8Array, position: number): number => {
      if (descriptor === undefined) return 0;
      const status = copier.writeAt(descriptor, bytes, position, { sparse: job.sparse, existing });
      if (status < 0) writeError = status;
      return status;
    };
    const onStanding = (bytes: Uint8Array, position: number): number =>
      descriptor === undefined || existing === undefined ? 0 : copier.passOver(descriptor, bytes, position, existing);
    const request = { head, readBasis, write, updating, onStanding, checksum: received, buffer: memory.patch };
    const patcher = new Patcher(request);
    const matcher = new BlockMatcher(signature, summer, {
      read: this.reader(job.source),
      size: job.size,
      sink: patcher,
      updating,
      memory,
      onData: (bytes) => sent.update(bytes, 0, bytes.length),
    });
    let totals: MatchTotals | undefined;
    try {
      totals = yield* matcher.run();
    } finally {
      job.hasNewData = patcher.hasLiteral;
      // Stopped: what there is so far is kept, or stands in the file already.
      if (totals === undefined) patcher.flush();
    }
    let rest = totals.error < 0 ? totals.error : patcher.flush();
    if (rest >= 0 && descriptor !== undefined) {
      writeError = settleEnd(copier, job, descriptor, existing);
      rest = writeError;
    }
    if (rest < 0) return failure(writeError < 0 ? "write" : "read", rest);
    const cut = descriptor === undefined || job.device !== undefined ? 0 : syscalls.truncate(descriptor, patcher.size);
    if (cut < 0) return failure("write", cut);
    const { readError } = totals;
    // What was not read cannot agree: rsync sends a digest of zeros (4-traps L-10).
    const digest = readError < 0 ? new Uint8Array(digestBytes[checksumName]) : sent.digest();
    const verified = readError === 0 && Buffer.compare(digest, received.digest()) === 0;
    const checksumBytes = headBytes + head.count * (rollingBytes + head.strongBytes);
    const result = resultOf(totals, checksumBytes, digest, verified);
    if (delta.leavesNoTrace === true && totals.matchedBytes > 0) this.leaveTrace(delta.basis);
    return { written: patcher.size, failed: "read", readError, result };
  }

  private *append(
    job: ReceiveJob,
    delta: DeltaJob,
    how: "trust" | "verify",
    descriptor: number | undefined,
    basisSize: number,
    sent: StreamingChecksum,
    received: StreamingChecksum,
  ): Generator<number, DeltaOutcome> {
    const { syscalls, copier } = this;
    const appended = yield* appendData(syscalls, copier, {
      source: job.source,
      sourceSize: job.size,
      target: descriptor,
      basis: delta.basis,
      basisSize,
      verify: how === "verify",
      sparse: job.sparse,
      sent,
      received,
    });
    const { count, failed, short } = appended;
    if (count < 0) return failure(failed, count);
    const size = basisSize + count;
    // A file that ends in a hole was not written to its end.
    const grown = descriptor === undefined || job.device !== undefined ? 0 : syscalls.truncate(descriptor, size);
    if (grown < 0) return failure("write", grown);
    const digest = sent.digest();
    const verified = !short && Buffer.compare(digest, received.digest()) === 0;
    const literalRuns = Math.ceil(count / literalRunBytes);
    const found = { matches: 0, hashHits: 0, falseAlarms: 0, literalBytes: count, matchedBytes: 0, literalRuns };
    const result = { ...found, checksumBytes: headBytes, digest, verified };
    return { written: size, failed: "read", readError: 0, result };
  }

  /** Lets the time of access of an open file show that it is read. */
  private leaveTrace(descriptor: number): void {
    const { syscalls } = this;
    const again = syscalls.openPath(byteName(`/proc/self/fd/${descriptor}`), syscalls.flags.readOnly);
    if (again < 0) return;
    syscalls.read(again, new Uint8Array(1), 0, 1, 0);
    syscalls.close(again);
  }

  /** What cannot be read counts as zeros: no block is like it, or the digest does not agree. It is not the source that failed. */
  private basisReader(descriptor: number): ReadAt {
    const read = this.reader(descriptor);
    return (buffer, offset, length, position) => Math.max(read(buffer, offset, length, position), 0);
  }

  private reader(descriptor: number): ReadAt {
    return (buffer, offset, length, position) => this.syscalls.read(descriptor, buffer, offset, length, position);
  }
}

const EFBIG = -27;
/** A sum head, and the rolling sum of a block, on the wire. */
const headBytes = 16;
const rollingBytes = 4;

function failure(failed: "read" | "write", errno: number): DeltaOutcome {
  return { written: errno, failed, readError: 0, result: undefined };
}

function resultOf(totals: MatchTotals, checksumBytes: number, digest: Uint8Array, verified: boolean): DeltaResult {
  const { matches, hashHits, falseAlarms, literalBytes, matchedBytes, literalRuns } = totals;
  return { matches, hashHits, falseAlarms, literalBytes, matchedBytes, literalRuns, checksumBytes, digest, verified };
}

/** Pauses where the steps do, but the bytes of the basis are not progress. */
function* silently<Result>(steps: Generator<number, Result>): Generator<number, Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield 0;
  }
}
