/** Applies a plan: lets the planned changes of a run through and no other, and refuses what has drifted. */
import { type ByteName, byteName, directoryName } from "../bytes/byte-name.ts";
import { ExitCode, selectionError } from "../errors.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import {
  type AlternateLook,
  type ChangeGate,
  type DeletionAnswer,
  DestinationLook,
  type Fingerprint,
  type GateAnswer,
  type HeldDeletions,
  type Place,
  sameFingerprint,
  sameSource,
  type WantedXattrs,
} from "../sync/change-gate.ts";
import type { NoticeEvent, ProblemEvent, RunEvent, RunSummary } from "../sync/events.ts";
import type {
  ApplySummary,
  CreateDestination,
  DeleteChange,
  EntryChange,
  Plan,
  PlannedChange,
  RefusedChange,
} from "./planned-change.ts";

/** Lets planned changes through as long as nothing has changed since. */
export class PlanGate implements ChangeGate {
  private readonly entries = new Map<ByteName, EntryChange>();
  private readonly deletions = new Map<ByteName, DeleteChange>();
  /** Those that a directory of `compareDest` has. */
  private readonly leftOut = new Map<ByteName, DeleteChange>();
  private readonly untold = new Map<ByteName, EntryChange>();
  /** Directories with something in them that is to be deleted. */
  private readonly above = new Set<ByteName>();
  /** What others are to be linked to, though nothing is to be done about it. */
  private readonly leaders = new Set<ByteName>();
  /** Inodes that this run changes, and under how many names. */
  private readonly changed = new Map<string, number>();
  /** With `keepDirlinks`: places that this run changes, and how often; and what place a change was at. */
  private readonly places = new Map<string, number>();
  private readonly placeOf = new Map<PlannedChange, string>();
  private readonly followsLinks: boolean;
  private readonly creation: CreateDestination | undefined;
  private readonly plan: Plan;
  private readonly done = new Set<PlannedChange>();
  private readonly reasons = new Map<PlannedChange, RefusedChange["reason"]>();
  /** Verdicts stand: later looks would see the run's own work. */
  private readonly answers = new Map<EntryChange | DeleteChange, "planned" | "drifted">();
  /** Remarks, and how often each has been told. */
  private readonly told = new Map<string, number>();
  private look: DestinationLook | undefined;
  private alternates: AlternateLook | undefined;
  private created = false;

  constructor(plan: Plan) {
    this.plan = plan;
    this.followsLinks = plan.request.keepDirlinks === true;
    let creation: CreateDestination | undefined;
    for (const change of plan.changes) {
      if (change.action === "create-destination") creation = change;
      else if (change.action !== "delete") this.entries.set(change.entry.path, change);
      else if (change.entry !== undefined) this.leftOut.set(change.entry.path, change);
      else this.addDeletion(change);
    }
    for (const { linkedTo } of this.entries.values()) {
      if (linkedTo !== undefined && !this.entries.has(linkedTo)) this.leaders.add(linkedTo);
    }
    this.creation = creation;
    for (const change of plan.untold) this.untold.set(change.entry.path, change);
  }

  private addDeletion(change: DeleteChange): void {
    this.deletions.set(change.path, change);
    for (let path = directoryName(change.path); path !== "" && !this.above.has(path); path = directoryName(path)) {
      this.above.add(path);
    }
  }

  creating(): void {
    if (this.plan.destinationBefore !== undefined) {
      throw selectionError("apply: the destination is gone since the plan was made");
    }
    this.created = true;
  }

  attach(syscalls: Syscalls, destination: Place, wanted: WantedXattrs | undefined): void {
    this.look = new DestinationLook(syscalls, destination, wanted);
    const { destinationBefore } = this.plan;
    // A disk that is not mounted any more leaves such a directory.
    if (destinationBefore !== undefined && this.look.root()?.identity !== destinationBefore.identity) {
      throw selectionError("apply: the destination is another directory than when the plan was made");
    }
    if (this.creation !== undefined && !this.created) this.reasons.set(this.creation, "destination-changed");
  }

  attachAlternates(look: AlternateLook): void {
    this.alternates = look;
  }

  entry(entry: FileEntry): GateAnswer {
    const isNewRoot = entry.path === "." && this.created;
    const { path } = entry;
    const change = this.entries.get(path) ?? this.leftOut.get(path) ?? this.untold.get(path);
    if (change === undefined) return isNewRoot ? "planned" : this.leaders.has(path) ? "leading" : "unplanned";
    return this.answer(change, () => {
      if (change.entry === undefined || !sameSource(change.entry, entry)) return "source-changed";
      const linkedTo = change.action === "delete" ? undefined : change.linkedTo;
      const leader = linkedTo === undefined ? undefined : this.entries.get(linkedTo);
      if (leader !== undefined && this.reasons.has(leader)) return "not-reached";
      if (change.action !== "delete" && change.leaderBefore !== undefined && linkedTo !== undefined) {
        if (!this.isSame(this.look?.at(linkedTo), change.leaderBefore)) return "not-reached";
      }
      if (!this.hasSameAlternates(change.alternatesBefore, entry)) return "alternate-changed";
      const isSame =
        isNewRoot || this.isSame(this.look?.of(entry), change.before) || this.isOwnWork(path, change.before);
      return isSame ? undefined : "destination-changed";
    });
  }

  alternate(): void {}

  shared(): void {}

  kept(): void {}

  deletion(path: ByteName): DeletionAnswer {
    const change = this.deletions.get(path);
    // What this run has made there by another path goes as well.
    if (change === undefined && this.isChangedPlace(path)) return "planned";
    if (change === undefined) return this.above.has(path) ? "contents" : "unplanned";
    const isSame = () => this.isSame(this.look?.at(path), change.before) || this.isOwnWork(path, change.before);
    return this.answer(change, () => (isSame() ? undefined : "destination-changed"));
  }

  held(): HeldDeletions | undefined {
    const { withheld, summary } = this.plan;
    const problem = summary.problems.find(({ severity }) => severity === "delete-limit");
    return withheld.length === 0 || problem === undefined ? undefined : { text: problem.text, doomed: withheld };
  }

  release(): void {
    this.look?.close();
  }

  take(event: RunEvent): void {
    if (event.type === "notice") this.told.set(keyOf(event), (this.told.get(keyOf(event)) ?? 0) + 1);
    const change =
      event.type === "item"
        ? (this.entries.get(event.entry.path) ?? this.leftOut.get(event.entry.path))
        : event.type === "delete"
          ? this.deletions.get(event.path)
          : event.type === "created-directory"
            ? this.creation
            : undefined;
    if (change !== undefined) this.done.add(change);
  }

  /** Adds what was refused to the summary of the run, and tells it. */
  summarize(summary: RunSummary, tell: (event: NoticeEvent | ProblemEvent) => void): ApplySummary {
    for (const notice of this.plan.notices) if (!this.isTold(notice)) tell(notice);
    for (const change of this.answers.keys()) if (this.isDoneElsewhere(change)) this.done.add(change);
    for (const change of this.plan.changes) if (this.isDoneByAnotherPath(change)) this.done.add(change);
    for (const change of this.plan.untold) this.done.delete(change);
    const left = this.plan.changes.filter((change) => !this.done.has(change));
    const refused = left.map((change) => ({ change, reason: this.reasons.get(change) ?? ("not-reached" as const) }));
    // What could not be planned is not tried, and is missing all the same.
    const told = new Set(summary.problems.map(({ text }) => text));
    const unplanned = this.plan.summary.problems.filter(({ text }) => !told.has(text));
    const problems = [...unplanned, ...refused.map(problemOf)];
    for (const problem of problems) tell(problem);
    const exitCodes = [
      summary.exitCode,
      this.plan.summary.exitCode,
      refused.length > 0 ? ExitCode.partial : ExitCode.ok,
    ];
    return {
      ...summary,
      exitCode: gravest.find((code) => exitCodes.includes(code)) ?? summary.exitCode,
      problems: [...summary.problems, ...problems],
      applied: this.done.size,
      refused,
    };
  }

  /** Whether the run itself has told a remark as often as this makes it. */
  private isTold(notice: NoticeEvent): boolean {
    const left = this.told.get(keyOf(notice)) ?? 0;
    this.told.set(keyOf(notice), left - 1);
    return left > 0;
  }

  private hasSameAlternates(before: EntryChange["alternatesBefore"], entry: FileEntry): boolean {
    if (before === undefined) return true;
    const now = this.alternates?.(entry) ?? [];
    return before.every((alternate, index) => this.isSame(now[index], alternate));
  }

  /** Whether a change was allowed and there was nothing to be done about it, as the inode has been changed by another name. */
  private isDoneElsewhere(change: EntryChange | DeleteChange): boolean {
    // One that was a link to the leader already.
    const isLink = change.action === "link" && change.linkedTo === "" && change.alternatesBefore === undefined;
    if (!(isLink || change.action === "attributes") || this.answers.get(change) !== "planned") return false;
    return (this.changed.get(change.before?.identity ?? "") ?? 0) > 1;
  }

  /** Whether something is as it was, but for what this run did to it under another of its names. */
  private isSame(now: Fingerprint | undefined, before: Fingerprint | undefined): boolean {
    if (sameFingerprint(now, before)) return true;
    return now !== undefined && now.identity === before?.identity && this.changed.has(now.identity);
  }

  /** With `keepDirlinks`: whether what stood at a path, or stands there now, is what this run has changed by another path. */
  private isOwnWork(path: ByteName, before: Fingerprint | undefined): boolean {
    if (!this.followsLinks) return false;
    if (before !== undefined && this.changed.has(before.identity)) return true;
    if (this.isChangedPlace(path)) return true;
    // Links that led nowhere any more have become directories.
    for (let above = directoryName(path); above !== ""; above = directoryName(above)) {
      const change = this.entries.get(above) ?? this.untold.get(above);
      if (change?.before === undefined || this.answers.get(change) !== "planned") continue;
      const wasLink = (change.before.mode & FileType.mask) === FileType.symlink;
      if (wasLink && this.look?.at(above)?.identity !== change.before.identity) return true;
    }
    return false;
  }

  private isChangedPlace(path: ByteName): boolean {
    const place = this.followsLinks ? this.look?.placeOf(path) : undefined;
    return place !== undefined && this.places.has(place);
  }

  /** Whether nothing was left to do, as another path leads to the same place. */
  private isDoneByAnotherPath(change: PlannedChange): boolean {
    if (!this.followsLinks || change.action === "create-destination" || this.reasons.has(change)) return false;
    const { before } = change;
    const place = this.placeOf.get(change);
    const wasAsked = this.answers.has(change);
    if (place !== undefined && (this.places.get(place) ?? 0) > 1) return true;
    return before !== undefined && (this.changed.get(before.identity) ?? 0) > (wasAsked ? 1 : 0);
  }

  private notePlace(change: EntryChange | DeleteChange): void {
    const place = this.followsLinks ? this.look?.placeOf(change.entry?.path ?? change.path) : undefined;
    if (place === undefined) return;
    this.placeOf.set(change, place);
    this.places.set(place, (this.places.get(place) ?? 0) + 1);
  }

  private answer<Change extends EntryChange | DeleteChange>(
    change: Change,
    look: () => RefusedChange["reason"] | undefined,
  ): "planned" | "drifted" {
    const known = this.answers.get(change);
    if (known !== undefined) return known;
    const reason = look();
    const answer = reason === undefined ? "planned" : "drifted";
    this.answers.set(change, answer);
    if (reason === undefined) this.notePlace(change);
    if (reason !== undefined) this.reasons.set(change, reason);
    else if (change.before !== undefined) {
      const { identity } = change.before;
      this.changed.set(identity, (this.changed.get(identity) ?? 0) + 1);
    }
    return answer;
  }
}

function keyOf({ code, text }: NoticeEvent): string {
  return `${code} ${text}`;
}

/** Ways in which a run may be incomplete; 24 says that nothing is worse. */
const gravest = [ExitCode.deleteLimit, ExitCode.partial, ExitCode.vanished];

const reasonTexts: Readonly<Record<RefusedChange["reason"], string>> = {
  "source-changed": "the source has changed since the plan was made",
  "destination-changed": "the destination has changed since the plan was made",
  "alternate-changed": "an alternate directory has changed since the plan was made",
  "not-reached": "what it depends on was not done or is gone",
};

function problemOf({ change, reason }: RefusedChange): ProblemEvent {
  const { path, action } = change;
  const text = byteName(`tsync: planned ${action} of "${path}" refused: ${reasonTexts[reason]}`);
  return { type: "problem", severity: "error", role: "generator", text, path, errno: 0 };
}
