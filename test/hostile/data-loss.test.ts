/** Traps of section 11 of 4-traps that a local run can fall into, each against real files on both back ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  backEnds,
  must,
  namesIn,
  nodeProgram,
  picture,
  startTsync,
  temporaryFiles,
  tsync,
  Workspace,
} from "./support.ts";

const nobody = 65534;

describe.each(backEnds)("%s", (backEnd) => {
  test("L-01 a read error blocks deletion, --ignore-errors does not", () => {
    using workspace = new Workspace();
    workspace.directory("src/closed", 0o000);
    workspace.directory("src/z");
    workspace.directory("dst/z");
    workspace.file("dst/extra");
    workspace.file("dst/z/extra");
    must("chown", ["-R", `${nobody}:${nobody}`, workspace.path]);
    const args = (timing: string): string[] => ["-r", timing, `${workspace.at("src")}/`, `${workspace.at("dst")}/`];
    for (const timing of ["--delete-before", "--delete-delay", "--delete-after", "--delete-during"]) {
      workspace.file("dst/extra");
      const run = tsync(args(timing), { backEnd, user: nobody });
      expect(run.code, timing).toBe(23);
      expect(run.stdout + run.stderr, timing).toContain("IO error encountered -- skipping file deletion");
      // What was found extraneous before the error came is gone, in rsync too; nothing after it.
      if (timing === "--delete-before" || timing === "--delete-after")
        expect(namesIn(workspace.at("dst")), timing).toContain("extra");
      expect(namesIn(workspace.at("dst/z")), timing).toEqual(["extra"]);
    }
    expect(tsync(["--ignore-errors", ...args("--delete-during")], { backEnd, user: nobody }).code).toBe(23);
    expect(namesIn(workspace.at("dst"))).not.toContain("extra");
    expect(namesIn(workspace.at("dst/z"))).toEqual([]);
  });

  test("L-01 an unreadable file blocks --delete-after; a vanished one does not", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/closed", "x", 0o000);
    workspace.directory("dst");
    workspace.file("dst/extra");
    must("chown", ["-R", `${nobody}:${nobody}`, workspace.path]);
    const args = ["-r", "--delete-after", `${workspace.at("src")}/`, `${workspace.at("dst")}/`];
    expect(tsync(args, { backEnd, user: nobody }).code).toBe(23);
    expect(existsSync(workspace.at("dst/extra"))).toBe(true);
  });

  test("L-02 only content directories are cleaned, and --delete needs recursion", () => {
    using workspace = new Workspace();
    workspace.directory("dir");
    workspace.file("dir/a");
    workspace.directory("dst");
    workspace.file("dst/extra");
    expect(tsync(["-a", "--delete", workspace.at("dir"), `${workspace.at("dst")}/`], { backEnd }).code).toBe(0);
    expect(namesIn(workspace.at("dst"))).toEqual(["dir", "extra"]);
    expect(tsync(["--delete", `${workspace.at("dir")}/`, `${workspace.at("dst")}/`], { backEnd }).code).toBe(1);
    expect(tsync(["-a", "--delete", `${workspace.at("dir")}/`, `${workspace.at("dst")}/`], { backEnd }).code).toBe(0);
    expect(namesIn(workspace.at("dst"))).toEqual(["a"]);
  });

  test("L-03 what is protected in a directory to be deleted stays, with the directory", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.directory("dst/old");
    workspace.file("dst/old/keep.me");
    workspace.file("dst/old/gone");
    const run = tsync(["-a", "--delete", "--exclude=keep.*", `${workspace.at("src")}/`, `${workspace.at("dst")}/`], {
      backEnd,
    });
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("cannot delete non-empty directory: old");
    expect(namesIn(workspace.at("dst/old"))).toEqual(["keep.me"]);
  });

  test.each([
    { limit: 0, left: 4, code: 25 },
    { limit: 2, left: 2, code: 25 },
    { limit: 4, left: 0, code: 0 },
  ])("L-04 --max-delete=$limit leaves $left and ends with $code", ({ limit, left, code }) => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/new");
    workspace.directory("dst");
    for (const name of ["a", "b", "c", "d"]) workspace.file(`dst/${name}`);
    const args = ["-a", "--delete", `--max-delete=${limit}`, `${workspace.at("src")}/`, `${workspace.at("dst")}/`];
    const dry = tsync(["-n", ...args], { backEnd });
    expect(namesIn(workspace.at("dst"))).toHaveLength(4);
    const run = tsync(args, { backEnd });
    expect([dry.code, run.code]).toEqual([code, code]);
    expect(namesIn(workspace.at("dst"))).toHaveLength(left + 1);
    expect(existsSync(workspace.at("dst/new"))).toBe(true);
  });

  test("L-05 a file never replaces a full directory without --force, and --force does", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/x", "file");
    workspace.directory("dst/x");
    workspace.file("dst/x/precious");
    const args = ["-a", `${workspace.at("src")}/`, `${workspace.at("dst")}/`];
    expect(tsync(args, { backEnd }).code).toBe(23);
    expect(namesIn(workspace.at("dst/x"))).toEqual(["precious"]);
    expect(tsync(["--force", ...args], { backEnd }).code).toBe(0);
    expect(readFileSync(workspace.at("dst/x"), "latin1")).toBe("file");
  });

  test("L-06 --inplace writes through hard links, without it they part", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/a", "new content", 0o644, 1_100_000_000);
    for (const [option, other] of [
      ["--inplace", "new content"],
      ["--no-inplace", "old"],
    ] as const) {
      const dst = workspace.directory(`dst${option}`);
      workspace.file(`dst${option}/a`, "old");
      must("ln", [`${dst}/a`, `${dst}/b`]);
      expect(tsync(["-a", option, `${workspace.at("src")}/`, `${dst}/`], { backEnd }).code).toBe(0);
      expect(readFileSync(`${dst}/b`, "latin1")).toBe(other);
    }
  });

  test.each([
    { option: "--no-partial", kept: "old" },
    { option: "--partial", kept: "piece" },
    { option: "--partial-dir=.part", kept: "directory" },
  ])("L-07 a full drive ends with 11 and $option keeps $kept (L-08)", ({ option, kept }) => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/big", Buffer.alloc(3 << 20, "x"), 0o644, 1_100_000_000);
    const dst = workspace.tmpfs("dst", 1 << 20);
    workspace.file("dst/big", "old");
    const run = tsync(["-a", option, `${workspace.at("src")}/`, `${dst}/`], { backEnd });
    expect(run.code).toBe(11);
    expect(run.stderr).toContain("No space left on device (28)");
    expect(temporaryFiles(dst)).toEqual([]);
    const size = statSync(`${dst}/big`).size;
    if (kept !== "piece") expect(readFileSync(`${dst}/big`, "latin1")).toBe("old");
    else {
      // Never to be taken for the whole: mtime 0.
      expect(size).toBeGreaterThan(3);
      expect(Math.floor(statSync(`${dst}/big`).mtimeMs / 1000)).toBe(0);
    }
    expect(existsSync(`${dst}/.part/big`)).toBe(kept === "directory");
    if (kept === "directory") expect(statSync(`${dst}/.part`).mode & 0o777).toBe(0o700);
  });

  test.each([
    { megabytes: 2, code: 0, stands: "new" },
    { megabytes: 5, code: 11, stands: "old" },
  ])("L-07 --temp-dir elsewhere and no room for both: a file of $megabytes MiB leaves the $stands one whole", (one) => {
    using workspace = new Workspace();
    for (const directory of ["src", "temp"]) workspace.directory(directory);
    const size = one.megabytes << 20;
    workspace.file("src/big", Buffer.alloc(size, "new"), 0o644, 1_100_000_000);
    const dst = workspace.tmpfs("dst", 3 << 20);
    workspace.file("dst/big", Buffer.alloc(2 << 20, "old"));
    const run = tsync(["-a", "-T", workspace.at("temp"), `${workspace.at("src")}/`, `${dst}/`], { backEnd });
    expect(run.code).toBe(one.code);
    const length = one.stands === "new" ? size : 2 << 20;
    expect(readFileSync(`${dst}/big`).equals(Buffer.alloc(length, one.stands))).toBe(true);
    expect([...temporaryFiles(dst), ...temporaryFiles(workspace.at("temp"))]).toEqual([]);
  });

  test("L-08 --delay-updates that does not come to its end puts nothing into place", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/a", "new", 0o644, 1_100_000_000);
    workspace.file("src/big", Buffer.alloc(3 << 20, "x"), 0o644, 1_100_000_000);
    const dst = workspace.tmpfs("dst", 1 << 20);
    workspace.file("dst/a", "old");
    const args = ["-a", "--delay-updates", `${workspace.at("src")}/`, `${dst}/`];
    expect(tsync(args, { backEnd }).code).toBe(11);
    expect(readFileSync(`${dst}/a`, "latin1")).toBe("old");
    expect(existsSync(`${dst}/big`)).toBe(false);
    expect(readFileSync(`${dst}/.~tmp~/a`, "latin1")).toBe("new");
    expect(statSync(`${dst}/.~tmp~`).mode & 0o777).toBe(0o700);
    rmSync(workspace.at("src/big"));
    rmSync(`${dst}/.~tmp~/big`);
    expect(tsync(args, { backEnd }).code).toBe(0);
    expect(readFileSync(`${dst}/a`, "latin1")).toBe("new");
    expect(namesIn(dst)).toEqual(["a"]);
  });

  test("L-07 a read-only drive keeps everything", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/a", "new content", 0o644, 1_100_000_000);
    const dst = workspace.tmpfs("dst", 1 << 20);
    workspace.file("dst/a", "old");
    workspace.file("src/new");
    must("touch", ["-d", "@1100000000", workspace.at("src")]);
    must("mount", ["-o", "remount,ro", dst]);
    const run = tsync(["-a", "--delete", `${workspace.at("src")}/`, `${dst}/`], { backEnd });
    expect(run.code).toBe(23);
    expect(run.stderr.match(/failed to set times/g)).toHaveLength(1);
    expect(readFileSync(`${dst}/a`, "latin1")).toBe("old");
  });

  test("L-10 a file that grows or shrinks while it is copied never stands torn under an old time", async () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.directory("dst");
    const size = 24 << 20;
    // Grows and shrinks without a pause while the runs go on.
    const script = `const f=require("node:fs");const h=f.openSync(process.argv[1],"r+");process.stdout.write("ready");
      for(let i=0;;i++){f.ftruncateSync(h,${size}-(i%2)*${size >> 1});f.futimesSync(h,1e9,1e9);if(process.ppid===1)break}`;
    workspace.file("src/moving", Buffer.alloc(size, "m"));
    workspace.file("src/still", "still\n");
    const writer = spawn(nodeProgram, ["-e", script, workspace.at("src/moving")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(writer.stdout, "data");
    const codes: (number | null)[] = [];
    for (let round = 0; round < 6; round++) {
      codes.push(
        (await startTsync(["-a", `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd }).done).code,
      );
    }
    writer.kill("SIGKILL");
    await once(writer, "exit");
    for (const code of codes) expect([0, 23]).toContain(code);
    expect(readFileSync(workspace.at("dst/still"), "latin1")).toBe("still\n");
    expect(temporaryFiles(workspace.at("dst"))).toEqual([]);
    // Once the source rests, one run makes it right, whatever the runs before left.
    writeFileSync(workspace.at("src/moving"), Buffer.alloc(size, "n"));
    utimesSync(workspace.at("src/moving"), 1_000_000_001, 1_000_000_001);
    expect(tsync(["-a", `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd }).code).toBe(0);
    expect(picture(workspace.at("dst"), true)).toBe(picture(workspace.at("src"), true));
  });

  test("L-12 no replacement without its backup", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/a", "new content", 0o644, 1_100_000_000);
    workspace.directory("dst/a~/full");
    workspace.file("dst/a", "old");
    const run = tsync(["-ab", `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd });
    expect(run.code).not.toBe(0);
    expect(readFileSync(workspace.at("dst/a"), "latin1")).toBe("old");
    expect(existsSync(workspace.at("dst/a~/full"))).toBe(true);
  });

  test.each(["--inplace", "-l", "-D", "-H", "--delete"])("L-12 no change by %s without its backup", (option) => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/file", "new content");
    workspace.file("src/one", "linked");
    must("ln", [workspace.at("src/one"), workspace.at("src/two")]);
    must("ln", ["-s", "new", workspace.at("src/link")]);
    must("mkfifo", [workspace.at("src/node")]);
    workspace.directory("dst");
    workspace.file("dst/file", "old");
    workspace.file("dst/one", "linked");
    workspace.file("dst/two", "old");
    for (const name of ["link", "gone"]) must("ln", ["-s", "old", workspace.at(`dst/${name}`)]);
    for (const name of ["node", "gone.node"]) must("mkfifo", [workspace.at(`dst/${name}`)]);
    workspace.file("dst/node2", "old");
    must("mkfifo", [workspace.at("src/node2")]);
    workspace.directory("backup/sub");
    must("chown", ["-R", `${nobody}:${nobody}`, workspace.at("src"), workspace.at("dst")]);
    const places = option === "--inplace" ? ["--exclude=one", "--exclude=two"] : ["--exclude=file"];
    const args = (to: string): string[] => ["-rt", option, ...places, `--backup-dir=${workspace.at(to)}`];
    const before = picture(workspace.at("dst"));
    for (const to of ["backup", "backup/sub/new"]) {
      const run = tsync([...args(to), `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd, user: nobody });
      expect(run.code, to).not.toBe(0);
      expect(run.stderr, to).toContain("Permission denied");
      expect(picture(workspace.at("dst")), to).toBe(before);
    }
  });

  test.each(["bak", "bak//", "./bak"])(
    "L-12 backup directory %s in the destination is not backed up into itself",
    (spelling) => {
      using workspace = new Workspace();
      workspace.directory("src");
      workspace.directory("dst");
      workspace.file("dst/gone", "old");
      const args = ["-ab", "--delete", "--exclude=/bak", `--backup-dir=${spelling}`];
      for (let round = 0; round < 2; round++) {
        expect(tsync([...args, `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd }).code).toBe(0);
        expect(readFileSync(workspace.at("dst/bak/gone"), "latin1")).toBe("old");
        expect(namesIn(workspace.at("dst"))).toEqual(["bak"]);
        expect(namesIn(workspace.at("dst/bak"))).toEqual(["gone"]);
      }
    },
  );

  test("L-13 source and destination are one: nothing changes", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/a", "same");
    const before = picture(workspace.path);
    for (const option of ["-a", "-aI", "-aI --inplace"]) {
      const args = [...option.split(" "), `${workspace.at("src")}/`, `${workspace.at("src")}/`];
      expect(tsync(args, { backEnd }).code, option).toBe(0);
      expect(readFileSync(workspace.at("src/a"), "latin1"), option).toBe("same");
    }
    expect(picture(workspace.path)).toBe(before);
  });

  test("L-16 a dry run changes nothing at all", () => {
    using workspace = new Workspace();
    workspace.directory("src/new", 0o700);
    workspace.file("src/new/a");
    workspace.file("src/b", "changed", 0o600);
    workspace.directory("dst");
    workspace.file("dst/b");
    workspace.file("dst/gone");
    must("find", [workspace.path, "-exec", "touch", "-h", "-d", "@1000000000", "{}", "+"]);
    const before = picture(workspace.path);
    const args = ["-ai", "--delete", "--backup", "--backup-dir=bak", `${workspace.at("src")}/`];
    const dry = tsync(["-n", ...args, `${workspace.at("dst")}/`], { backEnd });
    tsync(["-n", "-a", "--mkpath", `${workspace.at("src")}/`, `${workspace.at("deep/er/")}`], { backEnd });
    expect(picture(workspace.path)).toBe(before);
    expect(tsync([...args, `${workspace.at("dst")}/`], { backEnd }).stdout).toBe(dry.stdout);
  });
});

test("L-05 the temporary file is exclusive, 0600 and complete before the rename; no path leaves the held directory", () => {
  using workspace = new Workspace();
  workspace.directory("src/sub");
  workspace.file("src/sub/setid", "content", 0o4755, 1_100_000_000);
  must("chown", ["1000:1000", workspace.at("src/sub/setid")]);
  chmodSync(workspace.at("src/sub/setid"), 0o4755);
  workspace.directory("dst/sub");
  workspace.file("dst/sub/setid", "old");
  const trace = workspace.at("trace");
  const run = tsync(
    [
      "-f",
      "-s",
      "300",
      "-o",
      trace,
      process.env.TSYNC_TEST_PROGRAM ?? new URL("../../bin/tsync", import.meta.url).pathname,
      "-a",
      `${workspace.at("src")}/`,
      `${workspace.at("dst")}/`,
    ],
    { program: "strace" },
  );
  expect(run.code).toBe(0);
  // A call during which another thread made one stands in two lines.
  const lines = readFileSync(trace, "latin1").replaceAll(" <unfinished ...>", ")").split("\n");
  const position = (pattern: RegExp): number => lines.findIndex((line) => pattern.test(line));
  const create = position(/openat\(\d+, "\.setid\.\w{6}", O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW\|O_CLOEXEC, 0600\)/);
  const order = [
    create,
    position(/fchown\(\d+, 1000, 1000\)/),
    position(/(utimensat|utimensat_time64)\(\d+, NULL, \[.*1100000000/),
    position(/fchmod\(\d+, 04755\)/),
    position(/renameat2?\(\d+, "\.setid\.\w{6}", \d+, "setid"/),
  ];
  expect(
    order.every((at) => at > 0),
    order.join(" "),
  ).toBe(true);
  expect([...order].sort((a, b) => a - b)).toEqual(order);
  // S-19: nothing but the owner's bits before the owner is right.
  expect(lines.slice(0, order[1]).filter((line) => /fchmod\(\d+, 04755\)/.test(line))).toEqual([]);
  // P-03: below the destination every call names one component relative to a descriptor.
  const calls = lines.filter((line) =>
    /^\d+ +(open|openat|renameat2?|rename|unlink|unlinkat|mkdir|mkdirat|chmod|fchmodat2?|chown|fchownat|lchown|utimensat)\(/.test(
      line,
    ),
  );
  const inside = calls.filter((line) => line.includes(`${workspace.at("dst")}/s`) || line.includes('"sub/'));
  expect(inside).toEqual([]);
});

test.each(["--whole-file", "--inplace"])("L-14 --fsync flushes a file before it is in place: %s", (option) => {
  using workspace = new Workspace();
  workspace.directory("src");
  workspace.file("src/a", "content");
  const trace = workspace.at("trace");
  const program = process.env.TSYNC_TEST_PROGRAM ?? new URL("../../bin/tsync", import.meta.url).pathname;
  const trees = [`${workspace.at("src")}/`, `${workspace.at("dst")}/`];
  const traced = ["-f", "-e", "trace=fsync,fdatasync,renameat,renameat2,openat", "-o", trace, program];
  expect(tsync([...traced, "-a", "--fsync", option, ...trees], { program: "strace" }).code).toBe(0);
  const lines = readFileSync(trace, "latin1").split("\n");
  const flushed = lines.findIndex((line) => /\bfsync\(\d+\) += 0/.test(line));
  const renamed = lines.findIndex((line) => /renameat2?\(\d+, "\.a\.\w{6}"/.test(line));
  expect(flushed).toBeGreaterThan(0);
  if (option === "--inplace") expect(renamed).toBe(-1);
  else expect(renamed).toBeGreaterThan(flushed);
});

test("L-11 --append leaves longer files alone and trusts shorter ones, --append-verify does not", () => {
  using workspace = new Workspace();
  workspace.directory("src");
  workspace.file("src/long", "short");
  workspace.file("src/cut", "the whole text");
  workspace.file("src/other", "the whole text");
  const trees = [`${workspace.at("src")}/`, `${workspace.at("dst")}/`];
  for (const [options, other] of [
    [["--append"], "XXX whole text"],
    [["--append-verify"], "the whole text"],
    [["--append", "--sparse"], "XXX whole text"],
  ] as const) {
    workspace.directory("dst");
    workspace.file("dst/long", "longer than that", 0o644, 1_000_000_000);
    workspace.file("dst/cut", "the wh", 0o644, 1_000_000_000);
    workspace.file("dst/other", "XXX wh", 0o644, 1_000_000_000);
    expect(tsync(["-a", ...options, ...trees]).code).toBe(0);
    expect(readFileSync(workspace.at("dst/long"), "latin1")).toBe("longer than that");
    expect(readFileSync(workspace.at("dst/cut"), "latin1")).toBe("the whole text");
    expect(readFileSync(workspace.at("dst/other"), "latin1")).toBe(other);
  }
});
