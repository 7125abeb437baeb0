/**
 * Races with a local attacker (4-traps P-01 to P-09, R-05 to R-07, L-12): a native loop exchanges a directory and a link to a
 * tree outside while runs follow one another, once in the source and once in the destination, for every operation and with
 * both back ends. Afterwards the tree outside is what it was and nobody has read in it, and nothing of it stands in the
 * destination.
 *
 * `TSYNC_RACE_SECONDS=60` for the long mode; a third of a second and at least two rounds an operation and back end otherwise.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  type BackEnd,
  backEnds,
  filesContaining,
  must,
  nodeProgram,
  Sentinel,
  secret,
  startTsync,
  Workspace,
} from "./support.ts";

const seconds = Number(process.env.TSYNC_RACE_SECONDS ?? 0.33);
/** Names that stand both in the raced directory and outside, so that a confused operation would hit. */
const names: readonly string[] = Array.from({ length: 24 }, (_, index) => `f${index}`);

/** Ready to be run again and again: brings source and destination into the state from which the operation starts. */
interface Operation {
  readonly title: string;
  readonly args: readonly string[];
  /** The side whose directory is raced; both without it. */
  readonly only?: "source" | "destination";
  /** Changes in the destination's directory `real` (source is `src/d`), before each run. */
  readonly prepare: (source: string, real: string, round: number) => void;
}

const each = (act: (name: string) => void): void => names.forEach(act);
const fresh = (directory: string): void => {
  must("sh", ["-c", 'rm -rf -- "$1"/* "$1"/.[!.]*; exit 0', "sh", directory]);
};
const filled = (directory: string, text: string): void => each((name) => writeFileSync(`${directory}/${name}`, text));

const operations: readonly Operation[] = [
  { title: "create", args: ["-a"], prepare: (_source, real) => fresh(real) },
  { title: "rename over", args: ["-a"], prepare: (_source, real, round) => filled(real, `old ${round}`) },
  {
    title: "write in place",
    args: ["-a", "--inplace"],
    prepare: (_source, real, round) => filled(real, `old ${round}`),
  },
  {
    title: "chmod",
    args: ["-a"],
    prepare: (source, _real, round) => must("chmod", ["-R", round % 2 === 0 ? "a+x" : "a-x,u+X,a+X", source]),
  },
  {
    title: "chown",
    args: ["-a"],
    prepare: (source, _real, round) => must("chown", ["-R", `${1000 + (round % 2)}:1000`, source]),
  },
  {
    title: "utimes",
    args: ["-a", "--size-only"],
    prepare: (source, _real, round) => must("sh", ["-c", `touch -h -d @${1_000_000_000 + round} "$1"/*`, "sh", source]),
  },
  {
    title: "xattr",
    args: ["-aX"],
    prepare: (source, _real, round) => must("sh", ["-c", `setfattr -n user.round -v ${round} "$1"/f*`, "sh", source]),
  },
  {
    title: "access control list",
    args: ["-aA"],
    prepare: (source, _real, round) =>
      must("sh", ["-c", `setfacl -m u:${1000 + (round % 7)}:r "$1"/f* "$1"`, "sh", source]),
  },
  {
    title: "delete",
    only: "destination",
    args: ["-a", "--delete", "--exclude=keep"],
    prepare: (source, real) => {
      fresh(source);
      filled(real, "extraneous");
      must("mkdir", ["-p", `${real}/inner`]);
      writeFileSync(`${real}/inner/deep`, "extraneous");
    },
  },
  {
    title: "delete what was sent",
    only: "source",
    args: ["-a", "--remove-source-files"],
    prepare: (_source, real) => fresh(real),
  },
  {
    title: "delete a tree",
    only: "destination",
    args: ["-a", "--delete"],
    prepare: (source, real) => {
      rmSync(source, { recursive: true, force: true });
      must("mkdir", ["-p", `${real}/inner`]);
      filled(real, "extraneous");
      writeFileSync(`${real}/inner/deep`, "extraneous");
    },
  },
  {
    title: "backup",
    args: ["-ab"],
    prepare: (_source, real, round) => filled(real, `old ${round}`),
  },
  {
    title: "mkdir",
    args: ["-a"],
    prepare: (source, real) => {
      fresh(real);
      must("mkdir", ["-p", ...names.map((name) => `${source}/dir-${name}`)]);
    },
  },
  {
    title: "hard link",
    args: ["-aH"],
    prepare: (source, real) => {
      fresh(real);
      must("sh", ["-c", 'for n in 0 1 2 3 4 5; do ln -f "$1/f$n" "$1/h$n"; done', "sh", source]);
    },
  },
  {
    title: "symlink and fifo",
    args: ["-a"],
    prepare: (source, real) => {
      fresh(real);
      if (existsSync(`${source}/l0`)) return;
      each((name) => symlinkSync("f0", `${source}/l${name.slice(1)}`));
      must("mkfifo", [`${source}/fifo`]);
    },
  },
  {
    title: "partial directory",
    args: ["-a", "--partial-dir=.part"],
    prepare: (_source, real, round) => {
      fresh(real);
      must("mkdir", ["-p", `${real}/.part`]);
      each((name) => writeFileSync(`${real}/.part/${name}`, `part ${round}`));
    },
  },
  {
    title: "rename at the end",
    args: ["-ab", "--delay-updates"],
    prepare: (_source, real, round) => filled(real, `old ${round}`),
  },
  {
    title: "delta",
    args: ["-a", "--no-whole-file"],
    prepare: (source, real, round) => {
      filled(source, `source ${round} ${"same ".repeat(1000)}`);
      filled(real, `old ${"same ".repeat(1000)}${round}`);
    },
  },
  {
    title: "append",
    args: ["-a", "--append-verify"],
    prepare: (source, real, round) => {
      filled(source, `source ${round} ${"more ".repeat(1000)}`);
      filled(real, `source ${round} `);
    },
  },
  {
    title: "keep links",
    args: ["-aK", "--delete"],
    prepare: (source, real, round) => {
      filled(real, `old ${round}`);
      must("mkdir", ["-p", `${source}/dir`]);
      writeFileSync(`${real}/extraneous`, "extraneous");
    },
  },
];

async function startFlipper(pairs: readonly string[]): Promise<ChildProcess> {
  const child = spawn(nodeProgram, [fileURLToPath(new URL("flipper.mjs", import.meta.url)), ...pairs], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout ?? child, "data");
  return child;
}

/** Runs the operation until the time is up; `flip` names the raced directory and the link that it is exchanged with. */
async function race(
  operation: Operation,
  backEnd: BackEnd,
  workspace: Workspace,
  sentinel: Sentinel,
  flip: (side: { source: string; destination: string; outside: string }) => readonly [string, string],
  target?: string,
): Promise<{ rounds: number; codes: ReadonlyMap<number | null, number> }> {
  const outside = workspace.at("outside");
  const source = workspace.directory("src/d");
  const destination = workspace.directory("dst");
  workspace.directory("dst/d");
  const codes = new Map<number | null, number>();
  const until = performance.now() + seconds * 1000;
  let rounds = 0;
  while (performance.now() < until || rounds < 2) {
    if (!existsSync(source)) workspace.directory("src/d");
    each((name) => existsSync(`${source}/${name}`) || writeFileSync(`${source}/${name}`, `source ${name}`));
    // A link found in the source was copied as the link it was: this test must not follow it either.
    must("sh", ["-c", 'if [ -h "$1" ]; then rm "$1"; fi; mkdir -p "$1"', "sh", `${destination}/d`]);
    operation.prepare(source, `${destination}/d`, rounds);
    if (!existsSync(source) && flip({ source, destination, outside })[0] === source) break;
    const [directory, link] = flip({ source, destination, outside });
    symlinkSync(target ?? outside, link);
    const flipper = await startFlipper([directory, link]);
    const run = startTsync([...operation.args, `${workspace.at("src")}/`, `${destination}/`], { backEnd });
    const { code, stderr } = await run.done;
    flipper.kill("SIGKILL");
    await once(flipper, "exit");
    expect(stderr).not.toMatch(/internal error|^\s+at /m);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    // Whichever way round they stand now: the link goes, the directory gets its name back.
    must("sh", [
      "-c",
      'if [ -h "$1" ]; then rm "$1"; [ ! -e "$2" ] || [ -h "$2" ] || mv "$2" "$1"; else rm -rf "$2"; fi',
      "sh",
      directory,
      link,
    ]);
    rounds++;
    // After every round: the next would cover what this one did.
    sentinel.expectUntouched();
    expect(filesContaining(destination, secret)).toEqual([]);
  }
  return { rounds, codes };
}

// One breach is one too many.
describe.each(backEnds)("%s", { retry: 0 }, (backEnd) => {
  test.each(operations.filter(({ only }) => only !== "source"))(
    "$title: a directory of the destination becomes a link",
    { timeout: 3_600_000 },
    async (operation) => {
      using workspace = new Workspace();
      const sentinel = new Sentinel(workspace.at("outside"), names);
      const { rounds } = await race(operation, backEnd, workspace, sentinel, ({ destination }) => [
        `${destination}/d`,
        `${destination}/swap`,
      ]);
      expect(rounds).toBeGreaterThan(1);
    },
  );

  test.each(operations.filter(({ only }) => only !== "destination"))(
    "$title: a directory of the source becomes a link",
    { timeout: 3_600_000 },
    async (operation) => {
      using workspace = new Workspace();
      const sentinel = new Sentinel(workspace.at("outside"), names);
      const { rounds } = await race(operation, backEnd, workspace, sentinel, ({ source }) => [
        source,
        `${source}-swap`,
      ]);
      expect(rounds).toBeGreaterThan(1);
    },
  );

  test.each(["source", "destination"] as const)(
    "a file of the %s becomes a link",
    { timeout: 3_600_000 },
    async (side) => {
      using workspace = new Workspace();
      const sentinel = new Sentinel(workspace.at("outside"), names);
      const all: Operation = {
        title: "every attribute of a file",
        args: ["-aXb", "--suffix=.old"],
        prepare: (source, real, round) => {
          must("sh", ["-c", 'rm -f "$1"/*.old', "sh", real]);
          must("chmod", [round % 2 === 0 ? "0640" : "0604", `${source}/f0`]);
          must("chown", [`${1000 + (round % 2)}:1000`, `${source}/f0`]);
          must("setfattr", ["-n", "user.round", "-v", `${round}`, `${source}/f0`]);
          if (round % 3 !== 0) writeFileSync(`${source}/f0`, `source ${round}`);
        },
      };
      const inSource = side === "source";
      const { rounds } = await race(
        all,
        backEnd,
        workspace,
        sentinel,
        ({ source, destination }) =>
          inSource ? [`${source}/f0`, `${source}/f0-swap`] : [`${destination}/d/f0`, `${destination}/swap`],
        workspace.at("outside/f0"),
      );
      expect(rounds).toBeGreaterThan(1);
    },
  );

  test("a directory of the backup tree becomes a link", { timeout: 3_600_000 }, async () => {
    using workspace = new Workspace();
    const sentinel = new Sentinel(workspace.at("outside"), names);
    const backup = workspace.directory("backup");
    const operation: Operation = {
      title: "backup directory",
      args: ["-ab", "--delete", `--backup-dir=${backup}`],
      prepare: (_source, real, round) => {
        filled(real, `old ${round}`);
        must("mkdir", ["-p", `${backup}/d`]);
      },
    };
    await race(operation, backEnd, workspace, sentinel, () => [`${backup}/d`, `${backup}/swap`]);
  });
});

test("the flipper shows both sides to somebody who looks", async () => {
  using workspace = new Workspace();
  workspace.directory("real");
  writeFileSync(workspace.at("real/inside"), "");
  workspace.directory("outside");
  writeFileSync(workspace.at("outside/outside"), "");
  symlinkSync(workspace.at("outside"), workspace.at("swap"));
  const flipper = await startFlipper([workspace.at("real"), workspace.at("swap")]);
  const seen = new Set<string>();
  for (let look = 0; look < 20_000 && seen.size < 2; look++) {
    for (const name of ["inside", "outside"]) if (existsSync(workspace.at(`real/${name}`))) seen.add(name);
  }
  // What follows the link writes outside: the sentinel can turn red.
  for (let write = 0; write < 20_000 && !existsSync(workspace.at("outside/escaped")); write++) {
    try {
      appendFileSync(workspace.at("real/escaped"), "");
    } catch {}
  }
  flipper.kill("SIGKILL");
  await once(flipper, "exit");
  expect(seen).toEqual(new Set(["inside", "outside"]));
  expect(existsSync(workspace.at("outside/escaped"))).toBe(true);
});
