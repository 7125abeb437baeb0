/**
 * Many files through ways that are as narrow as the kernel makes them (4-traps ): whoever needs more room than 4 KiB in order
 * to go on stops here for ever. Both directions, tsync at either end and at both; little memory at each.
 * `TSYNC_WIRE_FILES=200000` is the long mode.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeProgram, tsyncProgram } from "./support.ts";

const fileCount = Number(process.env.TSYNC_WIRE_FILES ?? 3000);
const perDirectory = Math.min(1000, fileCount / 3);
/** Far more than any of these runs takes on a busy machine; what hangs does so for ever. */
const patienceMilliseconds = 60_000 + fileCount * 5;
const memoryMax = 150 * 1024 * 1024;

let folder = "";

beforeAll(() => {
  folder = mkdtempSync("/dev/shm/tsync-narrow-");
  for (let index = 0; index < fileCount; index++) {
    const directory = join(folder, "s", `d${Math.floor(index / perDirectory)}`);
    if (index % perDirectory === 0) mkdirSync(directory, { recursive: true });
    const path = join(directory, `file-${index}`);
    writeFileSync(path, index % 7 === 0 ? "" : `content of file ${index}\n`);
    utimesSync(path, 1_500_000_000, 1_500_000_000 + index);
  }
  const script = `#!/bin/sh\nexec ${nodeProgram} ${join(import.meta.dirname, "../support/narrow-shell.ts")} "$@"\n`;
  writeFileSync(join(folder, "shell"), script, { mode: 0o755 });
}, patienceMilliseconds);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Peak resident size of every tsync below `pid`, in bytes. */
function lookAtMemory(pid: number, peaks: Map<number, number>): void {
  const all = [pid];
  for (const parent of all) {
    try {
      const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "latin1");
      all.push(...children.split(" ").filter(Boolean).map(Number));
      if (!readFileSync(`/proc/${parent}/cmdline`, "latin1").includes("tsync.cjs")) continue;
      const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${parent}/status`, "latin1")) ?? [];
      peaks.set(parent, Math.max(peaks.get(parent) ?? 0, Number(kibibytes ?? 0) * 1024));
    } catch {
      // It has just ended.
    }
  }
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly peaks: readonly number[];
}

function run(program: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const peaks = new Map<number, number>();
  const look = setInterval(() => lookAtMemory(child.pid ?? 0, peaks), 100);
  const giveUp = setTimeout(() => child.kill("SIGKILL"), patienceMilliseconds);
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearInterval(look);
      clearTimeout(giveUp);
      resolve({ code, signal, stderr, peaks: [...peaks.values()] });
    });
  });
}

function filesIn(directory: string): number {
  return readdirSync(directory, { recursive: true }).filter((name) => String(name).includes("file-")).length;
}

describe.each([
  ["rsync", "tsync"],
  ["tsync", "rsync"],
  ["tsync", "tsync"],
])("%s to a server that is %s", (client, server) => {
  const programs: Readonly<Record<string, string>> = { rsync: "rsync", tsync: tsyncProgram };
  const far = programs[server] ?? server;

  test.each(["push", "pull"])(
    "%s: nothing waits for room that there is not",
    async (direction) => {
      const destination = join(folder, `${direction}-${client}-${server}`);
      // The lists go ahead of the data, and all at once; the sums of every file; a line of text for every one.
      for (const options of [["-a"], ["-aIvv", "--no-inc-recursive"], ["-ai", "--delete", "--existing"]]) {
        const source = `${folder}/s/`;
        const operands = direction === "push" ? [source, `h:${destination}/`] : [`h:${source}`, `${destination}/`];
        const shell = ["-e", join(folder, "shell"), `--rsync-path=${far}`];
        const { peaks, ...ended } = await run(programs[client] ?? client, [...options, ...shell, ...operands]);
        expect({ options, ...ended }).toEqual({ options, code: 0, signal: null, stderr: "" });
        // The only list of a session without incremental recursion is held as a whole.
        const isBounded = !options.includes("--no-inc-recursive") || fileCount < 10_000;
        for (const peak of isBounded ? peaks : []) expect(peak).toBeLessThan(memoryMax);
      }
      expect(filesIn(destination)).toBe(fileCount);
      rmSync(destination, { recursive: true });
    },
    3 * patienceMilliseconds,
  );
});
