/** Sum heads and block sums (3-transfer 2.1): how the generator describes the basis of a file to the sender. */
import { protocolError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** The shape of a basis, lengths in bytes; all zero: no basis, send everything. */
export interface WireSumHead {
  readonly count: number;
  readonly blockLength: number;
  /** Bytes of each strong sum. */
  readonly strongBytes: number;
  /** Length of the last block if it is short, else 0. */
  readonly remainder: number;
}

/** A head with its sums (`delta/signature` has the same form). */
export interface WireSums extends WireSumHead {
  readonly rolling: Uint32Array;
  /** `strongBytes` a block. */
  readonly strong: Uint8Array;
}

/** The head of a file without basis. */
export const nullSumHead: WireSumHead = { count: 0, blockLength: 0, strongBytes: 0, remainder: 0 };

export function writeSumHead(writer: WireWriter, head: WireSumHead): void {
  writer.int32(head.count);
  writer.int32(head.blockLength);
  writer.int32(head.strongBytes);
  writer.int32(head.remainder);
}

/** A head with every number in its range, else exit 2 (4-traps H-21). `digestBytes`: length of the transfer checksum. */
export function readSumHead(reader: WireReader, protocol: number, digestBytes: number): WireSumHead {
  reader.require(16);
  const { role } = reader;
  const refuse = (what: string, value: number): Error => protocolError(`Invalid ${what} ${value} [${role}]`, role);
  const count = reader.int32();
  if (count < 0 || count > limits.sumCountMax) throw refuse("checksum count", count);
  const blockLength = reader.int32();
  const longest = protocol >= 30 ? limits.blockBytes : limits.blockBytesOld;
  if (blockLength < 0 || blockLength > longest || (blockLength === 0 && count > 0)) {
    throw refuse("block length", blockLength);
  }
  const strongBytes = reader.int32();
  if (strongBytes < 0 || strongBytes > digestBytes) throw refuse("checksum length", strongBytes);
  const remainder = reader.int32();
  if (remainder < 0 || remainder > blockLength) throw refuse("remainder length", remainder);
  return { count, blockLength, strongBytes, remainder };
}

/** Writes the sums behind their head: all of them, or `from` up to (not including) `to`. */
export function writeBlockSums(writer: WireWriter, sums: WireSums, from = 0, to: number = sums.count): void {
  const { rolling, strong, strongBytes } = sums;
  for (let index = from; index < to; index++) {
    writer.int32(rolling[index] as number);
    writer.data(strong.subarray(index * strongBytes, (index + 1) * strongBytes));
  }
}

/** Bytes of each of the arrays that a reader of sums starts with; they grow with the sums that really come. */
const firstBlocks = 4096;

/** Collects the sums that belong to a head. */
export class BlockSumsReader {
  private readonly head: WireSumHead;
  private rolling: Uint32Array;
  private strong: Uint8Array;
  private done = 0;

  constructor(head: WireSumHead) {
    this.head = head;
    const room = Math.min(head.count, firstBlocks);
    this.rolling = new Uint32Array(room);
    this.strong = new Uint8Array(room * head.strongBytes);
  }

  /** The sums once they are complete. To be called through `poll`, again until it succeeds; parts are kept. */
  read(reader: WireReader): WireSums {
    const { head } = this;
    const { count, strongBytes } = head;
    const recordBytes = 4 + strongBytes;
    while (this.done < count) {
      reader.require(recordBytes);
      const here = Math.min(count - this.done, Math.floor(reader.available / recordBytes));
      this.grow(this.done + here);
      const { rolling, strong } = this;
      for (let index = this.done; index < this.done + here; index++) {
        rolling[index] = reader.int32();
        reader.fill(strong, index * strongBytes, strongBytes);
      }
      this.done += here;
      reader.commit();
    }
    return { ...head, rolling: this.rolling, strong: this.strong };
  }

  private grow(blocks: number): void {
    if (blocks <= this.rolling.length) return;
    const room = Math.min(this.head.count, Math.max(blocks, 2 * this.rolling.length));
    const rolling = new Uint32Array(room);
    rolling.set(this.rolling);
    const strong = new Uint8Array(room * this.head.strongBytes);
    strong.set(this.strong);
    this.rolling = rolling;
    this.strong = strong;
  }
}
