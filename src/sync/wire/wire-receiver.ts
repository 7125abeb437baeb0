/**
 * Reads what a sender on another machine sends (3-transfer 5, 7.4): file lists, answers to records, the data of files, the ends of
 * phases. It runs beside the generator; both wait for each other through the session's condition.
 */
import { protocolError } from "../../errors.ts";
import { readSumHead, type WireSumHead } from "../../protocol/block-sums.ts";
import { type FileEntry, FileType } from "../../protocol/file-entry.ts";
import { ItemFlag } from "../../protocol/item-flags.ts";
import type { TransferRecord as TransferRecordRead, ItemRecord as WireItem } from "../../protocol/item-record.ts";
import { readTransferStats, type TransferStats } from "../../protocol/transfer-stats.ts";
import type { WireReader } from "../../protocol/wire-reader.ts";
import { ReceivedXattr } from "../../protocol/xattr-block.ts";
import { hasXattrValues, XattrValuesReader } from "../../protocol/xattr-values.ts";
import type { ItemRecord, TransferRecord } from "../channel.ts";
import type { LateAttributes, RunContext } from "../context.ts";
import type { ItemEvent } from "../events.ts";
import { isRegular, withFailedTime } from "../file-list.ts";
import { finishFile, type SourceErrors } from "../finish-file.ts";
import type { PendingFile } from "../pending-file.ts";
import { FileReceiver } from "../receive-file.ts";
import { isUnopened, type JobResult } from "../receive-job.ts";
import type { RunProgress } from "../run-progress.ts";
import type { Asked } from "./asked-records.ts";
import type { Link } from "./link.ts";
import { WireTokens } from "./token-feed.ts";
import type { RequestChannel, Unwanted } from "./wire-channel.ts";
import type { WireLists } from "./wire-lists.ts";

/** How an unfinished job ends. */
const stopped = { id: -1, done: false, written: 0, failures: [], tempName: undefined, digest: undefined } as const;

/** The sources are on the other machine, which tells of them. */
const elsewhere: SourceErrors = { openFailed: () => undefined, readFailed: () => undefined };

/** Sets what was left of an entry until the sender has answered. */
export type SetLate = (entry: FileEntry, late: LateAttributes) => void;

export class WireReceiver {
  /** The index of the last record. */
  private lastNdx = 0;
  /** Ends of phases that the sender has reached (3-transfer 7.4). */
  phase = 0;
  /** What the sender, a server, tells at the end. */
  stats: TransferStats | undefined;
  private readonly link: Link;
  private readonly context: RunContext;
  private readonly lists: WireLists;
  private readonly channel: RequestChannel;
  private readonly files: FileReceiver;
  /** Lists that the sender has dropped. */
  private dropped = 0;
  private readonly peerIsServer: boolean;
  private readonly setXattrs: SetLate;
  private readonly progress: RunProgress;
  private readonly readHead = (reader: WireReader): WireSumHead =>
    readSumHead(reader, this.link.session.protocol, this.link.digestBytes);

  constructor(
    link: Link,
    context: RunContext,
    lists: WireLists,
    channel: RequestChannel,
    progress: RunProgress,
    peerIsServer: boolean,
    setXattrs: SetLate,
  ) {
    this.link = link;
    this.context = context;
    this.lists = lists;
    this.channel = channel;
    this.files = new FileReceiver(context.syscalls, context.operator);
    this.peerIsServer = peerIsServer;
    this.setXattrs = setXattrs;
    this.progress = progress;
  }

  /** Reads to the end of the last phase. */
  async run(): Promise<void> {
    const { link, lists } = this;
    const { connection, condition, records } = link;
    const readRecord = (reader: WireReader): TransferRecordRead => records.read(reader);
    while (!this.isThrough) {
      const next = connection.read(readRecord);
      const record = next instanceof Promise ? await next : next;
      switch (record.kind) {
        case "done":
          await this.phaseDone();
          break;
        case "lists-end":
          lists.end();
          break;
        case "list":
          await lists.readDirectory(record.directory);
          break;
        case "delete-stats":
          // Our own counts, which a server says once more.
          break;
        case "item": {
          const working = this.item(record);
          if (working !== undefined) await working;
        }
      }
      condition.changed();
    }
  }

  /** The last phase has come to its end. */
  private get isThrough(): boolean {
    const { protocol } = this.link.session;
    return this.phase >= (protocol >= 31 ? 4 : protocol >= 29 ? 3 : 2);
  }

  private async phaseDone(): Promise<void> {
    const { context, link } = this;
    const isList = context.options.incrementalRecursion && this.phase === 0;
    if (isList) this.progress.endReceived(this.lists.entriesThrough(this.lastNdx));
    // Phases count only where there are lists still; behind the last one there is but the end of the session.
    else if (!context.options.incrementalRecursion && this.phase <= (link.session.protocol >= 29 ? 2 : 1))
      this.progress.endReceived(context.counters.files.total);
    await this.channel.ended(this.phase, isList ? this.lists.oldestNdx : undefined);
    if (isList) {
      this.lists.dropOldest();
      if (++this.dropped < this.lists.received) return;
    }
    if (!this.lists.allArrived) {
      const { role } = link.connection.reader;
      throw protocolError(`got the end of a phase before the last file list [${role}]`, role);
    }
    this.phase++;
    const { protocol } = link.session;
    if (this.peerIsServer && this.phase === (protocol >= 29 ? 3 : 2)) {
      this.stats = await link.connection.read((reader) => readTransferStats(reader, protocol));
    }
  }

  private item(wire: WireItem): Promise<void> | undefined {
    const { role } = this.link.connection.reader;
    const isTransfer = (wire.flags & ItemFlag.transfer) !== 0;
    if (isTransfer && this.phase > 1)
      throw protocolError(`got transfer request in phase ${this.phase} [${role}]`, role);
    this.lastNdx = wire.ndx;
    const asked = this.channel.answered(wire);
    return asked instanceof Promise
      ? asked.then((answered) => this.answer(answered, wire.flags))
      : this.answer(asked, wire.flags);
  }

  private answer(asked: Asked | Unwanted, flags: number): Promise<void> | undefined {
    const { entry } = asked.record ?? asked;
    const reading = this.readXattrs(entry, flags);
    return reading === undefined ? this.take(asked, entry) : reading.then(() => this.take(asked, entry));
  }

  private take(asked: Asked | Unwanted, entry: FileEntry): Promise<void> | undefined {
    const { lateXattrs } = this.context;
    const late = lateXattrs === undefined || lateXattrs.size === 0 ? undefined : lateXattrs.get(entry);
    if (late !== undefined) {
      lateXattrs?.delete(entry);
      this.setXattrs(entry, late);
    }
    if (asked.record === undefined) return this.discard();
    if (asked.record.kind === "transfer") return this.transfer(asked, asked.record);
    this.report(asked.record);
    return undefined;
  }

  /** The data of a file, behind the sums that it refers to. */
  private openTokens(): WireTokens | Promise<WireTokens> {
    const { connection, digestBytes, tokenReader, wholeChecksum, memory } = this.link;
    const start = connection.reader.consumed;
    const open = (head: WireSumHead): WireTokens =>
      new WireTokens(connection, tokenReader, head, digestBytes, wholeChecksum, memory.patch, start);
    const head = connection.read(this.readHead);
    return head instanceof Promise ? head.then(open) : open(head);
  }

  /** Drops the data of a file. */
  private async discard(): Promise<void> {
    const tokens = await this.openTokens();
    await tokens.discard();
  }

  /** Long values of attributes; only those that were asked for count (2-file-list 7.5). */
  private readXattrs({ xattrs }: FileEntry, flags: number): Promise<void> | undefined {
    const { options, readsBatch, onlyBatch } = this.context;
    const isAsked = options.xattrs > 0 && (!options.dryRun || readsBatch || onlyBatch);
    return isAsked && hasXattrValues(flags, this.link.session) ? this.readXattrValues(xattrs) : undefined;
  }

  private async readXattrValues(xattrs: FileEntry["xattrs"]): Promise<void> {
    const { readsBatch } = this.context;
    const { connection } = this.link;
    const values = new XattrValuesReader(xattrs?.length ?? 0);
    for (const { number, value } of await connection.read((reader) => values.read(reader))) {
      const item = xattrs?.[number - 1];
      if (item instanceof ReceivedXattr && (item.requested || (readsBatch && item.abbreviated !== undefined)))
        item.settle(value);
    }
  }

  /** A record without data has been to the sender and back. */
  report(record: ItemRecord): void {
    const { counters, wants } = this.context;
    if ((record.flags & ItemFlag.isNew) !== 0) counters.created.add(record.entry.mode);
    record.received?.();
    if (wants.items) this.context.emit(this.event(record, record.linkedTo));
  }

  private event({ entry, ...record }: ItemRecord | TransferRecord, linkedTo: ItemRecord["linkedTo"]): ItemEvent {
    // Old senders are not told what differs, so that rsync does not know any more when the data comes.
    const isOld = this.link.session.protocol < 29;
    const flags =
      isOld && record.kind === "transfer"
        ? ItemFlag.transfer | ItemFlag.unknown
        : withFailedTime(entry, record.flags, isOld);
    const { isChanged } = record.kind === "item" ? record : { isChanged: undefined };
    return {
      type: "item",
      path: entry.path,
      entry: this.owned(entry),
      flags,
      linkedTo,
      sourcePath: entry.path,
      isChanged,
    };
  }

  /** The entry with the owner and group that it gets here, which is what is told of it (3-transfer 9.6). */
  private owned(entry: FileEntry): FileEntry {
    const { ids, options } = this.context;
    const uid = options.owner ? ids.user(entry.uid) : entry.uid;
    const gid = options.group ? ids.group(entry.gid) : entry.gid;
    return uid === entry.uid && gid === entry.gid ? entry : { ...entry, uid, gid };
  }

  private transfer({ head }: Asked, record: TransferRecord): Promise<void> | undefined {
    const { counters, wants, emit, onlyBatch, options } = this.context;
    const { link, channel } = this;
    const { entry, again } = record;
    const { role } = link.connection.reader;
    if (!isRegular(entry)) {
      throw protocolError(`received request to transfer non-regular file: ${record.ndx} [${role}]`, role);
    }
    counters.transferredFiles++;
    counters.transferredSize += entry.size;
    if ((record.flags & ItemFlag.isNew) !== 0 && !again) counters.created.add(entry.mode);
    const item = wants.items || wants.transferred ? this.event(record, undefined) : undefined;
    this.progress.requested(record.position);
    const { receive } = record;
    if (head === undefined || receive === undefined) {
      const dropped = (): void => {
        if (item !== undefined && wants.items) emit(item);
        if (item !== undefined && wants.transferred)
          emit({ type: "transferred", item, wireBytes: 0, checksumBytes: 0, digest: undefined });
        channel.done(record, false);
      };
      // For a batch file only: the sender keeps it to itself if it is the one that writes it.
      const comes = head === "recorded" || (onlyBatch === true && this.peerIsServer);
      if (comes) return this.discard().then(dropped);
      dropped();
      return undefined;
    }
    const opened = (tokens: WireTokens): Promise<void> | undefined => {
      if (head !== "recorded" && !sameHead(tokens.head, head))
        throw protocolError(`the sums of file ${record.ndx} are not those asked for [${role}]`, role);
      const source = { descriptor: -1, size: entry.size, item, wireBytes: 0, tokens };
      const file = receive(source);
      // What is told of a file is the mode that it gets.
      if (item !== undefined && !options.permissions) {
        const mode = (entry.mode & FileType.mask) | file.job.attributes.mode;
        source.item = { ...item, entry: { ...item.entry, mode } };
      }
      return this.receive(record, file, tokens, source.item);
    };
    const tokens = this.openTokens();
    return tokens instanceof Promise ? tokens.then(opened) : opened(tokens);
  }

  /** Makes the file; a promise if its data is not all here. */
  private receive(
    record: TransferRecord,
    file: PendingFile,
    tokens: WireTokens,
    item: ItemEvent | undefined,
  ): Promise<void> | undefined {
    const { wants, emit } = this.context;
    const steps = this.files.steps(file.job, file.beforeRename);
    const step = steps.next();
    // A file that cannot be made is not named.
    if (item !== undefined && wants.items && !(step.done === true && isUnopened(step.value))) emit(item);
    if (step.done !== true || !tokens.isThrough) return this.receiveOn(record, file, tokens, steps, step);
    return this.received(record, file, step.value);
  }

  private async receiveOn(
    record: TransferRecord,
    file: PendingFile,
    tokens: WireTokens,
    steps: Generator<number, JobResult>,
    first: IteratorResult<number, JobResult>,
  ): Promise<void> {
    let step = first;
    try {
      while (step.done !== true) {
        await tokens.wait();
        if (this.context.wants.progress && step.value > 0 && step.value < file.entry.size)
          this.progress.onFile(file, step.value);
        step = steps.next();
      }
    } catch (error) {
      steps.return(stopped);
      throw error;
    }
    // What comes for a file that cannot be made counts like any other data.
    const { literalBytes, matchedBytes } = await tokens.discard();
    this.context.counters.literalBytes += literalBytes;
    this.context.counters.matchedBytes += matchedBytes;
    await this.received(record, file, step.value);
  }

  private received(record: TransferRecord, file: PendingFile, result: JobResult): Promise<void> | undefined {
    const { context } = this;
    if (context.wants.progress) this.progress.onFile(file, file.entry.size);
    finishFile(context, elsewhere, file, result);
    const isWrong = result.failures.some((failure) => failure.step === "verify");
    this.channel.done(record, !record.again && isWrong);
    return context.syscalls.kind === "plain" ? new Promise((resolve) => setImmediate(resolve)) : undefined;
  }
}

function sameHead(a: WireSumHead, b: WireSumHead): boolean {
  return (
    a.count === b.count &&
    a.blockLength === b.blockLength &&
    a.strongBytes === b.strongBytes &&
    a.remainder === b.remainder
  );
}
