/**
 * tsync as users install it: packed, installed under a prefix of its own, started through the link that npm makes. The
 * package must work without its checkout, with the Node that is in PATH, and say so when there is none.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { must, settle, snapshot } from "./support.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("the installed package", () => {
  let folder = "";
  let command = "";

  beforeAll(() => {
    folder = mkdtempSync(`${tmpdir()}/tsync-install-`);
    must("npm", ["pack", root, "--ignore-scripts", "--pack-destination", folder]);
    const packed = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    expect(packed).toHaveLength(1);
    const prefix = `${folder}/prefix`;
    must("npm", ["install", "--global", "--prefer-offline", "--prefix", prefix, `${folder}/${packed[0]}`]);
    command = `${prefix}/bin/tsync`;
    mkdirSync(`${folder}/src/inner`, { recursive: true });
    writeFileSync(`${folder}/src/inner/file`, "content");
    settle(`${folder}/src`, "2024-01-02 03:04:05.678901234");
  });

  afterAll(() => {
    if (folder !== "") rmSync(folder, { recursive: true });
  });

  const run = (program: string, args: readonly string[], path: string) =>
    spawnSync(program, args, { cwd: folder, encoding: "utf8", env: { PATH: path, LC_ALL: "C.UTF-8" } });
  const nodeFolder = dirname(process.execPath);

  test("copies, with the Node of PATH", () => {
    const done = run(command, ["-av", "src/", "first/"], `${nodeFolder}:/usr/bin:/bin`);
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(done.stdout).toMatch(
      /^sending incremental file list\ncreated directory first\n\.\/\ninner\/\ninner\/file\n\nsent /,
    );
    expect(snapshot(`${folder}/first`)).toEqual(snapshot(`${folder}/src`));
  });

  test("copies when it is called rsync", () => {
    mkdirSync(`${folder}/bin`);
    symlinkSync(command, `${folder}/bin/rsync`);
    const done = run("rsync", ["-a", "src/", "second/"], `${folder}/bin:${nodeFolder}:/usr/bin:/bin`);
    expect(done).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(snapshot(`${folder}/second`)).toEqual(snapshot(`${folder}/src`));
  });

  test("ends with 4 and one line where there is no Node", () => {
    mkdirSync(`${folder}/no-node`);
    for (const tool of ["sh", "readlink"])
      symlinkSync(must("which", [tool]).toString().trim(), `${folder}/no-node/${tool}`);
    const done = run(command, ["-a", "src/", "third/"], `${folder}/no-node`);
    expect(done).toMatchObject({ status: 4, stdout: "" });
    expect(done.stderr).toMatch(/^tsync: .*Node\.js.*\n$/);
  });

  test("contains what it needs and no sources or tests", () => {
    const installed = `${folder}/prefix/lib/node_modules/tsync`;
    const names = must("find", [installed, "-maxdepth", "2", "-printf", "%P\\n"])
      .toString()
      .split("\n")
      .filter((name) => name !== "" && !name.startsWith("node_modules"));
    expect(names).toEqual(
      expect.arrayContaining(["bin/tsync", "dist/tsync.mjs", "dist/index.mjs", "dist/types", "LICENSE", "README.md"]),
    );
    expect(names.filter((name) => /^(src|test|docs|scripts|bench|kernels)\b/.test(name))).toEqual([]);
  });
});
