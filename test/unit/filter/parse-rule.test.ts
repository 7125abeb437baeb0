import { expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { TsyncError } from "../../../src/errors.ts";
import { argumentTemplate, parseRule } from "../../../src/filter/parse-rule.ts";

const modern = argumentTemplate("modern", false);

function parse(text: string, template = modern): ReturnType<typeof parseRule> {
  return parseRule(byteName(text), template, { role: "client", shown: undefined });
}

test.each([
  // text, action, pattern, include, flags that are set
  ["- a", "pattern", "a", false, []],
  ["+_a", "pattern", "a", true, []],
  ["-  a ", "pattern", " a ", false, []],
  ["exclude_foo", "pattern", "foo", false, []],
  ["include,p foo", "pattern", "foo", true, ["perishable"]],
  ["H a", "pattern", "a", false, ["senderSide"]],
  ["show a", "pattern", "a", true, ["senderSide"]],
  ["P,p a", "pattern", "a", false, ["receiverSide", "perishable"]],
  ["risk a", "pattern", "a", true, ["receiverSide"]],
  ["-!/x a", "pattern", "a", false, ["negate", "absolute", "xattr"]],
  ["-,sr a", "pattern", "a", false, ["senderSide", "receiverSide"]],
  ["-C", "cvs", "", false, []],
  [":C", "dir-merge", ".cvsignore", false, ["noInherit"]],
  [":en .f", "dir-merge", ".f", false, ["excludeSelf", "noInherit"]],
  ["merge,+w f", "merge", "f", true, []],
  [". -", "merge", "-", false, []],
  ["!", "clear", "", false, []],
  ["clear,", "clear", "", false, []],
])("parseRule: %s", (text, action, pattern, include, flags) => {
  const rule = parse(text);
  expect(rule).toMatchObject({ action, text: pattern, include });
  const names = [
    "negate",
    "absolute",
    "perishable",
    "xattr",
    "senderSide",
    "receiverSide",
    "noInherit",
    "excludeSelf",
  ] as const;
  expect(names.filter((name) => rule?.[name]).sort()).toEqual([...flags].sort());
});

test.each([
  // texts of rsync 3.5.0
  ["bogus x", "Unknown filter rule: bogus x"],
  ["excludex y", "Unknown filter rule: excludex y"],
  [" - x", "Unknown filter rule:  - x"],
  ["clearx", "Unknown filter rule: clearx"],
  ["/ x", "Unknown filter rule: / x"],
  [":", "unexpected end of filter rule: :"],
  ["- ", "unexpected end of filter rule: - "],
  ["-s", "unexpected end of filter rule: -s"],
  ["dir-merge,n", "unexpected end of filter rule: dir-merge,n"],
  ["exclude,q y", "invalid modifier 'q' at position 8 in filter rule: exclude,q y"],
  ["-p,s y", "invalid modifier ',' at position 2 in filter rule: -p,s y"],
  ["Hs x", "invalid modifier 's' at position 1 in filter rule: Hs x"],
  ["-e x", "invalid modifier 'e' at position 1 in filter rule: -e x"],
  [":-C x", "invalid modifier 'C' at position 2 in filter rule: :-C x"],
  [":C- x", "invalid modifier '-' at position 2 in filter rule: :C- x"],
  ["-CC", "invalid modifier 'C' at position 2 in filter rule: -CC"],
  [":!s x", "invalid modifier '!' at position 1 in filter rule: :!s x"],
  ["exclude\tx", "invalid modifier '\t' at position 7 in filter rule: exclude\tx"],
  ["clear x", "'!' rule has trailing characters: clear x"],
  ["! ", "'!' rule has trailing characters: ! "],
])("parseRule refuses %j", (text, message) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ message, exitCode: 1, kind: "usage", role: "client" }));
});

test("parseRule never shows a rule from a file (R-09)", () => {
  const place = { role: "sender" as const, shown: byteName("<rule from f line 2>") };
  for (const [text, message] of [
    ["secret", "Unknown filter rule: <rule from f line 2>"],
    ["-q secret", "invalid modifier in filter rule: <rule from f line 2>"],
  ] as const) {
    try {
      parseRule(byteName(text), modern, place);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TsyncError);
      expect(error).toMatchObject({ message, role: "sender" });
    }
  }
});

test("parseRule in old-prefix syntax", () => {
  const exclude = argumentTemplate("old-prefix", false);
  expect(parse("+ a", exclude)).toMatchObject({ action: "pattern", text: "a", include: true });
  expect(parse("- a", argumentTemplate("old-prefix", true))).toMatchObject({ text: "a", include: false });
  expect(parse("-a", exclude)).toMatchObject({ text: "-a", include: false });
  expect(parse("!", exclude)).toMatchObject({ action: "clear" });
  expect(parse("! a", exclude)).toMatchObject({ action: "pattern", text: "! a" });
  expect(parse("", exclude)).toBeUndefined();
  expect(() => parse("- ", exclude)).toThrow("unexpected end of filter rule: - ");
});

test("parseRule in no-prefix syntax takes the whole text", () => {
  const template = { ...argumentTemplate("no-prefix", true), perishable: true };
  expect(parse("- a", template)).toMatchObject({ action: "pattern", text: "- a", include: true, perishable: true });
  expect(parse("!", template)).toMatchObject({ action: "pattern", text: "!" });
  expect(parse("!", { ...template, clearAllowed: true })).toMatchObject({ action: "clear" });
});

test("parseRule refuses a side under a merge rule that has one", () => {
  const template = { ...modern, senderSide: true };
  expect(parse("- a", template)).toMatchObject({ senderSide: true });
  expect(() => parse("P a", template)).toThrow("specified-side merge file contains specified-side filter: P a");
});
