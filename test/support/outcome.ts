/**
 * What a run leaves behind, and everything in which two runs of one scenario differ, with symptoms that group the
 * differences of many cases.
 */
import { splitErrors, splitLog, splitOutput, splitWireOutput } from "./output.ts";
import type { Scenario } from "./scenario.ts";
import { compareSnapshots, formatDifference, type Snapshot, type TreeDifference } from "./snapshot.ts";
import type { Direction } from "./wire-scenario.ts";
import { totalsAgree } from "./wire-totals.ts";

/** All that a run left behind. */
export interface Outcome {
  readonly exitCode: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly log: string | undefined;
  readonly tree: Snapshot;
  /** What changed in the sources: empty unless they were to be removed. */
  readonly sourceChanges: readonly string[];
}

/** One difference between two outcomes. */
export interface Difference {
  /** Which aspect differs, for example `stdout items` or `tree mtime`. */
  readonly aspect: string;
  /** The difference without names: equal symptoms probably have one cause. */
  readonly symptom: string;
  readonly detail: string;
  /** All lines that only one side has. */
  readonly left: readonly string[];
  readonly right: readonly string[];
  /** Both sides have the same lines, in another order. */
  readonly isOrder: boolean;
  /** Of a tree. */
  readonly tree?: TreeDifference;
}

/** How closely outcomes are compared. */
export interface Closeness {
  /** The subject keeps microseconds, writes zeros for holes and lists directories in another order. */
  readonly coarse: boolean;
  /** Which way the data go between two machines; undefined within one. */
  readonly direction: Direction | undefined;
}

/** Everything in which two outcomes of the same scenario differ. */
export function compareOutcomes(
  left: Outcome,
  right: Outcome,
  scenario: Scenario,
  { coarse, direction }: Closeness,
): Difference[] {
  const differences: Difference[] = [];
  const noLines = { left: [], right: [], isOrder: false };
  if (left.exitCode !== right.exitCode) {
    const detail = `${left.exitCode} / ${right.exitCode}`;
    differences.push({ aspect: "exit code", symptom: detail, detail, ...noLines });
  }
  for (const change of right.sourceChanges.filter((text) => !left.sourceChanges.includes(text))) {
    differences.push({ aspect: "source changed", symptom: "source changed", detail: change, ...noLines });
  }
  for (const change of left.sourceChanges.filter((text) => !right.sourceChanges.includes(text))) {
    differences.push({ aspect: "source changed", symptom: "source left alone", detail: change, ...noLines });
  }
  const [errors, others] = [left, right].map(({ stderr }) => (coarse ? plainErrors(stderr) : splitErrors(stderr)));
  differences.push(...compareLines("stderr", errors ?? [], others ?? []));
  if (stoppedMidway(left)) return differences;
  const split = direction === undefined ? splitOutput : (text: string) => splitWireOutput(text, direction);
  const output = [split(left.stdout), split(right.stdout)] as const;
  const log = [splitLog(left.log ?? "", split), splitLog(right.log ?? "", split)] as const;
  for (const key of [
    "items",
    "followers",
    "generator",
    "receiver",
    "sender",
    "removals",
    "errors",
    "summary",
    "progress",
    "blank",
  ] as const) {
    // What is told while a directory is listed: Node sorts what it lists.
    const inOrder = (lines: readonly string[]) => (coarse && key === "sender" ? [...lines].sort() : lines);
    differences.push(...compareLines(`stdout ${key}`, inOrder(output[0][key]), inOrder(output[1][key])));
    differences.push(...compareLines(`log ${key}`, inOrder(log[0][key]), inOrder(log[1][key])));
  }
  const isCompressed = scenario.covers.some((name) => /^-z|compress/.test(name));
  for (const [name, [one, other]] of [["stdout totals", output] as const, ["log totals", log] as const]) {
    if (!totalsAgree(one.totals, other.totals, isCompressed))
      differences.push(...compareLines(name, one.totals, other.totals));
  }
  const blocks = !coarse && scenario.covers.includes("-S");
  for (const difference of compareSnapshots(left.tree, right.tree, blocks)) {
    const { property, path } = difference;
    const type = (left.tree.get(path) ?? right.tree.get(path))?.type ?? "";
    const side = difference.left === undefined ? " extra" : difference.right === undefined ? " missing" : "";
    differences.push({
      aspect: `tree ${property}`,
      symptom: `${property}${side} of ${type}`,
      detail: formatDifference(difference),
      ...noLines,
      tree: difference,
    });
  }
  return differences;
}

const notAllocated = /^rsync: \[receiver\] do_fallocate ".*": Operation not supported \(95\)$/;

/** Without those that each file gives for which Node cannot allocate room ahead, or the attribute that getfattr comes to first. */
const plainErrors = (stderr: string): readonly string[] =>
  splitErrors(stderr)
    .filter((line) => !notAllocated.test(line))
    .map((line) => line.replace(/(get_xattr_data: lgetxattr\(".*"),"[^"]*",0\)/, "$1)"));

/** A run that fatal trouble stopped in the middle: how far each process got by then is a race. */
function stoppedMidway({ exitCode, stdout, stderr }: Outcome): boolean {
  const finished = [0, 23, 24, 25].includes(Number(exitCode));
  return !finished && (stdout !== "" || stderr.includes("received SIGUSR1"));
}

function compareLines(aspect: string, left: readonly string[], right: readonly string[]): Difference[] {
  const index = left.findIndex((line, position) => line !== right[position]);
  const at = index >= 0 ? index : left.length < right.length ? left.length : -1;
  if (at < 0) return [];
  const only = { left: onlyIn(left, right), right: onlyIn(right, left) };
  const isOrder = only.left.length + only.right.length === 0;
  // Of mere order the lines at the first difference, else the first lines that only one side has.
  const [one, other] = isOrder ? [left[at], right[at]] : [only.left[0], only.right[0]];
  const kind = isOrder ? "order" : `${shapeOf(one)} / ${shapeOf(other)}`;
  const detail = `line ${at + 1}: ${one ?? "(none)"}\n    / ${other ?? "(none)"}`;
  return [{ aspect, symptom: `${aspect}: ${kind}`, detail, ...only, isOrder }];
}

function onlyIn(one: readonly string[], other: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of other) counts.set(line, (counts.get(line) ?? 0) + 1);
  return one.filter((line) => {
    const rest = counts.get(line) ?? 0;
    counts.set(line, rest - 1);
    return rest <= 0;
  });
}

/** A line with names and numbers taken out. */
function shapeOf(line: string | undefined): string {
  if (line === undefined) return "(none)";
  const itemized = /^([<>ch.*][fdLDS][^ ]*|\*deleting) /.exec(line);
  if (itemized?.[1] !== undefined) return `${itemized[1]} NAME`;
  return line
    .replace(/"[^"]*"/g, '"NAME"')
    .replace(/\d[\d,.]*/g, "N")
    .replace(/[^ ]*\/[^ ]*/g, "NAME")
    .slice(0, 120);
}
