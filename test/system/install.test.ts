/**
 * tsync as users install it: packed, installed under a prefix of its own, started through the link that npm makes. The
 * package must work without its checkout, with the Node that is in PATH, and say so when there is none.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSshd } from "../support/sshd.ts";
import { must, settle, snapshot } from "./support.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Uses the package as anybody's program does. */
const program = `import { sync, toText } from "tsync";
const [source, destination, syscalls] = process.argv.slice(2);
const run = sync({ sources: [source], destination, archive: true, syscalls });
const names = [];
for await (const event of run) if (event.type === "item") names.push(toText(event.path));
console.log(names.filter((name) => name.endsWith("file")).join(" "), (await run).exitCode);
`;

/** The package of the registry that is a Node of this version for this machine. */
function nodePackage(major: string): string {
  return `node-linux-${process.arch}@${major}`;
}

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
    // To the microsecond, which both ways to the system keep.
    settle(`${folder}/src`, "2024-01-02 03:04:05.678901");
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

  describe.each(["22", "24"])("with Node %s", (major) => {
    let node = "";

    beforeAll(() => {
      const own = process.versions.node.startsWith(`${major}.`);
      const prefix = `${folder}/node-${major}`;
      // The package holds the program itself; its script has nothing to do.
      if (!own)
        must("npm", ["install", "--prefer-offline", "--ignore-scripts", "--prefix", prefix, nodePackage(major)]);
      node = own ? process.execPath : must("find", [prefix, "-path", "*/bin/node", "-type", "f"]).toString().trim();
      expect(must(node, ["--version"]).toString()).toMatch(new RegExp(`^v${major}\\.`));
      // A project that has nothing but the package.
      const project = `${folder}/project-${major}`;
      mkdirSync(project);
      writeFileSync(`${project}/package.json`, '{"type":"module"}');
      const packed = readdirSync(folder).find((name) => name.endsWith(".tgz"));
      must("npm", ["install", "--omit=dev", "--prefer-offline", "--prefix", project, `${folder}/${packed}`]);
      writeFileSync(`${project}/copy.js`, program);
    });

    test.each(["koffi", "plain"])("the command and the library copy by %s", (backEnd) => {
      const project = `${folder}/project-${major}`;
      const env = { PATH: `${dirname(node)}:/usr/bin:/bin`, LC_ALL: "C.UTF-8", TSYNC_SYSCALLS: backEnd };
      const start = (command: string, args: readonly string[]) =>
        spawnSync(command, args, { cwd: folder, encoding: "utf8", env });
      const version = start(`${project}/node_modules/.bin/tsync`, ["-VV"]);
      expect(JSON.parse(version.stdout)).toMatchObject({
        runtime: { node: expect.stringMatching(new RegExp(`^${major}\\.`)), syscalls: backEnd },
      });
      const copy = `by-${major}-${backEnd}`;
      expect(start(`${project}/node_modules/.bin/tsync`, ["-aAX", "src/", copy])).toMatchObject({
        status: 0,
        stderr: "",
      });
      expect(snapshot(`${folder}/${copy}`)).toEqual(snapshot(`${folder}/src`));
      const own = start(node, [`${project}/copy.js`, `${folder}/src/`, `${folder}/${copy}-library`, backEnd]);
      expect(own).toMatchObject({ status: 0, stderr: "", stdout: "inner/file 0\n" });
      expect(snapshot(`${folder}/${copy}-library`)).toEqual(snapshot(`${folder}/src`));
    });
  });

  test("copies when it is called rsync", () => {
    mkdirSync(`${folder}/bin`);
    symlinkSync(command, `${folder}/bin/rsync`);
    const done = run("rsync", ["-a", "src/", "second/"], `${folder}/bin:${nodeFolder}:/usr/bin:/bin`);
    expect(done).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(snapshot(`${folder}/second`)).toEqual(snapshot(`${folder}/src`));
  });

  test("reaches a host by its built-in ssh, of which nothing was compiled", async () => {
    const sshd = await startSshd();
    try {
      const shell = ["--ssh=builtin", "-e", `ssh -F ${sshd.config}`];
      const path = `--rsync-path=env PATH=${nodeFolder}:/usr/bin:/bin ${command}`;
      const args = ["-a", ...shell, path, "src/", `host:${folder}/over-ssh`];
      const done = run(command, args, `${nodeFolder}:/usr/bin:/bin`);
      expect(done).toMatchObject({ status: 0, stdout: "", stderr: "" });
      expect(snapshot(`${folder}/over-ssh`)).toEqual(snapshot(`${folder}/src`));
      const modules = `${folder}/prefix/lib/node_modules/tsync/node_modules`;
      expect(existsSync(modules) ? readdirSync(modules) : []).not.toContain("ssh2");
      expect(readFileSync(`${folder}/prefix/lib/node_modules/tsync/dist/third-party-licences.txt`, "utf8")).toMatch(
        /^ssh2$/m,
      );
    } finally {
      sshd.stop();
    }
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
