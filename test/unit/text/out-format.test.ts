/** Formats against what rsync 3.5.0 printed for the same escapes. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { ItemFlag } from "../../../src/protocol/item-flags.ts";
import type { DeleteEvent, ItemEvent, TransferredEvent } from "../../../src/sync/events.ts";
import { parseOutFormat, renderDelete, renderItem } from "../../../src/text/out-format.ts";
import { contextOf, directory, itemOf, newLocal, newTransfer, symlink } from "./samples.ts";

beforeAll(() => vi.stubEnv("TZ", "UTC"));
afterAll(() => vi.unstubAllEnvs());

const file = itemOf("far", newTransfer, { size: 1_048_576, mode: 0o104751 });
const link = itemOf("l", newLocal, symlink("f"));
const dir = itemOf("d/e", newLocal, directory);
const hard = itemOf("f", newLocal, {}, "h");
const linkedLink = itemOf("b", newLocal, symlink("x"), "a");
const alreadyLinked = itemOf("b", ItemFlag.local, symlink("x"), "");

function show(format: string, item: ItemEvent, dryRun = false): string {
  return renderItem(parseOutFormat(byteName(format)), item, undefined, dryRun, contextOf());
}

describe("renderItem", () => {
  test.each([
    ["%n", dir, "d/e/"],
    ["%n", itemOf(".", newLocal, directory), "./"],
    ["%20n|", file, "                 far|"],
    ["%-20n|", file, "far                 |"],
    ["%0020n|%-08l|%0l", file, "                 far|1048576 |1048576"],
    ["%L|", file, "|"],
    ["%20L|", file, "                        |"],
    ["%-20L|", file, "                        |"],
    ["%L", link, " -> f"],
    ["%20L|", link, " ->                    f|"],
    ["%-20L|", link, " -> f                   |"],
    ["%L", hard, " => h"],
    ["%L", linkedLink, " => a"],
    ["%i %n%L", alreadyLinked, "hL          b -> x"],
    ["%f", dir, "s/d/e"],
    ["%i|%13i|%-13i|", file, ">f+++++++++|  >f+++++++++|>f+++++++++  |"],
    ["%o|%6o|%-6o|", file, "send|  send|send  |"],
    ["%l|%12l|%-12l|", file, "1048576|     1048576|1048576     |"],
    ["%'l|%''l|%'''l|%''''l", file, "1,048,576|1.05M|1.00M|1.00M"],
    ["%'12l|%'-12l|", file, "   1,048,576|1,048,576   |"],
    ["%-'12l|%--5l|% 5l|", file, "%-'12l|%--5l|% 5l|"],
    ["%b|%8b|%c", file, "0|       0|0"],
    ["%B|%12B", file, "rwsr-x--x|   rwsr-x--x"],
    ["%M|%22M", file, "2026/11/22-23:58:29|   2026/11/22-23:58:29"],
    ["%t", file, "2026/11/22 23:58:29"],
    ["%U|%5U|%G|%-5G|", file, "7|    7|8|8    |"],
    ["%p|%8p", file, "4711|    4711"],
    ["%h|%a|%m|%P|%u|%5a|%5m|", file, "%h|%a||%P|%u|%5a|     |"],
    ["%%|%q|%5q|%%n|%", file, "%|%q|%5q|%n|%"],
    ["", file, ""],
    ["no escapes \\n", file, "no escapes \\n"],
  ])("%s of an item", (format, item, text) => {
    expect(show(format, item)).toBe(text);
  });

  test("%C is blank without a digest and zeros for a transfer of a dry run", () => {
    expect(show("%C|", link)).toBe(`${" ".repeat(32)}|`);
    expect(show("%C|", file)).toBe(`${" ".repeat(32)}|`);
    expect(show("%C|", file, true)).toBe(`${"0".repeat(32)}|`);
    expect(show("%40C|", link, true)).toBe(`${" ".repeat(40)}|`);
  });

  test("%C shows the digest of the data, or that of the list in print order", () => {
    const digest = Uint8Array.from({ length: 16 }, (_, index) => index);
    const listed = itemOf("f", 0, { checksum: digest });
    expect(show("%C", listed)).toBe("0f0e0d0c0b0a09080706050403020100");
    const transferred: TransferredEvent = { type: "transferred", item: file, wireBytes: 47, checksumBytes: 16, digest };
    const format = parseOutFormat(byteName("%b %'c %C"));
    expect(renderItem(format, file, transferred, false, contextOf())).toBe("47 16 000102030405060708090a0b0c0d0e0f");
  });

  test("%U and %G without -o and -g", () => {
    const format = parseOutFormat(byteName("%U %G"));
    expect(renderItem(format, file, undefined, false, contextOf({ ownerKept: false, groupKept: false }))).toBe(
      "0 DEFAULT",
    );
  });

  test("bounds the width", () => {
    expect(show("%99999999999n", file)).toBe(" ".repeat(4095));
    expect(show("%4096n|", { ...file, path: byteName("abc") })).toBe(`${" ".repeat(4093)}ab|`);
    expect(show("%-5000n|", { ...file, path: byteName("abc") })).toBe(`abc${" ".repeat(4092)}|`);
  });
});

describe("parseOutFormat", () => {
  test.each([
    ["%n%L", false, false, false, false],
    ["%i %n%L", false, false, true, false],
    ["%o %'10b", true, false, false, true],
    ["%c", true, false, false, false],
    ["%-40C", true, true, false, false],
    ["%%i %%b %%o %%C", false, false, false, false],
  ])("%s", (format, needsTransferData, needsDigest, hasItemize, hasOperation) => {
    expect(parseOutFormat(byteName(format))).toMatchObject({
      needsTransferData,
      needsDigest,
      hasItemize,
      hasOperation,
    });
  });
});

describe("renderDelete", () => {
  const gone: DeleteEvent = { type: "delete", path: byteName("jd"), directory: true };
  test.each([
    ["[%o] %f/ %l %B %M %n|%L|%b", "[del.] jd/ 0 --------- 1970/01/01-00:00:00 jd/||0"],
    ["%i %n%L", "*deleting   jd/"],
    ["%13i|%-13i|", "  *deleting  |*deleting    |"],
    ["%o %C|", `del. ${" ".repeat(32)}|`],
    ["%n %l", "deleting jd/"],
  ])("%s", (format, text) => {
    expect(renderDelete(parseOutFormat(byteName(format)), gone, contextOf())).toBe(text);
  });
  test("without a format", () => {
    expect(renderDelete(undefined, gone, contextOf())).toBe("deleting jd/");
  });
});
