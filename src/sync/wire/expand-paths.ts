/**
 * Wildcards in paths that no shell has expanded, because they came by the protocol (1-session 2.7): matched against what is there,
 * component by component. Links that lead nowhere match nothing. A pattern that nothing matches stays as it is, and is then missing.
 */
import { type ByteName, byteName, joinName } from "../../bytes/byte-name.ts";
import { compileWildcard, matchWildcard } from "../../filter/wildcard.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { emptyStat } from "../../fs/syscalls/interface.ts";
import { limits } from "../../limits.ts";

/** The path without doubled slashes and `..` behind a name, as they are written: links are not looked at. */
export function collapsePath(path: ByteName): ByteName {
  const isAbsolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/").filter((text) => text !== "")) {
    const last = parts.findLastIndex((known) => known !== ".");
    if (part !== "..") parts.push(part);
    else if (last >= 0 && parts[last] !== "..") parts.splice(last);
    else if (!isAbsolute) parts.push(part);
  }
  const slash = path.endsWith("/") && parts.length > 0 ? "/" : "";
  return byteName(`${isAbsolute ? "/" : ""}${parts.join("/")}${slash}` || ".");
}

/** The paths that a path stands for. */
export function expandPath(syscalls: Syscalls, given: ByteName): readonly ByteName[] {
  const path = collapsePath(given);
  if (!/[*?[]/.test(path)) return [path];
  const parts = path.split("/").filter((text) => text !== "");
  const slash = path.endsWith("/") ? "/" : "";
  const stat = emptyStat();
  let found: ByteName[] = [byteName(path.startsWith("/") ? "/" : "")];
  for (const [index, part] of parts.entries()) {
    if (!/[*?[]/.test(part)) {
      found = found.map((base) => joinName(base, byteName(part)));
      continue;
    }
    // What is named without a wildcard is not looked for; what matches must be there, and be a directory where more follows.
    const tail = index + 1 < parts.length ? "/" : slash;
    found = found
      .flatMap((base) => matchesIn(syscalls, base, byteName(part)))
      .filter((candidate) => syscalls.statPath(byteName(candidate + tail), stat) === 0);
    if (found.length > limits.expandedPaths) return [path];
  }
  if (slash !== "") found = found.filter((candidate) => syscalls.statPath(byteName(candidate + slash), stat) === 0);
  return found.length === 0 ? [path] : found.map((candidate) => byteName(candidate + slash));
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
