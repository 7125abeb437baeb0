// Builds dist/: the WebAssembly kernels (asc), the type declarations (tsc), the man page and the completions, and the
// bundles (esbuild).
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
const node = `${root}node_modules/node/bin/node`;

function run(...args) {
  const done = spawnSync(node, args, { stdio: "inherit" });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
if (existsSync("scripts/build-kernels.mjs")) run("scripts/build-kernels.mjs");
run("node_modules/typescript/bin/tsc", "-p", ".");
run("scripts/generate-man.ts");
copyFileSync("docs/events.schema.json", "dist/events.schema.json");
// Last: set-up takes dist/tsync.cjs as the sign of a complete build.
run("scripts/bundle.mjs");
