/**
 * How a basis file is cut into blocks (3-transfer 2.1, 2.2): the block length rsync derives from the file size, and
 * the number and remainder of the blocks. Sizes are bytes and exact up to 2^53.
 */

/** Shortest block length that is chosen without `--block-size`. */
const blockBytesMin = 700;

/** The longest block a peer of this protocol accepts: 131072 bytes, before protocol 30 2^29. */
export function blockBytesMax(protocol: number): number {
  return protocol >= 30 ? 131_072 : 2 ** 29;
}

/**
 * The block length for a basis of `basisBytes`: `--block-size` if it is not 0, else about the square root of the
 * size, a multiple of 8, between 700 and the protocol's longest.
 */
export function blockLengthFor(basisBytes: number, protocol: number, blockSize = 0): number {
  if (blockSize !== 0) return blockSize;
  if (basisBytes <= blockBytesMin * blockBytesMin) return blockBytesMin;
  let bit = 1;
  while (4 * bit * bit <= basisBytes) bit *= 2;
  const longest = blockBytesMax(protocol);
  if (bit >= longest) return longest;
  // Bit by bit and in integers: squares go up to 2^60, beyond what a double holds exactly.
  const size = BigInt(basisBytes);
  let root = 0n;
  for (let next = BigInt(bit); next >= 8n; next >>= 1n) {
    if ((root | next) * (root | next) <= size) root |= next;
  }
  return Math.max(Number(root), blockBytesMin);
}

/** The blocks of a basis. */
export interface BlockLayout {
  /** Number of blocks, the last short one included. */
  readonly count: number;
  /** Length of the last block if it is short, else 0. */
  readonly remainder: number;
}

/**
 * Number of blocks and remainder. Undefined if the count does not fit 31 bits: such a file is transferred whole
 * (3-transfer 2.2, `file is too large for checksum sending`).
 */
export function blockLayout(basisBytes: number, blockLength: number): BlockLayout | undefined {
  const count = Math.ceil(basisBytes / blockLength);
  return count < 2 ** 31 ? { count, remainder: basisBytes % blockLength } : undefined;
}
