/**
 * The zstd form in steps on the caller's thread (3-transfer 4.3). Node's streams give every piece to a thread of their own and come back
 * through the event loop, which takes longer than the work; the call that they make there can be made at once. It is Node's own and
 * not documented: whoever finds it missing (`stepsOf`) uses the streams as they are (`zstd`).
 */
import type { ZstdCompress, ZstdDecompress } from "node:zlib";
import { internalError } from "../errors.ts";
import { type Compressor, type Decompressor, type Emit, pieceBytesMax } from "./codec.ts";
import { zlib } from "./node-zlib.ts";

const noBytes = new Uint8Array(0);
/** Whole pieces, so that only the last of a run is shorter, as with rsync. */
const compressedBytes = 4 * pieceBytesMax;
/** What one block of zstd holds. */
const plainBytes = 131_072;

type Stream = ZstdCompress | ZstdDecompress;

/** What Node's streams call. Its results are in `state`: room left in the output, bytes left of the input. */
interface Handle {
  writeSync(
    mode: number,
    input: Uint8Array,
    inputAt: number,
    inputBytes: number,
    output: Uint8Array,
    outputAt: number,
    outputBytes: number,
  ): void;
}

/** One step after the other on a stream, which must not be used otherwise. */
export class ZstdSteps {
  /** Room left in the output, and bytes left of the input, after the last step. */
  room = 0;
  left = 0;
  private readonly stream: Stream;
  private readonly handle: Handle;
  private readonly state: Uint32Array;

  constructor(stream: Stream, handle: Handle, state: Uint32Array) {
    this.stream = stream;
    this.handle = handle;
    this.state = state;
    // Thrown by the step that failed.
    stream.on("error", () => undefined);
  }

  /** Works on the last `left` bytes of `input`, as long as there is room behind `outputAt`. Throws if the data is damaged. */
  step(mode: number, input: Uint8Array, left: number, output: Uint8Array, outputAt: number): void {
    const { stream, state } = this;
    this.handle.writeSync(mode, input, input.length - left, left, output, outputAt, output.length - outputAt);
    if (stream.errored !== null) throw stream.errored;
    this.room = state[0] as number;
    this.left = state[1] as number;
  }

  close(): void {
    this.stream.destroy();
  }
}

/** Steps on a new stream; undefined where Node does not offer them. */
export function stepsOf(stream: Stream): ZstdSteps | undefined {
  const { _handle: handle, _writeState: state } = stream as unknown as Record<string, unknown>;
  if (!(state instanceof Uint32Array) || state.length !== 2 || typeof handle !== "object" || handle === null)
    return undefined;
  return "writeSync" in handle && typeof handle.writeSync === "function"
    ? new ZstdSteps(stream, handle as Handle, state)
    : undefined;
}

/** Output is valid until the next step. */
export class SteppedZstdDecompressor implements Decompressor {
  readonly wantsBlocks = false;
  private readonly steps: ZstdSteps;
  private readonly output = new Uint8Array(plainBytes);
  private input: Uint8Array = noBytes;
  private left = 0;
  /** There may be more output. */
  private isBusy = false;

  constructor(steps: ZstdSteps) {
    this.steps = steps;
  }

  startFile(): void {}

  push(piece: Uint8Array): Uint8Array | undefined {
    this.input = piece;
    this.left = piece.length;
    this.isBusy = true;
    return this.pull();
  }

  endRun(): undefined {}

  pull(): Uint8Array | undefined {
    const { steps, output } = this;
    if (!this.isBusy) return undefined;
    steps.step(zlib().constants.ZSTD_e_continue, this.input, this.left, output, 0);
    const { room } = steps;
    this.left = steps.left;
    this.isBusy = room === 0;
    if (!this.isBusy) this.input = noBytes;
    // With room for more it stops only at the end of its frame.
    if (!this.isBusy && this.left > 0) throw new Error("data after the end of the compressed stream");
    return room === output.length ? undefined : output.subarray(0, output.length - room);
  }

  insertBlock(): void {}

  close(): void {
    this.steps.close();
  }
}

/** What it emits is valid during the call. */
export class SteppedZstdCompressor implements Compressor {
  readonly wantsBlocks = false;
  private readonly steps: ZstdSteps;
  private readonly output = new Uint8Array(compressedBytes);
  private filled = 0;

  constructor(steps: ZstdSteps) {
    this.steps = steps;
  }

  startFile(): void {}

  literal(bytes: Uint8Array, emit: Emit): void {
    this.run(zlib().constants.ZSTD_e_continue, bytes, emit);
  }

  endRun(emit: Emit): void {
    this.run(zlib().constants.ZSTD_e_flush, noBytes, emit);
    if (this.filled > 0) this.hand(emit);
  }

  insertBlock(): void {}

  close(): void {
    this.steps.close();
  }

  private run(mode: number, bytes: Uint8Array, emit: Emit): void {
    const { steps, output } = this;
    for (let left = bytes.length; ; left = steps.left) {
      steps.step(mode, bytes, left, output, this.filled);
      const before = this.filled;
      this.filled = output.length - steps.room;
      if (steps.room > 0) {
        if (steps.left === 0) return;
        if (steps.left === left && this.filled === before) throw internalError("zstd takes no more bytes");
      } else this.hand(emit);
    }
  }

  private hand(emit: Emit): void {
    emit(this.output.subarray(0, this.filled));
    this.filled = 0;
  }
}
