import * as fs from "node:fs";
import { describe, expect, it } from "vitest";
import { type ByteName, byteName } from "../../../../src/bytes/byte-name.ts";
import { isXattrList } from "../../../../src/fs/syscalls/interface.ts";
import type { Xattr } from "../../../../src/protocol/file-entry.ts";
import { isRoot, kinds, must, useFixture } from "./back-ends.ts";

// Values of any size fit on tmpfs; ext4 keeps them in one block.
const parent = fs.existsSync("/dev/shm") ? "/dev/shm" : undefined;
const accessAcl = byteName("system.posix_acl_access");
const defaultAcl = byteName("system.posix_acl_default");
// rw- / u1 rwx / u12345 r / g r / g2 r-x / g54321 r / mask rwx / other r (2-file-list 7.3).
const acl = Buffer.from(
  "0200000001000600ffffffff02000700010000000200040039300000" +
    "04000400ffffffff0800050002000000080004003" +
    "1d4000010000700ffffffff20000400ffffffff",
  "hex",
);

describe.each(kinds)("extended attributes of %s", (kind) => {
  const f = useFixture(kind, parent);
  const { calls } = f;

  function read(name: string): [string, string][] | number {
    const [list] = calls.readXattrs(f.root, [byteName(name)]);
    if (isXattrList(list)) return list.map((one) => [one.name, hex(one)]);
    return typeof list === "object" ? list.errno : (list ?? Number.NaN);
  }

  it("keeps binary values and any name", () => {
    const names = ["user.a", "user.b\xe9\xff", "user.c=d", "user.e\nf", "user.g\\h", "user. i#", "user.\x01\x7f"];
    const values = ["", "00", "000aff", "ff".repeat(1000), "3078", "22", "5c"];
    for (const fileName of ["plain", "f\xe9\n=\\ #", "\r\t"]) {
      const name = f.file(fileName);
      for (const [index, attribute] of names.entries()) {
        const value = Buffer.from(values[index] ?? "", "hex");
        expect(calls.setXattrAt(f.root, name, byteName(attribute), value)).toBe(0);
      }
      const expected = names.map((attribute, index) => [attribute, values[index]]);
      expect(read(fileName)).toEqual(expected.sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1)));
    }
  });

  it("replaces, removes and refuses", () => {
    const name = f.file("file");
    must(calls.setXattrAt(f.root, name, byteName("user.x"), Buffer.from("1")));
    must(calls.setXattrAt(f.root, name, byteName("user.x"), Buffer.from("2")));
    expect(read("file")).toEqual([["user.x", "32"]]);
    must(calls.removeXattrAt(f.root, name, byteName("user.x")));
    expect(calls.removeXattrAt(f.root, name, byteName("user.x"))).toBe(-61);
    expect(read("file")).toEqual([]);
    expect(calls.setXattrAt(f.root, name, byteName("bogus.x"), Buffer.from("2"))).toBe(-95);
    expect(calls.setXattrAt(f.root, name, byteName(""), Buffer.from("2"))).toBeLessThan(0);
    expect(calls.setXattrAt(f.root, name, byteName("user.a\0b"), Buffer.from("2"))).toBe(-22);
    expect(calls.setXattrAt(f.root, byteName("missing"), byteName("user.x"), Buffer.from("2"))).toBe(-2);
    expect(calls.setXattrAt(f.root, name, byteName("user.big"), new Uint8Array(65537))).toBe(-7);
  });

  it("keeps the longest value", () => {
    const name = f.file("file");
    const value = Buffer.alloc(65536, "ab");
    must(calls.setXattrAt(f.root, name, byteName("user.big"), value));
    const [list] = calls.readXattrs(f.root, [name]);
    expect(Buffer.compare((list as Xattr[])[0]?.value ?? Buffer.alloc(0), value)).toBe(0);
  });

  it("reads lists and values of any length, and each anew", () => {
    const name = f.file("file");
    const names = Array.from({ length: 60 }, (_, index) => `user.${String(index).padStart(3, "0")}${"n".repeat(200)}`);
    for (const [index, attribute] of names.entries()) {
      must(calls.setXattrAt(f.root, name, byteName(attribute), Buffer.alloc(index === 7 ? 5000 : index, "v")));
    }
    const expected = names.map((attribute, index) => [attribute, "76".repeat(index === 7 ? 5000 : index)]);
    expect(read("file")).toEqual(expected);
    // Names and values that would look alike run together.
    const pairs = [
      ["user.a", "1:b"],
      ["user.a", "1"],
      ["user.a1", ":b"],
      ["user.a", "\0user.b"],
    ] as const;
    const other = f.file("other");
    for (const [attribute, value] of [...pairs, ...pairs]) {
      must(calls.setXattrAt(f.root, other, byteName(attribute), Buffer.from(value)));
      expect(read("other")).toEqual([[attribute, Buffer.from(value).toString("hex")]]);
      must(calls.removeXattrAt(f.root, other, byteName(attribute)));
    }
  });

  it("reads what is wanted now, not what was wanted before", () => {
    const name = f.file("file");
    for (const attribute of ["user.a", "user.b"])
      must(calls.setXattrAt(f.root, name, byteName(attribute), Buffer.from("1")));
    for (const wanted of ["user.a", "user.b", "user.c", "user.a"]) {
      const [list] = calls.readXattrs(f.root, [name], (attribute) => attribute === wanted);
      const names = isXattrList(list) ? list.map((item) => item.name) : list;
      expect(names).toEqual(wanted === "user.c" ? [] : [wanted]);
    }
  });

  it("asks for more names of attributes than it keeps ready", () => {
    const name = f.file("file");
    const attributes = Array.from({ length: 90 }, (_, index) => byteName(`user.${"n".repeat(190)}${100 + index}`));
    for (const attribute of attributes)
      must(calls.setXattrAt(f.root, name, attribute, Buffer.from(attribute.slice(-3))));
    for (const attribute of [...attributes].reverse()) {
      const [list] = calls.readXattrs(f.root, [name], (listed) => listed === attribute);
      expect(list).toEqual([{ name: attribute, value: new Uint8Array(Buffer.from(attribute.slice(-3))) }]);
    }
  });

  it("sets and removes attributes of an open file, or says that it cannot", () => {
    const name = f.file("file");
    const descriptor = must(calls.openAt(f.root, name, calls.flags.writeOnly));
    const attribute = byteName("user.x");
    try {
      if (!calls.abilities.descriptorXattrs) {
        expect(calls.fsetXattr(descriptor, attribute, Buffer.from("1"))).toBe(-95);
        expect(calls.fremoveXattr(descriptor, attribute)).toBe(-95);
        return;
      }
      // What is named so by now is another file.
      must(calls.renameAt(f.root, name, f.root, byteName("moved")));
      f.file("file");
      expect(calls.fsetXattr(descriptor, attribute, Buffer.from("1"))).toBe(0);
      expect(calls.fsetXattr(descriptor, byteName("user.gone"), Buffer.alloc(0))).toBe(0);
      expect(calls.fremoveXattr(descriptor, byteName("user.gone"))).toBe(0);
      expect([read("moved"), read("file")]).toEqual([[["user.x", "31"]], []]);
      expect(calls.fremoveXattr(descriptor, byteName("user.gone"))).toBe(-61);
      expect(calls.fsetXattr(descriptor, byteName(""), Buffer.alloc(0))).toBe(-22);
      expect(calls.fsetXattr(descriptor, byteName("user.a\0b"), Buffer.alloc(0))).toBe(-22);
      expect(calls.fsetXattr(descriptor, byteName("user.big"), new Uint8Array(200_000))).toBe(-7);
      expect(calls.fremoveXattr(-1, attribute)).toBe(-9);
    } finally {
      calls.close(descriptor);
    }
  });

  it("readXattrs gives every name its own answer", () => {
    const names: ByteName[] = [];
    for (let i = 0; i < 50; i++) {
      names.push(f.file(`file ${i}\xff`));
      if (i % 3 === 0) must(calls.setXattrAt(f.root, names[i] as ByteName, byteName("user.n"), Buffer.from(String(i))));
    }
    names.splice(10, 0, byteName("gone"));
    names.push(byteName("."));
    const lists = calls.readXattrs(f.root, names);
    for (const [index, name] of names.entries()) {
      const number = Number(/^file (\d+)/.exec(name)?.[1] ?? -1);
      const expected =
        number >= 0 && number % 3 === 0 ? [{ name: "user.n", value: new Uint8Array(Buffer.from(String(number))) }] : [];
      expect(lists[index]).toEqual(name === "gone" ? -2 : expected);
    }
    expect(calls.readXattrs(f.root, [])).toEqual([]);
  });

  it.skipIf(!isRoot)("readXattrs tells of attributes that may not be read", () => {
    const name = f.file("un\nread: \xe9");
    const other = f.file("un");
    must(calls.setXattrAt(f.root, name, byteName("user.x"), Buffer.from("1")));
    must(calls.chmodAt(f.root, byteName("."), 0o755));
    process.seteuid?.(65534);
    try {
      expect(calls.readXattrs(f.root, [other, name, byteName("gone")])).toEqual([
        [],
        { attribute: "user.x", errno: -13 },
        -2,
      ]);
      // Where nothing else is wrong getfattr ends with 0.
      expect(calls.readXattrs(f.root, [name, other])).toEqual([{ attribute: "user.x", errno: -13 }, []]);
      // What is not wanted need not be readable.
      expect(calls.readXattrs(f.root, [name], () => false)).toEqual([[]]);
    } finally {
      process.seteuid?.(0);
    }
  });

  it("changeXattrs tells which change failed and makes the others", () => {
    const one = f.file("one");
    const two = f.file("two");
    must(calls.setXattrAt(f.root, two, byteName("user.old"), Buffer.from("o")));
    const value = Buffer.from("v");
    expect(
      calls.changeXattrs(f.root, [
        { name: one, attribute: byteName("user.a"), value },
        { name: one, attribute: byteName("bogus.a"), value },
        { name: byteName("gone"), attribute: byteName("user.a"), value },
        { name: two, attribute: byteName("user.b"), value },
        { name: two, attribute: byteName("user.old"), value: undefined },
        { name: two, attribute: byteName("user.none"), value: undefined },
      ]),
    ).toEqual([0, -95, -2, 0, 0, -61]);
    expect([read("one"), read("two")]).toEqual([[["user.a", "76"]], [["user.b", "76"]]]);
  });

  it.skipIf(!isRoot)("changes a link itself", () => {
    f.file("file");
    must(calls.symlinkAt(f.root, byteName("link"), byteName("file")));
    must(calls.setXattrAt(f.root, byteName("link"), byteName("trusted.t"), Buffer.from("1")));
    expect([read("link"), read("file")]).toEqual([[["trusted.t", "31"]], []]);
    expect(calls.setXattrAt(f.root, byteName("link"), byteName("user.t"), Buffer.from("1"))).toBe(-1);
    must(calls.removeXattrAt(f.root, byteName("link"), byteName("trusted.t")));
    expect(read("link")).toEqual([]);
  });

  it("reads and sets ACLs as attributes", () => {
    const name = f.file("file");
    must(calls.setXattrAt(f.root, name, accessAcl, acl));
    expect(read("file")).toEqual([[accessAcl, acl.toString("hex")]]);
    expect(f.lstat("file").mode & 0o777).toBe(0o674);
    must(calls.removeXattrAt(f.root, name, accessAcl));
    expect(read("file")).toEqual([]);
    must(calls.setXattrAt(f.root, byteName("."), defaultAcl, acl));
    expect(read(".")).toEqual([[defaultAcl, acl.toString("hex")]]);
    must(calls.removeXattrAt(f.root, byteName("."), defaultAcl));
    expect(read(".")).toEqual([]);
  });

  it("gives empty lists where the file system has no attributes", () => {
    const proc = must(calls.openPath(byteName("/proc/self"), calls.flags.readOnly));
    expect(calls.readXattrs(proc, [byteName("status")])).toEqual([[]]);
    calls.close(proc);
  });
});

function hex(attribute: Xattr): string {
  return Buffer.from(attribute.value).toString("hex");
}
