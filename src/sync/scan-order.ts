/** What a worker needs to go on with the scan of a run: plain data. */
import type { MessagePort } from "node:worker_threads";
import type { FilterProgram } from "../filter/compile-filters.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import type { BuilderState } from "./list-builder.ts";
import type { SourceRoot } from "./source-root.ts";

export interface ScanOrder {
  readonly options: TransferOptions;
  readonly umask: number;
  readonly keepsOrder: boolean | undefined;
  readonly linksAll: boolean | undefined;
  readonly ownAttributes: boolean | undefined;
  readonly program: FilterProgram;
  readonly roots: readonly SourceRoot[];
  readonly state: BuilderState;
  readonly port: MessagePort;
  /** Entries that may be sent before the main thread has taken any (control[1] counts what it took). */
  readonly credit: number;
}
