/**
 * `--json`: every event is one line of JSON on standard output, the summary or the error that stopped the run is the last
 * one. Neither stream has any other text then; what `--out-format` makes of an event is part of it, and a log file is written as always.
 */
import { type ByteName, fromText } from "../bytes/byte-name.ts";
import type { TsyncError } from "../errors.ts";
import type { RunEvent, RunSummary } from "../sync/events.ts";
import { errorToJson, eventToJson, type JsonEvent, startToJson, summaryToJson } from "../sync/json-events.ts";
import { eventLines, withLine } from "../text/item-lines.ts";
import type { Renderer } from "../text/render.ts";
import type { RenderSettings } from "../text/render-context.ts";
import type { RenderOptions } from "../text/render-options.ts";
import type { LogTotals } from "../text/summary.ts";

/** Makes a renderer of lines of JSON; `log` is told everything too, for the log file, and must not print. */
export function createJsonRenderer(
  options: RenderOptions,
  out: (text: ByteName) => void,
  log: Renderer | undefined,
  settings: RenderSettings,
): Renderer {
  const { quiet, itemize, info } = options;
  const lines = eventLines(options, settings);
  const print = (event: JsonEvent): void => out(jsonLine(event));
  print(startToJson());
  const event = (event: RunEvent): void => {
    log?.(event);
    if (!quiet || event.type === "problem" || event.type === "withheld")
      print(eventToJson(lines === undefined ? event : withLine(lines, event)));
  };
  return Object.assign(event, {
    needs: {
      items: true,
      transferred: log?.needs.transferred === true || lines?.needs.transferred === true,
      digest: log?.needs.digest === true || lines?.needs.digest === true,
      progress: info.progress > 0 && !quiet,
      unchanged: itemize > 1 || info.name > 1,
    },
    finish: (summary: RunSummary | undefined, fatal?: TsyncError, broken?: LogTotals): void => {
      log?.finish(summary, fatal, broken);
      if (fatal !== undefined) print(errorToJson(fatal));
      else if (summary !== undefined) print(summaryToJson(summary));
    },
  });
}

/** What is printed of a command line that is wrong. */
export function jsonUsageLines(error: TsyncError): ByteName {
  return (jsonLine(startToJson()) + jsonLine(errorToJson(error))) as ByteName;
}

/** Whether a command line that cannot be parsed asks for JSON. */
export function asksForJson(args: readonly ByteName[]): boolean {
  const end = args.indexOf("--" as ByteName);
  return (end < 0 ? args : args.slice(0, end)).includes("--json" as ByteName);
}

function jsonLine(event: JsonEvent): ByteName {
  return fromText(`${JSON.stringify(event)}\n`);
}
