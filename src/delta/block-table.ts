/**
 * The blocks of a signature by rolling sum: a hash table with a chain a bucket, the last block first. The bucket is
 * the one that rsync takes, so that `hash_hits` counts what it counts (found by comparing counts with its own).
 */
import type { Signature } from "./signature.ts";

/** Buckets as long as that is enough: the sum of the two halves of a rolling sum, modulo 2^16. */
const smallBuckets = 65_536;

export interface BlockTable {
  /** First block of each bucket, -1 if none. */
  readonly heads: Int32Array;
  /** The block after a block in its bucket, -1 at the end. */
  readonly next: Int32Array;
  /** `bucketOf` is a sum of halves rather than a remainder. */
  readonly small: boolean;
}

/** Puts all blocks into a table. */
export function tableOf({ count, rolling }: Signature): BlockTable {
  const wanted = Math.floor(count / 8) * 10 + 11;
  const small = wanted <= smallBuckets;
  const heads = new Int32Array(small ? smallBuckets : wanted).fill(-1);
  const next = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const sum = rolling[index] ?? 0;
    const bucket = small ? (sum + (sum >>> 16)) & 0xffff : sum % heads.length;
    next[index] = heads[bucket] ?? -1;
    heads[bucket] = index;
  }
  return { heads, next, small };
}
