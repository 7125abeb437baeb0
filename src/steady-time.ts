/** The clock for spans of time: only ever forward. `performance` would load nine modules of Node at the first use (1 ms). */

/** Milliseconds since some moment in the past, with fractions. */
export function steadyMilliseconds(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
