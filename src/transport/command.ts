/**
 * The remote shell: a child process whose standard input and output are the connection (1-session 2.1). What it says on standard
 * error is the user's.
 */
import type { ChildProcess, StdioOptions } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { type ByteName, fromText, toText } from "../bytes/byte-name.ts";
import { ExitCode, type Role, TsyncError } from "../errors.ts";
import { type ByteStream, NodeByteStream } from "./byte-stream.ts";
import { connectLoopback } from "./loopback.ts";
import { within } from "./patience.ts";

/** Exit code of a run whose remote shell was killed. */
const shellKilled = 125;

/** A running remote shell. */
export interface CommandConnection {
  readonly stream: ByteStream;
  /** Its exit status once it has ended; undefined if it has not after so many milliseconds. */
  status(patienceMilliseconds: number): Promise<number | undefined>;
  /** Ends it. */
  kill(): void;
}

/** How a command is started. */
export interface CommandSettings {
  /** Added to its environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Takes what it says on standard error; otherwise that is ours. */
  readonly onStandardError?: ((bytes: Uint8Array) => void) | undefined;
  /** Its standard input and output are one TCP socket, from which an `rsync --daemon` knows that it has been connected. */
  readonly oneSocket?: boolean;
}

/** Starts a command. Throws (exit 14) when there is no such program. */
export async function startCommand(
  words: readonly ByteName[],
  role: Role,
  { variables = {}, onStandardError, oneSocket = false }: CommandSettings = {},
): Promise<CommandConnection> {
  const [program = "", ...args] = portableWords(words);
  // Node throws for an empty name, and would say no more than that.
  if (program === "") throw notStarted("" as ByteName, role, "ENOENT");
  const stderr = onStandardError === undefined ? "inherit" : "pipe";
  const pair = oneSocket ? await connectLoopback() : undefined;
  if (oneSocket && pair === undefined) throw notConnected(role);
  const stdio: StdioOptions = [pair?.program ?? "pipe", pair?.program ?? "pipe", stderr];
  // A server starts nothing: it must not pay for it.
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(program, args, { stdio, env: { ...process.env, ...variables } });
  if (onStandardError !== undefined) child.stderr?.on("data", onStandardError);
  const ended = new Promise<number>((resolve) => {
    child.on("exit", (code, signal) => resolve(code ?? (signal === null ? 0 : shellKilled)));
    child.on("error", () => resolve(ExitCode.ipc));
  });
  pair?.program.destroy();
  await started(child, words[0] ?? ("" as ByteName), role).catch((error: unknown) => {
    pair?.own.destroy();
    throw error;
  });
  return {
    stream:
      pair === undefined
        ? new NodeByteStream(child.stdout as Readable, child.stdin as Writable)
        : new NodeByteStream(pair.own, pair.own, true),
    status: (patience) => within(ended, patience),
    kill: () => {
      child.kill("SIGTERM");
      child.unref();
    },
  };
}

function notConnected(role: Role): TsyncError {
  const message = `rsync: [${role}] no socket for the program: the loopback device is not there`;
  return new TsyncError("transport", message, { exitCode: ExitCode.socketIo, role });
}

function started(child: ChildProcess, program: ByteName, role: Role): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve());
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(notStarted(program, role, error.code ?? error.message, error));
    });
  });
}

function notStarted(program: ByteName, role: Role, reason: string, cause?: Error): TsyncError {
  const message = `[${role}] Failed to exec ${program}: ${reasons.get(reason) ?? reason}`;
  return new TsyncError("transport", message, { exitCode: ExitCode.ipc, role, cause });
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["E2BIG", "Argument list too long (7)"],
  ["ENOTDIR", "Not a directory (20)"],
  ["ELOOP", "Too many levels of symbolic links (40)"],
  ["ENAMETOOLONG", "File name too long (36)"],
  ["ENOENT", "No such file or directory (2)"],
  ["EACCES", "Permission denied (13)"],
  ["ENOEXEC", "Exec format error (8)"],
]);

/**
 * Node makes UTF-8 of arguments. Words that are none go through a shell, which puts their bytes together again (4-traps N-02).
 */
export function portableWords(words: readonly ByteName[]): string[] {
  const texts = words.map(toText);
  if (texts.every((text, index) => fromText(text) === words[index])) return texts;
  const steps = words.map((word, index) => `w${index}=$(printf '${octal(word)}.') && w${index}=\${w${index}%.}`);
  const uses = words.map((_word, index) => `"$w${index}"`);
  return ["/bin/sh", "-c", `${steps.join(" && ")} && exec ${uses.join(" ")}`];
}

function octal(word: ByteName): string {
  return [...word].map((char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`).join("");
}
