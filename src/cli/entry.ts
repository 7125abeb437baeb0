/**
 * What the launcher starts. It looks at the version of Node, so that an old one gets a sentence instead of a syntax error,
 * listens for signals from the first moment on, and then loads the program. No static imports of values here.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`tsync: needs Node.js 22.15 or newer, this is ${process.versions.node}\n`);
  process.exitCode = 4;
} else {
  const controller = new AbortController();
  listenForSignals(controller);
  // Compiled code is kept beside the bundle, where who can write could as well change the program (docs/decisions/004); as
  // somebody else it is compiled each time.
  const { dirname } = import.meta;
  if (dirname.endsWith("/dist")) process.getBuiltinModule("node:module").enableCompileCache(`${dirname}/compile-cache`);
  const { main } = await import("./main.ts");
  process.exitCode = await main(controller);
}

/**
 * The first signal asks the run to clean up and end with 20, SIGUSR1 with 19; a second ends the process at once (4-traps L-09), but not one of the same
 * moment: `timeout`, and what passes a terminal's signals on, send each one twice. SIGUSR1, which rsync sends to
 * what it has started, would open a debugger's port if nobody listened.
 */
function listenForSignals(controller: AbortController): void {
  const sameMomentMilliseconds = 500;
  let first = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (!controller.signal.aborted) first = now;
    else if (now - first > sameMomentMilliseconds) process.exit(20);
    controller.abort(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const) process.on(signal, onSignal);
  // rsync answers this one with a line of progress: whoever sends it does not want the run to die (3-transfer 9.8).
  process.on("SIGVTALRM", () => undefined);
}
