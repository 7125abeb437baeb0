/**
 * MD4 and MD5 (RFC 1320, RFC 1321) of blocks, four at once: one in each 32-bit lane. These are the block sums for peers before
 * protocol 30 (MD4) and for `md5` (3-transfer 2.5).
 */
import { scratchLanes, scratchState, scratchWords } from "./layout";

/** What is digested: the block alone, or with the four bytes of the seed before or behind it. */
const SEED_BEFORE: u32 = 1;
const SEED_BEHIND: u32 = 2;

/** MD5's sines: floor(2^32 * abs(sin(i + 1))). */
const sines = memory.data<u32>([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
]);
/** Order of the words in MD4's third round. */
const thirdRound = memory.data<u8>([0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]);

const laneBytes: usize = 128;

/**
 * For each block of `blockLength` bytes of the `length` bytes at `input` (the last block may be shorter) stores its digest
 * of 16 bytes at `output` + 4, + 24, + 44 and so on: in the records of `blockSums`. The word before `input` may be read.
 */
export function messageDigests(
  input: usize,
  length: u32,
  blockLength: u32,
  isMd5: bool,
  seed: u32,
  seedPlace: u32,
  output: usize,
): void {
  while (length > 0) {
    const bytes = min(length, blockLength);
    // Blocks of equal length share a call; lanes without one repeat the first.
    const count = min<u32>(length / bytes, 4);
    fourDigests(input, bytes, count, isMd5, seed, seedPlace);
    for (let lane: u32 = 0; lane < count; lane++) {
      for (let word: usize = 0; word < 4; word++) {
        store<u32>(output + 4 + 4 * word, load<u32>(scratchState + 16 * word + 4 * <usize>lane));
      }
      output += 20;
    }
    input += count * bytes;
    length -= count * bytes;
  }
}

/** Leaves the state of up to four blocks, one behind the other, in scratch space. */
function fourDigests(input: usize, bytes: u32, count: u32, isMd5: bool, seed: u32, seedPlace: u32): void {
  v128.store(scratchState, i32x4.splat(0x67452301));
  v128.store(scratchState, i32x4.splat(0xefcdab89), 16);
  v128.store(scratchState, i32x4.splat(0x98badcfe), 32);
  v128.store(scratchState, i32x4.splat(0x10325476), 48);
  // A seed in front moves all words by one: the messages begin four bytes before the blocks.
  const shift: u32 = seedPlace == SEED_BEFORE ? 4 : 0;
  const total = bytes + shift;
  const first = input - shift;
  const second = count > 1 ? first + bytes : first;
  const third = count > 2 ? first + 2 * bytes : first;
  const fourth = count > 3 ? first + 3 * bytes : first;
  const whole = total & ~63;
  for (let done: u32 = 0; done < whole; done += 64) {
    gather(first + done, second + done, third + done, fourth + done);
    if (done == 0 && shift != 0) v128.store(scratchWords, i32x4.splat(seed));
    compress(isMd5);
  }
  let tails: u32 = 0;
  for (let lane: u32 = 0; lane < 4; lane++) {
    const from = lane == 0 ? first : lane == 1 ? second : lane == 2 ? third : fourth;
    tails = padTail(scratchLanes + laneBytes * lane, from + whole, total & 63, total, seed, seedPlace);
  }
  for (let done: u32 = 0; done < tails; done += 64) {
    const at = scratchLanes + done;
    gather(at, at + laneBytes, at + 2 * laneBytes, at + 3 * laneBytes);
    // Shorter than a chunk: the seed was not seen above.
    if (done == 0 && whole == 0 && shift != 0) v128.store(scratchWords, i32x4.splat(seed));
    compress(isMd5);
  }
}

/** The last bytes of a message, its padding and length: 64 or 128 bytes at `target`; returns how many. */
function padTail(target: usize, from: usize, left: u32, total: u32, seed: u32, seedPlace: u32): u32 {
  memory.fill(target, 0, laneBytes);
  memory.copy(target, from, left);
  if (seedPlace == SEED_BEHIND) {
    store<u32>(target + left, seed);
    left += 4;
    total += 4;
  }
  store<u8>(target + left, 0x80);
  const bytes: u32 = left + 9 <= 64 ? 64 : 128;
  store<u64>(target + bytes - 8, <u64>total << 3);
  return bytes;
}

/** The 16 words of four chunks, one chunk a lane, into scratch space. */
function gather(first: usize, second: usize, third: usize, fourth: usize): void {
  for (let at: usize = 0; at < 64; at += 4) {
    let words = v128.load_zero<u32>(first + at);
    words = v128.load_lane<u32>(second + at, words, 1);
    words = v128.load_lane<u32>(third + at, words, 2);
    words = v128.load_lane<u32>(fourth + at, words, 3);
    v128.store(scratchWords + 4 * at, words);
  }
}

// @ts-ignore: decorator
@inline
function rotate(v: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(v, bits), i32x4.shr_u(v, 32 - bits));
}

// @ts-ignore: decorator
@inline
function word(index: u32): v128 {
  return v128.load(scratchWords + (<usize>(index & 15) << 4));
}

// @ts-ignore: decorator
@inline
function plus3(a: v128, b: v128, c: v128): v128 {
  return i32x4.add(a, i32x4.add(b, c));
}

/** Adds the chunk in scratch space to the state. */
function compress(isMd5: bool): void {
  if (isMd5) compress5();
  else compress4();
}

// @ts-ignore: decorator
@inline
function step5(a: v128, b: v128, mixed: v128, index: u32, at: u32, bits: i32): v128 {
  const sine = v128.load_splat<u32>(sines + (<usize>index << 2));
  return i32x4.add(b, rotate(i32x4.add(plus3(a, mixed, sine), word(at)), bits));
}

function compress5(): void {
  let a = v128.load(scratchState);
  let b = v128.load(scratchState, 16);
  let c = v128.load(scratchState, 32);
  let d = v128.load(scratchState, 48);
  for (let i: u32 = 0; i < 16; i += 4) {
    a = step5(a, b, v128.bitselect(c, d, b), i, i, 7);
    d = step5(d, a, v128.bitselect(b, c, a), i + 1, i + 1, 12);
    c = step5(c, d, v128.bitselect(a, b, d), i + 2, i + 2, 17);
    b = step5(b, c, v128.bitselect(d, a, c), i + 3, i + 3, 22);
  }
  for (let i: u32 = 16; i < 32; i += 4) {
    a = step5(a, b, v128.bitselect(b, c, d), i, 5 * i + 1, 5);
    d = step5(d, a, v128.bitselect(a, b, c), i + 1, 5 * i + 6, 9);
    c = step5(c, d, v128.bitselect(d, a, b), i + 2, 5 * i + 11, 14);
    b = step5(b, c, v128.bitselect(c, d, a), i + 3, 5 * i, 20);
  }
  for (let i: u32 = 32; i < 48; i += 4) {
    a = step5(a, b, v128.xor(v128.xor(b, c), d), i, 3 * i + 5, 4);
    d = step5(d, a, v128.xor(v128.xor(a, b), c), i + 1, 3 * i + 8, 11);
    c = step5(c, d, v128.xor(v128.xor(d, a), b), i + 2, 3 * i + 11, 16);
    b = step5(b, c, v128.xor(v128.xor(c, d), a), i + 3, 3 * i + 14, 23);
  }
  for (let i: u32 = 48; i < 64; i += 4) {
    a = step5(a, b, v128.xor(c, v128.or(b, v128.not(d))), i, 7 * i, 6);
    d = step5(d, a, v128.xor(b, v128.or(a, v128.not(c))), i + 1, 7 * i + 7, 10);
    c = step5(c, d, v128.xor(a, v128.or(d, v128.not(b))), i + 2, 7 * i + 14, 15);
    b = step5(b, c, v128.xor(d, v128.or(c, v128.not(a))), i + 3, 7 * i + 21, 21);
  }
  addToState(a, b, c, d);
}

// @ts-ignore: decorator
@inline
function step4(a: v128, mixed: v128, added: v128, at: u32, bits: i32): v128 {
  return rotate(i32x4.add(plus3(a, mixed, added), word(at)), bits);
}

// @ts-ignore: decorator
@inline
function majority(a: v128, b: v128, c: v128): v128 {
  return v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)));
}

function compress4(): void {
  let a = v128.load(scratchState);
  let b = v128.load(scratchState, 16);
  let c = v128.load(scratchState, 32);
  let d = v128.load(scratchState, 48);
  const zero = i32x4.splat(0);
  for (let i: u32 = 0; i < 16; i += 4) {
    a = step4(a, v128.bitselect(c, d, b), zero, i, 3);
    d = step4(d, v128.bitselect(b, c, a), zero, i + 1, 7);
    c = step4(c, v128.bitselect(a, b, d), zero, i + 2, 11);
    b = step4(b, v128.bitselect(d, a, c), zero, i + 3, 19);
  }
  const root2 = i32x4.splat(0x5a827999);
  for (let i: u32 = 0; i < 4; i++) {
    a = step4(a, majority(b, c, d), root2, i, 3);
    d = step4(d, majority(a, b, c), root2, i + 4, 5);
    c = step4(c, majority(d, a, b), root2, i + 8, 9);
    b = step4(b, majority(c, d, a), root2, i + 12, 13);
  }
  const root3 = i32x4.splat(0x6ed9eba1);
  for (let i: usize = thirdRound; i < thirdRound + 16; i += 4) {
    a = step4(a, v128.xor(v128.xor(b, c), d), root3, load<u8>(i), 3);
    d = step4(d, v128.xor(v128.xor(a, b), c), root3, load<u8>(i + 1), 9);
    c = step4(c, v128.xor(v128.xor(d, a), b), root3, load<u8>(i + 2), 11);
    b = step4(b, v128.xor(v128.xor(c, d), a), root3, load<u8>(i + 3), 15);
  }
  addToState(a, b, c, d);
}

function addToState(a: v128, b: v128, c: v128, d: v128): void {
  v128.store(scratchState, i32x4.add(v128.load(scratchState), a));
  v128.store(scratchState, i32x4.add(v128.load(scratchState, 16), b), 16);
  v128.store(scratchState, i32x4.add(v128.load(scratchState, 32), c), 32);
  v128.store(scratchState, i32x4.add(v128.load(scratchState, 48), d), 48);
}
