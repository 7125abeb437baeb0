/** Names that bite, arguments that are not text, and output (4-traps S-21, I-02, I-07, I-08, N-01 to N-03, S-19). */
import { readdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { byteName, toBytes } from "../../src/bytes/byte-name.ts";
import { backEnds, must, namesIn, picture, pictureDifferences, tsync, tsyncProgram, Workspace } from "./support.ts";

/** One character a byte. */
const bitingNames: readonly string[] = [
  "-rf",
  "--delete",
  " ",
  "a\nb",
  "a\rb",
  "\x1b[31mred",
  "\x07",
  "\x7f",
  "\xe9\xff",
  "\xc3\xa9",
  "\xc2\x9b1m",
  "a\\#012b",
  "~",
  "con",
  "dot.",
  "x".repeat(255),
  `${"\xc3\xa9".repeat(127)}`,
  "__proto__",
  "constructor",
  "toString",
  "*",
  "[a]",
  "a:b",
  ".x.AbCdEf",
  "$(touch marker)",
  "`touch marker`",
  "; touch marker",
  "'\"",
];

const make = (directory: string, name: string, content: string): void =>
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), toBytes(byteName(name))]), content);
const bytewise = (names: readonly string[]): string[] => [...names].sort();

describe.each(backEnds)("%s", (backEnd) => {
  test("S-21 I-07 N-01 names that bite arrive byte for byte, are compared and deleted", () => {
    using workspace = new Workspace();
    const src = workspace.directory("src");
    const dst = workspace.directory("dst");
    for (const name of bitingNames) {
      make(src, name, name);
      must("mkdir", ["-p", workspace.at("src2")]);
    }
    const args = ["-a", "--delete", `${src}/`, `${dst}/`];
    expect(tsync(args, { backEnd }).code).toBe(0);
    expect(namesIn(dst)).toEqual(bytewise(bitingNames));
    expect(pictureDifferences(picture(src, true), picture(dst, true))).toEqual([]);
    const second = tsync(["-i", ...args], { backEnd });
    expect(second).toMatchObject({ code: 0, stdout: "" });
    const gone = tsync(["-a", "--delete", `${workspace.at("src2")}/`, `${dst}/`], { backEnd });
    expect(gone.code).toBe(0);
    expect(namesIn(dst)).toEqual([]);
    expect(namesIn(workspace.path)).toEqual(["dst", "src", "src2"]);
  });

  test("I-02 names are escaped on standard output, standard error and in the log, one line each", () => {
    using workspace = new Workspace();
    const src = workspace.directory("src");
    for (const name of ["a\nb", "\x1b[31mred", "\xe9\xff", "a\\#012b"]) make(src, name, name);
    const log = workspace.at("log");
    const args = ["-av", `--log-file=${log}`, `${src}/`, `${workspace.at("dst")}/`];
    const ours = tsync(args, { backEnd });
    const theirs = tsync([...args.slice(0, 2), `${src}/`, `${workspace.at("dst2")}/`], { program: "rsync" });
    const lines = (text: string): string[] => text.split("\n").filter((line) => line.includes("#"));
    expect(lines(ours.stdout)).toEqual(lines(theirs.stdout));
    expect(lines(ours.stdout).length).toBeGreaterThan(2);
    expect(ours.stdout).not.toMatch(/[\x1b\x80-\xff]/);
    must("chmod", ["000", src]);
    const failed = tsync(["-a", `${src}/\x01\n`, workspace.at("dst")], { backEnd });
    expect(failed.code).toBe(23);
    expect(failed.stderr).toContain("\\#001\\#012");
  });

  test("N-02 an argument that is not UTF-8 names the very file", () => {
    using workspace = new Workspace();
    const src = workspace.directory("src");
    make(src, "\xe9\xff", "latin\n");
    const script = 'n=$(printf "\\351\\377"); exec "$1" -a "$2/$n" "$3/to-$n" "--log-file=$3/$n.log"';
    const run = tsync(["-c", script, "sh", tsyncProgram, src, workspace.path], { backEnd, program: "sh" });
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(namesIn(workspace.path)).toEqual(["src", "to-\xe9\xff", "\xe9\xff.log"]);
  });

  test("N-03 a megabyte of output arrives whole through a slow pipe", () => {
    using workspace = new Workspace();
    const src = workspace.directory("src");
    for (let number = 0; number < 5000; number++) make(src, `${"long-name-".repeat(22)}${number}`, "");
    const script = '"$1" -rv --dry-run "$2/" "$3/dst/" | (sleep 1; cat)';
    const run = tsync(["-c", script, "sh", tsyncProgram, src, workspace.path], { backEnd, program: "sh" });
    expect(run.stdout.length).toBeGreaterThan(1 << 20);
    expect(run.stdout.split("\n").filter((line) => line.startsWith("long-name-"))).toHaveLength(5000);
    expect(run.stdout).toMatch(/total size is [\d,]+ {2}speedup is [\d,.]+ \(DRY RUN\)\n$/);
  });

  test("S-19 a name of 255 bytes fits its temporary name, and that is unlike any other", () => {
    using workspace = new Workspace();
    const src = workspace.directory("src");
    const name = `${"\xe2\x82\xac".repeat(84)}abc`;
    make(src, name, "x");
    // Whoever guesses wrong gets nothing, and whoever plants names is not overwritten.
    const dst = workspace.directory("dst");
    expect(tsync(["-a", `${src}/`, `${dst}/`], { backEnd }).code).toBe(0);
    expect(namesIn(dst)).toEqual([name]);
    expect(readdirSync(dst)).toHaveLength(1);
  });
});

test("I-08 wildcards take linear time", () => {
  using workspace = new Workspace();
  const src = workspace.directory("src");
  make(src, "a".repeat(255), "x");
  const begin = performance.now();
  const stars = `${"*a".repeat(60)}*b`;
  expect(tsync(["-a", `--exclude=${stars}`, `${src}/`, `${workspace.at("dst")}/`]).code).toBe(0);
  expect(performance.now() - begin).toBeLessThan(3000);
  expect(namesIn(workspace.at("dst"))).toHaveLength(1);
});
