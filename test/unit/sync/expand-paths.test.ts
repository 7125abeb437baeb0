import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromText } from "../../../src/bytes/byte-name.ts";
import { openSyscalls } from "../../../src/fs/syscalls/choose.ts";
import type { Syscalls } from "../../../src/fs/syscalls/interface.ts";
import { collapsePath, expandPath } from "../../../src/sync/wire/expand-paths.ts";

let folder: string;
let syscalls: Syscalls;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-expand-"));
  syscalls = openSyscalls(undefined);
  for (const name of ["s1", "s2", "a b", "[q]"]) mkdirSync(join(folder, name));
  for (const name of ["s1/x1", "s2/x2", "[q]/q", ".hidden"]) writeFileSync(join(folder, name), "");
  symlinkSync("nowhere", join(folder, "link"));
});

afterAll(() => {
  syscalls.dispose();
  rmSync(folder, { recursive: true });
});

test.each([
  ["s1", ["s1"]],
  ["s*", ["s1", "s2"]],
  ["s*/", ["s1/", "s2/"]],
  ["s?/x*", ["s1/x1", "s2/x2"]],
  ["*/x2", ["[q]/x2", "a b/x2", "s1/x2", "s2/x2"]],
  ["l*", ["l*"]],
  ["a*", ["a b"]],
  ["nope*", ["nope*"]],
  ["s*/nope", ["s1/nope", "s2/nope"]],
  ["s*/nope/", ["s*/nope/"]],
  ["[q]", ["[q]"]],
  ["\\[q\\]", ["[q]"]],
  ["s1/../s*/x1", ["s1/x1", "s2/x1"]],
  ["nope/../s1//x1/", ["s1/x1/"]],
])("expandPath of %s", (pattern, paths) => {
  const full = (path: string): string => `${folder}/${path}`;
  expect([...expandPath(syscalls, fromText(full(pattern)))].sort()).toEqual(paths.map(full));
});

test.each([
  ["a//b/", "a/b/"],
  ["a/./b/../c", "a/./c"],
  ["a/..", "."],
  ["../../a/../b", "../../b"],
  ["/../../a", "/a"],
  ["/", "/"],
  [".", "."],
  ["a/.", "a/."],
])("collapsePath of %s", (path, collapsed) => {
  expect(collapsePath(fromText(path))).toBe(collapsed);
});
