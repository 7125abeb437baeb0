/**
 * The library's entry: `sync()` starts a transfer and returns at once. `await` it for the summary; iterate over it for the
 * events. It never writes to the terminal and never ends the process.
 */
import { byteName, fromText } from "../bytes/byte-name.ts";
import { abortedError, asTsyncError, unsupportedError, usageError } from "../errors.ts";
import { checkName } from "../options/check-library-options.ts";
import { collectSettings, completeSettings, toName } from "../options/library-options.ts";
import { commandWords } from "../options/library-words.ts";
import { findRemote, parseRemote } from "../options/operands.ts";
import {
  batchCommand,
  checkBatchName,
  checkDaemonOnly,
  localCommand,
  type RunCommand,
  remoteCommand,
  textTraits,
} from "../options/parse-arguments.ts";
import type { Settings } from "../options/settings.ts";
import type { NameLike, SyncOptions } from "../options/sync-options.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import type { ChangeGate } from "../sync/change-gate.ts";
import type { EventSink, RunEvent, RunSummary } from "../sync/events.ts";
import { runTransfer } from "../sync/run.ts";
import type { LogTotals } from "../text/summary.ts";
import type { ByteStream } from "../transport/byte-stream.ts";
import { EventQueue } from "./event-queue.ts";
import { checkRemoteOptions, type RemoteOptions } from "./remote-options.ts";
import { startRemote } from "./remote-run.ts";
import { RunText } from "./run-text.ts";

/** What `sync()` is asked to do. Relative paths start from the working directory of the process. */
export interface SyncRequest extends SyncOptions, RemoteOptions {
  /**
   * Sources as on the command line: a trailing slash means the content, `host:path`, `host::module/path` or `rsync://host/module/path`
   * another machine, which either all sources or the destination may be on. Text is taken as UTF-8, bytes as they are.
   */
  readonly sources: readonly NameLike[];
  /** Without a destination the sources are listed. */
  readonly destination?: NameLike;
  /** Stops the run: clean-up, then a rejection with exit code 20. */
  readonly signal?: AbortSignal;
  /** Forces one implementation of the system calls. */
  readonly syscalls?: "koffi" | "plain";
  /**
   * Events of unchanged entries and progress are left out unless asked for, here or by `itemizeChanges: 2` and `progress`. Unchanged entries
   * that `outFormat` or a log has lines of (`verbose: 2`) have their events in any case.
   */
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
 * Starts a transfer. Trouble with single files does not reject: it is in `summary.problems`, and `summary.exitCode`
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
  /** Who calls, where only local runs make sense. */
  readonly localOnly?: string;
  /** A connection to the other side that is there already. */
  readonly stream?: ByteStream;
  /** Nothing happens that `logFile` or `outFormat` would tell of. */
  readonly isSilent?: boolean;
  /** Has the last word on how a run ended, and may tell more. */
  readonly conclude?: (summary: RunSummary, emit: EventSink) => RunSummary;
}

/** A request in its final form. */
export interface ReadRequest {
  readonly command: RunCommand;
  readonly request: SyncRequest;
}

/** Checks a request; throws at once as `sync()` does. */
export function readRequest(given: SyncRequest): ReadRequest {
  const request = checked(given);
  const { sources: names, destination: target, ssh = "system", ...rest } = request;
  const { signal, syscalls, reportUnchanged, reportProgress, password, proxy, ...plain } = rest;
  const sources = names.map(toName);
  const destination = target === undefined ? undefined : toName(target);
  const settings = collectSettings(plain);
  settings.ssh = ssh === "system" ? "system" : "builtin";
  if (settings.readBatch !== undefined) {
    if (sources.length > 0) throw usageError("readBatch: sources must be empty");
    const command = batchCommand(settings, settings.readBatch, destination, {});
    if (command === undefined) throw usageError("readBatch: needs a destination");
    return { command, request };
  }
  const written = plain.writeBatch !== undefined && plain.onlyWriteBatch !== undefined;
  if (written) throw usageError("writeBatch: cannot be used together with onlyWriteBatch");
  if (settings.writeBatch !== undefined) checkBatchName(settings.writeBatch);
  // A dry run writes none.
  const path = settings.dryRun ? undefined : settings.writeBatch;
  const batch = path === undefined ? undefined : { path, args: commandWords(plain) };
  const remote = findRemote(sources, destination);
  const isLocal = remote === undefined;
  const options = completeSettings(settings, destination !== undefined, isLocal && !batch ? "local" : "client");
  if (options.filesFrom !== undefined && (sources.length !== 1 || destination === undefined)) {
    throw usageError("filesFrom: needs exactly one source, and a destination");
  }
  checkDaemonOnly(settings, remote);
  if (!isLocal)
    return { command: { ...remoteCommand(settings, options, remote, sources, destination), batch }, request };
  checkLocal(options, settings);
  return { command: localCommand(settings, options, sources, destination, batch), request };
}

/** Checks a request and starts it; throws at once as `sync()` does. */
export function startRun(given: SyncRequest, watcher: RunWatcher): Promise<RunSummary> {
  const { command, request } = readRequest(given);
  const { room, gate, localOnly, stream, isSilent = false, conclude = (summary) => summary } = watcher;
  if (command.kind !== "run" && localOnly !== undefined) {
    const where = command.kind === "remote" ? "another machine" : "iconv, protocol or a batch file";
    throw unsupportedError(`This tsync does not support ${localOnly} with ${where}`);
  }
  if (command.kind !== "remote" && stream !== undefined) {
    throw usageError("connect: one operand must be the other side's, such as :path");
  }
  const { signal: stop = new AbortController().signal, syscalls, reportUnchanged, reportProgress } = request;
  const { env } = process;
  const { options } = command;
  const text = new RunText({
    options: isSilent ? { ...options, logFile: undefined, outFormat: undefined } : options,
    ...textTraits(command),
    syscalls,
    signal: stop,
    emit: watcher.emit,
  });
  const { needs, emit } = text;
  let broken: LogTotals | undefined;
  const shared = {
    emit,
    room: room ?? (() => undefined),
    wants: {
      ...needs,
      items: true,
      unchanged: (reportUnchanged ?? options.itemize > 1) || needs.unchanged,
      progress: reportProgress ?? options.progress,
    },
    signal: stop,
    syscalls,
    home: env.HOME === undefined ? undefined : fromText(env.HOME),
    cvsIgnore: env.CVSIGNORE === undefined ? undefined : byteName(fromText(env.CVSIGNORE)),
    onBreak: (totals: LogTotals) => {
      broken = totals;
    },
  };
  return startCommand(command).then(
    (summary) => {
      const concluded = conclude(summary, emit);
      text.finish(concluded);
      return concluded;
    },
    (error: unknown) => {
      const known = asTsyncError(error);
      text.fail(known, broken);
      throw stop.aborted ? abortedError("client", { cause: stop.reason as unknown }) : known;
    },
  );

  async function startCommand(command: ReadRequest["command"]): Promise<RunSummary> {
    switch (command.kind) {
      case "run":
        return await runTransfer({ ...shared, ...command, gate });
      case "remote":
        return await startRemote({ run: shared, command, ways: request, stream, say: watcher.emit });
      case "both-ends":
        return await (await import("../sync/wire/both-ends.ts")).runBothEnds({ ...shared, command });
      case "read-batch":
        return await (await import("../sync/wire/read-batch.ts")).readBatch({ ...shared, command });
    }
  }
}

/** Throws for what a local run cannot be. */
function checkLocal({ filesFrom }: TransferOptions, { unsupported }: Settings): void {
  if (filesFrom !== undefined && parseRemote(filesFrom) !== undefined) {
    throw usageError("filesFrom: cannot be remote when the transfer is local");
  }
  for (const [key, shown] of unsupported)
    if (key !== "protocol") throw unsupportedError(`This tsync does not support ${shown} here`);
}

/** Looks at the parts of the request that are not options, for callers whose types nobody checked. */
function checked(request: SyncRequest): SyncRequest {
  const value: unknown = request;
  if (typeof value !== "object" || value === null) throw usageError("sync() takes an object");
  const { sources, destination, signal, syscalls, reportUnchanged, reportProgress, readBatch } = value as {
    readonly [Key in keyof SyncRequest]: unknown;
  };
  checkRemoteOptions(value as { readonly [Key in keyof RemoteOptions]: unknown });
  if (!Array.isArray(sources) || (sources.length === 0 && readBatch === undefined))
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
