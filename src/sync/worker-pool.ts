/**
 * The worker threads of a run, on piscina: one scans, one copies, one makes block sums, each started when the work is large enough to pay for it. Threads share the
 * process's descriptors; a shared flag tells them to stop between two pieces of a file.
 */
import { createRequire, enableCompileCache, getCompileCacheDir } from "node:module";
import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Piscina } from "piscina";
import type { OperatorRules } from "../fs/operator-path.ts";
import { limits } from "../limits.ts";
import { type PackedJobs, type PackedResults, packJobs, unpackResults } from "./packed-jobs.ts";
import type { JobResult, ReceiveJob } from "./receive-job.ts";
import type { ScanOrder } from "./scan-order.ts";
import type { SigningOrder } from "./signing-order.ts";

/** What every worker knows from its start. */
export interface WorkerStart {
  readonly syscalls: "koffi" | "plain";
  /** How far paths of the operator are trusted. */
  readonly rules: OperatorRules;
  /** Numbers shared by all threads, see `Control`. */
  readonly control: Int32Array;
  readonly duty: Duty;
}

/** A batch of files as the worker gets it. */
export interface BatchOrder {
  readonly batch: number;
  readonly jobs: PackedJobs;
}

/** What stands where in the shared numbers. */
export const Control = {
  /** Non-zero: stop. */
  stop: 0,
  /** Listed entries that the main thread has taken. */
  taken: 1,
  /** The scan sleeps until so many are taken; 0: it does not sleep. */
  wakeAt: 2,
  /** Batches of files that are done. */
  batchesDone: 3,
  /** How far the start of each worker is, see `StartState`. */
  scanState: 4,
  copyState: 5,
  signState: 6,
  /** From here on, batches that nobody has begun, each by its number and 1, see `claimBatch`. */
  claims: 7,
} as const;

/** Offers a batch to whoever claims it first. Far fewer wait to be begun than there are places. */
export function offerBatch(control: Int32Array, batch: number): void {
  Atomics.store(control, placeOf(batch), batch + 1);
}

/** Takes a batch for oneself: whether nobody else has it. */
export function claimBatch(control: Int32Array, batch: number): boolean {
  return Atomics.compareExchange(control, placeOf(batch), batch + 1, 0) === batch + 1;
}

function placeOf(batch: number): number {
  return Control.claims + (batch % limits.batchesUnseen);
}

/**
 * How far a worker has come. koffi ends the whole process if its thread is terminated while it loads, so that worker and
 * main thread agree on who comes first: a worker that finds itself closed does not begin to load, and one that loads
 * is waited for.
 */
export const StartState = { none: 0, loading: 1, up: 2, closed: 3 } as const;

/**
 * From so many entries on a worker pays: with fewer the main thread is done before a worker has caught up, which takes some 40 ms to start
 * and is slow at first (docs/decisions/006). `TSYNC_THREADS_FROM` is another number for all of them.
 */
const paysFrom = { scan: 40_000, "scan-attributes": 20_000, copy: 6000 } as const;

/** A basis of so many bytes is summed by two threads: a smaller one is done before the second has started. */
const signPaysFrom = 256 * 1024 * 1024;

/** What a worker is for: a scan takes as long as the run and must not hold up files. */
export type Duty = "scan" | "copy" | "sign";

const stateIndexes = { scan: Control.scanState, copy: Control.copyState, sign: Control.signState } as const;

/** Where the state of a duty's worker stands. */
export function stateIndex(duty: Duty): number {
  return stateIndexes[duty];
}

type PiscinaModule = typeof import("piscina");

export class WorkerPool {
  private readonly control = new Int32Array(new SharedArrayBuffer(4 * (Control.claims + limits.batchesUnseen)));
  private readonly kind: "koffi" | "plain";
  private readonly rules: OperatorRules;
  private readonly pools = new Map<Duty, Piscina>();
  /** Those that are ending. */
  private readonly closing = new Map<Duty, Promise<void>>();
  private batches = 0;
  private processors: number | undefined;
  private readonly from: number | undefined;

  constructor(kind: "koffi" | "plain", rules: OperatorRules) {
    this.kind = kind;
    const from = Number.parseInt(process.env.TSYNC_THREADS_FROM ?? "", 10);
    this.from = from >= 0 ? from : undefined;
    this.rules = rules;
  }

  /** Does a batch on a worker; result i belongs to job i, undefined: it was taken back. */
  receive(jobs: readonly ReceiveJob[]): { readonly batch: number; readonly results: Promise<JobResult[] | undefined> } {
    const batch = this.batches++;
    offerBatch(this.control, batch);
    const run = async (): Promise<JobResult[] | undefined> => {
      const order: BatchOrder = { batch, jobs: packJobs(jobs) };
      const packed = (await this.start("copy").run(order, { name: "receiveBatch" })) as PackedResults | undefined;
      return packed === undefined ? undefined : unpackResults(packed, jobs);
    };
    return { batch, results: run() };
  }

  /** Takes a batch back from the worker if that has not begun it. */
  takeBack(batch: number): boolean {
    if (!claimBatch(this.control, batch)) return false;
    Atomics.add(this.control, Control.batchesDone, 1);
    return true;
  }

  /** Batches handed to `receive` that are not done at this very moment, whether or not their results have come back. */
  get batchesUnderWay(): number {
    return this.batches - Atomics.load(this.control, Control.batchesDone);
  }

  /** Scans the source on a worker; lists arrive through the order's port. Resolves when the scan is over. */
  async scan(order: ScanOrder): Promise<void> {
    await this.start("scan").run(order, { name: "scanLists", transferList: [order.port] });
  }

  /**
   * Starts a worker, if there is none, without waiting for it. Its thread runs when this returns: the main thread may be busy
   * for long before it comes back to its event loop.
   */
  warm(duty: Duty): void {
    try {
      this.start(duty);
    } catch {
      // It comes out where the worker is used.
    }
  }

  /** Whether the scanning worker runs. */
  get isUp(): boolean {
    return Atomics.load(this.control, Control.scanState) === StartState.up;
  }

  /** Whether a worker for this pays if there will be so many entries. */
  pays(work: keyof typeof paysFrom, entries: number): boolean {
    return entries >= (this.from ?? paysFrom[work]);
  }

  /** Whether two threads are quicker than one to sum a basis of so many bytes. */
  signsTogether(basisBytes: number): boolean {
    return basisBytes >= (this.from ?? signPaysFrom) && this.processorCount > 1;
  }

  /** Sums shares of a basis on a worker until none is left: 0 or a negative errno. */
  async sign(order: SigningOrder): Promise<number> {
    return await this.start("sign").run(order, { name: "signShares" });
  }

  /** Whether one more worker would only take processor time from the one that runs and the main thread. */
  get isFull(): boolean {
    if (this.pools.size === 0) return false;
    return this.processorCount < 3;
  }

  private get processorCount(): number {
    // Node reads files for this.
    this.processors ??= availableParallelism();
    return this.processors;
  }

  /** So many more listed entries were taken: the scan may go on. */
  taken(count: number): void {
    const taken = Atomics.add(this.control, Control.taken, count) + count;
    const wakeAt = Atomics.load(this.control, Control.wakeAt);
    if (wakeAt !== 0 && taken >= wakeAt) Atomics.notify(this.control, Control.taken);
  }

  /** Whether the run was told to stop. */
  get isAborted(): boolean {
    return Atomics.load(this.control, Control.stop) !== 0;
  }

  /** Tells the workers to stop what they do. */
  abort(): void {
    Atomics.store(this.control, Control.stop, 1);
    Atomics.store(this.control, Control.taken, 2 ** 30);
    Atomics.notify(this.control, Control.taken);
  }

  /** Ends a worker that has done all its work, without waiting for it: that takes some 8 ms. */
  release(duty: Duty): void {
    const pool = this.pools.get(duty);
    if (pool === undefined || this.closing.has(duty)) return;
    const closed = this.closePool(duty, pool);
    this.closing.set(duty, closed);
    // A failure comes out of `close`.
    closed.catch(() => {});
  }

  async close(): Promise<void> {
    if (this.pools.size === 0) return;
    this.abort();
    for (const duty of this.pools.keys()) this.release(duty);
    for (const closed of await Promise.allSettled(this.closing.values())) {
      if (closed.status === "rejected") throw closed.reason;
    }
  }

  private async closePool(duty: Duty, pool: Piscina): Promise<void> {
    // One that does not begin does not end what it was given.
    if (await this.settleStart(duty)) await pool.close();
    else await pool.destroy();
  }

  /** Makes sure that the worker does not load system calls any more, or has not begun to: whether it works. */
  private async settleStart(duty: Duty): Promise<boolean> {
    const index = stateIndex(duty);
    const before = Atomics.compareExchange(this.control, index, StartState.none, StartState.closed);
    if (before === StartState.none) return false;
    while (Atomics.load(this.control, index) === StartState.loading) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return true;
  }

  private start(duty: Duty): Piscina {
    let pool = this.pools.get(duty);
    if (pool === undefined) {
      pool = this.create(duty);
      this.pools.set(duty, pool);
    }
    return pool;
  }

  private create(duty: Duty): Piscina {
    const env = workerEnvironment();
    // Loaded no sooner than it is needed, and at once.
    const isBundled = !import.meta.url.endsWith(".ts");
    const { Piscina } = createRequire(import.meta.url)(isBundled ? "./pool/index.js" : "piscina") as PiscinaModule;
    const file = isBundled ? "./worker.mjs" : "./worker.ts";
    return new Piscina({
      filename: new URL(file, import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      // So that a batch waits at the worker, not here until the main thread looks after its messages: to the pool, one whose result it has
      // not taken yet is still under way.
      concurrentTasksPerWorker: limits.batchesUnseen,
      env,
      workerData: { syscalls: this.kind, rules: this.rules, control: this.control, duty } satisfies WorkerStart,
    });
  }
}

/** Where the command keeps compiled code, its workers keep theirs (docs/decisions/004); it is set for each thread. */
function workerEnvironment(): NodeJS.ProcessEnv {
  if (import.meta.url.endsWith("/dist/tsync.cjs")) {
    enableCompileCache(fileURLToPath(new URL("./compile-cache", import.meta.url)));
  }
  const folder = getCompileCacheDir();
  if (folder === undefined) return process.env;
  // Node adds its version to the folder that it is given.
  const given = basename(folder).startsWith(process.version) ? dirname(folder) : folder;
  return { ...process.env, NODE_COMPILE_CACHE: given };
}
