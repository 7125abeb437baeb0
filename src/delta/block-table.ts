/**
 * The blocks of a signature by rolling sum. Chains are found by a hash with a random factor, so that no peer can choose sums
 * that share one (4-traps R-03); blocks of equal sum are in one chain, the last block first, as rsync has them.
 *
 * What rsync counts as `hash_hits` depends on its own buckets (found by comparing counts with its own): `bucketOf` gives
 * these, but nothing is looked for in them.
 */
import type { Signature } from "./signature.ts";

/** Buckets as long as that is enough: the sum of the two halves of a rolling sum, modulo 2^16. */
export const smallBuckets = 65_536;

/** How many buckets rsync has for so many blocks. */
export function bucketCount(blocks: number): number {
  return Math.max(Math.floor(blocks / 8) * 10 + 11, smallBuckets);
}

/** The bucket of a rolling sum, of so many. */
export function bucketOf(buckets: number, sum: number): number {
  return buckets === smallBuckets ? (sum + (sum >>> 16)) & 0xffff : sum % buckets;
}

export interface BlockTable {
  /** First block of each chain, -1 if none. */
  readonly heads: Int32Array;
  /** The block after a block in its chain, -1 at the end. */
  readonly next: Int32Array;
  /** The hash: an odd factor, and how far the product is shifted. */
  readonly factor: number;
  readonly shift: number;
}

/** The chain of a rolling sum. */
export function chainOf({ factor, shift }: BlockTable, sum: number): number {
  return Math.imul(sum, factor) >>> shift;
}

/** Puts all blocks into a table. */
export function tableOf({ count, rolling }: Signature): BlockTable {
  const bits = Math.max(Math.ceil(Math.log2(count)), 1);
  const heads = new Int32Array(2 ** bits).fill(-1);
  const factor = Math.floor(Math.random() * 2 ** 31) * 2 + 1;
  const table = { heads, next: new Int32Array(count), factor, shift: 32 - bits };
  for (let index = 0; index < count; index++) {
    const chain = chainOf(table, rolling[index] ?? 0);
    table.next[index] = heads[chain] ?? -1;
    heads[chain] = index;
  }
  return table;
}
