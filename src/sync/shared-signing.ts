/**
 * The block sums of a large basis, made by two threads (3-transfer 2.1): each takes the next share of the blocks until none is left, so that
 * a worker that is slow to start only does less.
 */
import { type BlockSummer, type BlockSumOptions, createBlockSummer } from "../delta/block-sums.ts";
import { type ReadAt, type Signature, type SumHead, signBlocks } from "../delta/signature.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** What both threads work on. The arrays of the signature and the numbers are shared memory. */
export interface SigningOrder {
  /** Descriptor of the basis. */
  readonly basis: number;
  readonly signature: Signature;
  readonly sums: Omit<BlockSumOptions, "kernels">;
  /** Blocks of a share. */
  readonly shareBlocks: number;
  /** See `Place`. */
  readonly numbers: Int32Array;
}

/** What stands where in the shared numbers of an order. */
const Place = {
  /** The next share that nobody has taken. */
  next: 0,
  /** Shares whose sums are there. */
  done: 1,
} as const;

const shareBytes = 4 * 1024 * 1024;

/** Sums shares until none is left, pausing (yielding) between them. Returns 0 or a negative errno, with which the other thread stops, too. */
export function* signShares(order: SigningOrder, read: ReadAt, summer: BlockSummer): Generator<void, number> {
  const { signature, shareBlocks, numbers } = order;
  const { count } = signature;
  for (;;) {
    const first = Atomics.add(numbers, Place.next, 1) * shareBlocks;
    if (first >= count) return 0;
    const steps = signBlocks(read, signature, summer, first, Math.min(first + shareBlocks, count));
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    if (step.value < 0) {
      Atomics.store(numbers, Place.next, count);
      return step.value;
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

/** Makes the signature of a basis on this thread and a worker; a negative errno if it cannot be read. */
export async function signTogether(
  pool: Pick<WorkerPool, "sign">,
  basis: number,
  head: SumHead,
  summer: BlockSummer,
  sums: Omit<BlockSumOptions, "kernels">,
  read: ReadAt,
): Promise<Signature | number> {
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
  while (step.done !== true) {
    await new Promise((resolve) => setImmediate(resolve));
    step = steps.next();
  }
  const isComplete = Atomics.load(numbers, Place.done) === Math.ceil(count / shareBlocks);
  // Until it is through with its share the basis must stay open.
  const status = isComplete ? 0 : Math.min(await other, step.value);
  return status < 0 ? status : signature;
}
