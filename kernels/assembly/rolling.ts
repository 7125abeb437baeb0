/** The rolling checksum (3-transfer 2.4), sixteen bytes a step. */

// @ts-ignore: decorator
@inline
function laneSum(v: v128): i32 {
  const pairs = i32x4.extadd_pairwise_i16x8_s(v);
  return (
    i32x4.extract_lane(pairs, 0) +
    i32x4.extract_lane(pairs, 1) +
    i32x4.extract_lane(pairs, 2) +
    i32x4.extract_lane(pairs, 3)
  );
}

/**
 * The rolling sum of the bytes so far (whose sum is `value`, 0 at the start) and `length` more. Everything is modulo
 * 2^16, so sums may wrap in 16-bit lanes: with chunks of 16 bytes x, lane j collects x[j] + x[j + 8] in `both` and
 * x[j] in `first`, and `before` adds up `both` as it was ahead of each chunk. Then
 * s2 = 16 * sum(before) + sum((8 - j) * both[j]) + 8 * sum(first).
 */
export function rollingSum(value: u32, input: usize, length: u32): u32 {
  let s1 = <i32>(value & 0xffff);
  let s2 = <i32>(value >> 16);
  const end = input + (length & ~15);
  if (input < end) {
    s2 += s1 * <i32>(length & ~15);
    let both = i16x8.splat(0);
    let first = i16x8.splat(0);
    let before = i16x8.splat(0);
    while (input < end) {
      const bytes = v128.load(input);
      const low = i16x8.extend_low_i8x16_s(bytes);
      before = i16x8.add(before, both);
      first = i16x8.add(first, low);
      both = i16x8.add(both, i16x8.add(low, i16x8.extend_high_i8x16_s(bytes)));
      input += 16;
    }
    const weighted = i16x8.mul(both, i16x8(8, 7, 6, 5, 4, 3, 2, 1));
    s1 += laneSum(both);
    s2 += 16 * laneSum(before) + laneSum(weighted) + 8 * laneSum(first);
  }
  for (let left = length & 15; left > 0; left--) {
    s1 += load<i8>(input);
    s2 += s1;
    input++;
  }
  return (<u32>s1 & 0xffff) | (<u32>s2 << 16);
}
