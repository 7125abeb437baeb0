/**
 * The file lists of another machine for the generator (2-file-list 4): sorted, without duplicates, one list a directory, with
 * the indexes that the sender's order gives to the entries.
 */
import { type ByteName, byteName, directoryName } from "../../bytes/byte-name.ts";
import { protocolError } from "../../errors.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import { FileListDecoder } from "../../protocol/file-list-decoder.ts";
import type { FileListSettings } from "../../protocol/file-list-settings.ts";
import { isIncremental } from "../../protocol/wire-context.ts";
import type { Connection } from "../../transport/connection.ts";
import { type Duplicate, type FileList, isDirectory } from "../file-list.ts";
import type { ListSource } from "../list-source.ts";
import type { Condition } from "./condition.ts";
import { cleanEntries, sortedPlaces } from "./sort-entries.ts";
import { directoriesOf, piecesOf } from "./whole-list.ts";

const top = byteName(".");

/** A directory of the incremental lists; `listed`: its own list has come. */
interface KnownDirectory {
  readonly entry: FileEntry;
  /** What the sender calls it. */
  readonly wirePath: ByteName;
  readonly removed: boolean;
  /** Its name cannot be converted: what is in it is not there for us. */
  readonly nameless: boolean;
  listed: boolean;
}

/** A list as it came. */
interface ArrivedList {
  /** In the order of the list. */
  readonly sorted: readonly FileEntry[];
  /** The same as they came, with the slashes that paths may begin with. */
  readonly asSent: readonly FileEntry[];
  /** Their places as they came, where these are what numbers follow (`--iconv`, 2-file-list 4.4). */
  readonly places: readonly number[] | undefined;
  /** Slots of the list. */
  readonly count: number;
  /** Directories in the order that their numbers follow, with what the sender calls them. */
  readonly directories: readonly {
    readonly entry: FileEntry;
    readonly wirePath: ByteName;
    readonly nameless: boolean;
  }[];
}

export interface WireListsRequest {
  readonly connection: Connection;
  readonly settings: FileListSettings;
  readonly condition: Condition;
  /** Looks at every entry as it came, before anything is done with it; throws if it must not be. `sent`: its path with leading slashes; `isLater`: of a list that comes when work has begun. */
  readonly check: (entry: FileEntry, sent: ByteName, isLater: boolean) => FileEntry;
  /** `--iconv`: an entry as it is called here; undefined (and reported): it cannot be. */
  readonly convert: ((entry: FileEntry) => FileEntry | undefined) | undefined;
  /** Called for every list in order; the generator sees what it returns. */
  readonly arrived: (list: FileList) => FileList;
}

export class WireLists implements ListSource {
  readonly decoder: FileListDecoder;
  private readonly request: WireListsRequest;
  private readonly incremental: boolean;
  private readonly queue: FileList[] = [];
  private queued = 0;
  private come = 0;
  private complete = false;
  /** Whether work has not begun: what comes now no generator hears of as it comes. */
  isEarly = true;
  /** Lists that have come. */
  received = 0;
  /** What `--stats` calls the size of the list: bytes that came while lists were read, to the ends of frames (3-transfer 9.7). */
  listBytes = 0;
  /** Memory of those that have not been dropped, and their last indexes. */
  private readonly bytes: number[] = [];
  private readonly lasts: number[] = [];
  private nextNdx: number;
  private readonly directories: KnownDirectory[] = [];

  constructor(request: WireListsRequest) {
    this.request = request;
    this.decoder = new FileListDecoder(request.settings);
    this.incremental = isIncremental(request.settings);
    this.nextNdx = this.incremental ? 1 : 0;
  }

  get allArrived(): boolean {
    return this.complete;
  }

  /** Whether an entry with this index has come. */
  has(ndx: number): boolean {
    return ndx >= 0 && ndx < this.nextNdx;
  }

  fill(entries: number): Promise<void> | undefined {
    if (this.hasEntries(entries)) return undefined;
    return this.request.condition.until(() => this.hasEntries(entries));
  }

  /** Whether so many entries wait, or all lists have arrived. */
  hasEntries(entries: number): boolean {
    return this.complete || this.queued >= entries;
  }

  /** Whether a list waits and so many entries have come by now, those that were taken included, or all lists have arrived. */
  hasCome(entries: number): boolean {
    return this.complete || (this.queued > 0 && this.come >= entries);
  }

  peek(): readonly FileList[] {
    return this.queue;
  }

  replace(lists: readonly FileList[]): void {
    this.queue.splice(0, this.queue.length, ...lists);
  }

  take(): FileList | undefined {
    const list = this.queue.shift();
    if (list !== undefined) this.queued -= list.entries.length + 1;
    return list;
  }

  /** Reads the first list, which without incremental recursion is the only one. */
  async readFirst(): Promise<void> {
    const { connection } = this.request;
    const before = connection.bytesTaken;
    const entries = await this.readEntries(this.incremental ? byteName("") : undefined);
    if (!this.incremental) await connection.read((reader) => this.decoder.readTail(reader));
    this.listBytes += connection.bytesTaken - before;
    const arrived = this.order(entries, undefined);
    if (this.incremental) this.addList(arrived, undefined, top);
    else this.addComplete(arrived);
  }

  /** Reads the list of the directory with this number. */
  async readDirectory(number: number): Promise<void> {
    const { connection } = this.request;
    const { role } = connection.reader;
    const directory = this.directories[number];
    if (!this.incremental || this.complete || directory === undefined || directory.removed || directory.listed) {
      throw protocolError(`Invalid directory index ${number} of a file list [${role}]`, role);
    }
    directory.listed = true;
    const { entry, wirePath, nameless } = directory;
    const before = connection.bytesTaken;
    const entries = await this.readEntries(wirePath === "." ? byteName("") : wirePath);
    this.listBytes += connection.bytesTaken - before;
    const arrived = this.order(entries, entry.path);
    if (nameless) this.addList(arrived, undefined, top);
    else this.addList(arrived, entry, entry.path);
  }

  /** The sender has dropped the oldest list, and so have we. */
  dropOldest(): void {
    this.decoder.budget.release(this.bytes.shift() ?? 0);
    this.lasts.shift();
  }

  /** Entries of all lists up to the one with this index, or up to the oldest if that has been dropped. */
  entriesThrough(ndx: number): number {
    const place = this.lasts.findIndex((last) => last >= ndx);
    // Between two lists an index is left out.
    return (this.lasts[place] ?? 0) - (this.received - this.lasts.length + place);
  }

  /** Last index of the oldest list that has not been dropped. */
  get oldestNdx(): number | undefined {
    return this.lasts[0];
  }

  /** No more lists will come. */
  end(): void {
    this.complete = true;
    this.request.condition.changed();
  }

  private async readEntries(directory: ByteName | undefined): Promise<FileEntry[]> {
    this.received++;
    const { connection } = this.request;
    const entries: FileEntry[] = [];
    this.decoder.startList({ firstNdx: this.nextNdx, directory });
    while (!this.decoder.readEntries(connection.reader, entries)) await connection.more();
    this.bytes.push(this.decoder.listBytes);
    return entries;
  }

  /** Brings a list into its order; `directory`: whose it is. */
  private order(entries: readonly FileEntry[], directory: ByteName | undefined): ArrivedList {
    const { settings, check, convert } = this.request;
    const { protocol } = settings;
    const isLater = !this.isEarly;
    if (convert === undefined) {
      const own = entries.map((entry) => check(this.withoutSlash(entry), entry.path, isLater));
      const order = sortedPlaces(entries, protocol);
      const sorted = order.map((place) => own[place] as FileEntry);
      const directories = this.incremental
        ? sorted.filter(isDirectory).map((entry) => ({ entry, wirePath: entry.path, nameless: false }))
        : [];
      const sentOrder = order.map((place) => entries[place] as FileEntry);
      return { sorted, asSent: sentOrder, places: undefined, count: entries.length, directories };
    }
    const own: FileEntry[] = [];
    const asSent: FileEntry[] = [];
    const places: number[] = [];
    const directories: ArrivedList["directories"][number][] = [];
    for (const [place, arriving] of entries.entries()) {
      const converted = convert(arriving);
      const entry = converted === undefined ? undefined : check(this.withoutSlash(converted), converted.path, isLater);
      if (isDirectory(arriving)) {
        directories.push({ entry: entry ?? arriving, wirePath: arriving.path, nameless: entry === undefined });
      }
      if (entry === undefined) continue;
      // A set with shifts could make something else of the part in front.
      if (directory !== undefined && (directoryName(entry.path) || top) !== directory) {
        const { role } = this.request.connection.reader;
        throw protocolError(`ABORTING due to invalid path from sender: ${entry.path} [${role}]`, role);
      }
      own.push(entry);
      asSent.push(converted ?? entry);
      places.push(place);
    }
    const order = sortedPlaces(asSent, protocol);
    return {
      sorted: order.map((at) => own[at] as FileEntry),
      asSent: order.map((at) => asSent[at] as FileEntry),
      places: order.map((at) => places[at] as number),
      count: entries.length,
      directories,
    };
  }

  /** Paths of `--relative` may begin with a slash, which counts for the order but is no part of the place at the destination. */
  private withoutSlash(entry: FileEntry): FileEntry {
    if (!entry.path.startsWith("/")) return entry;
    const path = (entry.path.replace(/^\/+/, "") || ".") as ByteName;
    return { ...entry, path, name: path.slice(path.lastIndexOf("/") + 1) as ByteName };
  }

  /** The children of one directory. */
  private addList(arrived: ArrivedList, owner: FileEntry | undefined, path: ByteName): void {
    const { sorted, asSent, places, count } = arrived;
    const first = this.nextNdx;
    this.nextNdx += count + 1;
    this.lasts.push(first + count - 1);
    const { kept, dropped } = cleanEntries(sorted);
    const inactive = new Set(dropped.map(({ position }) => sorted[position]));
    // One that is implied and asked for too has the flags of both.
    const whole = new Map(kept.map(({ entry, position }) => [sorted[position], entry]));
    for (const directory of arrived.directories) {
      const removed = inactive.has(directory.entry);
      const entry = whole.get(directory.entry) ?? directory.entry;
      this.directories.push({ ...directory, entry, removed, listed: entry.path === "." });
    }
    const dot = owner === undefined ? kept.find(({ entry }) => entry.path === ".") : undefined;
    const own = kept.filter((item) => item !== dot);
    this.add({
      owner: owner ?? dot?.entry,
      path,
      entries: own.map(({ entry }) => entry),
      duplicates: named(dropped, asSent),
      ioError: this.decoder.ioError,
      events: [],
      last: false,
      slots: {
        owner: first - 1,
        entries: own.map(({ position }) => first + (places?.[position] ?? position)),
        last: first + count - 1,
      },
    });
  }

  /** The only list, taken apart into one for each directory. */
  private addComplete({ sorted, asSent, places, count }: ArrivedList): void {
    this.nextNdx = count;
    const { kept, dropped } = cleanEntries(sorted);
    const takeApart = this.request.settings.protocol >= 29 ? directoriesOf : piecesOf;
    const lists = takeApart({
      list: kept,
      numberOf: (position) => places?.[position] ?? position,
      absent: (path) => this.absentParent(path),
    });
    for (const [index, { path, owner, ownNdx, entries, ndx, part }] of lists.entries()) {
      this.add({
        owner,
        path,
        entries,
        duplicates: index === 0 ? named(dropped, asSent) : [],
        ioError: this.decoder.ioError,
        events: [],
        last: index === lists.length - 1,
        slots: { owner: ownNdx, entries: ndx, last: count - 1 },
        part,
      });
    }
    this.end();
  }

  /** A parent that is not in the list: of missing arguments, or one that old senders leave out (3-transfer 1.7 step 4). */
  private absentParent(path: ByteName): void {
    const { settings, connection } = this.request;
    const { role } = connection.reader;
    if (!settings.relative) throw protocolError(`ABORTING due to invalid path from sender: ${path} [${role}]`, role);
  }

  private add(arriving: FileList): void {
    const list = this.request.arrived(arriving);
    this.queue.push(list);
    this.queued += list.entries.length + 1;
    this.come += list.entries.length + 1;
    this.request.condition.changed();
  }
}

/** Duplicates with what they are called when they are told of. */
function named(dropped: readonly Duplicate[], asSent: readonly FileEntry[]): readonly Duplicate[] {
  return dropped.map(({ entry, position }) => ({ entry, position, told: asSent[position]?.path }));
}
