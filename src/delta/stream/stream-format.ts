/**
 * The form in which the library writes signatures and deltas. Integers are little-endian.
 *
 * Signature: 8 bytes of magic, u32 block length; then frames: u32 number of blocks, and for each its rolling sum
 * (u32, 3-transfer 2.4) and its XXH3-128 (16 bytes, seed 0). A frame of no blocks ends it: u64 size of the basis, and the
 * XXH3-128 of all bytes before it.
 *
 * Delta: 8 bytes of magic, u32 block length, u64 size of the basis; then tokens: a byte 1, u32 length and so many literal
 * bytes; a byte 2, u32 first block and u32 number of blocks. A byte 0 ends it: u64 size of the file, and the
 * XXH3-128 of the 20 bytes before the tokens and the file.
 */
import type { ChunkReader } from "./chunk-reader.ts";

export const signatureMagic = "tsyncsg1";
export const deltaMagic = "tsyncdl1";
export const magicBytes = 8;
/** Bytes of every digest in both. */
export const digestLength = 16;
/** Rolling sum and digest of a block. */
export const blockRecordBytes: number = 4 + digestLength;
export const blockLengthMax = 131_072;
/** Blocks in a frame, and literal bytes in a token, at most. */
export const frameBlocksMax = 4096;
export const literalBytesMax = 1_048_576;

export const token = { end: 0, literal: 1, blocks: 2 } as const;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The magic as bytes. */
export function putMagic(target: Uint8Array, magic: string): void {
  for (let at = 0; at < magicBytes; at++) target[at] = magic.charCodeAt(at);
}

/** Checks the magic and gives the block length behind it. */
export async function readStart(reader: ChunkReader, magic: string, header: Uint8Array): Promise<number> {
  if (String.fromCharCode(...header.subarray(0, magicBytes)) !== magic)
    throw reader.corrupt(`does not begin with ${magic}`);
  const blockLength = viewOf(header).getUint32(magicBytes, true);
  if (blockLength < 1 || blockLength > blockLengthMax) throw reader.corrupt(`block length ${blockLength}`);
  return blockLength;
}

/** A size of 64 bits, of which 53 may be used. */
export function readSize(reader: ChunkReader, view: DataView, at: number): number {
  const size = view.getBigUint64(at, true);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw reader.corrupt(`size ${size}`);
  return Number(size);
}
