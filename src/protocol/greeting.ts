/** The line that both sides of a daemon connection begin with: `@RSYNCD: 32.0 sha512 ...` (1-session 8.1). Text only. */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { parseNameList } from "./name-list.ts";

/** What a greeting says. */
export interface Greeting {
  readonly protocol: number;
  /** Sub-protocol of pre-release versions, 0 for others; undefined when the line has none (before 3.0). */
  readonly sub: number | undefined;
  /** Digests for authentication, in the peer's order; undefined when there is no list (before 3.2.7). */
  readonly digests: readonly string[] | undefined;
}

const prefix = "@RSYNCD: ";

/** The line without its newline. */
export function formatGreeting(greeting: Greeting): ByteName {
  const sub = greeting.sub === undefined ? "" : `.${greeting.sub}`;
  const digests = greeting.digests === undefined ? "" : ` ${greeting.digests.join(" ")}`;
  return byteName(`${prefix}${greeting.protocol}${sub}${digests}`);
}

/** A line (without newline) as greeting; undefined when it is none. */
export function parseGreeting(line: ByteName): Greeting | undefined {
  const parts = /^@RSYNCD: (\d{1,9})(?:\.(\d{1,9}))?(?: (.*))?$/.exec(line);
  if (parts === null) return undefined;
  const [, protocol, sub, digests] = parts;
  return {
    protocol: Number(protocol),
    sub: sub === undefined ? undefined : Number(sub),
    digests: digests === undefined ? undefined : parseNameList(byteName(digests)),
  };
}
