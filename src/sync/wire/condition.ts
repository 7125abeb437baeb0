/** Lets parts of a session wait for each other: for a phase, a list, room in a queue; a failure of one ends all. */
import { asTsyncError, type TsyncError } from "../../errors.ts";

export class Condition {
  private waiting: (() => void)[] = [];
  private failure: TsyncError | undefined;

  /** What ended the session, if something did. */
  get failed(): TsyncError | undefined {
    return this.failure;
  }

  /** Something has changed: whoever waits looks again. */
  changed(): void {
    if (this.waiting.length === 0) return;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Whoever waits, now or later, gets this error. */
  fail(error: unknown): void {
    this.failure ??= asTsyncError(error);
    this.changed();
  }

  /** Waits until `test` holds; throws once the session has failed. */
  async until(test: () => boolean): Promise<void> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      if (test()) return;
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    }
  }
}
