/**
 * A run whose sender is on another machine (3-transfer 7.2): lists come, the generator walks them, what it asks for comes back, goodbye.
 */
import type { ByteName } from "../../bytes/byte-name.ts";
import { abortedError, asTsyncError, protocolError, stoppedError, TsyncError } from "../../errors.ts";
import { type FileEntry, FileType, isDeviceMode } from "../../protocol/file-entry.ts";
import type { Message } from "../../protocol/message.ts";
import type { TransferStats } from "../../protocol/transfer-stats.ts";
import { steadyMilliseconds } from "../../steady-time.ts";
import { setLateXattrs } from "../attributes.ts";
import { fullPath, type RunContext } from "../context.ts";
import { reportDeletionLimit } from "../deletion-order.ts";
import { resolveDestination } from "../destination.ts";
import type { RunSummary } from "../events.ts";
import { HardLinks, type Member } from "../hard-links.ts";
import { mapAcls } from "../id-mapper.ts";
import { ListNumbers } from "../list-numbers.ts";
import { checkNamedDirectories, tellListed } from "../list-only.ts";
import { munged } from "../munge.ts";
import { operatorRules } from "../operator-rules.ts";
import { findPlace } from "../place.ts";
import { pruneLists } from "../prune-lists.ts";
import { announceWholeFiles, openReceivingSide, type ReceivingSide } from "../receiving-side.ts";
import { arrive, countListed, summarize } from "../run-parts.ts";
import { RunProgress } from "../run-progress.ts";
import { withPauses } from "../steps.ts";
import { WorkerPool } from "../worker-pool.ts";
import { KnownEntries } from "./known-entries.ts";
import { fileListSettings, type Link } from "./link.ts";
import { peerProblem } from "./peer-text.ts";
import { ReleaseTracker } from "./release-tracker.ts";
import { ReplayChannel } from "./replay-channel.ts";
import { reportArrivals } from "./report-arrivals.ts";
import { listStartEvent } from "./session.ts";
import { type RequestChannel, WireChannel } from "./wire-channel.ts";
import { type EndParts, type EndRequest, makeEnd } from "./wire-context.ts";
import { WireLists } from "./wire-lists.ts";
import { type SetLate, WireReceiver } from "./wire-receiver.ts";

/** What a receiving end is given. */
export interface ReceiveRequest extends EndRequest {
  /** Undefined: what the sender has is listed. */
  readonly destination: ByteName | undefined;
  /** Whether the sender may list this entry, which came with this path; throws if not. `isLater`: of a list that comes when work has begun. */
  readonly check: (entry: FileEntry, sent: ByteName, isLater: boolean) => FileEntry;
  /** Hears of the directory of the destination, where there is one. */
  readonly entered?: (absolute: ByteName) => void;
  /** What is to be sent before the lists come. */
  readonly begin?: (parts: EndParts) => void;
}

/** Known entries before the first is handled, where hard links are kept (3-transfer 1.4). */
const hardLinkEntries = 500;

/** Receives to the end. Throws a `TsyncError` for fatal trouble; trouble with single files is in the summary. */
export async function receiveFromWire(request: ReceiveRequest): Promise<RunSummary> {
  const closers: (() => void)[] = [];
  const { link, signal, syscalls, options } = request;
  const { condition, connection } = link;
  const pool = new WorkerPool(syscalls.kind, operatorRules(options));
  const abort = (): void => {
    pool.abort();
    const stopped = stoppedError(signal, connection.hasList ? "generator" : "Receiver");
    condition.fail(stopped);
    connection.fail(stopped);
  };
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) throw abortedError("Receiver");
    return await receive(request, closers, pool);
  } finally {
    await pool.close();
    signal.removeEventListener("abort", abort);
    for (const close of closers.reverse()) close();
    link.close();
  }
}

/** An entry as this side takes it: links disarmed, and devices of a sender that lists them as such taken for files (2-file-list 8.2). */
function asWanted(entry: FileEntry, { mungeLinks, copyDevices }: ReceiveRequest["options"]): FileEntry {
  if (mungeLinks && entry.target !== undefined) return { ...entry, target: munged(entry.target) };
  if (!copyDevices || !isDeviceMode(entry.mode)) return entry;
  return { ...entry, mode: (entry.mode & 0o777) | FileType.regular, mtime: Math.floor(Date.now() / 1000) };
}

async function receive(request: ReceiveRequest, closers: (() => void)[], pool: WorkerPool): Promise<RunSummary> {
  const started = steadyMilliseconds();
  const { link, options, isServer } = request;
  const { connection, session, condition } = link;
  const settings = fileListSettings(options, session);
  const tracker = options.incrementalRecursion ? new ReleaseTracker() : undefined;
  const onWaiting = (member: Member, waits: boolean, late: boolean): void => {
    tracker?.count(member.ndx, waits ? 1 : -1);
    if (late) condition.changed();
  };
  const links = new HardLinks(onWaiting);
  const known = request.readsBatch === true ? new KnownEntries() : undefined;
  const lists: WireLists = new WireLists({
    connection,
    settings,
    condition,
    convert:
      link.names === undefined
        ? undefined
        : (entry) => link.names?.entryFromWire(entry, options.relative, context.ledger),
    check: (entry, sent, isLater) => asWanted(request.check(entry, sent, isLater), options),
    arrived: (list) => {
      tracker?.arrived(list);
      known?.add(list);
      return arrive(context, links, numbers, mapAcls(context, list));
    },
  });
  const parts = makeEnd(request, lists.decoder.names);
  const { context } = parts;
  request.begin?.(parts);
  const numbers = new ListNumbers(context);
  context.emit({ ...listStartEvent(options, session), receiving: true });
  parts.tellUnknownNames();
  connection.keepsAlive = false;
  await lists.readFirst();
  connection.keepsAlive = true;
  connection.hasList = true;
  if (!options.incrementalRecursion) context.emit({ type: "list-done", count: context.counters.files.total });
  if (options.incrementalRecursion) await readSecond(link, lists);
  lists.isEarly = false;
  if (options.pruneEmptyDirectories) lists.replace(pruneLists(lists.peek(), context));
  numbers.complete();
  const first = countListed(lists.peek());
  /** Lists after which rsync's generator waits, and before which it knows of no further ones than had come at the start (3-transfer 9.10). */
  const lead = { lists: options.incrementalRecursion && !options.hardLinks ? (first.oneDirectory ? 2 : 1) : 0 };
  const allKnown = lists.allArrived;
  const hear = (message: Message): void => {
    if (message.kind === "text") context.ledger.peerFailed("receiver", peerProblem(message, "sender"));
    else if (message.kind === "io-error") context.ledger.told(message.bits);
  };
  // A server that sends nothing ends with its list (1-session 7.4).
  if (!isServer && context.counters.files.total === 0) {
    request.onMessage(hear);
    await connection.drain();
    return withWireBytes(summarize(context, started, 0), link, lists.listBytes);
  }
  const progress = new RunProgress(context, lists, true);
  const replay = known !== undefined ? new ReplayChannel(link, context, tracker, known) : undefined;
  const channel: RequestChannel =
    replay ?? new WireChannel(link, context, tracker, pool, (record) => receiver.report(record));
  let setXattrs: SetLate = () => undefined;
  const receiver = new WireReceiver(link, context, lists, channel, progress, !isServer, (entry, late) =>
    setXattrs(entry, late),
  );
  request.onMessage((message) => {
    if (message.kind !== "no-send") hear(message);
    else if (lists.has(message.ndx) || replay !== undefined) channel.notSent(message.ndx);
    else connection.fail(protocolError(`Invalid file index: ${message.ndx} of a file that is not sent`, "Receiver"));
  });
  // What has been told ahead of the first list counts for it, what comes with those behind it does not.
  context.ledger.hear();
  let side: ReceivingSide | undefined;
  if (request.destination !== undefined && !options.listOnly) {
    const destination = resolveDestination(context, request.destination, first);
    closers.push(() => destination.walker?.dispose());
    if (destination.walker !== undefined) request.entered?.(destination.absolute);
    const arrivals = reportArrivals(link, context, tracker);
    side = openReceivingSide(context, destination, channel, links, arrivals, closers, () =>
      lead.lists > 0 ? allKnown : lists.allArrived,
    );
    setXattrs = (entry, late) => {
      const place = findPlace(destination, entry.path, entry.path === ".");
      if (typeof place === "number") return arrivals.settled(entry, false);
      const absolute = fullPath(destination.absolute, entry.path);
      setLateXattrs(context, { directory: place.descriptor, name: place.name, absolute }, entry, late);
      place.held.release();
      arrivals.settled(entry, true);
    };
  } else checkNamedDirectories(context);
  // The generator's records go out together, as those of rsync do; it sends them when it waits.
  connection.flushesWhenWaiting = false;
  const receiving = receiver.run().catch((error: unknown) => condition.fail(error));
  try {
    await generate({
      link,
      context,
      side,
      lists,
      channel,
      replay,
      receiver,
      tracker,
      numbers,
      isServer,
      lead,
    });
    await receiving;
    if (condition.failed !== undefined) throw condition.failed;
  } catch (error) {
    // The receiver must have put its file away before the directories are closed.
    condition.fail(error);
    connection.fail(asTsyncError(error));
    await receiving;
    throw condition.failed ?? error;
  }
  progress.end();
  return withWireBytes(summarize(context, started, 0), link, lists.listBytes, receiver.stats);
}

/** What was really sent and received; the sender, if it is a server, knows more (1-session 7.3). */
function withWireBytes(
  summary: RunSummary,
  { connection, session: { protocol } }: Link,
  listBytes: number,
  stats?: TransferStats,
): RunSummary {
  const known = { ...summary, protocol, listBytes };
  const ownTotals = { bytesSent: connection.bytesWritten, bytesReceived: connection.bytesRead };
  // Who left before that has told nothing of its list either.
  if (stats === undefined) return { ...known, ...ownTotals, listBuildSeconds: 0 };
  return {
    ...known,
    ownTotals,
    bytesSent: stats.bytesRead,
    bytesReceived: stats.bytesWritten,
    totalSize: stats.totalSize,
    listBuildSeconds: stats.listBuildMilliseconds / 1000,
  };
}

/** With incremental recursion a first list of one entry says too little: one item more is read (2-file-list 4.6). */
async function readSecond(link: Link, lists: WireLists): Promise<void> {
  const [first] = lists.peek();
  const count = (first?.owner === undefined ? 0 : 1) + (first?.entries.length ?? 0) + (first?.duplicates.length ?? 0);
  if (count !== 1 || lists.allArrived) return;
  const record = await link.connection.read((reader) => link.records.read(reader));
  if (record.kind === "lists-end") lists.end();
  else if (record.kind === "list") await lists.readDirectory(record.directory);
  else throw new TsyncError("protocol", "Invalid packet behind the first file list", { exitCode: 2, role: "Receiver" });
}

interface Generation {
  readonly link: Link;
  readonly context: RunContext;
  /** Undefined: what comes is only listed. */
  readonly side: ReceivingSide | undefined;
  readonly lists: WireLists;
  readonly channel: RequestChannel;
  readonly replay: ReplayChannel | undefined;
  readonly receiver: WireReceiver;
  readonly tracker: ReleaseTracker | undefined;
  readonly numbers: ListNumbers;
  readonly isServer: boolean;
  readonly lead: { lists: number };
}

/** The generator's way through lists and phases (3-transfer 7.2). */
async function generate(parts: Generation): Promise<void> {
  const { link, context, side, lists, channel, replay, receiver, tracker, numbers, isServer, lead } = parts;
  const { options, counters } = context;
  const { condition, connection, session } = link;
  const { protocol } = session;
  const done = (): void => link.write({ kind: "done" });
  // Records go out together while the receiver still has something to read, as those of rsync do.
  const until = async (test: () => boolean): Promise<void> => {
    connection.flushesWhenWaiting = true;
    let waits = false;
    await condition.until(() => {
      const isOver = test();
      if (!isOver) waits = true;
      if (!isOver && connection.isWaiting) connection.flush();
      return isOver;
    });
    connection.flushesWhenWaiting = false;
    if (waits) context.ledger.hear();
  };
  const reached = (phase: number): Promise<void> => until(() => receiver.phase >= phase);
  const release = (): void => {
    const released = tracker?.release(lists.allArrived) ?? 0;
    for (let count = 0; count < released; count++) done();
  };
  const { deleteTiming } = options;
  const all = deleteTiming === "before" || deleteTiming === "after" ? [...lists.peek()] : [];
  const tellsCounts = !isServer && options.info.flist > 1;
  if (deleteTiming === "before" && side !== undefined)
    await withPauses(context, side.generator.deletions.inAll(all, tellsCounts));
  announceWholeFiles(context);
  const ahead = options.hardLinks && side !== undefined ? hardLinkEntries : 1;
  const redo = async (): Promise<boolean> => (await side?.entries.requests.redoWrong()) ?? false;
  if (replay !== undefined) replay.redo = redo;
  for (;;) {
    // The sender sends lists no further ahead of the oldest that it still holds: what is through must be released meanwhile. Of links that
    // wait for each other nothing is through, so that no more may be asked for than that these many have come in all.
    await until(() => {
      if (lists.hasCome(replay?.isStarving === true ? 1 : ahead)) return true;
      release();
      return false;
    });
    numbers.complete();
    const list = lists.take();
    if (list === undefined) break;
    const begun = (): void => {
      side?.tree.listDone();
      release();
    };
    if (side === undefined) tellListed(context, list);
    // As rsync, which releases lists once it is through the first entry of another one.
    else await side.generator.processList(list, begun);
    context.ledger.hear();
    tracker?.walked();
    if (list.slots !== undefined) replay?.walked(list.slots.last);
    if (--lead.lists === 0) connection.flush();
    const waiting = connection.settle();
    if (waiting !== undefined) await waiting;
    await pause(context);
  }
  channel.endMainPhase();
  if (tracker === undefined) {
    done();
  } else {
    await settle();
    while (await redo()) await settle();
  }
  async function settle(): Promise<void> {
    await until(() => {
      release();
      return !channel.isBusy;
    });
  }
  await until(() => {
    release();
    return receiver.phase >= 1;
  });
  let isRedone = false;
  while (await redo()) {
    isRedone = true;
    connection.flush();
  }
  // Further names of what is sent again are told of before the phase ends: behind it the client would hear of none. A name that is asked for
  // because another could not be made must come before that, too. Older senders do not say what they cannot send.
  const asksForMore = (isRedone && isServer) || channel.isBusy;
  if (asksForMore && options.hardLinks && protocol >= 30) await settle();
  done();
  const late = deleteTiming === "delay" || deleteTiming === "after";
  const { delayUpdates } = options;
  // Links to a file that is put into place at the end are told of then (3-transfer 7.3).
  if (!delayUpdates || replay !== undefined) channel.close();
  const counts = (): void => {
    const wanted = protocol >= 31 && (deleteTiming !== "none" || options.force);
    const { regular: files, directories, links: symlinks, devices, specials } = counters.deleted;
    if (wanted) link.write({ kind: "delete-stats", counts: { files, directories, symlinks, devices, specials } });
  };
  if (protocol >= 29 && !delayUpdates) done();
  if (protocol >= 31 && !late) {
    counts();
    if (!delayUpdates) done();
  }
  await reached(2);
  if (delayUpdates) side?.entries.requests.delayed.install();
  channel.close();
  if (protocol >= 29) {
    if (delayUpdates) {
      done();
      if (protocol >= 31 && !late) done();
    }
    await reached(3);
  }
  if (deleteTiming === "delay" && side !== undefined) await withPauses(context, side.deleter.deleteDelayed());
  if (deleteTiming === "after" && side !== undefined)
    await withPauses(context, side.generator.deletions.inAll(all, tellsCounts));
  if (protocol >= 31) {
    if (late) {
      counts();
      done();
    }
    await reached(4);
  }
  side?.tree.finishLate();
  if (side !== undefined) reportDeletionLimit(context);
  done();
  connection.flush();
}

/** Lets the receiver and signals in, now and then. */
async function pause(context: RunContext): Promise<void> {
  const now = steadyMilliseconds();
  if (now - context.counters.pausedAt < 10) return;
  await new Promise((resolve) => setImmediate(resolve));
  context.counters.pausedAt = steadyMilliseconds();
}
