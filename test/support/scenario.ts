/**
 * One differential case as plain data, made from a seed: source trees, destination, options, arguments, environment.
 * Four cases in a row share their source trees, so that these need not be rebuilt for each.
 */
import { type ByteName, byteName, joinName } from "../../src/bytes/byte-name.ts";
import { ageDestination, type DestinationAge } from "./aged-destination.ts";
import { randomOptions } from "./option-sampler.ts";
import { Random } from "./random.ts";
import { addUnder, randomSources, type SourceTrees } from "./random-arguments.ts";
import { type RunUser, randomAttributes, randomContent } from "./random-attributes.ts";
import type { SupportFile } from "./random-filters.ts";
import { randomTree } from "./random-tree.ts";
import { type PlanEntry, plainAttributes, type TreePlan } from "./tree-plan.ts";

/** Seeds per source tree. */
export const casesPerSource = 4;

/** Everything that a case needs, relative to a working directory. */
export interface Scenario {
  readonly seed: number;
  readonly user: RunUser;
  readonly sources: SourceTrees;
  /** What lies in the working directory besides the sources: the destination, if it exists, by its top name. */
  readonly destination: ReadonlyMap<ByteName, TreePlan>;
  readonly files: readonly SupportFile[];
  /** The command line, as `joinWords` puts it together. */
  readonly argv: readonly ByteName[];
  readonly words: CommandWords;
  readonly stdin: ByteName;
  /** Directories on which another file system lies during the run. */
  readonly mounts: readonly ByteName[];
  readonly environment: Readonly<Record<string, string>>;
  readonly umask: number;
  /** Times of access are set before the run and compared after it. */
  readonly accessTimes: boolean;
  /** What the case exercises, for the coverage table. */
  readonly covers: readonly string[];
}

/** The parts of a command line. */
export interface CommandWords {
  readonly options: readonly ByteName[];
  /** `--files-from` and what belongs to it. */
  readonly listOptions: readonly ByteName[];
  readonly sources: readonly ByteName[];
  readonly destination: ByteName | undefined;
  /** The options follow the arguments. */
  readonly optionsLast: boolean;
}

/** The source trees of a case. */
export function planSources(seed: number, user: RunUser, label = "source"): SourceTrees {
  const random = new Random(`${label} ${user}`, Math.floor(seed / casesPerSource));
  const size = random.weighted([
    [1.5, "tiny"],
    [5, "small"],
    [4, "medium"],
    [0.6, "large"],
  ] as const);
  const trees = new Map([[byteName("src"), randomTree(random, user, size)]]);
  trees.set(byteName("src2"), randomTree(random, user, "tiny"));
  return trees;
}

/** The whole case; `root` is the absolute path of the working directory it will run in. */
export function planScenario(seed: number, user: RunUser, root: ByteName): Scenario {
  const sources = planSources(seed, user);
  const random = new Random(`case ${user}`, seed);
  const names = [...(sources.get(byteName("src"))?.keys() ?? [])].filter((path) => path !== "");
  const options = randomOptions(random, names, root);
  const arguments_ = randomSources(random, sources, root, options.relative);
  const target = randomDestination(random, arguments_.mirror, root, user);
  const home = randomHome(random);
  const mounts = random.chance(options.covers.includes("-x") ? 0.6 : 0.015)
    ? randomMounts(random, sources, target.trees)
    : [];
  const noDestination = options.covers.includes("--list-only") && random.chance(0.5);
  const words: CommandWords = {
    options: options.argv,
    listOptions: arguments_.argv,
    sources: arguments_.sources,
    destination: noDestination ? undefined : target.argument,
    optionsLast: random.chance(0.05),
  };
  return {
    seed,
    user,
    sources,
    destination: target.trees,
    files: [...options.files, ...arguments_.files, ...home.files],
    argv: joinWords(words),
    words,
    stdin: arguments_.stdin ?? byteName(""),
    mounts,
    environment: randomEnvironment(random, home),
    umask: randomUmask(random),
    accessTimes: false,
    covers: [
      ...new Set([
        ...options.covers,
        ...arguments_.covers,
        ...target.covers,
        ...(mounts.length > 0 ? ["mount point"] : []),
      ]),
    ],
  };
}

/** The variables of the environment that matter. */
export function randomEnvironment(random: Random, home: SampledHome): Record<string, string> {
  return {
    LC_ALL: random.chance(0.85) ? "C.UTF-8" : "C",
    TZ: random.pick(["UTC", "UTC", "America/St_Johns"]),
    ...home.environment,
  };
}

/** The creation mask of the run. */
export function randomUmask(random: Random): number {
  return random.weighted([
    [8, 0o022],
    [1, 0o077],
    [1, 0o002],
    [1, 0],
  ]);
}

/** One or two directories of the source or the destination. */
export function randomMounts(
  random: Random,
  sources: SourceTrees,
  destination: ReadonlyMap<ByteName, TreePlan>,
): ByteName[] {
  const candidates = (trees: ReadonlyMap<ByteName, TreePlan>): ByteName[] =>
    [...trees].flatMap(([top, plan]) =>
      [...plan]
        .filter(([path, { node }]) => path !== "" && node.kind === "directory")
        .map(([path]) => joinName(top, path)),
    );
  const chosen = [
    ...random.sample(candidates(sources), 1),
    ...random.sample(candidates(destination), random.between(0, 1)),
  ];
  return random.sample(chosen, random.between(1, 2));
}

/** The same case with more options, each a word; all others come behind them. */
export function withOptions(scenario: Scenario, more: readonly string[]): Scenario {
  if (more.length === 0) return scenario;
  const words = { ...scenario.words, options: [...more.map(byteName), ...scenario.words.options] };
  return { ...scenario, words, argv: joinWords(words), covers: [...more, ...scenario.covers] };
}

/** The command line of these parts. */
export function joinWords({ options, listOptions, sources, destination, optionsLast }: CommandWords): ByteName[] {
  const operands = [...listOptions, ...sources, ...(destination === undefined ? [] : [destination])];
  return optionsLast ? [...operands, ...options] : [...options, ...operands];
}

/** What rsync looks for outside of its arguments. */
export interface SampledHome {
  readonly files: readonly SupportFile[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Patterns of the user's own, or none. */
export function randomHome(random: Random): SampledHome {
  const files: SupportFile[] = [];
  if (random.chance(0.2)) files.push({ name: byteName("home/.cvsignore"), text: byteName("*.bak z.tmp\n") });
  return { files, environment: random.chance(0.15) ? { CVSIGNORE: "x log.*" } : {} };
}

/** A destination argument, and what lies there. */
export interface SampledDestination {
  readonly argument: ByteName;
  readonly trees: ReadonlyMap<ByteName, TreePlan>;
  readonly covers: readonly string[];
}

/** A destination for what would be copied (`mirror`). */
export function randomDestination(random: Random, mirror: TreePlan, root: ByteName, user: RunUser): SampledDestination {
  const age = random.weighted<DestinationAge>([
    [12, "none"],
    [6, "empty"],
    [9, "copy"],
    [73, "aged"],
  ]);
  const form = random.weighted([
    [12, "dst/"],
    [5, "dst"],
    [0.8, "dst/sub"],
    [0.5, "dst/sub/"],
    [0.3, "dst/deep/er/"],
    [0.6, "file"],
    [0.4, "fifo"],
    [0.5, "link"],
    [0.7, "absolute"],
  ] as const);
  const top = byteName("dst");
  const covers = [`destination ${age}`, `destination form ${form}`];
  if (form === "file" || form === "fifo") {
    const node: PlanEntry["node"] =
      form === "file" ? { kind: "file", content: randomContent(random) } : { kind: "fifo" };
    const entry = { node, attributes: randomAttributes(random, node.kind, user) };
    return { argument: top, trees: new Map([[top, new Map([[byteName(""), entry]])]]), covers };
  }
  const sub = form === "dst/sub" || form === "dst/sub/";
  const placed = new Map<ByteName, PlanEntry>();
  addUnder(placed, mirror, byteName(sub ? "sub" : ""));
  const plan = ageDestination(random, placed, age, user);
  const trees = new Map<ByteName, TreePlan>();
  if (plan !== undefined) trees.set(top, plan);
  if (form === "link") {
    const link: PlanEntry = { node: { kind: "symlink", target: top }, attributes: plainAttributes(0o777) };
    trees.set(byteName("link"), new Map([[byteName(""), link]]));
    return { argument: byteName(random.pick(["link", "link/"])), trees, covers };
  }
  return { argument: form === "absolute" ? byteName(`${root}/dst/`) : byteName(form), trees, covers };
}
