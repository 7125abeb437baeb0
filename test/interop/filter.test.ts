/** The filter engine against the real rsync: random rules of every kind on random trees (4-traps T-09). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { randomFilterCase } from "../support/filter-cases.ts";
import { engineOutcome, rsyncOutcome, writeCase } from "../support/filter-oracle.ts";
import { Random } from "../support/random.ts";

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
