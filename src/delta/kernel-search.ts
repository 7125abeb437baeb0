/**
 * The rolling part of the sender's search in the kernels (`kernels/assembly/search`): they skip all places that two
 * filters show to be no block's, and count those whose bucket is not empty as the plain search does.
 */
import { bucketCount, bucketOf, smallBuckets } from "./block-table.ts";
import { type DeltaMemory, tableSizes } from "./delta-memory.ts";
import type { Kernels } from "./kernels/kernels.ts";
import type { PlaceSearch } from "./place-search.ts";
import type { Signature } from "./signature.ts";

/** Fields of the kernel's state: index of a 32-bit word. */
const field = {
  filter: 0,
  second: 1,
  secondShift: 2,
  buckets: 3,
  occupied: 4,
  keep: 5,
  blockLength: 6,
  at: 7,
  sum: 8,
  length: 9,
  hits: 10,
  rolling: 11,
  /** Two words. */
  origin: 12,
  count: 14,
  fallen: 15,
} as const;
const stateWords = 16;
/** A block that is kept, whatever the place. */
const always = 0xffffffff;
const golden = 0x9e3779b1;

/** Searches one file; the memory is its own until its end. */
export class KernelSearch implements PlaceSearch {
  readonly window: Uint8Array;
  hits = 0;
  private readonly kernels: Kernels;
  private readonly buckets: number;
  private readonly signature: Signature;
  private readonly windowAddress: number;
  private readonly state: Uint32Array;
  private readonly origin: BigUint64Array;
  /** The highest block of each bucket, empty where the basis stays as it is. */
  private readonly highest: Uint32Array;

  /** Whether the memory has room for this signature, and its window for twice the `reach` of the matcher. */
  static fits(memory: DeltaMemory, { count }: Signature, reach: number, updating: boolean): boolean {
    return 2 * reach <= memory.window.length && tableSizes(count, updating).all <= memory.tables.length;
  }

  constructor(signature: Signature, memory: DeltaMemory, updating: boolean) {
    this.buckets = bucketCount(signature.count);
    this.signature = signature;
    this.kernels = memory.kernels;
    this.window = memory.window;
    this.windowAddress = memory.window.byteOffset;
    const { buffer, calls } = memory.kernels;
    const stateAddress = calls.searchState.value;
    this.state = new Uint32Array(buffer, stateAddress, stateWords);
    this.origin = new BigUint64Array(buffer, stateAddress + 4 * field.origin, 1);
    const sizes = tableSizes(signature.count, updating);
    const filterAddress = memory.tables.byteOffset;
    const secondAddress = filterAddress + sizes.filter;
    const keepAddress = secondAddress + sizes.second;
    const rollingAddress = keepAddress + sizes.keep;
    const occupiedAddress = rollingAddress + sizes.rolling;
    const filter = new Uint32Array(buffer, filterAddress, sizes.filter / 4).fill(0);
    const second = new Uint8Array(buffer, secondAddress, sizes.second).fill(0);
    this.highest = new Uint32Array(buffer, keepAddress, sizes.keep / 4);
    const occupied = new Uint32Array(buffer, occupiedAddress, sizes.occupied / 4).fill(0);
    const secondShift = 32 - Math.log2(8 * sizes.second);
    const { state, buckets } = this;
    const small = buckets === smallBuckets;
    state[field.filter] = filterAddress;
    state[field.second] = secondAddress;
    state[field.secondShift] = secondShift;
    state[field.buckets] = small ? 0 : buckets;
    state[field.occupied] = occupiedAddress;
    state[field.keep] = updating ? keepAddress : 0;
    state[field.blockLength] = signature.blockLength;
    state[field.rolling] = rollingAddress;
    state[field.count] = signature.count;
    state[field.fallen] = 0;
    if (updating) new Uint32Array(buffer, rollingAddress, signature.count).set(signature.rolling);
    for (let index = 0; index < signature.count; index++) {
      const sum = signature.rolling[index] ?? 0;
      const word = (sum + (sum >>> 16)) & 0xffff;
      filter[word] = (filter[word] ?? 0) | (1 << (sum & 31));
      const bit = Math.imul(sum, golden) >>> secondShift;
      second[bit >>> 3] = (second[bit >>> 3] ?? 0) | (1 << (bit & 7));
      if (!updating && small) continue;
      const bucket = bucketOf(buckets, sum);
      if (!small) occupied[bucket >>> 4] = (occupied[bucket >>> 4] ?? 0) | (1 << (2 * (bucket & 15)));
      if (updating) this.highest[bucket] = index;
    }
  }

  get at(): number {
    return (this.state[field.at] ?? 0) - this.windowAddress;
  }

  set at(at: number) {
    this.state[field.at] = this.windowAddress + at;
  }

  get length(): number {
    return this.state[field.length] ?? 0;
  }

  get sum(): number {
    return this.state[field.sum] ?? 0;
  }

  start(at: number, length: number): void {
    this.at = at;
    this.state[field.length] = length;
    this.state[field.sum] = this.kernels.calls.rollingSum(0, this.windowAddress + at, length);
  }

  next(after: boolean, last: number, end: number, offset: number): boolean {
    const { windowAddress } = this;
    this.origin[0] = BigInt.asUintN(64, BigInt(offset - windowAddress));
    const found = this.kernels.calls.search(after ? 1 : 0, windowAddress + last, windowAddress + end);
    this.hits += this.state[field.hits] ?? 0;
    return found !== 0;
  }

  keep(index: number): void {
    this.highest[bucketOf(this.buckets, this.signature.rolling[index] ?? 0)] = always;
  }
}
