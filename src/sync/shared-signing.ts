/**
 * The block sums of a large basis, made by two threads (3-transfer 2.1): each takes the next share of the blocks until none is left, so that
 * a worker that is slow to start only does less.
 */
import { type BlockSummer, createBlockSummer } from "../delta/block-sums.ts";
import { type ReadAt, type Signature, type SumHead, signBlocks } from "../delta/signature.ts";
import type { SigningOrder, SumOptions } from "./signing-order.ts";
import { finish } from "./steps.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** What stands where in the shared numbers of an order. */
const Place = {
  /** The next share that nobody has taken. */
  next: 0,
  /** Shares whose sums are there. */
  done: 1,
} as const;

const EINTR = -4;
const shareBytes = 4 * 1024 * 1024;

/** Sums shares until none is left, pausing (yielding) between them. Returns 0 or a negative errno, with which the other thread stops, too. */
function* signShares(order: SigningOrder, read: ReadAt, summer: BlockSummer): Generator<void, number> {
  const { signature, shareBlocks, numbers } = order;
  const { count } = signature;
  for (;;) {
    const first = Atomics.add(numbers, Place.next, 1) * shareBlocks;
    if (first >= count) return 0;
    const status = finish(signBlocks(read, signature, summer, first, Math.min(first + shareBlocks, count)));
    if (status < 0) {
      Atomics.store(numbers, Place.next, count);
      return status;
    }
    Atomics.add(numbers, Place.done, 1);
    yield;
  }
}

/** The worker's part: 0 or a negative errno. */
export function signOnWorker(order: SigningOrder, read: ReadAt, aborted: () => boolean): number {
  const summer = createBlockSummer(order.sums);
  const steps = signShares(order, read, summer);
  let step = steps.next();
  while (step.done !== true && !aborted()) step = steps.next();
  summer.release();
  return step.done === true ? step.value : 0;
}

/**
 * Makes the signature of a basis on this thread and a worker; a negative errno if it cannot be read. `pause` is awaited between the shares; what it
 * throws ends the work.
 */
export async function signTogether(
  pool: Pick<WorkerPool, "sign">,
  what: { readonly basis: number; readonly head: SumHead; readonly sums: SumOptions },
  read: ReadAt,
  summer: BlockSummer,
  pause: () => Promise<void>,
): Promise<Signature | number> {
  const { basis, head, sums } = what;
  const { count, strongBytes, blockLength } = head;
  const rolling = new Uint32Array(new SharedArrayBuffer(4 * count));
  const strong = new Uint8Array(new SharedArrayBuffer(strongBytes * count));
  const signature = { ...head, rolling, strong };
  const shareBlocks = Math.max(Math.floor(shareBytes / blockLength), 1);
  const numbers = new Int32Array(new SharedArrayBuffer(8));
  const order: SigningOrder = { basis, signature, sums, shareBlocks, numbers };
  const other = pool.sign(order);
  // It comes out below where its shares are missing.
  other.catch(() => {});
  const steps = signShares(order, read, summer);
  let step = steps.next();
  try {
    for (; step.done !== true; step = steps.next()) await pause();
  } catch (error) {
    // Until the worker is through with its share the basis must stay open.
    Atomics.store(numbers, Place.next, count);
    await other.catch(() => {});
    throw error;
  }
  const isComplete = (): boolean => Atomics.load(numbers, Place.done) === Math.ceil(count / shareBlocks);
  const status = isComplete() ? 0 : Math.min(await other, step.value);
  // A worker that was told to stop leaves shares out.
  return status === 0 && isComplete() ? signature : status || EINTR;
}
