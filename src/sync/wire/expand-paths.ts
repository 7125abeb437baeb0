/**
 * Wildcards in paths that no shell has expanded, because they came by the protocol (1-session 2.7): matched against what is there,
 * component by component. A pattern that nothing matches stays as it is, and is then missing.
 */
import { type ByteName, byteName, joinName } from "../../bytes/byte-name.ts";
import { compileWildcard, matchWildcard } from "../../filter/wildcard.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { emptyStat } from "../../fs/syscalls/interface.ts";
import { limits } from "../../limits.ts";

/** The paths that a path stands for. */
export function expandPath(syscalls: Syscalls, path: ByteName): readonly ByteName[] {
  if (!/[*?[]/.test(path)) return [path];
  const slash = path.endsWith("/") ? "/" : "";
  let found: ByteName[] = [byteName(path.startsWith("/") ? "/" : "")];
  for (const part of path.split("/").filter((text) => text !== "")) {
    if (!/[*?[]/.test(part)) {
      found = found.map((base) => joinName(base, byteName(part)));
      continue;
    }
    found = found.flatMap((base) => matchesIn(syscalls, base, byteName(part)));
    if (found.length > limits.expandedPaths) return [path];
  }
  const stat = emptyStat();
  const existing = found.filter((candidate) => syscalls.statPath(candidate, stat) === 0 || !isPlainTail(path));
  return existing.length === 0 ? [path] : existing.map((candidate) => byteName(candidate + slash));
}

/** Whether the last component is no pattern: then what is found must be looked for. */
function isPlainTail(path: ByteName): boolean {
  return !/[*?[]/.test(path.replace(/\/+$/, "").split("/").at(-1) ?? "");
}

function matchesIn(syscalls: Syscalls, base: ByteName, pattern: ByteName): ByteName[] {
  const { readOnly, directory } = syscalls.flags;
  const held = syscalls.openPath(base === "" ? byteName(".") : base, readOnly | directory);
  if (held < 0) return [];
  const names = syscalls.readDirectory(held);
  syscalls.close(held);
  if (typeof names === "number") return [];
  const wildcard = compileWildcard(pattern);
  return names.filter((name) => matchWildcard(wildcard, name, 0, "whole")).map((name) => joinName(base, name));
}
