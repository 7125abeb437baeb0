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
  | "chmod"
  | "atimes"
  | "owner"
  | "group"
  | "dryRun"
  | "deleteTiming"
  | "force"
  | "allToStandardError"
  | "clientTells"
>;

/** What the renderer wants to be told; a run may leave out events that nobody needs. */
export interface RenderNeeds {
  /** `transferred` events. */
  readonly transferred: boolean;
  /** Digests in them. */
  readonly digest: boolean;
  readonly progress: boolean;
  /** `item` events of unchanged entries. */
  readonly unchanged: boolean;
}
