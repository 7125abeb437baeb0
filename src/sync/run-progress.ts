/**
 * Turns what a run has done so far into progress and phase events (3-transfer 9.8). A phase event stands for a released
 * list: one whose transfers are all done; the last list's ends the run.
 */
import type { FileEntry } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import type { ListSource } from "./list-source.ts";

/** Longest literal run of the protocol. */
const firstUpdateBytes = 32_768;

/** A file whose data is under way. */
export interface FileUnderWay {
  readonly entry: FileEntry;
  readonly position: number;
  readonly job: { readonly size: number };
}

export class RunProgress {
  private readonly context: RunContext;
  private readonly feed: ListSource;
  private current: FileUnderWay | undefined;
  private last: FileUnderWay | undefined;
  /** Entries up to and including the last file asked for. */
  private reached = 0;
  /** Entries of all lists up to the one worked on last. */
  private walked = 0;
  /** The lists that are not released: entries up to the end of each. */
  private readonly waiting: number[] = [];
  private releasedLists = 0;
  private lastSeen = false;
  /** The list worked on last is released by the first entry of the next one. */
  private nextReleases = false;
  /** The lines of the end are told of. */
  private isShown = false;

  private readonly receives: boolean;

  /** `receives`: from another machine, which shows in the first update of a file. */
  constructor(context: RunContext, feed: ListSource, receives = false) {
    this.receives = receives;
    this.context = context;
    this.feed = feed;
  }

  /** So many bytes of a file are written; all of them: it is complete. */
  readonly onFile = (file: FileUnderWay, done: number): void => {
    const total = file.job.size;
    if (file !== this.current) {
      // The first update of a file comes with its first literal run.
      this.current = file;
      if (total > 0) this.tell(file, this.receives ? 0 : Math.min(total, firstUpdateBytes), false);
    }
    const finished = done >= total;
    if (finished && this.last === file) return;
    if (finished) this.last = file;
    this.tell(file, done, finished);
  };

  /** The generator asked for the data of the entry at this place. */
  requested(position: number): void {
    this.reached = Math.max(this.reached, position + 1);
  }

  /** The generator is through a list of so many entries; `listBegun` will say when it is released (`nextReleases`). */
  listDone(entryCount: number, isLast: boolean, nextReleases: boolean): void {
    this.walked += entryCount;
    this.lastSeen = isLast;
    this.nextReleases = nextReleases;
    this.waiting.push(Math.max(this.walked, this.reached));
  }

  /**
   * The generator is through the first entry of a list of so many. That is when rsync releases those before it, if nothing of
   * them is under way; returns what to do once the sender has come to this point.
   */
  listBegun(entryCount: number): () => void {
    this.nextReleases = false;
    const complete = this.releasedLists + this.waiting.length;
    const listed = this.walked + entryCount;
    return () => {
      while (this.releasedLists < complete) this.release(listed);
    };
  }

  /** Nothing that was asked for is under way: the lists are released, but the last one, which ends the run. */
  released(): void {
    if (!this.context.options.incrementalRecursion) return;
    while (this.waiting.length > (this.lastSeen || this.nextReleases ? 1 : 0)) this.release(0);
  }

  /** The receiving side is through lists of so many entries; `isReleased`: and has said so, what no list's end does that is the last. */
  sentListDone(entryCount: number, isReleased: boolean): void {
    this.walked = entryCount;
    if (isReleased) this.phase(entryCount, false);
  }

  /** A receiver hears from the sender that a list or a phase has ended; so many entries are behind it. */
  endReceived(entryCount: number): void {
    this.phase(entryCount, false);
    this.isShown = true;
  }

  end(): void {
    // A receiver has said all but the end of the line.
    if (this.isShown) {
      this.phase(this.walked, true);
      return;
    }
    if (!this.context.options.incrementalRecursion) {
      for (const last of [false, false, true]) this.phase(this.waiting.at(-1) ?? this.walked, last);
      return;
    }
    this.lastSeen = true;
    this.released();
    this.phase(this.waiting.shift() ?? this.walked, true);
  }

  private tell(file: FileUnderWay, done: number, finished: boolean): void {
    // What was asked for counts as done, be it that its source could not be opened.
    const { transferredSize, transferredFiles } = this.context.counters;
    this.context.emit({
      type: "progress",
      path: file.entry.path,
      done,
      total: file.job.size,
      finished,
      runDone: finished ? transferredSize : Math.max(transferredSize - file.job.size, 0) + done,
      transferIndex: transferredFiles,
      ...this.totals(file.position + 1),
    });
  }

  /** Releases the first list that waits; at least so many entries are shown as done. */
  private release(entryCount: number): void {
    this.releasedLists++;
    this.phase(Math.max(this.waiting.shift() ?? this.walked, entryCount), false);
  }

  private phase(entryCount: number, last: boolean): void {
    const isShown = last && this.isShown;
    const { wants, options, emit, counters } = this.context;
    if (!wants.progress) return;
    // A dry run counts what it would transfer, and is not behind with it.
    const reached = options.dryRun ? 0 : this.reached;
    const { runTotal, leftToCheck, listedCount, listComplete } = this.totals(Math.max(entryCount, reached));
    const { transferredSize: runDone, transferredFiles: transferCount } = counters;
    emit({ type: "phase", runDone, runTotal, transferCount, leftToCheck, listedCount, listComplete, last, isShown });
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
