/** The command line of a server: what another rsync (or tsync) wants of the process that it started (1-session 2.2 to 2.4). */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { ExitCode, TsyncError, unsupportedError, usageError } from "../errors.ts";
import { normalizeSettings, type ParseEnvironment } from "./normalize.ts";
import { refuseOwnOptions } from "./own-options.ts";
import { readOptions } from "./read-options.ts";
import { emptySettings, type Settings } from "./settings.ts";
import type { TransferOptions } from "./transfer-options.ts";

/** The other side of somebody's run, on standard input and output. */
export interface ServerCommand {
  readonly kind: "server";
  readonly options: TransferOptions;
  readonly settings: Settings;
  /** The sources, or the destination. */
  readonly paths: readonly ByteName[];
}

/** Arguments that are not complete: the rest comes by the protocol (1-session 2.6). */
export interface SecludedServer {
  readonly kind: "secluded";
  /** In which the words are to be; undefined: as they come. */
  readonly charset: ByteName | undefined;
  /** Completes the command with the words that came. */
  readonly complete: (words: readonly ByteName[]) => ServerCommand;
}

/**
 * Parses the arguments of a server, `--server` first. `onLogFile` hears of the log that was named before what is wrong.
 * @throws TsyncError usage, unsupported
 */
export function parseServerArguments(
  args: readonly ByteName[],
  environment: ParseEnvironment,
  onLogFile: (path: ByteName) => void = () => {},
): ServerCommand | SecludedServer {
  const settings = emptySettings();
  const logging = <T>(parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      if (settings.logFile !== undefined) onLogFile(settings.logFile);
      throw error;
    }
  };
  return logging(() => {
    const operands = read(args, settings);
    if (settings.secludedArguments !== true) return complete(settings, operands, environment);
    return {
      kind: "secluded",
      charset: settings.iconv,
      complete: (words) => logging(() => complete(settings, read(words, settings), environment)),
    };
  });
}

/** What is wrong with the form of an option, not with the meaning of its value: of the latter rsync does not say where. */
const formErrors =
  /: (?:unknown option|option does not take an argument|missing argument|invalid numeric value|number too large or too small)$/;

function read(args: readonly ByteName[], settings: Settings): ByteName[] {
  try {
    return readOptions(args, settings);
  } catch (error) {
    // The client's user must see who complains. What stands before `--server` was put there by somebody at this end.
    if (!settings.server || !(error instanceof TsyncError) || error.kind !== "usage" || error.plain) throw error;
    const isForm = formErrors.test(error.message);
    throw usageError(isForm ? `on remote machine: ${error.message}` : error.message, "server");
  }
}

function complete(settings: Settings, operands: readonly ByteName[], environment: ParseEnvironment): ServerCommand {
  if (settings.daemon) throw unsupportedError("This tsync does not support --daemon yet", "server");
  for (const [key, shown] of settings.unsupported) {
    if (key !== "protocol") throw unsupportedError(`This tsync does not support ${shown} yet`, "server");
  }
  const refuse = (when: boolean, name: string): void => {
    if (when) throw unsupportedError(`This tsync does not support ${name} on the other side`, "server");
  };
  refuse(settings.json, "--json");
  refuseOwnOptions(settings, "on the other side", "server");
  const [dot, ...paths] = operands;
  if (dot !== ".") throw usageError("on remote machine: the first argument must be a dot", "server");
  if (!settings.sender && paths.length !== 1) throw usageError("on remote machine: needs one destination", "server");
  // A shell over here may have made several words of one. The usage is all that is told.
  if (settings.sender && settings.filesFrom !== undefined && paths.length !== 1) {
    throw new TsyncError("usage", "", { exitCode: ExitCode.usage, role: "server" });
  }
  // For a client once is enough; to a server twice means that the old part is verified (1-session 2.4).
  settings.append = settings.appends > 1 ? 2 : settings.append;
  const log = settings.outFormat ?? byteName("");
  settings.itemize = log.includes("%I") ? 2 : log.includes("%i") ? 1 : 0;
  return { kind: "server", options: normalizeSettings(settings, true, environment, "server"), settings, paths };
}
