/** The texts of `--help`, `--info=help` and `--debug=help`, made from the tables. The printer adds nothing. */
import { debugFlags, infoFlags, type OutputFlag, verbosityDebug, verbosityInfo } from "./info-flags.ts";
import type { OptionRow } from "./option-row.ts";
import { optionGroups } from "./option-table.ts";

const columnWidth = 27;

/** The help: usage, then one line an option; ends with a newline. */
export function helpText(): string {
  const lines = [
    "tsync copies files and directories as rsync does, and only what differs.",
    "",
    "Usage: tsync [OPTION]... SRC [SRC]... DEST",
    "  or   tsync [OPTION]... SRC            (lists what SRC holds)",
    "",
    "One side may be another machine: [USER@]HOST:PATH through a remote shell, or HOST::MODULE/PATH,",
    "rsync://[USER@]HOST[:PORT]/MODULE/PATH through an rsync daemon; HOST:: lists the modules.",
    "",
    "SRC/ stands for the content of a directory, SRC for the directory itself. Many options",
    "can be turned off again by --no-OPTION, for example --no-perms or --no-p. Options marked",
    "with * are known but not supported yet: tsync refuses them with exit code 4.",
  ];
  for (const { heading, rows } of optionGroups) {
    lines.push("", `${heading}:`);
    for (const row of rows) {
      if (row.help !== undefined) lines.push(helpLine(row, row.help));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The text of `--info=help`. */
export function infoHelp(): string {
  return flagHelp("info", infoFlags, verbosityInfo);
}

/** The text of `--debug=help`. */
export function debugHelp(): string {
  return flagHelp("debug", debugFlags, verbosityDebug);
}

function helpLine(row: OptionRow, help: string): string {
  const argument = row.argument === undefined ? "" : `=${row.argument.label}`;
  const names = row.helpName === undefined ? row.names.map((name) => `--${name}`) : [row.helpName];
  const letter = row.letter === undefined || row.helpName !== undefined ? [] : [`-${row.letter}`];
  // The argument stands behind the first name only.
  const labels = [...names, ...letter].map((name, index) => (index === 0 ? name + argument : name)).join(", ");
  const mark = row.support === "later" ? "*" : " ";
  const left = labels.padEnd(columnWidth - 2);
  return `${left.trimEnd().length > columnWidth - 2 ? `${left}\n${" ".repeat(columnWidth - 2)}` : left}${mark} ${help}`;
}

function flagHelp(option: string, flags: readonly OutputFlag<string>[], verbosity: readonly string[]): string {
  const line = (word: string, text: string): string => `${word.padEnd(10)} ${text}`;
  const lines = [
    `FLAG or FLAG1 is level 1 of a flag of --${option}, FLAG2 level 2, and so on; FLAG0 turns it off.`,
    "",
    ...flags.map(({ name, help }) => line(name.toUpperCase(), help)),
    "",
    line("ALL", `all flags of --${option} (ALL2: all at level 2)`),
    line("NONE", `none of the flags of --${option} (the same as ALL0)`),
    line("HELP", "print this text"),
    "",
    "What each level of --verbose adds:",
    ...verbosity.flatMap((words, level) => (words === "" ? [] : [`${level}) ${words.toUpperCase()}`])),
  ];
  return `${lines.join("\n")}\n`;
}
