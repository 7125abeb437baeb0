/**
 * Random cases for the filter engine: a tree of files with per-directory rule files on both sides, and filter
 * arguments of every kind. Aimed at the rules of 2-file-list 1.2 to 1.9 rather than at whole runs.
 */
import { type ByteName, byteName } from "../../src/bytes/byte-name.ts";
import type { FilterArgument } from "../../src/filter/compile-filters.ts";
import type { Random } from "./random.ts";

/** A tree: contents of files by path; directories end with a slash and have empty content. */
export type FilterTree = ReadonlyMap<string, string>;

/** One case. */
export interface FilterCase {
  readonly source: FilterTree;
  readonly destination: FilterTree;
  /** Files outside of the trees that rules name, by name. */
  readonly operatorFiles: ReadonlyMap<string, string>;
  readonly args: readonly FilterArgument[];
  readonly deleteExcluded: boolean;
  readonly nulTerminated: boolean;
  readonly homeIgnore: string | undefined;
  readonly cvsIgnore: string | undefined;
}

const directories = ["a/", "a/b/", "a/b/a/", "c.d/", "c.d/a/", "foo/", "foo/bar/", "foo/bar/c.d/", "x/", "x/foo/"];
const names = ["a", "b", "ab", "foo", "bar", "x.o", "y.o", "core", "A1", "-", "[x]", "a-b", "sp ace", "n~", "Z.bak"];
const mergeNames = [".f", ".g", ".rsync-filter", ".cvsignore"];

/** The case of a random stream. */
export function randomFilterCase(random: Random): FilterCase {
  const nulTerminated = random.chance(0.05);
  const all = new Set<string>();
  for (const directory of ["", ...directories]) {
    for (const name of random.sample(names, random.between(1, 5))) {
      if (!directories.includes(`${directory}${name}/`)) all.add(directory + name);
    }
  }
  const operatorFiles = new Map<string, string>();
  const context: Context = { random, nulTerminated, operatorFiles, inFile: false };
  const source = randomTree(context, all, 0.75);
  const destination = randomTree(context, all, 0.75);
  for (const path of destination.keys()) if (random.chance(0.3) && !path.endsWith("/")) source.delete(path);
  const args: FilterArgument[] = [];
  for (
    let count = random.weighted([
      [3, 1],
      [4, 2],
      [3, 3],
      [2, 5],
    ]);
    count > 0;
    count--
  )
    args.push(...randomArgument(context));
  return {
    source,
    destination,
    operatorFiles,
    args,
    deleteExcluded: random.chance(0.12),
    nulTerminated,
    homeIgnore: random.chance(0.3) ? words(context) : undefined,
    cvsIgnore: random.chance(0.3) ? words(context) : undefined,
  };
}

interface Context {
  readonly random: Random;
  readonly nulTerminated: boolean;
  readonly operatorFiles: Map<string, string>;
  readonly inFile: boolean;
}

function randomTree(context: Context, all: ReadonlySet<string>, share: number): Map<string, string> {
  const { random } = context;
  const tree = new Map<string, string>();
  const kept = directories.filter((path) => random.chance(0.9) && path !== "");
  for (const path of kept) {
    const parent = path.slice(0, path.lastIndexOf("/", path.length - 2) + 1);
    if (parent === "" || tree.has(parent)) tree.set(path, "");
  }
  for (const path of all) {
    const parent = path.slice(0, path.lastIndexOf("/") + 1);
    if ((parent === "" || tree.has(parent)) && random.chance(share)) tree.set(path, "");
  }
  for (const directory of ["", ...tree.keys()]) {
    if (directory !== "" && !directory.endsWith("/")) continue;
    for (const name of mergeNames) {
      if (random.chance(0.25)) tree.set(directory + name, mergeFile({ ...context, inFile: true }, name));
    }
  }
  return tree;
}

function mergeFile(context: Context, name: string): string {
  const { random } = context;
  if (name === ".cvsignore") return words(context);
  const lines: string[] = [];
  for (let count = random.between(1, 4); count > 0; count--) {
    lines.push(
      random.weighted<() => string>([
        [14, () => modernRule(context, ["-", "+"])],
        [2, () => modernRule(context, ["H", "S", "P", "R"])],
        [0.6, () => random.pick(["!", "clear"])],
        [0.6, () => random.pick(["# note", "; note", ""])],
        [
          0.8,
          () =>
            `${random.pick([":", "dir-merge,", ":n", ":e", ":-", ":p", ":/"])} ${random.pick([".g", ".h", "/.g", ".f", "a/.g"])}`,
        ],
        [0.3, () => random.pick([":C", "-C", "-Cp"])],
        [0.25, () => `. ${random.pick([".g", ".g", ".cvsignore", "../.g", "./.g", "../.f"])}`],
        [0.1, () => random.pick(["bogus", "-q x", "! x", "- "])],
      ])(),
    );
  }
  const end = context.nulTerminated
    ? "\0"
    : random.weighted([
        [8, "\n"],
        [1, "\r\n"],
        [1, "\r"],
      ]);
  return lines.join(end) + (random.chance(0.8) ? end : "");
}

function words(context: Context): string {
  const { random } = context;
  const list: string[] = [];
  for (let count = random.between(1, 4); count > 0; count--) list.push(pattern(context).replace(/\s/g, "?"));
  if (random.chance(0.15)) list.push("!");
  return random.sample(list, list.length).join(random.pick([" ", "\n", "\t", "  "]));
}

/** A pattern with a fair chance to match. */
function pattern(context: Context): string {
  const { random } = context;
  const path = random.chance(0.5)
    ? random.pick(directories) + random.pick(names)
    : random.pick(directories).slice(0, -1);
  const base = path.slice(path.lastIndexOf("/") + 1);
  const parts = path.split("/");
  const tail = parts.slice(random.between(0, parts.length - 1)).join("/");
  const text = random.weighted<() => string>([
    [6, () => base],
    [4, () => tail],
    [3, () => `/${path}`],
    [2, () => `/${tail}`],
    [1, () => `/${parts[0]}`],
    [3, () => `*${base.slice(-1)}`],
    [3, () => `${base.slice(0, 1)}*`],
    [2, () => mutate(random, tail)],
    [2, () => mutate(random, `/${path}`)],
    [1, () => mutate(random, `**/${tail}`)],
    [1, () => `${parts[0]}/**`],
    [1, () => `${tail}/***`],
    [1, () => `/${parts[0]}/**/${base}`],
    [1, () => `**${base.slice(-2)}`],
    [1, () => `${parts[0]}**${base}`],
    [
      1,
      () => random.pick(["*", "**", "***", "?", "??", "/", "//", "*/*", "/*/*", "**/", "/**", "/***", "*?", "[a-f]"]),
    ],
    [2, () => randomSet(random) + random.pick(["", "*", "?", "b"])],
    [1, () => `*${randomSet(random)}`],
    [0.5, () => base.replace(/[*?[\\]/g, "\\$&")],
    [0.5, () => random.pick(["x\\", "*\\", "[", "[a", "*[", "a\\b*", "\\a*", "[]", "[!]", "[^]", "*[[:foo:]]"])],
  ])();
  return text + (random.chance(0.15) ? "/" : "");
}

function mutate(random: Random, text: string): string {
  const at = random.between(0, text.length - 1);
  const span = random.between(1, 2);
  const put = random.pick(["*", "?", "**", randomSet(random), "*?", "?*", "***"]);
  return text.slice(0, at) + put + text.slice(at + span);
}

/** A bracket set, often odd or broken. */
function randomSet(random: Random): string {
  const items = [
    "a",
    "-",
    "c-e",
    "]",
    "!",
    "^",
    "[:alpha:]",
    "[:digit:]",
    "[:upper:]",
    "[:x",
    "[:]",
    "\\]",
    "\\a",
    "o",
    "a-",
    "[",
    ":",
    "x-\\z",
    "/",
    "z-a",
  ];
  let set = random.pick(["", "", "", "!", "^"]);
  for (let count = random.between(1, 4); count > 0; count--) set += random.pick(items);
  return `[${set}${random.chance(0.97) ? "]" : ""}`;
}

const longNames: Readonly<Record<string, string>> = {
  "-": "exclude",
  "+": "include",
  H: "hide",
  S: "show",
  P: "protect",
  R: "risk",
  ".": "merge",
  ":": "dir-merge",
};

function modernRule(context: Context, letters: readonly string[]): string {
  const { random } = context;
  const letter = random.pick(letters);
  const sided = letter === "-" || letter === "+";
  const pool = sided ? ["/", "!", "p", "s", "r"] : ["/", "!", "p"];
  const modifiers = random
    .sample(
      pool,
      random.weighted([
        [7, 0],
        [3, 1],
        [1, 2],
      ]),
    )
    .join("");
  const patternText =
    modifiers.includes("/") && random.chance(0.3) ? `**/${pattern(context).replace(/^\//, "")}` : pattern(context);
  return rule(random, letter, modifiers, patternText);
}

function rule(random: Random, letter: string, modifiers: string, text: string): string {
  const long = random.chance(0.2);
  const comma = modifiers !== "" && (long || random.chance(0.2)) ? "," : "";
  const argument = text === "" ? "" : (random.chance(0.85) ? " " : "_") + text;
  return `${long ? longNames[letter] : letter}${comma}${modifiers}${argument}`;
}

function randomArgument(context: Context): FilterArgument[] {
  const { random } = context;
  const one = (kind: FilterArgument["kind"], text: string): FilterArgument[] => [
    { kind, text: byteName(text) as ByteName },
  ];
  return random.weighted<() => FilterArgument[]>([
    [5, () => one("exclude", random.pick(["", "", "", "- ", "+ "]) + pattern(context))],
    [4, () => one("include", pattern(context))],
    [10, () => one("filter", modernRule(context, ["-", "-", "+", "H", "S", "P", "R"]))],
    [9, () => one("filter", directoryMerge(random))],
    [3, () => one("filter", mergeArgument(context))],
    [2, () => one(random.pick(["exclude-from", "include-from"]), operatorFile(context, "old"))],
    [1, () => one("cvs", "")],
    [0.7, () => one("filter", random.pick(["-C", "+C", "-Cs", "-Cr", "-C!", ":C", ":sC"]))],
    [0.7, () => one(random.pick(["filter", "exclude"]), "!")],
  ])();
}

function directoryMerge(random: Random): string {
  const file = random.weighted([
    [5, ".f"],
    [2, ".g"],
    [1, "/.f"],
    [1, "../.f"],
    [1, "../../.g"],
    [2, ".rsync-filter"],
    [0.5, ".f/"],
    [2, ".cvsignore"],
  ]);
  const base =
    file === ".cvsignore"
      ? random.pick(["C", "w-", "-w", "+w"])
      : random.weighted([
          [8, ""],
          [1, "-"],
          [1, "+"],
        ]);
  const extra = random
    .sample(
      ["e", "n", "p", "s", "r", "/", "x"],
      random.weighted([
        [5, 0],
        [3, 1],
        [2, 2],
      ]),
    )
    .join("");
  return rule(random, ":", base + extra, file);
}

function mergeArgument(context: Context): string {
  const { random } = context;
  const modifiers = random.weighted([
    [4, ""],
    [2, "-"],
    [2, "+"],
    [1, "C"],
    [1, "s"],
    [1, "r"],
    [1, "p"],
    [1, "/"],
    [1, "-w"],
    [1, "e"],
  ]);
  const style = /[wC]/.test(modifiers) ? "words" : /[-+]/.test(modifiers) ? "plain" : "modern";
  return rule(random, ".", modifiers, operatorFile(context, style));
}

function operatorFile(context: Context, style: "old" | "words" | "plain" | "modern"): string {
  const { random, operatorFiles } = context;
  const name = `rules${operatorFiles.size}`;
  const end = context.nulTerminated ? "\0" : "\n";
  const lines: string[] = [];
  operatorFiles.set(name, "");
  if (style === "words") operatorFiles.set(name, words(context));
  else {
    for (let count = random.between(1, 4); count > 0; count--) {
      const nested = operatorFiles.size < 4 && random.chance(0.1);
      if (style === "old") lines.push(random.pick(["", "", "- ", "+ "]) + pattern(context));
      else if (style === "plain") lines.push(pattern(context));
      else if (nested) lines.push(random.chance(0.5) ? directoryMerge(random) : mergeArgument(context));
      else lines.push(modernRule(context, ["-", "-", "+", "H", "P", "R"]));
    }
    operatorFiles.set(name, lines.join(end) + end);
  }
  return name;
}
