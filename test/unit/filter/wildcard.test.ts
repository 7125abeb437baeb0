import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { compileWildcard, matchWildcard } from "../../../src/filter/wildcard.ts";

function matches(pattern: string, text: string, mode: "whole" | "any-slash" = "whole"): boolean {
  return matchWildcard(compileWildcard(byteName(pattern)), text, 0, mode);
}

test.each([
  // pattern, texts that match, texts that do not
  ["*.o", ["a.o", ".o"], ["a.oo", "d/a.o", ""]],
  ["a?c", ["abc", "a.c"], ["a/c", "ac", "abbc"]],
  ["a*c", ["ac", "abbc"], ["a/c", "acd"]],
  ["a**c", ["ac", "a/c", "a/b/c"], ["a/d"]],
  ["a/**/b", ["a/x/b", "a/x/y/b"], ["a/b"]],
  ["**/x", ["/x", "a/x", "a/b/x"], ["x", "ax"]],
  ["foo/***", ["foo/", "foo/a", "foo/a/b"], ["foo"]],
  ["*", ["", "a", ".a"], ["a/b"]],
  ["**", ["", "a/b"], []],
  ["\\*", ["*"], ["a", "\\*"]],
  ["a\\b*", ["ab", "abc"], ["a\\b"]],
  ["*\\", [], ["\\", "a\\", "a"]],
  ["[a-c]", ["a", "b", "c"], ["d", "A", ""]],
  ["[!a-c]", ["d", "-"], ["a", "/"]],
  ["[^a]", ["b", "\xff"], ["a", "/"]],
  ["[]a]", ["]", "a"], ["b"]],
  ["[!]a]", ["b"], ["]", "a"]],
  ["[a-]", ["a", "-"], ["b"]],
  ["[-a]", ["a", "-"], ["b"]],
  ["[\\]-a]", ["]", "^", "a"], ["\\"]],
  ["[c-a]", ["c"], ["a", "b"]],
  ["[a-c-e]", ["b", "-", "e"], ["d"]],
  ["[/]", [], ["/"]],
  ["[.-0]", [".", "0"], ["/"]],
  ["[[:digit:]x]", ["1", "x"], ["d", ":"]],
  ["[[:alpha:]-z]", ["q", "-"], ["1"]],
  ["[[:upper:]]", ["A"], ["a", "\xc4"]],
  ["[[:foo:]]", [], ["f", "o", ":", "]"]],
  ["[[:x]", [":", "x", "["], ["y"]],
  ["[a", [], ["a", "[a"]],
  ["[", [], ["["]],
  ["x*[z-a[:", [], ["x", "xz"]],
])("matchWildcard: %s", (pattern, yes, no) => {
  for (const text of yes) expect([text, matches(pattern, text)]).toEqual([text, true]);
  for (const text of no) expect([text, matches(pattern, text)]).toEqual([text, false]);
});

test("matchWildcard in mode any-slash starts after any slash", () => {
  expect(matches("a**c", "x/a/c", "any-slash")).toBe(true);
  expect(matches("a**c", "xa/c", "any-slash")).toBe(false);
  expect(matches("a**c", "x/a/c")).toBe(false);
});

test.each([
  ["a*a*a*a*a*b", "a".repeat(4096)],
  ["**a**a**a**a**b", "a".repeat(4096)],
  ["**a*a*/**a*a*/**b", "a/".repeat(2048)],
  [`*${"?*".repeat(500)}b`, "a".repeat(4096)],
  [`${"a*".repeat(1000)}b`, "a".repeat(4096)],
  [`${"**/".repeat(300)}b`, "a/".repeat(2048)],
])("matchWildcard is quick for %s (I-08)", (pattern, text) => {
  const start = performance.now();
  expect(matches(pattern, text, "any-slash")).toBe(false);
  expect(performance.now() - start).toBeLessThan(50);
});
