/** What a process may find missing around it: its working directory, /proc. Against the installed rsync. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-bare-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function shell(script: string, backEnd: string | undefined = process.env.TSYNC_SYSCALLS) {
  const env = { PATH: process.env.PATH, ...(backEnd === undefined ? {} : { TSYNC_SYSCALLS: backEnd }) };
  // With a socket for input, as Node's pipes are, bash reads the files of a login.
  const stdio = ["ignore", "pipe", "pipe"] as const;
  return spawnSync("bash", ["-c", script], {
    cwd: folder,
    encoding: "latin1",
    env,
    stdio: [...stdio],
    timeout: 60_000,
  });
}

describe.each(["koffi", "plain"])("a working directory that was deleted, %s", (backEnd) => {
  const gone = "mkdir s x 'x (deleted)'; echo 1 >s/f; cd x; rmdir ../x";
  test.each(["../s/ d/", "$OLDPWD/s/ d/", "$OLDPWD/s/ d", "../s/ $OLDPWD/d/"])(
    "has no relative paths: %s",
    (operands) => {
      const failed = "rsync: [Receiver] getcwd(): No such file or directory (2)\n";
      for (const program of ["rsync", tsync]) {
        const { status, stderr } = shell(`${gone}; ${program} -a ${operands}`, backEnd);
        expect(stderr).toContain(failed);
        expect(status).toBe(3);
        expect(readdirSync(folder).sort()).toEqual(["s", "x (deleted)"]);
        expect(readdirSync(join(folder, "x (deleted)"))).toEqual([]);
        rmSync(join(folder, "x (deleted)"), { recursive: true });
        rmSync(join(folder, "s"), { recursive: true });
      }
    },
  );
});

// Another name space for mounts is root's to make.
test.skipIf(process.getuid?.() !== 0)("koffi needs no /proc", () => {
  mkdirSync(join(folder, "s/sub"), { recursive: true });
  const script = `umount -l /proc && test ! -e /proc/self && echo one >s/f && ln -s f s/l && echo f >list || exit 99
cd s/sub
${tsync} -aAX --no-W --delete .. ../../d && echo more >>../f && ${tsync} -a --no-W -b --files-from=../../list ../ ../../d
${tsync} -aAX --link-dest=../d ../ ../../e/`;
  const { status, stderr } = shell(`unshare -m sh -c '${script}'`, "koffi");
  expect([status, stderr]).toEqual([0, ""]);
  expect(readFileSync(join(folder, "d/f"), "latin1")).toBe("one\nmore\n");
  expect(existsSync(join(folder, "d/f~"))).toBe(true);
  expect(readFileSync(join(folder, "e/l"), "latin1")).toBe("one\nmore\n");
});

// Paths from the root are longer still: only programs that step from one directory into the next can clear them away.
test.each(["-a --delete s d", "-a --delete --no-i-r s d", "-an s d"])("names too long for a path: %s", (line) => {
  const deep = `mkdir s d; mkdir d/left; (cd s; name=$(printf %0100d 0); for i in $(seq 40); do mkdir $name; cd -P $name; done
for bytes in 53 54 60; do echo 1 >$(printf %0"$bytes"d 1); done; mkdir $(printf %0100d 1))`;
  const run = (program: string) => {
    const { status, stderr } = shell(`${deep}; ${program} ${line}`);
    const seen = shell("cd d; find . | sort").stdout;
    shell("rm -rf s d");
    return {
      status,
      seen,
      errors: stderr
        .split("\n")
        .filter((text) => text.startsWith("filename overflows "))
        .sort(),
    };
  };
  const own = run(tsync);
  expect(own).toEqual(run("rsync"));
  expect([own.status, own.errors.length]).toEqual([23, 3]);
});
