/**
 * The built-in ssh: a command on another machine over ssh2, with the configuration, keys and known hosts that ssh(1) would use
 * (docs/ssh.md). It looks like a remote shell to its caller (`../command.ts`). Loaded only when it is asked for.
 */
import { connect, type Socket } from "node:net";
import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, Client, ClientChannel } from "ssh2";
import { type ByteName, toBytes } from "../../bytes/byte-name.ts";
import { abortedError, ExitCode, type Role, TsyncError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { CommandConnection } from "../command.ts";
import { within } from "../patience.ts";
import { ChannelStream } from "./channel-stream.ts";
import { type Caller, type ConnectPlan, planConnection } from "./connect-plan.ts";
import { HostKeys, sshFailed } from "./host-keys.ts";
import { identityAgent, type Ssh2 } from "./identities.ts";
import type { SshSettings } from "./ssh-options.ts";

/** What to run, and where. */
export interface SshRequest {
  /** The host as it was named, without a user. */
  readonly host: string;
  readonly settings: SshSettings;
  /** The command line for the other side's shell. */
  readonly command: ByteName;
  readonly caller: Caller;
  readonly role: Role;
  readonly signal: AbortSignal;
  /** What the command says on its standard error. */
  readonly onStandardError: (bytes: Uint8Array) => void;
}

/**
 * Connects, logs in and starts the command.
 * @throws TsyncError transport or auth (exit 255 as ssh), timeout (35), usage and unsupported for a configuration that cannot be honoured
 */
export async function startBuiltinSsh(request: SshRequest): Promise<CommandConnection> {
  const plan = planConnection(request.host, request.settings, request.caller);
  const ssh2 = await import("ssh2");
  return await new BuiltinSsh(request, plan, ssh2.default ?? ssh2).start();
}

class BuiltinSsh {
  private readonly request: SshRequest;
  private readonly plan: ConnectPlan;
  private readonly ssh2: Ssh2;
  private readonly client: Client;
  private readonly socket: Socket;
  private readonly hostKeys: HostKeys;
  /** Why keys were left out, for the error when none is accepted. */
  private readonly skipped: string[] = [];
  private methodsLeft: readonly string[] = [];
  private failure: TsyncError | undefined;
  private connectTimer: NodeJS.Timeout | undefined;
  private aliveTimer: NodeJS.Timeout | undefined;

  constructor(request: SshRequest, plan: ConnectPlan, ssh2: Ssh2) {
    this.request = request;
    this.plan = plan;
    this.ssh2 = ssh2;
    this.client = new ssh2.Client();
    this.hostKeys = new HostKeys(plan, request.role);
    const { host, port, family, localAddress } = plan;
    this.socket = connect({
      host,
      port,
      ...(family === undefined ? {} : { family }),
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.socket.setNoDelay(true);
  }

  async start(): Promise<CommandConnection> {
    const { signal, role } = this.request;
    const stop = (): void => this.fail(abortedError(role));
    signal.addEventListener("abort", stop);
    try {
      if (signal.aborted) throw abortedError(role);
      await this.logIn();
      return await this.execute();
    } catch (error) {
      this.close();
      throw this.failure ?? error;
    } finally {
      clearTimeout(this.connectTimer);
      signal.removeEventListener("abort", stop);
    }
  }

  private logIn(): Promise<void> {
    const { client, socket, plan, hostKeys } = this;
    this.startConnectTimer();
    return new Promise((resolve, reject) => {
      const failed = (error: TsyncError): void => {
        this.failure ??= error;
        reject(this.failure);
      };
      client.on("error", (error: Error & { level?: string; code?: string }) => {
        // A key that does not sign is passed over.
        if (error.level === "agent") return;
        failed(hostKeys.refusal ?? this.explain(error));
      });
      client.on("close", () => failed(this.error(`Connection closed by ${plan.host} port ${plan.port}`)));
      client.on("handshake", () => {
        clearTimeout(this.connectTimer);
        try {
          hostKeys.remember();
        } catch (error) {
          failed(error as TsyncError);
          socket.destroy();
        }
      });
      client.on("ready", () => resolve());
      client.connect({
        sock: socket,
        host: plan.host,
        port: plan.port,
        username: plan.user,
        readyTimeout: 0,
        algorithms: { serverHostKey: hostKeys.algorithms(), compress: ["none"] },
        hostVerifier: (key: Buffer) => hostKeys.accepts(key),
        authHandler: this.authentication(),
        ...(plan.keepAliveSeconds > 0
          ? { keepaliveInterval: plan.keepAliveSeconds * 1000, keepaliveCountMax: Number.POSITIVE_INFINITY }
          : {}),
      });
    });
  }

  /** First nobody's word, to hear what the server takes; then all keys. */
  private authentication(): AuthHandlerMiddleware {
    const { plan, ssh2, request } = this;
    const { user: username } = plan;
    const { askPassphrase } = request.settings;
    const agent = identityAgent(ssh2, {
      files: plan.keys,
      publicKeys: plan.publicKeys,
      agent: plan.agent,
      onlyFiles: plan.onlyFiles,
      askPassphrase: plan.asksPassphrase ? askPassphrase : undefined,
      onSkipped: (reason) => this.skipped.push(reason),
    });
    const methods: AnyAuthMethod[] = [
      { type: "none", username },
      { type: "agent", username, agent },
    ];
    return (left, partial, next) => {
      // The types do not know of either: there is no answer yet, and nothing more to try.
      const answer = left as AuthenticationType[] | null;
      const giveUp = false as unknown as AuthenticationType;
      this.methodsLeft = answer ?? this.methodsLeft;
      if (partial === true) this.skipped.push("The server wants more than a key.");
      const method = methods.shift();
      const isTaken = answer === null || answer.includes("publickey");
      next(method === undefined || !isTaken || partial === true ? giveUp : method);
    };
  }

  private execute(): Promise<CommandConnection> {
    const { client, plan, request } = this;
    return new Promise((resolve, reject) => {
      client.on("close", () => reject(this.failure ?? this.error(`Connection closed by ${plan.host}`)));
      // The types know of text only, but names in the command are bytes.
      const command = toBytes(request.command) as unknown as string;
      client.exec(command, { env: { ...plan.environment } }, (error, channel) => {
        // The command may have ended already: what it left is told as soon as this returns.
        if (error === undefined) resolve(this.running(channel));
        else reject(this.error(error.message));
      });
    });
  }

  private running(channel: ClientChannel): CommandConnection {
    const { client, request, socket } = this;
    channel.stderr.on("data", (bytes: Buffer) => request.onStandardError(bytes));
    const ended = new Promise<number>((resolve) => {
      // A command that was killed has no status, as for ssh(1).
      channel.on("exit", (code: number | null) => resolve(code ?? sshFailed));
      channel.on("close", () => resolve(sshFailed));
      client.on("close", () => resolve(sshFailed));
    });
    // A server that sends more than its window allows.
    socket.on("data", () => {
      if (channel.readableLength + channel.stderr.readableLength > limits.sshUnreadBytes) socket.destroy();
    });
    this.watchLife();
    return {
      stream: new ChannelStream(channel, socket, () => this.leave(channel)),
      status: (patience) => within(ended, patience),
      kill: () => this.close(),
    };
  }

  private startConnectTimer(): void {
    const { connectTimeoutSeconds, host } = this.plan;
    if (connectTimeoutSeconds === 0) return;
    const { role } = this.request;
    this.connectTimer = setTimeout(() => {
      const message = `ssh: connect to host ${host}: Connection timed out`;
      const { connectTimeout: exitCode } = ExitCode;
      this.fail(new TsyncError("timeout", message, { exitCode, role, plain: true, retryable: true }));
    }, connectTimeoutSeconds * 1000);
  }

  /** Ends a connection on which nothing has moved for so many signs of life. */
  private watchLife(): void {
    const { keepAliveSeconds, keepAliveCount, host } = this.plan;
    if (keepAliveSeconds === 0) return;
    const { socket } = this;
    let silent = 0;
    let heard = -1;
    let left = -1;
    this.aliveTimer = setInterval(() => {
      const { bytesRead, bytesWritten, writableLength } = socket;
      // A slow line that still takes what waits for it lives too; our own signs of life on an idle one prove nothing.
      const takes = writableLength > 0 && bytesWritten - writableLength > left;
      silent = bytesRead > heard || takes ? 0 : silent + 1;
      heard = bytesRead;
      left = bytesWritten - writableLength;
      // A sign may have left just after the look before: its answer has a whole interval.
      if (silent <= keepAliveCount) return;
      this.request.onStandardError(Buffer.from(`Timeout, server ${host} not responding.\n`, "latin1"));
      socket.destroy();
    }, keepAliveSeconds * 1000);
    socket.on("close", () => clearInterval(this.aliveTimer));
  }

  private fail(error: TsyncError): void {
    this.failure ??= error;
    this.socket.destroy(error);
  }

  private close(): void {
    clearInterval(this.aliveTimer);
    clearTimeout(this.connectTimer);
    this.client.end();
    this.socket.destroySoon();
  }

  /** Closes the channel first: how the command ended may still be on its way. */
  private leave(channel: ClientChannel): void {
    const late = setTimeout(() => this.close(), leaveMilliseconds);
    channel.on("close", () => {
      clearTimeout(late);
      this.close();
    });
    channel.close();
    // Nobody reads any more, and the channel only ends once everything is read.
    channel.resume();
    if (this.socket.destroyed) clearTimeout(late);
    else this.socket.on("close", () => clearTimeout(late));
  }

  private explain(error: Error & { level?: string; code?: string }): TsyncError {
    const { plan, skipped } = this;
    if (error.level === "client-authentication") {
      const methods = this.methodsLeft.join(",");
      return this.error(`${plan.user}@${plan.host}: Permission denied (${methods}).`, "auth", skipped);
    }
    if (error.level === "client-socket") {
      const reason = reasons.get(error.code ?? "") ?? error.message;
      const text =
        error.code === "ENOTFOUND" || error.code === "EAI_AGAIN"
          ? `Could not resolve hostname ${plan.host}: ${reason}`
          : `connect to host ${plan.host} port ${plan.port}: ${reason}`;
      return this.error(text);
    }
    return this.error(`${plan.host}: ${error.message}`);
  }

  private error(text: string, kind: "transport" | "auth" = "transport", moreLines: readonly string[] = []): TsyncError {
    const { role } = this.request;
    const retryable = kind === "transport";
    return new TsyncError(kind, `ssh: ${text}`, { exitCode: sshFailed, role, plain: true, retryable, moreLines });
  }
}

/** How long the server may take to close a channel. */
const leaveMilliseconds = 1000;

const reasons: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "Connection refused"],
  ["ECONNRESET", "Connection reset by peer"],
  ["ETIMEDOUT", "Connection timed out"],
  ["EHOSTUNREACH", "No route to host"],
  ["ENETUNREACH", "Network is unreachable"],
  ["EADDRNOTAVAIL", "Cannot assign requested address"],
  ["ENOTFOUND", "Name or service not known"],
  ["EAI_AGAIN", "Temporary failure in name resolution"],
]);
