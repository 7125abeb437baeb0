/**
 * Where a source file that is to be removed really lies (3-transfer 8). Options like `--copy-links` may have led behind
 * links; what lies there is removed only if every link on the way leads down from where it stands, for anything else
 * could belong to somebody who never named it, unless `--insecure-links` says that all links are good. What was found out is opened
 * without following any link.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { DirectoryWalker, type HeldDirectory } from "../fs/held-directory.ts";
import { emptyStat, type Syscalls } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { SourceRoot } from "./source-root.ts";

const ELOOP = -40;
const ENOTDIR = -20;
const maxHops = 40;

/** One base directory, with the last parent that was asked for. */
interface Base {
  readonly walker: DirectoryWalker;
  /** Opened here, not the root's own descriptor. */
  readonly owned: boolean;
  parent: ByteName | undefined;
  place: ByteName | number;
}

/** Opens the parents of files that are to be removed. */
export class RemovalPaths {
  private readonly syscalls: Syscalls;
  private readonly anyLink: boolean;
  private readonly bases: Map<SourceRoot, Base | number> = new Map();

  /** `anyLink`: wherever links lead, the file is removed (`--insecure-links`). */
  constructor(syscalls: Syscalls, anyLink: boolean) {
    this.syscalls = syscalls;
    this.anyLink = anyLink;
  }

  /** The directory with this transfer path below the root, held until the next call; a negative errno, `ELOOP` behind a link that leads out. */
  directory(root: SourceRoot, path: ByteName): HeldDirectory | number {
    const base = this.base(root);
    if (typeof base === "number") return base;
    if (this.anyLink) return base.walker.directory(path);
    if (base.parent !== path) {
      base.parent = path;
      base.place = this.resolve(base.walker, path);
    }
    if (typeof base.place === "number") return base.place;
    const held = base.walker.directory(base.place);
    return held === ENOTDIR ? ELOOP : held;
  }

  close(): void {
    for (const base of this.bases.values()) {
      if (typeof base === "number") continue;
      if (base.owned) base.walker.dispose();
      else base.walker.close();
    }
    this.bases.clear();
  }

  private base(root: SourceRoot): Base | number {
    const known = this.bases.get(root);
    if (known !== undefined) return known;
    const { syscalls } = this;
    const { path, directory } = syscalls.flags;
    const owned = root.prefix !== "";
    const above = root.prefix.startsWith("/") ? byteName("/") : root.absolute;
    const descriptor = owned ? syscalls.openPath(above, path | directory) : root.descriptor;
    const base =
      descriptor < 0 ? descriptor : { walker: this.walker(descriptor), owned, parent: undefined, place: byteName("") };
    this.bases.set(root, base);
    return base;
  }

  private walker(descriptor: number): DirectoryWalker {
    return new DirectoryWalker(this.syscalls, descriptor, this.anyLink ? "any" : "none");
  }

  /** The path without links that this one means, or a negative errno. */
  private resolve(walker: DirectoryWalker, path: ByteName): ByteName | number {
    const stat = emptyStat();
    const rest = path.split("/");
    const done: string[] = [];
    for (let hops = 0; rest.length > 0; ) {
      const part = rest.shift();
      if (part === undefined || part === "" || part === ".") continue;
      if (part === "..") {
        done.pop();
        continue;
      }
      const place = byteName(done.join("/"));
      const held = walker.directory(place);
      if (typeof held === "number") return held;
      const status = this.syscalls.lstatAt(held.descriptor, byteName(part), stat);
      if (status < 0) return status;
      if ((stat.mode & FileType.mask) !== FileType.symlink) {
        done.push(part);
        continue;
      }
      const target = this.syscalls.readLinkAt(held.descriptor, byteName(part));
      if (typeof target === "number") return target;
      if (leadsOut(target) || ++hops > maxHops) return ELOOP;
      rest.unshift(...target.split("/"));
    }
    return byteName(done.join("/"));
  }
}

/** Whether the target of a link lies elsewhere than below the directory that the link is in. */
function leadsOut(target: ByteName): boolean {
  if (target.startsWith("/")) return true;
  let depth = 0;
  for (const part of target.split("/")) {
    if (part === "..") depth--;
    else if (part !== "" && part !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}
