/**
 * Base directories of the source (2-file-list 9.1). Every entry of a file list starts from one: the directory part of
 * its argument, which the operator named and which is therefore resolved with links; everything below it is walked
 * without following links (4-traps P-01, P-04).
 */
import { type ByteName, byteName, joinName } from "../bytes/byte-name.ts";
import { cleanPath } from "../bytes/paths.ts";
import { DirectoryWalker, type FollowLinks, type HeldDirectory } from "../fs/held-directory.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";

/** Plain data of a root: it can be handed to another thread of the process, which shares the descriptor. */
export interface SourceRoot {
  readonly descriptor: number;
  /** Transfer path of the directory behind the descriptor: empty, or the implied parents of a `--relative` argument. */
  readonly prefix: ByteName;
  /** Absolute path of the base directory, for messages and merge files; a transfer path is appended to it. */
  readonly absolute: ByteName;
  /** Arguments in a row with the same text before their name share this number: only those are one place to rsync. */
  readonly row: number;
  /** The base as the operator wrote it, for `%f`; empty when the argument had no directory part. */
  readonly shown: ByteName;
}

/** The roots of one thread with their walkers. */
export class SourceRoots {
  readonly roots: SourceRoot[] = [];
  private readonly syscalls: Syscalls;
  private readonly follow: FollowLinks;
  private readonly walkers: DirectoryWalker[] = [];

  /** `follow`: which links walks below a root may pass (4-traps P-04). */
  constructor(syscalls: Syscalls, follow: FollowLinks, roots: readonly SourceRoot[] = []) {
    this.syscalls = syscalls;
    this.follow = follow;
    for (const root of roots) this.add(root);
  }

  /** Adds a root and returns its index. */
  add(root: SourceRoot): number {
    this.roots.push(root);
    this.walkers.push(new DirectoryWalker(this.syscalls, root.descriptor, this.follow));
    return this.roots.length - 1;
  }

  get(index: number): SourceRoot {
    const root = this.roots[index];
    if (root === undefined) throw new RangeError(`source root ${index}`);
    return root;
  }

  /** The open directory with this transfer path, or a negative errno. */
  directory(index: number, path: ByteName): HeldDirectory | number {
    const walker = this.walkers[index];
    if (walker === undefined) throw new RangeError(`source root ${index}`);
    return walker.directory(this.below(index, path));
  }

  /** Absolute path of a transfer path, for messages. */
  absolute(index: number, path: ByteName): ByteName {
    const root = this.get(index);
    if (path === "." || path === "/.") return root.absolute;
    return path.startsWith("/") ? cleanPath(path) : joinName(root.absolute, path);
  }

  /** What `%f` shows for an entry (3-transfer 9.6). */
  shown(index: number, path: ByteName): ByteName {
    const shown = this.get(index).shown;
    const full = shown === "" ? path : joinName(shown, path);
    return (full.startsWith("/") ? full.replace(/^\/+/, "") : full) as ByteName;
  }

  /** Closes the walkers' directories; the root descriptors stay open for other threads. */
  close(): void {
    for (const walker of this.walkers) walker.close();
  }

  /** Closes the root descriptors too: for the thread that opened them, when no other uses them any more. */
  dispose(): void {
    for (const walker of this.walkers.splice(0)) walker.dispose();
  }

  private below(index: number, path: ByteName): ByteName {
    const { prefix } = this.get(index);
    if (path === "." || path === "/." || path === prefix) return byteName("");
    if (prefix === "") return path;
    return path.slice(prefix.endsWith("/") ? prefix.length : prefix.length + 1) as ByteName;
  }
}
