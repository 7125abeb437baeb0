/** The tokens of one file for the receiver, as far as they have come (3-transfer 3.3, 2.6). */
import type { StreamingChecksum } from "../../delta/checksum.ts";
import { blockBytesOf, type SumHead } from "../../delta/signature.ts";
import { checkBlocks, PlainTokenReader, type Token, type TokenReader } from "../../protocol/token.ts";
import { notYet } from "../../protocol/wire-reader.ts";
import type { Connection } from "../../transport/connection.ts";
import type { TokenFeed } from "../receive-job.ts";

export class WireTokens implements TokenFeed {
  readonly head: SumHead;
  readonly onBlock: ((bytes: Uint8Array) => void) | undefined;
  private readonly connection: Connection;
  private readonly source: TokenReader;
  private readonly digestBytes: number;
  private readonly makeChecksum: () => StreamingChecksum;
  /** Where the head of the file began in the stream. */
  private readonly start: number;
  readonly buffer: Uint8Array;
  private coming: Promise<void> | undefined;
  private ready: Token | undefined;
  private ended = false;
  private digestRead: Uint8Array | undefined;
  private isWaiting = false;

  constructor(
    connection: Connection,
    source: TokenReader,
    head: SumHead,
    digestBytes: number,
    makeChecksum: () => StreamingChecksum,
    buffer: Uint8Array,
    start: number,
  ) {
    this.buffer = buffer;
    this.start = start;
    this.connection = connection;
    this.source = source;
    this.head = head;
    this.digestBytes = digestBytes;
    this.makeChecksum = makeChecksum;
    this.onBlock = source.wantsBlocks ? (bytes) => void source.insertBlock(bytes) : undefined;
  }

  get bytesTaken(): number {
    return this.connection.reader.consumed - this.start;
  }

  checksum(): StreamingChecksum {
    return this.makeChecksum();
  }

  next(): Token | undefined {
    const { ready } = this;
    this.ready = undefined;
    if (ready !== undefined) return ready;
    if (this.coming !== undefined) return undefined;
    const { reader } = this.connection;
    const found = reader.poll((from) => this.source.read(from));
    if (found === notYet) {
      this.isWaiting = true;
      return undefined;
    }
    if (found instanceof Promise) {
      this.coming = found.then((token) => {
        this.coming = undefined;
        this.ready = token === undefined ? undefined : this.checked(token);
      });
      return undefined;
    }
    return found === undefined ? undefined : this.checked(found);
  }

  whole(): Uint8Array | undefined {
    const { source, digestBytes } = this;
    if (!(source instanceof PlainTokenReader) || this.ended) return undefined;
    const { connection } = this;
    const { reader } = connection;
    let length = source.wholeLength(reader, digestBytes);
    // Perhaps the rest of it is in the next frames.
    while (length === "not-here" && connection.decodeHeld()) length = source.wholeLength(reader, digestBytes);
    if (typeof length !== "number") return undefined;
    const dataBytes = length;
    const read = reader.poll((from) => {
      const bytes = source.readWhole(from, dataBytes);
      this.digestRead = from.view(digestBytes);
      return bytes;
    });
    this.ended = read !== notYet;
    return read === notYet ? undefined : read;
  }

  digest(): Uint8Array | undefined {
    if (this.digestRead !== undefined) return this.digestRead;
    const found = this.connection.reader.poll((reader) => reader.copy(this.digestBytes));
    if (found === notYet) {
      this.isWaiting = true;
      return undefined;
    }
    this.digestRead = found;
    return found;
  }

  /** What a part that was not here waits for; undefined: nothing, it was a pause. */
  wait(): Promise<void> | undefined {
    if (this.coming !== undefined) return this.coming;
    if (!this.isWaiting) return undefined;
    this.isWaiting = false;
    return this.connection.more();
  }

  /** The file is read to its end. */
  get isThrough(): boolean {
    return this.ended && this.digestRead !== undefined;
  }

  /** Reads what is left of the file and drops it; how much of it was data, and how much blocks. */
  async discard(): Promise<{ readonly literalBytes: number; readonly matchedBytes: number }> {
    let literalBytes = 0;
    let matchedBytes = 0;
    while (!this.ended) {
      const token = this.next();
      if (token === undefined) await this.wait();
      else if (token.kind === "blocks") matchedBytes += this.skipBlocks(token.index, token.count);
      else if (token.kind === "data") literalBytes += token.bytes.length;
    }
    while (this.digest() === undefined) await this.wait();
    return { literalBytes, matchedBytes };
  }

  /** What follows is compressed against these blocks: their length counts, what they hold does not. Returns that length. */
  private skipBlocks(first: number, count: number): number {
    const { onBlock, head } = this;
    let bytes = 0;
    for (let index = first; index < first + count; index++) {
      const length = blockBytesOf(head, index);
      bytes += length;
      onBlock?.(new Uint8Array(length));
    }
    return bytes;
  }

  private checked(token: Token): Token {
    if (token.kind === "blocks") checkBlocks(this.connection.reader, token.index, token.count, this.head.count);
    if (token.kind === "end") this.ended = true;
    return token;
  }
}
