/**
 * What the man page and the completions need to know of an option, read off the option table: all spellings, a line
 * that says what it does, and what its argument may be.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { debugFlags, infoFlags, type OutputFlag } from "../../src/options/info-flags.ts";
import type { OptionRow } from "../../src/options/option-row.ts";
import { optionTable } from "../../src/options/option-table.ts";

/** One spelling of an option on the command line. */
export interface Spelling {
  /** With its dashes. */
  readonly text: string;
  readonly negated: boolean;
  readonly row: OptionRow;
  /** One line, no full stop at its end. */
  readonly description: string;
  /** Undefined if this spelling takes no argument. */
  readonly value: OptionValue | undefined;
}

/** What completes an argument. `words` may be given by a comma-separated list if `list` says so. */
export type OptionValue =
  | { readonly kind: "file" | "directory" | "command" | "user" | "anything"; readonly label: string }
  | { readonly kind: "words"; readonly label: string; readonly words: readonly ValueWord[]; readonly list: boolean };

/** One word that an argument can be. */
export interface ValueWord {
  readonly word: string;
  readonly description: string;
}

/** All spellings of all options in the order of the table: for each row its letter, its names, its negations. */
export function allSpellings(): Spelling[] {
  return optionTable.flatMap((row) => rowSpellings(row));
}

/** The spellings of one row. */
export function rowSpellings(row: OptionRow): Spelling[] {
  const description = describe(row);
  const value = valueFor(row);
  const names = [...(row.letter === undefined ? [] : [`-${row.letter}`]), ...row.names.map((name) => `--${name}`)];
  return [
    ...names.map((text) => ({ text, negated: false, row, description: shortDescription(row, description), value })),
    ...(row.negations ?? []).map((name) => ({
      text: `--${name}`,
      negated: true,
      row,
      description: row.helpName === `--${name}` ? description : `undo ${names.at(-1)}`,
      value: undefined,
    })),
  ];
}

/** The key of a row: its main name, or its letter. */
export function rowKey(row: OptionRow): string {
  return row.names[0] ?? row.letter ?? "";
}

/** The longer texts of `details.md` by row key. */
export function readDetails(): ReadonlyMap<string, string> {
  const text = readFileSync(fileURLToPath(new URL("details.md", import.meta.url)), "utf8");
  const parts = text.split(/^## /m).slice(1);
  return new Map(
    parts.map((part): [string, string] => {
      const end = part.indexOf("\n");
      return [part.slice(0, end).trim(), part.slice(end).trim()];
    }),
  );
}

const details = readDetails();

/** The help line; options that the help does not show have the first sentence of their details. */
function describe(row: OptionRow): string {
  if (row.help !== undefined) return row.help.replace(/^\.\.\. /, "");
  const sentence = /^[^.]*/.exec(details.get(rowKey(row)) ?? "")?.[0] ?? "";
  return sentence.replaceAll(/[`<>]/g, "").replaceAll(/\s+/g, " ");
}

/** Where the help speaks of the negation, the option itself needs other words. */
function shortDescription(row: OptionRow, description: string): string {
  return row.helpName === undefined ? description : `undo ${row.helpName}`;
}

function valueFor(row: OptionRow): OptionValue | undefined {
  if (row.argument === undefined) return undefined;
  const { label } = row.argument;
  const words = wordsOf(rowKey(row), label);
  if (words !== undefined) return { kind: "words", label, ...words };
  return { kind: kinds[label] ?? "anything", label };
}

/** What the labels of the help mean. */
const kinds: Readonly<Record<string, "file" | "directory" | "command" | "user">> = {
  FILE: "file",
  DIR: "directory",
  COMMAND: "command",
  PROGRAM: "command",
  "USER[:GROUP]": "user",
  "USER:GROUP": "user",
};

function wordsOf(key: string, label: string): { words: ValueWord[]; list: boolean } | undefined {
  switch (key) {
    case "info":
      return { words: flagWords("info", infoFlags), list: true };
    case "debug":
      return { words: flagWords("debug", debugFlags), list: true };
    case "stderr":
      return { words: plainWords("errors all client"), list: false };
    case "checksum-choice":
      return { words: plainWords("auto xxh128 xxh3 xxh64 md5 md4 sha1 none"), list: true };
    case "compress-choice":
      return { words: plainWords("auto zstd lz4 zlibx zlib none"), list: false };
    default:
      return /^\w+(?:\|\w+)+$/.test(label) ? { words: plainWords(label.replaceAll("|", " ")), list: false } : undefined;
  }
}

function plainWords(words: string): ValueWord[] {
  return words.split(" ").map((word) => ({ word, description: word }));
}

function flagWords(option: string, flags: readonly OutputFlag<string>[]): ValueWord[] {
  return [
    ...flags.flatMap(({ name, levels, help }) =>
      Array.from({ length: levels }, (_, index) => ({
        word: index === 0 ? name : `${name}${index + 1}`,
        description: help.replace(/ \(levels 1-\d\)$/, ""),
      })),
    ),
    { word: "all", description: `all flags of --${option}` },
    { word: "none", description: `none of the flags of --${option}` },
    { word: "help", description: "list the flags" },
  ];
}
