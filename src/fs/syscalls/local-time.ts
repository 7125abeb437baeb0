/**
 * The zone of the operating system: how far local time is from UTC at a moment. libc's `localtime_r` knows every form of
 * `$TZ` (an IANA name, `:name`, a POSIX rule such as `EST5EDT,M3.2.0,M11.1.0`, a file) and what /etc/localtime holds;
 * without koffi the engine's `Date` answers, which knows IANA names only.
 */
import { loadLibc } from "./libc.ts";

/** Seconds that local time is ahead of UTC at a moment in whole seconds since 1970; NaN when there is no such date. */
export type UtcOffset = (seconds: number) => number;

/** The local zone of this process, by libc unless "plain" is asked for or koffi does not load. Loads when first asked. */
export function openUtcOffset(kind?: "koffi" | "plain"): UtcOffset {
  let chosen: UtcOffset | undefined;
  return (seconds) => {
    chosen ??= kind === "plain" ? engineUtcOffset : (libcUtcOffset() ?? engineUtcOffset);
    return chosen(seconds);
  };
}

/** The offset that the engine knows. */
export function engineUtcOffset(seconds: number): number {
  const local = new Date(seconds * 1000);
  const date = [local.getFullYear(), local.getMonth(), local.getDate()] as const;
  return utcSeconds(...date, local.getHours(), local.getMinutes(), local.getSeconds()) - seconds;
}

/** The offset that libc knows; undefined when koffi does not load. */
function libcUtcOffset(): UtcOffset | undefined {
  try {
    const libc = loadLibc();
    const localtime = libc.declare("localtime_r", "size_t", ["size_t", "size_t"]);
    libc.declare("tzset", "int", [])();
    const time = new BigInt64Array(1);
    // struct tm: second, minute, hour, day, month from 0, year from 1900, all int; then fields of no use here.
    const fields = new Int32Array(16);
    const timeAddress = libc.address(new Uint8Array(time.buffer));
    const fieldsAddress = libc.address(new Uint8Array(fields.buffer));
    return (seconds) => {
      time[0] = BigInt(seconds);
      if (localtime(timeAddress, fieldsAddress) === 0) return Number.NaN;
      const [second = 0, minute = 0, hour = 0, day = 0, month = 0, year = 0] = fields;
      return utcSeconds(year + 1900, month, day, hour, minute, second) - seconds;
    };
  } catch {
    return undefined;
  }
}

/** Seconds since 1970 of a date and time in UTC. */
function utcSeconds(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(0);
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime() / 1000;
}
