/**
 * Compares tsync with the installed rsync over many random cases; see test/support/differential.ts for what a case is.
 *
 *   node test/interop/run-differential.ts --cases 2000 --seed 1 --jobs 2 [--user root|nobody] [--table main|whole|rare] [--mode local|push|pull|serve-push|
 *        serve-pull|both-push|both-pull] [--program bin/tsync] [--against rsync] [--peer 3.2.7] [--syscalls plain] [--add='--inplace -b'] [--threshold 98] [--report FILE] [--dir FOLDER]
 *   node test/interop/run-differential.ts --seed 77 --cases 1 -v [--keep FOLDER]     one case, with all its differences
 *
 * A case is identical, listed (everything that differs is a fault or race of rsync, or a choice, which has its row in docs/differences.md and a
 * detector in test/support/listed-differences.ts), different, or noise: rsync differs from itself in the same aspects.
 * Needs root. Exit code 1 when fewer cases than the threshold are identical.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { fromText } from "../../src/bytes/byte-name.ts";
import {
  type DifferentialMode,
  DifferentialRunner,
  differentialModes,
  type OptionTable,
  type Program,
} from "../support/differential.ts";
import {
  type CaseSummary,
  coverageTable,
  makeReport,
  printReport,
  type Report,
} from "../support/differential-report.ts";
import { emptyDirectory } from "../support/empty-directory.ts";
import { keepCase } from "../support/keep-case.ts";
import type { Difference } from "../support/outcome.ts";
import { realPeers } from "../support/peers.ts";
import type { RunUser } from "../support/random-attributes.ts";

interface Settings {
  readonly cases: number;
  readonly seed: number;
  readonly jobs: number;
  readonly user: RunUser;
  readonly table: OptionTable;
  readonly mode: DifferentialMode;
  readonly program: string;
  readonly against: string;
  /** The release of rsync that has the other end, in modes between two machines; that of `against` if not given. */
  readonly peer: string | undefined;
  readonly syscalls: string;
  /** Options that every case is given besides its own. */
  readonly added: readonly string[];
  readonly threshold: number;
  readonly folder: string;
  readonly keep: string | undefined;
  readonly report: string | undefined;
  readonly verbose: boolean;
  readonly worker: number | undefined;
}

const settings = readSettings();
requireRsync(settings.against);
if (settings.worker !== undefined) runWorker(settings, settings.worker);
else process.exitCode = await runAll(settings);

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: "2" },
      user: { type: "string", default: "root" },
      table: { type: "string", default: "main" },
      mode: { type: "string", default: "local" },
      program: { type: "string", default: "bin/tsync" },
      against: { type: "string", default: "rsync" },
      peer: { type: "string" },
      syscalls: { type: "string", default: "" },
      add: { type: "string", default: "" },
      threshold: { type: "string", default: "98" },
      dir: { type: "string", default: tmpdir() },
      keep: { type: "string" },
      report: { type: "string" },
      verbose: { type: "boolean", short: "v", default: false },
      worker: { type: "string" },
    },
  });
  if (values.user !== "root" && values.user !== "nobody")
    throw new Error(`--user must be root or nobody, not ${values.user}`);
  if (values.table !== "main" && values.table !== "whole" && values.table !== "rare")
    throw new Error(`--table must be main, whole or rare, not ${values.table}`);
  const mode = differentialModes.find((name) => name === values.mode);
  if (mode === undefined) throw new Error(`--mode must be one of ${differentialModes.join(", ")}, not ${values.mode}`);
  return {
    cases: Number(values.cases),
    seed: Number(values.seed),
    jobs: values.verbose || values.keep !== undefined ? 1 : Number(values.jobs),
    user: values.user,
    table: mode === "local" ? values.table : "whole",
    mode,
    program: values.program.includes("/") ? resolve(values.program) : values.program,
    against: values.against.includes("/") ? resolve(values.against) : values.against,
    peer: values.peer,
    syscalls: values.syscalls,
    added: values.add.split(" ").filter((word) => word !== ""),
    threshold: Number(values.threshold),
    folder: values.dir,
    keep: values.keep,
    report: values.report,
    verbose: values.verbose,
    worker: values.worker === undefined ? undefined : Number(values.worker),
  };
}

/** The text and the semantics compared here are those of one release series. */
function requireRsync(program: string): void {
  const text = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout ?? "";
  const version = /version (\S+)/.exec(text)?.[1] ?? "missing";
  if (version.startsWith("3.5.")) return;
  process.stderr.write(`the installed rsync is ${version}, the differential tests need 3.5.x\n`);
  process.exit(2);
}

function makeRunner(folder: string, settings: Settings): DifferentialRunner {
  const { user, table, mode, program, against, syscalls, added } = settings;
  const other = realPeers().find(({ version }) => version === settings.peer);
  if (settings.peer !== undefined && other === undefined) throw new Error(`there is no rsync ${settings.peer} here`);
  const peer = other === undefined ? undefined : { name: "peer", command: [other.program], environment: {} };
  const environment: Record<string, string> = syscalls === "" ? {} : { TSYNC_SYSCALLS: syscalls };
  const reference: Program = { name: "rsync", command: [against], environment: {} };
  const subject: Program = { name: "subject", command: [program], environment };
  return new DifferentialRunner(folder, {
    user,
    table,
    mode,
    reference,
    subject,
    peer,
    coarse: syscalls === "plain",
    added,
    referenceRuns: 10,
  });
}

/** One job: every n-th group of cases, one line of JSON a case on stdout. */
function runWorker(options: Settings, worker: number): void {
  const folder = mkdtempSync(join(options.folder, "tsync-differential-"));
  chmodSync(folder, 0o755);
  try {
    const runner = makeRunner(folder, options);
    for (let seed = options.seed; seed < options.seed + options.cases; seed++) {
      if (Math.floor(seed / 4) % options.jobs !== worker) continue;
      const started = performance.now();
      const { reference, subject, ...result } = runner.run(seed);
      const summary: CaseSummary = {
        ...result,
        exitCode: reference.exitCode,
        milliseconds: performance.now() - started,
      };
      process.stdout.write(`${JSON.stringify(summary)}\n`);
      if (options.keep !== undefined) keepCase(runner, seed, { reference, subject, result }, resolve(options.keep));
    }
  } finally {
    emptyDirectory(fromText(folder));
    rmdirSync(folder);
  }
}

async function runAll(options: Settings): Promise<number> {
  const summaries: CaseSummary[] = [];
  const workers: Promise<number>[] = [];
  for (let worker = 0; worker < options.jobs; worker++) {
    const child = spawn(
      process.execPath,
      [
        ...process.execArgv,
        import.meta.filename,
        ...process.argv.slice(2),
        "--jobs",
        `${options.jobs}`,
        "--worker",
        `${worker}`,
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on("line", (line) => {
      const summary: CaseSummary = JSON.parse(line);
      summaries.push(summary);
      if (options.verbose) printCase(summary);
    });
    workers.push(new Promise((done) => child.on("close", (code) => done(code ?? 1))));
  }
  const failed = (await Promise.all(workers)).some((code) => code !== 0);
  const report: Report = makeReport(
    summaries.sort((left, right) => left.seed - right.seed),
    options.user,
    options.mode === "local" ? options.table : options.mode,
  );
  if (options.report !== undefined) writeFileSync(options.report, JSON.stringify(report, undefined, 1));
  process.stdout.write(options.cases > 20 ? coverageTable(report) : "");
  process.stdout.write(printReport(report));
  return failed || summaries.length !== options.cases || report.percentIdentical < options.threshold ? 1 : 0;
}

function printCase({ seed, verdict, listed, commandLine, differences, noise, noiseDetails }: CaseSummary): void {
  const text = differences.map(({ aspect, detail }: Difference) => `  ${aspect}: ${detail}\n`).join("");
  const noiseText = noiseDetails.map((detail) => `  (noise) ${detail}\n`).join("");
  process.stdout.write(
    `${seed} ${verdict}${listed.length > 0 ? `: ${listed.join("; ")}` : ""}${noise.length > 0 ? ` (noise: ${noise.join(", ")})` : ""}: ${commandLine}\n${text}${noiseText}`,
  );
}
