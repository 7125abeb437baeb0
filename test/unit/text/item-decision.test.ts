/** What the log of a client that receives gets, as that of rsync 3.5.0 has it. */
import { expect, test } from "vitest";
import { FileType } from "../../../src/protocol/file-entry.ts";
import { ItemFlag as F } from "../../../src/protocol/item-flags.ts";
import { type ReportRules, receiverLog } from "../../../src/text/item-decision.ts";
import { directory, entryOf, newLocal, symlink } from "./samples.ts";

const rules: ReportRules = {
  itemizing: false,
  logItemizing: false,
  itemizeAll: false,
  names: true,
  changesNew: () => true,
  namesAll: false,
  isServer: false,
  dryRun: false,
};

test.each([
  ["a new directory", newLocal, entryOf("d", directory), undefined, true],
  ["a new link", newLocal, entryOf("l", symlink("x")), undefined, true],
  ["a new named pipe", newLocal, entryOf("p", { mode: FileType.fifo }), undefined, true],
  ["a further name", newLocal | F.nameFollows, entryOf("h"), "f", true],
  ["a file copied from an alternate directory", newLocal, entryOf("f"), undefined, false],
] as const)("receiverLog: the bare name of %s", (_, flags, entry, linkedTo, name) => {
  expect(receiverLog(flags, entry, linkedTo, rules, false)).toEqual({ line: true, name });
  expect(receiverLog(flags, entry, linkedTo, { ...rules, logItemizing: true }, false).name).toBe(false);
});
