/**
 * What the launcher starts. It looks at the version of Node, so that an old one gets a sentence instead of a syntax error,
 * listens for signals from the first moment on, and then loads the program. A CommonJS script: as an ES module it would start 3 ms later.
 */
import { endsBySignal, fatalSignals } from "../errors.ts";
import { PartLoader } from "./part-loader.ts";

/** The file of `main.ts`, which the build knows; the sources run without. */
declare const mainPart: string | undefined;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`tsync: needs Node.js 22.15 or newer, this is ${process.versions.node}\n`);
  process.exitCode = 4;
} else {
  const controller = new AbortController();
  listenForSignals(controller);
  void runProgram(controller);
}

async function runProgram(controller: AbortController): Promise<void> {
  if (typeof mainPart === "undefined") {
    const { main } = await import("./main.ts");
    process.exitCode = await main(controller);
    endByFatalSignal(controller);
    return;
  }
  const args = process.argv.slice(2);
  const kind = kindOfRun(args);
  const loader = new PartLoader(import.meta.filename, kind);
  const { main } = loader.load(mainPart) as typeof import("./main.ts");
  process.exitCode = await main(controller);
  endByFatalSignal(controller);
  // The build refreshes what is kept, by runs of several sorts.
  if (process.env.TSYNC_COMPILE_CACHE === "refresh") loader.keepCompiled(true);
  else if (isExample(args, process.exitCode)) loader.keepCompiled(false);
  // All is written and closed; taking the heap apart would take 2 ms. A client may still part from its connection.
  if (kind !== "client") process.exit();
}

/** What decides which functions a run needs, more or less. */
function kindOfRun(args: readonly string[]): string {
  if (args.includes("--server")) return "server";
  return args.some((arg) => arg.includes(":")) ? "client" : "local";
}

/** Whether later runs will need what this one needed: it copied, and not for so long that V8 has dropped what only its start needed. */
function isExample(args: readonly string[], exitCode: number): boolean {
  const exampleMilliseconds = 10_000;
  return exitCode === 0 && args.length > 1 && performance.now() < exampleMilliseconds;
}

/** Lets the process end by the signal that asked for it, if it is one of those that do that. */
function endByFatalSignal({ signal }: AbortController): void {
  if (!endsBySignal(signal)) return;
  process.removeAllListeners(signal.reason as NodeJS.Signals);
  process.kill(process.pid, signal.reason as NodeJS.Signals);
}

/**
 * The first signal asks the run to clean up and end: with 20, SIGUSR1 with 19, others by the signal itself. A second ends the process at once
 * (4-traps L-09), but not one of the same moment: `timeout`, and what passes a terminal's signals on, send each one twice. SIGUSR1, which
 * rsync sends to what it has started, would open a debugger's port if nobody listened.
 */
function listenForSignals(controller: AbortController): void {
  const sameMomentMilliseconds = 500;
  let first = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (!controller.signal.aborted) first = now;
    else if (now - first > sameMomentMilliseconds) {
      endByFatalSignal(controller);
      process.exit(20);
    }
    controller.abort(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", ...fatalSignals] as const)
    process.on(signal, onSignal);
  // rsync answers this one with a line of progress: whoever sends it does not want the run to die (3-transfer 9.8).
  process.on("SIGVTALRM", () => undefined);
}
