/** MD4 (RFC 1320), streaming: the oracle of the tests (node:crypto with OpenSSL 3 no longer offers it). */
import type { PlainDigest } from "../plain-digest.ts";

const blockBytes = 64;

/** First words of the four steps of each turn in round 3 (RFC 1320, 3.4). */
const round3Starts = [0, 2, 1, 3] as const;

/** A fresh MD4 digest of 16 bytes. */
export function createMd4(): PlainDigest {
  const state = new Int32Array(4);
  const words = new Int32Array(16);
  const buffer = new Uint8Array(blockBytes);
  let totalBytes = 0;

  const reset = (): void => {
    state.set([0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476]);
    totalBytes = 0;
  };
  const consume = (bytes: Uint8Array, offset: number): void => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset, blockBytes);
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(i * 4, true);
    addBlock(state, words);
  };
  const update = (bytes: Uint8Array): void => {
    const buffered = totalBytes % blockBytes;
    totalBytes += bytes.length;
    let offset = 0;
    if (buffered > 0) {
      offset = Math.min(blockBytes - buffered, bytes.length);
      buffer.set(bytes.subarray(0, offset), buffered);
      if (buffered + offset < blockBytes) return;
      consume(buffer, 0);
    }
    for (; offset + blockBytes <= bytes.length; offset += blockBytes) consume(bytes, offset);
    buffer.set(bytes.subarray(offset));
  };
  const digest = (): Uint8Array => {
    const padding = new Uint8Array(((119 - (totalBytes % blockBytes)) % blockBytes) + 9);
    padding[0] = 0x80;
    const tail = new DataView(padding.buffer, padding.length - 8);
    tail.setUint32(0, (totalBytes % 2 ** 29) * 8, true);
    tail.setUint32(4, Math.floor(totalBytes / 2 ** 29), true);
    update(padding);
    const result = new Uint8Array(16);
    const view = new DataView(result.buffer);
    state.forEach((word, index) => {
      view.setInt32(index * 4, word, true);
    });
    return result;
  };
  reset();
  return { update, digest, reset };
}

/** Mixes one block of sixteen words into the state. Four steps a turn, so that no variable has to move. */
function addBlock(state: Int32Array, words: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let i = 0; i < 16; i += 4) {
    a = rotate((a + ((b & c) | (~b & d)) + (words[i] ?? 0)) | 0, 3);
    d = rotate((d + ((a & b) | (~a & c)) + (words[i + 1] ?? 0)) | 0, 7);
    c = rotate((c + ((d & a) | (~d & b)) + (words[i + 2] ?? 0)) | 0, 11);
    b = rotate((b + ((c & d) | (~c & a)) + (words[i + 3] ?? 0)) | 0, 19);
  }
  for (let i = 0; i < 4; i++) {
    a = rotate((a + ((b & c) | (b & d) | (c & d)) + (words[i] ?? 0) + 0x5a827999) | 0, 3);
    d = rotate((d + ((a & b) | (a & c) | (b & c)) + (words[i + 4] ?? 0) + 0x5a827999) | 0, 5);
    c = rotate((c + ((d & a) | (d & b) | (a & b)) + (words[i + 8] ?? 0) + 0x5a827999) | 0, 9);
    b = rotate((b + ((c & d) | (c & a) | (d & a)) + (words[i + 12] ?? 0) + 0x5a827999) | 0, 13);
  }
  for (const i of round3Starts) {
    a = rotate((a + (b ^ c ^ d) + (words[i] ?? 0) + 0x6ed9eba1) | 0, 3);
    d = rotate((d + (a ^ b ^ c) + (words[i + 8] ?? 0) + 0x6ed9eba1) | 0, 9);
    c = rotate((c + (d ^ a ^ b) + (words[i + 4] ?? 0) + 0x6ed9eba1) | 0, 11);
    b = rotate((b + (c ^ d ^ a) + (words[i + 12] ?? 0) + 0x6ed9eba1) | 0, 15);
  }
  state[0] = (state[0] ?? 0) + a;
  state[1] = (state[1] ?? 0) + b;
  state[2] = (state[2] ?? 0) + c;
  state[3] = (state[3] ?? 0) + d;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
