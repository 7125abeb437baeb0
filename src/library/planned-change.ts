/** The parts of a plan (`plan`): plain data that a program may show. */
import type { ByteName } from "../bytes/byte-name.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { Fingerprint } from "../sync/change-gate.ts";
import type { NoticeEvent, RunSummary, WithheldEvent } from "../sync/events.ts";
import type { SyncRequest } from "./sync.ts";

/** What a run is planned for: as `sync()`, always with a destination. */
export type PlanRequest = Omit<SyncRequest, "dryRun" | "listOnly" | "removeSourceFiles"> & {
  readonly destination: NonNullable<SyncRequest["destination"]>;
};

/** One change that is to be made at the destination. */
export type PlannedChange = EntryChange | DeleteChange | CreateDestination;

/** Something is made or changed. */
export interface EntryChange {
  /**
   * `transfer`: data of a file is copied, from the source or a directory of `copyDest`; `create`: a directory, link or special
   * file is made; `replace`: one is replaced; `link`: it becomes a hard link, also to a file of a directory of `linkDest`;
   * `attributes`: only modes, owners, times and the like are set.
   */
  readonly action: "transfer" | "create" | "replace" | "link" | "attributes";
  readonly path: ByteName;
  /** `ItemFlag` bits, as in events. */
  readonly flags: number;
  /** What the source has. */
  readonly entry: FileEntry;
  /** The entry that it becomes a link to; empty: a file of a directory of `linkDest`. */
  readonly linkedTo: ByteName | undefined;
  /** What stood where it is linked to, if nothing is to be done about that. */
  readonly leaderBefore: Fingerprint | undefined;
  /** What stood at the destination; undefined: nothing. */
  readonly before: Fingerprint | undefined;
  /** What the directories of `compareDest`, `copyDest` or `linkDest` had of that name; undefined: there are none. */
  readonly alternatesBefore: readonly (Fingerprint | undefined)[] | undefined;
}

/** An extraneous entry is deleted, or one that a directory of `compareDest` has. */
export interface DeleteChange {
  readonly action: "delete";
  readonly path: ByteName;
  readonly directory: boolean;
  /** What the source has, if it is not extraneous. */
  readonly entry: FileEntry | undefined;
  readonly before: Fingerprint | undefined;
  /** As of an `EntryChange`, if it is not extraneous. */
  readonly alternatesBefore: readonly (Fingerprint | undefined)[] | undefined;
}

/** The destination directory is made. */
export interface CreateDestination {
  readonly action: "create-destination";
  readonly path: ByteName;
}

/** What a run would do. Plain data: a program may show it, but not change it. */
export interface Plan {
  readonly request: PlanRequest;
  readonly workingDirectory: string;
  /** The destination directory; undefined: there was none. */
  readonly destinationBefore: Fingerprint | undefined;
  /** In the order in which they would be made. */
  readonly changes: readonly PlannedChange[];
  /**
   * Entries of which only that is put right which nobody is told of: with `fakeSuper` the mode and the note of a file that stands for
   * another, with `ignoreExisting` the time of what stands where a directory would be, and whatever another name of the same file, or with
   * `keepDirlinks` another path to the same directory, changes.
   */
  readonly untold: readonly EntryChange[];
  /** Remarks about what is left alone; `apply` tells them too. */
  readonly notices: readonly NoticeEvent[];
  /** What `deleteGuard` holds back; `apply` then holds it back too. */
  readonly withheld: readonly WithheldEvent[];
  /** Of the dry run; `problems` has what could not even be planned. */
  readonly summary: RunSummary;
}

/** A change that was not made, and why. */
export interface RefusedChange {
  readonly change: PlannedChange;
  /**
   * `alternate-changed`: a directory of `compareDest`, `copyDest` or `linkDest` has something else of that name; `not-reached`: it
   * is not in the source any more, or something that it depends on was not done.
   */
  readonly reason: "source-changed" | "destination-changed" | "alternate-changed" | "not-reached";
}

/**
 * What came of a plan. `exitCode` is 23 if anything was refused, or could not be planned to begin with (24, 25 as the plan
 * says); each refusal is a problem too, and so are those of the plan.
 */
export interface ApplySummary extends RunSummary {
  readonly applied: number;
  readonly refused: readonly RefusedChange[];
}
