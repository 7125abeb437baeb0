/**
 * `--usermap`, `--groupmap` and `--chown` (2-file-list 5.3): comma lists of `FROM:TO`; the first match wins. Pure: names
 * of this machine are looked up through a callback.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { plainUsageError } from "../errors.ts";

/** One rule with its target as a number. */
export interface IdRule {
  readonly from:
    | { readonly kind: "range"; readonly low: number; readonly high: number }
    /** Exact name; empty: ids without a name. */
    | { readonly kind: "name"; readonly name: ByteName }
    | { readonly kind: "pattern"; readonly tokens: readonly PatternToken[] };
  readonly to: number;
}

/** An element of a wildcard: one byte (or any of a set), or a star. */
export type PatternToken =
  | { readonly kind: "star" }
  | { readonly kind: "bytes"; readonly allowed: string; readonly negated: boolean };

/** Which option a text comes from; `--chown` says `usermap` or `groupmap` too, as rsync does. */
export type IdMapOption = "usermap" | "groupmap";

const idMax = 0xffff_ffff;

/**
 * Parses a map. A target name that `lookup` does not know is told to `warn` (a complete line) and its rule left out.
 * rsync works from the last item to the first; so do the messages.
 * @throws TsyncError usage, without prefix, role Receiver: no colon, no name after it, bad number
 */
export function parseIdMap(
  option: IdMapOption,
  text: ByteName,
  lookup: (name: ByteName) => number | undefined,
  warn: (text: string) => void,
): IdRule[] {
  const rules: IdRule[] = [];
  for (const item of text.split(",").reverse()) {
    const colon = item.indexOf(":");
    if (colon < 0) throw mapError(`No colon found in --${option}: ${item}`);
    const target = byteName(item.slice(colon + 1));
    if (target === "") throw mapError(`No name found after colon --${option}: ${item}`);
    const from = parseFrom(option, byteName(item.slice(0, colon)));
    const to = /^[0-9]+$/.test(target) ? parseId(target) : lookup(target);
    if (to === undefined) warn(`Unknown --${option} name on receiver: ${target}`);
    else rules.unshift({ from, to });
  }
  return rules;
}

/** Checks the form of a map without looking up names; throws as `parseIdMap` does. */
export function checkIdMap(option: IdMapOption, text: ByteName): void {
  parseIdMap(
    option,
    text,
    () => 0,
    () => {},
  );
}

/** What the first matching rule makes of an id, undefined if none matches. `name` undefined: the id has none. */
export function mapId(rules: readonly IdRule[], id: number, name: ByteName | undefined): number | undefined {
  return rules.find(({ from }) => matches(from, id, name ?? ""))?.to;
}

function matches(from: IdRule["from"], id: number, name: string): boolean {
  switch (from.kind) {
    case "range":
      return id >= from.low && id <= from.high;
    case "name":
      return from.name === name;
    case "pattern":
      return matchPattern(from.tokens, name);
  }
}

function parseFrom(option: IdMapOption, text: ByteName): IdRule["from"] {
  if (/^[0-9]/.test(text)) {
    const range = /^([0-9]+)(?:-([0-9]+))?$/.exec(text);
    if (range === null) throw mapError(`Invalid number in --${option}: ${text}`);
    const low = parseId(range[1] ?? "");
    return { kind: "range", low, high: range[2] === undefined ? low : parseId(range[2]) };
  }
  return /[*?[]/.test(text) ? { kind: "pattern", tokens: parsePattern(text) } : { kind: "name", name: text };
}

/** An id is 32 bits wide; rsync lets some larger numbers wrap, we refuse them all. */
function parseId(digits: string): number {
  const id = Number(digits);
  if (id > idMax) throw mapError(`Invalid ID number: ${digits}`);
  return id;
}

function mapError(message: string): Error {
  return plainUsageError(message, "Receiver");
}

function parsePattern(text: string): PatternToken[] {
  const tokens: PatternToken[] = [];
  for (let index = 0; index < text.length; index++) {
    const byte = text.charAt(index);
    if (byte === "*") {
      if (tokens.at(-1)?.kind !== "star") tokens.push({ kind: "star" });
    } else if (byte === "?") {
      tokens.push({ kind: "bytes", allowed: "", negated: true });
    } else if (byte === "[") {
      const set = parseSet(text, index + 1);
      tokens.push(set.token);
      index = set.end;
    } else {
      const literal = byte === "\\" ? text.charAt(++index) : byte;
      tokens.push({ kind: "bytes", allowed: literal, negated: false });
    }
  }
  return tokens;
}

/** The set that starts behind a bracket, and the index of its closing bracket; an unclosed set matches nothing. */
function parseSet(text: string, start: number): { token: PatternToken; end: number } {
  let index = start;
  const negated = text[index] === "!" || text[index] === "^";
  if (negated) index += 1;
  let allowed = "";
  for (let first = true; first || text[index] !== "]"; first = false) {
    if (index >= text.length) return { token: { kind: "bytes", allowed: "", negated: false }, end: text.length };
    if (text[index] === "\\") index += 1;
    const low = text.charCodeAt(index);
    let high = low;
    if (text[index + 1] === "-" && index + 2 < text.length && text[index + 2] !== "]") {
      index += 2;
      if (text[index] === "\\") index += 1;
      high = text.charCodeAt(index);
    }
    for (let code = low; code <= high; code++) allowed += String.fromCharCode(code);
    index += 1;
  }
  return { token: { kind: "bytes", allowed, negated }, end: index };
}

/** Time is at most length of pattern times length of name: only the last star is ever widened. */
function matchPattern(tokens: readonly PatternToken[], name: string): boolean {
  let token = 0;
  let byte = 0;
  let starToken = -1;
  let starByte = 0;
  while (byte < name.length) {
    const current = tokens[token];
    if (current?.kind === "star") {
      starToken = token++;
      starByte = byte;
    } else if (current !== undefined && current.allowed.includes(name.charAt(byte)) !== current.negated) {
      token += 1;
      byte += 1;
    } else if (starToken >= 0) {
      token = starToken + 1;
      byte = ++starByte;
    } else {
      return false;
    }
  }
  return tokens.slice(token).every(({ kind }) => kind === "star");
}
