/**
 * The library's entry: `sync()` starts a transfer and returns at once. `await` it for the summary; iterate over it for the
 * events. It never writes to the terminal and never ends the process.
 */
import { byteName, fromText } from "../bytes/byte-name.ts";
import { abortedError, asTsyncError, usageError } from "../errors.ts";
import { checkName } from "../options/check-library-options.ts";
import { normalizeSyncOptions, toName } from "../options/library-options.ts";
import { checkOperands } from "../options/operands.ts";
import type { NameLike, SyncOptions } from "../options/sync-options.ts";
import type { ChangeGate } from "./change-gate.ts";
import { EventQueue } from "./event-queue.ts";
import type { EventSink, RunEvent, RunSummary } from "./events.ts";
import { runTransfer } from "./run.ts";

/** What `sync()` is asked to do. Relative paths start from the working directory of the process. */
export interface SyncRequest extends SyncOptions {
  /** Sources as on the command line: a trailing slash means the content. Text is taken as UTF-8, bytes as they are. */
  readonly sources: readonly NameLike[];
  /** Without a destination the sources are listed. */
  readonly destination?: NameLike;
  /** Stops the run: clean-up, then a rejection with exit code 20. */
  readonly signal?: AbortSignal;
  /** Forces one implementation of the system calls. */
  readonly syscalls?: "koffi" | "plain";
  /** Events of unchanged entries and progress are left out unless asked for, here or by `itemizeChanges: 2` and `progress`. */
  readonly reportUnchanged?: boolean;
  readonly reportProgress?: boolean;
}

/** A run under way: awaited for its summary, looped over for its events. */
export interface Run<Summary extends RunSummary> extends PromiseLike<Summary>, AsyncIterable<RunEvent> {
  /** The summary; rejects with a `TsyncError` for fatal trouble. */
  readonly summary: Promise<Summary>;
}

export type SyncRun = Run<RunSummary>;

/**
 * Starts a local transfer. Trouble with single files does not reject: it is in `summary.problems`, and `summary.exitCode`
 * is 23, 24 or 25.
 *
 * @throws TsyncError (kind usage) at once for options that make no sense, (kind unsupported) for what tsync does not do yet
 */
export function sync(request: SyncRequest): SyncRun {
  const queue = new EventQueue();
  const signal = request?.signal instanceof AbortSignal ? request.signal : new AbortController().signal;
  const summary = startRun(request, { emit: (event) => queue.push(event), room: () => queue.room(signal) });
  return asRun(summary, queue);
}

/** What the caller of a run gets: its summary, and the events of the queue, which ends as the run does. */
export function asRun<Summary extends RunSummary>(summary: Promise<Summary>, queue: EventQueue): Run<Summary> {
  summary.then(
    () => queue.end(),
    (error: unknown) => queue.fail(error),
  );
  return {
    summary,
    // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its summary, as documented
    then: (onDone, onError) => summary.then(onDone, onError),
    [Symbol.asyncIterator]: () => queue.read(),
  };
}

/** Who looks on while a run goes by, and who may hold changes back. */
export interface RunWatcher {
  readonly emit: EventSink;
  readonly room?: () => Promise<void> | undefined;
  readonly gate?: ChangeGate;
}

/** Checks a request and starts it; throws at once as `sync()` does. */
export function startRun(request: SyncRequest, watcher: RunWatcher): Promise<RunSummary> {
  const {
    sources,
    destination: target,
    signal,
    syscalls,
    reportUnchanged,
    reportProgress,
    ...given
  } = checked(request);
  const destination = target === undefined ? undefined : toName(target);
  const options = normalizeSyncOptions(given, destination !== undefined);
  const names = sources.map(toName);
  checkOperands(names, destination);
  if (options.filesFrom !== undefined && (names.length !== 1 || destination === undefined)) {
    throw usageError("filesFrom: needs exactly one source, and a destination");
  }
  const stop = signal ?? new AbortController().signal;
  const { env } = process;
  const { emit, room, gate } = watcher;
  return runTransfer({
    options,
    sources: names,
    destination,
    emit,
    room: room ?? (() => undefined),
    gate,
    wants: {
      items: true,
      unchanged: reportUnchanged ?? options.itemize > 1,
      transferred: false,
      digest: false,
      progress: reportProgress ?? options.progress,
    },
    signal: stop,
    syscalls,
    home: env.HOME === undefined ? undefined : fromText(env.HOME),
    cvsIgnore: env.CVSIGNORE === undefined ? undefined : byteName(fromText(env.CVSIGNORE)),
  }).catch((error: unknown) => {
    throw stop.aborted ? abortedError("client", { cause: stop.reason as unknown }) : asTsyncError(error);
  });
}

/** Looks at the parts of the request that are not options, for callers whose types nobody checked. */
function checked(request: SyncRequest): SyncRequest {
  const value: unknown = request;
  if (typeof value !== "object" || value === null) throw usageError("sync() takes an object");
  const { sources, destination, signal, syscalls, reportUnchanged, reportProgress } = value as {
    readonly [Key in keyof SyncRequest]: unknown;
  };
  if (!Array.isArray(sources) || sources.length === 0)
    throw usageError("sources: must be an array with a name or more");
  for (const [index, source] of sources.entries()) checkName(`sources[${index}]`, source);
  if (destination !== undefined) checkName("destination", destination);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw usageError("signal: must be an AbortSignal");
  if (syscalls !== undefined && syscalls !== "koffi" && syscalls !== "plain") {
    throw usageError("syscalls: must be one of koffi, plain");
  }
  for (const [key, flag] of Object.entries({ reportUnchanged, reportProgress })) {
    if (flag !== undefined && typeof flag !== "boolean") throw usageError(`${key}: must be true or false`);
  }
  return request;
}
