/**
 * The data of one file that comes from another machine (3-transfer 3.3, 3.5, 5.1): literal bytes and blocks of the basis are
 * put together and compared with the sender's digest. It pauses (yields) while parts are not here yet.
 */
import type { StreamingChecksum } from "../delta/checksum.ts";
import { Patcher } from "../delta/patch.ts";
import { basisBytesOf, blockBytesOf, type ReadAt, type SumHead } from "../delta/signature.ts";
import { protocolError } from "../errors.ts";
import type { DataCopier } from "../fs/copy-data.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";
import { limits } from "../limits.ts";
import type { DeltaOutcome } from "./delta-receive.ts";
import type { ReceiveJob, TokenFeed } from "./receive-job.ts";
import { settleEnd, zeroRunOf } from "./sparse-file.ts";

const headBytes = 16;
const rollingBytes = 4;
const EIO = -5;
const noDigest = new Uint8Array(0);
/** What nobody has searched for. */
const noMatches = { matches: 0, hashHits: 0, falseAlarms: 0, literalRuns: 0 } as const;

/** Receives file data for one thread. */
export class RemoteDataReceiver {
  private readonly syscalls: Syscalls;
  private readonly copier: DataCopier;

  constructor(syscalls: Syscalls, copier: DataCopier) {
    this.syscalls = syscalls;
    this.copier = copier;
  }

  /**
   * Does the same at once for a new file that is here whole, without parts of a basis (bench: many small files); undefined: not such
   * a file, of which nothing is taken.
   */
  receiveWhole(job: ReceiveJob, tokens: TokenFeed, descriptor: number): DeltaOutcome | undefined {
    const isPlain = job.method === "replace" && !job.sparse && !job.preallocate && job.delta === undefined;
    const bytes = isPlain ? tokens.whole() : undefined;
    if (bytes === undefined) return undefined;
    const { buffer } = tokens;
    const { length } = bytes;
    buffer.set(bytes);
    if (length > 0) job.hasNewData = true;
    for (let done = 0; done < length; ) {
      const count = this.syscalls.write(descriptor, buffer, done, length - done, -1);
      if (count <= 0) return failure("write", count || EIO);
      done += count;
    }
    const checksum = tokens.checksum();
    checksum.update(buffer, 0, length);
    const digest = tokens.digest() ?? noDigest;
    const verified = Buffer.compare(digest, checksum.digest()) === 0;
    checksum.release();
    const result = { ...noMatches, literalBytes: length, matchedBytes: 0, checksumBytes: headBytes, digest, verified };
    return { written: length, failed: "read", readError: 0, result };
  }

  /** Writes what comes to `descriptor`, yielding how far the file has grown. Closes the basis. */
  *receive(job: ReceiveJob, tokens: TokenFeed, descriptor: number): Generator<number, DeltaOutcome> {
    const checksum = tokens.checksum();
    try {
      return yield* this.transfer(job, tokens, descriptor, checksum);
    } finally {
      checksum.release();
      if (job.delta !== undefined) this.syscalls.close(job.delta.basis);
    }
  }

  private *transfer(
    job: ReceiveJob,
    tokens: TokenFeed,
    descriptor: number,
    checksum: StreamingChecksum,
  ): Generator<number, DeltaOutcome> {
    const { syscalls, copier } = this;
    const { head, buffer } = tokens;
    const { delta } = job;
    const existing = zeroRunOf(job);
    let writeError = 0;
    const write = (bytes: Uint8Array, position: number): number => {
      const status = copier.writeAt(descriptor, bytes, position, { sparse: job.sparse, existing });
      if (status < 0) writeError = status;
      return status;
    };
    // A basis that is gone, or cannot be read, gives zeros, which the digest does not agree with.
    const readBasis: ReadAt = (buffer, offset, length, position) =>
      delta === undefined ? 0 : Math.max(syscalls.read(delta.basis, buffer, offset, length, position), 0);
    const start = delta?.append === undefined ? 0 : basisBytesOf(head);
    if (delta?.append === "verify") yield* digestOldPart(readBasis, start, checksum, buffer);
    const onStanding = (bytes: Uint8Array, position: number): number =>
      existing === undefined ? 0 : copier.passOver(descriptor, bytes, position, existing);
    const patcher = new Patcher({
      head,
      readBasis,
      write,
      updating: delta?.updating ?? false,
      onStanding,
      checksum,
      buffer,
      start,
    });
    const ceiling = job.device === undefined ? 2 * job.size + limits.growthBytes : Number.POSITIVE_INFINITY;
    let matches = 0;
    let literalBytes = 0;
    let matchedBytes = 0;
    let status = 0;
    let isStopped = true;
    try {
      for (;;) {
        const token = tokens.next();
        if (token === undefined) {
          yield patcher.size;
          continue;
        }
        if (token.kind === "end") break;
        if (token.kind === "data") {
          literalBytes += token.bytes.length;
          job.hasNewData = true;
          status = patcher.literal(token.bytes);
        } else {
          matches += token.count;
          for (let index = token.index; index < token.index + token.count; index++) {
            matchedBytes += blockBytesOf(head, index);
            if (tokens.onBlock !== undefined) tokens.onBlock(this.block(readBasis, head, index));
            if (status >= 0) status = patcher.block(index);
          }
        }
        isStopped = status >= 0;
        if (status < 0) return failure(writeError < 0 ? "write" : "read", status);
        // A small entry must not fill the disk.
        if (patcher.size > ceiling) throw protocolError("the data of a file is far longer than the file", "Receiver");
      }
      isStopped = false;
    } finally {
      // What has come is kept, or stands in the file already.
      if (isStopped) patcher.flush();
    }
    status = patcher.flush();
    if (status >= 0) status = settleEnd(copier, job, descriptor, existing);
    if (status < 0) return failure("write", status);
    // A new file without holes ends where its data does.
    const isExact = job.method === "replace" && !job.sparse && !job.preallocate;
    const cut = isExact ? 0 : syscalls.truncate(descriptor, patcher.size);
    if (cut < 0) return failure("write", cut);
    let digest = tokens.digest();
    while (digest === undefined) {
      yield patcher.size;
      digest = tokens.digest();
    }
    const verified = Buffer.compare(digest, checksum.digest()) === 0;
    const checksumBytes =
      headBytes + (delta?.append === undefined ? head.count * (rollingBytes + head.strongBytes) : 0);
    const result = { ...noMatches, matches, literalBytes, matchedBytes, checksumBytes, digest, verified };
    return { written: patcher.size, failed: "read", readError: 0, result };
  }

  /** What a block holds, zeros where there is nothing. */
  private block(readBasis: ReadAt, head: SumHead, index: number): Uint8Array {
    const bytes = new Uint8Array(blockBytesOf(head, index));
    for (let done = 0; done < bytes.length; ) {
      const count = readBasis(bytes, done, bytes.length - done, index * head.blockLength + done);
      if (count <= 0) break;
      done += count;
    }
    return bytes;
  }
}

/** `--append-verify`: the part that stands already is digested like what comes. */
function* digestOldPart(
  read: ReadAt,
  bytes: number,
  checksum: StreamingChecksum,
  buffer: Uint8Array,
): Generator<number> {
  for (let at = 0; at < bytes; ) {
    const wanted = Math.min(buffer.length, bytes - at);
    const count = read(buffer, 0, wanted, at);
    if (count <= 0) return;
    checksum.update(buffer, 0, count);
    at += count;
    yield 0;
  }
}

function failure(failed: "read" | "write", errno: number): DeltaOutcome {
  return { written: errno, failed, readError: 0, result: undefined };
}
