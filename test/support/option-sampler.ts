/**
 * Random sets of the options of a local run, with valid (and a few invalid) arguments, weighted so that each option
 * appears in at least one per cent of the cases. `covers` counts what was sampled.
 */
import { type ByteName, byteName, joinName } from "../../src/bytes/byte-name.ts";
import type { Random } from "./random.ts";
import type { SampledOptions } from "./random-filters.ts";
import { randomFilterOptions } from "./random-filters.ts";
import { randomOutputOptions } from "./random-output-options.ts";

/** Everything but source and destination arguments. */
export interface SampledRun extends SampledOptions {
  readonly relative: boolean;
  readonly dryRun: boolean;
}

/** A random option set; `names` are paths of the source tree, `root` the absolute working directory. */
export function randomOptions(random: Random, names: readonly ByteName[], root: ByteName): SampledRun {
  const texts: string[] = [];
  const covers: string[] = [];
  const add = (option: string, ...more: string[]): void => {
    texts.push(option, ...more);
    covers.push(coverName(option));
  };
  addSelection(random, add);
  for (const [probability, spellings] of flags) if (random.chance(probability)) add(random.pick(spellings));
  addDeletion(random, add);
  const recursive = covers.some((cover) => ["-a", "-r", "-d"].includes(cover)) && !covers.includes("--no-r");
  if (!recursive && covers.some((cover) => cover.startsWith("--del")) && random.chance(0.8)) add("-r");
  for (const [probability, make] of valued) if (random.chance(probability)) make(random, add, root);
  const filters = random.chance(0.38) ? randomFilterOptions(random, names) : { argv: [], files: [], covers: [] };
  const output = randomOutputOptions(random);
  const options = [...texts.map(byteName), ...output.argv];
  // Order matters for filters after --delete-excluded, so these are put anywhere between the others.
  const split = random.between(0, options.length);
  const safeSplit = options[split - 1] === "-T" ? 0 : split;
  return {
    argv: [...options.slice(0, safeSplit), ...filters.argv, ...options.slice(safeSplit)],
    files: [...filters.files, ...output.files],
    covers: [...new Set([...covers, ...filters.covers, ...output.covers])],
    relative: texts.some((text) => text === "-R" || text === "--relative"),
    dryRun: texts.some((text) => text === "-n" || text === "--dry-run"),
  };
}

type Add = (option: string, ...more: string[]) => void;

/** The name an option is counted under: without its value, long spellings of short options as the short one. */
export function coverName(option: string): string {
  const name = option.startsWith("--") ? option.replace(/=.*/s, "") : option;
  return longSpellings.get(name) ?? name;
}

const longSpellings: ReadonlyMap<string, string> = new Map([
  ["--archive", "-a"],
  ["--recursive", "-r"],
  ["--hard-links", "-H"],
  ["--relative", "-R"],
  ["--dry-run", "-n"],
  ["--update", "-u"],
  ["--checksum", "-c"],
  ["--ignore-times", "-I"],
  ["--whole-file", "-W"],
  ["--no-whole-file", "--no-W"],
  ["--cc", "--checksum-choice"],
  ["--sparse", "-S"],
  ["--backup", "-b"],
  ["--dirs", "-d"],
  ["--omit-dir-times", "-O"],
  ["--prune-empty-dirs", "-m"],
  ["--executability", "-E"],
  ["--del", "--delete-during"],
  ["--ignore-non-existing", "--existing"],
  ["--one-file-system", "-x"],
  ["--copy-links", "-L"],
  ["--copy-dirlinks", "-k"],
  ["--atimes", "-U"],
  ["--omit-link-times", "-J"],
  ["--fuzzy", "-y"],
  ["--keep-dirlinks", "-K"],
  ["--8-bit-output", "-8"],
  ["--old-d", "--old-dirs"],
  ["--no-i-d", "--no-implied-dirs"],
  ["-B1k", "--block-size"],
  ["--time-limit", "--stop-after"],
  ["--no-inc-recursive", "--no-i-r"],
  ["--protect-args", "-s"],
]);

function addSelection(random: Random, add: Add): void {
  const style = random.weighted([
    [62, "archive"],
    [30, "parts"],
    [8, "none"],
  ] as const);
  if (style === "archive") {
    add(random.chance(0.9) ? "-a" : "--archive");
    for (const letter of ["r", "l", "p", "t", "g", "o", "D"]) if (random.chance(0.045)) add(`--no-${letter}`);
    if (random.chance(0.03)) add("--no-devices");
    if (random.chance(0.03)) add("--no-specials");
  } else if (style === "parts") {
    if (random.chance(0.85)) add(random.chance(0.9) ? "-r" : "--recursive");
    for (const letter of ["l", "p", "t", "g", "o", "D"]) if (random.chance(0.55)) add(`-${letter}`);
    if (random.chance(0.06)) add("--devices");
    if (random.chance(0.06)) add("--specials");
  }
}

/** Two different times are an error, so these are seldom combined. */
function addDeletion(random: Random, add: Add): void {
  if (random.chance(0.42)) {
    const forms = [
      "--delete",
      "--delete",
      "--delete-before",
      "--delete-during",
      "--del",
      "--delete-delay",
      "--delete-after",
    ];
    add(random.pick(forms));
    if (random.chance(0.04)) add(random.pick(forms));
  }
  if (random.chance(0.07)) add("--delete-excluded");
}

const flags: readonly (readonly [probability: number, spellings: readonly string[]])[] = [
  [0.3, ["-H", "--hard-links"]],
  [0.2, ["-A"]],
  [0.18, ["-X"]],
  [0.03, ["-XX"]],
  [0.1, ["-S", "--sparse"]],
  [0.05, ["-x", "--one-file-system"]],
  [0.02, ["-xx"]],
  [0.03, ["-L", "--copy-links"]],
  [0.03, ["-k", "--copy-dirlinks"]],
  [0.05, ["--copy-unsafe-links"]],
  [0.05, ["--safe-links"]],
  [0.02, ["--munge-links"]],
  [0.03, ["--copy-devices"]],
  [0.03, ["--ignore-missing-args"]],
  [0.03, ["--delete-missing-args"]],
  [0.05, ["--remove-source-files"]],
  [0.02, ["--remove-sent-files"]],
  [0.03, ["-U", "--atimes"]],
  [0.02, ["-UU"]],
  [0.02, ["--open-noatime"]],
  [0.12, ["-R", "--relative"]],
  [0.05, ["-W", "--whole-file"]],
  [0.3, ["--no-W", "--no-whole-file"]],
  [0.14, ["-n", "--dry-run"]],
  [0.1, ["-u", "--update"]],
  [0.1, ["-c", "--checksum"]],
  [0.06, ["-I", "--ignore-times"]],
  [0.05, ["--size-only"]],
  [0.05, ["--existing", "--ignore-non-existing"]],
  [0.05, ["--ignore-existing"]],
  [0.12, ["-b", "--backup"]],
  [0.08, ["--numeric-ids"]],
  [0.06, ["--force"]],
  [0.05, ["--ignore-errors"]],
  [0.05, ["--partial"]],
  [0.07, ["--inplace"]],
  [0.05, ["-m", "--prune-empty-dirs"]],
  [0.05, ["-d", "--dirs"]],
  [0.06, ["-O", "--omit-dir-times"]],
  [0.07, ["-E", "--executability"]],
  [0.06, ["--no-implied-dirs"]],
  [0.08, ["--no-i-r", "--no-inc-recursive"]],
];

const valued: readonly (readonly [probability: number, make: (random: Random, add: Add, root: ByteName) => void])[] = [
  [
    0.06,
    (random, add, root) =>
      add(
        `--backup-dir=${random.pick(["bk", "bk/deep", "../bk", "../bk/x", joinName(root, byteName("bk")), ".bk", "."])}`,
      ),
  ],
  [
    0.05,
    (random, add) =>
      add(`--suffix=${random.pick([".bak", ".bak", "~", "-old", ".%", random.chance(0.5) ? "" : ".o"])}`),
  ],
  [0.09, (random, add) => add(`--chmod=${randomChmod(random)}`)],
  [
    0.05,
    (random, add) =>
      add(
        `--chown=${random.pick(["daemon", "daemon:daemon", ":nogroup", "1:2", "nobody:12345", "54321:", "nosuchuser"])}`,
      ),
  ],
  [
    0.04,
    (random, add) =>
      add(
        `--usermap=${random.pick(["root:daemon", "0:1,1:0", "*:nobody", "0-10:7,*:8", "12345:daemon", "nosuch:1", "daemon:12345,root:1", "b*:2"])}`,
      ),
  ],
  [
    0.04,
    (random, add) =>
      add(
        `--groupmap=${random.pick(["root:daemon", "0:1,1:0", "*:nogroup", "0-10:7,*:8", "12345:daemon,54321:root"])}`,
      ),
  ],
  [0.04, (random, add) => add(`--max-size=${random.pick(["0", "1", "100", "1k", "1k-1", "64KB", "1m"])}`)],
  [0.04, (random, add) => add(`--min-size=${random.pick(["0", "1", "10", "1k", "20kib"])}`)],
  [0.07, (random, add) => add(`--max-delete=${random.pick([0, 1, 2, 3, 5, 10, 100, -1])}`)],
  [
    0.06,
    (random, add, root) =>
      add(`--partial-dir=${random.pick([".pd", "pd", ".pd/deep", joinName(root, byteName("pd")), "."])}`),
  ],
  [0.07, (random, add) => add(`--block-size=${random.pick([0, 1, 16, 100, 700, 4096, "1k", 131_072])}`)],
  [
    0.08,
    (random, add) => {
      const names = ["md5", "md4", "sha1", "xxh64", "xxh3", "xxh128", "xxhash", "auto", "none", "MD5"];
      const list = random.chance(0.2) ? `,${random.pick(names)}` : "";
      add(`--${random.pick(["checksum-choice", "cc"])}=${random.pick(names)}${list}`);
    },
  ],
  [0.05, (random, add) => add(`--checksum-seed=${random.pick([0, 1, -1, 32_761, 2_147_483_647])}`)],
  [0.05, (random, add) => add(`--modify-window=${random.pick([0, 1, 2, 3600, -1])}`)],
];

function randomChmod(random: Random): string {
  const clause = (): string =>
    random.weighted([
      [2, "D755"],
      [2, "F644"],
      [2, "Dg+s"],
      [2, "u+w,go-rwx"],
      [2, "a+X"],
      [2, "F+x"],
      [2, "ugo=rwX"],
      [1, "F=rw"],
      [1, "D+t"],
      [1, "og-w"],
      [1, "g=u"],
      [1, "o=g,u+s"],
      [1, "F600,Dg=rx"],
      [1, "4755"],
      [1, "=r"],
      [0.5, "a-w,Du+w"],
      [0.3, "bad+z"],
    ]);
  return random.chance(0.7) ? clause() : `${clause()},${clause()}`;
}
