/**
 * The arguments that are not options: sources and destination (3-transfer 10.3, 4-traps T-03). Remote ones are
 * recognised, checked as rsync checks them, and then refused by name.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { plainUsageError, unsupportedError } from "../errors.ts";

/** Where a remote argument points: through a remote shell (`host:path`) or to a daemon. */
export interface RemoteSpec {
  readonly transport: "shell" | "daemon";
  /** `user@host`, without brackets; may be empty. */
  readonly host: string;
  /** Undefined: the default. */
  readonly port: number | undefined;
}

/** Sources and destination of a local run. */
export interface Operands {
  readonly sources: readonly ByteName[];
  readonly destination: ByteName | undefined;
}

/**
 * What a remote argument names; undefined for a local one. The first colon before any slash decides: `./a:b` is local.
 */
export function parseRemote(argument: ByteName): RemoteSpec | undefined {
  const url = /^rsync:\/\/((?:[^/@]*@)?)(?:\[([^\]/]*)\]|([^/:]*))(?::([0-9]*))?(?=\/|$)/i.exec(argument);
  if (url !== null) {
    const port = url[4] === undefined || url[4] === "" ? undefined : Number(url[4]);
    return { transport: "daemon", host: `${url[1]}${url[2] ?? url[3] ?? ""}`, port };
  }
  const bracketed = /^((?:[^/:[]*@)?)\[([^\]/]*)\]:(:?)/.exec(argument);
  const match = bracketed ?? (/^(?:[^/:[]*@)?\[/.test(argument) ? null : /^([^/:]*)():(:?)/.exec(argument));
  if (match === null) return undefined;
  return { transport: match[3] === ":" ? "daemon" : "shell", host: `${match[1]}${match[2]}`, port: undefined };
}

/**
 * Splits the operands of a command line into sources and destination.
 * @throws TsyncError usage for rsync's own complaints, unsupported for a correct remote argument
 */
export function splitOperands(operands: readonly ByteName[]): Operands {
  const sources = operands.length > 1 ? operands.slice(0, -1) : operands;
  const destination = operands.length > 1 ? operands.at(-1) : undefined;
  checkOperands(sources, destination);
  return { sources, destination };
}

/**
 * Makes sure that sources and destination are there and local.
 * @throws TsyncError usage for rsync's own complaints, unsupported for a correct remote argument
 */
export function checkOperands(sources: readonly ByteName[], destination: ByteName | undefined): void {
  const first = sources[0];
  const source = first === undefined ? undefined : parseRemote(first);
  const target = destination === undefined ? undefined : parseRemote(destination);
  if (source !== undefined) {
    if (target !== undefined) throw plainUsageError("The source and destination cannot both be remote.", "Receiver");
    checkRemoteSources(sources, source);
  } else {
    for (const argument of sources) {
      if (argument === "") throw plainUsageError("Empty source arg specified.", "sender");
      if (parseRemote(argument) !== undefined) throw plainUsageError(`Unexpected remote arg: ${argument}`, "sender");
    }
  }
  const remote = source ?? target;
  if (remote?.host.startsWith("-")) {
    const role = source === undefined ? "sender" : "Receiver";
    throw plainUsageError("Invalid remote host: hostnames may not start with '-'.", role);
  }
  if (source !== undefined) throw unsupportedError(refusal(first ?? ""));
  if (target !== undefined) throw unsupportedError(refusal(destination ?? ""));
  if (destination === "") {
    throw plainUsageError('Empty destination arg specified (use "." or see --old-args).', "sender");
  }
}

/** Further sources of a pull must be remote, on the same machine, by the same transport; an empty host repeats the first. */
function checkRemoteSources(sources: readonly ByteName[], first: RemoteSpec): void {
  for (const argument of sources.slice(1)) {
    const spec = parseRemote(argument);
    if (spec === undefined) {
      throw plainUsageError(
        `Unexpected local arg: ${argument}`,
        "Receiver",
        "If arg is a remote file/dir, prefix it with a colon (:).",
      );
    }
    if (spec.host !== "" && spec.host !== first.host) {
      throw plainUsageError("All source args must come from the same machine.", "Receiver");
    }
    if (spec.transport !== first.transport) {
      throw plainUsageError("All source args must use the same hostspec format.", "Receiver");
    }
    if (spec.port !== undefined && spec.port !== first.port) {
      throw plainUsageError("All source args must use the same port number.", "Receiver");
    }
  }
}

function refusal(argument: string): string {
  return `This tsync does not support remote arguments yet: ${argument}`;
}
