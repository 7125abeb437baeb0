/** Entries whose place a full directory holds, until `--delete-guard` has decided whether it may go. */
import { type EntryParts, pathBelow, type Turn } from "./entry-parts.ts";
import { isMissing } from "./file-list.ts";

export class PostponedEntries {
  private readonly parts: EntryParts;
  private readonly turns: Turn[] = [];

  constructor(parts: EntryParts) {
    this.parts = parts;
  }

  /** Whether an entry must wait; `directory` is where it is to be put. Then it is kept. */
  takes(turn: Turn, directory: number | undefined): boolean {
    const { destination, deleter } = this.parts;
    const { entry } = turn;
    if (directory === undefined || isMissing(entry)) return false;
    const name = destination.singleName ?? entry.name;
    if (deleter.guarded?.mustWait(pathBelow(destination, entry), name, directory) !== true) return false;
    this.turns.push(turn);
    return true;
  }

  /** Hands out what waited, in order. */
  async handleAll(handle: (turn: Turn) => Promise<void> | undefined): Promise<void> {
    for (const turn of this.turns.splice(0)) {
      const waiting = handle(turn);
      if (waiting !== undefined) await waiting;
    }
  }
}
