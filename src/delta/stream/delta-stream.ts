/** Deltas of streams for the library's callers: `delta` writes what `patch` reads (`stream-format`). */
import { createBlockSummer } from "../block-sums.ts";
import { createChecksum } from "../checksum.ts";
import { deltaMemoryFor } from "../delta-memory.ts";
import { BlockMatcher, type MatchRequest, type MatchSink, notYet, unknownSize } from "../match-blocks.ts";
import { type ByteStream, ChunkReader, closeAll, withReaders } from "./chunk-reader.ts";
import { type ReadSignature, readSignature } from "./signature-stream.ts";
import { deltaMagic, digestLength, literalBytesMax, magicBytes, putMagic, token, viewOf } from "./stream-format.ts";

/**
 * What must be known besides the basis to make `file`: references to blocks of the basis, and the bytes that are in none.
 * `basisSignature` is what `signature` wrote. The file is read once and in order, 1 MiB of it is held at a time; the signature
 * is held whole, 36 bytes a block. The pieces that come out are the caller's. Throws a `TsyncError` of kind `protocol` for
 * a damaged signature.
 */
export function delta(basisSignature: ByteStream, file: ByteStream): AsyncGenerator<Uint8Array, void, void> {
  const readers = [new ChunkReader(basisSignature, "signature"), new ChunkReader(file, "file")] as const;
  return withReaders(deltaOf(...readers), readers);
}

async function* deltaOf(basisSignature: ChunkReader, file: ChunkReader): AsyncGenerator<Uint8Array, void, void> {
  try {
    const known = await readSignature(basisSignature);
    const header = headerOf(known);
    const memory = deltaMemoryFor(known.signature.count, false);
    const { kernels } = memory;
    const summer = createBlockSummer({ name: "xxh128", seed: 0, seedFirst: true, kernels });
    const checksum = createChecksum("xxh128", { kernels });
    // The digest is one of the header too: all of a delta is covered.
    checksum.update(header, 0, header.length);
    yield header;
    const tokens = new TokenWriter();
    let size = unknownSize;
    const request: MatchRequest = {
      read(buffer, offset, length) {
        const piece = file.take(length);
        buffer.set(piece, offset);
        return piece.length === 0 ? notYet : piece.length;
      },
      get size() {
        return size;
      },
      sink: tokens,
      updating: false,
      memory,
      onData: (bytes) => checksum.update(bytes, 0, bytes.length),
    };
    const steps = new BlockMatcher(known.signature, summer, request).run();
    while (steps.next().done !== true) {
      const bytes = tokens.taken();
      if (bytes.length > 0) yield bytes;
      if (!(await file.more())) size = file.position;
    }
    tokens.end(size, checksum.digest());
    yield tokens.taken();
  } finally {
    await closeAll([basisSignature, file]);
  }
}

function headerOf({ signature, basisBytes }: ReadSignature): Uint8Array {
  const header = new Uint8Array(magicBytes + 12);
  putMagic(header, deltaMagic);
  viewOf(header).setUint32(magicBytes, signature.blockLength, true);
  viewOf(header).setBigUint64(magicBytes + 4, BigInt(basisBytes), true);
  return header;
}

/** Gathers tokens until they are taken. Blocks that follow each other are one token. */
class TokenWriter implements MatchSink {
  private pieces: Uint8Array[] = [];
  private firstBlock = 0;
  private blocks = 0;

  literal(bytes: Uint8Array): number {
    this.endBlocks();
    for (let done = 0; done < bytes.length; done += literalBytesMax) {
      const piece = bytes.slice(done, done + literalBytesMax);
      this.push(token.literal, [piece.length]);
      this.pieces.push(piece);
    }
    return 0;
  }

  block(index: number): number {
    if (this.blocks > 0 && index === this.firstBlock + this.blocks) {
      this.blocks++;
      return 0;
    }
    this.endBlocks();
    this.firstBlock = index;
    this.blocks = 1;
    return 0;
  }

  end(size: number, digest: Uint8Array): void {
    this.endBlocks();
    const bytes = new Uint8Array(9 + digestLength);
    bytes[0] = token.end;
    viewOf(bytes).setBigUint64(1, BigInt(size), true);
    bytes.set(digest, 9);
    this.pieces.push(bytes);
  }

  /** What has been gathered; blocks that may go on are left for later. */
  taken(): Uint8Array {
    const bytes = new Uint8Array(this.pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of this.pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.pieces = [];
    return bytes;
  }

  private endBlocks(): void {
    if (this.blocks > 0) this.push(token.blocks, [this.firstBlock, this.blocks]);
    this.blocks = 0;
  }

  private push(kind: number, numbers: readonly number[]): void {
    const bytes = new Uint8Array(1 + 4 * numbers.length);
    bytes[0] = kind;
    for (const [index, number] of numbers.entries()) viewOf(bytes).setUint32(1 + 4 * index, number, true);
    this.pieces.push(bytes);
  }
}
