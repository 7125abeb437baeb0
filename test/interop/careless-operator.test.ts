/** Command lines as people type them, in each role against the real rsync: what is before `--server`, words of the remote shell, odd hosts. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-careless-"));
  writeFileSync(join(folder, "sh"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
  // Says its words, and takes what comes: whether writing fails is no matter of time then.
  writeFileSync(join(folder, "say"), '#!/bin/sh\nprintf "<%s>" "$@" >&2\nexec >&-\ncat >/dev/null\n', { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a line, `$c` and `$s` the programs of client and server. */
function outcome(line: string, client: string, server: string): unknown {
  rmSync(join(folder, "run"), { recursive: true, force: true });
  mkdirSync(join(folder, "run/d"), { recursive: true });
  mkdirSync(join(folder, "run/s/a b"), { recursive: true });
  writeFileSync(join(folder, "run/s/a b/f"), "text\n");
  const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", HOME: "/nonexistent", USER: "u", c: client, s: server };
  const how = { cwd: join(folder, "run"), encoding: "latin1", env, timeout: 30_000 } as const;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", line], how);
  return {
    status,
    stdout: stdout.replace(/[\d,.]+ bytes/g, "N bytes").replace(/speedup is .*/, ""),
    stderr: stderr.replace(/ at .*?\[(\w+)=.*?\]/g, " [$1]"),
    files: spawnSync("find", [".", "-type", "f"], how).stdout.split("\n").sort(),
  };
}

describe("with another machine", () => {
  test.each([
    '$c -a -e ../sh --rsync-path="FOO=1 $s -W --no-super" h:$PWD/s/ d',
    '$c -a -e ../sh --rsync-path="cd d && $s" s/ h:',
    '$c -a -e ../sh --rsync-path="$s --foo" h:$PWD/s/ d',
    '$c -a -e ../sh --rsync-path="$s" "s/a b/f" "h:d/\\$(touch evil)"',
    '$c -a -M-i -M--no-super -e ../sh --rsync-path="$s" s/ h:d',
    '$c -a --timeout=-3 -e ../sh --rsync-path="$s" h:s/ d',
  ])("%s", (line) => {
    const expected = outcome(line, "rsync", "rsync");
    for (const [client, server] of [
      [tsync, "rsync"],
      ["rsync", tsync],
      [tsync, tsync],
    ] as const)
      expect(outcome(line, client, server)).toEqual(expected);
  });
});

describe("a client says to its remote shell what rsync says", () => {
  test.each([
    "RSYNC_RSH='../say \"a b\" -x' $c -a h:s/ d",
    "RSYNC_RSH='../say \"a b' $c -a h:s/ d",
    'RSYNC_RSH="../say \'a b" $c -a s/ h:d',
    "$c -a -e ../say --rsync-path='foo --bar baz' 'u@[::1]:s/' :z d",
    "$c -a -e ../say -6 s/ h:",
    "RSYNC_OLD_ARGS=2 RSYNC_PROTECT_ARGS=1 $c -a -e ../say h:'a b' d",
    "RSYNC_OLD_ARGS=0 RSYNC_PROTECT_ARGS=1 $c -a -e ../say h:'a b' d",
    "RSYNC_PROTECT_ARGS=1 $c -a --no-old-args -e ../say h:'a b' d",
    "$c -a --files-from=h2:l -e ../say h:s d",
    "$c -a --files-from=u@h:l -e ../say s h:d",
    "$c -a --files-from=:l -e ../say u@h:s d",
    "$c -a -e ../say -- -u@h:x d",
    "$c -a -e ../say s/ u@-h:x",
    "$c -a -e ../say --timeout=-3 s/ h:x",
    "$c -a -e ../say s/ ::x",
    "$c -a -e ../say 'rsync://u@[::1]:33/pub a/' d",
    "$c -a -e ../say 'rsync://u@-h/pub a/' d",
  ])("%s", (line) => {
    expect(outcome(line, tsync, "none")).toEqual(outcome(line, "rsync", "none"));
  });
});
