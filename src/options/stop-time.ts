/**
 * When a run is to stop: `--stop-after=MINUTES`, and the points in time that `--stop-at` takes, of which parts may be left
 * out (3-transfer 10.2). Pure: the caller brings the clock.
 */
import { usageError } from "../errors.ts";

/** A point in time as it was given; what is undefined was left out. */
export interface StopTime {
  readonly text: string;
  readonly year: number | undefined;
  /** 1 to 12. */
  readonly month: number | undefined;
  readonly day: number | undefined;
  readonly hour: number | undefined;
  readonly minute: number | undefined;
}

/** The clock of a run: whole seconds since 1970, and how far local time is ahead of UTC at such a moment. */
export interface Clock {
  readonly now: number;
  utcOffset(seconds: number): number;
}

const dateForm = String.raw`(?:(?:(\d+)[-/])?(\d+)[-/])?(\d+)`;
const stopForm = new RegExp(`^(?:${dateForm}(?:[Tt](?:(\\d+):(\\d+))?)?|[Tt]?(\\d+):(\\d+)|:(\\d+))$`);
const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * `2030-12-31T23:59`, `12-31`, `31`, `14:00`, `:59`; slashes may separate the date.
 * @throws TsyncError usage: `invalid --stop-at format: TEXT`
 */
export function parseStopAt(text: string): StopTime {
  const match = stopForm.exec(text);
  if (match === null) throw invalid(text);
  const [year, month, day, dateHour, dateMinute, hour, minute, onlyMinute] = match
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)));
  const time: StopTime = {
    text,
    year,
    month,
    day,
    hour: dateHour ?? hour,
    minute: dateMinute ?? minute ?? onlyMinute,
  };
  const monthFits = month === undefined || (month >= 1 && month <= 12);
  // With a year, the 30th of February is the 2nd of March.
  const days = month === undefined || year !== undefined ? 31 : (daysOfMonth[month - 1] ?? 0);
  const dayFits = day === undefined || (day >= 1 && day <= days);
  if (!monthFits || !dayFits || (time.hour ?? 0) > 23 || (time.minute ?? 0) > 59) throw invalid(text);
  return time;
}

/**
 * The next moment that fits, in seconds since 1970.
 * @throws TsyncError usage: `--stop-at time is not in the future: TEXT`
 */
export function nextStop(time: StopTime, clock: Clock): number {
  const { now } = clock;
  const local = new Date((now + clock.utcOffset(now)) * 1000);
  const today = { year: local.getUTCFullYear(), month: local.getUTCMonth(), day: local.getUTCDate() };
  const hour = time.hour ?? (time.day === undefined ? local.getUTCHours() : 0);
  const minute = time.minute ?? 0;
  /** Months are counted from the first one that may fit; days and hours too. */
  const at = (year: number, month: number, day: number, hours = hour): number =>
    utcOf(clock, year, month, day, hours, minute);
  if (time.year !== undefined && time.month !== undefined && time.day !== undefined) {
    const moment = at(fullYear(time.year, today.year), time.month - 1, time.day);
    if (moment <= now) throw usageError(`--stop-at time is not in the future: ${time.text}`);
    return moment;
  }
  if (time.day === undefined) {
    const moment = at(today.year, today.month, today.day);
    if (moment > now) return moment;
    return time.hour === undefined ? moment + 3600 : at(today.year, today.month, today.day + 1);
  }
  // A leap day may be eight years away.
  for (let step = 0; step < 100; step++) {
    const year = time.month === undefined ? today.year : today.year + step;
    const month = time.month === undefined ? today.month + step : time.month - 1;
    const moment = at(year, month, time.day);
    const exists = new Date(Date.UTC(year, month, time.day)).getUTCDate() === time.day;
    if (exists && moment > now) return moment;
  }
  throw invalid(time.text);
}

/**
 * Minutes as C's atoi reads them: what follows the digits does not count.
 * @throws TsyncError usage: `invalid --stop-after value: TEXT`
 */
export function parseStopAfter(text: string): number {
  const minutes = Number.parseInt(/^[ \t\n\v\f\r]*\+?(\d+)/.exec(text)?.[1] ?? "0", 10);
  if (minutes <= 0) throw usageError(`invalid --stop-after value: ${text}`);
  return minutes;
}

/** Two digits mean the next such year. */
function fullYear(year: number, current: number): number {
  if (year >= 100) return year;
  const century = current - (current % 100);
  return century + year >= current ? century + year : century + 100 + year;
}

function utcOf(clock: Clock, year: number, month: number, day: number, hour: number, minute: number): number {
  const asUtc = Date.UTC(year, month, day, hour, minute) / 1000;
  const first = asUtc - clock.utcOffset(asUtc);
  return asUtc - clock.utcOffset(first);
}

function invalid(text: string): Error {
  return usageError(`invalid --stop-at format: ${text}`);
}
