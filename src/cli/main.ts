/** The command line: arguments to a run, events to text, errors to an exit code. The only place that sets one. */
import { type ByteName, byteName, fromBytes, fromText } from "../bytes/byte-name.ts";
import { asTsyncError, ExitCode, endsBySignal, stoppedError, TsyncError, usageError } from "../errors.ts";
import { hasLocale } from "../fs/syscalls/installed-locale.ts";
import { openUtcOffset } from "../fs/syscalls/local-time.ts";
import { debugHelp, helpText, infoHelp } from "../options/help.ts";
import {
  type ParsedCommand,
  parseArguments,
  type RemoteCommand,
  type RunCommand,
  textTraits,
} from "../options/parse-arguments.ts";
import { steadyMilliseconds } from "../steady-time.ts";
import { checkFilters } from "../sync/check-filters.ts";
import type { RunSummary } from "../sync/events.ts";
import { runTransfer } from "../sync/run.ts";
import type { RemoteRequest } from "../sync/wire/client.ts";
import type { ShellWays } from "../sync/wire/remote-shell.ts";
import { ClockText } from "../text/clock-text.ts";
import { asBytes, escapeForTerminal } from "../text/escape.ts";
import { errorMessageLines, exitLine } from "../text/exit-text.ts";
import { ownIdentity } from "../text/item-decision.ts";
import { readLocale } from "../text/locale.ts";
import { LogFile, logIgnoredText } from "../text/log-file.ts";
import { OutputWriter, outputMode } from "../text/output-writer.ts";
import { createRenderer } from "../text/render.ts";
import { readAllowedNames } from "./allowed-names.ts";
import { readArguments } from "./arguments.ts";
import { asksForJson, createJsonRenderer, jsonUsageLines } from "./json-output.ts";
import { isTerminal } from "./terminal.ts";

/** Whether we are the other side of somebody's run. The client's `--rsync-path` may put options before `--server`. */
function isServer(args: readonly ByteName[]): boolean {
  const at = args.indexOf(byteName("--server"));
  return at >= 0 && args.slice(0, at).every((arg) => /^-./.test(arg) && arg !== "--");
}

/** Runs the command line of this process, until `controller` aborts it, and returns its exit code. */
export async function main(controller: AbortController): Promise<number> {
  const { env } = process;
  const variable = (name: string): ByteName | undefined => {
    const value = env[name];
    return value === undefined ? undefined : fromText(value);
  };
  const stderr = new OutputWriter(2, "none");
  const utcOffset = openUtcOffset(env.TSYNC_SYSCALLS === "plain" ? "plain" : undefined);
  const clock = new ClockText(utcOffset);
  const logSettings = { pid: process.pid, clock, now: () => Math.floor(Date.now() / 1000) };
  let command: ParsedCommand;
  let failedLog: ByteName | undefined;
  let syscalls: "koffi" | "plain" | undefined;
  const args = readArguments(process.argv.slice(2));
  try {
    syscalls = readSyscallsKind(env.TSYNC_SYSCALLS);
    const environment = {
      partialDirectory: variable("RSYNC_PARTIAL_DIR"),
      iconv: variable("RSYNC_ICONV"),
      maxAlloc: variable("RSYNC_MAX_ALLOC"),
      allowed: readAllowedNames(env),
      optionsFirst: env.POSIXLY_CORRECT !== undefined || env.POSIX_ME_HARDER !== undefined,
      clock: { now: logSettings.now(), utcOffset },
    };
    if (isServer(args)) {
      const { runServer, withSessionEngine } = await import("./other-parts.ts");
      return await withSessionEngine(() => runServer(args, environment, syscalls, controller.signal));
    }
    command = parseArguments(args, environment, {
      onLogFile: (path) => {
        failedLog = path;
      },
      checkFilters: (settings) => checkFilters(settings, syscalls),
    });
    if (command.kind === "usage" && command.batch !== undefined) {
      (await import("./other-parts.ts")).checkBatchFile(command.batch, syscalls);
    }
  } catch (error) {
    const known = asTsyncError(error);
    const lines = [...errorMessageLines(known), exitLine(known.exitCode, known.role)];
    if (asksForJson(args)) new OutputWriter(1, "none").write(jsonUsageLines(known));
    // The locale is not known to rsync this early: no high bytes.
    else for (const line of lines) stderr.write(byteName(`${escapeForTerminal(asBytes(line), "escaped")}\n`));
    const log = failedLog === undefined || known.unlogged ? undefined : LogFile.open(failedLog, logSettings);
    if (log instanceof LogFile) {
      for (const line of lines) log.line(byteName(line));
      log.close();
    }
    return known.exitCode;
  }
  const stdout = new OutputWriter(
    1,
    outputMode(isRun(command) ? command.options.outputBuffering : "full", isTerminal(1)),
  );
  if (command.kind === "usage" && asksForJson(args)) {
    const error = usageError("wrong number of arguments: see tsync --help");
    stdout.write(jsonUsageLines(error));
    stdout.flush();
    return error.exitCode;
  }
  if (!isRun(command)) {
    const opened = failedLog === undefined ? undefined : LogFile.open(failedLog, logSettings);
    if (opened !== undefined && !(opened instanceof LogFile)) {
      stderr.write(byteName(`${opened.text}\n`));
      stdout.write(byteName(`${logIgnoredText}\n`));
    }
    const log = opened instanceof LogFile ? opened : undefined;
    const code = await printRequest(command, syscalls, (name, text) => {
      (name === "stdout" ? stdout : stderr).write(fromText(text));
      for (const line of text.replace(/\n$/, "").split("\n")) log?.line(fromText(line));
    });
    stdout.flush();
    log?.close();
    return code;
  }
  const { options } = command;
  let logging = true;
  let log: LogFile | undefined;
  let failedOpening: ByteName | undefined;
  if (options.logFile !== undefined) {
    const opened = LogFile.open(options.logFile, logSettings, options.insecureLinks);
    if (opened instanceof LogFile) log = opened;
    else if (options.json) failedOpening = opened.text;
    else {
      stderr.write(byteName(`${opened.text}\n`));
      (options.allToStandardError ? stderr : stdout).write(byteName(`${logIgnoredText}\n`));
    }
  }
  // There both are written line by line, so that what the other side writes there itself does not break lines (3-transfer 9.1).
  const both = options.allToStandardError ? new OutputWriter(2, isTerminal(2) ? "none" : "line") : undefined;
  const output = {
    out: (text: ByteName) => (options.json ? undefined : (both ?? stdout).write(text)),
    error: (text: ByteName) => {
      if (options.json) return;
      // Where both go to one file an error stands behind what was said before it (3-transfer 9.10).
      if (both === undefined) stdout.flush();
      (both ?? stderr).write(text);
    },
    ...(log === undefined
      ? {}
      : { log: (text: ByteName, open?: boolean) => (logging ? log.line(text, open) : undefined) }),
  };
  const settings = {
    ...logSettings,
    locale: readLocale(env, (name) => hasLocale(name, syscalls)),
    own: ownIdentity(),
    checksumName: options.checksum ? options.listChecksum : options.transferChecksum,
    steadyMilliseconds,
    ...textTraits(command),
  } as const;
  const text = createRenderer(options, output, settings);
  const renderer = options.json
    ? createJsonRenderer(options, (line) => stdout.write(line), log === undefined ? undefined : text, settings)
    : text;
  if (failedOpening !== undefined) {
    const about = { path: options.logFile, errno: 0 };
    renderer({ type: "problem", severity: "warning", role: "client", text: failedOpening, ...about });
  }
  const { needs } = renderer;
  let broken: Parameters<typeof renderer.finish>[2];
  try {
    const shared = {
      emit: renderer,
      wants: needs,
      signal: controller.signal,
      syscalls,
      home: variable("HOME"),
      cvsIgnore: variable("CVSIGNORE"),
    };
    const summary =
      command.kind === "remote"
        ? await runRemote({
            ...shared,
            command,
            onBreak: (totals) => {
              broken = totals;
            },
            allowed: readAllowedNames(env),
            remoteShell: variable("RSYNC_RSH"),
            shell: shellWays(command, stderr, () => controller.abort()),
            environment: {
              protectArguments: variable("RSYNC_PROTECT_ARGS"),
              oldArguments: variable("RSYNC_OLD_ARGS"),
            },
            daemon: {
              proxy: variable("RSYNC_PROXY"),
              connectProgram: variable("RSYNC_CONNECT_PROG"),
              shell: variable("RSYNC_SHELL"),
              password: variable("RSYNC_PASSWORD"),
              user: variable("USER") ?? variable("LOGNAME"),
              askPassword: async () => (await import("./other-parts.ts")).askPassword(() => controller.abort()),
            },
          })
        : command.kind === "read-batch"
          ? await (await import("./other-parts.ts")).readBatch({ ...shared, command })
          : command.kind === "both-ends"
            ? await (await import("./other-parts.ts")).runBothEnds({ ...shared, command })
            : await runTransfer({ ...shared, options, sources: command.sources, destination: command.destination });
    // A daemon just listed its modules.
    if (summary === undefined) return ExitCode.ok;
    renderer.finish(summary);
    return summary.exitCode;
  } catch (error) {
    const { aborted } = controller.signal;
    const thrown = asTsyncError(error);
    const role = thrown.kind === "signal" && thrown.role !== "client" ? thrown.role : "sender";
    const known = aborted ? stoppedError(controller.signal, role) : thrown;
    const isSilent = endsBySignal(controller.signal);
    if (known.unlogged || isSilent) logging = false;
    if (!isSilent || options.json) renderer.finish(undefined, known, broken);
    return known.exitCode;
  } finally {
    both?.flush();
    stdout.flush();
    log?.close();
  }
}

async function runRemote(request: RemoteRequest): Promise<RunSummary | undefined> {
  const { runRemote: run, withSessionEngine } = await import("./other-parts.ts");
  return await withSessionEngine(() => run(request));
}

/** The standard error of a remote command is ours; keys may need their passphrases. */
function shellWays(command: RemoteCommand, stderr: OutputWriter, onInterrupt: () => void): ShellWays {
  if (command.settings.ssh === "system") return { onStandardError: undefined, askPassphrase: undefined };
  return {
    onStandardError: (bytes) => stderr.write(fromBytes(bytes)),
    askPassphrase: async (name) => (await import("./other-parts.ts")).askPassphrase(name, onInterrupt),
  };
}

/** Prints what was asked for instead of a run, by `write`; gives the exit code. */
async function printRequest(
  command: Exclude<ParsedCommand, RunCommand>,
  syscallsKind: "koffi" | "plain" | undefined,
  write: (stream: "stdout" | "stderr", text: string) => void,
): Promise<number> {
  switch (command.kind) {
    case "help":
      write("stdout", helpText());
      return ExitCode.ok;
    case "usage":
      write("stderr", `${helpText()}\n${exitLine(ExitCode.usage, "client")}\n`);
      return ExitCode.usage;
    case "info-help":
      write("stdout", infoHelp());
      return ExitCode.ok;
    case "debug-help":
      write("stdout", debugHelp());
      return ExitCode.ok;
    case "version": {
      const { openSyscalls, versionJson, versionText } = await import("./other-parts.ts");
      const syscalls = openSyscalls(syscallsKind);
      const facts = { node: process.versions.node, syscalls: syscalls.kind };
      syscalls.dispose();
      write("stdout", command.json ? versionJson(facts) : versionText(facts));
      return ExitCode.ok;
    }
  }
}

function isRun(command: ParsedCommand): command is RunCommand {
  return ["run", "remote", "read-batch", "both-ends"].includes(command.kind);
}

/** Which system calls `$TSYNC_SYSCALLS` asks for. */
function readSyscallsKind(text: string | undefined): "koffi" | "plain" | undefined {
  if (text === undefined || text === "" || text === "auto") return undefined;
  if (text === "koffi" || text === "plain") return text;
  throw new TsyncError("usage", `TSYNC_SYSCALLS=${text}: must be koffi, plain or auto`, { exitCode: ExitCode.usage });
}
