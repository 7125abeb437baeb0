/** The words of `-e 'ssh ...'` for the built-in ssh. */
import { expect, test } from "vitest";
import { fromText } from "../../../../src/bytes/byte-name.ts";
import { matchesPattern } from "../../../../src/transport/ssh/patterns.ts";
import { readSshWords } from "../../../../src/transport/ssh/ssh-words.ts";

const nothing = {
  user: undefined,
  port: undefined,
  identityFiles: [],
  configFile: undefined,
  overrides: [],
  family: undefined,
};
const read = (line: string) => readSshWords(line.split(" ").map(fromText));

test.each([
  ["ssh", {}],
  ["/usr/bin/ssh -p 22 -i a -i b", { port: 22, identityFiles: ["a", "b"] }],
  ["ssh -p2222 -ia -lme", { port: 2222, identityFiles: ["a"], user: "me" }],
  ["ssh -4Tp 2222 -p 1", { family: 4, port: 2222 }],
  ["ssh -xaTqC -F none", { configFile: "none" }],
  ["ssh -o Port=3 -oUser=u", { overrides: ["Port=3", "User=u"] }],
])("readSshWords takes %s", (line, expected) => {
  expect(read(line)).toEqual({ ...nothing, ...expected });
});

test.each([
  ["rsh", "--ssh=builtin cannot run the remote shell rsh"],
  ["ssh host", "--ssh=builtin does not know what to do with host"],
  ["ssh -J gate", "This tsync does not support the option -J of ssh with --ssh=builtin"],
  ["ssh -4v", "This tsync does not support the option -v of ssh"],
  ["ssh -p", "ssh: option requires an argument -- p"],
  ["ssh -p 0", "Bad port '0'"],
  ["ssh -p 65536", "Bad port '65536'"],
])("readSshWords refuses %s", (line, message) => {
  expect(() => read(line)).toThrow(message);
});

test.each([
  ["abc", "abc", true],
  ["abc", "a*c", true],
  ["abc", "*", true],
  ["", "*", true],
  ["", "?", false],
  ["abc", "a?", false],
  ["abcbc", "a*bc", true],
  ["abcb", "a*bc", false],
  ["a*c", "a*c", true],
])("matchesPattern: %s %s", (text, pattern, expected) => {
  expect(matchesPattern(text, pattern)).toBe(expected);
});

test("matchesPattern takes no longer for many stars", () => {
  expect(matchesPattern("a".repeat(5000), `${"*a".repeat(2000)}*b`)).toBe(false);
});
