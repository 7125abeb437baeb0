/**
 * What a run of the library tells as text, made as the command makes it: the log of `logFile`, and the lines that `outFormat` gives events
 * (3-transfer 9.6). Neither the terminal nor the environment's variables of rsync are asked, only the time zone and the locale.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { stoppedError, type TsyncError } from "../errors.ts";
import { hasLocale } from "../fs/syscalls/installed-locale.ts";
import { openUtcOffset } from "../fs/syscalls/local-time.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import { steadyMilliseconds } from "../steady-time.ts";
import type { Wants } from "../sync/context.ts";
import type { EventSink, RunSummary } from "../sync/events.ts";
import { ClockText } from "../text/clock-text.ts";
import { ownIdentity } from "../text/item-decision.ts";
import { eventLines, type ItemLines, withLine } from "../text/item-lines.ts";
import { readLocale } from "../text/locale.ts";
import { LogFile } from "../text/log-file.ts";
import { createRenderer, type Renderer } from "../text/render.ts";
import type { LogTotals } from "../text/summary.ts";

/** What the text of a run depends on besides its options. */
export interface TextRequest {
  readonly options: TransferOptions;
  readonly direction: "push" | "pull" | undefined;
  readonly onlyBatch: boolean;
  readonly syscalls: "koffi" | "plain" | undefined;
  readonly signal: AbortSignal;
  /** Where events go. */
  readonly emit: EventSink;
}

const nothing = (): void => {};

/** The text of one run. */
export class RunText {
  private readonly request: TextRequest;
  private readonly lines: ItemLines | undefined;
  private readonly log: LogFile | undefined;
  private readonly renderer: Renderer | undefined;
  private logging = true;

  /** Opens the log; that it cannot be opened is told as a warning. */
  constructor(request: TextRequest) {
    this.request = request;
    const { options, direction, onlyBatch, emit } = request;
    const clock = new ClockText(openUtcOffset(request.syscalls === "plain" ? "plain" : undefined));
    const logSettings = { pid: process.pid, clock, now: () => Math.floor(Date.now() / 1000) };
    const settings = {
      ...logSettings,
      locale: readLocale(process.env, (name) => hasLocale(name, request.syscalls)),
      own: ownIdentity(),
      checksumName: options.checksum ? options.listChecksum : options.transferChecksum,
      steadyMilliseconds,
      direction,
      onlyBatch,
    };
    this.lines = eventLines(options, settings);
    if (options.logFile === undefined) return;
    const log = LogFile.open(options.logFile, logSettings, options.insecureLinks);
    if (!(log instanceof LogFile)) {
      const about = { path: options.logFile, errno: log.errno };
      emit({ type: "problem", severity: "warning", role: "client", text: log.text, ...about });
      return;
    }
    this.log = log;
    const write = (line: ByteName, open?: boolean): void => {
      if (this.logging) log.line(line, open);
    };
    this.renderer = createRenderer(options, { out: nothing, error: nothing, log: write }, settings);
  }

  /** What it needs to be told of. */
  get needs(): Pick<Wants, "transferred" | "digest" | "unchanged"> {
    const [lines, log] = [this.lines?.needs, this.renderer?.needs];
    return {
      transferred: lines?.transferred === true || log?.transferred === true,
      digest: lines?.digest === true || log?.digest === true,
      unchanged: lines?.unchanged === true || log?.unchanged === true,
    };
  }

  /** Logs an event and hands it on with its line. */
  readonly emit: EventSink = (event) => {
    this.renderer?.(event);
    this.request.emit(this.lines === undefined ? event : withLine(this.lines, event));
  };

  /** Ends the log of a run that came to its end. */
  finish(summary: RunSummary): void {
    this.renderer?.finish(summary);
    this.log?.close();
  }

  /** Ends the log of a run that broke; `totals`: how far it came. */
  fail(error: TsyncError, totals: LogTotals | undefined): void {
    const { signal } = this.request;
    const role = error.kind === "signal" && error.role !== "client" ? error.role : "sender";
    if (error.unlogged) this.logging = false;
    this.renderer?.finish(undefined, signal.aborted ? stoppedError(signal, role) : error, totals);
    this.log?.close();
  }
}
