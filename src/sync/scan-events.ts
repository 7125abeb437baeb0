/**
 * What the scan has to say, on its way into the lists. With incremental recursion that comes with each list, with the first what
 * is told of each argument and of its content, if that is in this list. Without it rsync scans each argument to its end before
 * it looks at the next, and the directories in it in the order in which they were read, not that of their lists (2-file-list
 * 4.6): all is told in this order at the end, and every hundred entries between it (3-transfer 9.5).
 */
import { EntryFlag, type FileEntry } from "../protocol/file-entry.ts";
import type { BuilderContext } from "./builder-context.ts";
import type { RunEvent } from "./events.ts";

/** An argument or a directory: what was told of it, and the directories found in it. */
export interface Scanned {
  events: RunEvent[] | undefined;
  /** How many entries there were before each of these. */
  before: number[];
  entries: number;
  inside: Scanned[] | undefined;
  /** Its place in the order in which rsync scans; known when a list takes it along. */
  place: number;
}

/** What goes to another thread. */
export interface ScanEventsState {
  readonly parts: readonly Scanned[];
  /** Directories that are still to be scanned. */
  readonly found: ReadonlyMap<FileEntry, Scanned>;
}

export class ScanEvents {
  private readonly wholeScan: boolean;
  private readonly counts: boolean;
  private parts: Scanned[];
  private readonly found: Map<FileEntry, Scanned>;
  private current: Scanned;

  /** Without incremental recursion no list is used before the last is there. */
  constructor({ incrementalRecursion, info }: BuilderContext["options"], state: ScanEventsState | undefined) {
    this.wholeScan = !incrementalRecursion;
    this.counts = this.wholeScan && info.flist >= 2;
    this.parts = [...(state?.parts ?? [])];
    this.found = new Map(state?.found);
    this.current = this.parts.at(-1) ?? this.beginArgument();
  }

  snapshot(): ScanEventsState {
    return { parts: this.parts, found: this.found };
  }

  add(event: RunEvent): void {
    const { current } = this;
    if (current.events === undefined) current.events = [event];
    else current.events.push(event);
    if (this.counts) current.before.push(current.entries);
  }

  /** The next argument is looked at. */
  beginArgument(): Scanned {
    this.current = newPart();
    this.parts.push(this.current);
    return this.current;
  }

  /** The argument or directory that is looked at. */
  get scanning(): Scanned {
    return this.current;
  }

  /** An entry was found in a scan; what is in a directory is still to be scanned. */
  foundEntry(entry: FileEntry): void {
    this.current.entries++;
    if (this.wholeScan && (entry.flags & EntryFlag.content) !== 0) this.addDirectory(entry);
  }

  /** The current argument is, or implies, an entry. */
  addEntry(entry: FileEntry): void {
    this.current.entries++;
    if ((entry.flags & EntryFlag.content) !== 0) this.addDirectory(entry);
  }

  private addDirectory(directory: FileEntry): void {
    const { current } = this;
    const scanned = newPart();
    if (current.inside === undefined) current.inside = [scanned];
    else current.inside.push(scanned);
    this.found.set(directory, scanned);
  }

  /** A directory that was found is scanned. */
  beginScan(directory: FileEntry): void {
    this.current = this.found.get(directory) ?? this.current;
    this.found.delete(directory);
  }

  /** The events that a list takes along. */
  take(isLast: boolean): RunEvent[] {
    if (this.wholeScan && !isLast) return [];
    this.found.clear();
    const events: RunEvent[] = [];
    const waiting = this.parts.reverse();
    this.parts = [];
    let passed = 0;
    const countUpTo = (count: number): void => {
      for (; this.counts && passed < count; passed += 100) events.push({ type: "list-count", count: passed });
    };
    let before = 0;
    let place = 0;
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      part.place = place++;
      for (const [index, event] of (part.events ?? []).entries()) {
        countUpTo(before + (part.before[index] ?? 0));
        events.push(event);
      }
      before += part.entries;
      countUpTo(before);
      for (const inside of part.inside?.reverse() ?? []) waiting.push(inside);
    }
    this.beginArgument();
    return events;
  }
}

function newPart(): Scanned {
  return { events: undefined, before: [], entries: 0, inside: undefined, place: 0 };
}
