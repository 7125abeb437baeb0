/**
 * Library options as the words of a command line that mean the same: for the script beside a batch file (3-transfer 8.4). What only concerns
 * this one run (its source, the way to another machine, limits of speed and time) and what the script has itself (filter rules) is left out.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { numbers, switches, texts, toName } from "./library-options.ts";
import { optionsByName } from "./option-table.ts";
import type { NameLike, SyncOptions } from "./sync-options.ts";

/** What is known by the time that the batch is there: the other machine, the source, this run. */
const left: ReadonlySet<string> = new Set([
  ...["rsh", "rsync-path", "address", "sockopts", "password-file", "early-input", "port", "timeout", "contimeout"],
  ...["secluded-args", "old-args", "trust-sender", "ipv4", "ipv6", "files-from", "list-only", "dry-run", "copy-as"],
]);

/** The words, in the order in which they are to be read. `options` have been checked. */
export function commandWords(options: SyncOptions): ByteName[] {
  const words: string[] = options.archive === true ? ["--archive"] : [];
  const add = (name: string, value: NameLike | number | undefined): void => {
    if (value !== undefined) words.push(`--${name}=${typeof value === "number" ? value : toName(value)}`);
  };
  const repeat = (word: string, count: number): void => {
    for (let index = 0; index < count; index++) words.push(word);
  };
  for (const [key, name] of texts) if (!left.has(name)) add(name, options[key]);
  for (const [key, name] of switches) {
    const value = options[key];
    if (value === undefined || left.has(name)) continue;
    if (value) words.push(`--${name}`);
    else if (optionsByName.get(`no-${name}`) !== undefined) words.push(`--no-${name}`);
  }
  add("chmod", options.chmod);
  repeat("--one-file-system", options.oneFileSystem === "all" ? 2 : Number(options.oneFileSystem ?? false));
  add("max-size", options.maxSize);
  add("min-size", options.minSize);
  repeat("--xattrs", options.xattrs === "all" ? 2 : Number(options.xattrs ?? false));
  if (options.append === true) words.push("--append");
  if (options.append === "verify") words.push("--append-verify");
  repeat("--fuzzy", Number(options.fuzzy ?? false));
  repeat("--itemize-changes", Number(options.itemizeChanges ?? 0));
  const { humanReadable = 1 } = options;
  if (humanReadable === 0) words.push("--no-human-readable");
  repeat("--human-readable", humanReadable - 1);
  repeat("--verbose", options.verbose ?? 0);
  add("modify-window", options.modifyWindow);
  add("block-size", options.blockSize);
  add("checksum-seed", options.checksumSeed);
  add("max-alloc", options.maxAlloc);
  add("max-delete", options.maxDelete);
  add("delete-guard", options.deleteGuard);
  add("reflink", options.reflink);
  add("info", options.info);
  add("debug", options.debug);
  for (const directory of options.compareDest ?? []) add("compare-dest", directory);
  for (const directory of options.copyDest ?? []) add("copy-dest", directory);
  for (const directory of options.linkDest ?? []) add("link-dest", directory);
  const { delete: timing } = options;
  if (timing !== undefined && timing !== false) words.push(timing === true ? "--delete" : `--delete-${timing}`);
  if (options.deleteExcluded === true) words.push("--delete-excluded");
  for (const [key, name] of numbers) if (!left.has(name)) add(name, options[key]);
  return words.map(byteName);
}
