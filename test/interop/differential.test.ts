/**
 * The acceptance test of a local run: random trees, destinations, options and arguments, tsync against the installed
 * rsync. More cases, and one case alone: test/interop/run-differential.ts.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import { differentialModes } from "../support/differential.ts";
import { optionPairs, type Report } from "../support/differential-report.ts";
import { expectedCoverage, expectedWholeOptions } from "../support/expected-coverage.ts";
import { planRareScenario } from "../support/rare-options.ts";
import { planScenario } from "../support/scenario.ts";
import { isSupported } from "../support/whole-options.ts";
import { planWholeScenario } from "../support/whole-scenario.ts";
import { planWireScenario } from "../support/wire-scenario.ts";

const runner = join(import.meta.dirname, "run-differential.ts");

/** Runs the cases in a process of its own and gives the report and what was printed. */
async function runCases(...options: readonly string[]): Promise<{ report: Report; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), "tsync-report-"));
  const file = join(folder, "report.json");
  try {
    const child = spawn(process.execPath, [runner, "--report", file, ...options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (piece) => (text += piece));
    await new Promise((done) => child.on("close", done));
    let json: string;
    try {
      json = readFileSync(file, "utf8");
    } catch {
      throw new Error(text);
    }
    const report: Report = JSON.parse(json);
    return { report, text };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("planScenario", () => {
  test("samples every option, rule kind and argument form in at least one per cent of the cases", () => {
    const counts = new Map<string, number>(expectedCoverage.map((name) => [name, 0]));
    for (let seed = 1; seed <= 2000; seed++) {
      for (const name of planScenario(seed, "root", byteName("/case")).covers) {
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    expect([...counts].filter(([name, count]) => count < 20 && expectedCoverage.includes(name))).toEqual([]);
  });
});

describe("planWholeScenario", () => {
  test.each(["root", "nobody"] as const)("samples every option in at least two per cent of the cases of %s", (user) => {
    const counts = new Map<string, number>();
    for (let seed = 1; seed <= 2000; seed++) {
      for (const name of planWholeScenario(seed, user, byteName("/case")).covers) {
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    const expected = expectedWholeOptions.filter((name) => !name.startsWith("-") || isSupported(name));
    // Most of what an ordinary user may combine it with is left out.
    const seldom = user === "nobody" ? ["--super"] : [];
    expect(expected.filter((name) => (counts.get(name) ?? 0) < 40 && !seldom.includes(name))).toEqual([]);
  });
});

describe("planRareScenario", () => {
  test("samples every option that the others leave out in at least one per cent of the cases", () => {
    const counts = new Map<string, number>();
    for (let seed = 1; seed <= 1000; seed++)
      for (const name of planRareScenario(seed, "root", byteName("/case")).covers)
        counts.set(name, (counts.get(name) ?? 0) + 1);
    const expected =
      "--fake-super -M--fake-super --write-devices --old-dirs --copy-as --confine-root --write-batch --only-write-batch --insecure-links --drop-D --iconv --max-alloc";
    expect(expected.split(" ").filter((name) => (counts.get(name) ?? 0) < 10)).toEqual([]);
  });
});

describe("planWireScenario", () => {
  test("samples what matters between two machines in at least one per cent of the cases", () => {
    const expected = [
      ...[27, 28, 29, 30, 31, 32].map((protocol) => `--protocol=${protocol}`),
      ...["zstd", "lz4", "zlibx", "zlib", "none", "auto"].map((name) => `--compress-choice=${name}`),
      ..."-z -zz --new-compress --old-compress --compress-level --skip-compress --checksum-seed --no-i-r -s".split(" "),
      ..."--old-args -M--fake-super -M --timeout --bwlimit -y --append-verify --trust-sender --stats".split(" "),
      ..."--stderr --remove-source-files -H -A -X --files-from".split(" "),
    ];
    const checksums = ["md5", "md4", "sha1", "xxh64", "xxh3", "xxh128", "none"].map(
      (name) => `--checksum-choice=${name}`,
    );
    for (const direction of ["push", "pull"] as const) {
      const counts = new Map<string, number>();
      for (let seed = 1; seed <= 1000; seed++) {
        const place = { direction, shell: byteName("/shell") };
        for (const name of planWireScenario(seed, "root", byteName("/case"), place).covers) {
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
      }
      const rare = (names: readonly string[], least: number): string[] =>
        names.filter((name) => (counts.get(name) ?? 0) < least);
      expect(rare(expected, 10), direction).toEqual([]);
      expect(rare([...checksums, "--files-from on the far side"], 4), direction).toEqual([]);
      if (direction === "pull") expect(rare(["source wildcard"], 10)).toEqual([]);
    }
  });
});

test("3,000 cases of the whole table have every option at least 20 times, and all pairs of common ones", () => {
  const cases = Array.from(
    { length: 3000 },
    (_, index) => planWholeScenario(index + 1, "root", byteName("/case")).covers,
  );
  const counts = new Map<string, number>();
  for (const name of cases.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const rare = [...counts].filter(([name, count]) => name.startsWith("-") && count < 20);
  expect(rare).toEqual([]);
  const { common, unseen } = optionPairs(cases);
  expect(common).toBeGreaterThan(5000);
  expect(unseen).toEqual([]);
});

describe("tsync does what rsync does", () => {
  // Of 2,000 cases as root and as an ordinary user together more than 98 are identical (docs/differences.md). `percent` leaves
  // room for a few more of the races of rsync's processes in these few hundred.
  const kinds = [
    { kind: "as root", percent: 98, options: ["--user", "root", "--cases", "300", "--seed", "1"] },
    { kind: "as an ordinary user", percent: 96, options: ["--user", "nobody", "--cases", "100", "--seed", "1"] },
    {
      kind: "with every option",
      percent: 96,
      options: ["--table", "whole", "--user", "root", "--cases", "100", "--seed", "1"],
    },
    {
      kind: "with options that few use",
      percent: 80,
      options: ["--table", "rare", "--user", "root", "--cases", "25", "--seed", "1"],
    },
    { kind: "without koffi", percent: 96, options: ["--syscalls", "plain", "--cases", "60", "--seed", "10001"] },
  ];
  // Of these 30 cases of a push 90 (both-push) to 100 of a hundred are identical, of a pull all: the least leaves room for races.
  test.each(differentialModes.filter((mode) => mode !== "local"))("between two machines: %s", async (mode) => {
    const { report, text } = await runCases("--mode", mode, "--cases", "30", "--seed", "1");
    expect(report.cases).toBe(30);
    expect(report.noise, text).toBeLessThan(6);
    expect(report.percentIdentical, text).toBeGreaterThanOrEqual(mode.endsWith("push") ? 83 : 90);
  });

  test.each(kinds)("$kind", async ({ options, percent }) => {
    const { report, text } = await runCases(...options);
    expect(report.cases).toBe(Number(options[options.indexOf("--cases") + 1]));
    expect(report.noise, text).toBeLessThan(report.cases * 0.05);
    expect(report.percentIdentical, text).toBeGreaterThanOrEqual(percent);
  });
});
