/** Which part of a path leads to nothing in a tree that was looked at, for the detectors of listed differences. */
import { type ByteName, byteName } from "../../src/bytes/byte-name.ts";
import type { Outcome } from "./outcome.ts";

/** So many links on the way are followed. */
const hopsMax = 40;

/** Whether a path below one of the tree's directories passes a symbolic link that leads to nothing. */
export function passesDanglingLink(path: string, tree: Outcome["tree"], starts: readonly string[]): boolean {
  return starts.some((start) => walk(`${start}/${path}`.split("/"), tree));
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
