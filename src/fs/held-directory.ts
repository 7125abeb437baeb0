/**
 * Open directories and the one walk that resolves transfer paths below a root (4-traps P-01, P-03, P-04). A path is
 * never given to the kernel as a whole: each component is opened without following links, relative to the directory
 * held so far, so that nobody who exchanges a directory for a link can lead us outside.
 */
import { type ByteName, directoryName } from "../bytes/byte-name.ts";
import { limits } from "../limits.ts";
import { countLinkHops, followedPath } from "./followed-links.ts";
import type { Syscalls } from "./syscalls/interface.ts";

const EINVAL = -22;
const ENOTDIR = -20;
const EXDEV = -18;
const ELOOP = -40;
const EACCES = -13;

/** An open directory with a count of its users; the descriptor is closed when the last one releases it. */
export class HeldDirectory {
  readonly descriptor: number;
  /** The directory that `..` leads to, held as long as this one; undefined for a root. */
  readonly parent: HeldDirectory | undefined;
  /** Links that the walk passed on its way here, where any may be passed. */
  readonly hops: number;
  readonly #calls: Syscalls;
  readonly #owned: boolean;
  /** Where this directory stands while it is open. */
  readonly #open: Set<HeldDirectory> | undefined;
  #users = 1;

  /** Takes over `descriptor` unless `owned` is false, with one user. */
  constructor(
    calls: Syscalls,
    descriptor: number,
    parent?: HeldDirectory,
    owned = true,
    hops = 0,
    open?: Set<HeldDirectory>,
  ) {
    this.hops = hops;
    this.#open = open?.add(this);
    this.#calls = calls;
    this.descriptor = descriptor;
    this.parent = parent?.retain();
    this.#owned = owned;
  }

  /** Adds a user, who must call `release` once. */
  retain(): this {
    this.#users++;
    return this;
  }

  release(): void {
    if (--this.#users !== 0) return;
    this.#open?.delete(this);
    if (this.#owned) this.#calls.close(this.descriptor);
    this.parent?.release();
  }

  /** Closes the descriptor whoever still uses it: the run is over. Later releases do nothing. */
  abandon(): void {
    if (this.#users <= 0) return;
    this.#users = 0;
    if (this.#owned) this.#calls.close(this.descriptor);
  }
}

/**
 * Which links a walk may pass (P-04): none; those whose target stays inside the root (`--keep-dirlinks`); or any, for
 * options of the sending side that ask for it (`--copy-links`, `--copy-dirlinks`).
 */
export type FollowLinks = "none" | "inside" | "any";

interface Step {
  readonly name: string;
  readonly held: HeldDirectory;
}

/**
 * Resolves paths below a root. The directories along the last path stay open, so that a walk in depth-first order
 * opens each directory once. One walker belongs to one thread.
 */
export class DirectoryWalker {
  readonly #calls: Syscalls;
  #root: HeldDirectory;
  readonly #follow: FollowLinks;
  readonly #heldMax: number;
  /** The open directories along the last path, at most as many as the walker may hold. */
  readonly #steps: Step[] = [];
  /** Every directory opened and not closed yet, also those that others retain. */
  readonly #open = new Set<HeldDirectory>();
  /** The last directory when it lies deeper than the steps held. */
  #deep: HeldDirectory | undefined;
  #path: string | undefined;
  /** Paths at which a link may be passed besides. */
  readonly #passed = new Map<string, FollowLinks>();
  /** Descriptors of the root from before it was opened anew, which others may hold. */
  readonly #formerRoots: number[] = [];
  /** Links passed in the walk under way: counted over all of it, for a chain of links can branch. */
  #hops = 0;

  /** Which links it passes. */
  get follow(): FollowLinks {
    return this.#follow;
  }

  /** Walks below `root`, a descriptor that stays the caller's and must outlive the walker; `heldMax` directories stay open, and the last one. */
  constructor(calls: Syscalls, root: number, follow: FollowLinks = "none", heldMax: number = limits.heldDirectories) {
    this.#calls = calls;
    this.#root = new HeldDirectory(calls, root, undefined, false);
    this.#follow = follow;
    this.#heldMax = heldMax;
  }

  /**
   * The open directory with this path (empty or `.` is the root), or a negative errno: -20 or -40 where a component
   * is a link or no directory, -18 where `..` leads above the root. The result is held by the walker until its next
   * call: retain what you keep.
   */
  directory(path: ByteName): HeldDirectory | number {
    if (path === this.#path) return this.#deep ?? this.#steps.at(-1)?.held ?? this.#root;
    const components = path.split("/").filter(isComponent);
    this.#dropDeep();
    this.#hops = 0;
    let depth = 0;
    while (depth < components.length && this.#steps[depth]?.name === components[depth]) depth++;
    this.#cut(depth);
    let held = this.#steps.at(-1)?.held ?? this.#root;
    for (; depth < components.length; depth++) {
      const name = components[depth] as ByteName;
      const next = this.#step(held, name, this.#followAt(components, depth));
      if (typeof next === "number") {
        this.#dropDeep();
        return next;
      }
      if (this.#steps.length < this.#heldMax) this.#steps.push({ name, held: next });
      else {
        this.#deep?.release();
        this.#deep = next;
      }
      held = next;
    }
    this.#path = path;
    return held;
  }

  /** The open directory that contains this path; its leaf is `baseName(path)`. Otherwise like `directory`. */
  parent(path: ByteName): HeldDirectory | number {
    return this.directory(directoryName(path));
  }

  /** From now on what stands at this path (and only there) may be a link to a directory: one inside, or to any. */
  passLink(path: ByteName, follow: "inside" | "any"): void {
    this.close();
    this.#passed.set(path.split("/").filter(isComponent).join("/"), follow);
  }

  #followAt(components: readonly string[], depth: number): FollowLinks {
    if (this.#passed.size === 0) return this.#follow;
    return this.#passed.get(components.slice(0, depth + 1).join("/")) ?? this.#follow;
  }

  /** Forgets the directory with this path and those below it: it was removed, renamed or replaced. */
  forget(path: ByteName): void {
    const components = path.split("/").filter(isComponent);
    for (let depth = 0; depth < components.length; depth++) {
      if (this.#steps[depth]?.name !== components[depth] && depth < this.#steps.length) return;
    }
    this.#dropDeep();
    this.#cut(Math.max(components.length - 1, 0));
  }

  /** Opens a directory anew that was opened when it could not be read; the root too. */
  reopen(path: ByteName): void {
    this.forget(path);
    if (path.split("/").some(isComponent)) return;
    const descriptor = this.#calls.openDirectoryAt(this.#root.descriptor, "." as ByteName);
    if (descriptor < 0) return;
    this.#formerRoots.push(this.#root.descriptor);
    this.#root = new HeldDirectory(this.#calls, descriptor, undefined, false);
  }

  /** Releases every directory held. The walker can still be used. */
  close(): void {
    this.#dropDeep();
    this.#cut(0);
  }

  /**
   * Ends the walker and closes its root too, for a caller who has no other use for that. Directories that an aborted
   * piece of work never released are closed as well: nothing may use the walker or what it gave away any more.
   */
  dispose(): void {
    this.close();
    for (const held of this.#open) held.abandon();
    this.#open.clear();
    for (const descriptor of [...this.#formerRoots, this.#root.descriptor]) this.#calls.close(descriptor);
  }

  #cut(depth: number): void {
    this.#path = undefined;
    while (this.#steps.length > depth) this.#steps.pop()?.held.release();
  }

  #dropDeep(): void {
    this.#path = undefined;
    this.#deep?.release();
    this.#deep = undefined;
  }

  /** One component below `held`; the result has one user. */
  #step(held: HeldDirectory, name: ByteName, follow: FollowLinks): HeldDirectory | number {
    if (name === "..") return follow === "inside" ? (held.parent?.retain() ?? EXDEV) : EXDEV;
    const descriptor = this.#calls.openDirectoryAt(held.descriptor, name);
    if (descriptor >= 0) return this.#held(descriptor, held);
    if (follow === "none" || (descriptor !== ENOTDIR && descriptor !== ELOOP)) return descriptor;
    return follow === "any" ? this.#openAny(held, name) : this.#walkLink(held, name, descriptor);
  }

  #held(descriptor: number, parent: HeldDirectory, hops = parent.hops): HeldDirectory {
    // Parents are needed for the `..` of link targets only; a chain of them would keep a deep tree open.
    const kept = this.#follow === "inside" || this.#passed.size > 0 ? parent : undefined;
    return new HeldDirectory(this.#calls, descriptor, kept, true, hops, this.#open);
  }

  #openAny(held: HeldDirectory, name: ByteName): HeldDirectory | number {
    if (name.includes("\0")) return EINVAL;
    const { flags } = this.#calls;
    // The kernel sees one link at a time: a loop of them is noticed here (4-traps X-06).
    const hops = held.hops + countLinkHops(this.#calls, held.descriptor, name);
    if (hops > limits.linkHops) return ELOOP;
    const path = followedPath(held.descriptor, name);
    let descriptor = this.#calls.openPath(path, flags.readOnly | flags.directory);
    if (descriptor === EACCES) descriptor = this.#calls.openPath(path, flags.path | flags.directory);
    return descriptor < 0 ? descriptor : this.#held(descriptor, held, hops);
  }

  /** Walks the target of the link `name` from the directory that contains it. */
  #walkLink(held: HeldDirectory, name: ByteName, error: number): HeldDirectory | number {
    const target = this.#calls.readLinkAt(held.descriptor, name);
    if (typeof target === "number") return target === EINVAL ? error : target;
    if (++this.#hops > limits.linkHops || target.startsWith("/")) return ELOOP;
    let at = held.retain();
    for (const component of target.split("/")) {
      if (component === "" || component === ".") continue;
      const next = this.#step(at, component as ByteName, "inside");
      at.release();
      if (typeof next === "number") return next;
      at = next;
    }
    return at;
  }
}

function isComponent(component: string): boolean {
  return component !== "" && component !== ".";
}
