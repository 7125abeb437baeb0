/** Completion for zsh: a specification of `_arguments` for each spelling, and a function for each list of words. */
import { allSpellings, type OptionValue, rowKey, type Spelling } from "./option-facts.ts";

/** The completion function for zsh, to be put into a folder of `fpath` as `_tsync`. */
export function zshCompletion(): string {
  const spellings = allSpellings();
  return `${[
    "#compdef tsync",
    "# Completion of tsync for zsh; generated from its option table.",
    "",
    ...listFunctions(spellings),
    "_arguments -s -S \\",
    ...spellings.map((spelling) => `  ${quote(specification(spelling))} \\`),
    "  '*:file:_files'",
  ].join("\n")}\n`;
}

/** `*` as options may be repeated; `+` and `=` where the value may be attached or follow. */
function specification({ text, row, description, value }: Spelling): string {
  const mark = value === undefined ? "" : text.startsWith("--") ? "=" : "+";
  const argument = value === undefined ? "" : `:${escapeSigns(value.label)}:${action(rowKey(row), value)}`;
  return `*${escapeSigns(text)}${mark}[${escapeSigns(description)}]${argument}`;
}

function action(key: string, value: OptionValue): string {
  switch (value.kind) {
    case "file":
      return "_files";
    case "directory":
      return "_files -/";
    case "command":
      return "_command_names -e";
    case "user":
      return "_users";
    case "words":
      return value.list ? functionName(key) : `(${value.words.map(({ word }) => word).join(" ")})`;
    case "anything":
      return " ";
  }
}

function functionName(key: string): string {
  return `_tsync_${key.replaceAll("-", "_")}`;
}

/** Lists that are separated by commas: `_values` leaves out what stands there already. */
function listFunctions(spellings: readonly Spelling[]): string[] {
  const lists = new Map(
    spellings.flatMap(({ row, value }): [string, OptionValue & { kind: "words" }][] =>
      value?.kind === "words" && value.list ? [[rowKey(row), value]] : [],
    ),
  );
  return [...lists].flatMap(([key, { label, words }]) => [
    `(( $+functions[${functionName(key)}] )) || ${functionName(key)}() {`,
    `  _values -s , ${quote(escapeSigns(label))} \\`,
    ...words.map(
      ({ word, description }, index) =>
        `    ${quote(`${word}[${escapeSigns(description)}]`)}${index + 1 < words.length ? " \\" : ""}`,
    ),
    "}",
    "",
  ]);
}

/** Signs with a meaning in specifications. */
function escapeSigns(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
