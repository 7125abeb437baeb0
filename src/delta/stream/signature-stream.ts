/** Signatures of streams for the library's callers: written by `signature`, read by `delta` (`stream-format`). */
import { usageError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { blockLengthFor } from "../block-length.ts";
import { createBlockSummer } from "../block-sums.ts";
import { createChecksum } from "../checksum.ts";
import { loadKernels } from "../kernels/kernels.ts";
import type { Signature } from "../signature.ts";
import { type ByteStream, ChunkReader, withReaders } from "./chunk-reader.ts";
import {
  blockLengthMax,
  blockRecordBytes,
  digestLength,
  frameBlocksMax,
  magicBytes,
  putMagic,
  readSize,
  readStart,
  signatureMagic,
  viewOf,
} from "./stream-format.ts";

/** Settings of a signature. */
export interface SignatureOptions {
  /** Size of the basis in bytes, if it is known: the block length is about its square root then, as rsync's. */
  readonly size?: number;
  /** Length of a block in bytes, 1 to 131,072; without it and without `size` 2,048. */
  readonly blockLength?: number;
}

const blockLengthDefault = 2048;
/** The protocol whose block lengths are used. */
const protocol = 32;
const headerBytes = magicBytes + 4;

/**
 * The signature of a basis, for `delta`: some 20 bytes for each block of it. The basis is read once and in order; 256 KiB of it
 * are held at a time. The pieces that come out are the caller's.
 */
export function signature(basis: ByteStream, options: SignatureOptions = {}): AsyncGenerator<Uint8Array, void, void> {
  if (typeof options !== "object" || options === null) throw usageError("signature: the options must be an object");
  const { size, blockLength, ...others } = options;
  for (const key of Object.keys(others)) throw usageError(`signature: ${key}: unknown option`);
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) throw usageError(`signature: size ${size}`);
  if (
    blockLength !== undefined &&
    !(Number.isInteger(blockLength) && blockLength >= 1 && blockLength <= blockLengthMax)
  )
    throw usageError(`signature: blockLength ${blockLength}, not 1 to ${blockLengthMax}`);
  const chosen = blockLength ?? (size === undefined ? blockLengthDefault : blockLengthFor(size, protocol));
  const reader = new ChunkReader(basis, "basis");
  return withReaders(signatureOf(reader, chosen), [reader]);
}

async function* signatureOf(reader: ChunkReader, blockLength: number): AsyncGenerator<Uint8Array, void, void> {
  const kernels = loadKernels();
  const summer = createBlockSummer({ name: "xxh128", seed: 0, seedFirst: true, kernels });
  const checksum = createChecksum("xxh128", { kernels });
  const digested = (bytes: Uint8Array): Uint8Array => {
    checksum.update(bytes, 0, bytes.length);
    return bytes;
  };
  try {
    const header = new Uint8Array(headerBytes);
    putMagic(header, signatureMagic);
    viewOf(header).setUint32(magicBytes, blockLength, true);
    yield digested(header);
    const capacity = Math.min(summer.blocksPerCall(blockLength), frameBlocksMax) * blockLength;
    let filled = 0;
    for (;;) {
      const more = await reader.more();
      if (more) {
        const piece = reader.take(capacity - filled);
        summer.inputBuffer.set(piece, filled);
        filled += piece.length;
        if (filled < capacity) continue;
      }
      if (filled > 0) {
        const records = summer.sumBlocks(filled, blockLength);
        const frame = new Uint8Array(4 + records.length);
        viewOf(frame).setUint32(0, records.length / blockRecordBytes, true);
        frame.set(records, 4);
        filled = 0;
        yield digested(frame);
      }
      if (!more) break;
    }
    const end = new Uint8Array(12 + digestLength);
    viewOf(end).setBigUint64(4, BigInt(reader.position), true);
    checksum.update(end, 0, 12);
    end.set(checksum.digest(), 12);
    yield end;
  } finally {
    await reader.close();
  }
}

/** What `delta` must know of a basis. */
export interface ReadSignature {
  readonly signature: Signature;
  readonly basisBytes: number;
}

/** Reads a signature to its end; throws a `TsyncError` for anything that `signature` does not write. */
export async function readSignature(reader: ChunkReader): Promise<ReadSignature> {
  const checksum = createChecksum("xxh128");
  const next = async (length: number): Promise<Uint8Array> => {
    const bytes = await reader.exactly(length);
    checksum.update(bytes, 0, length);
    return bytes;
  };
  const blockLength = await readStart(reader, signatureMagic, await next(headerBytes));
  let rolling = new Uint32Array(1024);
  let strong = new Uint8Array(1024 * digestLength);
  let count = 0;
  for (;;) {
    const blocks = viewOf(await next(4)).getUint32(0, true);
    if (blocks === 0) break;
    if (blocks > frameBlocksMax) throw reader.corrupt(`${blocks} blocks in a frame`);
    if (count + blocks > limits.sumCountMax) throw reader.corrupt(`more than ${limits.sumCountMax} blocks`);
    if (count + blocks > rolling.length) {
      const larger = Math.max(2 * rolling.length, count + blocks);
      rolling = grown(rolling, new Uint32Array(larger));
      strong = grown(strong, new Uint8Array(larger * digestLength));
    }
    const records = await next(blocks * blockRecordBytes);
    const view = viewOf(records);
    for (let at = 0; at < records.length; at += blockRecordBytes, count++) {
      rolling[count] = view.getUint32(at, true);
      strong.set(records.subarray(at + 4, at + blockRecordBytes), count * digestLength);
    }
  }
  const basisBytes = readSize(reader, viewOf(await next(8)), 0);
  const expected = checksum.digest();
  if (Buffer.compare(expected, await reader.exactly(digestLength)) !== 0) throw reader.corrupt("is damaged");
  if (Math.ceil(basisBytes / blockLength) !== count) throw reader.corrupt(`${count} blocks of ${basisBytes} bytes`);
  if (await reader.more()) throw reader.corrupt("goes on behind its end");
  const head = { count, blockLength, strongBytes: digestLength, remainder: basisBytes % blockLength };
  return { signature: { ...head, rolling, strong }, basisBytes };
}

function grown<Type extends Uint32Array | Uint8Array>(before: Type, after: Type): Type {
  after.set(before);
  return after;
}
