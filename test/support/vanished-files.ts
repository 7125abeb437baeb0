/** Detection of files that were not there any more to be sent, because they had been sent under another name (listed-differences.ts). */
import { type ByteName, baseName } from "../../src/bytes/byte-name.ts";
import {
  codes,
  type DifferingCase,
  Options,
  onlyLines,
  saysMoreBytes,
  someFailed,
  unescaped,
} from "./difference-detector.ts";
import type { Difference, Outcome } from "./outcome.ts";
import { bytesOf } from "./wire-totals.ts";

const vanished = /^file has vanished: "(.*)"$/;
const tooDeep = /^rsync: \[sender\] sender failed to secure-open-parent .*: Too many levels of symbolic links \(40\)$/;
const someVanished = /^rsync warning: some files vanished before they could be transferred/;
const alreadyRemoved = /^sender file already removed: (.*)$/;
const itemLines = /^(?:stdout|log) items$/;
const createdFiles = /^Number of created files: (\d+)/;
const countLines =
  /^(?:Number of (?:created files|regular files transferred)|Total transferred file size|Literal data): /;
const matchedTotals = /^total: matches=0 {2}hash_hits=0 {2}false_alarms=0 data=(\d+)$/;

/** What was, or was not, there any more to be sent, because it had been sent under another name. */
export function isOfVanished(difference: Difference, one: DifferingCase): boolean {
  const { aspect, tree, isOrder, left, right } = difference;
  const lines = new RegExp(`${vanished.source}|${tooDeep.source}|${someVanished.source}|${someFailed.source}`);
  // 0 stands for itself, anything else for what is told.
  if (aspect === "exit code")
    return (
      codes([0, 23, 24], [0, 23, 24], one) &&
      [one.left, one.right].every(({ exitCode, stderr }) => exitCode === 0 || toldNames(stderr, vanished).length > 0)
    );
  if (aspect === "stderr") return onlyLines(difference, lines, lines);
  const gone = [one.left, one.right].flatMap(({ stderr, stdout }) => [
    ...toldNames(stderr, vanished),
    ...toldNames(stdout, alreadyRemoved).map((name) => `/${name}`),
  ]);
  const isGone = (name: string) => gone.some((path) => path.endsWith(`/${name}`));
  if (/^(?:stdout|log) totals$/.test(aspect)) {
    // Each name may have been sent, or told of, on one side only.
    const names = new Set([one.left, one.right].flatMap(({ stderr }) => toldNames(stderr, vanished)));
    const bytes = [one.left, one.right].flatMap(({ tree: found }) =>
      [...found].filter(([path]) => [...names].some((name) => name.endsWith(`/${baseName(path)}`))),
    );
    const most = bytes.reduce((sum, [path, { size }]) => sum + Number(size) + path.length + 64, 0);
    return names.size > 0 && saysMoreBytes("either", difference, most);
  }
  if (/^(?:stdout|log) removals$/.test(aspect)) {
    // Each under another of its names on the other side, or vanished there.
    const [some, others] = [left, right].map((told) => toldNames(told.join("\n"), alreadyRemoved));
    const lost = [one.left, one.right].flatMap(({ stderr }) => toldNames(stderr, vanished));
    const isKnown =
      (there: readonly string[] = []) =>
      (path: string) => {
        const name = baseName(path as ByteName);
        return [...there, ...lost].some((other) => `/${other}`.endsWith(`/${name}`));
      };
    return (
      onlyLines(difference, alreadyRemoved, alreadyRemoved) &&
      some?.every(isKnown(others)) === true &&
      others?.every(isKnown(some)) === true
    );
  }
  if (/^log (?:errors|generator)$/.test(aspect)) return onlyLines(difference, lines, lines);
  // What only this side has.
  const arrived = (some: Outcome, other: Outcome) =>
    [...some.tree].filter(([path, { type }]) => type === "file" && !other.tree.has(path) && isGone(baseName(path)));
  const [more, others] = [arrived(one.left, one.right), arrived(one.right, one.left)];
  if (itemLines.test(aspect) && !isOrder && hasNoNames(one, aspect)) {
    // Lines without names: one for each file.
    const told = [left, right].map((some) => some.filter((line) => !lines.test(line)).length);
    return told[0] === more.length && told[1] === others.length;
  }
  const sizes = (some: typeof more) => some.map(([, { size }]) => size).sort();
  if (aspect === "stdout progress" && !isOrder && more.length + others.length > 0) {
    return isSameProgress(difference, sizes(more), sizes(others));
  }
  if (/^(?:stdout|log) summary$/.test(aspect) && !isOrder && more.length + others.length > 0) {
    // A log tells of the totals of a run that failed.
    const [some, other] = [left, right].map((told) =>
      told.filter((line) => !/^sent # bytes {2}received # bytes$/.test(line)),
    );
    const data = (told?: readonly string[]) =>
      told?.length === 1 ? Number(matchedTotals.exec(told[0] ?? "")?.[1]) : Number.NaN;
    const total = (files: typeof more) => files.reduce((sum, [, { size }]) => sum + Number(size), 0);
    // Those of `--stats`: as many files fewer.
    const created = (told: readonly string[] = []) => told.map((line) => Number(createdFiles.exec(line)?.[1]))[0];
    if (onlyLines(difference, countLines, countLines))
      return (created(some) ?? 0) - (created(other) ?? 0) === more.length - others.length;
    return data(some) - data(other) === total(more) - total(others);
  }
  if (itemLines.test(aspect) || /^(?:stdout|log) names$/.test(aspect))
    return !isOrder && [...left, ...right].every((line) => isGone(unescaped(line.replace(/^[>c]f\S{9} /, ""))));
  if (tree === undefined) return false;
  const name = baseName(tree.path);
  if (one.left.tree.get(tree.path)?.type === "directory" || one.right.tree.get(tree.path)?.type === "directory")
    return ["mtime", "existence"].includes(tree.property) && gone.some((path) => path.includes(`/${name}/`));
  return isGone(name) || isGone(name.replace(/~$/, ""));
}

/** Whether what is told of each file has no name in it. */
export function hasNoNames({ scenario }: DifferingCase, aspect: string): boolean {
  const options = new Options(scenario.argv);
  const isLog = aspect.startsWith("log");
  const format = isLog
    ? options.value("--log-file-format")
    : (options.value("--out-format") ?? options.value("--log-format"));
  return format !== undefined && !/%[-'\d]*[fn]/.test(format);
}

/** Whether lines of progress are the same but for those of files of these sizes, which only one side has; those that follow are counted on. */
export function isSameProgress(
  { left, right }: Pick<Difference, "left" | "right">,
  more: readonly string[],
  others: readonly string[],
): boolean {
  const [lines, own] = [left, right].map((some) => some.map((line) => line.replace(/xfr#\d+$/, "xfr#")));
  const rest = (some: readonly string[] = [], other: readonly string[] = []) => {
    const known = [...other];
    return some.filter((line) => !known.includes(line) || known.splice(known.indexOf(line), 1).length === 0);
  };
  const areOf = (some: readonly string[], sizes: readonly string[]) => {
    const isOf = (line: string) => sizes.some((size) => saysSize(line, Number(size)));
    return some.length <= sizes.length && some.every((line) => line.endsWith(" 100% xfr#") && isOf(line));
  };
  return areOf(rest(lines, own), more) && areOf(rest(own, lines), others);
}

/** Whether a line begins with a size, which may be rounded for humans. */
function saysSize(line: string, size: number): boolean {
  const text = line.split(" ", 1)[0] ?? "";
  return /[KMGTP]$/.test(text) ? Math.abs(bytesOf(text) - size) <= 0.05 * size : bytesOf(text) === size;
}

/** The names that lines tell of, as they are. */
export function toldNames(text: string, line: RegExp): ByteName[] {
  return text.split("\n").flatMap((one) => {
    const match = line.exec(one);
    return match === null ? [] : [unescaped(match[1] ?? "") as ByteName];
  });
}
