/**
 * Which items are printed and which are logged (3-transfer 1.2, 9.6). Both follow from what standard output shows: an
 * output format with `%i` makes every changed item a line, without it only names of what was made or transferred are.
 */
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag, isNewLink, significantFlags } from "../protocol/item-flags.ts";

/** What of the options decides. */
export interface ReportRules {
  /** The output format has `%i`. */
  readonly itemizing: boolean;
  /** The log format has `%i`. */
  readonly logItemizing: boolean;
  /** `-ii` */
  readonly itemizeAll: boolean;
  /** `-vv` or `--info=name2` */
  readonly namesAll: boolean;
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
  if (rules.itemizing) {
    const changed = significant || linked;
    const all = rules.itemizeAll || rules.namesAll;
    return {
      output: changed || all ? "line" : "nothing",
      log: changed || (all && rules.logItemizing) ? "line" : "nothing",
    };
  }
  const made = (flags & ItemFlag.local) !== 0 || (entry.mode & FileType.mask) === FileType.directory;
  if (linked || (made && significant)) return both.line;
  // At `-vv` the generator itself tells the bare name (a notice), ahead of the items.
  return both.nothing;
}

const both: Readonly<Record<ItemReport["output"], ItemReport>> = {
  line: { output: "line", log: "line" },
  nothing: { output: "nothing", log: "nothing" },
};
