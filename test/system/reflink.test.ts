/** `--reflink` on a file system that can share blocks: XFS in a file. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tsync } from "../hostile/support.ts";
import { must, requireRoot } from "./support.ts";

const fileBytes = 16 << 20;
let folder = "";

beforeAll(() => {
  requireRoot();
  folder = mkdtempSync(`${tmpdir()}/tsync-reflink-`);
  mkdirSync(`${folder}/drive`);
  must("truncate", ["-s", "400M", `${folder}/image`]);
  must("mkfs.xfs", ["-q", "-m", "reflink=1", `${folder}/image`]);
  must("mount", ["-o", "loop", `${folder}/image`, `${folder}/drive`]);
  mkdirSync(`${folder}/drive/src`);
  writeFileSync(`${folder}/drive/src/large`, Buffer.alloc(fileBytes, "0123456789abcdef"));
  writeFileSync(`${folder}/drive/src/small`, "small");
});

afterAll(() => {
  must("umount", [`${folder}/drive`]);
  rmSync(folder, { recursive: true });
});

/** How much of a file's data only it has. */
function ownBytes(path: string): number {
  must("sync", ["-f", path]);
  const extents = must("filefrag", ["-v", path]).toString().split("\n");
  const lengths = extents.flatMap((line) => {
    const match = /^ +\d+: +\d+\.\. +\d+: +\d+\.\. +\d+: +(\d+):/.exec(line);
    return match === null || line.includes("shared") ? [] : [Number(match[1]) * 4096];
  });
  return lengths.reduce((sum, length) => sum + length, 0);
}

test.each([
  ["koffi", "always", 0],
  ["koffi", "auto", 0],
  ["koffi", "never", fileBytes],
  ["plain", "never", fileBytes],
  ["plain", "auto", fileBytes],
] as const)("%s: %s", (backEnd, mode, own) => {
  const destination = `${folder}/drive/${backEnd}-${mode}`;
  const args = ["-a", "--verify", `--reflink=${mode}`, `${folder}/drive/src/`, destination];
  expect(tsync(args, { backEnd })).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(readFileSync(`${destination}/large`).equals(readFileSync(`${folder}/drive/src/large`))).toBe(true);
  expect(ownBytes(`${destination}/large`)).toBe(own);
});

test("plain cannot: always is an error for each file", () => {
  const destination = `${folder}/drive/none`;
  const run = tsync(["-a", "--reflink=always", `${folder}/drive/src/`, destination], { backEnd: "plain" });
  expect(run.code).toBe(23);
  expect(run.stderr).toContain(`reflink failed on "${destination}/large": Operation not supported (95)`);
});
