/**
 * The lines that items, transfers and deletions have: one on standard output, in the form of `--out-format`, and those of the log, in the form
 * of `--log-file-format` (3-transfer 9.6). Not escaped, without their newlines.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import type { DeleteEvent, ItemEvent, ListStartEvent, RunEvent, TransferredEvent } from "../sync/events.ts";
import { type ReportRules, receiverLog, reportItem, reportRules } from "./item-decision.ts";
import { type FormatContext, type OutFormat, parseOutFormat, renderDelete, renderItem } from "./out-format.ts";
import { formatContext, type RenderSettings } from "./render-context.ts";
import { type RenderNeeds, type RenderOptions, type SessionTraits, sessionTraits } from "./render-options.ts";

const namesFormat = byteName("%n%L");
const logFormat = byteName("%i %n%L");
const bareName = parseOutFormat(namesFormat);
const none: readonly ByteName[] = [];

export class ItemLines {
  readonly rules: ReportRules;
  /** Undefined: no names are printed. */
  readonly format: OutFormat | undefined;
  /** Undefined: there is no log. */
  readonly logFormat: OutFormat | undefined;
  private readonly options: RenderOptions;
  private readonly context: FormatContext;
  private readonly receives: boolean;
  /** An empty format keeps items out of the log, but not deletions. */
  private readonly logsItems: boolean;
  private readonly logsTransfers: boolean;
  private readonly logsDeletions: boolean;
  private session: SessionTraits = { isAlone: false, isOld: false };

  constructor(options: RenderOptions, settings: RenderSettings, hasLog: boolean) {
    this.options = options;
    this.receives = settings.direction === "pull";
    const format = options.outFormat ?? (options.info.name >= 1 ? namesFormat : undefined);
    this.format = format === undefined || options.listOnly ? undefined : parseOutFormat(format);
    this.logFormat = hasLog ? parseOutFormat(options.logFileFormat ?? logFormat) : undefined;
    this.logsItems = options.logFileFormat !== "";
    const { onlyBatch = false } = settings;
    this.logsTransfers = this.logsItems && !options.dryRun && !(onlyBatch && this.receives);
    this.logsDeletions = !options.dryRun && !onlyBatch;
    this.context = formatContext(options, settings, () => this.session);
    this.rules = reportRules(options, this.format, this.logFormat, settings);
  }

  /** What they are made of. */
  get needs(): Pick<RenderNeeds, "transferred" | "digest" | "unchanged"> {
    const { format, logFormat, rules } = this;
    return {
      transferred: !rules.dryRun && (logFormat !== undefined || (format?.needsTransferData ?? false)),
      digest: (format?.needsDigest ?? false) || (logFormat?.needsDigest ?? false),
      unchanged: rules.itemizing && (rules.itemizeAll || rules.namesAll),
    };
  }

  /** The list begins: what the session is like is known. */
  begin(event: ListStartEvent): void {
    this.session = sessionTraits(event);
  }

  /** The line on standard output; undefined: none, or none yet. */
  output(event: ItemEvent | TransferredEvent | DeleteEvent): ByteName | undefined {
    const { format, context } = this;
    const { dryRun, outFormat, info, listOnly } = this.options;
    if (event.type === "delete") {
      const isTold = (outFormat !== undefined || info.del >= 1 || info.name >= 1) && !listOnly;
      return isTold ? renderDelete(format, event, context) : undefined;
    }
    if (format === undefined) return undefined;
    const isLate = format.needsTransferData && !dryRun;
    if (event.type === "transferred") return isLate ? renderItem(format, event.item, event, false, context) : undefined;
    const { flags, entry, linkedTo } = event;
    if ((flags & ItemFlag.transfer) !== 0) {
      return isLate ? undefined : renderItem(format, event, undefined, dryRun, context);
    }
    // A generator that is alone knows no format without %i.
    if (this.session.isAlone && !this.rules.itemizing) {
      return this.receiverLog(event).name ? renderItem(bareName, event, undefined, dryRun, context) : undefined;
    }
    const isTold = reportItem(flags, entry, linkedTo, this.rules).output === "line";
    return isTold ? renderItem(format, event, undefined, dryRun, context) : undefined;
  }

  /** The lines in the log. */
  log(event: ItemEvent | TransferredEvent | DeleteEvent): readonly ByteName[] {
    const { logFormat: format, context } = this;
    const { dryRun } = this.options;
    if (format === undefined) return none;
    if (event.type === "delete") return this.logsDeletions ? [renderDelete(format, event, context)] : none;
    if (event.type === "transferred") {
      return this.logsTransfers ? [renderItem(format, event.item, event, false, context)] : none;
    }
    if ((event.flags & ItemFlag.transfer) !== 0) return none;
    const { line, name } = this.receives
      ? this.receiverLog(event)
      : { line: reportItem(event.flags, event.entry, event.linkedTo, this.rules).log === "line", name: false };
    const lines: ByteName[] = [];
    if (name) lines.push(renderItem(bareName, event, undefined, dryRun, context));
    if (line && this.logsItems) lines.push(renderItem(format, event, undefined, dryRun, context));
    return lines;
  }

  private receiverLog({ flags, entry, linkedTo, isChanged }: ItemEvent): ReturnType<typeof receiverLog> {
    return receiverLog(flags, entry, linkedTo, this.rules, this.session.isAlone, isChanged);
  }
}

/** The lines for those who take events in place of text; undefined: no format was given. */
export function eventLines(options: RenderOptions, settings: RenderSettings): ItemLines | undefined {
  return options.outFormat === undefined || options.quiet ? undefined : new ItemLines(options, settings, false);
}

/** The event with its line on standard output, if it has one. */
export function withLine(lines: ItemLines, event: RunEvent): RunEvent {
  if (event.type === "list-start") lines.begin(event);
  if (event.type !== "item" && event.type !== "transferred" && event.type !== "delete") return event;
  const line = lines.output(event);
  return line === undefined ? event : { ...event, line };
}
