/**
 * Random options that decide what is printed: -v, -i, --info, --out-format with every escape, --stats, --progress,
 * number formats, --log-file, --list-only. Values that no two runs share (time, pid, bytes on the wire) are printed
 * inside `b{..}`, `c{..}`, `t{..}`, `p{..}` so that output.ts can blank them.
 */
import { type ByteName, byteName } from "../../src/bytes/byte-name.ts";
import type { Random } from "./random.ts";
import type { SampledOptions } from "./random-filters.ts";

/** One style of output, and extras. */
export function randomOutputOptions(random: Random): SampledOptions {
  const argv: ByteName[] = [];
  const covers: string[] = [];
  const add = (text: string, cover: string = text.replace(/=.*/s, "")): void => {
    argv.push(byteName(text));
    covers.push(cover);
  };
  const addAll = (...texts: readonly string[]): void => {
    for (const text of texts) add(text);
  };
  const style = random.weighted<() => void>([
    [30, () => add("-i")],
    [8, () => add("-ii")],
    [20, () => add("-v")],
    [8, () => add("-vv")],
    [9, () => addAll("-v", "-i")],
    [3, () => addAll("-vv", "-i")],
    [13, () => add(`--out-format=${randomFormat(random)}`)],
    [9, () => add(`--info=${randomInfo(random)}`)],
    [3, () => add("-q")],
    [5, () => undefined],
  ]);
  style();
  if (random.chance(0.07)) add("--stats");
  if (random.chance(0.03)) add("-h");
  if (random.chance(0.03)) add("-hh");
  if (random.chance(0.03)) add("--no-h");
  if (random.chance(0.05)) add("--progress");
  if (random.chance(0.04)) add("--info=progress2", "--info=progress2");
  if (random.chance(0.04)) add(`--out-format=${randomFormat(random)}`);
  if (random.chance(0.03)) add("-q");
  if (random.chance(0.035)) add("--list-only");
  if (random.chance(0.02)) add("-8");
  if (random.chance(0.08)) add("--log-file=log");
  if (random.chance(0.05)) {
    if (!covers.includes("--log-file")) add("--log-file=log");
    add(`--log-file-format=${randomFormat(random)}`);
  }
  return { argv, files: [], covers };
}

function randomFormat(random: Random): string {
  if (random.chance(0.3)) return random.pick(["%i %n%L", "%n%L", "%o %n", "%i|%n|%L", "[%o] %f %l", ""]);
  const pieces = random.sample(
    [
      ...[
        "%n%L",
        "%n",
        "%L",
        "%f",
        "%i",
        "%i",
        "%o",
        "%l",
        "%B",
        "%M",
        "%U:%G",
        "%C",
        "%'l",
        "%''l",
        "%-10l|",
        "%15n|",
      ],
      ...["b{%b}", "c{%c}", "t{%t}", "p{%p}", "%%", "%q", "%h%a%m%P%u", "%-20f|", "%12i|", "%40L|", "%'''l"],
    ],
    random.between(1, 6),
  );
  return pieces.join(random.pick([" ", " ", "::"]));
}

function randomInfo(random: Random): string {
  const items = random.sample(
    [
      ...[
        "name",
        "name1",
        "name2",
        "NAME0",
        "del",
        "skip",
        "skip2",
        "backup",
        "copy",
        "flist",
        "flist2",
        "misc",
        "misc2",
      ],
      ...[
        "nonreg0",
        "mount",
        "remove",
        "stats",
        "stats2",
        "stats0",
        "symsafe",
        "progress",
        "all",
        "none",
        "all1",
        "bogus",
      ],
    ],
    random.between(1, 4),
  );
  return items.join(",");
}
