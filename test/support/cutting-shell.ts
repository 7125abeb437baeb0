/**
 * A remote shell that counts the bytes that pass and, behind a given one, cuts the streams or kills an end; or hands every byte on by
 * itself. What became of the server goes into a file. Told by `TSYNC_CUT`, a `CutOrder` as JSON.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

/** What is done, and when. */
export interface CutOrder {
  /** Bytes of which way are counted. */
  readonly way: "up" | "down";
  /** Bytes that pass. */
  readonly after: number;
  readonly action: "cut" | "kill-server" | "kill-client" | "crumbs";
  /** Where `CutRecord` goes. */
  readonly record: string;
}

/** What came of it. */
export interface CutRecord {
  readonly up: number;
  readonly down: number;
  /** When it was done, in milliseconds since 1970; 0: the session ended before. */
  readonly at: number;
  /** When the server ended. */
  readonly ended: number;
  /** Its status; -1 for a signal. */
  readonly status: number;
}

const order = JSON.parse(process.env.TSYNC_CUT ?? "{}") as CutOrder;
const client = process.ppid;
const passed = { up: 0, down: 0 };
let at = 0;
const server = spawn("sh", ["-c", `exec ${process.argv.slice(3).join(" ")}`], { stdio: ["pipe", "pipe", "inherit"] });
const { stdin, stdout } = server;
for (const stream of [stdin, stdout, process.stdin, process.stdout]) stream.on("error", () => undefined);

function strike(): void {
  at = Date.now();
  if (order.action === "kill-server") server.kill("SIGKILL");
  else if (order.action === "kill-client") process.kill(client, "SIGKILL");
  else for (const stream of [stdin, stdout, process.stdin, process.stdout]) stream.destroy();
}

async function pass(way: "up" | "down", from: Readable, to: Writable): Promise<void> {
  const counts = order.action !== "crumbs" && order.way === way;
  if (counts && order.after === 0) strike();
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      const piece = counts && at === 0 ? chunk.subarray(0, order.after - passed[way]) : chunk;
      passed[way] += piece.length;
      if (order.action === "crumbs") await crumble(piece, to);
      else if (!to.write(piece) && !to.destroyed)
        await new Promise((resolve) => to.once("drain", resolve).once("close", resolve));
      if (!counts || at !== 0 || passed[way] < order.after) continue;
      // What was let through is to arrive.
      if (to.writableLength > 0) await new Promise((resolve) => to.write("", resolve));
      strike();
      if (piece.length < chunk.length && !to.destroyed) to.write(chunk.subarray(piece.length));
    }
  } catch {
    // It was destroyed.
  }
  if (!to.destroyed) to.end();
}

async function crumble(piece: Uint8Array, to: Writable): Promise<void> {
  for (let index = 0; index < piece.length; index++) {
    await new Promise((resolve) => to.write(piece.subarray(index, index + 1), resolve));
  }
}

void pass("up", process.stdin, stdin);
const back = pass("down", stdout, process.stdout);
server.on("exit", (code) => {
  const record: CutRecord = { ...passed, at, ended: Date.now(), status: code ?? -1 };
  writeFileSync(order.record, JSON.stringify(record));
  process.exitCode = code ?? 137;
  void back.then(() => process.exit());
});
