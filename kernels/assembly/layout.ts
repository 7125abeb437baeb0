/**
 * Where things lie in the linear memory (64 KiB pages). The module has no allocator: page 0 holds constants and
 * scratch space, the rest are fixed regions whose addresses the host reads from the exported globals.
 *
 *   page 0       constants (placed by the compiler from `--memoryBase` on), scratch
 *   page 1       64 hash states of 1 KiB
 *   pages 2-3    results of block kernels
 *   pages 4-7    input: the host reads files straight into it
 *   page 8       slack, so that the last vector load of a kernel may touch bytes behind the input
 *   from page 9  what the host asked for when it made the memory (`Kernels.extra`): windows, filters
 */
export const statesAddress: usize = 0x10000;
export const stateBytes: usize = 1024;
export const stateCount: i32 = 64;
export const outputAddress: usize = 0x20000;
export const outputBytes: usize = 0x20000;
export const inputAddress: usize = 0x40000;
export const inputBytes: usize = 0x40000;

/** Secret of the one-shot hashes, derived from their seed. */
export const scratchSecret: usize = 0xf000;
/** The eight accumulators of the one-shot hashes. */
export const scratchAccumulators: usize = 0xf100;
/** Where the search has its settings and its place (96 bytes, see `search`). */
export const searchState: usize = 0xf200;
/** Four MD4 or MD5 states, the words of a chunk of each, and 128 bytes for the end of each message. */
export const scratchState: usize = 0xf400;
export const scratchWords: usize = 0xf440;
export const scratchLanes: usize = 0xf600;
