import { expect, test } from "vitest";
import { type ByteName, byteName, fromBytes } from "../../../src/bytes/byte-name.ts";
import { compileFilters, type FilterArgument } from "../../../src/filter/compile-filters.ts";
import { FilterEvaluator } from "../../../src/filter/evaluator.ts";
import type { FilterReader, FilterSettings } from "../../../src/filter/rule-list.ts";

const defaults: FilterSettings = { deleteExcluded: false, nulTerminated: false };
const root = byteName("/r");

/** A reader of files in memory: absolute names for merge files, others for the operator's. */
function memory(files: Readonly<Record<string, string>>, warnings: string[] = []): FilterReader {
  const read = (path: string): Uint8Array | undefined =>
    Object.hasOwn(files, path) ? Buffer.from(files[path] ?? "", "latin1") : undefined;
  return {
    readOperatorFile: (path) => read(path) ?? -2,
    readMergeFile: (directory, name) => read(directory === "/" ? `/${name}` : `${directory}/${name}`),
    describeError: (errno) => `error ${-errno}`,
    warn: (text) => warnings.push(text),
  };
}

function filters(...texts: string[]): FilterArgument[] {
  return texts.map((text) => (text === "-C option" ? argument("cvs", "") : argument("filter", text)));
}

function argument(kind: FilterArgument["kind"], text: string): FilterArgument {
  return { kind, text: byteName(text) };
}

function evaluator(
  args: readonly FilterArgument[],
  side: "sender" | "receiver" = "sender",
  files: Readonly<Record<string, string>> = {},
  settings: FilterSettings = defaults,
): FilterEvaluator {
  const reader = memory(files);
  return new FilterEvaluator(compileFilters(args, reader, settings), side, reader);
}

/** Checks a path after entering all directories above it; a trailing slash means a directory. */
function verdict(filter: FilterEvaluator, path: string, ignorePerishable = false): number {
  const name = byteName(path.endsWith("/") ? path.slice(0, -1) : path);
  const parts = name.split("/");
  for (let depth = 0; depth < parts.length; depth++) {
    const directory = byteName(parts.slice(0, depth).join("/"));
    filter.enter(directory, byteName(directory === "" ? root : `${root}/${directory}`));
  }
  const result = filter.check(name, path.endsWith("/"), { ignorePerishable });
  while (filter.depth > 0) filter.leave();
  return result;
}

test.each([
  // rule, excluded names, names it does not decide
  ["- foo", ["foo", "a/foo", "foo/"], ["foo.c", "xfoo"]],
  ["- foo/", ["foo/", "a/foo/"], ["foo"]],
  ["- /foo", ["foo"], ["a/foo"]],
  ["- a/foo", ["a/foo", "x/a/foo"], ["foo", "xa/foo"]],
  ["- a/*o", ["a/foo", "x/a/o"], ["a/x/o", "xa/o"]],
  ["- *.o", ["a.o", "x/b.o"], ["a.o.c"]],
  ["- foo/***", ["foo/", "foo/a", "x/foo/a/b"], ["foo"]],
  ["- foo/**", ["foo/a", "foo/a/b"], ["foo/"]],
  ["- /foo/**/bar", ["foo/a/bar", "foo/a/b/bar"], ["foo/bar"]],
  ["- **/x", ["x", "a/x"], ["ax"]],
  ["-! foo", ["bar", "foo/bar"], ["foo", "a/foo"]],
  ["-! foo/", ["foo", "bar/"], ["foo/"]],
  ["-/ /r/a/b", ["a/b"], ["b", "x/a/b"]],
  ["-/ r/a", ["a"], ["a/r"]],
  ["- a\\b", ["a\\b"], ["ab"]],
  ["- a\\b*", ["ab"], ["a\\b"]],
  ["- /", [], ["a", "a/"]],
  ["-x foo", [], ["foo"]],
])("FilterEvaluator: %s", (rule, excluded, others) => {
  const filter = evaluator(filters(rule));
  expect(excluded.map((path) => verdict(filter, path))).toEqual(excluded.map(() => -1));
  expect(others.map((path) => verdict(filter, path))).toEqual(others.map(() => 0));
});

test("FilterEvaluator: the first match decides", () => {
  const filter = evaluator(filters("+ a.o", "- *.o", "+ *"));
  expect(["a.o", "b.o", "c"].map((path) => verdict(filter, path))).toEqual([1, -1, 1]);
  expect(verdict(evaluator(filters("- a", "!", "+ b")), "a")).toBe(0);
});

test.each([
  // rule, sender, receiver, both again under --delete-excluded
  ["- a", -1, -1, -1, 0],
  ["-s a", -1, 0, -1, 0],
  ["H a", -1, 0, -1, 0],
  ["-r a", 0, -1, 0, -1],
  ["P a", 0, -1, 0, -1],
  ["-sr a", -1, -1, -1, -1],
  ["S a", 1, 0, 1, 0],
  ["R a", 0, 1, 0, 1],
  [": .f", -1, -1, -1, 0],
  [":s .f", -1, 0, -1, 0],
  [":r .f", 0, -1, 0, -1],
  [":sr .f", -1, -1, -1, -1],
  ["-C", -1, -1, -1, 0],
  ["-Cr", 0, -1, 0, -1],
])("FilterEvaluator: sides of %s", (rule, sender, receiver, senderDelete, receiverDelete) => {
  const files = { "/r/.f": "- a\n" };
  const args = filters(rule);
  const settings = { ...defaults, cvsIgnoreVariable: byteName("a") };
  const excluding = { ...settings, deleteExcluded: true };
  expect([
    verdict(evaluator(args, "sender", files, settings), "a"),
    verdict(evaluator(args, "receiver", files, settings), "a"),
    verdict(evaluator(args, "sender", files, excluding), "a"),
    verdict(evaluator(args, "receiver", files, excluding), "a"),
  ]).toEqual([sender, receiver, senderDelete, receiverDelete]);
});

test("FilterEvaluator: perishable rules do not count in a directory that is removed", () => {
  const filter = evaluator(filters("-p a", "- b", "-C option"), "receiver");
  expect(["a", "b", "core"].map((path) => verdict(filter, path))).toEqual([-1, -1, -1]);
  expect(["a", "b", "core"].map((path) => verdict(filter, path, true))).toEqual([0, -1, 0]);
});

test("FilterEvaluator: per-directory rules are inherited, overridden and dropped", () => {
  const files = {
    "/r/.f": "- a\n- /b\n",
    "/r/d/.f": "+ a\n- c\n",
    "/r/e/.f": "!\n",
    "/r/n/.n": "- x\n",
  };
  const filter = evaluator(filters(": .f", ":n .n", "- a.o"), "sender", files);
  const paths = ["a", "b", "d/a", "d/b", "d/c", "d/x/a", "e/a", "f/a", "f/c", "n/x", "n/m/x", "e/a.o"];
  expect(paths.map((path) => verdict(filter, path))).toEqual([-1, -1, 1, 0, -1, 1, 0, -1, 0, -1, 0, -1]);
});

test("FilterEvaluator: a merge file name with slashes has the parents scanned once", () => {
  const files = { "/.f": "- a\n", "/r/.f": "+ b\n", "/r/d/.f": "- b\n" };
  for (const rule of [": /.f", ": ../../../.f"]) {
    const filter = evaluator(filters(rule), "sender", files);
    filter.enter(byteName(""), byteName("/r/d/e"));
    expect([filter.check(byteName("a"), false), filter.check(byteName("b"), false)]).toEqual([-1, -1]);
    filter.leave();
    filter.enter(byteName(""), byteName("/r/d/g"));
    expect(filter.check(byteName("a"), false)).toBe(0);
  }
});

test("FilterEvaluator: merge files, words and prefixes", () => {
  const files = { m: "- a\n. n\n#- c\n", n: "+ b\r\n- *\r\n", w: "x y\n#z", x: "a\n- b\n+ c\n" };
  expect(["a", "b", "c"].map((path) => verdict(evaluator(filters(". m"), "sender", files), path))).toEqual([-1, 1, -1]);
  expect(["x", "y", "#z"].map((path) => verdict(evaluator(filters(".C w"), "sender", files), path))).toEqual([
    -1, -1, -1,
  ]);
  const from = evaluator([argument("exclude-from", "x")], "sender", files);
  expect(["a", "b", "c"].map((path) => verdict(from, path))).toEqual([-1, -1, 1]);
  const filter = evaluator(filters(":e .f"), "sender", {});
  expect(verdict(filter, "d/.f")).toBe(-1);
});

test("FilterEvaluator: -C comes last and reads the user's names", () => {
  const files = { "/home/u/.cvsignore": "mine\n", "/r/d/.cvsignore": "local *.h\n" };
  const settings = { ...defaults, home: byteName("/home/u"), cvsIgnoreVariable: byteName("var  var2") };
  const filter = evaluator(filters("-C option", "+ keep.o"), "sender", files, settings);
  const paths = ["keep.o", "a.o", ".git/", "mine", "var2", "d/local", "d/x.h", "d/e/x.h"];
  expect(paths.map((path) => verdict(filter, path))).toEqual([1, -1, -1, -1, -1, -1, -1, 0]);
  const cleared = evaluator(filters("-C"), "sender", files, { ...settings, cvsIgnoreVariable: byteName("! var") });
  expect(["a.o", "mine", "var"].map((path) => verdict(cleared, path))).toEqual([0, 0, -1]);
});

test.each([
  // arguments, name, text
  [["- foo/"], "foo/", "foo/"],
  [["-C option"], "a.o", "*.o [global CVS]"],
  [[". m"], "m", "<rule from a file read earlier>"],
  [[": .f"], "f", "<rule from a file read earlier> [per-dir .f]"],
  [[": /.f"], "f", "<rule from a file read earlier> [per-dir .f]"],
  [[". d"], "f", "<rule from a file read earlier> [per-dir <rule from d line 2>]"],
  [["- foo"], "bar", undefined],
])("FilterEvaluator.lastRuleText for %j", (texts, path, text) => {
  const filter = evaluator(filters(...texts), "sender", { m: "- m\n", d: "\n: .f\n", "/r/.f": "- f\n" });
  verdict(filter, path);
  expect(filter.lastRuleText).toBe(text);
});

test("FilterEvaluator: xattr names", () => {
  const filter = evaluator(filters("-x user.secret", "+x user.*", "-x *", "- user.*"));
  const names = ["user.secret", "user.a", "trusted.t"].map(byteName);
  expect(names.map((name) => filter.checkXattr(name))).toEqual([-1, 1, -1]);
  expect(filter.hasXattrRules).toBe(true);
  expect(evaluator(filters("- user.*")).hasXattrRules).toBe(false);
  expect(evaluator(filters(":x .f")).hasXattrRules).toBe(true);
});

test("FilterEvaluator: isEmpty is about one side", () => {
  expect(evaluator([]).isEmpty).toBe(true);
  expect(evaluator(filters("P a")).isEmpty).toBe(true);
  expect(evaluator(filters("P a"), "receiver").isEmpty).toBe(false);
  expect(evaluator(filters(": .f")).isEmpty).toBe(false);
});

test("FilterEvaluator: a snapshot carries the state to another thread", () => {
  const files = { "/r/.f": "- a\n: .g\n-x user.*\n", "/r/d/.g": "- b\n" };
  const reader = memory(files);
  const program = compileFilters(filters(": .f", "- z"), reader, defaults);
  const first = new FilterEvaluator(program, "sender", reader);
  first.enter(byteName(""), root);
  first.enter(byteName("d"), byteName("/r/d"));
  const second = new FilterEvaluator(structuredClone(program), "sender", reader);
  second.restore(structuredClone(first.snapshot()));
  expect(second.hasXattrRules).toBe(true);
  const paths = ["d/a", "d/b", "d/z", "d/c"].map(byteName);
  expect(paths.map((path) => second.check(path, false))).toEqual([-1, -1, -1, 0]);
  second.leave();
  expect([byteName("a"), byteName("b")].map((path) => second.check(path, false))).toEqual([-1, 0]);
});

test.each([
  // arguments, message, exit code, role
  [[". m"], "Unknown filter rule: <rule from m line 3>", 1, "client"],
  [[". n"], "Unknown filter rule: <rule from a file named at n line 2>", 1, "client"],
  [[". none"], "rsync: [client] failed to open exclude file none: error 2", 11, "client"],
  [[".+ none"], "rsync: [client] failed to open include file none: error 2", 11, "client"],
  [[". o"], "failed to open exclude file <rule from o line 1>", 11, "client"],
  [[".w w"], "unexpected end of filter rule: <rule from w>", 1, "client"],
  [[": .bad"], "Unknown filter rule: <rule from /r/.bad line 1>", 1, "sender"],
  [[". p"], "Unknown filter rule: <rule from a file read earlier>", 1, "sender"],
])("FilterEvaluator: error in a file, %j", (texts, message, exitCode, role) => {
  const files = {
    m: "- a\n\nbogus\n",
    n: "\n. m\n",
    o: ". none\n",
    w: "- a\n",
    p: ": .bad\n",
    "/r/.bad": "bogus\n",
  };
  expect(() => verdict(evaluator(filters(...texts), "sender", files), "a")).toThrow(
    expect.objectContaining({ message, exitCode, role }),
  );
});

test("compileFilters stops at merge files that name themselves", () => {
  expect(() => evaluator(filters(". m"), "sender", { m: ". m\n" })).toThrow(
    /^\[client\] merge-file include depth limit \(32\) exceeded at <rule from (a file named at ){31}m line 1>$/,
  );
});

test("compileFilters discards over-long patterns with a remark", () => {
  const warnings: string[] = [];
  const long = "x".repeat(4096);
  const program = compileFilters(filters(`- ${long}`, ". m"), memory({ m: `- ${long}\n` }, warnings), defaults);
  expect(program.rules).toEqual([]);
  expect(warnings).toEqual([
    `discarding over-long filter: ${long}`,
    "discarding over-long filter: <rule from m line 1>",
  ]);
  expect(compileFilters(filters(`- ${long.slice(1)}`), memory({}), defaults).rules.length).toBe(1);
});

test("compileFilters reads bytes, not characters", () => {
  const file: ByteName = fromBytes(Uint8Array.of(0x2d, 0x20, 0xe9, 0x0a));
  expect(verdict(evaluator(filters(". m"), "sender", { m: file }), "\xe9")).toBe(-1);
});
