import { expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { compileFilters } from "../../../src/filter/compile-filters.ts";
import type { FilterReader } from "../../../src/filter/rule-list.ts";
import { parseArguments } from "../../../src/options/parse-arguments.ts";
import { EntryFlag, type FileEntry, FileType, noRoot } from "../../../src/protocol/file-entry.ts";
import { RequestedNames } from "../../../src/sync/wire/requested-names.ts";
import { makeFileEntry } from "../../support/file-entry.ts";

const reader: FilterReader = {
  readOperatorFile: () => -2,
  readMergeFile: () => undefined,
  describeError: String,
  warn: () => undefined,
};

/** An entry of a sender: a trailing slash makes a directory whose content comes too. */
function entry(text: string): FileEntry {
  const isDir = text.endsWith("/");
  const path = isDir ? text.slice(0, -1) : text;
  const mode = isDir ? FileType.directory | 0o755 : FileType.regular | 0o644;
  return makeFileEntry(path, { root: noRoot, mode, flags: isDir ? EntryFlag.content : 0 });
}

function names(line: string, requests: readonly string[]): RequestedNames {
  const command = parseArguments([...line.split(" "), "s/", "d/"].map(byteName), {});
  if (command.kind !== "run") throw new Error(`expected a run, got ${command.kind}`);
  const program = compileFilters(command.options.filters, reader, { deleteExcluded: false, nulTerminated: false });
  return new RequestedNames(command.options, requests.map(byteName), program, reader);
}

test.each([
  ["-a", "src/", "any/thing"],
  ["-a", ".", "any"],
  ["-a", "/abs/src", "src/"],
  ["-a", "/abs/src", "src/below/it"],
  ["-a", "s*", "s1/f"],
  ["-a", "[q]", "[q]/f"],
  ["-a", "[q]", "q/f"],
  ["-a", "/abs/b\\s", "b\\s/"],
  ["-a", "/abs/b\\s", "b\\s/f"],
  ["-d", "/abs/b\\s/", "f"],
  ["-aR", "b\\s/f*", "b\\s/f1"],
  ["-a", "f", "f"],
  ["-d", "src/", "f"],
  ["-aR", "/a/./b/c", "b/c/f"],
  ["-a --exclude=*.o", "src/", "x.c"],
])("RequestedNames: %s %s may bring %s", (line, request, path) => {
  const sent = entry(path);
  expect(names(line, [request]).check(sent)).toBe(sent);
});

test.each([
  ["-a", "src", "other", "unrequested"],
  ["-a", "src", ".ssh/authorized_keys", "unrequested"],
  ["-a", "src", "srcx", "unrequested"],
  ["-a", "s?", "s11", "unrequested"],
  ["-d", "src/", "below/f", "unrequested"],
  ["-aR", "a/b/c", "a/b/d", "unrequested"],
  ["-aR", "a/b/c", "a", "unrequested"],
  ["-a --exclude=*.o", "src/", "x.o", "excluded"],
])("RequestedNames: %s %s may not bring %s", (line, request, path, word) => {
  expect(() => names(line, [request]).check(entry(path))).toThrow(`ERROR: rejecting ${word} file-list name: ${path}`);
});

// rsync 3.5.0 with a sender that heeds no rule: what it refused, and let in, in a client that worked in /work [run].
test.each([
  ["-a --filter=-/_/work/x", "x", true],
  ["-a --filter=-/_/src/x", "x", false],
  ["-a --filter=-/_*.o", "x.o", true],
  ["-a --filter=-/!_/work/x", "y", true],
  ["-a --filter=+/_/work/x --filter=-_x", "x", false],
  ["-a --filter=P!/_/.git/* --filter=-_[!a-n]*", ".git/", true],
  ["-aR --filter=-/_/a/x", "/a/x", true],
  ["-aR --filter=-/_/work/a/x", "/a/x", false],
  ["-a --filter=-r_x", "x", false],
  ["-a --filter=-s_x", "x", true],
  ["-a --filter=-rs_x", "x", true],
  ["-a --filter=-x_x", "x", false],
  ["-a --filter=-p_x", "x", true],
  ["-a --filter=-_x --filter=:_.rules", "x", false],
  ["-a --filter=-_x -C", "x", false],
  ["-a --filter=-C", "x.o", true],
])("RequestedNames: %s and the name %s: refused %s", (line, sent, refused) => {
  const requested = names(line, ["/", "/a"]);
  requested.setCurrentDirectory(byteName("/work"));
  const check = () => requested.check(entry(sent.replace(/^\//, "")), byteName(sent.replace(/(?<=.)\/$/, "")));
  if (!refused) expect(check).not.toThrow();
  else expect(check).toThrow(`ERROR: rejecting excluded file-list name: ${sent.replace(/(?<=.)\/$/, "")}`);
});

test("RequestedNames sees rules with / from the destination once it is entered", () => {
  const requested = names("-a --filter=-/_/dst/x", ["/"]);
  requested.setCurrentDirectory(byteName("/work"));
  expect(requested.check(entry("x")).path).toBe("x");
  requested.setCurrentDirectory(byteName("/dst"));
  expect(() => requested.check(entry("x"))).toThrow("ERROR: rejecting excluded file-list name: x");
});

test.each([
  ["a/b/c", "a/b/"],
  ["b\\s/f*", "b\\s/"],
])("RequestedNames takes parents of %s, but nothing in them", (request, path) => {
  const parent = names("-aR", [request]).check(entry(path));
  expect(parent.flags).toBe(EntryFlag.implied);
});
