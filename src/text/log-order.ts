/**
 * Lines of the log in the order of the records they are about (3-transfer 9.6): the line of a file comes when its data has, which with
 * several threads is in another order. What is logged besides does not wait.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { ItemEvent } from "../sync/events.ts";

interface Place {
  /** The file whose line is still to come. */
  readonly item: ItemEvent | undefined;
  lines: readonly ByteName[];
}

export class LogOrder {
  private readonly write: (line: ByteName) => void;
  private places: Place[] = [];
  /** How many of them have been written. */
  private written = 0;
  private readonly awaited = new Map<ItemEvent, Place>();

  constructor(write: (line: ByteName) => void) {
    this.write = write;
  }

  /** A file is under way: its line has its place here. */
  expect(item: ItemEvent): void {
    const place = { item, lines: [] };
    this.awaited.set(item, place);
    this.places.push(place);
  }

  /** The lines of a record; those of a file that is not expected have their place here. */
  add(item: ItemEvent, lines: readonly ByteName[]): void {
    const place = this.awaited.get(item);
    if (place !== undefined) {
      place.lines = lines;
      this.awaited.delete(item);
    } else if (lines.length > 0) this.places.push({ item: undefined, lines });
    this.writeSettled();
  }

  /** Writes what there is: the run has ended. */
  flush(): void {
    this.awaited.clear();
    this.writeSettled();
  }

  private writeSettled(): void {
    for (let place = this.places[this.written]; place !== undefined; place = this.places[this.written]) {
      if (place.item !== undefined && this.awaited.has(place.item)) break;
      for (const line of place.lines) this.write(line);
      this.written++;
    }
    if (this.written * 2 < this.places.length) return;
    this.places = this.places.slice(this.written);
    this.written = 0;
  }
}
