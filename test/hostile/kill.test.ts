/**
 * kill -9 at seeded moments of copying, deleting and backing up (4-traps L-05, L-09, X-08): no torn file under a final name,
 * at most one temporary file a receiver, and the next run ends where rsync ends.
 *
 * `TSYNC_KILLS=200` for the long mode; 8 moments otherwise. SIGTERM at other moments leaves nothing at all.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmdirSync, statSync, utimesSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../support/random.ts";
import {
  backEnds,
  must,
  namesIn,
  picture,
  pictureDifferences,
  startTsync,
  temporaryFiles,
  tsync,
  Workspace,
} from "./support.ts";

// Threads are used in trees that are large enough to test them.
process.env.TSYNC_THREADS_FROM = "1000";

const kills = Number(process.env.TSYNC_KILLS ?? 8);
/** A file is one of these two, whole. */
const oldContent = (name: string, size: number): Buffer => Buffer.alloc(size, `old ${name} `);
const newContent = (name: string, size: number): Buffer => Buffer.alloc(size + 1, `new ${name} `);
const hash = (content: Uint8Array): string => createHash("sha1").update(content).digest("hex");
const sizes: readonly number[] = [0, 1, 700, 4096, 66_000, 300_000, 9_000_000];

let workspace: Workspace;
let source: string;
let start: string;
let right: string;
const allowed = new Map<string, ReadonlySet<string>>();

const args = (destination: string, variant: readonly string[] = []): string[] => [
  "-a",
  "--delete",
  "--backup",
  "--backup-dir=../bak",
  ...variant,
  `${source}/`,
  `${destination}/`,
];

beforeAll(() => {
  workspace = new Workspace();
  source = workspace.directory("src");
  start = workspace.directory("start");
  for (let directory = 0; directory < 8; directory++) {
    for (const side of ["src", "start"]) workspace.directory(`${side}/d${directory}`);
    workspace.directory(`start/gone${directory}`);
    for (let number = 0; number < 60; number++) {
      const size = number === 59 ? (sizes[directory % sizes.length] ?? 0) : (sizes[number % 5] ?? 0);
      const name = `d${directory}/f${number}`;
      if (number % 3 !== 0) workspace.file(`start/${name}`, oldContent(name, size));
      workspace.file(`src/${name}`, newContent(name, size), 0o644, 1_100_000_000);
      allowed.set(
        name,
        new Set([hash(newContent(name, size)), ...(number % 3 === 0 ? [] : [hash(oldContent(name, size))])]),
      );
      workspace.file(`start/gone${directory}/f${number}`, "extraneous\n");
      allowed.set(`gone${directory}/f${number}`, new Set([hash(Buffer.from("extraneous\n"))]));
    }
  }
  // So many that a thread is started for them.
  workspace.directory("src/many");
  for (let number = 0; number < 900; number++) {
    const name = `many/f${number}`;
    workspace.file(`src/${name}`, newContent(name, 100), 0o644, 1_100_000_000);
    allowed.set(name, new Set([hash(newContent(name, 100))]));
  }
  must("find", [source, "-type", "d", "-exec", "touch", "-d", "@1050000000", "{}", "+"]);
  must("cp", ["-a", start, workspace.directory("oracle/")]);
  const oracle = workspace.at("oracle/start");
  expect(tsync(args(oracle), { program: "rsync" }).code).toBe(0);
  right = picture(oracle, true);
});
afterAll(() => workspace[Symbol.dispose]());

/** Every file under a final name, whole; in the backup tree too. */
function expectWhole(root: string, title: string): void {
  const temporary = new Set(temporaryFiles(root));
  for (const [name, contents] of allowed) {
    if (!existsSync(`${root}/${name}`) || temporary.has(`${root}/${name}`)) continue;
    expect(contents.has(hash(readFileSync(`${root}/${name}`))), `${title}: ${name} is torn`).toBe(true);
  }
}

/** Takes away the directory that a run leaves when it is hit just after the last file went out of it. */
function removeEmptyHolding(root: string): void {
  const found = must("find", [root, "-name", ".~tmp~", "-type", "d", "-empty", "-print0"]);
  for (const path of found.split("\0").filter(Boolean)) {
    rmdirSync(path);
    utimesSync(dirname(path), 1_050_000_000, 1_050_000_000);
  }
}

describe.each(backEnds)("%s", (backEnd) => {
  test.each([
    ["SIGKILL", ""],
    ["SIGTERM", ""],
    ["SIGKILL", "--delay-updates"],
    ["SIGTERM", "--delay-updates"],
  ] as const)(
    "%s leaves whole files, and the next run ends right %s",
    { timeout: 3_600_000 },
    async (signal, option) => {
      const random = new Random("kill", signal === "SIGKILL" ? 4711 : 815);
      const variant = option === "" ? [] : [option];
      let killed = 0;
      // How long a whole run takes, so that the moments lie within.
      must("cp", ["-a", start, workspace.directory("run/")]);
      const before = performance.now();
      await startTsync(args(workspace.at("run/start"), variant), { backEnd }).done;
      let whole = performance.now() - before;
      const moments = kills / (signal === "SIGKILL" ? 1 : 2);
      const hits = kills / 8;
      // More of them where the machine has become so much faster that none strikes.
      for (let moment = 0; moment < moments || (killed <= hits && moment < moments * 4); moment++) {
        must("rm", ["-rf", workspace.at("run")]);
        must("cp", ["-a", start, workspace.directory("run/")]);
        const destination = workspace.at("run/start");
        const started = performance.now();
        const run = startTsync(args(destination, variant), { backEnd });
        const milliseconds = random.between(0, Math.floor(whole * 1.05));
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        try {
          run.kill(signal);
        } catch {}
        const { code } = await run.done;
        const title = `${signal} after ${milliseconds} ms`;
        if (code !== 0) killed++;
        else whole = Math.min(whole, performance.now() - started);
        if (signal === "SIGTERM") expect([0, 20, null], title).toContain(code);
        const left = temporaryFiles(workspace.at("run"));
        // One for each thread that writes; none where there was time to clean up.
        expect(left.length, `${title}: ${left.join(" ")}`).toBeLessThanOrEqual(signal === "SIGKILL" ? 2 : 0);
        expectWhole(destination, title);
        if (existsSync(workspace.at("run/bak"))) expectWhole(workspace.at("run/bak"), `${title}, backup`);
        // Its mode is 0600 until everything but the rename is done.
        for (const path of left) expect([0o600, 0o644], title).toContain(statSync(path).mode & 0o777);
        const again = tsync(args(destination, variant), { backEnd });
        expect(again, title).toMatchObject({ code: 0, stderr: "" });
        if (option !== "") removeEmptyHolding(destination);
        expect(pictureDifferences(right, picture(destination, true)), title).toEqual([]);
        // What an unlucky moment left is not deleted but backed up, like everything extraneous.
        expect(namesIn(destination), title).toEqual(namesIn(source));
      }
      expect(killed, "runs that were hit").toBeGreaterThan(hits);
    },
  );
});
