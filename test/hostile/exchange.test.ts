/**
 * The races of race.test.ts without chance (4-traps P-01 to P-04, R-05 to R-07): just before a system call of a run a directory, or a file, is exchanged
 * for a link to a tree outside, and stays so or is put back behind the call. Whichever call it is, the tree outside is neither changed nor read.
 *
 * `TSYNC_EXCHANGES=all`: before every call; before some otherwise, others for each operation.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { asTsyncError } from "../../src/errors.ts";
import { sync } from "../../src/library/sync.ts";
import type { SyncOptions } from "../../src/options/sync-options.ts";
import type { Hook } from "./hooked-syscalls.ts";
import { type BackEnd, backEnds, Sentinel, secret, Workspace } from "./support.ts";

const hook: Hook = vi.hoisted(() => ({ before: undefined }));

vi.mock("../../src/fs/syscalls/choose.ts", async () => (await import("./hooked-syscalls.ts")).hookedSyscalls(hook));

const names = ["f0", "f1"];

interface Operation {
  readonly title: string;
  readonly options: SyncOptions;
  /** What stands in the destination's directory. */
  readonly before: "nothing" | "old files" | "other files";
  /** The source is without its directory's files. */
  readonly isEmpty?: boolean;
}

const operations: readonly Operation[] = [
  { title: "create", options: {}, before: "nothing" },
  { title: "replace", options: { backup: true, xattrs: true }, before: "old files" },
  { title: "delete", options: { delete: true }, before: "other files", isEmpty: true },
  { title: "write in place", options: { inplace: true }, before: "old files" },
  { title: "move", options: { removeSourceFiles: true, hardLinks: true }, before: "nothing" },
  { title: "wait", options: { delayUpdates: true, delete: "after" }, before: "old files" },
  { title: "delta", options: { wholeFile: false, partialDir: ".part" }, before: "old files" },
];

const stride = process.env.TSYNC_EXCHANGES === "all" ? 1 : 23;
let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
});
afterEach(() => {
  hook.before = undefined;
  workspace[Symbol.dispose]();
});

function build({ before, isEmpty }: Operation): void {
  for (const tree of ["src", "dst"]) rmSync(workspace.at(tree), { recursive: true, force: true });
  workspace.directory("src/d/inner");
  workspace.directory("dst/d");
  for (const name of [...names, "inner/deep"]) {
    if (isEmpty !== true)
      workspace.file(`src/d/${name}`, `source ${name} ${"text ".repeat(300)}`, 0o640, 1_100_000_000);
  }
  if (before === "nothing") return;
  workspace.directory("dst/d/inner");
  for (const name of [...names, "inner/deep"]) workspace.file(`dst/d/${name}`, `old ${name} ${"text ".repeat(200)}`);
}

/** What is below the root; links are not followed. */
function below(root: string): { readonly path: string; readonly isFile: boolean }[] {
  return readdirSync(root).flatMap((name) => {
    const path = `${root}/${name}`;
    const stat = lstatSync(path);
    return [{ path, isFile: stat.isFile() }, ...(stat.isDirectory() ? below(path) : [])];
  });
}

/** What the tree outside looks like: whoever changes it or reads in it changes times. It is not listed, which would change one. */
function look(root: string): string {
  const paths = ["", ...names, "inner", "inner/deep", "set-id", "link"].map((name) => `${root}/${name}`);
  return JSON.stringify(paths.map((path) => lstatSync(path)));
}

function holdsSecret(root: string): boolean {
  return below(root).some(({ path, isFile }) => isFile && readFileSync(path, "latin1").includes(secret));
}

/** Exchanges what has this path for a link, and back. */
class Exchange {
  readonly path: string;
  readonly target: string;

  constructor(path: string, target: string) {
    this.path = path;
    this.target = target;
  }

  do(): void {
    if (!existsSync(this.path)) return;
    renameSync(this.path, `${this.path}-away`);
    symlinkSync(this.target, this.path);
  }

  undo(): void {
    if (!lstatSync(this.path, { throwIfNoEntry: false })?.isSymbolicLink()) return;
    if (!existsSync(`${this.path}-away`)) return;
    unlinkSync(this.path);
    renameSync(`${this.path}-away`, this.path);
  }
}

/** Runs with something done before the nth call, and something before the next one; returns how many calls there were. */
async function run(backEnd: BackEnd, options: SyncOptions, nth: number, now: () => void, then: () => void) {
  let calls = 0;
  hook.before = () => {
    calls++;
    if (calls === nth) now();
    if (calls === nth + 1) then();
  };
  const request = { archive: true, sources: [`${workspace.at("src")}/`], destination: workspace.at("dst") };
  const { exitCode } = await sync({ ...request, syscalls: backEnd, ...options }).summary.catch(asTsyncError);
  hook.before = undefined;
  return { calls, exitCode };
}

describe.each(backEnds)("%s", (backEnd) => {
  describe.each(["src/d", "dst/d", "src/d/f0", "dst/d/f0"])("%s becomes a link", (path) => {
    test.each(operations.filter(({ isEmpty }) => isEmpty !== true || path !== "src/d/f0"))(
      "$title",
      { timeout: 3_600_000 },
      async (operation) => {
        const outside = workspace.at("outside");
        const sentinel = new Sentinel(outside, names);
        const target = path.endsWith("f0") ? `${outside}/f0` : outside;
        const before = look(outside);
        build(operation);
        const { calls, exitCode } = await run(
          backEnd,
          operation.options,
          0,
          () => undefined,
          () => undefined,
        );
        expect(exitCode).toBe(0);
        let exchanged = 0;
        for (let nth = 1 + (operations.indexOf(operation) % stride); nth <= calls; nth += stride) {
          for (const isShort of [true, false]) {
            build(operation);
            const exchange = new Exchange(workspace.at(path), target);
            const now = (): void => {
              exchange.do();
              exchanged += lstatSync(exchange.path, { throwIfNoEntry: false })?.isSymbolicLink() ? 1 : 0;
            };
            const ended = await run(backEnd, operation.options, nth, now, () => isShort && exchange.undo());
            const title = `before call ${nth} of ${calls}${isShort ? ", for one call" : ""}`;
            expect(ended.exitCode, title).not.toBe(15);
            expect(look(outside), title).toBe(before);
            expect(holdsSecret(workspace.at("dst")), title).toBe(false);
          }
        }
        sentinel.expectUntouched();
        expect(exchanged).toBeGreaterThan(0);
      },
    );
  });
});
