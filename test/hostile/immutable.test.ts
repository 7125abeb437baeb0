/** Files that may not be replaced or removed: their backups are copies, what follows fails for them alone. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sync, toText } from "../../src/index.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/tsync-immutable-`);
  mkdirSync(`${folder}/a`);
  mkdirSync(`${folder}/b`);
  writeFileSync(`${folder}/a/changed`, "new content");
  writeFileSync(`${folder}/a/other`, "other");
  writeFileSync(`${folder}/b/changed`, "old");
  writeFileSync(`${folder}/b/extra`, "extra");
  execFileSync("chattr", ["+i", `${folder}/b/changed`, `${folder}/b/extra`]);
});

afterAll(() => {
  execFileSync("chattr", ["-R", "-i", folder]);
  rmSync(folder, { recursive: true });
});

test("backs up by a copy what it cannot move, and goes on", async () => {
  const { exitCode, problems } = await sync({
    sources: [`${folder}/a/`],
    destination: `${folder}/b/`,
    archive: true,
    backup: true,
    delete: true,
  });
  expect(exitCode).toBe(23);
  const texts = problems.map(({ text }) => toText(text).replace(/\.changed\.\w{6}/, ".changed.XXXXXX"));
  expect(texts.sort()).toEqual([
    "rsync: [generator] delete_file: unlink(extra) failed: Operation not permitted (1)",
    `rsync: [receiver] rename "${folder}/b/.changed.XXXXXX" -> "changed": Operation not permitted (1)`,
  ]);
  const contents = ["changed", "changed~", "extra", "extra~", "other"].map((name) =>
    readFileSync(`${folder}/b/${name}`, "utf8"),
  );
  expect(contents).toEqual(["old", "old", "extra", "extra", "other"]);
});
