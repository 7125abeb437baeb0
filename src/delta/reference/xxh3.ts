/**
 * XXH3-128 and XXH3-64 in plain TypeScript, literally after the xxHash specification: the oracle that the kernels are
 * tested against. Slow; nothing but tests may use it.
 */
import { avalanche64, prime64, read32, read64, rotateLeft, wrap } from "./bits.ts";

/** Low and high half of a 128-bit digest. */
export interface Digest128 {
  readonly low: bigint;
  readonly high: bigint;
}

const prime32 = { 1: 0x9e3779b1n, 2: 0x85ebca77n, 3: 0xc2b2ae3dn } as const;
const mx1 = 0x165667919e3779f9n;
const mx2 = 0x9fb21c651e98df25n;
const mask64 = 2n ** 64n - 1n;
const defaultSecret: Uint8Array = Uint8Array.from(
  Buffer.from(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248e" +
      "e03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d" +
      "8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc" +
      "8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
    "hex",
  ),
);

/** XXH3-64 of a message; seed and digest are unsigned 64-bit values. */
export function referenceXxh3(message: Uint8Array, seed = 0n): bigint {
  const { length } = message;
  if (length > 240) return large(message, seed).low;
  if (length > 16) return medium64(message, seed);
  const secret = (offset: number): bigint => read64(defaultSecret, offset) ^ read64(defaultSecret, offset + 8);
  if (length > 8) {
    const low = wrap(secret(24) + seed) ^ read64(message, 0);
    const high = wrap(secret(40) - seed) ^ read64(message, length - 8);
    return avalanche(wrap(BigInt(length) + swapBytes(low, 8) + high + fold(low * high)));
  }
  if (length > 3) {
    let value = wrap(secret(8) - mixSeed(seed)) ^ read32(message, length - 4) ^ (read32(message, 0) << 32n);
    value ^= rotateLeft(value, 49n) ^ rotateLeft(value, 24n);
    value = wrap(value * mx2);
    value = wrap((value ^ ((value >> 35n) + BigInt(length))) * mx2);
    return value ^ (value >> 28n);
  }
  if (length > 0) return tiny(message, seed).low;
  return avalanche64(seed ^ secret(56));
}

/** XXH3-128 of a message; the seed is an unsigned 64-bit value. */
export function referenceXxh128(message: Uint8Array, seed = 0n): Digest128 {
  const { length } = message;
  if (length > 240) return large(message, seed);
  if (length > 16) return medium128(message, seed);
  const secret = (offset: number): bigint => read64(defaultSecret, offset) ^ read64(defaultSecret, offset + 8);
  if (length > 8) {
    const last = read64(message, length - 8);
    const first = wrap(secret(32) - seed) ^ read64(message, 0) ^ last;
    const second = wrap(secret(48) + seed) ^ last;
    const product = first * prime64[1];
    const high = wrap((product >> 64n) + ((second >> 32n) << 32n) + (second & 0xffffffffn) * prime32[2]);
    const low = wrap(product + (BigInt(length - 1) << 54n)) ^ swapBytes(high, 8);
    const whole = low * prime64[2] + ((high * prime64[2]) << 64n);
    return { low: avalanche(wrap(whole)), high: avalanche(wrap(whole >> 64n)) };
  }
  if (length > 3) {
    const value = wrap(secret(16) + mixSeed(seed)) ^ read32(message, 0) ^ (read32(message, length - 4) << 32n);
    const product = value * (prime64[1] + BigInt(length << 2));
    const high = wrap((product >> 64n) + (wrap(product) << 1n));
    let low = wrap(product) ^ (high >> 3n);
    low = wrap((low ^ (low >> 35n)) * mx2);
    return { low: low ^ (low >> 28n), high: avalanche(high) };
  }
  if (length > 0) return tiny(message, seed);
  return { low: avalanche64(seed ^ secret(64)), high: avalanche64(seed ^ secret(80)) };
}

/** 1 to 3 bytes. */
function tiny(message: Uint8Array, seed: bigint): Digest128 {
  const { length } = message;
  const at = (index: number): bigint => BigInt(message[index] ?? 0);
  const combined = at(length - 1) | BigInt(length << 8) | (at(0) << 16n) | (at(length >> 1) << 24n);
  const swapped = swapBytes(combined, 4);
  const turned = BigInt.asUintN(32, swapped << 13n) | (swapped >> 19n);
  const key = (offset: number): bigint => read32(defaultSecret, offset) ^ read32(defaultSecret, offset + 4);
  return { low: avalanche64(wrap(key(0) + seed) ^ combined), high: avalanche64(wrap(key(8) - seed) ^ turned) };
}

function mix(message: Uint8Array, offset: number, secretOffset: number, seed: bigint): bigint {
  const a = read64(message, offset) ^ wrap(read64(defaultSecret, secretOffset) + seed);
  const b = read64(message, offset + 8) ^ wrap(read64(defaultSecret, secretOffset + 8) - seed);
  return fold(a * b);
}

function medium64(message: Uint8Array, seed: bigint): bigint {
  const { length } = message;
  let sum = BigInt(length) * prime64[1];
  if (length <= 128) {
    for (let i = (length - 1) >> 5; i >= 0; i--) {
      sum += mix(message, i * 16, i * 32, seed) + mix(message, length - i * 16 - 16, i * 32 + 16, seed);
    }
    return avalanche(wrap(sum));
  }
  for (let i = 0; i < 8; i++) sum += mix(message, i * 16, i * 16, seed);
  sum = avalanche(wrap(sum));
  for (let i = 8; i < length >> 4; i++) sum += mix(message, i * 16, (i - 8) * 16 + 3, seed);
  return avalanche(wrap(sum + mix(message, length - 16, 119, seed)));
}

function medium128(message: Uint8Array, seed: bigint): Digest128 {
  const { length } = message;
  let low = wrap(BigInt(length) * prime64[1]);
  let high = 0n;
  const words = (offset: number): bigint => wrap(read64(message, offset) + read64(message, offset + 8));
  const mixTwo = (first: number, second: number, secretOffset: number, key: bigint): void => {
    low = wrap(low + mix(message, first, secretOffset, key)) ^ words(second);
    high = wrap(high + mix(message, second, secretOffset + 16, key)) ^ words(first);
  };
  if (length <= 128) {
    for (let i = (length - 1) >> 5; i >= 0; i--) mixTwo(i * 16, length - i * 16 - 16, i * 32, seed);
  } else {
    for (let i = 0; i < 4; i++) mixTwo(i * 32, i * 32 + 16, i * 32, seed);
    low = avalanche(low);
    high = avalanche(high);
    for (let i = 4; i < length >> 5; i++) mixTwo(i * 32, i * 32 + 16, (i - 4) * 32 + 3, seed);
    mixTwo(length - 16, length - 32, 103, wrap(-seed));
  }
  const last = wrap(low * prime64[1] + high * prime64[4] + (BigInt(length) - seed) * prime64[2]);
  return { low: avalanche(wrap(low + high)), high: wrap(-avalanche(last)) };
}

function large(message: Uint8Array, seed: bigint): Digest128 {
  const { length } = message;
  const secret = deriveSecret(seed);
  const sums: bigint[] = [
    prime32[3],
    prime64[1],
    prime64[2],
    prime64[3],
    prime64[4],
    prime32[2],
    prime64[5],
    prime32[1],
  ];
  const accumulate = (offset: number, secretOffset: number): void => {
    for (let i = 0; i < 8; i++) {
      const data = read64(message, offset + i * 8);
      const value = data ^ read64(secret, secretOffset + i * 8);
      sums[i ^ 1] = wrap((sums[i ^ 1] ?? 0n) + data);
      sums[i] = wrap((sums[i] ?? 0n) + (value & 0xffffffffn) * (value >> 32n));
    }
  };
  const stripes = (length - 1) >> 6;
  for (let stripe = 0; stripe < stripes; stripe++) {
    accumulate(stripe * 64, (stripe % 16) * 8);
    if (stripe % 16 === 15) {
      sums.forEach((sum, i) => {
        sums[i] = wrap((sum ^ (sum >> 47n) ^ read64(secret, 128 + i * 8)) * prime32[1]);
      });
    }
  }
  accumulate(length - 64, 121);
  const merge = (start: bigint, secretOffset: number): bigint => {
    let result = start;
    for (let i = 0; i < 8; i += 2) {
      const a = (sums[i] ?? 0n) ^ read64(secret, secretOffset + i * 8);
      const b = (sums[i + 1] ?? 0n) ^ read64(secret, secretOffset + i * 8 + 8);
      result += fold(a * b);
    }
    return avalanche(wrap(result));
  };
  const size = BigInt(length);
  return { low: merge(size * prime64[1], 11), high: merge(wrap(size * prime64[2]) ^ mask64, 117) };
}

function deriveSecret(seed: bigint): Uint8Array {
  const secret = defaultSecret.slice();
  const view = new DataView(secret.buffer);
  for (let i = 0; i < secret.length; i += 16) {
    view.setBigUint64(i, wrap(read64(secret, i) + seed), true);
    view.setBigUint64(i + 8, wrap(read64(secret, i + 8) - seed), true);
  }
  return secret;
}

function avalanche(value: bigint): bigint {
  value = wrap((value ^ (value >> 37n)) * mx1);
  return value ^ (value >> 32n);
}

function fold(product: bigint): bigint {
  return wrap(product) ^ (product >> 64n);
}

function mixSeed(seed: bigint): bigint {
  return seed ^ (swapBytes(seed & 0xffffffffn, 4) << 32n);
}

function swapBytes(value: bigint, bytes: number): bigint {
  let swapped = 0n;
  for (let i = 0; i < bytes; i++) swapped = (swapped << 8n) | ((value >> BigInt(i * 8)) & 0xffn);
  return swapped;
}
