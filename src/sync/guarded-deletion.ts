/**
 * Deletion under `--delete-guard`: looks at everything that waits to be deleted, down to the last entry, and lets all of
 * it be deleted or nothing. The deletions themselves are the deleter's.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import type { DeleteGuardLimit } from "../options/delete-guard.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import { DeleteGuard, type DoomedEntry } from "./delete-guard.ts";
import type { Destination } from "./destination.ts";

/** An extraneous entry. */
export interface Candidate {
  readonly path: ByteName;
  readonly name: ByteName;
  readonly mode: number;
  readonly uid: number;
  readonly device: number;
  /** It is another file system, which `-x` leaves alone. */
  readonly isMountPoint?: boolean;
}

/** A deletion that is done later; `deep`: with contents. */
export interface Delayed {
  readonly item: Candidate;
  readonly deep: boolean;
}

/** What the deleter offers to those who look ahead. */
export interface DeletionSource {
  /** What waits to be deleted. */
  readonly delayed: readonly Delayed[];
  /** What would be deleted of an open directory. */
  list(
    path: ByteName,
    descriptor: number,
    listed: (name: ByteName) => boolean,
    beingRemoved: boolean,
    onProtected?: () => void,
  ): Candidate[];
  candidate(path: ByteName, name: ByteName, stat: Stat): Candidate;
  hasContent(item: Candidate): boolean;
  /** Lists without a word: what is deleted will be told then. */
  quietly(look: () => void): void;
}

export class GuardedDeletion {
  readonly guard: DeleteGuard;
  private readonly context: RunContext;
  private readonly destination: Destination;
  private readonly deleter: DeletionSource;
  private readonly stat: Stat = emptyStat();
  /** Directories that are to make room for something else once the guard lets them. */
  private readonly waitingRoom: Candidate[] = [];

  constructor(context: RunContext, destination: Destination, deleter: DeletionSource, limit: DeleteGuardLimit) {
    this.context = context;
    this.destination = destination;
    this.deleter = deleter;
    this.guard = new DeleteGuard(limit);
  }

  /** Nothing is to be deleted. */
  get holds(): boolean {
    return this.guard.verdict === "hold";
  }

  /** Counts what a destination directory holds before the run; `names` are those of its list. */
  countIn(path: ByteName, names: ReadonlySet<ByteName>): void {
    const held = this.destination.walker?.directory(path);
    if (held === undefined || typeof held === "number") return;
    this.deleter.quietly(() => {
      for (const item of this.deleter.list(path, held.descriptor, (name) => names.has(name), false))
        this.survey(item, true);
    });
  }

  /** Counts everything that the destination holds before the run. */
  countAll(): void {
    const held = this.destination.walker?.directory(byteName(""));
    if (held === undefined || typeof held === "number" || this.destination.singleName !== undefined) return;
    this.deleter.quietly(() => {
      for (const item of this.deleter.list(byteName("."), held.descriptor, () => false, true)) this.survey(item, true);
    });
  }

  /** Decides on everything that waits: when the guard holds it back, that is told, entry by entry. */
  decide(): void {
    const { guard, context } = this;
    const planned = context.gate?.held();
    if (planned === undefined) this.surveyAll();
    else guard.verdict = "hold";
    if (guard.verdict === "pass") return;
    const { text, doomed } = planned ?? guard;
    const role = "generator";
    context.ledger.guardHolds = true;
    context.counters.withheld = doomed.length;
    context.ledger.record({ type: "problem", severity: "delete-limit", role, text, path: undefined, errno: 0 });
    for (const { path, directory } of doomed) context.emit({ type: "withheld", path, directory });
  }

  private surveyAll(): void {
    const { guard, context } = this;
    this.deleter.quietly(() => {
      for (const { item, deep } of this.deleter.delayed) this.survey(item, deep, guard.doomed);
      const before = guard.doomed.length;
      for (const item of this.waitingRoom) this.surveyContents(item, guard.doomed);
      // The lists of --delete-after, by which was counted, do not lead into these.
      if (context.options.deleteTiming === "after") guard.sawBefore(guard.doomed.length - before);
    });
    guard.decide();
  }

  /** Whether a directory with content stands where something else is to be put, and must wait for the guard. */
  mustWait(path: ByteName, name: ByteName, directory: number): boolean {
    const { options, syscalls } = this.context;
    if (this.guard.verdict !== undefined) return false;
    if (!options.force && options.deleteTiming === "none") return false;
    if (syscalls.lstatAt(directory, name, this.stat) < 0) return false;
    if ((this.stat.mode & FileType.mask) !== FileType.directory) return false;
    const item = this.deleter.candidate(path, name, this.stat);
    if (!this.deleter.hasContent(item)) return false;
    this.waitingRoom.push(item);
    return true;
  }

  /** Whether an entry would be deleted; it and what is in it, if that would go too, are added to `doomed`. */
  private survey(item: Candidate, deep: boolean, doomed?: DoomedEntry[]): boolean {
    if (item.isMountPoint === true) return false;
    const directory = (item.mode & FileType.mask) === FileType.directory;
    if (directory) {
      const empties = deep ? this.surveyContents(item, doomed) : !this.deleter.hasContent(item);
      if (!empties) return false;
    }
    doomed?.push({ path: item.path, directory });
    return true;
  }

  /** Whether a directory would become empty. */
  private surveyContents(directory: Candidate, doomed?: DoomedEntry[]): boolean {
    const held = this.destination.walker?.directory(directory.path);
    if (held === undefined || typeof held === "number") return true;
    held.retain();
    let empties = true;
    const contents = this.deleter.list(
      directory.path,
      held.descriptor,
      () => false,
      true,
      () => {
        empties = false;
      },
    );
    for (const item of contents) if (!this.survey(item, true, doomed)) empties = false;
    held.release();
    return empties;
  }
}
