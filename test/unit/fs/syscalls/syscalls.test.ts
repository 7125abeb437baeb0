import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ByteName, byteName } from "../../../../src/bytes/byte-name.ts";
import { isRoot, kinds, must, useFixture } from "./back-ends.ts";

const oddNames = ["plain", "b\xe9\xff", "nl\nname", " sp ", "-dash", "quote\"'\\", "\x01\x7f", "x".repeat(255)];

describe.each(kinds)("system calls of %s", (kind) => {
  const f = useFixture(kind);
  const { calls } = f;
  const { readOnly, writeOnly, readWrite, create, exclusive, nonBlock } = calls.flags;

  it("readDirectory lists names as bytes, again from the start", () => {
    for (const name of oddNames) f.file(name);
    for (let round = 0; round < 2; round++) {
      expect([...(calls.readDirectory(f.root) as ByteName[])].sort()).toEqual([...oddNames].sort());
    }
    const seen = fs.readdirSync(f.path, { encoding: "buffer" }).map((name) => name.toString("latin1"));
    expect(seen.sort()).toEqual([...oddNames].sort());
  });

  it("readDirectory lists more than fits one buffer", () => {
    for (let i = 0; i < 700; i++) fs.writeFileSync(join(f.path, `${i}-${"n".repeat(220)}`), "");
    expect(new Set(calls.readDirectory(f.root) as ByteName[]).size).toBe(700);
  });

  it.each(["a/b", "..", "a\0b", "", "x".repeat(256), "/"])("refuses the name %j", (text) => {
    const name = byteName(text);
    const errno = text === "" ? -2 : text.length > 255 ? -36 : -22;
    const good = f.file("good");
    expect(calls.lstatAt(f.root, name, f.stat)).toBe(errno);
    expect(calls.openAt(f.root, name, readOnly)).toBe(errno);
    expect(calls.openDirectoryAt(f.root, name)).toBe(errno);
    expect(calls.unlinkAt(f.root, name)).toBe(errno);
    expect(calls.renameAt(f.root, good, f.root, name)).toBe(errno);
    expect(calls.linkAt(f.root, good, f.root, name)).toBe(errno);
    expect(calls.symlinkAt(f.root, name, good)).toBe(errno);
    expect(calls.chmodAt(f.root, name, 0o600)).toBe(errno);
    expect(calls.chownAt(f.root, name, -1, -1)).toBe(errno);
    expect(calls.setTimesAt(f.root, name, 0, 0)).toBe(errno);
    expect(calls.makeDirectoryAt(f.root, name, 0o700)).toBe(errno);
    expect(calls.makeNodeAt(f.root, name, 0o010600, 0, 0)).toBe(errno);
    expect(calls.setXattrAt(f.root, name, byteName("user.x"), new Uint8Array(1))).toBe(errno);
    expect(calls.readXattrs(f.root, [good, name])).toEqual([[], errno]);
  });

  it("lstatAt and fstat tell what node:fs tells", () => {
    const name = f.file("b\xe9", "12345");
    must(calls.linkAt(f.root, name, f.root, byteName("second")));
    const real = fs.lstatSync(join(f.path, "second"), { bigint: true });
    const descriptor = must(calls.openAt(f.root, name, readOnly));
    for (const call of [() => calls.lstatAt(f.root, name, f.stat), () => calls.fstat(descriptor, f.stat)]) {
      expect(call()).toBe(0);
      const { stat } = f;
      expect([stat.mode, stat.uid, stat.gid, stat.size, stat.linkCount, stat.blocks].map(BigInt)).toEqual([
        real.mode,
        real.uid,
        real.gid,
        5n,
        2n,
        real.blocks,
      ]);
      expect((BigInt(stat.inodeHigh) << 32n) | BigInt(stat.inodeLow)).toBe(real.ino);
      expect((BigInt(stat.deviceMajor) << 8n) | BigInt(stat.deviceMinor)).toBe(real.dev);
      expect(BigInt(stat.mtime) * 1_000_000_000n + BigInt(stat.mtimeNanoseconds)).toBe(real.mtimeNs);
      expect(BigInt(stat.atime) * 1_000_000_000n + BigInt(stat.atimeNanoseconds)).toBe(real.atimeNs);
    }
    calls.close(descriptor);
    expect(calls.lstatAt(f.root, byteName("missing"), f.stat)).toBe(-2);
    expect(calls.lstatAt(-1, byteName("x"), f.stat)).toBeLessThan(0);
  });

  it("a file on the way is no directory, which is not the same as a name that is not there", () => {
    f.file("plain", "123");
    must(calls.symlinkAt(f.root, byteName("through"), byteName("plain/below")));
    expect(calls.statAt(f.root, byteName("through"), f.stat)).toBe(-20);
    expect(calls.statPath(byteName(join(f.path, "plain/below")), f.stat)).toBe(-20);
    expect(calls.lstatPath(byteName(join(f.path, "plain/below")), f.stat)).toBe(-20);
    expect(calls.statPath(byteName(join(f.path, "gone")), f.stat)).toBe(-2);
  });

  it("statAt and statPath follow a link, lstatPath and lstatAt do not", () => {
    f.file("file", "123");
    must(calls.symlinkAt(f.root, byteName("link"), byteName("file")));
    must(calls.statAt(f.root, byteName("link"), f.stat));
    expect(f.stat.mode).toBe(0o100600);
    must(calls.statPath(byteName(`${f.path}/link`), f.stat));
    expect(f.stat.size).toBe(3);
    must(calls.lstatPath(byteName(`${f.path}/link`), f.stat));
    expect(f.stat.mode & 0o170000).toBe(0o120000);
    expect(f.lstat("link").mode & 0o170000).toBe(0o120000);
  });

  it.each([
    [0, 0],
    [1_600_000_000, 123_456_789],
    [1_600_000_001, 999_999_999],
    [-1, 0],
    [-1, 999_999_999],
    [-1_000_000, 250_000_000],
    [0, 1000],
    [2 ** 31, 1000],
    [2 ** 33, 5000],
  ])("setTimesAt keeps %d s and %d ns", (seconds, nanoseconds) => {
    const name = f.file("t\xff");
    const kept = calls.abilities.exactTimes ? nanoseconds : Math.floor(nanoseconds / 1000) * 1000;
    must(calls.setTimesAt(f.root, name, seconds, nanoseconds, 1_500_000_000, 7000));
    let stat = f.lstat("t\xff");
    expect([stat.mtime, stat.mtimeNanoseconds, stat.atime, stat.atimeNanoseconds]).toEqual([
      seconds,
      kept,
      1_500_000_000,
      7000,
    ]);
    const descriptor = must(calls.openAt(f.root, name, readOnly));
    must(calls.fsetTimes(descriptor, seconds + 5, nanoseconds));
    calls.close(descriptor);
    stat = f.lstat("t\xff");
    expect([stat.mtime, stat.mtimeNanoseconds, stat.atime, stat.atimeNanoseconds]).toEqual([
      seconds + 5,
      kept,
      1_500_000_000,
      7000,
    ]);
  });

  it("setTimesAt keeps every microsecond", () => {
    const name = f.file("t");
    for (let i = 0; i < 2000; i++) {
      const microseconds = (i * 7919) % 1_000_000;
      const seconds = (i % 2 === 0 ? 1 : -1) * (1_000_000_000 + i * 104_729);
      must(calls.setTimesAt(f.root, name, seconds, microseconds * 1000));
      must(calls.lstatAt(f.root, name, f.stat));
      expect([f.stat.mtime, f.stat.mtimeNanoseconds]).toEqual([seconds, microseconds * 1000]);
    }
  });

  it("setTimesAt changes a link itself, and the directory as `.`", () => {
    f.file("file");
    must(calls.setTimesAt(f.root, byteName("file"), 1000, 0));
    must(calls.symlinkAt(f.root, byteName("link"), byteName("file")));
    must(calls.setTimesAt(f.root, byteName("link"), 2000, 0));
    must(calls.setTimesAt(f.root, byteName("."), 3000, 0));
    expect([f.lstat("file").mtime, f.lstat("link").mtime, f.lstat(".").mtime]).toEqual([1000, 2000, 3000]);
  });

  it("openAt creates exclusively and does not follow links", () => {
    const name = f.file("file");
    const flags = writeOnly | create | exclusive;
    expect(calls.openAt(f.root, name, flags, 0o600)).toBe(-17);
    must(calls.symlinkAt(f.root, byteName("link"), name));
    must(calls.symlinkAt(f.root, byteName("dangling"), byteName("new")));
    expect(calls.openAt(f.root, byteName("link"), readOnly)).toBe(-40);
    expect(calls.openAt(f.root, byteName("dangling"), flags, 0o600)).toBe(-17);
    expect(calls.openAt(f.root, byteName("dangling"), writeOnly | create, 0o600)).toBe(-40);
    expect(fs.existsSync(join(f.path, "new"))).toBe(false);
    expect(calls.openAt(f.root, byteName("missing"), readOnly)).toBe(-2);
  });

  it("openDirectoryAt refuses links and files", () => {
    const name = f.file("file");
    must(calls.makeDirectoryAt(f.root, byteName("d\xff"), 0o755));
    must(calls.symlinkAt(f.root, byteName("link"), byteName("d\xff")));
    expect([-20, -40]).toContain(calls.openDirectoryAt(f.root, byteName("link")));
    expect(calls.openDirectoryAt(f.root, name)).toBe(-20);
    const directory = must(calls.openDirectoryAt(f.root, byteName("d\xff")));
    expect(calls.readDirectory(directory)).toEqual([]);
    calls.close(directory);
    expect(calls.makeDirectoryAt(f.root, byteName("d\xff"), 0o755)).toBe(-17);
  });

  it.skipIf(!isRoot)("openDirectoryAt opens a directory that may be searched but not read", () => {
    fs.chmodSync(f.path, 0o755);
    fs.mkdirSync(join(f.path, "d"));
    fs.writeFileSync(join(f.path, "d", "inner"), "");
    fs.chmodSync(join(f.path, "d"), 0o711);
    process.seteuid?.(65534);
    try {
      const directory = must(calls.openDirectoryAt(f.root, byteName("d")));
      expect(calls.readDirectory(directory)).toBe(-13);
      expect(calls.lstatAt(directory, byteName("inner"), f.stat)).toBe(0);
      calls.close(directory);
    } finally {
      process.seteuid?.(0);
    }
  });

  it.skipIf(!isRoot)("readDirectory lists a directory that may be read but not searched", () => {
    fs.chmodSync(f.path, 0o755);
    fs.mkdirSync(join(f.path, "d"));
    fs.writeFileSync(join(f.path, "d", "inner"), "");
    fs.chmodSync(join(f.path, "d"), 0o744);
    process.seteuid?.(65534);
    try {
      const directory = must(calls.openDirectoryAt(f.root, byteName("d")));
      expect(calls.readDirectory(directory)).toEqual(["inner"]);
      expect(calls.lstatAt(directory, byteName("inner"), f.stat)).toBe(-13);
      calls.close(directory);
    } finally {
      process.seteuid?.(0);
    }
  });

  it("duplicate outlives the first descriptor", () => {
    const name = f.file("file");
    must(calls.makeDirectoryAt(f.root, byteName("d"), 0o755));
    const directory = must(calls.openDirectoryAt(f.root, byteName("d")));
    const second = must(calls.duplicate(directory));
    expect(calls.close(directory)).toBe(0);
    expect(calls.readDirectory(second)).toEqual([]);
    calls.close(second);
    const file = must(calls.openAt(f.root, name, readOnly));
    const other = must(calls.duplicate(file));
    calls.close(file);
    expect(calls.read(other, new Uint8Array(100), 0, 100, 0)).toBe(7);
    calls.close(other);
    expect(calls.close(other)).toBe(-9);
  });

  it("chmodAt sets all bits, also of unreadable files and of the directory as `.`, never through a link", () => {
    const name = f.file("b\xe9");
    for (const mode of [0, 0o4755, 0o2711, 0o1777, 0o644]) {
      must(calls.chmodAt(f.root, name, mode));
      expect(f.lstat(name).mode & 0o7777).toBe(mode);
    }
    must(calls.symlinkAt(f.root, byteName("link"), name));
    expect(calls.chmodAt(f.root, byteName("link"), 0o777)).toBe(-95);
    expect(f.lstat(name).mode & 0o7777).toBe(0o644);
    must(calls.chmodAt(f.root, byteName("."), 0o710));
    expect(f.lstat(".").mode & 0o7777).toBe(0o710);
    expect(calls.chmodAt(f.root, byteName("missing"), 0o777)).toBe(-2);
    const descriptor = must(calls.openAt(f.root, name, readOnly));
    must(calls.fchmod(descriptor, 0o4700));
    calls.close(descriptor);
    expect(f.lstat(name).mode & 0o7777).toBe(0o4700);
  });

  it.skipIf(!isRoot)("chownAt changes the link itself, leaves -1 alone and clears set-id bits", () => {
    const name = f.file("file");
    must(calls.symlinkAt(f.root, byteName("l\xe9"), name));
    must(calls.chownAt(f.root, byteName("l\xe9"), 1001, 1002));
    expect([f.lstat("l\xe9").uid, f.lstat("l\xe9").gid, f.lstat("file").uid]).toEqual([1001, 1002, 0]);
    must(calls.chmodAt(f.root, name, 0o4755));
    must(calls.chownAt(f.root, name, -1, 4_000_000_000));
    expect([f.lstat("file").uid, f.lstat("file").gid, f.lstat("file").mode & 0o7777]).toEqual([
      0, 4_000_000_000, 0o755,
    ]);
    const descriptor = must(calls.openAt(f.root, name, readOnly));
    must(calls.fchown(descriptor, 7, -1));
    calls.close(descriptor);
    expect([f.lstat("file").uid, f.lstat("file").gid]).toEqual([7, 4_000_000_000]);
  });

  it("makeNodeAt makes fifos and refuses a name in use", () => {
    const name = byteName("f\xff\n");
    must(calls.makeNodeAt(f.root, name, 0o010640, 0, 0));
    expect(f.lstat(name).mode).toBe(0o010640 & ~process.umask());
    expect(calls.makeNodeAt(f.root, name, 0o010600, 0, 0)).toBe(-17);
    expect(calls.readDirectory(f.root)).toEqual([name]);
    const descriptor = must(calls.openAt(f.root, name, readOnly | nonBlock));
    calls.close(descriptor);
    const socket = calls.makeNodeAt(f.root, byteName("socket"), 0o140600, 0, 0);
    expect(socket).toBe(0);
    expect(f.lstat("socket").mode & 0o170000).toBe(0o140000);
  });

  it.skipIf(!isRoot).each([
    [0o020000, 1, 3],
    [0o060000, 8, 300],
    [0o020000, 511, 70_000],
    [0o060000, 259, 1_048_575],
  ])("makeNodeAt makes device %o %d:%d", (type, major, minor) => {
    must(calls.makeNodeAt(f.root, byteName("dev\xe9"), type | 0o600, major, minor));
    const stat = f.lstat("dev\xe9");
    expect([stat.mode & 0o170000, stat.rdevMajor, stat.rdevMinor]).toEqual([type, major, minor]);
  });

  it("links and renames within and between directories", () => {
    const name = f.file("file\xe9");
    must(calls.makeDirectoryAt(f.root, byteName("d"), 0o755));
    const directory = must(calls.openDirectoryAt(f.root, byteName("d")));
    const target = byteName("no\xff where/\n");
    must(calls.symlinkAt(f.root, byteName("link"), target));
    expect(calls.readLinkAt(f.root, byteName("link"))).toBe(target);
    expect(calls.readLinkAt(f.root, name)).toBe(-22);
    must(calls.linkAt(f.root, byteName("link"), directory, byteName("link2")));
    expect(calls.readLinkAt(directory, byteName("link2"))).toBe(target);
    must(calls.renameAt(f.root, name, directory, byteName("moved\xe9")));
    expect(calls.readDirectory(f.root)).not.toContain(name);
    must(calls.makeDirectoryAt(f.root, byteName("e"), 0o755));
    expect(calls.renameAt(directory, byteName("moved\xe9"), f.root, byteName("e"))).toBe(-21);
    expect(calls.removeDirectoryAt(f.root, byteName("d"))).toBe(-39);
    expect(calls.unlinkAt(f.root, byteName("d"))).toBeLessThan(0);
    must(calls.unlinkAt(directory, byteName("link2")));
    must(calls.unlinkAt(directory, byteName("moved\xe9")));
    must(calls.removeDirectoryAt(f.root, byteName("d")));
    expect(calls.unlinkAt(f.root, byteName("d"))).toBe(-2);
    calls.close(directory);
    expect(calls.symlinkAt(f.root, byteName("empty"), byteName(""))).toBe(-2);
    expect(calls.symlinkAt(f.root, byteName("nul"), byteName("a\0b"))).toBe(-22);
  });

  it("renameAt between file systems is refused", (context) => {
    const other = calls.openPath(byteName("/dev/shm"), readOnly);
    if (other < 0 || fs.statSync("/dev/shm").dev === fs.statSync(f.path).dev) return context.skip();
    const name = f.file("file");
    expect(calls.renameAt(f.root, name, other, byteName(`tsync-${process.pid}`))).toBe(-18);
    expect(calls.linkAt(f.root, name, other, byteName(`tsync-${process.pid}`))).toBe(-18);
    calls.close(other);
  });

  it("reads and writes at offsets beyond 4 GiB", () => {
    const name = f.file("big", "");
    const descriptor = must(calls.openAt(f.root, name, readWrite));
    const at = 5 * 2 ** 32 + 17;
    const buffer = Buffer.from("..hello..");
    expect(calls.write(descriptor, buffer, 2, 5, at)).toBe(5);
    const back = new Uint8Array(new SharedArrayBuffer(16));
    expect(calls.read(descriptor, back, 3, 10, at - 1)).toBe(6);
    expect(Buffer.from(back).toString("latin1")).toBe("\0\0\0\0hello\0\0\0\0\0\0\0");
    must(calls.fstat(descriptor, f.stat));
    expect(f.stat.size).toBe(at + 5);
    must(calls.truncate(descriptor, at + 1000));
    must(calls.fstat(descriptor, f.stat));
    expect(f.stat.size).toBe(at + 1000);
    expect(calls.read(descriptor, back, 0, 16, at + 1000)).toBe(0);
    expect(calls.read(descriptor, back, 10, 7, 0)).toBe(-14);
    expect(calls.write(descriptor, back, -1, 2, 0)).toBe(-14);
    expect(calls.read(999_999, back, 0, 1, 0)).toBe(-9);
    calls.close(descriptor);
  });

  it("finds and punches holes, moves the offset and copies in the kernel where it can", () => {
    const name = f.file("holes", "x".repeat(100));
    const descriptor = must(calls.openAt(f.root, name, readWrite));
    const size = 6 * 2 ** 30;
    must(calls.truncate(descriptor, size));
    must(calls.write(descriptor, Buffer.from("end"), 0, 3, size - 3));
    if (!calls.abilities.holes) {
      expect([
        calls.seekData(descriptor, 0),
        calls.seekHole(descriptor, 0),
        calls.punchHole(descriptor, 0, 10),
      ]).toEqual([-95, -95, -95]);
      expect([calls.seek(descriptor, 0), calls.copyFileRange(descriptor, descriptor, 1)]).toEqual([-95, -95]);
    } else {
      expect(calls.seekData(descriptor, 65536)).toBeGreaterThan(size - 65536);
      expect(calls.seekHole(descriptor, 0)).toBeLessThan(65536);
      expect(calls.seekData(descriptor, size)).toBe(-6);
      must(calls.punchHole(descriptor, 0, 65536));
      expect(calls.seekData(descriptor, 0)).toBeGreaterThan(size - 65536);
      const target = must(calls.openAt(f.root, byteName("copy"), readWrite | create | exclusive, 0o600));
      expect(calls.seek(descriptor, size - 3)).toBe(size - 3);
      expect(calls.seek(target, size)).toBe(size);
      expect(calls.copyFileRange(descriptor, target, 100)).toBe(3);
      expect(calls.copyFileRange(descriptor, target, 100)).toBe(0);
      must(calls.fstat(target, f.stat));
      expect(f.stat.size).toBe(size + 3);
      must(calls.allocate(target, 10, true));
      calls.close(target);
    }
    expect(calls.fsync(descriptor)).toBe(0);
    calls.close(descriptor);
  });

  it("knows users and groups both ways", () => {
    expect([calls.userName(0), calls.groupName(0)]).toEqual(["root", "root"]);
    expect([calls.userId(byteName("root")), calls.groupId(byteName("daemon"))]).toEqual([0, 1]);
    expect([calls.userName(3_999_999_999), calls.groupName(3_999_999_999)]).toEqual([undefined, undefined]);
    expect([calls.userId(byteName("no such user")), calls.groupId(byteName("--help"))]).toEqual([undefined, undefined]);
    expect([calls.userId(byteName("")), calls.userId(byteName("b\xff"))]).toEqual([undefined, undefined]);
    for (let id = 0; id < 40; id++) {
      const name = calls.userName(id);
      if (name !== undefined) expect(calls.userId(name)).toBe(id);
    }
  });

  it("workingDirectory is the process's", () => {
    expect(calls.workingDirectory()).toBe(Buffer.from(process.cwd()).toString("latin1"));
  });

  it("openAbove opens the directory above an open one", () => {
    fs.mkdirSync(join(f.path, "sub"));
    const below = must(calls.openDirectoryAt(f.root, byteName("sub")));
    const above = must(calls.openAbove(below, readOnly | calls.flags.directory));
    expect(calls.readDirectory(above)).toEqual(["sub"]);
    calls.close(above);
    calls.close(below);
  });

  it("no descriptor is inherited by programs", () => {
    const name = f.file("file");
    const descriptor = must(calls.openAt(f.root, name, readOnly));
    const second = must(calls.duplicate(descriptor));
    for (const one of [descriptor, second, f.root]) {
      const [, flags] = /flags:\s*([0-7]+)/.exec(fs.readFileSync(`/proc/self/fdinfo/${one}`, "latin1")) ?? [];
      expect(Number.parseInt(flags ?? "0", 8) & 0o2000000).toBe(0o2000000);
    }
    calls.close(descriptor);
    calls.close(second);
  });
});
