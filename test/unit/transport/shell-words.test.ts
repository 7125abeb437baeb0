import { expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { splitCommand } from "../../../src/transport/shell-words.ts";

test.each([
  ["ssh", ["ssh"]],
  ["  ssh  -p 22 ", ["ssh", "-p", "22"]],
  ["ssh -o 'Proxy Command'", ["ssh", "-o", "Proxy Command"]],
  [`a"b c"d`, ["ab cd"]],
  ["'it''s'", ["it's"]],
  [`"say ""hi"""`, [`say "hi"`]],
  ["ssh ''", ["ssh", ""]],
  ["a\\ b", ["a\\", "b"]],
])("splitCommand parts %j", (command, words) => {
  expect(splitCommand(byteName(command))).toEqual(words);
});

test.each([
  ["ssh 'x", "Missing trailing-' in remote-shell command."],
  [`ssh "x""`, `Missing trailing-" in remote-shell command.`],
  ["   ", "no remote shell was given"],
])("splitCommand refuses %j", (command, message) => {
  expect(() => splitCommand(byteName(command))).toThrow(message);
});
