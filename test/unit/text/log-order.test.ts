import { expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import type { ItemEvent } from "../../../src/sync/events.ts";
import { LogOrder } from "../../../src/text/log-order.ts";

const item = (path: string): ItemEvent => ({ type: "item", path: byteName(path) }) as ItemEvent;
const [a, b, c] = [item("a"), item("b"), item("c")];
const line = (text: string) => [byteName(text)];

test("LogOrder writes the line of a file where it was expected", () => {
  const lines: string[] = [];
  const order = new LogOrder((text) => lines.push(text));
  order.expect(a);
  order.add(item("directory"), line("directory"));
  order.expect(b);
  order.expect(c);
  order.add(c, line("c"));
  expect(lines).toEqual([]);
  order.add(a, line("a"));
  expect(lines).toEqual(["a", "directory"]);
  order.add(b, line("b"));
  expect(lines).toEqual(["a", "directory", "b", "c"]);
  order.add(item("last"), line("last"));
  expect(lines.at(-1)).toBe("last");
});

test("LogOrder leaves out a file that has no line", () => {
  const lines: string[] = [];
  const order = new LogOrder((text) => lines.push(text));
  order.expect(a);
  order.add(b, line("b"));
  order.add(a, []);
  expect(lines).toEqual(["b"]);
});

test("LogOrder writes what there is when the run ends before a file has come", () => {
  const lines: string[] = [];
  const order = new LogOrder((text) => lines.push(text));
  order.expect(a);
  order.add(b, line("b"));
  order.flush();
  expect(lines).toEqual(["b"]);
});
