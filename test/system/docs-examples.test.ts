/**
 * The examples in README and docs/library.md: each is type-checked against the built declarations and then run, as it
 * stands, in a folder that has an `a/` to be copied to `b/`.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSshd, type TestSshd } from "../support/sshd.ts";
import { settle, snapshot } from "./support.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Example {
  readonly title: string;
  readonly code: string;
}

function examplesOf(document: string): Example[] {
  const text = readFileSync(`${root}/${document}`, "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match, index) => ({
    title: `${document}, example ${index + 1}`,
    code: match[1] ?? "",
  }));
}

const examples = [...examplesOf("README.md"), ...examplesOf("docs/library.md")];

describe("the examples in the documentation", () => {
  let folder = "";
  let sshd: TestSshd;

  beforeAll(async () => {
    sshd = await startSshd();
    folder = mkdtempSync(`${tmpdir()}/tsync-examples-`);
    mkdirSync(`${folder}/node_modules/@types`, { recursive: true });
    symlinkSync(root, `${folder}/node_modules/tsync`);
    symlinkSync(`${root}/node_modules/@types/node`, `${folder}/node_modules/@types/node`);
    writeFileSync(`${folder}/package.json`, '{ "type": "module" }\n');
  });

  afterAll(() => {
    sshd?.stop();
    if (folder !== "") rmSync(folder, { recursive: true });
  });

  test("are found", () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
  });

  test("pass the type checker", () => {
    const files = examples.map(({ code }, index) => {
      writeFileSync(`${folder}/example-${index}.ts`, code);
      return `example-${index}.ts`;
    });
    const compilerOptions = { strict: true, noEmit: true, target: "es2024", module: "nodenext", types: ["node"] };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files }));
    const done = spawnSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, "-p", folder], {
      encoding: "utf8",
    });
    expect(done.stdout).toBe("");
    expect(done.status).toBe(0);
  });

  test.each(examples)("run: $title", ({ code }) => {
    const work = mkdtempSync(`${folder}/run-`);
    mkdirSync(`${work}/a/inner`, { recursive: true });
    writeFileSync(`${work}/a/inner/file`, "content");
    settle(`${work}/a`, "2024-01-02 03:04:05.678901234");
    if (code.includes('"old"')) {
      writeFileSync(`${work}/old`, "the old content ".repeat(1000));
      writeFileSync(`${work}/new`, `the new content ${"the old content ".repeat(999)}`);
    }
    // The host of the example is the one that is here.
    const here = code
      .replace("backup.example.org:b/", `127.0.0.1:${work}/b/`)
      .replace("port: 2222", `port: ${sshd.port}, config: false, knownHosts: []`)
      .replace(/SHA256:[\w+/]+/, sshd.fingerprint);
    if (here !== code) copyFileSync(sshd.identity, `${work}/id_ed25519`);
    writeFileSync(`${work}/example.ts`, here);
    const done = spawnSync(process.execPath, ["example.ts"], { cwd: work, encoding: "utf8" });
    expect(done).toMatchObject({ status: 0, stderr: "" });
    if (code.includes('"missing/"')) {
      expect(done.stdout).not.toBe("");
    } else if (code.includes('"old"')) {
      expect(readFileSync(`${work}/old`)).toEqual(readFileSync(`${work}/new`));
    } else if (code.includes("dryRun: true")) {
      expect(existsSync(`${work}/b/inner`)).toBe(false);
    } else {
      expect(snapshot(`${work}/b`)).toEqual(snapshot(`${work}/a`));
    }
  });
});
