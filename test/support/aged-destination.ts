/**
 * Destinations as they are found in practice: missing, empty, an exact copy, or a copy that time, people and
 * interrupted runs have worked on.
 */
import { type ByteName, byteName, compareBytes, directoryName, joinName } from "../../src/bytes/byte-name.ts";
import type { Random } from "./random.ts";
import { type RunUser, randomAttributes, randomContent, randomMtime } from "./random-attributes.ts";
import type { Content, PlanEntry, PlanNode, TreePlan } from "./tree-plan.ts";

/** How a destination came to be. */
export type DestinationAge = "none" | "empty" | "copy" | "aged";

/** A destination of this age for what would be copied (`mirror`). */
export function ageDestination(
  random: Random,
  mirror: TreePlan,
  age: DestinationAge,
  user: RunUser,
): TreePlan | undefined {
  if (age === "none") return undefined;
  const top: PlanEntry = mirror.get(byteName("")) ?? {
    node: { kind: "directory" },
    attributes: { ...randomAttributes(random, "directory", user), mode: 0o755 },
  };
  const plan = new Map<ByteName, PlanEntry>([[byteName(""), usable(top, user)]]);
  if (age === "empty") return plan;
  for (const path of [...mirror.keys()].sort(compareBytes)) {
    const entry = mirror.get(path);
    if (path !== "" && entry !== undefined) plan.set(path, entry);
  }
  if (age === "aged") new Ageing(random, plan, user, random.pick([0.1, 0.3, 0.6])).run();
  return plan;
}

/** An ordinary user could do nothing at all in a closed top. */
function usable(entry: PlanEntry, user: RunUser): PlanEntry {
  if (user === "root") return entry;
  return { ...entry, attributes: { ...entry.attributes, uid: 65_534, mode: entry.attributes.mode | 0o700 } };
}

class Ageing {
  readonly #random: Random;
  readonly #plan: Map<ByteName, PlanEntry>;
  readonly #user: RunUser;
  readonly #rate: number;

  constructor(random: Random, plan: Map<ByteName, PlanEntry>, user: RunUser, rate: number) {
    this.#random = random;
    this.#plan = plan;
    this.#user = user;
    this.#rate = rate;
  }

  run(): void {
    for (const path of [...this.#plan.keys()]) {
      const entry = this.#plan.get(path);
      if (entry === undefined || !this.#random.chance(this.#rate)) continue;
      if (path === "") this.#plan.set(path, this.#otherAttributes(entry));
      else this.#mutate(path, entry);
    }
    const extras = this.#random.weighted([
      [3, 0],
      [4, this.#random.between(1, 5)],
      [1, this.#random.between(6, 15)],
    ]);
    for (let made = 0; made < extras; made++) this.#addExtra();
  }

  #mutate(path: ByteName, entry: PlanEntry): void {
    const random = this.#random;
    const apply = random.weighted<() => void>([
      [5, () => this.#plan.set(path, this.#otherContent(entry))],
      [4, () => this.#plan.set(path, this.#otherTime(entry))],
      [5, () => this.#plan.set(path, this.#otherAttributes(entry))],
      [4, () => this.#remove(path)],
      [2.5, () => this.#changeType(path)],
      [2, () => this.#regroup(path, entry)],
    ]);
    apply();
  }

  #otherContent(entry: PlanEntry): PlanEntry {
    const random = this.#random;
    const { node, attributes } = entry;
    if (node.kind === "symlink") return { attributes, node: { kind: "symlink", target: byteName(`${node.target}x`) } };
    if (node.kind === "device") return { attributes, node: { ...node, minor: node.major === 1 ? 3 : node.minor + 1 } };
    if (node.kind !== "file") return this.#otherTime(entry);
    const content = random.chance(0.5) ? patchedContent(random, node.content) : randomContent(random);
    const changed = { attributes, node: { kind: "file" as const, content } };
    return random.chance(0.5) ? changed : this.#otherTime(changed);
  }

  #otherTime(entry: PlanEntry): PlanEntry {
    const random = this.#random;
    const old = entry.attributes.mtime;
    const second = 1_000_000_000n;
    const mtime = random.pick([
      old + second * 3600n,
      old - second * 3600n,
      old + second,
      old - second * 2n,
      old - (old % second) + BigInt(random.between(0, 999_999_999)),
      randomMtime(random),
    ]);
    return { ...entry, attributes: { ...entry.attributes, mtime } };
  }

  #otherAttributes(entry: PlanEntry): PlanEntry {
    const random = this.#random;
    const fresh = randomAttributes(random, entry.node.kind, this.#user);
    const old = entry.attributes;
    const attributes = random.pick([
      { ...old, mode: fresh.mode },
      { ...old, uid: fresh.uid, gid: fresh.gid },
      { ...old, xattrs: fresh.xattrs },
      { ...fresh, mtime: old.mtime },
    ]);
    return { ...entry, attributes };
  }

  #remove(path: ByteName): void {
    const prefix = `${path}/`;
    const gone = [...this.#plan.keys()].filter((name) => name === path || name.startsWith(prefix));
    for (const name of gone) this.#plan.delete(name);
    this.#repairLinks();
  }

  #changeType(path: ByteName): void {
    this.#remove(path);
    const random = this.#random;
    const node = random.pick<PlanNode>([
      { kind: "file", content: randomContent(random) },
      { kind: "directory" },
      { kind: "directory" },
      { kind: "symlink", target: byteName(random.pick(["elsewhere", "..", ".", "/nonexistent/there"])) },
      { kind: "fifo" },
      { kind: "socket" },
      { kind: "device", block: false, major: 240, minor: 9 },
    ]);
    this.#plan.set(path, { node, attributes: randomAttributes(random, node.kind, this.#user) });
    if (node.kind === "directory" && random.chance(0.7)) {
      this.#addFile(joinName(path, byteName("inside")));
      if (random.chance(0.3)) this.#addFile(joinName(path, byteName("inside~")));
    }
  }

  /** Breaks a name out of its hard-link group, or links it to another file. */
  #regroup(path: ByteName, entry: PlanEntry): void {
    if (entry.node.kind === "directory") return;
    if (entry.node.kind === "link") {
      const original = this.#plan.get(entry.node.to);
      if (original !== undefined) this.#plan.set(path, original);
      return;
    }
    const candidates = [...this.#plan].filter(([name, other]) => name !== path && other.node.kind === "file");
    if (
      candidates.length === 0 ||
      [...this.#plan.values()].some(({ node }) => node.kind === "link" && node.to === path)
    )
      return;
    const [to, other] = this.#random.pick(candidates);
    this.#plan.set(path, { node: { kind: "link", to }, attributes: other.attributes });
  }

  #addExtra(): void {
    const random = this.#random;
    const directories = [...this.#plan].filter(([, { node }]) => node.kind === "directory").map(([path]) => path);
    const parent = random.pick(directories);
    const name = random.pick([
      "extra",
      "extra.o",
      "old~",
      ".~tmp~",
      "core",
      "zz",
      "Extra Name",
      "1",
      ".hidden-extra",
      "x~",
      "bytes\xfe",
    ]);
    const path = joinName(parent, byteName(name));
    if (this.#plan.has(path) || path.length > 900) return;
    if (name === ".~tmp~" || random.chance(0.3)) {
      this.#plan.set(path, {
        node: { kind: "directory" },
        attributes: { ...randomAttributes(random, "directory", this.#user), mode: random.pick([0o755, 0o700, 0o555]) },
      });
      for (let count = random.between(0, 3); count > 0; count--)
        this.#addFile(joinName(path, byteName(random.pick(["a", "b", "c.o", "core"]))));
      return;
    }
    const node = random.weighted<PlanNode>([
      [6, { kind: "file", content: randomContent(random) }],
      [1, { kind: "symlink", target: byteName("nowhere") }],
      [1, { kind: "fifo" }],
      [0.5, { kind: "device", block: true, major: 240, minor: 1 }],
    ]);
    this.#plan.set(path, { node, attributes: randomAttributes(random, node.kind, this.#user) });
  }

  #addFile(path: ByteName): void {
    if (this.#plan.has(path) || this.#plan.get(directoryName(path))?.node.kind !== "directory") return;
    this.#plan.set(path, {
      node: { kind: "file", content: randomContent(this.#random) },
      attributes: randomAttributes(this.#random, "file", this.#user),
    });
  }

  /** Names linked to something that is gone become the first name of their group. */
  #repairLinks(): void {
    const promoted = new Map<ByteName, ByteName>();
    for (const [path, entry] of [...this.#plan]) {
      if (entry.node.kind !== "link" || this.#plan.has(entry.node.to)) continue;
      const to = promoted.get(entry.node.to);
      if (to !== undefined) this.#plan.set(path, { ...entry, node: { kind: "link", to } });
      else {
        promoted.set(entry.node.to, path);
        const content = randomContent(this.#random);
        this.#plan.set(path, { node: { kind: "file", content }, attributes: entry.attributes });
      }
    }
  }
}

/** Same length, other bytes somewhere. */
export function patchedContent(random: Random, content: Content): Content {
  if (content.kind === "text") {
    return content.text === "" ? content : { kind: "text", text: byteName(`${content.text.slice(0, -1)}#`) };
  }
  const index = content.parts.findIndex((part) => part.length > 0);
  const part = content.parts[index];
  if (part === undefined) return content;
  const head = random.between(0, Math.max(0, part.length - 1));
  const length = Math.min(part.length - head, 64);
  const pieces = [
    { offset: part.offset, length: head },
    { offset: random.between(0, 90_000), length },
    {
      offset: part.offset === undefined ? undefined : part.offset + head + length,
      length: part.length - head - length,
    },
  ].filter((piece) => piece.length > 0);
  return { kind: "parts", parts: content.parts.toSpliced(index, 1, ...pieces) };
}
