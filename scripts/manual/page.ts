/**
 * The man page: the frame of `page.md` with the options, the exit statuses and what is refused filled in from the option
 * table, `details.md` and `src/errors.ts`.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { byteName } from "../../src/bytes/byte-name.ts";
import { type ErrorKind, ExitCode, TsyncError } from "../../src/errors.ts";
import type { OptionRow } from "../../src/options/option-row.ts";
import { optionGroups, optionTable } from "../../src/options/option-table.ts";
import { parseArguments } from "../../src/options/parse-arguments.ts";
import { rsyncVersion, version } from "../../src/version.ts";
import { readDetails, rowKey, rowSpellings, type Spelling } from "./option-facts.ts";
import { bold, formatDocument, formatTerm, italic } from "./roff.ts";

/** The man page as roff. */
export function manPage(): string {
  const frame = readFileSync(fileURLToPath(new URL("page.md", import.meta.url)), "utf8")
    .replaceAll("{{version}}", version)
    .replaceAll("{{rsync-version}}", rsyncVersion);
  const parts = frame.split(/^\{\{([a-z-]+)\}\}$/m);
  const lines = parts.flatMap((part, index) => (index % 2 === 0 ? formatDocument(part) : generated(part)));
  return `${['.\\" Generated from the option table of tsync.', `.TH TSYNC 1 "" "tsync ${version}" "User Commands"`, ".nh", ".ad l", ...lines].join("\n")}\n`;
}

/** Forms of supported options that may be refused, although the options as such are not. */
const forms: readonly string[] = ["-xx", "--no-whole-file", "--stderr=all"];

/** What each exit status tells the caller. */
const exitMeanings: Readonly<Record<keyof typeof ExitCode, string>> = {
  ok: "Everything was done.",
  usage: "The command line is wrong.",
  protocol: "The two sides do not agree on the protocol.",
  fileSelect: "Source or destination cannot be used: for example, many sources and a file as destination.",
  unsupported: "Something was asked for that `tsync` does not support.",
  startClient: "The connection to a daemon could not be set up.",
  socketIo: "Trouble with a connection.",
  fileIo: "Trouble with files that stops the run, for example a full disk.",
  stream: "The other side ended early or sent what cannot be understood.",
  message: "Trouble with the output of messages, or with starting a program.",
  ipc: "Trouble between the parts of the program.",
  crashed: "A fault in `tsync` itself.",
  siblingSignal: "Stopped by SIGUSR1, as by any other signal.",
  signal: "Stopped by a signal. What was being written has been removed, or kept if `--partial` is given.",
  malloc: "Not enough memory, or something is larger than the limit.",
  partial: "Some files or attributes could not be copied; everything else was.",
  vanished: "Some files vanished from the source after they had been listed; everything else was copied.",
  deleteLimit: "More would have been deleted than `--max-delete` or `--delete-guard` allows.",
  timeout: "No data came for the time that `--timeout` sets.",
  connectTimeout: "No connection to a daemon, or by `--ssh=builtin`, within the time that `--contimeout` sets.",
};

function generated(part: string): string[] {
  switch (part) {
    case "options":
      return optionGroups.flatMap(({ heading, rows }) => [`.SS ${heading}`, ...rows.flatMap(optionLines)]);
    case "exit-status":
      return Object.entries(exitMeanings).flatMap(([name, meaning]) =>
        formatTerm(bold(`${ExitCode[name as keyof typeof ExitCode]}`), meaning),
      );
    case "refused":
      return formatDocument(refusedText());
    default:
      throw new Error(`page.md has no generated part called ${part}`);
  }
}

const details = readDetails();

/** The heading and the text of one option. */
function optionLines(row: OptionRow): string[] {
  const spellings = rowSpellings(row);
  // An option that the help shows negated is one that users negate.
  const negatedFirst = row.helpName !== undefined;
  const main = spellings.filter(({ negated }) => negated === negatedFirst);
  const text = [details.get(rowKey(row)) ?? sentence(row.help ?? "")];
  const others = spellings
    .filter(({ negated }) => negated !== negatedFirst)
    .map(({ text }) => `\`${text}\``)
    .filter((code) => !text.join().includes(code));
  if (others.length > 0) text.push(`${joined(others)} ${others.length === 1 ? "undoes" : "undo"} it.`);
  if (row.support === "later") text.push("Not supported yet: refused when it would change anything.");
  if (row.support === "no-effect") text.push(localEffect(row));
  return formatTerm(main.map((spelling, index) => heading(spelling, main[index - 1])).join(""), text.join(" "));
}

/** Some options of connections are wrong usage without one; which, is found by trying them. */
function localEffect(row: OptionRow): string {
  const option = `--${row.names[0]}${row.argument === undefined ? "" : "=1"}`;
  return errorKind([option, "a", "b"]) === "usage"
    ? "Only for daemons: an error between local paths."
    : "Accepted, and without effect between local paths.";
}

/** `-T DIR, --temp-dir=DIR` */
function heading({ text, value }: Spelling, before: Spelling | undefined): string {
  const separator = before === undefined ? "" : ", ";
  const argument = value === undefined ? "" : `${text.startsWith("--") ? "=" : " "}${italic(value.label)}`;
  return `${separator}${bold(text)}${argument}`;
}

function sentence(help: string): string {
  const text = help.replace(/^\.\.\. /, "");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** What is refused now, found by trying it. */
function refusedText(): string {
  const later = optionTable
    .filter(({ support }) => support === "later")
    .map(({ names, letter }) => (names[0] === undefined ? `\`-${letter}\`` : `\`--${names[0]}\``));
  const refusedForms = forms
    .filter((form) => !later.includes(`\`${form.replace(/=.*/, "")}\``) && isRefused([form, "a", "b"]))
    .map((form) => `\`${form}\``);
  const paragraphs = [
    later.length === 0 ? "" : `Not supported yet are ${joined(later)}.`,
    refusedForms.length === 0 ? "" : `Of other options these forms are refused: ${joined(refusedForms)}.`,
    isRefused(["host:a", "b"])
      ? "Arguments that name other machines (`host:path`, `host::module`, `rsync://`) are refused."
      : "",
  ];
  return paragraphs.filter((text) => text !== "").join("\n\n");
}

function isRefused(args: readonly string[]): boolean {
  return errorKind(args) === "unsupported";
}

/** What kind of error a command line is; undefined: none. */
function errorKind(args: readonly string[]): ErrorKind | undefined {
  try {
    parseArguments(args.map(byteName), {});
    return undefined;
  } catch (error) {
    if (error instanceof TsyncError) return error.kind;
    throw error;
  }
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
