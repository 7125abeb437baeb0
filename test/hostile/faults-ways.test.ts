/**
 * Fault injection (see faults.test.ts) in the ways of running that move, keep or put off, on one machine and between two ends in one process, whose calls
 * of either end fail (4-traps L-07, L-08, L-12, R-05): a source is removed only when its copy is in place, what stood in the destination is there
 * or in its backup, and the next run completes.
 *
 * `TSYNC_FAULTS=all`: every call fails with every error in every way; `TSYNC_FAULTS=N`: N calls of each kind with one error; otherwise one call, and
 * each scenario in one way.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { asTsyncError } from "../../src/errors.ts";
import { openKoffi } from "../../src/fs/syscalls/koffi.ts";
import { openPlain } from "../../src/fs/syscalls/plain.ts";
import { connect, serve, serverArgs } from "../../src/library/connect.ts";
import { sync } from "../../src/library/sync.ts";
import type { SyncOptions } from "../../src/options/sync-options.ts";
import { type Fault, type Injection, injectFaults } from "./fault-injector.ts";
import { type BackEnd, must, picture, pictureDifferences, temporaryFiles, Workspace } from "./support.ts";

const injection: { current: Injection | undefined } = vi.hoisted(() => ({ current: undefined }));

vi.mock("../../src/fs/syscalls/choose.ts", () => ({
  openSyscalls: (kind?: BackEnd) => {
    const real = kind === "plain" ? openPlain() : openKoffi();
    return injection.current === undefined ? real : injectFaults(real, injection.current);
  },
}));

/** What each file was and is to be; the new one begins with the old one, for `--append`. */
const files: Readonly<Record<string, readonly [before: string | undefined, now: string]>> = {
  changed: ["old content", "old content, and more of it\n"],
  "dir/new": [undefined, "made\n"],
  "dir/large": ["x".repeat(70_000), "x".repeat(150_000)],
  same: ["same\n", "same\n"],
};
const gone = "extraneous\n";

interface Scenario {
  readonly title: string;
  readonly options: SyncOptions;
  /** So many calls that read fail, if that is more. */
  readonly tries?: number;
}

const backupDir = "../backup";
const scenarios: readonly Scenario[] = [
  { title: "moves", options: { archive: true, removeSourceFiles: true } },
  { title: "moves all at the end", options: { archive: true, removeSourceFiles: true, delayUpdates: true } },
  // Source and basis are read block by block, at either end.
  { title: "moves by delta", options: { archive: true, removeSourceFiles: true, wholeFile: false }, tries: 12 },
  { title: "moves with hard links", options: { archive: true, hardLinks: true, removeSourceFiles: true } },
  { title: "moves in place", options: { archive: true, removeSourceFiles: true, inplace: true } },
  { title: "moves by appending", options: { archive: true, removeSourceFiles: true, append: "verify" } },
  { title: "backs up and deletes", options: { archive: true, backup: true, backupDir, delete: true } },
  { title: "backs up in place", options: { archive: true, backup: true, backupDir, inplace: true } },
  { title: "backs up at the end", options: { archive: true, backup: true, delayUpdates: true, delete: "after" } },
  { title: "keeps parts", options: { archive: true, partialDir: ".part", removeSourceFiles: true } },
  { title: "links to another tree", options: { archive: true, linkDest: ["../other"], delete: true } },
];

const errors: readonly { readonly name: string; readonly errno: number }[] = [
  { name: "EIO", errno: -5 },
  { name: "ENOSPC", errno: -28 },
  { name: "EACCES", errno: -13 },
  { name: "EROFS", errno: -30 },
];
const everyError = process.env.TSYNC_FAULTS === "all";
/** Of the calls of one method so many fail, one a run. */
const callsTried = everyError ? Number.POSITIVE_INFINITY : Number(process.env.TSYNC_FAULTS ?? 1);
const everyWay = process.env.TSYNC_FAULTS !== undefined;

type Way = "local" | "push" | "pull";
const ways: readonly Way[] = ["local", "push", "pull"];

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
});
afterEach(() => {
  injection.current = undefined;
  workspace[Symbol.dispose]();
});

interface Place {
  readonly base: string;
  readonly source: string;
  readonly destination: string;
}

function build(number: number): Place {
  const base = `run${number}`;
  for (const side of ["src", "dst", "other"]) workspace.directory(`${base}/${side}/dir`);
  for (const [name, [before, now]] of Object.entries(files)) {
    workspace.file(`${base}/src/${name}`, now, 0o644, before === now ? 1_000_000_000 : 1_100_000_000);
    if (before !== undefined) workspace.file(`${base}/dst/${name}`, before);
  }
  workspace.file(`${base}/other/dir/new`, files["dir/new"]?.[1] ?? "", 0o644, 1_100_000_000);
  workspace.file(`${base}/dst/dir/gone`, gone);
  must("ln", ["-s", "same", workspace.at(`${base}/src/link`)]);
  must("ln", [workspace.at(`${base}/src/changed`), workspace.at(`${base}/src/second`)]);
  must("touch", ["-h", "-d", "@1050000000", workspace.at(`${base}/src/link`)]);
  must("touch", ["-d", "@1060000000", workspace.at(`${base}/src/dir`), workspace.at(`${base}/src`)]);
  return { base: workspace.at(base), source: workspace.at(`${base}/src`), destination: workspace.at(`${base}/dst`) };
}

/** Runs to the end on both sides; the exit code is that of the client. */
async function transfer(way: Way, options: SyncOptions, { source, destination }: Place): Promise<number> {
  const from = `${way === "pull" ? ":" : ""}${source}/`;
  const request = { ...options, sources: [from], destination: `${way === "push" ? ":" : ""}${destination}` };
  try {
    if (way === "local") return (await sync(request).summary).exitCode;
    const [near, far] = duplexPair();
    const [served, run] = [serve(far, serverArgs(request)).catch(asTsyncError), connect(near, request)];
    const ended = await run.summary.catch(asTsyncError);
    const other = await served;
    const code = ended.exitCode;
    return code === 0 ? other.exitCode : code;
  } catch (error) {
    return asTsyncError(error).exitCode;
  }
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "latin1") : undefined;
}

/** What is wrong with the two trees, whatever became of the run. */
function losses({ base, source, destination }: Place, options: SyncOptions): string[] {
  const wrong: string[] = [];
  const temporary = [...temporaryFiles(destination), ...temporaryFiles(source)];
  if (temporary.length > 0) wrong.push(`left: ${temporary.join(" ")}`);
  const inPlace = options.inplace === true || options.append !== undefined;
  const backsUp = options.backup === true;
  const saved = (name: string): readonly (string | undefined)[] => [
    read(join(destination, name)),
    read(join(destination, `${name}~`)),
    read(join(base, "backup", name)),
  ];
  for (const [name, [before, now]] of Object.entries({ ...files, second: [undefined, files.changed?.[1] ?? ""] })) {
    const found = read(join(destination, name));
    const from = read(join(source, name));
    if (from === undefined ? found !== now : from !== now) wrong.push(`${name} has left its source`);
    const isWhole = found === now || found === before || (found === undefined && (before === undefined || backsUp));
    if (!inPlace && !isWhole) wrong.push(`${name} is torn or lost`);
    if (backsUp && before !== undefined && !saved(name).includes(before)) wrong.push(`${name} is not backed up`);
  }
  if (backsUp && !saved("dir/gone").includes(gone)) wrong.push("dir/gone is not backed up");
  const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (!isThere(join(source, "link")) && !isThere(join(destination, "link"))) wrong.push("link has left its source");
  if (isThere(join(destination, "link")) && readlinkSync(join(destination, "link")) !== "same") wrong.push("link");
  return wrong;
}

describe.each(ways)("%s", (way) => {
  test.each(
    scenarios.filter(({ tries }, index) => everyWay || tries !== undefined || ways[index % ways.length] === way),
  )(
    "every call fails once: nothing is lost, and the next run completes: $title",
    { timeout: 3_600_000 },
    async ({ options, tries = 1 }) => {
      let number = 0;
      const attempt = async (fault: Fault | undefined) => {
        const place = build(number++);
        const current: Injection = { fault, calls: new Map(), struck: false };
        injection.current = current;
        const code = await transfer(way, options, place);
        injection.current = undefined;
        return { place, code, ...current };
      };
      const clean = await attempt(undefined);
      expect(clean.code).toBe(0);
      expect(losses(clean.place, options)).toEqual([]);
      const right = picture(clean.place.destination);
      const rightSource = picture(clean.place.source);
      const wrong: string[] = [];
      let strikes = 0;
      for (const [method, count] of clean.calls) {
        const stride = Math.max(1, Math.ceil(count / (method === "read" ? Math.max(tries, callsTried) : callsTried)));
        for (let nth = 1 + ((number * 7) % stride); nth <= count; nth += stride) {
          for (const { name, errno } of everyError ? errors : errors.slice((nth + method.length) % 4).slice(0, 1)) {
            const title = `${method} #${nth} of ${count} ${name}`;
            const { place, code, struck } = await attempt({ kind: "error", method, nth, errno });
            if (struck) strikes++;
            wrong.push(...losses(place, options).map((loss) => `${title}: code ${code}: ${loss}`));
            const differences = [
              ...pictureDifferences(right, picture(place.destination)),
              ...pictureDifferences(rightSource, picture(place.source)),
            ];
            // As in rsync a holding directory or its time, and what was to be deleted, may be left without a word; what cannot be linked is copied.
            const isLeft = differences.every((line) => /^[-+] "(dir\/gone~?|[^"]*" \{"type":"directory)"/.test(line));
            const isMinor = isLeft || (method === "linkAt" && options.linkDest !== undefined);
            if (code === 0 && differences.length > 0 && !isMinor) wrong.push(`${title}: code 0`, ...differences);
            if (code === 15) wrong.push(`${title}: internal error`);
            // What is gone from the source must not be deleted in the destination by the next run.
            const { delete: _, ...next } = options;
            const again = differences.length === 0 ? 0 : await transfer(way, next, place);
            if (again !== 0) wrong.push(`${title}: then code ${again}`);
            for (const [path, [, now]] of Object.entries(files)) {
              if (read(join(place.destination, path)) !== now) wrong.push(`${title}: ${path} in the end`);
            }
            must("rm", ["-rf", place.base]);
          }
        }
      }
      expect(wrong.join("\n")).toBe("");
      expect(strikes).toBeGreaterThan(15);
      expect(readdirSync(workspace.path)).toEqual(["run0"]);
    },
  );
});
