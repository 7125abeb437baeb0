/** The parts of the bundled command, and the compiled code that is kept of them. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { asPart } from "../../../scripts/parts.ts";
import { PartLoader } from "../../../src/cli/part-loader.ts";

let dist: string;
let file: string;
const mask = process.umask();

beforeEach(() => {
  dist = mkdtempSync(join(tmpdir(), "tsync-parts-"));
  file = join(dist, "tsync.cjs");
  mkdirSync(join(dist, "command"));
  place(
    "main.js",
    'import{add as sum,base}from"./shared.js";var own=()=>sum(base,partUrl.length);export{own as result};',
  );
  place("shared.js", "var base=40,add=(a,b)=>a+b;export{add,base};");
});

afterEach(() => {
  process.umask(mask);
  rmSync(dist, { recursive: true });
});

function place(name: string, module: string): void {
  writeFileSync(join(dist, "command", name), asPart(name, module));
}

const kept = (kind = "local") => join(dist, "compile-cache", `${process.version}-${process.arch}-${kind}`);
const expected = () => 40 + pathToFileURL(file).href.length;

function run(keeps: "new" | "all" = "new", kind = "local"): number {
  const loader = new PartLoader(file, kind);
  const { result } = loader.load("main.js") as { result: () => number };
  const found = result();
  loader.keepCompiled(keeps === "all");
  return found;
}

/** V8 remembers a script by its place: in another it looks at what was kept. */
function moveAway(): void {
  renameSync(dist, `${dist}-moved`);
  dist = `${dist}-moved`;
  file = join(dist, "tsync.cjs");
}

test("PartLoader runs each part once and keeps its code for each kind of run", () => {
  process.umask(0);
  expect(run()).toBe(expected());
  expect(readdirSync(kept()).sort()).toEqual(["main.js", "shared.js"]);
  expect(statSync(kept()).mode & 0o777).toBe(0o755);
  expect(statSync(join(kept(), "main.js")).mode & 0o777).toBe(0o644);
  const { ino } = statSync(join(kept(), "main.js"));
  expect(run()).toBe(expected());
  expect(statSync(join(kept(), "main.js")).ino).toBe(ino);
  expect(run("all")).toBe(expected());
  expect(statSync(join(kept(), "main.js")).ino).not.toBe(ino);
  expect(run("new", "server")).toBe(expected());
  expect(readdirSync(kept("server")).sort()).toEqual(["main.js", "shared.js"]);
});

test("PartLoader keeps functions that were compiled in the run", () => {
  const many = Array.from({ length: 50 }, (_, index) => `function f${index}(a){return[a,${index}].map(String)}`);
  const calls = many.map((_, index) => `f${index}(1)`);
  place("shared.js", `${many.join(";")};var base=40,add=(a,b)=>(${calls.join(",")},a+b);export{add,base};`);
  const loader = new PartLoader(file, "local");
  loader.load("main.js");
  loader.keepCompiled(false);
  const { size } = statSync(join(kept(), "shared.js"));
  run("all");
  expect(statSync(join(kept(), "shared.js")).size).toBeGreaterThan(2 * size);
});

test.each([
  ["nothing", () => Buffer.alloc(0)],
  ["anything", () => Buffer.alloc(5000, "x")],
  ["zeros", () => Buffer.alloc(5000)],
  ["what is cut off", (whole: Buffer) => whole.subarray(0, whole.length - 8)],
  ["the code of another V8", (whole: Buffer) => Buffer.concat([Buffer.alloc(8, 1), whole.subarray(8)])],
])("PartLoader takes no code from a file of %s, and replaces it if it is old", (_, spoil) => {
  run();
  const bad = spoil(readFileSync(join(kept(), "main.js")));
  writeFileSync(join(kept(), "main.js"), bad);
  moveAway();
  expect(run()).toBe(expected());
  expect(readFileSync(join(kept(), "main.js")).equals(bad)).toBe(true);
  moveAway();
  utimesSync(join(kept(), "main.js"), 1, 1);
  expect(run()).toBe(expected());
  expect(readFileSync(join(kept(), "main.js")).equals(bad)).toBe(false);
  expect(readdirSync(kept()).sort()).toEqual(["main.js", "shared.js"]);
});

test("PartLoader does without where nothing can be kept", () => {
  writeFileSync(join(dist, "compile-cache"), "a file");
  expect(run()).toBe(expected());
  expect(run()).toBe(expected());
});

test.each([
  ['import fs from"node:fs";export{fs};', SyntaxError],
  ["var a=import.meta.dirname;export{a};", SyntaxError],
  ["export var a=1;", SyntaxError],
  ['var a=()=>import("koffi");export{a};', "in another way"],
  ['var a="\u00e9";export{a};', "ASCII"],
])("asPart refuses %s", (module, reason) => {
  expect(() => asPart("part.js", module)).toThrow(reason);
});

test("asPart keeps a default export", () => {
  place("main.js", "var make=()=>({result:()=>7});var made=make;export default made();");
  const part = new PartLoader(file, "local").load("main.js") as { default: { result: () => number } };
  expect(part.default.result()).toBe(7);
});

test("asPart loads other parts when they are asked for", async () => {
  place("main.js", 'var result=()=>import("./shared.js");export{result};');
  const loader = new PartLoader(file, "local");
  const { result } = loader.load("main.js") as { result: () => Promise<{ base: number }> };
  expect((await result()).base).toBe(40);
  place("main.js", 'var result=()=>import("./none.js");export{result};');
  const other = new PartLoader(file, "local").load("main.js") as { result: () => Promise<unknown> };
  await expect(other.result()).rejects.toThrow("ENOENT");
});
