/** How much a peer may make us hold (4-traps H-18, X-01): counted, not guessed from what it announces. */
import { limitError, type Role } from "../errors.ts";
import { limits } from "../limits.ts";

export class MemoryBudget {
  /** Bytes held, roughly. */
  private held = 0;
  private readonly what: string;
  private readonly maxBytes: number;

  constructor(what = "file lists", maxBytes: number = limits.fileListBytes) {
    this.what = what;
    this.maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.held;
  }

  /** More is held from here on; too much ends the session (exit 22). */
  take(bytes: number, role: Role): void {
    this.held += bytes;
    if (this.held > this.maxBytes) throw limitError(`${this.what} are too large [${role}]`, role);
  }

  /** So much has been dropped. */
  release(bytes: number): void {
    this.held -= bytes;
  }
}
