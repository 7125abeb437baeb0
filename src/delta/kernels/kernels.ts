/**
 * The WebAssembly kernels as TypeScript sees them (sources in `kernels/assembly`). One `Kernels` is one instance with
 * its own memory and belongs to one thread; nothing is shared, so a thread that hashes for two purposes at once may
 * load two. Compiling and instantiating takes under a millisecond.
 *
 * The module imports nothing but its memory: it cannot reach files or the network, it only reads and writes that.
 */
import { internalError } from "../../errors.ts";
import { wasmModuleBase64 } from "./wasm-module.generated.ts";

/** The part of the WebAssembly interface used here (its types are otherwise only in TypeScript's DOM library). */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => KernelMemory;
};

interface KernelMemory {
  readonly buffer: ArrayBuffer;
}

interface Address {
  readonly value: number;
}

/** The exported functions; addresses are byte offsets in `memory`, seeds unsigned 64-bit values. */
export interface KernelExports {
  readonly inputAddress: Address;
  readonly inputBytes: Address;
  readonly outputAddress: Address;
  readonly outputBytes: Address;
  readonly statesAddress: Address;
  readonly stateBytes: Address;
  readonly stateCount: Address;
  readonly searchState: Address;
  rollingSum(value: number, input: number, length: number): number;
  blockSums(input: number, length: number, blockLength: number, strong: number, seed: bigint, output: number): void;
  /** `isMd5`: 0 is MD4; `seedPlace`: 0 no seed, 1 before the block, 2 behind it; digests go into records of `blockSums`. */
  messageDigests(
    input: number,
    length: number,
    blockLength: number,
    isMd5: number,
    seed: number,
    seedPlace: number,
    output: number,
  ): void;
  strongSum(input: number, length: number, strong: number, seed: bigint, output: number): void;
  /** `after` is 0 or 1, as the result is; the state at `searchState` is that of `kernels/assembly/search`. */
  search(after: number, lastPlace: number, end: number): number;
  md4Reset(state: number): void;
  md4Update(state: number, input: number, length: number): void;
  md4Digest(state: number, result: number): void;
  xxh64Reset(state: number, seed: bigint): void;
  xxh64Update(state: number, input: number, length: number): void;
  xxh64Digest(state: number, result: number): void;
  xxh3Reset(state: number, seed: bigint): void;
  xxh3Update(state: number, input: number, length: number): void;
  xxh3Digest64(state: number, result: number): void;
  xxh3Digest128(state: number, result: number): void;
}

/** One instance of the kernels. */
export interface Kernels {
  readonly calls: KernelExports;
  /** All of the instance's memory. */
  readonly buffer: ArrayBuffer;
  /** The input region (256 KiB), a view of the instance's memory: fill it, then call. */
  readonly input: Uint8Array;
  /** Address of `input[0]`. */
  readonly inputAddress: number;
  /** The results region (128 KiB), a view of the instance's memory: valid until the next call. */
  readonly output: Uint8Array;
  /** Address of `output[0]`. */
  readonly outputAddress: number;
  /** The bytes that were asked for besides, zero at first, a view of the instance's memory. */
  readonly extra: Uint8Array;
  /** Address of a free hash state; give it back with `releaseState`. */
  takeState(): number;
  releaseState(address: number): void;
}

const pageBytes = 65_536;
/** Pages of the fixed regions (`kernels/assembly/layout`). */
const fixedPages = 9;

/** Compiles and instantiates the kernels, with so many bytes of memory for other purposes (at most 4 GiB in all). */
export function loadKernels(extraBytes = 0): Kernels {
  const module = new WebAssembly.Module(Buffer.from(wasmModuleBase64, "base64"));
  const pages = fixedPages + Math.ceil(extraBytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const calls = new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
  const { buffer } = memory;
  const inputAddress = calls.inputAddress.value;
  const outputAddress = calls.outputAddress.value;
  const free: number[] = [];
  for (let i = calls.stateCount.value - 1; i >= 0; i--) {
    free.push(calls.statesAddress.value + i * calls.stateBytes.value);
  }
  return {
    calls,
    buffer,
    extra: new Uint8Array(buffer, fixedPages * pageBytes, extraBytes),
    input: new Uint8Array(buffer, inputAddress, calls.inputBytes.value),
    inputAddress,
    output: new Uint8Array(buffer, outputAddress, calls.outputBytes.value),
    outputAddress,
    takeState(): number {
      const address = free.pop();
      if (address === undefined) throw internalError("all hash states of the kernels are in use");
      return address;
    },
    releaseState(address: number): void {
      free.push(address);
    },
  };
}
