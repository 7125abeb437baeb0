/**
 * The command line, read as rsync's popt reads it (3-transfer 10.1): long options are never abbreviated, short ones
 * bundle, arguments may be attached (`-B512`, `-B=512`, `--opt=value`) or follow, options and operands mix, `--` ends
 * the options.
 *
 * Messages of the errors thrown here are byte strings (one code unit a byte, as they quote arguments). The printer puts
 * `rsync: ` before them unless the error is `plain`.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { plainUsageError, type Role, TsyncError, unsupportedError, usageError } from "../errors.ts";
import { agreeWithinMachine, anyNames } from "./allowed-names.ts";
import { allocationOf, checkIdMaps, normalizeSettings, type ParseEnvironment } from "./normalize.ts";
import { parseRemote, type RemoteOperands, splitOperands } from "./operands.ts";
import { readOptions } from "./read-options.ts";
import { emptySettings, type Settings } from "./settings.ts";
import type { TransferOptions } from "./transfer-options.ts";

export type { ParseEnvironment } from "./normalize.ts";

/** What a command line asks for. */
export type ParsedCommand =
  | RunCommand
  /** Print the help on standard output, exit 0. */
  | { readonly kind: "help" }
  /** Print the help on standard error and a usage error line, exit 1; a batch file that cannot be opened comes before that. */
  | { readonly kind: "usage"; readonly batch?: ByteName }
  | { readonly kind: "version"; readonly json: boolean }
  | { readonly kind: "info-help" }
  | { readonly kind: "debug-help" };

/** A run within one machine. */
export interface LocalCommand {
  readonly kind: "run";
  readonly options: TransferOptions;
  readonly sources: readonly ByteName[];
  /** Undefined: the sources are listed. */
  readonly destination: ByteName | undefined;
}

/** A run with another machine. */
export interface RemoteCommand {
  readonly kind: "remote";
  readonly options: TransferOptions;
  readonly settings: Settings;
  readonly remote: RemoteOperands;
  /** Local sources of a push, nothing for a pull. */
  readonly sources: readonly ByteName[];
  /** Local destination of a pull; undefined: the sources are listed. */
  readonly destination: ByteName | undefined;
  /** The batch file that is written meanwhile. */
  readonly batch?: RemoteBatch | undefined;
}

/** A batch file that a client writes, and all its arguments, for the script beside it. */
export interface RemoteBatch {
  readonly path: ByteName;
  readonly args: readonly ByteName[];
}

/** What is done about arguments that are wrong. */
export interface ParseHooks {
  /** Hears of the log that was named before the error. */
  readonly onLogFile?: (path: ByteName) => void;
  /** Throws what is wrong with filter rules: rsync reads these as they come, so that is told before whatever comes behind them. */
  readonly checkFilters?: (settings: Settings) => void;
}

/** A run whose sender is a batch file. */
export interface BatchCommand {
  readonly kind: "read-batch";
  readonly options: TransferOptions;
  readonly settings: Settings;
  /** `-`: standard input. */
  readonly batch: ByteName;
  readonly destination: ByteName;
}

/** A local run whose ends talk to each other as two machines do: for a batch file, other names (`--iconv`), or an old protocol. */
export interface BothEndsCommand {
  readonly kind: "both-ends";
  readonly options: TransferOptions;
  readonly settings: Settings;
  readonly sources: readonly ByteName[];
  readonly destination: ByteName;
  /** Undefined: none. */
  readonly batch: ByteName | undefined;
  /** All arguments, for the script. */
  readonly args: readonly ByteName[];
}

/** A run of any kind. */
export type RunCommand = LocalCommand | RemoteCommand | BatchCommand | BothEndsCommand;

/** What the text of a run depends on besides its options: where the data goes, and whether it goes into a batch file only. */
export function textTraits(command: RunCommand): {
  readonly direction: "push" | "pull" | undefined;
  readonly onlyBatch: boolean;
} {
  const remote = command.kind === "remote" ? command.remote.direction : undefined;
  const hasBatch = (command.kind === "remote" || command.kind === "both-ends") && command.batch !== undefined;
  return {
    direction: command.kind === "read-batch" ? "pull" : remote,
    onlyBatch: hasBatch && command.settings.onlyBatch,
  };
}

/**
 * Parses the arguments after the program name.
 * @throws TsyncError usage (exit 1) with rsync's texts, unsupported (exit 4) for what tsync cannot do yet
 */
export function parseArguments(
  args: readonly ByteName[],
  environment: ParseEnvironment,
  hooks: ParseHooks = {},
): ParsedCommand {
  const settings = emptySettings();
  try {
    const command = parseInto(settings, args, environment);
    // What is printed instead of a run is logged.
    if (!("options" in command) && settings.logFile !== undefined) hooks.onLogFile?.(settings.logFile);
    if (command.kind === "usage") hooks.checkFilters?.(settings);
    return command;
  } catch (error) {
    // What is wrong is logged too, if the log was named before it.
    if (settings.logFile !== undefined) hooks.onLogFile?.(settings.logFile);
    if (error instanceof TsyncError && error.kind === "usage") hooks.checkFilters?.(settings);
    throw error;
  }
}

function parseInto(settings: Settings, args: readonly ByteName[], environment: ParseEnvironment): ParsedCommand {
  if (environment.iconv !== undefined && environment.iconv !== "" && environment.iconv !== "-") {
    settings.iconv = environment.iconv;
  }
  const operands = readOptions(args, settings, environment.optionsFirst);
  if (settings.request !== undefined) return { kind: settings.request };
  if (settings.daemonOption && !settings.daemon) throw daemonOptionError();
  if (settings.server) throw refusal("--server");
  if (settings.daemon) throw refusal("--daemon");
  if (settings.version > 0) return { kind: "version", json: settings.version > 1 };
  allocationOf(settings, environment);
  if (settings.readBatch !== undefined) return batchOperands(settings, settings.readBatch, operands, environment);
  // A dry run writes no batch file either.
  const batch = settings.dryRun ? undefined : settings.writeBatch;
  if (settings.writeBatch !== undefined) checkBatchName(settings.writeBatch);
  const hasRemote = operands.some((operand) => parseRemote(operand) !== undefined);
  const place = hasRemote || batch !== undefined ? "client" : "local";
  let options = normalizeSettings(settings, operands.length > 1, environment, place);
  if (operands.length === 0) {
    // Only on its own is `-h` the help (a bundle such as `-vh` counts as alone).
    return { kind: args.length === 1 && settings.humanReadable > 1 ? "help" : "usage" };
  }
  if (options.filesFrom !== undefined && operands.length !== 2) return { kind: "usage" };
  const { sources, destination: named, remote } = splitOperands(operands, settings.listOnly);
  // rsync hands its destination on in front of no `--`, and shows it like that.
  const destination = remote === undefined && named?.startsWith("-") ? byteName(`./${named}`) : named;
  checkDaemonOnly(settings, remote);
  if (remote !== undefined) {
    checkListHost(options.filesFrom, remote);
    const command = remoteCommand(settings, options, remote, sources, destination);
    return batch === undefined ? command : { ...command, batch: { path: batch, args } };
  }
  if (options.filesFrom !== undefined && parseRemote(options.filesFrom) !== undefined) {
    throw plainUsageError("--files-from cannot be remote when the transfer is local", "sender");
  }
  for (const [key, shown] of settings.unsupported) if (!localKeys.has(key)) throw refusal(shown);
  checkIdMaps(options);
  if (batch === undefined) {
    const checksum = agreeWithinMachine(
      settings,
      options.compression !== undefined && options.compression.choice === undefined,
      environment.allowed ?? anyNames,
    );
    // Nothing is verified of what is appended.
    if (checksum !== undefined && !(checksum === "none" && settings.append > 0)) {
      settings.checksumChoice = byteName(checksum);
      options = normalizeSettings(settings, operands.length > 1, environment, place);
    }
  }
  return localCommand(settings, options, sources, destination, batch === undefined ? undefined : { path: batch, args });
}

/**
 * Puts a run within one machine together: whose ends talk to each other, if anything is to be heard of what they say.
 * @throws TsyncError unsupported (exit 4): a batch file of a listing
 */
export function localCommand(
  settings: Settings,
  options: TransferOptions,
  sources: readonly ByteName[],
  destination: ByteName | undefined,
  batch: RemoteBatch | undefined,
): LocalCommand | BothEndsCommand {
  if (batch !== undefined && destination === undefined) throw refusal(`${batchOption(settings)} without a destination`);
  const talks = settings.iconv !== undefined || settings.protocol !== undefined;
  if (destination !== undefined && (batch !== undefined || (talks && !options.listOnly))) {
    const { path, args } = batch ?? { path: undefined, args: [] };
    return { kind: "both-ends", options, settings, sources, destination, batch: path, args };
  }
  return { kind: "run", options, sources, destination };
}

/** Only the last operand counts: the destination. */
function batchOperands(
  settings: Settings,
  batch: ByteName,
  operands: readonly ByteName[],
  environment: ParseEnvironment,
): ParsedCommand {
  return batchCommand(settings, batch, operands.at(-1), environment) ?? { kind: "usage", batch };
}

/** Puts a run from a batch file together; undefined without a destination. Throws (exit 4, 1) for what it cannot be. */
export function batchCommand(
  settings: Settings,
  batch: ByteName,
  destination: ByteName | undefined,
  environment: ParseEnvironment,
): BatchCommand | undefined {
  checkBatch(settings, batch);
  const options = normalizeSettings(settings, true, environment, "client");
  if (destination === undefined) return undefined;
  if (parseRemote(destination) !== undefined) {
    throw plainUsageError("remote destination is not allowed with --read-batch", "Receiver");
  }
  for (const option of settings.daemonOnly) throw daemonOnlyError(option);
  for (const [key, shown] of settings.unsupported) if (!remoteKeys.has(key)) throw refusal(shown);
  checkIdMaps(options);
  return { kind: "read-batch", options, settings, batch, destination };
}

/** Longest name of a batch file. */
const batchNameMax = 256;

function checkBatch(settings: Settings, batch: ByteName): void {
  if (settings.writeBatch !== undefined) throw usageError("--write-batch and --read-batch can not be used together");
  if (settings.filesFrom !== undefined) throw usageError("--read-batch cannot be used with --files-from");
  if (settings.removeSource !== "no") throw usageError("--read-batch cannot be used with --remove-source-files");
  checkBatchName(batch);
}

/** @throws TsyncError usage: too long */
export function checkBatchName(batch: ByteName): void {
  if (batch.length > batchNameMax) {
    throw usageError(`the batch-file name must be ${batchNameMax} characters or less.`);
  }
}

function batchOption({ onlyBatch }: Settings): string {
  return onlyBatch ? "--only-write-batch" : "--write-batch";
}

/** Throws rsync's complaint about options that only a daemon's client may have. */
export function checkDaemonOnly({ daemonOnly, remoteShell, ssh }: Settings, remote: RemoteOperands | undefined): void {
  for (const option of daemonOnly) {
    const isDaemon = remote?.transport === "daemon" && (option === "password-file" || remoteShell === undefined);
    // The built-in ssh has a time limit too.
    const isLimit = option === "contimeout" && remote !== undefined && ssh === "builtin";
    if (!isDaemon && !isLimit) throw daemonOnlyError(option, remote?.direction === "pull" ? "Receiver" : "sender");
  }
}

/** Puts a run with another machine together; throws (exit 4, 1) for what it cannot be. */
export function remoteCommand(
  settings: Settings,
  options: TransferOptions,
  remote: RemoteOperands,
  sources: readonly ByteName[],
  destination: ByteName | undefined,
): RemoteCommand {
  for (const [key, shown] of settings.unsupported) if (!remoteKeys.has(key)) throw refusal(shown);
  checkSsh(settings, remote);
  const pulls = remote.direction === "pull";
  return {
    kind: "remote",
    options,
    settings,
    remote,
    sources: pulls ? [] : sources,
    destination: pulls ? destination : undefined,
  };
}

/** Who asks for the built-in ssh means that the connection is one of it. */
function checkSsh({ ssh, sshAccept, remoteShell }: Settings, { transport }: RemoteOperands): void {
  if (ssh === "system") {
    if (sshAccept !== undefined) throw usageError("--ssh-accept needs --ssh=builtin");
  } else if (transport === "daemon" && remoteShell === undefined) {
    throw usageError("--ssh=builtin reaches a daemon only with -e ssh");
  }
}

/** Options that are only refused with another machine. */
const localKeys: ReadonlySet<string> = new Set(["protocol", "qsort"]);
/** Options that only make sense with another machine. */
const remoteKeys: ReadonlySet<string> = new Set(["protocol", "remote-option"]);

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

/** A list over there is read by the other side of the transfer: on no other machine, as nobody else. */
function checkListHost(filesFrom: ByteName | undefined, { host, direction }: RemoteOperands): void {
  const list = filesFrom === undefined ? undefined : parseRemote(filesFrom);
  if (list === undefined || list.host === "" || list.host === host) return;
  const role = direction === "pull" ? "Receiver" : "sender";
  throw plainUsageError("--files-from hostname is not the same as the transfer hostname", role);
}

function daemonOnlyError(option: "password-file" | "contimeout", role: Role = "sender"): TsyncError {
  return plainUsageError(
    option === "password-file"
      ? "The --password-file option may only be used when accessing an rsync daemon."
      : "The --contimeout option may only be used when connecting to an rsync daemon.",
    role,
  );
}
