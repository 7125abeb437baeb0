/** How many bytes of each block's strong sum travel (3-transfer 2.3). */

/** Longest strong sum in bytes, whatever the digest. */
const strongBytesMax = 16;
/** Shortest strong sum in bytes. */
const strongBytesMin = 2;

/**
 * The strong sum length for a basis of `basisBytes` (up to 2^53) cut into blocks of `blockLength` bytes: enough for
 * a false match to be unlikely, except in the redo phase, which sends all of the digest.
 */
export function strongLengthFor(
  basisBytes: number,
  blockLength: number,
  digestBytes: number,
  phase: "normal" | "redo",
): number {
  const longest = Math.min(strongBytesMax, digestBytes);
  if (phase === "redo") return longest;
  const bits = Math.max(10 + 2 * floorLog2(basisBytes) - floorLog2(blockLength), 0);
  const bytes = Math.trunc((bits + 1 - 32 + 7) / 8);
  return Math.min(Math.max(bytes, strongBytesMin), longest);
}

/** Position of the highest set bit; 0 for 0 and 1. Math.log2 rounds wrongly just below high powers of two. */
function floorLog2(value: number): number {
  let bits = 0;
  for (let rest = value; rest >= 2; rest = Math.floor(rest / 2)) bits++;
  return bits;
}
