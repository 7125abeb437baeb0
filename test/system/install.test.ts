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

  describe.each(["22", "24"])("every part of it is there, with Node %s", (major) => {
    /** Runs a command in the folder, with the Node of this version and the installed tsync in PATH. */
    const shell = (line: string) => {
      const node = process.versions.node.startsWith(`${major}.`)
        ? process.execPath
        : must("find", [`${folder}/node-${major}`, "-path", "*/bin/node", "-type", "f"])
            .toString()
            .trim();
      const path = `${folder}/project-${major}/node_modules/.bin:${dirname(node)}:/usr/bin:/bin`;
      const env = { PATH: path, LC_ALL: "C.UTF-8", HOME: folder };
      const { status, stdout, stderr } = spawnSync("sh", ["-c", line], { cwd: folder, encoding: "utf8", env });
      return { status, stdout, stderr };
    };
    const quiet = { status: 0, stdout: "", stderr: "" };
    const expectCopy = (name: string) => expect(snapshot(`${folder}/${name}`)).toEqual(snapshot(`${folder}/src`));

    test("other machines, batch files, character sets", () => {
      writeFileSync(`${folder}/shell`, '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
      const over = `tsync -az -e ${folder}/shell --rsync-path=tsync`;
      expect(shell(`${over} src/ host:${folder}/pushed-${major}`)).toEqual(quiet);
      expectCopy(`pushed-${major}`);
      expect(shell(`${over} --zc=lz4 --files-from=- host:${folder}/src/ pulled-${major} <<E\ninner/file\nE`)).toEqual(
        quiet,
      );
      expect(readFileSync(`${folder}/pulled-${major}/inner/file`, "latin1")).toBe("content");
      expect(shell(`tsync -a --only-write-batch=batch-${major} src/ none-${major}`)).toEqual(quiet);
      expect(shell(`sh batch-${major}.sh applied-${major}`)).toEqual(quiet);
      expectCopy(`applied-${major}`);
      expect(shell(`tsync -a --iconv=UTF-8,ISO-8859-1 src/ converted-${major}`)).toEqual(quiet);
      expectCopy(`converted-${major}`);
    });

    test("what is printed instead of a run, JSON, refusals", () => {
      expect(shell("tsync --help")).toMatchObject({
        status: 0,
        stderr: "",
        stdout: expect.stringMatching(/--recursive/),
      });
      expect(shell("tsync --version")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^tsync /) });
      expect(shell("tsync --info=help")).toMatchObject({ status: 0, stderr: "" });
      const lines = shell(`tsync -a --json src/ json-${major}`).stdout.trim().split("\n");
      const objects = lines.map((line) => JSON.parse(line) as { type: string });
      expect(objects.map(({ type }) => type)).toEqual(expect.arrayContaining(["item", "summary"]));
      expect(shell("tsync -a --ssh=builtin src/ host.invalid:x")).toMatchObject({
        ...{ status: 255, stdout: "", stderr: expect.stringMatching(/host\.invalid/) },
      });
      expect(shell("tsync -a --ssh=builtin src/ host::x")).toMatchObject({ status: 1 });
      expect(shell("tsync --daemon")).toMatchObject({ status: 4 });
    });

    test("the parts of the library that are loaded late", () => {
      const code = `import { apply, connect, plan, serve, serverArgs, sync } from "tsync";
import { duplexPair } from "node:stream";
const over = { archive: true, rsh: "${folder}/shell", rsyncPath: "tsync" };
await sync({ ...over, sources: ["src/"], destination: "host:${folder}/late-push-${major}" });
await sync({ archive: true, sources: ["src/"], destination: "late-batch-${major}", writeBatch: "late-${major}", iconv: "." });
await sync({ archive: true, sources: [], destination: "late-read-${major}", readBatch: "late-${major}", iconv: "." });
const request = { archive: true, sources: ["src/"], destination: ":late-serve-${major}" };
const [here, there] = duplexPair();
await Promise.all([serve(there, serverArgs(request)), connect(here, request)]);
await apply(await plan({ archive: true, sources: ["src/"], destination: "late-plan-${major}" }));
const tried = { archive: true, ssh: { config: false }, sources: ["src/"], destination: "host.invalid:x" };
console.log(await sync(tried).summary.catch(({ exitCode }) => exitCode));
`;
      writeFileSync(`${folder}/project-${major}/late.js`, code);
      expect(shell(`node project-${major}/late.js`)).toEqual({ ...quiet, stdout: "255\n" });
      for (const name of ["push", "batch", "read", "serve", "plan"]) expectCopy(`late-${name}-${major}`);
    });
  });

  test("has every file that its parts load", () => {
    const dist = `${folder}/prefix/lib/node_modules/tsync/dist`;
    const loadedBy = (folder: string, ending: string, named: RegExp): Set<string> => {
      const parts = readdirSync(folder).filter((name) => name.endsWith(ending));
      const texts = parts.map((name) => readFileSync(`${folder}/${name}`, "utf8"));
      return new Set(texts.flatMap((text) => [...text.matchAll(named)].map(([, part]) => `${folder}/${part}`)));
    };
    const modules = loadedBy(dist, ".mjs", /(?:from|import)\s*\(?"\.\/([^"]+)"/g);
    const parts = loadedBy(`${dist}/command`, ".js", /\bload\("([^"]+)"\)/g);
    const first = /"(main-\w+\.js)"/.exec(readFileSync(`${dist}/tsync.cjs`, "utf8"))?.[1];
    for (const loaded of [modules, parts]) expect(loaded.size).toBeGreaterThan(3);
    const files = [...modules, ...parts, `${dist}/command/${first}`];
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
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
      expect.arrayContaining(["bin/tsync", "dist/tsync.cjs", "dist/index.mjs", "dist/types", "LICENSE", "README.md"]),
    );
    expect(names.filter((name) => /^(src|test|docs|scripts|bench|kernels)\b/.test(name))).toEqual([]);
  });
});
