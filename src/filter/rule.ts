/**
 * What a filter rule is (2-file-list 1.3 to 1.5): plain data that can be cloned to another thread.
 *
 * A rule is stored normalised: trailing slash stripped, anchored rules of per-directory files prefixed with their
 * directory, wildcards compiled. `merge` and `clear` are executed while parsing and never become rules.
 */
import { type ByteName, baseName, byteName } from "../bytes/byte-name.ts";
import { compileWildcard, type Wildcard } from "./wildcard.ts";

/** The halves of a transfer that have rules of their own. */
export type FilterSide = "sender" | "receiver";

/** How the rules in a file, or in a word list, are read. */
export type RuleSyntax = "modern" | "old-prefix" | "no-prefix";

/** What rules inherit from the merge rule (or the option) that named their source (2-file-list 1.4). */
export interface RuleTemplate {
  readonly syntax: RuleSyntax;
  /** The type of rules that carry none themselves. */
  readonly include: boolean;
  readonly negate: boolean;
  readonly absolute: boolean;
  readonly directoryOnly: boolean;
  readonly perishable: boolean;
  readonly senderSide: boolean;
  readonly receiverSide: boolean;
  /** Records end at white space; there are no comments. */
  readonly wordSplit: boolean;
  /** An exact `!` clears the list even without prefixes (`C`). */
  readonly clearAllowed: boolean;
}

/** What a `dir-merge` rule adds to a rule. */
export interface DirectoryMerge {
  /** Name of the file; with slashes until its parent directories were scanned. */
  readonly file: ByteName;
  /** Sub-directories do not inherit its rules (`n`). */
  readonly noInherit: boolean;
  readonly template: RuleTemplate;
  /** Number in order of activation: index of its rule set. */
  readonly index: number;
}

/** One rule of a list. */
export interface FilterRule {
  readonly kind: "pattern" | "dir-merge" | "cvs";
  /** Normalised pattern (file name for a dir-merge, empty for `-C`). */
  readonly pattern: ByteName;
  /** Where it came from, for messages: `undefined` for an argument, else the text that stands for it (R-09: never the content of a file). */
  readonly origin: ByteName | undefined;
  readonly include: boolean;
  readonly negate: boolean;
  /** Matched against the absolute path. */
  readonly absolute: boolean;
  readonly directoryOnly: boolean;
  readonly perishable: boolean;
  /** Matches names of extended attributes only. */
  readonly xattr: boolean;
  /** The one side that applies it; undefined: both. */
  readonly side: FilterSide | undefined;
  /** It has that side by `--delete-excluded` alone, which stood behind it: the other machine is not told (2-file-list 1.2). */
  readonly unsaidSide: boolean;
  /** It says that it is for both sides (`-sr`), which the other machine is told. */
  readonly saysBoth: boolean;
  /** Slashes in the pattern. */
  readonly slashes: number;
  /** Compiled pattern without its anchoring slash; undefined if it has no wildcard. */
  readonly wildcard: Wildcard | undefined;
  /** What a name must end with, for patterns like `*.o`; undefined for all others. */
  readonly suffix: string | undefined;
  /** Contains `**`; begins with it; ends with `***`. */
  readonly starStar: boolean;
  readonly starStarFirst: boolean;
  readonly tripleStarLast: boolean;
  readonly merge: DirectoryMerge | undefined;
}

/** The properties of a rule before its pattern is normalised. */
export interface RuleDraft {
  readonly kind: FilterRule["kind"];
  readonly pattern: ByteName;
  readonly origin: ByteName | undefined;
  readonly include: boolean;
  readonly negate: boolean;
  readonly absolute: boolean;
  readonly directoryOnly: boolean;
  readonly perishable: boolean;
  readonly xattr: boolean;
  readonly side: FilterSide | undefined;
  readonly unsaidSide: boolean;
  readonly saysBoth: boolean;
}

/** Makes a rule of a draft: the normalisation of 2-file-list 1.5. `anchor` is the absolute directory of a per-directory file. */
export function makeRule(draft: RuleDraft, anchor: ByteName | undefined, merge?: DirectoryMerge): FilterRule {
  let { pattern, absolute, directoryOnly } = draft;
  if (pattern.length > 1 && pattern.endsWith("/")) {
    pattern = byteName(pattern.slice(0, -1));
    directoryOnly = true;
  }
  if (anchor !== undefined && merge === undefined && !absolute && pattern.startsWith("/")) {
    absolute = true;
    pattern = byteName((anchor === "/" ? "" : anchor) + pattern);
  }
  const wild = /[*?[]/.test(pattern);
  const starStar = wild && pattern.includes("**");
  return {
    ...draft,
    pattern,
    absolute,
    directoryOnly,
    slashes: pattern.split("/").length - 1,
    wildcard: wild ? compileWildcard(pattern.startsWith("/") ? byteName(pattern.slice(1)) : pattern) : undefined,
    suffix: /^\*[^*?[\\/]+$/.test(pattern) ? pattern.slice(1) : undefined,
    starStar,
    starStarFirst: pattern.startsWith("**"),
    tripleStarLast: starStar && pattern.endsWith("***"),
    merge,
  };
}

/** Whether there are merge files that are looked for in all directories above, too. */
export function looksUp(merges: readonly FilterRule[]): boolean {
  return merges.some(({ merge }) => merge !== undefined && baseName(merge.file) !== merge.file);
}
