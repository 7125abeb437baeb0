/**
 * The words of `-e 'ssh ...'` and RSYNC_RSH for the built-in ssh, so that one command line serves both: of the options of ssh(1) those that
 * say where and as whom to connect. Others are refused.
 */
import { type ByteName, toText } from "../../bytes/byte-name.ts";
import { unsupportedError, usageError } from "../../errors.ts";

/** What the words say. */
export interface SshWords {
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFiles: readonly string[];
  /** `-F`: the only file of configuration; `none` for no file at all. */
  readonly configFile: string | undefined;
  /** `-o Keyword=value`, in their order. */
  readonly overrides: readonly string[];
  readonly family: 4 | 6 | undefined;
}

/** Options without an argument that change nothing here: no terminal, no forwarding, less text, compression. */
const silent = "TxaqCkKMY";

/** @throws TsyncError usage: another program than ssh; unsupported: an option of ssh that is not known here */
export function readSshWords(words: readonly ByteName[]): SshWords {
  const [program = "", ...args] = words.map(toText);
  if (program.slice(program.lastIndexOf("/") + 1) !== "ssh") {
    throw usageError(`--ssh=builtin cannot run the remote shell ${program}`);
  }
  let user: string | undefined;
  let port: number | undefined;
  let configFile: string | undefined;
  let family: 4 | 6 | undefined;
  const identityFiles: string[] = [];
  const overrides: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (!/^-[^-]/.test(word))
      throw usageError(`--ssh=builtin does not know what to do with ${word} in the remote shell`);
    for (let letterAt = 1; letterAt < word.length; letterAt++) {
      const letter = word.charAt(letterAt);
      if (letter === "4" || letter === "6") family = letter === "4" ? 4 : 6;
      else if ("piloF".includes(letter)) {
        const value = letterAt + 1 < word.length ? word.slice(letterAt + 1) : args[++at];
        if (value === undefined) throw usageError(`ssh: option requires an argument -- ${letter}`);
        if (letter === "p") port ??= portOf(value);
        else if (letter === "i") identityFiles.push(value);
        else if (letter === "l") user ??= value;
        else if (letter === "o") overrides.push(value);
        else configFile = value;
        break;
      } else if (!silent.includes(letter)) {
        throw unsupportedError(`This tsync does not support the option -${letter} of ssh with --ssh=builtin`);
      }
    }
  }
  return { user, port, identityFiles, configFile, overrides, family };
}

/** The number of a port. */
export function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw usageError(`Bad port '${text}'`);
  return port;
}
