/**
 * The file lists that a sender has sent (2-file-list 4): they are encoded as they come from the scan, and its entries are found
 * again by the indexes that both sides give them.
 */
import { type ByteName, compareBytes } from "../../bytes/byte-name.ts";
import { createChecksum } from "../../delta/checksum.ts";
import { protocolError } from "../../errors.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { EntryFlag, type FileEntry } from "../../protocol/file-entry.ts";
import { FileListEncoder } from "../../protocol/file-list-encoder.ts";
import type { FileListSettings } from "../../protocol/file-list-settings.ts";
import { hasSafeLists } from "../../protocol/wire-context.ts";
import { type FileList, isDirectory, slotsOf } from "../file-list.ts";
import { inScanOrder, listOrder, scanOrder } from "../sent-order.ts";
import type { Link } from "./link.ts";

/** A list that the receiving side has not released. */
interface SentList {
  readonly firstNdx: number;
  /** Entries of all lists before it. */
  readonly before: number;
  readonly owner: FileEntry | undefined;
  readonly entries: readonly FileEntry[];
  /** How often each file was sent, once one was. */
  times: Uint8Array | undefined;
}

export class SentLists {
  private readonly link: Link;
  private readonly omitsImplied: boolean;
  private readonly encoder: FileListEncoder;
  private readonly lists: SentList[] = [];
  private nextNdx: number;
  /** Numbers of directories whose lists have not been sent (2-file-list 4.5). */
  private readonly directories = new Map<ByteName, number>();
  private directoryCount = 0;
  /** Errors that the peer has been told of before the current batch of lists, and those known when the last list was sent. */
  private sentIoError = 0;
  private madeIoError = 0;
  /** Entries of all lists sent so far. */
  entryCount = 0;

  /** `omitsImplied`: directories that are only the way to an argument are not sent (2-file-list 9.2). */
  constructor(link: Link, settings: FileListSettings, syscalls: Syscalls, incremental: boolean, omitsImplied: boolean) {
    this.link = link;
    this.omitsImplied = omitsImplied;
    const md5 = createChecksum("md5");
    this.encoder = new FileListEncoder(settings, {
      nameOf: (kind, id) => (kind === "user" ? syscalls.userName(id) : syscalls.groupName(id)),
      md5: (bytes) => {
        md5.reset();
        md5.update(bytes, 0, bytes.length);
        return md5.digest();
      },
    });
    this.nextNdx = incremental ? 1 : 0;
  }

  /** Lists that are alive. */
  get alive(): number {
    return this.lists.length;
  }

  /** What the only list is made of, in the order in which it travels. */
  entriesOf(lists: readonly FileList[]): FileEntry[] {
    return this.withoutImplied(this.link.names === undefined ? scanOrder(lists) : listOrder(lists));
  }

  private withoutImplied(all: FileEntry[]): FileEntry[] {
    if (!this.omitsImplied) return all;
    return all.filter(({ path, flags }) => path === "." || (flags & EntryFlag.implied) === 0);
  }

  /** The only list, which is made of those of all directories. A promise says that it is still being written. */
  async sendAll(lists: readonly FileList[], ioError: number): Promise<void> {
    const { connection, session, names } = this.link;
    const sent = this.entriesOf(lists);
    const isOld = session.protocol < 29 && names === undefined;
    const entries = isOld
      ? sent.toSorted((a, b) => compareBytes(a.path, b.path))
      : this.withoutImplied(listOrder(lists));
    this.encoder.startList(0);
    for (const entry of sent) {
      this.encoder.writeEntry(connection.out, this.named(entry));
      const waiting = connection.settle();
      if (waiting !== undefined) await waiting;
    }
    this.encoder.endList(connection.out, ioError);
    this.tellIoError(ioError);
    this.lists.push({ firstNdx: 0, before: 0, owner: undefined, entries, times: undefined });
    this.entryCount = entries.length;
  }

  /** The next list of incremental recursion; the first holds the arguments. */
  send(list: FileList, ioError: number): void {
    const { link, encoder } = this;
    const { connection } = link;
    const isFirst = this.directoryCount === 0 && this.entryCount === 0 && this.lists.length === 0;
    if (!isFirst) {
      const directory = this.directories.get(list.path);
      if (directory === undefined) return;
      this.directories.delete(list.path);
      link.write({ kind: "list", directory });
    }
    const all = slotsOf(list);
    encoder.startList(this.nextNdx);
    // Where names are converted the numbers follow the order of the way (2-file-list 4.4): ours is the sorted one.
    const sent = link.names === undefined ? inScanOrder(list, all) : all;
    for (const entry of sent) encoder.writeEntry(connection.out, this.named(entry));
    for (const entry of all) {
      if (!isDirectory(entry)) continue;
      // Of several arguments for one directory the first stands for all.
      if (entry.path !== "." && !this.directories.has(entry.path))
        this.directories.set(entry.path, this.directoryCount);
      this.directoryCount++;
    }
    encoder.endList(connection.out, isFirst || ioError !== this.sentIoError ? ioError : 0);
    if (isFirst) this.tellIoError(ioError);
    this.madeIoError = ioError;
    const { nextNdx: firstNdx, entryCount: before } = this;
    this.lists.push({ firstNdx, before, owner: list.owner, entries: all, times: undefined });
    this.nextNdx += all.length + 1;
    this.entryCount += all.length;
  }

  /** An entry as it is called on its way; those that cannot be called anything have been left out. */
  private named(entry: FileEntry): FileEntry {
    return this.link.names?.entryToWire(entry, undefined, () => entry.path) ?? entry;
  }

  /** Whether every directory has had its list. */
  get isComplete(): boolean {
    return this.directories.size === 0;
  }

  /** The receiving side is through the oldest list; false if that was the last. */
  release(): boolean {
    this.lists.shift();
    return this.lists.length > 0;
  }

  /** Entries of lists behind the one that this index belongs to. */
  aheadOf(ndx: number): number {
    let count = 0;
    for (let at = this.lists.length - 1; at >= 0; at--) {
      const list = this.lists[at];
      if (list === undefined || list.firstNdx - 1 <= ndx) break;
      count += list.entries.length;
    }
    return count;
  }

  /** The lowest index of a list that is alive. */
  get oldestNdx(): number {
    return this.lists[0]?.firstNdx ?? 0;
  }

  /** The entry with this index; exit 2 for one that does not exist (4-traps H-20). */
  entry(ndx: number): FileEntry {
    const list = this.find(ndx);
    const entry = list === undefined ? undefined : ndx < list.firstNdx ? list.owner : list.entries[ndx - list.firstNdx];
    if (entry !== undefined) return entry;
    const { role } = this.link.connection.reader;
    const last = this.lists.at(-1);
    const end = last === undefined ? -1 : last.firstNdx + last.entries.length - 1;
    const alive = `${this.oldestNdx - 1} - ${end}`;
    throw protocolError(`File-list index ${ndx} not in ${alive} (read_ndx_and_attrs) [${role}]`, role);
  }

  /** As `entry`, undefined for one that does not exist. */
  lookUp(ndx: number): FileEntry | undefined {
    const list = this.find(ndx);
    return list === undefined ? undefined : list.entries[ndx - list.firstNdx];
  }

  /** How often the file with this index was sent. */
  timesSent(ndx: number): number {
    const list = this.find(ndx);
    return list?.times?.[ndx - list.firstNdx] ?? 0;
  }

  /** The file with this index was sent. */
  countSent(ndx: number): void {
    const list = this.find(ndx);
    if (list === undefined) return;
    list.times ??= new Uint8Array(list.entries.length);
    list.times[ndx - list.firstNdx] = this.timesSent(ndx) + 1;
  }

  /** Place of an index in all lists, without the gaps between them. */
  positionOf(ndx: number): number {
    const list = this.find(ndx);
    return list === undefined ? 0 : Math.max(list.before + ndx - list.firstNdx, 0);
  }

  /** Entries of all lists up to the end of the one that has this index, and at least those of the oldest. */
  endOf(ndx: number): number {
    const ends = [this.lists[0], this.find(ndx)].map((list) =>
      list === undefined ? 0 : list.before + list.entries.length,
    );
    return Math.max(...ends);
  }

  private find(ndx: number): SentList | undefined {
    let low = 0;
    let high = this.lists.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lists[middle]?.firstNdx ?? 0) - 1 <= ndx) low = middle;
      else high = middle - 1;
    }
    return this.lists[low];
  }

  /**
   * Ends a batch of lists that are sent ahead: each of them tells of what has come up since it began, and at protocol 30 a message does,
   * ahead of all that is not written yet.
   */
  endBatch(): void {
    const { link, madeIoError } = this;
    if (madeIoError !== this.sentIoError && link.session.protocol === 30) {
      link.connection.message({ kind: "io-error", bits: madeIoError });
    }
    this.sentIoError = madeIoError;
  }

  /** Before lists could carry them errors travelled as messages (2-file-list 3.10). */
  private tellIoError(ioError: number): void {
    this.sentIoError = ioError;
    const { session, connection } = this.link;
    if (ioError !== 0 && session.protocol === 30 && !hasSafeLists(session)) {
      connection.message({ kind: "io-error", bits: ioError });
    }
  }
}
