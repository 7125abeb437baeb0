/**
 * Memory of the kernels for delta transfers: the window that the sender's search looks at, the buffer that the receiver builds
 * the result in, and the tables of the search (`kernel-search`). What lies there is hashed without being copied.
 */
import { bucketCount, smallBuckets } from "./block-table.ts";
import { type Kernels, loadKernels } from "./kernels/kernels.ts";

/** Kernels with room for one transfer at a time; belongs to one thread. */
export interface DeltaMemory {
  readonly kernels: Kernels;
  /** 1 MiB. */
  readonly window: Uint8Array;
  /** 256 KiB. */
  readonly patch: Uint8Array;
  readonly tables: Uint8Array;
}

const windowBytes = 1_048_576;
const patchBytes = 262_144;

/** The most that is given to tables: 2^31 bytes serve some 60 million blocks. */
const tableBytesMax = 2 ** 31;

/** The tables of the search for a signature, in bytes. */
export interface TableSizes {
  /** A word of 32 bits for each sum of halves. */
  readonly filter: number;
  /** A bitmap of at least 16 bits a block, a power of two. */
  readonly second: number;
  /** Two bits for each bucket where these are remainders, else 0. */
  readonly occupied: number;
  /** Where the basis is overwritten, the highest block of each bucket and the rolling sum of each block, else 0. */
  readonly keep: number;
  readonly rolling: number;
  readonly all: number;
}

/** Sizes for so many blocks. */
export function tableSizes(blocks: number, updating: boolean): TableSizes {
  const buckets = bucketCount(blocks);
  const filter = 262_144;
  const second = 2 ** Math.max(Math.ceil(Math.log2(2 * blocks)), 13);
  const occupied = buckets > smallBuckets ? Math.ceil(buckets / 16) * 4 : 0;
  const keep = updating ? 4 * buckets : 0;
  const rolling = updating ? 4 * blocks : 0;
  return { filter, second, occupied, keep, rolling, all: filter + second + occupied + keep + rolling };
}

/**
 * Memory for a signature of so many blocks: `before` if it is large enough. Where none could be, tables are left out,
 * and the search goes without the kernels.
 */
export function deltaMemoryFor(blocks: number, updating: boolean, before?: DeltaMemory): DeltaMemory {
  const { all } = tableSizes(blocks, updating);
  const tableBytes = all > tableBytesMax ? 0 : all;
  if (before !== undefined && before.tables.length >= tableBytes) return before;
  const kernels = loadKernels(windowBytes + patchBytes + tableBytes);
  const patch = windowBytes + patchBytes;
  const { extra } = kernels;
  return {
    kernels,
    window: extra.subarray(0, windowBytes),
    patch: extra.subarray(windowBytes, patch),
    tables: extra.subarray(patch),
  };
}
