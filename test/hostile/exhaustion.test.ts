/** Large and deep trees within bounded memory, and the sizes of files (4-traps X-04, X-05, X-07, T-21, T-22). */
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import {
  backEnds,
  must,
  namesIn,
  picture,
  pictureDifferences,
  startTsync,
  tsync,
  tsyncProgram,
  Workspace,
} from "./support.ts";

// Threads are used in trees that are large enough to test them.
process.env.TSYNC_THREADS_FROM = "1000";

/** `TSYNC_ENTRIES=300000` for the long mode. */
const entries = Number(process.env.TSYNC_ENTRIES ?? 40_000);
/** How many times more a test and its runs may take than in the short mode. */
const patience = Math.max(1, entries / 40_000);

/** Largest resident memory of a run in MiB (VmHWM: it never falls, so that the last look before the end tells). */
async function peakMebibytes(args: readonly string[]): Promise<number> {
  const run = startTsync(args);
  let peak = 0;
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${run.pid}/status`, "latin1");
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
    } catch {}
  }, 5);
  const { code, stderr } = await run.done;
  clearInterval(watch);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return peak;
}

test("X-02 X-04 a directory of very many entries is copied, compared and emptied in bounded memory", {
  timeout: 600_000 * patience,
}, async () => {
  using workspace = new Workspace();
  const src = workspace.directory("src");
  for (let number = 0; number < entries; number++) writeFileSync(`${src}/${number}`, "");
  const args = ["-a", "--delete", `${src}/`, `${workspace.at("dst")}/`];
  const peak = await peakMebibytes(args);
  // A list is one directory: that much an entry, beside Node and the buffers.
  expect(peak).toBeLessThan(200 + entries / 1024);
  expect(must("sh", ["-c", 'ls -f "$1" | wc -l', "sh", workspace.at("dst")]).trim()).toBe(String(entries + 2));
  expect(tsync(["-i", ...args], { timeoutSeconds: 300 * patience })).toMatchObject({ code: 0, stdout: "", stderr: "" });
  must("find", [src, "-type", "f", "-delete"]);
  expect(tsync(args, { timeoutSeconds: 300 * patience }).code).toBe(0);
  expect(must("ls", ["-A", workspace.at("dst")])).toBe("");
});

test("X-02 a tree of many directories is copied in bounded memory", { timeout: 600_000 * patience }, async () => {
  using workspace = new Workspace();
  for (let directory = 0; directory < entries / 100; directory++) {
    const path = workspace.directory(`src/${directory % 20}/${directory}`);
    for (let number = 0; number < 99; number++) writeFileSync(`${path}/${number}`, "");
  }
  const peak = await peakMebibytes(["-a", `${workspace.at("src")}/`, `${workspace.at("dst")}/`]);
  // Half of what one list of them may take.
  expect(peak).toBeLessThan(200 + entries / 2048);
});

describe.each(backEnds)("%s", (backEnd) => {
  test.each([
    { title: "64 levels and more", depth: 90, name: "d" },
    { title: "a path over 4,096 bytes", depth: 30, name: "d".repeat(200) },
  ])("X-05 a tree of $title is copied or reported, and deleted", ({ depth, name }) => {
    using workspace = new Workspace();
    workspace.directory("src");
    const script = `i=0; cd "$1"; while [ $i -lt ${depth} ]; do echo level > file; mkdir ${name}; cd ${name}; i=$((i+1)); done`;
    must("sh", ["-c", script, "sh", workspace.at("src")]);
    const args = ["-a", "--delete", `${workspace.at("src")}/`, `${workspace.at("dst")}/`];
    const run = tsync(args, { backEnd });
    const reference = tsync(["-a", "--delete", `${workspace.at("src")}/`, `${workspace.at("ref")}/`], {
      program: "rsync",
    });
    expect(run.code).toBe(reference.code);
    const count = (root: string): string => must("sh", ["-c", 'find "$1" | wc -l', "sh", workspace.at(root)]).trim();
    expect(count("dst")).toBe(count("ref"));
    expect(Number(count("dst"))).toBeGreaterThan(30);
    must("sh", ["-c", script, "sh", workspace.directory("whole")]);
    workspace.directory("empty");
    expect(tsync(["-a", "--delete", `${workspace.at("empty")}/`, `${workspace.at("whole")}/`], { backEnd }).code).toBe(
      0,
    );
    expect(count("whole")).toBe("1");
  });

  test("X-05 few descriptors are enough", () => {
    using workspace = new Workspace();
    must("sh", [
      "-c",
      'for i in $(seq 1 300); do mkdir -p "$1/d$i/e/f"; echo x > "$1/d$i/e/f/g"; done',
      "sh",
      workspace.at("src"),
    ]);
    const run = tsync(
      [
        "-c",
        'ulimit -n 256; exec "$@"',
        "sh",
        tsyncProgram,
        "-a",
        `${workspace.at("src")}/`,
        `${workspace.at("dst")}/`,
      ],
      { backEnd, program: "sh" },
    );
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(pictureDifferences(picture(workspace.at("src"), true), picture(workspace.at("dst"), true))).toEqual([]);
  });

  test.each([
    ["local", []],
    ["pulled", ["--protocol=32"]],
    ["pulled", ["--protocol=28"]],
  ])("X-05 few descriptors are enough for files each in a directory of its own, %s, %j", (way, options) => {
    using workspace = new Workspace();
    for (let index = 0; index < 2000; index++) {
      workspace.directory(`src/d${index % 70}/e${index}`);
      workspace.file(`src/d${index % 70}/e${index}/f`, "x");
    }
    writeFileSync(workspace.at("shell"), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 });
    const shell = way === "local" ? [] : ["-e", workspace.at("shell"), `--rsync-path=${tsyncProgram}`];
    const source = `${way === "local" ? "" : "host:"}${workspace.at("src")}/`;
    const line = ["-c", 'ulimit -n 256; exec "$@"', "sh", tsyncProgram, "-a", ...options, ...shell, source];
    const run = tsync([...line, `${workspace.at("dst")}/`], { backEnd, program: "sh" });
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(namesIn(workspace.at("dst"))).toEqual(namesIn(workspace.at("src")));
  });

  test("X-05 few descriptors are enough for a deep tree and many alternate directories", () => {
    using workspace = new Workspace();
    must("sh", [
      "-c",
      'cd "$1"; p=src; for i in $(seq 1 300); do p=$p/d; done; mkdir -p $p src/x; echo 1 >$p/f; echo 2 >src/x/f; for i in $(seq 20); do cp -a src l$i; done',
      "sh",
      workspace.at(""),
    ]);
    const alternates = Array.from({ length: 20 }, (_, index) => `--copy-dest=${workspace.at(`l${index + 1}`)}`);
    for (const options of [[], [...alternates, "-c"]]) {
      const line = ["-c", 'ulimit -n 256; exec "$@"', "sh", tsyncProgram, "-a", ...options, `${workspace.at("src")}/`];
      const run = tsync([...line, `${workspace.at("dst")}/`], { backEnd, program: "sh" });
      expect(run).toMatchObject({ code: 0, stderr: "" });
    }
    expect(pictureDifferences(picture(workspace.at("src"), true), picture(workspace.at("dst"), true))).toEqual([]);
  });

  test("T-21 empty files, single bytes, block boundaries and sizes over 4 GiB", { timeout: 300_000 }, () => {
    using workspace = new Workspace();
    workspace.directory("src");
    for (const size of [0, 1, 1023, 1024, 65_535, 65_536, 65_537, 262_144, 262_145]) {
      workspace.file(`src/${size}`, Buffer.alloc(size, "t"));
    }
    const large = openSync(workspace.at("src/large"), "w");
    ftruncateSync(large, 2 ** 32 + 5);
    writeSync(large, "end", 2 ** 32 + 1);
    closeSync(large);
    utimesSync(workspace.at("src/large"), 1_000_000_000, 1_000_000_000);
    expect(
      tsync(["-aS", `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd, timeoutSeconds: 200 }).code,
    ).toBe(0);
    must("diff", ["-r", "--exclude=large", workspace.at("src"), workspace.at("dst")]);
    expect(must("tail", ["-c", "5", workspace.at("dst/large")])).toBe("\0end\0");
    expect(statSync(workspace.at("dst/large")).size).toBe(2 ** 32 + 5);
  });

  test("T-22 --sparse: a file that ends in a hole, and old data under a hole", () => {
    using workspace = new Workspace();
    workspace.directory("src");
    const holes = Buffer.concat([
      Buffer.alloc(4096, "a"),
      Buffer.alloc(1 << 20),
      Buffer.alloc(4096, "b"),
      Buffer.alloc(1 << 20),
    ]);
    workspace.file("src/f", holes);
    expect(tsync(["-aS", `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { backEnd }).code).toBe(0);
    expect(readFileSync(workspace.at("dst/f")).equals(holes)).toBe(true);
    expect(statSync(workspace.at("dst/f")).blocks).toBeLessThan(200);
    workspace.directory("old");
    workspace.file("old/f", Buffer.alloc(holes.length, "o"));
    expect(
      tsync(["-aS", "-I", "--inplace", `${workspace.at("src")}/`, `${workspace.at("old")}/`], { backEnd }).code,
    ).toBe(0);
    expect(readFileSync(workspace.at("old/f")).equals(holes)).toBe(true);
  });
});

test("X-07 a sparse file of 1 TiB takes neither time nor space nor memory", { timeout: 120_000 }, () => {
  using workspace = new Workspace();
  workspace.directory("src");
  const file = openSync(workspace.at("src/huge"), "w");
  ftruncateSync(file, 2 ** 40);
  writeSync(file, "middle", 2 ** 39);
  closeSync(file);
  const run = tsync(["-aS", `${workspace.at("src")}/`, `${workspace.at("dst")}/`], { timeoutSeconds: 60 });
  expect(run.code).toBe(0);
  const { size, blocks } = statSync(workspace.at("dst/huge"));
  expect(size).toBe(2 ** 40);
  expect(blocks).toBeLessThan(100);
  rmSync(workspace.at("dst/huge"));
});
