/**
 * `npm run bench`: tsync against rsync on seeded corpora, in turn, at least five rounds, medians and their ratio.
 * Every run writes to a new directory (deleting and re-creating one on ext4 slows every tool down several times); the
 * copies of a case are deleted after it. Each copy is compared with its source, and a case with a wrong one has no
 * figure. docs/performance.md says how to read the results.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BenchCase, benchCases } from "./cases.ts";
import { firstDifference } from "./compare-trees.ts";
import { settleTimes } from "./corpus.ts";
import { peakMemory, type Times, timeRun } from "./measure.ts";

/** The figures of one program in one case. */
interface Figures {
  readonly wallSeconds: number;
  readonly wallSecondsMin: number;
  readonly wallSecondsMax: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** The outcome of one case; `difference` instead of figures if a copy was wrong. */
interface Outcome {
  readonly name: string;
  readonly title: string;
  readonly options: readonly string[];
  readonly rounds: number;
  readonly rsync?: Figures;
  readonly tsync?: Figures;
  readonly ratio?: number;
  readonly memoryRatio?: number;
  readonly difference?: string;
}

const usage = `usage: npm run bench -- [--case NAME]... [--rounds N] [--scale FACTOR] [--dir FOLDER] [--program FILE] [--json FILE]
cases: ${benchCases.map(({ name }) => name).join(", ")}`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      case: { type: "string", multiple: true },
      rounds: { type: "string", default: "5" },
      scale: { type: "string", default: "1" },
      dir: { type: "string" },
      program: { type: "string", default: fileURLToPath(new URL("../bin/tsync", import.meta.url)) },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const rounds = Number(values.rounds);
  const scale = Number(values.scale);
  const names = values.case ?? benchCases.map(({ name }) => name);
  const unknown = names.find((name) => !benchCases.some((known) => known.name === name));
  const valid = unknown === undefined && Number.isInteger(rounds) && rounds > 0 && scale > 0;
  if (values.help || !valid) {
    console.error(usage);
    return values.help ? 0 : 1;
  }
  if (values.dir !== undefined) mkdirSync(values.dir, { recursive: true });
  const work = mkdtempSync(`${values.dir ?? tmpdir()}/tsync-bench-`);
  process.on("exit", () => rmSync(work, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(20));

  const outcomes: Outcome[] = [];
  for (const bench of benchCases.filter(({ name }) => names.includes(name))) {
    outcomes.push(await runCase(bench, work, values.program, rounds * bench.roundsFactor, scale));
  }
  const result = {
    machine: describeMachine(),
    rsync: versionOf("rsync"),
    tsync: versionOf(values.program),
    scale,
    outcomes,
  };
  const note = scale === 1 ? "" : ` at ${scale} of the size given`;
  console.log(`\n${result.machine}${note}\n\n${formatTable(outcomes)}\n\n${JSON.stringify(result)}`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
  return outcomes.some(({ difference }) => difference !== undefined) ? 1 : 0;
}

async function runCase(bench: BenchCase, work: string, tsync: string, rounds: number, scale: number): Promise<Outcome> {
  const source = `${work}/${bench.corpus}`;
  const copies = `${work}/copies`;
  const head = { name: bench.name, title: bench.title, options: bench.options, rounds };
  const needed = bench.bytes * scale * (bench.destination === "copy" ? 2 : 2 * rounds + 4);
  if (free(work) < needed)
    throw new Error(`${bench.name} needs ${Math.ceil(needed / 2 ** 30)} GiB below ${work}: see --dir`);
  if (!existsSync(source)) {
    console.error(`${bench.name}: writing the corpus`);
    bench.build(source, scale);
    settleTimes(source);
  }
  const older = `${work}/${bench.corpus}-older`;
  bench.buildOlder?.(older, scale);
  mkdirSync(copies);
  const still = `${copies}/still`;
  if (bench.destination === "copy") timeRun("rsync", ["-aAX", `${source}/`, `${still}/`]);
  let count = 0;
  const argumentsFor = (): { destination: string; args: string[] } => {
    const destination = bench.destination === "copy" ? still : `${copies}/${count++}`;
    if (bench.destination === "older") timeRun("cp", ["-a", older, destination]);
    return { destination, args: [...bench.options, `${source}/`, `${destination}/`] };
  };

  const programs = { rsync: "rsync", tsync } as const;
  const times: Record<keyof typeof programs, Times[]> = { rsync: [], tsync: [] };
  const peaks: Record<keyof typeof programs, number> = { rsync: 0, tsync: 0 };
  try {
    // The look at memory comes first and warms everything up.
    for (let round = -1; round < rounds; round++) {
      const order = round % 2 === 0 ? (["tsync", "rsync"] as const) : (["rsync", "tsync"] as const);
      for (const name of order) {
        const { destination, args } = argumentsFor();
        spawnSync("sync", ["-f", work]);
        let difference: string | undefined;
        try {
          if (round < 0) peaks[name] = await peakMemory(programs[name], args);
          else times[name].push(timeRun(programs[name], args));
          difference = firstDifference(source, destination, bench.withAttributes);
        } catch (error) {
          difference = String(error).split("\n")[0] ?? "";
        }
        if (bench.removesCopies) rmSync(destination, { recursive: true, force: true });
        if (difference !== undefined) return { ...head, difference: `${name}: ${difference}` };
      }
      console.error(`${bench.name}: ${round < 0 ? "memory" : `round ${round + 1} of ${rounds}`}`);
    }
  } finally {
    for (const path of [copies, older]) rmSync(path, { recursive: true, force: true });
    if (!benchCases.slice(benchCases.indexOf(bench) + 1).some(({ corpus }) => corpus === bench.corpus)) {
      rmSync(source, { recursive: true, force: true });
    }
  }
  const figures = (name: keyof typeof programs): Figures => {
    const walls = times[name].map(({ wallSeconds }) => wallSeconds);
    return {
      wallSeconds: median(walls),
      wallSecondsMin: Math.min(...walls),
      wallSecondsMax: Math.max(...walls),
      cpuSeconds: median(times[name].map(({ cpuSeconds }) => cpuSeconds)),
      peakBytes: peaks[name],
    };
  };
  const [theirs, ours] = [figures("rsync"), figures("tsync")];
  return {
    ...head,
    rsync: theirs,
    tsync: ours,
    ratio: ours.wallSeconds / theirs.wallSeconds,
    memoryRatio: ours.peakBytes / theirs.peakBytes,
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function free(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function versionOf(program: string): string {
  return spawnSync(program, ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0] ?? "";
}

function describeMachine(): string {
  const processors = cpus();
  return `${processors.length} x ${processors[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
}

function formatTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => {
    const { title, options, rsync, tsync, ratio } = outcome;
    if (rsync === undefined || tsync === undefined || ratio === undefined) {
      return [title, options.join(" "), `no figure: ${outcome.difference}`, "", "", "", ""];
    }
    const seconds = (value: number): string => value.toFixed(value < 1 ? 3 : 2);
    const memory = `${mebibytes(rsync.peakBytes)} / ${mebibytes(tsync.peakBytes)}`;
    const cpu = `${rsync.cpuSeconds.toFixed(2)} / ${tsync.cpuSeconds.toFixed(2)}`;
    return [
      title,
      options.join(" "),
      seconds(rsync.wallSeconds),
      seconds(tsync.wallSeconds),
      ratio.toFixed(2),
      cpu,
      memory,
    ];
  });
  const titles = ["case", "options", "rsync s", "tsync s", "ratio", "CPU s rsync / tsync", "peak MiB rsync / tsync"];
  const all = [titles, titles.map(() => "---"), ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`).join("\n");
}

function mebibytes(bytes: number): string {
  return Math.round(bytes / 2 ** 20).toString();
}

process.exitCode = await main();
