/**
 * Differences that docs/differences.md lists, each shown on both programs: what rsync 3.5.0 does and what tsync does instead. More
 * of them are shown beside the option that they are about.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-differences-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Exit code and standard error of both programs, and what `look` prints afterwards. */
function both(setup: string, line: string, look: string) {
  const run = (program: string) => {
    const cwd = join(folder, "run");
    rmSync(cwd, { recursive: true, force: true });
    mkdirSync(cwd);
    const shell = (text: string) => spawnSync("bash", ["-c", text], { cwd, encoding: "latin1" });
    expect(shell(`umask 022; ${setup}`).stderr).toBe("");
    const { status, stderr } = shell(`timeout 60 ${program} ${line}`);
    return { status, stderr, seen: shell(look).stdout };
  };
  return { rsync: run("rsync"), tsync: run(tsync) };
}

test.each(["--inplace", "--append --no-W"])("%s --backup-dir=../DIR", (text) => {
  const setup = "mkdir s d; echo new file >s/f; echo old >d/f; chmod 640 d/f; touch -d @1500000000 d/f";
  const { rsync, tsync } = both(setup, `-a ${text} --backup-dir=../bk s/ d/`, "stat -c '%a %Y' bk/f; cat bk/f");
  expect([rsync.status, tsync.status]).toEqual([23, 0]);
  expect(rsync.stderr).toContain('d/../bk/f" failed: Invalid argument (22)');
  expect(tsync.seen).toBe("640 1500000000\nold\n");
  expect(rsync.seen).toMatch(/^600 \d+\nold\n$/);
});

test("a capability of a file that is copied from an alternate directory and changes its owner", () => {
  const capability = "setfattr -n security.capability -v 0sAQAAAgAgAAAAAAAAAAAAAAAAAAA=";
  const setup = `mkdir s alt d; echo 1 >s/f; cp -a s/f alt/f; chown 1:1 s/f; ${capability} s/f; ${capability} alt/f`;
  const { rsync, tsync } = both(
    setup,
    "-aX --copy-dest=../alt s/ d/",
    "getfattr --absolute-names -n security.capability d/f",
  );
  expect([rsync.status, tsync.status]).toEqual([0, 0]);
  expect(rsync.seen).toBe("");
  expect(tsync.seen).toContain("security.capability=");
});

test("hard links whose last place is taken by a full directory", () => {
  const setup = "mkdir -p s d/c; echo 1 >s/a; ln s/a s/b; ln s/a s/c; echo x >d/c/x";
  const { rsync, tsync } = both(setup, "-aH --no-i-r s/ d/", "ls d; [ d/a -ef d/b ] && echo linked");
  expect([rsync.status, tsync.status]).toEqual([23, 23]);
  expect(rsync.seen).toBe("c\n");
  expect(tsync.seen).toBe("a\nb\nc\nlinked\n");
});

test("-vv with rules for attributes", () => {
  const setup = "mkdir s d; echo 1 >s/f; setfattr -n user.a -v 1 s/f; setfattr -n user.b -v 1 s/f";
  const { rsync, tsync } = both(setup, "-aXvv --filter='-x user.a' s/ d/ >out", "grep -c user.a out; getfattr -d d/f");
  expect([rsync.status, tsync.status]).toEqual([0, 0]);
  expect(rsync.seen.split("\n").slice(1)).toEqual(tsync.seen.split("\n").slice(1));
  expect([Number(rsync.seen.split("\n")[0]) > 0, tsync.seen.split("\n")[0]]).toEqual([true, "0"]);
});
