/** `--delete-guard` and `--refuse-empty-source`, with the command and both ways to the system's calls. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { backEnds, must, picture, tsync, Workspace } from "../hostile/support.ts";

/** Nine entries at the destination, seven of which the source does not have. */
function prepare(workspace: Workspace): { readonly args: string[]; readonly list: () => string[] } {
  for (const directory of ["src", "src/k", "dst", "dst/k", "dst/gone", "dst/gone/sub", "dst/x"]) {
    workspace.directory(directory);
  }
  for (const file of ["src/new", "src/x", "src/k/f"]) workspace.file(file, "new");
  for (const file of ["dst/k/old", "dst/gone/sub/1", "dst/gone/sub/2", "dst/x/inner", "dst/stay"]) workspace.file(file);
  const dst = workspace.at("dst");
  const list = () => must("find", [dst, "-mindepth", "1", "-printf", "%P\n"]).trim().split("\n").sort();
  return { args: [`${workspace.at("src")}/`, `${dst}/`], list };
}

const doomed = ["gone/sub/2", "gone/sub/1", "gone/sub/", "gone/", "stay", "k/old", "x/inner"].map(
  (name) => `not deleting ${name}`,
);
const forms = ["--delete", "--del", "--delete-before", "--delete-delay", "--delete-after", "--delete-excluded"];

describe.each(backEnds)("--delete-guard, %s", (backEnd) => {
  test.each(forms)("%s deletes nothing when the guard holds, but copies", (form) => {
    using workspace = new Workspace();
    const { args, list } = prepare(workspace);
    for (const limit of ["6", "77%"]) {
      const run = tsync(["-a", form, `--delete-guard=${limit}`, ...args], { backEnd });
      expect(run.code).toBe(25);
      expect(run.stdout.trim().split("\n").sort()).toEqual([...doomed].sort());
      expect(run.stderr).toContain(`nothing deleted because of --delete-guard=${limit}: 7 `);
      expect(run.stderr).toContain("rsync error: the --delete-guard stopped deletions (code 25)");
      expect(list()).toEqual(
        ["gone", "gone/sub", "gone/sub/1", "gone/sub/2", "k", "k/f", "k/old", "new", "stay", "x", "x/inner"].sort(),
      );
      must("rm", ["-r", `${workspace.at("dst")}/new`, `${workspace.at("dst")}/k/f`]);
    }
  });

  test.each(forms)("%s deletes when the guard lets it pass", (form) => {
    for (const limit of ["7", "78%"]) {
      using workspace = new Workspace();
      const { args } = prepare(workspace);
      const run = tsync(["-a", form, `--delete-guard=${limit}`, ...args], { backEnd });
      expect(run).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(picture(workspace.at("dst"))).toBe(picture(workspace.at("src")));
    }
  });

  test("a dry run says the same and changes nothing", () => {
    using workspace = new Workspace();
    const { args } = prepare(workspace);
    const before = picture(workspace.at("dst"));
    const run = tsync(["-an", "--delete", "--delete-guard=10%", ...args], { backEnd });
    expect(run.code).toBe(25);
    expect(run.stdout.trim().split("\n").sort()).toEqual([...doomed].sort());
    const passed = tsync(["-anv", "--delete", "--delete-guard=7", ...args], { backEnd });
    expect(passed.code).toBe(0);
    expect(passed.stdout.match(/^deleting /gm)).toHaveLength(7);
    expect(picture(workspace.at("dst"))).toBe(before);
  });

  test("--force alone: a directory that a file is to replace waits, with its content", () => {
    using workspace = new Workspace();
    const { args } = prepare(workspace);
    const held = tsync(["-a", "--force", "--delete-guard=0", ...args], { backEnd });
    expect(held.code).toBe(25);
    expect(held.stdout).toBe("not deleting x/inner\n");
    expect(existsSync(workspace.at("dst/x/inner"))).toBe(true);
    expect(tsync(["-a", "--force", "--delete-guard=5%", ...args], { backEnd }).code).toBe(25);
    expect(tsync(["-a", "--force", "--delete-guard=1", ...args], { backEnd }).code).toBe(0);
    expect(readFileSync(workspace.at("dst/x"), "latin1")).toBe("new");
  });

  test.each([["--ignore-existing"], ["--max-size=2"], ["--min-size=1k"]])(
    "%s: a directory that stays is not counted",
    (option) => {
      using workspace = new Workspace();
      const { args } = prepare(workspace);
      const run = tsync(["-a", "--force", "--delete-guard=0", option, ...args], { backEnd });
      expect(run).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(existsSync(workspace.at("dst/x/inner"))).toBe(true);
    },
  );

  test("a directory in the place of a link that is not made is not counted", () => {
    using workspace = new Workspace();
    const { args } = prepare(workspace);
    must("rm", [workspace.at("src/x")]);
    must("ln", ["-s", "/unsafe", workspace.at("src/x")]);
    for (const options of [["-rpt"], ["-a", "--safe-links"]])
      expect(tsync([...options, "--force", "--delete-guard=0", ...args], { backEnd }).code).toBe(0);
    expect(existsSync(workspace.at("dst/x/inner"))).toBe(true);
  });

  test("hard links to a file whose place is held are made all the same", () => {
    using workspace = new Workspace();
    const { args } = prepare(workspace);
    for (const name of ["a", "z"]) must("ln", [workspace.at("src/x"), workspace.at(`src/${name}`)]);
    expect(tsync(["-aH", "--delete", "--delete-guard=0", ...args], { backEnd }).code).toBe(25);
    expect(readFileSync(workspace.at("dst/z"), "latin1")).toBe("new");
    expect(tsync(["-aH", "--delete", "--delete-guard=7", ...args], { backEnd }).code).toBe(0);
    expect(picture(workspace.at("dst"))).toBe(picture(workspace.at("src")));
  });

  test("--delete-missing-args", () => {
    using workspace = new Workspace();
    prepare(workspace);
    const line = [
      "-a",
      "--delete-missing-args",
      workspace.at("src/gone"),
      workspace.at("src/new"),
      workspace.at("dst/"),
    ];
    const run = tsync(["--delete-guard=2", "--force", ...line], { backEnd });
    expect(run.code).toBe(25);
    expect(run.stdout).toContain("not deleting gone/sub/1\n");
    expect(existsSync(workspace.at("dst/gone/sub/1"))).toBe(true);
    expect(existsSync(workspace.at("dst/new"))).toBe(true);
    expect(tsync(["--delete-guard=4", "--force", ...line], { backEnd }).code).toBe(0);
    expect(existsSync(workspace.at("dst/gone"))).toBe(false);
  });

  test("protected entries do not count", () => {
    using workspace = new Workspace();
    const { args } = prepare(workspace);
    const run = tsync(["-a", "--delete", "--exclude=/gone/sub/1", "--delete-guard=4", ...args], { backEnd });
    expect(run.code).toBe(0);
    expect(existsSync(workspace.at("dst/gone/sub/1"))).toBe(true);
    expect(existsSync(workspace.at("dst/gone/sub/2"))).toBe(false);
  });
});

describe.each(backEnds)("--refuse-empty-source, %s", (backEnd) => {
  test.each([
    ["an empty directory", "empty/", ["-a", "--delete"]],
    ["an empty directory, without a slash", "empty", ["-a", "--delete-after"]],
    ["a new file system", "fresh/", ["-a", "--delete"]],
    ["a directory that is not there", "missing/", ["-a", "--delete"]],
    ["one that may be missing", "missing/", ["-a", "--delete", "--ignore-missing-args"]],
    ["--delete-missing-args", "missing", ["-a", "--delete-missing-args"]],
    ["a link to an empty directory", "link/", ["-a", "--delete"]],
    ["a dry run", "empty/", ["-an", "--delete"]],
  ])("refuses %s", (_title, source, options) => {
    using workspace = new Workspace();
    prepare(workspace);
    for (const directory of ["empty", "fresh", "fresh/lost+found"]) workspace.directory(directory);
    must("ln", ["-s", "empty", workspace.at("link")]);
    const before = picture(workspace.at("dst"));
    const sources = [workspace.at("src/"), `${workspace.at("")}${source}`];
    const run = tsync([...options, "--refuse-empty-source", ...sources, workspace.at("dst")], { backEnd });
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/--refuse-empty-source: source ".*" is (empty|missing); nothing was touched\n/);
    expect(picture(workspace.at("dst"))).toBe(before);
  });

  test("lets pass what deletes nothing, and what has content", () => {
    using workspace = new Workspace();
    const { args } = prepare(workspace);
    const empty = `${workspace.directory("empty")}/`;
    expect(tsync(["-a", "--refuse-empty-source", empty, workspace.at("dst")], { backEnd }).code).toBe(0);
    expect(existsSync(workspace.at("dst/stay"))).toBe(true);
    expect(tsync(["-a", "--delete", "--refuse-empty-source", ...args], { backEnd }).code).toBe(0);
    expect(existsSync(workspace.at("dst/stay"))).toBe(false);
  });
});
