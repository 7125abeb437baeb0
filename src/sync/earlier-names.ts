/**
 * What a file of the destination had before an earlier one of its names got its extended attributes, where they are not names of
 * one file in the source, or names are not kept together (no `-H`): rsync's generator comes to the next name before its receiver has
 * set them, and tells of them again.
 */
import type { Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry, Xattr } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { type ExistingAttributes, xattrsDiffer } from "./compare.ts";
import type { RunContext } from "./context.ts";

export class EarlierNames {
  private readonly context: RunContext;
  private readonly before = new Map<string, readonly Xattr[]>();

  constructor(context: RunContext) {
    this.context = context;
  }

  /** Whether other attributes were found under an earlier name. */
  hasMet(stat: Stat): boolean {
    return this.before.size > 0 && stat.linkCount > 1 && this.before.has(keyOf(stat));
  }

  /** What rsync takes for the attributes of a file: if they were as they should be then, those of then, and nothing is set. */
  seen(entry: FileEntry, stat: Stat, attributes: ExistingAttributes): ExistingAttributes {
    const before = this.hasMet(stat) ? this.before.get(keyOf(stat)) : undefined;
    if (before === undefined || xattrsDiffer(this.context, entry, before)) return attributes;
    return { ...attributes, xattrs: before };
  }

  /** Item flags with what differed then; remembers what differs now. */
  flags(entry: FileEntry, stat: Stat, { xattrs }: ExistingAttributes, flags: number): number {
    const { options } = this.context;
    if (stat.linkCount < 2 || options.xattrs === 0 || options.dryRun) return flags;
    const key = keyOf(stat);
    const before = this.before.get(key);
    if (before !== undefined) return xattrsDiffer(this.context, entry, before) ? flags | ItemFlag.xattr : flags;
    if ((flags & ItemFlag.xattr) !== 0) this.before.set(key, xattrs);
    return flags;
  }
}

function keyOf(stat: Stat): string {
  return `${stat.deviceMajor}:${stat.deviceMinor}:${stat.inodeHigh}:${stat.inodeLow}`;
}
