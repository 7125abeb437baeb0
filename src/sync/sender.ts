/**
 * The sender of a local run: reports each item in record order and answers a request for data with the open source file
 * (3-transfer 3.1, 4-traps R-06). It also knows what an item would take on the wire (`%b`, `%c`).
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { digestBytes } from "../delta/checksum.ts";
import { notRegular, openSource } from "../fs/followed-links.ts";
import type { HeldDirectory } from "../fs/held-directory.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag, isSignificant } from "../protocol/item-flags.ts";
import type { RunContext } from "./context.ts";
import type { ItemEvent } from "./events.ts";
import { sameInode } from "./make-special.ts";
import type { TokenFeed } from "./receive-job.ts";
import type { SourceRoots } from "./source-root.ts";
import { followsFiles } from "./source-stat.ts";
import { itemWireBytes, NdxSize } from "./wire-size.ts";

/** A source file, open as a rule. */
export interface OpenSource {
  readonly descriptor: number;
  /** Size when it was opened, or listed. */
  readonly size: number;
  /** Where whoever does the job opens it; then there is no descriptor (-1). */
  readonly unopened?: UnopenedSource | undefined;
  /** Undefined if nobody wants to be told of it. */
  readonly item: ItemEvent | undefined;
  readonly wireBytes: number;
  /** Its data, if it is on another machine; then there is no descriptor (-1). */
  readonly tokens?: TokenFeed | undefined;
}

/** A file of the source that is opened by whoever reads it. */
export interface UnopenedSource {
  /** Held until `release`, which must be called once. */
  readonly directory: HeldDirectory;
  readonly name: ByteName;
}

export class LocalSender {
  private readonly context: RunContext;
  private readonly roots: SourceRoots;
  private readonly stat: Stat = emptyStat();
  private readonly ndxSize = new NdxSize();

  constructor(context: RunContext, roots: SourceRoots) {
    this.context = context;
    this.roots = roots;
  }

  /** Whether this is the very directory that an entry stands for. */
  isSource({ root, path }: FileEntry, stat: Stat): boolean {
    const held = this.roots.directory(root, path);
    return (
      typeof held === "object" &&
      this.context.syscalls.fstat(held.descriptor, this.stat) === 0 &&
      sameInode(this.stat, stat)
    );
  }

  /** Takes a record without data: counts and reports it if anybody wants to know (3-transfer 1.2). */
  item(entry: FileEntry, ndx: number, flags: number, linkedTo?: ByteName): void {
    const { counters, wants, options } = this.context;
    if (!isSignificant(flags, linkedTo) && !wants.unchanged) return;
    if ((flags & ItemFlag.isNew) !== 0) counters.created.add(entry.mode);
    if (wants.transferred || options.progress) this.ndxSize.advance(ndx);
    if (wants.items) this.context.emit(this.event(entry, flags, linkedTo));
  }

  /** A transfer that a dry run would make. */
  wouldTransfer(entry: FileEntry, ndx: number, flags: number): void {
    this.count(entry, ndx, flags, false);
    const { wants, emit } = this.context;
    const item = this.event(entry, flags, undefined);
    if (wants.items) emit(item);
    if (wants.transferred) emit({ type: "transferred", item, wireBytes: 0, checksumBytes: 0, digest: undefined });
  }

  /** Opens the source of a requested file; undefined (and reported) when that fails. */
  open(entry: FileEntry, ndx: number, flags: number, again: boolean): OpenSource | undefined {
    const { syscalls, options, wants, emit } = this.context;
    const held = this.roots.directory(entry.root, parentPath(entry.path));
    const { readOnly, nonBlock, noAccessTime } = syscalls.flags;
    const how = readOnly | nonBlock | (options.openNoAtime ? noAccessTime : 0);
    const descriptor =
      typeof held === "number"
        ? held
        : openSource(syscalls, held.descriptor, entry.name, how, followsFiles(options), held.hops);
    const ndxBytes = this.count(entry, ndx, flags, again);
    if (descriptor < 0) {
      this.openFailed(entry, descriptor);
      return undefined;
    }
    const status = syscalls.fstat(descriptor, this.stat);
    const type = this.stat.mode & FileType.mask;
    const device = type === FileType.block || type === FileType.character;
    if (status < 0 || !(type === FileType.regular || (device && options.copyDevices))) {
      syscalls.close(descriptor);
      this.openFailed(entry, status < 0 ? status : notRegular(this.stat.mode));
      return undefined;
    }
    const item = this.event(entry, flags, undefined);
    if (wants.items) emit(item);
    const size = device ? entry.size : this.stat.size;
    const digest = digestBytes[this.context.options.transferChecksum];
    const wireBytes = wants.transferred ? ndxBytes + itemWireBytes(size, flags, digest) : 0;
    return { descriptor, size, item, wireBytes };
  }

  /**
   * Promises the source of a requested file to a thread that opens it, without following links; undefined (and reported) when its
   * directory cannot be opened. For runs that tell nobody of their items.
   */
  promise(entry: FileEntry, ndx: number, flags: number, again: boolean): OpenSource | undefined {
    const held = this.roots.directory(entry.root, parentPath(entry.path));
    this.count(entry, ndx, flags, again);
    if (typeof held === "number") {
      this.openFailed(entry, held);
      return undefined;
    }
    const unopened = { directory: held.retain(), name: entry.name };
    return { descriptor: -1, size: entry.size, item: undefined, wireBytes: 0, unopened };
  }

  /** A source that could not be read to its end: reported, and the run counts as partial. */
  readFailed(entry: FileEntry, errno: number): void {
    const absolute = this.roots.absolute(entry.root, entry.path);
    this.context.ledger.ioError |= 1;
    this.context.ledger.systemError("sender", `read errors mapping "${absolute}"`, errno, absolute);
  }

  /** A source that could not be opened: reported; one that has gone is no error of reading. */
  openFailed(entry: FileEntry, errno: number): void {
    const { ledger } = this.context;
    const absolute = this.roots.absolute(entry.root, entry.path);
    if (errno === -2) {
      const text = `file has vanished: "${absolute}"` as ByteName;
      ledger.record({ type: "problem", severity: "vanished", role: "sender", text, path: absolute, errno: 2 });
      return;
    }
    ledger.ioError |= 1;
    ledger.systemError("sender", `send_files failed to open "${absolute}"`, errno, absolute);
  }

  /** Counts a transfer; returns the bytes of its number on the wire, if anybody wants to know. */
  private count(entry: FileEntry, ndx: number, flags: number, again: boolean): number {
    const { counters, wants } = this.context;
    counters.transferredFiles++;
    counters.transferredSize += entry.size;
    if ((flags & ItemFlag.isNew) !== 0 && !again) counters.created.add(entry.mode);
    return wants.transferred ? this.ndxSize.advance(ndx) : 0;
  }

  private event(entry: FileEntry, flags: number, linkedTo: ByteName | undefined): ItemEvent {
    const sourcePath = this.roots.shown(entry.root, entry.path);
    return { type: "item", path: entry.path, entry, flags, linkedTo, sourcePath };
  }
}

function parentPath(path: ByteName): ByteName {
  const slash = path.lastIndexOf("/");
  return (slash < 0 ? "." : slash === 0 ? "/." : path.slice(0, slash)) as ByteName;
}
