/**
 * A complete picture of a tree, and a readable comparison of two: type, mode, owner, size, nanosecond mtime, content,
 * link target, device numbers, hard-link groups, attributes (ACLs included) and roughly the allocated blocks.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { type ByteName, byteName, compareBytes, fromBytes, joinName, toBytes } from "../../src/bytes/byte-name.ts";
import type { Libc } from "./libc.ts";

/** One object, every property as text that compares exactly. */
export interface SnapshotEntry {
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  /** Bytes; empty for directories, whose size belongs to the file system. */
  readonly size: string;
  /** Nanoseconds, or `now` if the object was touched by the run and not given a time. */
  readonly mtime: string;
  /** As `mtime`; empty where nobody asked for it. */
  readonly atime: string;
  readonly content: string;
  readonly target: string;
  readonly device: string;
  /** The first name of its hard-link group; empty when the object has one name. */
  readonly linkedWith: string;
  readonly xattrs: string;
  /** Allocated 512-byte units of a regular file. */
  readonly blocks: number;
}

/** Objects by path relative to the top; the top has the empty path. */
export type Snapshot = ReadonlyMap<ByteName, SnapshotEntry>;

/** How to look. */
export interface SnapshotOptions {
  /** Times from this one on (nanoseconds) count as `now`, up to `nowUntil`. */
  readonly nowFrom?: bigint;
  readonly nowUntil?: bigint;
  /** Times are cut to microseconds. */
  readonly microseconds?: boolean;
  /** Paths left out, with all below. */
  readonly skip?: (path: ByteName) => boolean;
  /** False leaves `content` empty; true if not given. */
  readonly hashContents?: boolean;
  /** Times of access are described, but for directories and symbolic links: looking into them changes it. */
  readonly accessTimes?: boolean;
  /** The top itself is not described. */
  readonly skipTop?: boolean;
}

/** One difference: the property, and both values (`undefined` where the object is missing). */
export interface TreeDifference {
  readonly path: ByteName;
  readonly property: keyof SnapshotEntry | "existence";
  readonly left: string | undefined;
  readonly right: string | undefined;
}

/** Looks at everything under `top`. Needs the right to read it all. */
export function takeSnapshot(libc: Libc, top: ByteName, options: SnapshotOptions = {}): Snapshot {
  const entries = new Map<ByteName, SnapshotEntry>();
  const firstNames = new Map<string, ByteName>();
  const visit = (path: ByteName): void => {
    const file = path === "" ? top : joinName(top, path);
    const entry = describe(libc, file, path, firstNames, options);
    if (entry === undefined) return;
    if (path !== "" || options.skipTop !== true) entries.set(path, entry);
    if (entry.type !== "directory") return;
    const names = readdirSync(toBytes(file), { encoding: "buffer" }).map(fromBytes).sort(compareBytes);
    for (const name of names) {
      const child = joinName(path, name);
      if (options.skip?.(child) !== true) visit(child);
    }
  };
  visit(byteName(""));
  return entries;
}

/** All differences in path order; blocks are compared only on request, with some tolerance. */
export function compareSnapshots(left: Snapshot, right: Snapshot, compareBlocks = false): TreeDifference[] {
  const differences: TreeDifference[] = [];
  for (const path of [...new Set([...left.keys(), ...right.keys()])].sort(compareBytes)) {
    const one = left.get(path);
    const other = right.get(path);
    if (one === undefined || other === undefined) {
      differences.push({ path, property: "existence", left: one?.type, right: other?.type });
      continue;
    }
    for (const property of exactProperties) {
      if (one[property] !== other[property]) {
        differences.push({ path, property, left: one[property], right: other[property] });
      }
    }
    if (compareBlocks && !similarBlocks(one.blocks, other.blocks)) {
      differences.push({ path, property: "blocks", left: `${one.blocks}`, right: `${other.blocks}` });
    }
  }
  return differences;
}

/** A difference on one line. */
export function formatDifference({ path, property, left, right }: TreeDifference): string {
  return `${JSON.stringify(path)} ${property}: ${left ?? "missing"} / ${right ?? "missing"}`;
}

/** A snapshot as lines of text, for keeping. */
export function formatSnapshot(snapshot: Snapshot): string {
  return [...snapshot].map(([path, entry]) => `${JSON.stringify(path)} ${JSON.stringify(entry)}\n`).join("");
}

const exactProperties = [
  "type",
  "mode",
  "owner",
  "size",
  "mtime",
  "atime",
  "content",
  "target",
  "device",
  "linkedWith",
  "xattrs",
] as const satisfies readonly (keyof SnapshotEntry)[];

const typeNames: ReadonlyMap<number, string> = new Map([
  [0o04, "directory"],
  [0o10, "file"],
  [0o12, "symlink"],
  [0o01, "fifo"],
  [0o14, "socket"],
  [0o02, "character device"],
  [0o06, "block device"],
]);

function describe(
  libc: Libc,
  file: ByteName,
  path: ByteName,
  firstNames: Map<string, ByteName>,
  options: SnapshotOptions,
): SnapshotEntry | undefined {
  const stat = libc.lstat(file);
  if (stat === undefined) return undefined;
  const type = typeNames.get(stat.mode >> 12) ?? `type ${stat.mode >> 12}`;
  const regular = type === "file";
  let linkedWith = "";
  if (type !== "directory" && stat.links > 1) {
    linkedWith = firstNames.get(stat.inode) ?? path;
    firstNames.set(stat.inode, byteName(linkedWith));
  }
  const attributes = [...libc.xattrs(file)].map(([name, value]) => `${name}=${value.toString("hex")}`);
  return {
    type,
    mode: (stat.mode & 0o7777).toString(8).padStart(4, "0"),
    owner: `${stat.uid}:${stat.gid}`,
    size: regular ? `${stat.size}` : "",
    mtime: describeTime(stat.mtime, options),
    atime:
      options.accessTimes === true && type !== "directory" && type !== "symlink"
        ? describeTime(stat.atime, options)
        : "",
    content: regular && options.hashContents !== false ? hashFile(file) : "",
    target: type === "symlink" ? fromBytes(readlinkSync(toBytes(file), "buffer")) : "",
    device: type.endsWith("device") ? stat.rdev : "",
    linkedWith,
    xattrs: attributes.join(" "),
    blocks: regular ? stat.blocks : 0,
  };
}

function describeTime(time: bigint, options: SnapshotOptions): string {
  const { nowFrom, nowUntil } = options;
  if (nowFrom !== undefined && nowUntil !== undefined && time >= nowFrom && time <= nowUntil) return "now";
  return options.microseconds === true ? `${(time - (((time % 1000n) + 1000n) % 1000n)) / 1000n} us` : `${time}`;
}

function hashFile(file: ByteName): string {
  const hash = createHash("sha1");
  const chunk = Buffer.allocUnsafe(1 << 17);
  const descriptor = openSync(toBytes(file), "r");
  try {
    for (;;) {
      const count = readSync(descriptor, chunk, 0, chunk.length, null);
      if (count === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Blocks differ if the difference is over 16 KiB and over a tenth. */
function similarBlocks(left: number, right: number): boolean {
  const difference = Math.abs(left - right);
  return difference <= 32 || difference * 10 <= Math.max(left, right);
}
