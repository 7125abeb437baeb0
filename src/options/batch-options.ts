/** Options that change the bytes of a batch file, and so are recorded in it (3-transfer 8.1). */
import { BatchFlag, batchFlagsOf } from "../protocol/batch-header.ts";
import { compressionOf } from "./compression.ts";
import type { Settings } from "./settings.ts";
import type { TransferOptions } from "./transfer-options.ts";

/** One of them. */
interface BatchOption {
  readonly bit: number;
  /** How rsync calls it. */
  readonly shown: string;
  /** Its value as given; what is not 0 or 1 differs from any recorded one, as it does for rsync. */
  readonly given: (settings: Settings) => number;
  readonly set: (on: boolean, before: TransferOptions) => Partial<TransferOptions>;
}

const usualCompression = { choice: undefined, level: undefined, threads: 0 };

const options: readonly BatchOption[] = [
  {
    bit: BatchFlag.recurse,
    shown: "--recurse (-r)",
    given: ({ recursive, directories }) => (recursive === "archive" || directories === "old" ? 1 : recursive ? 2 : 0),
    set: (recursive) => ({ recursive }),
  },
  { bit: BatchFlag.owner, shown: "--owner (-o)", given: ({ owner }) => Number(owner), set: (owner) => ({ owner }) },
  { bit: BatchFlag.group, shown: "--group (-g)", given: ({ group }) => Number(group), set: (group) => ({ group }) },
  { bit: BatchFlag.links, shown: "--links (-l)", given: ({ links }) => Number(links), set: (links) => ({ links }) },
  {
    bit: BatchFlag.devices,
    shown: "--devices (-D)",
    given: ({ devices }) => Number(devices),
    set: (devices) => ({ devices }),
  },
  {
    bit: BatchFlag.hardLinks,
    shown: "--hard-links (-H)",
    given: ({ hardLinks }) => hardLinks,
    set: (hardLinks) => ({ hardLinks }),
  },
  {
    bit: BatchFlag.checksum,
    shown: "--checksum (-c)",
    given: ({ checksum }) => Number(checksum),
    set: (checksum) => ({ checksum }),
  },
  {
    bit: BatchFlag.dirs,
    shown: "--dirs (-d)",
    given: ({ recursive, directories }) =>
      recursive !== false || directories === "old" ? 1 : directories === true ? 2 : 0,
    set: (directories) => ({ directories }),
  },
  {
    bit: BatchFlag.compress,
    shown: "--compress (-z)",
    given: (settings) => Number(compressionOf(settings, "client") !== undefined),
    set: (on, { compression }) => ({ compression: on ? (compression ?? usualCompression) : undefined }),
  },
  { bit: BatchFlag.acls, shown: "--acls (-A)", given: ({ acls }) => Number(acls), set: (acls) => ({ acls }) },
  {
    bit: BatchFlag.xattrs,
    shown: "--xattrs (-X)",
    given: ({ xattrs }) => xattrs,
    set: (on) => ({ xattrs: on ? 1 : 0 }),
  },
  {
    bit: BatchFlag.inplace,
    shown: "--inplace",
    given: ({ inplace, append, writeDevices }) => Number(inplace || append > 0 || writeDevices),
    set: (inplace) => ({ inplace }),
  },
  {
    bit: BatchFlag.append,
    shown: "--append",
    given: ({ append }) => Number(append === 1),
    set: (on) => ({ append: on ? "trust" : "no" }),
  },
  {
    bit: BatchFlag.appendVerify,
    shown: "--append-verify",
    given: ({ append }) => Number(append === 2),
    set: (on) => (on ? { append: "verify" } : {}),
  },
];

/** What a batch file makes of the options of who reads it. */
export interface FittedOptions {
  readonly options: TransferOptions;
  /** What is said about each that it changes. */
  readonly remarks: readonly string[];
}

/** Takes over the options that a batch was written with: its `flags`, of which those in `known` mean something. */
export function fitToBatch(given: TransferOptions, settings: Settings, flags: number, known: number): FittedOptions {
  let fitted = given;
  const remarks: string[] = [];
  for (const { bit, shown, given: read, set } of options) {
    if ((bit & known) === 0) continue;
    const on = (flags & bit) !== 0;
    if (read(settings) === Number(on)) continue;
    remarks.push(`${on ? "Setting" : "Clearing"} the ${shown} option to match the batchfile.`);
    fitted = { ...fitted, ...set(on, fitted) };
  }
  return { options: fitted, remarks };
}

/** The flags of a batch that is written with these options. */
export function batchFlags(given: TransferOptions, protocol: number): number {
  const written = batchFlagsOf(protocol);
  const bit = (on: boolean, flag: number): number => (on ? flag & written : 0);
  return (
    bit(given.recursive, BatchFlag.recurse) |
    bit(given.owner, BatchFlag.owner) |
    bit(given.group, BatchFlag.group) |
    bit(given.links, BatchFlag.links) |
    bit(given.devices, BatchFlag.devices) |
    bit(given.hardLinks, BatchFlag.hardLinks) |
    bit(given.checksum, BatchFlag.checksum) |
    bit(given.directories || given.recursive, BatchFlag.dirs) |
    bit(given.compression !== undefined, BatchFlag.compress) |
    bit(given.acls, BatchFlag.acls) |
    bit(given.xattrs > 0, BatchFlag.xattrs) |
    bit(given.inplace, BatchFlag.inplace) |
    bit(given.append === "trust", BatchFlag.append) |
    bit(given.append === "verify", BatchFlag.appendVerify)
  );
}
