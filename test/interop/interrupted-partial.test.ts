/** `--partial` when the other side is gone in the middle of a file (3-transfer 5.4, 4-traps L-08): at a client that pulls and at a server. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CutOrder } from "../support/cutting-shell.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-partial-"));
  const script = join(import.meta.dirname, "../support/cutting-shell.ts");
  writeFileSync(join(folder, "shell"), `#!/bin/sh\nexec ${process.execPath} ${script} "$@"\n`, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = 2_000_000;
const line = (index: number, name: string): string => `${name} ${index} ${(index * 2_654_435_761) % 4_294_967_296}\n`;
const source = Array.from({ length: bytes / 20 }, (_, index) => line(index, "line"))
  .join("")
  .slice(0, bytes);

/** Copies `big` with a connection that is cut; the copy before is `old`. */
function copy(direction: "pull" | "push", options: string, cut: number, old?: string): number | null {
  for (const name of ["s", "d"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
    mkdirSync(join(folder, name));
  }
  writeFileSync(join(folder, "s/big"), source);
  chmodSync(join(folder, "s/big"), 0o754);
  if (old !== undefined) writeFileSync(join(folder, "d/big"), old);
  const [client, server] = direction === "pull" ? [tsync, "rsync"] : ["rsync", tsync];
  const operands = direction === "pull" ? [`h:${folder}/s/`, "d"] : ["s/", `h:${folder}/d`];
  const args = ["-a", ...options.split(" "), "-e", "./shell", `--rsync-path=${server}`, ...operands];
  const order: CutOrder = {
    way: direction === "pull" ? "down" : "up",
    after: cut,
    action: "cut",
    record: join(folder, "record"),
  };
  const env = { PATH: process.env.PATH, LC_ALL: "C", TSYNC_CUT: JSON.stringify(order) };
  return spawnSync(client, args, { cwd: folder, env, timeout: 30_000 }).status;
}

/** The server may still be at it when its client has left. */
function settled(path: string): boolean {
  for (let tries = 0; tries < 200 && !existsSync(join(folder, path)); tries++) spawnSync("sleep", ["0.05"]);
  return existsSync(join(folder, path));
}

describe.each(["pull", "push"] as const)("%s", (direction) => {
  test.each([
    ["--partial", "d/big"],
    ["--partial-dir=.part", "d/.part/big"],
    ["--partial-dir=.", "d/big"],
    ["--delay-updates --partial", "d/.~tmp~/big"],
  ])("%s keeps what came", (options, path) => {
    expect(copy(direction, options, 1_200_000)).not.toBe(0);
    expect(settled(path)).toBe(true);
    const kept = readFileSync(join(folder, path), "latin1");
    expect(kept.length).toBeGreaterThan(200_000);
    expect(kept.length).toBeLessThan(bytes);
    expect(source.startsWith(kept)).toBe(true);
    // Its mode is that of the whole file, as in rsync.
    expect(statSync(join(folder, path)).mode & 0o7777).toBe(0o754);
    // The next run must not take it for the whole one.
    if (path === "d/big") expect(Math.floor(statSync(join(folder, path)).mtimeMs / 1000)).toBe(0);
  });

  test("--partial with --backup: what came stands in the place of the old file, which is backed up", () => {
    const old = "an old file";
    expect(copy(direction, "-b --partial", 1_200_000, old)).not.toBe(0);
    expect(settled("d/big~")).toBe(true);
    expect(readFileSync(join(folder, "d/big~"), "latin1")).toBe(old);
    for (let tries = 0; tries < 200 && statSync(join(folder, "d/big")).size === old.length; tries++)
      spawnSync("sleep", ["0.05"]);
    expect(source.startsWith(readFileSync(join(folder, "d/big"), "latin1"))).toBe(true);
  });

  test("what has come to the last is kept, and stands in a file that is updated in place", () => {
    expect(copy(direction, "--partial", 90_000)).not.toBe(0);
    expect(settled("d/big")).toBe(true);
    expect(statSync(join(folder, "d/big")).size).toBeGreaterThanOrEqual(65_536);
    const changed = `${source.slice(0, 900_000)}${"x".repeat(300_000)}${source.slice(1_200_000)}`;
    expect(copy(direction, "--inplace -I --no-W", 150_000, changed)).not.toBe(0);
    for (let tries = 0; tries < 200 && readFileSync(join(folder, "d/big"), "latin1") === changed; tries++)
      spawnSync("sleep", ["0.05"]);
    const kept = readFileSync(join(folder, "d/big"), "latin1");
    expect(kept.slice(0, 932_768)).toBe(source.slice(0, 932_768));
    expect(kept.slice(1_200_000)).toBe(source.slice(1_200_000));
  });

  test("without it nothing is kept, and a file that stands there stays", () => {
    expect(copy(direction, "-W", 1_200_000, "old")).not.toBe(0);
    expect(readFileSync(join(folder, "d/big"), "latin1")).toBe("old");
    for (let tries = 0; tries < 200 && readdirSync(join(folder, "d")).length > 1; tries++) spawnSync("sleep", ["0.05"]);
    expect(readdirSync(join(folder, "d"))).toEqual(["big"]);
  });

  test("blocks of the old file alone are nothing new: it stays whole", () => {
    const old = `${source.slice(0, bytes - 100_000)}${"x".repeat(100_000)}`;
    // Blocks so small that the old part takes more bytes than may pass behind the cut.
    for (const cut of [1500, 5000]) {
      expect(copy(direction, "--partial -I --no-W -B64", cut, old)).not.toBe(0);
      expect(readFileSync(join(folder, "d/big"), "latin1")).toBe(old);
    }
  });
});

describe("within one machine, with a temporary or partial directory on another file system", () => {
  const sizes = (path: string): number[] =>
    (existsSync(path) ? readdirSync(path) : []).map((name) => statSync(join(path, name)).size);

  test.each([
    ["--partial --temp-dir=ELSEWHERE", "d/big"],
    ["--partial-dir=.part --temp-dir=ELSEWHERE", "d/.part/big"],
    ["--partial-dir=ELSEWHERE/part", "ELSEWHERE/part/big"],
    ["--partial-dir=ELSEWHERE/part --temp-dir=ELSEWHERE", "ELSEWHERE/part/big"],
  ])("%s: what came is kept, and taken up by the next run", async (options, path) => {
    const elsewhere = mkdtempSync("/dev/shm/tsync-partial-");
    try {
      for (const name of ["s", "d"]) {
        rmSync(join(folder, name), { recursive: true, force: true });
        mkdirSync(join(folder, name));
      }
      writeFileSync(join(folder, "s/big"), source);
      const args = ["-a", "--no-W", ...options.replaceAll("ELSEWHERE", elsewhere).split(" "), "s/", "d/"];
      const child = spawn(tsync, ["--bwlimit=200", ...args], { cwd: folder, stdio: "ignore" });
      const came = () => [join(folder, "d"), elsewhere].flatMap(sizes).some((size) => size > 100_000);
      for (let tries = 0; tries < 200 && !came(); tries++) spawnSync("sleep", ["0.05"]);
      child.kill("SIGINT");
      expect((await once(child, "exit"))[0]).toBe(20);
      const kept = path.startsWith("ELSEWHERE") ? path.replace("ELSEWHERE", elsewhere) : join(folder, path);
      const part = readFileSync(kept, "latin1");
      expect(part.length).toBeGreaterThan(90_000);
      expect(part.length).toBeLessThan(bytes);
      expect(source.startsWith(part)).toBe(true);
      const mtimeSeconds = Math.floor(statSync(kept).mtimeMs / 1000);
      if (path === "d/big") expect(mtimeSeconds).toBe(0);
      else expect(mtimeSeconds).toBeGreaterThan(0);

      const again = spawnSync(tsync, args, { cwd: folder, encoding: "utf8", timeout: 30_000 });
      expect([again.status, again.stderr]).toEqual([0, ""]);
      expect(readFileSync(join(folder, "d/big"), "latin1")).toBe(source);
      if (path !== "d/big") expect(existsSync(kept)).toBe(false);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });
});
