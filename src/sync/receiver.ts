/**
 * The receiver of a local run: takes requested files with their open sources and writes them (`receive-file`). In a small
 * run it writes at once; in a large one it collects batches, which a worker thread and, when that has enough to do, the
 * main thread work off (design section 3: two threads win over one).
 */
import { type ByteName, baseName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { abortedError, ExitCode, TsyncError } from "../errors.ts";
import { errnoText } from "../fs/errno.ts";
import { tempPrefix } from "../fs/temp-file.ts";
import { limits } from "../limits.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import { backupPath, keepBackupText } from "./backup.ts";
import { checkAborted, type RunContext } from "./context.ts";
import { partialPath } from "./partial-files.ts";
import { type BeforeRename, FileReceiver } from "./receive-file.ts";
import type { JobFailure, JobResult, ReceiveJob } from "./receive-job.ts";
import type { OpenSource } from "./sender.ts";
import { pieceBytes, Throttle } from "./throttle.ts";
import { verificationText } from "./verify-copy.ts";
import type { WorkerPool } from "./worker-pool.ts";

const ENAMETOOLONG = -36;

/** A job with what the main thread needs when it is done. */
export interface PendingFile {
  readonly job: ReceiveJob;
  readonly entry: FileEntry;
  readonly source: OpenSource;
  /** Place in the whole list, for `to-chk`. */
  readonly position: number;
  /** Absolute path of the destination file and its directory, for messages. */
  readonly absolute: ByteName;
  readonly directoryAbsolute: ByteName;
  /** The directory of its temporary file, if that is another. */
  readonly tempAbsolute: ByteName | undefined;
  readonly onDone: (result: JobResult) => void;
  /** Needs the main thread (a backup is made before the rename). */
  readonly beforeRename: BeforeRename | undefined;
}

/** Reports how far the current file is; called between pieces of large files. */
export type OnProgress = (file: PendingFile, done: number) => void;

/** So many files or bytes are written at once before threads are started: a worker costs 20 ms to start. */
const startThreadsAfterFiles = 400;
const startThreadsAfterBytes = 64 * 1024 * 1024;

export class LocalReceiver {
  private readonly context: RunContext;
  private readonly pool: WorkerPool;
  private readonly here: FileReceiver;
  private readonly throttle: Throttle | undefined;
  private readonly onProgress: OnProgress | undefined;
  private readonly onReadError: (file: PendingFile, errno: number) => void;
  private readonly underWay = new Set<Promise<void>>();
  private batch: PendingFile[] = [];
  private batchBytes = 0;
  private files = 0;
  private bytes = 0;
  private failed: unknown;

  constructor(
    context: RunContext,
    pool: WorkerPool,
    onReadError: (file: PendingFile, errno: number) => void,
    onProgress: OnProgress | undefined,
  ) {
    this.context = context;
    this.pool = pool;
    const { bandwidthLimit } = context.options;
    this.throttle = bandwidthLimit > 0 ? new Throttle(bandwidthLimit) : undefined;
    this.here = new FileReceiver(context.syscalls, bandwidthLimit > 0 ? pieceBytes(bandwidthLimit) : undefined);
    this.onReadError = onReadError;
    this.onProgress = onProgress;
  }

  /** Takes a file. A promise is returned when the caller must wait before it sends more. */
  submit(file: PendingFile): Promise<void> | undefined {
    this.files++;
    this.bytes += file.job.size;
    const { delta, checksumName } = file.job;
    const elsewhere = file.job.tempDirectory !== undefined;
    const special = elsewhere || file.beforeRename !== undefined || delta !== undefined || checksumName !== undefined;
    const mainOnly = this.onProgress !== undefined || special || this.throttle !== undefined;
    if (mainOnly || !this.pooled()) return this.receiveHere(file);
    this.batch.push(file);
    this.batchBytes += file.job.size;
    if (this.batch.length < limits.batchFiles && this.batchBytes < limits.batchBytes) return undefined;
    return this.dispatch();
  }

  /** Waits until every file taken so far is done. */
  async drain(): Promise<void> {
    if (this.batch.length > 0) await this.dispatch();
    while (this.underWay.size > 0) await Promise.race(this.underWay);
    if (this.failed !== undefined) throw this.failed;
  }

  /** After a fatal error: waits for the worker's batches, whose sources and temp files are then cleaned up. */
  async settle(): Promise<void> {
    for (const file of this.batch.splice(0)) this.context.syscalls.close(file.job.source);
    await Promise.allSettled(this.underWay);
  }

  private pooled(): boolean {
    return this.files > startThreadsAfterFiles || this.bytes > startThreadsAfterBytes;
  }

  private dispatch(): Promise<void> | undefined {
    const batch = this.batch;
    this.batch = [];
    this.batchBytes = 0;
    if (this.failed !== undefined) {
      for (const file of batch) this.context.syscalls.close(file.job.source);
      return Promise.reject(this.failed);
    }
    if (this.pool.batchesUnderWay < limits.batchesUnderWay) {
      const done = this.receiveThere(batch).catch((error: unknown) => {
        this.failed ??= error;
      });
      this.underWay.add(done);
      void done.finally(() => this.underWay.delete(done));
      return this.underWay.size < limits.batchesUnseen ? undefined : this.look();
    }
    return this.receiveBatchHere(batch);
  }

  private async receiveBatchHere(batch: PendingFile[]): Promise<void> {
    let taken = 0;
    try {
      for (const file of batch) {
        taken++;
        const waiting = this.receiveHere(file);
        if (waiting !== undefined) await waiting;
      }
    } finally {
      for (const file of batch.slice(taken)) this.context.syscalls.close(file.job.source);
    }
    await this.look();
  }

  /** Lets the results of the worker in, and signals. */
  private async look(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    checkAborted(this.context);
    if (this.failed !== undefined) throw this.failed;
  }

  private async receiveThere(batch: PendingFile[]): Promise<void> {
    const results = await this.pool.receive(batch.map((file) => file.job));
    for (const [index, result] of results.entries()) {
      const file = batch[index];
      if (file !== undefined) this.finish(file, result);
    }
  }

  /** Writes a file on this thread; small ones in one go, large ones with pauses for signals and timers. */
  private receiveHere(file: PendingFile): Promise<void> | undefined {
    const steps = this.here.steps(file.job, file.beforeRename);
    let step = steps.next();
    if (step.done === true) {
      this.onProgress?.(file, file.job.size);
      this.finish(file, step.value);
      return this.sleep(step.value.delta?.literalBytes ?? step.value.written);
    }
    return (async () => {
      let before = 0;
      while (step.done !== true) {
        this.onProgress?.(file, step.value);
        // Of a delta only the literal data is sent, which is known at the end.
        if (file.job.delta === undefined) await this.sleep(step.value - before);
        before = step.value;
        await new Promise((resolve) => setImmediate(resolve));
        if (this.context.signal.aborted) {
          steps.return({
            id: file.job.id,
            done: false,
            written: 0,
            failures: [],
            tempName: undefined,
            digest: undefined,
          });
          checkAborted(this.context);
        }
        step = steps.next();
      }
      this.onProgress?.(file, file.job.size);
      this.finish(file, step.value);
      await this.sleep(step.value.delta?.literalBytes ?? Math.max(file.job.size - before, 0));
    })();
  }

  /** `--bwlimit`: sleeps when that much data was sent too early, until then or until the run is to stop. */
  private sleep(bytes: number): Promise<void> | undefined {
    const milliseconds = this.throttle?.sent(bytes) ?? 0;
    if (milliseconds <= 0) return undefined;
    const { signal } = this.context;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }

  private finish(file: PendingFile, result: JobResult): void {
    const { ledger } = this.context;
    // A worker that was told to stop gives up its file without a failure.
    if (!result.done && result.failures.length === 0) throw abortedError("sender");
    for (const failure of result.failures) {
      const { step, errno } = failure;
      if (step === "write") throw this.writeError(file, errno);
      if (step === "backup") throw backupError(this.context, file, errno);
      // Whoever made the job asks again, or reports it.
      if (step === "verify") continue;
      if (step === "read") {
        this.onReadError(file, errno);
        continue;
      }
      if (step === "partial-directory") {
        const text = `Unable to create partial-dir for ${file.entry.path} -- discarding completed file.`;
        ledger.error("receiver", text, file.absolute);
        continue;
      }
      if (step === "compare" && errno === 0) {
        ledger.error("receiver", verificationText(file.absolute), file.absolute);
        continue;
      }
      ledger.systemError("receiver", failureText(file, failure, result), errno, file.absolute);
    }
    file.onDone(result);
  }

  private writeError(file: PendingFile, errno: number): TsyncError {
    const message = `[receiver] write failed on "${file.absolute}": ${errnoText(-errno)}`;
    return new TsyncError("file", message, { exitCode: ExitCode.fileIo, role: "receiver", path: file.absolute });
  }
}

function backupError(context: RunContext, file: PendingFile, errno: number): TsyncError {
  const { absolute, entry } = file;
  const path = absolute.endsWith(`/${entry.path}`) ? entry.path : baseName(absolute);
  const target = backupPath(context.options, path);
  if (errno === ENAMETOOLONG) {
    // A backup is linked first; then what stands in its way is removed, and that is the call that rsync tells of.
    const root = byteName(absolute.slice(0, absolute.length - path.length - 1));
    const text = `unlink "${target.startsWith("/") ? target : joinName(root, target)}"`;
    context.ledger.systemError("receiver", text, errno, absolute);
  }
  const message = `[receiver] ${keepBackupText(context.options, path, absolute)}: ${errnoText(-errno)}`;
  return new TsyncError("file", message, { exitCode: ExitCode.fileIo, role: "receiver", path: file.absolute });
}

function mkstempPath({ job, directoryAbsolute, tempAbsolute }: PendingFile): string {
  const hidden = tempPrefix(job.name);
  if (tempAbsolute === undefined) return `${directoryAbsolute}/${hidden}`;
  return `${tempAbsolute}/${job.name.startsWith(".") ? hidden : hidden.slice(1)}`;
}

/** The path below the destination that a good file is renamed to. */
function finalPath({ job, entry }: PendingFile): ByteName {
  return job.delayed ? partialPath(job.partialDirectory, entry.path) : entry.path;
}

/** The words of rsync for a failed step, up to the system's reason. */
function failureText(file: PendingFile, failure: JobFailure, result: JobResult): string {
  const { absolute } = file;
  const temp =
    result.tempName === undefined ? absolute : `${file.tempAbsolute ?? file.directoryAbsolute}/${result.tempName}`;
  switch (failure.step) {
    case "compare":
      return `verification of "${absolute}" failed`;
    case "open":
      return file.job.method === "inplace"
        ? `open "${absolute}" failed`
        : `mkstemp "${mkstempPath(file)}.XXXXXX" failed`;
    case "chown":
      return `${file.job.attributes.uid >= 0 ? "chown" : "chgrp"} "${temp}" failed`;
    case "chmod":
      return `failed to set permissions on "${temp}"`;
    case "times":
      return `failed to set times on "${temp}"`;
    case "xattr":
      return `set_xattr: lsetxattr("${temp}","${failure.detail ?? ""}") failed`;
    case "acl":
      return `set_acl: xacl_set(${joinName(directoryName(file.entry.path), result.tempName ?? file.entry.name)}, ACL_TYPE_ACCESS)`;
    case "rename":
      return `rename "${temp}" -> "${finalPath(file)}"`;
    default:
      return `${failure.step} failed on "${absolute}"`;
  }
}
