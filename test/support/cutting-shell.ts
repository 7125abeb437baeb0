/**
 * A remote shell that counts the bytes that pass and, behind a given one, cuts the streams or kills an end; or hands every byte on by
 * itself. What became of the server goes into a file. Told by `TSYNC_CUT`, a `CutOrder` as JSON.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

/** Damage to a stream: a byte is changed, put in front of, or taken out. */
export interface Edit {
  readonly at: number;
  readonly kind: "flip" | "insert" | "delete";
  /** What it is changed by, or what is put in. */
  readonly value: number;
}

/** What is done, and when. */
export interface CutOrder {
  /** Bytes of which way are counted. */
  readonly way: "up" | "down";
  /** Bytes that pass. */
  readonly after: number;
  readonly action: "cut" | "kill-server" | "kill-client" | "crumbs" | "damage";
  /** What is done to the counted way with `damage`, in order of the places. */
  readonly edits?: readonly Edit[];
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
  /** Where the frames of each way begin (1-session 5). */
  readonly frames: { readonly up: readonly number[]; readonly down: readonly number[] };
}

const order = JSON.parse(process.env.TSYNC_CUT ?? "{}") as CutOrder;
const client = process.ppid;
const passed = { up: 0, down: 0 };
const seen = { up: [] as Buffer[], down: [] as Buffer[] };
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
  const counts = order.action !== "crumbs" && order.action !== "damage" && order.way === way;
  if (counts && order.after === 0) strike();
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      const damages = order.action === "damage" && order.way === way;
      const own = damages ? damaged(chunk, passed[way]) : chunk;
      const piece = counts && at === 0 ? own.subarray(0, order.after - passed[way]) : own;
      passed[way] += damages ? chunk.length : piece.length;
      seen[way].push(piece);
      if (order.action === "crumbs") await crumble(piece, to);
      else if (!to.write(piece) && !to.destroyed)
        await new Promise((resolve) => to.once("drain", resolve).once("close", resolve));
      if (!counts || at !== 0 || passed[way] < order.after) continue;
      // What was let through is to arrive.
      if (to.writableLength > 0) await new Promise((resolve) => to.write("", resolve));
      strike();
      if (piece.length < own.length && !to.destroyed) to.write(own.subarray(piece.length));
    }
  } catch {
    // It was destroyed.
  }
  if (!to.destroyed) to.end();
}

/** Where frames begin, from the first place from which nothing but frames follows until the end; none in a stream that was cut. */
function frameStarts(stream: Buffer): readonly number[] {
  for (let start = 0; start < Math.min(stream.length, 200); start++) {
    const starts: number[] = [];
    let place = start;
    while (place + 4 <= stream.length && stream.readUInt8(place + 3) >= 7 && stream.readUInt8(place + 3) < 110) {
      starts.push(place);
      place += 4 + stream.readUIntLE(place, 3);
    }
    if (place === stream.length) return starts;
  }
  return [];
}

async function crumble(piece: Uint8Array, to: Writable): Promise<void> {
  for (let index = 0; index < piece.length; index++) {
    await new Promise((resolve) => to.write(piece.subarray(index, index + 1), resolve));
  }
}

/** The piece that begins at `start` of its way, damaged. */
function damaged(piece: Buffer, start: number): Buffer {
  const bytes: number[] = [];
  for (let index = 0; index < piece.length; index++) {
    const edit = order.edits?.find(({ at: place }) => place === start + index);
    if (edit?.kind === "insert") bytes.push(edit.value);
    if (edit?.kind !== "delete") bytes.push((piece[index] ?? 0) ^ (edit?.kind === "flip" ? edit.value : 0));
  }
  return Buffer.from(bytes);
}

// Two ends that each wait for the other may do so for ever: that is cut, and must then be noticed.
if (order.action === "damage") {
  let before = -1;
  setInterval(() => {
    const now = passed.up + passed.down;
    if (now === before && at === 0) strike();
    before = now;
  }, 1500).unref();
}

void pass("up", process.stdin, stdin);
const back = pass("down", stdout, process.stdout);
server.on("exit", (code) => {
  const frames = { up: frameStarts(Buffer.concat(seen.up)), down: frameStarts(Buffer.concat(seen.down)) };
  const record: CutRecord = { ...passed, at, ended: Date.now(), status: code ?? -1, frames };
  writeFileSync(order.record, JSON.stringify(record));
  process.exitCode = code ?? 137;
  void back.then(() => process.exit());
});
