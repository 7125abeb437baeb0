/**
 * Times of access (`-U`) of what the sender reads while it lists the source: each name has the time that rsync sees, who looks at it just
 * before it reads it, in the order of its scan (docs/spec/3-transfer 5.6).
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const setup = `mkdir -p s/a/b s/c s/e/f d; ln -s ../nowhere s/c/link; ln s/c/link s/a/b/name; ln s/c/link s/name; ln s/c/link s/e/f/last
echo x >s/e/data; ln s/e/data s/a/b/data; ln s/e/data s/c/data; : >s/a/empty; ln s/a/empty s/e/f/empty; ln -s c s/one
find s -type l -exec touch -h -d @1500000000 {} +; find s ! -type l -exec touch -d @1500000000 {} +`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-access-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A listing, with the times of access of before this run. */
function listing(program: string, line: string): string {
  const root = join(folder, "run");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC" };
  const script = `${setup}\n${program} --list-only ${line} d/`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { cwd: root, encoding: "latin1", env });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  // Permissions, size and time of modification stand before it.
  return stdout.replaceAll(/(?<=^.{46})(?!2017)\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/gm, "now");
}

test.each([
  "-rlU --no-i-r s/",
  "-rlUc --no-i-r s/",
  "-rlUH --no-i-r s/",
  "-rlUcH --no-i-r s/",
  "-rlUc s/",
  "-rU s/ s/name s/one",
  "-rU --no-i-r s/ s/name s/c/link s/one",
  "-rlUc s/ s/name s/one s/e/data",
  "-rlUcH --no-i-r s/c s/e s/a s/one s/e/data",
  "-rlUR --no-i-r s/e s/c/link s/a",
])("what a listing with %s says", (line) => {
  const expected = listing("rsync", line);
  expect(expected).toMatch(/ 2017\/07\/14 02:40:00 /);
  expect(listing(tsync, line)).toBe(expected);
});
