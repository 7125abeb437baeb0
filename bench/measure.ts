/**
 * Measures one run of a command: wall-clock and CPU time, or (in a run of its own, since looking costs time) peak memory.
 */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Times of one run, in seconds. */
export interface Times {
  readonly wallSeconds: number;
  /** User and system time of the program and all its children, in steps of 10 ms. */
  readonly cpuSeconds: number;
}

/** Runs the command once; throws if it does not end with 0. */
export function timeRun(command: string, args: readonly string[]): Times {
  const cpuBefore = childrenCpuSeconds();
  const before = process.hrtime.bigint();
  const done = spawnSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  const wallSeconds = Number(process.hrtime.bigint() - before) / 1e9;
  if (done.status !== 0) throw new Error(`${command} ended with ${done.status ?? done.error}: ${done.stderr}`);
  return { wallSeconds, cpuSeconds: childrenCpuSeconds() - cpuBefore };
}

/**
 * Peak memory of a run in bytes: the sum of the peak resident sizes (VmHWM) of all its processes. Memory that forked
 * processes share is counted once for each of them.
 */
export async function peakMemory(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  const peaks = new Map<number, number>();
  const look = (): void => {
    for (const pid of descendants(child.pid)) {
      const bytes = residentPeak(pid);
      if (bytes > 0) peaks.set(pid, Math.max(bytes, peaks.get(pid) ?? 0));
    }
  };
  const timer = setInterval(look, 2);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", resolve);
    });
    if (code !== 0) throw new Error(`${command} ended with ${code}`);
  } finally {
    clearInterval(timer);
  }
  let sum = 0;
  for (const bytes of peaks.values()) sum += bytes;
  return sum;
}

/** CPU time of all finished children of this process (proc(5), stat: cutime and cstime, in ticks of 10 ms). */
function childrenCpuSeconds(): number {
  const text = readFileSync("/proc/self/stat", "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function residentPeak(pid: number): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    return found === null ? 0 : Number(found[1]) * 1024;
  } catch {
    return 0; // It has just ended.
  }
}

function descendants(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  const all = [pid];
  for (const parent of all) {
    try {
      for (const thread of readdirSync(`/proc/${parent}/task`)) {
        const text = readFileSync(`/proc/${parent}/task/${thread}/children`, "latin1");
        all.push(...text.split(" ").filter(Boolean).map(Number));
      }
    } catch {
      // It has just ended.
    }
  }
  return all;
}
