/**
 * What the scan has to say, on its way into the lists. With incremental recursion that comes with each list, with the first what
 * is told of each argument and of its content, if that is in this list. Without it rsync scans each argument to its end before
 * it looks at the next, and the directories in it in the order in which they were read, not that of their lists (2-file-list
 * 4.6): all is told in this order at the end.
 */
import type { FileEntry } from "../protocol/file-entry.ts";
import type { RunEvent } from "./events.ts";

/** An argument or a directory: what was told of it, and the directories found in it. */
interface Scanned {
  events: RunEvent[] | undefined;
  inside: Scanned[] | undefined;
}

/** What goes to another thread. */
export interface ScanEventsState {
  readonly parts: readonly Scanned[];
  /** Directories that are still to be scanned. */
  readonly found: ReadonlyMap<FileEntry, Scanned>;
}

export class ScanEvents {
  private readonly wholeScan: boolean;
  private parts: Scanned[];
  private readonly found: Map<FileEntry, Scanned>;
  private current: Scanned;

  /** `wholeScan`: no list is used before the last is there. */
  constructor(wholeScan: boolean, state: ScanEventsState | undefined) {
    this.wholeScan = wholeScan;
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
  }

  /** The next argument is looked at. */
  beginArgument(): Scanned {
    this.current = { events: undefined, inside: undefined };
    this.parts.push(this.current);
    return this.current;
  }

  /** A directory was found in a scan, and is still to be scanned. */
  foundDirectory(directory: FileEntry): void {
    if (this.wholeScan) this.addDirectory(directory);
  }

  /** The directory that the current argument names is still to be scanned. */
  addDirectory(directory: FileEntry): void {
    const { current } = this;
    const scanned = { events: undefined, inside: undefined };
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
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      for (const event of part.events ?? []) events.push(event);
      for (const inside of part.inside?.reverse() ?? []) waiting.push(inside);
    }
    this.beginArgument();
    return events;
  }
}
