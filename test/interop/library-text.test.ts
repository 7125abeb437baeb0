/** `logFile` and `outFormat` of the library: the log has the lines that rsync logs, the events have the lines that rsync prints. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { byteName, toBytes } from "../../src/bytes/byte-name.ts";
import { apply, eventToJson, plan, type RunEvent, type SyncRequest, sync, TsyncError } from "../../src/index.ts";
import { type Run, tsync } from "../hostile/support.ts";
import { type Schema, schemaErrors } from "../support/json-schema.ts";
import { must, settle } from "../system/support.ts";

const folder = mkdtempSync(join(tmpdir(), "tsync-library-text-"));
const at = (name: string): string => join(folder, name);
const shell = at("shell");
const schema = JSON.parse(readFileSync(new URL("../../docs/events.schema.json", import.meta.url), "utf8")) as Schema;

beforeAll(() => {
  writeFileSync(shell, '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
  const setup =
    "umask 022; mkdir -p src/d; cd src; echo a > changed; echo b > mode; echo c > same; echo d > d/new; ln -s same link";
  must("bash", ["-c", `cd ${folder} && ${setup}; printf n > "$(printf 'caf\\351\\nx')"`]);
  settle(at("src"), "2024-01-02 03:04:05");
});
beforeEach(prepare);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A destination with something to change, to leave and to delete, and no log. */
function prepare(): void {
  const setup = "cp -a src dst; cd dst; rm -r d link caf*; mkdir e; chmod 600 mode; echo xyz > changed; echo > e/old";
  must("bash", ["-c", `cd ${folder} && rm -rf dst log; ${setup}`]);
}

const source = `${folder}/src/`;
const request = (options: Partial<SyncRequest> = {}): SyncRequest => ({
  sources: [source],
  destination: at("dst"),
  archive: true,
  delete: true,
  ...options,
});

/** The texts of the log, without what differs between any two runs: times, bytes on the way, places, versions. */
function logLines(): string[] {
  return readFileSync(at("log"), "latin1")
    .split("\n")
    .map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] /, ""))
    .map((line) => line.replace(/^sent .*|^total size .*/, "...").replace(/ at [\w.()]+ \[(\w+)=[\d.]+\]$/, " [$1]"));
}

async function eventsOf(run: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

function linesOf(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => ("line" in event && event.line !== undefined ? [event.line] : []));
}

/** What rsync prints of items, as bytes: nothing else is printed without `-v`. */
function printed(run: Run): string[] {
  return run.stdout
    .replace(/\\#(\d{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
    .split("\n");
}

interface Case {
  readonly title: string;
  readonly options: Partial<SyncRequest>;
  readonly words: readonly string[];
}

const cases: readonly Case[] = [
  { title: "nothing else", options: {}, words: [] },
  { title: "itemized", options: { itemizeChanges: true }, words: ["-i"] },
  { title: "itemized, unchanged ones too", options: { itemizeChanges: 2 }, words: ["-ii"] },
  { title: "a format", options: { outFormat: "%o %n%L %l %M" }, words: ["--out-format=%o %n%L %l %M"] },
  { title: "a format with what is known late", options: { outFormat: "%i %n %C" }, words: ["--out-format=%i %n %C"] },
  { title: "a dry run", options: { outFormat: "%i %n", dryRun: true }, words: ["--out-format=%i %n", "-n"] },
  { title: "a form of the log", options: { logFileFormat: "%o|%f|%''l" }, words: ["--log-file-format=%o|%f|%''l"] },
  { title: "an empty form of the log", options: { logFileFormat: "" }, words: ["--log-file-format="] },
  { title: "statistics", options: { stats: true, humanReadable: 0 }, words: ["--stats", "--no-h"] },
  { title: "quiet", options: { quiet: true, outFormat: "%n" }, words: ["-q", "--out-format=%n"] },
  { title: "a source that is missing", options: { sources: [source, `${folder}/missing`] }, words: [] },
];
const ways: readonly ("local" | "push" | "pull")[] = ["local", "push", "pull"];

describe.each(ways)("the lines of a %s run", (way) => {
  test.each(cases)("$title", async ({ title, options, words }) => {
    const [from, to] = [way === "pull" ? "host:" : "", way === "push" ? "host:" : ""];
    const sources = (options.sources ?? [source]).map((name) => from + String(name));
    const args = ["-a", "--delete", `--log-file=${at("log")}`, "-e", shell, ...words];
    const reference = tsync([...args, ...sources, `${to}${at("dst")}`], { program: "rsync", cwd: folder });
    const [expectedLog, expectedLines] = [logLines(), printed(reference)];
    const expectedTree = String(must("ls", ["-lR", at("dst")]));

    prepare();
    const run = sync(
      request({ ...options, sources, destination: `${to}${at("dst")}`, rsh: shell, logFile: at("log") }),
    );
    const events = await eventsOf(run);
    expect((await run).exitCode).toBe(reference.code);
    expect(String(must("ls", ["-lR", at("dst")]))).toBe(expectedTree);
    const sorted = (lines: readonly string[]): string[] => [...lines].sort();
    // Totals of bytes and times of statistics are those of a run.
    const shown = (lines: readonly string[]): string[] =>
      sorted(lines).filter((line) => !(title === "statistics" && /bytes|speedup|seconds|list size/.test(line)));
    expect(shown(logLines())).toEqual(shown(expectedLog));
    const isTold = options.outFormat !== undefined || options.itemizeChanges !== undefined;
    const lines = linesOf(events).map((line) => `${line}\n`);
    if (isTold) expect(sorted(lines.join("").split("\n"))).toEqual(sorted(expectedLines));
    else expect(linesOf(events)).toEqual([]);
  });
});

test("lines have the bytes of names, in JSON too", async () => {
  const events = await eventsOf(sync(request({ outFormat: "%n" })));
  const found = events.find((event) => event.type === "item" && event.path.startsWith("caf"));
  expect(found).toMatchObject({ line: byteName("caf\xe9\nx") });
  const lines = events.map((event) => JSON.parse(JSON.stringify(eventToJson(event))) as object);
  expect(lines).toContainEqual(
    expect.objectContaining({ line: { bytes: toBytes(byteName("caf\xe9\nx")).toString("base64") } }),
  );
  expect(lines).toContainEqual(expect.objectContaining({ type: "delete", line: "deleting e/old" }));
  expect(lines.flatMap((line) => schemaErrors(schema, line))).toEqual([]);
});

test("--json has the same lines", async () => {
  for (const format of ["%i %n%L", "%n %b", undefined]) {
    must("bash", ["-c", `cd ${folder} && rm -rf dst2 && cp -a dst dst2`]);
    const events = await eventsOf(
      sync(request({ destination: at("dst2"), ...(format === undefined ? {} : { outFormat: format }) })),
    );
    must("bash", ["-c", `cd ${folder} && rm -rf dst2 && cp -a dst dst2`]);
    const words = format === undefined ? [] : [`--out-format=${format}`];
    const run = tsync(["-a", "--delete", "--json", ...words, source, at("dst2")]);
    const lines = Buffer.from(run.stdout, "latin1")
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines.flatMap((line) => schemaErrors(schema, line))).toEqual([]);
    expect(events.map((event) => JSON.parse(JSON.stringify(eventToJson(event))) as unknown)).toEqual(
      lines.slice(1, -1),
    );
  }
});

describe("a log", () => {
  test("that cannot be opened is a warning, and the run goes on", async () => {
    const run = sync(request({ logFile: at("no/log") }));
    const problems = (await eventsOf(run)).filter(({ type }) => type === "problem");
    expect(problems).toMatchObject([
      { severity: "warning", errno: 2, text: expect.stringContaining("failed to open log-file") },
    ]);
    expect(await run).toMatchObject({ exitCode: 0, problems: [] });
    expect(existsSync(at("dst/d/new"))).toBe(true);
  });

  test("has the end of a run that was stopped, or failed", async () => {
    const stopped = sync(request({ logFile: at("log"), signal: AbortSignal.abort() }));
    await expect(stopped.summary).rejects.toMatchObject({ kind: "signal" });
    expect(logLines().at(-2)).toBe("rsync error: received SIGINT, SIGTERM, or SIGHUP (code 20) [sender]");
    rmSync(at("log"));
    const failed = sync(request({ logFile: at("log"), destination: at("src/same/x") }));
    await expect(failed.summary).rejects.toBeInstanceOf(TsyncError);
    const theirs = logLines();
    rmSync(at("log"));
    tsync(["-a", "--delete", `--log-file=${at("log")}`, source, at("src/same/x")]);
    expect(theirs).toEqual(logLines());
  });

  test("is of what is applied of a plan, with the exit code for what was refused, and not of the plan", async () => {
    const planned = await plan({ ...request(), destination: at("dst"), logFile: at("log"), outFormat: "%i %n" });
    expect(existsSync(at("log"))).toBe(false);
    writeFileSync(at("dst/mode"), "changed since");
    const run = apply(planned);
    const lines = linesOf(await eventsOf(run));
    expect(lines).toContain(">f+++++++++ d/new");
    expect((await run).refused).toHaveLength(1);
    const logged = logLines();
    expect(logged).toContain(">f+++++++++ d/new");
    expect(logged.at(-2)).toMatch(/\(code 23\) \[sender\]$/);
  });

  test("is needed by what is only for it", () => {
    for (const options of [{ logFileFormat: "%n" }, { humanReadable: 2 as const }])
      expect(() => sync(request(options))).toThrow(/: needs logFile$/);
  });
});
