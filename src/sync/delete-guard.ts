/**
 * `--delete-guard`: counts what the destination holds and what would be deleted, and decides before the first deletion
 * whether any is done. Knows nothing of the file system: `delete` tells it what it sees.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { type DeleteGuardLimit, formatDeleteGuard } from "../options/delete-guard.ts";

/** An entry that would be deleted. */
export interface DoomedEntry {
  readonly path: ByteName;
  readonly directory: boolean;
}

export class DeleteGuard {
  /** What would go, in the order of deletion. */
  readonly doomed: DoomedEntry[] = [];
  /** Undefined until decided; then whether deletions are held back. */
  verdict: "pass" | "hold" | undefined;
  private readonly limit: DeleteGuardLimit;
  private entries = 0;
  private counting = true;

  constructor(limit: DeleteGuardLimit) {
    this.limit = limit;
  }

  /** Whether the limit depends on how much the destination holds. */
  get needsCount(): boolean {
    return this.limit.kind === "share";
  }

  /** So many entries of the destination were seen, as they were before the run. */
  saw(count: number): void {
    if (this.counting) this.entries += count;
  }

  /** So many more were there before the run, as is found only now. */
  sawBefore(count: number): void {
    this.entries += count;
  }

  /** What is seen from here on may be the run's own work. */
  endCount(): void {
    this.counting = false;
  }

  decide(): void {
    this.endCount();
    const { limit, entries, doomed } = this;
    const allowed = limit.kind === "count" ? limit.entries : (limit.percent * entries) / 100;
    this.verdict = doomed.length > allowed ? "hold" : "pass";
  }

  /** What the user is told when deletions are held back. */
  get text(): ByteName {
    const { limit, entries, doomed } = this;
    const of = limit.kind === "share" ? ` of ${entries}` : "";
    const would = `${doomed.length}${of} ${doomed.length === 1 && of === "" ? "entry" : "entries"} would be deleted`;
    return byteName(`tsync: nothing deleted because of --delete-guard=${formatDeleteGuard(limit)}: ${would}`);
  }
}
