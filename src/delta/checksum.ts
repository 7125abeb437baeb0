/**
 * Streaming whole-file checksums (3-transfer 2.6, 2-file-list 3.8): what `-c` compares, `%C` prints and the receiver
 * verifies. The xxHash family and md4 run in the WebAssembly kernels, md5 and sha1 in node:crypto.
 * Digests are in wire order; `printOrder` turns them for people (3-transfer 9.6).
 */
import { internalError } from "../errors.ts";
import { createCryptoChecksum } from "./crypto-checksum.ts";
import { type KernelExports, type Kernels, loadKernels } from "./kernels/kernels.ts";
import type { PlainDigest } from "./plain-digest.ts";

/** Digest lengths in bytes by checksum name, in rsync's order of preference (1-session 4). */
export const digestBytes = {
  xxh128: 16,
  xxh3: 8,
  xxh64: 8,
  md5: 16,
  md4: 16,
  sha1: 20,
  none: 1,
} as const;

/** A checksum as `--checksum-choice` names it (`xxhash`, an alias of xxh64, is resolved by the option parser). */
export type ChecksumName = keyof typeof digestBytes;

/** A message digest that takes its message in pieces. It belongs to one thread. */
export interface StreamingChecksum {
  readonly name: ChecksumName;
  /** Length of the digest in bytes. */
  readonly digestBytes: number;
  /**
   * A buffer of 256 KiB that `updateFromInput` hashes in place: read files into it. Its content is lost by `update`
   * with another buffer and by other users of the same kernels.
   */
  readonly inputBuffer: Uint8Array;
  /** Adds `length` bytes of `buffer` from `offset` on to the message; the buffer is free again on return. */
  update(buffer: Uint8Array, offset: number, length: number): void;
  /** Adds the first `length` bytes of `inputBuffer`. */
  updateFromInput(length: number): void;
  /** The digest in wire order, owned by the caller. Afterwards only `reset` and `release` may be called. */
  digest(): Uint8Array;
  /** Starts a new message. */
  reset(): void;
  /** Gives the state back to the kernels; the checksum must not be used any more. */
  release(): void;
}

/** Settings of a checksum. */
export interface ChecksumOptions {
  /** The kernels to use; without it the xxHash family and md4 load their own. */
  readonly kernels?: Kernels;
  /** Seed of the xxHash family (unsigned 64 bits, default 0); the others have none. */
  readonly seed?: bigint;
}

/** Bytes of `inputBuffer`. */
export const inputBufferBytes: number = 256 * 1024;

/** Makes the streaming form of the named checksum. */
export function createChecksum(name: ChecksumName, options: ChecksumOptions = {}): StreamingChecksum {
  switch (name) {
    case "xxh128":
    case "xxh3":
    case "xxh64":
    case "md4":
      return createInKernels(name, options.kernels ?? loadKernels(), options.seed ?? 0n);
    case "md5":
    case "sha1":
      return withInputBuffer(name, createCryptoChecksum(name));
    case "none":
      return withInputBuffer(name, {
        update: () => undefined,
        digest: () => new Uint8Array(1),
        reset: () => undefined,
      });
  }
}

/** The digest as it is printed: the xxHash family most significant byte first, the others in wire order. */
export function printOrder(name: ChecksumName, digest: Uint8Array): Uint8Array {
  return name === "xxh128" || name === "xxh3" || name === "xxh64" ? digest.toReversed() : digest.slice();
}

function withInputBuffer(name: ChecksumName, plain: PlainDigest): StreamingChecksum {
  let input: Uint8Array | undefined;
  const inputBuffer = (): Uint8Array => {
    input ??= new Uint8Array(inputBufferBytes);
    return input;
  };
  const update = (buffer: Uint8Array, offset: number, length: number): void => {
    checkRange(buffer, offset, length);
    plain.update(buffer.subarray(offset, offset + length));
  };
  return {
    name,
    digestBytes: digestBytes[name],
    get inputBuffer(): Uint8Array {
      return inputBuffer();
    },
    update,
    updateFromInput: (length) => update(inputBuffer(), 0, length),
    digest: () => plain.digest(),
    reset: () => plain.reset(),
    release: () => undefined,
  };
}

type KernelChecksum = "xxh128" | "xxh3" | "xxh64" | "md4";

function createInKernels(name: KernelChecksum, kernels: Kernels, seed: bigint): StreamingChecksum {
  const { calls, input, inputAddress, output, outputAddress } = kernels;
  const state = kernels.takeState();
  const { start, add, finish } = callsOf(name, calls);
  const bytes = digestBytes[name];
  const unsignedSeed = BigInt.asUintN(64, seed);
  start(state, unsignedSeed);
  return {
    name,
    digestBytes: bytes,
    inputBuffer: input,
    update(buffer, offset, length): void {
      checkRange(buffer, offset, length);
      if (buffer.buffer === input.buffer) {
        add(state, buffer.byteOffset + offset, length);
        return;
      }
      for (const end = offset + length; offset < end; ) {
        const piece = Math.min(end - offset, input.length);
        input.set(buffer.subarray(offset, offset + piece));
        add(state, inputAddress, piece);
        offset += piece;
      }
    },
    updateFromInput(length): void {
      checkRange(input, 0, length);
      add(state, inputAddress, length);
    },
    digest(): Uint8Array {
      finish(state, outputAddress);
      return output.slice(0, bytes);
    },
    reset: () => start(state, unsignedSeed),
    release: () => kernels.releaseState(state),
  };
}

interface ChecksumCalls {
  start(state: number, seed: bigint): void;
  add(state: number, input: number, length: number): void;
  finish(state: number, result: number): void;
}

function callsOf(name: KernelChecksum, calls: KernelExports): ChecksumCalls {
  switch (name) {
    case "xxh128":
      return { start: calls.xxh3Reset, add: calls.xxh3Update, finish: calls.xxh3Digest128 };
    case "xxh3":
      return { start: calls.xxh3Reset, add: calls.xxh3Update, finish: calls.xxh3Digest64 };
    case "xxh64":
      return { start: calls.xxh64Reset, add: calls.xxh64Update, finish: calls.xxh64Digest };
    case "md4":
      return { start: (state) => calls.md4Reset(state), add: calls.md4Update, finish: calls.md4Digest };
  }
}

function checkRange(buffer: Uint8Array, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > buffer.length) {
    throw internalError(`checksum of bytes ${offset}+${length} of a buffer of ${buffer.length} bytes`);
  }
}
