/** The delta algorithm in memory: signature, search and patch in a row. */
import { createBlockSummer } from "../../src/delta/block-sums.ts";
import { type ChecksumName, createChecksum, digestBytes } from "../../src/delta/checksum.ts";
import { deltaMemoryFor } from "../../src/delta/delta-memory.ts";
import { BlockMatcher, type MatchSink, type MatchTotals } from "../../src/delta/match-blocks.ts";
import { Patcher } from "../../src/delta/patch.ts";
import { type ReadAt, type Signature, signBasis, sumHeadFor } from "../../src/delta/signature.ts";

export interface DeltaRequest {
  readonly basis: Uint8Array;
  readonly file: Uint8Array;
  readonly name: Exclude<ChecksumName, "none">;
  readonly blockSize?: number;
  readonly seed?: number;
  readonly updating?: boolean;
  readonly phase?: "normal" | "redo";
  /** Reads give at most this many bytes. */
  readonly readBytes?: number;
  /** Who rolls; the kernels if not given. */
  readonly search?: "kernels" | "plain";
}

export interface Delta {
  readonly result: Uint8Array;
  /** Undefined when there were no block sums. */
  readonly totals: MatchTotals | undefined;
  readonly signature: Signature | undefined;
  readonly sentDigest: Uint8Array;
  readonly receivedDigest: Uint8Array;
  readonly writtenBytes: number;
  /** What the search sent: a block's number, or how many literal bytes. */
  readonly tokens: readonly string[];
}

/** Runs the three steps. */
export function runDelta(request: DeltaRequest): Delta {
  const { basis, file, name, blockSize = 0, seed = 1, updating = false, phase = "normal" } = request;
  const readBytes = request.readBytes ?? Number.POSITIVE_INFINITY;
  const head = sumHeadFor(basis.length, { blockSize, protocol: 32, digestBytes: digestBytes[name], phase });
  const memory = deltaMemoryFor(head?.count ?? 0, updating);
  const { kernels } = memory;
  const sent = createChecksum(name, { kernels });
  const received = createChecksum(name, { kernels });
  const result = new Uint8Array(Math.max(basis.length, file.length));
  if (head === undefined) {
    for (const checksum of [sent, received]) checksum.update(file, 0, file.length);
    const digests = { sentDigest: sent.digest(), receivedDigest: received.digest() };
    return { result: file, totals: undefined, signature: undefined, writtenBytes: file.length, tokens: [], ...digests };
  }
  if (updating) result.set(basis);
  let writtenBytes = 0;
  const write = (bytes: Uint8Array, position: number): number => {
    result.set(bytes, position);
    writtenBytes += bytes.length;
    return 0;
  };
  const summer = createBlockSummer({ name, seed, seedFirst: true, kernels });
  const signature = toEnd(signBasis(readerOf(basis, readBytes), head, summer));
  if (typeof signature === "number") throw new Error(`signature: ${signature}`);
  const readBasis = readerOf(updating ? result : basis, readBytes);
  const patcher = new Patcher({ head, readBasis, write, updating, checksum: received, buffer: memory.patch });
  const tokens: string[] = [];
  const sink: MatchSink = {
    literal(literal) {
      tokens.push(`+${literal.length}`);
      return patcher.literal(literal);
    },
    block(index) {
      tokens.push(`${index}`);
      return patcher.block(index);
    },
  };
  const onData = (bytes: Uint8Array): void => sent.update(bytes, 0, bytes.length);
  const matching = { read: readerOf(file, readBytes), size: file.length, sink, updating, onData };
  const withKernels = request.search === "plain" ? matching : { ...matching, memory };
  const totals = toEnd(new BlockMatcher(signature, summer, withKernels).run());
  patcher.flush();
  return {
    ...{ result: result.subarray(0, patcher.size), totals, signature, writtenBytes, tokens },
    ...{ sentDigest: sent.digest(), receivedDigest: received.digest() },
  };
}

/** Reads from memory. */
export function readerOf(bytes: Uint8Array, atMost: number = Number.POSITIVE_INFINITY): ReadAt {
  return (buffer, offset, length, position) => {
    const count = Math.max(Math.min(length, atMost, bytes.length - position), 0);
    buffer.set(bytes.subarray(position, position + count), offset);
    return count;
  };
}

/** Runs a generator to its end. */
export function toEnd<Result>(steps: Generator<number, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
