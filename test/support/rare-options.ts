/**
 * The options that neither sampler draws, on top of a case of the whole table: what `--table rare` of run-differential.ts adds. They have a
 * generator of their own, so that no seed of the other tables changes.
 */
import { type ByteName, byteName, joinName } from "../../src/bytes/byte-name.ts";
import { coverName } from "./option-sampler.ts";
import { Random } from "./random.ts";
import type { RunUser } from "./random-attributes.ts";
import { type CommandWords, joinWords, type Scenario } from "./scenario.ts";
import { planWholeScenario } from "./whole-scenario.ts";

interface Rare {
  /** Chance of being drawn, relative to the others. */
  readonly weight: number;
  readonly spellings: (root: ByteName) => readonly string[];
  /** Names that it is not combined with: rsync hangs, breaks down, or refuses both, which docs/differences.md lists. */
  readonly avoids?: readonly string[];
  /** It stores what the others find: without these rsync stores random numbers (docs/differences.md). */
  readonly needsOwners?: boolean;
}

/** A batch in the home folder, where it is not compared. */
const batch = (root: ByteName): string => `${joinName(root, byteName("home/batch"))}`;

const rareOptions: readonly Rare[] = [
  { weight: 4, spellings: () => ["--fake-super"], avoids: ["--copy-as", "--no-o", "--no-g"], needsOwners: true },
  {
    weight: 2,
    spellings: () => ["-M--fake-super", "--remote-option=--fake-super"],
    avoids: ["--copy-as", "--no-o", "--no-g"],
    needsOwners: true,
  },
  {
    weight: 3,
    spellings: () => ["--write-devices"],
    avoids: ["-b", "--backup", "-S", "--preallocate", "--copy-devices"],
  },
  { weight: 3, spellings: () => ["--old-dirs", "--old-d"] },
  {
    weight: 3,
    spellings: () => ["--copy-as=nobody", "--copy-as=daemon:nogroup", "--copy-as=root"],
    avoids: ["--fake-super", "-M--fake-super", "--remote-option"],
  },
  {
    weight: 3,
    spellings: (root) => [`--confine-root=${root}`, `--confine-root=${root}/`, `--confine-root=${root}/dst`],
  },
  {
    weight: 4,
    spellings: (root) => [`--write-batch=${batch(root)}`, `--only-write-batch=${batch(root)}`],
    avoids: ["--checksum-choice", "--compress-choice", "--list-only"],
  },
  { weight: 2, spellings: () => ["--insecure-links", "--no-insecure-links"] },
  { weight: 2, spellings: () => ["--drop-D"] },
  { weight: 3, spellings: () => ["--iconv=UTF-8,UTF-8", "--iconv=UTF-8,ISO-8859-1", "--iconv=.", "--iconv=-"] },
  { weight: 2, spellings: () => ["--max-alloc=1m", "--max-alloc=2g", "--max-alloc=0"] },
  { weight: 2, spellings: () => ["--cvs-exclude", "-C"] },
  { weight: 2, spellings: () => ["-F", "-FF"] },
  { weight: 1, spellings: () => ["--no-munge-links", "--no-fake-super", "--no-write-devices", "--no-old-dirs"] },
];

/** The whole case; `root` is the absolute path of the working directory it will run in. */
export function planRareScenario(seed: number, user: RunUser, root: ByteName): Scenario {
  const base = planWholeScenario(seed, user, root);
  const random = new Random(`rare case ${user}`, seed);
  const known = new Set(base.covers);
  const added: string[] = [];
  for (let count = random.between(1, 2); count > 0; count--) {
    const rare = random.weighted(rareOptions.map((option) => [option.weight, option] as const));
    const spelling = random.pick(rare.spellings(root));
    if (rare.avoids?.some((name) => known.has(name)) === true) continue;
    if (rare.needsOwners === true && !known.has("-a") && !(known.has("-o") && known.has("-g"))) continue;
    added.push(spelling);
    known.add(coverName(spelling));
  }
  const { words } = base;
  const own = added.map(byteName);
  const options = random.chance(0.5) ? [...words.options, ...own] : [...own, ...words.options];
  const all: CommandWords = { ...words, options };
  return { ...base, words: all, argv: joinWords(all), covers: [...known] };
}
