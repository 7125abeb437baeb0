/**
 * Which items are printed and which are logged (3-transfer 1.2, 9.6). Both follow from what standard output shows: an
 * output format with `%i` makes every changed item a line, without it only names of what was made or transferred are.
 */
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag, isNewLink, significantFlags } from "../protocol/item-flags.ts";
import type { OutFormat } from "./out-format.ts";
import type { RenderOptions } from "./render-options.ts";

/** What of the options decides. */
export interface ReportRules {
  /** The output format has `%i`. */
  readonly itemizing: boolean;
  /** The log format has `%i`. */
  readonly logItemizing: boolean;
  /** `-ii` */
  readonly itemizeAll: boolean;
  /** `-v` or `--info=name` */
  readonly names: boolean;
  /** Whether a new directory of the receiving side gets something that it was not made with. */
  readonly changesNew: (directory: FileEntry) => boolean;
  /** `-vv` or `--info=name2` */
  readonly namesAll: boolean;
  /** There is only a log, that of a server. */
  readonly isServer: boolean;
  readonly dryRun: boolean;
}

/** What a process makes directories with. */
export interface OwnIdentity {
  readonly umask: number;
  readonly uid: number;
  readonly gid: number;
  /** The groups that it may give to files; undefined: all of them. */
  readonly groups?: readonly number[] | undefined;
}

/** Who this process is. */
export function ownIdentity(): OwnIdentity {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  return { umask: process.umask(), uid, gid, groups: uid === 0 ? undefined : [gid, ...(process.getgroups?.() ?? [])] };
}

/** The rules of a run; `format` and `logFormat` are those of standard output and log, if there are any. */
export function reportRules(
  options: Pick<
    RenderOptions,
    "itemize" | "info" | "dryRun" | "times" | "omitDirectoryTimes" | "permissions" | "owner" | "group"
  >,
  format: OutFormat | undefined,
  logFormat: OutFormat | undefined,
  { own, isServer = false }: { readonly own: OwnIdentity; readonly isServer?: boolean },
): ReportRules {
  const { info, times, omitDirectoryTimes, permissions, owner, group } = options;
  return {
    itemizing: format?.hasItemize ?? false,
    logItemizing: logFormat?.hasItemize ?? false,
    itemizeAll: options.itemize >= 2,
    names: info.name >= 1,
    changesNew: ({ mode, uid, gid }) =>
      options.dryRun ||
      (times && !omitDirectoryTimes) ||
      (permissions && (mode & (0o6000 | (own.umask & 0o777))) !== 0) ||
      (owner && own.uid === 0 && uid !== own.uid) ||
      (group && gid !== own.gid),
    namesAll: info.name >= 2,
    isServer,
    dryRun: options.dryRun,
  };
}

/** How an item without data is reported. */
export interface ItemReport {
  readonly output: "line" | "nothing";
  readonly log: "line" | "nothing";
}

/** Decides for an item that is not a transfer. */
export function reportItem(
  flags: number,
  entry: FileEntry,
  linkedTo: string | undefined,
  rules: ReportRules,
): ItemReport {
  const significant = (flags & significantFlags) !== 0;
  const linked = isNewLink(flags, linkedTo);
  // A link in which nothing else is new is logged by a format with %i only.
  const logged = significant || (linked && rules.logItemizing);
  if (rules.isServer) {
    const told = significant || linked || (rules.itemizing && (rules.itemizeAll || rules.namesAll));
    return { output: "nothing", log: told && rules.logItemizing && !rules.dryRun ? "line" : "nothing" };
  }
  if (rules.itemizing) {
    const changed = significant || linked;
    const all = rules.itemizeAll || rules.namesAll;
    return {
      output: changed || all ? "line" : "nothing",
      log: logged || (all && rules.logItemizing) ? "line" : "nothing",
    };
  }
  const made = (flags & ItemFlag.local) !== 0 || (entry.mode & FileType.mask) === FileType.directory;
  if (linked && !logged) return { output: "line", log: "nothing" };
  if (linked || (made && significant)) return both.line;
  // At `-vv` the generator itself tells the bare name (a notice), ahead of the items.
  return both.nothing;
}

const both: Readonly<Record<ItemReport["output"], ItemReport>> = {
  line: { output: "line", log: "line" },
  nothing: { output: "nothing", log: "nothing" },
};

/** What the log of a client that receives gets for an item that is not a transfer. */
export interface ReceiverLog {
  /** A line in the format of the log. */
  readonly line: boolean;
  /** The bare name, as if standard output told it. */
  readonly name: boolean;
}

/**
 * Decides that (3-transfer 9.6): the generator of such a client tells bare names unless items are told otherwise.
 * `isAlone`: protocols below 29, where items do not go to the sender and back; `isChanged`: as in the event.
 */
export function receiverLog(
  flags: number,
  entry: FileEntry,
  linkedTo: string | undefined,
  rules: ReportRules,
  isAlone: boolean,
  isChanged?: boolean,
): ReceiverLog {
  const { itemizing, logItemizing, names } = rules;
  const line = reportItem(flags, entry, linkedTo, rules).log === "line";
  if (isAlone && itemizing) return { line: line && logItemizing && !rules.isServer, name: false };
  // A new directory is told of when something is set that it was not made with.
  const isBare = (flags & ItemFlag.isNew) !== 0 && (entry.mode & FileType.mask) === FileType.directory;
  const isNamed =
    names &&
    !(isBare && !(isChanged ?? rules.changesNew(entry))) &&
    reportItem(flags, entry, linkedTo, { ...rules, itemizing: false, isServer: false }).output === "line";
  if (isAlone) return { line: false, name: isNamed && isChanged !== false };
  // The generator tells no name of a file that it copies from an alternate directory, or finds linked already.
  const isSilent = linkedTo === "" || ((entry.mode & FileType.mask) === FileType.regular && linkedTo === undefined);
  return { line, name: isNamed && !logItemizing && !isSilent };
}
