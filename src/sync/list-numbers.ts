/**
 * Numbers of arriving entries (2-file-list 4.4), and what `-vv` says about duplicates: `removing duplicate name X from file
 * list (N)`.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import type { RunContext } from "./context.ts";
import type { NoticeEvent } from "./events.ts";
import { type Duplicate, type FileList, isDirectory } from "./file-list.ts";

export class ListNumbers {
  private readonly context: RunContext;
  /** Index of the next entry to arrive. */
  private next: number;
  /** Remarks until as much of the list has come as comes at once: the sender's words about it come first. */
  private remarks: NoticeEvent[] = [];
  /** Incremental: those on lists that both processes of rsync's receiving side read, to be repeated by the second. */
  private repeated: NoticeEvent[] = [];
  /** Incremental: the list that arrives is read before that side parts into two: the first, and one after a single entry. */
  private beforeFork = true;
  private lists = 0;
  /** Non-incremental: duplicates of directories whose own list is still to come. */
  private readonly waiting = new Map<ByteName, Duplicate[]>();

  constructor(context: RunContext) {
    this.context = context;
    this.next = context.options.incrementalRecursion ? 1 : 0;
  }

  arrived(list: FileList): void {
    if (this.context.options.debug.dup === 0) return;
    const first = list.path === "." ? (list.owner === undefined ? 0 : 1) : 0;
    if (this.context.options.incrementalRecursion) {
      for (const { entry, position, told } of inOrder(list)) this.report(told ?? entry.path, this.next + position);
      const used = first + list.entries.length + list.duplicates.length;
      this.next += used + 1;
      this.beforeFork = ++this.lists === 1 && used === 1;
      return;
    }
    if (list.slots !== undefined) {
      // Another machine's: the first part has all duplicates, with their places in the whole.
      for (const { entry, position, told } of list.duplicates) this.report(told ?? entry.path, position);
      return;
    }
    if (list.owner !== undefined) this.next++;
    for (const { entry, position } of this.waiting.get(list.path) ?? [])
      this.report(entry.path, isDirectory(entry) ? this.next++ : position);
    this.waiting.delete(list.path);
    const start = this.next;
    const dots = list.duplicates.filter(({ entry }) => entry.path === ".").length;
    let files = list.entries.filter((entry) => !isDirectory(entry)).length + dots;
    const later = new Set(withDirectories(list).flat());
    for (const duplicate of list.duplicates) {
      const { entry } = duplicate;
      const isDir = isDirectory(entry);
      const position = isDir && entry.path !== "." ? duplicate.position : start + duplicate.position - first;
      // One that gives way to a directory is told of when that comes.
      if (later.has(duplicate)) {
        const others = this.waiting.get(entry.path);
        if (others === undefined) this.waiting.set(entry.path, [{ entry, position }]);
        else others.push({ entry, position });
      } else this.report(entry.path, position);
      if (!isDir) files++;
    }
    this.next += files;
  }

  /** The list is complete, or as much of it as comes at once: what was found in it is said now, or again. */
  complete(): void {
    for (const remark of [...this.remarks, ...this.repeated]) this.context.emit(remark);
    this.remarks = [];
    this.repeated = [];
  }

  private report(path: ByteName, index: number): void {
    const text = byteName(`removing duplicate name ${path} from file list (${index})`);
    const remark = { type: "notice", role: "Receiver", code: "duplicate", path, text } as const;
    this.remarks.push(remark);
    if (this.context.options.incrementalRecursion && !this.beforeFork) this.repeated.push(remark);
  }
}

/** The duplicates of each directory of a list: the first file of its name, which gives way to it, and further directories. */
function withDirectories({ entries, duplicates }: FileList): readonly (readonly Duplicate[])[] {
  if (duplicates.length === 0) return [];
  const found = new Map<ByteName, Duplicate[]>();
  for (const entry of entries) if (isDirectory(entry)) found.set(entry.path, []);
  for (const duplicate of duplicates) {
    const { entry } = duplicate;
    const others = found.get(entry.path);
    if (others !== undefined && (isDirectory(entry) || others.length === 0)) others.push(duplicate);
  }
  return [...found.values()];
}

/** The duplicates of a list as they are found. */
function inOrder(list: FileList): readonly Duplicate[] {
  const later = withDirectories(list).flat();
  const taken = new Set(later);
  return [...list.duplicates.filter((duplicate) => !taken.has(duplicate)), ...later];
}
