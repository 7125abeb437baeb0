/** Filter rules that `-M` gives to a server alone: they stand before those of its client (2-file-list 10). */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const folder = mkdtempSync(join(tmpdir(), "tsync-server-rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "shell"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });

/** What is at the destination after a run. */
function namesAfter(client: string, server: string, args: string): string {
  const script = `rm -rf s d; mkdir s d; echo 1 >s/f; echo 1 >s/g; echo 1 >s/h.o; echo 1 >d/keep; echo 1 >d/gone; echo keep >rules
    ${client} -a -e ./shell --rsync-path=${server} ${args}; echo $?; ls d`;
  return spawnSync("sh", ["-c", script], { cwd: folder, encoding: "latin1" }).stdout;
}

test.each([
  `-M--exclude=f h:${folder}/s/ d/`,
  `-M--include=h.o -M--exclude=*.o --exclude=g h:${folder}/s/ d/`,
  `-M--filter=-_g h:${folder}/s/ d/`,
  `--delete -M--exclude=keep s/ h:${folder}/d/`,
  `--delete -M--exclude-from=${folder}/rules s/ h:${folder}/d/`,
  `--delete -M--include=keep --exclude=keep s/ h:${folder}/d/`,
])("%s", (args) => {
  const want = namesAfter("rsync", "rsync", args);
  expect(want).toMatch(/^0\n/);
  for (const client of ["rsync", tsync]) expect(namesAfter(client, tsync, args), client).toBe(want);
});

test.each(["-C", "-pC", "- x ", "- x"])(
  "a server tells of a rule that ends in a space, but not behind the modifier C: %s",
  (rule) => {
    const said = (server: string): readonly string[] => {
      spawnSync("sh", ["-c", "rm -rf s d; mkdir s d"], { cwd: folder });
      const words = ["-avv", "-f", rule, "-e", "./shell", `--rsync-path=${server}`, `h:${folder}/s/`, "d/"];
      const { stdout } = spawnSync("rsync", words, { cwd: folder, encoding: "latin1" });
      return stdout.split("\n").filter((line) => line.includes("CAUTION"));
    };
    expect(said(tsync)).toEqual(said("rsync"));
  },
);
