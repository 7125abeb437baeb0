/**
 * What `--table whole` adds to the random trees so that its options reach something: links in and out of the tree,
 * access times, shorter files, similar names, other execute bits, links to directories in the destination, directories
 * for temporary files, and trees for --compare-dest, --copy-dest and --link-dest.
 */
import { type ByteName, baseName, byteName, directoryName, joinName } from "../../src/bytes/byte-name.ts";
import { ageDestination, type DestinationAge, patchedContent } from "./aged-destination.ts";
import type { Random } from "./random.ts";
import type { SourceTrees } from "./random-arguments.ts";
import { nobodyId, type RunUser, randomAttributes, randomContent, randomMtime } from "./random-attributes.ts";
import { type Content, contentLength, type PlanEntry, type Segment, type TreePlan } from "./tree-plan.ts";

const top = byteName("");

/** Source trees with links that lead somewhere, names that resemble each other, and access times. */
export function enrichSources(random: Random, trees: SourceTrees, root: ByteName, user: RunUser): SourceTrees {
  const main = byteName("src");
  const other = byteName("src2");
  const plan = new Map(trees.get(main) ?? []);
  const outside = [...(trees.get(other)?.keys() ?? [])];
  addSimilarNames(random, plan);
  const targets = [...plan.keys()].filter((path) => path !== "");
  const harmless = targets.filter((path) => plan.get(path)?.node.kind !== "directory" || !holdsLink(plan, path));
  const directories = [...plan].filter(([, { node }]) => node.kind === "directory").map(([path]) => path);
  for (let made = random.between(2, 8); made > 0; made--) {
    const parent = random.pick(directories);
    const path = joinName(parent, byteName(`ln${random.between(0, 30)}`));
    if (plan.has(path) || path.length > 900) continue;
    const up = "../".repeat(parent === "" ? 0 : parent.split("/").length);
    const inside = byteName(up + (harmless.length > 0 ? random.pick(harmless) : "nothing"));
    const beyond = joinName(other, outside.length > 0 ? random.pick(outside) : byteName("nothing"));
    const target = random.weighted([
      [6, inside],
      [4, `${up}../${beyond}`],
      [1, `${up}../src/${inside.slice(up.length)}`],
      [1.5, `${root}/${beyond}`],
      [0.7, `${root}/src/${inside.slice(up.length)}`],
      [0.7, `/rsyncd-munged/${inside}`],
      [0.5, `${inside}/`],
      [0.5, `./x/../${inside}`],
    ]);
    const attributes = { ...randomAttributes(random, "symlink", user), xattrs: new Map() };
    plan.set(path, { node: { kind: "symlink", target: byteName(target) }, attributes });
  }
  return new Map(
    [...trees].map(([name, tree]) => [name, withAccessTimes(random, name === main ? withoutLoops(plan) : tree)]),
  );
}

/** Links to a directory that they are in lead nowhere: forty times the same tree under -L, and more than that with two of them. */
function withoutLoops(tree: TreePlan): Map<ByteName, PlanEntry> {
  const plan = new Map(tree);
  for (const [path, { node, attributes }] of tree) {
    if (node.kind !== "symlink") continue;
    const target = joinedPath(directoryName(path), node.target);
    if (target === "" || `${path}/`.startsWith(`${target}/`))
      plan.set(path, { attributes, node: { kind: "symlink", target: byteName("round") } });
  }
  return plan;
}

/** The path that a relative target means, without looking at links; undefined if it leads out. */
function joinedPath(parent: ByteName, target: ByteName): ByteName | undefined {
  const parts = parent === "" ? [] : parent.split("/");
  if (target.startsWith("/")) return undefined;
  for (const part of target.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return byteName(parts.join("/"));
}

/** A destination into which the options that `covers` names find something to do. */
export function shapeDestination(
  random: Random,
  destination: TreePlan,
  mirror: TreePlan,
  covers: ReadonlySet<string>,
  user: RunUser,
): TreePlan {
  // -K follows links of the user's own and of root; rsync has a line for the others.
  const plan = covers.has("-K") ? ownedLinks(destination, user) : new Map(destination);
  if (plan.get(top)?.node.kind !== "directory") return plan;
  if (covers.has("--append") || covers.has("--append-verify")) shortenFiles(random, plan);
  if (covers.has("-y") || covers.has("-yy")) renameSimilar(random, plan);
  if (covers.has("-E")) flipExecution(random, plan);
  // rsync 3.5.0 gives what --ignore-existing leaves in the place of a directory the time of that directory.
  if (covers.has("--ignore-existing")) {
    const leaders = linkLeaders(plan);
    for (const [path, { node }] of [...plan]) {
      const misplaced = node.kind !== "directory" && mirror.get(path)?.node.kind === "directory";
      if (misplaced && !leaders.has(path)) plan.delete(path);
    }
  }
  // A deletion would take what the links lead to.
  if (covers.has("-K") && ![...covers].some((name) => name.startsWith("--del"))) linkDirectories(random, plan, user);
  if (covers.has("--temp-dir") && random.chance(0.7)) addDirectory(plan, byteName(".tmp"), user);
  if (covers.has("-U") || covers.has("-UU")) changeAccessTimes(random, plan);
  return plan;
}

/** One to three trees beside the destination that hold parts of what is copied. */
export function randomAlternateTrees(
  random: Random,
  mirror: TreePlan,
  covers: ReadonlySet<string>,
  user: RunUser,
): Map<ByteName, TreePlan> {
  // Where links of the source are followed their copies are directories; rsync alone follows a link in an alternate tree.
  const followed = ["-L", "-k", "--copy-unsafe-links"].some((name) => covers.has(name));
  const isLink = ({ node }: PlanEntry): boolean =>
    node.kind === "symlink" || (node.kind === "link" && mirror.get(node.to)?.node.kind === "symlink");
  const copied = new Map([...mirror].filter(([, entry]) => !followed || !isLink(entry)));
  const trees = new Map<ByteName, TreePlan>();
  const count = random.weighted([
    [6, 1],
    [3, 2],
    [1, 3],
  ]);
  for (let index = 0; index < count; index++) {
    const age = random.weighted<DestinationAge>([
      [4, "copy"],
      [8, "aged"],
      [0.5, "empty"],
      [0.4, "none"],
    ]);
    const plan = ageDestination(random, copied, age, user);
    if (plan !== undefined) trees.set(byteName(`alt${index}`), withTrustedLinks(plan, copied, user));
  }
  return trees;
}

/** Links are the user's own, for rsync has a line for others when it comes upon them; none in the place of a directory. */
function withTrustedLinks(plan: TreePlan, mirror: TreePlan, user: RunUser): Map<ByteName, PlanEntry> {
  const result = ownedLinks(plan, user);
  const leaders = linkLeaders(result);
  for (const [path, { node }] of plan) {
    if (node.kind === "symlink" && mirror.get(path)?.node.kind === "directory" && !leaders.has(path))
      result.delete(path);
  }
  return result;
}

function ownedLinks(plan: TreePlan, user: RunUser): Map<ByteName, PlanEntry> {
  const uid = user === "root" ? 0 : nobodyId;
  return new Map(
    [...plan].map(([path, entry]) => {
      const own = entry.node.kind === "symlink" ? { ...entry, attributes: { ...entry.attributes, uid } } : entry;
      return [path, own];
    }),
  );
}

/** Makes files that stand unchanged in an alternate tree links to it, as an earlier run with --link-dest left them. */
export function shareFiles(random: Random, destination: TreePlan, alternate: ByteName, tree: TreePlan): TreePlan {
  const plan = new Map(destination);
  const leaders = linkLeaders(plan);
  for (const [path, entry] of destination) {
    if (entry.node.kind !== "file" || tree.get(path) !== entry || leaders.has(path) || !random.chance(0.6)) continue;
    plan.set(path, { ...entry, node: { kind: "link", to: byteName(`../${alternate}/${path}`) } });
  }
  return plan;
}

/** Adds an object under one of the names that a run is told are missing. */
export function addLeftover(random: Random, plan: Map<ByteName, PlanEntry>, path: ByteName, user: RunUser): void {
  if (plan.has(path) || plan.get(directoryName(path))?.node.kind !== "directory") return;
  const attributes = (kind: "file" | "directory"): PlanEntry["attributes"] => randomAttributes(random, kind, user);
  if (random.chance(0.6)) {
    plan.set(path, { node: { kind: "file", content: randomContent(random) }, attributes: attributes("file") });
    return;
  }
  plan.set(path, { node: { kind: "directory" }, attributes: { ...attributes("directory"), mode: 0o755 } });
  const inner: PlanEntry = { node: { kind: "file", content: randomContent(random) }, attributes: attributes("file") };
  if (random.chance(0.7)) plan.set(joinName(path, byteName("inner")), inner);
}

function holdsLink(plan: TreePlan, path: ByteName): boolean {
  return [...plan].some(([name, { node }]) => name.startsWith(`${path}/`) && node.kind === "symlink");
}

function linkLeaders(plan: TreePlan): Set<ByteName> {
  return new Set([...plan.values()].flatMap(({ node }) => (node.kind === "link" ? [node.to] : [])));
}

function filesOf(plan: TreePlan): [ByteName, PlanEntry, Content][] {
  return [...plan].flatMap(([path, entry]): [ByteName, PlanEntry, Content][] =>
    entry.node.kind === "file" ? [[path, entry, entry.node.content]] : [],
  );
}

function similarName(random: Random, path: ByteName): ByteName {
  const base = baseName(path).slice(0, 240);
  const dot = base.lastIndexOf(".");
  const stem = dot > 0 ? base.slice(0, dot) : base;
  const ending = dot > 0 ? base.slice(dot) : "";
  const name = random.pick([`${base}.old`, `${stem}-1${ending}`, `${stem}2${ending}`, `${base}~`, `v2.${base}`]);
  return joinName(directoryName(path), byteName(name));
}

/** Some files also under a name like their own, with a little other content or none other. */
function addSimilarNames(random: Random, plan: Map<ByteName, PlanEntry>): void {
  for (const [path, entry, content] of random.sample(filesOf(plan), random.between(0, 3))) {
    const name = similarName(random, path);
    if (plan.has(name) || name.length > 900) continue;
    const node = { kind: "file" as const, content: random.chance(0.3) ? content : patchedContent(random, content) };
    const mtime = random.chance(0.3) ? entry.attributes.mtime : randomMtime(random);
    plan.set(name, { node, attributes: { ...entry.attributes, mtime } });
  }
}

/** Files that are missing, but for one of a similar name. */
function renameSimilar(random: Random, plan: Map<ByteName, PlanEntry>): void {
  const leaders = linkLeaders(plan);
  const files = filesOf(plan).filter(([path]) => !leaders.has(path));
  for (const [path, entry, content] of random.sample(files, random.between(1, 6))) {
    const name = similarName(random, path);
    if (plan.has(name) || name.length > 900) continue;
    plan.delete(path);
    const node = { kind: "file" as const, content: random.chance(0.3) ? content : patchedContent(random, content) };
    const mtime = random.chance(0.5) ? entry.attributes.mtime : randomMtime(random);
    plan.set(name, { node, attributes: { ...entry.attributes, mtime } });
  }
}

/** The first part of what the file will be; now and then of something else. */
function shortenFiles(random: Random, plan: Map<ByteName, PlanEntry>): void {
  for (const [path, entry, content] of filesOf(plan)) {
    if (!random.chance(0.5) || contentLength(content) === 0) continue;
    const whole = random.chance(0.2) ? patchedContent(random, content) : content;
    const length = random.between(0, contentLength(content) - 1);
    const mtime = random.chance(0.3) ? entry.attributes.mtime : randomMtime(random);
    const node = { kind: "file" as const, content: headOf(whole, length) };
    plan.set(path, { node, attributes: { ...entry.attributes, mtime } });
  }
}

function headOf(content: Content, length: number): Content {
  if (content.kind === "text") return { kind: "text", text: byteName(content.text.slice(0, length)) };
  const parts: Segment[] = [];
  let rest = length;
  for (const part of content.parts) {
    if (rest <= 0) break;
    parts.push({ ...part, length: Math.min(part.length, rest) });
    rest -= part.length;
  }
  return { kind: "parts", parts };
}

function flipExecution(random: Random, plan: Map<ByteName, PlanEntry>): void {
  for (const [path, entry] of filesOf(plan)) {
    if (!random.chance(0.5)) continue;
    const mode = entry.attributes.mode ^ random.pick([0o111, 0o100, 0o010, 0o001]);
    plan.set(path, { ...entry, attributes: { ...entry.attributes, mode } });
  }
}

/** Moves directories away and puts symbolic links to them in their place. */
function linkDirectories(random: Random, plan: Map<ByteName, PlanEntry>, user: RunUser): void {
  const directories = [...plan].filter(([path, { node }]) => path !== "" && node.kind === "directory");
  for (const [path] of random.sample(directories, random.between(1, 2))) {
    const name = byteName(`${path}.real`);
    if (plan.get(path)?.node.kind !== "directory" || plan.has(name) || baseName(name).length > 250) continue;
    const moved = (old: ByteName): ByteName =>
      old === path || old.startsWith(`${path}/`) ? byteName(name + old.slice(path.length)) : old;
    for (const [old, entry] of [...plan]) {
      const { node } = entry;
      plan.delete(old);
      plan.set(moved(old), node.kind === "link" ? { ...entry, node: { ...node, to: moved(node.to) } } : entry);
    }
    const attributes = { ...randomAttributes(random, "symlink", user), xattrs: new Map() };
    plan.set(path, { node: { kind: "symlink", target: baseName(name) }, attributes });
  }
}

function addDirectory(plan: Map<ByteName, PlanEntry>, path: ByteName, user: RunUser): void {
  if (plan.has(path)) return;
  const uid = user === "root" ? 0 : 65_534;
  const attributes = { mode: 0o755, uid, gid: uid, mtime: 1_600_000_000_000_000_000n, xattrs: new Map() };
  plan.set(path, { node: { kind: "directory" }, attributes });
}

/** Access times on either side of the times of modification. */
function withAccessTimes(random: Random, plan: TreePlan): TreePlan {
  return new Map(
    [...plan].map(([path, entry]) => {
      const { mtime } = entry.attributes;
      const atime = random.pick([mtime, mtime + 86_400_000_000_005n, randomMtime(random)]);
      return [path, { ...entry, attributes: { ...entry.attributes, atime } }];
    }),
  );
}

function changeAccessTimes(random: Random, plan: Map<ByteName, PlanEntry>): void {
  for (const [path, entry] of [...plan]) {
    const atime =
      entry.attributes.atime !== undefined && random.chance(0.6) ? entry.attributes.atime : randomMtime(random);
    plan.set(path, { ...entry, attributes: { ...entry.attributes, atime } });
  }
}
