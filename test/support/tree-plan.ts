/**
 * A file tree as plain data: what a test wants on disk, made by the random generators and by hand, and materialised
 * as often as needed with the same result (types, modes, owners, nanosecond times, attributes, ACLs, holes, hard
 * links). Needs root for owners, devices and trusted attributes.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { type ByteName, byteName, compareBytes, joinName, toBytes } from "../../src/bytes/byte-name.ts";
import type { Libc } from "./libc.ts";
import { Random } from "./random.ts";

/** A part of a file: bytes of the shared pool from `offset`, or a hole (`offset` undefined). */
export interface Segment {
  readonly offset: number | undefined;
  readonly length: number;
}

/** What a regular file holds: literal bytes or parts. */
export type Content =
  | { readonly kind: "text"; readonly text: ByteName }
  | { readonly kind: "parts"; readonly parts: readonly Segment[] };

/** What belongs to the inode besides its type. ACLs are raw `system.posix_acl_*` attributes. */
export interface PlanAttributes {
  /** Permission bits with setuid, setgid and sticky. Not used for symlinks. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  /** Nanoseconds since 1970; left to the system if not given. */
  readonly atime?: bigint;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** The type of an object and what belongs to the type; `link` is a further name of the object at `to`. */
export type PlanNode =
  | { readonly kind: "directory" }
  | { readonly kind: "file"; readonly content: Content }
  | { readonly kind: "symlink"; readonly target: ByteName }
  | { readonly kind: "fifo" }
  | { readonly kind: "socket" }
  | { readonly kind: "device"; readonly block: boolean; readonly major: number; readonly minor: number }
  | { readonly kind: "link"; readonly to: ByteName };

/** One object. */
export interface PlanEntry {
  readonly node: PlanNode;
  readonly attributes: PlanAttributes;
}

/** Objects by path relative to the tree's top, which has the empty path. Every parent must be there. */
export type TreePlan = ReadonlyMap<ByteName, PlanEntry>;

/** The bytes of the pool that `Segment.offset` points into. */
export const poolBytes = 3 * 1024 * 1024;

/** When something was accessed of which the plan does not say it. */
const plannedAccess = 1_200_000_000_000_000_000n;

/** Attributes of an ordinary object. */
export function plainAttributes(mode: number, mtime = 1_700_000_000_000_000_000n): PlanAttributes {
  return { mode, uid: 0, gid: 0, mtime, xattrs: new Map() };
}

/** The size of a planned file. */
export function contentLength(content: Content): number {
  return content.kind === "text" ? content.text.length : content.parts.reduce((sum, part) => sum + part.length, 0);
}

/** Makes plans real. */
export class TreeBuilder {
  readonly #libc: Libc;
  readonly #pool: Buffer;

  constructor(libc: Libc) {
    this.#libc = libc;
    const random = new Random("pool", 1);
    const words = new Uint32Array(poolBytes / 4);
    for (let index = 0; index < words.length; index++) words[index] = random.next();
    this.#pool = Buffer.from(words.buffer);
    // Runs of zeros inside data: what --sparse turns into holes.
    for (let start = 100_000; start + 40_000 < poolBytes; start += 250_000) this.#pool.fill(0, start, start + 40_000);
  }

  /** Creates the planned tree at `top` (which must not exist). The caller's umask must be 0. */
  build(plan: TreePlan, top: ByteName): void {
    const paths = [...plan.keys()].sort(compareBytes);
    const libc = this.#libc;
    for (const path of paths) this.#create(plan, top, path);
    for (const path of paths) {
      const node = plan.get(path)?.node;
      if (node?.kind === "link") libc.link(joinName(top, node.to), at(top, path));
    }
    for (const kind of ["other", "directory"] as const) {
      for (const path of paths.toReversed()) {
        const entry = plan.get(path);
        if (entry === undefined || entry.node.kind === "link") continue;
        if ((entry.node.kind === "directory") === (kind === "directory")) this.#applyAttributes(entry, at(top, path));
      }
    }
  }

  /**
   * Gives everything its times once more: looking at a tree changes times of access. What the plan has none for gets a fixed one, since how
   * many bytes a list takes depends on which times are equal.
   */
  resetTimes(plan: TreePlan, top: ByteName): void {
    for (const [path, { node, attributes }] of plan) {
      const { mtime, atime = plannedAccess } = attributes;
      if (node.kind !== "link") this.#libc.setTimes(at(top, path), mtime, atime);
    }
  }

  #create(plan: TreePlan, top: ByteName, path: ByteName): void {
    const node = plan.get(path)?.node;
    const target = at(top, path);
    if (node?.kind === "directory") this.#libc.makeDirectory(target, 0o700);
    if (node?.kind === "file") this.#writeFile(node.content, target);
    if (node?.kind === "symlink") this.#libc.symlink(node.target, target);
    if (node?.kind === "fifo") this.#libc.makeNode(target, 0o010600, 0, 0);
    if (node?.kind === "socket") this.#libc.makeNode(target, 0o140600, 0, 0);
    if (node?.kind === "device") {
      this.#libc.makeNode(target, node.block ? 0o060600 : 0o020600, node.major, node.minor);
    }
  }

  #writeFile(content: Content, target: ByteName): void {
    const descriptor = openSync(toBytes(target), "wx", 0o600);
    try {
      if (content.kind === "text") {
        writeSync(descriptor, toBytes(content.text));
        return;
      }
      let position = 0;
      for (const { offset, length } of content.parts) {
        for (let done = 0; offset !== undefined && done < length; ) {
          const start = (offset + done) % poolBytes;
          done += writeSync(descriptor, this.#pool, start, Math.min(length - done, poolBytes - start), position + done);
        }
        position += length;
      }
      if (content.parts.at(-1)?.offset === undefined) ftruncateSync(descriptor, position);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Owner before mode (chown clears setuid), ACLs after mode, times last. */
  #applyAttributes({ node, attributes }: PlanEntry, target: ByteName): void {
    const libc = this.#libc;
    if (attributes.uid !== 0 || attributes.gid !== 0) libc.chown(target, attributes.uid, attributes.gid);
    if (node.kind !== "symlink") libc.chmod(target, attributes.mode);
    for (const [name, value] of attributes.xattrs) {
      if (node.kind === "symlink" && name.startsWith("system.")) continue;
      if (name.startsWith("user.") && node.kind !== "file" && node.kind !== "directory") continue;
      if (name === "system.posix_acl_default" && node.kind !== "directory") continue;
      libc.setXattr(target, name, value);
    }
    libc.setTimes(target, attributes.mtime, attributes.atime);
  }
}

/** A plan cut to the subtree at `path`, with paths relative to it; links that lead out become copies. */
export function subPlan(plan: TreePlan, path: ByteName): Map<ByteName, PlanEntry> {
  const result = new Map<ByteName, PlanEntry>();
  const firstNames = new Map<ByteName, ByteName>();
  const prefix = path === "" ? "" : `${path}/`;
  for (const name of [...plan.keys()].sort(compareBytes)) {
    if (name !== path && !name.startsWith(prefix)) continue;
    const entry = plan.get(name);
    if (entry === undefined) continue;
    const inner = byteName(name === path ? "" : name.slice(prefix.length));
    if (entry.node.kind !== "link") {
      result.set(inner, entry);
      continue;
    }
    const original = plan.get(entry.node.to);
    if (original === undefined) continue;
    const to = entry.node.to;
    const known = to.startsWith(prefix) ? byteName(to.slice(prefix.length)) : firstNames.get(to);
    result.set(
      inner,
      known === undefined ? original : { node: { kind: "link", to: known }, attributes: entry.attributes },
    );
    if (known === undefined) firstNames.set(to, inner);
  }
  return result;
}

function at(top: ByteName, path: ByteName): ByteName {
  return path === "" ? top : joinName(top, path);
}
