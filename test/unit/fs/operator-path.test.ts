import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fromText } from "../../../src/bytes/byte-name.ts";
import { OperatorPaths, searchable } from "../../../src/fs/operator-path.ts";
import { openSyscalls } from "../../../src/fs/syscalls/choose.ts";

const isRoot = process.geteuid?.() === 0;
const foreign = 54_321;

describe.each(["koffi", "plain"] as const)("OperatorPaths with %s", (kind) => {
  const calls = openSyscalls(kind);
  let folder = "";
  let refused = 0;
  let paths: OperatorPaths;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "operator-path-"));
    mkdirSync(join(folder, "real/sub"), { recursive: true });
    writeFileSync(join(folder, "real/file"), "x");
    for (const [name, target] of [
      ["own", "real"],
      ["chain", "own"],
      ["absolute", join(folder, "real")],
      ["up", "real/sub/../../real"],
      ["loop", "loop"],
      ["own-file", "real/file"],
      ["dangling", "nothing"],
    ] as const) {
      symlinkSync(target, join(folder, name));
    }
    refused = 0;
    paths = new OperatorPaths(calls, { uid: process.geteuid?.() ?? 0 }, () => {
      refused++;
    });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function open(name: string, flags: number): number {
    const descriptor = paths.open(fromText(join(folder, name) + (name.endsWith("/") ? "/" : "")), flags);
    if (descriptor >= 0) calls.close(descriptor);
    return Math.min(descriptor, 0);
  }

  test.each([
    ["real/file", 0],
    ["own/file", 0],
    ["chain/file", 0],
    ["absolute/sub/../file", 0],
    ["up/file", 0],
    ["own-file", 0],
    ["own-file/", -20],
    ["real/nothing", -2],
    ["dangling", -2],
    ["real/file/x", -20],
    ["loop", -40],
  ])("open follows our own links: %s gives %i", (name, expected) => {
    expect(open(name, calls.flags.readOnly)).toBe(expected);
    expect(refused).toBe(0);
  });

  test.runIf(isRoot)("open refuses a link of somebody else, at the end, on the way and behind one of ours", () => {
    symlinkSync("real", join(folder, "theirs"));
    symlinkSync("theirs/file", join(folder, "to-theirs"));
    lchownSync(join(folder, "theirs"), foreign, foreign);
    for (const name of ["theirs", "theirs/file", "to-theirs"]) {
      refused = 0;
      expect(open(name, calls.flags.readOnly)).toBe(-40);
      expect(refused).toBe(1);
    }
    // A directory of somebody else is no link.
    chownSync(join(folder, "real"), foreign, foreign);
    expect(open("real/file", calls.flags.readOnly)).toBe(0);
  });

  test.runIf(isRoot)("open follows a link of root for another user, who has his own too", () => {
    const theirs = new OperatorPaths(calls, { uid: foreign });
    symlinkSync("real", join(folder, "theirs"));
    lchownSync(join(folder, "theirs"), foreign, foreign);
    for (const name of ["own/file", "theirs/file"]) {
      const descriptor = theirs.open(fromText(join(folder, name)), calls.flags.readOnly);
      expect(descriptor).toBeGreaterThanOrEqual(0);
      calls.close(descriptor);
    }
  });

  test.runIf(isRoot)("open follows everybody's links when told to", () => {
    symlinkSync("real", join(folder, "theirs"));
    lchownSync(join(folder, "theirs"), foreign, foreign);
    paths = new OperatorPaths(calls, { uid: 0, followsAll: true });
    expect(open("theirs/file", calls.flags.readOnly)).toBe(0);
    expect(open("loop", calls.flags.readOnly)).toBe(-40);
  });

  describe("confined", () => {
    const { readOnly, writeOnly, create, directory } = calls.flags;
    const confine = (root: string): void => {
      paths = new OperatorPaths(calls, { uid: process.geteuid?.() ?? 0, root: fromText(root) });
    };

    beforeEach(() => {
      mkdirSync(join(folder, "outside"));
      writeFileSync(join(folder, "outside/file"), "x");
      mkdirSync(join(folder, "real-too"));
      symlinkSync("../outside", join(folder, "real/out"));
      symlinkSync("../real/sub", join(folder, "outside/in"));
    });

    test.each([
      ["real/file", readOnly, 0],
      ["real", readOnly | directory, 0],
      ["real/sub/", readOnly | directory, 0],
      ["own/file", readOnly, 0],
      ["outside/in", readOnly | directory, 0],
      ["real/out", readOnly | directory, -40],
      ["real/out/file", readOnly, -40],
      ["real/../outside/file", readOnly, -40],
      ["outside", readOnly | directory, -40],
      ["real-too", readOnly | directory, -40],
      [".", readOnly | directory, -40],
      ["real/nothing", readOnly, -2],
    ])("open of %s with %i gives %i", (name, flags, expected) => {
      for (const root of [join(folder, "real"), join(folder, "own"), `${folder}/outside/../real/`]) {
        confine(root);
        expect(open(name, flags), root).toBe(expected);
      }
    });

    test("open makes nothing outside", () => {
      confine(join(folder, "real"));
      expect(open("real/out/new", writeOnly | create)).toBe(-40);
      expect(existsSync(join(folder, "outside/new"))).toBe(false);
      expect(open("outside/in/new", writeOnly | create)).toBe(0);
    });

    test("nothing lies in a directory that is not there, everything in /", () => {
      confine(join(folder, "nothing"));
      expect(open("real/file", readOnly)).toBe(-40);
      confine("/");
      expect(open("real/file", readOnly)).toBe(0);
    });

    test("unconfined goes everywhere", () => {
      confine(join(folder, "real"));
      paths = paths.unconfined;
      expect(open("outside/file", readOnly)).toBe(0);
    });
  });

  test("open creates a file in the directory that a link names", () => {
    const { writeOnly, create } = calls.flags;
    expect(open("own/new", writeOnly | create)).toBe(0);
    expect(open("real/new", calls.flags.readOnly)).toBe(0);
  });

  test("open gets at an open file through /proc", () => {
    const own = paths.open(fromText(join(folder, "real/file")), calls.flags.readOnly);
    const again = paths.open(fromText(`/proc/self/fd/${own}`), calls.flags.readOnly);
    expect(again).toBeGreaterThanOrEqual(0);
    calls.close(own);
    calls.close(again);
  });

  test.runIf(isRoot)("openDirectory names a directory that may only be searched, and refuses one that may not", () => {
    chmodSync(folder, 0o755);
    for (const [mode, expected] of [
      [0o711, 0],
      [0o744, -13],
    ] as const) {
      chmodSync(join(folder, "real"), mode);
      process.seteuid?.(65_534);
      try {
        const descriptor = paths.openDirectory(fromText(join(folder, "real")));
        expect(Math.min(descriptor, 0)).toBe(expected);
        if (descriptor >= 0) {
          expect(searchable(calls, descriptor)).toBe(0);
          calls.close(descriptor);
        }
      } finally {
        process.seteuid?.(0);
      }
    }
  });
});
