/**
 * Fault injection at the system-call interface (4-traps L-07, L-17, N-06): the nth call of every kind fails once, or reads
 * and writes come up short. A run may then fail, but it never ends with 0 unless the tree is right, and what stands under
 * a final name is always the old file or the new one, whole.
 */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import { TsyncError } from "../../src/errors.ts";
import { openKoffi } from "../../src/fs/syscalls/koffi.ts";
import { openPlain } from "../../src/fs/syscalls/plain.ts";
import { sync } from "../../src/library/sync.ts";
import type { SyncOptions } from "../../src/options/sync-options.ts";
import { type Fault, type Injection, injectFaults } from "./fault-injector.ts";
import {
  type BackEnd,
  backEnds,
  must,
  namesIn,
  picture,
  pictureDifferences,
  temporaryFiles,
  Workspace,
} from "./support.ts";

const injection: { current: Injection | undefined } = vi.hoisted(() => ({ current: undefined }));

vi.mock("../../src/fs/syscalls/choose.ts", () => ({
  openSyscalls: (kind?: BackEnd) => {
    const real = kind === "plain" ? openPlain() : openKoffi();
    return injection.current === undefined ? real : injectFaults(real, injection.current);
  },
}));

/** Old and new content of each file of the tree. */
const files: Readonly<Record<string, readonly [old: string | undefined, now: string | undefined]>> = {
  same: ["same\n", "same\n"],
  changed: ["old content\n", "new content, longer\n"],
  "dir/new": [undefined, "made\n"],
  "dir/middle": [undefined, "z".repeat(5000)],
  "dir/large": ["x".repeat(70_000), "y".repeat(150_000)],
  gone: ["extraneous\n", undefined],
};

const scenarios: readonly { readonly title: string; readonly options: SyncOptions }[] = [
  { title: "archive with deletion", options: { archive: true, delete: true } },
  {
    title: "hard links, attributes and backups",
    options: { archive: true, hardLinks: true, xattrs: true, backup: true },
  },
  { title: "checksums, sparse, in place", options: { archive: true, checksum: true, sparse: true, inplace: true } },
];

/** EPERM is left out: the back ends take it for a sandbox that knows a call not. */
const errors: readonly { readonly name: string; readonly errno: number }[] = [
  { name: "EIO", errno: -5 },
  { name: "ENOSPC", errno: -28 },
  { name: "EACCES", errno: -13 },
  { name: "EINTR", errno: -4 },
];

/** `TSYNC_FAULTS=all`: every call with every error, not with one of them. */
const everyError = process.env.TSYNC_FAULTS === "all";

let workspace: Workspace;

beforeEach(() => {
  workspace = new Workspace();
});
afterEach(() => {
  injection.current = undefined;
  workspace[Symbol.dispose]();
});

/** Source and destination as they are before a run. */
function build(number: number): { source: string; destination: string } {
  const base = `run${number}`;
  for (const side of ["src", "dst"]) {
    workspace.directory(`${base}/${side}/dir`);
    for (const [name, [old, now]] of Object.entries(files)) {
      const content = side === "src" ? now : old;
      if (content === undefined) continue;
      const time = old === now ? 1_000_000_000 : side === "src" ? 1_100_000_000 : 1_000_000_000;
      workspace.file(`${base}/${side}/${name}`, content, 0o644, time);
    }
  }
  must("ln", ["-s", "same", workspace.at(`${base}/src/link`)]);
  must("ln", [workspace.at(`${base}/src/changed`), workspace.at(`${base}/src/second`)]);
  must("touch", ["-h", "-d", "@1050000000", workspace.at(`${base}/src/link`)]);
  must("touch", ["-d", "@1060000000", workspace.at(`${base}/src/dir`), workspace.at(`${base}/src`)]);
  return { source: workspace.at(`${base}/src`), destination: workspace.at(`${base}/dst`) };
}

/** Runs with a fault; the exit code, whether the fault struck, and the tree. */
async function run(number: number, options: SyncOptions, backEnd: BackEnd, fault: Fault | undefined) {
  const { source, destination } = build(number);
  const current: Injection = { fault, calls: new Map(), struck: false };
  injection.current = current;
  let code: number;
  try {
    const request = { ...options, sources: [`${source}/`], destination, syscalls: backEnd };
    code = (await sync(request).summary).exitCode;
  } catch (error) {
    if (!(error instanceof TsyncError)) throw error;
    code = error.exitCode;
  }
  injection.current = undefined;
  return { code, destination, calls: current.calls, struck: current.struck };
}

/** Each file is its old self or its new one, and no temporary file is left. */
function expectWhole(destination: string, inplace: boolean, title: string): void {
  expect(temporaryFiles(destination), title).toEqual([]);
  if (inplace) return;
  for (const [name, [old, now]] of Object.entries(files)) {
    let content: string | undefined;
    try {
      content = readFileSync(`${destination}/${name}`, "latin1");
    } catch {}
    expect([old, now].includes(content) || content === undefined, `${title}: ${name} is torn`).toBe(true);
    if (old !== undefined && now !== undefined) expect(content, `${title}: ${name} is lost`).toBeDefined();
  }
}

describe.each(backEnds)("%s", (backEnd) => {
  describe.each(scenarios)("$title", ({ options }) => {
    test("every call fails once: never 0 unless the tree is right, and no file is torn", {
      timeout: 600_000,
    }, async () => {
      let number = 0;
      const clean = await run(number++, options, backEnd, undefined);
      expect(clean.code).toBe(0);
      const right = picture(clean.destination, backEnd === "plain");
      const wrong: string[] = [];
      for (const [method, count] of clean.calls) {
        for (let nth = 1; nth <= count; nth++) {
          for (const { name, errno } of everyError ? errors : errors.slice((nth + method.length) % 4).slice(0, 1)) {
            const title = `${method} #${nth} ${name}`;
            const result = await run(number++, options, backEnd, { kind: "error", method, nth, errno });
            const after = picture(result.destination, backEnd === "plain");
            if (result.code === 0 && after !== right) wrong.push(title, ...pictureDifferences(right, after));
            if (result.code === 15) wrong.push(`${title}: internal error`);
            expectWhole(result.destination, options.inplace === true, title);
            must("rm", ["-rf", workspace.at(`run${number - 1}`)]);
          }
        }
      }
      expect(wrong.join("\n")).toBe("");
      expect(number).toBeGreaterThan(50);
    });

    test("short reads and writes change nothing", { timeout: 60_000 }, async () => {
      const clean = await run(0, options, backEnd, undefined);
      const short = await run(1, options, backEnd, { kind: "short" });
      expect(short.struck).toBe(true);
      expect(short.code).toBe(0);
      const micro = backEnd === "plain";
      expect(picture(short.destination, micro)).toBe(picture(clean.destination, micro));
    });
  });

  test("a write, close or rename that fails stops with 11 or 23 and keeps the old file", {
    timeout: 60_000,
  }, async () => {
    let number = 0;
    for (const method of ["write", "renameAt", "openAt"]) {
      const result = await run(number++, { archive: true }, backEnd, { kind: "always", method, errno: -28 });
      if (!result.struck) continue;
      expect([11, 23], method).toContain(result.code);
      expect(readFileSync(`${result.destination}/changed`, "latin1"), method).toBe(files.changed?.[0]);
      expect(
        namesIn(result.destination).filter((name) => name.startsWith(".")),
        method,
      ).toEqual([]);
    }
  });
});

test("injectFaults counts and strikes", () => {
  const current: Injection = {
    fault: { kind: "error", method: "close", nth: 2, errno: -5 },
    calls: new Map(),
    struck: false,
  };
  const calls = injectFaults(openKoffi(), current);
  const { readOnly, directory } = calls.flags;
  const descriptor = calls.openPath(byteName("/"), readOnly | directory);
  expect(descriptor).toBeGreaterThan(0);
  expect(calls.close(calls.duplicate(descriptor))).toBe(0);
  expect(current.struck).toBe(false);
  expect(calls.close(descriptor)).toBe(-5);
  expect(current.struck).toBe(true);
  expect(current.calls.get("close")).toBe(2);
});
