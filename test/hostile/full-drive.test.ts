/**
 * A destination that has no room for everything (4-traps L-07, L-08, L-12, R-05), on one machine and between two: the run ends with 11 at the
 * end that is asked, a file is what it was or what it is to be (but for those that are written in place), no backup and no source is lost,
 * and a second run with more room completes.
 *
 * `TSYNC_DRIVES=all` for all options in every way; otherwise each of them in one.
 */
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { must, temporaryFiles, tsync, tsyncProgram, Workspace } from "./support.ts";

const programs = { rsync: "rsync", tsync: tsyncProgram };
type Program = keyof typeof programs;

interface Way {
  readonly title: string;
  readonly client: Program;
  readonly server?: Program;
  readonly direction?: "push" | "pull";
}

const ways: readonly Way[] = [
  { title: "on one machine", client: "tsync" },
  { title: "tsync pushes to tsync", client: "tsync", server: "tsync", direction: "push" },
  { title: "tsync pulls from tsync", client: "tsync", server: "tsync", direction: "pull" },
  { title: "rsync pushes to tsync", client: "rsync", server: "tsync", direction: "push" },
  { title: "tsync pulls from rsync", client: "tsync", server: "rsync", direction: "pull" },
];

const optionSets: readonly (readonly string[])[] = [
  ["-a", "--append"],
  ["-a", "--delay-updates", "--remove-source-files"],
  ["-ab", "--inplace"],
  ["-a", "--partial"],
  ["-ab", "--backup-dir=.old", "--remove-source-files"],
  ["-ab", "--delay-updates"],
  ["-ab", "--inplace", "--backup-dir=.old"],
  ["-a", "--inplace", "--remove-source-files"],
  ["-a", "--append-verify", "--remove-source-files"],
  ["-a", "--partial-dir=.part", "--remove-source-files"],
  ["-a", "--preallocate", "--remove-source-files"],
  ["-ab", "--no-whole-file", "--remove-source-files"],
  ["-ab", "--delete-before", "--sparse"],
  ["-ab", "--partial"],
  ["-ab", "--partial", "--backup-dir=.old"],
];

const many = process.env.TSYNC_DRIVES === "all";
const cases = optionSets.flatMap((options, index) =>
  (many || options.join(" ") === "-ab --partial" ? ways : [ways[(index + 3) % ways.length] ?? ways[0]]).flatMap(
    (way) => (way === undefined ? [] : [{ way, options, title: `${options.join(" ")}, ${way.title}` }]),
  ),
);

/** What is there before and what is to be, which `--append` can make of it. */
const files: Readonly<Record<string, readonly [before: Buffer | undefined, now: Buffer]>> = {
  a: [Buffer.from("the"), Buffer.from("the new a\n")],
  // Whoever sends is in the middle of the second one when the first does not fit.
  big: [Buffer.alloc(200_000, "same"), Buffer.alloc(3 << 20, "same")],
  grow: [Buffer.alloc(1000, "g"), Buffer.alloc(2 << 20, "g")],
  "sub/new": [undefined, Buffer.from("the new one\n")],
  z: [Buffer.from("the"), Buffer.from("the new z\n")],
};

let workspace: Workspace;
let number = 0;
let [source, destination] = ["", ""];

beforeAll(() => {
  workspace = new Workspace();
  writeFileSync(workspace.at("shell"), '#!/bin/sh\nshift\nexec "$@"\n');
  chmodSync(workspace.at("shell"), 0o755);
});
afterAll(() => workspace[Symbol.dispose]());

beforeEach(() => {
  const base = `run${number++}`;
  source = workspace.directory(`${base}/src`);
  workspace.directory(`${base}/src/sub`);
  destination = workspace.tmpfs(`${base}/dst`, 1 << 20);
  for (const [name, [before, now]] of Object.entries(files)) {
    workspace.file(`${base}/src/${name}`, now, 0o644, 1_100_000_000);
    if (before !== undefined) workspace.file(`${base}/dst/${name}`, before);
  }
  for (const path of [`${source}/sub`, source]) utimesSync(path, 1_050_000_000, 1_050_000_000);
});

function run({ client, server, direction }: Way, options: readonly string[]): { code: number | null; stderr: string } {
  const shell = server === undefined ? [] : ["-e", workspace.at("shell"), `--rsync-path=${programs[server]}`];
  const from = direction === "pull" ? `h:${source}/` : `${source}/`;
  const to = direction === "push" ? `h:${destination}/` : `${destination}/`;
  return tsync([...options, ...shell, from, to], { program: programs[client] });
}

/** Contents of all files below the root, by their paths. */
function contents(root: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  const found = names.filter((name) => statSync(join(root, name)).isFile());
  return new Map(found.map((name) => [name, readFileSync(join(root, name))]));
}

test.each(cases)("L-07 no room: 11, nothing is lost, more room completes: $title", ({ way, options }) => {
  const backsUp = options.includes("-ab");
  const inPlace = options.some((option) => option.startsWith("--inplace") || option.startsWith("--append"));
  const { code, stderr } = run(way, options);
  expect(code).toBe(11);
  expect(stderr).toContain("No space left on device (28)");
  expect(temporaryFiles(destination)).toEqual([]);
  const there = contents(destination);
  const sources = contents(source);
  for (const [name, [before, now]] of Object.entries(files)) {
    const has = (content: Buffer): boolean => there.get(name)?.equals(content) === true;
    if (!sources.has(name)) expect(has(now), `${name} has left its source`).toBe(true);
    const status = statSync(`${destination}/${name}`, { throwIfNoEntry: false });
    const partial = options.includes("--partial") && Math.floor((status?.mtimeMs ?? 1000) / 1000) === 0;
    const isWhole = inPlace || partial || has(now) || (before === undefined ? !there.has(name) : has(before));
    expect(isWhole, `${name} is torn`).toBe(true);
    if (!backsUp || before === undefined) continue;
    const kept = [name, `${name}~`, `.old/${name}`].some((path) => there.get(path)?.equals(before));
    expect(kept, `${name} is backed up`).toBe(true);
  }
  must("mount", ["-o", "remount,size=16m", destination]);
  const second = run(way, options);
  expect(second).toEqual({ code: 0, stdout: "", stderr: "" });
  // What has been backed up is not to be compared.
  for (const name of readdirSync(destination)) {
    if (/~$|^\.old$/.test(name)) rmSync(join(destination, name), { recursive: true });
  }
  const found = contents(destination);
  expect([...found.keys()].sort()).toEqual(Object.keys(files).sort());
  for (const [name, [, now]] of Object.entries(files))
    expect(found.get(name)?.equals(now), `${name} is new`).toBe(true);
  if (options.includes("--remove-source-files")) expect([...contents(source).keys()]).toEqual([]);
});
