import { expect, test } from "vitest";
import { splitRecords } from "../../../src/filter/parse-file.ts";
import { limits } from "../../../src/limits.ts";

function records(text: string, wordSplit = false, nul = false): [string, number][] {
  return splitRecords(Buffer.from(text, "latin1"), wordSplit, nul).map((record) => [record.text, record.line]);
}

test("splitRecords in line mode", () => {
  expect(records("- a\r\n\n#c\n;d\r #e\n- b")).toEqual([
    ["- a", 1],
    [" #e", 5],
    ["- b", 6],
  ]);
  expect(records("- a\0x\n")).toEqual([["- a", 1]]);
  expect(records("")).toEqual([]);
});

test("splitRecords in word and NUL mode", () => {
  expect(records("a\tb\n\n #c ;d", true).map(([text]) => text)).toEqual(["a", "b", "#c", ";d"]);
  expect(records("- a\nb\0#c\0- d\0", false, true)).toEqual([
    ["- a\nb", 1],
    ["- d", 3],
  ]);
  expect(records("a b\0c", true, true).map(([text]) => text)).toEqual(["a", "b", "c"]);
});

test("splitRecords marks over-long records", () => {
  for (const [length, overlong] of [
    [limits.ruleBytes - 1, false],
    [limits.ruleBytes, true],
  ] as const) {
    expect(splitRecords(Buffer.alloc(length, "x"), false, false)[0]?.overlong).toBe(overlong);
  }
});

test("splitRecords marks over-long records that hold nothing, too", () => {
  const first = (text: string, wordSplit: boolean) =>
    splitRecords(Buffer.from(text.padEnd(limits.ruleBytes, "x")), wordSplit, false)[0]?.overlong;
  expect([first("#", false), first(";", false), first("\0", false), first("\0", true)]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(splitRecords(Buffer.from("#x\n\0x\n"), false, false)).toEqual([]);
});
