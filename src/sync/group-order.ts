/**
 * Which groups an ordinary user is taken to be able to give under `-H` (2-file-list 5.3): rsync notes that where a group travels. An
 * entry with the group of the one before it, and a further name of a file, which travels without attributes, have what was noted last.
 */
import type { FileEntry } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import { type FileList, isDirectory, slotsOf } from "./file-list.ts";
import { inScanOrder } from "./sent-order.ts";

/** Whether the groups of a run are given in the order of its lists, which must tell theirs: one that travels as a whole is gone through at its end. */
export function followsListOrder({ options, identity }: Pick<RunContext, "options" | "identity">): boolean {
  return options.hardLinks && options.group && options.incrementalRecursion && !identity.privileged;
}

export class GroupOrder {
  private readonly context: RunContext;
  private group: number | undefined;
  private isOurs = false;
  /** The list in which each linked file came first. */
  private readonly firstIn = new Map<number, number>();
  private lists = 0;

  constructor(context: RunContext) {
    this.context = context;
  }

  /** Goes through the next list. */
  arrived(list: FileList): void {
    this.lists++;
    for (const entry of inScanOrder(list, slotsOf(list))) this.take(entry);
  }

  private take(entry: FileEntry): void {
    const { identity, ids, groupOrder } = this.context;
    const isReally = identity.groups.has(ids.group(entry.gid));
    if (!this.isShort(entry) && entry.gid !== this.group) this.isOurs = isReally;
    this.group = entry.gid;
    if (this.isOurs !== isReally) groupOrder?.set(entry, this.isOurs);
  }

  /** Whether an entry travels without attributes: those of another name in the same list count. */
  private isShort(entry: FileEntry): boolean {
    if (entry.linkGroup < 0 || isDirectory(entry)) return false;
    const first = this.firstIn.get(entry.linkGroup);
    if (first === undefined) this.firstIn.set(entry.linkGroup, this.lists);
    return first === this.lists;
  }
}
