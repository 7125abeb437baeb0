// Shows that the hostile tests can turn red: takes one guard out of a copy of the sources, bundles it and runs the test that
// guard-list.mjs names against it. `node test/hostile/guards.mjs` does all, `node test/hostile/guards.mjs NAME...` some.
// Ends with 1 if a test stays green without its guard, or is red with it.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { guards } from "./guard-list.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const node = `${root}/node_modules/node/bin/node`;
const copied = ["src", "scripts", "bin", "test", "docs", "package.json", "tsconfig.json", "vitest.config.ts"];
/** Seconds that a race may take to meet a missing guard. */
const raceSeconds = "60";

/** A copy of the project without what is built. */
function copyProject() {
  const folder = mkdtempSync(`${tmpdir()}/tsync-guards-`);
  // Other users run it in some tests.
  chmodSync(folder, 0o755);
  for (const name of copied) cpSync(`${root}/${name}`, `${folder}/${name}`, { recursive: true });
  symlinkSync(`${root}/node_modules`, `${folder}/node_modules`);
  return folder;
}

/** Bundles the copy and runs one test in it; how many tests passed and failed. */
function runTest(folder, guard) {
  const built = spawnSync(node, ["scripts/bundle.mjs"], { cwd: folder, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`${guard.name}: ${built.stderr}`);
  const report = `${folder}/report.json`;
  const pattern = guard.test.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const args = [
    "run",
    "--project=real",
    "--retry=0",
    "--reporter=json",
    `--outputFile=${report}`,
    guard.suite,
    `--testNamePattern=${pattern}`,
  ];
  const env = {
    ...process.env,
    TSYNC_RACE_SECONDS: guard.races ? raceSeconds : "1",
    TSYNC_EXCHANGES: "all",
    TSYNC_TEST_PROGRAM: `${folder}/bin/tsync`,
  };
  spawnSync(node, ["node_modules/vitest/vitest.mjs", ...args], { cwd: folder, env, stdio: "ignore" });
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, "utf8"));
  return { passed, failed };
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !guards.some((guard) => guard.name === name));
if (unknown.length > 0) throw new Error(`no such guard: ${unknown.join(" ")}`);
let wrong = 0;
for (const guard of guards) {
  if (wanted.length > 0 && !wanted.includes(guard.name)) continue;
  const folder = copyProject();
  try {
    const file = `${folder}/${guard.file}`;
    const source = readFileSync(file, "utf8");
    if (source.split(guard.find).length !== 2) throw new Error(`${guard.name}: its place is not in ${guard.file} once`);
    const intact = guard.races ? { passed: 1, failed: 0 } : runTest(folder, guard);
    writeFileSync(
      file,
      source.replace(guard.find, () => guard.replace),
    );
    const without = runTest(folder, guard);
    const good = intact.passed > 0 && intact.failed === 0 && without.failed > 0;
    if (!good) wrong++;
    console.log(
      `${good ? "red" : "WRONG"} ${guard.name} (${guard.trap}): ${intact.failed} failed with it, ${without.failed} of ${without.failed + without.passed} without`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(wrong === 0 ? "every guard is tested" : `${wrong} guards are not tested`);
process.exitCode = wrong === 0 ? 0 : 1;
