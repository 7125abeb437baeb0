/**
 * Brings the file lists of the sender to the generator, some way ahead (2-file-list 4.6). The scan starts on the main
 * thread; when a tree turns out to be large it goes on in a worker thread, whose lists arrive as messages.
 */
import { abortedError } from "../errors.ts";
import type { FilterProgram } from "../filter/compile-filters.ts";
import { limits } from "../limits.ts";
import type { BuilderContext } from "./builder-context.ts";
import type { FileList } from "./file-list.ts";
import type { ListBuilder } from "./list-builder.ts";
import type { ListSource } from "./list-source.ts";
import { type PackedList, unpackList } from "./packed-list.ts";
import { inSteps } from "./steps.ts";
import type { Duty, WorkerPool } from "./worker-pool.ts";

/** So many entries are scanned before a worker thread is considered. */
const earlyAfterEntries = 300;
/** For so many a thread of its own pays on two processors even beside one that copies: the main thread has the most to do. */
const veryManyEntries = 40_000;
/** So many entries the main thread has scanned beyond those asked for when it hands over: a worker is slow at first. */
const spareEntries = 1500;

export class ListFeed implements ListSource {
  private readonly builder: ListBuilder;
  private readonly context: BuilderContext;
  private readonly program: FilterProgram;
  private readonly pool: WorkerPool;
  private readonly work: "scan" | "scan-attributes";
  /** What a worker that is started early is for. */
  firstDuty: Duty = "scan";
  private readonly queue: FileList[] = [];
  /** Lists that were made while a worker starts. Like those of the worker they arrive no sooner than they are wanted. */
  private readonly spare: FileList[] = [];
  private spareCount = 0;
  /** Lists of the worker as they came: made into objects no sooner than they are wanted. */
  private readonly packed: PackedList[] = [];
  private queued = 0;
  private scanned = 0;
  private complete = false;
  private remote = false;
  /** The worker for the scan is on its way. */
  private isWarm = false;
  /** The worker has said that no more lists will come. */
  private ended = false;
  private failure: unknown;
  /** A list that is made but for digests of large files. */
  private undigested: FileList | undefined;
  private wake: (() => void) | undefined;
  /** Called for every list in order when it arrives; the generator sees what it returns. */
  private readonly arrived: (list: FileList) => FileList;
  /** Entries that a worker may scan ahead of what was taken. */
  private readonly aheadEntries: number;

  constructor(
    builder: ListBuilder,
    context: BuilderContext,
    program: FilterProgram,
    pool: WorkerPool,
    arrived: (list: FileList) => FileList,
    aheadEntries: number = limits.lookAheadEntries,
  ) {
    this.aheadEntries = aheadEntries;
    this.builder = builder;
    this.context = context;
    this.program = program;
    this.pool = pool;
    const { acls, xattrs } = context.options;
    this.work = acls || xattrs > 0 ? "scan-attributes" : "scan";
    this.arrived = arrived;
  }

  /** Whether every list has arrived. */
  get allArrived(): boolean {
    return this.complete;
  }

  /** Makes sure that at least `entries` entries wait in the queue, or all lists have arrived. */
  fill(entries: number): Promise<void> | undefined {
    this.gather(entries);
    if (this.failure !== undefined) throw this.failure;
    if (this.complete || this.queued >= entries) return undefined;
    return this.wait(entries);
  }

  /** How many entries there will be, as far as that can be told. */
  get expectedEntries(): number {
    return this.builder.estimate.total ?? this.scanned;
  }

  /** The lists that wait. */
  peek(): readonly FileList[] {
    return this.queue;
  }

  /** Puts other lists in place of those that wait; all must have arrived. */
  replace(lists: readonly FileList[]): void {
    this.queue.splice(0, this.queue.length, ...lists);
  }

  /** The next list, if one has arrived. */
  take(): FileList | undefined {
    const list = this.queue.shift();
    if (list === undefined) return undefined;
    const count = list.entries.length + 1;
    this.queued -= count;
    if (this.remote) {
      this.pool.taken(count);
    }
    return list;
  }

  /** Takes lists from the scan or from what the worker has sent, as far as they are there. */
  private gather(entries: number): void {
    while (!this.complete && this.queued < entries && this.undigested === undefined) {
      const list = this.spareList() ?? (this.remote ? this.unpackNext() : this.scan());
      if (list === undefined) {
        this.complete = !this.remote && this.undigested === undefined;
        return;
      }
      this.add(list);
      if (this.remote || this.complete) continue;
      if (this.scanned > earlyAfterEntries && !this.builder.times.isOpen)
        this.considerThread(entries === Number.POSITIVE_INFINITY);
    }
  }

  /** The next list; undefined: there is none, or its digests are yet to be made. */
  private scan(): FileList | undefined {
    const list = this.builder.next();
    this.scanned += (list?.entries.length ?? 0) + 1;
    if (this.builder.attributes.isDigested) return list;
    this.undigested = list;
    return undefined;
  }

  /** Makes the digests of the list that waits for them; signals are heard meanwhile. */
  private async digest(list: FileList): Promise<void> {
    await inSteps(this.builder.attributes.digestRest(), async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.pool.isAborted) throw abortedError("sender");
    });
    this.undigested = undefined;
    this.spare.push(list);
    this.spareCount += list.entries.length + 1;
  }

  private spareList(): FileList | undefined {
    const list = this.spare.shift();
    if (list !== undefined) this.spareCount -= list.entries.length + 1;
    return list;
  }

  /**
   * Starts a worker; the main thread scans on until it is there, unless it has nothing else to do anyway. Where another
   * worker copies and there is no processor left, the main thread scans to the end, if that is not too far.
   */
  private considerThread(idle: boolean): void {
    if (!this.isWarm) {
      const { expectedEntries } = this;
      if (!idle && this.firstDuty === "copy" && this.pool.pays("copy", expectedEntries)) this.pool.warm("copy");
      if (!this.pool.pays(this.work, expectedEntries)) return;
      if (!idle && this.pool.isFull && expectedEntries < veryManyEntries) return;
      this.isWarm = true;
      this.pool.warm("scan");
    }
    while (!idle && !this.pool.isUp) {
      if (this.spareCount >= spareEntries || this.spare.at(-1)?.last === true) return;
      const list = this.scan();
      if (list === undefined) return;
      this.spare.push(list);
      this.spareCount += list.entries.length + 1;
    }
    // Nothing is left to hand over if the last list was made meanwhile.
    if (this.spare.at(-1)?.last !== true) this.handOver();
  }

  private unpackNext(): FileList | undefined {
    const packed = this.packed.shift();
    return packed === undefined ? undefined : unpackList(packed);
  }

  private async wait(entries: number): Promise<void> {
    while (this.failure === undefined) {
      this.gather(entries);
      if (this.complete || this.queued >= entries) return;
      if (this.undigested !== undefined) {
        await this.digest(this.undigested);
        continue;
      }
      if (this.ended) throw abortedError("sender");
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    throw this.failure;
  }

  private add(arriving: FileList): void {
    const list = this.arrived(arriving);
    this.queue.push(list);
    this.queued += list.entries.length + 1;
    if (list.last) this.complete = true;
  }

  private handOver(): void {
    this.remote = true;
    const { port1, port2 } = new MessageChannel();
    // An empty message says that no more will come. The end of the task does not: lists may still be under way then; nor
    // does the end of the port, as a worker waits for its next task before it closes anything.
    port1.on("message", (lists: readonly PackedList[]) => {
      for (const packed of lists) this.packed.push(packed);
      if (lists.length === 0) {
        this.ended = true;
        port1.close();
        this.pool.release("scan");
      }
      this.wake?.();
    });
    const { options, umask, roots, keepsOrder, linksAll, ownAttributes } = this.context;
    // Non-incremental: everything is wanted before the generator starts.
    const credit = options.incrementalRecursion ? this.aheadEntries : Number.MAX_SAFE_INTEGER;
    const state = this.builder.snapshot();
    const kept = { keepsOrder, linksAll, ownAttributes };
    const order = { options, umask, ...kept, program: this.program, roots: roots.roots, state, port: port2, credit };
    this.pool.scan(order).catch((error: unknown) => {
      this.failure = error;
      port1.close();
      this.wake?.();
    });
  }
}
