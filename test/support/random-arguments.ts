/**
 * Random source and destination arguments, and the copy that each would make of the planned trees, which is what an
 * aged destination starts from (2-file-list 9.1, 9.4).
 */
import { type ByteName, baseName, byteName, directoryName, joinName } from "../../src/bytes/byte-name.ts";
import type { Random } from "./random.ts";
import type { SupportFile } from "./random-filters.ts";
import { type PlanEntry, subPlan, type TreePlan } from "./tree-plan.ts";

/** The source trees of a scenario by top-level name. */
export type SourceTrees = ReadonlyMap<ByteName, TreePlan>;

/** Source arguments and what they mean. */
export interface SampledSources {
  readonly sources: readonly ByteName[];
  /** Options that belong to them (`--files-from`). */
  readonly argv: readonly ByteName[];
  readonly files: readonly SupportFile[];
  readonly stdin: ByteName | undefined;
  /** What a full copy of them would be, roughly. */
  readonly mirror: TreePlan;
  readonly covers: readonly string[];
}

/** Random source arguments; `root` is the absolute path of the working directory. */
export function randomSources(random: Random, trees: SourceTrees, root: ByteName, relative: boolean): SampledSources {
  const main = byteName("src");
  const plan = trees.get(main) ?? new Map<ByteName, PlanEntry>();
  if (random.chance(0.06)) return randomFilesFrom(random, plan, relative);
  const sampler = new ArgumentSampler(random, trees, root, relative);
  const count = random.weighted([
    [8, 1],
    [1.6, 2],
    [0.6, 3],
  ]);
  for (let made = 0; made < count; made++) sampler.add(made > 0);
  if (random.chance(0.05)) sampler.addMissing();
  if (random.chance(0.02)) sampler.addRepeat();
  const several = sampler.sources.length > 1 ? ["several sources"] : [];
  return {
    sources: sampler.sources,
    argv: [],
    files: [],
    stdin: undefined,
    mirror: sampler.mirror,
    covers: [...sampler.covers, ...several],
  };
}

function pathsOf(plan: TreePlan, wanted: "directory" | "other" | "any"): ByteName[] {
  const found: ByteName[] = [];
  for (const [path, { node }] of plan) {
    if (path !== "" && (wanted === "any" || (node.kind === "directory") === (wanted === "directory"))) found.push(path);
  }
  return found;
}

class ArgumentSampler {
  readonly sources: ByteName[] = [];
  readonly mirror = new Map<ByteName, PlanEntry>();
  readonly covers: string[] = [];
  readonly #random: Random;
  readonly #trees: SourceTrees;
  readonly #root: ByteName;
  readonly #relative: boolean;

  constructor(random: Random, trees: SourceTrees, root: ByteName, relative: boolean) {
    this.#random = random;
    this.#trees = trees;
    this.#root = root;
    this.#relative = relative;
  }

  add(further: boolean): void {
    const random = this.#random;
    const tree = further && random.chance(0.6) ? byteName("src2") : byteName("src");
    const plan = this.#trees.get(tree);
    if (plan === undefined) return;
    const directories = pathsOf(plan, "directory");
    const others = pathsOf(plan, "other");
    const choose = random.weighted<() => void>([
      [further ? 4 : 12, () => this.#whole(tree, plan, "/", "source dir/")],
      [4, () => this.#whole(tree, plan, "", "source dir")],
      [0.8, () => this.#whole(tree, plan, "/.", "source dir/.")],
      [0.5, () => this.#whole(tree, plan, "//", "source dir/")],
      [
        directories.length > 0 ? 3 : 0,
        () => this.#part(tree, plan, random.pick(directories), random.pick(["", "/"]), "source sub-directory"),
      ],
      [
        others.length > 0 ? (further ? 4 : 2) : 0,
        () => this.#part(tree, plan, random.pick(others), random.chance(0.08) ? "/" : "", "source file"),
      ],
    ]);
    choose();
  }

  addMissing(): void {
    const missing = this.#random.pick(["src/no-such", "no-such/", "src/no-such-dir/", "src/x/y/z", "src/-missing*"]);
    const position = this.#random.between(0, this.sources.length);
    this.sources.splice(position, 0, byteName(missing));
    this.covers.push("source missing");
  }

  addRepeat(): void {
    this.sources.push(this.#random.pick(this.sources));
    this.covers.push("source repeated");
  }

  #whole(tree: ByteName, plan: TreePlan, ending: string, cover: string): void {
    const { prefix, transfer } = this.#spell(tree, byteName(""));
    this.sources.push(byteName(prefix + ending));
    this.covers.push(cover);
    this.#addMirror(plan, byteName(this.#relative ? transfer : ending === "" ? tree : ""));
  }

  #part(tree: ByteName, plan: TreePlan, path: ByteName, ending: string, cover: string): void {
    const { prefix, transfer } = this.#spell(tree, path);
    this.sources.push(byteName(prefix + ending));
    this.covers.push(cover);
    this.#addMirror(subPlan(plan, path), byteName(this.#relative ? transfer : ending === "" ? baseName(path) : ""));
  }

  /** How the path is written, and with `-R` the name that it gets on the other side. */
  #spell(tree: ByteName, path: ByteName): { prefix: ByteName; transfer: ByteName } {
    const random = this.#random;
    const full = path === "" ? tree : joinName(tree, path);
    const cut = random.chance(this.#relative ? 0.4 : 0.04);
    if (cut) {
      this.covers.push("source x/./y");
      const parent = path === "" ? "" : directoryName(path);
      const deep = parent !== "" && random.chance(0.5);
      const head = deep ? `${tree}/${parent}` : tree;
      const rest = byteName(path === "" ? "" : deep ? baseName(path) : path);
      return { prefix: byteName(`${random.pick(["", "./"])}${head}/./${rest}`.replace(/\/$/, "")), transfer: rest };
    }
    if (random.chance(0.06)) {
      this.covers.push("source absolute");
      return { prefix: joinName(this.#root, full), transfer: joinName(byteName(this.#root.slice(1)), full) };
    }
    if (random.chance(0.08)) return { prefix: byteName(`./${full}`), transfer: full };
    if (random.chance(0.02)) return { prefix: byteName(`src2/../${full}`), transfer: full };
    return { prefix: full, transfer: full };
  }

  #addMirror(plan: TreePlan, place: ByteName): void {
    addUnder(this.mirror, plan, place);
  }
}

/** Adds a plan under a path of another, with the parents that it needs; what is there stays. */
export function addUnder(target: Map<ByteName, PlanEntry>, plan: TreePlan, place: ByteName): void {
  const top = plan.get(byteName(""));
  for (let slash = place.indexOf("/"); slash >= 0; slash = place.indexOf("/", slash + 1)) {
    addParent(target, byteName(place.slice(0, slash)), top);
  }
  if (place !== "") addParent(target, byteName(""), top);
  for (const [path, entry] of plan) {
    const name = path === "" ? place : place === "" ? path : joinName(place, path);
    if (target.has(name) || blocked(target, name)) continue;
    if (name === "" && entry.node.kind !== "directory") continue;
    if (entry.node.kind !== "link") {
      target.set(name, entry);
      continue;
    }
    const to = place === "" ? entry.node.to : entry.node.to === "" ? place : joinName(place, entry.node.to);
    const original = target.get(to);
    if (original !== undefined && original.node.kind !== "link" && original.node.kind !== "directory") {
      target.set(name, { ...entry, node: { kind: "link", to } });
    }
  }
}

function addParent(target: Map<ByteName, PlanEntry>, path: ByteName, like: PlanEntry | undefined): void {
  if (target.has(path) || like === undefined) return;
  target.set(path, { node: { kind: "directory" }, attributes: { ...like.attributes, xattrs: new Map(), mode: 0o755 } });
}

function blocked(target: ReadonlyMap<ByteName, PlanEntry>, name: ByteName): boolean {
  if (name === "") return false;
  return target.get(directoryName(name))?.node.kind !== "directory";
}

/** A list of names for `--files-from`, as a file or on standard input. */
export function randomFilesFrom(random: Random, plan: TreePlan, relative: boolean): SampledSources {
  const zero = random.chance(0.4);
  const names = random.sample(pathsOf(plan, "any"), random.between(1, 8)).map((path) => {
    const kind = plan.get(path)?.node.kind;
    return (
      (random.chance(0.1) ? "./" : random.chance(0.05) ? "/" : "") +
      path +
      (kind === "directory" && random.chance(0.4) ? "/" : "")
    );
  });
  if (random.chance(0.2)) names.push("no-such-name");
  if (random.chance(0.2) && !zero) names.push("# comment", "; comment", "");
  if (random.chance(0.05)) names.push(".");
  if (random.chance(0.05)) names.push("../src2");
  const text = byteName(names.map((name) => name + (zero ? "\0" : random.chance(0.05) ? "\r\n" : "\n")).join(""));
  const viaStdin = random.chance(0.3);
  const argv = [`--files-from=${viaStdin ? "-" : "list"}`];
  if (zero) argv.push("--from0");
  if (random.chance(0.5)) argv.push("-r");
  if (!relative && random.chance(0.2)) argv.push("--no-R");
  return {
    sources: [byteName(random.pick(["src", "src/"]))],
    argv: argv.map(byteName),
    files: viaStdin ? [] : [{ name: byteName("list"), text }],
    stdin: viaStdin ? text : undefined,
    mirror: plan,
    covers: ["--files-from", ...(zero ? ["--from0"] : []), ...(viaStdin ? ["--files-from=-"] : [])],
  };
}
