/** The two summary lines of `-v` and the block of `--stats` (3-transfer 9.7). */
import { protocolMax } from "../protocol/wire-context.ts";
import type { KindCounts, RunSummary } from "../sync/events.ts";
import { countDecimal, countNumber, humanDecimal, humanNumber, type NumberStyle } from "./numbers.ts";

/** `sent ... received ...` and `total size is ...`, without newlines. */
export function summaryLines(summary: RunSummary, style: NumberStyle): string[] {
  const moved = summary.bytesSent + summary.bytesReceived;
  const rate = moved / (0.5 + Math.floor(summary.elapsedSeconds));
  const speedup = moved === 0 ? 0 : summary.totalSize / moved;
  const sent = humanNumber(summary.bytesSent, style);
  const received = humanNumber(summary.bytesReceived, style);
  const size = humanNumber(summary.totalSize, style);
  const dry = summary.batchOnly === true ? " (BATCH ONLY)" : summary.dryRun ? " (DRY RUN)" : "";
  return [
    `sent ${sent} bytes  received ${received} bytes  ${humanDecimal(rate, 2, style)} bytes/sec`,
    `total size is ${size}  speedup is ${countDecimal(speedup, 2, style)}${dry}`,
  ];
}

/** The lines of `--stats`, without the blank line before them. Without `deletedKnown` no deletions are told. */
export function statisticsLines(summary: RunSummary, style: NumberStyle, deletedKnown: boolean): string[] {
  const bytes = (value: number): string => `${humanNumber(value, style)} bytes`;
  const { protocol = protocolMax } = summary;
  const seconds = (value: number): string => `${countDecimal(value, 3, style)} seconds`;
  const lines = [
    `Number of files: ${kinds(summary.files, style)}`,
    // What old peers do not tell is not shown.
    ...(protocol < 29 ? [] : [`Number of created files: ${kinds(summary.created, style)}`]),
    ...(protocol < 31 ? [] : [`Number of deleted files: ${deletedKnown ? kinds(summary.deleted, style) : "0"}`]),
    `Number of regular files transferred: ${countNumber(summary.transferredFiles, style)}`,
    `Total file size: ${bytes(summary.totalSize)}`,
    `Total transferred file size: ${bytes(summary.transferredSize)}`,
    `Literal data: ${bytes(summary.literalBytes)}`,
    `Matched data: ${bytes(summary.matchedBytes)}`,
    `File list size: ${humanNumber(summary.listBytes ?? 0, style)}`,
  ];
  if (summary.listBuildSeconds > 0) {
    lines.push(
      `File list generation time: ${seconds(summary.listBuildSeconds)}`,
      `File list transfer time: ${seconds(0)}`,
    );
  }
  lines.push(
    `Total bytes sent: ${humanNumber(summary.bytesSent, style)}`,
    `Total bytes received: ${humanNumber(summary.bytesReceived, style)}`,
  );
  return lines;
}

/** What the last line of a log tells. */
export type LogTotals = Pick<RunSummary, "bytesSent" | "bytesReceived" | "totalSize">;

/** The last line of a log file when no summary was asked for: plain digits. */
export function logTotals(summary: LogTotals): string {
  return `sent ${summary.bytesSent} bytes  received ${summary.bytesReceived} bytes  total size ${summary.totalSize}`;
}

function kinds(counts: KindCounts, style: NumberStyle): string {
  const parts: readonly (readonly [string, number])[] = [
    ["reg", counts.regular],
    ["dir", counts.directories],
    ["link", counts.links],
    ["dev", counts.devices],
    ["special", counts.specials],
  ];
  const total = parts.reduce((sum, [, count]) => sum + count, 0);
  const shown = parts.filter(([, count]) => count > 0).map(([name, count]) => `${name}: ${countNumber(count, style)}`);
  return total === 0 ? countNumber(0, style) : `${countNumber(total, style)} (${shown.join(", ")})`;
}
