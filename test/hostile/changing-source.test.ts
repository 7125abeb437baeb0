/**
 * Sources that change while they are copied (4-traps L-10, E-01): files that are shorter than they say (those of sysfs are,
 * always) against rsync, and a change at a chosen system call, so that no test depends on how fast anything is.
 */
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sync } from "../../src/library/sync.ts";
import type { SyncOptions } from "../../src/options/sync-options.ts";
import type { Hook } from "./hooked-syscalls.ts";
import { type BackEnd, backEnds, namesIn, temporaryFiles, tsync, Workspace } from "./support.ts";

// Threads are used in trees that are large enough to test them.
process.env.TSYNC_THREADS_FROM = "1000";

const hook: Hook = vi.hoisted(() => ({ before: undefined }));

vi.mock("../../src/fs/syscalls/choose.ts", async () => (await import("./hooked-syscalls.ts")).hookedSyscalls(hook));

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
  workspace.directory("src");
  workspace.directory("dst");
});
afterEach(() => {
  hook.before = undefined;
  workspace[Symbol.dispose]();
});

/** Runs in this process. */
async function run(backEnd: BackEnd, options: SyncOptions) {
  const request = { archive: true, sources: [`${workspace.at("src")}/`], destination: workspace.at("dst") };
  const { exitCode, problems } = await sync({ ...request, syscalls: backEnd, ...options }).summary;
  return { exitCode, problems: problems.map(({ text }) => text.replaceAll(workspace.path, "")) };
}

/** Does something before the nth call of these methods. */
function beforeCall(methods: readonly string[], nth: number, act: () => void): void {
  let count = 0;
  hook.before = (method) => {
    if (methods.includes(method) && ++count === nth) act();
  };
}

/** Does something before a name is opened for the nth time. */
function beforeOpening(name: string, nth: number, act: () => void): void {
  let count = 0;
  hook.before = (method, args) => {
    if (method === "openAt" && args[1] === name && ++count === nth) act();
  };
}

const copying = ["copyFileRange", "read"];
const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const shorter = content.subarray(0, 100_000);
const readErrors = 'rsync: [sender] read errors mapping "/src/moving": No data available (61)';

describe.each(backEnds)("%s", (backEnd) => {
  const ways: readonly { readonly title: string; readonly options: SyncOptions; readonly retained: boolean }[] = [
    { title: "whole", options: {}, retained: false },
    { title: "whole, --sparse", options: { sparse: true }, retained: false },
    { title: "whole, --inplace", options: { inplace: true }, retained: true },
    { title: "whole, --partial", options: { partial: true }, retained: true },
    { title: "whole, --backup", options: { backup: true }, retained: false },
    { title: "by delta", options: { wholeFile: false }, retained: false },
    { title: "by delta, --inplace", options: { wholeFile: false, inplace: true }, retained: true },
  ];

  test.each(ways)("L-10 a source that shrinks is asked for again: $title", async ({ options }) => {
    workspace.file("src/moving", content, 0o644, 1_100_000_000);
    workspace.file("src/small");
    workspace.file("dst/moving", "old");
    // The block sums of a delta take the first read.
    beforeCall(copying, options.wholeFile === false ? 2 : 1, () => truncateSync(workspace.at("src/moving"), 100_000));
    const { exitCode, problems } = await run(backEnd, options);
    // Right in the end, but the run was not.
    expect({ exitCode, problems }).toEqual({ exitCode: 23, problems: [readErrors] });
    expect(readFileSync(workspace.at("dst/moving")).equals(shorter)).toBe(true);
    expect(statSync(workspace.at("dst/moving")).mtimeMs).toBe(1_100_000_000_000);
    expect(existsSync(workspace.at("dst/small"))).toBe(true);
    expect(namesIn(workspace.at("dst"))).toEqual(["moving", ...(options.backup ? ["moving~"] : []), "small"]);
    if (options.backup) expect(readFileSync(workspace.at("dst/moving~"), "latin1")).toBe("old");
  });

  test.each(ways)("L-10 one that shrinks both times is an error: $title", async ({ options, retained }) => {
    workspace.file("src/moving", content, 0o644, 1_100_000_000);
    workspace.file("dst/moving", "old");
    let opened = 0;
    let size = content.length;
    // Its size is asked for when it is opened; all that comes then finds less.
    hook.before = (method, args) => {
      if (method === "openAt" && args[1] === "moving") opened++;
      if (opened > 0 && copying.includes(method) && statSync(workspace.at("src/moving")).size === size) {
        size -= 50_000;
        truncateSync(workspace.at("src/moving"), size);
      }
    };
    const { exitCode, problems } = await run(backEnd, options);
    expect(exitCode).toBe(23);
    expect(problems).toEqual([
      readErrors,
      readErrors,
      `ERROR: moving failed verification -- update ${options.inplace ? "retained" : "discarded"}.`,
    ]);
    expect(temporaryFiles(workspace.at("dst"))).toEqual([]);
    if (retained) {
      // Never under the time of a good one.
      expect(statSync(workspace.at("dst/moving")).mtimeMs).toBeGreaterThan(1_100_000_000_000);
    } else expect(readFileSync(workspace.at("dst/moving"), "latin1")).toBe("old");
    hook.before = undefined;
    expect((await run(backEnd, options)).exitCode).toBe(0);
    expect(readFileSync(workspace.at("dst/moving")).equals(readFileSync(workspace.at("src/moving")))).toBe(true);
  });

  test.each(ways)("L-10 one that grows is copied as it was: $title", async ({ options }) => {
    workspace.file("src/moving", content, 0o644, 1_100_000_000);
    workspace.file("dst/moving", "old");
    beforeCall(copying, options.wholeFile === false ? 2 : 1, () => appendFileSync(workspace.at("src/moving"), "more"));
    expect(await run(backEnd, options)).toMatchObject({ exitCode: 0, problems: [] });
    expect(readFileSync(workspace.at("dst/moving")).equals(content)).toBe(true);
  });

  test("L-10 after one that shrank nothing is deleted late, and its source is kept", async () => {
    workspace.file("src/moving", content, 0o644, 1_100_000_000);
    workspace.file("dst/extra");
    beforeCall(copying, 1, () => truncateSync(workspace.at("src/moving"), 5));
    expect((await run(backEnd, { delete: "after" })).exitCode).toBe(23);
    expect(namesIn(workspace.at("dst"))).toEqual(["extra", "moving"]);
  });

  test("L-10 hard links to one that shrank are made", async () => {
    workspace.file("src/moving", content, 0o644, 1_100_000_000);
    linkSync(workspace.at("src/moving"), workspace.at("src/other"));
    beforeCall(copying, 1, () => truncateSync(workspace.at("src/moving"), 100_000));
    expect((await run(backEnd, { hardLinks: true })).exitCode).toBe(23);
    expect(statSync(workspace.at("dst/moving")).ino).toBe(statSync(workspace.at("dst/other")).ino);
    expect(readFileSync(workspace.at("dst/other")).equals(shorter)).toBe(true);
  });

  test("L-10 many in many directories are asked for again, and no descriptor stays open", async () => {
    for (let directory = 0; directory < 150; directory++) {
      workspace.directory(`src/d${directory}`);
      workspace.file(`src/d${directory}/f`, "content");
    }
    let length = "content".length;
    hook.before = (method) => {
      if (length === 0 || !copying.includes(method)) return;
      // Once for all of them: none is read before.
      length = 0;
      for (let directory = 0; directory < 150; directory++) truncateSync(workspace.at(`src/d${directory}/f`), 3);
    };
    const open = readdirSync("/proc/self/fd").length;
    const { exitCode } = await run(backEnd, {});
    expect(exitCode).toBe(23);
    for (let directory = 0; directory < 150; directory++) {
      expect(readFileSync(workspace.at(`dst/d${directory}/f`), "latin1")).toBe("con");
    }
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(open);
  });

  test("E-01 a file that vanishes between listing and opening gives 24, with anything worse 23", async () => {
    for (const name of ["a", "gone", "z"]) workspace.file(`src/${name}`);
    workspace.file("dst/extra");
    beforeOpening("gone", 1, () => rmSync(workspace.at("src/gone")));
    const vanished = await run(backEnd, { delete: true });
    expect(vanished).toMatchObject({ exitCode: 24, problems: ['file has vanished: "/src/gone"'] });
    // It does not keep deletion from happening (L-01).
    expect(namesIn(workspace.at("dst"))).toEqual(["a", "z"]);

    rmSync(workspace.at("dst/z"));
    workspace.file("src/gone");
    workspace.file("dst/extra");
    beforeOpening("gone", 1, () => rmSync(workspace.at("src/gone")));
    // With the limit for deletions reached (25) still 24.
    expect((await run(backEnd, { delete: true, maxDelete: 0 })).exitCode).toBe(24);

    rmSync(workspace.at("dst/z"));
    workspace.file("src/gone");
    workspace.file("src/moving", content);
    const both = { before: hook.before };
    beforeOpening("gone", 1, () => rmSync(workspace.at("src/gone")));
    both.before = hook.before;
    hook.before = (method, args) => {
      both.before?.(method, args);
      if (method === "openAt" && args[1] === "z") truncateSync(workspace.at("src/z"), 0);
      if (copying.includes(method)) truncateSync(workspace.at("src/moving"), 1);
    };
    expect((await run(backEnd, { delete: true })).exitCode).toBe(23);
  });

  test("E-01 a file that shrinks and then vanishes gives 23 and leaves the old one", async () => {
    workspace.file("src/moving", content, 0o644, 1_100_000_000);
    workspace.file("dst/moving", "old");
    beforeCall(copying, 1, () => truncateSync(workspace.at("src/moving"), 5));
    const shrink = hook.before;
    let opened = 0;
    hook.before = (method, args) => {
      shrink?.(method, args);
      if (method === "openAt" && args[1] === "moving" && ++opened === 2) rmSync(workspace.at("src/moving"));
    };
    const { exitCode, problems } = await run(backEnd, {});
    expect(exitCode).toBe(23);
    expect(problems[0]).toBe(readErrors);
    expect(readFileSync(workspace.at("dst/moving"), "latin1")).toBe("old");
  });

  test("E-01 a directory that vanishes between listing and opening gives 24 and is emptied", async () => {
    mkdirSync(workspace.at("src/d"));
    workspace.file("src/d/f");
    workspace.directory("dst/d");
    workspace.file("dst/d/old");
    let gone = false;
    hook.before = (method, args) => {
      if (gone || !method.startsWith("open") || args[1] !== "d") return;
      gone = true;
      rmSync(workspace.at("src/d"), { recursive: true });
    };
    const { exitCode, problems } = await run(backEnd, { delete: true });
    expect({ exitCode, problems }).toEqual({ exitCode: 24, problems: ['directory has vanished: "/src/d"'] });
    expect(namesIn(workspace.at("dst/d"))).toEqual([]);
  });

  test("L-02 the copy of an argument that vanishes before it is opened is not emptied", async () => {
    workspace.directory("dst/src");
    workspace.file("dst/src/old");
    workspace.file("src/new");
    let gone = false;
    hook.before = (method, args) => {
      if (gone || !method.startsWith("open") || args[1] !== "src") return;
      gone = true;
      rmSync(workspace.at("src"), { recursive: true });
    };
    const { exitCode } = await run(backEnd, { delete: true, sources: [workspace.at("src")] } as SyncOptions);
    expect({ exitCode, gone }).toEqual({ exitCode: 23, gone: true });
    expect(namesIn(workspace.at("dst/src"))).toEqual(["old"]);
  });
});

describe("files of sysfs, which are shorter than they say or cannot be read", () => {
  const candidates = [
    "/sys/class/net/lo/mtu",
    "/sys/class/net/lo/speed",
    "/sys/kernel/address_bits",
    "/sys/kernel/cpu_byteorder",
    "/sys/kernel/uevent_seqnum",
  ];
  // Not every kernel has them all, and a sandbox may have none.
  const sources = candidates.filter((path) => existsSync(path));
  const own = /^(?:sent |Total bytes |File list |rsync error|total size is)/;

  test
    .skipIf(sources.length === 0)
    .each([
      "-ai --stats",
      "-a",
      "-av",
      "-aq",
      "-ai --partial",
      "-ai --inplace",
      "-ai --partial-dir=.part",
      "-aiS",
      "-aic",
      "-aib",
      "-ai --no-W",
      "-ai --no-W --inplace",
      "-ai --no-W --partial",
      "-ai --cc=none",
      "-a --out-format=%i,%n,%l,%b,%c,%C",
      "-ai --no-i-r --stats",
    ])("L-10 does what rsync does: %s", (options) => {
    const outcome = (program: string | undefined, backEnd: BackEnd) => {
      workspace.directory("to");
      // Older than anything here, so that no time agrees by chance.
      workspace.file("to/mtu", "old content", 0o600);
      const args = [...options.split(" "), ...sources, `${workspace.at("to")}/`];
      const done = tsync(args, { backEnd, ...(program === undefined ? {} : { program }) });
      const kept = (text: string) => text.split("\n").filter((line) => !own.test(line));
      const files = readdirSync(workspace.at("to"), { recursive: true, encoding: "utf8" }).sort();
      const tree = files.map((name) => {
        const { mode, size } = statSync(workspace.at(`to/${name}`));
        return `${name} ${mode.toString(8)} ${size}`;
      });
      rmSync(workspace.at("to"), { recursive: true });
      // Which of rsync's processes says its line first is chance.
      return { code: done.code, stdout: kept(done.stdout), stderr: kept(done.stderr).sort(), tree };
    };
    const expected = outcome("rsync", "koffi");
    expect(expected.code).toBe(23);
    for (const backEnd of backEnds) expect(outcome(undefined, backEnd)).toEqual(expected);
  });
});
