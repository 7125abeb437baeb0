/**
 * Dates and times in the local zone (3-transfer 9.6): `YYYY/MM/DD` and `HH:MM:SS`. Asking for local time costs more than
 * the rest of a line, so the answer is kept for a quarter of an hour in which the zone does not change.
 */
import { engineUtcOffset, type UtcOffset } from "../fs/syscalls/local-time.ts";

/** A local date and time. */
export interface LocalTime {
  /** `YYYY/MM/DD` */
  readonly date: string;
  /** `HH:MM:SS` */
  readonly time: string;
}

const quarterSeconds = 900;
const daySeconds = 86_400;

/** Formats seconds since 1970 (whole, may be negative); one instance per user, for its cache. */
export class ClockText {
  private readonly utcOffset: UtcOffset;
  private quarter = Number.NaN;
  private offset = 0;
  private day = Number.NaN;
  private date = "";

  /** Without `utcOffset` the engine's own zone counts. */
  constructor(utcOffset: UtcOffset = engineUtcOffset) {
    this.utcOffset = utcOffset;
  }

  format(seconds: number): LocalTime {
    const local = seconds + this.offsetAt(seconds);
    const day = Math.floor(local / daySeconds);
    if (day !== this.day) {
      const date = new Date(day * daySeconds * 1000);
      // Beyond the years that the engine knows: the number itself is all that can be said.
      if (Number.isNaN(date.getTime())) return { date: `@${seconds}`, time: "??:??:??" };
      this.day = day;
      this.date = dateOf(date);
    }
    const rest = local - day * daySeconds;
    const minutes = Math.trunc(rest / 60);
    const hours = Math.trunc(minutes / 60);
    return { date: this.date, time: `${two(hours)}:${two(minutes - hours * 60)}:${two(rest - minutes * 60)}` };
  }

  private offsetAt(seconds: number): number {
    const quarter = Math.floor(seconds / quarterSeconds);
    if (quarter === this.quarter) return this.offset;
    const start = quarter * quarterSeconds;
    const offset = this.utcOffset(start);
    // The zone changes in this quarter: a rule of $TZ may say any second.
    if (this.utcOffset(start + quarterSeconds - 1) !== offset) return this.utcOffset(seconds);
    this.quarter = quarter;
    this.offset = offset;
    return offset;
  }
}

function dateOf(day: Date): string {
  return `${String(day.getUTCFullYear()).padStart(4, "0")}/${two(day.getUTCMonth() + 1)}/${two(day.getUTCDate())}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
