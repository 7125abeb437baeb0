/** Which checksum and which compression a session uses: lists of names that both sides exchange, or what is implied (1-session 4.2). */

import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { clampLevel } from "../../compress/token-codec.ts";
import type { ChecksumName } from "../../delta/checksum.ts";
import { ExitCode, type Role, TsyncError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { chosenChecksums } from "../../options/checksum-choice.ts";
import type { Settings } from "../../options/settings.ts";
import type { Compression } from "../../options/transfer-options.ts";
import { type CompressionName, compressionNames } from "../../protocol/compression-name.ts";
import { chooseName, parseNameList, readNameList, writeNameList } from "../../protocol/name-list.ts";
import type { Connection } from "../../transport/connection.ts";

/** Texts of RSYNC_CHECKSUM_LIST and RSYNC_COMPRESS_LIST: what is before a `&` is for clients, what is behind it for servers. */
export interface AllowedNames {
  readonly checksums: ByteName | undefined;
  readonly compressions: ByteName | undefined;
}

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
export interface NegotiationStart {
  readonly allowed: AllowedNames;
  readonly isServer: boolean;
  readonly role: Role;
  /** Lists go back and forth; if not, old names are implied. */
  readonly exchanges: boolean;
  readonly checksumChosen: boolean;
  readonly compression: Compression | undefined;
  /** What is taken without lists. */
  readonly impliedChecksum: ChecksumName;
  /** `--debug=nstr2`: hears of the lists. */
  readonly tell?: ((text: string) => void) | undefined;
}

const checksums: readonly ChecksumName[] = ["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1", "none"];
const checksumAliases: ReadonlyMap<string, ChecksumName> = new Map([["xxhash", "xxh64"]]);
const noAliases: ReadonlyMap<string, never> = new Map<string, never>();
/** Sent when the environment allows no name that we know. */
const noName = "INVALID";

/** Each side writes its lists and then reads the other's. */
export async function negotiate(connection: Connection, start: NegotiationStart): Promise<Negotiated> {
  const { allowed, isServer, checksumChosen, compression, exchanges } = start;
  const wantsChecksum = !checksumChosen;
  const wantsCompression = compression !== undefined && compression.choice === undefined;
  const own = {
    checksums: ownNames(checksums, checksumAliases, allowed.checksums, isServer),
    compressions: ownNames(compressionNames, noAliases, allowed.compressions, isServer),
  };
  if (wantsChecksum) start.tell?.(`Client checksum list (on client): ${own.checksums.join(" ")}`);
  if (wantsCompression) start.tell?.(`Client compress list (on client): ${own.compressions.join(" ")}`);
  if (!exchanges) {
    if (wantsChecksum) settle("checksum", own.checksums, start.impliedChecksum, checksumAliases, start);
    if (wantsCompression) settle("compress", own.compressions, "zlib", noAliases, start);
    return { checksum: undefined, compression: undefined };
  }
  if (wantsChecksum) writeNameList(connection.out, own.checksums.length === 0 ? [noName] : own.checksums);
  if (wantsCompression) writeNameList(connection.out, own.compressions.length === 0 ? [noName] : own.compressions);
  // The other side hears of ours even if the two do not come together.
  connection.flush();
  return {
    checksum: wantsChecksum
      ? settle("checksum", own.checksums, await connection.read(readNameList), checksumAliases, start)
      : undefined,
    compression: wantsCompression
      ? settle("compress", own.compressions, await connection.read(readNameList), noAliases, start)
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

/**
 * Refuses what a client chose and the environment of this server does not allow.
 * @throws TsyncError unsupported
 */
export function checkChoices(settings: Settings, allowed: AllowedNames): void {
  const check = (
    option: string,
    text: ByteName | undefined,
    names: readonly string[],
    own: readonly string[],
  ): void => {
    if (text === undefined || names.every((name) => own.includes(name))) return;
    const details = { exitCode: ExitCode.unsupported, role: "server", plain: true } as const;
    throw new TsyncError("unsupported", `Your --${option} value (${text}) was refused by the server.`, details);
  };
  const ofChecksum = (text: ByteName): string[] =>
    text
      .toLowerCase()
      .split(",")
      .filter((name) => name !== "auto")
      .map((name) => checksumAliases.get(name) ?? name);
  const { checksumChoice, compressChoice, compress } = settings;
  const isAutomatic = (text: ByteName | undefined): boolean => text === undefined || text.toLowerCase() === "auto";
  if (
    allowed.checksums !== undefined &&
    checksumChoice !== undefined &&
    chosenChecksums(checksumChoice) !== undefined
  ) {
    const own = ownNames(checksums, checksumAliases, allowed.checksums, true);
    check("checksum-choice", checksumChoice, ofChecksum(checksumChoice), own);
  }
  if (allowed.compressions === undefined) return;
  const chosen = isAutomatic(compressChoice) ? (compress > 1 ? byteName("zlibx") : undefined) : compressChoice;
  const own = ownNames(compressionNames, noAliases, allowed.compressions, true);
  check("compress-choice", chosen, chosen === undefined ? [] : [chosen.toLowerCase()], own);
}

/** The names that this side would take, the best first. Only a server names "none" by itself. */
function ownNames<Name extends string>(
  known: readonly Name[],
  aliases: ReadonlyMap<string, Name>,
  text: ByteName | undefined,
  isServer: boolean,
): readonly Name[] {
  const usual = isServer ? known : known.filter((name) => name !== "none");
  if (text === undefined) return usual;
  const [forClients = "", forServers] = text.split("&");
  const names = parseNameList(byteName((isServer ? (forServers ?? forClients) : forClients).replace(/\s/g, " ")));
  if (names.length === 0) return usual;
  return [...new Set(names.map((name) => aliases.get(name) ?? known.find((one) => one === name)))].filter(
    (name) => name !== undefined,
  );
}

/** The name that both sides have. A server leaves it to its client to say that there is none, unless nothing was exchanged. */
function settle<Name extends string>(
  what: "checksum" | "compress",
  own: readonly Name[],
  peer: string,
  aliases: ReadonlyMap<string, Name>,
  { isServer, role, exchanges, tell }: NegotiationStart,
): Name {
  tell?.(`Server ${what} list (on client): ${peer}`);
  const chosen = chooseName(own, parseNameList(byteName(peer)), aliases);
  if (chosen !== undefined) return chosen;
  const ours = own.length === 0 ? noName : own.join(" ");
  const [first, second] = isServer ? ["Client", "Server"] : ["Server", "Client"];
  const details = { exitCode: ExitCode.unsupported, role, plain: true };
  if (isServer && exchanges) throw new TsyncError("unsupported", "", details);
  const moreLines = [`${first} list: ${peer}`, `${second} list: ${ours}`];
  throw new TsyncError("protocol", `Failed to negotiate a ${what} choice.`, { ...details, moreLines });
}
