/**
 * Sums up differential cases: how many are identical, what the differences have in common, and how often each option,
 * rule kind, argument form and destination was exercised.
 */
import type { CaseResult } from "./differential.ts";

/** A case without the trees. */
export interface CaseSummary extends Omit<CaseResult, "reference" | "subject"> {
  /** Of the reference. */
  readonly exitCode: number | string;
  readonly milliseconds: number;
}

/** Cases that differ in the same way. */
export interface SymptomGroup {
  readonly symptom: string;
  readonly seeds: readonly number[];
  readonly example: string;
  readonly commandLine: string;
}

/** The sum of a run. */
export interface Report {
  readonly user: string;
  readonly table: string;
  readonly cases: number;
  readonly identical: number;
  /** Every difference is explained by a row of docs/differences.md, which a detector has recognized. */
  readonly listed: number;
  readonly different: number;
  readonly noise: number;
  /** Identical of all that are not noise, those that are listed among them. */
  readonly percentIdentical: number;
  /** The rows, with their seeds. */
  readonly listedRows: Readonly<Record<string, readonly number[]>>;
  /** How many cases exercised what. */
  readonly coverage: Readonly<Record<string, number>>;
  /** Options that fewer than 20 cases had. */
  readonly rareOptions: readonly string[];
  /** Pairs of common options, and those that no case had together. */
  readonly commonPairs: number;
  readonly unseenPairs: readonly string[];
  readonly exitCodes: Readonly<Record<string, number>>;
  /** Aspects in which the reference disagreed with itself, with the number of cases. */
  readonly noiseAspects: Readonly<Record<string, number>>;
  /** The first difference between two runs of the reference, for the first cases that had one. */
  readonly noiseExamples: readonly string[];
  readonly symptoms: readonly SymptomGroup[];
  readonly millisecondsPerCase: number;
  /** The slowest cases: seed and milliseconds. */
  readonly slowest: readonly (readonly [seed: number, milliseconds: number])[];
}

/** Counts everything. */
export function makeReport(summaries: readonly CaseSummary[], user: string, table: string): Report {
  const count = (verdict: CaseSummary["verdict"]): number => summaries.filter((one) => one.verdict === verdict).length;
  const identical = count("identical");
  const listed = count("listed");
  const different = count("different");
  const compared = identical + listed + different;
  const coverage = tally(summaries.flatMap(({ covers }) => covers));
  const { common, unseen } = optionPairs(summaries.map(({ covers }) => covers));
  return {
    ...{ user, table, cases: summaries.length, identical, listed, different, noise: count("noise") },
    percentIdentical: compared === 0 ? 0 : (100 * identical) / compared,
    listedRows: Object.fromEntries(
      [...new Set(summaries.flatMap(({ listed: rows }) => rows))].map((row) => [
        row,
        summaries.filter(({ listed: rows }) => rows.includes(row)).map(({ seed }) => seed),
      ]),
    ),
    coverage,
    rareOptions: Object.keys(coverage).filter((name) => name.startsWith("-") && (coverage[name] ?? 0) < 20),
    commonPairs: common,
    unseenPairs: unseen,
    exitCodes: tally(summaries.map(({ exitCode }) => `${exitCode}`)),
    noiseAspects: tally(summaries.flatMap(({ noise }) => noise)),
    noiseExamples: summaries
      .flatMap(({ seed, noiseDetails: [detail] }) => (detail === undefined ? [] : [`seed ${seed}: ${detail}`]))
      .slice(0, 20),
    symptoms: groupSymptoms(summaries.filter(({ verdict }) => verdict !== "listed")),
    millisecondsPerCase: summaries.reduce((sum, one) => sum + one.milliseconds, 0) / Math.max(1, summaries.length),
    slowest: summaries
      .toSorted((left, right) => right.milliseconds - left.milliseconds)
      .slice(0, 20)
      .map(({ seed, milliseconds }) => [seed, Math.round(milliseconds)]),
  };
}

/** The report as text: symptoms with the most cases first, each with a way to reproduce it. */
export function printReport(report: Report): string {
  const lines: string[] = [];
  for (const { symptom, seeds, example, commandLine } of report.symptoms) {
    lines.push(`${seeds.length} x ${symptom}   [seeds ${seeds.slice(0, 12).join(" ")}]`, `    ${example}`);
    const { table: name } = report;
    const table = name === "main" ? "" : name === "whole" || name === "rare" ? ` --table ${name}` : ` --mode ${name}`;
    lines.push(`    --user ${report.user}${table} --cases 1 -v --seed ${seeds[0]}   ${commandLine.slice(0, 300)}`);
  }
  if (Object.keys(report.noiseAspects).length > 0)
    lines.push(`noise by aspect: ${JSON.stringify(report.noiseAspects)}`);
  for (const example of report.noiseExamples) lines.push(`    ${example.slice(0, 300)}`);
  for (const [row, seeds] of Object.entries(report.listedRows)) {
    lines.push(`${seeds.length} listed: ${row}   [seeds ${seeds.slice(0, 12).join(" ")}]`);
  }
  lines.push(`exit codes: ${JSON.stringify(report.exitCodes)}, ${report.millisecondsPerCase.toFixed(0)} ms a case`);
  lines.push(
    `${report.identical} of ${report.cases} identical, ${report.listed} listed, ${report.different} different, ${report.noise} noise: ${report.percentIdentical.toFixed(2)} % identical (user ${report.user})`,
  );
  return `${lines.join("\n")}\n`;
}

/** How often each thing was exercised, rarest last. */
export function coverageTable({ coverage, rareOptions, commonPairs, unseenPairs: pairs }: Report): string {
  const cells = Object.entries(coverage)
    .sort((left, right) => right[1] - left[1])
    .map(([name, count]) => `${name} ${count}`);
  const rare = rareOptions.length > 0 ? `options in fewer than 20 cases: ${rareOptions.join(" | ")}\n` : "";
  const seen = `pairs of common options: ${commonPairs}, seen together: ${commonPairs - pairs.length}\n`;
  const rest = pairs.length > 0 ? `never seen together: ${pairs.join(" | ")}\n` : "";
  return `coverage: ${cells.join(" | ")}\n${rare}${seen}${rest}`;
}

const commonMeetings = 10;

/**
 * Pairs of options that by their frequencies should have met ten times at least, and those of them that did not. Options that
 * are drawn instead of each other are no pairs.
 */
export function optionPairs(cases: readonly (readonly string[])[]): { common: number; unseen: string[] } {
  const options = cases.map((covers) => covers.filter((name) => name.startsWith("-")).sort());
  const counts = tally(options.flat());
  const pairs = tally(
    options.flatMap((names) => names.flatMap((one, at) => names.slice(at + 1).map((other) => `${one} ${other}`))),
  );
  const names = Object.keys(counts).sort();
  const common = names.flatMap((one, at) =>
    names
      .slice(at + 1)
      .filter((other) => ((counts[one] ?? 0) * (counts[other] ?? 0)) / cases.length >= commonMeetings)
      .filter((other) => !areAlternatives(one, other))
      .map((other) => `${one} ${other}`),
  );
  return { common: common.length, unseen: common.filter((pair) => pairs[pair] === undefined) };
}

/** What `-a` stands for is either drawn in parts or taken back; of some others a command line has one. */
function areAlternatives(one: string, other: string): boolean {
  const rows = alternatives.find(
    (words) => words.some((row) => row.includes(one)) && words.some((row) => row.includes(other)),
  );
  return rows?.some((row) => row.includes(one) && row.includes(other)) === false;
}

const letters = [..."lptgoD"];
const alternatives: readonly (readonly (readonly string[])[])[] = [
  [
    ["-a", "--no-devices", "--no-specials", ...letters.map((letter) => `--no-${letter}`)],
    ["-r", "--devices", "--specials", ...letters.map((letter) => `-${letter}`)],
  ],
  ["-v", "-vv", "-i", "-ii", "--out-format", "--info", "-q"].map((name) => [name]),
  ["--compare-dest", "--copy-dest", "--link-dest"].map((name) => [name]),
];

function tally(words: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** A case counts once for each of its symptoms. */
function groupSymptoms(summaries: readonly CaseSummary[]): SymptomGroup[] {
  const groups = new Map<string, { seeds: number[]; example: string; commandLine: string }>();
  for (const { seed, differences, commandLine } of summaries) {
    const seen = new Set<string>();
    for (const { symptom, detail } of differences) {
      if (seen.has(symptom)) continue;
      seen.add(symptom);
      const group = groups.get(symptom) ?? { seeds: [], example: detail, commandLine };
      group.seeds.push(seed);
      groups.set(symptom, group);
    }
  }
  return [...groups]
    .map(([symptom, group]) => ({ symptom, ...group }))
    .sort((left, right) => right.seeds.length - left.seeds.length);
}
