/** Constants and 64-bit helpers that all xxHash variants share (xxHash specification). */
export const PRIME32_1: u64 = 0x9e3779b1;
export const PRIME32_2: u64 = 0x85ebca77;
export const PRIME32_3: u64 = 0xc2b2ae3d;
export const PRIME64_1: u64 = 0x9e3779b185ebca87;
export const PRIME64_2: u64 = 0xc2b2ae3d27d4eb4f;
export const PRIME64_3: u64 = 0x165667b19e3779f9;
export const PRIME64_4: u64 = 0x85ebca77c2b2ae63;
export const PRIME64_5: u64 = 0x27d4eb2f165667c5;
export const PRIME_MX1: u64 = 0x165667919e3779f9;
export const PRIME_MX2: u64 = 0x9fb21c651e98df25;

// @ts-ignore: decorator
@inline
export function load64(address: usize): u64 {
  return load<u64>(address);
}

// @ts-ignore: decorator
@inline
export function load32(address: usize): u64 {
  return <u64>load<u32>(address);
}

/** The upper half of the 128-bit product. */
// @ts-ignore: decorator
@inline
export function multiplyHigh(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const lowLow = aLow * bLow;
  const highLow = aHigh * bLow;
  const lowHigh = aLow * bHigh;
  const cross = (lowLow >> 32) + (highLow & 0xffffffff) + lowHigh;
  return (highLow >> 32) + (cross >> 32) + aHigh * bHigh;
}

/** Both halves of the 128-bit product, xored. */
// @ts-ignore: decorator
@inline
export function multiplyFold(a: u64, b: u64): u64 {
  return (a * b) ^ multiplyHigh(a, b);
}

/** XXH3's final mix. */
export function avalanche(x: u64): u64 {
  x ^= x >> 37;
  x *= PRIME_MX1;
  return x ^ (x >> 32);
}

/** XXH64's final mix. */
export function avalanche64(x: u64): u64 {
  x ^= x >> 33;
  x *= PRIME64_2;
  x ^= x >> 29;
  x *= PRIME64_3;
  return x ^ (x >> 32);
}
