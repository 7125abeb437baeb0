/**
 * Random filter rules of every kind and modifier (2-file-list 1.4), aimed at the names of a given tree so that they
 * match something, as command-line options, rule files and per-directory files.
 */
import { type ByteName, byteName } from "../../src/bytes/byte-name.ts";
import type { Random } from "./random.ts";

/** A file that the options refer to, relative to the working directory of the run. */
export interface SupportFile {
  readonly name: ByteName;
  readonly text: ByteName;
}

/** Options with the files they need and the names under which they are counted. */
export interface SampledOptions {
  readonly argv: readonly ByteName[];
  readonly files: readonly SupportFile[];
  readonly covers: readonly string[];
}

/** The per-directory files that random trees hold. */
export type FilterFileKind = ".rsync-filter" | ".cvsignore" | ".rules" | ".excludes" | ".words";

/** One to five filter options; `names` are transfer paths of the source. */
export function randomFilterOptions(random: Random, names: readonly ByteName[]): SampledOptions {
  const argv: ByteName[] = [];
  const files: SupportFile[] = [];
  const covers: string[] = [];
  for (
    let count = random.weighted([
      [4, 1],
      [3, 2],
      [2, 3],
      [1, 5],
    ]);
    count > 0;
    count--
  ) {
    const option = oneOption(random, names, files.length);
    argv.push(...option.argv);
    files.push(...option.files);
    covers.push(...option.covers);
  }
  return { argv, files, covers };
}

/** The text of a per-directory file of this kind. */
export function randomFilterFile(random: Random, kind: FilterFileKind, names: readonly ByteName[]): ByteName {
  const lines: string[] = [];
  for (let count = random.between(0, 4); count > 0; count--) {
    if (kind === ".rsync-filter" || kind === ".rules") lines.push(modernRule(random, names, "file").text);
    else
      lines.push(
        kind === ".excludes" ? randomPattern(random, names) : randomPattern(random, names).replace(/\s/g, "?"),
      );
    if (random.chance(0.1)) lines.push(random.pick(["# comment", "; comment", "", "!"]));
  }
  const separator = kind === ".words" || kind === ".cvsignore" ? random.pick([" ", "\n", "\t"]) : "\n";
  return byteName(lines.join(separator) + (random.chance(0.8) ? "\n" : ""));
}

/** A pattern that has a fair chance to match one of the names. */
export function randomPattern(random: Random, names: readonly ByteName[]): string {
  const path = names.length > 0 ? random.pick(names) : "nothing";
  const base = path.slice(path.lastIndexOf("/") + 1);
  const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : base;
  const dot = base.lastIndexOf(".");
  return random.weighted([
    [6, base],
    [3, `/${path}`],
    [2, path],
    [3, dot > 0 ? `*${base.slice(dot)}` : `*${base.slice(-1)}`],
    [3, `${base.slice(0, 1)}*`],
    [2, `${base}/`],
    [1, `${parent}/***`],
    [1, `${parent}/**`],
    [1, `/${parent}/*`],
    [1, `**/${base}`],
    [1, `**${base.slice(-2)}`],
    [1, base.replace(/[a-m]/, "?")],
    [1, "[a-g]*"],
    [1, "[!a-n]*"],
    [0.5, "[^x-z.]*"],
    [0.5, "*[[:digit:]]"],
    [0.5, "[[:upper:]]*"],
    [0.5, base.replace(/[*?[\\]/g, "\\$&")],
    [0.5, "*/"],
    [0.7, "*"],
    [0.3, "**"],
    [0.3, "???"],
    [0.3, "x[]"],
    [0.3, "*.[ch]"],
    [0.3, "trailing\\"],
  ]);
}

interface Rule {
  readonly text: string;
  readonly covers: readonly string[];
}

const longNames = {
  "-": "exclude",
  "+": "include",
  H: "hide",
  S: "show",
  P: "protect",
  R: "risk",
  ".": "merge",
  ":": "dir-merge",
} as const;

/** A rule in modern syntax, short or long. Rules inside files name no further merge files. */
function modernRule(random: Random, names: readonly ByteName[], place: "option" | "file"): Rule {
  if (random.chance(0.08)) return { text: random.pick(["!", "clear"]), covers: ["rule clear"] };
  const letter = random.weighted<"-" | "+" | "H" | "S" | "P" | "R">([
    [6, "-"],
    [4, "+"],
    [place === "file" ? 0.7 : 2, "H"],
    [place === "file" ? 0.7 : 1.5, "S"],
    [place === "file" ? 0.7 : 2.5, "P"],
    [place === "file" ? 0.7 : 1.5, "R"],
  ]);
  const sided = letter === "-" || letter === "+";
  const modifiers = random
    .sample(
      ["/", "!", "p", ...(sided && place === "option" ? ["s", "r", "x", "x"] : [])],
      random.weighted([
        [6, 0],
        [3, 1],
        [1, 2],
      ]),
    )
    .join("");
  const pattern = modifiers.includes("x")
    ? random.pick(["user.a*", "user.comment", "*"])
    : randomPattern(random, names);
  return { text: ruleText(random, letter, modifiers, pattern), covers: ruleCovers(letter, modifiers) };
}

function ruleText(random: Random, letter: keyof typeof longNames, modifiers: string, pattern: string): string {
  const separator = random.chance(0.85) ? " " : "_";
  const long = random.chance(0.4);
  const name = long ? longNames[letter] : letter;
  const comma = modifiers !== "" && (long || random.chance(0.3)) ? "," : "";
  return `${name}${comma}${modifiers}${pattern === "" ? "" : separator + pattern}`;
}

function ruleCovers(letter: keyof typeof longNames, modifiers: string): string[] {
  return [`rule ${longNames[letter]}`, ...[...modifiers].map((modifier) => `modifier ${modifier}`)];
}

function oneOption(random: Random, names: readonly ByteName[], index: number): SampledOptions {
  const pattern = randomPattern(random, names);
  const choose = random.weighted<() => SampledOptions>([
    [5, () => option([`--exclude=${pattern}`], ["--exclude"])],
    [
      3,
      () => option([`--include=${pattern}`, `--exclude=${randomPattern(random, names)}`], ["--include", "--exclude"]),
    ],
    [
      0.7,
      () => option([random.pick([`--include=- ${pattern}`, `--exclude=+ ${pattern}`, "--exclude=!"])], ["old prefix"]),
    ],
    [9, () => filterOption(random, modernRule(random, names, "option"))],
    [4, () => mergeOption(random, names, index)],
    [5, () => directoryMergeOption(random)],
    [1.6, () => option(["-F"], ["-F"])],
    [1.6, () => option(["-FF"], ["-FF"])],
    [2, () => option([random.pick(["-C", "--cvs-exclude"])], ["-C"])],
    [0.7, () => option(["-f-C"], ["rule exclude", "modifier C"])],
    [2.5, () => fromFileOption(random, names, index, "exclude")],
    [2, () => fromFileOption(random, names, index, "include")],
    [0.3, () => option(["--filter=bogus rule"], ["bad rule"])],
    [0.2, () => option(["--exclude-from=no-such-file"], ["missing rule file"])],
  ]);
  return choose();
}

function option(
  texts: readonly string[],
  covers: readonly string[],
  files: readonly SupportFile[] = [],
): SampledOptions {
  return { argv: texts.map(byteName), files, covers };
}

function filterOption(random: Random, rule: Rule): SampledOptions {
  return random.chance(0.5)
    ? option([`--filter=${rule.text}`], ["--filter", ...rule.covers])
    : option(["-f", rule.text], ["--filter", ...rule.covers]);
}

function mergeOption(random: Random, names: readonly ByteName[], index: number): SampledOptions {
  const modifiers = random.weighted([
    [4, ""],
    [2, "-"],
    [2, "+"],
    [1, "C"],
    [1, "w"],
    [1, "s"],
    [1, "r"],
    [1, "p"],
    [1, "/"],
    [1, "-w"],
    [1, "e"],
    [1, "n-"],
  ]);
  const plain = /[-+C]/.test(modifiers);
  const words = /[wC]/.test(modifiers);
  const lines: string[] = [];
  for (let count = random.between(1, 4); count > 0; count--) {
    const text = plain ? randomPattern(random, names) : modernRule(random, names, "file").text;
    lines.push(words ? (plain ? text : text.replace(" ", "_")).replace(/\s/g, "?") : text);
  }
  const name = `rules${index}`;
  const file = { name: byteName(name), text: byteName(`${lines.join("\n")}\n`) };
  const rule = { text: ruleText(random, ".", modifiers, name), covers: ruleCovers(".", modifiers) };
  const filter = filterOption(random, rule);
  return { ...filter, files: [file] };
}

function directoryMergeOption(random: Random): SampledOptions {
  const kind = random.pick<FilterFileKind>([".rsync-filter", ".cvsignore", ".rules", ".excludes", ".words"]);
  const base = {
    ".rsync-filter": "",
    ".rules": "",
    ".excludes": random.pick(["-", "-", "+"]),
    ".cvsignore": "C",
    ".words": "w-",
  }[kind];
  const extra = random
    .sample(
      ["e", "n", "p", "s", "r", "/"],
      random.weighted([
        [5, 0],
        [3, 1],
        [1, 2],
      ]),
    )
    .join("");
  const bare = kind === ".cvsignore" && random.chance(0.5);
  const name = bare ? "" : (random.chance(0.1) ? "/" : "") + kind;
  return filterOption(random, {
    text: ruleText(random, ":", base + extra, name),
    covers: ruleCovers(":", base + extra),
  });
}

function fromFileOption(
  random: Random,
  names: readonly ByteName[],
  index: number,
  kind: "exclude" | "include",
): SampledOptions {
  const lines: string[] = [];
  for (let count = random.between(1, 5); count > 0; count--) {
    lines.push(random.pick(["", "", "", "- ", "+ "]) + randomPattern(random, names));
    if (random.chance(0.15)) lines.push(random.pick(["# comment", "; comment", "", "!"]));
  }
  const ending = random.weighted([
    [6, "\n"],
    [1, "\r\n"],
    [1, "\r"],
  ]);
  const name = `from${index}`;
  return option(
    [`--${kind}-from=${name}`],
    [`--${kind}-from`],
    [{ name: byteName(name), text: byteName(lines.join(ending) + ending) }],
  );
}
