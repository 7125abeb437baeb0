/**
 * Random source trees with every kind of object that a file system holds: all types, odd names, odd modes, owners
 * without a name, nanosecond times before 1970 and after 2038, attributes, ACLs, holes, hard links of every type, and
 * per-directory filter files. Every tree comes from a seed.
 */
import { type ByteName, byteName, fromText, joinName } from "../../src/bytes/byte-name.ts";
import type { Random } from "./random.ts";
import { nobodyId, type RunUser, randomAttributes, randomContent } from "./random-attributes.ts";
import { randomFilterFile } from "./random-filters.ts";
import type { Content, PlanEntry, PlanNode, TreePlan } from "./tree-plan.ts";

/** How many objects a tree has. */
export type TreeSize = "tiny" | "small" | "medium" | "large";

/** A random tree. */
export function randomTree(random: Random, user: RunUser, size: TreeSize): TreePlan {
  const generator = new TreeGenerator(random, user);
  const ranges = { tiny: [0, 4], small: [8, 25], medium: [25, 60], large: [100, 400] } as const;
  const [low, high] = ranges[size];
  generator.grow(random.between(low, high));
  return generator.plan;
}

const nameWords = ["alpha", "beta", "gamma", "core", "core.o", "x", "y.txt", "z.tmp", "log.1", "data.bin", "README"];

function randomName(random: Random): ByteName {
  return random.weighted<() => ByteName>([
    [20, () => byteName(random.pick(nameWords))],
    [16, () => byteName(`${random.pick(["f", "g", "dir", "n"])}${random.between(0, 40)}`)],
    [6, () => byteName(`${random.pick(nameWords)}.${random.pick(["c", "o", "bak", "TXT", "txt"])}`)],
    [1, () => byteName("with two  spaces")],
    [1, () => byteName(" leading and trailing ")],
    [1, () => byteName("new\nline")],
    [0.5, () => byteName("carriage\rreturn")],
    [1, () => byteName("\\#012 literal")],
    [1, () => byteName("back\\slash")],
    [1, () => byteName("not-utf8-\x80\xff\xc3(")],
    [1, () => fromText("grüße-日本-€")],
    [1, () => byteName("-leading-dash")],
    [1, () => byteName("star*")],
    [1, () => byteName("br[ack]et")],
    [1, () => byteName("quest?ion")],
    [0.6, () => byteName(`long-${"n".repeat(250)}`)],
    [0.6, () => byteName("tab\there")],
    [1, () => byteName(".hidden")],
    [1, () => byteName("..two-dots")],
    [1.5, () => byteName(`${random.pick(nameWords)}~`)],
    [0.5, () => byteName("~home")],
    [0.5, () => byteName("# hash")],
    [0.5, () => byteName("; semi")],
    [0.5, () => byteName("a:b")],
    [0.5, () => byteName("CVS")],
    [0.5, () => byteName(".git")],
    [0.4, () => byteName("\x01\x1b[31m")],
    [0.4, () => byteName("percent%n%s")],
  ])();
}

class TreeGenerator {
  readonly plan = new Map<ByteName, PlanEntry>();
  readonly #random: Random;
  readonly #user: RunUser;
  readonly #directories: ByteName[] = [byteName("")];
  readonly #others: ByteName[] = [];

  constructor(random: Random, user: RunUser) {
    this.#random = random;
    this.#user = user;
    const top = randomAttributes(random, "directory", user);
    // The top stays usable: everything else may be closed.
    const mode = user === "root" ? top.mode : 0o755;
    this.plan.set(byteName(""), { node: { kind: "directory" }, attributes: { ...top, mode } });
  }

  grow(count: number): void {
    for (let made = 0; made < count; made++) this.#addObject();
    if (this.#random.chance(0.4)) this.#addFilterFiles();
    if (this.#user === "nobody") this.#openLinkedFiles();
  }

  /** rsync 3.5.0 waits forever with -H when the first name of a linked file cannot be read. */
  #openLinkedFiles(): void {
    for (const { node } of [...this.plan.values()]) {
      const entry = node.kind === "link" ? this.plan.get(node.to) : undefined;
      if (node.kind !== "link" || entry === undefined) continue;
      const attributes = { ...entry.attributes, mode: entry.attributes.mode | 0o600, uid: nobodyId };
      this.plan.set(node.to, { node: entry.node, attributes });
    }
  }

  #addObject(): void {
    const random = this.#random;
    const parent = random.chance(0.6) ? random.pick(this.#directories.slice(-4)) : random.pick(this.#directories);
    const path = joinName(parent, randomName(random));
    if (this.plan.has(path) || path.length > 900) return;
    const node = this.#randomNode();
    if (node.kind === "directory") this.#directories.push(path);
    else if (node.kind !== "link") this.#others.push(path);
    this.plan.set(path, { node, attributes: randomAttributes(random, node.kind, this.#user) });
  }

  #randomNode(): PlanNode {
    const random = this.#random;
    const node = random.weighted<() => PlanNode>([
      [22, () => ({ kind: "file", content: randomContent(random) })],
      [9, () => ({ kind: "directory" })],
      [5, () => ({ kind: "symlink", target: this.#randomTarget() })],
      [1, () => ({ kind: "fifo" })],
      [0.7, () => ({ kind: "socket" })],
      [1, () => this.#randomDevice()],
      [this.#others.length > 0 ? 5 : 0, () => ({ kind: "link", to: random.pick(this.#others) })],
    ]);
    return node();
  }

  /** Only numbers that no driver answers to, and /dev/null: a faulty program may open what it finds. */
  #randomDevice(): PlanNode {
    const block = this.#random.chance(0.4);
    const [major, minor] = this.#random.pick([[240, 0], [241, 7], [240, 300], block ? [242, 1] : [1, 3]] as const);
    return { kind: "device", block, major, minor };
  }

  /** Targets never name an existing file outside of the test's folder that could be harmed. */
  #randomTarget(): ByteName {
    const random = this.#random;
    const known = random.pick([...this.plan.keys()].filter((path) => path !== "").concat(byteName("x")));
    return random.weighted([
      [5, byteName(known)],
      [3, byteName(known.slice(known.lastIndexOf("/") + 1))],
      [2, byteName(`../${known}`)],
      [2, byteName("dangling")],
      [1, byteName("/nonexistent/absolute")],
      [1, byteName("/proc/version")],
      [1, byteName("../../../../unsafe/place")],
      [1, byteName(".")],
      [0.5, byteName("t".repeat(random.between(200, 1000)))],
      [0.5, byteName("bytes\x80\n\xff")],
    ]);
  }

  #addFilterFiles(): void {
    const random = this.#random;
    const names = [...this.plan.keys()].filter((path) => path !== "");
    for (const kind of random.sample([".rsync-filter", ".cvsignore", ".rules", ".excludes", ".words"] as const, 2)) {
      for (const directory of random.sample(this.#directories, random.between(1, 3))) {
        const path = joinName(directory, byteName(kind));
        if (this.plan.has(path)) continue;
        const content: Content = { kind: "text", text: randomFilterFile(random, kind, names) };
        this.plan.set(path, {
          node: { kind: "file", content },
          attributes: { ...randomAttributes(random, "file", this.#user), mode: 0o644 },
        });
      }
    }
  }
}
