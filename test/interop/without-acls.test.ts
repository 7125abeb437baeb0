/** `--acls` where an ACL cannot be set, against the installed rsync: the same text, exit code and modes. Needs root. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectAsRsync } from "../support/as-rsync.ts";
import { splitErrors, splitOutput } from "../support/output.ts";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");

const setup = `umask 022; mkdir -p s/new s/old s/inherits s/plain d; echo 1 >s/f; mkfifo s/p; ln -s x s/l; echo 2 >s/plain/f
setfacl -m u:1:rwx s/f s/new s/old s/p; setfacl -m u:1:rwx,d:u:1:rwx s/inherits
find s -depth -exec touch -h -d @1600000000 {} +`;

/** A file system without ACLs; only the run sees it. */
function onRamfs(program: string, options: string) {
  const cwd = mkdtempSync(join(tmpdir(), "tsync-acls-"));
  try {
    const script = `${setup}; mount -t ramfs ramfs d; chmod 755 d; mkdir d/old d/plain
${program} ${options} s/ d/; echo $? >status; find d -printf '%p %y %m\\n' | sort >look`;
    const { stdout, stderr } = spawnSync("unshare", ["-m", "bash", "-c", script], { cwd, encoding: "latin1" });
    const left = spawnSync("cat", ["status", "look"], { cwd, encoding: "latin1" }).stdout;
    return {
      left: left.split("\n"),
      output: splitOutput(stdout),
      errors: splitErrors(stderr.replace(/\.f\.\w{6}/, ".f.XXXXXX")),
    };
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

test.each(["-aAi", "-aAi --no-p", "-rtAi --inplace"])("a file system that has none: %s", (options) => {
  const { left } = expectAsRsync(onRamfs(tsync, options), () => onRamfs("rsync", options));
  expect(left[0]).toBe("23");
});

const expectSame = sideBySide({ look: lookAtTrees });

test.each(["setfacl -m u:1:rwx s/l", "setfacl -m d:u:1:rwx s/l", "chmod 700 s/l", "true"])(
  "a link that counts as a directory: %s",
  (change) => {
    const tree = `mkdir -p s/l d/r; echo 1 >s/l/f; ln -s r d/l; find s d -depth -exec touch -h -d @1600000000 {} +`;
    expectSame(`${tree}; ${change}`, "-aKAi s/ d/");
  },
);
