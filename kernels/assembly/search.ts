/**
 * The sender's rolling search (3-transfer 3.2): from place to place until one whose rolling sum may be a block's. Eight
 * places a step, their sums in the lanes of 16-bit vectors, modulo 2^16 as the sums are.
 *
 * Two filters stand before the host's table. The first has a 32-bit word for each of the 65,536 values of s1 + s2, with bit
 * s1 mod 32 set for each block: s1 + s2 and s1 make up the whole sum. The second is a bitmap by hashed sum.
 * The host counts places whose bucket in its table is not empty (`hash_hits`). The bucket of up to some 52,000 blocks
 * is s1 + s2 too, so that a word is 0 where the bucket is empty; of more it is a remainder, and a bitmap tells.
 * Where the basis is overwritten, blocks behind the place fall out of their buckets: `keep` has for each
 * bucket the highest block in it. The first place that meets a bucket without a block that still stands empties it. So
 * that not every hit has to be looked at for that, the word of a bucket whose last block has fallen lets everything pass,
 * and in the bitmap it has a second bit.
 */
import { searchState } from "./layout";

/** Addresses of the filters, and 32 less the binary logarithm of the second one's bits. */
const FILTER: usize = 0;
const SECOND: usize = 4;
const SECOND_SHIFT: usize = 8;
/** Number of buckets and address of their bitmap; 0 where the first filter tells. */
const BUCKETS: usize = 12;
const OCCUPIED: usize = 16;
/** Address of the highest block of each bucket, 0 where the basis stays as it is. */
const KEEP: usize = 20;
const BLOCK_LENGTH: usize = 24;
/** Address of the rolling sums of the blocks, their number, and how many of them have fallen at the place. */
const ROLLING: usize = 44;
const COUNT: usize = 56;
const FALLEN: usize = 60;
/** Address, rolling sum and length of the place; the host sets them, the search moves them. */
const AT: usize = 28;
const SUM: usize = 32;
const LENGTH: usize = 36;
/** Places of the last call whose bucket was not empty. */
const HITS: usize = 40;
/** File offset of address 0, modulo 2^64. */
const ORIGIN: usize = 48;
/** Both halves of the sums of a step, when they are looked at one by one. */
const LANES_LOW: usize = 64;
const LANES_HIGH: usize = 80;

/** In `keep`: the bucket has a block that stands where the result wants it, and stays. */
const ALWAYS: u32 = 0xffffffff;

// @ts-ignore: decorator
@inline
function wordAddress(sum: u32): usize {
  return load<u32>(searchState, FILTER) + (((sum + (sum >> 16)) & 0xffff) << 2);
}

function bucketOf(sum: u32): u32 {
  const buckets = load<u32>(searchState, BUCKETS);
  return buckets == 0 ? (sum + (sum >> 16)) & 0xffff : sum % buckets;
}

/** In the bitmap of buckets that are remainders each has two bits: it is not empty; all its blocks have fallen. */
// @ts-ignore: decorator
@inline
function bitmapAddress(bucket: u32): usize {
  return load<u32>(searchState, OCCUPIED) + ((bucket >> 4) << 2);
}

function isOccupied(sum: u32): bool {
  const buckets = load<u32>(searchState, BUCKETS);
  if (buckets == 0) return load<u32>(wordAddress(sum)) != 0;
  const bucket = sum % buckets;
  return ((load<u32>(bitmapAddress(bucket)) >> ((bucket & 15) << 1)) & 1) != 0;
}

function empty(sum: u32): void {
  const buckets = load<u32>(searchState, BUCKETS);
  if (buckets == 0) {
    store<u32>(wordAddress(sum), 0);
    return;
  }
  const bucket = sum % buckets;
  const address = bitmapAddress(bucket);
  store<u32>(address, load<u32>(address) & ~(<u32>3 << ((bucket & 15) << 1)));
}

/** Whether some block of the bucket still stands when the result has grown to the place at address `at`. */
function stands(sum: u32, at: usize): bool {
  const keep = load<u32>(load<u32>(searchState, KEEP) + (bucketOf(sum) << 2));
  if (keep == ALWAYS) return true;
  return <u64>keep * load<u32>(searchState, BLOCK_LENGTH) >= load<u64>(searchState, ORIGIN) + at;
}

function passesSecond(sum: u32): bool {
  const bit = (sum * 0x9e3779b1) >> load<u32>(searchState, SECOND_SHIFT);
  return ((load<u8>(load<u32>(searchState, SECOND) + (bit >> 3)) >> (bit & 7)) & 1) != 0;
}

/** Looks at one place: counts it, and says whether the host must look too. */
function examine(at: usize, sum: u32): bool {
  if (!isOccupied(sum)) return false;
  store<u32>(searchState, load<u32>(searchState, HITS) + 1, HITS);
  if (load<u32>(searchState, KEEP) != 0 && !stands(sum, at)) {
    empty(sum);
    return false;
  }
  return ((load<u32>(wordAddress(sum)) >> (sum & 31)) & 1) != 0 && passesSecond(sum);
}

// @ts-ignore: decorator
@inline
function prefixSums(v: v128): v128 {
  const zero = i16x8.splat(0);
  v = i16x8.add(v, v128.shuffle<i16>(zero, v, 0, 8, 9, 10, 11, 12, 13, 14));
  v = i16x8.add(v, v128.shuffle<i16>(zero, v, 0, 0, 8, 9, 10, 11, 12, 13));
  return i16x8.add(v, v128.shuffle<i16>(zero, v, 0, 0, 0, 0, 8, 9, 10, 11));
}

// @ts-ignore: decorator
@inline
function last(v: v128): v128 {
  return v128.shuffle<i16>(v, v, 7, 7, 7, 7, 7, 7, 7, 7);
}

/** The sums in 32-bit lanes modulo the number of buckets, of which `reciprocal` is 2^32 divided by it, without a fraction. */
// @ts-ignore: decorator
@inline
function remainders(sums: v128, buckets: v128, reciprocal: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(sums, reciprocal);
  const high = i64x2.extmul_high_i32x4_u(sums, reciprocal);
  // The quotient, or one less.
  const quotients = v128.shuffle<i32>(low, high, 1, 3, 5, 7);
  const rests = i32x4.sub(sums, i32x4.mul(quotients, buckets));
  return i32x4.min_u(rests, i32x4.sub(rests, buckets));
}

/** The words of the bitmap of buckets for four of these. */
// @ts-ignore: decorator
@inline
function bucketWords(bitmap: usize, buckets: v128): v128 {
  const offsets = i32x4.shl(i32x4.shr_u(buckets, 4), 2);
  const low = <u64>i64x2.extract_lane(offsets, 0);
  const high = <u64>i64x2.extract_lane(offsets, 1);
  let words = v128.load_zero<u32>(bitmap + <u32>low);
  words = v128.load_lane<u32>(bitmap + <u32>(low >> 32), words, 1);
  words = v128.load_lane<u32>(bitmap + <u32>high, words, 2);
  return v128.load_lane<u32>(bitmap + <u32>(high >> 32), words, 3);
}

/** The first of the two bits of each bucket in its word. */
// @ts-ignore: decorator
@inline
function bucketBits(buckets: v128): v128 {
  const numbers = i32x4.shl(v128.and(buckets, i32x4.splat(15)), 1);
  return bitOf(v128.shuffle<i8>(numbers, numbers, 0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12));
}

/** For buckets that are remainders. Bit k: that of lane k is not empty; bit 8 + k: all its blocks have fallen. */
// @ts-ignore: decorator
@inline
function bucketLanes(s1: v128, s2: v128, buckets: v128, reciprocal: v128): u32 {
  const bitmap: usize = load<u32>(searchState, OCCUPIED);
  const first = remainders(v128.shuffle<i16>(s1, s2, 0, 8, 1, 9, 2, 10, 3, 11), buckets, reciprocal);
  const second = remainders(v128.shuffle<i16>(s1, s2, 4, 12, 5, 13, 6, 14, 7, 15), buckets, reciprocal);
  const firstWords = bucketWords(bitmap, first);
  const secondWords = bucketWords(bitmap, second);
  const firstBits = bucketBits(first);
  const secondBits = bucketBits(second);
  const occupied = nonZeroLanes(v128.and(firstWords, firstBits), v128.and(secondWords, secondBits));
  const fallen = nonZeroLanes(
    v128.and(firstWords, i32x4.shl(firstBits, 1)),
    v128.and(secondWords, i32x4.shl(secondBits, 1)),
  );
  return occupied | (fallen << 8);
}

/** In each 32-bit lane the bit whose number (0 to 31) all its bytes have. */
// @ts-ignore: decorator
@inline
function bitOf(numbers: v128): v128 {
  // Byte j of a lane holds bits 8j to 8j + 7; indices from 8 on, and negative ones, give 0.
  const index = i8x16.sub(numbers, i8x16(0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24));
  return i8x16.swizzle(i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0), index);
}

/** Bit k: lane k of the eight is not 0. */
// @ts-ignore: decorator
@inline
function nonZeroLanes(first: v128, second: v128): u32 {
  const zero = i32x4.splat(0);
  return 0xff ^ <u32>i16x8.bitmask(i16x8.narrow_i32x4_s(i32x4.eq(first, zero), i32x4.eq(second, zero)));
}

/**
 * Moves on from the place in the state, which has been looked at, in steps of eight places: as long as these are not behind
 * `lastPlace` and their last bytes are before `end`, and to the first that the host must look at. True for such a one.
 * Hot (bench: delta-unlike).
 */
function searchEights(lastPlace: usize, end: usize): bool {
  let at: usize = load<u32>(searchState, AT);
  const length: usize = load<u32>(searchState, LENGTH);
  const stop = min(lastPlace, end - length);
  if (at + 8 > stop) return false;
  const filter: usize = load<u32>(searchState, FILTER);
  const bucketCount = load<u32>(searchState, BUCKETS);
  const buckets = i32x4.splat(bucketCount);
  const reciprocal = i32x4.splat(bucketCount == 0 ? 0 : <u32>(<u64>0x100000000 / bucketCount));
  const keep: usize = load<u32>(searchState, KEEP);
  const factor = i16x8.splat(<i16>length);
  const ramp = i16x8(1, 2, 3, 4, 5, 6, 7, 8);
  let s1 = i16x8.splat(<i16>load<u16>(searchState, SUM));
  let s2 = i16x8.splat(<i16>load<u16>(searchState, SUM + 2));
  let hits: u32 = 0;
  const origin = load<u64>(searchState, ORIGIN);
  // At places behind it the next block falls.
  let border = keep != 0 ? nextBorder() : u64.MAX_VALUE;
  let found = false;
  do {
    const old = v128.load_ext<i8>(at);
    const first = prefixSums(i16x8.sub(v128.load_ext<i8>(at + length), old));
    const second = prefixSums(i16x8.sub(first, i16x8.mul(old, factor)));
    s2 = i16x8.add(i16x8.add(s2, i16x8.mul(s1, ramp)), second);
    s1 = i16x8.add(s1, first);
    const places = i16x8.add(s1, s2);
    const low = <u64>i64x2.extract_lane(places, 0);
    const high = <u64>i64x2.extract_lane(places, 1);
    let words = v128.load_zero<u32>(filter + ((<u32>low & 0xffff) << 2));
    words = v128.load_lane<u32>(filter + ((<u32>low >> 16) << 2), words, 1);
    words = v128.load_lane<u32>(filter + ((<u32>(low >> 32) & 0xffff) << 2), words, 2);
    words = v128.load_lane<u32>(filter + (<u32>(low >> 48) << 2), words, 3);
    let more = v128.load_zero<u32>(filter + ((<u32>high & 0xffff) << 2));
    more = v128.load_lane<u32>(filter + ((<u32>high >> 16) << 2), more, 1);
    more = v128.load_lane<u32>(filter + ((<u32>(high >> 32) & 0xffff) << 2), more, 2);
    more = v128.load_lane<u32>(filter + (<u32>(high >> 48) << 2), more, 3);
    const bits = v128.and(s1, i16x8.splat(31));
    const passed = nonZeroLanes(
      v128.and(words, bitOf(v128.shuffle<i8>(bits, bits, 0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6))),
      v128.and(more, bitOf(v128.shuffle<i8>(bits, bits, 8, 8, 8, 8, 10, 10, 10, 10, 12, 12, 12, 12, 14, 14, 14, 14))),
    );
    let occupied: u32;
    let exact = origin + at + 8 > border;
    if (bucketCount == 0) {
      occupied = nonZeroLanes(words, more);
      if (keep != 0 && passed != 0) exact = exact || anyFallen(keep, places, passed);
    } else {
      const lanes = bucketLanes(s1, s2, buckets, reciprocal);
      occupied = lanes & 0xff;
      exact = exact || lanes > 0xff;
    }
    if (exact) {
      // HITS is counted there, too.
      found = eightOneByOne(at, s1, s2);
      if (found) break;
      letFall(origin + at + 9);
      border = nextBorder();
    } else {
      if (passed != 0) {
        const lane = firstThatPasses(s1, s2, passed);
        if (lane < 8) {
          hits += popcnt(occupied & ((2 << lane) - 1));
          store<u32>(searchState, <u32>at + lane + 1, AT);
          store<u32>(searchState, sumOfLane(lane), SUM);
          found = true;
          break;
        }
      }
      hits += popcnt(occupied);
    }
    s1 = last(s1);
    s2 = last(s2);
    at += 8;
  } while (at + 8 <= stop);
  store<u32>(searchState, load<u32>(searchState, HITS) + hits, HITS);
  if (found) return true;
  store<u32>(searchState, <u32>at, AT);
  store<u16>(searchState, <u16>i16x8.extract_lane_u(s1, 0), SUM);
  store<u16>(searchState, <u16>i16x8.extract_lane_u(s2, 0), SUM + 2);
  return false;
}

/** The sum of a lane that was stored for `sumOfLane`. */
// @ts-ignore: decorator
@inline
function sumOfLane(lane: u32): u32 {
  const address = searchState + (<usize>lane << 1);
  return <u32>load<u16>(address, LANES_LOW) | (<u32>load<u16>(address, LANES_HIGH) << 16);
}

/** The first of the lanes in `passed` that the second filter lets pass too; 8 if none. */
function firstThatPasses(s1: v128, s2: v128, passed: u32): u32 {
  v128.store(searchState, s1, LANES_LOW);
  v128.store(searchState, s2, LANES_HIGH);
  do {
    const lane = ctz(passed);
    if (passesSecond(sumOfLane(lane))) return lane;
    passed &= passed - 1;
  } while (passed != 0);
  return 8;
}

/** Whether one of these lanes has a bucket, its place, all of whose blocks have fallen. */
function anyFallen(keep: usize, places: v128, lanes: u32): bool {
  v128.store(searchState, places, LANES_LOW);
  const fallen = load<u32>(searchState, FALLEN);
  while (lanes != 0) {
    const bucket = <usize>load<u16>(searchState + (<usize>ctz(lanes) << 1), LANES_LOW);
    if (load<u32>(keep + (bucket << 2)) < fallen) return true;
    lanes &= lanes - 1;
  }
  return false;
}

/** Where the first block begins that has not fallen. */
function nextBorder(): u64 {
  const fallen = load<u32>(searchState, FALLEN);
  if (fallen == load<u32>(searchState, COUNT)) return u64.MAX_VALUE;
  return <u64>fallen * load<u32>(searchState, BLOCK_LENGTH);
}

/** Lets the blocks fall that begin before the file offset. */
function letFall(offset: u64): void {
  while (nextBorder() < offset) {
    const index = load<u32>(searchState, FALLEN);
    store<u32>(searchState, index + 1, FALLEN);
    const sum = load<u32>(load<u32>(searchState, ROLLING) + (index << 2));
    const bucket = bucketOf(sum);
    if (load<u32>(load<u32>(searchState, KEEP) + (bucket << 2)) != index || !isOccupied(sum)) continue;
    if (load<u32>(searchState, BUCKETS) == 0) store<u32>(wordAddress(sum), 0xffffffff);
    else {
      const address = bitmapAddress(bucket);
      store<u32>(address, load<u32>(address) | (<u32>2 << ((bucket & 15) << 1)));
    }
  }
}

/** The eight places behind the one at `at`; true, with the state at it, for the first that the host must look at. */
function eightOneByOne(at: usize, s1: v128, s2: v128): bool {
  v128.store(searchState, s1, LANES_LOW);
  v128.store(searchState, s2, LANES_HIGH);
  for (let lane: u32 = 0; lane < 8; lane++) {
    const sum = sumOfLane(lane);
    if (examine(at + lane + 1, sum)) {
      store<u32>(searchState, <u32>at + lane + 1, AT);
      store<u32>(searchState, sum, SUM);
      return true;
    }
  }
  return false;
}

/** Moves the state one place on; the block gets shorter where the file ends at address `end`. */
function slide(end: usize): void {
  const at: usize = load<u32>(searchState, AT);
  const length = load<u32>(searchState, LENGTH);
  const old = <u32>(<i32>load<i8>(at));
  let s1 = <u32>load<u16>(searchState, SUM) - old;
  let s2 = <u32>load<u16>(searchState, SUM + 2) - length * old;
  if (at + length < end) {
    s1 += <u32>(<i32>load<i8>(at + length));
    s2 += s1;
  } else store<u32>(searchState, length - 1, LENGTH);
  store<u32>(searchState, <u32>(at + 1), AT);
  store<u16>(searchState, <u16>s1, SUM);
  store<u16>(searchState, <u16>s2, SUM + 2);
}

/**
 * Looks for the first place that the host must look at, from the one in the state on (`after`: from the one behind it)
 * up to `lastPlace`; `end` is the address behind the last byte that may be read. True with the state at that
 * place, false with the state behind `lastPlace`.
 */
export function search(after: bool, lastPlace: usize, end: usize): bool {
  store<u32>(searchState, 0, HITS);
  if (after) slide(end);
  if (load<u32>(searchState, KEEP) != 0) letFall(load<u64>(searchState, ORIGIN) + load<u32>(searchState, AT));
  while (load<u32>(searchState, AT) <= <u32>lastPlace) {
    if (examine(load<u32>(searchState, AT), load<u32>(searchState, SUM))) return true;
    if (searchEights(lastPlace, end)) return true;
    slide(end);
  }
  return false;
}
