/**
 * The arguments that are not options: sources and destination (3-transfer 10.3, 4-traps T-03). Remote ones are
 * recognised and checked as rsync checks them.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { plainUsageError } from "../errors.ts";

/** Where a remote argument points: through a remote shell (`host:path`) or to a daemon. */
export interface RemoteSpec {
  readonly transport: "shell" | "daemon";
  /** `user@host`, without brackets; may be empty. */
  readonly host: string;
  /** Undefined: the default. */
  readonly port: number | undefined;
  /** What is behind the host; empty: the directory that the other side starts in. */
  readonly path: ByteName;
}

/** Sources and destination of a run. */
export interface Operands {
  readonly sources: readonly ByteName[];
  readonly destination: ByteName | undefined;
  /** The other side, if one of them is on another machine. */
  readonly remote: RemoteOperands | undefined;
}

/** The operands at the other side. */
export interface RemoteOperands extends RemoteSpec {
  /** `push`: the destination is remote. */
  readonly direction: "push" | "pull";
  /** The remote destination, or all remote sources. */
  readonly paths: readonly ByteName[];
}

/**
 * What a remote argument names; undefined for a local one. The first colon before any slash decides: `./a:b` is local.
 */
export function parseRemote(argument: ByteName): RemoteSpec | undefined {
  const url = /^rsync:\/\/((?:[^/@]*@)?)(?:\[([^\]/]*)\]|([^/:]*))(?::([0-9]*))?(?=\/|$)/i.exec(argument);
  if (url !== null) {
    const port = url[4] === undefined || url[4] === "" ? undefined : Number(url[4]);
    const path = argument.slice(url[0].length).replace(/^\//, "") as ByteName;
    return { transport: "daemon", host: `${url[1]}${url[2] ?? url[3] ?? ""}`, port, path };
  }
  const bracketed = /^((?:[^/:[]*@)?)\[([^\]/]*)\]:(:?)/.exec(argument);
  const match = bracketed ?? (/^(?:[^/:[]*@)?\[/.test(argument) ? null : /^([^/:]*)():(:?)/.exec(argument));
  if (match === null) return undefined;
  const path = argument.slice(match[0].length) as ByteName;
  return { transport: match[3] === ":" ? "daemon" : "shell", host: `${match[1]}${match[2]}`, port: undefined, path };
}

/**
 * Splits the operands of a command line into sources and destination.
 * @throws TsyncError usage for rsync's own complaints
 */
export function splitOperands(operands: readonly ByteName[], listOnly = false): Operands {
  const [first] = operands;
  const last = operands.at(-1);
  // The last source of a list may leave out its host. (Without --list-only rsync then does nothing at all.)
  const isSource =
    listOnly && first !== undefined && parseRemote(first) !== undefined && last?.startsWith(":") === true;
  const hasDestination = operands.length > 1 && !isSource;
  const sources = hasDestination ? operands.slice(0, -1) : operands;
  const destination = hasDestination ? last : undefined;
  return { sources, destination, remote: findRemote(sources, destination) };
}

/**
 * The remote side, if there is one.
 * @throws TsyncError usage for rsync's complaints about operands
 */
export function findRemote(
  sources: readonly ByteName[],
  destination: ByteName | undefined,
): RemoteOperands | undefined {
  const first = sources[0];
  const source = first === undefined ? undefined : parseRemote(first);
  const target = destination === undefined ? undefined : parseRemote(destination);
  let paths: ByteName[] = [];
  if (source !== undefined) {
    if (target !== undefined) throw plainUsageError("The source and destination cannot both be remote.", "Receiver");
    paths = remotePaths(sources, source);
  } else {
    for (const argument of sources) {
      if (argument === "") throw plainUsageError("Empty source arg specified.", "sender");
      if (parseRemote(argument) !== undefined) throw plainUsageError(`Unexpected remote arg: ${argument}`, "sender");
    }
  }
  const remote = source ?? target;
  // A remote shell would take it for an option; behind `-l` a user may look like one.
  if (remote?.host.slice(remote.host.lastIndexOf("@") + 1).startsWith("-")) {
    const role = source === undefined ? "sender" : "Receiver";
    throw plainUsageError("Invalid remote host: hostnames may not start with '-'.", role);
  }
  if (source !== undefined) return { ...source, direction: "pull", paths };
  if (target !== undefined) return { ...target, direction: "push", paths: [target.path] };
  if (destination === "") {
    throw plainUsageError('Empty destination arg specified (use "." or see --old-args).', "sender");
  }
  return undefined;
}

/** Further sources of a pull must be remote, on the same machine, by the same transport; an empty host repeats the first. */
function remotePaths(sources: readonly ByteName[], first: RemoteSpec): ByteName[] {
  const paths = [first.path];
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
    paths.push(spec.path);
  }
  return paths;
}
