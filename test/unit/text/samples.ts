/** Entries and options for the tests of `src/cli`. */
import { byteName } from "../../../src/bytes/byte-name.ts";
import type { DebugFlag, InfoFlag } from "../../../src/options/transfer-options.ts";
import { type FileEntry, FileType } from "../../../src/protocol/file-entry.ts";
import { ItemFlag } from "../../../src/protocol/item-flags.ts";
import type { ItemEvent, RunSummary } from "../../../src/sync/events.ts";
import { ClockText } from "../../../src/text/clock-text.ts";
import type { FormatContext } from "../../../src/text/out-format.ts";
import type { RenderOptions } from "../../../src/text/render-options.ts";
import { makeFileEntry } from "../../support/file-entry.ts";

/** 2026/11/22 23:58:29 UTC */
export const someTime: number = Date.UTC(2026, 10, 22, 23, 58, 29) / 1000;

/** A regular file of 3 bytes, unless the parts say otherwise. */
export function entryOf(path: string, parts: Partial<FileEntry> = {}): FileEntry {
  return makeFileEntry(path, { size: 3, mtime: someTime, uid: 7, gid: 8, ...parts });
}

export const directory = { mode: FileType.directory | 0o755, size: 4096 } as const;

export function symlink(target: string): Partial<FileEntry> {
  return { mode: FileType.symlink | 0o777, size: target.length, target: byteName(target) };
}

export const newTransfer: number = ItemFlag.transfer | ItemFlag.isNew;
export const newLocal: number = ItemFlag.local | ItemFlag.isNew;

export function itemOf(path: string, flags: number, parts: Partial<FileEntry> = {}, linkedTo?: string): ItemEvent {
  return {
    type: "item",
    path: byteName(path),
    entry: entryOf(path, parts),
    flags,
    linkedTo: linkedTo === undefined ? undefined : byteName(linkedTo),
    sourcePath: byteName(`s/${path}`),
  };
}

/** Formatting with process id 4711 at `someTime`, with `-t`, `-o` and `-g`. */
export function contextOf(parts: Partial<FormatContext> = {}): FormatContext {
  return {
    timesKept: true,
    pid: 4711,
    checksumName: () => "xxh128",
    decimalComma: false,
    ownerKept: true,
    groupKept: true,
    clock: new ClockText(),
    now: () => someTime,
    ...parts,
  };
}

const infoFlags: readonly InfoFlag[] = [
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
const debugFlags: readonly DebugFlag[] = ["del", "deltasum", "dup", "filter", "flist"];
const atLevel1: readonly InfoFlag[] = ["copy", "del", "flist", "misc", "name", "stats", "symsafe"];
const atLevel2: readonly InfoFlag[] = ["backup", "mount", "remove", "skip"];

/** Options as `-a` with `verbose` times `-v` gives them (3-transfer 9.4), with info levels changed by `info`. */
export function optionsOf(
  verbose: number,
  parts: Partial<RenderOptions> = {},
  info: Partial<Record<InfoFlag, number>> = {},
): RenderOptions {
  const levels = Object.fromEntries(infoFlags.map((flag) => [flag, 0])) as Record<InfoFlag, number>;
  levels.nonreg = 1;
  if (verbose >= 1) for (const flag of atLevel1) levels[flag] = 1;
  if (verbose >= 2) for (const flag of atLevel2) levels[flag] = 1;
  if (verbose >= 2) levels.name = 2;
  const debug = Object.fromEntries(debugFlags.map((flag) => [flag, verbose >= 2 ? 1 : 0])) as Record<DebugFlag, number>;
  return {
    quiet: false,
    info: { ...levels, ...info },
    debug,
    itemize: 0,
    outFormat: undefined,
    logFileFormat: undefined,
    humanReadable: 1,
    eightBitOutput: false,
    listOnly: false,
    recursive: true,
    directories: false,
    links: true,
    times: true,
    omitDirectoryTimes: false,
    permissions: true,
    chmod: [],
    atimes: false,
    owner: true,
    group: true,
    dryRun: false,
    deleteTiming: "none",
    allToStandardError: false,
    clientTells: false,
    fakeSuper: false,
    force: false,
    ...parts,
  };
}

const noKinds = { regular: 0, directories: 0, links: 0, devices: 0, specials: 0 } as const;

/** The numbers of a first copy of 3 files, 2 directories and a link. */
export function summaryOf(parts: Partial<RunSummary> = {}): RunSummary {
  return {
    exitCode: 0,
    files: { ...noKinds, regular: 3, directories: 2, links: 1 },
    created: { ...noKinds, regular: 3, directories: 2, links: 1 },
    deleted: noKinds,
    transferredFiles: 3,
    totalSize: 340_005,
    transferredSize: 340_004,
    literalBytes: 340_004,
    matchedBytes: 0,
    bytesSent: 340_362,
    bytesReceived: 87,
    withheld: 0,
    listBuildSeconds: 0.001,
    elapsedSeconds: 0.02,
    dryRun: false,
    problems: [],
    ...parts,
  };
}
