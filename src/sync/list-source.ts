/** Where the generator gets the file lists from: the scan of a local run, or another machine (2-file-list 4.6). */
import type { FileList } from "./file-list.ts";

export interface ListSource {
  /** Whether every list has arrived. */
  readonly allArrived: boolean;
  /** Makes sure that at least `entries` entries wait, or all lists have arrived. */
  fill(entries: number): Promise<void> | undefined;
  /** The lists that wait. */
  peek(): readonly FileList[];
  /** Puts other lists in place of those that wait; all must have arrived. */
  replace(lists: readonly FileList[]): void;
  /** The next list, if one has arrived. */
  take(): FileList | undefined;
}
