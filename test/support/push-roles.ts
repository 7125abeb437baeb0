/**
 * Runs the command line of a push twice, with rsync at both ends and with tsync at one or both of them, and compares all that a user
 * sees as the random differential test does: exit code, both streams, log, byte totals, and the trees.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { expectAsRsync } from "./as-rsync.ts";
import { splitErrors, splitLog, splitWireOutput } from "./output.ts";
import { remoteShell } from "./wire-scenario.ts";
import { totalsAgree } from "./wire-totals.ts";

/** Which end is tsync. */
export type PushRole = "client" | "server" | "both";

/** All of these. */
export const pushRoleNames: readonly PushRole[] = ["client", "server", "both"];

interface Pushed {
  readonly totals: readonly string[];
  readonly seen: unknown;
}

const tsync = join(import.meta.dirname, "../../bin/tsync");
const runMilliseconds = 60_000;

const look = `find . ! -name . ! -name log -printf '%p %y %m %U:%G %s %l %n\\n' | sed -E '/ d [0-7]+ /s/ [0-9]+  ([0-9]+)$/ \\1/' | sort
find . -type f ! -name log -exec md5sum {} + | sort
find . ! -name . ! -name log ! -newermt '1 hour ago' -printf '%p %T@\\n' | sort
getfattr -Rhd -m. -e hex .`;

/**
 * Makes a folder for the tests of a file; `setup` is a script for bash that makes what lies there. A line is what stands behind the
 * program in bash, with `far:` before what is over there.
 */
export function pushRoles(setup: string): (role: PushRole, line: string) => void {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tsync-push-"));
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "shell"), remoteShell);
    chmodSync(join(folder, "shell"), 0o755);
    mkdirSync(join(folder, "setup"));
    const made = spawnSync("bash", ["-c", `umask 022; ${setup}`], { cwd: join(folder, "setup"), encoding: "latin1" });
    expect(made.stderr).toBe("");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (client: string, server: string, line: string): Pushed => {
    const root = join(folder, "run");
    rmSync(root, { recursive: true, force: true });
    expect(spawnSync("cp", ["-a", join(folder, "setup"), root]).status).toBe(0);
    const command = `umask 022; exec ${client} --checksum-seed=5 -e ../shell --rsync-path='$FAR' ${line}`;
    const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC", HOME: root, FAR: server };
    const settings = { cwd: root, encoding: "latin1", env, timeout: runMilliseconds } as const;
    const { status, stdout, stderr } = spawnSync("bash", ["-c", command], settings);
    const split = (text: string) => splitWireOutput(text, "push");
    const { totals, ...printed } = split(stdout);
    const log = existsSync(join(root, "log")) ? splitLog(readFileSync(join(root, "log"), "latin1"), split) : undefined;
    const { totals: logged = [], ...told } = log ?? {};
    const tree = spawnSync("bash", ["-c", look], { cwd: root, encoding: "latin1" }).stdout.split("\\n");
    const seen = { status, printed, told, errors: splitErrors(stderr), tree };
    return { totals: [...totals, ...logged], seen: JSON.parse(JSON.stringify(seen)) };
  };
  /** What rsync at both ends did before. */
  const known = new Map<string, Pushed>();
  return (role, line) => {
    const own = run(role === "server" ? "rsync" : tsync, role === "client" ? "rsync" : tsync, line);
    let expected = known.get(line) ?? run("rsync", "rsync", line);
    const runs = [expected];
    expectAsRsync(own.seen, () => {
      expected = runs.pop() ?? run("rsync", "rsync", line);
      return expected.seen;
    });
    known.set(line, expected);
    const { totals } = expected;
    const isCompressed = /(?:^| )-\\w*z|compress/.test(line);
    expect(totalsAgree(totals, own.totals, isCompressed), `${totals} / ${own.totals}`).toBe(true);
  };
}
