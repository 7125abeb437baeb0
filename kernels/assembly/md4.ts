/**
 * MD4 (RFC 1320) of a message that comes in pieces: whole files for peers before protocol 30 and for `md4`.
 *
 * State (fields in bytes): 0 the four words, 16 total length, 24 bytes in the buffer, 64 buffer of 64 bytes, 128 the end of
 * the message with its padding.
 */
const TOTAL: usize = 16;
const BUFFERED: usize = 24;
const BUFFER: usize = 64;
const TAIL: usize = 128;
const chunkBytes: u32 = 64;

// @ts-ignore: decorator
@inline
function choose(a: u32, b: u32, c: u32, d: u32, word: u32, bits: u32): u32 {
  return rotl<u32>(a + (d ^ (b & (c ^ d))) + word, bits);
}

// @ts-ignore: decorator
@inline
function majority(a: u32, b: u32, c: u32, d: u32, word: u32, bits: u32): u32 {
  return rotl<u32>(a + ((b & c) | (d & (b | c))) + word + 0x5a827999, bits);
}

// @ts-ignore: decorator
@inline
function parity(a: u32, b: u32, c: u32, d: u32, word: u32, bits: u32): u32 {
  return rotl<u32>(a + (b ^ c ^ d) + word + 0x6ed9eba1, bits);
}

/** Consumes `count` chunks. */
function consume(state: usize, input: usize, count: u32): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  for (; count > 0; count--) {
    const a0 = a;
    const b0 = b;
    const c0 = c;
    const d0 = d;
    a = choose(a, b, c, d, load<u32>(input, 0), 3);
    d = choose(d, a, b, c, load<u32>(input, 4), 7);
    c = choose(c, d, a, b, load<u32>(input, 8), 11);
    b = choose(b, c, d, a, load<u32>(input, 12), 19);
    a = choose(a, b, c, d, load<u32>(input, 16), 3);
    d = choose(d, a, b, c, load<u32>(input, 20), 7);
    c = choose(c, d, a, b, load<u32>(input, 24), 11);
    b = choose(b, c, d, a, load<u32>(input, 28), 19);
    a = choose(a, b, c, d, load<u32>(input, 32), 3);
    d = choose(d, a, b, c, load<u32>(input, 36), 7);
    c = choose(c, d, a, b, load<u32>(input, 40), 11);
    b = choose(b, c, d, a, load<u32>(input, 44), 19);
    a = choose(a, b, c, d, load<u32>(input, 48), 3);
    d = choose(d, a, b, c, load<u32>(input, 52), 7);
    c = choose(c, d, a, b, load<u32>(input, 56), 11);
    b = choose(b, c, d, a, load<u32>(input, 60), 19);
    a = majority(a, b, c, d, load<u32>(input, 0), 3);
    d = majority(d, a, b, c, load<u32>(input, 16), 5);
    c = majority(c, d, a, b, load<u32>(input, 32), 9);
    b = majority(b, c, d, a, load<u32>(input, 48), 13);
    a = majority(a, b, c, d, load<u32>(input, 4), 3);
    d = majority(d, a, b, c, load<u32>(input, 20), 5);
    c = majority(c, d, a, b, load<u32>(input, 36), 9);
    b = majority(b, c, d, a, load<u32>(input, 52), 13);
    a = majority(a, b, c, d, load<u32>(input, 8), 3);
    d = majority(d, a, b, c, load<u32>(input, 24), 5);
    c = majority(c, d, a, b, load<u32>(input, 40), 9);
    b = majority(b, c, d, a, load<u32>(input, 56), 13);
    a = majority(a, b, c, d, load<u32>(input, 12), 3);
    d = majority(d, a, b, c, load<u32>(input, 28), 5);
    c = majority(c, d, a, b, load<u32>(input, 44), 9);
    b = majority(b, c, d, a, load<u32>(input, 60), 13);
    a = parity(a, b, c, d, load<u32>(input, 0), 3);
    d = parity(d, a, b, c, load<u32>(input, 32), 9);
    c = parity(c, d, a, b, load<u32>(input, 16), 11);
    b = parity(b, c, d, a, load<u32>(input, 48), 15);
    a = parity(a, b, c, d, load<u32>(input, 8), 3);
    d = parity(d, a, b, c, load<u32>(input, 40), 9);
    c = parity(c, d, a, b, load<u32>(input, 24), 11);
    b = parity(b, c, d, a, load<u32>(input, 56), 15);
    a = parity(a, b, c, d, load<u32>(input, 4), 3);
    d = parity(d, a, b, c, load<u32>(input, 36), 9);
    c = parity(c, d, a, b, load<u32>(input, 20), 11);
    b = parity(b, c, d, a, load<u32>(input, 52), 15);
    a = parity(a, b, c, d, load<u32>(input, 12), 3);
    d = parity(d, a, b, c, load<u32>(input, 44), 9);
    c = parity(c, d, a, b, load<u32>(input, 28), 11);
    b = parity(b, c, d, a, load<u32>(input, 60), 15);
    a += a0;
    b += b0;
    c += c0;
    d += d0;
    input += 64;
  }
  store<u32>(state, a);
  store<u32>(state, b, 4);
  store<u32>(state, c, 8);
  store<u32>(state, d, 12);
}

/** Starts a message. */
export function md4Reset(state: usize): void {
  store<u32>(state, 0x67452301);
  store<u32>(state, 0xefcdab89, 4);
  store<u32>(state, 0x98badcfe, 8);
  store<u32>(state, 0x10325476, 12);
  store<u64>(state, 0, TOTAL);
  store<u32>(state, 0, BUFFERED);
}

/** Adds `length` bytes to the message. */
export function md4Update(state: usize, input: usize, length: u32): void {
  store<u64>(state, load<u64>(state, TOTAL) + length, TOTAL);
  const buffered = load<u32>(state, BUFFERED);
  const buffer = state + BUFFER;
  if (length < chunkBytes - buffered) {
    memory.copy(buffer + buffered, input, length);
    store<u32>(state, buffered + length, BUFFERED);
    return;
  }
  if (buffered > 0) {
    const missing = chunkBytes - buffered;
    memory.copy(buffer + buffered, input, missing);
    consume(state, buffer, 1);
    input += missing;
    length -= missing;
  }
  const count = length >> 6;
  consume(state, input, count);
  const left = length & 63;
  memory.copy(buffer, input + (count << 6), left);
  store<u32>(state, left, BUFFERED);
}

/** Stores the 16 bytes of the digest; only `md4Reset` may follow. */
export function md4Digest(state: usize, result: usize): void {
  const buffered = load<u32>(state, BUFFERED);
  const tail = state + TAIL;
  memory.fill(tail, 0, 128);
  memory.copy(tail, state + BUFFER, buffered);
  store<u8>(tail + buffered, 0x80);
  const bytes: u32 = buffered + 9 <= chunkBytes ? 64 : 128;
  store<u64>(tail + bytes - 8, load<u64>(state, TOTAL) << 3);
  consume(state, tail, bytes >> 6);
  memory.copy(result, state, 16);
}
