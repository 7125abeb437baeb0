/**
 * The channel of a local run: the generator's records on their way to the sender and from there to the receiver, as
 * objects (design section 1). Records are worked off in order, some hundreds at a time, so that the generator is ahead of
 * the data as it is in rsync: what it decides does not see files that are still to be written.
 */
import type { Stat } from "../fs/syscalls/interface.ts";
import { limits } from "../limits.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { ChannelRecord, HeldDirectories, RecordChannel } from "./channel.ts";
import type { LocalReceiver } from "./receiver.ts";
import type { LocalSender } from "./sender.ts";

/** Tells when everything before it has been worked off. */
export interface MarkRecord {
  readonly kind: "mark";
  readonly passed: () => void;
}

type LocalRecord = ChannelRecord | MarkRecord;

/** Who wants to know how far the data is behind the generator. */
export interface ChannelWatcher {
  /** The data of the entry at this place is asked for now. */
  requested(position: number): void;
  /** Every record taken so far has been worked off. */
  released(): void;
}

export class LocalChannel implements RecordChannel {
  private readonly sender: LocalSender;
  private readonly receiver: LocalReceiver;
  private readonly watcher: ChannelWatcher;
  private readonly queue: LocalRecord[] = [];
  private bytes = 0;
  private transfers = 0;
  /** Records are being worked off: until when, if that takes more than this moment. */
  private flushing = false;
  private flushed: Promise<void> | undefined;

  /** Whether only so many files may be under way as rsync allows where it hears of each (3-transfer 5.5). */
  private readonly isNarrow: boolean;

  constructor(sender: LocalSender, receiver: LocalReceiver, watcher: ChannelWatcher, isNarrow = false) {
    this.isNarrow = isNarrow;
    this.sender = sender;
    this.receiver = receiver;
    this.watcher = watcher;
  }

  /** No data is asked for that has not been sent. */
  get idle(): boolean {
    return this.transfers === 0;
  }

  isSource(entry: FileEntry, stat: Stat): boolean {
    return this.sender.isSource(entry, stat);
  }

  /** Takes a record. A promise is returned when the generator must wait. */
  push(record: LocalRecord): Promise<void> | undefined {
    this.queue.push(record);
    if (record.kind === "transfer") {
      this.bytes += record.entry.size;
      this.transfers++;
    }
    const { recordBytesAhead, recordsAhead, requestsAhead } = limits;
    const few = this.queue.length < recordsAhead && this.transfers < requestsAhead;
    if (few && this.bytes < recordBytesAhead) return undefined;
    return this.flush();
  }

  /**
   * Works off the oldest records until few enough files are under way; further names of what has come are told of then. All are worked off
   * that hold too many directories.
   */
  makeRoom({ openCount }: HeldDirectories): Promise<void> | undefined {
    const { directoriesAhead } = limits;
    if (openCount > directoriesAhead && this.transfers >= directoriesAhead / 2) return this.flush();
    return this.isNarrow && !this.flushing && this.isCrowded() ? this.workOffOldest() : undefined;
  }

  private isCrowded(): boolean {
    const { filesAhead, largeFilesAhead, largeFilesBytes } = limits;
    return this.transfers > filesAhead || (this.transfers > largeFilesAhead && this.bytes >= largeFilesBytes);
  }

  private async workOffOldest(): Promise<void> {
    this.flushing = true;
    try {
      while (this.isCrowded()) {
        const record = this.queue.shift();
        const waiting = this.work(record);
        if (waiting !== undefined) await waiting;
        if (record?.kind !== "transfer") continue;
        this.bytes -= record.entry.size;
        this.transfers--;
        if (record.isAwaited?.() === true) await this.receiver.drain();
      }
    } finally {
      this.flushing = false;
    }
  }

  /** Works off every record taken so far; their files may still be in the hands of a worker thread. */
  flush(): Promise<void> | undefined {
    // A record that is made while others are worked off is worked off with them.
    if (this.flushing) return this.flushed;
    this.flushing = true;
    for (let index = 0; index < this.queue.length; index++) {
      const waiting = this.work(this.queue[index]);
      if (waiting !== undefined) {
        this.flushed = this.flushOn(waiting, index + 1);
        return this.flushed;
      }
    }
    this.reset();
    return undefined;
  }

  /** Until nothing is under way any more: files done may bring new records (hard links). */
  async drain(): Promise<void> {
    do {
      await this.flush();
      await this.receiver.drain();
    } while (this.queue.length > 0);
  }

  private async flushOn(waiting: Promise<void>, start: number): Promise<void> {
    try {
      await waiting;
      for (let index = start; index < this.queue.length; index++) {
        const next = this.work(this.queue[index]);
        if (next !== undefined) await next;
      }
    } finally {
      this.reset();
    }
  }

  private reset(): void {
    this.queue.length = 0;
    this.bytes = 0;
    this.transfers = 0;
    this.flushing = false;
    this.flushed = undefined;
    this.watcher.released();
  }

  private work(record: LocalRecord | undefined): Promise<void> | undefined {
    if (record === undefined) return undefined;
    if (record.kind === "mark") {
      record.passed();
      return undefined;
    }
    const { entry, ndx, flags } = record;
    if (record.kind === "item") {
      this.sender.item(entry, ndx, flags, record.linkedTo);
      record.received?.();
      return undefined;
    }
    this.watcher.requested(record.position);
    if (record.receive === undefined) {
      this.sender.wouldTransfer(entry, ndx, flags);
      return undefined;
    }
    const { sender, receiver } = this;
    const source = receiver.opensSources
      ? sender.promise(entry, ndx, flags, record.again)
      : sender.open(entry, ndx, flags, record.again);
    if (source === undefined) {
      record.failed();
      return undefined;
    }
    return receiver.submit(record.receive(source));
  }
}
