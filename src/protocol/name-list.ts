/**
 * Lists of algorithm names that the sides exchange: checksums and compressors after the compatibility flags, digests in
 * a daemon's greeting (1-session 4.2, 8.2). Names are compared without regard to case, unknown ones are skipped.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { refusedError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

export function writeNameList(writer: WireWriter, names: readonly string[]): void {
  writer.vstring(byteName(names.join(" ")));
}

/** The peer's list as it came; more than 255 bytes are refused (exit 4). */
export function readNameList(reader: WireReader): ByteName {
  const text = reader.vstring(limits.nameListBytes);
  if (text === undefined) {
    throw refusedError(`over-long vstring received (more than ${limits.nameListBytes} bytes)`, reader.role);
  }
  return text;
}

/** The names of a list, lower case, in order, each once. */
export function parseNameList(text: ByteName): readonly string[] {
  return [...new Set(text.toLowerCase().split(" "))].filter((name) => name !== "");
}

/** Of the peer's names the one that ranks best in our own list; undefined without a common one. */
export function chooseName<Name extends string>(
  own: readonly Name[],
  peer: readonly string[],
  aliases: ReadonlyMap<string, Name> = new Map(),
): Name | undefined {
  const offered = new Set<string>(peer);
  for (const [alias, name] of aliases) if (offered.has(alias)) offered.add(name);
  return own.find((name) => offered.has(name));
}
