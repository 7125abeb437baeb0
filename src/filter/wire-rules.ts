/**
 * A client's rules as texts for the server, and back (2-file-list 1.2, 1.3). How the texts travel is up to
 * `protocol/filter-list`.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { protocolError, type Role } from "../errors.ts";
import { addArgument, emptyTarget, type FilterArgument, type FilterProgram } from "./compile-filters.ts";
import { argumentTemplate } from "./parse-rule.ts";
import type { FilterRule, FilterSide } from "./rule.ts";
import { type FilterReader, type FilterSettings, modernTemplate, RuleListBuilder } from "./rule-list.ts";

/** What the texts of a client depend on besides its rules. */
export interface WireRuleContext {
  readonly protocol: number;
  /** The side that the client is; undefined: rules of both sides are wanted. */
  readonly clientSide: FilterSide | undefined;
}

/** From this protocol on rules have modifiers on the wire. */
const modernProtocol = 29;
/** From this one on they may be perishable. */
const perishableProtocol = 30;

/**
 * The texts of the rules that the server needs. To be called also where no list is sent at all: rules that the protocol cannot
 * express are refused in any case (exit 2).
 */
export function formatWireRules(program: FilterProgram, context: WireRuleContext): ByteName[] {
  const { protocol, clientSide } = context;
  const clientSends = clientSide === "sender";
  const texts: ByteName[] = [];
  for (const [index, rule] of program.rules.entries()) {
    // The server has the letter of `-C`; to a receiver the rules must be told, and an old one knows no `:C`.
    if (index >= program.optionRules && (!clientSends || (protocol < modernProtocol && rule.kind === "dir-merge")))
      continue;
    if (clientSide !== undefined && sideOf(rule, program.settings) === clientSide) continue;
    if (rule.kind === "cvs" && (clientSends || protocol < modernProtocol)) {
      for (const name of program.cvsRules ?? []) {
        if (sideOf(name, program.settings) === clientSide) continue;
        // The names of the option are perishable for those who know it; a rule of one's own is what it is.
        const perishable = name.perishable && (protocol >= perishableProtocol || index < program.optionRules);
        texts.push(formatRule({ ...name, perishable }, program.settings, context));
      }
    } else {
      // So is that of `--partial-dir`.
      const perishable = rule.perishable && (protocol >= perishableProtocol || index !== program.partialRule);
      texts.push(formatRule({ ...rule, perishable }, program.settings, context));
    }
  }
  return texts;
}

/** What a server makes of the texts of its client; `cvs`: `-C` is among its arguments. */
export function compileWireRules(
  texts: readonly ByteName[],
  reader: FilterReader,
  settings: FilterSettings,
  context: {
    readonly protocol: number;
    readonly serverSide: FilterSide;
    readonly cvs: boolean;
    readonly role: Role;
    /** What the client gave to the server alone (`-M--exclude=...`): it comes first. */
    readonly args: readonly FilterArgument[];
  },
): FilterProgram {
  const { protocol, serverSide, cvs, role, args } = context;
  const { target, rules, merges } = emptyTarget();
  const builder = new RuleListBuilder(reader, settings, role);
  const template = protocol >= modernProtocol ? modernTemplate : argumentTemplate("old-prefix", false);
  for (const argument of args) {
    if (argument.kind !== "cvs" && argument.kind !== "partial") addArgument(builder, target, argument, settings);
  }
  builder.nulTerminated = settings.nulTerminated;
  for (const text of texts) builder.addArgument(target, text, template);
  const optionRules = rules.length;
  if (cvs && (serverSide === "sender" || protocol < modernProtocol)) {
    builder.addArgument(target, byteName(":C"), modernTemplate);
  }
  if (cvs && serverSide === "sender") builder.addArgument(target, byteName("-C"), modernTemplate);
  return {
    rules,
    merges,
    cvsRules: builder.cvsRules,
    hasXattrRules: builder.sawXattr,
    settings,
    optionRules,
    partialRule: undefined,
  };
}

/** The one side that applies a rule; a dir-merge hands its side down, and counts here for who must know of it. */
function sideOf(rule: FilterRule, settings: FilterSettings): FilterSide | undefined {
  if (rule.merge === undefined) return rule.side;
  const { senderSide, receiverSide, syntax } = rule.merge.template;
  if (senderSide !== receiverSide) return senderSide ? "sender" : "receiver";
  return !senderSide && settings.deleteExcluded && syntax === "no-prefix" ? "sender" : undefined;
}

function formatRule(rule: FilterRule, settings: FilterSettings, context: WireRuleContext): ByteName {
  const text =
    context.protocol >= modernProtocol ? formatModern(rule, settings, context) : formatOld(rule, settings, context);
  return byteName(`${text}${rule.pattern}${rule.directoryOnly ? "/" : ""}`);
}

function formatModern(rule: FilterRule, settings: FilterSettings, { protocol, clientSide }: WireRuleContext): string {
  const { merge } = rule;
  // Under `--delete-excluded` a rule that is for both sides says so.
  const isForBoth =
    merge === undefined &&
    rule.kind === "pattern" &&
    rule.side === undefined &&
    (settings.deleteExcluded || rule.saysBoth);
  let text = merge !== undefined ? ":" : rule.include ? "+" : "-";
  if (rule.absolute) text += "/";
  if (rule.negate) text += "!";
  if (merge !== undefined) text += formatMergeModifiers(merge);
  else if (rule.kind === "cvs") text += "C";
  if (rule.xattr) text += "x";
  const isSenders =
    merge === undefined ? (rule.side === "sender" && !rule.unsaidSide) || isForBoth : merge.template.senderSide;
  const isReceivers = merge === undefined ? rule.side === "receiver" || isForBoth : merge.template.receiverSide;
  if (isSenders) text += "s";
  if (isReceivers) text += "r";
  if (rule.perishable) {
    if (protocol >= perishableProtocol) text += "p";
    else if (clientSide === "sender") throw tooModern();
  }
  return `${text} `;
}

function formatMergeModifiers({ noInherit, template }: NonNullable<FilterRule["merge"]>): string {
  const isPlain = template.syntax === "no-prefix";
  if (isPlain && template.clearAllowed) return "C";
  const prefixes = isPlain ? (template.include ? "+" : "-") : "";
  return `${noInherit ? "n" : ""}${template.wordSplit ? "w" : ""}${prefixes}`;
}

/** Before protocol 29 there are only includes and excludes. */
function formatOld(rule: FilterRule, settings: FilterSettings, { clientSide }: WireRuleContext): string {
  const isReceivers = rule.side === "receiver" && clientSide === "sender" && settings.deleteExcluded;
  const isPerishable = rule.perishable && clientSide === "sender";
  const modern = rule.absolute || rule.negate || isPerishable || rule.xattr || isReceivers;
  if (modern || rule.kind !== "pattern") throw tooModern();
  if (rule.include) return "+ ";
  return /^[-+] /.test(rule.pattern) ? "- " : "";
}

function tooModern(): Error {
  return protocolError("filter rules are too modern for remote rsync.", "client");
}
