/** The filter engine against the real rsync: random rules of every kind on random trees (4-traps T-09), and old protocols. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { randomFilterCase } from "../support/filter-cases.ts";
import { engineOutcome, rsyncOutcome, writeCase } from "../support/filter-oracle.ts";
import { Random } from "../support/random.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const root = mkdtempSync(join(tmpdir(), "tsync-filter-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const caseCount = Number(process.env.TSYNC_FILTER_CASES ?? 200);
const firstSeed = Number(process.env.TSYNC_FILTER_SEED ?? 1);

test("FilterEvaluator lists, explains and deletes as rsync does", () => {
  let ruled = 0;
  for (let seed = firstSeed; seed < firstSeed + caseCount; seed++) {
    const testCase = randomFilterCase(new Random("filter", seed));
    writeCase(root, testCase);
    const expected = rsyncOutcome(root, testCase);
    expect({ seed, args: testCase.args, ...engineOutcome(root, testCase) }).toEqual({
      seed,
      args: testCase.args,
      ...expected,
    });
    if (expected.reasons.length > 0) ruled++;
  }
  // The cases must be worth something: most of them have rules that decide about names.
  expect(ruled).toBeGreaterThan(caseCount / 2);
});

test.each(["-C", "-f-C", "-C -f-C", "-f-C -C", "-C --delete-excluded", "-f-C --delete-excluded", "-F", "-C -n"])(
  "names of %s in directories that are removed, at old protocols",
  (options) => {
    const folder = mkdtempSync(join(root, "old-"));
    writeFileSync(join(folder, "shell"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
    const run = (client: string, given: string, source: string): readonly unknown[] => {
      const made =
        "rm -rf s d; mkdir -p s d/gone d/kept s/kept; echo 1 >d/gone/core; echo 2 >d/kept/core; echo 3 >d/core";
      spawnSync("sh", ["-c", made], { cwd: folder });
      const words = ["-a", "--delete", "-e", "./shell", ...given.split(" "), source, "d/"];
      const { status, stderr } = spawnSync(client, words, { cwd: folder, encoding: "latin1" });
      const { stdout } = spawnSync("find", ["d"], { cwd: folder, encoding: "latin1" });
      return [status, /^filter rules.*$/m.exec(stderr)?.[0], stdout.split("\n").sort()];
    };
    // The names of a rule are made where it stands: for the protocol that is known by then.
    for (const protocol of [28, 29, 30])
      for (const source of ["s/", "h:s/"])
        for (const words of [`--protocol=${protocol} ${options}`, `${options} --protocol=${protocol}`])
          expect({ words, source, end: run(tsync, words, source) }).toEqual({
            words,
            source,
            end: run("rsync", words, source),
          });
  },
);
