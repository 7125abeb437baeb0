/** Turns the events of a run into rsync's text (3-transfer 9). It writes to the functions it is given and decides no exit codes. */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { assertNever, type Role, type TsyncError } from "../errors.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import type {
  DeleteEvent,
  DeletionCountEvent,
  EventSink,
  ItemEvent,
  ListDoneEvent,
  ListStartEvent,
  NoticeEvent,
  RunEvent,
  RunSummary,
  TransferredEvent,
} from "../sync/events.ts";
import { isNoticeShown } from "../sync/notice-levels.ts";
import type { ClockText } from "./clock-text.ts";
import { asBytes, escapeForTerminal, type HighBytes } from "./escape.ts";
import { errorMessageLines, exitLine, lastLines } from "./exit-text.ts";
import type { ReportRules } from "./item-decision.ts";
import { ItemLines } from "./item-lines.ts";
import { blankedCount, deletionCounts, filesToConsider, listCount, receivedCounts } from "./list-counts.ts";
import { listLine } from "./list-line.ts";
import { LogOrder } from "./log-order.ts";
import { type NumberStyle, numberStyle } from "./numbers.ts";
import { Progress } from "./progress.ts";
import type { RenderSettings } from "./render-context.ts";
import type { RenderNeeds, RenderOptions } from "./render-options.ts";
import { type LogTotals, logTotals, statisticsLines, summaryLines } from "./summary.ts";

/** Where the text goes. `log` takes an unescaped line without its newline, or the `open` beginning of one; the others finished bytes. */
export interface RenderOutput {
  out(text: ByteName): void;
  error(text: ByteName): void;
  log?(text: ByteName, open?: boolean): void;
}

/** An event sink that prints; `finish` is called once, at the end. */
export type Renderer = EventSink & {
  readonly needs: RenderNeeds;
  /** Prints the end. `fatal`: the error that stopped the run, `broken`: how far it came. */
  finish(summary: RunSummary | undefined, fatal?: TsyncError, broken?: LogTotals): void;
};

/** Makes the renderer of one run. */
export function createRenderer(options: RenderOptions, output: RenderOutput, settings: RenderSettings): Renderer {
  const run = new RunRenderer(options, output, settings);
  return Object.assign((event: RunEvent): void => run.event(event), {
    needs: run.needs,
    finish: (...end: Parameters<Renderer["finish"]>): void => run.finish(...end),
  });
}

class RunRenderer {
  readonly needs: RenderNeeds;
  private readonly options: RenderOptions;
  /** Whose words the last line of a run is. */
  private readonly ownRole: Role;
  private readonly isRemote: boolean;
  private readonly output: RenderOutput;
  private readonly highBytes: HighBytes;
  private readonly style: NumberStyle;
  private readonly clock: ClockText;
  private readonly rules: ReportRules;
  private readonly lines: ItemLines;
  private readonly progress: Progress | undefined;
  /** Within one machine each file that is named comes to its end. */
  private readonly logOrder: LogOrder | undefined;
  private guardHolds = false;
  private receiverFailed = false;
  /** A line without its newline stands on the terminal; the next text ends it first. */
  private lineOpen = false;
  /** The header of a complete list waits for its `done`. */
  private header: "none" | "open" | "broken" | "counted" = "none";

  constructor(options: RenderOptions, output: RenderOutput, settings: RenderSettings) {
    this.options = options;
    this.ownRole = settings.direction === "pull" ? "generator" : "sender";
    this.isRemote = settings.direction !== undefined;
    this.output = output;
    this.highBytes = options.eightBitOutput ? "raw" : settings.locale.utf8 ? "utf8" : "escaped";
    this.style = numberStyle(options.humanReadable, settings.locale);
    this.clock = settings.clock;
    this.lines = new ItemLines(options, settings, output.log !== undefined);
    this.rules = this.lines.rules;
    const isOrdered = output.log !== undefined && !this.isRemote && !this.rules.dryRun;
    this.logOrder = isOrdered ? new LogOrder((line) => output.log?.(line)) : undefined;
    const showProgress = options.info.progress >= 1 && !options.quiet;
    const clock = (): number => settings.steadyMilliseconds();
    this.progress = showProgress ? new Progress(options.info.progress, this.style, clock) : undefined;
    const { format, logFormat } = this.lines;
    const items = format !== undefined || logFormat !== undefined || options.info.del >= 1;
    this.needs = { ...this.lines.needs, items, progress: showProgress };
  }

  event(event: RunEvent): void {
    switch (event.type) {
      case "list-start":
        this.listStart(event);
        break;
      case "list-count":
        this.listCounts(listCount(event.count));
        break;
      case "list-done":
        this.listDone(event);
        break;
      case "deletion-count":
        this.deletionCount(event);
        break;
      case "listed": {
        const { links, atimes } = this.options;
        // The receiving side lists: within one machine the log does not have the lines either with -q.
        if (!this.options.quiet || this.isRemote) {
          this.tell("Receiver", listLine(event.entry, links, this.style, this.clock, atimes));
        }
        break;
      }
      case "created-directory":
        if (this.tellsOfDestination()) this.tell("Receiver", byteName(`created directory ${event.path}`));
        break;
      case "item":
        this.item(event);
        break;
      case "transferred":
      case "delete":
        this.itemLines(event);
        break;
      case "withheld":
        this.guardHolds = true;
        if (!this.options.listOnly) this.line(byteName(`not deleting ${event.path}${event.directory ? "/" : ""}`));
        break;
      case "notice":
        if (isNoticeShown(event.code, this.options, this.rules.itemizing)) this.notice(event);
        break;
      case "problem":
        this.errorLine(event.text, event.role, event.fromPeer);
        this.receiverFailed ||= event.role === "receiver" && event.severity === "error";
        break;
      case "progress":
        this.progressText(this.progress?.file(event));
        break;
      case "phase":
        this.progressText(this.progress?.phase(event));
        break;
      default:
        assertNever(event);
    }
  }

  finish(summary: RunSummary | undefined, fatal?: TsyncError, broken?: LogTotals): void {
    this.logOrder?.flush();
    if (fatal !== undefined) this.finishFatal(summary ?? broken, fatal);
    else if (summary !== undefined) this.finishNormally(summary);
  }

  private finishNormally(summary: RunSummary): void {
    const { stats } = this.options.info;
    // Of --delete-missing-args alone the count is not sent to the side that prints it.
    const deletedKnown = this.options.deleteTiming !== "none" || this.options.force;
    if (stats >= 2) this.block(statisticsLines(summary, this.style, deletedKnown));
    if (stats >= 1) this.block(summaryLines(summary, this.style));
    const failed = summary.exitCode !== 0;
    // Where a client sends, rsync's last word on an error comes from another process than the totals.
    if (failed ? this.ownRole === "sender" : stats < 1) {
      this.output.log?.(byteName(logTotals({ ...summary, ...summary.ownTotals })));
    }
    // The generator starts when there is something to do.
    const isEmpty = Object.values(summary.files).every((count) => count === 0);
    const role = this.ownRole === "generator" && isEmpty ? "Receiver" : this.ownRole;
    if (!failed) return;
    const receiverFailed = this.receiverFailed && this.options.allToStandardError && !this.isRemote;
    for (const [teller, line] of lastLines(summary.exitCode, role, this.guardHolds, receiverFailed))
      this.errorLine(byteName(line), teller);
  }

  private finishFatal(summary: LogTotals | undefined, fatal: TsyncError): void {
    // A signal's words follow an open line as they are.
    if (fatal.kind === "signal") this.lineOpen = false;
    // The other side has ended the session, and has told why. rsync repeats that only where a log has it waiting.
    const repeats = summary !== undefined && this.output.log !== undefined && this.options.info.stats === 0;
    if (fatal.kind === "protocol" && fatal.message === "" && !repeats) return;
    for (const line of errorMessageLines(fatal)) this.errorLine(asBytes(line), fatal.role);
    const ours = this.isOfThisSide(fatal.role);
    if (summary !== undefined) this.output.log?.(byteName(logTotals(summary)));
    this.errorLine(byteName(exitLine(fatal.exitCode, fatal.role)), fatal.role);
    if (ours || this.output.log === undefined || this.options.info.stats > 0) return;
    // The `sent` line of a log keeps the client alive long enough to tell of the receiving side's end itself.
    if (summary === undefined) this.output.log(byteName(logTotals({ bytesSent: 0, bytesReceived: 0, totalSize: 0 })));
    this.errorLine(byteName(exitLine(fatal.exitCode, "sender")), "sender");
  }

  private listStart(event: ListStartEvent): void {
    const receiving = event.receiving === true;
    this.lines.begin(event);
    this.output.log?.(byteName(receiving ? "receiving file list" : "building file list"));
    const { info, recursive, directories } = this.options;
    if (info.flist < 1 || !(recursive || directories)) return;
    if (event.incremental) {
      this.outLine(byteName(`${receiving ? "receiving" : "sending"} incremental file list`));
      return;
    }
    this.header = "open";
    this.out(`${receiving ? "receiving" : "building"} file list ... `);
    this.lineOpen = true;
  }

  private listDone(event: ListDoneEvent): void {
    if (this.header === "none") return;
    const counts = this.options.info.flist >= 2;
    if (counts && this.ownRole === "generator") this.listCounts(receivedCounts(event.count));
    this.lineOpen = false;
    const last = counts ? filesToConsider(event.count) : "done";
    this.out(`${last}\n`);
    this.output.log?.(byteName(last));
    this.header = "none";
  }

  /** The first of them ends the line of the header, unless an error has done so. */
  private listCounts(text: string): void {
    if (this.header === "none" || text === "") return;
    this.out(`${this.header === "open" ? "\n" : ""}${text}`);
    this.header = "counted";
    this.lineOpen = true;
  }

  /** Without `--progress` rsync does not add up what it has seen in other directories. */
  private deletionCount({ before, count, complete }: DeletionCountEvent): void {
    if (complete) {
      this.endOpenLine((newline) => this.out(newline));
      this.out(`${blankedCount}\r`);
      this.output.log?.(byteName(blankedCount), true);
      return;
    }
    const counts = deletionCounts(this.progress === undefined ? 0 : before, count);
    this.out(counts);
    if (counts !== "") this.lineOpen = true;
  }

  private item(event: ItemEvent): void {
    const { info } = this.options;
    const told = this.itemLines(event);
    const isTransfer = (event.flags & ItemFlag.transfer) !== 0;
    if (told || !isTransfer || info.progress !== 1 || info.name < 1 || this.lines.format === undefined) return;
    // The format's line comes after the data: the name stands before its progress. A sender keeps it out of the log.
    if (this.ownRole === "generator") this.line(event.path);
    else this.outLine(event.path);
  }

  /** Whether standard output has a line of it. */
  private itemLines(event: ItemEvent | TransferredEvent | DeleteEvent): boolean {
    const line = this.lines.output(event);
    if (line !== undefined) this.outLine(line);
    this.logItem(event);
    return line !== undefined;
  }

  private logItem(event: ItemEvent | TransferredEvent | DeleteEvent): void {
    const lines = this.lines.log(event);
    if (this.logOrder === undefined || event.type === "delete") {
      for (const line of lines) this.output.log?.(line);
    } else if (event.type === "transferred") this.logOrder.add(event.item, lines);
    else if ((event.flags & ItemFlag.transfer) !== 0) this.logOrder.expect(event);
    else this.logOrder.add(event, lines);
  }

  private progressText(text: string | undefined): void {
    if (text === undefined) return;
    this.output.out(byteName(text));
    this.lineOpen = !text.endsWith("\n");
  }

  /** The log gets no empty line. */
  private block(lines: readonly string[]): void {
    this.outLine(byteName(""));
    for (const line of lines) this.line(byteName(line));
  }

  /** Under `-q` the receiving side says nothing, so that its remarks do not reach the log either; but a server has no `-q`. */
  private notice({ role, code, text }: NoticeEvent): void {
    // The log of a session begins when the connection is there, and the generator of a client does not log this.
    const isOut =
      role === "client"
        ? code === "other" || code === "command"
        : code === "up-to-date" && this.ownRole === "generator";
    const isTold = this.isRemote ? this.isOurs(role) : this.isOfThisSide(role);
    // A command is told of before the locale is known.
    if (isOut) this.outLine(text, code === "command" && this.highBytes !== "raw" ? "escaped" : this.highBytes);
    else if (!this.options.quiet || isTold) this.tell(role, text);
  }

  /** A remark of one side. With `--stderr=all` the receiving side, a server that knows no locale, writes it past the log. */
  private tell(role: Role, text: ByteName): void {
    if (this.isOurs(role) || !this.options.allToStandardError) this.line(text);
    else this.outLine(text, this.highBytes === "raw" ? "raw" : "escaped");
  }

  /** A line for standard output and log. */
  private line(text: ByteName): void {
    this.outLine(text);
    this.output.log?.(text);
  }

  private outLine(text: ByteName, highBytes = this.highBytes): void {
    if (this.options.quiet) return;
    this.endOpenLine((newline) => this.out(newline));
    this.out(`${escapeForTerminal(text, highBytes)}\n`);
  }

  /** A line for standard error; the log has those that the client's own side wrote, or was sent as messages. */
  private errorLine(text: ByteName, role: Role, isMessage = false): void {
    const ours = this.isOurs(role);
    // Another process does not know of an open line.
    if (ours || isMessage) this.endOpenLine((newline) => this.output.error(byteName(newline)));
    // The receiving side is a server, which knows no locale; its messages are shown by whom they reach.
    const highBytes = ours || isMessage || this.highBytes === "raw" ? this.highBytes : "escaped";
    this.output.error(byteName(`${escapeForTerminal(text, highBytes)}\n`));
    if (ours || isMessage) this.output.log?.(text);
  }

  /** Whether the process that was started here has the words of this role, be it from another one (`--stderr=client`). */
  private isOurs(role: Role): boolean {
    return this.options.clientTells || this.isOfThisSide(role);
  }

  /** Under `-q` only the log hears of a new destination, and only where its line is made in or comes to this process. */
  private tellsOfDestination(): boolean {
    const { info, quiet } = this.options;
    return (info.name >= 1 || this.rules.itemizing) && (!quiet || (this.isRemote && this.isOurs("Receiver")));
  }

  private isOfThisSide(role: Role): boolean {
    return role === "client" || (role === "sender") === (this.ownRole === "sender");
  }

  private endOpenLine(write: (newline: string) => void): void {
    if (!this.lineOpen) return;
    this.lineOpen = false;
    if (this.header === "open") this.header = "broken";
    if (!this.options.quiet) write("\n");
  }

  private out(text: string): void {
    if (!this.options.quiet) this.output.out(byteName(text));
  }
}
