/** `--json` as programs read it: every line fits the schema, names come back, and the library has the same objects. */
import { readFileSync, rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { backEnds, must, type Run, tsync, tsyncProgram, Workspace } from "../hostile/support.ts";
import { type Schema, schemaErrors } from "../support/json-schema.ts";

const root = new URL("../..", import.meta.url);
const schema = JSON.parse(readFileSync(new URL("docs/events.schema.json", root), "utf8")) as Schema;
const { eventToJson, summaryToJson, sync }: typeof import("../../src/index.ts") = await import(
  new URL("dist/index.mjs", root).href
);

type Line = Record<string, unknown> & { readonly type: string };

/** The lines of a run, each of which fits the schema; nothing stands on standard error. */
function linesOf(run: Run): Line[] {
  expect(run.stderr).toBe("");
  expect(run.stdout.endsWith("\n")).toBe(true);
  const lines = Buffer.from(run.stdout, "latin1").toString("utf8").slice(0, -1).split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  expect(parsed.flatMap((line) => schemaErrors(schema, line))).toEqual([]);
  expect(parsed[0]).toMatchObject({ type: "start", schema: 1 });
  return parsed;
}

const types = (lines: readonly Line[]) => new Set(lines.map(({ type }) => type));

function prepare(workspace: Workspace): string[] {
  for (const directory of ["src", "src/d", "dst"]) workspace.directory(directory);
  for (const file of ["src/a", "src/d/b", "dst/old"]) workspace.file(file);
  must("sh", [
    "-c",
    `cd "$0" && printf x > "$(printf 'caf\\351')" && printf y > 'Ünï' && ln -s a link && ln a hard`,
    workspace.at("src"),
  ]);
  return [`${workspace.at("src")}/`, workspace.at("dst")];
}

describe.each(backEnds)("--json, %s", (backEnd) => {
  test("tells of a run", () => {
    using workspace = new Workspace();
    const lines = linesOf(tsync(["-aH", "--delete", "--json", ...prepare(workspace)], { backEnd }));
    expect(lines.at(-1)).toMatchObject({ type: "summary", exitCode: 0, transferredFiles: 4, problems: [] });
    expect(types(lines)).toEqual(new Set(["start", "list-start", "item", "delete", "summary"]));
    const paths = lines.filter(({ type }) => type === "item").map(({ path }) => path);
    expect(paths).toContainEqual({ bytes: "Y2Fm6Q==" });
    expect(paths).toContain("Ünï");
    expect(lines).toContainEqual({ type: "delete", path: "old", directory: false, mode: 0o100644 });
  });

  test("has nothing but JSON whatever else is asked for", () => {
    using workspace = new Workspace();
    const operands = prepare(workspace);
    const log = workspace.at("log");
    const more = ["-vvii", "--stats", "--progress", "--info=all", "--out-format=%n", `--log-file=${log}`];
    const lines = linesOf(tsync(["-aH", "--delete", "--json", ...more, ...operands], { backEnd }));
    expect(types(lines)).toEqual(
      new Set(["start", "list-start", "item", "transferred", "delete", "notice", "progress", "phase", "summary"]),
    );
    expect(readFileSync(log, "latin1")).toMatch(/\[\d+\] >f\+{9} hard\n/);
    const quiet = linesOf(tsync(["-aHq", "--json", ...operands], { backEnd }));
    expect([...types(quiet)]).toEqual(["start", "summary"]);
    const listed = linesOf(tsync(["-r", "--json", operands[0] ?? ""], { backEnd }));
    expect(listed.filter(({ type }) => type === "listed")).toHaveLength(8);
    const whole = linesOf(tsync(["-an", "--no-i-r", "--json", ...operands], { backEnd }));
    expect(types(whole)).toContain("list-done");
  });

  test("tells of a run with another machine", () => {
    using workspace = new Workspace();
    const [src = "", dst = ""] = prepare(workspace);
    const shell = workspace.file("shell", '#!/bin/sh\nshift\nexec sh -c "$*"\n', 0o755);
    for (const program of [tsyncProgram, "rsync"]) {
      const how = [
        "-aHX",
        "--delete",
        "--json",
        "-vv",
        "--stats",
        "--progress",
        "-e",
        shell,
        `--rsync-path=${program}`,
      ];
      const pushed = linesOf(tsync([...how, src, `host:${dst}`], { backEnd }));
      const pulled = linesOf(tsync([...how, `host:${src}`, workspace.at("new")], { backEnd }));
      for (const lines of [pushed, pulled])
        expect(lines.at(-1)).toMatchObject({ type: "summary", exitCode: 0, protocol: 32 });
      expect(pulled.find(({ type, path }) => type === "item" && path === "d")).toMatchObject({ isChanged: true });
      rmSync(dst, { recursive: true });
      rmSync(workspace.at("new"), { recursive: true });
      const failing = tsync([...how, src, workspace.at("missing"), `host:${dst}`], { backEnd });
      expect(linesOf(failing).at(-1)).toMatchObject({ type: "summary", exitCode: 23 });
    }
  });

  test("has problems as events and the same exit status", () => {
    using workspace = new Workspace();
    const [src = "", dst = ""] = prepare(workspace);
    const run = tsync(["-a", "--json", src, workspace.at("missing"), dst], { backEnd });
    expect(run.code).toBe(23);
    const lines = linesOf(run);
    const problems = lines.filter(({ type }) => type === "problem");
    expect(problems).toMatchObject([{ severity: "error", role: "sender", errno: 2 }]);
    const { type: _type, ...problem } = problems[0] ?? { type: "" };
    expect(lines.at(-1)).toMatchObject({ type: "summary", exitCode: 23, problems: [problem] });
    const guarded = tsync(["-a", "--json", "--delete", "--delete-guard=0", src, dst], { backEnd });
    expect(guarded.code).toBe(25);
    expect(linesOf(guarded)).toContainEqual({ type: "withheld", path: "old", directory: false });
  });

  test.each([
    ["a wrong option", ["-a", "--json", "--bogus", "a", "b"], 1],
    ["too few arguments", ["-a", "--json"], 1],
    ["what is not supported", ["--daemon", "--json"], 4],
    ["a source that is refused", ["-a", "--json", "--delete", "--refuse-empty-source", "/nowhere-at-all/", "b"], 3],
    ["a log that cannot be written", ["-a", "--json", "--log-file=/nowhere/log", "a", "b"], 23],
  ])("ends with the error for %s", (_title, args, code) => {
    using workspace = new Workspace();
    const run = tsync(args, { backEnd, cwd: workspace.directory("cwd") });
    expect(run.code).toBe(code);
    const last = linesOf(run).at(-1);
    expect(last).toMatchObject({ type: code === 23 ? "summary" : "error", exitCode: code });
  });
});

test("the library has the same events and summary", async () => {
  using workspace = new Workspace();
  const [src = "", dst = ""] = prepare(workspace);
  const lines = linesOf(tsync(["-aHn", "--delete", "--json", src, dst]));
  const run = sync({ sources: [src], destination: dst, archive: true, hardLinks: true, delete: true, dryRun: true });
  const events = [];
  for await (const event of run) events.push(JSON.parse(JSON.stringify(eventToJson(event))) as unknown);
  const timeless = (line: object) => ({ ...line, elapsedSeconds: 0, listBuildSeconds: 0 });
  expect(events).toEqual(lines.slice(1, -1));
  expect(timeless(summaryToJson(await run))).toEqual(timeless(lines.at(-1) ?? {}));
});
