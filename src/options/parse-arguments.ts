/**
 * The command line, read as rsync's popt reads it (3-transfer 10.1): long options are never abbreviated, short ones
 * bundle, arguments may be attached (`-B512`, `-B=512`, `--opt=value`) or follow, options and operands mix, `--` ends
 * the options.
 *
 * Messages of the errors thrown here are byte strings (one code unit a byte, as they quote arguments). The printer puts
 * `rsync: ` before them unless the error is `plain`.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { plainUsageError, type TsyncError, unsupportedError, usageError } from "../errors.ts";
import { checkIdMaps, normalizeSettings, type ParseEnvironment } from "./normalize.ts";
import { parseRemote, splitOperands } from "./operands.ts";
import { type OptionMatch, optionsByLetter, optionsByName } from "./option-table.ts";
import { emptySettings, type Settings } from "./settings.ts";
import { parseInteger, parseSize } from "./sizes.ts";
import { maxAllocRange } from "./table/update.ts";
import type { TransferOptions } from "./transfer-options.ts";

export type { ParseEnvironment } from "./normalize.ts";

/** What a command line asks for. */
export type ParsedCommand =
  | {
      readonly kind: "run";
      readonly options: TransferOptions;
      readonly sources: readonly ByteName[];
      /** Undefined: the sources are listed. */
      readonly destination: ByteName | undefined;
    }
  /** Print the help on standard output, exit 0. */
  | { readonly kind: "help" }
  /** Print the help on standard error and a usage error line, exit 1. */
  | { readonly kind: "usage" }
  | { readonly kind: "version"; readonly json: boolean }
  | { readonly kind: "info-help" }
  | { readonly kind: "debug-help" };

/**
 * Parses the arguments after the program name.
 * @throws TsyncError usage (exit 1) with rsync's texts, unsupported (exit 4) for what tsync cannot do yet
 */
export function parseArguments(
  args: readonly ByteName[],
  environment: ParseEnvironment,
  onLogFile?: (path: ByteName) => void,
): ParsedCommand {
  const settings = emptySettings();
  try {
    return parseInto(settings, args, environment);
  } catch (error) {
    // What is wrong is logged too, if the log was named before it.
    if (settings.logFile !== undefined) onLogFile?.(settings.logFile);
    throw error;
  }
}

function parseInto(settings: Settings, args: readonly ByteName[], environment: ParseEnvironment): ParsedCommand {
  if (environment.iconv !== undefined && environment.iconv !== "" && environment.iconv !== "-") {
    settings.unsupported.set("iconv", "RSYNC_ICONV");
  }
  if (environment.maxAlloc !== undefined && environment.maxAlloc !== "") {
    parseSize("max-alloc", environment.maxAlloc, maxAllocRange);
  }
  const operands = readOptions(args, settings);
  if (settings.request !== undefined) return { kind: settings.request };
  if (settings.daemonOption && !settings.daemon) throw daemonOptionError();
  if (settings.server) throw refusal("--server");
  if (settings.daemon) throw refusal("--daemon");
  if (settings.version > 0) return { kind: "version", json: settings.version > 1 };

  const options = normalizeSettings(settings, operands.length > 1, environment);
  if (operands.length === 0) {
    // Only on its own is `-h` the help (a bundle such as `-vh` counts as alone).
    return { kind: args.length === 1 && settings.humanReadable > 1 ? "help" : "usage" };
  }
  if (options.filesFrom !== undefined && operands.length !== 2) return { kind: "usage" };
  const { sources, destination } = splitOperands(operands);
  for (const option of settings.daemonOnly) throw daemonOnlyError(option);
  if (options.filesFrom !== undefined && parseRemote(options.filesFrom) !== undefined) {
    throw plainUsageError("--files-from cannot be remote when the transfer is local", "sender");
  }
  for (const shown of settings.unsupported.values()) throw refusal(shown);
  checkIdMaps(options);
  return { kind: "run", options, sources, destination };
}

/** Applies all options to `settings` and returns the operands; stops early when an option makes a request. */
function readOptions(args: readonly ByteName[], settings: Settings): ByteName[] {
  const operands: ByteName[] = [];
  for (let index = 0; index < args.length; index++) {
    const token = args[index] ?? byteName("");
    if (token === "--") return operands.concat(args.slice(index + 1));
    if (token.startsWith("--")) {
      index += applyLong(token, args[index + 1], settings);
    } else if (token.startsWith("-") && token.length > 1) {
      index += applyShort(token, args[index + 1], settings);
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

function refusal(shown: string): TsyncError {
  return unsupportedError(`This tsync does not support ${shown} yet`);
}

function daemonOptionError(): TsyncError {
  return plainUsageError(
    "Daemon option(s) used without --daemon.",
    "client",
    '(Type "rsync --daemon --help" for assistance with daemon mode.)',
  );
}

function daemonOnlyError(option: "password-file" | "contimeout"): TsyncError {
  return plainUsageError(
    option === "password-file"
      ? "The --password-file option may only be used when accessing an rsync daemon."
      : "The --contimeout option may only be used when connecting to an rsync daemon.",
    "sender",
  );
}
