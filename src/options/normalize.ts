/**
 * From settings to `TransferOptions`: defaults, implied options, conflicts (3-transfer 10.2), in rsync's order of
 * complaints. Shared by the command line and the library.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { cleanPath } from "../bytes/paths.ts";
import { usageError } from "../errors.ts";
import type { AllowedNames } from "./allowed-names.ts";
import { parseChecksumChoice } from "./checksum-choice.ts";
import { compressionOf } from "./compression.ts";
import { checkIdMap } from "./id-map.ts";
import { completeLevels, debugFlags, infoFlags, verbosityLevels } from "./info-flags.ts";
import { addFilter, type Settings } from "./settings.ts";
import { maxAllocDefault, maxAllocRange, parseSize } from "./sizes.ts";
import { type Clock, nextStop } from "./stop-time.ts";
import type {
  AlternateDirectories,
  DebugFlag,
  DeleteTiming,
  FilterArgument,
  InfoFlag,
  TransferOptions,
} from "./transfer-options.ts";

/** What parsing needs to know of the world outside, as plain data. */
export interface ParseEnvironment {
  /** RSYNC_PARTIAL_DIR. */
  readonly partialDirectory?: ByteName | undefined;
  /** RSYNC_ICONV. */
  readonly iconv?: ByteName | undefined;
  /** RSYNC_MAX_ALLOC. */
  readonly maxAlloc?: ByteName | undefined;
  /** RSYNC_CHECKSUM_LIST and RSYNC_COMPRESS_LIST. */
  readonly allowed?: AllowedNames | undefined;
  /** POSIXLY_CORRECT or POSIX_ME_HARDER is there: the first operand ends the options. */
  readonly optionsFirst?: boolean | undefined;
  /** By default the engine's. */
  readonly clock?: Clock | undefined;
}

/** Whether all of a run happens here, or this is one side of it, and which. */
export type Place = "local" | "client" | "server";

/** Which `-v` level still adds flags. */
const verboseMax = 5;
const humanReadableMax = 3;
/** Where `--delay-updates` holds files unless `--partial-dir` says where. */
const delayedDirectory = byteName(".~tmp~");

/**
 * Checks settings and completes them. `hasDestination` false makes the run a listing (3-transfer 9.9).
 * @throws TsyncError usage for conflicts
 */
export function normalizeSettings(
  settings: Settings,
  hasDestination: boolean,
  environment: ParseEnvironment,
  place: Place = "local",
): TransferOptions {
  const outputBuffering = place === "server" ? undefined : bufferingOf(settings.outputBuffering);
  const rights = receiverRights(settings);
  // Between two machines the server says so itself.
  if ((settings.fakeSuper || (rights.fakeSuper && place === "local")) && settings.xattrs > 1)
    throw usageError("--fake-super conflicts with -XX");
  if ((settings.oldArguments ?? 0) > 0 && settings.secludedArguments === true) {
    throw usageError("--secluded-args conflicts with --old-args.");
  }
  const listOnly = settings.listOnly || !hasDestination;
  const hasFilesFrom = settings.filesFrom !== undefined;
  const old = settings.directories === "old";
  const recursive = old || (settings.recursive === "archive" ? !hasFilesFrom : settings.recursive);
  const directories = old || (settings.directories ?? (hasFilesFrom || listOnly)) !== false;
  const deleteTiming = timingOf(settings);
  if (deleteTiming !== "none" && !recursive && !directories) {
    throw usageError("--delete does not work without --recursive (-r) or --dirs (-d).");
  }
  const backup = backupOf(settings);
  const checksums = parseChecksumChoice(settings.checksumChoice);
  // Without a checksum of blocks files are sent as a whole.
  if (settings.append > 0 && (settings.wholeFile === true || checksums.transfer === "none")) {
    throw usageError("--append cannot be used with --whole-file");
  }
  const inplace = settings.inplace || settings.append > 0 || settings.writeDevices;
  const partialDirectory = partialDirectoryOf(settings, inplace, environment);
  const relative = settings.relative ?? hasFilesFrom;
  return {
    verbose: settings.verbose,
    quiet: settings.quiet,
    info: infoLevels(settings),
    debug: debugLevels(settings),
    itemize: settings.itemize,
    outFormat: settings.outFormat ?? (settings.itemize > 0 ? byteName("%i %n%L") : undefined),
    logFile: settings.logFile,
    logFileFormat: settings.logFileFormat,
    humanReadable: Math.min(settings.humanReadable, humanReadableMax),
    progress: settings.progress,
    eightBitOutput: settings.eightBitOutput,
    outputBuffering,
    allToStandardError: settings.standardError === "all",
    clientTells: settings.standardError === "client",
    listOnly,
    stats: settings.stats,
    recursive,
    directories,
    relative,
    impliedDirectories: relative && settings.impliedDirectories,
    oneFileSystem: settings.oneFileSystem,
    incrementalRecursion:
      recursive &&
      settings.allowIncremental &&
      deleteTiming !== "before" &&
      deleteTiming !== "after" &&
      !settings.delayUpdates &&
      !settings.pruneEmptyDirectories,
    // A server hears the client's rules, with those that the client's options bring along.
    filters: place === "server" ? [] : completeFilters(settings, deleteTiming, backup, partialDirectory),
    cvsExclude: settings.cvsExclude,
    nulTerminated: settings.nulTerminated,
    filesFrom: settings.filesFrom,
    pruneEmptyDirectories: settings.pruneEmptyDirectories,
    copyLinks: settings.copyLinks,
    copyUnsafeLinks: settings.copyUnsafeLinks,
    copyDirectoryLinks: settings.copyDirectoryLinks,
    missingArguments: missingOf(settings),
    links: settings.links,
    safeLinks: settings.safeLinks,
    mungeLinks: settings.mungeLinks,
    hardLinks: settings.hardLinks > 0,
    permissions: settings.permissions,
    executability: settings.executability && !settings.permissions,
    times: settings.times,
    atimes: settings.atimes > 0,
    openNoAtime: settings.openNoAtime,
    omitDirectoryTimes: settings.omitDirectoryTimes || (backup.enabled && backup.directory === undefined),
    omitLinkTimes: settings.omitLinkTimes,
    owner: settings.owner,
    group: settings.group,
    devices: settings.devices,
    specials: settings.specials,
    copyDevices: settings.copyDevices,
    writeDevices: settings.writeDevices,
    dropDevices: settings.dropDevices,
    superUser: settings.fakeSuper ? true : ownSuper(settings),
    fakeSuper: settings.fakeSuper,
    receiverRights: rights,
    acls: settings.acls,
    xattrs: Math.min(settings.xattrs, 2),
    numericIds: settings.numericIds,
    chmod: [...settings.chmod],
    userMap: settings.userMap?.isIdle === false ? settings.userMap.text : undefined,
    groupMap: settings.groupMap?.isIdle === false ? settings.groupMap.text : undefined,
    dryRun: settings.dryRun,
    checksum: settings.checksum,
    ignoreTimes: settings.ignoreTimes,
    sizeOnly: settings.sizeOnly,
    update: settings.update,
    existing: settings.existing,
    ignoreExisting: settings.ignoreExisting,
    maxSize: settings.maxSize,
    minSize: settings.minSize,
    modifyWindow: settings.modifyWindow ?? 0,
    wholeFile: (settings.wholeFile ?? (place === "local" && settings.append === 0)) || checksums.transfer === "none",
    blockSize: settings.blockSize,
    transferChecksum: checksums.transfer,
    listChecksum: checksums.list,
    checksumSeed: settings.checksumSeed,
    compression: compressionOf(settings, place === "server" ? "server" : "client"),
    sparse: settings.sparse,
    inplace,
    tempDirectory: settings.tempDirectory,
    append: settings.append === 0 ? "no" : settings.append === 1 ? "trust" : "verify",
    partial:
      (settings.partial || settings.partialDirectory !== undefined || partialDirectory !== undefined) && !inplace,
    partialDirectory,
    delayUpdates: settings.delayUpdates,
    backup: backup.enabled,
    backupDirectory: backup.directory,
    backupSuffix: backup.suffix,
    alternates: alternatesOf(settings),
    fuzzy: Math.min(settings.fuzzy, 2),
    makePath: settings.makePath,
    keepDirectoryLinks: settings.keepDirectoryLinks,
    insecureLinks: settings.insecureLinks,
    confineRoot: confinementOf(settings),
    copyAs: settings.copyAs,
    maxAlloc: allocationOf(settings, environment),
    preallocate: settings.preallocate,
    fsync: settings.fsync,
    bandwidthLimit: settings.bandwidthLimit,
    stopAt: stopOf(settings, environment),
    removeSource: settings.removeSource,
    deleteTiming,
    deleteExcluded: settings.deleteExcluded,
    force: settings.force,
    ignoreErrors: settings.ignoreErrors,
    maxDelete: settings.maxDelete,
    deleteGuard: settings.deleteGuard,
    refuseEmptySource: settings.refuseEmptySource,
    json: settings.json,
    verify: settings.verify,
    reflink: reflinkOf(settings),
  };
}

/** Checks the form of the id maps, which rsync reads last, on the receiving side; throws as `parseIdMap` does. */
export function checkIdMaps(options: TransferOptions): void {
  if (options.userMap !== undefined) checkIdMap("usermap", options.userMap);
  if (options.groupMap !== undefined) checkIdMap("groupmap", options.groupMap);
}

/** Only the first letter counts, in either case; U and F are other words for N and B. */
function bufferingOf(text: ByteName | undefined): TransferOptions["outputBuffering"] {
  if (text === undefined) return undefined;
  if (/^[nu]/i.test(text)) return "none";
  if (/^l/i.test(text)) return "line";
  if (/^[bf]/i.test(text)) return "full";
  throw usageError("Invalid --outbuf setting -- specify N, L, or B.");
}

/** Both options together mean: delete (3-transfer 10.2). */
function missingOf(settings: Settings): TransferOptions["missingArguments"] {
  if (settings.deleteMissingArguments) return "delete";
  return settings.ignoreMissingArguments ? "ignore" : "report";
}

function stopOf({ stop }: Settings, environment: ParseEnvironment): number | undefined {
  if (stop === undefined) return undefined;
  if (typeof stop === "object" && "moment" in stop) return stop.moment;
  const clock = environment.clock ?? engineClock();
  return typeof stop === "number" ? clock.now + stop * 60 : nextStop(stop, clock);
}

function engineClock(): Clock {
  const utcOffset = (seconds: number): number => -60 * new Date(seconds * 1000).getTimezoneOffset();
  return { now: Math.floor(Date.now() / 1000), utcOffset };
}

/** Blocks are shared by whole files only. */
function reflinkOf({ reflink, sparse, wholeFile, append }: Settings): TransferOptions["reflink"] {
  const other = sparse ? "--sparse" : append > 0 ? "--append" : wholeFile === false ? "--no-whole-file" : undefined;
  if (reflink === "always" && other !== undefined) {
    throw usageError(`--reflink=always cannot be used with ${other}`);
  }
  return reflink;
}

function timingOf(settings: Settings): DeleteTiming {
  const { deleteBefore, deleteDuring, deleteAfter } = settings;
  if (Number(deleteBefore) + Number(deleteDuring !== undefined) + Number(deleteAfter) > 1) {
    throw usageError("You may not combine multiple --delete-WHEN options.");
  }
  if (deleteAfter) return "after";
  const timing = earlyTimingOf(settings);
  // The whole list must be known before the first deletion.
  return settings.deleteGuard === undefined || timing === "none" ? timing : "delay";
}

function earlyTimingOf(settings: Settings): DeleteTiming {
  if (settings.deleteBefore) return "before";
  return settings.deleteDuring ?? (settings.delete || settings.deleteExcluded ? "during" : "none");
}

interface Backup {
  readonly enabled: boolean;
  /** Undefined also when it is the destination directory itself. */
  readonly directory: ByteName | undefined;
  readonly suffix: ByteName;
}

function backupOf(settings: Settings): Backup {
  const given = settings.backupDirectory;
  const suffix = settings.backupSuffix ?? byteName(given === undefined ? "~" : "");
  if (suffix.includes("/")) throw usageError(`--suffix cannot contain slashes: ${suffix}`);
  const directory =
    given === undefined || (/^(\.?\/*)$/.test(given) && !given.startsWith("/")) ? undefined : withoutSlash(given);
  if (suffix === "" && directory === undefined) {
    throw usageError(
      given === undefined
        ? "--suffix cannot be empty without a --backup-dir"
        : "--suffix cannot be empty when --backup-dir is the same as the dest dir",
    );
  }
  return { enabled: settings.backup || given !== undefined, directory, suffix };
}

/** One slash at the end goes; an empty name is the destination itself. */
function alternatesOf({ alternates }: Settings): AlternateDirectories | undefined {
  if (alternates === undefined) return undefined;
  const directories = alternates.directories.map((path) => byteName(path.replace(/(?<=.)\/$/s, "")));
  return { kind: alternates.kind, directories };
}

function withoutSlash(path: ByteName): ByteName {
  return byteName(path.replace(/(?<=.)\/+$/s, ""));
}

/** RSYNC_PARTIAL_DIR only says where, not that; an empty name or `.` means: beside the file. */
function partialDirectoryOf(settings: Settings, inplace: boolean, environment: ParseEnvironment): ByteName | undefined {
  const { partial, delayUpdates } = settings;
  if (inplace && (delayUpdates || settings.partialDirectory !== undefined)) {
    const option = settings.append > 0 ? "append" : "inplace";
    throw usageError(`--${option} cannot be used with --${delayUpdates ? "delay-updates" : "partial-dir"}`);
  }
  const fromEnvironment = partial && !inplace && !delayUpdates ? environment.partialDirectory : undefined;
  const fallback = delayUpdates ? delayedDirectory : undefined;
  const given = settings.partialDirectory ?? fromEnvironment;
  if (given === undefined || given === "") return fallback;
  const cleaned = resolveParents(cleanPath(given));
  return cleaned === "." ? fallback : cleaned;
}

/** `x/../y` is `y`, by text, as rsync takes it; a leading `..` stays. */
function resolveParents(path: ByteName): ByteName {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    const last = parts.at(-1);
    if (part === ".." && last !== undefined && last !== ".." && last !== "") parts.pop();
    else parts.push(part);
  }
  return byteName(parts.length === 0 ? "." : parts.join("/"));
}

function confinementOf({ confineRoot, insecureLinks }: Settings): ByteName | undefined {
  if (confineRoot === undefined) return undefined;
  if (!confineRoot.startsWith("/")) throw usageError("--confine-root must be an absolute path");
  if (insecureLinks) throw usageError("--insecure-links cannot be combined with --confine-root");
  return cleanPath(confineRoot) === "/" ? undefined : confineRoot;
}

/**
 * The limit of `--max-alloc`, else of the environment, in bytes. Nothing, or 0, means: as much as there is.
 * @throws TsyncError usage: the variable, if it counts, is no size
 */
export function allocationOf({ maxAlloc }: Settings, { maxAlloc: variable }: ParseEnvironment): number {
  const isVariable = maxAlloc === undefined && variable !== undefined && variable !== "";
  const given = isVariable ? parseSize("max-alloc", variable, maxAllocRange) : maxAlloc?.bytes;
  return (given ?? maxAllocDefault) || Number.POSITIVE_INFINITY;
}

/** The user's rules, then those that other options bring along (2-file-list 1.2). */
function completeFilters(
  settings: Settings,
  deleteTiming: DeleteTiming,
  backup: Backup,
  partialDirectory: ByteName | undefined,
): FilterArgument[] {
  const scratch: Settings = { ...settings, filters: [...settings.filters] };
  if (settings.directories === "old") addFilter(scratch, "filter", byteName("- /*/*"));
  if (backup.enabled && backup.directory === undefined && deleteTiming !== "none" && !settings.deleteExcluded) {
    addFilter(scratch, "filter", byteName(`P *${backup.suffix}`));
  }
  if (partialDirectory !== undefined && !partialDirectory.startsWith("/")) {
    addFilter(scratch, "partial", partialDirectory);
  }
  if (settings.cvsExclude) addFilter(scratch, "cvs", byteName(""));
  return scratch.filters;
}

function infoLevels(settings: Settings): Record<InfoFlag, number> {
  const base = verbosityLevels("info", Math.min(settings.verbose, verboseMax), infoFlags);
  if (settings.stats) base.set("stats", settings.verbose > 1 ? 3 : 2);
  if (settings.progress) {
    base.set("flist", 2);
    base.set("progress", 1);
    // A format with figures of the transfer prints names too late for it.
    const { itemize, outFormat } = settings;
    const isLate = [...(outFormat ?? "").matchAll(/%(?:%|'*-?\d*([A-Za-z]))/g)].some(([, letter]) =>
      /[bcC]/.test(letter ?? ""),
    );
    const namesPrinted = outFormat === undefined ? itemize > 0 : !isLate;
    if (!namesPrinted && (base.get("name") ?? 0) === 0) base.set("name", 1);
  }
  return completeLevels(infoFlags, base, settings.info);
}

function debugLevels(settings: Settings): Record<DebugFlag, number> {
  return completeLevels(
    debugFlags,
    verbosityLevels("debug", Math.min(settings.verbose, verboseMax), debugFlags),
    settings.debug,
  );
}

/** What the receiving side of a local run may do: it is the other side for `--remote-option`. */
function receiverRights(settings: Settings): TransferOptions["receiverRights"] {
  const { fakeSuper, copyAs, remoteOptions } = settings;
  let rights = { superUser: fakeSuper ? true : ownSuper(settings), fakeSuper };
  for (const option of remoteOptions) {
    if (option === "--fake-super") rights = { superUser: true, fakeSuper: true };
    else if (option === "--super" || option === "--no-super")
      rights = { superUser: copyAs === undefined ? option === "--super" : undefined, fakeSuper: false };
  }
  return rights;
}

/** `--copy-as` takes the rights of its user: what `--super` or `--no-super` says of one's own no longer holds. */
function ownSuper({ copyAs, superUser }: Settings): boolean | undefined {
  return copyAs === undefined ? superUser : undefined;
}
