/**
 * What the hostile tests share: a workspace of their own, the command run to its end on either back end, a sentinel tree
 * outside whose picture must never change, and the epilogue of every such test (4-traps 14): exit code, nothing changed
 * outside, no temporary files, no raw control byte and no stack on standard error.
 */
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import { type ChildOutput, collectOutput } from "../support/child-output.ts";
import { openLibc } from "../support/libc.ts";
import { formatSnapshot, takeSnapshot } from "../support/snapshot.ts";

/** The command under test; another one can stand in, for example `TSYNC_TEST_PROGRAM=rsync`. */
export const tsyncProgram: string =
  process.env.TSYNC_TEST_PROGRAM ?? fileURLToPath(new URL("../../bin/tsync", import.meta.url));

/** The checkout's pinned Node, for helper processes. */
export const nodeProgram: string = fileURLToPath(new URL("../../node_modules/node/bin/node", import.meta.url));

/** Both implementations of the system calls. */
export const backEnds: readonly ["koffi", "plain"] = ["koffi", "plain"];
export type BackEnd = (typeof backEnds)[number];

/** A finished run; the streams one character a byte. */
export type Run = ChildOutput;

/** How to run. */
export interface RunOptions {
  readonly backEnd?: BackEnd;
  readonly cwd?: string;
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user, in no group of root's. */
  readonly user?: number;
  readonly timeoutSeconds?: number;
  readonly input?: string;
}

/** The environment of a run. */
export function environment(options: RunOptions): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: "C.UTF-8", TSYNC_SYSCALLS: options.backEnd ?? "koffi", ...options.env };
}

/** Runs the command under test to its end. */
export function tsync(args: readonly string[], options: RunOptions = {}): Run {
  const program = options.program ?? tsyncProgram;
  const asUser =
    options.user === undefined
      ? []
      : ["setpriv", `--reuid=${options.user}`, `--regid=${options.user}`, "--clear-groups"];
  const [command = program, ...rest] = [...asUser, program, ...args];
  const done: SpawnSyncReturns<Buffer> = spawnSync(command, rest, {
    cwd: options.cwd,
    env: environment(options),
    input: options.input ?? "",
    maxBuffer: 1 << 28,
    timeout: (options.timeoutSeconds ?? 60) * 1000,
    killSignal: "SIGKILL",
  });
  const stderr = done.stderr.toString("latin1");
  expect(stderr, "no raw control byte").not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  expect(stderr, "no stack").not.toMatch(/^\s+at /m);
  return { code: done.status, stdout: done.stdout.toString("latin1"), stderr };
}

/** A started run. */
export interface StartedRun {
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly pid: number;
  readonly done: Promise<Run>;
}

/** Starts the command under test in a process group of its own. */
export function startTsync(args: readonly string[], options: RunOptions = {}): StartedRun {
  const child = spawn(options.program ?? tsyncProgram, args, {
    cwd: options.cwd,
    env: environment(options),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const pid = child.pid ?? -1;
  const done = collectOutput(child);
  return { kill: (signal) => void process.kill(-pid, signal), pid, done };
}

/** Runs a helper command; throws with its error text if it fails. */
export function must(command: string, args: readonly string[], input = ""): string {
  const done = spawnSync(command, args, {
    input,
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: "C", PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.error ?? done.stderr}`);
  return done.stdout.toString("latin1");
}

/** A folder of one test's own, removed at its end. */
export class Workspace implements Disposable {
  readonly path: string;
  readonly #mounts: string[] = [];

  constructor(parent: string = tmpdir()) {
    this.path = mkdtempSync(`${parent}/tsync-hostile-`);
    chmodSync(this.path, 0o755);
  }

  /** A path in the workspace. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Makes a directory and returns its path. */
  directory(name: string, mode = 0o755): string {
    mkdirSync(this.at(name), { recursive: true });
    chmodSync(this.at(name), mode);
    return this.at(name);
  }

  /** Writes a file with an old time, so that nothing is as young as the run. */
  file(name: string, content: string | Uint8Array = `${name}\n`, mode = 0o644, time = 1_000_000_000): string {
    writeFileSync(this.at(name), content);
    chmodSync(this.at(name), mode);
    utimesSync(this.at(name), time, time);
    return this.at(name);
  }

  /** A tmpfs of so many bytes; only root can mount it. */
  tmpfs(name: string, bytes: number): string {
    const path = this.directory(name);
    must("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path]);
    this.#mounts.push(path);
    return path;
  }

  [Symbol.dispose](): void {
    for (const path of this.#mounts.reverse()) spawnSync("umount", ["-l", path]);
    spawnSync("chattr", ["-R", "-i", this.path], { stdio: "ignore" });
    // Names that are not text are beyond rmSync.
    spawnSync("rm", ["-rf", "--", this.path]);
  }
}

/** Content that must not be found anywhere else. */
export const secret = "the secret of the tree outside\n";

/**
 * The tree outside: files, a link, a set-id file, attributes. `changed` tells what differs from how it was made, with
 * kind, mode, owner, nanosecond times, content and attributes.
 */
export class Sentinel {
  readonly path: string;
  readonly #before: string;
  /** Everything in it, the tree's root included. */
  readonly #paths: readonly string[];

  /** `names` are file names that a confused run would hit. */
  constructor(path: string, names: readonly string[]) {
    this.path = path;
    mkdirSync(path);
    for (const name of names) writeFileSync(`${path}/${name}`, secret);
    mkdirSync(`${path}/inner`);
    writeFileSync(`${path}/inner/deep`, secret);
    writeFileSync(`${path}/set-id`, secret);
    chmodSync(`${path}/set-id`, 0o4711);
    symlinkSync("inner", `${path}/link`);
    openLibc().setXattr(byteName(`${path}/inner/deep`), "user.sentinel", Buffer.from("kept"));
    must("find", [path, "-exec", "touch", "-h", "-d", "@900000000.123456789", "{}", "+"]);
    this.#paths = must("find", [path, "-print0"]).split("\0").filter(Boolean);
    this.#before = this.picture();
    if (this.#read().length === 0) throw new Error(`the file system of ${path} does not record reading`);
    this.#forget();
  }

  /** What it looks like. */
  picture(): string {
    return formatSnapshot(takeSnapshot(openLibc(), byteName(this.path)));
  }

  /** Fails when anything was opened to be read, or changed. */
  expectUntouched(): void {
    expect(this.#read(), "read in the tree outside").toEqual([]);
    expect(this.picture(), "the tree outside").toBe(this.#before);
    this.#forget();
  }

  /** What was read since `#forget`: the first reading of something with an old time of access gives it a new one. */
  #read(): string[] {
    return this.#paths.filter((path) => (lstatSync(path, { throwIfNoEntry: false })?.atimeMs ?? 0) > 1e12);
  }

  #forget(): void {
    must("touch", ["-h", "-a", "-d", "@900000000.123456789", ...this.#paths]);
  }
}

/** Names below `root` that look like temporary files of a transfer. */
export function temporaryFiles(root: string): string[] {
  return must("find", [root, "-regextype", "posix-extended", "-regex", ".*/\\.[^/]+\\.[A-Za-z0-9]{6}", "-print0"])
    .split("\0")
    .filter(Boolean);
}

/** Files below `root` that contain the text. */
export function filesContaining(root: string, text: string): string[] {
  const done = spawnSync("grep", ["-rlF", "--", text.trim(), root], { encoding: "latin1" });
  return done.stdout.split("\n").filter(Boolean);
}

/** The names in a directory, one character a byte, sorted. */
export function namesIn(path: string): string[] {
  return readdirSync(path, { encoding: "buffer" })
    .map((name) => name.toString("latin1"))
    .sort();
}

/**
 * The tree as lines: kind, mode, owner, nanosecond times, content and attributes; times younger than 2015 are `now`, since
 * the tests make everything older.
 */
export function picture(root: string, microseconds = false): string {
  const now = { nowFrom: 1_420_000_000_000_000_000n, nowUntil: 8_000_000_000_000_000_000n };
  return formatSnapshot(takeSnapshot(openLibc(), byteName(root), { microseconds, ...now }));
}

/** The lines in which two pictures differ. */
export function pictureDifferences(left: string, right: string): string[] {
  const [one, other] = [new Set(left.split("\n")), new Set(right.split("\n"))];
  return [
    ...[...one].filter((line) => !other.has(line)).map((line) => `- ${line}`),
    ...[...other].filter((line) => !one.has(line)).map((line) => `+ ${line}`),
  ];
}
