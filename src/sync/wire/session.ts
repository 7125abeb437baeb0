/**
 * The start of a session (1-session 3 to 5): versions, compatibility flags, choice of checksums, seed, and from where on the
 * streams are framed. Both ends of it, so that they can be compared line by line.
 */
import type { ChecksumName } from "../../delta/checksum.ts";
import { ExitCode, protocolError, type Role, TsyncError } from "../../errors.ts";
import type { AllowedNames } from "../../options/allowed-names.ts";
import type { ChosenChecksums } from "../../options/checksum-choice.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import type { BatchHeader } from "../../protocol/batch-header.ts";
import type { Message } from "../../protocol/message.ts";
import {
  agreeOnProtocol,
  readCompatFlags,
  readSeed,
  readVersion,
  writeCompatFlags,
  writeSeed,
  writeVersion,
} from "../../protocol/session-start.ts";
import { CompatFlag, protocolMax, type WireContext } from "../../protocol/wire-context.ts";
import type { Connection } from "../../transport/connection.ts";
import type { ListStartEvent } from "../events.ts";
import {
  type Negotiated,
  type NegotiationStart,
  negotiate,
  type SettledCompression,
  settledCompression,
} from "./negotiate.ts";

/** What both sides agreed on, or who wrote a batch file with itself. */
export interface Session extends WireContext {
  readonly transferChecksum: ChecksumName;
  readonly listChecksum: ChecksumName;
  readonly compression: SettledCompression;
  /** Of block sums. */
  readonly seed: number;
  /** md5 only: whether the seed comes before the block (1-session 4.4). */
  readonly seedFirst: boolean;
  /** The seed is also hashed before a whole file: md4 that nobody chose (1-session 4.4). */
  readonly seededDigest: boolean;
  /** The same for the digests of `--checksum`, of which only that they are not shown matters. */
  readonly seededList: boolean;
}

/** What a side brings to the start. */
export interface SessionStart {
  readonly options: TransferOptions;
  /** This side has the source. */
  readonly isSender: boolean;
  /** Highest protocol that is offered. */
  readonly protocol: number | undefined;
  /** Agreed on already: there are no version words (1-session 8.1). */
  readonly agreedProtocol?: number | undefined;
  /** `--checksum-choice` was given (and is known to both sides). */
  readonly chosenChecksums: ChosenChecksums | undefined;
  readonly allowed: AllowedNames;
  /** Whether incremental recursion is possible here. */
  readonly allowsIncremental: boolean;
  readonly onMessage: (message: Message) => void;
  readonly role: Role;
  /** A client's `--debug`: hears what was agreed on. */
  readonly remark?: (flag: "nstr" | "proto", level: number, text: string) => void;
  /** This side hears the names of `--files-from` from the other one. */
  readonly hearsNames: boolean;
}

/** Letters of the client's capabilities and the flags that they allow (1-session 2.3). */
const capabilities: readonly (readonly [string, number])[] = [
  ["f", CompatFlag.safeFileList],
  ["x", CompatFlag.avoidXattrOptimisation],
  ["C", CompatFlag.checksumSeedFix],
  ["I", CompatFlag.inplacePartial],
  ["v", CompatFlag.varintFlags],
  ["u", CompatFlag.id0Names],
];

/** Starts a session as server. `clientInfo`: what the client said behind `-e`. */
export async function startServer(connection: Connection, start: SessionStart, clientInfo: string): Promise<Session> {
  const { role, options } = start;
  const own = start.protocol ?? protocolMax;
  writeVersion(connection.out, own);
  const protocol = agreeOnProtocol(own, await connection.read(readVersion), role, "Server");
  // The client comes to the same end by itself once it knows our version.
  connection.flush();
  checkProtocol(protocol, options, role);
  let compat = 0;
  if (protocol >= 30) {
    compat = CompatFlag.symlinkTimes | CompatFlag.symlinkIconv;
    for (const [letter, flag] of capabilities) if (clientInfo.includes(letter)) compat |= flag;
    if (clientInfo.includes("i") && start.allowsIncremental) compat |= CompatFlag.incremental;
    writeCompatFlags(connection.out, compat);
  }
  const negotiated = await negotiate(connection, negotiation(start, protocol, compat, true));
  const seed = options.checksumSeed === 0 ? freshSeed() : options.checksumSeed;
  writeSeed(connection.out, seed);
  connection.startCounting();
  connection.frameOutput({ protocol, isServer: true });
  // A client's stream is raw before protocol 30, unless it has sources to remove (1-session 5.2).
  const framed = protocol >= 30 || (start.isSender && options.removeSource !== "no");
  if (framed) {
    const how = start.hearsNames && namesAreRaw(protocol) ? "stepwise" : "framed";
    connection.frameInput({ protocol, isServer: false }, start.onMessage, how);
  }
  return sessionOf(protocol, compat, seed, negotiated, start);
}

async function exchangeVersions(connection: Connection, { protocol, role, remark }: SessionStart): Promise<number> {
  const own = protocol ?? protocolMax;
  writeVersion(connection.out, own);
  const peer = await connection.read(readVersion);
  const agreed = agreeOnProtocol(own, peer, role);
  remark?.("proto", 1, `(Client) Protocol versions: remote=${peer}, negotiated=${agreed}`);
  return agreed;
}

/** Starts a session as client. */
export async function startClient(connection: Connection, start: SessionStart): Promise<Session> {
  const { options, role } = start;
  const protocol = start.agreedProtocol ?? (await exchangeVersions(connection, start));
  // The other side does not get far either: it is ours to say why.
  checkProtocol(protocol, options, role);
  const compat = protocol >= 30 ? await connection.read(readCompatFlags) : 0;
  if ((compat & CompatFlag.incremental) !== 0 && !start.allowsIncremental) {
    throw new TsyncError("protocol", "Incompatible options: the other side wants incremental recursion", {
      exitCode: ExitCode.usage,
      role,
      plain: true,
    });
  }
  const tell = (text: string): void => start.remark?.("nstr", 2, text);
  const negotiated = await negotiate(connection, { ...negotiation(start, protocol, compat, false), tell });
  const seed = await connection.read(readSeed);
  const session = sessionOf(protocol, compat, seed, negotiated, start);
  remarkChoices(session, negotiated, start);
  connection.startCounting();
  const how = start.hearsNames && namesAreRaw(protocol) ? "raw" : "framed";
  connection.frameInput({ protocol, isServer: true }, start.onMessage, how);
  const framed = protocol >= 30 || (!start.isSender && options.removeSource !== "no");
  if (framed) connection.frameOutput({ protocol, isServer: false });
  return session;
}

/** `--debug=nstr`. */
function remarkChoices(
  { transferChecksum, listChecksum, compression }: Session,
  negotiated: Negotiated,
  start: SessionStart,
): void {
  const how = (exchanged: unknown): string => (exchanged === undefined ? "" : " negotiated");
  const checksum = transferChecksum === listChecksum ? transferChecksum : `${transferChecksum},${listChecksum}`;
  start.remark?.("nstr", 1, `Client${how(negotiated.checksum)} checksum: ${checksum}`);
  if (compression.name === "none") return;
  const compress = `${compression.name} (level ${compression.level})`;
  start.remark?.("nstr", 1, `Client${how(negotiated.compression)} compress: ${compress}`);
}

/** Whether names of `--files-from` travel outside of frames (1-session 2.8). */
export function namesAreRaw(protocol: number): boolean {
  return protocol < 31;
}

function negotiation(start: SessionStart, protocol: number, compat: number, isServer: boolean): NegotiationStart {
  const { allowed, chosenChecksums, role, options } = start;
  const checksumChosen = chosenChecksums !== undefined;
  const exchanges = (compat & CompatFlag.varintFlags) !== 0;
  const { compression } = options;
  return { allowed, checksumChosen, role, isServer, exchanges, compression, impliedChecksum: impliedBy(protocol) };
}

/** The checksum of peers that do not negotiate. */
function impliedBy(protocol: number): ChecksumName {
  return protocol >= 30 ? "md5" : "md4";
}

/** The session that was recorded in a batch file (3-transfer 8.1), which has old names unless others were chosen. */
export function batchSession(
  { protocol, compat, seed }: BatchHeader,
  options: TransferOptions,
  chosenChecksums: ChosenChecksums | undefined,
): Session {
  const implied = { checksum: undefined, compression: undefined };
  checkProtocol(protocol, options, "Receiver");
  return sessionOf(protocol, compat, seed, implied, { options, chosenChecksums });
}

function sessionOf(
  protocol: number,
  compat: number,
  seed: number,
  negotiated: Negotiated,
  { options, chosenChecksums: chosen }: Pick<SessionStart, "options" | "chosenChecksums">,
): Session {
  const settled = negotiated.checksum ?? impliedBy(protocol);
  const known = chosen !== undefined || negotiated.checksum !== undefined;
  return {
    protocol,
    compat,
    seed,
    transferChecksum: chosen?.transfer ?? settled,
    listChecksum: chosen?.list ?? settled,
    compression: settledCompression(options.compression, negotiated),
    seedFirst: known || (compat & CompatFlag.checksumSeedFix) !== 0,
    seededDigest: protocol < 30 && chosen?.transfer === undefined,
    seededList: protocol < 30 && chosen?.list === undefined,
  };
}

/** Options that an old peer knows nothing of (1-session 3). */
function checkProtocol(protocol: number, options: TransferOptions, role: Role): void {
  const need = (when: boolean, name: string, lowest: number): void => {
    if (!when || protocol >= lowest) return;
    throw protocolError(`--${name} requires protocol ${lowest} or higher (negotiated ${protocol}).`, role);
  };
  need(options.acls, "acls", 30);
  need(options.xattrs > 0, "xattrs", 30);
  need(options.fuzzy > 0, "fuzzy", 29);
  const { alternates, inplace, pruneEmptyDirectories } = options;
  if (alternates !== undefined) {
    const { kind, directories } = alternates;
    need(inplace, `${kind}-dest with --inplace`, 29);
    if (directories.length > 1 && protocol < 29) {
      const text = `Using more than one --${kind}-dest option requires protocol 29 or higher (negotiated ${protocol}).`;
      throw protocolError(text, role);
    }
  }
  need(pruneEmptyDirectories, "prune-empty-dirs", 29);
}

/** The seed of a session that nobody chose one for. */
export function freshSeed(): number {
  return (Math.floor(Date.now() / 1000) ^ (process.pid << 6)) | 0;
}

/** The event of a list that begins in this session. */
export function listStartEvent(options: TransferOptions, session: Session): ListStartEvent {
  const { protocol, seededDigest, seededList, listChecksum, transferChecksum } = session;
  const [name, isSeeded] = options.checksum ? [listChecksum, seededList] : [transferChecksum, seededDigest];
  const checksumName = isSeeded ? undefined : name;
  return { type: "list-start", incremental: options.incrementalRecursion, protocol, checksumName };
}

/** The options of a run as this session has them. */
export function agreedOptions(options: TransferOptions, session: Session, wantsDeletion: boolean): TransferOptions {
  const { protocol } = session;
  const old = protocol < 30;
  return {
    ...options,
    incrementalRecursion: (session.compat & CompatFlag.incremental) !== 0,
    transferChecksum: session.transferChecksum,
    listChecksum: session.listChecksum,
    checksumSeed: session.seed,
    deleteTiming: wantsDeletion && old && options.deleteTiming === "during" ? "before" : options.deleteTiming,
    append: old && options.append === "trust" ? "verify" : options.append,
  };
}
