/**
 * The text of one rule -> what it says (2-file-list 1.4): modern, old-prefix and no-prefix syntax, and the error texts
 * of rsync. Nothing is read or added to a list here.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { plainUsageError, type Role } from "../errors.ts";
import type { RuleTemplate } from "./rule.ts";

/** A parsed rule. Flags that the template hands down are included. */
export interface ParsedRule {
  readonly action: "pattern" | "cvs" | "merge" | "dir-merge" | "clear";
  readonly text: ByteName;
  readonly include: boolean;
  readonly negate: boolean;
  readonly absolute: boolean;
  readonly directoryOnly: boolean;
  readonly perishable: boolean;
  readonly xattr: boolean;
  readonly senderSide: boolean;
  readonly receiverSide: boolean;
  /** Merges: do not inherit; exclude the file itself; how its rules are read. */
  readonly noInherit: boolean;
  readonly excludeSelf: boolean;
  readonly template: RuleTemplate;
}

/** Where a rule stands, for messages. */
export interface RulePlace {
  readonly role: Role;
  /** Text to show instead of a rule from a file (4-traps R-09); undefined for an argument, which is shown as typed. */
  readonly shown: ByteName | undefined;
}

/** The template of `--filter`, `--exclude` and `--include` arguments. */
export function argumentTemplate(syntax: RuleTemplate["syntax"], include: boolean): RuleTemplate {
  return {
    syntax,
    include,
    negate: false,
    absolute: false,
    directoryOnly: false,
    perishable: false,
    senderSide: false,
    receiverSide: false,
    wordSplit: false,
    clearAllowed: syntax !== "no-prefix",
  };
}

/** Parses one record or argument. Undefined: there is no rule in it. Throws a usage error (exit 1) for a wrong rule. */
export function parseRule(text: ByteName, template: RuleTemplate, place: RulePlace): ParsedRule | undefined {
  if (text === "") return undefined;
  if (template.syntax === "modern") return parseModern(text, template, place);
  if (text === "!" && template.clearAllowed) return finish("clear", byteName(""), template, plain(template.include));
  if (template.syntax === "no-prefix") return finish("pattern", text, template, plain(template.include));
  const prefix = text.startsWith("- ") || text.startsWith("+ ");
  const include = prefix ? text.startsWith("+") : template.include;
  const pattern = byteName(prefix ? text.slice(2) : text);
  if (pattern === "") throw unexpectedEnd(text, place);
  return finish("pattern", pattern, template, plain(include));
}

interface Flags {
  include: boolean;
  negate: boolean;
  absolute: boolean;
  perishable: boolean;
  xattr: boolean;
  senderSide: boolean;
  receiverSide: boolean;
  noInherit: boolean;
  excludeSelf: boolean;
  wordSplit: boolean;
  noPrefix: boolean;
  cvs: boolean;
}

function plain(include: boolean): Flags {
  return {
    include,
    negate: false,
    absolute: false,
    perishable: false,
    xattr: false,
    senderSide: false,
    receiverSide: false,
    noInherit: false,
    excludeSelf: false,
    wordSplit: false,
    noPrefix: false,
    cvs: false,
  };
}

/** Long rule names by their first letter; a text that begins with such a letter must be the complete word. */
const longNames: ReadonlyMap<string, { readonly word: string; readonly short: string }> = new Map([
  ["c", { word: "clear", short: "!" }],
  ["d", { word: "dir-merge", short: ":" }],
  ["e", { word: "exclude", short: "-" }],
  ["h", { word: "hide", short: "H" }],
  ["i", { word: "include", short: "+" }],
  ["m", { word: "merge", short: "." }],
  ["p", { word: "protect", short: "P" }],
  ["r", { word: "risk", short: "R" }],
  ["s", { word: "show", short: "S" }],
]);

function parseModern(text: ByteName, template: RuleTemplate, place: RulePlace): ParsedRule {
  let short = text[0] as string;
  let at = 1;
  const long = longNames.get(short);
  if (long !== undefined) {
    if (!text.startsWith(long.word)) throw unknownRule(text, place);
    short = long.short;
    at = long.word.length;
    const next = text[at];
    if (next !== undefined && !/[\s_,]/.test(next)) throw unknownRule(text, place);
  }
  if (text[at] === ",") at++;

  const flags = plain(short === "+" || short === "S" || short === "R");
  const isMerge = short === "." || short === ":";
  switch (short) {
    case "-":
    case "+":
    case ".":
    case ":":
      break;
    case "H":
    case "S":
      flags.senderSide = true;
      break;
    case "P":
    case "R":
      flags.receiverSide = true;
      break;
    case "!":
      if (at < text.length)
        throw plainUsageError(`'!' rule has trailing characters: ${shown(text, place)}`, place.role);
      return finish("clear", byteName(""), template, flags);
    default:
      throw unknownRule(text, place);
  }
  const sideFixed = flags.senderSide || flags.receiverSide;
  for (; at < text.length && text[at] !== " " && text[at] !== "_"; at++) {
    const letter = text[at] as string;
    if (template.wordSplit && /\s/.test(letter)) break;
    if (!applyModifier(letter, flags, isMerge, sideFixed)) throw invalidModifier(text, at, place);
  }
  if ((flags.senderSide || flags.receiverSide) && (template.senderSide || template.receiverSide)) {
    const message = `specified-side merge file contains specified-side filter: ${shown(text, place)}`;
    throw plainUsageError(message, place.role);
  }
  let pattern = byteName(text.slice(at + 1));
  if (pattern === "") {
    if (!flags.cvs) throw unexpectedEnd(text, place);
    if (isMerge) pattern = byteName(".cvsignore");
  }
  if (isMerge) return finish(short === "." ? "merge" : "dir-merge", pattern, template, flags);
  return finish(flags.cvs ? "cvs" : "pattern", pattern, template, flags);
}

/** Applies one modifier letter; false if it is not allowed here. */
function applyModifier(letter: string, flags: Flags, isMerge: boolean, sideFixed: boolean): boolean {
  switch (letter) {
    case "/":
      flags.absolute = true;
      return true;
    case "p":
      flags.perishable = true;
      return true;
    case "x":
      flags.xattr = true;
      return true;
    case "s":
    case "r":
      if (sideFixed) return false;
      if (letter === "s") flags.senderSide = true;
      else flags.receiverSide = true;
      return true;
    case "!":
      if (isMerge) return false;
      flags.negate = true;
      return true;
    case "C":
      if (flags.noPrefix || sideFixed) return false;
      flags.cvs = true;
      flags.noPrefix = true;
      flags.wordSplit = isMerge;
      flags.noInherit = isMerge;
      return true;
    case "-":
    case "+":
      if (!isMerge || flags.noPrefix) return false;
      flags.noPrefix = true;
      flags.include = letter === "+";
      return true;
    case "e":
      flags.excludeSelf = true;
      return isMerge;
    case "n":
      flags.noInherit = true;
      return isMerge;
    case "w":
      flags.wordSplit = true;
      return isMerge;
    default:
      return false;
  }
}

/** Combines a rule's own flags with those that its template hands down. */
function finish(action: ParsedRule["action"], text: ByteName, template: RuleTemplate, flags: Flags): ParsedRule {
  const shared = {
    include: flags.include,
    negate: flags.negate || template.negate,
    absolute: flags.absolute || template.absolute,
    directoryOnly: template.directoryOnly,
    perishable: flags.perishable || template.perishable,
    senderSide: flags.senderSide || template.senderSide,
    receiverSide: flags.receiverSide || template.receiverSide,
  };
  return {
    ...shared,
    action,
    text,
    xattr: flags.xattr,
    noInherit: flags.noInherit,
    excludeSelf: flags.excludeSelf,
    template: {
      ...shared,
      syntax: flags.noPrefix ? "no-prefix" : "modern",
      wordSplit: flags.wordSplit,
      clearAllowed: !flags.noPrefix || flags.cvs,
    },
  };
}

function shown(text: ByteName, place: RulePlace): ByteName {
  return place.shown ?? text;
}

function unknownRule(text: ByteName, place: RulePlace): Error {
  return plainUsageError(`Unknown filter rule: ${shown(text, place)}`, place.role);
}

function unexpectedEnd(text: ByteName, place: RulePlace): Error {
  return plainUsageError(`unexpected end of filter rule: ${shown(text, place)}`, place.role);
}

function invalidModifier(text: ByteName, at: number, place: RulePlace): Error {
  const message =
    place.shown === undefined
      ? `invalid modifier '${text[at]}' at position ${at} in filter rule: ${text}`
      : `invalid modifier in filter rule: ${place.shown}`;
  return plainUsageError(message, place.role);
}
