/** Item strings as rsync 3.5.0 prints them. */
import { describe, expect, test } from "vitest";
import { FileType } from "../../../src/protocol/file-entry.ts";
import { ItemFlag as F } from "../../../src/protocol/item-flags.ts";
import { itemize } from "../../../src/text/itemize.ts";
import { directory, entryOf, newLocal, newTransfer, symlink } from "./samples.ts";

const kept = { timesKept: true };
const file = entryOf("f");
const dir = entryOf("d", directory);
const link = entryOf("l", symlink("f1"));

describe("itemize", () => {
  test.each([
    [">f+++++++++", newTransfer, file, false],
    ["cd+++++++++", newLocal, dir, false],
    ["cL+++++++++", newLocal, link, false],
    ["cS+++++++++", newLocal, entryOf("p", { mode: FileType.fifo }), false],
    ["cS+++++++++", newLocal, entryOf("k", { mode: FileType.socket }), false],
    ["cD+++++++++", newLocal, entryOf("c", { mode: FileType.character }), false],
    ["cD+++++++++", newLocal, entryOf("b", { mode: FileType.block }), false],
    ["hf+++++++++", newLocal | F.nameFollows, file, true],
    [">f.st......", F.transfer | F.size | F.time, file, false],
    ["cLc.t......", F.local | F.change | F.time, link, false],
    ["cLc.T......", F.local | F.change | F.time | F.size, link, false],
    ["hf..t......", F.local | F.time | F.nameFollows, file, true],
    [".f...p.....", F.permissions, file, false],
    [".d..t......", F.time, dir, false],
    [".f....og.ax", F.owner | F.group | F.acl | F.xattr, file, false],
    [".f......u..", F.accessTime, file, false],
    [".f......n..", F.createTime, file, false],
    [".f......b..", F.accessTime | F.createTime, file, false],
    [".d         ", 0, dir, false],
    ["cd         ", F.local, dir, false],
    ["hf         ", F.local | F.nameFollows, file, true],
    [">f.........", F.transfer, file, false],
  ])("%s", (text, flags, entry, linked) => {
    expect(itemize(flags, entry, linked, kept)).toBe(text);
  });

  test("shows T where times are not kept", () => {
    expect(itemize(F.transfer | F.size | F.time, file, false, { timesKept: false })).toBe(">f.sT......");
  });
});
