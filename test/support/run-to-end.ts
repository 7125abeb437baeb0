/**
 * Runs a command until every process that it started has ended, or has been killed: programs that fail may leave
 * helpers behind that still write files.
 */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Seconds that a run may take. */
export const runSeconds = 12;

/** The result of a run that had to be killed. */
export const noEnd = `no end within ${runSeconds} s`;

/** Files for the three standard streams. */
export interface StreamFiles {
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command; returns the exit status, or the reason why there is none. */
export function runToEnd(
  [program, ...arguments_]: readonly [string, ...string[]],
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
  files: StreamFiles,
): number | string {
  // Appending: processes that share a file offset would overwrite each other's lines.
  for (const file of [files.stdout, files.stderr]) writeFileSync(file, "");
  const descriptors = [openSync(files.stdin, "r"), openSync(files.stdout, "a"), openSync(files.stderr, "a")];
  const options = { cwd: directory, env: environment, stdio: descriptors, timeout: runSeconds * 1000, detached: true };
  const result = spawnSync(program, arguments_, { ...options, killSignal: "SIGKILL" });
  for (const descriptor of descriptors) closeSync(descriptor);
  endGroup(result.pid, result.error === undefined ? 2 : 0);
  return result.status ?? (result.error === undefined ? `${result.signal}` : noEnd);
}

/** Waits up to `seconds` for the processes of a group, then kills them. */
function endGroup(group: number, seconds: number): void {
  const limit = performance.now() + seconds * 1000;
  while (signalGroup(group, 0) && hasLiveMember(group)) {
    if (performance.now() >= limit) signalGroup(group, "SIGKILL");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

/** False if the group has no process left, not even one that nobody has waited for. */
function signalGroup(group: number, signal: 0 | "SIGKILL"): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

function hasLiveMember(group: number): boolean {
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "latin1")
        .replace(/^.*\) /s, "")
        .split(" ");
      return fields[2] === `${group}` && fields[0] !== "Z";
    } catch {
      return false;
    }
  });
}
