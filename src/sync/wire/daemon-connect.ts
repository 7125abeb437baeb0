/** A client's way to a daemon: a socket, a proxy, a program or a remote shell, then the dialogue (1-session 8.1, 8.5). */
import { type ByteName, byteName, toText } from "../../bytes/byte-name.ts";
import { ExitCode, limitError, type Role, TsyncError } from "../../errors.ts";
import { errnoText } from "../../fs/errno.ts";
import type { OperatorPaths } from "../../fs/operator-path.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { limits } from "../../limits.ts";
import type { RemoteCommand } from "../../options/parse-arguments.ts";
import type { ByteStream } from "../../transport/byte-stream.ts";
import { type CommandConnection, startCommand } from "../../transport/command.ts";
import { Connection } from "../../transport/connection.ts";
import { connectTcp } from "../../transport/tcp.ts";
import { readLine, refusal, talkToDaemon } from "./daemon-dialogue.ts";
import { readPassword } from "./password.ts";

/** Variables of the environment that concern a connection to a daemon, and who sits before it. */
export interface DaemonEnvironment {
  /** RSYNC_PROXY, RSYNC_CONNECT_PROG, RSYNC_SHELL, RSYNC_PASSWORD. */
  readonly proxy: ByteName | undefined;
  readonly connectProgram: ByteName | undefined;
  readonly shell: ByteName | undefined;
  readonly password: ByteName | undefined;
  /** USER, LOGNAME: whoever of them is there. */
  readonly user: ByteName | undefined;
  /** Asks for the password. */
  readonly askPassword: () => Promise<Uint8Array>;
}

/** What a connection is made of. */
export interface DaemonRequest {
  readonly command: RemoteCommand;
  readonly environment: DaemonEnvironment;
  readonly syscalls: Syscalls;
  readonly own: OperatorPaths;
  readonly role: Role;
  readonly signal: AbortSignal;
  /** Starts the daemon by a remote shell; undefined: it is reached by TCP. */
  readonly startShell: ((variables: Readonly<Record<string, string>>) => Promise<CommandConnection>) | undefined;
  readonly onText: (line: ByteName) => void;
  /** Takes what `-vv` says about the way there and about the words sent. */
  readonly onRemark: (flag: "connect" | "cmd", text: string) => void;
  /** Words of the server's command line, as they will be sent. */
  readonly words: readonly ByteName[];
  readonly onWarning: (text: string) => void;
  /** Takes what is open as soon as it is, so that it is closed whatever happens. */
  readonly onOpen: (connection: Connection, child: CommandConnection | undefined) => void;
}

const defaultPort = 873;

/** Connects and talks; the protocol of the session, or undefined when the daemon only had something to list. */
export async function openDaemon(request: DaemonRequest): Promise<number | undefined> {
  const { command, environment, role, syscalls, own } = request;
  const { settings, remote } = command;
  const path = remote.paths[0] ?? byteName("");
  if (path.startsWith("/")) {
    throw refusal("ERROR: The remote path must start with a module name not a /", role);
  }
  const at = remote.host.lastIndexOf("@");
  const user = byteName(at < 0 ? (environment.user ?? "nobody") : remote.host.slice(0, at));
  const connection = await openConnection(request, remote.host.slice(at + 1));
  const { password: variable, askPassword: ask } = environment;
  const source = { syscalls, own, file: settings.passwordFile, variable, ask, role };
  return await talkToDaemon(connection, {
    module: path.split("/", 1)[0] ?? "",
    user,
    password: () => readPassword(source),
    earlyInput: () => (settings.earlyInput === undefined ? undefined : readEarlyInput(request, settings.earlyInput)),
    protocol: settings.protocol,
    role,
    onGreeted: () => request.onRemark("cmd", `sending daemon args: ${shownWords(request.words)}`),
    onText: settings.showsGreeting ? request.onText : () => undefined,
  });
}

/** A command as it is shown: words with special characters in quotes, and their number. */
export function shownWords(words: readonly ByteName[]): string {
  const shown = words.map((word) => (/[^-\w=./,@+]/.test(word) ? `"${word}"` : word)).join(" ");
  return `${shown}  (${words.length} args)`;
}

/** Sends the words of the server's command line (1-session 8.4). */
export function sendArguments(
  connection: Connection,
  words: { readonly visible: readonly ByteName[]; readonly secluded: readonly ByteName[] | undefined },
  protocol: number,
): void {
  const { out } = connection;
  const end = protocol >= 30 ? "\0" : "\n";
  for (const word of [...words.visible, ""]) out.name(byteName(word + end));
  if (words.secluded === undefined) return;
  for (const word of ["rsync", ...words.secluded.map((word) => word || "."), ""]) out.name(byteName(`${word}\0`));
}

async function openConnection(request: DaemonRequest, host: string): Promise<Connection> {
  const { command, environment, role, signal, startShell, onWarning, onRemark } = request;
  const { settings, remote } = command;
  const port = remote.port ?? (settings.port || defaultPort);
  const opened = (stream: ByteStream, child?: CommandConnection): Connection => {
    const connection = new Connection(stream, role);
    request.onOpen(connection, child);
    return connection;
  };
  if (startShell !== undefined) {
    const child = await startShell({ RSYNC_PORT: String(remote.port ?? settings.port) });
    return opened(child.stream, child);
  }
  const way = `opening tcp connection to ${host} port ${port}`;
  if (environment.connectProgram !== undefined) {
    const text = byteName(fillIn(environment.connectProgram, host, role));
    onRemark("connect", `Using RSYNC_CONNECT_PROG instead of ${way}`);
    onRemark("connect", `Running socket program: "${text}"`);
    const words = [environment.shell ?? byteName("/bin/sh"), byteName("-c"), text];
    const child = await startCommand(words, role, { oneSocket: true });
    return opened(child.stream, child);
  }
  const proxy =
    environment.proxy === undefined || environment.proxy === "" ? undefined : parseProxy(environment.proxy, role);
  onRemark("connect", way);
  if (proxy !== undefined) onRemark("connect", `connection via http proxy ${proxy.host} port ${proxy.port}`);
  const stream = await connectTcp({
    host: toText(byteName(proxy?.host ?? host)),
    port: proxy?.port ?? port,
    family: settings.internetProtocol,
    address: settings.address === undefined ? undefined : toText(settings.address),
    options: settings.socketOptions,
    timeoutSeconds: settings.connectTimeoutSeconds,
    role,
    signal,
    onWarning,
  });
  const connection = opened(stream);
  if (proxy !== undefined) await passProxy(connection, proxy.login, host, port);
  return connection;
}

interface Proxy {
  readonly host: string;
  readonly port: number;
  readonly login: string | undefined;
}

function socketError(message: string, role: Role): TsyncError {
  return new TsyncError("transport", message, { exitCode: ExitCode.socketIo, role, plain: true });
}

function parseProxy(text: ByteName, role: Role): Proxy {
  const parts = /^(?:(.*)@)?(.+):(\d{0,9})$/.exec(text);
  if (parts === null) throw socketError("invalid proxy specification: should be HOST:PORT", role);
  return { login: parts[1], host: (parts[2] ?? "").replace(/^\[(.*)\]$/, "$1"), port: Number(parts[3]) };
}

async function passProxy(connection: Connection, login: string | undefined, host: string, port: number): Promise<void> {
  const { out, reader } = connection;
  const credentials = login === undefined ? "" : Buffer.from(login, "latin1").toString("base64");
  const authorization = login === undefined ? "" : `Proxy-Authorization: Basic ${credentials}\r\n`;
  out.name(byteName(`CONNECT ${host}:${port} HTTP/1.0\r\n${authorization}\r\n`));
  const cut = (): TsyncError => socketError("rsync: the proxy closed the connection", reader.role);
  const status = await readLine(connection, cut);
  if (!/^HTTP\/\d+\.\d+ +2/.test(status)) {
    throw socketError(`bad response from proxy -- ${status}`, reader.role);
  }
  for (let lines = 0; (await readLine(connection, cut)) !== ""; lines++) {
    if (lines >= limits.proxyLines) throw limitError("the proxy says too much", reader.role);
  }
}

/** `%H` is the host in quotes, `%%` a percent sign. The host goes through a shell, so it must be a plain one. */
function fillIn(program: ByteName, host: string, role: Role): string {
  if (program.includes("%H") && !/^(?![-+~%])[\w.:%+~-]+$/.test(host))
    throw socketError("unsafe host characters for RSYNC_CONNECT_PROG", role);
  return program.replace(/%([H%])/g, (_all, letter: string) => (letter === "H" ? `'${host}'` : "%"));
}

function readEarlyInput({ syscalls, own, role }: DaemonRequest, path: ByteName): Uint8Array {
  const descriptor = own.open(path, syscalls.flags.readOnly);
  if (descriptor < 0) throw refusal(`rsync: [${role}] failed to open ${path}: ${errnoText(-descriptor)}`, role);
  try {
    const bytes = new Uint8Array(limits.earlyInputBytes + 1);
    let end = 0;
    for (;;) {
      const count = syscalls.read(descriptor, bytes, end, bytes.length - end, -1);
      if (count < 0) throw refusal(`rsync: [${role}] failed to read ${path}: ${errnoText(-count)}`, role);
      end += count;
      if (end > limits.earlyInputBytes) throw refusal(`${path} is > ${limits.earlyInputBytes} bytes.`, role);
      if (count === 0) return bytes.slice(0, end);
    }
  } finally {
    syscalls.close(descriptor);
  }
}
