// `npm start -- ARGS`: sets up if needed, then runs tsync in the folder from which npm was called. Signals go on to
// tsync, which cleans up and ends with rsync's exit code.
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const setup = spawnSync(process.execPath, [`${root}scripts/setup.mjs`], { stdio: "inherit" });
if (setup.status !== 0) process.exit(setup.status ?? 20);
const child = spawn(`${root}bin/tsync`, process.argv.slice(2), {
  stdio: "inherit",
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`tsync: ${error.message}`);
  process.exitCode = 4;
});
child.on("exit", (code) => {
  process.exitCode = code ?? 20;
});
