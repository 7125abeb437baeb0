/** Makes cases that differ, for the tests of detectors of listed differences. */
import { type ByteName, byteName } from "../../src/bytes/byte-name.ts";
import { listedRow } from "./listed-differences.ts";
import type { Difference, Outcome } from "./outcome.ts";
import type { SnapshotEntry } from "./snapshot.ts";
import { type PlanEntry, plainAttributes } from "./tree-plan.ts";

const entry: SnapshotEntry = {
  ...{ type: "file", mode: "0644", owner: "0:0", size: "1", mtime: "5", atime: "", content: "a", target: "" },
  ...{ device: "", linkedWith: "", xattrs: "", blocks: 8 },
};

/** A case that differs in one point; pairs are what rsync and tsync do, `tree` is of both. */
export interface Case {
  readonly argv: string;
  /** How many sources, or which. */
  readonly sources?: number | readonly string[];
  readonly codes?: readonly [number, number];
  readonly stdout?: readonly [string, string];
  readonly stderr?: readonly [string, string];
  readonly log?: readonly [string, string];
  readonly tree?: Readonly<Record<string, Partial<SnapshotEntry>>>;
  /** What of the tree rsync does not have. */
  readonly missing?: readonly string[];
  /** The names of one file of the source. */
  readonly linked?: readonly [string, string];
  /** Files of one byte that the destination has before the run. */
  readonly before?: readonly string[];
  /** A link that the destination has before the run, and its target. */
  readonly linkBefore?: readonly [string, string];
  readonly difference: Partial<Difference>;
}

/** The row that explains the difference. */
export function rowOf({
  argv,
  sources = 1,
  codes = [0, 0],
  stdout = ["", ""],
  stderr = ["", ""],
  log,
  tree = {},
  missing = [],
  before = [],
  linkBefore,
  linked,
  difference,
}: Case): string | undefined {
  const snapshot = new Map(Object.entries(tree).map(([path, some]) => [byteName(path), { ...entry, ...some }]));
  const outcome = (side: 0 | 1): Outcome => {
    return {
      exitCode: codes[side],
      stderr: stderr[side],
      stdout: stdout[side],
      log: log?.[side],
      tree: new Map([...snapshot].filter(([path]) => side === 1 || !missing.includes(path))),
      sourceChanges: [],
    };
  };
  const plan = new Map<ByteName, PlanEntry>([
    [byteName("sub/name"), { node: { kind: "directory" }, attributes: { ...plainAttributes(0o755, 77n) } }],
  ]);
  if (linked !== undefined)
    plan.set(byteName(linked[1]), {
      node: { kind: "link", to: byteName(linked[0]) },
      attributes: plainAttributes(0o644),
    });
  const object = {
    node: { kind: "file", content: { kind: "text", text: byteName("a") } },
    attributes: plainAttributes(0o644),
  } as const;
  const stood = new Map<ByteName, PlanEntry>(before.map((path) => [byteName(path), object]));
  if (linkBefore !== undefined) {
    const node = { kind: "symlink", target: byteName(linkBefore[1]) } as const;
    stood.set(byteName(linkBefore[0]), { node, attributes: plainAttributes(0o777) });
  }
  const words = {
    options: [],
    listOptions: [],
    sources: typeof sources === "number" ? Array(sources).fill(byteName("s/")) : sources.map((text) => byteName(text)),
    destination: byteName("dst/"),
  };
  const scenario = {
    ...{ argv: argv.split(" ").map((word) => byteName(word)), sources: new Map([[byteName("src"), plan]]) },
    destination: new Map([[byteName("dst"), stood]]),
    words: { ...words, optionsLast: false },
  };
  const none = { aspect: "stderr", symptom: "", detail: "", left: [], right: [], isOrder: false };
  return listedRow({ ...none, ...difference }, { scenario, left: outcome(0), right: outcome(1) });
}
