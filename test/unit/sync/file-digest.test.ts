import { mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { byteName, fromText } from "../../../src/bytes/byte-name.ts";
import { createChecksum } from "../../../src/delta/checksum.ts";
import { openSyscalls } from "../../../src/fs/syscalls/choose.ts";
import type { Syscalls } from "../../../src/fs/syscalls/interface.ts";
import { FileDigester } from "../../../src/sync/file-digest.ts";

let folder: string;
let syscalls: Syscalls;
let directory: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-digest-"));
  syscalls = openSyscalls(undefined);
  directory = syscalls.openPath(fromText(folder), syscalls.flags.readOnly | syscalls.flags.directory);
});

afterEach(() => {
  syscalls.close(directory);
  syscalls.dispose();
  rmSync(folder, { recursive: true });
});

const digest = (bytes: Uint8Array): Uint8Array => {
  const checksum = createChecksum("xxh128");
  checksum.update(bytes, 0, bytes.length);
  return checksum.digest();
};

test("FileDigester gives each of several files its own digest", () => {
  const digester = new FileDigester(syscalls);
  const contents = [Buffer.alloc(0), Buffer.from("one"), Buffer.alloc(300_001, "x"), Buffer.from("one")];
  for (const [index, content] of contents.entries()) writeFileSync(join(folder, `f${index}`), content);
  const digests = contents.map((_, index) => digester.digestAt(directory, byteName(`f${index}`)));
  expect(digests).toEqual(contents.map(digest));
});

test("FileDigester digests an open file from its start, wherever its offset is", () => {
  writeFileSync(join(folder, "f"), "content");
  const descriptor = openSync(join(folder, "f"), "r");
  const buffer = Buffer.alloc(3);
  expect(syscalls.read(descriptor, buffer, 0, 3, -1)).toBe(3);
  expect(new FileDigester(syscalls).digestOf(descriptor)).toEqual(digest(Buffer.from("content")));
  syscalls.close(descriptor);
});

test("FileDigester digests what cannot be read as zeros, and the next file as always", () => {
  const digester = new FileDigester(syscalls);
  expect(digester.digestAt(directory, byteName("missing"))).toEqual(new Uint8Array(16));
  // A directory opens, but cannot be read.
  expect(digester.digestAt(directory, byteName("."))).toEqual(new Uint8Array(16));
  writeFileSync(join(folder, "f"), "content");
  expect(digester.digestAt(directory, byteName("f"))).toEqual(digest(Buffer.from("content")));
});

test("FileDigester makes a digest ahead, with pauses, and gives it once", async () => {
  const digester = new FileDigester(syscalls);
  const content = Buffer.alloc(20_000_000, "content ");
  writeFileSync(join(folder, "f"), content);
  let pauses = 0;
  const pause = async (): Promise<void> => void pauses++;
  await digester.prepareAt(pause, directory, byteName("f"), false, content.length);
  expect(pauses).toBe(2);
  writeFileSync(join(folder, "f"), "other");
  expect(digester.digestAt(directory, byteName("f"))).toEqual(digest(content));
  expect(digester.digestAt(directory, byteName("f"))).toEqual(digest(Buffer.from("other")));
  await digester.prepareAt(pause, directory, byteName("f"), false, content.length);
  writeFileSync(join(folder, "g"), "another");
  expect(digester.digestAt(directory, byteName("g"))).toEqual(digest(Buffer.from("another")));
});

test("what a pause throws ends a digest and closes the file", async () => {
  const digester = new FileDigester(syscalls);
  writeFileSync(join(folder, "f"), Buffer.alloc(20_000_000));
  const opened = readdirSync("/proc/self/fd").length;
  const pause = async (): Promise<void> => {
    throw new Error("stop");
  };
  await expect(digester.prepareAt(pause, directory, byteName("f"), false, 20_000_000)).rejects.toThrow("stop");
  expect(readdirSync("/proc/self/fd").length).toBe(opened);
});
