/**
 * Runs the helper programs of the plain back end (design section 3). File names never stand in an argument of ours, where
 * bytes that are not UTF-8 would be lost (4-traps N-02): they go through standard input, and the directory that they are
 * in is handed over as descriptor 3, so that `/proc/self/fd/3/name` means the same in every program.
 */
import { createRequire } from "node:module";
import { errnoOfMessage } from "../errno.ts";
import { Errno } from "./common.ts";

/** What a helper program answered. */
export interface HelperResult {
  /** 0, or a negative errno when the program is missing or its output too long. */
  readonly error: number;
  readonly status: number;
  /** Output, one code unit a byte. */
  readonly output: string;
  /** Lines of standard error, without empty ones. */
  readonly complaints: readonly string[];
}

/** The directory given as descriptor 3, as the helper program sees it. */
export const helperDirectory = "/proc/self/fd/3/";

/** Longest output of one run, in bytes; callers split what exceeds it. */
const outputBytesMax = 128 * 1024 * 1024;
const secondsMax = 600;

/** Runs a program with `input` (one code unit a byte) and an open directory, and waits for its end. */
export function runHelper(
  program: string,
  parameters: readonly string[],
  input: string,
  directory?: number,
): HelperResult {
  // Loaded at the first use: it costs 2 ms, which a run on koffi must not pay.
  const { spawnSync } = createRequire(import.meta.url)("node:child_process") as typeof import("node:child_process");
  const run = spawnSync(program, parameters, {
    input: Buffer.from(input, "latin1"),
    stdio: directory === undefined ? ["pipe", "pipe", "pipe"] : ["pipe", "pipe", "pipe", directory],
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: outputBytesMax,
    timeout: secondsMax * 1000,
  });
  const code = run.error && (run.error as NodeJS.ErrnoException).code;
  const error =
    code === undefined ? 0 : code === "ENOENT" ? Errno.EOPNOTSUPP : code === "ENOBUFS" ? Errno.E2BIG : Errno.EIO;
  return {
    // xargs answers 127 when the program that it was to run is missing.
    error: run.status === 127 ? Errno.EOPNOTSUPP : error,
    status: run.status ?? -1,
    output: run.stdout?.toString("latin1") ?? "",
    complaints: (run.stderr?.toString("latin1") ?? "").split("\n").filter((line) => line !== ""),
  };
}

/** The errno that a line like `setfattr: name: No such file or directory` tells; EIO when it tells none. */
export function complaintErrno(line: string | undefined): number {
  if (line === undefined) return Errno.EIO;
  const text = line.slice(line.lastIndexOf(": ") + 2);
  // attr has its own words for a missing attribute.
  if (text === "No such attribute") return Errno.ENODATA;
  return -(errnoOfMessage(text) ?? -Errno.EIO);
}
