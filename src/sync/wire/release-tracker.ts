/**
 * Which lists are through (3-transfer 7.2): one after the other the oldest is released when the generator has been through it and
 * nothing of it is under way, neither files nor hard links that wait. The last ends the main phase.
 */
import type { FileList } from "../file-list.ts";

interface TrackedList {
  readonly first: number;
  readonly last: number;
  open: number;
  walked: boolean;
}

export class ReleaseTracker {
  private readonly lists: TrackedList[] = [];
  private walkedCount = 0;

  /** A list has arrived. */
  arrived({ slots }: FileList): void {
    if (slots !== undefined) this.lists.push({ first: slots.owner, last: slots.last, open: 0, walked: false });
  }

  /** The generator is through the next list. */
  walked(): void {
    const list = this.lists[this.walkedCount];
    if (list === undefined) return;
    list.walked = true;
    this.walkedCount++;
  }

  /** Something of the list with this entry is under way, or (-1) is not any more. */
  count(ndx: number, change: 1 | -1): void {
    let low = 0;
    let high = this.lists.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lists[middle]?.first ?? 0) <= ndx) low = middle;
      else high = middle - 1;
    }
    const list = this.lists[low];
    if (list !== undefined) list.open += change;
  }

  /** Takes the lists that are through off; `complete`: all lists have arrived. Returns their number. */
  release(complete: boolean): number {
    let count = 0;
    for (;;) {
      const [oldest] = this.lists;
      if (oldest === undefined || !oldest.walked || oldest.open > 0 || (this.lists.length === 1 && !complete))
        return count;
      this.lists.shift();
      this.walkedCount--;
      count++;
    }
  }

  get isEmpty(): boolean {
    return this.lists.length === 0;
  }
}
