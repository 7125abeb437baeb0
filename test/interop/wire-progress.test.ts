/** How far `--info=progress2` says that a run has come, at the end of each list that the receiving side is through (docs/spec/3-transfer 9.8). */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAsRsync } from "../support/as-rsync.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-progress-"));
  writeFileSync(join(folder, "shell"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
  const made = `mkdir -p s/a/b s/empty s/h; for f in s/x s/a/y s/a/b/z s/h/k; do echo $f >$f; done; cp -a s copy; cp -a s fewer; rm fewer/a/b/z`;
  expect(spawnSync("bash", ["-c", made], { cwd: folder }).status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function reached(client: string, options: string, before: string | undefined, server = "rsync"): readonly string[] {
  rmSync(join(folder, "d"), { recursive: true, force: true });
  const made = before === undefined ? "mkdir d" : `mkdir d && cp -a ${before} d/s`;
  expect(spawnSync("bash", ["-c", made], { cwd: folder }).status).toBe(0);
  const words = [
    "-a",
    ...options.split(" ").filter(Boolean),
    "--info=progress2",
    "-e",
    "./shell",
    `--rsync-path=${server}`,
    "s",
    `h:${folder}/d/`,
  ];
  const { stdout, status } = spawnSync(client, words, { cwd: folder, encoding: "latin1" });
  expect(status).toBe(0);
  return stdout.match(/xfr#\d+, \w+-chk=\d+\/\d+/g) ?? [];
}

test.each(["", "--no-i-r", "-n", "-n --no-i-r"])("progress2 of a push where nothing is to be sent: %s", (options) => {
  const expected = reached("rsync", options, "copy");
  expect(expected.length).toBeGreaterThan(2);
  expect(reached(tsync, options, "copy")).toEqual(expected);
});

test("progress2 of a push without incremental recursion ends with all entries", () => {
  expect(reached(tsync, "--no-i-r", undefined)).toEqual(reached("rsync", "--no-i-r", undefined));
});

test("progress2 of a push whose server is through the first lists before anything is sent", () => {
  expect(reached("rsync", "-O", "fewer", tsync)).toEqual(reached("rsync", "-O", "fewer"));
});

test("progress2 of a push whose server asks for everything in a dry run, where no list waits for it", () => {
  const expected = reached("rsync", "-nO", undefined);
  expect(reached("rsync", "-nO", undefined, tsync)).toEqual(expected);
  expect(reached(tsync, "-nO", undefined)).toEqual(expected);
});

test.each(["-an", "-anH", "-ac", "-an --no-i-r", "-a --no-i-r --protocol=28", "-an --protocol=30"])(
  "progress2 of a pull is said again at the end of each list and phase: %s",
  (options) => {
    const run = (program: string, source: string) => {
      expect(spawnSync("bash", ["-c", "rm -rf d; mkdir d; cp -a fewer d/s"], { cwd: folder }).status).toBe(0);
      const words = `${options} --info=progress2 -e ./shell --rsync-path=rsync h:${folder}/${source} d/`;
      const { stdout, status } = spawnSync(program, words.split(" "), { cwd: folder, encoding: "latin1" });
      expect(status).toBe(0);
      return stdout.match(/xfr#\d+, \w+-chk=\d+\/\d+/g) ?? [];
    };
    for (const source of ["s", "s/", "s :fewer"])
      expectAsRsync(run(tsync, source.replace(":", `:${folder}/`)), () =>
        run("rsync", source.replace(":", `:${folder}/`)),
      );
  },
);

test.each(["--delete-after", "--delete-delay --no-i-r", "--delete-after --protocol=28"])(
  "progress2 of a pull says all that it says of the end before late deletions: %s",
  (options) => {
    const run = (program: string) => {
      expect(spawnSync("bash", ["-c", "rm -rf d; mkdir -p d/a; touch d/a/more d/extra"], { cwd: folder }).status).toBe(
        0,
      );
      const words = `-an ${options} --info=progress2,del,flist2 -e ./shell --rsync-path=rsync h:${folder}/s/ d/`;
      const { stdout, status } = spawnSync(program, words.split(" "), { cwd: folder, encoding: "latin1" });
      expect(status).toBe(0);
      // Lines of progress, counts and what is deleted, in order; how often progress repeats itself depends on the moment.
      const told = stdout.match(/xfr#\d+, to-chk=\d+\/\d+| \d+ files\.\.\.|deleting [^\n]*/g) ?? [];
      return told.filter((text, index) => text !== told[index - 1]);
    };
    const own = run(tsync);
    expect(own[0]).toMatch(/^xfr#4/);
    expect(own.at(-1)).toMatch(/^deleting /);
    expect(own).toEqual(run("rsync"));
  },
);
