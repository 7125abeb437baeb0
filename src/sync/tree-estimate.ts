/**
 * How large a tree will probably be, from the part of it that was scanned: whether a worker thread pays must be known before the
 * scan is over. Depth first, each directory stands for an equal share of its parent.
 */

/** Directories without others that must have been listed before there is an estimate. */
const leavesNeeded = 3;

export class TreeEstimate {
  /** The shares of the directories whose lists are still to be made, the next one last; empty if the scan began elsewhere. */
  private readonly shares = [1];
  private entries = 0;
  private leaves = 0;
  private done = 0;

  /** The next list was made: so many entries, and so many directories among them. */
  listed(entries: number, directories: number): void {
    this.entries += entries;
    const share = this.shares.pop() ?? 0;
    if (directories === 0) {
      this.leaves++;
      this.done += share;
      return;
    }
    for (let index = 0; index < directories; index++) this.shares.push(share / directories);
  }

  /** Entries of the whole tree; undefined as long as what was scanned says little. */
  get total(): number | undefined {
    return this.leaves < leavesNeeded || this.done === 0 ? undefined : this.entries / this.done;
  }
}
