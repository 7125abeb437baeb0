/**
 * XXH3-64 and XXH3-128: one call for a message in memory, and a streaming state.
 *
 * State (fields in bytes): 0 accumulators, 64 secret, 256 total length, 264 seed, 272 bytes in the buffer, 276 stripes
 * of the current block, 320 the 64 message bytes before the buffer, 384 buffer of 256 bytes. Once the message is longer
 * than the buffer, the buffer always holds 1 to 256 bytes: the last stripe needs special treatment, so no byte is
 * consumed before another one has come.
 */
import { scratchAccumulators, scratchSecret } from "./layout";
import { accumulate, accumulateLast, initAccumulators, mergeHigh, mergeLow } from "./xxh3-long";
import { deriveSecret } from "./xxh3-secret";
import { short128, short64 } from "./xxh3-short";

const shortBytes: u32 = 240;
const bufferBytes: u32 = 256;
const SECRET: usize = 64;
const TOTAL: usize = 256;
const SEED: usize = 264;
const BUFFERED: usize = 272;
const STRIPES: usize = 276;
const HISTORY: usize = 320;
const BUFFER: usize = 384;

/** Starts a message. */
export function xxh3Reset(state: usize, seed: u64): void {
  initAccumulators(state);
  deriveSecret(state + SECRET, seed);
  store<u64>(state, 0, TOTAL);
  store<u64>(state, seed, SEED);
  store<u32>(state, 0, BUFFERED);
  store<u32>(state, 0, STRIPES);
}

/** Adds `length` bytes to the message. */
export function xxh3Update(state: usize, input: usize, length: u32): void {
  store<u64>(state, load<u64>(state, TOTAL) + length, TOTAL);
  const buffered = load<u32>(state, BUFFERED);
  const buffer = state + BUFFER;
  if (length <= bufferBytes - buffered) {
    memory.copy(buffer + buffered, input, length);
    store<u32>(state, buffered + length, BUFFERED);
    return;
  }
  const secret = state + SECRET;
  let stripes = load<u32>(state, STRIPES);
  if (buffered > 0) {
    const missing = bufferBytes - buffered;
    memory.copy(buffer + buffered, input, missing);
    stripes = accumulate(state, secret, stripes, buffer, bufferBytes >> 6);
    memory.copy(state + HISTORY, buffer + bufferBytes - 64, 64);
    input += missing;
    length -= missing;
  }
  const count = (length - 1) >> 6;
  if (count > 0) {
    stripes = accumulate(state, secret, stripes, input, count);
    input += count << 6;
    length -= count << 6;
    memory.copy(state + HISTORY, input - 64, 64);
  }
  memory.copy(buffer, input, length);
  store<u32>(state, length, BUFFERED);
  store<u32>(state, stripes, STRIPES);
}

/** Leaves the accumulators of the finished message in scratch space; the state stays as it is. */
function finish(state: usize): void {
  memory.copy(scratchAccumulators, state, 64);
  const secret = state + SECRET;
  const buffer = state + BUFFER;
  const buffered = load<u32>(state, BUFFERED);
  accumulate(scratchAccumulators, secret, load<u32>(state, STRIPES), buffer, (buffered - 1) >> 6);
  accumulateLast(scratchAccumulators, secret, buffer + buffered - 64);
}

/** Stores the 8 bytes of XXH3-64, little-endian. */
export function xxh3Digest64(state: usize, result: usize): void {
  const total = load<u64>(state, TOTAL);
  if (total <= shortBytes) {
    store<u64>(result, short64(state + BUFFER, <u32>total, load<u64>(state, SEED)));
    return;
  }
  finish(state);
  store<u64>(result, mergeLow(scratchAccumulators, state + SECRET, total));
}

/** Stores the 16 bytes of XXH3-128: low half, then high half, both little-endian. */
export function xxh3Digest128(state: usize, result: usize): void {
  const total = load<u64>(state, TOTAL);
  if (total <= shortBytes) {
    short128(state + BUFFER, <u32>total, load<u64>(state, SEED), result);
    return;
  }
  finish(state);
  store<u64>(result, mergeLow(scratchAccumulators, state + SECRET, total));
  store<u64>(result, mergeHigh(scratchAccumulators, state + SECRET, total), 8);
}

/** Prepares the secret of the one-shot functions below. */
export function xxh3Seed(seed: u64): void {
  deriveSecret(scratchSecret, seed);
}

/** XXH3 of a message in memory, `bits` 64 or 128; `xxh3Seed(seed)` must have been called with the same seed. */
export function xxh3(input: usize, length: u32, seed: u64, bits: u32, result: usize): void {
  if (length <= shortBytes) {
    if (bits == 128) short128(input, length, seed, result);
    else store<u64>(result, short64(input, length, seed));
    return;
  }
  initAccumulators(scratchAccumulators);
  accumulate(scratchAccumulators, scratchSecret, 0, input, (length - 1) >> 6);
  accumulateLast(scratchAccumulators, scratchSecret, input + length - 64);
  store<u64>(result, mergeLow(scratchAccumulators, scratchSecret, length));
  if (bits == 128) store<u64>(result, mergeHigh(scratchAccumulators, scratchSecret, length), 8);
}
