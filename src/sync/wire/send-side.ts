/**
 * A run whose receiving side is on another machine, on one screen (3-transfer 3, 7.3): the scan goes out as file lists, requests come
 * and are answered with data, and both sides go through the phases to the goodbye.
 */

import type { ByteName } from "../../bytes/byte-name.ts";
import { abortedError, asTsyncError, protocolError, untoldError } from "../../errors.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import type { TransferRecord } from "../../protocol/item-record.ts";
import type { Message } from "../../protocol/message.ts";
import { type TransferStats, writeTransferStats } from "../../protocol/transfer-stats.ts";
import type { WireReader } from "../../protocol/wire-reader.ts";
import { WireWriter } from "../../protocol/wire-writer.ts";
import { steadyMilliseconds } from "../../steady-time.ts";
import type { RunContext } from "../context.ts";
import type { RunCounters } from "../counters.ts";
import type { RunSummary } from "../events.ts";
import { type FileList, isDirectory } from "../file-list.ts";
import { ListBuilder } from "../list-builder.ts";
import { ListFeed } from "../list-feed.ts";
import { operatorRules } from "../operator-rules.ts";
import { announceMatches } from "../receiving-side.ts";
import { SourceRemover } from "../remove-source.ts";
import { summarize, tellAll } from "../run-parts.ts";
import { RunProgress } from "../run-progress.ts";
import { makeSenderFilters } from "../sender-filters.ts";
import { addSources } from "../source-arguments.ts";
import { SourceRoots } from "../source-root.ts";
import { linksToFollow } from "../source-stat.ts";
import { WorkerPool } from "../worker-pool.ts";
import { RequestAnswerer } from "./answer-request.ts";
import { fileListSettings, type Link } from "./link.ts";
import { peerProblem } from "./peer-text.ts";
import { SentLists } from "./sent-lists.ts";
import { listStartEvent } from "./session.ts";
import { type EndParts, type EndRequest, makeEnd } from "./wire-context.ts";
import { LeftOut } from "./wire-names.ts";

/** What a sending end is given. */
export interface SendRequest extends EndRequest {
  readonly sources: readonly ByteName[];
  /** Gets what the run counts, which is there even if it breaks. */
  readonly onCounters?: (counters: RunCounters) => void;
  /** The names of `--files-from`, read once the context is there; undefined: the sources themselves are sent. */
  readonly listed: (parts: EndParts) => Promise<readonly ByteName[] | undefined>;
}

/** Entries that are sent ahead of the list that is worked on (2-file-list 4.6). */
const aheadEntries = 2000;

/** What rsync gathers before it writes. */
const bufferBytes = 65_536;

/** Sends to the end. Throws a `TsyncError` for fatal trouble; trouble with single files is in the summary. */
export async function sendToWire(request: SendRequest): Promise<RunSummary> {
  const { link, signal, syscalls } = request;
  const pool = new WorkerPool(syscalls.kind, operatorRules(request.options));
  const abort = (): void => {
    pool.abort();
    link.connection.fail(abortedError("sender"));
  };
  signal.addEventListener("abort", abort);
  const roots = new SourceRoots(syscalls, linksToFollow(request.options));
  const closers: (() => void)[] = [];
  try {
    if (signal.aborted) throw abortedError("sender");
    return await send(request, pool, roots, closers);
  } catch (error) {
    link.connection.fail(asTsyncError(error));
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    pool.abort();
    await pool.close();
    for (const close of closers) close();
    roots.dispose();
    link.close();
  }
}

async function send(
  request: SendRequest,
  pool: WorkerPool,
  roots: SourceRoots,
  closers: (() => void)[],
): Promise<RunSummary> {
  const started = steadyMilliseconds();
  const { link, options, isServer } = request;
  const { connection, session } = link;
  const parts = makeEnd(request, undefined);
  const { context, program, reader } = parts;
  request.onCounters?.(context.counters);
  const { incrementalRecursion: incremental, relative } = options;
  const filters = makeSenderFilters(program, reader, options);
  const how = { keepsOrder: true, linksAll: session.protocol < 28, ownAttributes: session.protocol < 30 };
  const scan = { options, umask: context.identity.umask, syscalls: context.syscalls, roots, ...filters, ...how };
  const builder = new ListBuilder(scan);
  closers.push(() => builder.attributes.close());
  const leftOut = new LeftOut();
  const convertible = (list: FileList): FileList => {
    const { names } = link;
    if (names === undefined) return list;
    // What is in a directory without a name does not exist.
    if (leftOut.has(list.path)) {
      return { ...list, owner: undefined, entries: [], duplicates: [], ioError: 0, events: [], scanned: undefined };
    }
    const entries = list.entries.filter((entry) => {
      const absolute = (): ByteName => roots.absolute(entry.root, entry.path);
      if (names.entryToWire(entry, context.ledger, absolute) !== undefined) return true;
      if (isDirectory(entry)) leftOut.add(entry.path);
      return false;
    });
    // Places of duplicates are those in the whole list.
    return entries.length === list.entries.length ? list : { ...list, entries, duplicates: [], scanned: undefined };
  };
  // An old receiver would take them for content, and delete what it has beside it.
  const omitsImplied = session.protocol < 30 && relative && !options.impliedDirectories;
  const count = (entries: readonly FileEntry[]): void => {
    for (const entry of entries) context.counters.list(entry);
  };
  const arrived = (arriving: FileList): FileList => {
    const list = convertible(arriving);
    tellAll(context, list.events);
    context.ledger.ioError |= list.ioError;
    const own = list.path === "." && list.owner !== undefined ? [list.owner] : [];
    if (!omitsImplied) count([...own, ...list.entries, ...list.duplicates.map(({ entry }) => entry)]);
    return list;
  };
  const feed = new ListFeed(builder, scan, program, pool, arrived, aheadEntries);
  const settings = fileListSettings(options, session);
  const lists = new SentLists(link, settings, context.syscalls, incremental, omitsImplied);
  const progress = new RunProgress(context, feed);
  const remover = new SourceRemover(context, roots);
  request.onMessage((message) => onMessage(message, context, lists, remover));
  try {
    const listed = await request.listed(parts);
    context.emit(listStartEvent(options, session));
    addSources(scan, builder, request.sources, listed);
  } catch (error) {
    // A server that cannot begin its list leaves without a word to its client (1-session 7.5).
    if (isServer) throw untoldError(error);
    tellAll(context, builder.events.take(true));
    throw error;
  }
  const built = steadyMilliseconds();
  const told = (): number => (options.ignoreErrors ? 0 : context.ledger.ioError & 3);
  const listStart = connection.bytesWritten + connection.out.length;
  let ended = false;
  let heard = false;
  // A server that cannot begin its list leaves without a word to its client (1-session 7.5).
  const untold = (error: unknown): unknown => (isServer && !heard ? untoldError(error) : error);
  const fill = async (entryCount: number): Promise<void> => {
    try {
      await feed.fill(entryCount);
    } catch (error) {
      throw untold(error);
    }
  };
  const sendNext = async (): Promise<void> => {
    await fill(1);
    const list = feed.take();
    if (list !== undefined) lists.send(list, told());
    if (list === undefined || (feed.allArrived && feed.peek().length === 0)) {
      link.write({ kind: "lists-end" });
      ended = true;
    }
    const waiting = connection.settle();
    if (waiting !== undefined) await waiting;
  };
  if (incremental) {
    await sendNext();
    // A receiver that got a single entry waits for one item more (2-file-list 4.6).
    if (lists.entryCount === 1) while (!ended && lists.entryCount < 2) await sendNext();
    // A client's first list is on its way before anything further on fails.
    if (!isServer) connection.flush();
  } else {
    await fill(Number.POSITIVE_INFINITY);
    if (omitsImplied) count(lists.entriesOf(feed.peek()));
    context.emit({ type: "list-done", count: context.counters.files.total });
    await lists.sendAll(feed.peek(), told());
    ended = true;
  }
  // rsync counts what it has written by now: its buffer, whenever it was full.
  const written = connection.bytesWritten + connection.out.length - listStart;
  const listBytes = written < bufferBytes ? 0 : written - (written % bufferBytes);
  const listSeconds = (steadyMilliseconds() - started) / 1000;
  const sentErrors = context.ledger.ioError;
  if (isServer && lists.entryCount === 0) {
    connection.flush();
    return { ...summarize(context, started, listSeconds), protocol: session.protocol, listBytes };
  }
  const answers = new RequestAnswerer(link, context, roots, lists, progress, isServer);
  const lastPhase = session.protocol >= 29 ? 2 : 1;
  const readRecord = (from: WireReader): TransferRecord => link.records.read(from);
  for (;;) {
    while (!ended && lists.aheadOf(Math.max(answers.current, lists.oldestNdx)) < aheadEntries) await sendNext();
    lists.endBatch();
    const next = connection.read(readRecord);
    const record = next instanceof Promise ? await next : next;
    heard = true;
    if (record.kind === "item") {
      const answering = answers.answer(record);
      if (answering !== undefined) await answering;
    } else if (record.kind === "done") {
      // rsync tells of the list that the last item was of, be it behind the one that is released.
      const reached = lists.endOf(answers.current);
      if (incremental && lists.release()) {
        progress.sentListDone(reached, true);
        link.write({ kind: "done" });
        continue;
      }
      if (!ended) throw protocolError("the end of a phase came before the last file list [sender]", "sender");
      answers.phase++;
      if (answers.phase > lastPhase) break;
      link.write({ kind: "done" });
    } else if (record.kind === "delete-stats") {
      answers.deleted(record.counts);
    } else throw protocolError(`unexpected record ${record.kind} [sender]`, "sender");
  }
  progress.sentListDone(lists.entryCount, false);
  progress.end();
  announceMatches(context);
  if (context.ledger.ioError !== sentErrors && session.protocol >= 30) {
    connection.message({ kind: "io-error", bits: context.ledger.ioError & 7 });
  }
  link.write({ kind: "done" });
  connection.flush();
  // The totals end here: the last words are not in them (3-transfer 9.7).
  const moved = { bytesRead: connection.bytesTaken, bytesWritten: connection.bytesWritten };
  if (isServer || link.recorder !== undefined) {
    const stats = {
      ...moved,
      totalSize: context.counters.totalSize,
      listBuildMilliseconds: Math.max(Math.round(built - started), 1),
      listSendMilliseconds: 0,
    };
    recordStats(link, stats, isServer);
  }
  await goodbye(request, answers);
  return {
    ...summarize(context, started, listSeconds),
    protocol: session.protocol,
    listBytes,
    bytesSent: moved.bytesWritten,
    bytesReceived: moved.bytesRead,
    ownTotals: { bytesSent: connection.bytesWritten, bytesReceived: connection.bytesTaken },
    deleted: answers.deletedCounts ?? context.counters.deleted,
  };
}

/** A server tells its client; a client tells the batch file, as if it were one. */
function recordStats({ connection, recorder, session }: Link, stats: TransferStats, isServer: boolean): void {
  if (isServer) {
    writeTransferStats(connection.out, stats, session.protocol);
    return;
  }
  connection.flush();
  const writer = new WireWriter();
  writeTransferStats(writer, stats, session.protocol);
  recorder?.write(writer.take());
}

/** Late deletions, late links of old generators, and the last word (3-transfer 7.3). */
async function goodbye({ link }: SendRequest, answers: RequestAnswerer): Promise<void> {
  const { connection, records, session } = link;
  for (let left = session.protocol >= 31 ? 2 : 1; left > 0; ) {
    const record = await connection.read((from) => records.read(from));
    if (record.kind === "delete-stats") answers.deleted(record.counts);
    else if (record.kind === "item") await answers.late(record);
    else if (record.kind === "done") {
      left--;
      if (left > 0) link.write({ kind: "done" });
    } else throw protocolError(`Invalid packet at end of run (${record.kind}) [sender]`, "sender");
  }
  connection.flush();
}

function onMessage(message: Message, context: RunContext, lists: SentLists, remover: SourceRemover): void {
  if (message.kind === "success") {
    const entry = lists.lookUp(message.ndx);
    if (entry !== undefined && context.options.removeSource !== "no" && !context.options.dryRun) {
      remover.remove(entry, undefined);
    }
  } else if (message.kind === "deleted" && !context.wants.items) {
    // Only a client shows them.
  } else if (message.kind === "deleted") {
    context.emit({ type: "delete", path: message.name, directory: message.directory });
  } else if (message.kind === "io-error") {
    context.ledger.ioError |= message.bits;
  } else if (message.kind === "text") {
    context.ledger.peerFailed("receiver", peerProblem(message, "receiver"));
  }
}
