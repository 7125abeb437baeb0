/**
 * Events between a run and the one loop that reads them. A reader who is slower than the run makes it wait (`room`);
 * where nobody reads, a limited number of events is kept for a loop that begins later, and then none.
 */
import { usageError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { RunEvent } from "../sync/events.ts";

export class EventQueue {
  private events: RunEvent[] = [];
  private ended = false;
  private failure: { readonly error: unknown } | undefined;
  private reading = false;
  /** Nobody read while the kept events became too many: they are gone. */
  private lost = false;
  private wakeReader: (() => void) | undefined;
  private wakeRun: (() => void) | undefined;

  push(event: RunEvent): void {
    if (this.lost) return;
    this.events.push(event);
    if (!this.reading && this.events.length > limits.eventsUnread) {
      this.events = [];
      this.lost = true;
    }
    this.wakeReader?.();
  }

  end(): void {
    this.ended = true;
    this.wakeReader?.();
  }

  fail(error: unknown): void {
    this.failure = { error };
    this.end();
  }

  /** Resolves when the reader has caught up, or the run is to stop; undefined: the run need not wait. */
  room(signal: AbortSignal): Promise<void> | undefined {
    if (!this.reading || this.events.length <= limits.eventsUnread || signal.aborted) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        this.wakeRun = undefined;
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.wakeRun = done;
      signal.addEventListener("abort", done);
    });
  }

  /**
   * The events in order, to the end of the run; throws what the run failed with. A loop that was left may be followed by
   * another, which goes on where it stopped.
   * @throws TsyncError usage for a second loop at the same time, and for one that begins after events were given up
   */
  async *read(): AsyncGenerator<RunEvent, void> {
    if (this.reading) throw usageError("the events of a run are read by one loop at a time");
    this.reading = true;
    try {
      for (;;) {
        if (this.lost) throw usageError("the first events are gone: read them from the start of the run");
        const events = this.events;
        this.events = [];
        this.wakeRun?.();
        let taken = 0;
        try {
          for (const event of events) {
            taken++;
            yield event;
          }
        } finally {
          // The loop was left in between.
          if (taken < events.length) this.events = [...events.slice(taken), ...this.events];
        }
        if (this.events.length > 0) continue;
        if (this.failure !== undefined) throw this.failure.error;
        if (this.ended) return;
        await new Promise<void>((resolve) => {
          this.wakeReader = resolve;
        });
      }
    } finally {
      this.reading = false;
      this.wakeRun?.();
    }
  }
}
