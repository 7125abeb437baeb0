/**
 * Receives one regular file: temp file, data, attributes, rename (3-transfer 5.1 to 5.6; 4-traps L-05,
 * T-15, S-19). Works on descriptors and single names only, so that any thread can do it; trouble is returned, not
 * thrown.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { digestBytes } from "../delta/checksum.ts";
import { DataCopier, smallFileBytes } from "../fs/copy-data.ts";
import { notRegular } from "../fs/followed-links.ts";
import type { OperatorPaths } from "../fs/operator-path.ts";
import { emptyStat, type Stat, type Syscalls } from "../fs/syscalls/interface.ts";
import { createTempFile, TempNames } from "../fs/temp-file.ts";
import { FileType, isDeviceMode } from "../protocol/file-entry.ts";
import { CopyOver } from "./copy-over.ts";
import { DeltaReceiver } from "./delta-receive.ts";
import { FileAttributes } from "./file-attributes.ts";
import { FileDigester } from "./file-digest.ts";
import { openPartialDirectory } from "./partial-directory.ts";
import type { DeltaResult, DeviceNumber, JobFailure, JobResult, ReceiveJob, SourcePlace } from "./receive-job.ts";
import { RemoteDataReceiver } from "./receive-remote.ts";
import { settleEnd, zeroRunOf } from "./sparse-file.ts";
import { CopyVerifier } from "./verify-copy.ts";

const EXDEV = -18;
const EINVAL = -22;
const ENODATA = -61;

/** Called on the main thread just before a new file takes its final name; a negative errno stops the job. */
export type BeforeRename = (job: ReceiveJob) => number;

/** Receives files for one thread. */
export class FileReceiver {
  private readonly syscalls: Syscalls;
  private readonly operator: OperatorPaths;
  private readonly names = new TempNames();
  private readonly copier: DataCopier;
  private readonly stat: Stat = emptyStat();
  private readonly digester: FileDigester;
  private readonly deltas: DeltaReceiver;
  private readonly remote: RemoteDataReceiver;
  private readonly verifier: CopyVerifier;
  private readonly copyOver: CopyOver;
  private readonly attributes: FileAttributes;

  /** `pieceBytes`: how much is copied between two steps at most. */
  constructor(syscalls: Syscalls, operator: OperatorPaths, pieceBytes?: number) {
    this.syscalls = syscalls;
    this.operator = operator;
    this.copier = new DataCopier(syscalls, pieceBytes);
    this.digester = new FileDigester(syscalls);
    this.verifier = new CopyVerifier(syscalls);
    const { names, copier, verifier } = this;
    this.attributes = new FileAttributes(syscalls);
    const setAttributes = this.attributes.set.bind(this.attributes);
    this.copyOver = new CopyOver({ syscalls, names, copier, verifier, setAttributes });
    this.deltas = new DeltaReceiver(syscalls, this.copier);
    this.remote = new RemoteDataReceiver(syscalls, this.copier);
  }

  /** The jobs until `endBatch` are done within milliseconds, and their directories stay open. */
  beginBatch(): void {
    this.attributes.beginBatch();
  }

  endBatch(): void {
    this.attributes.endBatch();
  }

  /** Does a job in one go; `aborted` is asked between pieces. */
  run(job: ReceiveJob, aborted: () => boolean, beforeRename?: BeforeRename): JobResult {
    const steps = this.steps(job, beforeRename);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (aborted()) return steps.return(this.result(job, false, 0, [], undefined)).value as JobResult;
    }
  }

  /** Does a job piece by piece: yields the bytes done; abandon it (`return`) to stop, which cleans up. */
  *steps(job: ReceiveJob, beforeRename?: BeforeRename): Generator<number, JobResult> {
    const { syscalls } = this;
    const failures: JobFailure[] = [];
    const unopened = job.openFrom === undefined ? 0 : this.openSource(job, job.openFrom);
    if (unopened < 0) {
      return this.result(job, false, 0, [{ step: "source", errno: unopened, detail: undefined }], undefined);
    }
    const target = this.open(job);
    if (typeof target === "number") return yield* this.discard(job, target);
    const { descriptor, directory, name } = target;
    let written = 0;
    let kept = 0;
    let complete = false;
    let opened = true;
    let delta: DeltaResult | undefined;
    let { failed } = this.copier;
    /** Why the source could not be read to the size that it had, 0 if it could. */
    let readError = 0;
    /** What was read back is not what was sent: nobody shall find it. */
    let isFalse = false;
    try {
      if (job.preallocate) this.reserve(job, descriptor, failures);
      if (job.tokens !== undefined) {
        const { remote } = this;
        const outcome =
          remote.receiveWhole(job, job.tokens, descriptor) ?? (yield* remote.receive(job, job.tokens, descriptor));
        ({ written, failed, readError, result: delta } = outcome);
      } else if (job.delta !== undefined) {
        const outcome = yield* this.deltas.receive(job, job.delta, descriptor);
        ({ written, failed, readError, result: delta } = outcome);
      } else if (job.reflink === "always" && job.size > 0) {
        written = this.copier.clone(job.source, descriptor, job.size);
      } else if (job.size <= Math.min(smallFileBytes, this.copier.pieceBytes) && !job.sparse) {
        written = this.copier.copySmall(job.source, descriptor, job.size);
      } else {
        const existing = zeroRunOf(job);
        const options = { sparse: job.sparse, existing, kernel: job.reflink !== "never" };
        const copying = this.copier.copyData(job.source, descriptor, job.size, options);
        for (;;) {
          const piece = copying.next();
          if (piece.done === true) {
            const settled = piece.value < 0 ? 0 : settleEnd(this.copier, job, descriptor, existing);
            written = settled < 0 ? settled : piece.value;
            break;
          }
          kept = piece.value;
          yield kept;
        }
      }
      if (job.delta === undefined && job.tokens === undefined) {
        failed = this.copier.failed;
        if (written >= 0 ? written < job.size : failed === "read") {
          readError = written < 0 ? written : ENODATA;
          written = job.device === undefined ? this.padded(descriptor, Math.max(written, kept), job.size) : job.size;
          failed = "write";
        }
      }
      if (readError < 0) failures.push({ step: "read", errno: readError, detail: undefined });
      if (written < 0) {
        // What came before the drive was full is kept if that was asked for (L-07, L-08).
        if (failed === "write" && syscalls.fstat(descriptor, this.stat) === 0) kept = this.stat.size;
        failures.push({ step: failed, errno: written, detail: name });
        return this.result(job, false, 0, failures, name);
      }
      const isShort = job.preallocate && written < job.size;
      if (isShort || (job.method !== "replace" && job.device === undefined)) {
        const cut = syscalls.truncate(descriptor, written);
        if (cut < 0) failures.push({ step: "write", errno: cut, detail: name });
      }
      if (job.fsync) {
        const flushed = syscalls.fsync(descriptor);
        if (flushed < 0) {
          failures.push({ step: "fsync", errno: flushed, detail: name });
          return this.result(job, false, written, failures, name);
        }
      }
      const digest = job.wantDigest ? (delta?.digest ?? this.digestOf(job, readError)) : undefined;
      const wrong = delta?.verified === false || readError < 0;
      if (job.verify && !wrong) {
        const verified = yield* this.verifier.compare(job.source, descriptor, directory, name, written);
        if (verified !== "equal") {
          failures.push({ step: "compare", errno: verified === "different" ? 0 : verified, detail: name });
          isFalse = true;
          return this.result(job, false, written, failures, name, digest, delta);
        }
      }
      const discarded = wrong && job.method === "replace" && job.keepPartial === "no";
      // Not the times: it must not pass for the good one.
      if (!discarded) this.attributes.set(wrong ? timeless(job) : job, descriptor, directory, name, failures);
      if (wrong) {
        failures.push({ step: "verify", errno: 0, detail: name });
        // Only a kept temp file is installed like a good one (3-transfer 5.4).
        if (job.method === "partial" || (job.method === "replace" && job.keepPartial !== "in-place")) {
          return this.result(job, false, written, failures, name, digest, delta);
        }
      }
      opened = false;
      const closed = syscalls.close(descriptor);
      if (closed < 0) {
        failures.push({ step: "write", errno: closed, detail: name });
        return this.result(job, false, written, failures, name);
      }
      const installed = job.method === "inplace" ? 0 : this.install(job, directory, name, failures, beforeRename);
      complete = installed === 0;
      return this.result(job, complete && !wrong, written, failures, name, digest, delta);
    } finally {
      // Stopped in the middle of what comes in parts.
      if (opened && job.hasNewData && written === 0 && syscalls.fstat(descriptor, this.stat) === 0) {
        kept = Math.max(kept, this.stat.size);
      }
      const worth = isFalse ? 0 : Math.max(written, kept);
      // What is kept has all but the times.
      if (opened && worth > 0 && job.method === "replace" && job.keepPartial !== "no") {
        this.attributes.set(timeless(job), descriptor, directory, name, []);
      }
      if (opened) syscalls.close(descriptor);
      if (job.source >= 0) syscalls.close(job.source);
      if (!complete) this.dispose(job, directory, name, worth, beforeRename);
      if (target.owned) syscalls.close(directory);
    }
  }

  /** Opens the source of the job; 0 or a negative errno. */
  private openSource(job: ReceiveJob, { directory, name }: SourcePlace): number {
    const { syscalls, stat } = this;
    const source = syscalls.openAt(directory, name, syscalls.flags.readOnly | syscalls.flags.nonBlock);
    if (source < 0) return source;
    const status = syscalls.fstat(source, stat);
    if (status === 0 && (stat.mode & FileType.mask) === FileType.regular) {
      job.source = source;
      job.size = stat.size;
      return 0;
    }
    syscalls.close(source);
    return status < 0 ? status : notRegular(stat.mode);
  }

  /** What is sent although nothing can be written: it counts like any other data (3-transfer 5.1 step 5). */
  private *discard(job: ReceiveJob, errno: number): Generator<number, JobResult> {
    const failures: JobFailure[] = [{ step: "open", errno, detail: undefined }];
    if (job.tokens !== undefined) {
      // What another machine sends is dropped by whoever reads it.
      if (job.delta !== undefined) this.syscalls.close(job.delta.basis);
      return this.result(job, false, 0, failures, undefined);
    }
    try {
      let written = job.size;
      let delta: DeltaResult | undefined;
      if (job.delta !== undefined) {
        const outcome = yield* this.deltas.receive(job, job.delta, undefined);
        written = Math.max(outcome.written, 0);
        delta = outcome.result;
      }
      const digest = job.wantDigest ? (delta?.digest ?? this.digestOf(job, 0)) : undefined;
      return this.result(job, false, written, failures, undefined, digest, delta);
    } finally {
      this.syscalls.close(job.source);
    }
  }

  private open(job: ReceiveJob): { descriptor: number; directory: number; name: ByteName; owned: boolean } | number {
    const { syscalls } = this;
    if (job.method === "replace") {
      const directory = job.tempDirectory ?? job.directory;
      if (directory < 0) return directory;
      const temp = createTempFile(syscalls, this.names, directory, job.name, job.tempDirectory === undefined);
      return typeof temp === "number" ? temp : { ...temp, directory, owned: false };
    }
    const { writeOnly, create, nonBlock } = syscalls.flags;
    if (job.method === "partial" && job.partialDirectory !== undefined) {
      const directory = openPartialDirectory(syscalls, this.operator, job.directory, job.partialDirectory, false);
      if (directory < 0) return directory;
      const opened = syscalls.openAt(directory, job.name, writeOnly | create | nonBlock, 0o600);
      const descriptor = this.regularOnly(opened);
      if (descriptor < 0) syscalls.close(directory);
      return descriptor < 0 ? descriptor : { descriptor, directory, name: job.name, owned: true };
    }
    if (job.directory < 0) return job.directory;
    let descriptor = syscalls.openAt(job.directory, job.name, writeOnly | create | nonBlock, 0o600);
    if (descriptor === -13 && job.device === undefined) {
      // A read-only file of ours: writable for the moment (3-transfer 5.1.4). Else rsync may tell why not.
      const status = syscalls.chmodAt(job.directory, job.name, 0o600);
      descriptor = syscalls.openAt(job.directory, job.name, writeOnly | nonBlock);
      const isTold = job.keepsModes === true && status < 0;
      const isSeen = isTold && syscalls.lstatAt(job.directory, job.name, this.stat) === 0;
      if (descriptor < 0 && isSeen && (this.stat.mode & 0o200) === 0) descriptor = status;
    }
    descriptor = this.regularOnly(descriptor, job.device);
    return descriptor < 0 ? descriptor : { descriptor, directory: job.directory, name: job.name, owned: false };
  }

  /**
   * What is written in place was a regular file when it was looked at, or this device; what was put there since is
   * refused (S-17).
   */
  private regularOnly(descriptor: number, device?: DeviceNumber): number {
    const { syscalls, stat } = this;
    if (descriptor < 0) return descriptor;
    const status = syscalls.fstat(descriptor, stat);
    const isDevice = device !== undefined && isDeviceMode(stat.mode);
    const isExpected = isDevice
      ? stat.rdevMajor === device.major && stat.rdevMinor === device.minor
      : device === undefined && (stat.mode & FileType.mask) === FileType.regular;
    if (status === 0 && isExpected) return descriptor;
    syscalls.close(descriptor);
    return status < 0 ? status : EINVAL;
  }

  /** Reserves the file's space, unless it is there already (3-transfer 5.2). */
  private reserve(job: ReceiveJob, descriptor: number, failures: JobFailure[]): void {
    const { syscalls, stat } = this;
    if (job.size === 0 || job.device !== undefined) return;
    if (job.method !== "replace" && syscalls.fstat(descriptor, stat) === 0 && stat.size >= job.size) return;
    // Holes cannot be punched beyond the end of a file.
    const errno = syscalls.allocate(descriptor, job.size, job.sparse);
    if (errno < 0) failures.push({ step: "preallocate", errno, detail: undefined });
  }

  /** Zeros for what could not be read, so that the file has its promised size (4-traps L-10); that or a negative errno. */
  private padded(descriptor: number, written: number, size: number): number {
    const { syscalls } = this;
    const cut = syscalls.truncate(descriptor, written);
    const status = cut < 0 ? cut : syscalls.truncate(descriptor, size);
    return status < 0 ? status : size;
  }

  private digestOf(job: ReceiveJob, readError: number): Uint8Array {
    if (readError < 0) return new Uint8Array(digestBytes[job.checksumName ?? "xxh128"]);
    return this.digester.digestOf(job.source, job.checksumName);
  }

  private install(
    job: ReceiveJob,
    directory: number,
    name: ByteName,
    failures: JobFailure[],
    beforeRename: BeforeRename | undefined,
  ): number {
    const { syscalls } = this;
    if (job.delayed) return this.store(job, directory, name, failures);
    const backup = beforeRename?.(job) ?? 0;
    if (backup < 0) {
      failures.push({ step: "backup", errno: backup, detail: name });
      return backup;
    }
    const status = syscalls.renameAt(directory, name, job.directory, job.name);
    const shares = job.reflink === "always" && job.size > 0;
    const isElsewhere = job.tempDirectory !== undefined || job.method === "partial";
    if (status === EXDEV && isElsewhere && !shares) {
      return this.copyOver.install(job, directory, name, failures);
    }
    if (status < 0)
      failures.push({ step: shares && status === EXDEV ? "reflink" : "rename", errno: status, detail: name });
    return status;
  }

  /** Puts a good file into the partial directory, where it waits for the end of the run (3-transfer 5.3). */
  private store(job: ReceiveJob, directory: number, name: ByteName, failures: JobFailure[]): number {
    const { syscalls } = this;
    // What was written into the partial file itself is there already.
    if (job.method === "partial" || job.partialDirectory === undefined) return 0;
    const partial = openPartialDirectory(syscalls, this.operator, job.directory, job.partialDirectory, true);
    if (partial < 0) {
      failures.push({ step: "partial-directory", errno: partial, detail: name });
      return partial;
    }
    let status = syscalls.renameAt(directory, name, partial, job.name);
    if (status === EXDEV) status = this.copyOver.install({ ...job, directory: partial }, directory, name, failures);
    else if (status < 0) failures.push({ step: "rename", errno: status, detail: name });
    syscalls.close(partial);
    return status;
  }

  /** What becomes of an incomplete file (3-transfer 5.4, 4-traps L-08). */
  private dispose(
    job: ReceiveJob,
    directory: number,
    name: ByteName,
    written: number,
    beforeRename: BeforeRename | undefined,
  ): void {
    const { syscalls } = this;
    if (job.method !== "replace") return;
    // What a part replaces gets its backup too (L-12).
    if (written > 0 && job.keepPartial === "in-place" && (beforeRename?.(job) ?? 0) >= 0) {
      // Second 0: the next run must not take it for complete.
      const { mtime, mtimeNanoseconds } = job.attributes;
      if (mtime !== undefined) syscalls.setTimesAt(directory, name, 0, mtimeNanoseconds);
      const attributes = { ...job.attributes, mtime: mtime && 0 };
      if (this.copyOver.move({ ...job, attributes }, directory, name)) return;
    } else if (written > 0 && job.keepPartial === "directory" && job.partialDirectory !== undefined) {
      const partial = openPartialDirectory(syscalls, this.operator, job.directory, job.partialDirectory, true);
      if (partial >= 0) {
        const moved = this.copyOver.move({ ...timeless(job), directory: partial }, directory, name);
        syscalls.close(partial);
        if (moved) return;
      }
    }
    syscalls.unlinkAt(directory, name);
  }

  private result(
    job: ReceiveJob,
    done: boolean,
    written: number,
    failures: readonly JobFailure[],
    tempName: ByteName | undefined,
    digest?: Uint8Array,
    delta?: DeltaResult,
  ): JobResult {
    return { id: job.id, done, written, failures, tempName, digest, delta };
  }
}

/** The job without the times. */
function timeless(job: ReceiveJob): ReceiveJob {
  return { ...job, attributes: { ...job.attributes, mtime: undefined, atime: undefined } };
}
