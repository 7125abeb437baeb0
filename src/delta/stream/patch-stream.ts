/** Makes a file from its basis and a delta (`stream-format`). */
import { streamError, usageError } from "../../errors.ts";
import { createChecksum, type StreamingChecksum } from "../checksum.ts";
import { type ByteStream, ChunkReader, withReaders } from "./chunk-reader.ts";
import {
  deltaMagic,
  digestLength,
  literalBytesMax,
  magicBytes,
  readSize,
  readStart,
  token,
  viewOf,
} from "./stream-format.ts";

/** A basis that can be read at any place: bytes in memory, or what has the `read` of a `FileHandle` of `node:fs/promises`. */
export type Basis = Uint8Array | BasisReader;

/** Reads up to `length` bytes at `position` into `buffer` from `offset` on, and tells how many; 0 at the end. */
export interface BasisReader {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/** Bytes that are read from a basis at once. */
const pieceBytes = 262_144;

/**
 * The file that `delta` saw, from its basis. The pieces that come out are the caller's; they are right as long as no error follows:
 * only at the end does the digest tell that it was this basis and that nothing is damaged, so put the result in place
 * when the last piece has come. Memory: 1 MiB at most. Throws a `TsyncError` of kind `protocol` for a damaged delta, a
 * basis that is too short, or a result with another digest.
 */
export function patch(basis: Basis, changes: ByteStream): AsyncGenerator<Uint8Array, void, void> {
  const given: unknown = basis;
  const reads = typeof given === "object" && given !== null && "read" in given && typeof given.read === "function";
  if (!reads && !(basis instanceof Uint8Array)) {
    throw usageError("patch: the basis must be bytes, a FileHandle, or something else with such a read");
  }
  const reader = new ChunkReader(changes, "delta");
  return withReaders(patched(basis, reader), [reader]);
}

async function* patched(basis: Basis, reader: ChunkReader): AsyncGenerator<Uint8Array, void, void> {
  try {
    const header = await reader.exactly(magicBytes + 12);
    const blockLength = await readStart(reader, deltaMagic, header);
    const basisBytes = readSize(reader, viewOf(header), magicBytes + 4);
    const blockCount = Math.ceil(basisBytes / blockLength);
    const checksum = createChecksum("xxh128");
    checksum.update(header, 0, header.length);
    let size = 0;
    const counted = (bytes: Uint8Array): Uint8Array => {
      checksum.update(bytes, 0, bytes.length);
      size += bytes.length;
      return bytes;
    };
    for (;;) {
      const [kind] = await reader.exactly(1);
      if (kind === token.end) break;
      if (kind === token.literal) {
        let left = viewOf(await reader.exactly(4)).getUint32(0, true);
        if (left === 0 || left > literalBytesMax) throw reader.corrupt(`${left} literal bytes`);
        for (; left > 0; ) {
          if (!(await reader.more())) throw reader.corrupt("ends too early");
          const piece = reader.take(left).slice();
          left -= piece.length;
          yield counted(piece);
        }
      } else if (kind === token.blocks) {
        const view = viewOf(await reader.exactly(8));
        const first = view.getUint32(0, true);
        const count = view.getUint32(4, true);
        if (count === 0 || first + count > blockCount) {
          throw reader.corrupt(`blocks ${first} to ${first + count - 1} of ${blockCount}`);
        }
        const end = Math.min((first + count) * blockLength, basisBytes);
        for (let at = first * blockLength; at < end; ) {
          const piece = await readBasis(basis, at, Math.min(pieceBytes, end - at));
          at += piece.length;
          yield counted(piece);
        }
      } else throw reader.corrupt(`token ${kind}`);
    }
    await checkEnd(reader, size, checksum);
  } finally {
    await reader.close();
  }
}

async function checkEnd(reader: ChunkReader, size: number, checksum: StreamingChecksum): Promise<void> {
  const wanted = readSize(reader, viewOf(await reader.exactly(8)), 0);
  const digest = await reader.exactly(digestLength);
  if (await reader.more()) throw reader.corrupt("goes on behind its end");
  if (wanted !== size || Buffer.compare(digest, checksum.digest()) !== 0) {
    throw streamError("delta: it belongs to another basis, or is damaged: the digest of the result differs", "client");
  }
}

/** Some bytes of the basis, at least one. */
async function readBasis(basis: Basis, position: number, length: number): Promise<Uint8Array> {
  let piece: Uint8Array;
  if (basis instanceof Uint8Array) piece = basis.slice(position, position + length);
  else {
    const buffer = new Uint8Array(length);
    const { bytesRead } = await basis.read(buffer, 0, length, position);
    if (!(Number.isInteger(bytesRead) && bytesRead >= 0 && bytesRead <= length))
      throw usageError(`patch: the read of the basis tells of ${bytesRead} bytes, not of 0 to ${length}`);
    piece = buffer.subarray(0, bytesRead);
  }
  if (piece.length === 0) throw streamError(`basis: it ends before byte ${position}`, "client");
  return piece;
}
