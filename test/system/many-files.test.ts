/**
 * A tree that is large enough for worker threads, copied several times in a row: every run ends with 0 and the whole tree,
 * and a second run finds nothing to do. What only happens now and then shows here.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstDifference } from "../../bench/compare-trees.ts";
import { settleTimes, writeSmallFiles } from "../../bench/corpus.ts";
import { tsyncProgram } from "./support.ts";

// Threads are used in trees that are large enough to test them.
process.env.TSYNC_THREADS_FROM = "1000";

const runs = 6;

describe("twenty thousand files", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(`${tmpdir()}/tsync-many-`);
    writeSmallFiles(`${folder}/src`, 20_000, 2000, 7);
    settleTimes(`${folder}/src`);
  });

  afterAll(() => {
    if (folder !== "") rmSync(folder, { recursive: true });
  });

  test.each(Array.from({ length: runs }, (_, index) => index + 1))("are copied completely, run %i", (run) => {
    const copy = spawnSync(tsyncProgram, ["-a", "src/", `copy-${run}/`], { cwd: folder, encoding: "utf8" });
    expect(copy).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(firstDifference(`${folder}/src`, `${folder}/copy-${run}`, false)).toBeUndefined();
    const again = spawnSync(tsyncProgram, ["-ai", "--delete", "src/", `copy-${run}/`], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(again).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });
});
