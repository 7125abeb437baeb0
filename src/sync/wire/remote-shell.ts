/** How a client gets hold of the other side by a remote shell (1-session 2.1): the system's ssh or any command, or the built-in ssh. */
import { type ByteName, byteName, toText } from "../../bytes/byte-name.ts";
import type { Role } from "../../errors.ts";
import type { RemoteCommand } from "../../options/parse-arguments.ts";
import type { ByteStream } from "../../transport/byte-stream.ts";
import { type CommandConnection, startCommand } from "../../transport/command.ts";
import { splitCommand } from "../../transport/shell-words.ts";
import type { SshSettings } from "../../transport/ssh/ssh-options.ts";
import { readSshWords } from "../../transport/ssh/ssh-words.ts";

/** What concerns remote shells beyond the options. */
export interface ShellWays {
  /** Takes what the other side says on standard error; otherwise that of a command is ours, and that of the built-in ssh is lost. */
  readonly onStandardError: ((bytes: Uint8Array) => void) | undefined;
  /** Gives the passphrase of a key to the built-in ssh. */
  readonly askPassphrase: SshSettings["askPassphrase"];
  /** A connection to the other side that is there already: nothing is started. */
  readonly stream?: ByteStream | undefined;
  /** What else the built-in ssh is told. */
  readonly ssh?: Partial<SshSettings> | undefined;
}

/** The parts of a request that are needed here. */
export interface ShellRequest {
  readonly command: RemoteCommand;
  readonly remoteShell: ByteName | undefined;
  readonly shell: ShellWays;
  readonly signal: AbortSignal;
}

/** The words of the remote shell itself. */
function ownWords({ command, remoteShell }: ShellRequest): ByteName[] {
  const role = command.remote.direction === "push" ? "sender" : "Receiver";
  return splitCommand(command.settings.remoteShell ?? remoteShell ?? byteName("ssh"), role);
}

/** The host without its user, and the user. */
function splitHost(host: string): { readonly machine: string; readonly user: string | undefined } {
  const at = host.lastIndexOf("@");
  return { machine: host.slice(at + 1), user: at < 0 ? undefined : host.slice(0, at) };
}

/** The command line of the remote shell. */
export function shellWords(request: ShellRequest, serverWords: readonly ByteName[]): ByteName[] {
  const { settings, remote } = request.command;
  const shell = ownWords(request);
  const { machine, user } = splitHost(remote.host);
  const isSsh = shell[0]?.slice(shell[0].lastIndexOf("/") + 1) === "ssh";
  // A user of the daemon is one of the shell too, unless it was told of another (1-session 2.1).
  const namesUser = user !== undefined && !(remote.transport === "daemon" && shell.includes(byteName("-l")));
  return [
    ...shell,
    ...(namesUser ? ["-l", user] : []),
    ...(isSsh && settings.internetProtocol !== undefined ? [`-${settings.internetProtocol}`] : []),
    machine,
    settings.remoteProgram ?? "rsync",
    ...serverWords,
  ].map((word) => byteName(word));
}

/** Starts the other side: `words` are those of the remote shell, `serverWords` those behind the program. */
export async function startRemoteShell(
  request: ShellRequest,
  words: readonly ByteName[],
  serverWords: readonly ByteName[],
  role: Role,
  variables: Readonly<Record<string, string>> = {},
): Promise<CommandConnection> {
  const { command, shell, signal } = request;
  const { onStandardError, stream } = shell;
  const { settings } = command;
  if (stream !== undefined) return { stream, status: () => Promise.resolve(undefined), kill: () => stream.destroy() };
  if (settings.ssh === "system") return await startCommand(words, role, { variables, onStandardError });
  const { machine } = splitHost(command.remote.host);
  const ssh = sshSettings(request);
  const [{ startBuiltinSsh }, { currentCaller }] = await Promise.all([
    import("../../transport/ssh/builtin-ssh.ts"),
    import("../../transport/ssh/connect-plan.ts"),
  ]);
  const say = onStandardError ?? (() => undefined);
  return await startBuiltinSsh({
    host: toText(byteName(machine)),
    settings: ssh,
    // As ssh(1) puts them together for the shell at the other end.
    command: byteName([settings.remoteProgram ?? "rsync", ...serverWords].join(" ")),
    caller: currentCaller((text) => say(Buffer.from(`${text}\n`))),
    role,
    signal,
    onStandardError: say,
  });
}

/** What the words of the remote shell, the options of tsync and those of the library say together; the first of them counts. */
function sshSettings(request: ShellRequest): SshSettings {
  const { command, shell } = request;
  const { settings, remote } = command;
  const words = readSshWords(ownWords(request));
  const { ssh = {} } = shell;
  const { user } = splitHost(remote.host);
  const accept = settings.sshAccept === undefined ? [] : [toText(settings.sshAccept)];
  return {
    port: words.port ?? ssh.port,
    user: words.user ?? (user === undefined ? ssh.user : toText(byteName(user))),
    identityFiles: [...words.identityFiles, ...(ssh.identityFiles ?? [])],
    privateKeys: ssh.privateKeys ?? [],
    agent: ssh.agent,
    knownHosts: ssh.knownHosts,
    accept: [...accept, ...(ssh.accept ?? [])],
    configFile: words.configFile ?? ssh.configFile,
    overrides: [...words.overrides, ...(ssh.overrides ?? [])],
    family: words.family ?? settings.internetProtocol ?? ssh.family,
    keepAliveSeconds: ssh.keepAliveSeconds,
    connectTimeoutSeconds:
      settings.connectTimeoutSeconds > 0 ? settings.connectTimeoutSeconds : ssh.connectTimeoutSeconds,
    askPassphrase: shell.askPassphrase,
  };
}
