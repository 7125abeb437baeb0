/**
 * Character sets without libc: those of the platform's TextDecoder, between each of them and UTF-8. What it cannot decode is
 * unknown here; encoding turns its tables round.
 */
import { type ByteName, byteName, fromBytes, toBytes } from "../../bytes/byte-name.ts";
import { Errno } from "./common.ts";
import type { NameConverter, Syscalls } from "./interface.ts";

/** Longest sequence of a character in the sets with more than one byte. */
const sequenceMax = 4;
const strict = { fatal: true, ignoreBOM: true } as const;

/** One character from its bytes, and its bytes again; undefined: there is none. */
interface Charset {
  /** A character of these bytes exactly. */
  decode(bytes: Uint8Array): string | undefined;
  encode(character: string): Uint8Array | undefined;
}

/** The conversions of the plain back end. */
export function plainCharsets(): Pick<Syscalls, "openConverter" | "localCharset"> {
  return {
    localCharset() {
      const { LC_ALL, LC_CTYPE, LANG } = process.env;
      const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== "") ?? "C";
      return byteName(/\.([^@]*)/.exec(locale)?.[1] ?? "ANSI_X3.4-1968");
    },
    openConverter(from, to) {
      const [source, target] = [charsetOf(from), charsetOf(to)];
      return source === undefined || target === undefined ? undefined : converterOf(source, target);
    },
  };
}

function converterOf(source: Charset, target: Charset): NameConverter {
  const run = (text: string, keepsBad: boolean): ByteName | number => {
    const input = toBytes(byteName(text));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < input.length; ) {
      const next = nextCharacter(source, input, at);
      const bytes = next === undefined ? undefined : target.encode(next.character);
      if (bytes === undefined && !keepsBad) return Errno.EILSEQ;
      pieces.push(bytes ?? input.subarray(at, at + 1));
      at += bytes === undefined ? 1 : (next?.length ?? 1);
    }
    return fromBytes(Buffer.concat(pieces));
  };
  return {
    convert: (text) => run(text, false),
    convertWhatCan: (text) => run(text, true) as ByteName,
    close: () => undefined,
  };
}

function nextCharacter(
  source: Charset,
  input: Uint8Array,
  at: number,
): { readonly character: string; readonly length: number } | undefined {
  for (let length = 1; length <= sequenceMax && at + length <= input.length; length++) {
    const character = source.decode(input.subarray(at, at + length));
    if (character !== undefined) return { character, length };
  }
  return undefined;
}

/** Names as iconv has them: case, dashes and underscores do not matter. */
function charsetOf(name: string): Charset | undefined {
  const key = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  if (key === "utf8") return utf8();
  if (["ascii", "usascii", "ansix341968", "ansix341986", "c", "posix", "646"].includes(key)) return identity(0x7f);
  if (["iso88591", "latin1", "l1", "iso885911987"].includes(key)) return identity(0xff);
  return tableOf(name, /^iso8859/.test(key));
}

function utf8(): Charset {
  const decoder = new TextDecoder("utf-8", strict);
  return { decode: (bytes) => attempt(() => decoder.decode(bytes)), encode: (character) => Buffer.from(character) };
}

/** Bytes that are the numbers of their characters. */
function identity(last: number): Charset {
  return {
    decode: (bytes) => ((bytes[0] ?? 0) <= last ? String.fromCharCode(bytes[0] ?? 0) : undefined),
    encode(character) {
      const code = character.codePointAt(0) ?? 0;
      return code <= last ? Uint8Array.of(code) : undefined;
    },
  };
}

/** A set that the platform knows; `hasControls`: the standard ones, whose bytes from 0x80 to 0x9f are control characters. */
function tableOf(name: string, hasControls: boolean): Charset | undefined {
  const label = name.replaceAll("_", "-").replace(/^iso-?8859-?(\d+)$/i, "iso-8859-$1");
  const decoder = attempt(() => new TextDecoder(label, strict)) ?? attempt(() => new TextDecoder(name, strict));
  if (decoder === undefined || decoder.encoding.startsWith("utf-16") || decoder.encoding === "iso-2022-jp")
    return undefined;
  const decode = (bytes: Uint8Array): string | undefined => {
    const [first = 0] = bytes;
    if (hasControls && bytes.length === 1 && first >= 0x80 && first < 0xa0) return String.fromCharCode(first);
    const text = attempt(() => decoder.decode(bytes));
    return text === undefined || [...text].length !== 1 ? undefined : text;
  };
  let table: ReadonlyMap<string, Uint8Array> | undefined;
  return {
    decode,
    encode(character) {
      table ??= turnedRound(decode);
      return table.get(character);
    },
  };
}

/** The shortest bytes of each character, of one or two bytes. */
function turnedRound(decode: (bytes: Uint8Array) => string | undefined): ReadonlyMap<string, Uint8Array> {
  const table = new Map<string, Uint8Array>();
  const leads: number[] = [];
  for (let byte = 0; byte < 256; byte++) {
    const character = decode(Uint8Array.of(byte));
    if (character === undefined) leads.push(byte);
    else if (!table.has(character)) table.set(character, Uint8Array.of(byte));
  }
  for (const lead of leads) {
    for (let trail = 0x30; trail < 256; trail++) {
      const character = decode(Uint8Array.of(lead, trail));
      if (character !== undefined && !table.has(character)) table.set(character, Uint8Array.of(lead, trail));
    }
  }
  return table;
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
