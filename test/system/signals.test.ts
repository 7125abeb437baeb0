/**
 * SIGINT, SIGTERM and SIGHUP at random moments (3-transfer 9.2, 4-traps L-09): exit code 20 and rsync's line, no summary,
 * no temp file, and every destination file is the old one or the new one in full. `TSYNC_SIGNALS=50` for the long mode;
 * 4 moments a scene otherwise.
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fatalSignals } from "../../src/errors.ts";
import { Random } from "../support/random.ts";

// Threads are used in trees that are large enough to test them.
process.env.TSYNC_THREADS_FROM = "1000";

const program = process.env.TSYNC_TEST_PROGRAM ?? fileURLToPath(new URL("../../bin/tsync", import.meta.url));
const moments = Number(process.env.TSYNC_SIGNALS ?? 4);
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const lastLine =
  /^rsync error: received SIGINT, SIGTERM, or SIGHUP \(code 20\) at tsync \[(?:sender|client|generator|receiver)=[^\n]*\]\n$/;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From when it listens to its end. */
  readonly milliseconds: number;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-signals-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Whether the process listens. While Node starts, a signal ends it as it ends any program; of these it leaves SIGHUP alone. */
function listens(pid: number): boolean {
  try {
    const caught = /^SigCgt:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return (BigInt(`0x${caught ?? "0"}`) & 1n) !== 0n;
  } catch {
    return false;
  }
}

/** Runs tsync and sends the signals at their moments, counted from when it listens. */
function run(
  args: readonly string[],
  kills: readonly { readonly after: number; readonly signal: NodeJS.Signals }[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  let started = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const timers: NodeJS.Timeout[] = [];
  const watch = setInterval(() => {
    if (!listens(child.pid ?? 0)) return;
    clearInterval(watch);
    started = performance.now();
    for (const { after, signal } of kills) timers.push(setTimeout(() => child.kill(signal), after));
  }, 1);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString("latin1");
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString("latin1");
  });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearInterval(watch);
      for (const timer of timers) clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, milliseconds: performance.now() - started });
    });
  });
}

function fill(path: string, bytes: number, text: string): void {
  const piece = Buffer.alloc(1024 * 1024, text);
  const descriptor = openSync(path, "w");
  for (let left = bytes; left > 0; left -= piece.length) writeSync(descriptor, piece, 0, Math.min(left, piece.length));
  closeSync(descriptor);
}

function tempNames(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(?:^|\/)\.[^/]+\.[^/]{6}$/.test(name),
  );
}

/** A signalled run says so and nothing else; one that was through before the signal came ended well. */
function expectStopped(ended: Ended): boolean {
  if (ended.code === 0 || (ended.signal !== null && ended.stdout.includes("total size is"))) {
    // Node has put its handlers away by the time that it leaves.
    expect(ended.stderr).toBe("");
    expect(ended.stdout).toContain("total size is");
    return false;
  }
  expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 20, signal: null });
  expect(ended.stderr).toMatch(lastLine);
  expect(ended.stdout).not.toContain("total size is");
  return true;
}

/** Draws a moment of a run of the usual length. */
function draw(random: Random, usual: number): { after: number; signal: NodeJS.Signals } {
  return { after: random.between(0, Math.ceil(usual)), signal: random.pick(signals) };
}

describe.each(["koffi", "plain"] as const)("with %s system calls", (kind) => {
  const env = { TSYNC_SYSCALLS: kind };

  test.each([[[]], [["--partial"]], [["--partial-dir=.part"]], [["--inplace"]]])(
    "in the middle of a large file %j",
    async (options: string[]) => {
      const random = new Random(options.join() + kind, 1);
      const source = join(folder, "large");
      const bytes = 768 * 1024 * 1024;
      if (!existsSync(source)) {
        mkdirSync(source);
        fill(join(source, "big"), bytes, "new ");
      }
      const destination = join(folder, `large-copy-${kind}`);
      const file = join(destination, "big");
      const prepare = () => {
        rmSync(destination, { recursive: true, force: true });
        mkdirSync(destination);
        writeFileSync(file, "old");
      };
      prepare();
      const args = ["-rv", ...options, `${source}/`, destination];
      const whole = await run(args, [], env);
      expect(whole.code).toBe(0);
      let usual = whole.milliseconds;
      let stopped = 0;
      let kept = 0;
      for (let moment = 0; moment < moments + 3; moment++) {
        prepare();
        // Where the file system shares blocks or the cache has become warm a copy is through before any signal comes;
        // one through the delta matcher is not.
        const slowed = moment >= moments;
        const kill = slowed ? { after: random.between(200, 1000), signal: random.pick(signals) } : draw(random, usual);
        const ended = await run(slowed ? ["--no-W", ...args] : args, [kill], env);
        if (!expectStopped(ended)) {
          if (!slowed) usual = Math.min(usual, ended.milliseconds);
          expect(statSync(file).size).toBe(bytes);
          continue;
        }
        stopped++;
        expect(tempNames(destination)).toEqual([]);
        const { size } = statSync(file);
        const part = join(destination, ".part/big");
        if (existsSync(part) || (size > 3 && size < bytes)) kept++;
        if (options[0] !== "--partial" && options[0] !== "--inplace" && size !== bytes)
          expect(readFileSync(file, "utf8")).toBe("old");
      }
      expect(stopped).toBeGreaterThan(0);
      if (options.length === 0) expect(kept).toBe(0);
      else expect(kept).toBeGreaterThan(0);
    },
  );

  test("among many small files, with threads at work", async () => {
    const random = new Random(`small${kind}`, 1);
    const source = join(folder, "small");
    const count = 4000;
    if (!existsSync(source)) {
      for (let index = 0; index < count; index++) {
        if (index % 100 === 0) mkdirSync(join(source, `d${index / 100}`), { recursive: true });
        writeFileSync(join(source, `d${Math.floor(index / 100)}/f${index}`), `new content of ${index}`);
      }
    }
    const args = (destination: string) => ["-rv", `${source}/`, destination];
    const whole = await run(args(join(folder, `small-whole-${kind}`)), [], env);
    expect(whole.code).toBe(0);
    let usual = whole.milliseconds;
    let stopped = 0;
    for (let moment = 0; moment < moments || (stopped === 0 && moment < moments + 10); moment++) {
      const destination = join(folder, `small-copy-${kind}-${moment}`);
      mkdirSync(join(destination, "d0"), { recursive: true });
      for (let index = 0; index < 100; index++) writeFileSync(join(destination, `d0/f${index}`), "old");
      const ended = await run(args(destination), [draw(random, usual)], env);
      if (expectStopped(ended)) stopped++;
      else usual = Math.min(usual, ended.milliseconds);
      expect(tempNames(destination)).toEqual([]);
      for (const name of readdirSync(destination, { recursive: true, encoding: "utf8" })) {
        const number = /f(\d+)$/.exec(name)?.[1];
        if (number === undefined) continue;
        const text = readFileSync(join(destination, name), "utf8");
        if (text !== "old" || Number(number) >= 100) expect(text).toBe(`new content of ${number}`);
      }
      rmSync(destination, { recursive: true });
    }
    expect(stopped).toBeGreaterThan(0);
  });

  test("during the scan, with nothing to copy", async () => {
    const random = new Random(`scan${kind}`, 1);
    const source = join(folder, "wide");
    if (!existsSync(source)) {
      for (let directory = 0; directory < 60; directory++) {
        mkdirSync(join(source, `d${directory}`), { recursive: true });
        for (let index = 0; index < 500; index++) closeSync(openSync(join(source, `d${directory}/f${index}`), "w"));
      }
    }
    const destination = join(folder, `wide-copy-${kind}`);
    for (const options of [["--no-i-r"], []]) {
      const args = ["-rvn", ...options, `${source}/`, destination];
      const whole = await run(args, [], env);
      let usual = whole.milliseconds;
      let stopped = 0;
      for (let moment = 0; moment < moments || (stopped === 0 && moment < moments + 10); moment++) {
        const ended = await run(args, [draw(random, usual)], env);
        if (expectStopped(ended)) stopped++;
        else usual = Math.min(usual, ended.milliseconds);
        expect(existsSync(destination)).toBe(false);
      }
      expect(stopped).toBeGreaterThan(0);
    }
  });
});

test.each(["--delete", "--delete-before", "--delete-delay", "--delete-after"])(
  "a signal during %s stops it: most of what was to go is still there",
  async (timing) => {
    const [source, destination] = [join(folder, "none"), join(folder, `delete${timing}`)];
    mkdirSync(source, { recursive: true });
    for (let directory = 0; directory < 8; directory++) {
      mkdirSync(join(destination, `x/d${directory}`), { recursive: true });
      for (let index = 0; index < 1000; index++)
        closeSync(openSync(join(destination, `x/d${directory}/f${index}`), "w"));
    }
    const args = ["-rv", timing, `${source}/`, `${destination}/`];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.once("data", () => child.kill("SIGTERM"));
    child.stdout.on("data", () => {});
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(20);
    expect(readdirSync(destination, { recursive: true }).length).toBeGreaterThan(2000);
    rmSync(destination, { recursive: true });
  },
);

test("signals in quick succession end the program with 20 as one does", async () => {
  const source = join(folder, "wide");
  const args = ["-rvn", "--no-i-r", `${source}/`, join(folder, "never")];
  const kills = [0, 1, 2].map((later) => ({ after: later, signal: "SIGTERM" as const }));
  const ended = await run(args, kills);
  expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 20, signal: null });
});

test("a signal that comes twice, as timeout(1) sends it, stops a run as one does", async () => {
  const [source, destination] = [join(folder, "twice"), join(folder, "twice-copy")];
  mkdirSync(source);
  fill(join(source, "file"), 3 * 1024 * 1024, "data");
  const kills = [0, 2, 4].map((later) => ({ after: 300 + later, signal: "SIGTERM" as const }));
  const ended = await run(["-a", "--json", "--bwlimit=100", `${source}/`, `${destination}/`], kills);
  // Node has put its handlers away by the time that it leaves: what comes then changes the status only.
  expect([20, "SIGTERM"]).toContain(ended.code ?? ended.signal);
  expect(JSON.parse(ended.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ type: "error", kind: "signal" });
  expect(tempNames(destination)).toEqual([]);
});

test("SIGVTALRM, which asks rsync for its progress, does no harm", async () => {
  const args = ["-rvn", "--no-i-r", `${join(folder, "wide")}/`, join(folder, "never")];
  const ended = await run(args, [{ after: 0, signal: "SIGVTALRM" }]);
  expect(ended).toMatchObject({ code: 0, signal: null, stderr: "" });
});

test("SIGUSR1, which rsync sends to what it has started, ends a run and opens no debugger", async () => {
  const [source, destination] = [join(folder, "usr1"), join(folder, "usr1-copy")];
  mkdirSync(source);
  fill(join(source, "file"), 3 * 1024 * 1024, "data");
  const kills = [{ after: 300, signal: "SIGUSR1" }] as const;
  const ended = await run(["-av", "--bwlimit=100", `${source}/`, `${destination}/`], kills);
  expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 19, signal: null });
  expect(ended.stderr).toMatch(/^rsync error: received SIGUSR1 \(code 19\) at \S+ \[sender=\S+\]\n$/);
  expect(tempNames(destination)).toEqual([]);
});

test.each(fatalSignals)("%s ends a run as any program, when it has cleaned up", async (signal) => {
  const [source, destination] = [join(folder, signal), join(folder, `${signal}-copy`)];
  mkdirSync(source);
  fill(join(source, "file"), 3 * 1024 * 1024, "data");
  const log = join(folder, `${signal}-log`);
  const args = ["-a", "--bwlimit=100", `--log-file=${log}`, `${source}/`, `${destination}/`];
  const ended = await run(args, [{ after: 300, signal }]);
  expect(ended).toMatchObject({ code: null, signal, stdout: "", stderr: "" });
  expect(readFileSync(log, "utf8")).not.toContain("error");
  const told = await run([...args, "--json"], [{ after: 300, signal }]);
  expect(told).toMatchObject({ code: null, signal, stderr: "" });
  const last = JSON.parse(told.stdout.trimEnd().split("\n").at(-1) ?? "") as unknown;
  expect(last).toMatchObject({ type: "error", kind: "signal", message: `received ${signal}` });
  // By delta, and with a temporary file of another directory.
  mkdirSync(join(folder, `${signal}-temporary`));
  writeFileSync(join(destination, "file"), "other ".repeat(100_000));
  const more = ["--no-W", `--temp-dir=${join(folder, `${signal}-temporary`)}`];
  expect(await run([...more, ...args], [{ after: 300, signal }])).toMatchObject({ code: null, signal });
  expect([...tempNames(destination), ...tempNames(join(folder, `${signal}-temporary`))]).toEqual([]);
});

describe("a file that is read for very long", () => {
  /** Longest that a run may go on (1-session 7.5). */
  const patience = 5000;
  /** Holes, which every file system reads at some gigabytes a second. */
  const bytes = 100_000_000_000;
  const long = mkdtempSync(join(tmpdir(), "tsync-signals-long-"));
  const [source, older] = [join(long, "holes"), join(long, "older")];
  beforeAll(() => {
    for (const path of [source, older]) {
      writeFileSync(path, "");
      truncateSync(path, bytes);
    }
    utimesSync(older, 1, 1);
  });
  afterAll(() => rmSync(long, { recursive: true }));

  test.each([
    ["for its digest", ["-c"]],
    ["for its digest, among others", ["-rc", "--no-i-r"]],
  ])("%s", async (_, options) => {
    const ended = await run(["-v", ...options, source, `${older}-none`], [{ after: 300, signal: "SIGTERM" }]);
    expect(expectStopped(ended)).toBe(true);
    expect(ended.milliseconds).toBeLessThan(patience);
  });

  test.each(["100000000000000", "1"])(
    "for its block sums by a server whose client is killed, threads from %s",
    async (from) => {
      const shell = join(long, "shell");
      writeFileSync(shell, `#!/bin/sh\nshift\nexec sh -c "$*"\n`, { mode: 0o755 });
      const args = ["-a", "--inplace", "--cc=sha1", "-e", shell, `--rsync-path=${program}`, source, `host:${older}`];
      const ended = await run(args, [{ after: 800, signal: "SIGKILL" }], { TSYNC_THREADS_FROM: from });
      expect(ended.signal).toBe("SIGKILL");
      const isThere = (): boolean =>
        readdirSync("/proc").some((id) => {
          try {
            return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, "latin1").includes(older);
          } catch {
            return false;
          }
        });
      for (let waited = 0; isThere(); waited += 100) {
        expect(waited).toBeLessThan(patience);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(statSync(older)).toMatchObject({ size: bytes, blocks: 0 });
    },
  );
});
