/**
 * How V8 works in runs with another machine. They make much garbage that is soon dead: what outlives a small space of young objects is
 * collected often, which keeps the process small; and the last of V8's compilers pays later than it thinks (docs/decisions/001, docs/performance.md).
 * Given on the command line these options would cost 8 ms: Node's own modules are compiled for V8's defaults, and with other options they are
 * compiled again.
 */
import { setFlagsFromString } from "node:v8";

/**
 * V8's options, their values here and by default (which may be another than it says: with another one `cachedDataVersionTag` is another), and
 * in which versions of Node they are known: V8 would complain of others.
 */
const options = [
  { name: "semi-space-growth-factor", value: 1, byDefault: 2, since: 22, until: 24 },
  { name: "heap-growing-percent", value: 30, byDefault: 0, since: 22, until: 24 },
  { name: "invocation-count-for-turbofan", value: 50_000, byDefault: 10_000, since: 24, until: 24 },
] as const;

/**
 * Does it with these options, from the first time on that it waits: until then modules of Node are loaded. Once it is done, compiled code can
 * be kept for runs with V8's defaults again.
 */
export async function withSessionEngine<T>(run: () => Promise<T>): Promise<T> {
  const major = Number.parseInt(process.versions.node, 10);
  const known = options.filter(({ since, until }) => major >= since && major <= until);
  const running = run();
  for (const { name, value } of known) setFlagsFromString(`--${name}=${value}`);
  try {
    return await running;
  } finally {
    for (const { name, byDefault } of known) setFlagsFromString(`--${name}=${byDefault}`);
  }
}
