/** Rolling and strong sums of a run of blocks in one call (3-transfer 2.1, 2.5). */
import { rollingSum } from "./rolling";
import { xxh3, xxh3Seed } from "./xxh3";
import { xxh64 } from "./xxh64";

/** Strong sums by number; 0 stores none (the host computes them). */
const STRONG_XXH128: u32 = 1;
const STRONG_XXH3: u32 = 2;
const STRONG_XXH64: u32 = 3;

/**
 * For each block of `blockLength` bytes of the `length` bytes at `input` (the last block may be shorter) stores a
 * record of 20 bytes at `output`: rolling sum, then the digest (8 or 16 bytes, the rest is left as it was).
 */
export function blockSums(input: usize, length: u32, blockLength: u32, strong: u32, seed: u64, output: usize): void {
  if (strong == STRONG_XXH128 || strong == STRONG_XXH3) xxh3Seed(seed);
  while (length > 0) {
    const bytes = min(length, blockLength);
    store<u32>(output, rollingSum(0, input, bytes));
    digest(input, bytes, strong, seed, output + 4);
    input += bytes;
    length -= bytes;
    output += 20;
  }
}

/** The strong sum of `length` bytes at `input`, 8 or 16 bytes at `output`. */
export function strongSum(input: usize, length: u32, strong: u32, seed: u64, output: usize): void {
  if (strong == STRONG_XXH128 || strong == STRONG_XXH3) xxh3Seed(seed);
  digest(input, length, strong, seed, output);
}

// @ts-ignore: decorator
@inline
function digest(input: usize, length: u32, strong: u32, seed: u64, output: usize): void {
  if (strong == STRONG_XXH128) xxh3(input, length, seed, 128, output);
  else if (strong == STRONG_XXH3) xxh3(input, length, seed, 64, output);
  else if (strong == STRONG_XXH64) xxh64(input, length, seed, output);
}
