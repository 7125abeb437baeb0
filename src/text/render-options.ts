/** Which options the text of a run depends on (3-transfer 9). */
import type { ChecksumName } from "../delta/checksum.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import type { ListStartEvent } from "../sync/events.ts";

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
  | "fakeSuper"
>;

/** What the renderer wants to be told; a run may leave out events that nobody needs. */
export interface RenderNeeds {
  /** `item` events of what changes, and what was deleted at the other end. */
  readonly items: boolean;
  /** `transferred` events. */
  readonly transferred: boolean;
  /** Digests in them. */
  readonly digest: boolean;
  readonly progress: boolean;
  /** `item` events of unchanged entries. */
  readonly unchanged: boolean;
}

/** What the text of a run depends on that only the session tells. */
export interface SessionTraits {
  /** Items do not go to the sender and back. */
  readonly isAlone: boolean;
  /** Digests are not of the data alone. */
  readonly isOld: boolean;
  readonly checksumName?: ChecksumName | undefined;
}

/** Those of a session whose list begins; a local run has none. */
export function sessionTraits({ receiving, protocol, checksumName }: ListStartEvent): SessionTraits {
  const isAlone = receiving === true && (protocol ?? 29) < 29;
  return { isAlone, isOld: protocol !== undefined && checksumName === undefined, checksumName };
}
