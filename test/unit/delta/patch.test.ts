import { describe, expect, test } from "vitest";
import { createChecksum } from "../../../src/delta/checksum.ts";
import { Patcher } from "../../../src/delta/patch.ts";
import type { SumHead } from "../../../src/delta/signature.ts";
import { readerOf } from "../../support/delta.ts";

const head: SumHead = { count: 3, blockLength: 4, strongBytes: 2, remainder: 2 };
const basis = Buffer.from("aaaabbbbcc");

function patcher(updating = false, writeStatus = 0, read = readerOf(basis, 3), bufferBytes = 1000) {
  const writes: [string, number][] = [];
  const write = (bytes: Uint8Array, position: number): number => {
    writes.push([Buffer.from(bytes).toString(), position]);
    return writeStatus;
  };
  const checksum = createChecksum("md5");
  const buffer = new Uint8Array(bufferBytes);
  return { writes, checksum, patch: new Patcher({ head, readBasis: read, write, updating, checksum, buffer }) };
}

describe("Patcher", () => {
  test("puts literals and blocks together, in any order and any number of times", () => {
    const { patch, writes, checksum } = patcher();
    const statuses = [patch.literal(Buffer.from("x")), patch.block(2), patch.block(0), patch.block(2), patch.flush()];
    expect(statuses).toEqual([0, 0, 0, 0, 0]);
    expect(writes).toEqual([["xccaaaacc", 0]]);
    expect(patch.size).toBe(9);
    const whole = createChecksum("md5");
    whole.update(Buffer.from("xccaaaacc"), 0, 9);
    expect(checksum.digest()).toEqual(whole.digest());
  });

  test("does not write a block that stands where it belongs", () => {
    const { patch, writes } = patcher(true);
    patch.block(0);
    patch.literal(Buffer.from("xxxx"));
    patch.block(2);
    patch.block(0);
    patch.flush();
    expect(writes).toEqual([
      ["xxxx", 4],
      ["aaaa", 10],
    ]);
    expect(patch.size).toBe(14);
  });

  test("reads blocks that follow each other together, as far as the buffer reaches", () => {
    const reads: [number, number][] = [];
    const read = readerOf(basis);
    const counting: typeof read = (buffer, offset, length, position) => {
      reads.push([position, length]);
      return read(buffer, offset, length, position);
    };
    const { patch, writes } = patcher(false, 0, counting, 7);
    for (const index of [0, 1, 2, 0, 2]) expect(patch.block(index)).toBe(0);
    expect(patch.flush()).toBe(0);
    expect(writes).toEqual([
      ["aaaabbb", 0],
      ["bccaaaa", 7],
      ["cc", 14],
    ]);
    expect(reads).toEqual([
      [0, 7],
      [7, 3],
      [0, 4],
      [8, 2],
    ]);
  });

  test.each([-1, 3, 4, Number.NaN])("refuses block %d", (index) => {
    expect(patcher().patch.block(index)).toBe(-22);
  });

  test("takes a basis that has shrunk for zeros", () => {
    const { patch, writes } = patcher(false, 0, readerOf(Buffer.from("aa")));
    expect([patch.block(0), patch.flush()]).toEqual([0, 0]);
    expect(writes).toEqual([["aa\0\0", 0]]);
  });

  test("gives back the errors of reads and writes", () => {
    const unread = patcher(false, 0, () => -5).patch;
    expect([unread.block(1), unread.flush()]).toEqual([0, -5]);
    expect(patcher(true, 0, () => -5).patch.block(0)).toBe(-5);
    const { patch } = patcher(false, -28);
    expect([patch.block(1), patch.flush(), patch.flush()]).toEqual([0, -28, 0]);
    expect(patcher(false, -28).patch.literal(new Uint8Array(300_000))).toBe(-28);
  });
});
