/**
 * Runs a command line over a local remote shell twice, with rsync at both ends and with tsync at one or both of them, and compares
 * everything that a user sees: exit code, text, and both trees afterwards.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { expectAsRsync } from "./as-rsync.ts";
import { splitOutput } from "./output.ts";

/** Which end is tsync, and where the source is. */
export type WireRole = "push-server" | "pull-server" | "push-client" | "pull-client" | "push-both" | "pull-both";

/** How a run is made and looked at. */
export interface WireRun {
  /** Number of the user, root if not given. */
  readonly user?: number;
  readonly variables?: Readonly<Record<string, string>>;
  /** What of an outcome must be equal; everything, if not given. */
  readonly compare?: (outcome: WireOutcome) => unknown;
}

/** What a run left behind. */
export interface WireOutcome {
  readonly status: number | null;
  readonly stdout: ReturnType<typeof splitOutput>;
  readonly stderr: readonly string[];
  readonly destination: readonly string[];
  readonly source: readonly string[];
}

const tsync = join(import.meta.dirname, "../../bin/tsync");

/** The remote shell: it drops the host and runs the rest here. */
const shellScript = '#!/bin/sh\nshift\nexec sh -c "$*"\n';

/** Everything about a tree that must be equal. */
const look = `find . ! -name . -printf '%p %y %m %U:%G %s %l %n %T@\\n' 2>&1 | sed -E '/ d [0-7]+ /s/ [0-9]+  ([0-9]+) / \\1 /' | sort
find . -type f -exec md5sum {} + 2>&1 | sort
getfattr -Rhd -m. -e hex . 2>&1; getfacl -pR . 2>&1`;

/** Makes a folder for the tests of a file; `setup` is a shell script that makes `s`, `d` and what lies beside them. */
export function wireRoles(setup: string): (role: WireRole, line: string, how?: WireRun) => WireOutcome {
  let folder = "";
  let since = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tsync-wire-"));
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "shell"), shellScript);
    chmodSync(join(folder, "shell"), 0o755);
    mkdirSync(join(folder, "setup"));
    since = Math.floor(Date.now() / 1000) - 1;
    const made = spawnSync("bash", ["-c", `umask 022; ${setup}`], { cwd: join(folder, "setup"), encoding: "latin1" });
    expect(made.stderr).toBe("");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (
    role: WireRole,
    subject: string,
    words: readonly string[],
    { user, variables = {} }: WireRun,
  ): WireOutcome => {
    const root = join(folder, "run");
    rmSync(root, { recursive: true, force: true });
    expect(spawnSync("cp", ["-a", join(folder, "setup"), root]).status).toBe(0);
    const client = role.endsWith("server") ? "rsync" : subject;
    const server = role.endsWith("client") ? "rsync" : subject;
    const operands = words.filter((word) => !word.startsWith("-"));
    const options = words.filter((word) => word.startsWith("-")).map((word) => word.replace("%", root));
    const far = (path: string) => `h:${path.startsWith("/") ? path : `${root}/${path}`}`;
    const last = operands.length - 1;
    const pulls = role.startsWith("pull");
    const placed = operands.map((path, index) => ((index === last) === pulls ? path : far(path)));
    // A fixed seed: with another one now and then two blocks of different content have the same sum.
    const command = [
      client,
      ...options,
      "--checksum-seed=5",
      "-e",
      join(folder, "shell"),
      `--rsync-path=${server}`,
      ...placed,
    ];
    const all =
      user === undefined ? command : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups", ...command];
    const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC", HOME: root, ...variables };
    const settings = { cwd: root, encoding: "latin1", env, maxBuffer: 2 ** 26, timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(all[0] ?? "", all.slice(1), settings);
    const tree = (name: string): string[] => {
      const text = spawnSync("bash", ["-c", look], { cwd: join(root, name), encoding: "latin1" }).stdout ?? "";
      const now = Math.floor(Date.now() / 1000);
      const isNow = (time: string, seconds: string) => (+seconds >= since && +seconds <= now ? "now" : time);
      return text.replace(/\b(\d{10})\.\d{10}\b/g, isNow).split("\n");
    };
    return {
      status,
      stdout: comparableOutput(stdout),
      stderr: comparableErrors(stderr),
      destination: tree("d"),
      source: tree("s"),
    };
  };
  /** What rsync at both ends did before: it does not matter which end another program is compared with. */
  const known = new Map<string, WireOutcome>();
  return (role, line, how = {}) => {
    const { compare = (outcome: WireOutcome) => outcome, user, variables } = how;
    const words = line.split(" ").filter((word) => word !== "");
    const key = JSON.stringify([role.slice(0, 4), words, user, variables]);
    let expected = known.get(key) ?? run(role, "rsync", words, how);
    const runs = [expected];
    expectAsRsync(compare(run(role, tsync, words, how)), () => {
      expected = runs.pop() ?? run(role, "rsync", words, how);
      return compare(expected);
    });
    known.set(key, expected);
    return expected;
  };
}

/** Without what depends on the size of buffers or on the name of the program; sequences that overtake each other are apart. */
function comparableOutput(text: string): ReturnType<typeof splitOutput> {
  return splitOutput(
    text.replace(/^(?:opening connection|File list ).*\n/gm, "").replace(/false_alarms=\d+/g, "false_alarms=N"),
  );
}

function comparableErrors(text: string): string[] {
  return text
    .replace(/\(code (\d+)\) at .*?\[(\w+)=.*?\]/g, "(code $1) [$2]")
    .replace(/\.(?:\d+|\w{6})"/g, '.XXXXXX"')
    .split("\n")
    .sort();
}
