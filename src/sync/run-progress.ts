/**
 * Turns what a run has done so far into progress and phase events (3-transfer 9.8). A phase event stands for a released
 * list: one whose transfers are all done; the last list's ends the run.
 */
import type { RunContext } from "./context.ts";
import type { ListFeed } from "./list-feed.ts";
import type { PendingFile } from "./receiver.ts";

/** Longest literal run of the protocol. */
const firstUpdateBytes = 32_768;

/** How far the run was at the end of a list. */
interface Released {
  readonly entryCount: number;
  readonly transferredSize: number;
  readonly transferredFiles: number;
}

export class RunProgress {
  private readonly context: RunContext;
  private readonly feed: ListFeed;
  private finishedBytes = 0;
  private current: PendingFile | undefined;
  private last: PendingFile | undefined;
  /** Entries up to and including the last file asked for. */
  private reached = 0;
  /** Entries of all lists up to the one worked on last; and the state of things at the end of those that wait. */
  private walked = 0;
  private readonly waiting: Released[] = [];
  private lastSeen = false;

  constructor(context: RunContext, feed: ListFeed) {
    this.context = context;
    this.feed = feed;
  }

  /** So many bytes of a file are written; all of them: it is complete. */
  readonly onFile = (file: PendingFile, done: number): void => {
    const total = file.job.size;
    if (file !== this.current) {
      // The first update of a file comes with its first literal run.
      this.current = file;
      if (total > 0) this.tell(file, Math.min(total, firstUpdateBytes), false);
    }
    const finished = done >= total;
    if (finished && this.last === file) return;
    if (finished) {
      this.last = file;
      this.finishedBytes += total;
    }
    this.tell(file, done, finished);
  };

  /** The generator asked for the data of the entry at this place. */
  requested(position: number): void {
    this.reached = Math.max(this.reached, position + 1);
  }

  /** The generator is through a list of so many entries. */
  listDone(entryCount: number, isLast: boolean): void {
    this.walked += entryCount;
    this.lastSeen = isLast;
    const { transferredSize, transferredFiles } = this.context.counters;
    this.waiting.push({ entryCount: Math.max(this.walked, this.reached), transferredSize, transferredFiles });
  }

  /** Nothing that was asked for is under way: the lists are released, but the last one, which ends the run. */
  released(): void {
    if (!this.context.options.incrementalRecursion) return;
    while (this.waiting.length > (this.lastSeen ? 1 : 0)) this.phase(this.waiting.shift(), false);
  }

  end(): void {
    if (!this.context.options.incrementalRecursion) {
      for (const last of [false, false, true]) this.phase(this.waiting.at(-1), last);
      return;
    }
    this.lastSeen = true;
    this.released();
    this.phase(this.waiting.shift(), true);
  }

  private tell(file: PendingFile, done: number, finished: boolean): void {
    this.context.emit({
      type: "progress",
      path: file.entry.path,
      done,
      total: file.job.size,
      finished,
      runDone: finished ? this.finishedBytes : this.finishedBytes + done,
      transferIndex: this.context.counters.transferredFiles,
      ...this.totals(file.position + 1),
    });
  }

  private phase(released: Released | undefined, last: boolean): void {
    const { wants, options, emit } = this.context;
    if (!wants.progress) return;
    const entryCount = released?.entryCount ?? this.walked;
    // A dry run counts what it would transfer, and is not behind with it.
    const reached = options.dryRun ? 0 : this.reached;
    const { runTotal, leftToCheck, listedCount, listComplete } = this.totals(Math.max(entryCount, reached));
    const runDone = options.dryRun ? (released?.transferredSize ?? 0) : this.finishedBytes;
    const transferCount = options.dryRun ? (released?.transferredFiles ?? 0) : this.context.counters.transferredFiles;
    emit({ type: "phase", runDone, runTotal, transferCount, leftToCheck, listedCount, listComplete, last });
  }

  /** `done`: entries up to and including the one under way. */
  private totals(done: number): { runTotal: number; leftToCheck: number; listedCount: number; listComplete: boolean } {
    const { counters } = this.context;
    const listedCount = counters.files.total;
    return {
      runTotal: counters.totalSize,
      leftToCheck: Math.max(listedCount - done, 0),
      listedCount,
      listComplete: this.feed.allArrived,
    };
  }
}
