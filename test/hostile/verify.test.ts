/**
 * `--verify` and `--reflink` at the system-call interface: what is written comes out wrong, blocks are shared or cannot
 * be, and the run tells so; with the command: both change nothing about a good copy.
 */
import { readFileSync, statSync, writeSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Syscalls } from "../../src/fs/syscalls/interface.ts";
import { openKoffi } from "../../src/fs/syscalls/koffi.ts";
import { openPlain } from "../../src/fs/syscalls/plain.ts";
import { sync } from "../../src/library/sync.ts";
import type { SyncOptions } from "../../src/options/sync-options.ts";
import { type BackEnd, backEnds, namesIn, picture, temporaryFiles, tsync, Workspace } from "./support.ts";

type Change = (real: Syscalls) => Partial<Syscalls>;

const state: { change: Change } = vi.hoisted(() => ({ change: () => ({}) }));

vi.mock("../../src/fs/syscalls/choose.ts", () => ({
  openSyscalls: (kind?: BackEnd) => {
    const real = kind === "plain" ? openPlain() : openKoffi();
    return { ...real, ...state.change(real) };
  },
}));

/** A drive that writes another byte than it was given, at this place of files that are large enough. */
const bitRot =
  (place: number): Change =>
  (real) => {
    const spoil = (descriptor: number, count: number): number => {
      if (count > place) writeSync(descriptor, "!", place);
      return count;
    };
    return {
      write: (descriptor, ...rest) => spoil(descriptor, real.write(descriptor, ...rest)),
      copyFileRange: (from, to, length) => spoil(to, real.copyFileRange(from, to, length)),
    };
  };

let workspace: Workspace;
const sizes = { small: 100, middle: 70_000, large: 5 << 20 };

beforeEach(() => {
  workspace = new Workspace();
  for (const directory of ["src", "dst"]) workspace.directory(directory);
  for (const [name, size] of Object.entries(sizes)) {
    workspace.file(`src/${name}`, Buffer.alloc(size, "new "), 0o644, 1_100_000_000);
    workspace.file(`dst/${name}`, "old");
  }
});
afterEach(() => {
  state.change = () => ({});
  workspace[Symbol.dispose]();
});

const run = (backEnd: BackEnd, options: SyncOptions) =>
  sync({
    sources: [`${workspace.at("src")}/`],
    destination: workspace.at("dst"),
    archive: true,
    syscalls: backEnd,
    ...options,
  }).summary;

describe.each(backEnds)("--verify, %s", (backEnd) => {
  test.each<[string, SyncOptions]>([
    ["whole files", {}],
    ["sparse files", { sparse: true }],
    ["deltas", { wholeFile: false }],
    ["--partial", { partial: true }],
    ["--partial-dir", { partialDir: ".part" }],
    ["--reflink=never", { reflink: "never" }],
  ])("keeps the old files when the new ones come out wrong: %s", async (_title, options) => {
    state.change = bitRot(50);
    const summary = await run(backEnd, { verify: true, ...options });
    expect(summary.exitCode).toBe(23);
    const texts = summary.problems.map(({ text }) => text).sort();
    expect(texts).toEqual(
      Object.keys(sizes)
        .map((name) => `tsync: verification failed: "${workspace.at(`dst/${name}`)}" is not what was read`)
        .sort(),
    );
    for (const name of Object.keys(sizes)) expect(readFileSync(workspace.at(`dst/${name}`), "latin1")).toBe("old");
    expect(temporaryFiles(workspace.at("dst"))).toEqual([]);
    expect(namesIn(workspace.at("dst")).sort()).toEqual(Object.keys(sizes).sort());
  });

  test("finds one wrong byte of many, and copies the others", async () => {
    state.change = bitRot(sizes.middle);
    const summary = await run(backEnd, { verify: true });
    expect(summary.problems.map(({ path }) => path)).toEqual([workspace.at("dst/large")]);
    expect(statSync(workspace.at("dst/middle")).size).toBe(sizes.middle);
    state.change = () => ({});
    expect((await run(backEnd, { verify: true })).exitCode).toBe(0);
    expect(picture(workspace.at("dst"))).toBe(picture(workspace.at("src")));
  });

  test("reads back what was copied over from a temporary directory on another drive", async () => {
    const elsewhere = workspace.tmpfs("elsewhere", 16 << 20);
    expect((await run(backEnd, { verify: true, tempDir: elsewhere })).exitCode).toBe(0);
    expect(picture(workspace.at("dst"))).toBe(picture(workspace.at("src")));
    // Only what is written to the destination itself comes out wrong.
    const device = statSync(workspace.at("dst")).dev;
    state.change = (real) => {
      const spoilt = bitRot(50)(real);
      const there = (descriptor: number) => statSync(`/proc/self/fd/${descriptor}`).dev === device;
      return {
        write: (to, ...rest) => (there(to) ? spoilt.write?.(to, ...rest) : real.write(to, ...rest)) ?? 0,
        copyFileRange: (from, to, length) =>
          (there(to) ? spoilt.copyFileRange?.(from, to, length) : real.copyFileRange(from, to, length)) ?? 0,
      };
    };
    const summary = await run(backEnd, { verify: true, tempDir: elsewhere, ignoreTimes: true });
    expect(summary.exitCode).toBe(23);
    expect(summary.problems).toHaveLength(3);
    // The good old files stand.
    state.change = () => ({});
    expect(picture(workspace.at("dst"))).toBe(picture(workspace.at("src")));
    expect(namesIn(elsewhere)).toEqual([]);
  });

  test("tells of a file in place that came out wrong", async () => {
    state.change = bitRot(50);
    expect((await run(backEnd, { verify: true, inplace: true })).exitCode).toBe(23);
  });

  test("without it nobody would know", async () => {
    state.change = bitRot(50);
    expect((await run(backEnd, {})).exitCode).toBe(0);
  });

  test("tells that the file cannot be read back", async () => {
    // Those for writing are open when reading is refused.
    let broken = false;
    state.change = (real) => ({
      fsync: (descriptor) => {
        broken = true;
        return real.fsync(descriptor);
      },
      openAt: (directory, name, flags, mode) => {
        const reading = (flags & 3) === 0 && name.startsWith(".small.");
        return reading ? -5 : real.openAt(directory, name, flags, mode);
      },
    });
    const summary = await run(backEnd, { verify: true });
    expect(broken).toBe(backEnd === "koffi");
    expect(summary.exitCode).toBe(23);
    expect(summary.problems.map(({ text }) => text)).toEqual([
      `rsync: [receiver] verification of "${workspace.at("dst/small")}" failed: Input/output error (5)`,
    ]);
    expect(readFileSync(workspace.at("dst/small"), "latin1")).toBe("old");
  });

  test.each(["", "--inplace", "-S", "--no-W", "--partial-dir=.p", "-b"])(
    "changes nothing about a good copy: %s",
    (option) => {
      const args = [
        "-a",
        "--verify",
        ...(option === "" ? [] : [option]),
        `${workspace.at("src")}/`,
        workspace.at("dst"),
      ];
      expect(tsync(args, { backEnd })).toEqual({ code: 0, stdout: "", stderr: "" });
      for (const name of Object.keys(sizes)) {
        expect(readFileSync(workspace.at(`dst/${name}`)).equals(readFileSync(workspace.at(`src/${name}`)))).toBe(true);
      }
    },
  );
});

describe.each(backEnds)("--reflink, %s", (backEnd) => {
  test("never copies without the kernel, auto with it where there is one", async () => {
    let copies = 0;
    state.change = (real) => ({
      copyFileRange: (...args) => {
        copies++;
        return real.copyFileRange(...args);
      },
    });
    expect((await run(backEnd, { reflink: "never" })).exitCode).toBe(0);
    expect(copies).toBe(0);
    expect(picture(workspace.at("dst"))).toBe(picture(workspace.at("src")));
    expect((await run(backEnd, { ignoreTimes: true })).exitCode).toBe(0);
    expect(copies > 0).toBe(backEnd === "koffi");
  });

  test("always shares blocks, of what the source had when it was opened", async () => {
    const cloned: number[] = [];
    state.change = () => ({
      cloneFile: (from, to) => {
        const { size } = statSync(`/proc/self/fd/${from}`);
        cloned.push(size);
        writeSync(to, readFileSync(`/proc/self/fd/${from}`), 0, size, 0);
        // It has grown since.
        writeSync(to, "more", size);
        return 0;
      },
      copyFileRange: () => {
        throw new Error("copied, not cloned");
      },
    });
    expect((await run(backEnd, { reflink: "always" })).exitCode).toBe(0);
    expect(cloned.sort((a, b) => a - b)).toEqual(Object.values(sizes));
    expect(picture(workspace.at("dst"))).toBe(picture(workspace.at("src")));
  });

  test("always fails clearly where blocks cannot be shared, and leaves the old files", () => {
    workspace.tmpfs("other", 16 << 20);
    workspace.file("src/empty", "");
    const run = tsync(["-a", "--reflink=always", `${workspace.at("src")}/`, workspace.at("other")], { backEnd });
    expect(run.code).toBe(23);
    for (const name of Object.keys(sizes)) {
      expect(run.stderr).toMatch(
        new RegExp(`^rsync: \\[receiver\\] reflink failed on ".*/${name}": .* \\(\\d+\\)$`, "m"),
      );
    }
    expect(namesIn(workspace.at("other"))).toEqual(["empty"]);
  });

  test("takes no other word", () => {
    const run = tsync(["-a", "--reflink=sometimes", "a", "b"], { backEnd });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("--reflink=sometimes is invalid: must be auto, always or never");
  });
});
