/**
 * The command line of the other side (1-session 2.2 to 2.8): which words a client hands to `PROGRAM --server`. Old servers
 * read them with exact expectations, so order and form are rsync's.
 */

import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { otherCharset } from "./charset-choice.ts";
import { chosenChecksums } from "./checksum-choice.ts";
import { compressionWords } from "./compression.ts";
import { hasEscape } from "./itemized.ts";
import { parseRemote } from "./operands.ts";
import type { RemoteCommand } from "./parse-arguments.ts";
import { type EscapeMode, escapePath, escapeValue } from "./remote-escape.ts";
import type { Settings } from "./settings.ts";
import { maxAllocDefault } from "./sizes.ts";
import type { InfoFlag, TransferOptions } from "./transfer-options.ts";

/** What a client tells a server. */
export interface ServerCall {
  readonly settings: Settings;
  readonly options: TransferOptions;
  /** `push`: the client has the source. */
  readonly direction: "push" | "pull";
  /** Paths at the other side, as the operator wrote them behind the host. */
  readonly paths: readonly ByteName[];
  /** A list of names at the other side (`--files-from=:FILE`). */
  readonly remoteFilesFrom?: ByteName | undefined;
  /** Whether arguments go by the protocol, and if not, how they are escaped. */
  readonly escaping: EscapeMode;
  readonly secluded: boolean;
  /** The other side is a daemon, which takes words apart itself. */
  readonly daemon?: boolean;
}

/** Words for the remote shell, and those that go secluded by the protocol. */
export interface ServerWords {
  readonly visible: readonly ByteName[];
  /** Undefined: everything is visible. */
  readonly secluded: readonly ByteName[] | undefined;
}

/** Variables that change how arguments travel, unless options say (1-session 2.5). */
export interface CallEnvironment {
  /** RSYNC_PROTECT_ARGS, RSYNC_OLD_ARGS. */
  readonly protectArguments?: ByteName | undefined;
  readonly oldArguments?: ByteName | undefined;
}

/** What the server of this command is told. */
export function callOf(command: RemoteCommand, environment: CallEnvironment): ServerCall {
  const { settings, options, remote } = command;
  const { secluded, old } = argumentsTravel(settings, environment);
  const escaping = secluded || old > 1 ? "none" : old === 1 ? "old" : "default";
  const list = options.filesFrom === undefined ? undefined : parseRemote(options.filesFrom);
  const remoteFilesFrom = list?.path;
  return {
    settings,
    options,
    direction: remote.direction,
    paths: remote.paths,
    escaping,
    secluded,
    remoteFilesFrom,
    daemon: remote.transport === "daemon",
  };
}

/** Whether arguments go by the protocol, and if not, how often `--old-args` counts (1-session 2.5). */
export function argumentsTravel(
  { secludedArguments, oldArguments }: Pick<Settings, "secludedArguments" | "oldArguments">,
  environment: CallEnvironment,
): { readonly secluded: boolean; readonly old: number } {
  // Of the two variables that of the older way counts, whatever it says.
  const isOld = oldArguments === undefined ? (environment.oldArguments ?? "") !== "" : oldArguments > 0;
  const secluded = secludedArguments ?? (!isOld && numberOf(environment.protectArguments) !== 0);
  return { secluded, old: oldArguments ?? (secluded ? 0 : numberOf(environment.oldArguments)) };
}

function numberOf(text: ByteName | undefined): number {
  return text === undefined ? 0 : Number.parseInt(text, 10) || 0;
}

/** Makes the words after the program's name. */
export function serverArguments(command: ServerCall): ServerWords {
  const { settings, options, direction, paths, escaping, secluded, daemon = false } = command;
  const first = ["--server", ...(direction === "pull" ? ["--sender"] : [])];
  const letters = shortLetters(command);
  if (letters !== "") first.push(`-${letters}`);
  const charset = otherCharset(settings.iconv);
  if (charset !== undefined) first.push(`--iconv=${escapeValue(charset, secluded ? "default" : escaping)}`);
  const guard = direction === "pull" && !settings.trustSender;
  const tilde = (path: ByteName) => guard && !(options.relative ? path.includes("/./") : path.includes("/"));
  const rest = [
    ...longOptions(command),
    ".",
    ...paths.map((path) =>
      daemon
        ? daemonPath(path, paths[0] ?? path, escaping === "default")
        : escapePath(path === "" ? byteName(".") : path, escaping, tilde(path)),
    ),
  ];
  if (!secluded) return { visible: [...first, ...rest].map(byteName), secluded: undefined };
  return { visible: first.map(byteName), secluded: rest.map(byteName) };
}

/** A path that begins with its module; old daemons would part it before a further ` MODULE/` (1-session 8.4). */
function daemonPath(path: ByteName, first: ByteName, guards: boolean): ByteName {
  const [name = ""] = first.split("/", 1);
  const whole = path.includes("/") ? path : `${path}/`;
  const guarded = guards ? whole.replaceAll(` ${name}/`, `[ ]${name}/`) : whole;
  return byteName(guarded.startsWith("-") ? `./${guarded}` : guarded);
}

/** The cluster of letters (1-session 2.3); its last option, `e`, takes the capabilities as its argument. */
function shortLetters({ settings, options, direction, secluded }: ServerCall): string {
  const push = direction === "push";
  const letter = (name: string, when: boolean, times = 1) => (when ? name.repeat(times) : "");
  const deletes = options.deleteTiming !== "none";
  const impliedDirectories = options.directories && !options.recursive && (options.listOnly || (deletes && push));
  const compression = compressionWords(settings);
  const fuzzy = options.fuzzy > 1 && options.alternates !== undefined ? 2 : 1;
  return [
    letter("s", secluded),
    letter("v", true, Math.min(options.verbose, 9)),
    letter("q", options.quiet && settings.standardError !== "client"),
    letter("b", options.backup),
    letter("u", options.update),
    letter("n", options.dryRun),
    letter("l", options.links),
    letter("d", !options.recursive && (settings.directories === true || impliedDirectories)),
    letter("K", push && options.keepDirectoryLinks),
    letter("m", push && options.pruneEmptyDirectories),
    // It follows from a backup beside each file.
    letter("O", push && settings.omitDirectoryTimes && !(options.backup && options.backupDirectory === undefined)),
    letter("J", push && options.omitLinkTimes),
    letter("y", push, options.fuzzy > 0 ? fuzzy : 0),
    letter("L", !push && options.copyLinks),
    letter("k", !push && options.copyDirectoryLinks),
    letter("W", settings.wholeFile === true || options.transferChecksum === "none"),
    letter("H", true, Math.min(settings.hardLinks, 2)),
    letter("o", options.owner),
    letter("g", options.group),
    letter("D", options.devices),
    letter("t", options.times),
    letter("U", true, Math.min(settings.atimes, 2)),
    letter("p", options.permissions),
    letter("E", push && options.executability),
    letter("A", options.acls),
    letter("X", true, options.xattrs),
    letter("r", options.recursive),
    letter("c", options.checksum),
    letter("C", options.cvsExclude),
    letter("I", options.ignoreTimes),
    letter("R", options.relative),
    letter("x", true, Math.min(options.oneFileSystem, 2)),
    letter("S", options.sparse),
    letter("z", compression.letter),
    settings.protocol === undefined || settings.protocol >= 30 ? `e.${capabilities(options, settings, push)}` : "",
  ].join("");
}

/** What this client understands (1-session 2.3). */
function capabilities(options: TransferOptions, settings: Settings, push: boolean): string {
  const { recursive, deleteTiming, delayUpdates, pruneEmptyDirectories } = options;
  const wholeListFirst = deleteTiming === "before" || deleteTiming === "after" || delayUpdates || pruneEmptyDirectories;
  const incremental = recursive && settings.allowIncremental && (push || !wholeListFirst);
  return `${incremental ? "i" : ""}LsfxCIvu`;
}

/** The long options in rsync's order of emission (1-session 2.4). */
function longOptions(command: ServerCall): string[] {
  const { settings, options, direction, escaping } = command;
  const push = direction === "push";
  const words: string[] = [];
  const add = (when: boolean, word: string): void => {
    if (when) words.push(word);
  };
  const value = (when: boolean, name: string, text: ByteName | number | undefined): void => {
    if (when && text !== undefined) words.push(`--${name}=${escapeValue(String(text) as ByteName, escaping)}`);
  };
  const pair = (when: boolean, name: string, text: ByteName | undefined): void => {
    if (when && text !== undefined) words.push(`--${name}`, escapeValue(text, escaping));
  };
  add(settings.listOnly, "--list-only");
  add(push && !options.recursive && options.deleteTiming !== "none" && options.directories, "--no-r");
  const compression = compressionWords(settings);
  value(true, "compress-level", compression.level);
  add(options.devices && !options.specials, "--no-specials");
  add(options.specials && !options.devices, "--specials");
  value(push, "log-format", logFormat(options));
  add(settings.standardError === "all", "--msgs2stderr");
  add(settings.standardError === "client", "--no-msgs2stderr");
  add(options.blockSize > 0, `-B${options.blockSize}`);
  add(settings.timeoutSeconds > 0, `--timeout=${settings.timeoutSeconds}`);
  add(options.bandwidthLimit > 0, `--bwlimit=${Math.round(options.bandwidthLimit / 1024)}`);
  pair(options.backupDirectory !== undefined, "backup-dir", settings.backupDirectory);
  const suffix = settings.backupDirectory === undefined ? "~" : "";
  value(settings.backupSuffix !== undefined && settings.backupSuffix !== suffix, "suffix", settings.backupSuffix);
  value(chosenChecksums(settings.checksumChoice) !== undefined, "checksum-choice", settings.checksumChoice);
  if (compression.choice !== undefined) words.push(compression.choice);
  if (push) deletionOptions(command, add);
  add(push && settings.superUser === true, "--super");
  add(push && settings.sizeOnly, "--size-only");
  add(push && settings.stats, "--stats");
  value(!push, "skip-compress", settings.skipCompress);
  value(settings.maxAlloc?.bytes !== maxAllocDefault, "max-alloc", settings.maxAlloc?.text);
  const { missingArguments } = options;
  add(missingArguments === "delete", "--delete-missing-args");
  add(!push && missingArguments === "ignore", "--ignore-missing-args");
  const { modifyWindow } = settings;
  if (push && modifyWindow !== undefined)
    words.push(modifyWindow < 0 ? `-@${modifyWindow}` : `--modify-window=${modifyWindow}`);
  add(settings.checksumSeed !== 0, `--checksum-seed=${settings.checksumSeed}`);
  pair(push && !isDelayOnly(command), "partial-dir", options.partialDirectory);
  add(push && settings.delayUpdates, "--delay-updates");
  add(push && options.partial && options.partialDirectory === undefined, "--partial");
  add(options.ignoreErrors, "--ignore-errors");
  add(options.copyUnsafeLinks, "--copy-unsafe-links");
  add(options.safeLinks, "--safe-links");
  add(options.numericIds, "--numeric-ids");
  value(push, "usermap", options.userMap);
  value(push, "groupmap", options.groupMap);
  add(push && options.ignoreExisting, "--ignore-existing");
  add(push && options.existing, "--existing");
  pair(push, "temp-dir", options.tempDirectory);
  add(push && options.fsync, "--fsync");
  const { alternates } = settings;
  for (const path of alternates?.directories ?? []) pair(push, `${alternates?.kind}-dest`, path);
  value(true, "info", infoWords(settings, push));
  const appends = options.append === "no" ? 0 : options.append === "trust" ? 1 : 2;
  for (let time = 0; time < appends; time++) words.push("--append");
  add(appends === 0 && options.inplace, "--inplace");
  add(push && appends === 0 && options.inplace && options.sparse && settings.wholeFile === false, "--no-W");
  filesFromOptions(command, add, pair);
  add(
    options.relative && !settings.impliedDirectories && (!push || (settings.protocol ?? 32) >= 30),
    "--no-implied-dirs",
  );
  add(push && settings.writeDevices, "--write-devices");
  add(options.removeSource === "all", "--remove-source-files");
  add(options.removeSource === "sent", "--remove-sent-files");
  add(!push && options.copyDevices, "--copy-devices");
  add(push && options.preallocate, "--preallocate");
  add(settings.openNoAtime && settings.atimes < 2, "--open-noatime");
  add(push && options.makePath, "--mkpath");
  for (const option of settings.remoteOptions)
    words.push(escaping === "default" ? escapeValue(option, escaping) : option);
  return words;
}

/** `--delay-updates` brings a directory of its own along, which the other side knows by itself. */
function isDelayOnly({ settings }: ServerCall): boolean {
  return settings.delayUpdates && settings.partialDirectory === undefined;
}

function deletionOptions({ settings, options }: ServerCall, add: (when: boolean, word: string) => void): void {
  const { maxDelete } = options;
  add(maxDelete !== undefined, `--max-delete=${maxDelete === 0 ? -1 : maxDelete}`);
  add(options.minSize !== undefined, `--min-size=${options.minSize}`);
  add(options.maxSize !== undefined, `--max-size=${options.maxSize}`);
  add(settings.deleteBefore, "--delete-before");
  add(settings.deleteDuring === "delay", "--delete-delay");
  add(settings.deleteDuring === "during", "--delete-during");
  add(settings.deleteAfter, "--delete-after");
  const timed = settings.deleteBefore || settings.deleteAfter || settings.deleteDuring !== undefined;
  add(options.deleteExcluded, "--delete-excluded");
  add(options.deleteTiming !== "none" && !timed && !options.deleteExcluded, "--delete");
  add(options.force, "--force");
  // It is for the client to know where.
  add(settings.onlyBatch && !settings.dryRun, "--only-write-batch=X");
}

function filesFromOptions(
  { options, direction, remoteFilesFrom }: ServerCall,
  add: (when: boolean, word: string) => void,
  pair: (when: boolean, name: string, text: ByteName | undefined) => void,
): void {
  if (remoteFilesFrom !== undefined) {
    pair(true, "files-from", remoteFilesFrom);
    add(options.nulTerminated, "--from0");
  } else if (options.filesFrom !== undefined && direction === "pull") {
    add(true, "--files-from=-");
    add(true, "--from0");
  } else return;
  add(!options.relative, "--no-relative");
}

/** What a receiving server must know of the client's format: whether it shows changes, operations, or just names. */
function logFormat(options: TransferOptions): ByteName | undefined {
  const { outFormat, itemize, info, verbose } = options;
  const shows = (letter: "i" | "o"): boolean => outFormat !== undefined && hasEscape(outFormat, letter);
  if (shows("i")) return byteName(itemize > 1 ? "%i%I" : "%i");
  if (shows("o")) return byteName("%o");
  return verbose === 0 && (outFormat !== undefined || info.name > 0) ? byteName("X") : undefined;
}

const all: readonly InfoFlag[] = [
  "backup",
  "copy",
  "del",
  "flist",
  "misc",
  "mount",
  "name",
  "nonreg",
  "progress",
  "remove",
  "skip",
  "stats",
  "symsafe",
];
/** Flags that a server of either role acts on. */
const ofReceiver = all.filter((flag) => flag !== "flist" && flag !== "progress" && flag !== "remove");
const ofSender: readonly InfoFlag[] = ["misc", "mount", "name", "remove", "stats", "symsafe"];
/** So many flags of one level are named together. */
const together = 5;

/** The levels that the user set by `--info`, as far as they concern the server; undefined: none (3-transfer 9.4). */
function infoWords({ info }: Settings, push: boolean): ByteName | undefined {
  const flags = (push ? ofReceiver : ofSender).filter((flag) => info.has(flag));
  const words: string[] = [];
  let common: number | undefined;
  if (all.every((flag) => info.has(flag))) {
    const counts = new Map<number, number>();
    for (const flag of flags) counts.set(info.get(flag) ?? 0, (counts.get(info.get(flag) ?? 0) ?? 0) + 1);
    const [level, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
    if (count >= together) {
      common = level;
      words.push(level === 0 ? "NONE" : `ALL${level === 1 ? "" : level}`);
    }
  }
  for (const flag of flags) {
    const level = info.get(flag) ?? 0;
    if (level !== common) words.push(`${flag.toUpperCase()}${level === 1 ? "" : level}`);
  }
  return words.length === 0 ? undefined : byteName(words.join(","));
}
