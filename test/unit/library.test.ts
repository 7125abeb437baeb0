/** The library as a program uses it: results, refusals, aborts in every phase, and nothing left open afterwards. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { duplexPair } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type ConnectRequest,
  connect,
  type RunEvent,
  type SyncRequest,
  serve,
  serverArgs,
  sync,
  TsyncError,
} from "../../src/index.ts";

let source = "";
let folder = "";
let request: SyncRequest = { sources: [] };

beforeAll(() => {
  source = mkdtempSync(`${tmpdir()}/tsync-library-source-`);
  mkdirSync(`${source}/inner/deep`, { recursive: true });
  // Enough for both worker threads to be started.
  for (let number = 0; number < 800; number++) writeFileSync(`${source}/f${number}`, `${number}`);
  writeFileSync(`${source}/inner/large`, Buffer.alloc(3_000_000, 7));
  writeFileSync(`${source}/inner/deep/x`, "x");
});

afterAll(() => rmSync(source, { recursive: true }));

beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/tsync-library-`);
  request = { sources: [`${source}/`], destination: `${folder}/b/`, archive: true };
});

afterEach(() => rmSync(folder, { recursive: true }));

/** What this process has open in the test's folders. */
function openFiles(): string[] {
  const targets = readdirSync("/proc/self/fd").map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return "";
    }
  });
  return targets.filter((target) => target.startsWith(`${tmpdir()}/tsync-library-`));
}

function temporaryFiles(): string[] {
  if (!existsSync(`${folder}/b`)) return [];
  return readdirSync(`${folder}/b`, { recursive: true, encoding: "utf8" }).filter((name) => /(^|\/)\./.test(name));
}

describe("sync", () => {
  test("gives a summary, and events to who reads them", async () => {
    const run = sync(request);
    const events: RunEvent[] = [];
    for await (const event of run) events.push(event);
    const summary = await run;
    expect(summary).toMatchObject({ exitCode: 0, transferredFiles: 802, problems: [] });
    expect(events.filter(({ type }) => type === "item").length).toBe(802 + 3);
    expect(await sync(request)).toMatchObject({ exitCode: 0, transferredFiles: 0 });
  });

  test("leaves nothing open, also when several run at once and with backups and deletions", async () => {
    await sync(request);
    writeFileSync(`${folder}/b/f7`, "to be replaced");
    writeFileSync(`${folder}/b/extra`, "to be deleted");
    const changed = { ...request, backupDir: `${folder}/old`, delete: true };
    const runs = [changed, { ...request, destination: `${folder}/c` }, { sources: request.sources, recursive: true }];
    const summaries = await Promise.all(runs.map(async (one) => await sync(one)));
    expect(summaries.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(readdirSync(`${folder}/old`).sort()).toEqual(["extra", "f7"]);
    expect(openFiles()).toEqual([]);
  });

  test.each([-1, 0, 10, 40])("stops %d ms after its start and leaves nothing behind", async (delay) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    if (delay < 0) controller.abort(reason);
    const run = sync({ ...request, signal: controller.signal });
    if (delay >= 0) setTimeout(() => controller.abort(reason), delay);
    const result = await run.summary.catch((error: unknown) => error);
    if (result instanceof Error) {
      expect(result).toBeInstanceOf(TsyncError);
      expect(result).toMatchObject({ kind: "signal", exitCode: 20, cause: reason, message: "the run was aborted" });
    } else expect(delay).toBeGreaterThanOrEqual(0);
    expect(openFiles()).toEqual([]);
    expect(temporaryFiles()).toEqual([]);
    if (delay < 0) expect(existsSync(`${folder}/b`)).toBe(false);
  });

  test.each(["of its own", "of a server"])(
    "stops between two lists, the digests of the next still to be made: sender %s",
    async (sender) => {
      vi.stubEnv("TSYNC_THREADS_FROM", "100");
      const many = `${folder}/many`;
      mkdirSync(`${many}/inner`, { recursive: true });
      for (let number = 0; number < 1500; number++) writeFileSync(`${many}/f${number}`, "");
      writeFileSync(`${many}/inner/large`, "");
      truncateSync(`${many}/inner/large`, 20_000_000);
      const controller = new AbortController();
      const { signal } = controller;
      const started = { ...request, checksum: true, dryRun: true, signal };
      const [near, far] = duplexPair();
      const pull: ConnectRequest = { ...started, sources: [`:${many}/`] };
      const server = sender === "of its own" ? undefined : serve(far, serverArgs(pull)).catch(() => {});
      const run = server === undefined ? sync({ ...started, sources: [`${many}/`] }) : connect(near, pull);
      await expect(
        (async () => {
          for await (const event of run) if (event.type === "item") controller.abort();
        })(),
      ).rejects.toMatchObject({ kind: "signal" });
      await server;
      vi.unstubAllEnvs();
      expect(openFiles()).toEqual([]);
    },
  );

  test.each(["linkDest", "copyDest", "compareDest"])("stops while it digests a large file of %s", async (option) => {
    const alternate = `${folder}/alternate`;
    for (const directory of [`${folder}/from`, alternate]) {
      mkdirSync(directory);
      writeFileSync(`${directory}/large`, "");
      truncateSync(`${directory}/large`, 200_000_000);
    }
    const controller = new AbortController();
    const given = { ...request, sources: [`${folder}/from/`], checksum: true, [option]: [alternate] };
    let isOver = false;
    const look = (): void => {
      if (openFiles().includes(`${alternate}/large`)) controller.abort();
      if (!isOver) setImmediate(look);
    };
    look();
    const outcome = await sync({ ...given, signal: controller.signal }).summary.catch((error: unknown) => error);
    isOver = true;
    expect(outcome).toMatchObject({ kind: "signal" });
    expect(openFiles()).toEqual([]);
    expect(await sync(given)).toMatchObject({ exitCode: 0, transferredFiles: 0 });
  });

  test("ends the loop of a run that fails with its error, and closes everything", async () => {
    writeFileSync(`${folder}/file`, "");
    const run = sync({ ...request, destination: `${folder}/file/x` });
    const reading = (async () => {
      for await (const event of run) expect(event.type).not.toBe("item");
    })();
    await expect(reading).rejects.toMatchObject({ kind: "file", exitCode: 3 });
    await expect(run.summary).rejects.toBeInstanceOf(TsyncError);
    expect(openFiles()).toEqual([]);
  });

  test("says nothing before a list of files that is missing", async () => {
    for (const filesFrom of [`${folder}/missing`, ""]) {
      const run = sync({ ...request, filesFrom });
      const first = run[Symbol.asyncIterator]().next();
      await expect(first).rejects.toMatchObject({ kind: "usage", message: expect.stringContaining("files-from file") });
    }
  });

  test.each<[Record<string, unknown>, string, string]>([
    [{ sources: [] }, "usage", "sources: must be an array"],
    [{ sources: "a" }, "usage", "sources: must be an array"],
    [{ sources: [5] }, "usage", "sources[0]: must be"],
    [{ sources: [""] }, "usage", "Empty source arg specified."],
    [{ destination: null }, "usage", "destination: must be"],
    [{ destination: "" }, "usage", "Empty destination arg specified"],
    [{ sources: ["host:x"], destination: "rsync://host/x" }, "usage", "cannot both be remote"],
    [{ filesFrom: ":list" }, "usage", "cannot be remote"],
    [{ ssh: "other" }, "usage", "ssh: must be"],
    [{ contimeout: 1 }, "usage", "contimeout"],
    [{ sources: ["a", "b"], filesFrom: "list" }, "usage", "filesFrom: needs exactly one source"],
    [{ signal: "x" }, "usage", "signal: must be an AbortSignal"],
    [{ syscalls: "x" }, "usage", "syscalls: must be one of"],
    [{ reportProgress: 1 }, "usage", "reportProgress: must be"],
    [{ dryrun: true }, "usage", "dryrun: unknown option"],
  ])("refuses %j at once", (wrong, kind, message) => {
    const call = () => sync({ ...request, ...wrong } as SyncRequest);
    expect(call).toThrow(expect.objectContaining({ kind, message: expect.stringContaining(message) }));
    expect(existsSync(`${folder}/b`)).toBe(false);
  });
});
