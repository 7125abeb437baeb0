// `npm run bench -- OPTIONS`: starts bench/run.ts on the checkout's pinned Node.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const setup = spawnSync(process.execPath, [`${root}scripts/setup.mjs`], { stdio: "inherit" });
if (setup.status !== 0) process.exit(setup.status ?? 1);
const args = [`${root}bench/run.ts`, ...process.argv.slice(2)];
process.exitCode = spawnSync(`${root}node_modules/node/bin/node`, args, { stdio: "inherit" }).status ?? 1;
