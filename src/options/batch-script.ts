/** The script that is written beside a batch file: a command that applies it (3-transfer 8.4, 4-traps I-04). */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { plainUsageError, type Role } from "../errors.ts";
import { optionsByLetter, optionsByName } from "./option-table.ts";

/** What the script is made of. */
export interface BatchScript {
  readonly program: string;
  /** The arguments of this run. */
  readonly args: readonly ByteName[];
  readonly batch: ByteName;
  readonly destination: ByteName;
  /** The rules of this run, one a line. */
  readonly rules: readonly ByteName[];
  /** Old versions know no merge rules. */
  readonly protocol: number;
  /** Of the process that writes it. */
  readonly role?: Role;
}

/** The name that it calls. */
export const batchProgram = "tsync";
/** Options that only matter to who looks for the files. */
const dropped = /^(?:files-from|filter|include|exclude|include-from|exclude-from)$/;
const mergeProtocol = 29;
const end = "#E#";

/**
 * The text of the script.
 * @throws TsyncError usage: a rule has a newline
 */
export function formatBatchScript(script: BatchScript): ByteName {
  const { program, args, batch, destination, rules, protocol, role = "sender" } = script;
  // A line of a rule could end the document, and what is behind that would be run.
  if (rules.some((rule) => rule.includes("\n"))) {
    throw plainUsageError("cannot write a filter rule containing a newline to the batch replay script", role);
  }
  const filter = protocol < mergeProtocol ? "--exclude-from='-'" : "--filter='._-'";
  const words = [
    quoted(program),
    ...(rules.length === 0 ? [] : [filter]),
    ...optionWords(args, batch),
    `\${1:-${quoted(destination)}}`,
  ];
  const document = rules.length === 0 ? "" : ` <<'${end}'\n${rules.join("\n")}\n${end}`;
  return byteName(`${words.join(" ")}${document}\n`);
}

function optionWords(args: readonly ByteName[], batch: ByteName): string[] {
  const words: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const token = args[index] ?? "";
    if (token === "--") {
      words.push(quoted(token));
      break;
    }
    // What is left are operands.
    if (!token.startsWith("-") || token === "-") continue;
    const value = takesNext(token) ? args[++index] : undefined;
    const equals = token.startsWith("--") ? token.indexOf("=") : -1;
    const name = token.slice(0, equals < 0 ? undefined : equals);
    if (name === "--write-batch" || name === "--only-write-batch") words.push(`--read-batch=${quoted(batch)}`);
    else if (dropped.test(name.slice(2)) || token.startsWith("-f")) continue;
    else if (equals >= 0) words.push(`${name}=${quoted(token.slice(equals + 1))}`);
    else words.push(quoted(token), ...(value === undefined ? [] : [quoted(value)]));
  }
  return words;
}

/** Whether the word behind this one is its argument. */
function takesNext(token: string): boolean {
  if (token.startsWith("--")) {
    const match = optionsByName.get(token.slice(2));
    return match !== undefined && !match.negated && match.row.argument !== undefined;
  }
  for (let position = 1; position < token.length; position++) {
    if (optionsByLetter.get(token.charAt(position))?.row.argument !== undefined) return position + 1 === token.length;
  }
  return false;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
