/**
 * Reads what a sender on another machine sends (3-transfer 5, 7.4): file lists, answers to records, the data of files, the ends of
 * phases. It runs beside the generator; both wait for each other through the session's condition.
 */
import { protocolError } from "../../errors.ts";
import { readSumHead, type WireSumHead } from "../../protocol/block-sums.ts";
import { type FileEntry, FileType } from "../../protocol/file-entry.ts";
import { ItemFlag } from "../../protocol/item-flags.ts";
import type { ItemRecord as WireItem } from "../../protocol/item-record.ts";
import { readTransferStats, type TransferStats } from "../../protocol/transfer-stats.ts";
import { ReceivedXattr } from "../../protocol/xattr-block.ts";
import { hasXattrValues, XattrValuesReader } from "../../protocol/xattr-values.ts";
import type { ItemRecord, TransferRecord } from "../channel.ts";
import type { RunContext } from "../context.ts";
import type { ItemEvent } from "../events.ts";
import { isRegular, withFailedTime } from "../file-list.ts";
import { finishFile } from "../finish-file.ts";
import { FileReceiver } from "../receive-file.ts";
import type { RunProgress } from "../run-progress.ts";
import { itemWireBytes } from "../wire-size.ts";
import type { Link } from "./link.ts";
import { WireTokens } from "./token-feed.ts";
import type { Asked, RequestChannel } from "./wire-channel.ts";
import type { WireLists } from "./wire-lists.ts";

/** How an unfinished job ends. */
const stopped = { id: -1, done: false, written: 0, failures: [], tempName: undefined, digest: undefined } as const;

export class WireReceiver {
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
  private readonly setXattrs: (entry: FileEntry) => void;
  private readonly progress: RunProgress;

  constructor(
    link: Link,
    context: RunContext,
    lists: WireLists,
    channel: RequestChannel,
    progress: RunProgress,
    peerIsServer: boolean,
    setXattrs: (entry: FileEntry) => void,
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
    while (!this.isThrough) {
      const record = await connection.read((reader) => records.read(reader));
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
        case "item":
          await this.item(record);
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

  private async item(wire: WireItem): Promise<void> {
    const { role } = this.link.connection.reader;
    const isTransfer = (wire.flags & ItemFlag.transfer) !== 0;
    if (isTransfer && this.phase > 1)
      throw protocolError(`got transfer request in phase ${this.phase} [${role}]`, role);
    const asked = await this.channel.answered(wire);
    const { entry } = asked.record ?? asked;
    await this.readXattrs(entry, wire.flags);
    if (this.context.lateXattrs?.delete(entry) === true) this.setXattrs(entry);
    if (asked.record === undefined) await this.discard();
    else if (asked.record.kind === "item") this.report(asked.record);
    else await this.transfer(asked, asked.record);
  }

  /** The data of a file, behind the sums that it refers to. */
  private async openTokens(): Promise<WireTokens> {
    const { connection, session, digestBytes, tokenReader, wholeChecksum, memory } = this.link;
    const head = await connection.read((reader) => readSumHead(reader, session.protocol, digestBytes));
    return new WireTokens(connection, tokenReader, head, digestBytes, wholeChecksum, memory.patch);
  }

  /** Drops the data of a file. */
  private async discard(): Promise<void> {
    const tokens = await this.openTokens();
    await tokens.discard();
  }

  /** Long values of attributes; only those that were asked for count (2-file-list 7.5). */
  private async readXattrs({ xattrs }: FileEntry, flags: number): Promise<void> {
    const { options } = this.context;
    const { connection, session } = this.link;
    const { readsBatch, onlyBatch } = this.context;
    if (options.xattrs === 0 || (options.dryRun && !readsBatch && !onlyBatch) || !hasXattrValues(flags, session))
      return;
    const values = new XattrValuesReader(xattrs?.length ?? 0);
    for (const { number, value } of await connection.read((reader) => values.read(reader))) {
      const item = xattrs?.[number - 1];
      if (item instanceof ReceivedXattr && (item.requested || readsBatch) && item.abbreviated !== undefined)
        item.settle(value);
    }
  }

  /** A record without data has been to the sender and back. */
  report(record: ItemRecord): void {
    const { counters, wants } = this.context;
    if ((record.flags & ItemFlag.isNew) !== 0) counters.created.add(record.entry.mode);
    if (wants.items) this.context.emit(this.event(record, record.linkedTo));
  }

  private event({ entry, ...record }: ItemRecord | TransferRecord, linkedTo: ItemRecord["linkedTo"]): ItemEvent {
    // Old senders are not told what differs, so that rsync does not know any more when the data comes.
    const isOld = this.link.session.protocol < 29;
    const flags =
      isOld && record.kind === "transfer"
        ? ItemFlag.transfer | ItemFlag.unknown
        : withFailedTime(entry, record.flags, isOld);
    return { type: "item", path: entry.path, entry, flags, linkedTo, sourcePath: entry.path };
  }

  private async transfer({ head }: Asked, record: TransferRecord): Promise<void> {
    const { counters, wants, emit, syscalls, onlyBatch } = this.context;
    const { link, channel } = this;
    const { connection } = link;
    const { entry, again } = record;
    const { role } = connection.reader;
    if (!isRegular(entry)) {
      throw protocolError(`received request to transfer non-regular file: ${record.ndx} [${role}]`, role);
    }
    counters.transferredFiles++;
    counters.transferredSize += entry.size;
    if ((record.flags & ItemFlag.isNew) !== 0 && !again) counters.created.add(entry.mode);
    const item = this.event(record, undefined);
    this.progress.requested(record.position);
    if (head === undefined || record.receive === undefined) {
      // For a batch file only: the sender keeps it to itself if it is the one that writes it.
      if (head === "recorded" || (onlyBatch === true && this.peerIsServer)) await this.discard();
      if (wants.items) emit(item);
      if (wants.transferred) emit({ type: "transferred", item, wireBytes: 0, checksumBytes: 0, digest: undefined });
      channel.done(record, false);
      return;
    }
    const tokens = await this.openTokens();
    if (head !== "recorded" && !sameHead(tokens.head, head))
      throw protocolError(`the sums of file ${record.ndx} are not those asked for [${role}]`, role);
    const wireBytes = wants.transferred ? itemWireBytes(entry.size, record.flags, link.digestBytes) + 1 : 0;
    const source = { descriptor: -1, size: entry.size, item, wireBytes, tokens };
    const file = record.receive(source);
    // What is told of a file is the mode that it gets.
    if (!this.context.options.permissions) {
      const mode = (entry.mode & FileType.mask) | file.job.attributes.mode;
      source.item = { ...item, entry: { ...entry, mode } };
    }
    const steps = this.files.steps(file.job, file.beforeRename);
    let step = steps.next();
    // A file that cannot be made is not named.
    const isOpen = step.done !== true || !step.value.failures.some((failure) => failure.step === "open");
    if (wants.items && isOpen) emit(source.item);
    try {
      while (step.done !== true) {
        await tokens.wait();
        if (wants.progress && step.value > 0 && step.value < entry.size) this.progress.onFile(file, step.value);
        step = steps.next();
      }
    } catch (error) {
      steps.return(stopped);
      throw error;
    }
    await tokens.discard();
    const result = step.value;
    if (wants.progress) this.progress.onFile(file, entry.size);
    finishFile(this.context, () => undefined, file, result);
    channel.done(record, !again && result.failures.some((failure) => failure.step === "verify"));
    if (syscalls.kind === "plain") await new Promise((resolve) => setImmediate(resolve));
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
