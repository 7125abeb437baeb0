/**
 * The library's `plan()` and `apply()`: a plan is a dry run kept as a list of changes, each with what source and
 * destination were like; applying it is a run that does these changes and no other, and refuses what has drifted.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { ExitCode, selectionError, usageError } from "../errors.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import { ItemFlag, significantFlags } from "../protocol/item-flags.ts";
import {
  type ChangeGate,
  DestinationLook,
  type Fingerprint,
  type GateAnswer,
  type Place,
  sameFingerprint,
  sameSource,
} from "./change-gate.ts";
import { EventQueue } from "./event-queue.ts";
import type { ProblemEvent, RunEvent, RunSummary } from "./events.ts";
import { asRun, type Run, type SyncRequest, startRun } from "./sync.ts";

/** What a run is planned for: as `sync()`, always with a destination. */
export type PlanRequest = Omit<SyncRequest, "dryRun" | "listOnly" | "removeSourceFiles"> & {
  readonly destination: NonNullable<SyncRequest["destination"]>;
};

/** One change that is to be made at the destination. */
export type PlannedChange = EntryChange | DeleteChange | CreateDestination;

/** Something is made or changed. */
export interface EntryChange {
  /**
   * `transfer`: data of a file is copied; `create`: a directory, link or special file is made; `replace`: one is replaced;
   * `link`: it becomes a hard link; `attributes`: only modes, owners, times and the like are set.
   */
  readonly action: "transfer" | "create" | "replace" | "link" | "attributes";
  readonly path: ByteName;
  /** `ItemFlag` bits, as in events. */
  readonly flags: number;
  /** What the source has. */
  readonly entry: FileEntry;
  readonly linkedTo: ByteName | undefined;
  /** What stood at the destination; undefined: nothing. */
  readonly before: Fingerprint | undefined;
}

/** An extraneous entry is deleted. */
export interface DeleteChange {
  readonly action: "delete";
  readonly path: ByteName;
  readonly directory: boolean;
  readonly before: Fingerprint | undefined;
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
  /** In the order in which they would be made. */
  readonly changes: readonly PlannedChange[];
  /** Of the dry run; `problems` has what could not even be planned. */
  readonly summary: RunSummary;
}

/** A change that was not made, and why. */
export interface RefusedChange {
  readonly change: PlannedChange;
  /** `not-reached`: it is not in the source any more, or something that it depends on was not done. */
  readonly reason: "source-changed" | "destination-changed" | "not-reached";
}

/** What came of a plan. `exitCode` is 23 if anything was refused; each refusal is a problem too. */
export interface ApplySummary extends RunSummary {
  readonly applied: number;
  readonly refused: readonly RefusedChange[];
}

/** A plan being applied. */
export type ApplyRun = Run<ApplySummary>;

/**
 * Finds out what a run would change, and changes nothing.
 *
 * @throws TsyncError as `sync()`
 */
export async function plan(request: PlanRequest): Promise<Plan> {
  const { destination, listOnly, removeSourceFiles, ...rest } = request as SyncRequest;
  if (destination === undefined || listOnly === true) throw usageError("plan: needs a destination");
  if (removeSourceFiles !== undefined && removeSourceFiles !== false) {
    throw usageError("plan: removeSourceFiles changes the source, which a plan does not");
  }
  const recorder = new PlanRecorder();
  const summary = await startRun(
    { ...rest, destination, dryRun: true },
    { gate: recorder, emit: (event) => recorder.take(event) },
  );
  return { request, workingDirectory: process.cwd(), changes: recorder.changes, summary };
}

/**
 * Makes the changes of a plan and no others. What has changed since at source or destination is refused, change by
 * change; everything else is done. Trouble with single changes does not reject.
 *
 * @throws TsyncError usage at once, if the working directory is not the plan's; rejects as `sync()` does
 */
export function apply(plan: Plan, options: Pick<SyncRequest, "signal"> = {}): ApplyRun {
  if (plan.workingDirectory !== process.cwd()) throw usageError("apply: the plan was made in another directory");
  const queue = new EventQueue();
  const gate = new PlanGate(plan);
  const emit = (event: RunEvent): void => {
    gate.take(event);
    queue.push(event);
  };
  const signal = options.signal ?? plan.request.signal ?? new AbortController().signal;
  const run = startRun(
    { ...plan.request, signal },
    { gate, emit, room: () => queue.room(signal), localOnly: "apply()" },
  );
  const summary = run.then((summary) => gate.summarize(summary, (event) => queue.push(event)));
  return asRun(summary, queue);
}

/** Looks on while a dry run goes by. */
class PlanRecorder implements ChangeGate {
  readonly changes: PlannedChange[] = [];
  private look: DestinationLook | undefined;

  creating(): void {}

  attach(syscalls: Syscalls, destination: Place): void {
    this.look = new DestinationLook(syscalls, destination);
  }

  entry(): GateAnswer {
    return "planned";
  }

  deletion(): GateAnswer {
    return "planned";
  }

  release(): void {
    this.look?.close();
  }

  take(event: RunEvent): void {
    if (event.type === "created-directory") this.changes.push({ action: "create-destination", path: event.path });
    if (event.type === "delete") {
      const { path, directory } = event;
      this.changes.push({ action: "delete", path, directory, before: this.look?.at(path) });
    }
    if (event.type !== "item") return;
    const { path, entry, flags, linkedTo } = event;
    const linked = linkedTo !== undefined && linkedTo !== "";
    if ((flags & significantFlags) === 0 && !linked) return;
    const action = actionOf(flags, linked);
    this.changes.push({ action, path, flags, entry, linkedTo, before: this.look?.of(entry) });
  }
}

function actionOf(flags: number, linked: boolean): EntryChange["action"] {
  if ((flags & ItemFlag.transfer) !== 0) return "transfer";
  if (linked) return "link";
  if ((flags & ItemFlag.isNew) !== 0) return "create";
  return (flags & ItemFlag.change) !== 0 ? "replace" : "attributes";
}

/** Lets planned changes through as long as nothing has changed since. */
class PlanGate implements ChangeGate {
  private readonly entries = new Map<ByteName, EntryChange>();
  private readonly deletions = new Map<ByteName, DeleteChange>();
  private readonly creation: CreateDestination | undefined;
  private readonly plan: Plan;
  private readonly done = new Set<PlannedChange>();
  private readonly reasons = new Map<PlannedChange, RefusedChange["reason"]>();
  /** Verdicts stand: later looks would see the run's own work. */
  private readonly answers = new Map<PlannedChange, GateAnswer>();
  private look: DestinationLook | undefined;
  private created = false;

  constructor(plan: Plan) {
    this.plan = plan;
    let creation: CreateDestination | undefined;
    for (const change of plan.changes) {
      if (change.action === "create-destination") creation = change;
      else if (change.action === "delete") this.deletions.set(change.path, change);
      else this.entries.set(change.entry.path, change);
    }
    this.creation = creation;
  }

  creating(): void {
    if (this.creation === undefined) throw selectionError("apply: the destination is gone since the plan was made");
    this.created = true;
  }

  attach(syscalls: Syscalls, destination: Place): void {
    this.look = new DestinationLook(syscalls, destination);
  }

  entry(entry: FileEntry): GateAnswer {
    const change = this.entries.get(entry.path);
    if (change === undefined) return "unplanned";
    return this.answer(change, () => {
      if (!sameSource(change.entry, entry)) return "source-changed";
      const leader = change.linkedTo === undefined ? undefined : this.entries.get(change.linkedTo);
      if (leader !== undefined && this.reasons.has(leader)) return "not-reached";
      const isNewRoot = entry.path === "." && this.created;
      return isNewRoot || sameFingerprint(this.look?.of(entry), change.before) ? undefined : "destination-changed";
    });
  }

  deletion(path: ByteName): GateAnswer {
    const change = this.deletions.get(path);
    if (change === undefined) return "unplanned";
    return this.answer(change, () =>
      sameFingerprint(this.look?.at(path), change.before) ? undefined : "destination-changed",
    );
  }

  release(): void {
    this.look?.close();
  }

  take(event: RunEvent): void {
    const change =
      event.type === "item"
        ? this.entries.get(event.entry.path)
        : event.type === "delete"
          ? this.deletions.get(event.path)
          : event.type === "created-directory"
            ? this.creation
            : undefined;
    if (change !== undefined) this.done.add(change);
  }

  /** Adds what was refused to the summary of the run, and tells it. */
  summarize(summary: RunSummary, tell: (event: ProblemEvent) => void): ApplySummary {
    const left = this.plan.changes.filter((change) => !this.done.has(change));
    const refused = left.map((change) => ({ change, reason: this.reasons.get(change) ?? ("not-reached" as const) }));
    const problems = refused.map(problemOf);
    for (const problem of problems) tell(problem);
    const { exitCode } = summary;
    return {
      ...summary,
      exitCode: refused.length > 0 && exitCode !== ExitCode.deleteLimit ? ExitCode.partial : exitCode,
      problems: [...summary.problems, ...problems],
      applied: this.done.size,
      refused,
    };
  }

  private answer(change: PlannedChange, look: () => RefusedChange["reason"] | undefined): GateAnswer {
    const known = this.answers.get(change);
    if (known !== undefined) return known;
    const reason = look();
    const answer = reason === undefined ? "planned" : "drifted";
    this.answers.set(change, answer);
    if (reason !== undefined) this.reasons.set(change, reason);
    return answer;
  }
}

const reasonTexts: Readonly<Record<RefusedChange["reason"], string>> = {
  "source-changed": "the source has changed since the plan was made",
  "destination-changed": "the destination has changed since the plan was made",
  "not-reached": "what it depends on was not done or is gone",
};

function problemOf({ change, reason }: RefusedChange): ProblemEvent {
  const { path, action } = change;
  const text = byteName(`tsync: planned ${action} of "${path}" refused: ${reasonTexts[reason]}`);
  return { type: "problem", severity: "error", role: "generator", text, path, errno: 0 };
}
