/** `--bwlimit`, `--stop-at` and `--stderr=all`, with the command as users start it. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sync } from "../../src/library/sync.ts";
import { backEnds, namesIn, picture, startTsync, temporaryFiles, tsync, Workspace } from "../hostile/support.ts";

let workspace: Workspace;
let args: string[];

beforeEach(() => {
  workspace = new Workspace();
  for (const directory of ["src", "dst"]) workspace.directory(directory);
  workspace.file("src/a", Buffer.alloc(100_000, "a"));
  workspace.file("src/b", Buffer.alloc(200_000, "b"));
  for (const name of ["c", "d", "e"]) workspace.file(`src/${name}`, name);
  args = [`${workspace.at("src")}/`, workspace.at("dst")];
});
afterEach(() => workspace[Symbol.dispose]());

const seconds = async (work: () => unknown): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

describe.each(backEnds)("%s", (backEnd) => {
  test("--bwlimit keeps the rate and the content", async () => {
    const taken = await seconds(() => expect(tsync(["-a", "--bwlimit=200k", ...args], { backEnd }).code).toBe(0));
    // 300,000 bytes; the last tenth of a second is not waited for.
    expect(taken).toBeGreaterThan(1.2);
    expect(taken).toBeLessThan(4);
    expect(picture(workspace.at("dst"))).toBe(picture(workspace.at("src")));
  });

  test("a signal does not wait for the limit", async () => {
    const run = startTsync(["-a", "--bwlimit=1", ...args], { backEnd });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const taken = await seconds(() => {
      run.kill("SIGTERM");
      return run.done;
    });
    expect((await run.done).code).toBe(20);
    expect(taken).toBeLessThan(1);
    expect(temporaryFiles(workspace.at("dst"))).toEqual([]);
  });

  test.each([
    ["", ["old"]],
    ["--partial", ["a", "old"]],
  ])("a run that is stopped in time ends with 30 %s", async (option, left) => {
    workspace.file("dst/old");
    const run = sync({
      sources: [args[0] ?? ""],
      destination: args[1] ?? "",
      archive: true,
      delete: "after",
      bwlimit: 20_480,
      partial: option !== "",
      stopAt: new Date(Date.now() + 1500),
      syscalls: backEnd,
    });
    await expect(run.summary).rejects.toMatchObject({
      kind: "timeout",
      exitCode: 30,
      message: "stopping at requested limit",
    });
    expect(namesIn(workspace.at("dst")).sort()).toEqual(left);
    if (option !== "") expect(statSync(workspace.at("dst/a")).size).toBeLessThan(100_000);
  });

  test("--stderr=all leaves standard output empty", () => {
    const run = tsync(["-ai", "--stderr=all", ...args], { backEnd });
    expect(run).toMatchObject({ code: 0, stdout: "" });
    expect(run.stderr).toContain(">f+++++++++ a\n");
    const last = tsync(["-ain", "-I", "--msgs2stderr", "--stderr=client", ...args], { backEnd });
    expect(last).toMatchObject({ stderr: "" });
    expect(last.stdout).toContain(">f......... a\n");
  });
});

test("--stop-at of the command: the next minute", async () => {
  const log = workspace.at("log");
  // Full minutes are all that can be asked for.
  const minute = new Date(Date.now() + 65_000).getMinutes();
  const options = ["-a", "--bwlimit=1", `--log-file=${log}`, `--stop-at=:${minute}`];
  const run = tsync([...options, ...args], { timeoutSeconds: 90 });
  expect(run.code).toBe(30);
  expect(run.stderr).toMatch(
    /^stopping at requested limit\nrsync error: timeout in data send\/receive \(code 30\) at /,
  );
  expect(readFileSync(log, "latin1")).toContain("] stopping at requested limit\n");
  expect(existsSync(workspace.at("dst/a"))).toBe(false);
});

test.each([
  [["--stop-after=0"], "rsync: invalid --stop-after value: 0"],
  [["--stop-at=x"], "rsync: invalid --stop-at format: x"],
  [["--stop-at=2000-1-1"], "rsync: --stop-at time is not in the future: 2000-1-1"],
  [["--bwlimit=100b"], "rsync: --bwlimit=100b is too small (min: 512 or 0 for unlimited)"],
  [["--max-alloc=5"], "rsync: --max-alloc=5 is too small (min: 1.00M or 0 for unlimited)"],
])("%j is wrong usage", (options, text) => {
  const run = tsync(["-a", ...options, ...args]);
  expect(run.code).toBe(1);
  expect(run.stderr.split("\n")[0]).toBe(text);
});

test("RSYNC_MAX_ALLOC is checked", () => {
  expect(tsync(["-a", ...args], { env: { RSYNC_MAX_ALLOC: "5" } }).code).toBe(1);
  expect(tsync(["-a", ...args], { env: { RSYNC_MAX_ALLOC: "1m" } }).code).toBe(0);
});
