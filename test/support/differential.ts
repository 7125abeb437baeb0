/**
 * Runs one scenario with two programs, in the same working directory one after the other, and compares everything
 * that a user can see: exit code, text, log file, and every file afterwards, the sources included. Where the first
 * program disagrees with itself, the difference is noise and not counted.
 */

import { spawn } from "node:child_process";
import { chownSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { type ByteName, byteName, fromText, joinName, toBytes } from "../../src/bytes/byte-name.ts";
import { blankAccessTimes } from "./access-times.ts";
import { emptyDirectory } from "./empty-directory.ts";
import { type Libc, openLibc } from "./libc.ts";
import { listedRow } from "./listed-differences.ts";
import { compareOutcomes, type Difference, type Outcome } from "./outcome.ts";
import { nobodyId, type RunUser } from "./random-attributes.ts";
import { planRareScenario } from "./rare-options.ts";
import { noEnd, runToEnd } from "./run-to-end.ts";
import { casesPerSource, planScenario, type Scenario, withOptions } from "./scenario.ts";
import { compareSnapshots, formatDifference, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { TreeBuilder } from "./tree-plan.ts";
import { planWholeScenario } from "./whole-scenario.ts";
import { type Direction, planWireScenario, remoteShell } from "./wire-scenario.ts";

/** A program under test: what is put before the arguments, and variables for its environment. */
export interface Program {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Which options are drawn: those of the first milestone, all that there are, or with these those that are seldom used. */
export type OptionTable = "main" | "whole" | "rare";

/** Which ends tsync has, and which way the data go; `local` is a run within one machine. */
export type DifferentialMode = "local" | "push" | "pull" | "serve-push" | "serve-pull" | "both-push" | "both-pull";

/** All of these. */
export const differentialModes: readonly DifferentialMode[] = [
  "local",
  "push",
  "pull",
  "serve-push",
  "serve-pull",
  "both-push",
  "both-pull",
];

/** How runs are made and compared. */
export interface DifferentialOptions {
  readonly user: RunUser;
  /** `main` if not given. */
  readonly table?: OptionTable;
  /** `local` if not given; the others draw from the whole table, the reference has both ends. */
  readonly mode?: DifferentialMode;
  readonly reference: Program;
  readonly subject: Program;
  /** What has the other end when one of the two has one; the reference if not given. */
  readonly peer?: Program | undefined;
  /** The subject keeps microseconds and writes zeros for holes: compare no closer. */
  readonly coarse: boolean;
  /** Options that every case is given besides its own. */
  readonly added?: readonly string[];
  /**
   * How often the reference may run to find out whether it agrees with itself, alone and on busy processors: in the worst
   * case its result that is nearest to the subject's counts.
   */
  readonly referenceRuns: number;
}

/** What came of a case. */
export interface CaseResult {
  readonly seed: number;
  readonly user: RunUser;
  readonly commandLine: string;
  readonly covers: readonly string[];
  readonly verdict: "identical" | "listed" | "different" | "noise";
  /** The rows of docs/differences.md that explain every difference of a case that is `listed`. */
  readonly listed: readonly string[];
  /** Aspects in which the reference disagreed with itself, or `reference failed`. */
  readonly noise: readonly string[];
  /** Examples of that. */
  readonly noiseDetails: readonly string[];
  readonly differences: readonly Difference[];
  readonly reference: Outcome;
  readonly subject: Outcome;
}

/** Ends that only a fault of the reference itself (or an inner race) explains: 3.5.0 hangs and stops with some linked files. */
const ownFailures: ReadonlySet<number | string> = new Set([2, 12, 14, 15, 16, 19, noEnd]);
/** Between two machines 2 and 12 are also the orderly ends of what one of them refuses. */
const ownWireFailures: ReadonlySet<number | string> = new Set([14, 15, 16, 19, noEnd]);
/** What rsync says when it has lost an entry of linked files between lists. */
const lostEntry = /^File-list index \d+ not in .*\(finish_hard_link\)/m;
/**
 * What the further runs of the reference have beside them: a prefix that binds or slows its processes, and loops that keep a
 * processor busy. On one processor they take turns, in their own time slices or until they wait.
 */
const busyLoop = "while :; do :; done";
const loads: readonly (readonly string[])[] = [
  [""],
  ["", busyLoop],
  ["taskset -c 0"],
  ["", busyLoop, busyLoop],
  ["taskset -c 0 chrt --batch 0", busyLoop],
  ["taskset -c 0", busyLoop, busyLoop],
];
/** When the working directory was last changed, in seconds: whatever a run makes of that, it is not the time of the run. */
const preparedTime = 1_250_000_000;
const keptNames: ReadonlySet<string> = new Set(["src", "src2"]);

/** Runs cases in a folder of its own; needs root. */
export class DifferentialRunner {
  readonly #libc: Libc = openLibc();
  readonly #builder: TreeBuilder = new TreeBuilder(this.#libc);
  readonly #folder: string;
  readonly #options: DifferentialOptions;
  #sourceGroup: number | undefined;
  #sourceSnapshot: Snapshot = new Map();

  /** `folder` must exist, be reachable for the user of the runs, and is the caller's to remove. */
  constructor(folder: string, options: DifferentialOptions) {
    this.#folder = folder;
    this.#options = options;
    process.umask(0);
    mkdirSync(this.root, { recursive: true });
    writeFileSync(this.#shell, remoteShell, { mode: 0o755 });
    if (options.user === "nobody") chownSync(this.root, nobodyId, nobodyId);
  }

  /** The working directory of the runs. */
  get root(): string {
    return `${this.#folder}/root`;
  }

  /** The remote shell of runs between two machines. */
  get #shell(): string {
    return `${this.#folder}/shell`;
  }

  /** Makes one case. */
  run(seed: number): CaseResult {
    const { user, reference, subject, coarse, referenceRuns } = this.#options;
    const scenario = this.plan(seed);
    const first = this.runProgram(scenario, reference);
    const tried = this.runProgram(scenario, subject);
    const direction = directionOf(this.#options.mode);
    const compare = (one: Outcome, other: Outcome): Difference[] =>
      compareOutcomes(one, other, scenario, { coarse, direction });
    let differences = compare(first, tried);
    /** The run of the reference that `differences` are from. */
    let compared = first;
    const noise = new Set<string>();
    const noiseDetails: string[] = [];
    const hasOwnEnd = (direction === undefined ? ownFailures : ownWireFailures).has(first.exitCode);
    if (hasOwnEnd || lostEntry.test(first.stderr)) {
      noise.add("reference failed");
      noiseDetails.push(`exit ${first.exitCode}: ${first.stderr.slice(0, 500)}`);
    }
    const failedFirst = noise.size > 0;
    for (let runs = 1; differences.length > 0 && !failedFirst && runs < referenceRuns; runs++) {
      const again = this.#runUnder(loads[runs % loads.length] ?? [], scenario, reference);
      for (const { aspect, detail } of compare(first, again)) {
        noise.add(aspect);
        noiseDetails.push(`${aspect}: ${detail}`);
      }
      const fresh = compare(again, tried);
      if (fresh.length < differences.length) {
        differences = fresh;
        compared = again;
      }
    }
    const failed = noise.has("reference failed");
    const real = differences.filter(({ aspect }) => !noise.has(aspect) && !failed);
    const rows = real.map((difference) => listedRow(difference, { scenario, left: compared, right: tried }));
    const listed = rows.includes(undefined) ? [] : [...new Set(rows.filter((row) => row !== undefined))];
    const other = listed.length > 0 ? "listed" : "different";
    const verdict = differences.length === 0 ? "identical" : real.length === 0 ? "noise" : other;
    return {
      ...{ seed, user, covers: scenario.covers, commandLine: formatCommand(scenario) },
      ...{ verdict, listed, noise: [...noise], noiseDetails, differences: real, reference: first, subject: tried },
    };
  }

  /** The scenario of a seed, for this runner's working directory. */
  plan(seed: number): Scenario {
    return withOptions(this.#planOwn(seed), this.#options.added ?? []);
  }

  #planOwn(seed: number): Scenario {
    const { user, table, mode } = this.#options;
    const root = fromText(this.root);
    const direction = directionOf(mode);
    if (direction !== undefined) return planWireScenario(seed, user, root, { direction, shell: fromText(this.#shell) });
    if (table === "rare") return planRareScenario(seed, user, root);
    return table === "whole" ? planWholeScenario(seed, user, root) : planScenario(seed, user, root);
  }

  /** Runs a program while others keep the processors busy, so that its processes come to their turns in another order. */
  #runUnder(load: readonly string[], scenario: Scenario, program: Program): Outcome {
    const [prefix = "", ...busy] = load;
    const loops = busy.map((command) => spawn("sh", ["-c", command], { stdio: "ignore" }));
    try {
      const command = [...prefix.split(" ").filter((word) => word !== ""), ...program.command];
      return this.runProgram(scenario, { ...program, command });
    } finally {
      for (const loop of loops) loop.kill("SIGKILL");
    }
  }

  /** Puts the working directory into the state before a run. */
  prepare(scenario: Scenario): void {
    process.umask(0);
    const root = fromText(this.root);
    const group = Math.floor(scenario.seed / casesPerSource);
    if (group !== this.#sourceGroup) {
      emptyDirectory(root);
      for (const [name, plan] of scenario.sources) this.#builder.build(plan, joinName(root, name));
      this.#sourceGroup = group;
      this.#sourceSnapshot = this.#lookAtSources(root);
    } else {
      emptyDirectory(root, keptNames);
    }
    mkdirSync(`${this.root}/home`);
    for (const { name, text } of scenario.files) writeFileSync(toBytes(joinName(root, name)), toBytes(text));
    for (const [name, plan] of scenario.destination) this.#builder.build(plan, joinName(root, name));
    if (scenario.accessTimes)
      for (const [name, plan] of [...scenario.sources, ...scenario.destination])
        this.#builder.resetTimes(plan, joinName(root, name));
    // `./NAME` with --relative sends it: that it was made just now must not count.
    utimesSync(this.root, preparedTime, preparedTime);
  }

  /** Prepares, runs one program, and looks at what it left. */
  runProgram(scenario: Scenario, program: Program): Outcome {
    const started = BigInt(Date.now()) * 1_000_000n - 2_000_000_000n;
    this.prepare(scenario);
    const { exitCode, stdout, stderr } = this.#execute(scenario, program);
    const root = fromText(this.root);
    const changes = compareSnapshots(this.#sourceSnapshot, this.#lookAtSources(root, started)).map(formatDifference);
    if (changes.length > 0) this.#sourceGroup = undefined;
    const tree = takeSnapshot(this.#libc, root, {
      nowFrom: started,
      nowUntil: BigInt(Date.now()) * 1_000_000n + 2_000_000_000n,
      microseconds: this.#options.coarse,
      accessTimes: scenario.accessTimes,
      // A batch has a random seed.
      skip: (path) => keptNames.has(path) || path === "log" || /^home\/batch(?:\.sh)?$/.test(path),
    });
    // Whether a run has put anything into the working directory, perhaps a log that holds nothing, is no matter.
    const top = tree.get(byteName(""));
    const untouched = Number.parseInt(top?.mtime ?? "", 10) === preparedTime * (this.#options.coarse ? 1e6 : 1e9);
    const seen = top !== undefined && untouched ? new Map([...tree, [byteName(""), { ...top, mtime: "now" }]]) : tree;
    return { exitCode, stdout, stderr, tree: seen, sourceChanges: changes, log: readIfThere(`${this.root}/log`) };
  }

  #lookAtSources(root: ByteName, nowFrom?: bigint): Snapshot {
    return takeSnapshot(this.#libc, root, {
      ...(nowFrom === undefined ? {} : { nowFrom, nowUntil: BigInt(Date.now()) * 1_000_000n + 2_000_000_000n }),
      hashContents: false,
      skip: (path) => !path.includes("/") && !keptNames.has(path),
      skipTop: true,
    });
  }

  /** Arguments may be any bytes, which spawn cannot pass: a script holds them. */
  #execute(scenario: Scenario, program: Program): Pick<Outcome, "exitCode" | "stdout" | "stderr"> {
    const file = (name: string): string => `${this.#folder}/${name}`;
    const { mode = "local", reference, peer = reference } = this.#options;
    const near = mode.startsWith("serve") ? peer : program;
    const command = near.command.map((word) => quote(fromText(word))).join(" ");
    // The far shell splits the variable into words and nothing else.
    const far = (mode === "push" || mode === "pull" ? peer : program).command.join(" ");
    const become =
      scenario.user === "root" ? "" : `setpriv --reuid=${nobodyId} --regid=${nobodyId} --groups=${nobodyId},12345 `;
    const mounts = scenario.mounts.map((path) => mountLine(path)).join("");
    const line = `${become}${command} ${scenario.argv.map(quote).join(" ")}`;
    writeFileSync(file("script"), toBytes(byteName(`${mounts}umask ${scenario.umask.toString(8)}\nexec ${line}\n`)));
    const files = { stdin: file("stdin"), stdout: file("stdout"), stderr: file("stderr") };
    writeFileSync(files.stdin, toBytes(scenario.stdin));
    const environment = { PATH: process.env.PATH, HOME: `${this.root}/home`, FAR: far, ...scenario.environment };
    const shell: readonly [string, ...string[]] =
      mounts === "" ? ["sh", file("script")] : ["unshare", "--mount", "sh", file("script")];
    const started = Date.now() / 1000;
    const exitCode = runToEnd(shell, this.root, { ...environment, ...program.environment }, files);
    const [stdout, stderr] = [readFileSync(files.stdout, "latin1"), readFileSync(files.stderr, "latin1")];
    return {
      exitCode,
      stdout: blankAccessTimes(stdout, started, Date.now() / 1000, scenario.environment.TZ),
      stderr,
    };
  }
}

/** Which way the data go in a mode between two machines. */
export function directionOf(mode: DifferentialMode = "local"): Direction | undefined {
  return mode === "local" ? undefined : mode.endsWith("push") ? "push" : "pull";
}

/** The command line as it can be typed into bash. */
export function formatCommand(scenario: Scenario): string {
  return ["rsync", ...scenario.argv.map((word) => (/^[\w./=:,+@%-]+$/.test(word) ? word : bashQuote(word)))].join(" ");
}

/** A small file system at `path`, seen by this run only. */
function mountLine(path: ByteName): string {
  const at = quote(path);
  const files = `echo data >${at}/file && mkdir ${at}/sub && echo more >${at}/sub/inner`;
  const times = `touch -d @1600000000.5 ${at}/file ${at}/sub/inner ${at}/sub ${at}`;
  return `mount -t tmpfs none ${at} && ${files} && ${times} || exit 99\n`;
}

/** For dash: single quotes keep every byte but the quote itself. */
function quote(word: ByteName): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function bashQuote(word: ByteName): string {
  if (/^[\x20-\x7e]*$/.test(word)) return quote(word);
  const escaped = word.replace(
    /[^\x20-\x7e]|['\\]/g,
    (unit) => `\\x${(unit.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`,
  );
  return `$'${escaped}'`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
