/**
 * How many of an argument's parents the arguments before have implied already, under `--relative` and without incremental recursion: those
 * that it shares with the parents before, but where these end within it, the last is implied once more (2-file-list 9.2).
 */
import type { ByteName } from "../bytes/byte-name.ts";

export class SharedParents {
  private last: readonly ByteName[] = [];

  /** Of the names on the way to an argument so many, from the first. */
  countKnown(parts: readonly ByteName[]): number {
    const before = this.last;
    let shared = 0;
    while (shared < parts.length && parts[shared] === before[shared]) shared++;
    if (shared === parts.length) return shared;
    this.last = parts;
    return shared > 0 && shared === before.length ? shared - 1 : shared;
  }
}
