/** `tsync --server`: the other side of somebody's run, on standard input and output (1-session 1). */
import { type ByteName, byteName, fromText } from "../bytes/byte-name.ts";
import { asTsyncError, ExitCode, endsBySignal, stoppedError, type TsyncError, toldError } from "../errors.ts";
import { openSyscalls } from "../fs/syscalls/choose.ts";
import { helpText } from "../options/help.ts";
import type { ParseEnvironment } from "../options/normalize.ts";
import { parseServerArguments } from "../options/parse-server.ts";
import { openServerConnection, partingCode, readSecluded, serve } from "../sync/wire/serve.ts";
import { createServerSink, sendsErrors } from "../sync/wire/server-output.ts";
import { ClockText } from "../text/clock-text.ts";
import { asBytes, escapeForTerminal } from "../text/escape.ts";
import { errorMessageLines, exitLine } from "../text/exit-text.ts";
import { ownIdentity } from "../text/item-decision.ts";
import { listLine } from "../text/list-line.ts";
import type { NumberStyle } from "../text/numbers.ts";
import { OutputWriter } from "../text/output-writer.ts";
import { NodeByteStream } from "../transport/byte-stream.ts";
import type { Connection } from "../transport/connection.ts";
import { readAllowedNames } from "./allowed-names.ts";
import { ServerLog } from "./server-log.ts";

const nothingMoved = { bytesSent: 0, bytesReceived: 0 };

/** How long a client that is told of an error may take to hang up. */
const patienceMilliseconds = 1000;

/** A server does not hear how its client shows numbers. */
const listStyle: NumberStyle = { level: 1, decimalComma: false };

/** Serves the client on standard input and output; returns the exit code. */
export async function runServer(
  args: readonly ByteName[],
  environment: ParseEnvironment,
  kind: "koffi" | "plain" | undefined,
  signal: AbortSignal,
): Promise<number> {
  const stderr = new OutputWriter(2, "none");
  const error = (line: ByteName): void => {
    const text = byteName(line.replace(/\n$/, ""));
    stderr.write(byteName(`${escapeForTerminal(text, "escaped")}\n`));
  };
  const clock = new ClockText(environment.clock?.utcOffset);
  const logSettings = { pid: process.pid, clock, now: () => Math.floor(Date.now() / 1000) };
  const isSender = args.includes(byteName("--sender"));
  let refusedLog: ByteName | undefined;
  let log: ServerLog | undefined;
  let totalSize = (): number => 0;
  let connection: Connection | undefined;
  /** Who hears why the session ends. */
  let tell = error;
  let receiverFailed = false;
  let agreed = 0;
  try {
    const parsed = parseServerArguments(args, environment, (path) => {
      refusedLog = path;
    });
    const opened = openServerConnection(new NodeByteStream(process.stdin, process.stdout), isSender);
    connection = opened;
    const syscalls = openSyscalls(kind);
    try {
      const command = parsed.kind === "server" ? parsed : await readSecluded(opened, parsed, syscalls);
      log = ServerLog.open(command, logSettings, error);
      const logged = log?.sink;
      const { HOME, CVSIGNORE } = process.env;
      const summary = await serve({
        command,
        connection: opened,
        syscalls,
        sink: (protocol) => {
          agreed = protocol;
          if (sendsErrors(command, protocol)) {
            tell = (text) => opened.message({ kind: "text", class: "error", text });
          }
          const tells = createServerSink(command, protocol, {
            own: ownIdentity(),
            send: (message) => opened.message(message),
            error,
            listLine: (entry) => listLine(entry, command.options.links, listStyle, clock, command.options.atimes),
          });
          return (event) => {
            receiverFailed ||= event.type === "problem" && event.role === "receiver" && event.severity === "error";
            logged?.(event);
            tells(event);
          };
        },
        onRemark: error,
        wants: log?.wants,
        onCounters: (counters) => {
          totalSize = () => counters.totalSize;
        },
        signal,
        allowed: readAllowedNames(process.env),
        home: HOME === undefined ? undefined : fromText(HOME),
        cvsIgnore: CVSIGNORE === undefined ? undefined : fromText(CVSIGNORE),
      });
      // As within one machine, the generator tells of its receiver's errors too.
      if (receiverFailed && command.settings.standardError === "all" && summary.exitCode === ExitCode.partial)
        error(asBytes(exitLine(summary.exitCode, "generator")));
      log?.finish({ ...summary, ...opened.counted }, summary.exitCode);
      return summary.exitCode;
    } finally {
      syscalls.dispose();
    }
  } catch (caught) {
    if (endsBySignal(signal)) return ExitCode.signal;
    const thrown = asTsyncError(caught);
    const stopped = signal.aborted && thrown.kind === "signal" ? stoppedError(signal, thrown.role) : thrown;
    // Who leaves without a word has not sent its messages either; where they are sent, the code goes with them.
    const known = tell !== error && agreed >= 31 ? toldError(stopped) : stopped;
    if (tell === error || !known.untold) report(known, tell);
    if (refusedLog !== undefined) ServerLog.refused(refusedLog, known, isSender, logSettings);
    log?.fail(known, { ...(connection?.counted ?? nothingMoved), totalSize: totalSize() });
    await connection?.part(partingCode(known), patienceMilliseconds);
    return known.exitCode;
  } finally {
    log?.close();
  }
}

/** A code that the client sent needs no words. */
function report(known: TsyncError, error: (text: ByteName) => void): void {
  if (known.message === "" && known.kind === "protocol") return;
  const silent = known.message === "" && known.kind !== "signal";
  const words = !silent ? errorMessageLines(known) : known.kind === "usage" ? helpText().split("\n") : [];
  for (const line of [...words, exitLine(known.exitCode, known.role)]) {
    error(byteName(`${asBytes(line)}\n`));
  }
}
