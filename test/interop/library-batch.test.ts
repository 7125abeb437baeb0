/** The library's batch files and conversion of names: as the command's, in the same cases, and of use to rsync. */
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { plan, type RunEvent, type SyncRequest, serverArgs, sync, TsyncError } from "../../src/index.ts";
import { must, settle, snapshot } from "../system/support.ts";

const folder = mkdtempSync(join(tmpdir(), "tsync-library-batch-"));
const at = (name: string): string => join(folder, name);
const tree = (name: string): string[] => snapshot(at(name));
const program = join(import.meta.dirname, "../../bin/tsync");
const shell = at("shell");
const command = (name: string, ...args: string[]) => must(name, args);

beforeAll(() => {
  const setup = `umask 022; mkdir -p src/x; cd src; echo a > f; seq 1 20000 > x/big; ln -s f l; ln f h; echo 1 > grü; echo o > skip.o`;
  must("bash", ["-c", `cd ${folder} && ${setup}`]);
  writeFileSync(shell, '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
  settle(at("src"), "2024-01-02 03:04:05.678901");
});
beforeEach(() => {
  must("bash", ["-c", `cd ${folder} && rm -rf d d2 d3 batch* && mkdir d && echo old > d/gone && seq 1 19000 > d/x`]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A batch file ends with the milliseconds that it took to make the list and to send it, in three bytes each. */
const listTimesBytes = 6;

const request = (options: Partial<SyncRequest> = {}): SyncRequest => ({
  sources: [`${at("src")}/`],
  destination: at("d"),
  archive: true,
  hardLinks: true,
  delete: true,
  exclude: ["*.o"],
  ...options,
});

/** Without a destination, as a caller whose types nobody checks may say it. */
const without = (options: Partial<SyncRequest>): Partial<SyncRequest> =>
  Object.assign<Partial<SyncRequest>, object>({ ...options }, { destination: undefined });

async function eventsOf(run: AsyncIterable<RunEvent>): Promise<string[]> {
  const events: string[] = [];
  for await (const event of run) if (event.type === "item" || event.type === "delete") events.push(event.path);
  return events;
}

test("a batch file that has been read is closed once: what its caller opens next stays open", async () => {
  await sync(request({ onlyWriteBatch: at("batch") }));
  const opened: number[] = [];
  try {
    for (let round = 0; round < 20; round++) {
      await sync({ sources: [], destination: at("d"), archive: true, hardLinks: true, readBatch: at("batch") });
      for (let count = 0; count < 4; count++) opened.push(openSync(at("src/f"), "r"));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const descriptor of opened) expect(fstatSync(descriptor).isFile()).toBe(true);
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
});

describe.each(["koffi", "plain"] as const)("batch files, %s", (syscalls) => {
  test("are written as the command writes them, and read by rsync, the command and the library", async () => {
    const before = tree("d");
    command("cp", "-a", at("d"), at("d2"));
    command("cp", "-a", at("d"), at("d3"));
    const options = { checksumSeed: 7, syscalls };
    const summary = await sync(request({ ...options, onlyWriteBatch: at("batch") }));
    expect(summary).toMatchObject({ exitCode: 0, batchOnly: true });
    expect(tree("d")).toEqual(before);
    const words = ["-aH", "--delete", "--exclude=*.o", "--checksum-seed=7", `--only-write-batch=${at("batch2")}`];
    command("env", `TSYNC_SYSCALLS=${syscalls}`, program, ...words, `${at("src")}/`, at("d"));
    const [written, asked] = ["batch", "batch2"].map((name) => readFileSync(at(name)).subarray(0, -listTimesBytes));
    expect(written).toEqual(asked);

    const run = sync({
      ...options,
      sources: [],
      destination: at("d"),
      archive: true,
      hardLinks: true,
      delete: true,
      exclude: ["*.o"],
      readBatch: at("batch"),
    });
    expect(await eventsOf(run)).toEqual(
      expect.arrayContaining(
        ["gone", "x", "x/big", "f", "h", "l", "grü".normalize()].map((name) => Buffer.from(name).toString("latin1")),
      ),
    );
    expect(await run).toMatchObject({ exitCode: 0 });
    command("rsync", "-aH", "--delete", "--exclude=*.o", `--read-batch=${at("batch")}`, at("d2"));
    must("env", [`PATH=${join(program, "..")}:${process.env.PATH}`, "sh", at("batch.sh"), at("d3")]);
    expect(tree("d")).toEqual(tree("src").filter((line) => !line.includes("skip.o")));
    for (const other of ["d2", "d3"]) expect(tree(other)).toEqual(tree("d"));
  });

  test("are written while the destination is made, and with old protocols", async () => {
    expect(await sync(request({ syscalls, writeBatch: at("batch"), protocol: 29, wholeFile: false }))).toMatchObject({
      ...{ exitCode: 0, batchOnly: false },
    });
    command("cp", "-a", at("d"), at("d2"));
    command("mkdir", at("d3"));
    command("rsync", "-aH", "--delete", "--exclude=*.o", `--read-batch=${at("batch")}`, at("d3"));
    expect(tree("d3")).toEqual(tree("d2"));
  });

  test("names are converted within one machine as the command converts them", async () => {
    const run = sync(request({ syscalls, iconv: "UTF-8,ISO-8859-1" }));
    expect(await eventsOf(run)).toContain(Buffer.from("grü").toString("latin1"));
    expect(await run).toMatchObject({ exitCode: 0, problems: [] });
    command(
      "env",
      `TSYNC_SYSCALLS=${syscalls}`,
      program,
      "-aH",
      "--exclude=*.o",
      "--iconv=UTF-8,ISO-8859-1",
      `${at("src")}/`,
      at("d2"),
    );
    expect(tree("d")).toEqual(tree("d2"));
    expect(must("ls", [at("d")]).includes(Buffer.from("gr\xfc\n", "latin1"))).toBe(true);
  });
});

describe("with another side", () => {
  const over = { rsh: shell, rsyncPath: program };

  test.each<[string, Partial<SyncRequest>]>([
    ["a push", { destination: `h:${at("d")}` }],
    ["a pull", { sources: [`h:${at("src")}/`] }],
  ])("%s writes a batch file", async (_title, side) => {
    command("cp", "-a", at("d"), at("d2"));
    expect(await sync(request({ ...over, ...side, writeBatch: at("batch") }))).toMatchObject({ exitCode: 0 });
    const run = sync({
      sources: [],
      destination: at("d2"),
      archive: true,
      hardLinks: true,
      delete: true,
      exclude: ["*.o"],
      readBatch: at("batch"),
    });
    expect(await run).toMatchObject({ exitCode: 0 });
    expect(tree("d2")).toEqual(tree("d"));
    expect(readFileSync(at("batch.sh"), "latin1")).not.toMatch(/rsh|rsync-path/);
  });

  test("names are converted, and suffixes handed on", async () => {
    const options = { iconv: "UTF-8,ISO-8859-1", compress: true, skipCompress: "gz" };
    expect(await sync(request({ ...over, ...options, destination: `h:${at("d")}` }))).toMatchObject({ exitCode: 0 });
    expect(must("ls", [at("d")]).includes(Buffer.from("gr\xfc\n", "latin1"))).toBe(true);
    const back = { ...over, ...options, sources: [`h:${at("d")}/`], destination: at("d2") };
    expect(serverArgs(request({ ...back, sources: [":s"] })).map(String)).toEqual(
      expect.arrayContaining(["--skip-compress=gz", "--iconv=ISO-8859-1"]),
    );
    expect(await sync(request(back))).toMatchObject({ exitCode: 0 });
    expect(tree("d2")).toEqual(tree("src").filter((line) => !line.includes("skip.o")));
  });
});

describe("refuses", () => {
  const wrong: [string, Partial<SyncRequest>, string, number][] = [
    ["a source beside a batch file", { readBatch: "b" }, "readBatch: sources must be empty", 1],
    ["no destination", without({ sources: [], readBatch: "b" }), "readBatch: needs a destination", 1],
    ["a remote one", { sources: [], destination: "h:d", readBatch: "b" }, "remote destination is not allowed", 1],
    ["two batch files", { sources: [], readBatch: "b", writeBatch: "c" }, "can not be used together", 1],
    ["two that are written", { writeBatch: "b", onlyWriteBatch: "c" }, "cannot be used together", 1],
    ["a list", { sources: [], readBatch: "b", filesFrom: "l" }, "--files-from", 1],
    ["removal", { sources: [], readBatch: "b", removeSourceFiles: true }, "--remove-source-files", 1],
    ["a long name", { writeBatch: "b".repeat(257) }, "256 characters or less", 1],
    ["a listing", without({ writeBatch: "b", delete: false }), "without a destination", 4],
  ];
  test.each(wrong)("%s at once", (_title, options, message, exitCode) => {
    const call = () => sync(request(options));
    expect(call).toThrow(expect.objectContaining({ message: expect.stringContaining(message), exitCode }));
  });

  test.each<[string, Partial<SyncRequest>, string, number]>([
    ["unknown character sets", { iconv: "nonsense" }, "iconv_open", 4],
    ["a batch that is not there", { sources: [], readBatch: at("missing") }, "open error: No such file", 11],
    ["no place for it", { writeBatch: at("missing/b") }, "open error: No such file", 3],
    ["what needs both sides at hand", { writeBatch: at("b"), verify: true }, "--verify", 4],
  ])("%s, and touches nothing", async (_title, options, message, exitCode) => {
    const before = tree("d");
    const thrown = await sync(request(options)).summary.catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(TsyncError);
    expect(thrown).toMatchObject({ message: expect.stringContaining(message), exitCode });
    expect(tree("d")).toEqual(before);
  });

  test.each<[Partial<SyncRequest>]>([[{ iconv: "UTF-8" }], [{ writeBatch: "b" }], [{ destination: ":d" }]])(
    "a plan of %j",
    async (options) => {
      const wanted = { ...request(), ...options } as Parameters<typeof plan>[0];
      await expect(plan(wanted)).rejects.toMatchObject({ kind: "unsupported", exitCode: 4 });
    },
  );
});

test("a dry run writes no batch file", async () => {
  expect(await sync(request({ dryRun: true, writeBatch: at("batch") }))).toMatchObject({ exitCode: 0, dryRun: true });
  expect(must("ls", [folder]).toString()).not.toContain("batch");
});

test("who reads no events makes a run wait that converts names", async () => {
  must("bash", ["-c", `mkdir -p ${at("many")} && cd ${at("many")} && seq 1 12000 | xargs touch`]);
  const run = sync({ sources: [`${at("many")}/`], destination: at("d2"), archive: true, iconv: "UTF-8" });
  const reading = run[Symbol.asyncIterator]();
  await reading.next();
  const first = await Promise.race([
    run.summary.then(() => "ended"),
    new Promise((resolve) => setTimeout(resolve, 1500, "waits")),
  ]);
  expect(first).toBe("waits");
  let count = 1;
  while ((await reading.next()).done !== true) count++;
  expect(count).toBeGreaterThan(12_000);
  expect(await run).toMatchObject({ exitCode: 0, transferredFiles: 12_000 });
  rmSync(at("many"), { recursive: true });
});
