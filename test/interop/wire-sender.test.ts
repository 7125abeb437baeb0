/** A real `rsync --server` takes what our codecs write: file lists, answers and token streams of every compression. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compressionNames } from "../../src/protocol/compression-name.ts";
import { Random } from "../support/random.ts";
import { type Files, pushFiles } from "../support/small-sender.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-wire-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const random = new Random("wire-sender", 1);
const text = Buffer.from(Array.from({ length: 30_000 }, () => random.pick(["lorem ", "ipsum ", "dolor\n"])).join(""));
const noise = random.bytes(400_000);
const basis = Buffer.concat([noise.subarray(0, 150_000), text]);

/** Pieces of the basis in another order, with new data between them that resembles the basis. */
const changed = Buffer.concat([
  text.subarray(0, 500),
  basis.subarray(70_000, 90_000),
  random.bytes(3000),
  basis.subarray(10, 60_000),
  text.subarray(5000, 90_000),
  basis.subarray(0, 700),
  random.bytes(20),
]);

const files: Files = [
  ["a-new", text],
  ["b-empty", Buffer.alloc(0)],
  ["c-changed", changed],
  ["d-noise", noise],
  ["e-changed", changed],
  ["f-zeros", Buffer.alloc(1_000_000)],
  ["g-small", Buffer.from("x")],
];

describe.each(compressionNames)("with %s", (compression) => {
  test.each([28, 29, 30, 31, 32])("protocol %d", async (protocol) => {
    for (const blockSize of [undefined, 100_000]) {
      const destination = mkdtempSync(join(folder, "d-"));
      for (const name of ["c-changed", "e-changed"]) writeFileSync(join(destination, name), basis);
      const extraOptions = blockSize === undefined ? [] : [`-B${blockSize}`];
      const pushed = await pushFiles({ protocol, compression, files, destination, extraOptions });
      expect(pushed).toEqual({ status: 0, text: "", requests: files.length });
      for (const [name, content] of files) {
        expect(readFileSync(join(destination, name)).equals(content), name).toBe(true);
      }
    }
  });
});
