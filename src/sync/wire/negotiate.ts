/** Which checksum and which compression a session uses: lists of names that both sides exchange, or what is implied (1-session 4.2). */

import { byteName } from "../../bytes/byte-name.ts";
import { clampLevel } from "../../compress/token-codec.ts";
import type { ChecksumName } from "../../delta/checksum.ts";
import { limits } from "../../limits.ts";
import {
  type AllowedNames,
  agreeOnName,
  allowedChecksums,
  allowedCompressions,
  type ListReader,
  listToSend,
} from "../../options/allowed-names.ts";
import type { Compression } from "../../options/transfer-options.ts";
import type { CompressionName } from "../../protocol/compression-name.ts";
import { readNameList, writeNameList } from "../../protocol/name-list.ts";
import type { Connection } from "../../transport/connection.ts";

/** While a batch file is written: the names that every reader of one knows (3-transfer 8.1). */
export function batchNames(protocol: number): AllowedNames {
  return { checksums: byteName(protocol >= 30 ? "md5" : "md4"), compressions: byteName("zlib") };
}

/** How the data of files is compressed. */
export interface SettledCompression {
  readonly name: CompressionName;
  readonly level: number;
  readonly threads: number;
}

/** What both sides exchanged; undefined where something was chosen or is implied. */
export interface Negotiated {
  readonly checksum: ChecksumName | undefined;
  readonly compression: CompressionName | undefined;
}

/** What is asked of a negotiation. */
export interface NegotiationStart extends ListReader {
  readonly allowed: AllowedNames;
  readonly checksumChosen: boolean;
  readonly compression: Compression | undefined;
  /** What is taken without lists. */
  readonly impliedChecksum: ChecksumName;
}

/** Each side writes its lists and then reads the other's. */
export async function negotiate(connection: Connection, start: NegotiationStart): Promise<Negotiated> {
  const { allowed, isServer, checksumChosen, compression, exchanges } = start;
  const wantsChecksum = !checksumChosen;
  const wantsCompression = compression !== undefined && compression.choice === undefined;
  const own = {
    checksums: allowedChecksums(allowed, isServer),
    compressions: allowedCompressions(allowed, isServer),
  };
  if (wantsChecksum) start.tell?.(`Client checksum list (on client): ${own.checksums.join(" ")}`);
  if (wantsCompression) start.tell?.(`Client compress list (on client): ${own.compressions.join(" ")}`);
  if (!exchanges) {
    if (wantsChecksum) agreeOnName("checksum", own.checksums, start.impliedChecksum, start);
    if (wantsCompression) agreeOnName("compress", own.compressions, "zlib", start);
    return { checksum: undefined, compression: undefined };
  }
  if (wantsChecksum) writeNameList(connection.out, listToSend(own.checksums));
  if (wantsCompression) writeNameList(connection.out, listToSend(own.compressions));
  // The other side hears of ours even if the two do not come together.
  connection.flush();
  return {
    checksum: wantsChecksum
      ? agreeOnName("checksum", own.checksums, await connection.read(readNameList), start)
      : undefined,
    compression: wantsCompression
      ? agreeOnName("compress", own.compressions, await connection.read(readNameList), start)
      : undefined,
  };
}

/** The compression that comes of it. */
export function settledCompression(asked: Compression | undefined, negotiated: Negotiated): SettledCompression {
  const none: SettledCompression = { name: "none", level: 0, threads: 0 };
  if (asked === undefined) return none;
  const name = asked.choice ?? negotiated.compression ?? "zlib";
  const level = clampLevel(name, asked.level);
  return level === undefined ? none : { name, level, threads: Math.min(asked.threads, limits.compressThreads) };
}
