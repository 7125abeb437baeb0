/** `--bwlimit`: says how long to sleep so that the data sent stays at a rate on average (3-transfer 10.2). */

import { steadyMilliseconds } from "../steady-time.ts";

/** Debts shorter than this are carried on: sleeping for less costs more than it limits. */
const sleepMinMilliseconds = 100;

export class Throttle {
  private readonly bytesPerMillisecond: number;
  private readonly now: () => number;
  /** When all that was sent would have gone out at the rate. */
  private due: number | undefined;

  /** `rate` in bytes a second; `now` is a steady clock in milliseconds. */
  constructor(rate: number, now: () => number = steadyMilliseconds) {
    this.bytesPerMillisecond = rate / 1000;
    this.now = now;
  }

  /** Takes note of so many bytes; returns for how many milliseconds to sleep, 0 for not at all. */
  sent(bytes: number): number {
    const now = this.now();
    // Time in which nothing was sent cannot be made up for.
    this.due = Math.max(this.due ?? now, now - sleepMinMilliseconds) + bytes / this.bytesPerMillisecond;
    const debt = this.due - now;
    return debt < sleepMinMilliseconds ? 0 : debt;
  }
}

/** How much is to be sent at once at a rate: about a tenth of a second's worth. */
export function pieceBytes(rate: number): number {
  return Math.min(Math.max(Math.ceil(rate / 10 / 1024) * 1024, 1024), 128 * 1024);
}
