/**
 * kill -9 in the ways of writing that kill.test.ts leaves out, and between two ends (4-traps L-05, L-08, L-12, L-18, R-05, X-08): whoever is
 * killed, no file is torn that is not written in place (`--partial` lets a receiver that lives on put the beginning of a file in
 * its place), what a backup was asked for is still there, a source is removed only when its copy is in place, the end that lives on ends
 * soon, and the next run completes.
 *
 * `TSYNC_KILLS=200` for so many moments of all together; 13 otherwise.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../support/random.ts";
import { must, startTsync, temporaryFiles, tsync, tsyncProgram, Workspace } from "./support.ts";

const programs = { rsync: "rsync", tsync: tsyncProgram };
type Program = keyof typeof programs;

interface Way {
  readonly title: string;
  readonly client: Program;
  readonly server?: Program;
  readonly direction?: "push" | "pull";
  readonly killed: "client" | "server";
}

const ways: readonly Way[] = [
  { title: "on one machine", client: "tsync", killed: "client" },
  {
    title: "tsync pushes to tsync, which is killed",
    client: "tsync",
    server: "tsync",
    direction: "push",
    killed: "server",
  },
  {
    title: "tsync pulls from tsync and is killed",
    client: "tsync",
    server: "tsync",
    direction: "pull",
    killed: "client",
  },
  {
    title: "rsync pushes to tsync, which is killed",
    client: "rsync",
    server: "tsync",
    direction: "push",
    killed: "server",
  },
  {
    title: "tsync pulls from rsync, which is killed",
    client: "tsync",
    server: "rsync",
    direction: "pull",
    killed: "server",
  },
  {
    title: "rsync pushes to tsync and is killed",
    client: "rsync",
    server: "tsync",
    direction: "push",
    killed: "client",
  },
  {
    title: "tsync pulls from tsync, which is killed",
    client: "tsync",
    server: "tsync",
    direction: "pull",
    killed: "server",
  },
  {
    title: "tsync pushes to tsync and is killed",
    client: "tsync",
    server: "tsync",
    direction: "push",
    killed: "client",
  },
];

const optionSets: readonly (readonly string[])[] = [
  ["-a", "--remove-source-files"],
  ["-a", "--inplace"],
  ["-ab", "--inplace", "--backup-dir=BACKUP"],
  ["-a", "--append"],
  ["-a", "--append-verify", "--remove-source-files"],
  ["-a", "--partial-dir=.part", "--remove-source-files"],
  ["-a", "--delay-updates", "--remove-source-files"],
  ["-ab", "--backup-dir=BACKUP", "--remove-source-files"],
  ["-ab", "--delay-updates", "--backup-dir=BACKUP"],
  ["-a", "--link-dest=OLD"],
  ["-ab", "--no-whole-file", "--partial"],
  ["-a", "--temp-dir=TEMP", "--remove-source-files"],
  ["-aH", "--remove-source-files"],
];

const moments = Number(process.env.TSYNC_KILLS ?? optionSets.length);
const sizes: readonly number[] = [0, 10, 700, 4096, 66_000, 300_000, 2_000_000];
const hash = (content: Uint8Array): string => createHash("sha1").update(content).digest("hex");

interface Content {
  readonly before: string | undefined;
  readonly now: string;
}

let workspace: Workspace;
const contents = new Map<string, Content>();

beforeAll(() => {
  workspace = new Workspace();
  // Hears of the server's process, which is its own.
  writeFileSync(workspace.at("shell"), `#!/bin/sh\nshift\necho $$ >${workspace.at("pid")}\nexec "$@"\n`);
  chmodSync(workspace.at("shell"), 0o755);
  for (const side of ["source", "old", "empty"])
    for (const name of ["", "/d0", "/d1", "/d2"]) workspace.directory(side + name);
  for (let number = 0; number < 60; number++) {
    const name = `d${number % 3}/f${number}`;
    const size = sizes[number % sizes.length] ?? 0;
    // The old one is how the new one begins, for `--append`.
    const now = Buffer.alloc(size + 20, `content of ${name} `);
    const before = number % 4 === 0 ? undefined : now.subarray(0, Math.floor(size / 2));
    workspace.file(`source/${name}`, now, 0o644, 1_100_000_000);
    if (before !== undefined) workspace.file(`old/${name}`, before);
    contents.set(name, { before: before === undefined ? undefined : hash(before), now: hash(now) });
  }
  // One of each that is alike.
  must("ln", [workspace.at("source/d0/f0"), workspace.at("source/d2/linked")]);
  contents.set("d2/linked", { before: undefined, now: contents.get("d0/f0")?.now ?? "" });
});
afterAll(() => workspace[Symbol.dispose]());

function startAnew(): void {
  must("rm", ["-rf", ...["src", "dst", "backup", "temp", "pid"].map((name) => workspace.at(name))]);
  must("cp", ["-a", workspace.at("source"), workspace.at("src")]);
  must("cp", ["-a", workspace.at("old"), workspace.at("dst")]);
  workspace.directory("temp");
}

function commandLine({ server, direction }: Way, options: readonly string[]): string[] {
  const places = { BACKUP: "backup", OLD: "old", TEMP: "temp" };
  const own = options.map((option) =>
    option.replace(/=(BACKUP|OLD|TEMP)$/, (_all, place: keyof typeof places) => `=${workspace.at(places[place])}`),
  );
  const shell = server === undefined ? [] : ["-e", workspace.at("shell"), `--rsync-path=${programs[server]}`];
  const [source, destination] = [`${workspace.at("src")}/`, `${workspace.at("dst")}/`];
  return [
    ...own,
    ...shell,
    direction === "pull" ? `h:${source}` : source,
    direction === "push" ? `h:${destination}` : destination,
  ];
}

/** Kills this process; false if it has ended, or not begun. */
function kill(pid: number): boolean {
  // 0 is everybody.
  if (pid <= 0) return false;
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

function serverPid(): number {
  return existsSync(workspace.at("pid")) ? Number(readFileSync(workspace.at("pid"), "latin1")) : 0;
}

/** Waits for a server that may still be about to end. */
async function untilGone(pid: number): Promise<void> {
  for (let waited = 0; existsSync(`/proc/${pid}`) && waited < 30_000; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(existsSync(`/proc/${pid}`), "the server lives on").toBe(false);
}

function hashes(root: string): ReadonlyMap<string, string> {
  if (!existsSync(root)) return new Map();
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  const found = names.filter((name) => statSync(join(root, name)).isFile());
  return new Map(found.map((name) => [name, hash(readFileSync(join(root, name)))]));
}

function receiverOf({ direction }: Way): Way["killed"] {
  return direction === "push" ? "server" : "client";
}

/** Whether this destination file is how its source begins. */
function isBeginning(name: string): boolean {
  const kept = readFileSync(workspace.at(`dst/${name}`));
  return kept.equals(readFileSync(workspace.at(`src/${name}`)).subarray(0, kept.length));
}

function expectNothingLost(way: Way, options: readonly string[], title: string): void {
  const inPlace = options.some((option) => option.startsWith("--inplace") || option.startsWith("--append"));
  const backsUp = options.includes("-ab");
  const [there, sources] = [hashes(workspace.at("dst")), hashes(workspace.at("src"))];
  const backups = hashes(workspace.at("backup"));
  const keepsParts = options.includes("--partial") && way.killed !== receiverOf(way);
  for (const [name, { before, now }] of contents) {
    const found = there.get(name);
    if (!sources.has(name)) expect(found, `${title}: ${name} has left its source`).toBe(now);
    else expect(sources.get(name), `${title}: the source ${name}`).toBe(now);
    const isKeptPart = keepsParts && found !== undefined && isBeginning(name);
    if (!inPlace && !isKeptPart) {
      expect([before, now, ...(backsUp ? [undefined] : [])], `${title}: ${name} is torn`).toContain(found);
    }
    const kept = [found, there.get(`${name}~`), backups.get(name)];
    if (backsUp && before !== undefined) expect(kept, `${title}: ${name} is backed up`).toContain(before);
  }
}

/** A temporary file gets its mode when it is whole: then it is only to be renamed. */
function expectPrivateOrWhole(path: string, title: string): void {
  if ((statSync(path).mode & 0o077) === 0) return;
  const whole = [...contents.values()].map(({ now }) => now);
  expect(whole, `${title}: ${path} can be read, and is not whole`).toContain(hash(readFileSync(path)));
}

test.each(optionSets.map((options) => ({ title: options.join(" "), options })))(
  "kill -9 loses nothing: $title",
  { timeout: 3_600_000 },
  async ({ title, options }) => {
    const index = optionSets.indexOf(options);
    const random = new Random("kill-ways", index);
    for (let moment = 0; moment < Math.ceil(moments / optionSets.length); moment++) {
      const way = ways[(index * 3 + moment) % ways.length];
      if (way === undefined) throw new Error("there is no such way");
      const args = commandLine(way, options);
      const started = { program: programs[way.client] };
      startAnew();
      const before = performance.now();
      expect((await startTsync(args, started).done).code, title).toBe(0);
      const whole = performance.now() - before;
      startAnew();
      const milliseconds = random.between(0, Math.floor(whole));
      const where = `${title}, ${way.title} after ${milliseconds} of ${Math.round(whole)} ms`;
      const run = startTsync(args, started);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      const hit = kill(way.killed === "client" ? run.pid : serverPid());
      const { code } = await run.done;
      if (way.server !== undefined) await untilGone(serverPid());
      if (hit && way.killed === "client") expect([null, 0], where).toContain(code);
      expectNothingLost(way, options, where);
      const left = [...temporaryFiles(workspace.at("dst")), ...temporaryFiles(workspace.at("temp"))];
      expect(left.length, `${where}: ${left.join(" ")}`).toBeLessThanOrEqual(2);
      for (const path of left) expectPrivateOrWhole(path, where);
      expect(tsync(args, started), where).toEqual({ code: 0, stdout: "", stderr: "" });
      const now = hashes(workspace.at("dst"));
      for (const [name, content] of contents) expect(now.get(name), `${where}: ${name} in the end`).toBe(content.now);
      if (options.includes("--remove-source-files")) expect([...hashes(workspace.at("src")).keys()], where).toEqual([]);
    }
  },
);
