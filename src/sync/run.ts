/**
 * A whole local transfer on one screen: from the arguments to the summary. The roles are in their own files; this one only
 * puts them together and takes care that everything is cleaned up, whatever happens.
 */
import { type ByteName, baseName, joinName } from "../bytes/byte-name.ts";
import { abortedError, type Role } from "../errors.ts";
import { compileFilters } from "../filter/compile-filters.ts";
import { FilterEvaluator } from "../filter/evaluator.ts";
import { looksUp } from "../filter/rule.ts";
import { foreignLinkText, OperatorPaths } from "../fs/operator-path.ts";
import { openSyscalls } from "../fs/syscalls/choose.ts";
import { fakeSuperSyscalls } from "../fs/syscalls/fake-super.ts";
import { emptyStat } from "../fs/syscalls/interface.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import { steadyMilliseconds } from "../steady-time.ts";
import { type ChangeGate, wantedXattrs } from "./change-gate.ts";
import type { RunContext, RunHost } from "./context.ts";
import { copyAs } from "./copy-as.ts";
import { RunCounters } from "./counters.ts";
import { withDeadline } from "./deadline.ts";
import { reportDeletionLimit } from "./deletion-order.ts";
import { type Destination, resolveDestination } from "./destination.ts";
import type { RunSummary } from "./events.ts";
import { fileFilterReader } from "./filter-reader.ts";
import { FilterStack } from "./filter-stack.ts";
import { followsListOrder, GroupOrder } from "./group-order.ts";
import { HardLinks } from "./hard-links.ts";
import { IdMapper, mapAcls } from "./id-mapper.ts";
import { Ledger } from "./ledger.ts";
import { ListBuilder } from "./list-builder.ts";
import { ListFeed } from "./list-feed.ts";
import { ListNumbers } from "./list-numbers.ts";
import { checkNamedDirectories, listEntries } from "./list-only.ts";
import { readListed } from "./listed-sources.ts";
import { LocalChannel } from "./local-channel.ts";
import { checkMunging } from "./munge.ts";
import { operatorRules } from "./operator-rules.ts";
import { pruneLists } from "./prune-lists.ts";
import { LocalReceiver } from "./receiver.ts";
import { announceMatches, announceWholeFiles, openReceivingSide } from "./receiving-side.ts";
import { refuseEmptySources } from "./refuse-empty-source.ts";
import { SourceRemover } from "./remove-source.ts";
import { arrive, countListed, currentIdentity, summarize, tellAll } from "./run-parts.ts";
import { RunProgress } from "./run-progress.ts";
import { LocalSender } from "./sender.ts";
import { makeSenderFilters } from "./sender-filters.ts";
import { addSources } from "./source-arguments.ts";
import { SourceRoots } from "./source-root.ts";
import { linksToFollow } from "./source-stat.ts";
import { withPauses } from "./steps.ts";
import { WorkerPool } from "./worker-pool.ts";

/** What a run is given. */
export interface RunRequest extends RunHost {
  readonly options: TransferOptions;
  readonly sources: readonly ByteName[];
  /** Undefined: the sources are listed. */
  readonly destination: ByteName | undefined;
  /** Lets only some changes through. */
  readonly gate?: ChangeGate | undefined;
}

/** Entries that are listed before the generator starts (2-file-list 4.6). */
const aheadEntries = 1000;
const ENOENT = -2;

/** Runs a local transfer to its end. Throws a `TsyncError` for fatal trouble; trouble with single files is in the summary. */
export function runTransfer(request: RunRequest): Promise<RunSummary> {
  return withDeadline(request.options.stopAt, request.signal, (signal) => transferUntil({ ...request, signal }));
}

async function transferUntil(request: RunRequest): Promise<RunSummary> {
  const { options, emit, signal } = request;
  const started = steadyMilliseconds();
  const own = openSyscalls(request.syscalls);
  const { receiverRights } = options;
  const syscalls = receiverRights.fakeSuper ? fakeSuperSyscalls(own, "generator") : own;
  const sourceCalls = options.fakeSuper ? fakeSuperSyscalls(own, "sender") : own;
  if (options.mungeLinks) checkMunging(syscalls);
  const ledger = new Ledger(emit, options.ignoreErrors);
  const counters = new RunCounters();
  const refusal = (role: Role) => () => ledger.warning(role, foreignLinkText);
  // What the receiving side says is not in the log.
  const mergePaths = new OperatorPaths(syscalls, operatorRules(options), refusal("client"));
  // What the command line names is its user's own business.
  const ownPaths = mergePaths.unconfined;
  const throughLinks = linksToFollow(options) !== "none";
  const warn = (text: ByteName): void => ledger.warning("client", text);
  const reader = fileFilterReader(syscalls, ownPaths, warn, throughLinks, mergePaths);
  const { deleteExcluded, nulTerminated } = options;
  const { home, cvsIgnore } = request;
  const settings = { deleteExcluded, nulTerminated, home, cvsIgnoreVariable: cvsIgnore };
  const program = compileFilters(options.filters, reader, settings);
  // A link in the destination may stand where a directory is expected. Without deletion rsync judges nothing there, and reads only what
  // is looked for in all directories above, when it makes room.
  const leavesTimes = options.deleteTiming === "none" && !looksUp(program.merges);
  const ownReader = fileFilterReader(syscalls, ownPaths, warn, true, mergePaths, leavesTimes);
  const listed = readListed({ options, syscalls: sourceCalls }, ownPaths);
  copyAs(options.copyAs, syscalls, "sender");
  const identity = currentIdentity(receiverRights.superUser);
  const rules = operatorRules(options);
  const operator = new OperatorPaths(syscalls, rules, refusal("generator"));
  const context: RunContext = {
    options,
    syscalls,
    operator,
    identity,
    ids: new IdMapper(options, syscalls, (text) => ledger.warning("Receiver", text)),
    ledger,
    emit,
    wants: request.wants,
    counters,
    filters: new FilterStack(new FilterEvaluator(program, "receiver", ownReader)),
    signal,
    gate: request.gate,
    lateXattrs: new Map(),
    groupOrder: followsListOrder({ options, identity }) ? new Map() : undefined,
  };
  const groupOrder = context.groupOrder === undefined ? undefined : new GroupOrder(context);
  const pool = new WorkerPool(syscalls.kind, rules);
  const roots = new SourceRoots(sourceCalls, linksToFollow(options));
  const links = new HardLinks();
  const senderFilters = makeSenderFilters(program, reader, options);
  const keepsOrder = groupOrder !== undefined;
  const scan = { options, umask: identity.umask, syscalls: sourceCalls, roots, ...senderFilters, keepsOrder };
  const builder = new ListBuilder(scan);
  const numbers = new ListNumbers(context);
  const feed = new ListFeed(builder, scan, program, pool, (sent) => {
    const list = arrive(context, links, numbers, mapAcls(context, sent));
    groupOrder?.arrived(list);
    return list;
  });
  const stop = () => pool.abort();
  signal.addEventListener("abort", stop);
  let receiver: LocalReceiver | undefined;
  /** What closes the directories of the destination once nobody works in them. */
  const closers: (() => void)[] = [];
  try {
    if (signal.aborted) throw abortedError("sender");
    refuseEmptySources(sourceCalls, options, request.sources);
    emit({ type: "list-start", incremental: options.incrementalRecursion });
    let listSeconds: number;
    try {
      addSources(scan, builder, request.sources, listed);
      listSeconds = (steadyMilliseconds() - started) / 1000;
      if (copiesAll(context, request)) feed.firstDuty = "copy";
      await feed.fill(options.incrementalRecursion ? aheadEntries : Number.POSITIVE_INFINITY);
    } catch (error) {
      tellAll(context, builder.events.take(true));
      throw error;
    }
    if (!options.incrementalRecursion) emit({ type: "list-done", count: counters.files.total });
    numbers.complete();
    if (options.pruneEmptyDirectories) feed.replace(pruneLists(feed.peek(), context));
    const progress = new RunProgress(context, feed);
    if (options.listOnly || request.destination === undefined) {
      checkNamedDirectories(context);
      announceWholeFiles(context);
      await listEntries(context, feed, request.room, (entryCount, isLast) =>
        progress.listDone(entryCount, isLast, false),
      );
      numbers.complete();
      progress.end();
      announceMatches(context);
    } else {
      const lists = feed.peek();
      const destination = resolveDestination(context, request.destination, countListed(lists));
      closers.push(() => destination.walker?.dispose());
      request.gate?.attach(syscalls, destination, wantedXattrs(options, identity.privileged));
      closers.push(() => request.gate?.release());
      const sender = new LocalSender(context, roots);
      receiver = new LocalReceiver(
        context,
        pool,
        () => feed.expectedEntries,
        sender,
        request.wants.progress ? progress.onFile : undefined,
      );
      const remover = new SourceRemover(context, roots);
      closers.push(() => remover.close());
      const watcher = {
        requested: (position: number) => progress.requested(position),
        released: () => {
          progress.released();
          remover.flushMany();
        },
      };
      const { hardLinks, removeSource } = context.options;
      const channel = new LocalChannel(sender, receiver, watcher, hardLinks && removeSource !== "no");
      await transfer(context, destination, feed, links, channel, progress, remover, numbers, closers, request.room);
    }
    return summarize(context, started, listSeconds);
  } finally {
    signal.removeEventListener("abort", stop);
    pool.abort();
    await receiver?.settle();
    await pool.close();
    for (const close of closers.reverse()) close();
    builder.attributes.close();
    roots.dispose();
    syscalls.dispose();
  }
}

/** Whether every file will probably be copied by a worker, as far as a look at the destination tells. */
function copiesAll({ options, syscalls, wants }: RunContext, { sources, destination }: RunRequest): boolean {
  const [source] = sources;
  if (source === undefined || destination === undefined || sources.length > 1) return false;
  const leaves =
    options.dryRun || options.listOnly || options.existing || options.alternates !== undefined || !options.wholeFile;
  if (leaves || wants.progress || !syscalls.abilities.descriptorAttributes) return false;
  const isContent = /(?:^|\/)\.?$/.test(source);
  const path = isContent || options.relative ? destination : joinName(destination, baseName(source));
  return syscalls.lstatPath(path, emptyStat()) === ENOENT;
}

/** The generator's way through the lists, and what comes after the last. */
async function transfer(
  context: RunContext,
  destination: Destination,
  feed: ListFeed,
  links: HardLinks,
  channel: LocalChannel,
  progress: RunProgress,
  remover: SourceRemover,
  numbers: ListNumbers,
  closers: (() => void)[],
  room: RunRequest["room"],
): Promise<void> {
  const { options, signal } = context;
  const { incrementalRecursion, hardLinks } = options;
  let listCount = 0;
  // rsync's generator works on the first list before it hears that no more will come, except that -H waits for them.
  const allArrived = (): boolean => feed.allArrived && (!incrementalRecursion || hardLinks || listCount > 1);
  const { generator, entries, deleter, tree } = openReceivingSide(
    context,
    destination,
    channel,
    links,
    remover,
    closers,
    allArrived,
  );
  const all = options.deleteTiming === "before" || options.deleteTiming === "after" ? [...feed.peek()] : [];
  if (options.deleteTiming === "before") await withPauses(context, generator.deletions.inAll(all));
  generator.deletions.countBefore(all);
  announceWholeFiles(context);
  let caughtUp = false;
  let early = incrementalRecursion && !hardLinks ? (countListed(feed.peek()).oneDirectory ? 2 : 1) : 0;
  for (;;) {
    const more = feed.fill(aheadEntries);
    if (more !== undefined) await more;
    numbers.complete();
    if (signal.aborted) throw abortedError("sender");
    const list = feed.take();
    if (list === undefined) break;
    listCount++;
    const entryCount = list.entries.length + (list.path === "." && list.owner !== undefined ? 1 : 0);
    await generator.processList(list, () => {
      tree.listDone();
      if (caughtUp) channel.push({ kind: "mark", passed: progress.listBegun(entryCount) });
    });
    await pause(context);
    const waiting = room?.();
    if (waiting !== undefined) await waiting;
    // The first list, with that of its only directory, is through before the others are there, except that -H waits for
    // them (3-transfer 9.10); the lines of progress are counted by what is under way, and come as they do without.
    if (--early === 0 && !context.wants.progress) await channel.flush();
    caughtUp = context.wants.progress && incrementalRecursion && (options.dryRun || channel.idle);
    progress.listDone(entryCount, list.last, caughtUp);
  }
  const settle = async (): Promise<void> => {
    do {
      await channel.drain();
    } while (await entries.requests.redoWrong());
    remover.flush();
  };
  await settle();
  if (signal.aborted) throw abortedError("sender");
  const { guarded } = deleter;
  if (guarded !== undefined) {
    if (options.deleteTiming === "after") await withPauses(context, generator.deletions.inAll(all));
    guarded.decide();
    await entries.handlePostponed();
    await settle();
  }
  if (options.delayUpdates) {
    entries.requests.delayed.install();
    await settle();
  }
  // The sender has told of the last phase before the generator comes to late deletions.
  progress.end();
  if (options.deleteTiming === "delay" || guarded !== undefined) await withPauses(context, deleter.deleteDelayed());
  announceMatches(context);
  if (options.deleteTiming === "after" && guarded === undefined)
    await withPauses(context, generator.deletions.inAll(all));
  tree.finishLate();
  reportDeletionLimit(context);
}

/** Lets signals and messages in, now and then. */
async function pause(context: RunContext): Promise<void> {
  const now = steadyMilliseconds();
  if (now - context.counters.pausedAt < 10) return;
  await new Promise((resolve) => setImmediate(resolve));
  context.counters.pausedAt = steadyMilliseconds();
  if (context.signal.aborted) throw abortedError("sender");
}
