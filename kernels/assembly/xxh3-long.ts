/**
 * XXH3 of more than 240 bytes: the stripe loop in 128-bit lanes and the final merge (xxHash specification, large
 * inputs). Eight 64-bit accumulators lie in memory between calls and in four vectors within one.
 */
import { avalanche, load64, multiplyFold, PRIME32_1, PRIME32_2, PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME64_5 } from "./bits";
import { secretBytes } from "./xxh3-secret";

const stripesPerBlock: u32 = 16;

export function initAccumulators(accumulators: usize): void {
  store<u64>(accumulators, PRIME32_3, 0);
  store<u64>(accumulators, PRIME64_1, 8);
  store<u64>(accumulators, PRIME64_2, 16);
  store<u64>(accumulators, PRIME64_3, 24);
  store<u64>(accumulators, PRIME64_4, 32);
  store<u64>(accumulators, PRIME32_2, 40);
  store<u64>(accumulators, PRIME64_5, 48);
  store<u64>(accumulators, PRIME32_1, 56);
}

/** The two products low32 * high32 of the lanes of `a` (and of `b` below), computed for a pair of vectors at once. */
// @ts-ignore: decorator
@inline
function lows(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function highs(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 1, 3, 5, 7);
}

// @ts-ignore: decorator
@inline
function swap(a: v128): v128 {
  return v128.shuffle<i64>(a, a, 1, 0);
}

// @ts-ignore: decorator
@inline
function scramble(sum: v128, key: v128): v128 {
  const mixed = v128.xor(v128.xor(sum, i64x2.shr_u(sum, 47)), key);
  return i64x2.mul(mixed, i64x2.splat(PRIME32_1));
}

/**
 * Accumulates `count` stripes of 64 bytes; `done` stripes of the current block (0..15) came before. After the 16th
 * stripe of a block the accumulators are scrambled, so call it only for stripes that at least one byte follows.
 * Returns the new `done`.
 */
export function accumulate(accumulators: usize, secret: usize, done: u32, input: usize, count: u32): u32 {
  let a0 = v128.load(accumulators, 0);
  let a1 = v128.load(accumulators, 16);
  let a2 = v128.load(accumulators, 32);
  let a3 = v128.load(accumulators, 48);
  const blockEnd = secret + stripesPerBlock * 8;
  let key = secret + done * 8;
  const inputEnd = input + (<usize>count << 6);
  while (input < inputEnd) {
    let end = input + ((blockEnd - key) << 3);
    if (end > inputEnd) end = inputEnd;
    do {
      const d0 = v128.load(input, 0);
      const d1 = v128.load(input, 16);
      const k0 = v128.xor(d0, v128.load(key, 0));
      const k1 = v128.xor(d1, v128.load(key, 16));
      const low01 = lows(k0, k1);
      const high01 = highs(k0, k1);
      a0 = i64x2.add(i64x2.add(a0, swap(d0)), i64x2.extmul_low_i32x4_u(low01, high01));
      a1 = i64x2.add(i64x2.add(a1, swap(d1)), i64x2.extmul_high_i32x4_u(low01, high01));
      const d2 = v128.load(input, 32);
      const d3 = v128.load(input, 48);
      const k2 = v128.xor(d2, v128.load(key, 32));
      const k3 = v128.xor(d3, v128.load(key, 48));
      const low23 = lows(k2, k3);
      const high23 = highs(k2, k3);
      a2 = i64x2.add(i64x2.add(a2, swap(d2)), i64x2.extmul_low_i32x4_u(low23, high23));
      a3 = i64x2.add(i64x2.add(a3, swap(d3)), i64x2.extmul_high_i32x4_u(low23, high23));
      input += 64;
      key += 8;
    } while (input < end);
    if (key == blockEnd) {
      const last = secret + secretBytes - 64;
      a0 = scramble(a0, v128.load(last, 0));
      a1 = scramble(a1, v128.load(last, 16));
      a2 = scramble(a2, v128.load(last, 32));
      a3 = scramble(a3, v128.load(last, 48));
      key = secret;
    }
  }
  v128.store(accumulators, a0, 0);
  v128.store(accumulators, a1, 16);
  v128.store(accumulators, a2, 32);
  v128.store(accumulators, a3, 48);
  return <u32>((key - secret) >> 3);
}

/** Accumulates the last 64 bytes of the message; no scramble follows. */
export function accumulateLast(accumulators: usize, secret: usize, stripe: usize): void {
  const key = secret + secretBytes - 71;
  for (let i: usize = 0; i < 64; i += 16) {
    const d = v128.load(stripe + i);
    const k = v128.xor(d, v128.load(key + i));
    const product = i64x2.mul(v128.and(k, i64x2.splat(0xffffffff)), i64x2.shr_u(k, 32));
    v128.store(accumulators + i, i64x2.add(i64x2.add(v128.load(accumulators + i), swap(d)), product));
  }
}

/** The low 64 bits of the digest, which are also XXH3-64. */
export function mergeLow(accumulators: usize, secret: usize, length: u64): u64 {
  return merge(accumulators, secret + 11, length * PRIME64_1);
}

/** The high 64 bits of the 128-bit digest. */
export function mergeHigh(accumulators: usize, secret: usize, length: u64): u64 {
  return merge(accumulators, secret + secretBytes - 75, ~(length * PRIME64_2));
}

function merge(accumulators: usize, key: usize, result: u64): u64 {
  for (let i: usize = 0; i < 64; i += 16) {
    result += multiplyFold(
      load64(accumulators + i) ^ load64(key + i),
      load64(accumulators + i + 8) ^ load64(key + i + 8),
    );
  }
  return avalanche(result);
}
