// `npm run bench -- OPTIONS`: starts bench/run.ts on the checkout's pinned Node.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const setup = spawnSync(process.execPath, [`${root}scripts/setup.mjs`], { stdio: "inherit" });
if (setup.status !== 0) process.exit(setup.status ?? 1);
const [first, ...others] = process.argv.slice(2);
const isWire = first === "wire";
const args = [`${root}bench/${isWire ? "wire" : "run"}.ts`, ...(isWire ? others : process.argv.slice(2))];
process.exitCode = spawnSync(`${root}node_modules/node/bin/node`, args, { stdio: "inherit" }).status ?? 1;
