/** TCP connections to a daemon (1-session 8.5). */
import type { LookupAddress } from "node:dns";
import { connect, isIP, type Socket } from "node:net";
import { ExitCode, type Role, TsyncError, unsupportedError } from "../errors.ts";
import { limits } from "../limits.ts";
import { type ByteStream, NodeByteStream } from "./byte-stream.ts";

/** Where to connect to, and how. */
export interface TcpTarget {
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6 | undefined;
  /** `--address`: where the connection comes from, a name or an address. */
  readonly address: string | undefined;
  /** `--sockopts`. */
  readonly options: string | undefined;
  /** `--contimeout`; 0: as long as the system waits; below: over at once, as in rsync. */
  readonly timeoutSeconds: number;
  readonly role: Role;
  readonly signal: AbortSignal;
  /** Hears of socket options that nobody knows. */
  readonly onWarning: (text: string) => void;
}

/** Tries the addresses of the host one after the other; throws (exit 10, or 35 for the time limit) when none answers. */
export async function connectTcp(target: TcpTarget): Promise<ByteStream> {
  const { role, options, onWarning } = target;
  const { setsNoDelay, setsKeepAlive } = readSocketOptions(options ?? "", role, onWarning);
  const failures: string[] = [];
  for (const { address, family } of await resolve(target.host, ` ${target.port}`, target.family, role)) {
    const own = target.address === undefined ? undefined : await resolve(target.address, "", family, role);
    const socket = await open(target, address, own?.[0]?.address);
    if (typeof socket === "string") {
      // An address that is not ours is the one failure of which rsync says nothing.
      if (socket !== "") failures.push(`rsync: [${role}] failed to connect to ${target.host} (${address}): ${socket}`);
      continue;
    }
    if (setsNoDelay !== undefined) socket.setNoDelay(setsNoDelay);
    if (setsKeepAlive !== undefined) socket.setKeepAlive(setsKeepAlive);
    return new NodeByteStream(socket, socket, true);
  }
  const [message = "", ...moreLines] = failures;
  throw new TsyncError("transport", message, { exitCode: ExitCode.socketIo, role, moreLines, retryable: true });
}

/** The addresses of a host. `port` is what an error tells of it: nothing for an address that is to be ours. */
async function resolve(
  host: string,
  port: string,
  family: number | undefined,
  role: Role,
): Promise<readonly LookupAddress[]> {
  const own = isIP(host);
  try {
    if (host === "") throw Object.assign(new Error(), { code: "ENOTFOUND" });
    if (own !== 0 && family !== undefined && own !== family)
      throw new Error("Address family for hostname not supported");
    // Loaded here: a run without a daemon must not pay for it (1.5 ms, docs/decisions/004).
    const { lookup } = process.getBuiltinModule("node:dns/promises");
    return await lookup(host, { all: true, ...(family === undefined ? {} : { family }) });
  } catch (error) {
    const { code = "", message: text } = error as NodeJS.ErrnoException;
    const reason = lookupReasons.get(code) ?? text;
    const message = `rsync: getaddrinfo${port === "" ? "" : ":"} ${host}${port}: ${reason}`;
    throw new TsyncError("transport", message, { exitCode: ExitCode.socketIo, role, retryable: true, cause: error });
  }
}

const lookupReasons: ReadonlyMap<string, string> = new Map([
  ["ENOTFOUND", "Name or service not known"],
  ["EAI_AGAIN", "Temporary failure in name resolution"],
]);

/** The connected socket, or why there is none; empty where `--address` is not an address of this machine. */
async function open(target: TcpTarget, address: string, localAddress: string | undefined): Promise<Socket | string> {
  const { timeoutSeconds, role, signal } = target;
  const late = (): TsyncError =>
    new TsyncError("timeout", "", { exitCode: ExitCode.connectTimeout, role, retryable: true });
  if (timeoutSeconds < 0) throw late();
  const local = localAddress === undefined ? {} : { localAddress };
  // A port has two bytes: of longer numbers rsync takes these.
  const port = target.port & 0xffff;
  const socket = connect({ host: address, port, allowHalfOpen: true, ...local });
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => void socket.destroy(new Error("aborted"));
  signal.addEventListener("abort", stop);
  try {
    return await new Promise<Socket | string>((fulfil, reject) => {
      socket.once("connect", () => fulfil(socket));
      socket.once("error", (error: NodeJS.ErrnoException) =>
        fulfil(error.syscall === "bind" ? "" : (connectReasons.get(error.code ?? "") ?? error.message)),
      );
      if (timeoutSeconds === 0) return;
      timer = setTimeout(
        () => {
          socket.destroy();
          reject(late());
        },
        Math.min(timeoutSeconds * 1000, limits.timerMilliseconds),
      );
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    socket.removeAllListeners("connect");
  }
}

const connectReasons: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "Connection refused (111)"],
  ["ETIMEDOUT", "Connection timed out (110)"],
  ["EHOSTUNREACH", "No route to host (113)"],
  ["ENETUNREACH", "Network is unreachable (101)"],
  ["EADDRNOTAVAIL", "Cannot assign requested address (99)"],
]);

const knownOptions: ReadonlySet<string> = new Set(
  "SO_BROADCAST SO_REUSEADDR SO_SNDBUF SO_RCVBUF SO_SNDLOWAT SO_RCVLOWAT SO_SNDTIMEO SO_RCVTIMEO IPTOS_LOWDELAY IPTOS_THROUGHPUT".split(
    " ",
  ),
);

function readSocketOptions(
  text: string,
  role: Role,
  onWarning: (text: string) => void,
): { setsNoDelay: boolean | undefined; setsKeepAlive: boolean | undefined } {
  let setsNoDelay: boolean | undefined;
  let setsKeepAlive: boolean | undefined;
  for (const word of text.split(/[ \t,]+/).filter((part) => part !== "")) {
    const [name = "", value] = word.split("=");
    const on = value === undefined || Number.parseInt(value, 10) !== 0;
    if (name === "TCP_NODELAY") setsNoDelay = on;
    else if (name === "SO_KEEPALIVE") setsKeepAlive = on;
    else if (knownOptions.has(name))
      throw unsupportedError(`This tsync does not support the socket option ${name}`, role);
    else onWarning(`Unknown socket option ${name}`);
  }
  return { setsNoDelay, setsKeepAlive };
}
