/** Entries whose place a full directory holds, until `--delete-guard` has decided whether it may go. */
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import { type EntryParts, exceededLimit, pathBelow, type Turn } from "./entry-parts.ts";
import { isMissing, isRegular } from "./file-list.ts";
import { isRefusedLink, wantsSpecial } from "./generate-special.ts";

export class PostponedEntries {
  private readonly parts: EntryParts;
  private readonly turns: Turn[] = [];
  private readonly stat: Stat = emptyStat();

  constructor(parts: EntryParts) {
    this.parts = parts;
  }

  /** Whether an entry must wait; `directory` is where it is to be put. Then it is kept. */
  takes(turn: Turn, directory: number | undefined): boolean {
    const { destination, deleter } = this.parts;
    const { entry } = turn;
    if (directory === undefined || isMissing(entry) || this.isLeftOut(entry)) return false;
    const name = destination.singleName ?? entry.name;
    if (deleter.guarded?.mustWait(pathBelow(destination, entry), name, directory) !== true) return false;
    this.turns.push(turn);
    return true;
  }

  /**
   * Deletes what was planned to go from a directory that stays where therefore nothing was planned to come. True if the entry must wait
   * for that.
   */
  clears(turn: Turn, directory: number | undefined): boolean {
    const { context, destination, deleter } = this.parts;
    const path = pathBelow(destination, turn.entry);
    if (directory === undefined || context.gate?.deletion(path) !== "contents") return false;
    if (deleter.guarded !== undefined && this.takes(turn, directory)) return true;
    const name = destination.singleName ?? turn.entry.name;
    if (deleter.guarded?.holds === true || context.syscalls.lstatAt(directory, name, this.stat) < 0) return false;
    deleter.deleteItem(deleter.candidate(path, name, this.stat), false);
    return false;
  }

  /** Whether nothing is put in the place of a directory for this entry, which therefore stays whatever the guard says. */
  private isLeftOut(entry: FileEntry): boolean {
    const { context } = this.parts;
    if (context.options.ignoreExisting) return true;
    if (isRegular(entry)) return exceededLimit(context, entry) !== undefined;
    return !wantsSpecial(context, entry) || isRefusedLink(context, entry);
  }

  /** Hands out what waited, in order. */
  async handleAll(handle: (turn: Turn) => Promise<void> | undefined): Promise<void> {
    for (const turn of this.turns.splice(0)) {
      const waiting = handle(turn);
      if (waiting !== undefined) await waiting;
    }
  }
}
