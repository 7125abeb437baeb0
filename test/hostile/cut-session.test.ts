/**
 * Sessions that end before their time (4-traps E-05, H-05, L-05): at some byte of either stream the connection is cut, or one end is
 * killed. What survives ends soon and with a code that says so, no file stands torn under its name, and a second run
 * completes. `TSYNC_CUTS=N` tries N bytes of every way, chosen by a seed; `TSYNC_CUTS=frames` the boundaries of all frames, and the bytes
 * beside these; `TSYNC_CUTS=all` each byte. These modes hold the ends to their five seconds.
 * `TSYNC_DAMAGES=N`: sessions with a real peer whose bytes are changed on their way.
 */
import { spawn } from "node:child_process";
import {
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CutOrder, CutRecord, Edit } from "../support/cutting-shell.ts";
import { Random } from "../support/random.ts";
import { nodeProgram, temporaryFiles, tsyncProgram } from "./support.ts";

/** `TSYNC_DAMAGES=N`: so many damaged sessions for each of the roles. */
const damages = Number(process.env.TSYNC_DAMAGES ?? 1);
/** Versions, flags, lists of names and the seed are before this. */
const greetingBytes = 52;
const wanted = process.env.TSYNC_CUTS ?? "1";
/** So long both ends have in the end, in milliseconds: more in the short mode, or as others keep the processors from them now. */
function patience(): number {
  const busyness = Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
  return 5000 * Math.max(wanted === "1" ? 4 : 1, busyness);
}
const folder = mkdtempSync(join(tmpdir(), "tsync-cut-"));
const contents = new Map<string, readonly string[]>();

beforeAll(() => {
  const random = new Random("cut-session", 1);
  const noise = (length: number): string => random.bytes(length).toString("latin1");
  const [source, old] = [join(folder, "s"), join(folder, "old")];
  mkdirSync(join(source, "sub/inner"), { recursive: true });
  mkdirSync(join(old, "sub"), { recursive: true });
  const put = (path: string, now: string, before?: string): void => {
    writeFileSync(join(source, path), now, "latin1");
    utimesSync(join(source, path), 1_600_000_000, 1_600_000_000);
    if (before !== undefined) writeFileSync(join(old, path), before, "latin1");
    contents.set(path, before === undefined ? [now] : [now, before]);
  };
  const base = noise(3000);
  put("changed", `${base.slice(0, 1500)}in the middle${base.slice(1400)}`, base);
  put("sub/changed", `${noise(10)}${base.slice(800)}`, base.slice(0, 2100));
  put("new", noise(200));
  put("sub/inner/new", noise(150));
  put("empty", "");
  put("same", "the same", "the same");
  utimesSync(join(old, "same"), 1_600_000_000, 1_600_000_000);
  writeFileSync(join(old, "gone"), "not in the source");
  contents.set("gone", ["not in the source"]);
  linkSync(join(source, "new"), join(source, "sub/linked"));
  contents.set("sub/linked", contents.get("new") ?? []);
  symlinkSync("new", join(source, "link"));
  // It is started thousands of times: without types it needs half of the time.
  const typed = readFileSync(join(import.meta.dirname, "../support/cutting-shell.ts"), "utf8");
  writeFileSync(join(folder, "shell.mjs"), stripTypeScriptTypes(typed));
  const script = `#!/bin/sh\nexec ${nodeProgram} --v8-pool-size=1 ${join(folder, "shell.mjs")} "$@"\n`;
  writeFileSync(join(folder, "shell"), script, { mode: 0o755 });
  writeFileSync(join(folder, "plain-shell"), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly at: number;
}

interface Ends {
  readonly client: "rsync" | "tsync";
  readonly server: "rsync" | "tsync";
  readonly direction: "push" | "pull";
}

const options = ["-aH", "--no-whole-file", "--delete", "--checksum-seed=7"];
const [destination, record] = [join(folder, "d"), join(folder, "record")];

/** Without an order nothing is done to the session, and nothing recorded. */
function run({ client, server, direction }: Ends, order?: Omit<CutOrder, "record">): Promise<Ended> {
  const programs = { rsync: "rsync", tsync: tsyncProgram };
  const source = join(folder, "s/");
  const operands = direction === "push" ? [source, `h:${destination}/`] : [`h:${source}`, `${destination}/`];
  const shell = ["-e", join(folder, order === undefined ? "plain-shell" : "shell"), `--rsync-path=${programs[server]}`];
  const whole: CutOrder | undefined = order === undefined ? undefined : { ...order, record };
  const env = { ...process.env, TSYNC_CUT: JSON.stringify(whole) };
  const child = spawn(programs[client], [...options, ...shell, ...operands], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString("latin1");
  });
  const giveUp = setTimeout(() => child.kill("SIGKILL"), 3 * patience());
  return new Promise((resolve) => {
    let at = 0;
    child.on("exit", () => {
      at = Date.now();
    });
    child.on("close", (code, signal) => {
      clearTimeout(giveUp);
      resolve({ code, signal, stderr, at });
    });
  });
}

function startAnew(): void {
  rmSync(destination, { recursive: true, force: true });
  rmSync(record, { force: true });
  cpSync(join(folder, "old"), destination, { recursive: true, preserveTimestamps: true });
}

/** What became of the server; it may still be about to end. */
async function recorded(): Promise<CutRecord> {
  for (const start = Date.now(); Date.now() - start < 2 * patience(); ) {
    try {
      return JSON.parse(readFileSync(record, "utf8")) as CutRecord;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error("the server has not ended");
}

function files(root: string): string[] {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  return names.filter((name) => lstatSync(join(root, name)).isFile()).sort();
}

/** No file under its final name is anything but what it was or what it is to be. */
function expectWhole(): void {
  for (const name of files(destination)) {
    const known = contents.get(name);
    if (known === undefined) expect(name).toMatch(/(^|\/)\.[^/]+\.\w{6}$/);
    else expect(known.includes(readFileSync(join(destination, name), "latin1")), `${name} is whole`).toBe(true);
  }
}

function expectComplete(): void {
  expect(files(destination)).toEqual(files(join(folder, "s")));
  for (const name of files(join(folder, "s"))) {
    expect(readFileSync(join(destination, name)).equals(readFileSync(join(folder, "s", name))), name).toBe(true);
  }
}

/** Everything but 3, 11, 13, 14, 15 and what a crash gives. */
const damageCodes = [0, 2, 4, 10, 12, 19, 22, 23, 24, 25, 30, 255];
/** Codes of an end that was left alone: stream, told by the peer, signal, time-out; the transport's own. */
const codes = [12, 19, 20, 30, 137, 255];

describe.each<Ends>([
  { client: "tsync", server: "tsync", direction: "push" },
  { client: "tsync", server: "tsync", direction: "pull" },
  { client: "tsync", server: "rsync", direction: "push" },
  { client: "tsync", server: "rsync", direction: "pull" },
  { client: "rsync", server: "tsync", direction: "push" },
  { client: "rsync", server: "tsync", direction: "pull" },
])("$direction, $client to $server", (ends) => {
  const isBoth = ends.client === ends.server;

  test("arrives byte by byte", async () => {
    startAnew();
    const ended = await run(ends, { way: "up", after: 0, action: "crumbs" });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expectComplete();
  }, 120_000);

  test.each(["cut", "kill-server", "kill-client"] as const)(
    "%s at any byte",
    async (action) => {
      startAnew();
      await run(ends, { way: "up", after: Number.MAX_SAFE_INTEGER, action: "cut" });
      const whole = await recorded();
      expectComplete();
      const random = new Random(`${ends.direction} ${ends.client} ${ends.server} ${action}`, 1);
      for (const way of ["up", "down"] as const) {
        const all = Array.from({ length: whole[way] }, (_, index) => index);
        const some = (count: number): number[] =>
          Array.from({ length: count }, () => random.between(0, whole[way] - 1));
        // Fewer will do with rsync at one end where the mode is short.
        const count = Number(wanted);
        const beside = whole.frames[way].flatMap((start) => [start - 1, start, start + 1]);
        const boundaries = all.filter((place) => beside.includes(place));
        if (wanted === "frames") expect(boundaries.length, "frames were found").toBeGreaterThan(10);
        const chosen = (): readonly number[] => some(isBoth || count > 10 ? count : Number(action === "cut"));
        for (const after of wanted === "all" ? all : wanted === "frames" ? boundaries : chosen()) {
          const what = `${way} ${after}`;
          startAnew();
          const ended = await run(ends, { way, after, action });
          const { at, ended: serverEnded, status } = await recorded();
          if (at === 0) {
            // The session took another way and was shorter.
            expect({ what, code: ended.code }).toEqual({ what, code: 0 });
            continue;
          }
          expect(ended.stderr, what).not.toMatch(/internal|^\s+at /m);
          // At its end an rsync that is left alone waits for ten seconds, and each client for its server.
          const isEnd = after >= whole[way] - 24;
          const limit = (...waiting: Ends["client"][]): number =>
            patience() + (isEnd && waiting.includes("rsync") ? 10_000 : 0);
          if (action !== "kill-client") {
            // The end of a session may have been near enough.
            expect([0, ...codes], `${what}: ${ended.stderr}`).toContain(ended.code);
            expect(ended.at - at, what).toBeLessThan(limit(ends.client, ends.server));
          } else expect({ what, signal: ended.signal }).toEqual({ what, signal: "SIGKILL" });
          if (action !== "kill-server") {
            expect([0, ...codes, 10], `${what}: the server`).toContain(status);
            expect(serverEnded - at, `${what}: the server`).toBeLessThan(limit(ends.server));
          }
          expectWhole();
          const receiverLives = action === "cut" || (action === "kill-server") === (ends.direction === "pull");
          const receiver = ends.direction === "push" ? ends.server : ends.client;
          if (receiverLives && receiver === "tsync") expect(temporaryFiles(destination), what).toEqual([]);
          if (ended.code === 0) expectComplete();
          const again = await run(ends);
          expect({ what, ...again }).toMatchObject({ what, code: 0 });
          expectComplete();
        }
      }
    },
    Number.isNaN(Number(wanted)) ? 86_400_000 : 120_000 + Number(wanted) * 20_000,
  );

  test(
    "damaged at any byte behind the greeting",
    async () => {
      startAnew();
      await run(ends, { way: "up", after: Number.MAX_SAFE_INTEGER, action: "cut" });
      const whole = await recorded();
      // The shell leaves its record unless it is ended before.
      const around = (): string[] => readdirSync(folder).filter((name) => name !== "record");
      const [outside, sources] = [around().sort(), files(join(folder, "s"))];
      const random = new Random(`damage ${ends.direction} ${ends.client} ${ends.server}`, 1);
      const ours = ends.client === "tsync" ? ("down" as const) : ("up" as const);
      for (let round = 0; round < damages; round++) {
        const edits = Array.from({ length: random.between(1, 3) }, (): Edit => {
          const kind = random.pick(["flip", "flip", "insert", "delete"] as const);
          return { at: random.between(greetingBytes, whole[ours] - 1), kind, value: random.between(1, 255) };
        });
        const what = JSON.stringify(edits);
        startAnew();
        const started = performance.now();
        const ended = await run(ends, { way: ours, after: 0, action: "damage", edits });
        // A client of ours that has had enough ends the shell as well.
        const {
          at,
          ended: serverEnded,
          status,
        } = ends.client === "rsync" ? await recorded() : { at: 0, ended: 0, status: 0 };
        const code = ends.client === "tsync" ? ended.code : status;
        expect(damageCodes, `${what}: ${ended.stderr}`).toContain(code);
        expect(ended.stderr, what).not.toMatch(/internal|^\s+at /m);
        if (at > 0) expect(serverEnded - at, what).toBeLessThan(patience());
        expect(performance.now() - started, what).toBeLessThan(2 * patience());
        expect(around().sort(), what).toEqual(outside);
        expect(files(join(folder, "s")), what).toEqual(sources);
        const receiver = ends.direction === "push" ? ends.server : ends.client;
        if (receiver === "tsync") expect(temporaryFiles(destination), what).toEqual([]);
      }
    },
    120_000 + damages * 30_000,
  );
});
