/**
 * The generator's records on their way to a sender on another machine (3-transfer 1.1, 1.2, 2), and which of them are still to be
 * answered. A record is written whole or not at all: others may be made while the sums of a large basis are computed.
 */
import type { BlockSummer } from "../../delta/block-sums.ts";
import {
  basisBytesOf,
  type ReadAt,
  type Signature,
  type SumHead,
  signBasis,
  sumHeadFor,
} from "../../delta/signature.ts";
import { protocolError } from "../../errors.ts";
import { emptyStat } from "../../fs/syscalls/interface.ts";
import { limits } from "../../limits.ts";
import { isItemized } from "../../options/itemized.ts";
import { nullSumHead, type WireSumHead, writeBlockSums, writeSumHead } from "../../protocol/block-sums.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import { ItemFlag, isSignificant } from "../../protocol/item-flags.ts";
import { BasisType, type ItemRecord as WireItem } from "../../protocol/item-record.ts";
import { ReceivedXattr } from "../../protocol/xattr-block.ts";
import { hasXattrValues, writeXattrRequest } from "../../protocol/xattr-values.ts";
import { steadyMilliseconds } from "../../steady-time.ts";
import type { Basis, ChannelRecord, HeldDirectories, ItemRecord, RecordChannel, TransferRecord } from "../channel.ts";
import { storable } from "../compare.ts";
import { pauseIn, type RunContext } from "../context.ts";
import { isDirectory } from "../file-list.ts";
import type { DeltaJob } from "../receive-job.ts";
import { signTogether } from "../shared-signing.ts";
import type { SumOptions } from "../signing-order.ts";
import { finish } from "../steps.ts";
import type { WorkerPool } from "../worker-pool.ts";
import { type Asked, AskedRecords } from "./asked-records.ts";
import type { Link } from "./link.ts";
import type { ReleaseTracker } from "./release-tracker.ts";

/** A file in a batch that nobody wants to have. */
export interface Unwanted {
  readonly record: undefined;
  readonly entry: FileEntry;
}

/** The generator's requests, for those who work on the answers. */
export interface RequestChannel extends RecordChannel {
  /** Data was asked for and has not come yet. */
  readonly isBusy: boolean;
  /** The main phase ends with the records made so far. */
  endMainPhase(): void;
  /** From now on nothing is asked for any more. */
  close(): void;
  /** What the record of the sender answers. */
  answered(record: WireItem): Asked | Promise<Asked | Unwanted>;
  /** The sender has reached the end of its oldest list (`lastNdx`: the last index of it) or of a phase. */
  ended(phase: number, lastNdx: number | undefined): Promise<void> | undefined;
  /** The data of a record has come (or will not); `again`: it will be asked for once more. */
  done(record: TransferRecord, again: boolean): void;
  /** The sender says that it could not send the file. */
  notSent(ndx: number): void;
}

/** After so long an old sender with nothing but unanswered requests is taken to have done with them. */
const silenceMilliseconds = 200;

/** A basis up to this size is summed in one go. */
const quickBasisBytes = 4 * 1024 * 1024;

export class WireChannel implements RequestChannel {
  private readonly link: Link;
  private readonly context: RunContext;
  /** Whose lists wait for what is asked for. */
  private readonly lists: ReleaseTracker | undefined;
  private readonly pool: WorkerPool;
  private readonly waiting = new AskedRecords();
  /** How many of them were made before the main phase ended. */
  private mainPhase = 0;
  private isMainOver = false;
  private transfers = 0;
  /** So many more may be unanswered: perhaps they never will be. */
  private allowance = 0;
  /** No records without data are sent any more: the sender is past them (3-transfer 7.3). */
  private closed = false;
  private readonly sendsUnchanged: boolean;
  /** Of what an alternate directory has unchanged only a remark tells, unless items are told (3-transfer 1.2). */
  private readonly remarksMatches: boolean;
  private readonly onLocalItem: (record: ItemRecord) => void;
  /** A directory that is told of once it has changed. */
  private late: ItemRecord | undefined;

  /** `pool`: where large bases are summed; `onLocalItem` hears of items that the sender does not: it is too old, or past them. */
  constructor(
    link: Link,
    context: RunContext,
    lists: ReleaseTracker | undefined,
    pool: WorkerPool,
    onLocalItem: (record: ItemRecord) => void,
  ) {
    this.link = link;
    this.context = context;
    // In a dry run nothing comes that a list would have to wait for.
    this.lists = context.options.dryRun && context.onlyBatch !== true ? undefined : lists;
    this.pool = pool;
    this.onLocalItem = onLocalItem;
    const { options } = context;
    const itemized = isItemized(options);
    this.sendsUnchanged = options.info.name > 1 || (itemized && options.itemize > 1);
    this.remarksMatches = link.session.protocol >= 29 && !itemized;
  }

  push(record: ChannelRecord): Promise<void> | undefined {
    if (record.kind === "item") return this.pushItem(record);
    // Behind its main phase an old sender knows of nothing but what it sends again: no other name is asked for in place of one that failed.
    if (this.isMainOver && !record.again && this.link.session.protocol < 30) {
      record.failed();
      return undefined;
    }
    this.lists?.count(record.ndx, 1);
    this.transfers++;
    const basis = record.openBasis();
    if (record.receive === undefined && !this.context.onlyBatch) {
      this.writeHead(record, basis, undefined);
      return this.room();
    }
    const signed = this.sign(basis.delta, record.again);
    if (signed instanceof Promise)
      return signed.then((sums) => this.writeHead(record, basis, sums)).then(() => this.room());
    this.writeHead(record, basis, signed);
    return this.room();
  }

  makeRoom(held: HeldDirectories): Promise<void> | undefined {
    const { directoriesAhead } = limits;
    if (held.openCount <= directoriesAhead + this.allowance || this.transfers === 0) return undefined;
    return this.wait(() => held.openCount <= directoriesAhead / 2 || this.transfers === 0);
  }

  flush(): Promise<void> | undefined {
    return this.link.connection.flush();
  }

  /** Data was asked for and has not come yet. */
  get isBusy(): boolean {
    return this.transfers > 0;
  }

  /** From now on records without data are kept from the sender. */
  close(): void {
    this.closed = true;
  }

  /**
   * The record that the sender answers with this index. What was asked for before it and is not answered will not come: old
   * senders do not say so (3-transfer 3.1).
   */
  answered({ ndx, flags }: WireItem): Asked {
    const { waiting, link } = this;
    const isTransfer = (flags & ItemFlag.transfer) !== 0;
    const place = waiting.find(ndx, isTransfer);
    const { role } = link.connection.reader;
    if (place < 0) throw protocolError(`Invalid file index: ${ndx} was not asked for [${role}]`, role);
    const asked = this.takeOut(place);
    if (asked === undefined) throw protocolError(`Invalid file index: ${ndx} [${role}]`, role);
    if (place > 0 && link.session.protocol < 30) this.dropUnsent(place);
    this.allowance = 0;
    return asked;
  }

  /** The sender says that it could not send the file. */
  notSent(ndx: number): void {
    const place = this.waiting.find(ndx, true);
    const asked = this.takeOut(place);
    if (asked !== undefined) this.failed(asked);
  }

  /** The main phase ends with the records made so far. */
  endMainPhase(): void {
    this.mainPhase = this.waiting.length;
    this.isMainOver = true;
  }

  /** Once a sender is through with a list, or with the requests of a phase, what it has not answered by now will not come. */
  ended(phase: number, lastNdx: number | undefined): undefined {
    if (lastNdx === undefined) {
      this.dropUnsent(phase === 0 ? this.mainPhase : this.waiting.length);
      return;
    }
    for (let place = this.waiting.length - 1; place >= 0; place--) {
      const asked = this.waiting.at(place);
      if (asked?.record.kind !== "transfer" || asked.record.ndx > lastNdx) continue;
      this.takeOut(place);
      this.neverCame(asked);
    }
  }

  /** The first records will not be answered. */
  private dropUnsent(count: number): void {
    this.mainPhase = Math.max(this.mainPhase - count, 0);
    for (let left = count; left > 0; left--) {
      const asked = this.waiting.take(0);
      if (asked !== undefined) this.neverCame(asked);
    }
  }

  /** Newer senders say of each file that they cannot send: for who does not, the run must not seem to be complete (4-traps L-17). */
  private neverCame(asked: Asked): void {
    const { context, link } = this;
    const { kind, entry } = asked.record;
    if (kind === "transfer" && link.session.protocol >= 30) {
      context.ledger.error(link.connection.reader.role, `"${entry.path}" was asked for, but did not come`, entry.path);
    }
    this.failed(asked);
  }

  private takeOut(place: number): Asked | undefined {
    if (place < 0) return undefined;
    if (place < this.mainPhase) this.mainPhase--;
    return this.waiting.take(place);
  }

  /** The data of a record has come (or will not); `again`: it will be asked for once more. */
  done(record: TransferRecord, again: boolean): void {
    this.transfers--;
    if (!again) this.lists?.count(record.ndx, -1);
    // The first time it was counted stays open until the second is through.
    if (record.again) this.lists?.count(record.ndx, -1);
    this.link.condition.changed();
  }

  private failed({ record }: Asked): void {
    if (record.kind !== "transfer") return;
    record.failed();
    this.done(record, false);
  }

  private pushItem(record: ItemRecord): Promise<void> | undefined {
    const { entry, ndx, flags, linkedTo, isMatch = false } = record;
    const isTold = isSignificant(flags, linkedTo);
    if (!isTold && (!this.sendsUnchanged || (this.remarksMatches && (isMatch || isMatching(record))))) return undefined;
    const isOld = this.link.session.protocol < 29;
    const { options } = this.context;
    if (isOld || this.closed || ndx < 0) {
      if (isOld && isDirectory(entry) && !isItemized(options) && !options.dryRun) this.late = record;
      else this.onLocalItem(record);
      return undefined;
    }
    const named = linkedTo === undefined ? flags & ~ItemFlag.nameFollows : flags | ItemFlag.nameFollows;
    const wire = named & ~ItemFlag.basisTypeFollows;
    this.link.write({ kind: "item", ndx, flags: wire, basisType: BasisType.destination, name: linkedTo });
    this.writeXattrRequest(entry, wire);
    this.waiting.push({ record, head: undefined });
    return this.room();
  }

  settled(record: ItemRecord): void {
    if (this.late === record) this.onLocalItem(record);
  }

  private writeHead(record: TransferRecord, basis: Basis, sums: Signature | WireSumHead | undefined): void {
    const { link } = this;
    const { ndx, flags } = record;
    const { type, name } = basis;
    let wire = flags & ~(ItemFlag.basisTypeFollows | ItemFlag.nameFollows);
    if (type !== BasisType.destination) wire |= ItemFlag.basisTypeFollows;
    if (name !== undefined) wire |= ItemFlag.nameFollows;
    link.write({ kind: "item", ndx, flags: wire, basisType: type, name });
    if (sums === undefined) {
      this.waiting.push({ record, head: undefined });
      return;
    }
    this.writeXattrRequest(record.entry, wire);
    const { count, blockLength, strongBytes, remainder } = sums;
    const head = { count, blockLength, strongBytes, remainder };
    writeSumHead(link.connection.out, head);
    if ("rolling" in sums) writeBlockSums(link.connection.out, sums);
    this.waiting.push({ record, head });
  }

  /** Asks for long values of attributes that nobody has asked for and that are not here (2-file-list 7.5). */
  private writeXattrRequest({ path, xattrs = [] }: FileEntry, flags: number): void {
    const { context, link } = this;
    const asks = !context.options.dryRun || context.onlyBatch === true;
    if (context.options.xattrs === 0 || !asks) return;
    // What may not be stored here is not asked for.
    const wanted = new Set(storable(context, xattrs));
    const list = xattrs.map((item) => (item instanceof ReceivedXattr && wanted.has(item) ? item : undefined));
    if (hasXattrValues(flags, link.session)) {
      const numbers = list.flatMap((item, index) => (item?.isMissingAt(path) === true ? [index + 1] : []));
      for (const number of numbers) (list[number - 1] as ReceivedXattr).requested = true;
      writeXattrRequest(link.connection.out, numbers);
    }
    if ((flags & (ItemFlag.xattr | ItemFlag.transfer)) === 0) return;
    for (const item of list) if (item !== undefined) item.foundAt = undefined;
  }

  /** The sums of a basis, which is closed; a null head without one. */
  private sign(
    delta: DeltaJob | undefined,
    again: boolean,
  ): Signature | WireSumHead | Promise<Signature | WireSumHead> {
    if (delta === undefined) return nullSumHead;
    const { syscalls } = this.context;
    const { session, sums, summer, digestBytes } = this.link;
    const stat = emptyStat();
    const seen = syscalls.fstat(delta.basis, stat);
    const phase = again ? "redo" : "normal";
    const shape = { blockSize: delta.blockSize, protocol: session.protocol, digestBytes, phase } as const;
    const head = seen < 0 ? undefined : sumHeadFor(stat.size, shape);
    if (head === undefined || sums === undefined || summer === undefined || delta.append !== undefined) {
      syscalls.close(delta.basis);
      return head ?? nullSumHead;
    }
    const read: ReadAt = (buffer, offset, length, position) =>
      syscalls.read(delta.basis, buffer, offset, length, position);
    const bytes = basisBytesOf(head);
    if (bytes > quickBasisBytes) return this.signLarge(delta.basis, head, read, summer, sums);
    const signed = finish(signBasis(read, head, summer));
    syscalls.close(delta.basis);
    return typeof signed === "number" ? nullSumHead : signed;
  }

  /** The same for a basis that takes its time: a session that ends meanwhile is noticed. */
  private async signLarge(
    basis: number,
    head: SumHead,
    read: ReadAt,
    summer: BlockSummer,
    sums: SumOptions,
  ): Promise<Signature | WireSumHead> {
    const { context, pool } = this;
    const pause = (): Promise<void> => pauseIn(context);
    try {
      const signed = pool.signsTogether(basisBytesOf(head))
        ? await signTogether(pool, { basis, head, sums }, read, summer, pause)
        : await signAlone(signBasis(read, head, summer), pause);
      return typeof signed === "number" ? nullSumHead : signed;
    } finally {
      context.syscalls.close(basis);
    }
  }

  /**
   * Undefined while the generator may go on. Once it may not, it waits until half has been answered: else it would send each further
   * record by itself.
   */
  private room(): Promise<void> | undefined {
    return this.isFree(1) ? this.link.connection.settle() : this.wait(() => this.isFree(0.5));
  }

  private wait(isFree: () => boolean): Promise<void> | undefined {
    const { link } = this;
    link.connection.flush();
    return link.session.protocol < 30 ? this.waitForOld(isFree) : link.condition.until(isFree);
  }

  /** Whether less than a share of what may be under way is. */
  private isFree(share: number): boolean {
    return (
      this.transfers < limits.requestsUnanswered * share + this.allowance &&
      this.waiting.length < limits.recordsUnanswered * share + this.allowance
    );
  }

  /** An old sender answers nothing for what it cannot read: when it falls silent, it is asked for more. */
  private async waitForOld(isFree: () => boolean): Promise<void> {
    const { condition, connection } = this.link;
    const allowed = this.allowance;
    let since = steadyMilliseconds();
    const timer = setInterval(() => {
      const now = steadyMilliseconds();
      if (now - Math.max(since, connection.lastRead) < silenceMilliseconds) return;
      since = now;
      this.allowance += limits.requestsUnanswered;
      condition.changed();
    }, silenceMilliseconds / 2);
    try {
      await condition.until(() => isFree() || this.allowance > allowed);
    } finally {
      clearInterval(timer);
    }
  }
}

/** Whether a record without differences tells of a new name or directory that an alternate directory has too. */
function isMatching({ entry, flags, linkedTo }: ItemRecord): boolean {
  const isNew = isDirectory(entry) || (linkedTo !== undefined && linkedTo !== "");
  return isNew && (flags & ItemFlag.local) !== 0;
}

/** Takes the steps of a signature with pauses between them. */
async function signAlone(steps: ReturnType<typeof signBasis>, pause: () => Promise<void>): Promise<Signature | number> {
  let before = 0;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (step.value - before < quickBasisBytes) continue;
    before = step.value;
    await pause();
  }
}
