/**
 * Keeps one differential case for looking at by hand: the prepared working directory, what each program printed, and
 * both resulting trees as text.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { toBytes } from "../../src/bytes/byte-name.ts";
import type { CaseResult, DifferentialRunner } from "./differential.ts";
import type { Outcome } from "./outcome.ts";
import { formatSnapshot } from "./snapshot.ts";

/** Writes the case into `folder` (created if needed). The prepared state is copied to `folder/root`. */
export function keepCase(
  runner: DifferentialRunner,
  seed: number,
  kept: { reference: Outcome; subject: Outcome; result: Omit<CaseResult, "reference" | "subject"> },
  folder: string,
): void {
  mkdirSync(folder, { recursive: true });
  const scenario = runner.plan(seed);
  runner.prepare(scenario);
  spawnSync("cp", ["-a", "--sparse=always", "--", runner.root, `${folder}/`]);
  const environment = Object.entries(scenario.environment).map(([name, value]) => `${name}='${value}' `);
  const lines = [`# seed ${seed}, user ${scenario.user}; the run's directory was ${runner.root}`, `cd ${folder}/root`];
  lines.push(`umask ${scenario.umask.toString(8)}`, `HOME=$PWD/home ${environment.join("")}${kept.result.commandLine}`);
  writeFileSync(`${folder}/command.sh`, `${lines.join("\n")}\n`);
  writeFileSync(`${folder}/stdin`, toBytes(scenario.stdin));
  for (const [name, outcome] of [
    ["rsync", kept.reference],
    ["subject", kept.subject],
  ] as const) {
    writeFileSync(`${folder}/${name}.exit`, `${outcome.exitCode}\n`);
    writeFileSync(`${folder}/${name}.stdout`, outcome.stdout, "latin1");
    writeFileSync(`${folder}/${name}.stderr`, outcome.stderr, "latin1");
    writeFileSync(`${folder}/${name}.log`, outcome.log ?? "", "latin1");
    writeFileSync(`${folder}/${name}.tree`, formatSnapshot(outcome.tree), "latin1");
  }
}
