/**
 * The lz4 block format (lz4.org, "LZ4 Block Format Description"): sequences of a token, literals, and a match of 4 bytes
 * or more at most 65,535 bytes back; the last one has literals only. Blocks here are short, so offsets always fit.
 */

const minMatch = 4;
/** The last 5 bytes of a block are literals, and no match begins in the last 12. */
const lastLiterals = 5;
const matchLimit = 12;
const longLength = 15;
const hashBits = 13;
const skipShift = 6;
/** Up to so many bytes a loop is faster than a call. */
const shortCopy = 24;

/** Most bytes that a block of `length` bytes can become. */
export function lz4Bound(length: number): number {
  return length + Math.floor(length / 255) + 16;
}

/** Reused by `compressLz4`; one thread, one call at a time. */
export class Lz4Table {
  readonly positions: Int32Array = new Int32Array(1 << hashBits);
}

/** Compresses `input` into `output` (of `lz4Bound` bytes at least). Returns the length. */
export function compressLz4(input: Uint8Array, output: Uint8Array, table: Lz4Table): number {
  const { positions } = table;
  positions.fill(-1);
  const end = input.length;
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let anchor = 0;
  let at = 0;
  let out = 0;
  let misses = 1 << skipShift;
  while (at < end - matchLimit) {
    const word = view.getInt32(at, true);
    const hash = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
    const candidate = positions[hash] as number;
    positions[hash] = at;
    if (candidate < 0 || view.getInt32(candidate, true) !== word) {
      at += misses++ >> skipShift;
      continue;
    }
    misses = 1 << skipShift;
    const longest = end - lastLiterals - at;
    let length = minMatch;
    while (length < longest && input[at + length] === input[candidate + length]) length++;
    out = writeSequence(input, anchor, at, output, out, length - minMatch);
    const offset = at - candidate;
    output[out++] = offset & 0xff;
    output[out++] = offset >> 8;
    out = writeLong(output, out, length - minMatch);
    at += length;
    anchor = at;
  }
  return writeSequence(input, anchor, end, output, out, 0);
}

/**
 * Decompresses a block into `output`. Returns the length; a negative number when the block is damaged or its content does not
 * fit.
 */
export function decompressLz4(input: Uint8Array, output: Uint8Array): number {
  const end = input.length;
  let at = 0;
  let out = 0;
  while (at < end) {
    const token = input[at++] as number;
    let literals = token >> 4;
    if (literals === longLength) {
      let byte: number;
      do {
        if (at >= end) return -1;
        byte = input[at++] as number;
        literals += byte;
      } while (byte === 0xff);
    }
    if (literals > end - at || literals > output.length - out) return -1;
    if (literals > shortCopy) output.set(input.subarray(at, at + literals), out);
    else for (let index = 0; index < literals; index++) output[out + index] = input[at + index] as number;
    at += literals;
    out += literals;
    if (at === end) return out;
    if (end - at < 2) return -1;
    const offset = (input[at] as number) | ((input[at + 1] as number) << 8);
    at += 2;
    let length = (token & longLength) + minMatch;
    if ((token & longLength) === longLength) {
      let byte: number;
      do {
        if (at >= end) return -1;
        byte = input[at++] as number;
        length += byte;
      } while (byte === 0xff);
    }
    if (offset === 0 || offset > out || length > output.length - out) return -1;
    // Byte by byte where the match overlaps what it makes.
    if (offset >= length && length > shortCopy) output.copyWithin(out, out - offset, out - offset + length);
    else for (let index = out; index < out + length; index++) output[index] = output[index - offset] as number;
    out += length;
  }
  return -1;
}

/** Token and literals of a sequence; `extra` is the match length above the least one. */
function writeSequence(
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  out: number,
  extra: number,
): number {
  const literals = to - from;
  output[out++] = (Math.min(literals, longLength) << 4) | Math.min(extra, longLength);
  out = writeLong(output, out, literals);
  if (literals > shortCopy) output.set(input.subarray(from, to), out);
  else for (let index = 0; index < literals; index++) output[out + index] = input[from + index] as number;
  return out + literals;
}

/** The further bytes of a length of 15 or more. */
function writeLong(output: Uint8Array, out: number, length: number): number {
  if (length < longLength) return out;
  let rest = length - longLength;
  for (; rest >= 0xff; rest -= 0xff) output[out++] = 0xff;
  output[out++] = rest;
  return out;
}
