/**
 * The flags of `--info` and `--debug` (3-transfer 9.4): their words, what each `-v` turns on, and how the settings of
 * the user, of `-v`, `--progress` and `--stats` combine.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { plainUsageError } from "../errors.ts";
import type { DebugFlag, InfoFlag } from "./transfer-options.ts";

/** One flag: its word (in lower case), the highest level that means something, and its line in the help. */
export interface OutputFlag<Name extends string> {
  readonly name: Name;
  readonly levels: number;
  readonly help: string;
}

/** All `--info` flags in the order of the help. */
export const infoFlags: readonly OutputFlag<InfoFlag>[] = [
  { name: "backup", levels: 1, help: "files that were backed up" },
  { name: "copy", levels: 1, help: "files copied locally by the receiving side" },
  { name: "del", levels: 1, help: "what is deleted on the receiving side" },
  { name: "flist", levels: 2, help: "building and receiving the file list (levels 1-2)" },
  { name: "misc", levels: 2, help: "this and that (levels 1-2)" },
  { name: "mount", levels: 1, help: "mount points that were met or left out" },
  { name: "name", levels: 2, help: "1) names of changed files and directories, 2) of unchanged ones too" },
  { name: "nonreg", levels: 1, help: "skipped files that are not regular (on by default, 0 turns it off)" },
  { name: "progress", levels: 2, help: "1) progress of each file, 2) of the whole run" },
  { name: "remove", levels: 1, help: "files removed from the sending side" },
  { name: "skip", levels: 2, help: "files that an option left out (levels 1-2)" },
  { name: "stats", levels: 3, help: "statistics at the end of the run (levels 1-3)" },
  { name: "symsafe", levels: 1, help: "unsafe symbolic links" },
];

/** All `--debug` flags in the order of the help. */
export const debugFlags: readonly OutputFlag<DebugFlag>[] = [
  { name: "acl", levels: 1, help: "access control lists" },
  { name: "backup", levels: 2, help: "making of backups (levels 1-2)" },
  { name: "bind", levels: 1, help: "binding of sockets" },
  { name: "chdir", levels: 1, help: "changes of the working directory" },
  { name: "connect", levels: 2, help: "connections (levels 1-2)" },
  { name: "cmd", levels: 2, help: "commands that are run and their options (levels 1-2)" },
  { name: "del", levels: 3, help: "deletion (levels 1-3)" },
  { name: "deltasum", levels: 4, help: "checksums of the delta transfer (levels 1-4)" },
  { name: "dup", levels: 1, help: "removal of duplicate names" },
  { name: "exit", levels: 3, help: "the end of the processes (levels 1-3)" },
  { name: "filter", levels: 3, help: "filter rules (levels 1-3)" },
  { name: "flist", levels: 4, help: "file lists (levels 1-4)" },
  { name: "fuzzy", levels: 2, help: "scores of fuzzy matches (levels 1-2)" },
  { name: "genr", levels: 1, help: "the generator" },
  { name: "hash", levels: 1, help: "hash tables" },
  { name: "hlink", levels: 3, help: "hard links (levels 1-3)" },
  { name: "iconv", levels: 2, help: "conversion of names (levels 1-2)" },
  { name: "io", levels: 4, help: "input and output (levels 1-4)" },
  { name: "nstr", levels: 1, help: "negotiated names" },
  { name: "own", levels: 2, help: "changes of owners and groups (levels 1-2)" },
  { name: "proto", levels: 1, help: "the protocol" },
  { name: "recv", levels: 1, help: "the receiver" },
  { name: "send", levels: 1, help: "the sender" },
  { name: "time", levels: 2, help: "setting of times (levels 1-2)" },
];

/** What each level of `-v` turns on; index 0 holds without any `-v`. */
export const verbosityInfo: readonly string[] = [
  "nonreg",
  "copy,del,flist,misc,name,stats,symsafe",
  "backup,misc2,mount,name2,remove,skip",
];
/** As `verbosityInfo`, for the debug flags. */
export const verbosityDebug: readonly string[] = [
  "",
  "",
  "bind,connect,cmd,del,deltasum,dup,filter,flist,iconv",
  "acl,backup,connect2,del2,deltasum2,exit,filter2,flist2,fuzzy,genr,own,recv,send,time",
  "cmd2,del3,deltasum3,exit2,flist3,iconv2,own2,proto,time2",
  "chdir,deltasum4,flist4,fuzzy2,hash,hlink",
];

/** Levels by flag; a missing flag was not mentioned. */
export type FlagLevels<Name extends string> = Map<Name, number>;

/** Levels above this are cut (3-transfer 9.4). */
const levelMax = 4;

/**
 * Applies the words of one `--info`/`--debug` argument to `levels`, later words over earlier ones.
 * Returns "help" when the word `help` comes up (nothing after it is read). `lenient`: unknown words mean nothing; so a server takes those
 * of a newer client.
 * @throws TsyncError usage, without prefix: `Unknown --OPTION item: "WORD"`
 */
export function applyFlagWords<Name extends string>(
  option: "info" | "debug",
  words: ByteName | string,
  flags: readonly OutputFlag<Name>[],
  levels: FlagLevels<Name>,
  lenient = false,
): "help" | undefined {
  for (const item of words.split(",")) {
    if (item === "") continue;
    const digits = /[0-9]*$/.exec(item)?.[0] ?? "";
    const word = item.slice(0, item.length - digits.length).toLowerCase();
    const level = digits === "" ? 1 : Math.min(Number(digits), levelMax);
    if (word === "help") return "help";
    const named = word === "all" || word === "none" ? flags : flags.filter((flag) => flag.name === word);
    if (named.length === 0 && !lenient) {
      const shown = item.slice(0, item.length - digits.length) || item;
      throw plainUsageError(`Unknown --${option} item: "${shown}"`);
    }
    for (const flag of named) levels.set(flag.name, word === "none" ? 0 : level);
  }
  return undefined;
}

/** The levels that `verbose` times `-v` sets. */
export function verbosityLevels<Name extends string>(
  option: "info" | "debug",
  verbose: number,
  flags: readonly OutputFlag<Name>[],
): FlagLevels<Name> {
  const levels: FlagLevels<Name> = new Map();
  const table = option === "info" ? verbosityInfo : verbosityDebug;
  for (const words of table.slice(0, verbose + 1)) applyFlagWords(option, words, flags, levels);
  return levels;
}

/** A complete record of levels: those of `user`, else those of `base`, else 0. */
export function completeLevels<Name extends string>(
  flags: readonly OutputFlag<Name>[],
  base: FlagLevels<Name>,
  user: FlagLevels<Name>,
): Record<Name, number> {
  const entries = flags.map(({ name }) => [name, user.get(name) ?? base.get(name) ?? 0] as const);
  return Object.fromEntries(entries) as Record<Name, number>;
}
