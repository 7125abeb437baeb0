/**
 * Wildcard patterns (2-file-list 1.7): compiled once to a short code, matched byte by byte.
 *
 * Never a RegExp (4-traps I-08). A failed attempt reports whether a later start could still succeed, so that a row of
 * stars costs no more than length of pattern x length of text per run of `**`. Names are bytes; classes are those of
 * the C locale; letters are case-sensitive.
 */
import type { ByteName } from "../bytes/byte-name.ts";

/** A compiled pattern: plain data that can be cloned to another thread. */
export interface Wildcard {
  /** One code a pattern element: a byte 0..255, or one of the negative `Code` values. */
  readonly codes: Int16Array;
  /** For each bracket set 256 flags (1: member), `/` never set. Code `firstSet - i` selects entry i. */
  readonly sets: readonly Uint8Array[];
}

/** Where in the text the pattern may start. */
export type WildcardMode = "whole" | "any-slash";

const anyByte = -1;
const star = -2;
const starStar = -3;
/** Malformed from here on: nothing can match. */
const abort = -4;
/** A lone backslash at the end: matches no byte. */
const never = -5;
const firstSet = -16;

const slash = 47;

const falseResult = 0;
const trueResult = 1;
/** No later start can match either. */
const abortResult = 2;
/** The rest did not match before the next slash: only a `**` further out can help. */
const abortToStarStar = 3;

/** Compiles a pattern (without its anchoring slash). */
export function compileWildcard(pattern: ByteName): Wildcard {
  const codes: number[] = [];
  const sets: Uint8Array[] = [];
  let at = 0;
  while (at < pattern.length) {
    const byte = pattern[at] as string;
    at++;
    if (byte === "\\") {
      codes.push(at < pattern.length ? pattern.charCodeAt(at) : never);
      at++;
    } else if (byte === "?") {
      codes.push(anyByte);
    } else if (byte === "*") {
      const start = at;
      while (pattern[at] === "*") at++;
      codes.push(at > start ? starStar : star);
    } else if (byte === "[") {
      const set = new Uint8Array(256);
      at = parseSet(pattern, at, set);
      if (at < 0) {
        codes.push(abort);
        break;
      }
      codes.push(firstSet - sets.length);
      sets.push(set);
    } else {
      codes.push(byte.charCodeAt(0));
    }
  }
  return { codes: Int16Array.from(codes), sets };
}

/**
 * Tells whether a compiled pattern matches `text` from byte `start` to its end. In mode `any-slash` it may also start
 * after any later slash.
 */
export function matchWildcard(wildcard: Wildcard, text: string, start: number, mode: WildcardMode): boolean {
  let result = matchFrom(wildcard, 0, text, start);
  if (mode === "any-slash") {
    let at = start;
    while (result !== trueResult && result !== abortResult) {
      const next = text.indexOf("/", at);
      if (next < 0) return false;
      at = next + 1;
      result = matchFrom(wildcard, 0, text, at);
    }
  }
  return result === trueResult;
}

/** The rules of 2-file-list 1.7 in their order; recursion only at stars. */
function matchFrom(wildcard: Wildcard, codeIndex: number, text: string, at: number): number {
  const codes = wildcard.codes;
  for (; codeIndex < codes.length; codeIndex++, at++) {
    const code = codes[codeIndex] as number;
    if (code === star || code === starStar) return matchStar(wildcard, codeIndex, text, at);
    if (at >= text.length) return abortResult;
    const byte = text.charCodeAt(at);
    if (code >= 0) {
      if (code !== byte) return falseResult;
    } else if (code === anyByte) {
      if (byte === slash) return falseResult;
    } else if (code <= firstSet) {
      if (wildcard.sets[firstSet - code]?.[byte] !== 1) return falseResult;
    } else {
      return code === never ? falseResult : abortResult;
    }
  }
  return at >= text.length ? trueResult : falseResult;
}

/** A star at `codeIndex`: tries the rest of the pattern at each position it may reach. */
function matchStar(wildcard: Wildcard, codeIndex: number, text: string, at: number): number {
  const codes = wildcard.codes;
  const crosses = codes[codeIndex] === starStar;
  const rest = codeIndex + 1;
  if (rest === codes.length) return crosses || text.indexOf("/", at) < 0 ? trueResult : falseResult;
  const literal = codes[rest] as number;
  for (; at < text.length; at++) {
    const byte = text.charCodeAt(at);
    // The rest begins with a plain byte: places with another byte cannot match, skip the call.
    if (literal < 0 || literal === byte) {
      const result = matchFrom(wildcard, rest, text, at);
      if (result !== falseResult && (!crosses || result !== abortToStarStar)) return result;
    }
    if (!crosses && byte === slash) return abortToStarStar;
  }
  return abortResult;
}

/** Reads a set behind its `[` into `set`; returns the position behind the `]`, or -1 if it is malformed. */
function parseSet(pattern: string, at: number, set: Uint8Array): number {
  const negated = pattern[at] === "!" || pattern[at] === "^";
  if (negated) at++;
  let previous = -1;
  let first = true;
  for (;;) {
    if (at >= pattern.length) return -1;
    let byte = pattern.charCodeAt(at);
    if (byte === 0x5d && !first) break;
    first = false;
    const next = pattern[at + 1];
    if (byte === 0x5c) {
      at++;
      if (at >= pattern.length) return -1;
      byte = pattern.charCodeAt(at);
      set[byte] = 1;
      previous = byte;
    } else if (byte === 0x2d && previous >= 0 && next !== undefined && next !== "]") {
      at++;
      let last = pattern.charCodeAt(at);
      if (last === 0x5c) {
        at++;
        if (at >= pattern.length) return -1;
        last = pattern.charCodeAt(at);
      }
      for (let member = previous; member <= last; member++) set[member] = 1;
      previous = -1;
    } else if (byte === 0x5b && next === ":") {
      const end = pattern.indexOf("]", at + 2);
      if (end < 0) return -1;
      if (end < at + 3 || pattern[end - 1] !== ":") {
        set[byte] = 1;
        previous = byte;
      } else {
        const test = classes.get(pattern.slice(at + 2, end - 1));
        if (test === undefined) return -1;
        for (let member = 0; member < 128; member++) if (test(member)) set[member] = 1;
        at = end;
        previous = -1;
      }
    } else {
      set[byte] = 1;
      previous = byte;
    }
    at++;
  }
  if (negated) for (let member = 0; member < 256; member++) set[member] = set[member] === 1 ? 0 : 1;
  set[slash] = 0;
  return at + 1;
}

function inRange(low: string, high: string): (byte: number) => boolean {
  const from = low.charCodeAt(0);
  const to = high.charCodeAt(0);
  return (byte) => byte >= from && byte <= to;
}

const lower = inRange("a", "z");
const upper = inRange("A", "Z");
const digit = inRange("0", "9");
const graph = inRange("!", "~");

/** The named classes of the C locale. */
const classes: ReadonlyMap<string, (byte: number) => boolean> = new Map([
  ["alnum", (byte) => lower(byte) || upper(byte) || digit(byte)],
  ["alpha", (byte) => lower(byte) || upper(byte)],
  ["blank", (byte) => byte === 32 || byte === 9],
  ["cntrl", (byte) => byte < 32 || byte === 127],
  ["digit", digit],
  ["graph", graph],
  ["lower", lower],
  ["print", inRange(" ", "~")],
  ["punct", (byte) => graph(byte) && !lower(byte) && !upper(byte) && !digit(byte)],
  ["space", (byte) => byte === 32 || (byte >= 9 && byte <= 13)],
  ["upper", upper],
  ["xdigit", (byte) => digit(byte) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102)],
]);
