/** Standard output and standard error that go to one file, as with `>log 2>&1`: errors stand where rsync has them (3-transfer 9.10). */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const nobody = 65534;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-one-output-"));
  chmodSync(folder, 0o777);
  mkdirSync(join(folder, "s"));
  for (let number = 100; number < 130; number++) writeFileSync(join(folder, `s/f${number}`), `${number}\n`);
  chmodSync(join(folder, "s/f115"), 0);
  writeFileSync(join(folder, "shell"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The one output, line by line. */
function linesOf(program: string, args: string): readonly string[] {
  rmSync(join(folder, "d"), { recursive: true, force: true });
  const command = `exec "${program}" ${args} 2>&1`;
  const how = { cwd: folder, encoding: "latin1", uid: nobody, gid: nobody } as const;
  const { stdout } = spawnSync("/bin/sh", ["-c", command], how);
  return stdout
    .replace(/\) at .*? \[(\w+)=.*?\]/g, ") [$1]")
    .replace(/^sent .*$/m, "sent")
    .replace(/speedup is .*/, "")
    .split("\n");
}

test.each([
  "-av s/ d",
  "-av s/ missing d",
  "-ai --outbuf=B s/ d",
  "-ai --outbuf=L s/ d",
  "-av -e ./shell --rsync-path=rsync s/ missing h:d",
  "-av --delete nothing d",
])("%s", (args) => {
  const expected = linesOf("rsync", args);
  expect(expected.at(-2)).toMatch(/^rsync error: .*\(code 23\)/);
  expect(linesOf(tsync, args)).toEqual(expected);
});
