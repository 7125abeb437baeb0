/**
 * XXH64 in plain TypeScript, literally after the xxHash specification: the oracle that the kernel is tested against.
 * Slow; nothing but tests may use it.
 */
import { avalanche64, prime64, read32, read64, rotateLeft, wrap } from "./bits.ts";

/** XXH64 of a message; seed and digest are unsigned 64-bit values. */
export function referenceXxh64(message: Uint8Array, seed = 0n): bigint {
  let position = 0;
  let sum: bigint;
  if (message.length >= 32) {
    const lanes = [seed + prime64[1] + prime64[2], seed + prime64[2], seed, seed - prime64[1]].map(wrap);
    for (; position + 32 <= message.length; position += 32) {
      lanes.forEach((lane, index) => {
        lanes[index] = round(lane, read64(message, position + index * 8));
      });
    }
    const turns = [1n, 7n, 12n, 18n];
    sum = wrap(lanes.reduce((total, lane, index) => total + rotateLeft(lane, turns[index] ?? 0n), 0n));
    for (const lane of lanes) sum = wrap((sum ^ round(0n, lane)) * prime64[1] + prime64[4]);
  } else {
    sum = wrap(seed + prime64[5]);
  }
  sum = wrap(sum + BigInt(message.length));
  for (; position + 8 <= message.length; position += 8) {
    sum = wrap(rotateLeft(sum ^ round(0n, read64(message, position)), 27n) * prime64[1] + prime64[4]);
  }
  if (position + 4 <= message.length) {
    sum = wrap(rotateLeft(sum ^ wrap(read32(message, position) * prime64[1]), 23n) * prime64[2] + prime64[3]);
    position += 4;
  }
  for (const byte of message.subarray(position)) {
    sum = wrap(rotateLeft(sum ^ wrap(BigInt(byte) * prime64[5]), 11n) * prime64[1]);
  }
  return avalanche64(sum);
}

function round(accumulator: bigint, lane: bigint): bigint {
  return wrap(rotateLeft(wrap(accumulator + lane * prime64[2]), 31n) * prime64[1]);
}
