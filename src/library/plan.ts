/**
 * The library's `plan()` and `apply()`: a plan is a dry run kept as a list of changes, each with what source and
 * destination were like; applying it is a run that does these changes and no other, and refuses what has drifted.
 */
import { unsupportedError, usageError } from "../errors.ts";
import { checkKeys } from "../options/check-library-options.ts";
import { isSignificant } from "../protocol/item-flags.ts";
import type { EventSink, RunEvent, RunSummary } from "../sync/events.ts";
import { EventQueue } from "./event-queue.ts";
import { PlanGate } from "./plan-gate.ts";
import { PlanRecorder } from "./plan-recorder.ts";
import type { ApplySummary, Plan, PlanRequest } from "./planned-change.ts";
import { asRun, type Run, type SyncRequest, startRun } from "./sync.ts";

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
  // A dry run, which finds out, would leave them out.
  if (request.writeBatch !== undefined || request.onlyWriteBatch !== undefined) {
    throw unsupportedError("This tsync does not support plan() with a batch file");
  }
  const recorder = new PlanRecorder(request);
  const summary = await startRun(
    { ...rest, destination, dryRun: true, reportUnchanged: tellsTooLittle(request) },
    { gate: recorder, emit: (event) => recorder.take(event), localOnly: "plan()", isSilent: true },
  );
  recorder.finish();
  const { changes, untold, notices, withheld, destinationBefore } = recorder;
  return { request, workingDirectory: process.cwd(), destinationBefore, changes, untold, notices, withheld, summary };
}

/**
 * Makes the changes of a plan and no others. What has changed since at source or destination is refused, change by
 * change; everything else is done. Trouble with single changes does not reject.
 *
 * @throws TsyncError usage at once, if the working directory is not the plan's; rejects as `sync()` does
 */
export function apply(plan: Plan, options: Pick<SyncRequest, "signal"> = {}): ApplyRun {
  checkKeys("apply", options, ["signal"]);
  if (plan.workingDirectory !== process.cwd()) throw usageError("apply: the plan was made in another directory");
  const queue = new EventQueue();
  const gate = new PlanGate(plan);
  const { reportUnchanged, itemizeChanges } = plan.request;
  const all = reportUnchanged ?? itemizeChanges === 2;
  let isOver = false;
  const emit = (event: RunEvent): void => {
    if (!isOver) gate.take(event);
    if (all || event.type !== "item" || isSignificant(event.flags, event.linkedTo)) queue.push(event);
  };
  const signal = options.signal ?? plan.request.signal ?? new AbortController().signal;
  const conclude = (summary: RunSummary, tell: EventSink): ApplySummary => {
    isOver = true;
    return gate.summarize(summary, tell);
  };
  const run = startRun(
    { ...plan.request, signal, reportUnchanged: all || tellsTooLittle(plan.request) },
    { gate, emit, room: () => queue.room(signal), localOnly: "apply()", conclude },
  );
  // It is what `conclude` gives.
  return asRun(run as Promise<ApplySummary>, queue);
}

/**
 * What comes from an alternate directory is only told of with what is unchanged, and so are times that only differ in a fraction of a second,
 * other names of a file, and other paths to a directory.
 */
function tellsTooLittle(request: PlanRequest): boolean {
  const { compareDest, copyDest, linkDest, checksum, hardLinks, fakeSuper, keepDirlinks } = request;
  if ([checksum, hardLinks, fakeSuper, keepDirlinks].includes(true)) return true;
  return [compareDest, copyDest, linkDest].some((directories) => directories !== undefined);
}
