/**
 * Block lengths and block sums equal those of a real generator: a real rsync pulls a file over an `-e` command that
 * keeps what the generator sends, and our sum head and records must be in it (3-transfer 2.1 to 2.5).
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockLayout, blockLengthFor } from "../../src/delta/block-length.ts";
import { type BlockSumOptions, createBlockSummer, sumRecordBytes } from "../../src/delta/block-sums.ts";
import { digestBytes } from "../../src/delta/checksum.ts";
import { strongLengthFor } from "../../src/delta/strong-length.ts";
import { randomBytes } from "../support/random-bytes.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-sums-"));
  const shell = join(folder, "rsh");
  writeFileSync(shell, `#!/bin/bash\nshift\nexec "$@" < <(tee ${folder}/sent)\n`);
  chmodSync(shell, 0o755);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What a pulling rsync sends when it has `basis` and the sender has one byte more. */
function generatorBytes(basis: Uint8Array, options: readonly string[]): Buffer {
  for (const name of ["src", "dst"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
    mkdirSync(join(folder, name));
  }
  writeFileSync(join(folder, "src/f"), Buffer.concat([basis, Buffer.from("+")]));
  writeFileSync(join(folder, "dst/f"), basis);
  const args = ["-a", "-e", join(folder, "rsh"), ...options, `host:${folder}/src/f`, join(folder, "dst/")];
  const run = spawnSync("rsync", args, { encoding: "utf8", timeout: 60_000 });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
  return readFileSync(join(folder, "sent"));
}

/** Our sum head and block sums as they travel. */
function wireSums(basis: Uint8Array, blockSize: number, options: BlockSumOptions): Buffer {
  const blockLength = blockLengthFor(basis.length, 32, blockSize);
  const layout = blockLayout(basis.length, blockLength);
  if (layout === undefined) throw new Error("too many blocks");
  const strongLength = strongLengthFor(basis.length, blockLength, digestBytes[options.name], "normal");
  const head = Buffer.alloc(16);
  [layout.count, blockLength, strongLength, layout.remainder].forEach((value, index) => {
    head.writeInt32LE(value, index * 4);
  });
  const parts: Buffer[] = [head];
  const summer = createBlockSummer(options);
  const step = summer.blocksPerCall(blockLength) * blockLength;
  for (let offset = 0; offset < basis.length; offset += step) {
    const window = basis.subarray(offset, offset + step);
    summer.inputBuffer.set(window);
    const records = summer.sumBlocks(window.length, blockLength);
    for (let at = 0; at < records.length; at += sumRecordBytes) {
      parts.push(Buffer.from(records.subarray(at, at + 4 + strongLength)));
    }
  }
  return Buffer.concat(parts);
}

const names = ["xxh128", "xxh3", "xxh64", "md5", "md4", "sha1"] as const;

describe.each(names)("%s", (name) => {
  test.each([5, -5, 0x12345678])("seed %i", (seed) => {
    const basis = randomBytes(3000, seed);
    const sent = generatorBytes(basis, [`--checksum-choice=${name}`, `--checksum-seed=${seed}`]);
    const ours = wireSums(basis, 0, { name, seed, seedFirst: true });
    expect(sent.includes(ours)).toBe(true);
  });
});

describe("block lengths", () => {
  test.each([
    [1, 0],
    [699, 0],
    [701, 0],
    [490_000, 0],
    [490_001, 0],
    [500_000, 0],
    [600_000, 0],
    [10_000_000, 0],
    [3000, 1],
    [3000, 2999],
    [3000, 131_072],
  ])("basis of %i bytes, --block-size=%i", (length, blockSize) => {
    const basis = randomBytes(length, 1);
    const sent = generatorBytes(basis, [
      "--checksum-choice=xxh128",
      "--checksum-seed=7",
      ...(blockSize === 0 ? [] : [`--block-size=${blockSize}`]),
    ]);
    // Multiplexing cuts long records into frames, so only the head and the first blocks are looked for.
    const ours = wireSums(basis, blockSize, { name: "xxh128", seed: 7, seedFirst: true }).subarray(0, 16 + 300);
    expect(sent.includes(ours)).toBe(true);
  });
});
