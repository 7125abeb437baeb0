/**
 * Options and operands of a command line, read as rsync's popt reads them (3-transfer 10.1): long options are never
 * abbreviated, short ones bundle, arguments may be attached (`-B512`, `-B=512`, `--opt=value`) or follow, options and operands
 * mix unless the environment wants it otherwise, `--` ends the options.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { usageError } from "../errors.ts";
import { type OptionMatch, optionsByLetter, optionsByName } from "./option-table.ts";
import type { Settings } from "./settings.ts";
import { parseInteger, parseSize } from "./sizes.ts";

/**
 * Applies all options to `settings` and returns the operands; stops early when an option makes a request. `optionsFirst`: the
 * first operand ends the options.
 */
export function readOptions(args: readonly ByteName[], settings: Settings, optionsFirst = false): ByteName[] {
  const operands: ByteName[] = [];
  for (let index = 0; index < args.length; index++) {
    const token = args[index] ?? byteName("");
    if (token === "--") return operands.concat(args.slice(index + 1));
    if (token.startsWith("--")) {
      index += applyLong(token, args[index + 1], settings);
    } else if (token.startsWith("-") && token.length > 1) {
      index += applyShort(token, args[index + 1], settings);
    } else if (optionsFirst) {
      return args.slice(index);
    } else {
      operands.push(token);
    }
    if (settings.request !== undefined) break;
  }
  return operands;
}

/** Applies `--name`, `--name=value` or `--name value`; returns how many further arguments were used up. */
function applyLong(token: ByteName, next: ByteName | undefined, settings: Settings): number {
  const equals = token.indexOf("=");
  const match = optionsByName.get(token.slice(2, equals < 0 ? undefined : equals));
  if (match === undefined) throw usageError(`${token}: unknown option`);
  const attached = equals < 0 ? undefined : byteName(token.slice(equals + 1));
  if (match.negated || match.row.argument === undefined) {
    if (attached !== undefined) throw usageError(`${token}: option does not take an argument`);
    apply(match, byteName(""), token, settings);
    return 0;
  }
  const value = attached ?? next;
  if (value === undefined) throw usageError(`${token}: missing argument`);
  apply(match, value, attached === undefined ? value : token, settings);
  return attached === undefined ? 1 : 0;
}

/** Applies a bundle of letters; returns how many further arguments were used up. */
function applyShort(token: ByteName, next: ByteName | undefined, settings: Settings): number {
  for (let position = 1; position < token.length; position++) {
    const match = optionsByLetter.get(token.charAt(position));
    if (match === undefined) throw usageError(`${token}: unknown option`);
    if (match.row.argument === undefined) {
      apply(match, byteName(""), token, settings);
      if (settings.request !== undefined) return 0;
      continue;
    }
    const attached = token.slice(position + 1).replace(/^=/, "");
    if (position + 1 < token.length) {
      apply(match, byteName(attached), token, settings);
      return 0;
    }
    if (next === undefined) throw usageError(`${token}: missing argument`);
    apply(match, next, next, settings);
    return 1;
  }
  return 0;
}

/** `shown` is what a complaint about a number quotes: the whole word in which the number stands. */
function apply(match: OptionMatch, value: ByteName, shown: string, settings: Settings): void {
  const { row } = match;
  if (match.negated) {
    row.clear?.(settings, value, 0);
    return;
  }
  let number = 0;
  if (row.argument?.kind === "integer") number = parseInteger(value, shown);
  if (row.argument?.kind === "size") number = parseSize(row.names[0] ?? "", value, row.argument.range);
  row.set(settings, value, number);
}
