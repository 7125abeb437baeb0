/**
 * The receiver of a local run: takes requested files with their open sources and writes them (`receive-file`). In a small
 * run it writes at once; in a large one it collects batches, which a worker thread and, when that has enough to do, the
 * main thread work off (design section 3: two threads win over one).
 */
import { limits } from "../limits.ts";
import { checkAborted, type RunContext } from "./context.ts";
import { finishFile, type SourceErrors } from "./finish-file.ts";
import type { PendingFile } from "./pending-file.ts";
import { FileReceiver } from "./receive-file.ts";
import type { JobResult } from "./receive-job.ts";
import { copiesStraight } from "./straight-copy.ts";
import { pieceBytes, Throttle } from "./throttle.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** Reports how far the current file is; called between pieces of large files. */
export type OnProgress = (file: PendingFile, done: number) => void;

/**
 * So many files or bytes are written at once before a worker is used. It is started earlier, or for files used at all, if there are
 * enough entries: they will probably be files to write.
 */
const poolAfterFiles = 60;
const poolAfterBytes = 64 * 1024 * 1024;
const warmAfterFiles = 50;

export class LocalReceiver {
  /** Files may be handed over with their source not open yet: whoever copies one opens it, too. */
  readonly opensSources: boolean;
  private readonly context: RunContext;
  private readonly pool: WorkerPool;
  private readonly expected: () => number;
  private readonly here: FileReceiver;
  private readonly throttle: Throttle | undefined;
  private readonly onProgress: OnProgress | undefined;
  private readonly sources: SourceErrors;
  private readonly underWay = new Set<Promise<void>>();
  /** The batches whose results have not been looked at. */
  private readonly waiting: { readonly number: number; readonly files: PendingFile[] }[] = [];
  private batch: PendingFile[] = [];
  private batchBytes = 0;
  /** Directories of the files in the batch, in a row. */
  private batchDirectories = 0;
  /** Those of the batches whose results have not been looked at: their descriptors are held until then. */
  private heldDirectories = 0;
  private files = 0;
  private isWarm = false;
  private bytes = 0;
  private failed: unknown;

  /** `expected` tells how many entries there will probably be. */
  constructor(
    context: RunContext,
    pool: WorkerPool,
    expected: () => number,
    sources: SourceErrors,
    onProgress: OnProgress | undefined,
  ) {
    this.context = context;
    this.expected = expected;
    this.pool = pool;
    const { bandwidthLimit } = context.options;
    this.throttle = bandwidthLimit > 0 ? new Throttle(bandwidthLimit) : undefined;
    const { syscalls, operator } = context;
    this.here = new FileReceiver(syscalls, operator, bandwidthLimit > 0 ? pieceBytes(bandwidthLimit) : undefined);
    this.sources = sources;
    this.opensSources = copiesStraight(context);
    this.onProgress = onProgress;
  }

  /** Takes a file. A promise is returned when the caller must wait before it sends more. */
  submit(file: PendingFile): Promise<void> | undefined {
    this.files++;
    this.bytes += file.job.size;
    const { delta, checksumName, device } = file.job;
    const elsewhere = file.job.tempDirectory !== undefined;
    const special = elsewhere || file.beforeRename !== undefined || delta !== undefined || checksumName !== undefined;
    const { descriptorAttributes } = this.context.syscalls.abilities;
    const mainOnly =
      !descriptorAttributes ||
      this.onProgress !== undefined ||
      special ||
      device !== undefined ||
      this.throttle !== undefined;
    if (mainOnly || !this.isPooled()) return this.receiveHere(file);
    if (file.job.directory !== this.batch.at(-1)?.job.directory) this.batchDirectories++;
    this.batch.push(file);
    this.batchBytes += file.job.size;
    const isFull = this.batch.length >= limits.batchFiles || this.batchBytes >= limits.batchBytes;
    return isFull || this.batchDirectories >= limits.batchDirectories ? this.dispatch() : undefined;
  }

  /** Waits until every file taken so far is done. */
  async drain(): Promise<void> {
    if (this.batch.length > 0) await this.dispatch();
    await this.takeBack();
    while (this.underWay.size > 0) await Promise.race(this.underWay);
    if (this.failed !== undefined) throw this.failed;
  }

  /** After a fatal error: waits for the worker's batches, whose sources and temp files are then cleaned up. */
  async settle(): Promise<void> {
    for (const file of this.batch.splice(0)) this.drop(file);
    await Promise.allSettled(this.underWay);
  }

  private isPooled(): boolean {
    if (this.bytes > poolAfterBytes) return true;
    if (!this.isWarm) {
      if (this.files < warmAfterFiles || !this.pool.pays("copy", this.expected())) return false;
      this.isWarm = true;
      this.pool.warm("copy");
    }
    return this.files > poolAfterFiles;
  }

  private dispatch(): Promise<void> | undefined {
    const { batch, batchDirectories } = this;
    this.batch = [];
    this.batchBytes = 0;
    this.batchDirectories = 0;
    if (this.failed !== undefined) {
      for (const file of batch) this.drop(file);
      return Promise.reject(this.failed);
    }
    const holdsFew = this.heldDirectories + batchDirectories <= limits.directoriesHeld;
    if (holdsFew && this.pool.batchesUnderWay < limits.batchesUnderWay) {
      this.heldDirectories += batchDirectories;
      const done = this.receiveThere(batch).catch((error: unknown) => {
        this.failed ??= error;
      });
      this.underWay.add(done);
      void done.finally(() => {
        this.underWay.delete(done);
        this.heldDirectories -= batchDirectories;
      });
      return this.underWay.size < limits.batchesUnseen ? undefined : this.look();
    }
    return this.receiveBatchHere(batch);
  }

  /** Closes the source of a file that is not copied any more. */
  private drop({ job, source }: PendingFile): void {
    if (job.source >= 0) this.context.syscalls.close(job.source);
    source.unopened?.directory.release();
  }

  private async receiveBatchHere(batch: PendingFile[]): Promise<void> {
    let taken = 0;
    this.here.beginBatch();
    try {
      for (const file of batch) {
        taken++;
        const waiting = this.receiveHere(file);
        if (waiting !== undefined) await waiting;
      }
    } finally {
      this.here.endBatch();
      for (const file of batch.slice(taken)) this.drop(file);
    }
    await this.look();
  }

  /** Lets the results of the worker in, and signals. */
  private async look(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    checkAborted(this.context);
    if (this.failed !== undefined) throw this.failed;
  }

  /** Does what the worker has not begun, the last batch first: nobody else has anything to do. */
  private async takeBack(): Promise<void> {
    for (let next = this.waiting.pop(); next !== undefined && this.failed === undefined; next = this.waiting.pop()) {
      if (this.pool.takeBack(next.number)) await this.receiveBatchHere(next.files);
    }
  }

  private async receiveThere(files: PendingFile[]): Promise<void> {
    const { batch: number, results: coming } = this.pool.receive(files.map((file) => file.job));
    this.waiting.push({ number, files });
    const results = await coming;
    const at = this.waiting.findIndex((waiting) => waiting.number === number);
    if (at >= 0) this.waiting.splice(at, 1);
    if (results === undefined) return;
    for (const [index, result] of results.entries()) {
      const file = files[index];
      if (file !== undefined) finishFile(this.context, this.sources, file, result);
    }
  }

  /** Writes a file on this thread; small ones in one go, large ones with pauses for signals and timers. */
  private receiveHere(file: PendingFile): Promise<void> | undefined {
    const steps = this.here.steps(file.job, file.beforeRename);
    let step = steps.next();
    if (step.done === true) {
      this.finishHere(file, step.value);
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
      this.finishHere(file, step.value);
      await this.sleep(step.value.delta?.literalBytes ?? Math.max(file.job.size - before, 0));
    })();
  }

  private finishHere(file: PendingFile, result: JobResult): void {
    finishFile(this.context, this.sources, file, result, () => this.onProgress?.(file, file.job.size));
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
}
