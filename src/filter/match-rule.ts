/**
 * Whether one rule matches one name (2-file-list 1.6). Pure; the order of rules and the sides are not decided here.
 */
import type { FilterRule } from "./rule.ts";
import { matchWildcard } from "./wildcard.ts";

/** The name that is being checked, split once for all rules. */
export interface MatchTarget {
  /** Transfer-relative path without leading `./`, as given. */
  path: string;
  /** The path without one leading slash, and its last component. */
  name: string;
  base: string;
  isDirectory: boolean;
  isXattr: boolean;
  /** The directory that the path is relative to, absolute, without its leading slash; empty for `/`. */
  currentDirectory: string;
}

/** Fills `target` for a path; `currentDirectory` is left as it is. */
export function setTarget(target: MatchTarget, path: string, isDirectory: boolean, isXattr: boolean): void {
  target.path = path;
  target.name = path.startsWith("/") ? path.slice(1) : path;
  target.base = path.slice(path.lastIndexOf("/") + 1);
  target.isDirectory = isDirectory;
  target.isXattr = isXattr;
}

/** Tells whether a pattern rule matches the target; `!` rules match when their pattern does not. */
export function matchesRule(rule: FilterRule, target: MatchTarget): boolean {
  if (target.name === "" || target.isXattr !== rule.xattr) return false;
  if (rule.directoryOnly && !target.isDirectory) return rule.negate;
  return matchesPattern(rule, target) !== rule.negate;
}

function matchesPattern(rule: FilterRule, target: MatchTarget): boolean {
  const { pattern, wildcard } = rule;
  if (rule.slashes === 0 && !rule.starStar) {
    // Most rules of `-C` and of backup jobs are of these two kinds.
    if (rule.suffix !== undefined) return target.base.endsWith(rule.suffix);
    return wildcard === undefined ? target.base === pattern : matchWildcard(wildcard, target.base, 0, "whole");
  }
  const relative = target.path.length === target.name.length;
  let text = target.name;
  if (rule.absolute && relative && target.currentDirectory !== "") text = `${target.currentDirectory}/${text}`;
  else if (rule.starStarFirst && relative) text = `/${text}`;
  if (target.isDirectory && rule.tripleStarLast) text += "/";

  const anchored = pattern.startsWith("/");
  if (wildcard === undefined) {
    if (anchored) return text.length === pattern.length - 1 && pattern.endsWith(text);
    return text === pattern || text.endsWith(`/${pattern}`);
  }
  if (anchored || rule.starStarFirst) return matchWildcard(wildcard, text, 0, "whole");
  if (rule.starStar) return matchWildcard(wildcard, text, 0, "any-slash");
  const start = tailStart(text, rule.slashes);
  return start >= 0 && matchWildcard(wildcard, text, start, "whole");
}

/** Where the last `slashes` + 1 components of a text begin, or -1 if it has fewer. */
function tailStart(text: string, slashes: number): number {
  let at = text.length;
  for (let count = 0; count <= slashes; count++) {
    const slash = at === 0 ? -1 : text.lastIndexOf("/", at - 1);
    if (slash < 0) return count === slashes ? 0 : -1;
    at = slash;
  }
  return at + 1;
}
