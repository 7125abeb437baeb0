/** The library's `plan()` and `apply()`: a plan says what a run does, and only that is done. */
import { existsSync, lstatSync, readFileSync, statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import { apply, plan } from "../../src/library/plan.ts";
import type { Plan, PlanRequest } from "../../src/library/planned-change.ts";
import { type Run, sync } from "../../src/library/sync.ts";
import type { SyncOptions } from "../../src/options/sync-options.ts";
import type { RunSummary } from "../../src/sync/events.ts";
import { backEnds, must, picture, pictureDifferences, Workspace } from "../hostile/support.ts";

let workspace: Workspace;

beforeEach(() => {
  workspace = new Workspace();
  const old = ["dst/changed", "dst/touched", "dst/same", "dst/gone/x", "dst/stale", "dst/dir/kept"];
  for (const directory of ["src", "src/dir", "src/fresh", "dst", "dst/dir", "dst/gone"]) workspace.directory(directory);
  for (const file of old) workspace.file(file, "old");
  for (const file of ["src/same", "src/dir/kept"]) workspace.file(file, "old");
  workspace.file("src/touched", "old", 0o600);
  for (const file of ["src/changed", "src/new", "src/fresh/a", "src/fresh/b"]) {
    workspace.file(file, "new content", 0o644, 1_100_000_000);
  }
  must("ln", ["-s", "new", workspace.at("src/link")]);
  must("ln", [workspace.at("src/fresh/a"), workspace.at("src/hard")]);
  settle();
});
afterEach(() => workspace[Symbol.dispose]());

function settle(): void {
  const directories = ["src", "src/dir", "src/fresh", "dst", "dst/dir", "dst/gone"].map((name) => workspace.at(name));
  must("touch", ["-ch", "-d", "@1200000000", ...directories, workspace.at("src/link")]);
}

const request = (options: SyncOptions = {}, destination = "dst"): PlanRequest => {
  const { dryRun: _dryRun, listOnly: _listOnly, removeSourceFiles: _removal, ...rest } = options;
  const sources = [`${workspace.at("src")}/`];
  return { sources, destination: workspace.at(destination), archive: true, hardLinks: true, delete: true, ...rest };
};
const list = ({ changes }: Plan) => changes.map(({ action, path }) => `${action} ${path}`).sort();
const expectEqual = () =>
  expect(pictureDifferences(picture(workspace.at("src")), picture(workspace.at("dst")))).toEqual([]);

const expected = [
  "attributes touched",
  "create fresh",
  "create link",
  "delete gone",
  "delete gone/x",
  "delete stale",
  "link hard",
  "transfer changed",
  "transfer fresh/a",
  "transfer fresh/b",
  "transfer new",
].sort();

describe.each(backEnds)("plan and apply, %s", (syscalls) => {
  test("a plan has the exact changes and makes none", async () => {
    const before = picture(workspace.at("dst"));
    const planned = await plan(request({}, "dst"));
    // Which of two hard links is the leader is not said anywhere.
    const found = list(planned).map((line) => (line === "transfer hard" ? "transfer fresh/a" : line));
    expect(found.map((line) => (line === "link fresh/a" ? "link hard" : line)).sort()).toEqual(expected);
    expect(picture(workspace.at("dst"))).toBe(before);
    expect(planned.summary).toMatchObject({ exitCode: 0, dryRun: true });
    const changed = planned.changes.find(({ path }) => path === "changed");
    expect(changed).toMatchObject({ entry: { size: 11 }, before: { size: 3 } });
    expect(planned.changes.find(({ path }) => path === "new")).toMatchObject({ before: undefined });
  });

  test.each<[string, SyncOptions]>([
    ["by default", {}],
    ["deletion after", { delete: "after" }],
    ["with backups", { backup: true, delete: false }],
    ["in place", { inplace: true }],
    ["the whole list first", { incRecursive: false, delete: "before" }],
    ["with a guard", { deleteGuard: 3 }],
  ])("applying it does what a run does: %s", async (_title, options) => {
    must("cp", ["-a", workspace.at("dst"), workspace.at("other")]);
    const planned = await plan({ ...request(options), syscalls });
    const summary = await apply(planned);
    expect(summary).toMatchObject({ exitCode: 0, refused: [], problems: [], applied: planned.changes.length });
    await sync({ ...request(options, "other"), syscalls });
    expect(pictureDifferences(picture(workspace.at("other")), picture(workspace.at("dst")))).toEqual([]);
    expect((await plan(request(options))).changes).toEqual([]);
  });

  /** What a plan makes of the destination, and what a run makes of another one like it. */
  async function expectAsRun(options: SyncOptions, name = "dst"): Promise<Plan> {
    const isThere = existsSync(workspace.at(name));
    if (isThere) must("cp", ["-a", workspace.at(name), workspace.at("other")]);
    const planned = await plan({ ...request(options, name), syscalls });
    expect(await apply(planned)).toMatchObject({ exitCode: 0, refused: [], applied: planned.changes.length });
    await sync({ ...request(options, "other"), syscalls });
    expect(pictureDifferences(picture(workspace.at("other")), picture(workspace.at(name)))).toEqual([]);
    return planned;
  }

  test.each<[string, SyncOptions, string]>([
    ["linked", { linkDest: ["../alt"] }, "link same"],
    ["copied", { copyDest: ["../alt"] }, "transfer same"],
    ["left out", { compareDest: ["../alt"] }, ""],
  ])("what an alternate directory has is %s", async (_title, options, made) => {
    for (const directory of ["alt", "alt/dir"]) workspace.directory(directory);
    for (const file of ["alt/same", "alt/dir/kept"]) workspace.file(file, "old");
    must("touch", ["-d", "@1200000000", workspace.at("alt/dir")]);
    settle();
    const fresh = await expectAsRun(options, "made");
    expect(list(fresh).filter((change) => change.endsWith("same"))).toEqual(made === "" ? [] : [made]);
    expect(list(fresh)).toContain("create dir");
  });

  test("a directory stays for what is protected in it, the rest of its content goes", async () => {
    for (const file of ["dst/gone/deep/safe", "dst/gone/deep/y"]) {
      workspace.directory("dst/gone/deep");
      workspace.file(file);
    }
    settle();
    await expectAsRun({ exclude: ["safe"] });
    expect(existsSync(workspace.at("dst/gone/deep/safe"))).toBe(true);
    expect(existsSync(workspace.at("dst/gone/deep/y"))).toBe(false);
  });

  test.each<[string, SyncOptions]>([
    ["before", { delete: "before", incRecursive: false }],
    ["after", { delete: "after" }],
    ["none", { delete: false }],
  ])("directories in which something is done keep the times of the source: deletion %s", async (_title, options) => {
    for (const name of ["sub", "sub/one", "sub/one/two"]) workspace.directory(`src/${name}`);
    workspace.file("src/sub/one/two/file");
    must("sh", ["-c", 'cd "$0" && touch -d @1200000000 sub/one/two sub/one sub', workspace.at("src")]);
    settle();
    await expectAsRun({ ...options, hardLinks: false }, "new");
    must("rm", ["-r", workspace.at("other")]);
    await expectAsRun({ ...options, hardLinks: false });
  });

  test("a directory stays for the backups in it", async () => {
    const planned = await expectAsRun({ backup: true, delete: "after" });
    expect(list(planned)).not.toContain("delete gone");
    expect(list(planned)).toContain("delete gone/x");
  });

  test("a run deletes its own backups where they are no longer protected, which are in no plan", async () => {
    const options = { ...request({ backup: true, deleteExcluded: true, delete: "after" }), syscalls };
    const summary = await apply(await plan(options));
    expect(summary).toMatchObject({ exitCode: 0, refused: [] });
    expect(existsSync(workspace.at("dst/changed~"))).toBe(true);
    await sync(options);
    expect(existsSync(workspace.at("dst/changed~"))).toBe(false);
  });

  test("what is in the way of what compareDest has is removed", async () => {
    workspace.directory("alt");
    workspace.file("alt/same", "old");
    must("sh", ["-c", 'cd "$0" && rm dst/same && ln -s stale dst/same', workspace.at("")]);
    must("touch", ["-h", "-d", "@1200000000", workspace.at("dst/same")]);
    settle();
    const planned = await expectAsRun({ compareDest: ["../alt"], hardLinks: false, existing: true });
    expect(list(planned)).toContain("delete same");
  });

  test("a destination that is made gets its attributes, though nothing comes into it", async () => {
    must("chmod", ["711", workspace.at("src")]);
    settle();
    await expectAsRun({ existing: true }, "new");
    expect(statSync(workspace.at("new")).mode & 0o777).toBe(0o711);
  });

  test("names of one file at the destination are changed together", async () => {
    for (const name of ["twin", "twin2"]) workspace.file(`src/${name}`, "twin", 0o600);
    workspace.file("dst/twin", "twin");
    must("ln", [workspace.at("dst/twin"), workspace.at("dst/twin2")]);
    settle();
    const planned = await expectAsRun({ hardLinks: false });
    expect(list(planned)).toContain("attributes twin2");
  });

  test("hard links: what stands there and is left alone does not lead what is to be transferred", async () => {
    for (const name of ["one", "two"]) must("ln", [workspace.at("src/fresh/a"), workspace.at(`src/${name}`)]);
    workspace.file("dst/fresh", "");
    must("sh", ["-c", 'cd "$0" && rm dst/fresh && cp -p src/one dst/one', workspace.at("")]);
    settle();
    const planned = await expectAsRun({ ignoreExisting: true });
    expect(list(planned)).not.toContain("link one");
    expect(statSync(workspace.at("dst/one")).nlink).toBe(1);
  });

  test("hard links: a member is not linked to what has changed since", async () => {
    await sync({ ...request(), syscalls });
    must("ln", [workspace.at("src/hard"), workspace.at("src/another")]);
    settle();
    const planned = await plan({ ...request(), syscalls });
    for (const name of ["hard", "fresh/a"]) workspace.file(`dst/${name}`, "old content", 0o644, 1_150_000_000);
    settle();
    const { refused } = await apply(planned);
    expect(refused).toMatchObject([{ change: { action: "link", path: "another" }, reason: "not-reached" }]);
    expect(existsSync(workspace.at("dst/another"))).toBe(false);
  });

  test("a destination that does not exist", async () => {
    const planned = await plan({ ...request({}, "made"), syscalls });
    expect(planned.changes[0]).toMatchObject({ action: "create-destination" });
    expect(existsSync(workspace.at("made"))).toBe(false);
    expect(await apply(planned)).toMatchObject({ exitCode: 0, refused: [] });
    expect(pictureDifferences(picture(workspace.at("src")), picture(workspace.at("made")))).toEqual([]);
  });

  test("hard-linked links whose leader lies where something else stands yet", async () => {
    for (const directory of ["src/new.d", "src/other"]) workspace.directory(directory);
    must("ln", ["-s", "new", workspace.at("src/new.d/a")]);
    for (const name of ["new.d/b", "other/c"]) must("ln", [workspace.at("src/new.d/a"), workspace.at(`src/${name}`)]);
    workspace.file("dst/new.d");
    settle();
    const planned = await expectAsRun({});
    expect(list(planned)).toEqual(expect.arrayContaining(["create new.d/a", "link new.d/b", "link other/c"]));
    expectEqual();
  });

  test("a hard-linked link with another target and the same time: its other names follow", async () => {
    must("sh", ["-c", 'cd "$0" && ln -s new src/one && ln src/one src/two', workspace.at("")]);
    must("sh", ["-c", 'cd "$0" && ln -s old dst/one && ln dst/one dst/two', workspace.at("")]);
    must("touch", ["-h", "-d", "@1100000000", workspace.at("src/one"), workspace.at("dst/one")]);
    settle();
    const planned = await expectAsRun({});
    expect(list(planned)).toEqual(expect.arrayContaining(["link two", "replace one"]));
    expect(planned.changes.find(({ path }) => path === "two")).toMatchObject({ linkedTo: "one" });
    expect(lstatSync(workspace.at("dst/two")).nlink).toBe(2);
  });

  test("names of one file that another one's attributes change get their own again", async () => {
    workspace.file("src/a1", "old", 0o600);
    for (const file of ["src/a2", "dst/a1"]) workspace.file(file, "old", 0o644);
    must("ln", [workspace.at("dst/a1"), workspace.at("dst/a2")]);
    settle();
    const planned = await expectAsRun({ hardLinks: false });
    expect(list(planned).filter((change) => change.includes(" a"))).toHaveLength(1);
    expect(statSync(workspace.at("dst/a2")).mode & 0o777).toBe(0o644);
  });

  test("names of one file that only get other attributes are done with the first", async () => {
    must("sh", ["-c", 'cd "$0" && ln src/touched src/twin && ln dst/touched dst/twin', workspace.at("")]);
    settle();
    expect(list(await expectAsRun({}))).toEqual(expect.arrayContaining(["attributes touched", "link twin"]));
  });

  test("after a checksum fractions of a second are set", async () => {
    must("touch", ["-d", "@1000000000.25", workspace.at("src/same")]);
    must("touch", ["-d", "@1000000000.75", workspace.at("dst/same")]);
    settle();
    expect(list(await expectAsRun({ checksum: true }))).toContain("attributes same");
  });

  test("with ignoreExisting a link where a directory would be gets its time", async () => {
    workspace.directory("dst/real");
    must("ln", ["-s", "real", workspace.at("dst/fresh")]);
    settle();
    const planned = await expectAsRun({ ignoreExisting: true, delete: false, hardLinks: false });
    expect(list(planned).filter((change) => change.includes("fresh"))).toEqual([]);
    expect(lstatSync(workspace.at("dst/fresh")).mtimeMs).toBe(1_200_000_000_000);
  });

  test("with fakeSuper what a run puts right without a word is put right", async () => {
    // Its note is missing: what stands there passes for what it is.
    for (const side of ["src", "dst"]) workspace.file(`${side}/closed`, "old", 0o055);
    settle();
    const planned = await expectAsRun({ fakeSuper: true });
    expect(list(planned)).not.toContain("attributes closed");
    expect(statSync(workspace.at("dst/closed")).mode & 0o7777).toBe(0o655);
  });

  test.each<[string, SyncOptions]>([
    ["", {}],
    ["with a guard", { deleteGuard: 9 }],
  ])("what is in a directory in the way goes, and it stays for the backups %s", async (_title, options) => {
    workspace.directory("dst/new");
    workspace.file("dst/new/x", "kept as x~");
    settle();
    must("cp", ["-a", workspace.at("dst"), workspace.at("other")]);
    const wanted = { ...options, backup: true, delete: "after" } as const;
    const planned = await plan({ ...request(wanted), syscalls });
    expect(list(planned)).toContain("delete new/x");
    const { exitCode, refused } = await apply(planned);
    const { exitCode: expectedCode } = await sync({ ...request(wanted, "other"), syscalls });
    expect([exitCode, expectedCode, refused]).toEqual([23, 23, []]);
    expect(pictureDifferences(picture(workspace.at("other")), picture(workspace.at("dst")))).toEqual([]);
    expect(readFileSync(workspace.at("dst/new/x~"), "latin1")).toBe("kept as x~");
  });

  const twice = "cannot delete non-empty directory: full/in";
  test.each<[string, SyncOptions, string[]]>([
    ["by default", { existing: true }, [twice, twice]],
    ["at a limit", { existing: true, maxDelete: 1 }, [twice]],
    ["as a guard holds what stands in the way, too", { deleteGuard: 2 }, ["withheld new/x", "withheld stale"]],
  ])("apply tells what a run tells: %s", async (_title, options, some) => {
    for (const directory of ["new", "full", "full/in", "full/too"]) {
      workspace.directory(`dst/${directory}`);
      workspace.file(`dst/${directory}/x`);
    }
    settle();
    must("cp", ["-a", workspace.at("dst"), workspace.at("other")]);
    const wanted = { ...options, verbose: 2, backup: true, exclude: ["full/**x"] };
    const toldBy = async (run: Run<RunSummary>) => {
      const told: string[] = [];
      for await (const event of run) {
        if (event.type === "item") told.push(`${event.path} ${event.flags} ${event.linkedTo}`);
        else if (event.type === "delete" || event.type === "withheld") told.push(`${event.type} ${event.path}`);
        else if (event.type === "notice" && !["match-totals", "filter"].includes(event.code)) told.push(event.text);
        else if (event.type === "problem") told.push(event.text);
      }
      return [...told.sort(), (await run).exitCode];
    };
    const expected = await toldBy(sync({ ...request(wanted, "other"), syscalls }));
    expect(expected.filter((line) => some.includes(`${line}`))).toEqual(some);
    expect(await toldBy(apply(await plan({ ...request(wanted), syscalls })))).toEqual(expected);
  });

  test("what has drifted is refused, the rest is done, and nothing that was not planned", async () => {
    const planned = await plan({ ...request(), syscalls });
    workspace.file("src/changed", "newer still", 0o644, 1_150_000_000);
    workspace.file("src/unplanned", "x");
    workspace.file("src/same", "same no more", 0o644, 1_150_000_000);
    workspace.file("dst/new", "somebody was here");
    workspace.file("dst/stale", "of use again");
    workspace.file("dst/extra", "not in the plan");
    workspace.file("dst/gone/y", "not in the plan");
    settle();
    const run = apply(planned);
    const problems: string[] = [];
    for await (const event of run) if (event.type === "problem") problems.push(event.text);
    const summary = await run;
    const refused = summary.refused.map(({ change, reason }) => `${change.action} ${change.path}: ${reason}`).sort();
    expect(refused).toEqual([
      "delete gone: not-reached",
      "delete stale: destination-changed",
      "transfer changed: source-changed",
      "transfer new: destination-changed",
    ]);
    expect(summary.exitCode).toBe(23);
    expect(summary.problems.map(({ text }) => text)).toEqual(problems);
    expect(problems).toHaveLength(4);
    expect(summary.applied).toBe(planned.changes.length - 4);
    const content = (name: string) => readFileSync(workspace.at(`dst/${name}`), "latin1");
    expect(content("changed")).toBe("old");
    expect(content("new")).toBe("somebody was here");
    expect(content("same")).toBe("old");
    expect(content("stale")).toBe("of use again");
    expect(content("extra")).toBe("not in the plan");
    expect(existsSync(workspace.at("dst/unplanned"))).toBe(false);
    expect(existsSync(workspace.at("dst/gone/x"))).toBe(false);
    expect(existsSync(workspace.at("dst/gone/y"))).toBe(true);
    expect(content("fresh/a")).toBe("new content");
    expect(statSync(workspace.at("dst/touched")).mode & 0o777).toBe(0o600);
    // The next plan has what is left, and then all is well.
    expect(await apply(await plan({ ...request(), syscalls }))).toMatchObject({ exitCode: 0 });
    expectEqual();
  });

  test.each<[string, SyncOptions, readonly string[], boolean]>([
    ["an attribute", { xattrs: true }, ["setfattr", "-n", "user.other", "-v", "1"], true],
    ["an ACL under the same mode", { acls: true }, ["sh", "-c", 'setfacl -m u:7:- "$0" && chmod g=r "$0"'], true],
    ["what is not kept", {}, ["setfattr", "-n", "user.other", "-v", "1"], false],
  ])("what got %s at the destination is refused", async (_title, options, [program = "", ...args], isRefused) => {
    must("setfacl", ["-m", "u:8:-,m::r", workspace.at("dst/touched")]);
    const planned = await plan({ ...request(options), syscalls });
    must(program, [...args, workspace.at("dst/touched")]);
    const { refused } = await apply(planned);
    expect(refused.map(({ change, reason }) => `${change.path}: ${reason}`)).toEqual(
      isRefused ? ["touched: destination-changed"] : [],
    );
  });

  test("what depends on a refused change is refused", async () => {
    const planned = await plan({ ...request(), syscalls });
    workspace.file("dst/fresh", "in the way");
    const summary = await apply(planned);
    const refused = summary.refused.map(({ change: { path }, reason }) => `${path}: ${reason}`);
    expect(refused).toContain("fresh: destination-changed");
    expect(refused).toContain("fresh/b: not-reached");
    expect(readFileSync(workspace.at("dst/fresh"), "latin1")).toBe("in the way");
    expect(readFileSync(workspace.at("dst/changed"), "latin1")).toBe("new content");
  });

  test("hard links: an unchanged member leads the new ones", async () => {
    await sync({ ...request(), syscalls });
    must("ln", [workspace.at("src/hard"), workspace.at("src/another")]);
    must("ln", [workspace.at("src/hard"), workspace.at("src/zulu")]);
    settle();
    const planned = await plan({ ...request(), syscalls });
    expect(list(planned)).toEqual(["link another", "link zulu"]);
    expect(await apply(planned)).toMatchObject({ exitCode: 0, refused: [] });
    expectEqual();
  });

  test("a destination that is gone is not made again", async () => {
    const planned = await plan({ ...request(), syscalls });
    must("rm", ["-r", workspace.at("dst")]);
    await expect(apply(planned).summary).rejects.toMatchObject({ kind: "file", exitCode: 3 });
    expect(existsSync(workspace.at("dst"))).toBe(false);
  });
});

describe("what an alternate directory has at apply", () => {
  const drifts = "echo other >alt/same; rm alt/touched; cp -p src/new alt/new";
  test.each<[string, SyncOptions]>([
    ["linkDest", { linkDest: ["../alt"] }],
    ["copyDest", { copyDest: ["../alt"] }],
    ["compareDest", { compareDest: ["../alt"] }],
  ])("is as it was, or what was planned with it is refused: %s", async (_title, options) => {
    workspace.directory("alt");
    for (const file of ["alt/same", "dst/same"]) workspace.file(file, file.startsWith("d") ? "other" : "old");
    workspace.file("alt/touched", "old", 0o600);
    must("touch", ["-d", "@1100000000", workspace.at("dst/same")]);
    settle();
    const wanted = request({ ...options, delete: false, hardLinks: false });
    const before = picture(workspace.at("dst"));
    const planned = await plan(wanted);
    const names = ["same", "touched", "new"].filter((name) => planned.changes.some(({ path }) => path === name));
    expect(names).toContain("new");
    must("sh", ["-c", `cd "$0" && ${drifts}`, workspace.at("")]);
    settle();
    const { refused, exitCode } = await apply(planned);
    expect(refused.map(({ change: { path }, reason }) => `${path}: ${reason}`).sort()).toEqual(
      names.map((name) => `${name}: alternate-changed`).sort(),
    );
    expect(exitCode).toBe(23);
    for (const name of names.filter((name) => name !== "new")) {
      const lineOf = (text: string) => text.split("\n").find((line) => line.includes(`${name} `));
      expect(lineOf(picture(workspace.at("dst")))).toBe(lineOf(before));
    }
    expect(existsSync(workspace.at("dst/new"))).toBe(false);
  });
});

describe("a plan that is not all of a run", () => {
  test("of deletions that maxDelete bounds, nor says apply that all is well", async () => {
    const planned = await plan(request({ maxDelete: 1 }));
    expect(planned.summary.exitCode).toBe(25);
    const problems: string[] = [];
    const run = apply(planned);
    for await (const event of run) if (event.type === "problem") problems.push(event.text);
    const summary = await run;
    expect(summary).toMatchObject({ exitCode: 25, refused: [], problems: planned.summary.problems });
    expect(problems).toEqual(summary.problems.map(({ text }) => text));
  });

  test("as a directory is in the way", async () => {
    workspace.directory("dst/new");
    workspace.file("dst/new/x");
    settle();
    const planned = await plan(request({ delete: false }));
    expect(planned.summary).toMatchObject({ exitCode: 23 });
    const { exitCode, refused, problems } = await apply(planned);
    expect({ exitCode, refused, problems }).toEqual({ exitCode: 23, refused: [], problems: planned.summary.problems });
  });

  test("as a guard holds the deletions, and at apply it counts anew", async () => {
    const held = await plan(request({ deleteGuard: 2 }));
    expect(held.changes.some(({ action }) => action === "delete")).toBe(false);
    expect(held.summary.exitCode).toBe(25);
    const planned = await plan(request({ deleteGuard: 3 }));
    workspace.file("dst/more");
    settle();
    const { exitCode, refused } = await apply(planned);
    expect(exitCode).toBe(25);
    expect(refused.map(({ change }) => `${change.action} ${change.path}`).sort()).toEqual([
      "delete gone",
      "delete gone/x",
      "delete stale",
    ]);
    expect(existsSync(workspace.at("dst/stale"))).toBe(true);
    expect(readFileSync(workspace.at("dst/changed"), "latin1")).toBe("new content");
  });

  test("as the source is empty", async () => {
    const planned = await plan(request({ refuseEmptySource: true }));
    must("sh", ["-c", 'rm -r "$0"/*', workspace.at("src")]);
    const before = picture(workspace.at("dst"));
    await expect(plan(request({ refuseEmptySource: true }))).rejects.toMatchObject({ exitCode: 3 });
    await expect(apply(planned).summary).rejects.toMatchObject({ exitCode: 3 });
    expect(picture(workspace.at("dst"))).toBe(before);
  });
});

describe("a destination that is another one", () => {
  test("is left alone, as a disk that is not mounted any more leaves one", async () => {
    const planned = await plan(request());
    must("mv", [workspace.at("dst"), workspace.at("elsewhere")]);
    workspace.directory("dst");
    await expect(apply(planned).summary).rejects.toMatchObject({ kind: "file", exitCode: 3 });
    expect(picture(workspace.at("dst")).trim().split("\n")).toHaveLength(1);
  });

  test("is not made with what leads to it", async () => {
    must("mkdir", ["-p", workspace.at("deep/er")]);
    const planned = await plan(request({ mkpath: true }, "deep/er"));
    must("rm", ["-r", workspace.at("deep")]);
    await expect(apply(planned).summary).rejects.toMatchObject({ kind: "file", exitCode: 3 });
    expect(existsSync(workspace.at("deep"))).toBe(false);
  });

  test("or has come up since", async () => {
    const planned = await plan(request({}, "made"));
    workspace.directory("made");
    workspace.file("made/new", "somebody was here");
    const { refused } = await apply(planned);
    const found = refused.map(({ change: { action, path }, reason }) => `${action} ${path}: ${reason}`);
    expect(found).toContain(`create-destination ${workspace.at("made")}: destination-changed`);
    expect(found).toContain("transfer new: destination-changed");
    expect(readFileSync(workspace.at("made/new"), "latin1")).toBe("somebody was here");
  });
});

test("what a plan cannot hold is refused at once", async () => {
  const wrong = { ...request(), removeSourceFiles: true } as unknown as PlanRequest;
  await expect(plan(wrong)).rejects.toMatchObject({ kind: "usage" });
  await expect(plan({ ...request(), destination: undefined } as unknown as PlanRequest)).rejects.toMatchObject({
    kind: "usage",
  });
  const planned = await plan(request());
  expect(() => apply({ ...planned, workingDirectory: "/elsewhere" })).toThrow("another directory");
  expect(() => apply(planned, { sginal: new AbortController().signal } as object)).toThrow("sginal: unknown option");
  expect(planned.changes.some(({ path }) => path === byteName("new"))).toBe(true);
});
