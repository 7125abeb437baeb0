/**
 * The generator's requests where a batch file is the sender (3-transfer 8.2): nobody hears of them. What the file has is compared
 * with what is wanted, in order; each may lack what the other has.
 */

import { byteName } from "../../bytes/byte-name.ts";
import { protocolError } from "../../errors.ts";
import { ItemFlag } from "../../protocol/item-flags.ts";
import type { ItemRecord as WireItem } from "../../protocol/item-record.ts";
import type { ChannelRecord, TransferRecord } from "../channel.ts";
import type { RunContext } from "../context.ts";
import type { Asked } from "./asked-records.ts";
import type { KnownEntries } from "./known-entries.ts";
import type { Link } from "./link.ts";
import type { ReleaseTracker } from "./release-tracker.ts";
import type { RequestChannel, Unwanted } from "./wire-channel.ts";

export class ReplayChannel implements RequestChannel {
  /** Asks again for what did not verify; true if there was anything. */
  redo: () => Promise<boolean> = () => Promise.resolve(false);
  private readonly link: Link;
  private readonly context: RunContext;
  private readonly lists: ReleaseTracker | undefined;
  private readonly known: KnownEntries;
  private waiting: TransferRecord[] = [];
  private transfers = 0;
  /** Indexes of files whose data has come once. */
  private readonly seen = new Set<number>();
  /** Last index of the lists that the generator is through (incremental recursion). */
  private walkedNdx = -1;
  private isMainOver = false;
  private isClosed = false;
  private starving = false;

  constructor(link: Link, context: RunContext, lists: ReleaseTracker | undefined, known: KnownEntries) {
    this.link = link;
    this.context = context;
    this.lists = lists;
    this.known = known;
  }

  /** Changes without data are told as they are recorded. The generator never waits: what it wants is looked for from here on. */
  push(record: ChannelRecord): undefined {
    if (record.kind === "item") return;
    this.lists?.count(record.ndx, 1);
    this.transfers++;
    this.waiting.push(record);
    this.link.condition.changed();
  }

  flush(): undefined {}

  get isBusy(): boolean {
    return this.transfers > 0;
  }

  /** The file cannot be read on before the generator has gone on. */
  get isStarving(): boolean {
    return this.starving;
  }

  /** The generator is through a list with this last index. */
  walked(lastNdx: number): void {
    this.walkedNdx = lastNdx;
    this.link.condition.changed();
  }

  endMainPhase(): void {
    this.isMainOver = true;
    this.link.condition.changed();
  }

  close(): void {
    this.isClosed = true;
    this.link.condition.changed();
  }

  async answered({ ndx, flags, name }: WireItem): Promise<Asked | Unwanted> {
    const { known, link, context } = this;
    const { role } = link.connection.reader;
    const entry = known.find(ndx);
    if (entry === undefined) throw protocolError(`Invalid file index: ${ndx} [${role}]`, role);
    if ((flags & ItemFlag.transfer) === 0) {
      const record = { kind: "item", entry, ndx, position: 0, flags, linkedTo: name } as const;
      return { record, head: undefined };
    }
    const again = this.seen.has(ndx);
    this.seen.add(ndx);
    const record = await this.wanted(ndx, again);
    if (record !== undefined) return { record: { ...record, flags }, head: "recorded" };
    const text = byteName(`(Skipping batched update for${again ? " resend of" : ""} "${entry.path}")`);
    context.emit({ type: "notice", role: "receiver", code: "other", path: entry.path, text });
    return { record: undefined, entry };
  }

  async ended(phase: number, lastNdx: number | undefined): Promise<void> {
    if (phase > 1) return;
    if (phase === 1) {
      // Nothing that is still asked for can come.
      const isOver = (): boolean => this.isClosed || this.waiting.length > 0;
      for (;;) {
        await this.until(isOver);
        if (this.waiting.length === 0) return;
        this.drop(() => true);
      }
    }
    const isListed = ({ ndx }: TransferRecord): boolean => lastNdx === undefined || ndx <= lastNdx;
    do {
      await this.until(() => (lastNdx === undefined ? this.isMainOver : this.walkedNdx >= lastNdx));
      while (this.waiting.some(isListed)) this.drop(isListed);
    } while (lastNdx !== undefined && (await this.redo()));
  }

  notSent(): void {}

  done(record: TransferRecord, again: boolean): void {
    this.transfers--;
    if (!again) this.lists?.count(record.ndx, -1);
    if (record.again) this.lists?.count(record.ndx, -1);
    this.link.condition.changed();
  }

  /** The request for this file, once the generator has been there; undefined: it wants none. */
  private async wanted(ndx: number, again: boolean): Promise<TransferRecord | undefined> {
    const place = (): number => this.waiting.findIndex((record) => record.ndx === ndx && record.again === again);
    const isPast = (): boolean =>
      again || (this.lists === undefined ? this.isMainOver : this.walkedNdx >= ndx || this.isClosed);
    if (again && place() < 0) await this.redo();
    await this.until(() => place() >= 0 || isPast());
    const found = place();
    if (found < 0) return undefined;
    const [record] = this.waiting.splice(found, 1);
    // The file has them in the order of the requests, unless names were converted: what it left out will not come.
    if (!again && this.link.names === undefined) this.drop((other) => !other.again && other.ndx < ndx);
    return record;
  }

  private async until(test: () => boolean): Promise<void> {
    this.starving = true;
    this.link.condition.changed();
    try {
      await this.link.condition.until(test);
    } finally {
      this.starving = false;
    }
  }

  /** These requests will not be answered. */
  private drop(isLost: (record: TransferRecord) => boolean): void {
    const lost = this.waiting.filter(isLost);
    this.waiting = this.waiting.filter((record) => !isLost(record));
    const { ledger } = this.context;
    for (const record of lost) {
      const { path } = record.entry;
      ledger.error("receiver", `(No batched update for${record.again ? " resend of" : ""} "${path}")`, path);
      record.failed();
      this.done(record, false);
    }
  }
}
