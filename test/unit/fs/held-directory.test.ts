import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ByteName, byteName } from "../../../src/bytes/byte-name.ts";
import { DirectoryWalker, type FollowLinks, HeldDirectory } from "../../../src/fs/held-directory.ts";
import { emptyStat, type Syscalls } from "../../../src/fs/syscalls/interface.ts";
import { limits } from "../../../src/limits.ts";
import { kinds, must, useFixture } from "./syscalls/back-ends.ts";

describe.each(kinds)("DirectoryWalker over %s", (kind) => {
  const f = useFixture(kind);

  function make(...paths: string[]): void {
    for (const path of paths) fs.mkdirSync(Buffer.from(`${f.path}/${path}`, "latin1"), { recursive: true });
  }

  /** The inode reached, to be compared with the one of a path; or the errno. */
  function walk(walker: DirectoryWalker, path: string): bigint | number {
    const held = walker.directory(byteName(path));
    if (typeof held === "number") return held;
    const stat = emptyStat();
    must(f.calls.fstat(held.descriptor, stat));
    return (BigInt(stat.inodeHigh) << 32n) | BigInt(stat.inodeLow);
  }

  function inode(path: string): bigint {
    return fs.statSync(Buffer.from(`${f.path}/${path}`, "latin1"), { bigint: true }).ino;
  }

  function openCount(): number {
    return fs.readdirSync("/proc/self/fd").length;
  }

  it("reaches directories by any path and back", () => {
    make("a/b\xe9\n/c", "a/d", "e");
    const walker = new DirectoryWalker(f.calls, f.root);
    for (const path of ["", ".", "a", "a/b\xe9\n/c", "a/d", "a/b\xe9\n", "e", "./a//d/", "/a/d", "a/b\xe9\n/c", ""]) {
      expect(walk(walker, path)).toBe(inode(path));
    }
    expect(walk(walker, "a/missing/x")).toBe(-2);
    expect(walk(walker, "a/d")).toBe(inode("a/d"));
    walker.close();
  });

  it("opens each directory once in a depth-first walk and closes all", () => {
    make("a/b/c", "a/b/d", "a/e");
    const before = openCount();
    const opened: string[] = [];
    const counting: Syscalls = {
      ...f.calls,
      openDirectoryAt: (directory, name) => {
        opened.push(name);
        return f.calls.openDirectoryAt(directory, name);
      },
    };
    const walker = new DirectoryWalker(counting, f.root);
    for (const path of ["", "a", "a/b", "a/b/c", "a/b/c", "a/b/d", "a/e", "a"]) walk(walker, path);
    expect(opened).toEqual(["a", "b", "c", "d", "e"]);
    walker.close();
    expect(openCount()).toBe(before);
    expect(walk(walker, "a/b")).toBe(inode("a/b"));
    walker.close();
    expect(f.calls.fstat(f.root, f.stat)).toBe(0);
  });

  it("refuses links, files and the way out", () => {
    make("a/real");
    f.file("file");
    fs.symlinkSync("real", join(f.path, "a/link"));
    fs.symlinkSync("/", join(f.path, "root"));
    const walker = new DirectoryWalker(f.calls, f.root);
    for (const path of ["a/link", "root", "root/etc"]) expect([-20, -40]).toContain(walk(walker, path));
    expect(walk(walker, "file")).toBe(-20);
    for (const path of ["..", "a/..", "a/../..", "../a"]) expect(walk(walker, path)).toBe(-18);
    walker.close();
  });

  it("stays in the directory it holds when the name is exchanged for a link", () => {
    make("a/b", "outside");
    const walker = new DirectoryWalker(f.calls, f.root);
    const b = inode("a/b");
    const held = walker.directory(byteName("a")) as HeldDirectory;
    held.retain();
    fs.renameSync(join(f.path, "a"), join(f.path, "moved"));
    fs.symlinkSync("outside", join(f.path, "a"));
    expect(walk(walker, "a/b")).toBe(b);
    walker.forget(byteName("a"));
    expect([-20, -40]).toContain(walk(walker, "a/b"));
    // A retained directory outlives what the walker does.
    expect(f.calls.fstat(held.descriptor, f.stat)).toBe(0);
    held.release();
    expect(f.calls.fstat(held.descriptor, f.stat)).toBe(-9);
    walker.close();
  });

  it.each(["a/b", "a", "a/b/c"])("forget drops %s and what is below", (path) => {
    make("a/b/c");
    const walker = new DirectoryWalker(f.calls, f.root);
    walk(walker, "a/b/c");
    walker.forget(byteName("a/x"));
    walker.forget(byteName("a/b/c/d"));
    fs.rmSync(join(f.path, path), { recursive: true });
    walker.forget(byteName(path));
    expect(walk(walker, "a/b/c")).toBe(-2);
    make("a/b/c");
    expect(walk(walker, "a/b/c")).toBe(inode("a/b/c"));
    walker.close();
  });

  it("walks deeper than it keeps open", () => {
    const depth = limits.heldDirectories + 20;
    const parts = Array.from({ length: depth }, (_, index) => `d${index % 10}`);
    make(parts.join("/"), `${parts.slice(0, depth - 3).join("/")}/side`);
    const before = openCount();
    const walker = new DirectoryWalker(f.calls, f.root);
    const paths = [depth, depth - 1, depth - 5, depth].map((length) => parts.slice(0, length).join("/"));
    paths.splice(2, 0, `${parts.slice(0, depth - 3).join("/")}/side`);
    for (const path of [...paths, ...paths]) expect(walk(walker, path)).toBe(inode(path));
    expect(openCount()).toBeLessThanOrEqual(before + limits.heldDirectories + 2);
    walker.forget(byteName(paths[0] ?? ""));
    expect(walk(walker, "d0/d1")).toBe(inode("d0/d1"));
    walker.close();
    expect(openCount()).toBe(before);
  });

  it("parent gives the directory of a leaf", () => {
    make("a/b");
    const walker = new DirectoryWalker(f.calls, f.root);
    expect((walker.parent(byteName("top")) as HeldDirectory).descriptor).toBe(f.root);
    walker.parent(byteName("a/b/leaf"));
    expect(walk(walker, "a/b")).toBe(inode("a/b"));
    expect(walker.parent(byteName("a/none/leaf"))).toBe(-2);
    walker.close();
  });

  const links: [string, string][] = [
    ["in", "a/b"],
    ["a/up", "../e"],
    ["a/b/far", "../../a/../e/./"],
    ["twice", "in/far"],
    ["self", "self"],
    ["out", "../x"],
    ["absolute", "/tmp"],
    ["a/climb", "../.."],
  ];
  const cases: [FollowLinks, string, string | number][] = [
    ["inside", "in", "a/b"],
    ["inside", "a/up", "e"],
    ["inside", "a/b/far", "e"],
    ["inside", "in/far", "e"],
    ["inside", "twice/f", "e/f"],
    ["inside", "self", -40],
    ["inside", "out", -18],
    ["inside", "absolute", -40],
    ["inside", "a/climb/x", -18],
    ["inside", "file", -20],
    ["inside", "none", -2],
    ["any", "in", "a/b"],
    ["any", "twice/f", "e/f"],
    ["any", "self", -40],
    ["any", "file", -20],
    ["none", "in", -20],
  ];
  it.each(cases)("following %s: %s", (follow, path, expected) => {
    make("a/b", "e/f");
    f.file("file");
    for (const [name, target] of links) fs.symlinkSync(target, join(f.path, name));
    const before = openCount();
    const walker = new DirectoryWalker(f.calls, f.root, follow);
    for (let round = 0; round < 2; round++) {
      expect(walk(walker, path)).toBe(typeof expected === "number" ? expected : inode(expected));
    }
    walker.close();
    expect(openCount()).toBe(before);
  });

  it("bounds a chain of links that branches", () => {
    // Each level passes the one before several times: 6^20 links without a bound over the whole walk.
    make("l0");
    for (let i = 1; i <= 20; i++) {
      fs.symlinkSync(
        `${Array(6)
          .fill(`l${i - 1}/..`)
          .join("/")}/l${i - 1}`,
        join(f.path, `l${i}`),
      );
    }
    const walker = new DirectoryWalker(f.calls, f.root, "inside");
    expect(walk(walker, "l20")).toBe(-40);
    walker.close();
  });
});

describe("HeldDirectory", () => {
  const f = useFixture("koffi");

  it("is closed by its last user and keeps its parent", () => {
    fs.mkdirSync(join(f.path, "a"));
    fs.mkdirSync(join(f.path, "a/b"));
    const parent = new HeldDirectory(f.calls, must(f.calls.openDirectoryAt(f.root, "a" as ByteName)));
    const child = new HeldDirectory(f.calls, must(f.calls.openDirectoryAt(parent.descriptor, "b" as ByteName)), parent);
    parent.release();
    expect(f.calls.fstat(parent.descriptor, f.stat)).toBe(0);
    child.retain();
    child.release();
    expect(f.calls.fstat(child.descriptor, f.stat)).toBe(0);
    child.release();
    expect([f.calls.fstat(child.descriptor, f.stat), f.calls.fstat(parent.descriptor, f.stat)]).toEqual([-9, -9]);
  });
});
