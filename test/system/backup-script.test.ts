/**
 * The nightly backup script on real drives: run with rsync on one and with tsync on another, exit codes, standard
 * output (as two sequences, 3-transfer 9.10), standard error and the trees must be the same; then what happens when it is
 * interrupted and when the drive is full (3-transfer 5.4, 9.2).
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChildOutput } from "../support/child-output.ts";
import { buildSource, changeSource, deleteFromSource, setMovie, writeExcludes } from "./backup-source.ts";
import {
  childrenOf,
  Drive,
  type RunningScript,
  requireRoot,
  sections,
  snapshot,
  startScript,
  temporaryFiles,
  tsyncProgram,
} from "./support.ts";

/** One program with its own working folder and drive. */
interface Side {
  readonly program: string;
  readonly cwd: string;
  readonly drive: Drive;
}

const programs: readonly (readonly [string, string])[] = [
  ["rsync", "rsync"],
  ["tsync", tsyncProgram],
];
let root = "";

function makeSide(name: string, program: string, sizeMib: number): Side {
  const cwd = `${root}/${name}`;
  mkdirSync(cwd);
  writeExcludes(cwd);
  return { program, cwd, drive: new Drive(cwd, sizeMib) };
}

function run(side: Side, src: string, extra = ""): Promise<ChildOutput> {
  return startScript(side.cwd, side.program, src, side.drive.path, extra).done;
}

/** Standard error with the drive's place and the position in the source of the last line set aside. */
function errorLines(side: Side, text: string): string[] {
  return text
    .replaceAll(side.cwd, "CWD")
    .split("\n")
    .map((line) => line.replace(/^(rsync error: .* \(code \d+\)) at .*$/, "$1"));
}

/** The tree on a drive; when the drive's top and `home/`, which are in no transfer, were last touched is left out. */
function tree(side: Side): string[] {
  return snapshot(side.drive.path).map((line) => line.replace(/^("(?:home)?" d .*) mtime \S+/, "$1"));
}

beforeAll(() => {
  requireRoot();
  root = mkdtempSync(`${tmpdir()}/tsync-system-`);
});

afterAll(() => {
  if (root !== "") rmSync(root, { recursive: true, force: true });
});

describe("the backup script", () => {
  const sides: Side[] = [];
  let src = "";

  beforeAll(() => {
    src = `${root}/src`;
    buildSource(src);
    sides.push(makeSide("rsync", "rsync", 256), makeSide("tsync", tsyncProgram, 256));
  });

  afterAll(() => {
    for (const side of sides) side.drive[Symbol.dispose]();
  });

  async function runBoth(extra = ""): Promise<ChildOutput> {
    const [ours, theirs] = [sides[1], sides[0]];
    if (ours === undefined || theirs === undefined) throw new Error("no drives");
    const expected = await run(theirs, src, extra);
    const actual = await run(ours, src, extra);
    expect({
      code: actual.code,
      sections: sections(actual.stdout),
      errors: errorLines(ours, actual.stderr),
    }).toEqual({
      code: expected.code,
      sections: sections(expected.stdout),
      errors: errorLines(theirs, expected.stderr),
    });
    expect(sections(expected.stdout).map(({ name }) => name)).toEqual(["nixos", "media", "documents"]);
    expect(tree(ours)).toEqual(tree(theirs));
    return actual;
  }

  test("waits for the drive, then copies everything", async () => {
    for (const side of sides) {
      const script = startScript(side.cwd, side.program, src, side.drive.path, "");
      await sleep(300);
      expect(readdirSync(side.drive.path)).toEqual([]);
      side.drive.mount();
      const first = await script.done;
      expect(first).toMatchObject({ code: 0, stderr: "" });
      expect(readFileSync(`${side.cwd}/backup.log`, "latin1")).toContain("sending incremental file list\n");
    }
    const [theirs, ours] = sides.map(tree);
    expect(ours).toEqual(theirs);
    expect(ours?.length).toBeGreaterThan(200);
  });

  test("has nothing to do the second time", async () => {
    const second = await runBoth();
    expect(sections(second.stdout).flatMap((section) => section.lines)).not.toContain("configuration.nix");
  });

  test("announces changes under -n without making them", async () => {
    changeSource(src);
    const before = sides.map(tree);
    const dry = await runBoth("-n");
    expect(dry.stdout).toContain("\nconfiguration.nix\n");
    expect(sides.map(tree)).toEqual(before);
  });

  test("brings over the changes", async () => {
    const changed = await runBoth();
    expect(changed.stdout).toContain("\nmusic/Album II/");
  });

  test("itemizes under -n -i", async () => {
    deleteFromSource(src);
    await runBoth("-n -i");
  });

  test("deletes what is gone", async () => {
    const deleted = await runBoth();
    expect(sections(deleted.stdout).map((section) => section.deletions.length > 0)).toEqual([true, false, true]);
  });

  test("reports a source that is missing", async () => {
    rmSync(`${src}/home/notes.txt`);
    expect((await runBoth()).code).toBe(23);
  });
});

describe.each(programs)("an interrupted run of %s", (_, program) => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "ends with 20 after %s, leaves no temporary file, and the next run completes",
    async (signal) => {
      using stage = new Stage(program, 700);
      await stage.firstRun();
      const old = snapshot(stage.media);
      setMovie(stage.movie, 500, 2);
      const script = stage.start();
      await untilGrowing(stage.media, script);
      for (const pid of childrenOf(script.child.pid ?? 0)) {
        // A pipeline's children: the program and tee. A program is told to stop, not the script around it.
        if (programOf(pid) !== "tee") process.kill(pid, signal);
      }
      const stopped = await script.done;
      expect(sections(stopped.stdout)).toMatchObject([
        { name: "nixos", ending: "0" },
        { name: "media", ending: "20" },
        { name: "documents", ending: "0" },
      ]);
      expect(stopped.stderr).toMatch(/rsync error: received SIGINT, SIGTERM, or SIGHUP \(code 20\)/);
      stage.expectUntouched(old);
      await stage.expectNextRunCompletes();
    },
  );

  test("by Ctrl-C, which reaches the script and tee too, leaves the old file and no temporary one", async () => {
    using stage = new Stage(program, 700);
    await stage.firstRun();
    const old = snapshot(stage.media);
    setMovie(stage.movie, 500, 2);
    const script = stage.start();
    await untilGrowing(stage.media, script);
    const group = -(script.child.pid ?? 0);
    process.kill(group, "SIGINT");
    await script.done;
    while (isRunning(group)) await sleep(10);
    stage.expectUntouched(old);
    await stage.expectNextRunCompletes();
  });
});

describe.each(programs)("a full drive under %s", (_, program) => {
  test("ends with 11, keeps the old file whole and leaves no temporary file", async () => {
    using stage = new Stage(program, 64);
    await stage.firstRun();
    const old = snapshot(stage.media);
    setMovie(stage.movie, 100, 3);
    const full = await stage.start().done;
    expect(sections(full.stdout)).toMatchObject([
      { name: "nixos", ending: "0" },
      { name: "media", ending: "11" },
      { name: "documents", ending: "0" },
    ]);
    expect(full.stderr.replaceAll(stage.drive.path, "USB").split("\n")).toContain(
      'rsync: [receiver] write failed on "USB/media/movie.mkv": No space left on device (28)',
    );
    expect(full.stderr).toMatch(/^rsync error: error in file IO \(code 11\)/m);
    stage.expectUntouched(old);
    setMovie(stage.movie, 6, 3);
    await stage.expectNextRunCompletes();
  });
});

/** A source, a working folder and a drive for one program. */
class Stage implements Disposable {
  readonly drive: Drive;
  readonly media: string;
  readonly movie: string;
  readonly #program: string;
  readonly #folder: string;
  readonly #src: string;
  readonly #cwd: string;

  constructor(program: string, driveMib: number) {
    this.#program = program;
    this.#folder = mkdtempSync(`${root}/stage-`);
    this.#src = `${this.#folder}/src`;
    this.#cwd = `${this.#folder}/run`;
    buildSource(this.#src);
    mkdirSync(this.#cwd);
    writeExcludes(this.#cwd);
    this.drive = new Drive(this.#cwd, driveMib);
    this.drive.mount();
    this.media = `${this.drive.path}/media`;
    this.movie = `${this.#src}/mnt/media/movie.mkv`;
  }

  start(): RunningScript {
    return startScript(this.#cwd, this.#program, this.#src, this.drive.path, "");
  }

  async firstRun(): Promise<void> {
    expect(await this.start().done).toMatchObject({ code: 0, stderr: "" });
  }

  /** Everything is as it was before the run, the old content of the movie too, and nothing else lies around. */
  expectUntouched(old: readonly string[]): void {
    expect(temporaryFiles(this.drive.path)).toEqual([]);
    // The folder itself was touched by the temporary file's coming and going.
    expect(snapshot(this.media).slice(1)).toEqual(old.slice(1));
  }

  async expectNextRunCompletes(): Promise<void> {
    expect(await this.start().done).toMatchObject({ code: 0, stderr: "" });
    expect(snapshot(this.media)).toEqual(snapshot(`${this.#src}/mnt/media`));
  }

  [Symbol.dispose](): void {
    this.drive[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

/** Waits until a temporary file of the transfer has some bytes. */
async function untilGrowing(folder: string, script: RunningScript): Promise<void> {
  while (script.child.exitCode === null) {
    for (const name of readdirSync(folder)) {
      if (!/^\.movie\.mkv\.\w{6}$/.test(name)) continue;
      if ((statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.size ?? 0) > 0) return;
    }
    await sleep(1);
  }
  throw new Error("the run ended before it could be interrupted");
}

function programOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "latin1").trim();
}

/** Whether a process, or (negative) a member of a process group, is still there. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
