/**
 * Rolling and strong sums of a basis file's blocks (3-transfer 2.1, 2.4, 2.5). For the xxHash family both come from
 * one kernel call, for md4 and md5 from two; for sha1, and for blocks longer than the buffer, the strong ones are added here.
 */
import { internalError } from "../errors.ts";
import { type ChecksumName, createChecksum, digestBytes, type StreamingChecksum } from "./checksum.ts";
import { type Kernels, loadKernels } from "./kernels/kernels.ts";

/** Bytes of a record: the rolling sum (little-endian), then up to 16 bytes of the strong sum. */
export const sumRecordBytes = 20;
const strongOffset = 4;
const strongBytesMax = sumRecordBytes - strongOffset;

/** What the block sums of a session depend on. */
export interface BlockSumOptions {
  readonly name: Exclude<ChecksumName, "none">;
  /** The session's seed, a signed 32-bit integer; 0 means unseeded. */
  readonly seed: number;
  /** md5 only: the seed comes before the block (3-transfer 2.5); md4 always has it behind, sha1 before. */
  readonly seedFirst: boolean;
  /** Kernels to share; without it the summer loads its own. */
  readonly kernels?: Kernels;
}

/** Makes block sums. It belongs to one thread; between the calls for one block its `inputBuffer` is the caller's. */
export interface BlockSummer {
  /** Where the caller puts the basis (256 KiB). */
  readonly inputBuffer: Uint8Array;
  /** Bytes of the strong sum in a record (the rest of the 20 is not defined): at most 16. */
  readonly strongBytes: number;
  /** How many blocks of this length `sumBlocks` takes at once; 0 when not even one fits into the buffer. */
  blocksPerCall(blockLength: number): number;
  /**
   * Sums the blocks in the first `length` bytes of the buffer; the last one may be short. Gives a record a block,
   * as a view that is valid until the next call.
   */
  sumBlocks(length: number, blockLength: number): Uint8Array;
  /** For longer blocks: adds the first `length` bytes of the buffer to the current block. */
  addToBlock(length: number): void;
  /** Ends the current block: its record, a view that is valid until the next call. */
  finishBlock(): Uint8Array;
  /** The strong sum of one block of any length, as a view that is valid until the next call. */
  strongSum(bytes: Uint8Array): Uint8Array;
  /** The rolling sum of any bytes, unsigned. */
  rollingSum(bytes: Uint8Array): number;
  /** Gives the hash states back to the kernels. */
  release(): void;
}

/** Kernel numbers of the strong sums (`kernels/assembly/block-sums`); 0: rolling sums only. */
const strongNumbers = { xxh128: 1, xxh3: 2, xxh64: 3, md4: 0, md5: 0, sha1: 0 } as const;

/** Makes the summer of a session. */
export function createBlockSummer(options: BlockSumOptions): BlockSummer {
  const kernels = options.kernels ?? loadKernels();
  const { calls, input, inputAddress, output, outputAddress } = kernels;
  const { name, seed } = options;
  const strong = strongNumbers[name];
  // The xxHash family takes the seed as argument, sign-extended; the others hash its four bytes.
  const seedArgument = strong === 0 ? 0n : BigInt.asUintN(64, BigInt(seed));
  const checksum = createChecksum(name, { kernels, seed: seedArgument });
  const seedBytes = seedMessage(strong === 0 ? seed : 0);
  const before = name === "sha1" || (name === "md5" && options.seedFirst) ? seedBytes : noBytes;
  const after = before === noBytes ? seedBytes : noBytes;
  const strongBytes = Math.min(strongBytesMax, digestBytes[name]);
  let rolling = 0;
  startBlock(checksum, before);

  const putStrong = (offset: number): void => {
    checksum.update(after, 0, after.length);
    output.set(checksum.digest().subarray(0, strongBytes), offset + strongOffset);
    startBlock(checksum, before);
  };

  return {
    inputBuffer: input,
    strongBytes,
    blocksPerCall(blockLength): number {
      return Math.min(Math.floor(input.length / blockLength), Math.floor(output.length / sumRecordBytes));
    },
    sumBlocks(length, blockLength): Uint8Array {
      const count = Math.ceil(length / blockLength);
      if (length > input.length || count * sumRecordBytes > output.length) {
        throw internalError(`block sums of ${length} bytes in blocks of ${blockLength}`);
      }
      calls.blockSums(inputAddress, length, blockLength, strong, seedArgument, outputAddress);
      if (name === "md5" || name === "md4") {
        const place = seed === 0 ? 0 : after === noBytes ? 1 : 2;
        calls.messageDigests(inputAddress, length, blockLength, name === "md5" ? 1 : 0, seed, place, outputAddress);
      } else if (strong === 0) {
        for (let i = 0; i < count; i++) {
          const start = i * blockLength;
          checksum.update(input, start, Math.min(blockLength, length - start));
          putStrong(i * sumRecordBytes);
        }
      }
      return output.subarray(0, count * sumRecordBytes);
    },
    addToBlock(length): void {
      checksum.update(input, 0, length);
      rolling = calls.rollingSum(rolling, inputAddress, length);
    },
    strongSum(bytes): Uint8Array {
      if (strong !== 0 && bytes.buffer === input.buffer) {
        calls.strongSum(bytes.byteOffset, bytes.length, strong, seedArgument, outputAddress);
        return output.subarray(0, strongBytes);
      }
      // One MD4 of four at once is still faster than that in TypeScript.
      if (name === "md4" && bytes.length > 0 && bytes.buffer === input.buffer) {
        calls.messageDigests(bytes.byteOffset, bytes.length, bytes.length, 0, seed, seed === 0 ? 0 : 2, outputAddress);
      } else {
        checksum.update(bytes, 0, bytes.length);
        putStrong(0);
      }
      return output.subarray(strongOffset, strongOffset + strongBytes);
    },
    rollingSum(bytes): number {
      if (bytes.buffer === input.buffer) return calls.rollingSum(0, bytes.byteOffset, bytes.length) >>> 0;
      let sum = 0;
      for (let done = 0; done < bytes.length; ) {
        const piece = bytes.subarray(done, done + input.length);
        input.set(piece);
        sum = calls.rollingSum(sum, inputAddress, piece.length);
        done += piece.length;
      }
      return sum >>> 0;
    },
    finishBlock(): Uint8Array {
      putStrong(0);
      new DataView(output.buffer, output.byteOffset).setUint32(0, rolling, true);
      rolling = 0;
      return output.subarray(0, sumRecordBytes);
    },
    release: () => checksum.release(),
  };
}

const noBytes: Uint8Array = new Uint8Array(0);

/** The seed as hashed by md4, md5 and sha1: four bytes little-endian, nothing for seed 0. */
function seedMessage(seed: number): Uint8Array {
  if (seed === 0) return noBytes;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, seed, true);
  return bytes;
}

function startBlock(checksum: StreamingChecksum, before: Uint8Array): void {
  checksum.reset();
  checksum.update(before, 0, before.length);
}
