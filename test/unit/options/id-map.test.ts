/** Id maps: matches and complaints as seen with rsync 3.5.0 run as root. */
import { describe, expect, test } from "vitest";
import { type ByteName, byteName } from "../../../src/bytes/byte-name.ts";
import { checkIdMap, mapId, parseIdMap } from "../../../src/options/id-map.ts";

const users: ReadonlyMap<string, number> = new Map([
  ["root", 0],
  ["daemon", 1],
  ["bin", 2],
  ["games", 5],
]);
const names = new Map([...users].map(([name, id]) => [id, byteName(name)]));
const lookup = (name: ByteName): number | undefined => users.get(name);

function mapAll(text: string): (number | undefined)[] {
  const rules = parseIdMap("usermap", byteName(text), lookup, () => {});
  return [0, 1, 2, 1234, 5].map((id) => mapId(rules, id, names.get(id)) ?? id);
}

describe("mapId", () => {
  test.each([
    ["*:8", [8, 8, 8, 8, 8]],
    ["?*:8", [8, 8, 8, 1234, 8]],
    ["b*:9", [0, 1, 9, 1234, 5]],
    ["*n*:9", [0, 9, 9, 1234, 5]],
    ["bi?:8", [0, 1, 8, 1234, 5]],
    ["[a-c]in:8", [0, 1, 8, 1234, 5]],
    ["[!a]in:8", [0, 1, 8, 1234, 5]],
    ["[^b]in:8", [0, 1, 2, 1234, 5]],
    ["[bin:8", [0, 1, 2, 1234, 5]],
    ["BIN:8", [0, 1, 2, 1234, 5]],
    [":7", [0, 1, 2, 7, 5]],
    ["1-5:daemon", [0, 1, 1, 1234, 1]],
    ["5-2:7", [0, 1, 2, 1234, 5]],
    ["01:7", [0, 7, 2, 1234, 5]],
    ["-5:7", [0, 1, 2, 1234, 5]],
    ["0:0,*:5", [0, 5, 5, 5, 5]],
    ["0-2:7,*:8", [7, 7, 7, 8, 8]],
    ["bin:nosuch,*:8", [8, 8, 8, 8, 8]],
  ])("%s", (text, expected) => {
    expect(mapAll(text)).toEqual(expected);
  });

  test("takes time proportional to pattern times name for many stars", () => {
    const rules = parseIdMap("usermap", byteName(`${"*a".repeat(200)}b:1`), lookup, () => {});
    expect(mapId(rules, 3, byteName("a".repeat(5000)))).toBeUndefined();
  });
});

describe("parseIdMap", () => {
  test("tells unknown targets from the last to the first and leaves them out", () => {
    const warnings: string[] = [];
    const rules = parseIdMap("groupmap", byteName("a:x,b:1,c:1:2"), lookup, (text) => warnings.push(text));
    expect(warnings).toEqual(["Unknown --groupmap name on receiver: 1:2", "Unknown --groupmap name on receiver: x"]);
    expect(rules.map(({ to }) => to)).toEqual([1]);
  });

  test.each([
    ["", "No colon found in --usermap: "],
    ["0:x,1", "No colon found in --usermap: 1"],
    ["0:1,", "No colon found in --usermap: "],
    ["x:", "No name found after colon --usermap: x:"],
    ["5-x:1", "Invalid number in --usermap: 5-x"],
    ["5-:1", "Invalid number in --usermap: 5-"],
    ["1*:1", "Invalid number in --usermap: 1*"],
    ["4294967296:1", "Invalid ID number: 4294967296"],
    ["1:4294967296", "Invalid ID number: 4294967296"],
  ])("refuses %j", (text, message) => {
    const attempt = (): void => checkIdMap("usermap", byteName(text));
    expect(attempt).toThrow(expect.objectContaining({ message, exitCode: 1, role: "Receiver", plain: true }));
  });
});
