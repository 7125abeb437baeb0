/**
 * known_hosts (sshd(8)): whether a host's key is the one that was seen before. Names may be plain, patterns or hashed; a key that is marked as
 * revoked is never taken; authorities are not supported, so hosts that only have certificates count as unknown.
 */
import { createHmac, randomBytes } from "node:crypto";
import { matchesList } from "./patterns.ts";

/** One usable line. */
export interface KnownHost {
  readonly marker: "" | "revoked" | "cert-authority";
  /** Patterns, or one hashed name. */
  readonly names: string;
  readonly type: string;
  /** The key as it goes over the wire. */
  readonly key: Buffer;
  /** File and line, for messages. */
  readonly where: string;
}

/** What is known of a host's key. */
export type HostVerdict =
  | { readonly kind: "known" }
  | { readonly kind: "unknown"; readonly authority: boolean }
  /** Another key is known: of this kind, or only of other kinds. */
  | { readonly kind: "changed"; readonly where: string; readonly sameType: boolean }
  | { readonly kind: "revoked"; readonly where: string };

/** The lines of a file; those that nobody can read are passed over, as ssh does. */
export function parseKnownHosts(text: string, path: string): KnownHost[] {
  const lines: KnownHost[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.trim().split(/[ \t]+/);
    if (words[0] === undefined || words[0] === "" || words[0].startsWith("#")) continue;
    const mark = words[0].startsWith("@") ? words.shift()?.slice(1) : "";
    const [names, type, encoded] = words;
    if (names === undefined || type === undefined || encoded === undefined) continue;
    if (mark !== "" && mark !== "revoked" && mark !== "cert-authority") continue;
    const key = Buffer.from(encoded, "base64");
    // The key says itself of what kind it is.
    if (keyType(key) !== type) continue;
    lines.push({ marker: mark, names, type, key, where: `${path}:${index + 1}` });
  }
  return lines;
}

/** The kind that stands in front of a key; empty if it is none. */
export function keyType(key: Uint8Array): string {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (bytes.length < 4) return "";
  const length = bytes.readUInt32BE(0);
  return length > 64 || bytes.length < 4 + length ? "" : bytes.toString("latin1", 4, 4 + length);
}

/** How a host is called in known_hosts. */
export function knownName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Judges the key of a host. `alias` (HostKeyAlias) stands in for name and port. */
export function judgeHostKey(
  lines: readonly KnownHost[],
  { host, port, alias }: { readonly host: string; readonly port: number; readonly alias: string | undefined },
  key: Uint8Array,
): HostVerdict {
  const name = alias ?? knownName(host, port);
  const matching = lines.filter((line) => namesHost(line.names, name));
  // A host at another port may be known by its bare name, but only with this very key.
  const bare = alias === undefined && port !== 22 ? lines.filter((line) => namesHost(line.names, host)) : [];
  const isSame = (line: KnownHost): boolean => line.key.equals(key);
  const revoked = [...matching, ...bare].find((line) => line.marker === "revoked" && isSame(line));
  if (revoked !== undefined) return { kind: "revoked", where: revoked.where };
  if ([...matching, ...bare].some((line) => line.marker === "" && isSame(line))) return { kind: "known" };
  const others = matching.filter((line) => line.marker === "");
  const type = keyType(key);
  const other = others.find((line) => line.type === type) ?? others[0];
  if (other !== undefined) return { kind: "changed", where: other.where, sameType: other.type === type };
  return { kind: "unknown", authority: matching.some((line) => line.marker === "cert-authority") };
}

/** Kinds of keys that are known of a host, so that it is asked for one of these. */
export function knownTypes(lines: readonly KnownHost[], names: readonly string[]): ReadonlySet<string> {
  const own = lines.filter((line) => line.marker === "" && names.some((name) => namesHost(line.names, name)));
  return new Set(own.map((line) => line.type));
}

/** A line for a host that was accepted; the name is hashed if asked for. */
export function formatKnownHost(name: string, key: Uint8Array, hashed: boolean): string {
  const salt = randomBytes(20);
  const shown = hashed ? `|1|${salt.toString("base64")}|${hashOf(salt, name)}` : name;
  return `${shown} ${keyType(key)} ${Buffer.from(key).toString("base64")}\n`;
}

function namesHost(names: string, host: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(names);
  if (hashed !== null) return hashOf(Buffer.from(hashed[1] ?? "", "base64"), host) === hashed[2];
  return matchesList(host.toLowerCase(), names.toLowerCase().split(","));
}

function hashOf(salt: Uint8Array, name: string): string {
  return createHmac("sha1", salt).update(name).digest("base64");
}
