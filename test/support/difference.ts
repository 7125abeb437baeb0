/**
 * Tests of the rows of docs/differences.md: each makes a small tree, runs rsync and tsync, and states what both do. A test is named after
 * the first cell of its row; test/unit/differences-table.test.ts checks that each row has one.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

/** What a program has to do; a string is the whole text, an expression is found in it. */
export interface Behaviour {
  /** Exit code; 124 where it hangs. */
  readonly status?: number;
  readonly out?: string | RegExp;
  readonly err?: string | RegExp;
  /** What `look` prints afterwards. */
  readonly seen?: string | RegExp;
}

/** One example of a row. */
export interface DifferenceCase {
  /** Shell script that makes the trees, in an empty folder with umask 022. */
  readonly setup?: string;
  /** Arguments; or a shell script, in which `$p` is the program, `$rsh` a remote shell that stays here and `$tsync` is tsync. */
  readonly run: string;
  /** Shell script that looks at what is left. */
  readonly look?: string;
  /** Whether an ordinary user runs it, to whom root gives the folder before `setup`. */
  readonly nobody?: boolean;
  /** Seconds after which rsync is taken to hang; 10 if not given. */
  readonly patience?: number;
  /** Left out where rsync does now this and now that. */
  readonly rsync?: Behaviour;
  readonly tsync: Behaviour;
}

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  readonly seen: string;
}

const tsync = join(import.meta.dirname, "../../bin/tsync");
/** So often rsync is asked: its processes race with each other. */
const runsMax = 4;

/** Adds the test of the row of docs/differences.md whose first cell is `row`. */
export function difference(row: string, cases: DifferenceCase | readonly DifferenceCase[]): void {
  test(row, () => {
    for (const example of [cases].flat()) check(example);
  });
}

function check(example: DifferenceCase): void {
  const { rsync: expected, tsync: own } = example;
  const subject = outcomeOf(tsync, example);
  if (expected !== undefined) {
    let reference = outcomeOf("rsync", example);
    for (let runs = 1; runs < runsMax && faults(reference, expected).length > 0; runs++)
      reference = outcomeOf("rsync", example);
    expect(faults(reference, expected), `rsync ${example.run}: ${show(reference)}`).toEqual([]);
  }
  expect(faults(subject, own), `tsync ${example.run}: ${show(subject)}`).toEqual([]);
  if (expected !== undefined)
    expect(faults(subject, expected), `tsync does what rsync does: ${show(subject)}`).not.toEqual([]);
}

function show({ status, out, err, seen }: Outcome): string {
  return `\nstatus ${status}\n-- out\n${out}-- err\n${err}-- seen\n${seen}--`;
}

/** What of an outcome is not as expected. */
function faults(outcome: Outcome, { status, out, err, seen }: Behaviour): string[] {
  const result: string[] = [];
  if (status !== undefined && outcome.status !== status) result.push(`status ${outcome.status} instead of ${status}`);
  for (const [name, text, wanted] of [
    ["out", outcome.out, out],
    ["err", outcome.err, err],
    ["seen", outcome.seen, seen],
  ] as const) {
    if (wanted === undefined) continue;
    if (typeof wanted === "string" ? text !== wanted : !wanted.test(text)) result.push(`${name} is not ${wanted}`);
  }
  return result;
}

/** Runs a case in a new folder. */
function outcomeOf(
  program: string,
  { setup = "", run, look = "", nobody = false, patience = 10 }: DifferenceCase,
): Outcome {
  const folder = mkdtempSync(join(tmpdir(), "tsync-difference-"));
  const cwd = join(folder, "run");
  const rsh = join(folder, "rsh");
  const env = { PATH: process.env.PATH, HOME: folder, LC_ALL: "C.UTF-8", TZ: "UTC", p: program, tsync, rsh };
  const user = nobody ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const shell = (text: string, prefix: readonly string[] = []) => {
    const [first = "", ...words] = [...prefix, "bash", "-c", `umask 022; ${text}`];
    return spawnSync(first, words, { cwd, env, encoding: "latin1", maxBuffer: 2 ** 28, timeout: 30_000 });
  };
  try {
    chmodSync(folder, 0o755);
    mkdirSync(cwd);
    writeFileSync(rsh, '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
    expect(shell(`${nobody ? "chown 65534:65534 .\n" : ""}${setup}`).stderr).toBe("");
    const script = run.startsWith("-") ? `$p ${run}` : run;
    const words = ["timeout", "-k", "1", `${program === "rsync" ? patience : 60}`];
    const { status, stdout, stderr } = shell(script, [...words, ...user]);
    return { status, out: stdout, err: stderr, seen: shell(look).stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
