/**
 * How many bytes an item takes on the wire at protocol 32 (3-transfer 1.1, 2.1, 3.3; 2-file-list 6). A local run encodes
 * nothing, but `%b` shows these numbers.
 */
import { ItemFlag } from "../protocol/item-flags.ts";

const flagBytes = 2;
const sumHeadBytes = 16;
const tokenBytes = 4;
const literalBytes = 32_768;

/** Bytes of a transfer record after its index: flags, sum head, tokens, digest. */
export function itemWireBytes(size: number, flags: number, digestBytes = 16): number {
  const basis = (flags & ItemFlag.basisTypeFollows) === 0 ? 0 : 1;
  const runs = Math.ceil(size / literalBytes);
  return flagBytes + basis + sumHeadBytes + size + tokenBytes * (runs + 1) + digestBytes;
}

/** Sizes of consecutive indexes of one direction; an index is coded relative to the one before. */
export class NdxSize {
  private previous = -1;

  /** Bytes that this index takes, which becomes the previous one. */
  advance(ndx: number): number {
    const difference = ndx - this.previous;
    this.previous = ndx;
    if (difference >= 1 && difference <= 253) return 1;
    return difference < 0 || difference > 32_767 ? 5 : 3;
  }
}
