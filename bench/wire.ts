/**
 * `npm run bench -- wire`: sessions between two ends against the same with rsync at both ends, in turn: tsync as client, as server and at
 * both ends, push and pull, over a local pipe or over ssh to this machine. Every copy is compared with its source.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startSshd } from "../test/support/sshd.ts";
import { type BenchCase, benchCases } from "./cases.ts";
import { firstDifference } from "./compare-trees.ts";
import { seededRandom, settleTimes } from "./corpus.ts";
import { type Times, timeRun } from "./measure.ts";

const words = ["lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit", "sed", "do", "eiusmod\n"];

/** Text that compresses like text. */
function writeText(root: string, scale: number): void {
  const random = seededRandom(11);
  mkdirSync(root, { recursive: true });
  for (let file = 0; file < 20; file++) {
    const parts: string[] = [];
    for (let count = Math.round(1_000_000 * scale); count > 0; count--) {
      const number = random();
      parts.push(
        number < 0.2 ? `${Math.floor(number * 1e7)} ` : `${words[Math.floor(random() * words.length)] ?? ""} `,
      );
    }
    writeFileSync(`${root}/text-${file}`, parts.join(""));
  }
}

type WireCase = Pick<BenchCase, "name" | "options" | "destination" | "build" | "buildOlder">;

const wireCases: readonly WireCase[] = [
  ...benchCases
    .filter(({ name }) => name === "small" || name === "unchanged" || name.startsWith("delta-"))
    .map((bench) => ({ ...bench, options: bench.options.filter((option) => option !== "--no-whole-file") })),
  { name: "text", options: ["-az"], destination: "empty", build: writeText },
];

/** Who is tsync. */
const endsOf = { rsync: "rsync at both ends", client: "client", server: "server", both: "both ends" } as const;
type Ends = keyof typeof endsOf;
const allEnds = Object.keys(endsOf) as readonly Ends[];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      case: { type: "string", multiple: true },
      rounds: { type: "string", default: "3" },
      scale: { type: "string", default: "1" },
      dir: { type: "string" },
      transport: { type: "string", default: "pipe" },
    },
  });
  const program = fileURLToPath(new URL("../bin/tsync", import.meta.url));
  const work = mkdtempSync(`${values.dir ?? tmpdir()}/tsync-bench-`);
  process.on("exit", () => rmSync(work, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(20));
  writeFileSync(`${work}/shell`, '#!/bin/sh\nshift\nexec sh -c "$*"\n');
  chmodSync(`${work}/shell`, 0o755);
  const sshd = values.transport === "ssh" ? await startSshd() : undefined;
  const shell = sshd === undefined ? `${work}/shell` : `ssh -F ${sshd.config}`;
  const lines: string[] = [];
  for (const bench of wireCases.filter(({ name }) => values.case?.includes(name) ?? true)) {
    lines.push(...runCase(bench, { work, program, shell, rounds: Number(values.rounds), scale: Number(values.scale) }));
  }
  sshd?.stop();
  const title = "| case | way | rsync s | client | server | both | CPU s rsync | CPU client | CPU server | CPU both |";
  console.log(`\n${values.transport}, scale ${values.scale}\n\n${title}\n|${" --- |".repeat(10)}\n${lines.join("\n")}`);
  return 0;
}

interface Setting {
  readonly work: string;
  readonly program: string;
  readonly shell: string;
  readonly rounds: number;
  readonly scale: number;
}

function runCase(bench: WireCase, { work, program, shell, rounds, scale }: Setting): string[] {
  const [source, older, still] = [`${work}/source`, `${work}/older`, `${work}/still`];
  bench.build(source, scale);
  settleTimes(source);
  bench.buildOlder?.(older, scale);
  if (bench.destination === "copy") timeRun("rsync", ["-a", `${source}/`, `${still}/`]);
  const lines: string[] = [];
  for (const way of ["push", "pull"] as const) {
    const times: Record<Ends, Times[]> = { rsync: [], client: [], server: [], both: [] };
    for (let round = 0; round < rounds; round++) {
      // Nobody is always the first.
      for (let turn = 0; turn < allEnds.length; turn++) {
        const ends = allEnds[(turn + round) % allEnds.length] ?? "rsync";
        const destination = bench.destination === "copy" ? still : `${work}/copy`;
        if (bench.destination === "older") timeRun("cp", ["-a", older, destination]);
        const client = ends === "client" || ends === "both" ? program : "rsync";
        const server = ends === "server" || ends === "both" ? program : "rsync";
        const operands =
          way === "push" ? [`${source}/`, `host:${destination}/`] : [`host:${source}/`, `${destination}/`];
        spawnSync("sync", ["-f", work]);
        times[ends].push(timeRun(client, [...bench.options, "-e", shell, `--rsync-path=${server}`, ...operands]));
        const difference = firstDifference(source, destination, false);
        if (difference !== undefined) throw new Error(`${bench.name}, ${way}, ${endsOf[ends]}: ${difference}`);
        if (destination !== still) rmSync(destination, { recursive: true });
      }
      console.error(`${bench.name}, ${way}: round ${round + 1} of ${rounds}`);
    }
    const middle = (ends: Ends, what: keyof Times): number => {
      const sorted = times[ends].map((time) => time[what]).sort((a, b) => a - b);
      return sorted[sorted.length >> 1] ?? Number.NaN;
    };
    const cells = (what: keyof Times): string[] => {
      const theirs = middle("rsync", what);
      const ratios = allEnds.slice(1).map((ends) => (middle(ends, what) / theirs).toFixed(2));
      return [theirs.toFixed(2), ...ratios];
    };
    lines.push(`| ${[bench.name, way, ...cells("wallSeconds"), ...cells("cpuSeconds")].join(" | ")} |`);
    console.error(lines.at(-1));
  }
  for (const path of [source, older, still]) rmSync(path, { recursive: true, force: true });
  return lines;
}

process.exitCode = await main();
