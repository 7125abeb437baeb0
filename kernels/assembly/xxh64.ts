/**
 * XXH64, streaming and in one call (xxHash specification, XXH64).
 *
 * State (fields in bytes): 0 four accumulators, 32 total length, 40 seed, 48 bytes in the buffer, 64 buffer of 32
 * bytes.
 */
import { avalanche64, load32, load64, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME64_5 } from "./bits";
import { scratchAccumulators } from "./layout";

const TOTAL: usize = 32;
const SEED: usize = 40;
const BUFFERED: usize = 48;
const BUFFER: usize = 64;

// @ts-ignore: decorator
@inline
function round(sum: u64, lane: u64): u64 {
  return rotl<u64>(sum + lane * PRIME64_2, 31) * PRIME64_1;
}

function init(state: usize, seed: u64): void {
  store<u64>(state, seed + PRIME64_1 + PRIME64_2, 0);
  store<u64>(state, seed + PRIME64_2, 8);
  store<u64>(state, seed, 16);
  store<u64>(state, seed - PRIME64_1, 24);
}

/** Consumes `count` stripes of 32 bytes. */
function consume(state: usize, input: usize, count: u32): void {
  let a = load64(state);
  let b = load64(state + 8);
  let c = load64(state + 16);
  let d = load64(state + 24);
  const end = input + (<usize>count << 5);
  while (input < end) {
    a = round(a, load<u64>(input, 0));
    b = round(b, load<u64>(input, 8));
    c = round(c, load<u64>(input, 16));
    d = round(d, load<u64>(input, 24));
    input += 32;
  }
  store<u64>(state, a, 0);
  store<u64>(state, b, 8);
  store<u64>(state, c, 16);
  store<u64>(state, d, 24);
}

function merge(sum: u64, accumulator: u64): u64 {
  return (sum ^ round(0, accumulator)) * PRIME64_1 + PRIME64_4;
}

/** The digest from the accumulators at `state` and the `length` bytes (0..31) that fill no stripe. */
function finish(state: usize, seed: u64, total: u64, input: usize, length: u32): u64 {
  let sum = seed + PRIME64_5;
  if (total >= 32) {
    const a = load64(state);
    const b = load64(state + 8);
    const c = load64(state + 16);
    const d = load64(state + 24);
    sum = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
    sum = merge(merge(merge(merge(sum, a), b), c), d);
  }
  sum += total;
  while (length >= 8) {
    sum = rotl<u64>(sum ^ round(0, load64(input)), 27) * PRIME64_1 + PRIME64_4;
    input += 8;
    length -= 8;
  }
  if (length >= 4) {
    sum = rotl<u64>(sum ^ (load32(input) * PRIME64_1), 23) * PRIME64_2 + PRIME64_3;
    input += 4;
    length -= 4;
  }
  while (length > 0) {
    sum = rotl<u64>(sum ^ (<u64>load<u8>(input) * PRIME64_5), 11) * PRIME64_1;
    input += 1;
    length -= 1;
  }
  return avalanche64(sum);
}

/** Starts a message. */
export function xxh64Reset(state: usize, seed: u64): void {
  init(state, seed);
  store<u64>(state, 0, TOTAL);
  store<u64>(state, seed, SEED);
  store<u32>(state, 0, BUFFERED);
}

/** Adds `length` bytes to the message. */
export function xxh64Update(state: usize, input: usize, length: u32): void {
  store<u64>(state, load<u64>(state, TOTAL) + length, TOTAL);
  const buffered = load<u32>(state, BUFFERED);
  const buffer = state + BUFFER;
  if (length < 32 - buffered) {
    memory.copy(buffer + buffered, input, length);
    store<u32>(state, buffered + length, BUFFERED);
    return;
  }
  if (buffered > 0) {
    const missing = 32 - buffered;
    memory.copy(buffer + buffered, input, missing);
    consume(state, buffer, 1);
    input += missing;
    length -= missing;
  }
  const count = length >> 5;
  consume(state, input, count);
  const left = length & 31;
  memory.copy(buffer, input + (count << 5), left);
  store<u32>(state, left, BUFFERED);
}

/** Stores the 8 bytes of the digest, little-endian; the state stays as it is. */
export function xxh64Digest(state: usize, result: usize): void {
  const seed = load<u64>(state, SEED);
  store<u64>(result, finish(state, seed, load<u64>(state, TOTAL), state + BUFFER, load<u32>(state, BUFFERED)));
}

/** XXH64 of a message in memory. */
export function xxh64(input: usize, length: u32, seed: u64, result: usize): void {
  init(scratchAccumulators, seed);
  const count = length >> 5;
  consume(scratchAccumulators, input, count);
  store<u64>(result, finish(scratchAccumulators, seed, length, input + (count << 5), length & 31));
}
