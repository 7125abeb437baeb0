/** What a detector of listed differences is (listed-differences.ts), and what detectors share. */
import type { ByteName } from "../../src/bytes/byte-name.ts";
import type { Difference, Outcome } from "./outcome.ts";
import type { Scenario } from "./scenario.ts";
import { bytesOf, frameSlack, totalNumber } from "./wire-totals.ts";

/** A case whose outcomes differ; `left` is the reference. */
export interface DifferingCase {
  readonly scenario: Pick<Scenario, "argv" | "sources" | "destination" | "words">;
  readonly left: Outcome;
  readonly right: Outcome;
}

/** What recognizes one row. */
export interface Detector {
  /** First cell of the row. */
  readonly row: string;
  /** Whether the case is of the kind that the row describes. */
  readonly applies: (one: DifferingCase, options: Options) => boolean;
  readonly explains: (difference: Difference, one: DifferingCase) => boolean;
}

/** What a command line asks for. */
export class Options {
  private readonly argv: readonly ByteName[];

  constructor(argv: readonly ByteName[]) {
    this.argv = argv;
  }

  /** Whether a word is this option, by its letter (also among others, as in `-avH`) or by the start of its long name. */
  has(letter: string, ...names: readonly string[]): boolean {
    return this.argv.some((word) => {
      if (word.startsWith("--")) return names.some((name) => word === name || word.startsWith(`${name}=`));
      return letter !== "" && /^-[A-Za-z0-9]+$/.test(word) && word.includes(letter);
    });
  }

  /** The value of `--NAME=VALUE`, the last of several. */
  value(name: string): string | undefined {
    return this.argv.findLast((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  get inPlace(): boolean {
    return this.has("", "--inplace", "--append", "--append-verify");
  }

  get deletes(): boolean {
    return this.argv.some((word) => /^--del(?:ete(?:-\w+)?)?$/.test(word));
  }

  /** Rules that name files with more rules. */
  get mergesFiles(): boolean {
    const isMerge = /^(?:--filter=|-f)? *(?::|dir-merge)/;
    return this.has("C", "--cvs-exclude") || this.has("F") || this.argv.some((word) => isMerge.test(word));
  }

  /** `-vv`: of what is there, what differs in attributes only is named as what is sent is, unless lines are itemized. */
  get namesUnsent(): boolean {
    const itemizes = this.has("i", "--itemize-changes", "--out-format", "--log-format");
    return !itemizes && (this.has("vv") || /(?:^|,)(?:name|all)2/.test(this.value("--info") ?? ""));
  }

  get hasAlternates(): boolean {
    return this.has("", "--compare-dest", "--copy-dest", "--link-dest");
  }
}

/** Whether both exit codes are among these. */
export const codes = (
  left: readonly number[],
  right: readonly number[],
  { left: one, right: other }: Pick<DifferingCase, "left" | "right">,
): boolean => left.includes(Number(one.exitCode)) && right.includes(Number(other.exitCode));

/** Whether a difference is one of lines, each of which has its reason. */
export function onlyLines({ left, right, isOrder }: Difference, isLeft: RegExp | undefined, isRight?: RegExp): boolean {
  if (isOrder || left.length + right.length === 0) return false;
  return left.every((line) => isLeft?.test(line)) && right.every((line) => isRight?.test(line));
}

/** A name as it is, of one in a message of rsync. */
export const unescaped = (text: string): string =>
  text.replace(/\\#([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

export const someFailed = /^rsync error: some files\/attrs were not transferred/;

/**
 * Whether one side's byte totals say more than the other's, by at most so many bytes, and nothing else differs in these lines. How many
 * frames carry the data may differ besides, either way.
 */
export function saysMoreBytes(side: "left" | "right" | "either", { left, right }: Difference, most: number): boolean {
  const [lines, others] = side === "left" ? [right, left] : [left, right];
  if (lines.length !== others.length || most <= 0) return false;
  return lines.every((line, index) => {
    const other = others[index] ?? "";
    if (line.replace(totalNumber, "#") !== other.replace(totalNumber, "#")) return false;
    const numbers = (other.match(totalNumber) ?? []).map(bytesOf);
    return (line.match(totalNumber) ?? []).map(bytesOf).every((number, place) => {
      const more = (numbers[place] ?? 0) - number;
      return more <= most + frameSlack(number) && more >= -frameSlack(number) - (side === "either" ? most : 0);
    });
  });
}

/** Whether an ordered list of lines is the same on both sides once those are left out that a row is about. */
export function sameOrderOf(
  left: readonly string[],
  right: readonly string[],
  isLoose: (line: string) => boolean,
): boolean {
  const firm = [left, right].map((lines) => lines.filter((line) => !isLoose(line)).join("\n"));
  return firm[0] === firm[1];
}
