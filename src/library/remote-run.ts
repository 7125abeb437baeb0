/** The library's runs with another machine: options in their final form, and what the other side says on standard error as events. */
import { userInfo } from "node:os";
import { type ByteName, byteName, fromBytes, fromText } from "../bytes/byte-name.ts";
import { ExitCode, TsyncError } from "../errors.ts";
import { anyNames } from "../options/allowed-names.ts";
import type { RemoteCommand } from "../options/parse-arguments.ts";
import type { EventSink, KindCounts, RunSummary } from "../sync/events.ts";
import type { RemoteRequest } from "../sync/wire/client.ts";
import type { DaemonEnvironment } from "../sync/wire/daemon-connect.ts";
import type { ShellWays } from "../sync/wire/remote-shell.ts";
import type { ByteStream } from "../transport/byte-stream.ts";
import { type RemoteOptions, sshSettingsOf } from "./remote-options.ts";

/** What runs of all kinds are given. */
export type SharedRequest = Pick<
  RemoteRequest,
  "emit" | "room" | "wants" | "signal" | "syscalls" | "home" | "cvsIgnore" | "onBreak"
>;

/** A run with another machine. */
export interface RemoteRun {
  readonly run: SharedRequest;
  readonly command: RemoteCommand;
  readonly ways: RemoteOptions;
  /** Takes what the other side says on its standard error, which no log has. */
  readonly say: EventSink;
  /** A connection that is there already. */
  readonly stream?: ByteStream | undefined;
}

/** Starts a run with another machine. */
export function startRemote({ run, command, ways, stream, say }: RemoteRun): Promise<RunSummary> {
  const { ssh, password, proxy } = ways;
  const said = new RemoteText(say);
  const onStandardError = (bytes: Uint8Array): void => said.add(bytes);
  const { passphrase = undefined, ...given } = typeof ssh === "object" ? ssh : {};
  const shell: ShellWays = {
    onStandardError,
    askPassphrase: passphrase === undefined ? undefined : async (key) => await passphrase(key),
    ssh: sshSettingsOf(given),
    stream,
  };
  const daemon: DaemonEnvironment = {
    proxy: proxy === undefined ? undefined : fromText(proxy),
    connectProgram: undefined,
    shell: undefined,
    password: undefined,
    user: fromText(userInfo().username),
    askPassword: async () => {
      const text = typeof password === "function" ? await password() : password;
      if (text !== undefined) return typeof text === "string" ? Buffer.from(text) : text;
      throw new TsyncError("auth", "the daemon asks for a password, and none was given", {
        exitCode: ExitCode.startClient,
      });
    },
  };
  return runWith({ command, run, shell, daemon }).then(
    (summary) => {
      said.end();
      return summary;
    },
    (error: unknown) => {
      said.end();
      throw error instanceof TsyncError ? said.addTo(error) : error;
    },
  );
}

async function runWith({
  command,
  run,
  shell,
  daemon,
}: {
  readonly command: RemoteCommand;
  readonly run: SharedRequest;
  readonly shell: ShellWays;
  readonly daemon: DaemonEnvironment;
}): Promise<RunSummary> {
  const { runRemote } = await import("../sync/wire/client.ts");
  const summary = await runRemote({
    ...run,
    command,
    shell,
    daemon,
    allowed: anyNames,
    remoteShell: undefined,
    environment: {},
  });
  return summary ?? nothingDone(command.options.dryRun);
}

/** What a daemon's list of modules comes to. */
function nothingDone(dryRun: boolean): RunSummary {
  const none: KindCounts = { regular: 0, directories: 0, links: 0, devices: 0, specials: 0 };
  return {
    exitCode: ExitCode.ok,
    files: none,
    created: none,
    deleted: none,
    transferredFiles: 0,
    totalSize: 0,
    transferredSize: 0,
    literalBytes: 0,
    matchedBytes: 0,
    bytesSent: 0,
    bytesReceived: 0,
    listBuildSeconds: 0,
    elapsedSeconds: 0,
    dryRun,
    withheld: 0,
    problems: [],
  };
}

/** Lines that are kept for an error, and the bytes after which a line without an end counts as one. */
const keptLines = 20;
const lineBytes = 1000;

/** Standard error of the other side, line by line. */
class RemoteText {
  private readonly emit: EventSink;
  private readonly last: ByteName[] = [];
  private rest = "";

  constructor(emit: EventSink) {
    this.emit = emit;
  }

  add(bytes: Uint8Array): void {
    const lines = `${this.rest}${fromBytes(bytes)}`.split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.tell(line);
    for (; this.rest.length >= lineBytes; this.rest = this.rest.slice(lineBytes))
      this.tell(this.rest.slice(0, lineBytes));
  }

  end(): void {
    if (this.rest !== "") this.tell(this.rest);
    this.rest = "";
  }

  /** The error with what was said last, which often is the reason. */
  addTo(error: TsyncError): TsyncError {
    if (this.last.length === 0) return error;
    const { kind, message, exitCode, path, role, cause, retryable, plain, moreLines, unlogged } = error;
    const details = { exitCode, path, role, cause, retryable, plain, unlogged };
    return new TsyncError(kind, message, { ...details, moreLines: [...moreLines, ...this.last] });
  }

  private tell(text: string): void {
    const line = byteName(text.replace(/\r$/, ""));
    this.last.push(line);
    if (this.last.length > keptLines) this.last.shift();
    this.emit({ type: "problem", severity: "warning", role: "server", text: line, path: undefined, errno: 0 });
  }
}
