/**
 * The blocks of a signature by rolling sum: a hash table with a chain a bucket, the last block first. The bucket is
 * the one that rsync takes, so that `hash_hits` counts what it counts (found by comparing counts with its own).
 */
import type { Signature } from "./signature.ts";

/** Buckets as long as that is enough: the sum of the two halves of a rolling sum, modulo 2^16. */
export const smallBuckets = 65_536;

export interface BlockTable {
  /** First block of each bucket, -1 if none. */
  readonly heads: Int32Array;
  /** The block after a block in its bucket, -1 at the end. */
  readonly next: Int32Array;
  /** `bucketOf` is a sum of halves rather than a remainder. */
  readonly small: boolean;
}

/** How many buckets so many blocks have. */
export function bucketCount(blocks: number): number {
  return Math.max(Math.floor(blocks / 8) * 10 + 11, smallBuckets);
}

/** The bucket of a rolling sum. */
export function bucketOf({ small, heads }: BlockTable, sum: number): number {
  return small ? (sum + (sum >>> 16)) & 0xffff : sum % heads.length;
}

/** Puts all blocks into a table. */
export function tableOf({ count, rolling }: Signature): BlockTable {
  const buckets = bucketCount(count);
  const heads = new Int32Array(buckets).fill(-1);
  const table = { heads, next: new Int32Array(count), small: buckets === smallBuckets };
  for (let index = 0; index < count; index++) {
    const bucket = bucketOf(table, rolling[index] ?? 0);
    table.next[index] = heads[bucket] ?? -1;
    heads[bucket] = index;
  }
  return table;
}
