/** 64-bit arithmetic on BigInts for the reference hashes (xxHash specification, notations and constants). */

/** The primes PRIME64_1 to PRIME64_5 by their number. */
export const prime64 = {
  1: 0x9e3779b185ebca87n,
  2: 0xc2b2ae3d27d4eb4fn,
  3: 0x165667b19e3779f9n,
  4: 0x85ebca77c2b2ae63n,
  5: 0x27d4eb2f165667c5n,
} as const;

/** The value modulo 2^64. */
export function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** Rotates a 64-bit value left. */
export function rotateLeft(value: bigint, bits: bigint): bigint {
  return wrap(value << bits) | (value >> (64n - bits));
}

/** Little-endian 64-bit value at an offset. */
export function read64(bytes: Uint8Array, offset: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, true);
}

/** Little-endian 32-bit value at an offset. */
export function read32(bytes: Uint8Array, offset: number): bigint {
  return BigInt(new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true));
}

/** The final mix of XXH64. */
export function avalanche64(value: bigint): bigint {
  value = wrap((value ^ (value >> 33n)) * prime64[2]);
  value = wrap((value ^ (value >> 29n)) * prime64[3]);
  return value ^ (value >> 32n);
}
