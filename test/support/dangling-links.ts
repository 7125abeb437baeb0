/** Which part of a path leads to nothing, and what lies behind links, for the detectors of listed differences. */
import { posix } from "node:path";
import { type ByteName, byteName, joinName } from "../../src/bytes/byte-name.ts";
import type { Outcome } from "./outcome.ts";
import type { Scenario } from "./scenario.ts";

/** So many links on the way are followed. */
const hopsMax = 40;

/** Whether a path below one of the tree's directories passes a symbolic link that leads to nothing. */
export function passesDanglingLink(path: string, tree: Outcome["tree"], starts: readonly string[]): boolean {
  return starts.some((start) => walk(`${start}/${path}`.split("/"), tree));
}

/** A directory of the destination that is also reached through a link there. */
interface Behind {
  /** Where it is, from the working directory. */
  readonly path: string;
  /** Where it is below the top of its tree. */
  readonly inner: string;
  /** The same, through the link. */
  readonly link: string;
}

/** Directories of the destination behind links that stand for directories of a source, by the names of directories in these. */
export function directoriesBehindLinks({ sources, destination }: Pick<Scenario, "sources" | "destination">): Behind[] {
  const wanted = [...sources.values()].flatMap((plan) =>
    [...plan].flatMap(([path, { node }]) => (node.kind === "directory" ? [path] : [])),
  );
  return [...destination].flatMap(([top, plan]) =>
    [...plan].flatMap(([path, { node }]) => {
      const own = node.kind === "link" ? plan.get(node.to)?.node : node;
      if (own?.kind !== "symlink" || own.target.startsWith("/")) return [];
      const found = posix.join(posix.dirname(path), own.target).replace(/^\.?\/?$|\/$/, "");
      return [...plan].flatMap(([inner, { node: other }]) => {
        if (other.kind !== "directory" || inner === "" || !inner.startsWith(found === "" ? "" : `${found}/`)) return [];
        const link = `${path}/${found === "" ? inner : inner.slice(found.length + 1)}`;
        const isWanted = wanted.some((name) => name === link || name.endsWith(`/${link}`));
        return isWanted ? [{ path: joinName(top, inner), inner, link }] : [];
      });
    }),
  );
}

function walk(parts: readonly string[], tree: Outcome["tree"]): boolean {
  const directories = directoriesOf(tree);
  let rest = parts.map((part) => ({ part, ofLink: false }));
  let at: string[] = [];
  let hops = 0;
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
    const { part, ofLink } = next;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      at = at.slice(0, -1);
      continue;
    }
    const name = [...at, part].join("/");
    const entry = tree.get(byteName(name));
    if (entry === undefined && !directories.has(name)) return ofLink;
    if (entry?.type !== "symlink") at = [...at, part];
    else if (++hops > hopsMax || entry.target.startsWith("/")) return true;
    else rest = [...entry.target.split("/").map((word) => ({ part: word, ofLink: true })), ...rest];
  }
  return false;
}

function directoriesOf(tree: Outcome["tree"]): ReadonlySet<string> {
  const above = (path: ByteName): string[] => {
    const parts = path.split("/");
    return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
  };
  return new Set([...tree.keys()].flatMap(above));
}
