/** Lets parts of a session wait for each other: for a phase, a list, room in a queue; a failure of one ends all. */
import { asTsyncError, type TsyncError } from "../../errors.ts";

/** Somebody who waits. */
interface Waiting {
  readonly test: () => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class Condition {
  private readonly waiting: Waiting[] = [];
  private failure: TsyncError | undefined;
  /** Tests are being made; what changes meanwhile has them made once more. */
  private isTesting = false;
  private changedAgain = false;

  /** What ended the session, if something did. */
  get failed(): TsyncError | undefined {
    return this.failure;
  }

  /** Something has changed: whoever waits looks again, at once. */
  changed(): void {
    this.changedAgain = true;
    if (this.isTesting || this.waiting.length === 0) return;
    this.isTesting = true;
    const { waiting } = this;
    while (this.changedAgain && waiting.length > 0) {
      this.changedAgain = false;
      // In place: every file that comes changes something (bench: many small files).
      for (let place = 0; place < waiting.length; ) {
        const one = waiting[place];
        if (one !== undefined && !this.isOver(one)) place++;
        else waiting.splice(place, 1);
      }
    }
    this.isTesting = false;
  }

  /** Whoever waits, now or later, gets this error. */
  fail(error: unknown): void {
    this.failure ??= asTsyncError(error);
    this.changed();
  }

  /** Waits until `test` holds; throws once the session has failed. */
  async until(test: () => boolean): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    if (test()) return;
    await new Promise<void>((resolve, reject) => {
      this.waiting.push({ test, resolve, reject });
    });
  }

  private isOver({ test, resolve, reject }: Waiting): boolean {
    try {
      if (this.failure === undefined && !test()) return false;
      if (this.failure === undefined) resolve();
      else reject(this.failure);
    } catch (error) {
      reject(error);
    }
    return true;
  }
}
