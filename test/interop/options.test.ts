/**
 * Random command lines and `--chmod` lists against the installed rsync: same requests, same complaints (text, exit code,
 * role), same modes on real files. Options that tsync refuses with exit 4 only count where rsync complains too.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import { TsyncError } from "../../src/errors.ts";
import { applyModeChanges, parseChmod } from "../../src/options/chmod.ts";
import { parseArguments } from "../../src/options/parse-arguments.ts";
import { Random } from "../support/random.ts";

const words = `-a -r -d -v -vv -h --no-h --delete --del --delete-before --delete-after --delete-delay --delete-during
--delete-excluded --suffix= --suffix=a/b --suffix=x -b --backup-dir= --backup-dir=. --backup-dir=./ --backup-dir=q
--inplace --partial --partial-dir=x --partial-dir= --chmod=q --chmod=u+x --usermap=1:2 --usermap=1 --groupmap=a:
--chown=1:2 --chown=:3 --outbuf=x --outbuf=l --stderr=x --stderr=e --old-args -s --no-old-args --bogus -Q -vQ --timeout=
--timeout --max-delete=x --max-delete -5 --modify-window=1x -@ -@1 -@x -@=2 --info=foo --info=name2 --info=help
--debug=hash --debug=x1 --version --help --files-from=names --files-from=h:x --list-only --list-only=1 --no-D --no-foo
--sender --filter=-_x --contimeout=1 --no-contimeout --password-file=x --port=x --max-size=5q --max-size=-1 -B -B5
-B131073 --bwlimit=1b --bwlimit=0 --no-r --no-d -- s/ d/ h:x h::y rsync://g:1/z -i --exclude --exclude=x -F -C
--out-format= --log-format=x --i-r --no-i-d -xv -M -Mx --remote-option=y --no-motd --motd=1 -e ssh --rsh= --no-W -W
-`
  .split(/\s+/)
  .concat("");

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-options-"));
  mkdirSync(join(folder, "s/sub"), { recursive: true });
  mkdirSync(join(folder, "d"));
  writeFileSync(join(folder, "s/f"), "x");
  writeFileSync(join(folder, "names"), "f\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What rsync made of the arguments, in one line. */
function rsyncOutcome(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("rsync", args, {
    cwd: folder,
    encoding: "latin1",
    // A remote shell that only fails: a remote argument that rsync accepts ends there.
    env: { PATH: process.env.PATH, RSYNC_RSH: "false", LC_ALL: "C.UTF-8" },
    input: "",
    timeout: 20_000,
  });
  if (status === 0 || status === null || status > 4) {
    if (stdout.includes("Usage: rsync")) return "help";
    if (/^(?:rsync {2}version|\{)/.test(stdout)) return "version";
    return stdout.startsWith("Use OPT") ? "flag help" : "run";
  }
  if (stderr.includes("Usage: rsync")) return "usage";
  const lines = stderr.split("\n").filter((line) => line !== "" && !/^Unknown --\w+map name|link_stat/.test(line));
  const final = lines.findIndex((line) => line.startsWith("rsync error"));
  const role = /\[(\w+)=/.exec(lines[final] ?? "")?.[1];
  return `${status} ${role} ${lines.slice(0, final).join("\n")}`;
}

/** The same of tsync; a refusal is `unsupported`. */
function tsyncOutcome(args: readonly string[]): string {
  try {
    const { kind } = parseArguments(args.map(byteName), {});
    if (kind === "remote") return "run";
    return kind.endsWith("-help") ? "flag help" : kind;
  } catch (error) {
    if (!(error instanceof TsyncError)) throw error;
    if (error.kind === "unsupported") return "unsupported";
    const more = error.moreLines.map((line) => `\n${line}`).join("");
    return `${error.exitCode} ${error.role} ${error.plain ? "" : "rsync: "}${error.message}${more}`;
  }
}

test("random command lines are taken and refused as rsync does", () => {
  const random = new Random("options", 1);
  const different: unknown[] = [];
  let complaints = 0;
  for (let round = 0; round < 250; round++) {
    const args = ["-n", ...Array.from({ length: random.between(0, 4) }, () => random.pick(words))];
    if (random.chance(0.7)) args.push("s/");
    if (random.chance(0.7)) args.push("d/");
    const expected = rsyncOutcome(args);
    const actual = tsyncOutcome(args);
    if (expected.includes(" rsync: ")) complaints += 1;
    if (actual !== expected && !(actual === "unsupported" && expected === "run")) {
      different.push({ args, expected, actual });
    }
  }
  expect(different).toEqual([]);
  expect(complaints).toBeGreaterThan(50);
});

function randomItem(random: Random): string {
  if (random.chance(0.15)) return random.pick(["", "D", "F"]) + random.between(0, 4300).toString(8);
  const some = (letters: string): string =>
    Array.from({ length: random.between(0, 3) }, () => random.pick([...letters])).join("");
  const prefix = some("ugoaugoaDF") + random.pick(["+", "-", "="]);
  return prefix + (random.chance(0.25) ? random.pick(["u", "g", "o"]) : some("rwxXstrwxXstu"));
}

test("random --chmod lists give the modes that rsync sets", () => {
  const random = new Random("chmod", 1);
  const source = join(folder, "modes");
  const target = join(folder, "changed");
  mkdirSync(source);
  for (const mode of [0o644, 0o755, 0o7777, 0, 0o4751, 0o2640, 0o1777, 0o321]) {
    for (const kind of ["file", "dir"]) {
      const path = join(source, `${kind}${mode}`);
      if (kind === "file") writeFileSync(path, "");
      else mkdirSync(path);
      chmodSync(path, mode);
    }
  }
  const different: unknown[] = [];
  let applied = 0;
  for (let round = 0; round < 120; round++) {
    const list = Array.from({ length: random.between(1, 3) }, () => randomItem(random)).join(",");
    const umask = random.pick([0, 0o022, 0o077, 0o137]);
    rmSync(target, { recursive: true, force: true });
    const script = 'umask "$1" && exec rsync -a "--chmod=$2" "$3/" "$4/"';
    const run = spawnSync("sh", ["-c", script, "sh", umask.toString(8), list, source, target], { encoding: "utf8" });
    let changes: ReturnType<typeof parseChmod>;
    try {
      changes = parseChmod(byteName(list));
    } catch (error) {
      if (!run.stderr.includes((error as Error).message)) different.push({ list, refused: true, stderr: run.stderr });
      continue;
    }
    if (run.status !== 0) different.push({ list, refused: false, stderr: run.stderr });
    applied += 1;
    for (const name of run.status === 0 ? readdirSync(source) : []) {
      const expected = statSync(join(target, name)).mode;
      const actual = applyModeChanges(statSync(join(source, name)).mode, changes, umask);
      if (actual !== expected) different.push({ list, umask, name, expected, actual });
    }
  }
  expect(different).toEqual([]);
  expect(applied).toBeGreaterThan(60);
});
