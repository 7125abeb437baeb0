/** What a server that is stopped by a signal says, and what its client hears of it (1-session 7.5, 7.6): as rsync. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const folder = mkdtempSync(join(tmpdir(), "tsync-server-signals-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Stops the server once a file is being made. */
const shell = `#!/bin/sh
shift
exec 3<&0
sh -c "exec $*" <&3 &
exec 3<&- <&- >&-
for try in $(seq 200); do ls d/.big.* >seen 2>&1 && break; sleep .05; done
kill -$SIGNAL $!
wait $!
`;
writeFileSync(join(folder, "shell"), shell, { mode: 0o755 });

function outcome(server: string, signal: string, direction: "pull" | "push") {
  spawnSync("sh", ["-c", "rm -rf s d; mkdir s d; seq 99999 >s/big"], { cwd: folder });
  const operands = direction === "pull" ? [`h:${folder}/s/`, "d/"] : ["s/", `h:${folder}/d/`];
  const words = ["-a", "--bwlimit=100", "-e", "./shell", `--rsync-path=${server}`, ...operands];
  const env = { PATH: process.env.PATH, LC_ALL: "C", SIGNAL: signal };
  const { status, stderr } = spawnSync("rsync", words, { cwd: folder, env, encoding: "latin1", timeout: 30_000 });
  const last = "for try in $(seq 200); do ls d/.big.* >seen 2>&1 || break; sleep .05; done; ls -A d";
  const left = spawnSync("sh", ["-c", last], { cwd: folder, encoding: "latin1" }).stdout;
  // In rsync's own server two processes may tell of it.
  const said = stderr.split("\n").find((line) => line.startsWith("rsync error: received"));
  return { status, said: said?.replace(/ at .* \[(\w+)=.*/, " [$1]"), left };
}

test.each([
  ["TERM", "push"],
  ["USR1", "push"],
] as const)("%s, %s", (signal, direction) => {
  expect(outcome(tsync, signal, direction)).toEqual(outcome("rsync", signal, direction));
});

// At that rate the file takes longer to be sent than the client may take.
test.each(["rsync", tsync])("a client of ours in the middle of a file hears that the server is gone: %s", (server) => {
  spawnSync("sh", ["-c", "rm -rf s d; mkdir s d; seq 99999 >s/big"], { cwd: folder });
  const words = ["-a", "--bwlimit=20", "-e", "./shell", `--rsync-path=${server}`, "s/", `h:${folder}/d/`];
  const env = { PATH: process.env.PATH, LC_ALL: "C", SIGNAL: "TERM" };
  const { status, stderr } = spawnSync(tsync, words, { cwd: folder, env, encoding: "latin1", timeout: 20_000 });
  expect({ status, stderr }).toEqual({ status: 20, stderr: expect.stringContaining("(code 20)") });
});

test.each([
  ["ALRM", 142],
  ["XCPU", 152],
] as const)("%s: the server is gone without a word, and without its temporary file", (signal, code) => {
  for (const direction of ["push", "pull"] as const) {
    const own = outcome(tsync, signal, direction);
    expect([12, code]).toContain(own.status);
    expect(own).toMatchObject({ said: undefined, left: "" });
  }
});

// Whether rsync's client hears of it depends on what its server has to send at that moment, and how it ends on what it hears of first:
// the end of the stream (12) or that of the shell.
test.each([
  ["TERM", 20],
  ["USR1", 19],
] as const)("%s, pull", (signal, code) => {
  const own = outcome(tsync, signal, "pull");
  const theirs = outcome("rsync", signal, "pull");
  for (const { status } of [own, theirs]) expect([12, code]).toContain(status);
  expect({ ...own, status: 0 }).toEqual({ ...theirs, status: 0 });
});

test.each([27, 28, 30, 31, 32])(
  "a sending server that cannot begin tells of it in messages only if its code goes with them: protocol %i",
  (protocol) => {
    const said = (server: string, how: string) => {
      spawnSync("sh", ["-c", "rm -rf s d; mkdir -p s/a s/b d"], { cwd: folder });
      const words = [
        "-aR",
        how,
        `--protocol=${protocol}`,
        "-e",
        "./plain",
        `--rsync-path=${server}`,
        `h:${folder}/s/a/../b`,
        "d/",
      ];
      const { status, stderr } = spawnSync("rsync", words, {
        cwd: folder,
        env: { PATH: process.env.PATH, LC_ALL: "C" },
        encoding: "latin1",
      });
      return { status, lines: stderr.replaceAll(/ at \S+ \[(\w+)=.*/g, " [$1]").split("\n") };
    };
    writeFileSync(join(folder, "plain"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
    for (const how of ["--stderr=client", "--stderr=errors"]) expect(said(tsync, how), how).toEqual(said("rsync", how));
  },
);
