/** The names of files that have several, and lines that tell of them, for the detectors of listed differences. */
import { type ByteName, baseName } from "../../src/bytes/byte-name.ts";
import type { Outcome } from "./outcome.ts";
import type { TreePlan } from "./tree-plan.ts";

/** The further names of a file in a tree. */
export function otherNames(path: ByteName, tree: Outcome["tree"]): ByteName[] {
  const linkedWith = tree.get(path)?.linkedWith ?? "";
  if (linkedWith === "") return [];
  return [...tree].flatMap(([other, entry]) => (other !== path && entry.linkedWith === linkedWith ? other : []));
}

/**
 * Whether something is the backup of a file (or a directory with nothing but such) that another name has brought up to date meanwhile,
 * with a backup of the same content that is in both trees.
 */
export function isBackupOfAnotherName(path: ByteName, tree: Outcome["tree"], own: Outcome["tree"]): boolean {
  const entry = tree.get(path);
  const below = [...tree.keys()].filter((other) => other.startsWith(`${path}/`));
  if (entry?.type === "directory")
    return below.length > 0 && below.every((other) => isBackupOfAnotherName(other, tree, own));
  if (entry?.type !== "file") return false;
  const isNamedAs = (backup: ByteName, name: ByteName) => [name, `${name}~`].includes(baseName(backup));
  return [...tree.keys()].some((name) => {
    if (name === path || !isNamedAs(path, baseName(name))) return false;
    return otherNames(name, tree).some((other) =>
      [...own].some(
        ([backup, { content }]) => backup !== other && isNamedAs(backup, baseName(other)) && content === entry.content,
      ),
    );
  });
}

/** Whether something beside a file that has several names is the backup of it. */
export function isBackupOfLinked(path: ByteName, tree: Outcome["tree"]): boolean {
  return path.endsWith("~") && otherNames(path.slice(0, -1) as ByteName, tree).length > 0;
}

/** All names that a file has in a tree. */
export function namesOf(path: ByteName, { tree }: Outcome): ByteName[] {
  const linkedWith = tree.get(path)?.linkedWith ?? "";
  return linkedWith === "" ? [path] : [...tree.keys()].filter((other) => tree.get(other)?.linkedWith === linkedWith);
}

/** The names of each file that has several in a tree to be built. */
export function linkedGroups(plan: TreePlan): ByteName[][] {
  const groups = new Map<ByteName, ByteName[]>();
  for (const [path, { node }] of plan)
    if (node.kind === "link") groups.set(node.to, [...(groups.get(node.to) ?? [node.to]), path]);
  return [...groups.values()];
}

/** A path, and what is left of it without the directories at its front. */
export function endings(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(index).join("/"));
}

/** Whether a line tells that the file at `path` was linked, with the name as it is below the destination. */
export function isOfFollower(line: string, path: string): boolean {
  const told = line.split(" => ")[0] ?? "";
  return (
    line.includes(" => ") &&
    endings(path)
      .slice(1)
      .some((name) => told.endsWith(name))
  );
}
