/** The log of a server, `-M--log-file=FILE` (3-transfer 9.6): its own items, errors and totals, as rsync's server logs them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const folder = mkdtempSync(join(tmpdir(), "tsync-server-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "shell"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });

const setup = `rm -rf s d log; mkdir -p s/dir d/empty; cd s; echo 1 >n1; ln n1 n2; echo 2 >same; ln -s n1 link; mkfifo fifo; echo 3 >dir/g
  seq 900 >delta; cd ..; cp -a s/n1 s/same d; seq 500 >d/delta; ln -s x d/gone; chmod 600 s/same
  find s d/same d/n1 -exec touch -h -d @1500000000 {} +; touch -d @1400000000 d d/delta`;

/** What is in the log, without dates and processes; bytes of frames and places in the source do not count. */
function logged(server: string, args: string): unknown {
  const command = `rsync -a -e ./shell --rsync-path=${server} -M--log-file=${folder}/log ${args}`;
  const script = `${setup}; TZ=UTC ${command}; echo "code $?"; cat log`;
  const { stdout, stderr } = spawnSync("sh", ["-c", script], { cwd: folder, encoding: "latin1", timeout: 30_000 });
  const neutral = (text: string): string =>
    text
      .replaceAll(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] /gm, "log: ")
      .replaceAll(/\d[\d,.]* bytes/g, "N bytes")
      .replaceAll(/(?:sent|received|speedup is|sent:|received:|time:) [\d.,]+/g, "N")
      .replaceAll(/at \S+ \[(\w+)=[\d.]+\]/g, "at [$1]")
      .replaceAll(tsync, "rsync");
  // Lines of its generator and receiver race in rsync.
  const lines = neutral(stdout).split("\n");
  return { lines: lines.sort(), stderr: neutral(stderr) };
}

const options = [
  "--delete",
  "-H -ii --delete",
  "-vv",
  "-ivv",
  "-n -v --delete",
  "-n -i",
  "-q -v --delete -M--log-file-format=",
  "--out-format=%n -M--log-file-format='%o %n %l %C'",
  "-v --stats --no-inc-recursive --protocol=29",
  "-i --protocol=28",
  "-s",
  "-M--log-file-format=%f",
  "-M--bad-option",
  "--files-from=:/none",
];

describe.each([`s/ h:${folder}/d/`, `h:${folder}/s/ d/`])("%s", (operands) => {
  test.each(options)("%s", (text) => {
    const expected = logged("rsync", `${text} ${operands}`);
    expect(JSON.stringify(expected)).toContain("log: ");
    expect(logged(tsync, `${text} ${operands}`)).toEqual(expected);
  });
});

test.each([
  `--list-only s/ h:${folder}/d/`,
  `--list-only h:${folder}/s/ d/`,
  `s/n1 h:${folder}/d/not/here/`,
  `h:${folder}/none :${folder}/s/n1 d/`,
  `s/dir/ s/n1 h:${folder}/d/same`,
  `-v --mkpath s/n1 h:${folder}/d/p/q/`,
])("%s", (args) => {
  expect(logged(tsync, args)).toEqual(logged("rsync", args));
});

test.each(["/none/log", "/tmp"])("a log that cannot be opened: %s", (path) => {
  for (const operands of [`s/n1 h:${folder}/d/`, `h:${folder}/s/n1 d/`]) {
    const args = `-M--log-file=${path} ${operands} 2>&1; touch log`;
    const expected = logged("rsync", args);
    expect(JSON.stringify(expected)).toContain("[server] failed to open log-file");
    expect(logged(tsync, args)).toEqual(expected);
  }
});
