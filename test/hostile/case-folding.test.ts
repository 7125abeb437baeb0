/**
 * A file system to which names of other case are the same (4-traps S-20): lowntfs-3g with `ignore_case` on a loop-mounted image. It
 * shows all names in small letters. What a list has under two spellings is one file there, and a link that came under one of
 * them must not be passed through the other.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { backEnds, filesContaining, must, namesIn, Sentinel, secret, tsync, Workspace } from "./support.ts";

let workspace: Workspace;
let drive: string;

beforeAll(() => {
  workspace = new Workspace();
  drive = workspace.directory("drive");
  const image = workspace.at("image");
  must("truncate", ["-s", "32M", image]);
  must("mkntfs", ["-F", "-Q", "-q", image]);
  mount();
});

/** Mounts the drive, afresh if it was. */
function mount(): void {
  spawnSync("umount", [drive]);
  must("lowntfs-3g", [workspace.at("image"), drive, "-o", "ignore_case,permissions,streams_interface=none"]);
}

afterAll(() => {
  spawnSync("umount", ["-l", drive]);
  workspace[Symbol.dispose]();
});

describe.each(backEnds)("%s", (backEnd) => {
  let source: string;
  let destination: string;

  beforeEach(() => {
    must("sh", ["-c", 'rm -rf "$1"/* "$2/src" "$2/outside"', "sh", drive, workspace.path]);
    source = workspace.directory("src");
    destination = `${drive}/dst`;
    mkdirSync(destination);
  });

  const run = (...options: string[]) => tsync([...options, `${source}/`, `${destination}/`], { backEnd });

  test("the drive folds names", () => {
    workspace.file("src/Name", "x");
    expect(run("-rt").code).toBe(0);
    expect(readFileSync(`${destination}/nAME`, "latin1")).toBe("x");
    expect(namesIn(destination)).toEqual(["name"]);
  });

  test.each([
    ["-rlt"],
    ["-rlt", "--inplace"],
    ["-rlt", "--delete"],
    ["-rltb"],
    ["-rlt", "--no-i-r"],
    ["-rltR"],
    ["-rltK"],
  ])("S-20 a link under one spelling is not passed through another: %s %s", (...options) => {
    const sentinel = new Sentinel(workspace.at("outside"), ["f0", "f1"]);
    symlinkSync(workspace.at("outside"), workspace.at("src/DIR"));
    workspace.directory("src/dir/inner");
    for (const name of ["f0", "f1", "new", "inner/deep"]) workspace.file(`src/dir/${name}`, "source");
    // A file that is written through a link, too.
    symlinkSync(workspace.at("outside/set-id"), workspace.at("src/FILE"));
    workspace.file("src/file", "source");
    for (let round = 0; round < 2; round++) {
      const { code, stderr } = run(...options);
      expect([0, 23]).toContain(code);
      expect(stderr).not.toMatch(/internal error|^\s+at /m);
      sentinel.expectUntouched();
      expect(filesContaining(destination, secret)).toEqual([]);
      expect(existsSync(workspace.at("outside/new"))).toBe(false);
    }
  });

  test.each([["-rt"], ["-rt", "--inplace"], ["-rtb"], ["-rt", "--no-W"]])(
    "loses nothing, and leaves one of two files whose names are one: %s %s",
    (...options) => {
      workspace.file("src/Only", "only");
      workspace.file("src/twice", "small");
      workspace.file("src/Twice", "large letter");
      workspace.directory("src/Sub");
      workspace.file("src/Sub/File", "in Sub");
      must("sh", ["-c", 'mkdir "$1/SUB"; echo old >"$1/SUB/FILE"; echo kept >"$1/kept"', "sh", destination]);
      for (let round = 0; round < 2; round++) {
        expect(run(...options, "--exclude=kept").code).toBe(0);
        // The kernel remembers which spellings were not there.
        mount();
        const content = (name: string) => readFileSync(`${destination}/${name}`, "latin1");
        expect([content("only"), content("sub/file"), content("kept")]).toEqual(["only", "in Sub", "kept\n"]);
        expect(["small", "large letter"]).toContain(content("twice"));
      }
    },
  );
});
