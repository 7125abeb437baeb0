/**
 * What the system tests share: loop-mounted ext4 drives, the backup script run as a child, and a snapshot of a tree as
 * lines of text (type, mode, owner, size, nanosecond mtime, link target, hard-link group, content hash, extended
 * attributes with ACLs) that can be compared with `toEqual`.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ChildOutput, collectOutput } from "../support/child-output.ts";

/** The command under test; another one can stand in, for example `TSYNC_TEST_PROGRAM=rsync`. */
export const tsyncProgram: string =
  process.env.TSYNC_TEST_PROGRAM ?? fileURLToPath(new URL("../../bin/tsync", import.meta.url));

/** Runs a command to its end and returns its standard output; throws with its error text if it fails. */
export function must(command: string, args: readonly string[], input?: string): Buffer {
  const done = spawnSync(command, args, {
    input: input ?? "",
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: "C", PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.error ?? done.stderr}`);
  return done.stdout;
}

/**
 * Gives whatever was touched just now a time in the past. Nothing may carry this very second: rsync leaves the time of a
 * new directory, link or fifo alone if its second fits already (3-transfer 1.5).
 */
export function settle(src: string, time: string): void {
  must("find", [
    src,
    "-depth",
    "-newermt",
    "1 hour ago",
    "!",
    "-newermt",
    "tomorrow",
    "-exec",
    "touch",
    "-h",
    "-d",
    `${time} UTC`,
    "{}",
    "+",
  ]);
}

/** Fails, with a sentence a person can act on, where loop mounts are impossible. */
export function requireRoot(): void {
  if (process.getuid?.() !== 0) throw new Error("the system tests mount drives: run them as root");
}

/** An ext4 file system in a file, to be mounted at `path`. */
export class Drive implements Disposable {
  readonly path: string;
  readonly #image: string;
  #mounted = false;

  constructor(root: string, sizeMib: number) {
    this.path = `${root}/usb`;
    this.#image = `${root}/usb.img`;
    mkdirSync(this.path, { recursive: true });
    must("truncate", ["-s", `${sizeMib}M`, this.#image]);
    must("mkfs.ext4", ["-q", "-F", "-m", "0", this.#image]);
  }

  mount(): void {
    must("mount", ["-o", "loop", this.#image, this.path]);
    this.#mounted = true;
  }

  [Symbol.dispose](): void {
    if (this.#mounted) must("umount", [this.path]);
    this.#mounted = false;
    rmSync(this.#image, { force: true });
  }
}

/** A running backup script. */
export interface RunningScript {
  readonly child: ChildProcess;
  readonly done: Promise<ChildOutput>;
}

/** Starts the backup script; `cwd` holds `excludes.txt`. */
export function startScript(cwd: string, program: string, src: string, usb: string, extra: string): RunningScript {
  const script = fileURLToPath(new URL("backup-script.sh", import.meta.url));
  const child = spawn(script, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    // Its own process group, as a terminal gives to a command.
    detached: true,
    env: {
      ...process.env,
      LC_ALL: "C.UTF-8",
      PROGRAM: program,
      SRC: src,
      USB: usb,
      LOG: `${cwd}/backup.log`,
      EXTRA: extra,
    },
  });
  const done = collectOutput(child);
  return { child, done };
}

/** The direct children of a process. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").filter(Boolean).map(Number);
}

/** The tree below `root` as sorted lines; names and values one character a byte. `lost+found` is left out. */
export function snapshot(root: string): string[] {
  const format = "%P\\0%y\\0%m\\0%U\\0%G\\0%s\\0%T@\\0%n\\0%i\\0%l\\0";
  const found = must("find", [root, "-name", "lost+found", "-prune", "-o", "-printf", format])
    .toString("latin1")
    .split("\0");
  const attributes = extendedAttributes(root);
  const groups = new Map<string, string>();
  const entries: string[][] = [];
  for (let at = 0; at + 10 <= found.length; at += 10) entries.push(found.slice(at, at + 10));
  entries.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return entries.map(([name = "", type = "", mode, uid, gid, size, mtime, count, inode = "", target]) => {
    const parts = [JSON.stringify(name), type, mode, `${uid}:${gid}`];
    if (type !== "d") parts.push(`${size} bytes`);
    parts.push(`mtime ${mtime}`);
    if (type === "l") parts.push(`-> ${target}`);
    if (type === "f") parts.push(contentHash(root, name));
    if (type !== "d" && count !== "1") {
      const leader = groups.get(inode) ?? name;
      groups.set(inode, leader);
      parts.push(`linked with ${leader}`);
    }
    parts.push(...(attributes.get(name) ?? []));
    return parts.join(" ");
  });
}

function contentHash(root: string, name: string): string {
  const hash = createHash("sha1");
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = openSync(Buffer.from(`${root}/${name}`, "latin1"), "r");
  try {
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer))
      hash.update(buffer.subarray(0, count));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

function extendedAttributes(root: string): Map<string, string[]> {
  const text = must("getfattr", [
    "-R",
    "-P",
    "-h",
    "-d",
    "-m",
    "-",
    "-e",
    "hex",
    "--absolute-names",
    "--",
    root,
  ]).toString("latin1");
  const byName = new Map<string, string[]>();
  for (const block of text.split("\n\n")) {
    const [header = "", ...values] = block.split("\n").filter((line) => line !== "");
    if (!header.startsWith("# file: ")) continue;
    const path = header
      .slice(8)
      .replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
    byName.set(path.slice(root.length + 1), values.sort());
  }
  return byName;
}

/** Names that look like temporary files of a transfer: `.NAME.XXXXXX`. */
export function temporaryFiles(root: string): string[] {
  return must("find", [root, "-regextype", "posix-extended", "-regex", ".*/\\.[^/]+\\.[A-Za-z0-9]{6}", "-print0"])
    .toString("latin1")
    .split("\0")
    .filter(Boolean);
}

/** One run of a program inside the script, with what may differ between two runs of rsync itself set aside. */
export interface Section {
  readonly name: string;
  readonly ending: string;
  /** Everything but deletions, in order; totals on the wire, rates and speedup are masked. */
  readonly lines: readonly string[];
  /** Deletion lines in order: they overtake the others (3-transfer 9.10). */
  readonly deletions: readonly string[];
}

/** The script's standard output, split at its `== NAME` lines. */
export function sections(stdout: string): Section[] {
  const parts = stdout.split(/^== (\w+)\n([\s\S]*?)^== \1 ended with (\d+)\n/m);
  const result: Section[] = [];
  for (let at = 1; at + 2 < parts.length; at += 4) {
    const lines = (parts[at + 1] ?? "").split("\n").map(maskTotals);
    const isDeletion = (line: string): boolean => /^(\*deleting {3}|deleting )/.test(line);
    result.push({
      name: parts[at] ?? "",
      ending: parts[at + 2] ?? "",
      lines: lines.filter((line) => !isDeletion(line)),
      deletions: lines.filter(isDeletion),
    });
  }
  return result;
}

function maskTotals(line: string): string {
  return line
    .replace(
      /^sent [\d,]+ bytes {2}received [\d,]+ bytes {2}[\d,.]+ bytes\/sec$/,
      "sent # bytes  received # bytes  # bytes/sec",
    )
    .replace(/ {2}speedup is [\d,.]+( \(DRY RUN\))?$/, "  speedup is #$1");
}
