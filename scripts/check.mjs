// `npm run check`: types, lint and format, layer rules, unit and property tests; under a minute. Stops at the first
// thing that is wrong.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const node = "node_modules/node/bin/node";
const steps = [
  [process.execPath, "scripts/setup.mjs"],
  [node, "node_modules/typescript/bin/tsc", "-p", "test"],
  [node, "node_modules/@biomejs/biome/bin/biome", "ci", "--error-on-warnings"],
  [node, "node_modules/vitest/vitest.mjs", "run", "--project", "fast"],
];
for (const [command, ...args] of steps) {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status === 0) continue;
  console.error(`check: '${args.join(" ")}' failed`);
  process.exit(status ?? 1);
}
