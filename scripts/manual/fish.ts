/** Completion for fish: one line a spelling. */
import { allSpellings, type OptionValue, type Spelling } from "./option-facts.ts";

/** The completion script for fish. */
export function fishCompletion(): string {
  return `${["# Completion of tsync for fish; generated from its option table.", ...allSpellings().map(line)].join("\n")}\n`;
}

function line({ text, description, value }: Spelling): string {
  const name = text.startsWith("--") ? `-l ${quote(text.slice(2))}` : `-s ${quote(text.slice(1))}`;
  return `complete -c tsync ${name} -d ${quote(description)}${value === undefined ? "" : ` ${argument(value)}`}`;
}

function argument(value: OptionValue): string {
  switch (value.kind) {
    case "file":
      return "-r -F";
    case "directory":
      return `-x -a '(__fish_complete_directories (commandline -ct))'`;
    case "command":
      return `-x -a '(__fish_complete_command)'`;
    case "user":
      return `-x -a '(__fish_complete_users)'`;
    case "words":
      return value.list
        ? `-x -a ${quote(`(__fish_append , ${value.words.map(({ word }) => word).join(" ")})`)}`
        : `-x -a ${quote(value.words.map(({ word }) => word).join(" "))}`;
    case "anything":
      return "-x";
  }
}

/** In single quotes fish takes everything literally but these two. */
function quote(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
