/**
 * Semantic traps of section 12 and exit codes of section 2 of 4-traps, each beside the installed rsync: the same tree, the same
 * options, the same result.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import { openLibc } from "../support/libc.ts";
import {
  type BackEnd,
  backEnds,
  must,
  namesIn,
  picture,
  pictureDifferences,
  type Run,
  tsync,
  Workspace,
} from "./support.ts";

const nobody = 65534;
const libc = openLibc();

/** Builds the same thing twice, runs rsync in one and tsync in the other, and compares everything. */
function both(
  backEnd: BackEnd,
  build: (workspace: Workspace) => void,
  args: readonly string[],
  options: { readonly user?: number; readonly umask?: string } = {},
): { run: Run; workspace: Workspace; [Symbol.dispose](): void } {
  using stack = new DisposableStack();
  const theirs = stack.use(new Workspace());
  const ours = stack.use(new Workspace());
  const shell = ["-c", `umask ${options.umask ?? "022"}; exec "$@"`, "sh"];
  const results = [theirs, ours].map((workspace, index) => {
    build(workspace);
    const program =
      index === 0 ? "rsync" : (process.env.TSYNC_TEST_PROGRAM ?? new URL("../../bin/tsync", import.meta.url).pathname);
    const user = options.user === undefined ? {} : { user: options.user };
    if (options.user !== undefined) must("chown", ["-R", `${nobody}:${nobody}`, workspace.path]);
    return tsync([...shell, program, ...args], { backEnd, cwd: workspace.path, program: "sh", ...user });
  });
  const [reference, run] = results;
  if (reference === undefined || run === undefined) throw new Error("no result");
  expect(run.code, run.stderr).toBe(reference.code);
  expect(
    pictureDifferences(picture(theirs.path, backEnd === "plain"), picture(ours.path, backEnd === "plain")),
  ).toEqual([]);
  // Ours is looked at by the caller, and removed by it.
  const kept = stack.move();
  return { run, workspace: ours, [Symbol.dispose]: () => kept.dispose() };
}

const old = (workspace: Workspace): void =>
  void must("find", [workspace.path, "-exec", "touch", "-h", "-d", "@1000000000", "{}", "+"]);

describe.each(backEnds)("%s", (backEnd) => {
  test.each([
    { causes: ["unreadable", "vanished", "limit"], code: 23 },
    { causes: ["unreadable", "limit"], code: 23 },
    { causes: ["limit"], code: 25 },
    { causes: [], code: 0 },
  ])("E-01 $causes gives $code", ({ causes, code }) => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/closed", "x", causes.includes("unreadable") ? 0o000 : 0o644);
    workspace.directory("dst");
    workspace.file("dst/extra");
    must("chown", ["-R", `${nobody}:${nobody}`, workspace.path]);
    const args = ["-r", "--delete", ...(causes.includes("limit") ? ["--max-delete=0"] : [])];
    expect(tsync([...args, `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd, user: nobody }).code).toBe(
      code,
    );
  });

  test("T-10 times of one second are equal, --modify-window=-1 compares nanoseconds", () => {
    const build = (workspace: Workspace): void => {
      for (const side of ["src", "dst"]) {
        workspace.directory(side);
        workspace.file(`${side}/f`, side);
        libc.setTimes(
          byteName(workspace.at(`${side}/f`)),
          1_000_000_000_000_000_000n + (side === "src" ? 120_000_000n : 500_000_000n),
        );
      }
    };
    for (const [option, content] of [
      ["-a", "dst"],
      ["-a --modify-window=-1", "src"],
    ] as const) {
      using result = both(backEnd, build, [...option.split(" "), "src/", "dst/"]);
      expect(readFileSync(result.workspace.at("dst/f"), "latin1")).toBe(content);
    }
  });

  test("T-11 T-20 times before 1970, after 2038 and 2106, to the nanosecond or microsecond", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    const times = [
      -1n,
      -1_500_000_000n,
      0n,
      1_234_567_890_123_456_789n,
      2n ** 31n * 10n ** 9n + 999_999_999n,
      2n ** 32n * 10n ** 9n + 1_000n,
      1_000_000_000_000_001_000n,
      999_999_999_999_999_000n,
    ];
    for (const [index, time] of times.entries()) {
      workspace.file(`src/${index}`);
      libc.setTimes(byteName(workspace.at(`src/${index}`)), time);
    }
    const args = ["-a", `${workspace.at("src")}/`, `${workspace.at("dst")}/`];
    expect(tsync(args, { backEnd }).code).toBe(0);
    for (const [index, time] of times.entries()) {
      const set = libc.lstat(byteName(workspace.at(`dst/${index}`)))?.mtime;
      const micro = time - (((time % 1000n) + 1000n) % 1000n);
      expect(set, `${time}`).toBe(backEnd === "koffi" ? time : micro);
    }
    expect(tsync(["-i", ...args], { backEnd })).toMatchObject({ code: 0, stdout: "" });
  });

  test("T-12 directories have their times after their contents, deletions and links", () => {
    const build = (workspace: Workspace): void => {
      workspace.directory("src/a/b");
      workspace.file("src/a/b/f");
      workspace.file("src/a/g");
      must("ln", [workspace.at("src/a/g"), workspace.at("src/a/b/h")]);
      workspace.directory("dst/a/b");
      workspace.file("dst/a/b/gone");
      old(workspace);
    };
    for (const options of ["-aH --delete", "-aH --delete-after", "-aH --delete-delay", "-aO --delete"]) {
      using result = both(backEnd, build, [...options.split(" "), "src/", "dst/"]);
      expect(result.run.code).toBe(0);
    }
  });

  test("T-13 read-only directories are filled, cleaned and closed again by whoever owns them", () => {
    const build = (workspace: Workspace): void => {
      workspace.directory("src/ro");
      workspace.file("src/ro/f");
      workspace.directory("dst/ro");
      workspace.file("dst/ro/gone");
      workspace.directory("dst/extra/ro");
      workspace.file("dst/extra/ro/gone");
      for (const path of ["src/ro", "dst/ro", "dst/extra/ro"]) must("chmod", ["0555", workspace.at(path)]);
      old(workspace);
    };
    using result = both(backEnd, build, ["-a", "--delete", "src/", "dst/"], { user: nobody });
    expect(result.run.code).toBe(0);
    expect(namesIn(result.workspace.at("dst/ro"))).toEqual(["f"]);
    expect(statSync(result.workspace.at("dst/ro")).mode & 0o777).toBe(0o555);
  });

  test.each([
    { options: "-rt", umask: "027" },
    { options: "-rtE", umask: "022" },
    { options: "-a", umask: "077" },
    { options: "-rt --chmod=D700,F600", umask: "022" },
  ])("T-14 permissions under $options, umask $umask, with set-id bits and a set-gid parent", ({ options, umask }) => {
    const build = (workspace: Workspace): void => {
      workspace.directory("src/d", 0o751);
      workspace.file("src/setid", "x", 0o4755);
      workspace.file("src/d/exec", "x", 0o711);
      workspace.file("src/d/plain", "x", 0o666);
      workspace.directory("dst", 0o2775);
      must("chgrp", ["1000", workspace.at("dst")]);
      must("chmod", ["2775", workspace.at("dst")]);
      workspace.file("dst/setid", "older", 0o640);
      old(workspace);
    };
    using result = both(backEnd, build, [...options.split(" "), "src/", "dst/"], { umask });
    expect(result.run.code).toBe(0);
  });

  test("T-14 a default ACL of the parent replaces the umask", () => {
    const build = (workspace: Workspace): void => {
      workspace.directory("src");
      workspace.file("src/f", "x", 0o666);
      workspace.directory("dst");
      must("setfacl", ["-d", "-m", "u::rwx,g::rwx,o::rwx", workspace.at("dst")]);
      old(workspace);
    };
    using result = both(backEnd, build, ["-rt", "src/", "dst/"], { umask: "077" });
    expect(statSync(result.workspace.at("dst/f")).mode & 0o777).toBe(0o666);
  });

  test("T-14 under -A a new file does not keep what its directory's default ACL gave it", () => {
    const build = (workspace: Workspace): void => {
      for (const directory of ["src/with", "src/without", "dst/with"]) workspace.directory(directory);
      for (const name of ["plain", "acl", "old"]) {
        workspace.file(`src/with/${name}`, "x", 0o640);
        workspace.file(`src/without/${name}`, "x", 0o640);
      }
      workspace.file("dst/with/old", "older", 0o600, 900_000_000);
      must("setfacl", ["-m", "u:1000:r", workspace.at("src/with/acl"), workspace.at("src/without/acl")]);
      must("setfacl", ["-d", "-m", "u:1001:rwx", workspace.at("src/with")]);
      must("setfacl", ["-d", "-m", "u:1002:rwx", workspace.at("dst/with")]);
      old(workspace);
    };
    using result = both(backEnd, build, ["-aA", "src/", "dst/"]);
    const acl = spawnSync("getfacl", ["-c", "--skip-base", "plain", "old"], {
      cwd: result.workspace.at("dst/with"),
      encoding: "utf8",
    });
    expect(acl.stdout).toBe("");
  });

  test("T-15 set-id bits survive a change of owner, in place too", () => {
    for (const option of ["-a", "-a --inplace", "-a --size-only"]) {
      const build = (workspace: Workspace): void => {
        workspace.directory("src");
        workspace.file("src/f", "same size 1");
        must("chown", ["1000:1000", workspace.at("src/f")]);
        must("chmod", ["6755", workspace.at("src/f")]);
        workspace.directory("dst");
        workspace.file("dst/f", "same size 2", 0o6755, 900_000_000);
        old(workspace);
        must("touch", ["-d", "@900000000", workspace.at("dst/f")]);
      };
      using result = both(backEnd, build, [...option.split(" "), "src/", "dst/"]);
      expect(statSync(result.workspace.at("dst/f")).mode & 0o7777, option).toBe(0o6755);
    }
  });

  test("T-15 without root the owner is left alone and foreign groups too", () => {
    const build = (workspace: Workspace): void => {
      workspace.directory("src");
      workspace.file("src/f", "x", 0o4755);
      old(workspace);
    };
    using result = both(backEnd, build, ["-a", "src/", "dst/"], { user: nobody });
    expect(result.run.code).toBe(0);
  });

  test("T-02 equal names: a directory beats a file, else the first argument wins", () => {
    const build = (workspace: Workspace): void => {
      workspace.directory("m1/x");
      workspace.directory("m2");
      workspace.file("m1/f", "of m1");
      workspace.file("m2/f", "of m2");
      workspace.file("m2/x", "a file");
      workspace.file("m1/x/inside");
      old(workspace);
    };
    for (const order of [
      ["m1/", "m2/"],
      ["m2/", "m1/"],
    ]) {
      using result = both(backEnd, build, ["-a", ...order, "dst/"]);
      expect(readFileSync(result.workspace.at("dst/f"), "latin1")).toBe(`of ${order[0]?.slice(0, 2)}`);
      expect(existsSync(result.workspace.at("dst/x/inside"))).toBe(true);
    }
  });

  test.each([
    [["src", "dst"]],
    [["src/", "dst"]],
    [["src/.", "dst"]],
    [["src/f", "new-name"]],
    [["src/f", "src/g", "fresh"]],
    [["src/f", "missing/parent/"]],
    [["-R", "src/./sub/h", "dst"]],
    [["./a:b", "dst"]],
    [["missing", "src/f", "dst"]],
    [["src/f", "src/g", "file"]],
    [["-R", "link/h", "dst"]],
    [["-R", "--no-implied-dirs", "link/h", "dst"]],
  ])("T-03 T-04 T-05 arguments %j", (args) => {
    const build = (workspace: Workspace): void => {
      workspace.directory("src/sub");
      for (const name of ["src/f", "src/g", "src/sub/h", "a:b", "file"]) workspace.file(name);
      must("ln", ["-s", "src/sub", workspace.at("link")]);
      mkdirSync(workspace.at("dst"));
      old(workspace);
    };
    using result = both(backEnd, build, ["-a", ...args]);
    expect(result.run.code).not.toBeNull();
  });
});
