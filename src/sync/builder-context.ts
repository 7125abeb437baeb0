/** What the parts of the sender's scan share in their thread. */
import type { Syscalls } from "../fs/syscalls/interface.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import type { FilterStack } from "./filter-stack.ts";
import type { SourceRoots } from "./source-root.ts";

/** What a builder works with in its thread. */
export interface BuilderContext {
  readonly options: TransferOptions;
  readonly umask: number;
  readonly syscalls: Syscalls;
  readonly roots: SourceRoots;
  readonly filters: FilterStack;
  /** The rules for what arguments name, where those before them count; undefined: `filters`. */
  readonly argumentFilters?: FilterStack | undefined;
  /** Lists tell in which order they were scanned. */
  readonly keepsOrder?: boolean | undefined;
  /** Protocol 27 says of every regular file which one it is: one that is listed twice is linked too (2-file-list 3.7). */
  readonly linksAll?: boolean | undefined;
  /** Before protocol 30 each name of an object has attributes of its own in the list, not those of the first. */
  readonly ownAttributes?: boolean | undefined;
}
