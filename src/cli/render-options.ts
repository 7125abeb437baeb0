/** Which options the text of a run depends on (3-transfer 9). */
import type { TransferOptions } from "../options/transfer-options.ts";

/** The options that the text depends on. */
export type RenderOptions = Pick<
  TransferOptions,
  | "quiet"
  | "info"
  | "debug"
  | "itemize"
  | "outFormat"
  | "logFileFormat"
  | "humanReadable"
  | "eightBitOutput"
  | "listOnly"
  | "recursive"
  | "directories"
  | "filesFrom"
  | "links"
  | "times"
  | "omitDirectoryTimes"
  | "permissions"
  | "atimes"
  | "owner"
  | "group"
  | "dryRun"
  | "deleteTiming"
  | "force"
  | "allToStandardError"
  | "clientTells"
>;
