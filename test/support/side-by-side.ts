/** Runs rsync and tsync side by side on trees that a shell script sets up, for tests of a few options. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { expectAsRsync } from "./as-rsync.ts";
import { splitErrors, splitOutput } from "./output.ts";

/** What a run left behind. */
export interface Outcome {
  readonly status: number | null;
  readonly output: ReturnType<typeof splitOutput>;
  readonly errors: readonly string[];
  readonly trees: readonly string[];
}

/** How a set of scenarios is run. */
export interface SideBySide {
  /** Shell script that tells everything that must be equal. */
  readonly look: string;
  /** Numeric user and group instead of root's. */
  readonly user?: number;
  /** Which system calls tsync uses, instead of those of `$TSYNC_SYSCALLS`. */
  readonly backEnd?: "koffi" | "plain";
  /** Variables of the environment besides. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Everything about the trees `s`, `d` and what lies beside them that must be equal; links of one file are named by its first name. */
export const lookAtTrees = `find . ! -name . -printf '%p %y %m %U:%G %s %l %n %T@\\n' 2>&1 | sort
find . -type f -exec md5sum {} + 2>&1 | sort
find . -type f -printf '%i %p\\n' | sort -k2 | awk '{ if (!($1 in n)) n[$1] = $2; print $2, "is", n[$1] }'
getfattr -Rhd -m. -e hex . 2>&1; getfacl -pR . 2>&1`;

const tsync = join(import.meta.dirname, "../../bin/tsync");

/** Makes a folder for the tests of a file and gives the function that runs a command line by both and compares. */
export function sideBySide({
  look,
  user,
  backEnd,
  env: variables,
}: SideBySide): (setup: string, line: string) => Outcome {
  let folder = "";
  const setups = new Map<string, { readonly path: string; readonly since: number }>();
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tsync-side-by-side-"));
    spawnSync("chmod", ["755", folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (program: string, setup: string, args: readonly string[]): Outcome => {
    const root = join(folder, "run");
    rmSync(root, { recursive: true, force: true });
    const shell = (text: string, cwd = root) =>
      spawnSync("bash", ["-c", text], { cwd, encoding: "latin1", maxBuffer: 2 ** 28 });
    // Copying a tree that was set up before takes one process; its access times do not last.
    const keeps = !args.some((word) => /^-\w*U|^--atimes/.test(word)) && !/PWD|\/dev\//.test(setup);
    let kept = keeps ? setups.get(setup) : undefined;
    if (kept === undefined) {
      kept = { path: keeps ? join(folder, `setup${setups.size}`) : root, since: Math.floor(Date.now() / 1000) - 2 };
      mkdirSync(kept.path);
      expect(shell(`umask 022; ${setup}`, kept.path).stderr).toBe("");
      if (keeps) setups.set(setup, kept);
    }
    const { path, since } = kept;
    if (keeps) expect(spawnSync("cp", ["-a", path, root]).status).toBe(0);
    const systemCalls = backEnd ?? process.env.TSYNC_SYSCALLS;
    const env = {
      ...(systemCalls === undefined ? {} : { TSYNC_SYSCALLS: systemCalls }),
      PATH: process.env.PATH,
      LC_ALL: "C.UTF-8",
      TZ: "UTC",
      ...variables,
    };
    const options = { cwd: root, encoding: "latin1", env, maxBuffer: 2 ** 28, timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(
      user === undefined ? program : "setpriv",
      user === undefined ? args : [`--reuid=${user}`, `--regid=${user}`, "--clear-groups", program, ...args],
      options,
    );
    const trees = shell(look)
      .stdout.replace(/\b(\d{10})\.\d{10}\b/g, (time, seconds) => (Number(seconds) >= since ? "now" : time))
      .split("\n");
    return { status, output: splitOutput(stdout), errors: splitErrors(stderr), trees };
  };
  return (setup, line) => {
    const args = line.split(" ").filter((word) => word !== "");
    return expectAsRsync(run(tsync, setup, args), () => run("rsync", setup, args));
  };
}
