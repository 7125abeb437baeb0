/**
 * The interop matrix: tsync in each role with each real rsync, protocol, option set and transport, against the installed rsync in its place.
 *
 *   node test/interop/run-matrix.ts [--jobs 2] [--peer 3.2.7] [--role client-push] [--transport shell] [--protocol 30] [--set WORDS]
 *        [--write docs/interop.md] [--state FILE [--known]] [-v]
 *
 * Narrowed by the options, all of it without; `--write` makes the document. `--state` keeps the green cells in a file and does not
 * run those again that are in it; `--known` looks at these only. Needs root. Exit code 1 when a cell is red.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { allCells, cellName } from "../support/interop-cells.ts";
import { formatMatrix, type MatrixRow } from "../support/interop-report.ts";
import { type CellResult, InteropRunner } from "../support/interop-runner.ts";
import { realPeers } from "../support/peers.ts";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "2" },
    peer: { type: "string" },
    role: { type: "string" },
    transport: { type: "string" },
    protocol: { type: "string" },
    set: { type: "string" },
    write: { type: "string" },
    state: { type: "string" },
    known: { type: "boolean", default: false },
    verbose: { type: "boolean", short: "v", default: false },
  },
});
const peers = realPeers().filter(({ version }) => values.peer === undefined || version === values.peer);
const cells = allCells(peers).filter(
  ({ role, transport, protocol, set }) =>
    (values.role === undefined || role.includes(values.role)) &&
    (values.transport === undefined || transport === values.transport) &&
    (values.protocol === undefined || values.protocol.split(",").includes(`${protocol}`)) &&
    (values.set === undefined || set.name.includes(values.set)),
);
const before = readState(values.state);
const runner = await InteropRunner.start(peers);
const rows: MatrixRow[] = [];
const wanted = values.known ? cells.filter((cell) => before.has(cellName(cell))) : cells;
let next = 0;
const started = performance.now();
try {
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
} finally {
  runner.stop();
}
const red = rows.filter(({ result }) => result.reason !== undefined);
process.stdout.write(`${rows.length - red.length} of ${rows.length} cells green in ${seconds()} s\n`);
if (values.write !== undefined) {
  const known = rows.filter(({ cell }) => before.has(cellName(cell))).length;
  writeFileSync(values.write, formatMatrix(peers, rows, { total: allCells(peers).length, known }));
}
process.exitCode = red.length === 0 && rows.length === wanted.length ? 0 : 1;

async function work(): Promise<void> {
  for (;;) {
    const cell = wanted[next++];
    if (cell === undefined) return;
    const name = cellName(cell);
    const known = before.get(name);
    if (known !== undefined) {
      rows.push({ cell, result: known });
      continue;
    }
    const result = await runner.run(cell);
    rows.push({ cell, result });
    if (values.state !== undefined && result.reason === undefined) {
      appendFileSync(values.state, `${JSON.stringify([name, result.exitCode])}\n`);
    }
    if (result.reason !== undefined) {
      process.stdout.write(`RED ${name}: ${result.reason}\n`);
      if (values.verbose) process.stdout.write(`${result.text.replace(/^/gm, "    ")}\n`);
    } else if (values.verbose) {
      process.stdout.write(`green ${name} (${result.exitCode})\n`);
    }
    if (rows.length % 200 === 0) process.stdout.write(`${rows.length} of ${wanted.length}, ${seconds()} s\n`);
  }
}

/** Exit codes of cells that were green. */
function readState(file: string | undefined): ReadonlyMap<string, CellResult> {
  const lines = file === undefined || !existsSync(file) ? [] : readFileSync(file, "utf8").split("\n");
  const entries = lines
    .filter((line) => line !== "")
    .map((line): readonly [string, number | string] => JSON.parse(line));
  return new Map(entries.map(([name, exitCode]) => [name, { reason: undefined, exitCode, text: "" }]));
}

function seconds(): number {
  return Math.round((performance.now() - started) / 1000);
}
