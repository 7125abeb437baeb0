/**
 * The log of a server that was given `--log-file` (3-transfer 9.6), by `-M--log-file=FILE` or by whoever lets it be started: what
 * it does itself, in the words of its own side, and at the end what it sent and received.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import type { TsyncError } from "../errors.ts";
import type { ServerCommand } from "../options/parse-server.ts";
import { steadyMilliseconds } from "../steady-time.ts";
import type { Wants } from "../sync/context.ts";
import type { EventSink } from "../sync/events.ts";
import { asBytes } from "../text/escape.ts";
import { errorMessageLines, exitLine } from "../text/exit-text.ts";
import { ownIdentity } from "../text/item-decision.ts";
import { LogFile, type LogSettings, logIgnoredText } from "../text/log-file.ts";
import { createRenderer, type Renderer } from "../text/render.ts";
import { type LogTotals, logTotals } from "../text/summary.ts";

const nothing = (): void => {};

/** The log of one session. */
export class ServerLog {
  readonly sink: EventSink;
  readonly wants: Wants;
  private readonly log: LogFile;
  private readonly isSender: boolean;

  private constructor(log: LogFile, isSender: boolean, renderer: Renderer) {
    this.log = log;
    this.isSender = isSender;
    this.sink = renderer;
    this.wants = renderer.needs;
  }

  /** Opens the log if one was named. `error` hears why it cannot be opened; the session goes on without it. */
  static open(
    { options, settings }: ServerCommand,
    logSettings: LogSettings,
    error: (line: ByteName) => void,
  ): ServerLog | undefined {
    if (options.logFile === undefined) return undefined;
    const log = LogFile.open(options.logFile, logSettings, options.insecureLinks, "server");
    if (!(log instanceof LogFile)) {
      for (const line of [log.text, logIgnoredText]) error(line);
      return undefined;
    }
    // Lists are counted and totals shown for a client's terminal only.
    const info = { ...options.info, flist: 0, stats: 0, progress: 0 };
    const renderer = createRenderer(
      { ...options, info },
      { out: nothing, error: nothing, log: (text) => log.line(text) },
      {
        ...logSettings,
        locale: { utf8: false, decimalComma: false },
        own: ownIdentity(),
        checksumName: options.checksum ? options.listChecksum : options.transferChecksum,
        steadyMilliseconds,
        direction: settings.sender ? "push" : "pull",
        isServer: true,
      },
    );
    return new ServerLog(log, settings.sender, renderer);
  }

  /** The session came to its end. A receiver that failed leaves the totals out, as its last word comes from another process of rsync. */
  finish(totals: LogTotals, exitCode: number): void {
    if (this.isSender || exitCode === 0) this.log.line(byteName(logTotals(totals)));
  }

  /** The session broke. It is written before the client hears of it, who may not wait. */
  fail(error: TsyncError, totals: LogTotals): void {
    for (const line of errorMessageLines(error)) this.log.line(asBytes(line));
    if (this.isSender) this.log.line(byteName(logTotals(totals)));
    this.log.line(byteName(exitLine(error.exitCode, error.role)));
    this.log.flush();
  }

  close(): void {
    this.log.close();
  }

  /** Logs arguments that are wrong; only the log is known of them. */
  static refused(path: ByteName, error: TsyncError, isSender: boolean, logSettings: LogSettings): void {
    const log = LogFile.open(path, logSettings, false, "server");
    if (!(log instanceof LogFile)) return;
    for (const line of errorMessageLines(error)) log.line(asBytes(line));
    if (isSender) log.line(byteName(logTotals({ bytesSent: 0, bytesReceived: 0, totalSize: 0 })));
    log.line(byteName(exitLine(error.exitCode, error.role)));
    log.close();
  }
}
