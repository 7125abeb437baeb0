/**
 * One case of `--table whole`: what the main sampler draws, the options that it leaves out on top, and trees that these
 * options reach (whole-options.ts, whole-trees.ts).
 */
import { type ByteName, byteName, joinName } from "../../src/bytes/byte-name.ts";
import { randomOptions } from "./option-sampler.ts";
import { Random } from "./random.ts";
import { randomFilesFrom, randomSources, type SampledSources } from "./random-arguments.ts";
import type { RunUser } from "./random-attributes.ts";
import type { SupportFile } from "./random-filters.ts";
import {
  type CommandWords,
  casesPerSource,
  joinWords,
  planSources,
  randomDestination,
  randomEnvironment,
  randomHome,
  randomMounts,
  randomUmask,
  type SampledDestination,
  type Scenario,
} from "./scenario.ts";
import type { PlanEntry, TreePlan } from "./tree-plan.ts";
import { randomExtraOptions, randomHarmlessOptions } from "./whole-options.ts";
import { addLeftover, enrichSources, randomAlternateTrees, shapeDestination, shareFiles } from "./whole-trees.ts";

const mainTree = byteName("src");
const target = byteName("dst");

/** The whole case; `root` is the absolute path of the working directory it will run in. */
export function planWholeScenario(seed: number, user: RunUser, root: ByteName): Scenario {
  const shared = new Random(`whole source ${user}`, Math.floor(seed / casesPerSource));
  const sources = enrichSources(shared, planSources(seed, user, "whole source tree"), root, user);
  const random = new Random(`whole case ${user}`, seed);
  const plan = sources.get(mainTree) ?? new Map<ByteName, PlanEntry>();
  const names = [...plan.keys()].filter((path) => path !== "");
  const base = randomOptions(random, names, root);
  const extra = randomExtraOptions(random, base.covers, root, user);
  const harmless = randomHarmlessOptions(new Random(`whole harmless ${user}`, seed));
  const relative = base.relative || extra.covers.includes("-R");
  const nulTerminated = random.chance(0.03);
  const covers = new Set([...base.covers, ...extra.covers, ...(nulTerminated ? ["--from0"] : [])]);
  const drawn = random.chance(0.05)
    ? randomFilesFrom(random, plan, relative)
    : randomSources(random, sources, root, relative);
  const missing = addMissingArguments(random, drawn, covers, relative);
  const destination = extraDestination(random, randomDestination(random, drawn.mirror, root, user), covers);
  // rsync 3.5.0 appends to nothing when it finds the old part in another directory: the file begins with zeros.
  const appends = covers.has("--append") || covers.has("--append-verify");
  // In a dry run it looks for directories that are not made to copy attributes to.
  const fails = appends || (base.dryRun && (covers.has("-X") || covers.has("-XX")));
  const alternates =
    random.chance(0.2) && !fails
      ? randomAlternates(random, drawn.mirror, destination, covers, root, user)
      : noAlternates;
  const home = randomHome(random);
  const mounts = random.chance(covers.has("-x") || covers.has("-xx") ? 0.6 : 0.015)
    ? randomMounts(random, sources, destination.trees)
    : [];
  const options = random.chance(0.5) ? [...extra.argv, ...base.argv] : [...base.argv, ...extra.argv];
  const allOptions = [
    ...harmless.argv,
    ...options,
    ...alternates.argv,
    ...(nulTerminated ? [byteName("--from0")] : []),
    ...harmless.last,
  ];
  const noDestination = covers.has("--list-only") && random.chance(0.5);
  const trees = new Map(alternates.trees);
  for (const [name, tree] of destination.trees) {
    let shaped = name === target ? shapeDestination(random, tree, drawn.mirror, covers, user) : tree;
    for (const [alternate, other] of alternates.trees) {
      if (name === target && random.chance(0.3)) shaped = shareFiles(random, shaped, alternate, other);
    }
    trees.set(name, name === target ? withLeftovers(random, shaped, missing.leftovers, user) : shaped);
  }
  if (covers.has("--temp-dir")) trees.set(byteName("tmp"), temporaryDirectory(user));
  const files = [...base.files, ...drawn.files, ...home.files];
  const words: CommandWords = {
    options: allOptions,
    listOptions: drawn.argv,
    sources: missing.sources,
    destination: noDestination ? undefined : destination.argument,
    optionsLast: random.chance(0.05),
  };
  return {
    ...{ seed, user, sources, destination: trees, mounts },
    files: nulTerminated ? files.map(nulEnded) : files,
    argv: joinWords(words),
    words,
    stdin: drawn.stdin ?? byteName(""),
    environment: randomEnvironment(random, home),
    umask: randomUmask(random),
    accessTimes: ["-U", "-UU", "--open-noatime"].some((name) => covers.has(name)),
    covers: [
      ...new Set([
        ...covers,
        ...harmless.covers,
        ...drawn.covers,
        ...missing.covers,
        ...destination.covers,
        ...alternates.covers,
      ]),
      ...(mounts.length > 0 ? ["mount point"] : []),
    ],
  };
}

/** Rules and names that --from0 can tell apart. */
function nulEnded(file: SupportFile): SupportFile {
  return /^(from|rules|list)/.test(file.name)
    ? { ...file, text: byteName(file.text.replace(/\r?\n|\r/g, "\0")) }
    : file;
}

/** Names that are not there, and where they would lie in the destination. */
function addMissingArguments(
  random: Random,
  drawn: SampledSources,
  covers: ReadonlySet<string>,
  relative: boolean,
): { sources: ByteName[]; leftovers: ByteName[]; covers: string[] } {
  const sources = [...drawn.sources];
  const leftovers: ByteName[] = [];
  const wanted = covers.has("--ignore-missing-args") || covers.has("--delete-missing-args");
  if (!wanted || !random.chance(0.8)) return { sources, leftovers, covers: [] };
  if (drawn.covers.includes("--files-from")) return { sources, leftovers: [byteName("no-such-name")], covers: [] };
  for (let made = random.between(1, 2); made > 0; made--) {
    const name = random.pick(["gone", "gone-too", "extra", "x/gone", "gone/"]);
    sources.splice(random.between(0, sources.length), 0, byteName(`src/${name}`));
    const plain = name.replace(/\/$/, "");
    leftovers.push(byteName(relative ? `src/${plain}` : plain.slice(plain.lastIndexOf("/") + 1)));
  }
  return { sources, leftovers, covers: ["source missing"] };
}

function withLeftovers(random: Random, plan: TreePlan, leftovers: readonly ByteName[], user: RunUser): TreePlan {
  const result = new Map(plan);
  for (const path of leftovers) if (random.chance(0.8)) addLeftover(random, result, path, user);
  return result;
}

/** With --mkpath, mostly a destination whose parents are missing. */
function extraDestination(random: Random, drawn: SampledDestination, covers: ReadonlySet<string>): SampledDestination {
  if (!covers.has("--mkpath") || !random.chance(0.6)) return drawn;
  const argument = byteName(random.pick(["new/deep/er/", "new/deep/er", "dst/new/er/", "dst/new/er", "new/"]));
  return { ...drawn, argument };
}

interface Alternates {
  readonly argv: readonly ByteName[];
  readonly trees: ReadonlyMap<ByteName, TreePlan>;
  readonly covers: readonly string[];
}

const noAlternates: Alternates = { argv: [], trees: new Map(), covers: [] };

function randomAlternates(
  random: Random,
  mirror: TreePlan,
  { argument }: SampledDestination,
  covers: ReadonlySet<string>,
  root: ByteName,
  user: RunUser,
): Alternates {
  const option = random.pick(["--compare-dest", "--copy-dest", "--link-dest", "--link-dest"]);
  const trees = randomAlternateTrees(random, mirror, covers, user);
  const relative = argument.startsWith("/") ? "dst" : argument.replace(/\/$/, "");
  const up = "../".repeat(relative.split("/").length);
  const names = [...trees.keys()];
  if (random.chance(0.06)) names.push(byteName("no-such-alternate"));
  const argv = names.map((name) => {
    const path = random.chance(0.4) ? joinName(root, name) : `${up}${name}`;
    // Two kinds at once are refused.
    const kind = random.chance(0.01) ? "--copy-dest" : option;
    return byteName(`${kind}=${path}${random.chance(0.15) ? "/" : ""}`);
  });
  const several = names.length > 1 ? ["several alternates"] : [];
  return { argv, trees, covers: argv.length > 0 ? [option, ...several] : [] };
}

function temporaryDirectory(user: RunUser): TreePlan {
  const uid = user === "root" ? 0 : 65_534;
  const attributes = { mode: 0o755, uid, gid: uid, mtime: 1_600_000_000_000_000_000n, xattrs: new Map() };
  return new Map([[byteName(""), { node: { kind: "directory" as const }, attributes }]]);
}
