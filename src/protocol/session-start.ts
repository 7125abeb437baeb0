/**
 * The first bytes of a session over a remote shell: version words, compatibility flags, checksum seed (1-session 3,
 * 4.1, 4.3).
 */
import { ExitCode, protocolError, type Role, TsyncError } from "../errors.ts";
import { CompatFlag, protocolMax, protocolMin } from "./wire-context.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Numbers that a peer may announce at all; outside of them it is not an rsync that talks. */
const announcedMin = 20;
const announcedMax = 40;

/** Bits that are known; others are for later versions and mean nothing to us. */
const knownFlags = Object.values(CompatFlag).reduce((all: number, flag) => all | flag, 0);

export function writeVersion(writer: WireWriter, protocol: number): void {
  writer.int32(protocol);
}

/** The peer's version word: a number that an rsync can announce, else exit 2. */
export function readVersion(reader: WireReader): number {
  const announced = reader.int32();
  if (announced < announcedMin || announced > announcedMax) throw versionMismatch(reader.role);
  return announced;
}

/** The protocol that both sides speak: the lower number. Exit 2 when rsync (1-session 3) or tsync does not speak it. */
export function agreeOnProtocol(own: number, peer: number, role: Role, side: "Client" | "Server" = "Client"): number {
  const protocol = Math.min(own, peer);
  if (protocol < announcedMin) throw refusal(`--protocol must be at least ${announcedMin} on the ${side}.`, role);
  if (protocol > protocolMax) throw refusal(`--protocol must be no more than ${protocolMax} on the ${side}.`, role);
  if (protocol < protocolMin) {
    throw protocolError(`protocol ${protocol} is not supported (only ${protocolMin} to ${protocolMax})`, role);
  }
  return protocol;
}

/** The same where both sides are this process; one that no peer may announce is refused as if a peer did. */
export function agreeWithOneself(protocol: number, role: Role): number {
  if (protocol < announcedMin || protocol > announcedMax) throw versionMismatch(role);
  return agreeOnProtocol(protocol, protocol, role);
}

function refusal(message: string, role: Role): TsyncError {
  return new TsyncError("protocol", message, { exitCode: ExitCode.protocol, role, plain: true });
}

/** What rsync says when the first bytes are not those of an rsync (1-session 3). */
export function versionMismatch(role: Role): Error {
  return new TsyncError("protocol", "protocol version mismatch -- is your shell clean?", {
    exitCode: ExitCode.protocol,
    role,
    plain: true,
    moreLines: ["(see the rsync manpage for an explanation)"],
  });
}

/** Server -> client, from protocol 30 on. */
export function writeCompatFlags(writer: WireWriter, compat: number): void {
  writer.varint(compat);
}

/** The server's flags, unknown bits cleared. */
export function readCompatFlags(reader: WireReader): number {
  return reader.varint() & knownFlags;
}

/** Server -> client at every protocol. */
export function writeSeed(writer: WireWriter, seed: number): void {
  writer.int32(seed);
}

/** The checksum seed, signed. */
export function readSeed(reader: WireReader): number {
  return reader.int32();
}
