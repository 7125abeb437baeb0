/**
 * The library's options are turned into the same settings as a command line, so that defaults,
 * implied options and conflicts are decided in one place (`normalize`).
 */
import { type ByteName, fromBytes, fromText } from "../bytes/byte-name.ts";
import { blockBytesMax } from "../delta/block-length.ts";
import { usageError } from "../errors.ts";
import { checkLibraryOptions } from "./check-library-options.ts";
import { parseChmod } from "./chmod.ts";
import { parseDeleteGuard } from "./delete-guard.ts";
import { applyFlagWords, debugFlags, infoFlags } from "./info-flags.ts";
import { checkIdMaps, normalizeSettings, type Place } from "./normalize.ts";
import { optionsByLetter, optionsByName } from "./option-table.ts";
import { addAlternate, addFilter, emptySettings, type Settings } from "./settings.ts";
import { maxAllocRange } from "./sizes.ts";
import type { FilterOption, NameLike, SyncOptions } from "./sync-options.ts";
import type { FilterArgument, TransferOptions } from "./transfer-options.ts";

type KeysOf<Type> = {
  [Key in keyof SyncOptions]-?: Exclude<SyncOptions[Key], undefined> extends Type ? Key : never;
}[keyof SyncOptions];

/** Boolean options of the library and the command-line name whose row applies them. */
export const switches: readonly (readonly [KeysOf<boolean>, string])[] = [
  ["recursive", "recursive"],
  ["dirs", "dirs"],
  ["oldDirs", "old-dirs"],
  ["relative", "relative"],
  ["impliedDirs", "implied-dirs"],
  ["incRecursive", "inc-recursive"],
  ["pruneEmptyDirs", "prune-empty-dirs"],
  ["copyLinks", "copy-links"],
  ["copyUnsafeLinks", "copy-unsafe-links"],
  ["copyDirlinks", "copy-dirlinks"],
  ["ignoreMissingArgs", "ignore-missing-args"],
  ["deleteMissingArgs", "delete-missing-args"],
  ["cvsExclude", "cvs-exclude"],
  ["listOnly", "list-only"],
  ["links", "links"],
  ["safeLinks", "safe-links"],
  ["mungeLinks", "munge-links"],
  ["hardLinks", "hard-links"],
  // Before `perms`, which may take back what ACLs imply.
  ["acls", "acls"],
  ["perms", "perms"],
  ["executability", "executability"],
  ["times", "times"],
  ["atimes", "atimes"],
  ["openNoatime", "open-noatime"],
  ["omitDirTimes", "omit-dir-times"],
  ["omitLinkTimes", "omit-link-times"],
  ["owner", "owner"],
  ["group", "group"],
  ["devices", "devices"],
  ["specials", "specials"],
  ["copyDevices", "copy-devices"],
  ["writeDevices", "write-devices"],
  ["dropD", "drop-D"],
  ["super", "super"],
  ["fakeSuper", "fake-super"],
  ["numericIds", "numeric-ids"],
  ["dryRun", "dry-run"],
  ["checksum", "checksum"],
  ["ignoreTimes", "ignore-times"],
  ["sizeOnly", "size-only"],
  ["update", "update"],
  ["existing", "existing"],
  ["ignoreExisting", "ignore-existing"],
  ["wholeFile", "whole-file"],
  ["sparse", "sparse"],
  ["inplace", "inplace"],
  ["partial", "partial"],
  ["backup", "backup"],
  ["mkpath", "mkpath"],
  ["keepDirlinks", "keep-dirlinks"],
  ["insecureLinks", "insecure-links"],
  ["delayUpdates", "delay-updates"],
  ["preallocate", "preallocate"],
  ["fsync", "fsync"],
  ["force", "force"],
  ["ignoreErrors", "ignore-errors"],
  ["refuseEmptySource", "refuse-empty-source"],
  ["verify", "verify"],
  ["secludedArgs", "secluded-args"],
  ["oldArgs", "old-args"],
  ["trustSender", "trust-sender"],
  ["ipv4", "ipv4"],
  ["ipv6", "ipv6"],
  ["compress", "compress"],
  ["blockingIo", "blocking-io"],
  ["quiet", "quiet"],
  ["progress", "progress"],
  ["stats", "stats"],
];

/** Options with a text, likewise. */
export const texts: readonly (readonly [KeysOf<NameLike>, string])[] = [
  ["usermap", "usermap"],
  ["groupmap", "groupmap"],
  ["chown", "chown"],
  ["partialDir", "partial-dir"],
  ["tempDir", "temp-dir"],
  ["confineRoot", "confine-root"],
  ["backupDir", "backup-dir"],
  ["suffix", "suffix"],
  ["checksumChoice", "checksum-choice"],
  ["filesFrom", "files-from"],
  ["rsh", "rsh"],
  ["rsyncPath", "rsync-path"],
  ["compressChoice", "compress-choice"],
  ["skipCompress", "skip-compress"],
  ["iconv", "iconv"],
  ["writeBatch", "write-batch"],
  ["onlyWriteBatch", "only-write-batch"],
  ["readBatch", "read-batch"],
  ["address", "address"],
  ["sockopts", "sockopts"],
  ["passwordFile", "password-file"],
  ["earlyInput", "early-input"],
  ["outFormat", "out-format"],
  ["logFile", "log-file"],
  ["logFileFormat", "log-file-format"],
];

/** Options with a number, likewise, and the least and the greatest that they may have. */
export const numbers: readonly (readonly [KeysOf<number>, string, number, number])[] = [
  ["protocol", "protocol", 27, 32],
  ["timeout", "timeout", 0, 2 ** 31 - 1],
  ["contimeout", "contimeout", 0, 2 ** 31 - 1],
  ["compressLevel", "compress-level", -(2 ** 31), 2 ** 31 - 1],
  ["compressThreads", "compress-threads", 0, 2 ** 31 - 1],
  ["port", "port", 1, 65_535],
];

/**
 * Checks and completes library options. `hasDestination` false lists the sources.
 * @throws TsyncError usage for values and combinations that make no sense
 */
export function normalizeSyncOptions(options: SyncOptions, hasDestination = true): TransferOptions {
  return completeSettings(collectSettings(options), hasDestination, "local");
}

/** Completes settings for where they are used, as the command line does. */
export function completeSettings(settings: Settings, hasDestination: boolean, place: Place): TransferOptions {
  const normalized = normalizeSettings(settings, hasDestination, {}, place);
  if (place === "local") checkIdMaps(normalized);
  return normalized;
}

/**
 * The settings that library options stand for.
 * @throws TsyncError usage for values that make no sense
 */
export function collectSettings(options: SyncOptions): Settings {
  checkLibraryOptions(options);
  const settings = emptySettings();
  if (options.archive === true) applyRow(settings, "archive", true);
  // Maps imply owner and group, which an explicit `owner: false` takes back.
  for (const [key, name] of texts) {
    const value = options[key];
    if (value !== undefined) optionsByName.get(name)?.row.set(settings, toName(value), 0);
  }
  for (const [key, name] of switches) {
    const value = options[key];
    if (value !== undefined) applyRow(settings, name, value);
  }
  if (options.chmod !== undefined) settings.chmod.push(...parseChmod(fromText(options.chmod)));
  settings.oneFileSystem = options.oneFileSystem === "all" ? 2 : Number(options.oneFileSystem ?? false);
  if (options.maxSize !== undefined) settings.maxSize = checkedInteger("maxSize", options.maxSize, 0);
  if (options.minSize !== undefined) settings.minSize = checkedInteger("minSize", options.minSize, 0);
  if (options.bwlimit !== undefined) settings.bandwidthLimit = checkedInteger("bwlimit", options.bwlimit, 0);
  if (options.stopAfter !== undefined) settings.stop = checkedInteger("stopAfter", options.stopAfter, 1);
  if (options.stopAt !== undefined) settings.stop = { moment: momentOf(options.stopAt) };
  settings.removeSource = removalOf(options.removeSourceFiles);
  settings.xattrs = options.xattrs === "all" ? 2 : Number(options.xattrs ?? false);
  settings.append = options.append === "verify" ? 2 : Number(options.append ?? false);
  settings.fuzzy = Number(options.fuzzy ?? false);
  settings.itemize = Number(options.itemizeChanges ?? 0);
  settings.humanReadable = options.humanReadable ?? settings.humanReadable;
  settings.verbose = checkedInteger("verbose", options.verbose ?? 0, 0);
  const { modifyWindow } = options;
  if (modifyWindow !== undefined)
    settings.modifyWindow = checkedInteger("modifyWindow", modifyWindow, Number.MIN_SAFE_INTEGER);
  settings.blockSize = checkedInteger("blockSize", options.blockSize ?? 0, 0, blockBytesMax(32));
  settings.checksumSeed = checkedInteger("checksumSeed", options.checksumSeed ?? 0, -(2 ** 31), 2 ** 31 - 1);
  if (options.maxAlloc !== undefined) {
    const bytes = checkedInteger("maxAlloc", options.maxAlloc, 0);
    if (bytes > 0 && bytes < maxAllocRange.min) throw usageError(`maxAlloc: ${bytes} is too small`);
    settings.maxAlloc = { text: fromText(String(bytes)), bytes };
  }
  if (options.maxDelete !== undefined) settings.maxDelete = checkedInteger("maxDelete", options.maxDelete, 0);
  if (options.deleteGuard !== undefined) settings.deleteGuard = parseDeleteGuard(String(options.deleteGuard));
  if (options.reflink !== undefined) settings.reflink = options.reflink;
  refuseHelp("info", applyFlagWords("info", options.info ?? "", infoFlags, settings.info));
  refuseHelp("debug", applyFlagWords("debug", options.debug ?? "", debugFlags, settings.debug));
  applyAlternates(settings, options);
  applyDeletion(settings, options);
  applyFilters(settings, options);
  for (const [key, name, least, most] of numbers) {
    const value = options[key];
    if (value === undefined) continue;
    optionsByName.get(name)?.row.set(settings, fromText(""), checkedInteger(key, value, least, most));
  }
  settings.standardError = options.stderr ?? "errors";
  const remoteOption = optionsByName.get("remote-option")?.row;
  for (const word of options.remoteOptions ?? []) remoteOption?.set(settings, toName(word), 0);
  return settings;
}

function momentOf(date: unknown): number {
  const milliseconds = date instanceof Date ? date.getTime() : Number.NaN;
  if (Number.isNaN(milliseconds)) throw usageError("stopAt: must be a valid Date");
  return milliseconds / 1000;
}

/** The bytes of a name given to the library. */
export function toName(name: NameLike): ByteName {
  return typeof name === "string" ? fromText(name) : fromBytes(name);
}

function applyRow(settings: Settings, name: string, on: boolean): void {
  const row = optionsByName.get(name)?.row;
  if (row === undefined) throw usageError(`${name}: unknown option`);
  const effect = on ? row.set : row.clear;
  effect?.(settings, fromText(""), 0);
}

function removalOf(value: SyncOptions["removeSourceFiles"]): Settings["removeSource"] {
  if (value === "sent") return "sent";
  return value === true ? "all" : "no";
}

/** `help` is a request to the command line; here it would silently mean nothing. */
function refuseHelp(option: string, outcome: "help" | undefined): void {
  if (outcome === "help") throw usageError(`${option}: "help" is for the command line`);
}

function applyAlternates(settings: Settings, { compareDest, copyDest, linkDest }: SyncOptions): void {
  const kinds = [
    ["compare", compareDest],
    ["copy", copyDest],
    ["link", linkDest],
  ] as const;
  for (const [kind, names] of kinds) for (const name of names ?? []) addAlternate(settings, kind, toName(name));
}

function applyDeletion(settings: Settings, { delete: timing, deleteExcluded }: SyncOptions): void {
  settings.delete = timing === true;
  settings.deleteBefore = timing === "before";
  settings.deleteAfter = timing === "after";
  if (timing === "during" || timing === "delay") settings.deleteDuring = timing;
  settings.deleteExcluded = deleteExcluded ?? false;
}

function applyFilters(settings: Settings, options: SyncOptions): void {
  settings.nulTerminated = options.from0 ?? false;
  for (let count = 0; count < (options.perDirectoryFilters ?? 0); count++) {
    optionsByLetter.get("F")?.row.set(settings, fromText(""), 0);
  }
  for (const rule of options.filter ?? []) addRule(settings, rule);
  const lists: readonly (readonly [FilterArgument["kind"], readonly NameLike[] | undefined])[] = [
    ["exclude", options.exclude],
    ["include", options.include],
    ["exclude-from", options.excludeFrom],
    ["include-from", options.includeFrom],
  ];
  for (const [kind, names] of lists) {
    for (const name of names ?? []) addFilter(settings, kind, toName(name));
  }
}

function addRule(settings: Settings, rule: NameLike | FilterOption): void {
  if (typeof rule === "string" || rule instanceof Uint8Array) addFilter(settings, "filter", toName(rule));
  else if ("filter" in rule) addFilter(settings, "filter", toName(rule.filter));
  else if ("exclude" in rule) addFilter(settings, "exclude", toName(rule.exclude));
  else if ("include" in rule) addFilter(settings, "include", toName(rule.include));
  else if ("excludeFrom" in rule) addFilter(settings, "exclude-from", toName(rule.excludeFrom));
  else addFilter(settings, "include-from", toName(rule.includeFrom));
}

function checkedInteger(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const valid = Number.isSafeInteger(value) && value >= min && value <= max;
  if (!valid) throw usageError(`${name}: ${value} is not a valid number`);
  return value;
}
