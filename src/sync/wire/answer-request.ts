/** How a sender answers the records of a generator on another machine (3-transfer 3.1). */
import { printOrder } from "../../delta/checksum.ts";
import { protocolError } from "../../errors.ts";
import {
  BlockSumsReader,
  readSumHead,
  type WireSumHead,
  type WireSums,
  writeSumHead,
} from "../../protocol/block-sums.ts";
import type { DeleteCounts } from "../../protocol/delete-counts.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import { ItemFlag } from "../../protocol/item-flags.ts";
import { BasisType, type ItemRecord } from "../../protocol/item-record.ts";
import { CompatFlag } from "../../protocol/wire-context.ts";
import type { WireReader } from "../../protocol/wire-reader.ts";
import { hasXattrValues, readXattrRequest, writeXattrValues } from "../../protocol/xattr-values.ts";
import type { RunContext } from "../context.ts";
import type { KindCounts } from "../events.ts";
import { isRegular, withFailedTime } from "../file-list.ts";
import type { RunProgress } from "../run-progress.ts";
import { LocalSender, type OpenSource } from "../sender.ts";
import type { SourceRoots } from "../source-root.ts";
import type { Link } from "./link.ts";
import { FileSender, type FileToSend, type SentFile } from "./send-file.ts";
import type { SentLists } from "./sent-lists.ts";

const noSums = { rolling: new Uint32Array(0), strong: new Uint8Array(0) } as const;

export class RequestAnswerer {
  /** Ends of phases that the generator has reached. */
  phase = 0;
  /** The index that was worked on last. */
  current = 0;
  /** What the other side deleted, once it has told. */
  deletedCounts: KindCounts | undefined;
  private readonly link: Link;
  private readonly context: RunContext;
  private readonly lists: SentLists;
  private readonly progress: RunProgress;
  private readonly isServer: boolean;
  private readonly sender: LocalSender;
  private readonly files: FileSender;
  private readonly readHead = (reader: WireReader): WireSumHead =>
    readSumHead(reader, this.link.session.protocol, this.link.digestBytes);

  constructor(
    link: Link,
    context: RunContext,
    roots: SourceRoots,
    lists: SentLists,
    progress: RunProgress,
    isServer: boolean,
  ) {
    this.link = link;
    this.context = context;
    this.lists = lists;
    this.progress = progress;
    this.isServer = isServer;
    this.sender = new LocalSender(context, roots);
    this.files = new FileSender(link, context.syscalls, context.options.bandwidthLimit);
  }

  /** Answers one record; a promise only where something must be waited for. */
  answer(record: ItemRecord): Promise<void> | undefined {
    this.current = record.ndx;
    const entry = this.lists.entry(record.ndx);
    const xattrs = this.readXattrNumbers(entry, record.flags);
    return xattrs instanceof Promise
      ? xattrs.then((numbers) => this.answerWith(record, entry, numbers))
      : this.answerWith(record, entry, xattrs);
  }

  private answerWith(
    record: ItemRecord,
    entry: FileEntry,
    xattrs: readonly number[] | undefined,
  ): Promise<void> | undefined {
    const { link, context, lists } = this;
    const { connection, session } = link;
    const { ndx, flags } = record;
    if ((flags & ItemFlag.transfer) === 0) {
      this.sender.item(entry, ndx, withFailedTime(entry, flags, session.protocol < 30), record.name);
      link.write(record);
      this.writeXattrs(entry, xattrs);
      return connection.settle();
    }
    const { role } = connection.reader;
    if (this.phase > 1) throw protocolError(`got transfer request in phase ${this.phase} [${role}]`, role);
    if (!isRegular(entry)) throw protocolError(`received request to transfer non-regular file: ${ndx} [${role}]`, role);
    // A file that did not verify is asked for again, but once (4-traps H-20).
    const times = lists.timesSent(ndx);
    if (times > 1) throw protocolError(`file ${ndx} was asked for a third time [${role}]`, role);
    const again = times > 0;
    this.progress.requested(lists.positionOf(ndx));
    if (context.options.dryRun) {
      this.sender.wouldTransfer(entry, ndx, this.shownFlags(flags));
      link.write(record);
      return undefined;
    }
    const head = connection.read(this.readHead);
    // A file without basis, as most are, has nothing behind its head.
    if (!(head instanceof Promise) && head.count === 0)
      return this.transfer(record, entry, again, xattrs, { ...head, ...noSums });
    return this.readSums(head, again).then((sums) => this.transfer(record, entry, again, xattrs, sums));
  }

  private async readSums(arriving: WireSumHead | Promise<WireSumHead>, again: boolean): Promise<WireSums> {
    const head = await arriving;
    const sums = new BlockSumsReader(this.appendFor(again) === "no" ? head : { ...head, count: 0 });
    return { ...(await this.link.connection.read((reader) => sums.read(reader))), ...head };
  }

  /** How the file is appended to. */
  private appendFor(again: boolean): FileToSend["append"] {
    return again ? "no" : this.context.options.append;
  }

  /** Links that an old generator makes after its last phase: nothing is to be done for them (3-transfer 7.3). */
  async late(record: ItemRecord): Promise<void> {
    const { role } = this.link.connection.reader;
    if ((record.flags & ItemFlag.transfer) !== 0) {
      throw protocolError(`Invalid packet at end of run (${record.ndx}) [${role}]`, role);
    }
    const entry = this.lists.entry(record.ndx);
    await this.readXattrNumbers(entry, record.flags);
    this.sender.item(entry, record.ndx, record.flags, record.name);
  }

  /** The other side tells what it deleted; a client that receives hears it again (1-session 7.2). */
  deleted(counts: DeleteCounts): void {
    const { files: regular, directories, symlinks: links, devices, specials } = counts;
    this.deletedCounts = { regular, directories, links, devices, specials };
    if (this.isServer) this.link.write({ kind: "delete-stats", counts });
  }

  /** Sends the data; `sums` has the head that came, under `--append` without its sums. */
  private transfer(
    record: ItemRecord,
    entry: FileEntry,
    again: boolean,
    xattrs: readonly number[] | undefined,
    sums: WireSums,
  ): Promise<void> | undefined {
    const { link, context, lists } = this;
    const { ledger, syscalls } = context;
    const { ndx } = record;
    const append = this.appendFor(again);
    const source = this.sender.open(entry, ndx, this.shownFlags(record.flags), again);
    if (source === undefined) {
      this.notSent(ndx);
      return undefined;
    }
    const { descriptor, size } = source;
    let sending: SentFile | Promise<SentFile> | undefined;
    try {
      if (append !== "no" && size < entry.size) {
        ledger.warning("sender", `skipped diminished file: "${entry.path}"`);
        this.notSent(ndx);
        return undefined;
      }
      const before = link.dataBytes;
      link.write(record);
      this.writeXattrs(entry, xattrs);
      if (link.recorder?.isOnly === true) link.connection.flush();
      writeSumHead(link.data, sums);
      const file = { entry, position: lists.positionOf(ndx), job: { size } };
      const onProgress = context.wants.progress ? (done: number) => this.progress.onFile(file, done) : undefined;
      const updating = this.isUpdating(record.basisType, again);
      sending = this.files.send({ descriptor, size, sums, updating, append, onProgress });
      if (!(sending instanceof Promise)) this.sent(entry, source, sending, before, onProgress);
      else {
        const finished = sending.then((sent) => this.sent(entry, source, sent, before, onProgress));
        return finished.finally(() => syscalls.close(descriptor)).then(() => this.settled(ndx));
      }
    } finally {
      if (!(sending instanceof Promise)) syscalls.close(descriptor);
    }
    return this.settled(ndx);
  }

  private settled(ndx: number): Promise<void> | undefined {
    this.lists.countSent(ndx);
    return this.link.settleData();
  }

  private sent(
    entry: FileEntry,
    source: OpenSource,
    sent: SentFile,
    before: number,
    onProgress: ((done: number) => void) | undefined,
  ): void {
    const { counters, wants, options, emit } = this.context;
    const { size, item } = source;
    onProgress?.(size);
    if (sent.readError < 0) this.sender.readFailed(entry, sent.readError);
    counters.literalBytes += sent.literalBytes;
    counters.matchedBytes += sent.matchedBytes;
    counters.matches += sent.matches;
    counters.hashHits += sent.hashHits;
    counters.falseAlarms += sent.falseAlarms;
    if (!wants.transferred || item === undefined) return;
    const wanted = wants.digest && !options.checksum && options.transferChecksum !== "none";
    const digest = wanted ? printOrder(options.transferChecksum, sent.digest) : undefined;
    emit({
      type: "transferred",
      item,
      wireBytes: this.link.dataBytes - before,
      checksumBytes: sent.checksumBytes,
      digest,
    });
  }

  /** Before protocol 29 the generator does not say what differs. */
  private shownFlags(flags: number): number {
    return this.link.session.protocol < 29 ? flags | ItemFlag.unknown : flags;
  }

  /** Whether the basis is overwritten while it is used (3-transfer 3.4). */
  private isUpdating(basisType: number, again: boolean): boolean {
    const { options } = this.context;
    const { session } = this.link;
    if (basisType === BasisType.partial) return (session.compat & CompatFlag.inplacePartial) !== 0;
    if (!options.inplace || basisType !== BasisType.destination) return false;
    return session.protocol >= 29 || !(options.backup && !again);
  }

  private notSent(ndx: number): void {
    const { connection, session } = this.link;
    if (session.protocol >= 30) connection.message({ kind: "no-send", ndx });
  }

  /** Which long values the generator wants to have; undefined: it cannot ask here. */
  private readXattrNumbers(
    entry: FileEntry,
    flags: number,
  ): readonly number[] | undefined | Promise<readonly number[]> {
    const { options } = this.context;
    const { connection, session } = this.link;
    if (options.xattrs === 0 || options.dryRun || !hasXattrValues(flags, session)) return undefined;
    return connection.read((reader) => readXattrRequest(reader, entry.xattrs?.length ?? 0));
  }

  private writeXattrs(entry: FileEntry, numbers: readonly number[] | undefined): void {
    if (numbers === undefined) return;
    const none = new Uint8Array(0);
    const values = [...numbers]
      .sort((a, b) => a - b)
      .map((number) => ({ number, value: entry.xattrs?.[number - 1]?.value ?? none }));
    writeXattrValues(this.link.connection.out, values);
  }
}
