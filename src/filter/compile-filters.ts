/**
 * The command line's filter arguments -> a program both sides evaluate (2-file-list 1.2, 1.4). Done once, by the client;
 * the result is plain data that can be cloned to a thread.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { assertNever, TsyncError } from "../errors.ts";
import { argumentTemplate } from "./parse-rule.ts";
import type { FilterRule, RuleTemplate } from "./rule.ts";
import {
  type FilterReader,
  type FilterSettings,
  modernTemplate,
  RuleListBuilder,
  type RuleTarget,
} from "./rule-list.ts";

/** A filter option as typed; `options/transfer-options` has the same shape with its own details. */
export interface FilterArgument {
  /** `filter`: modern syntax; `exclude`, `include`: old-prefix syntax; `*-from`: a file of such rules; `cvs`: `-C`; `partial`: `--partial-dir`. */
  readonly kind: "filter" | "exclude" | "include" | "exclude-from" | "include-from" | "cvs" | "partial";
  /** Rule text, file name (`-` is stdin) or directory; empty for `cvs`. */
  readonly text: ByteName;
  /** Whether `--from0` stood before it: how the records of a file end. */
  readonly nulTerminated?: boolean;
  /** Whether no `--log-file` stood before it: what is wrong with it is not logged. */
  readonly beforeLog?: boolean;
  /** Whether no `--delete-excluded` stood before it. */
  readonly beforeDeleteExcluded?: boolean;
  /** The protocol that was asked for before it. */
  readonly protocol?: number | undefined;
}

/** The parsed rules of a run, for both sides. */
export interface FilterProgram {
  readonly rules: readonly FilterRule[];
  /** The dir-merges among them, in order of activation; `merge.index` is the place in here. */
  readonly merges: readonly FilterRule[];
  /** What `-C` rules stand for; undefined if there was none. */
  readonly cvsRules: readonly FilterRule[] | undefined;
  /** Some rule has the `x` modifier. */
  readonly hasXattrRules: boolean;
  readonly settings: FilterSettings;
  /** How many rules come from filter arguments; those behind them are the ones of the option `-C`. */
  readonly optionRules: number;
  /** Where the rule stands that `--partial-dir` brings. */
  readonly partialRule: number | undefined;
}

/**
 * Parses filter arguments in order. The rules of `-C` come last wherever it stands. Throws a usage error (exit 1) for
 * a wrong rule and a file error (exit 11) for a file that cannot be read.
 */
export function compileFilters(
  args: readonly FilterArgument[],
  reader: FilterReader,
  settings: FilterSettings,
): FilterProgram {
  const { target, rules, merges } = emptyTarget();
  const builder = new RuleListBuilder(reader, settings, "client");
  for (const argument of args) {
    try {
      addArgument(builder, target, argument, settings);
    } catch (error) {
      if (argument.beforeLog !== true || !(error instanceof TsyncError)) throw error;
      throw new TsyncError(error.kind, error.message, { ...error, unlogged: true });
    }
  }
  builder.nulTerminated = settings.nulTerminated;
  builder.beforeDeleteExcluded = false;
  builder.namesPerishable = true;
  const open = { ...settings, deleteExcluded: false };
  const forCvs = settings.cvsProtects === true ? new RuleListBuilder(reader, open, "client") : builder;
  // The names are made once.
  forCvs.namesPerishable = builder.cvsRules?.some(({ perishable }) => perishable) ?? true;
  const optionRules = rules.length;
  const partialRule = args.some(({ kind }) => kind === "partial") ? optionRules - 1 : undefined;
  if (args.some(({ kind }) => kind === "cvs")) {
    builder.addArgument(target, byteName(":C"), modernTemplate);
    forCvs.addArgument(target, byteName("-C"), modernTemplate);
  }
  return {
    rules,
    merges,
    cvsRules: forCvs.cvsRules ?? builder.cvsRules,
    hasXattrRules: builder.sawXattr,
    settings,
    optionRules,
    partialRule,
  };
}

/** From this protocol on the built-in names of the option `-C` are perishable. */
const perishableProtocol = 30;

/**
 * The rules of a client that has agreed upon a protocol. At an old one what the option `-C` leaves out is kept in directories that are
 * removed too; with a `-C` among the rules the names are that one's.
 */
export function programAtProtocol(program: FilterProgram, protocol: number): FilterProgram {
  const { rules, optionRules, cvsRules } = program;
  const isOfRule = rules.length === optionRules || rules.slice(0, optionRules).some(({ kind }) => kind === "cvs");
  if (protocol >= perishableProtocol || isOfRule || cvsRules === undefined) return program;
  return { ...program, cvsRules: cvsRules.map((rule) => ({ ...rule, perishable: false })) };
}

/** Adds the rules of one argument. */
export function addArgument(
  builder: RuleListBuilder,
  target: RuleTarget,
  { kind, text, nulTerminated, beforeDeleteExcluded, protocol }: FilterArgument,
  settings: FilterSettings,
): void {
  builder.nulTerminated = nulTerminated ?? settings.nulTerminated;
  builder.beforeDeleteExcluded = beforeDeleteExcluded === true;
  builder.namesPerishable = protocol === undefined || protocol >= perishableProtocol;
  switch (kind) {
    case "filter":
      builder.addArgument(target, text, modernTemplate);
      break;
    case "exclude":
    case "include":
      builder.addArgument(target, text, oldPrefix(kind === "include"));
      break;
    case "exclude-from":
    case "include-from":
      builder.addOperatorFile(target, text, oldPrefix(kind === "include-from"));
      break;
    case "partial":
      builder.addArgument(target, byteName(`-p ${text}/`), modernTemplate);
      break;
    case "cvs":
      break;
    default:
      assertNever(kind);
  }
}

/** A list without rules that a `RuleListBuilder` can fill. */
export function emptyTarget(): {
  readonly target: RuleTarget;
  readonly rules: FilterRule[];
  readonly merges: FilterRule[];
} {
  const rules: FilterRule[] = [];
  const merges: FilterRule[] = [];
  const clear = (): void => {
    rules.length = 0;
    merges.length = 0;
  };
  return { target: { rules, merges, clear }, rules, merges };
}

function oldPrefix(include: boolean): RuleTemplate {
  return argumentTemplate("old-prefix", include);
}
