/** Planted links, special files and loops (4-traps S-13 to S-17, P-01, P-04, P-06, P-09, P-11, X-06, T-17). */
import { spawnSync } from "node:child_process";
import { lstatSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { backEnds, filesContaining, must, namesIn, Sentinel, secret, tsync, Workspace } from "./support.ts";

describe.each(backEnds)("%s", (backEnd) => {
  const planted = (workspace: Workspace): Sentinel => {
    workspace.directory("src/d/e");
    workspace.file("src/d/f0", "source");
    workspace.file("src/d/e/inner", "source");
    workspace.directory("dst");
    const sentinel = new Sentinel(workspace.at("outside"), ["f0", "f1"]);
    symlinkSync(workspace.at("outside"), workspace.at("dst/d"));
    return sentinel;
  };

  test.each([["-a"], ["-a", "--delete"], ["-a", "--inplace"], ["-ab"], ["-aR"], ["-aX", "-c"]])(
    "S-13 P-01 a link planted for a directory is replaced, never passed: %s %s",
    (...options) => {
      using workspace = new Workspace();
      const sentinel = planted(workspace);
      const source = options.includes("-aR") ? ["d"] : [`${workspace.at("src")}/`];
      const run = tsync([...options, ...source, `${workspace.at("dst")}/`], { backEnd, cwd: workspace.at("src") });
      expect(run.code).toBe(0);
      expect(lstatSync(workspace.at("dst/d")).isDirectory()).toBe(true);
      expect(readFileSync(workspace.at("dst/d/e/inner"), "latin1")).toBe("source");
      sentinel.expectUntouched();
    },
  );

  test.each([["-aK"], ["-aK", "--delete"], ["-aKb"], ["-aKH", "--inplace"], ["-aK", "--delay-updates"], ["-rK"]])(
    "S-13 P-04 a link out of the destination is not passed with --keep-dirlinks: %s %s",
    (...options) => {
      using workspace = new Workspace();
      const sentinel = planted(workspace);
      const run = tsync([...options, `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd });
      expect(run.code).toBe(23);
      expect(run.stderr).toContain(
        `failed to stat "${workspace.at("dst/d/f0")}": Too many levels of symbolic links (40)`,
      );
      expect(lstatSync(workspace.at("dst/d")).isSymbolicLink()).toBe(true);
      sentinel.expectUntouched();
    },
  );

  test("S-13 a link planted for a file is replaced, with --inplace too", () => {
    using workspace = new Workspace();
    const sentinel = new Sentinel(workspace.at("outside"), ["f0"]);
    workspace.directory("src");
    workspace.file("src/f0", "source");
    for (const option of ["--no-inplace", "--inplace", "--append"]) {
      const dst = workspace.directory(`dst${option}`);
      symlinkSync(workspace.at("outside/f0"), `${dst}/f0`);
      expect([0, 4], option).toContain(tsync(["-a", option, `${workspace.at("src")}/`, `${dst}/`], { backEnd }).code);
      sentinel.expectUntouched();
      expect(filesContaining(dst, secret)).toEqual([]);
    }
  });

  test("P-09 links in a tree to be deleted lead nowhere", () => {
    using workspace = new Workspace();
    const sentinel = new Sentinel(workspace.at("outside"), ["f0"]);
    workspace.directory("src");
    workspace.directory("dst/old/deep");
    symlinkSync(workspace.at("outside"), workspace.at("dst/old/deep/link"));
    symlinkSync(workspace.at("outside/f0"), workspace.at("dst/file-link"));
    expect(tsync(["-a", "--delete", `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd }).code).toBe(0);
    expect(namesIn(workspace.at("dst"))).toEqual([]);
    sentinel.expectUntouched();
  });

  test.each([["--partial-dir=.part"], ["--delay-updates", "--partial-dir=.part"]])(
    "S-16 a link planted for the partial directory is not used: %j",
    (...options) => {
      using workspace = new Workspace();
      const sentinel = new Sentinel(workspace.at("outside"), ["f0"]);
      workspace.directory("src");
      workspace.file("src/f0", "source");
      workspace.directory("dst");
      symlinkSync(workspace.at("outside"), workspace.at("dst/.part"));
      const run = tsync(["-a", ...options, `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd });
      expect(run.code).toBe(0);
      expect(readFileSync(workspace.at("dst/f0"), "latin1")).toBe("source");
      sentinel.expectUntouched();
    },
  );

  test("L-12 P-03 a link planted in the backup tree is not passed", () => {
    using workspace = new Workspace();
    const sentinel = new Sentinel(workspace.at("outside"), ["f0"]);
    workspace.directory("src/d");
    workspace.file("src/d/f0", "new content", 0o644, 1_100_000_000);
    workspace.directory("dst/d");
    workspace.file("dst/d/f0", "old");
    workspace.directory("bak");
    symlinkSync(workspace.at("outside"), workspace.at("bak/d"));
    const run = tsync(
      ["-ab", `--backup-dir=${workspace.at("bak")}`, `${workspace.at("src")}/`, `${workspace.at("dst")}/`],
      { backEnd },
    );
    sentinel.expectUntouched();
    // Replaced with its backup made elsewhere in the backup tree, or not at all.
    if (run.code !== 0) expect(readFileSync(workspace.at("dst/d/f0"), "latin1")).toBe("old");
  });

  test("T-17 links are copied as links with their own time and owner, and changed by rename", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    symlinkSync("nowhere", workspace.at("src/link"));
    must("touch", ["-h", "-d", "@1000000000", workspace.at("src/link")]);
    must("chown", ["-h", "1000:1001", workspace.at("src/link")]);
    workspace.directory("dst");
    symlinkSync("elsewhere", workspace.at("dst/link"));
    expect(tsync(["-a", `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd }).code).toBe(0);
    const { mtimeMs, uid, gid } = lstatSync(workspace.at("dst/link"));
    expect({ target: readlinkSync(workspace.at("dst/link")), mtimeMs, uid, gid }).toEqual({
      target: "nowhere",
      mtimeMs: 1_000_000_000_000,
      uid: 1000,
      gid: 1001,
    });
    const without = tsync(["-r", `${workspace.at("src")}/`, `${workspace.at("dst2")}/`], { backEnd });
    expect(without).toMatchObject({ code: 0 });
    expect(without.stdout).toContain('skipping non-regular file "link"');
  });

  test("P-11 S-17 FIFOs and devices neither block a run nor are opened", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    must("mkfifo", [workspace.at("src/fifo")]);
    must("mknod", [workspace.at("src/zero"), "c", "1", "5"]);
    workspace.file("src/plain", "plain");
    workspace.directory("dst");
    for (const options of [["-r"], ["-a", "--inplace"], ["-rc", "-I"]]) {
      // In the way of a plain file stands a FIFO, also in place.
      must("rm", ["-f", workspace.at("dst/plain")]);
      must("mkfifo", [workspace.at("dst/plain")]);
      const run = tsync([...options, `${workspace.at("src")}/`, `${workspace.at("dst")}/`], {
        backEnd,
        timeoutSeconds: 20,
      });
      expect(run.code, options.join(" ")).toBe(0);
      expect(readFileSync(workspace.at("dst/plain"), "latin1")).toBe("plain");
    }
    expect(lstatSync(workspace.at("dst/fifo")).isFIFO()).toBe(true);
    expect(lstatSync(workspace.at("dst/zero")).rdev).toBe(lstatSync("/dev/zero").rdev);
    const none = tsync(["-r", `${workspace.at("src")}/`, `${workspace.at("none")}/`], { backEnd, timeoutSeconds: 20 });
    expect(none.code).toBe(0);
    expect(namesIn(workspace.at("none"))).toEqual(["plain"]);
  });

  test("X-06 a destination inside the source grows by one level a run", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/a");
    const args = ["-a", `${workspace.at("src")}/`, `${workspace.at("src/inside")}/`];
    for (let round = 0; round < 3; round++) {
      expect(tsync(args, { backEnd, timeoutSeconds: 20 }).code).toBe(0);
      expect(
        spawnSync("find", [workspace.at("src"), "-type", "d"], { encoding: "latin1" })
          .stdout.trim()
          .split("\n").length,
      ).toBeLessThan(5);
    }
  });
});
