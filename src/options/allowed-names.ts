/**
 * The checksums and compressions that the environment allows (`RSYNC_CHECKSUM_LIST`, `RSYNC_COMPRESS_LIST`), and what two sides come to
 * agree on by their lists (1-session 4.2). A run within one machine has both sides.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import type { ChecksumName } from "../delta/checksum.ts";
import { ExitCode, type Role, TsyncError } from "../errors.ts";
import { type CompressionName, compressionNames } from "../protocol/compression-name.ts";
import { chooseName, parseNameList } from "../protocol/name-list.ts";
import { chosenChecksums } from "./checksum-choice.ts";
import type { Settings } from "./settings.ts";

/** Texts of RSYNC_CHECKSUM_LIST and RSYNC_COMPRESS_LIST: what is before a `&` is for clients, what is behind it for servers. */
export interface AllowedNames {
  readonly checksums: ByteName | undefined;
  readonly compressions: ByteName | undefined;
}

/** The environment says nothing. */
export const anyNames: AllowedNames = { checksums: undefined, compressions: undefined };

/** What is agreed on by lists. */
export type ListKind = "checksum" | "compress";

/** Who looks at the lists. */
export interface ListReader {
  readonly isServer: boolean;
  readonly role: Role;
  /** Lists go back and forth; if not, old names are implied. */
  readonly exchanges: boolean;
  /** `--debug=nstr2`: hears of the lists. */
  readonly tell?: ((text: string) => void) | undefined;
}

const checksums: readonly ChecksumName[] = ["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1", "none"];
const aliases: ReadonlyMap<string, ChecksumName> = new Map([["xxhash", "xxh64"]]);
const noAliases: ReadonlyMap<string, never> = new Map<string, never>();
/** Sent when the environment allows no name that we know. */
const noName = "INVALID";

/** The checksums that a side would take, the best first. Only a server names "none" by itself. */
export function allowedChecksums(allowed: AllowedNames, isServer: boolean): readonly ChecksumName[] {
  return allowedOf(checksums, aliases, allowed.checksums, isServer);
}

/** The compressions, likewise. */
export function allowedCompressions(allowed: AllowedNames, isServer: boolean): readonly CompressionName[] {
  return allowedOf(compressionNames, noAliases, allowed.compressions, isServer);
}

/** A list as it is sent. */
export function listToSend(own: readonly string[]): readonly string[] {
  return own.length === 0 ? [noName] : own;
}

/**
 * The name that both sides have. A server leaves it to its client to say that there is none, unless nothing was exchanged.
 * @throws TsyncError protocol, with exit code 4
 */
export function agreeOnName<Name extends ChecksumName | CompressionName>(
  what: ListKind,
  own: readonly Name[],
  peer: string,
  { isServer, role, exchanges, tell }: ListReader,
): Name {
  tell?.(`Server ${what} list (on client): ${peer}`);
  const offered = parseNameList(byteName(peer)).map((name) => (what === "checksum" ? aliases.get(name) : name) ?? name);
  const chosen = chooseName(own, offered);
  if (chosen !== undefined) return chosen;
  const [first, second] = isServer ? ["Client", "Server"] : ["Server", "Client"];
  const details = { exitCode: ExitCode.unsupported, role, plain: true };
  if (isServer && exchanges) throw new TsyncError("unsupported", "", details);
  const moreLines = [`${first} list: ${peer}`, `${second} list: ${listToSend(own).join(" ")}`];
  throw new TsyncError("protocol", `Failed to negotiate a ${what} choice.`, { ...details, moreLines });
}

/**
 * Refuses what a client chose and the environment of this server does not allow.
 * @throws TsyncError unsupported
 */
export function checkChoices(settings: Settings, allowed: AllowedNames): void {
  const check = (option: string, text: ByteName, names: readonly string[], own: readonly string[]): void => {
    if (names.every((name) => own.includes(name))) return;
    const details = { exitCode: ExitCode.unsupported, role: "server", plain: true } as const;
    throw new TsyncError("unsupported", `Your --${option} value (${text}) was refused by the server.`, details);
  };
  const ofChecksum = (text: ByteName): string[] =>
    text
      .toLowerCase()
      .split(",")
      .filter((name) => name !== "auto")
      .map((name) => aliases.get(name) ?? name);
  const { checksumChoice, compressChoice, compress } = settings;
  if (allowed.checksums !== undefined && checksumChoice !== undefined && chosenChecksums(checksumChoice) !== undefined)
    check("checksum-choice", checksumChoice, ofChecksum(checksumChoice), allowedChecksums(allowed, true));
  if (allowed.compressions === undefined) return;
  const isAutomatic = compressChoice === undefined || compressChoice.toLowerCase() === "auto";
  const chosen = isAutomatic ? (compress > 1 ? byteName("zlibx") : undefined) : compressChoice;
  if (chosen !== undefined)
    check("compress-choice", chosen, [chosen.toLowerCase()], allowedCompressions(allowed, true));
}

/**
 * What both sides of a run within one machine agree on: the checksum, or undefined where the lists do not matter. `compresses`: whether
 * a compression is to be negotiated.
 * @throws TsyncError protocol or unsupported, with exit code 4: nothing that both may use
 */
export function agreeWithinMachine(
  settings: Settings,
  compresses: boolean,
  allowed: AllowedNames,
): ChecksumName | undefined {
  checkChoices(settings, allowed);
  const modern = (settings.protocol ?? Number.POSITIVE_INFINITY) >= 30;
  const reader = { isServer: false, role: "sender", exchanges: modern } as const;
  let checksum: ChecksumName | undefined;
  if (allowed.checksums !== undefined && chosenChecksums(settings.checksumChoice) === undefined) {
    const peer = modern ? listToSend(allowedChecksums(allowed, true)).join(" ") : "md4";
    checksum = agreeOnName("checksum", allowedChecksums(allowed, false), peer, reader);
  }
  if (allowed.compressions !== undefined && compresses) {
    const peer = modern ? listToSend(allowedCompressions(allowed, true)).join(" ") : "zlib";
    agreeOnName("compress", allowedCompressions(allowed, false), peer, reader);
  }
  return modern ? checksum : undefined;
}

function allowedOf<Name extends string>(
  known: readonly Name[],
  others: ReadonlyMap<string, Name>,
  text: ByteName | undefined,
  isServer: boolean,
): readonly Name[] {
  const usual = isServer ? known : known.filter((name) => name !== "none");
  if (text === undefined) return usual;
  const [forClients = "", forServers] = text.split("&");
  const names = parseNameList(byteName((isServer ? (forServers ?? forClients) : forClients).replace(/\s/g, " ")));
  if (names.length === 0) return usual;
  return [...new Set(names.map((name) => others.get(name) ?? known.find((one) => one === name)))].filter(
    (name) => name !== undefined,
  );
}
