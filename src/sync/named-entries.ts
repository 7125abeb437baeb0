/**
 * What arguments put into the lists of directories besides what a scan finds there: themselves and the parents that `--relative`
 * implies (2-file-list 4.6, 9.2). The order in which a list comes together decides which of equal names is the one that is sent.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { EntryFlag, type FileEntry } from "../protocol/file-entry.ts";
import type { RunEvent } from "./events.ts";
import { isDirectory } from "./file-list.ts";

/** An entry that an argument put where it is. */
export interface NamedEntry {
  readonly entry: FileEntry;
  /** Number of the argument. */
  readonly rank: number;
  /** The implied directory that it hangs on; undefined in the first list. */
  readonly host: FileEntry | undefined;
  /** What is told of it when it is listed. */
  readonly remark?: RunEvent | undefined;
}

/** One step on the way to a list: a directory is scanned, if it has content, or an entry of an argument is taken. */
export type ListStep =
  | { readonly kind: "source"; readonly source: FileEntry; readonly rank: number }
  | (Omit<NamedEntry, "host"> & { readonly kind: "named" });

/** What is still to be taken, as plain data. */
export interface NamedState {
  readonly named: readonly (readonly [ByteName, readonly NamedEntry[]])[];
  readonly ranks: readonly (readonly [FileEntry, number])[];
}

export class NamedEntries {
  private readonly incremental: boolean;
  private readonly named: Map<ByteName, NamedEntry[]>;
  /** Numbers of the arguments that directories of pending lists come from, without incremental recursion; those not in here: 0. */
  private readonly ranks: Map<FileEntry, number>;
  /** The implied directory of each path that was added last. */
  private readonly hosts = new Map<ByteName, FileEntry>();
  private rank = -1;

  constructor(incremental: boolean, state?: NamedState) {
    this.incremental = incremental;
    this.named = new Map(state?.named.map(([path, entries]) => [path, [...entries]]));
    this.ranks = new Map(state?.ranks);
  }

  snapshot(): NamedState {
    return { named: [...this.named], ranks: [...this.ranks] };
  }

  /** What is added from now on belongs to the next argument. */
  beginArgument(): void {
    this.rank++;
  }

  /** Adds an entry to the list of the directory `parent` (`.` for the first list). */
  add(parent: ByteName, entry: FileEntry, remark?: RunEvent): void {
    const rank = Math.max(0, this.rank);
    const item = { entry, rank, host: this.hosts.get(parent), remark };
    const entries = this.named.get(parent);
    if (entries === undefined) this.named.set(parent, [item]);
    else entries.push(item);
    if ((entry.flags & EntryFlag.implied) !== 0) this.hosts.set(entry.path, entry);
    if (!this.incremental && rank > 0 && isDirectory(entry)) this.ranks.set(entry, rank);
  }

  /** The directories whose lists have entries to come. */
  parents(): Iterable<ByteName> {
    return this.named.keys();
  }

  /**
   * The steps of the list of a directory that `sources` contribute to. With incremental recursion what hangs on an implied directory
   * comes where that is in their row; without, arguments come one after the other.
   */
  take(path: ByteName, sources: readonly FileEntry[]): ListStep[] {
    const named = this.named.get(path) ?? [];
    this.named.delete(path);
    const steps: ListStep[] = [];
    const hanging = this.incremental && sources.length > 0 ? Map.groupBy(named, ({ host }) => host) : undefined;
    const left = new Set(named);
    const name = (item: NamedEntry): void => {
      left.delete(item);
      steps.push({ kind: "named", entry: item.entry, rank: item.rank, remark: item.remark });
    };
    for (const source of sources) {
      const rank = this.ranks.get(source) ?? 0;
      this.ranks.delete(source);
      if (hanging === undefined) {
        for (const item of left) {
          if (item.rank >= rank) break;
          name(item);
        }
      }
      steps.push({ kind: "source", source, rank });
      hanging?.get(source)?.forEach(name);
    }
    for (const item of left) name(item);
    return steps;
  }

  /** Takes note of what a scan found, for a later argument's place among the others. */
  found(rank: number, entries: readonly FileEntry[]): void {
    if (rank === 0 || this.incremental) return;
    for (const entry of entries) if (isDirectory(entry)) this.ranks.set(entry, rank);
  }
}
