// `npm test`: types, lint and format, then every test, once; the last line is `N passed, N failed`. A folder or file
// behind `--` (`npm test -- test/unit`) narrows the tests.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const node = "node_modules/node/bin/node";
const folder = "node_modules/.cache/tsync";
const report = `${folder}/test-report.json`;
const checks = {
  types: ["node_modules/typescript/bin/tsc", "-p", "test"],
  "lint and format": ["node_modules/@biomejs/biome/bin/biome", "ci", "--error-on-warnings"],
};
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json"];

const isRetried = ({ status, failureMessages }) => status === "passed" && failureMessages.length > 0;

mkdirSync(folder, { recursive: true });
rmSync(report, { force: true });
let failed = 0;
for (const [name, args] of Object.entries(checks)) {
  if (spawnSync(node, args, { stdio: "inherit" }).status === 0) continue;
  console.log(`FAILED: ${name}`);
  failed++;
}
const args = [...vitest, `--outputFile.json=${report}`, ...process.argv.slice(2)];
const tests = spawnSync(node, args, { stdio: "inherit" });
let passed = 0;
try {
  const result = JSON.parse(readFileSync(report, "utf8"));
  passed = result.numPassedTests;
  failed += result.numFailedTests;
  for (const { fullName, failureMessages } of result.testResults.flatMap((file) =>
    file.assertionResults.filter(isRetried),
  )) {
    console.log(`PASSED WHEN TRIED AGAIN: ${fullName}\n${failureMessages.join("\n")}`);
  }
  // A file that cannot be loaded, or an error outside a test, fails no test but the run.
  if (tests.status !== 0 && result.numFailedTests === 0) failed++;
} catch {
  console.log("FAILED: the tests left no report");
  failed++;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
