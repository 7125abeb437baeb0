/**
 * A client of `tsync --server` that says what it likes: bytes written by hand, in hexadecimal digits, and no code of the program under
 * test. Protocol 31 without incremental recursion (or with), md5 for all.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { tsyncProgram } from "../hostile/support.ts";

/** The bytes of a text. */
export const text = (words: string): string => Buffer.from(words, "latin1").toString("hex");
/** A 32-bit number. */
export function int(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes.toString("hex");
}
/** One byte. */
export const byte = (value: number): string => Buffer.from([value]).toString("hex");
/** A version and the list of checksums. */
export const hello = `${int(31)} 03${text("md5")}`;
/** One frame: data, or the message of another code. */
export function frame(hex: string, code = 0): string {
  const length = hex.replaceAll(" ", "").length / 2;
  return `${int(length + (7 + code) * 2 ** 24)}${hex}`;
}
/** No filter rules. */
export const noRules = int(0);

/** An entry with all its fields: 3 bytes, mode 0644, root's. */
export function entry(name: string, mode = 0o100644, more = ""): string {
  return `18 ${byte(name.length)}${text(name)} 000300 5f01105e ${int(mode)}${more}`;
}
/** The end of a list without errors, and no names of users and groups, of root neither. */
export const listEnd = "0000 0000 0000";
/** A request for content with a sum head. */
export function request(ndx: string, head: readonly [number, number, number, number], rest = ""): string {
  return `${ndx} 0080 ${head.map(int).join("")}${rest}`;
}
export const noBasis = [0, 0, 0, 0] as const;

export interface Served {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly said: Buffer;
  readonly seconds: number;
  readonly peakBytes: number;
}

export interface Service {
  readonly args: readonly string[];
  readonly cwd: string;
  /** Pieces that are written one after the other; or what is waited for: bytes that the server says. */
  readonly sent: readonly (string | Uint8Array | { readonly heard: string })[];
  /** What is not read while it is written. */
  readonly deaf?: boolean;
  /** Whether the stream is closed behind them; else the client stays silent. */
  readonly closes?: boolean;
}

/** Longer than any of them takes. */
const patienceMilliseconds = 20_000;

/** Serves a client that has this to say. */
export async function serveClient({ args, cwd, sent, deaf, closes }: Service): Promise<Served> {
  const started = performance.now();
  const child = spawn(tsyncProgram, ["--server", ...args], { cwd, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined);
  const [said, errors]: [Buffer[], Buffer[]] = [[], []];
  const listen = (): void => void child.stdout.on("data", (bytes: Buffer) => said.push(bytes));
  if (deaf !== true) listen();
  child.stderr.on("data", (bytes: Buffer) => errors.push(bytes));
  let peakBytes = 0;
  const look = (): void => {
    try {
      const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "latin1")) ?? [];
      peakBytes = Math.max(peakBytes, Number(kibibytes ?? 0) * 1024);
    } catch {
      // It has ended.
    }
  };
  const looking = setInterval(look, 50);
  const giveUp = setTimeout(() => child.kill("SIGKILL"), patienceMilliseconds);
  const closed = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  for (const piece of sent) {
    if (typeof piece === "object" && "heard" in piece) {
      const hears = (): boolean => Buffer.concat(said).includes(Buffer.from(piece.heard, "hex"));
      while (!hears() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    const bytes = typeof piece === "string" ? Buffer.from(piece.replaceAll(" ", ""), "hex") : piece;
    if (!child.stdin.write(bytes) && deaf !== true) {
      await Promise.race([closed, new Promise((resolve) => child.stdin.once("drain", resolve))]);
    }
  }
  if (closes === true) child.stdin.end();
  if (deaf === true) {
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 500))]);
    look();
    listen();
  }
  const ended = await closed;
  clearInterval(looking);
  clearTimeout(giveUp);
  const seconds = (performance.now() - started) / 1000;
  return { ...ended, stderr: Buffer.concat(errors).toString("latin1"), said: Buffer.concat(said), seconds, peakBytes };
}
