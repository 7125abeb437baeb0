/** How a sender answers the records of a generator on another machine (3-transfer 3.1). */
import { printOrder } from "../../delta/checksum.ts";
import { protocolError } from "../../errors.ts";
import { BlockSumsReader, readSumHead, writeSumHead } from "../../protocol/block-sums.ts";
import type { DeleteCounts } from "../../protocol/delete-counts.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import { ItemFlag } from "../../protocol/item-flags.ts";
import { BasisType, type ItemRecord } from "../../protocol/item-record.ts";
import { CompatFlag } from "../../protocol/wire-context.ts";
import { hasXattrValues, readXattrRequest, writeXattrValues } from "../../protocol/xattr-values.ts";
import type { RunContext } from "../context.ts";
import { wireNumbers } from "../delta-request.ts";
import type { KindCounts } from "../events.ts";
import { isRegular, withFailedTime } from "../file-list.ts";
import type { RunProgress } from "../run-progress.ts";
import { LocalSender, type OpenSource } from "../sender.ts";
import type { SourceRoots } from "../source-root.ts";
import type { Link } from "./link.ts";
import { FileSender } from "./send-file.ts";
import type { SentLists } from "./sent-lists.ts";

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

  /** Answers one record. */
  async answer(record: ItemRecord): Promise<void> {
    const { link, context, lists } = this;
    const { connection, session } = link;
    const { ndx, flags } = record;
    this.current = ndx;
    const entry = lists.entry(ndx);
    const xattrs = await this.readXattrNumbers(entry, flags);
    if ((flags & ItemFlag.transfer) === 0) {
      this.sender.item(entry, ndx, withFailedTime(entry, flags, session.protocol < 30), record.name);
      link.write(record);
      this.writeXattrs(entry, xattrs);
      const waiting = connection.settle();
      if (waiting !== undefined) await waiting;
      return;
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
      return;
    }
    await this.transfer(record, entry, again, xattrs);
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

  private async transfer(
    record: ItemRecord,
    entry: FileEntry,
    again: boolean,
    xattrs: readonly number[] | undefined,
  ): Promise<void> {
    const { link, context } = this;
    const { connection, session } = link;
    const { options, ledger } = context;
    const { ndx } = record;
    const flags = this.shownFlags(record.flags);
    const head = await connection.read((reader) => readSumHead(reader, session.protocol, link.digestBytes));
    const append = again ? "no" : options.append;
    const sumsReader = new BlockSumsReader(append === "no" ? head : { ...head, count: 0 });
    const sums = await connection.read((reader) => sumsReader.read(reader));
    const source = this.sender.open(entry, ndx, flags, again);
    if (source === undefined) {
      this.notSent(ndx);
      return;
    }
    try {
      if (append !== "no" && source.size < entry.size) {
        ledger.warning("sender", `skipped diminished file: "${entry.path}"`);
        this.notSent(ndx);
        return;
      }
      link.write(record);
      this.writeXattrs(entry, xattrs);
      if (link.recorder?.isOnly === true) connection.flush();
      writeSumHead(link.data, head);
      await this.sendData(record, entry, source, append === "no" ? sums : { ...sums, ...head }, append, again);
    } finally {
      context.syscalls.close(source.descriptor);
    }
    this.lists.countSent(ndx);
    const waiting = link.settleData();
    if (waiting !== undefined) await waiting;
  }

  private async sendData(
    record: ItemRecord,
    entry: FileEntry,
    source: OpenSource,
    sums: Parameters<FileSender["send"]>[0]["sums"],
    append: "no" | "trust" | "verify",
    again: boolean,
  ): Promise<void> {
    const { context, progress, lists } = this;
    const { counters, wants, options, emit } = context;
    const { descriptor, size, item } = source;
    const file = { entry, position: lists.positionOf(record.ndx), job: { size } };
    const onProgress = wants.progress ? (done: number): void => progress.onFile(file, done) : undefined;
    const updating = this.isUpdating(record.basisType, again);
    const sent = await this.files.send({ descriptor, size, sums, updating, append, onProgress });
    onProgress?.(size);
    if (sent.readError < 0) this.sender.readFailed(entry, sent.readError);
    counters.literalBytes += sent.literalBytes;
    counters.matchedBytes += sent.matchedBytes;
    counters.matches += sent.matches;
    counters.hashHits += sent.hashHits;
    counters.falseAlarms += sent.falseAlarms;
    if (!wants.transferred) return;
    const { wire, checksums } = wireNumbers(source, sent);
    const wanted = wants.digest && !options.checksum && options.transferChecksum !== "none";
    const digest = wanted ? printOrder(options.transferChecksum, sent.digest) : undefined;
    emit({ type: "transferred", item, wireBytes: wire, checksumBytes: checksums, digest });
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
  private async readXattrNumbers(entry: FileEntry, flags: number): Promise<readonly number[] | undefined> {
    const { options } = this.context;
    const { connection, session } = this.link;
    if (options.xattrs === 0 || options.dryRun || !hasXattrValues(flags, session)) return undefined;
    return await connection.read((reader) => readXattrRequest(reader, entry.xattrs?.length ?? 0));
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
