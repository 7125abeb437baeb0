/** What two threads are told that make the block sums of one basis together (`shared-signing`). */
import type { BlockSumOptions } from "../delta/block-sums.ts";
import type { Signature } from "../delta/signature.ts";

/** What the sums of a session depend on. */
export type SumOptions = Omit<BlockSumOptions, "kernels">;

/** What both threads work on. The arrays of the signature and the numbers are shared memory. */
export interface SigningOrder {
  /** Descriptor of the basis. */
  readonly basis: number;
  readonly signature: Signature;
  readonly sums: SumOptions;
  /** Blocks of a share. */
  readonly shareBlocks: number;
  /** See `Place` of `shared-signing`. */
  readonly numbers: Int32Array;
}
