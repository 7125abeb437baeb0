/**
 * Plans over random trees and options: what is applied leaves the tree, the exit code and the events that a run leaves. `TSYNC_PLANS=500` are so
 * many seeds, `TSYNC_PLANS_FROM` is the first.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fromText } from "../../src/bytes/byte-name.ts";
import { TsyncError } from "../../src/errors.ts";
import { apply, plan } from "../../src/library/plan.ts";
import type { PlanRequest, RefusedChange } from "../../src/library/planned-change.ts";
import { type Run, sync } from "../../src/library/sync.ts";
import { FileType } from "../../src/protocol/file-entry.ts";
import { ItemFlag } from "../../src/protocol/item-flags.ts";
import type { RunEvent, RunSummary } from "../../src/sync/events.ts";
import { DifferentialRunner } from "../support/differential.ts";
import { openLibc } from "../support/libc.ts";
import { Random } from "../support/random.ts";
import { compareSnapshots, formatDifference, type Snapshot, takeSnapshot } from "../support/snapshot.ts";

const count = Number(process.env.TSYNC_PLANS ?? 5);
const first = Number(process.env.TSYNC_PLANS_FROM ?? 20_000);

const folder = mkdtempSync(join(tmpdir(), "tsync-plans-"));
chmodSync(folder, 0o755);
const nobody = { name: "none", command: ["true"], environment: {} };
const runner = new DifferentialRunner(folder, {
  ...{ user: "root", table: "whole", mode: "local", reference: nobody, subject: nobody, coarse: false },
  referenceRuns: 1,
});
const root = runner.root;
const libc = openLibc();
const umask = process.umask();
afterAll(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true, force: true });
});

/** Switches, and how often they are drawn. */
const switches = {
  ...{ hardLinks: 0.5, acls: 0.2, xattrs: 0.3, checksum: 0.2, inplace: 0.15, sparse: 0.1, backup: 0.2, force: 0.2 },
  ...{ fuzzy: 0.1, copyLinks: 0.1, omitDirTimes: 0.1, update: 0.1, existing: 0.05, ignoreExisting: 0.05, verify: 0.1 },
  ...{ delayUpdates: 0.15, partial: 0.1, relative: 0.15, pruneEmptyDirs: 0.1, sizeOnly: 0.1, ignoreErrors: 0.2 },
  ...{ numericIds: 0.1, fakeSuper: 0.05, deleteExcluded: 0.1, keepDirlinks: 0.2 },
} as const;

function randomRequest(random: Random): PlanRequest {
  const options: { -readonly [Key in keyof PlanRequest]: PlanRequest[Key] } = {
    sources: random.pick([["src/"], ["src"], ["src/", "src2/"]]).map((name) => `${root}/./${name}`),
    destination: `${root}/${random.pick(["dst/", "dst", "new", "dst"])}`,
    archive: true,
  };
  if (random.chance(0.5)) options.delete = random.pick(["before", "during", "delay", "after"] as const);
  for (const [name, share] of Object.entries(switches)) {
    if (random.chance(share)) options[name as keyof typeof switches] = true;
  }
  if (options.inplace === true) for (const name of ["sparse", "delayUpdates", "partial"] as const) delete options[name];
  if (options.backup === true && random.chance(0.5)) options.backupDir = "../bak";
  // A backup may come to stand where another change was planned, which is refused then.
  if (options.inplace === true && options.backup === true) options.backupDir = "../bak";
  // Of these a run deletes its own backups, which are in no plan.
  if (options.delete === "after" && options.backup && options.backupDir === undefined) delete options.deleteExcluded;
  if (random.chance(0.2)) options.incRecursive = false;
  if (random.chance(0.2)) options.wholeFile = false;
  if (random.chance(0.2)) options.exclude = ["*1*", "d*/"].slice(0, random.pick([1, 2]));
  if (random.chance(0.15)) options[random.pick(["linkDest", "copyDest", "compareDest"] as const)] = ["../alt"];
  if (random.chance(0.2)) options.syscalls = "plain";
  if (random.chance(0.1)) options.maxDelete = random.pick([0, 1, 3]);
  if (random.chance(0.1)) options.deleteGuard = random.pick([0, 3, 9]);
  return options;
}

interface Outcome {
  readonly error: string | undefined;
  readonly exitCode: number | undefined;
  readonly refused: readonly RefusedChange[];
  readonly told: readonly string[];
  readonly tree: Snapshot;
}

type Summary = RunSummary & { readonly refused?: readonly RefusedChange[] };
/** A run in an object, as it is a promise itself. */
interface Started {
  readonly run: Run<Summary>;
}

/** Runs from the prepared state on. */
async function outcomeOf(seed: number, request: PlanRequest, start: () => Promise<Started>): Promise<Outcome> {
  const nowFrom = BigInt(Date.now()) * 1_000_000n - 2_000_000_000n;
  process.umask(0);
  runner.prepare({ ...runner.plan(seed), mounts: [] });
  const alternate = `mkdir -p alt; cp -a src/. alt/ 2>/dev/null; find alt -type f -name '*2*' -exec sh -c 'echo z >> "$1"' x {} ';'`;
  spawnSync("sh", ["-c", alternate], { cwd: root });
  const told: string[] = [];
  let error: string | undefined;
  let summary: Summary | undefined;
  try {
    const { run } = await start();
    for await (const event of run) if (isCompared(event)) told.push(lineOf(event));
    summary = await run;
  } catch (caught) {
    if (!(caught instanceof TsyncError)) throw caught;
    error = caught.message;
  }
  const tree = takeSnapshot(libc, fromText(root), {
    ...{ nowFrom, nowUntil: BigInt(Date.now()) * 1_000_000n + 2_000_000_000n, accessTimes: false },
    microseconds: request.syscalls === "plain",
    skip: (path) => ["src", "src2", "log"].includes(path),
  });
  return { error, exitCode: summary?.exitCode, refused: summary?.refused ?? [], told: told.sort(), tree };
}

/** That its own deletions change the time of a directory is told by a run, but is nothing that is planned. */
function isCompared(event: RunEvent): boolean {
  const isOwnDoing =
    event.type === "item" && event.flags === ItemFlag.time && (event.entry.mode & FileType.mask) === FileType.directory;
  return ["item", "delete", "created-directory", "withheld", "notice"].includes(event.type) && !isOwnDoing;
}

function lineOf(event: RunEvent): string {
  if (event.type === "item") return `item ${event.path} ${event.flags} ${event.linkedTo}`;
  if (event.type === "notice") return `notice ${event.code} ${event.text}`;
  return "path" in event ? `${event.type} ${event.path}` : event.type;
}

describe("what is applied of a plan is what a run does", () => {
  const seeds = Array.from({ length: count }, (_item, index) => first + index);
  test.each(seeds)("seed %d", async (seed) => {
    const request = randomRequest(new Random("plans", seed));
    const expected = await outcomeOf(seed, request, () => Promise.resolve({ run: sync(request) }));
    const found = await outcomeOf(seed, request, async () => ({ run: apply(await plan(request)) }));
    const shown = JSON.stringify(request);
    expect(found.error, shown).toBe(expected.error);
    expect(compareSnapshots(expected.tree, found.tree, false).map(formatDifference), shown).toEqual([]);
    expect([found.exitCode, found.told], shown).toEqual([expected.exitCode, expected.told]);
    // What a run fails to do is refused.
    if (expected.exitCode !== 23) expect(found.refused, shown).toEqual([]);
  });
});
