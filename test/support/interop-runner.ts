/** Runs cells of the interop matrix: once with tsync in its role, once with the installed rsync in its place, and compares. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byteName } from "../../src/bytes/byte-name.ts";
import { startDaemon, type TestDaemon } from "./daemon.ts";
import { type InteropCell, interopSetup } from "./interop-cells.ts";
import { type Libc, openLibc } from "./libc.ts";
import type { Peer } from "./peers.ts";
import { compareSnapshots, formatDifference, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { startSshd, type TestSshd } from "./sshd.ts";

/** What became of a cell. */
export interface CellResult {
  /** Nothing: the same as with rsync in tsync's place. */
  readonly reason: string | undefined;
  /** What rsync in tsync's place came to. */
  readonly exitCode: number | string;
  /** The last lines that tsync's run wrote. */
  readonly text: string;
}

interface CellOutcome {
  readonly exitCode: number | string;
  readonly text: string;
  readonly tree: Snapshot;
}

const tsync = join(import.meta.dirname, "../../bin/tsync");
/** The rsync that stands in for tsync. */
const installed = "rsync";
const secondsMax = 60;
/** rsync's processes race: so often it is asked before a difference counts. */
const referencesMax = 3;

/** Drops the host and runs the rest here. */
const shellScript = '#!/bin/sh\nshift\nexec sh -c "$*"\n';

/** Makes the trees once and runs cells on copies of them. */
export class InteropRunner {
  readonly #libc: Libc = openLibc();
  readonly #daemons: ReadonlyMap<string, TestDaemon>;
  readonly #sshd: TestSshd;
  readonly #since = BigInt(Date.now() - 1000) * 1_000_000n;
  /** By what decides them: all outcomes of rsync in tsync's place so far. */
  readonly #known = new Map<string, CellOutcome[]>();
  #runs = 0;

  readonly folder: string;

  private constructor(folder: string, daemons: ReadonlyMap<string, TestDaemon>, sshd: TestSshd) {
    this.folder = folder;
    this.#daemons = daemons;
    this.#sshd = sshd;
  }

  /** Makes the folder, and starts a daemon of each peer and an sshd. */
  static async start(peers: readonly Peer[]): Promise<InteropRunner> {
    const folder = mkdtempSync(join(tmpdir(), "tsync-interop-"));
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "shell"), shellScript);
    chmodSync(join(folder, "shell"), 0o755);
    mkdirSync(join(folder, "setup"));
    const made = spawnSync("bash", ["-c", `umask 022; ${interopSetup}`], {
      cwd: join(folder, "setup"),
      encoding: "utf8",
    });
    if (made.status !== 0 || made.stderr !== "") throw new Error(`setup failed: ${made.stderr}`);
    const module = `[all]\npath = ${folder}\nread only = no\nmunge symlinks = no\ncharset = ISO-8859-1\n`;
    const daemons = new Map<string, TestDaemon>();
    for (const { version, program } of peers) daemons.set(version, await startDaemon("true", () => module, program));
    return new InteropRunner(folder, daemons, await startSshd());
  }

  stop(): void {
    for (const daemon of this.#daemons.values()) daemon.stop();
    this.#sshd.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a cell and says in what it differs. */
  async run(cell: InteropCell): Promise<CellResult> {
    const ends = programs(cell, installed);
    const key = JSON.stringify([ends, pulls(cell), cell.transport, cell.protocol, cell.set.name]);
    const references = this.#known.get(key) ?? [];
    this.#known.set(key, references);
    const own = await this.#outcome(cell, false);
    let reason: string | undefined;
    for (let asked = 0; asked < referencesMax; asked++) {
      let reference = references[asked];
      if (reference === undefined) {
        reference = await this.#outcome(cell, true);
        references.push(reference);
      }
      const found = difference(reference, own);
      if (found === undefined) return { reason: undefined, exitCode: reference.exitCode, text: own.text };
      reason ??= found;
    }
    return { reason, exitCode: references[0]?.exitCode ?? "", text: own.text };
  }

  async #outcome(cell: InteropCell, isReference: boolean): Promise<CellOutcome> {
    const name = `run-${this.#runs++}`;
    const root = join(this.folder, name);
    if (spawnSync("cp", ["-a", join(this.folder, "setup"), root]).status !== 0) throw new Error("cp failed");
    try {
      const { exitCode, text } = await runCommand(this.#command(cell, root, name, isReference), root);
      const now = BigInt(Date.now() + 1000) * 1_000_000n;
      const tree = takeSnapshot(this.#libc, byteName(root), { nowFrom: this.#since, nowUntil: now, skipTop: true });
      return { exitCode, text, tree };
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }

  #command(cell: InteropCell, root: string, name: string, isReference: boolean): string[] {
    const { peer, transport, protocol, set } = cell;
    const isPull = pulls(cell);
    const { client, server } = programs(cell, isReference ? installed : tsync);
    const port = this.#daemons.get(peer.version)?.port;
    const isDaemon = transport === "daemon";
    const far = isDaemon ? `/${name}` : root;
    const farPath = (path: string): string =>
      isDaemon ? `rsync://127.0.0.1:${port}/all/${name}/${path}` : `host:${root}/${path}`;
    const options = set.options
      .split(" ")
      .map((word) => word.replace("{far}", far).replace("{koi8}", isPull ? "UTF-8,KOI8-R" : "KOI8-R,UTF-8"));
    const command = transport === "shell" ? join(this.folder, "shell") : `ssh -F ${this.#sshd.config}`;
    const shell = isDaemon ? [] : ["-e", command, `--rsync-path=${server}`];
    if (transport === "builtin" && !isReference) shell.push("--ssh=builtin");
    // A fixed seed: with another one now and then two blocks of different content have the same sum.
    const common = ["--checksum-seed=5", `--protocol=${protocol}`, ...shell];
    const sources = set.sources.map((path) => (isPull ? farPath(path) : path));
    return [client, ...options, ...common, ...sources, isPull ? set.destination : farPath(set.destination)];
  }
}

/** The programs at the two ends, with `own` in tsync's role. */
function programs({ peer, role }: InteropCell, own: string): { readonly client: string; readonly server: string } {
  const client = role.startsWith("server") ? peer.program : own;
  const server = role.startsWith("client") ? peer.program : own;
  return { client, server };
}

/** Whether the source is at the server. */
export function pulls({ role }: InteropCell): boolean {
  return role === "client-pull" || role === "server-sending" || role === "both-pull";
}

function difference(reference: CellOutcome, own: CellOutcome): string | undefined {
  if (reference.exitCode !== own.exitCode) return `exit code ${reference.exitCode} / ${own.exitCode}`;
  const found = compareSnapshots(reference.tree, own.tree);
  const [first] = found;
  return first === undefined ? undefined : `${found.length} in the tree: ${formatDifference(first)}`;
}

function runCommand(
  [program = "", ...args]: readonly string[],
  cwd: string,
): Promise<{ readonly exitCode: number | string; readonly text: string }> {
  return new Promise((done) => {
    const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC", HOME: cwd };
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let text = "";
    const keep = (chunk: Buffer): void => {
      text = `${text}${chunk.toString("latin1")}`.slice(-2000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const end = setTimeout(() => {
      text += `\nno end within ${secondsMax} s`;
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL");
      } catch {
        // It ended just now.
      }
    }, secondsMax * 1000);
    child.on("error", (error) => done({ exitCode: error.message, text }));
    child.on("close", (code, signal) => {
      clearTimeout(end);
      done({ exitCode: code ?? signal ?? "", text });
    });
  });
}
