/**
 * Entry of the worker threads: copies batches of files, scans the source ahead of the generator, or makes block sums. Synchronous work only;
 * the main thread keeps timers, signals and output.
 */
import { workerData } from "node:worker_threads";
import type { ReadAt } from "../delta/signature.ts";
import { FilterEvaluator } from "../filter/evaluator.ts";
import { OperatorPaths } from "../fs/operator-path.ts";
import { openSyscalls } from "../fs/syscalls/choose.ts";
import { fakeSuperSyscalls } from "../fs/syscalls/fake-super.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";
import { limits } from "../limits.ts";
import { fileFilterReader } from "./filter-reader.ts";
import { FilterStack } from "./filter-stack.ts";
import { ListBuilder } from "./list-builder.ts";
import { type PackedResults, packResults, unpackJobs } from "./packed-jobs.ts";
import { type PackedList, packList } from "./packed-list.ts";
import { FileReceiver } from "./receive-file.ts";
import type { ScanOrder } from "./scan-order.ts";
import { signOnWorker } from "./shared-signing.ts";
import type { SigningOrder } from "./signing-order.ts";
import { SourceRoots } from "./source-root.ts";
import { linksToFollow } from "./source-stat.ts";
import { type BatchOrder, Control, claimBatch, StartState, stateIndex, type WorkerStart } from "./worker-pool.ts";

const start = workerData as WorkerStart;
const syscalls = load();
const operator = new OperatorPaths(syscalls, start.rules);
const receiver = new FileReceiver(syscalls, operator);
const aborted = (): boolean => Atomics.load(start.control, Control.stop) !== 0;

/** Writes a batch of files; undefined: the main thread has taken it back. */
export function receiveBatch({ batch, jobs }: BatchOrder): PackedResults | undefined {
  if (!claimBatch(start.control, batch)) return undefined;
  receiver.beginBatch();
  try {
    return packResults(unpackJobs(jobs).map((job) => receiver.run(job, aborted)));
  } finally {
    receiver.endBatch();
    Atomics.add(start.control, Control.batchesDone, 1);
  }
}

/** Makes block sums of shares of a basis: 0 or a negative errno. */
export function signShares(order: SigningOrder): number {
  const { basis } = order;
  const read: ReadAt = (buffer, offset, length, position) => syscalls.read(basis, buffer, offset, length, position);
  return signOnWorker(order, read, aborted);
}

/** Makes the remaining file lists, not further ahead of the main thread than the credit allows. */
export function scanLists(order: ScanOrder): void {
  const { options, umask, port } = order;
  const calls = options.fakeSuper ? fakeSuperSyscalls(syscalls, "sender") : syscalls;
  const roots = new SourceRoots(calls, linksToFollow(options), order.roots);
  // A scan reads only the merge files of directories; what the operator named was read before.
  const evaluator = new FilterEvaluator(
    order.program,
    "sender",
    fileFilterReader(syscalls, operator, () => {}, linksToFollow(options) !== "none"),
  );
  const filters = FilterStack.resume(evaluator, order.state.filters, roots);
  const { keepsOrder, linksAll, ownAttributes } = order;
  const builder = new ListBuilder(
    { options, umask, syscalls: calls, roots, filters, keepsOrder, linksAll, ownAttributes },
    order.state,
  );
  let sent = 0;
  let batch: PackedList[] = [];
  let batchEntries = 0;
  const post = (): void => {
    port.postMessage(
      batch,
      batch.flatMap(({ floats, integers }) => [floats.buffer, integers.buffer] as ArrayBuffer[]),
    );
    batch = [];
    batchEntries = 0;
  };
  while (!aborted()) {
    const list = builder.next();
    if (list === undefined) break;
    for (const _ of builder.attributes.digestRest()) if (aborted()) break;
    const count = list.entries.length + 1;
    sent += count;
    batchEntries += count;
    batch.push(packList(list));
    if (batchEntries >= limits.listBatchEntries || list.last) post();
    if (sent - Atomics.load(start.control, Control.taken) < order.credit) continue;
    if (batch.length > 0) post();
    awaitTaken(sent - order.credit / 2);
  }
  roots.close();
  port.postMessage([]);
  port.close();
}

/** Opens the system calls unless the run is over already. */
function load(): Syscalls {
  const { control, duty } = start;
  const index = stateIndex(duty);
  const before = Atomics.compareExchange(control, index, StartState.none, StartState.loading);
  // Whoever closed us ends this thread.
  if (before === StartState.closed) Atomics.wait(control, index, StartState.closed);
  try {
    return openSyscalls(start.syscalls);
  } finally {
    Atomics.store(control, index, StartState.up);
  }
}

/** Sleeps until the main thread has taken so many entries, or the run is aborted. */
function awaitTaken(count: number): void {
  const { control } = start;
  Atomics.store(control, Control.wakeAt, count);
  while (!aborted()) {
    const taken = Atomics.load(control, Control.taken);
    if (taken >= count) break;
    Atomics.wait(control, Control.taken, taken);
  }
  Atomics.store(control, Control.wakeAt, 0);
}
