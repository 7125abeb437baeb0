/** The layer rules hold in `src/`, and the checker finds planted violations of every kind. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { checkLayers, fileLinesMax, formatViolation, type Violation } from "../support/layers.ts";
import { maskSource } from "../support/mask-source.ts";

const src = fileURLToPath(new URL("../../src", import.meta.url));

function readSources(): Map<string, string> {
  const sources = new Map<string, string>();
  for (const file of readdirSync(src, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".ts")) sources.set(file, readFileSync(`${src}/${file}`, "utf8"));
  }
  return sources;
}

describe("src", () => {
  const sources = readSources();

  test("is found", () => {
    expect([...sources.keys()]).toEqual(expect.arrayContaining(["errors.ts", "limits.ts", "bytes/byte-name.ts"]));
  });

  test("keeps the layer rules", () => {
    expect(checkLayers(sources).map(formatViolation)).toEqual([]);
  });

  const filesWith = (pattern: RegExp): string[] =>
    [...sources].filter(([, source]) => pattern.test(maskSource(source, "text"))).map(([file]) => file);

  test("N-14 standard input and output, which may be the protocol, belong to cli", () => {
    const outside = filesWith(/\bconsole\.|\bprocess\.(?:stdin|stdout|stderr)\b/).filter(
      (file) => !file.startsWith("cli/"),
    );
    expect(outside).toEqual([]);
  });

  test("R-08 memory that is not zeroed is allocated only where all of it is filled before it goes anywhere", () => {
    expect(filesWith(/\ballocUnsafe(?:Slow)?\b/).sort()).toEqual([
      "protocol/message.ts",
      "protocol/wire-reader.ts",
      "protocol/wire-writer.ts",
      "sync/verify-copy.ts",
      "transport/ssh/small-file.ts",
    ]);
  });
});

interface Planted {
  readonly title: string;
  readonly file: string;
  readonly source: string;
  readonly rule: Violation["rule"];
  readonly line?: number;
}

const planted: readonly Planted[] = [
  { title: "upward import", file: "bytes/a.ts", source: 'import { x } from "../sync/run.ts";', rule: "layer" },
  {
    title: "upward type import",
    file: "bytes/a.ts",
    source: 'import type { X } from "../cli/main.ts";',
    rule: "layer",
  },
  { title: "sideways import", file: "options/a.ts", source: 'import { x } from "../filter/parse.ts";', rule: "layer" },
  { title: "upward re-export", file: "errors.ts", source: 'export * from "./bytes/byte-name.ts";', rule: "layer" },
  {
    title: "upward dynamic import",
    file: "sync/a.ts",
    source: 'const x = await import("../cli/main.ts");',
    rule: "layer",
  },
  {
    title: "upward import over several lines",
    file: "protocol/a.ts",
    source: '/** A. */\nimport {\n  x,\n  y,\n} from "../filter/parse.ts";',
    rule: "layer",
    line: 5,
  },
  {
    title: "import of the package entry",
    file: "sync/a.ts",
    source: 'import { sync } from "../index.ts";',
    rule: "layer",
  },
  { title: "node:fs in bytes", file: "bytes/a.ts", source: 'import { readSync } from "node:fs";', rule: "module" },
  { title: "fs without prefix", file: "filter/a.ts", source: 'import { readSync } from "fs";', rule: "module" },
  { title: "node:net in protocol", file: "protocol/a.ts", source: 'import "node:net";', rule: "module" },
  {
    title: "node:child_process in options",
    file: "options/a.ts",
    source: 'export { spawn } from "node:child_process";',
    rule: "module",
  },
  { title: "node:timers in delta", file: "delta/a.ts", source: 'import * as t from "node:timers";', rule: "module" },
  {
    title: "node:zlib in filter",
    file: "filter/a.ts",
    source: 'import { inflateSync } from "node:zlib";',
    rule: "module",
  },
  { title: "koffi outside fs/syscalls", file: "fs/scan.ts", source: 'import koffi from "koffi";', rule: "module" },
  { title: "process in a pure folder", file: "options/a.ts", source: "const home = process.env.HOME;", rule: "global" },
  {
    title: "process inside a template",
    file: "options/a.ts",
    source: "const x = `$" + "{process.pid}`;",
    rule: "global",
  },
  { title: "a timer in a pure folder", file: "delta/a.ts", source: "setTimeout(() => 1, 5);", rule: "global" },
  { title: "console in sync", file: "sync/a.ts", source: 'console.error("x");', rule: "global" },
  { title: "process.exit in the library", file: "fs/a.ts", source: "\n\nprocess.exit(1);", rule: "global", line: 3 },
  {
    title: "a default export",
    file: "fs/a.ts",
    source: "export default function f(): void {}",
    rule: "default-export",
  },
  {
    title: "a renamed default export",
    file: "fs/a.ts",
    source: "const f = 1;\nexport { f as default };",
    rule: "default-export",
  },
  { title: "a long file", file: "fs/a.ts", source: "// x\n".repeat(fileLinesMax + 1), rule: "length" },
  { title: "a folder outside the layers", file: "helpers/a.ts", source: "export const a = 1;", rule: "unknown-layer" },
];

const permitted: readonly { readonly title: string; readonly file: string; readonly source: string }[] = [
  { title: "a downward import", file: "sync/a.ts", source: 'import { x } from "../bytes/byte-name.ts";' },
  { title: "an import within a folder", file: "fs/syscalls/a.ts", source: 'import { x } from "../errno.ts";' },
  { title: "zlib in compress", file: "compress/a.ts", source: 'import { inflateSync } from "node:zlib";' },
  { title: "crypto in delta", file: "delta/a.ts", source: 'import { createHash } from "node:crypto";' },
  { title: "koffi in fs/syscalls", file: "fs/syscalls/koffi.ts", source: 'const koffi = await import("koffi");' },
  { title: "console in cli", file: "cli/a.ts", source: 'console.log("x");' },
  { title: "words in comments", file: "bytes/a.ts", source: '// process.exit\n/* import "node:fs"; */' },
  { title: "words in strings", file: "bytes/a.ts", source: 'const a = "process.exit(1) console.log export default";' },
  {
    title: "a property called process",
    file: "bytes/a.ts",
    source: "const a = { process: 1 };\nexport const b = a.process;",
  },
  {
    title: "quotes in regular expressions",
    file: "bytes/a.ts",
    source: "const a = /[\"'`/]/;\nexport const b = a; // process",
  },
  { title: "a file of the greatest length", file: "fs/a.ts", source: "// x\n".repeat(fileLinesMax) },
];

describe("checkLayers", () => {
  test.each(planted)("reports $title", ({ file, source, rule, line }) => {
    const found = checkLayers(new Map([[file, source]]));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ file, rule, ...(line === undefined ? {} : { line }) });
  });

  test.each(permitted)("permits $title", ({ file, source }) => {
    expect(checkLayers(new Map([[file, source]])).map(formatViolation)).toEqual([]);
  });

  test("reports a cycle with its path", () => {
    const found = checkLayers(
      new Map([
        ["fs/a.ts", 'import { b } from "./b.ts";\nexport const a = b;'],
        ["fs/b.ts", 'import type { C } from "./deep/c.ts";\nexport const b: C = 1;'],
        ["fs/deep/c.ts", 'export type C = number;\nexport { a } from "../a.ts";'],
        ["fs/d.ts", 'import { a } from "./a.ts";\nexport const d = a;'],
      ]),
    );
    expect(found).toEqual([
      { file: "fs/deep/c.ts", line: 2, rule: "cycle", message: "fs/a.ts -> fs/b.ts -> fs/deep/c.ts -> fs/a.ts" },
    ]);
  });
});

describe("maskSource", () => {
  test.each([
    ["a // b\nc", "a     \nc", "a     \nc"],
    ["a /* b\n */ c", "a     \n    c", "a     \n    c"],
    ['f("//x") + 1', 'f("//x") + 1', 'f("   ") + 1'],
    ["`a§{b(`c§{d}`)}e`", "`a§{b(`c§{d}`)}e`", "` §{b(` §{d}`)} `"],
    ["x = a / b / c; // d", "x = a / b / c;     ", "x = a / b / c;     "],
    ['x = "\\"//"; y', 'x = "\\"//"; y', 'x = "    "; y'],
  ])("masks %j", (source, comments, text) => {
    // The lint rules want no `$` + `{` in plain strings.
    const dollar = (shown: string): string => shown.replaceAll("§", "$");
    expect(maskSource(dollar(source), "comments")).toBe(dollar(comments));
    expect(maskSource(dollar(source), "text")).toBe(dollar(text));
  });
});
