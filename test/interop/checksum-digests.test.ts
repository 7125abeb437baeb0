/** Every checksum equals what rsync computes: the digests that `--out-format=%C` of a real rsync prints. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ChecksumName, createChecksum, printOrder } from "../../src/delta/checksum.ts";
import { randomBytes } from "../support/random-bytes.ts";

const names: readonly ChecksumName[] = ["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1"];
const lengths = [...Array.from({ length: 601 }, (_, length) => length), 1023, 1024, 1025, 2047, 2048, 2049, 4160];
lengths.push(131_071, 131_072, 131_073, 262_144, 262_145, 1_000_003);

let folder = "";
const contents = new Map<string, Uint8Array>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-digests-"));
  mkdirSync(join(folder, "src"));
  for (const length of lengths) {
    const name = `f${length}`;
    const content = randomBytes(length, length + 1);
    contents.set(name, content);
    writeFileSync(join(folder, "src", name), content);
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(names)("%s", (name) => {
  test.each([
    ["the transferred data", []],
    ["the file list (-c)", ["-c"]],
  ])("%s", (_title, options) => {
    const destination = mkdtempSync(join(folder, "dst-"));
    const args = ["-a", `--checksum-choice=${name}`, "--out-format=%C %n", ...options, `${folder}/src/`, destination];
    const run = spawnSync("rsync", args, { encoding: "utf8" });
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    const printed = new Map<string, string>();
    for (const line of run.stdout.split("\n")) {
      const [digest = "", file = ""] = line.split(" ");
      if (file.startsWith("f")) printed.set(file, digest);
    }
    const checksum = createChecksum(name);
    const ours = new Map<string, string>();
    for (const [file, content] of contents) {
      checksum.reset();
      checksum.update(content, 0, content.length);
      ours.set(file, Buffer.from(printOrder(name, checksum.digest())).toString("hex"));
    }
    expect(printed.size).toBe(lengths.length);
    expect([...printed].sort()).toEqual([...ours].sort());
  });
});
