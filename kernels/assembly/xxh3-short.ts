/**
 * XXH3 of up to 240 bytes (xxHash specification, small and medium inputs). The seed enters the formulas directly; the
 * secret is always the default one.
 */
import {
  avalanche,
  avalanche64,
  load32,
  load64,
  multiplyFold,
  multiplyHigh,
  PRIME32_2,
  PRIME64_1,
  PRIME64_2,
  PRIME64_4,
  PRIME_MX2,
} from "./bits";
import { defaultSecret } from "./xxh3-secret";

export function short64(input: usize, length: u32, seed: u64): u64 {
  if (length > 16) return medium64(input, length, seed);
  const secret = defaultSecret;
  if (length > 8) {
    const low = ((load64(secret + 24) ^ load64(secret + 32)) + seed) ^ load64(input);
    const high = ((load64(secret + 40) ^ load64(secret + 48)) - seed) ^ load64(input + length - 8);
    return avalanche(<u64>length + bswap<u64>(low) + high + multiplyFold(low, high));
  }
  if (length >= 4) {
    const combined = load32(input + length - 4) | (load32(input) << 32);
    let value = ((load64(secret + 8) ^ load64(secret + 16)) - mixSeed(seed)) ^ combined;
    value ^= rotl<u64>(value, 49) ^ rotl<u64>(value, 24);
    value *= PRIME_MX2;
    value ^= (value >> 35) + length;
    value *= PRIME_MX2;
    return value ^ (value >> 28);
  }
  if (length > 0) {
    return avalanche64(((load32(secret) ^ load32(secret + 4)) + seed) ^ <u64>combine(input, length));
  }
  return avalanche64(seed ^ load64(secret + 56) ^ load64(secret + 64));
}

/** Stores low and high half at `result`. */
export function short128(input: usize, length: u32, seed: u64, result: usize): void {
  if (length > 16) {
    medium128(input, length, seed, result);
    return;
  }
  const secret = defaultSecret;
  let low: u64;
  let high: u64;
  if (length > 8) {
    const last = load64(input + length - 8);
    const first = ((load64(secret + 32) ^ load64(secret + 40)) - seed) ^ load64(input) ^ last;
    const second = ((load64(secret + 48) ^ load64(secret + 56)) + seed) ^ last;
    low = first * PRIME64_1 + (<u64>(length - 1) << 54);
    high = multiplyHigh(first, PRIME64_1) + second + (second & 0xffffffff) * (PRIME32_2 - 1);
    low ^= bswap<u64>(high);
    high = avalanche(multiplyHigh(low, PRIME64_2) + high * PRIME64_2);
    low = avalanche(low * PRIME64_2);
  } else if (length >= 4) {
    const combined = load32(input) | (load32(input + length - 4) << 32);
    const value = ((load64(secret + 16) ^ load64(secret + 24)) + mixSeed(seed)) ^ combined;
    const factor = PRIME64_1 + (<u64>length << 2);
    low = value * factor;
    high = multiplyHigh(value, factor) + (low << 1);
    low ^= high >> 3;
    low ^= low >> 35;
    low *= PRIME_MX2;
    low ^= low >> 28;
    high = avalanche(high);
  } else if (length > 0) {
    const combined = combine(input, length);
    const turned = <u64>rotl<u32>(bswap<u32>(combined), 13);
    low = avalanche64(((load32(secret) ^ load32(secret + 4)) + seed) ^ <u64>combined);
    high = avalanche64(((load32(secret + 8) ^ load32(secret + 12)) - seed) ^ turned);
  } else {
    low = avalanche64(seed ^ load64(secret + 64) ^ load64(secret + 72));
    high = avalanche64(seed ^ load64(secret + 80) ^ load64(secret + 88));
  }
  store<u64>(result, low);
  store<u64>(result + 8, high);
}

function mixSeed(seed: u64): u64 {
  return seed ^ (<u64>bswap<u32>(<u32>seed) << 32);
}

/** Last byte, length, first byte and middle byte of 1 to 3 bytes. */
function combine(input: usize, length: u32): u32 {
  return (
    <u32>load<u8>(input + length - 1) |
    (length << 8) |
    (<u32>load<u8>(input) << 16) |
    (<u32>load<u8>(input + (length >> 1)) << 24)
  );
}

function mix(data: usize, secret: usize, seed: u64): u64 {
  return multiplyFold(load64(data) ^ (load64(secret) + seed), load64(data + 8) ^ (load64(secret + 8) - seed));
}

function medium64(input: usize, length: u32, seed: u64): u64 {
  const secret = defaultSecret;
  let sum = <u64>length * PRIME64_1;
  if (length <= 128) {
    for (let i: i32 = (length - 1) >> 5; i >= 0; i--) {
      sum += mix(input + i * 16, secret + i * 32, seed);
      sum += mix(input + length - i * 16 - 16, secret + i * 32 + 16, seed);
    }
    return avalanche(sum);
  }
  for (let i: u32 = 0; i < 8; i++) sum += mix(input + i * 16, secret + i * 16, seed);
  sum = avalanche(sum);
  const chunks = length >> 4;
  for (let i: u32 = 8; i < chunks; i++) sum += mix(input + i * 16, secret + (i - 8) * 16 + 3, seed);
  return avalanche(sum + mix(input + length - 16, secret + 119, seed));
}

// @ts-ignore: decorator
@inline
function words(data: usize): u64 {
  return load64(data) + load64(data + 8);
}

function medium128(input: usize, length: u32, seed: u64, result: usize): void {
  const secret = defaultSecret;
  let low = <u64>length * PRIME64_1;
  let high: u64 = 0;
  if (length <= 128) {
    for (let i: i32 = (length - 1) >> 5; i >= 0; i--) {
      const start = input + i * 16;
      const end = input + length - i * 16 - 16;
      low = (low + mix(start, secret + i * 32, seed)) ^ words(end);
      high = (high + mix(end, secret + i * 32 + 16, seed)) ^ words(start);
    }
  } else {
    for (let i: u32 = 0; i < 4; i++) {
      const data = input + i * 32;
      low = (low + mix(data, secret + i * 32, seed)) ^ words(data + 16);
      high = (high + mix(data + 16, secret + i * 32 + 16, seed)) ^ words(data);
    }
    low = avalanche(low);
    high = avalanche(high);
    const chunks = length >> 5;
    for (let i: u32 = 4; i < chunks; i++) {
      const key = secret + (i - 4) * 32 + 3;
      const data = input + i * 32;
      low = (low + mix(data, key, seed)) ^ words(data + 16);
      high = (high + mix(data + 16, key + 16, seed)) ^ words(data);
    }
    // The last 32 bytes come in swapped order and with the negated seed.
    const last = input + length - 16;
    const before = last - 16;
    low = (low + mix(last, secret + 103, 0 - seed)) ^ words(before);
    high = (high + mix(before, secret + 119, 0 - seed)) ^ words(last);
  }
  store<u64>(result, avalanche(low + high));
  store<u64>(result + 8, 0 - avalanche(low * PRIME64_1 + high * PRIME64_4 + (<u64>length - seed) * PRIME64_2));
}
