/**
 * Compares the filter engine with the real rsync on one case: which names a sender lists (and which rule hid or showed
 * each), and which names a receiver deletes.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ByteName, byteName, compareBytes, fromBytes, joinName, toBytes } from "../../src/bytes/byte-name.ts";
import { TsyncError } from "../../src/errors.ts";
import { compileFilters, type FilterProgram } from "../../src/filter/compile-filters.ts";
import { FilterEvaluator } from "../../src/filter/evaluator.ts";
import type { FilterReader } from "../../src/filter/rule-list.ts";
import type { FilterCase, FilterTree } from "./filter-cases.ts";

/** What one side of the comparison came to. */
export interface FilterOutcome {
  readonly exitCode: number;
  /** Message of a failed run. */
  readonly error: string;
  /** Listed names, sorted; directories end with a slash. */
  readonly listed: readonly string[];
  /** `hiding file x because of pattern y`, sorted. */
  readonly reasons: readonly string[];
  /** Deleted names, sorted; undefined when the sender failed. */
  readonly deleted: readonly string[] | undefined;
}

const failed = { listed: [], reasons: [], deleted: undefined } as const;

/** Writes the trees and files of a case below `root`, which is emptied. */
export function writeCase(root: string, testCase: FilterCase): void {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, "home"), { recursive: true });
  writeTree(join(root, "s"), testCase.source);
  writeTree(join(root, "d"), testCase.destination);
  writeTree(root, testCase.operatorFiles);
  if (testCase.homeIgnore !== undefined) writeFileSync(join(root, "home/.cvsignore"), testCase.homeIgnore, "latin1");
}

function writeTree(root: string, tree: FilterTree): void {
  mkdirSync(root, { recursive: true });
  for (const [path, content] of tree) {
    const target = toBytes(byteName(`${root}/${path}`));
    if (path.endsWith("/")) mkdirSync(target, { recursive: true });
    else writeFileSync(target, content, "latin1");
  }
}

/** What the real rsync does with the case written at `root`. */
export function rsyncOutcome(root: string, testCase: FilterCase): FilterOutcome {
  const options = ["-r", "-8", "-vv", ...(testCase.nulTerminated ? ["--from0"] : [])];
  if (testCase.deleteExcluded) options.push("--delete-excluded");
  for (const { kind, text } of testCase.args) options.push(kind === "cvs" ? "-C" : `--${kind}=${text}`);
  const list = runRsync(root, testCase, [...options, "--list-only", "s/"]);
  if (list.exitCode !== 0) return { ...failed, exitCode: list.exitCode, error: list.error };
  const listed: string[] = [];
  const reasons: string[] = [];
  for (const line of list.lines) {
    const entry = /^([-d])[-rwxst]{9} +[\d,]+ \S+ \S+ (.*)$/.exec(line);
    if (entry !== null && entry[2] !== ".") listed.push(`${entry[2]}${entry[1] === "d" ? "/" : ""}`);
    else if (/^\[sender\] (hiding|showing) /.test(line)) reasons.push(line.slice(9));
  }
  const run = runRsync(root, testCase, [...options, "-n", "--delete", "s/", "d/"]);
  const deleted = run.lines.filter((line) => line.startsWith("deleting ")).map((line) => line.slice(9));
  return {
    exitCode: run.exitCode,
    error: run.error,
    listed: listed.sort(),
    reasons: reasons.sort(),
    deleted: run.exitCode === 0 ? deleted.sort() : [],
  };
}

function runRsync(
  root: string,
  testCase: FilterCase,
  argv: readonly string[],
): { exitCode: number; error: string; lines: string[] } {
  const run = spawnSync("rsync", argv.map(latin1Argument), {
    cwd: root,
    encoding: "latin1",
    env: {
      PATH: process.env.PATH,
      HOME: join(root, "home"),
      ...(testCase.cvsIgnore === undefined ? {} : { CVSIGNORE: latin1Argument(testCase.cvsIgnore) }),
    },
  });
  const error = run.stderr.split("\n").find((line) => !line.startsWith("rsync error:")) ?? "";
  return { exitCode: run.status ?? -1, error, lines: run.stdout.split("\n") };
}

/** An argument cannot carry bytes that are no UTF-8: such characters become `?`, which matches them too. */
function latin1Argument(text: string): string {
  if (/[\x80-\xff]/.test(text)) throw new Error(`not an ASCII argument: ${text}`);
  return text;
}

/** What the filter engine makes of the case written at `root`. */
export function engineOutcome(root: string, testCase: FilterCase): FilterOutcome {
  const absolute = byteName(root);
  const reader = diskReader(absolute);
  const settings = {
    deleteExcluded: testCase.deleteExcluded,
    nulTerminated: testCase.nulTerminated,
    home: byteName(join(root, "home")),
    cvsIgnoreVariable: testCase.cvsIgnore === undefined ? undefined : byteName(testCase.cvsIgnore),
  };
  let program: FilterProgram;
  const listed: string[] = [];
  const reasons: string[] = [];
  try {
    program = compileFilters(testCase.args, reader, settings);
    // A thread gets the program by structured clone.
    const sender = new FilterEvaluator(structuredClone(program), "sender", reader);
    listNames(sender, byteName(`${root}/s`), byteName(""), listed, reasons);
  } catch (error) {
    if (error instanceof TsyncError) return { ...failed, exitCode: error.exitCode, error: error.message };
    throw error;
  }
  const deleted: string[] = [];
  const result = { listed: listed.sort(), reasons: reasons.sort() };
  try {
    const receiver = new FilterEvaluator(program, "receiver", reader);
    deleteIn(receiver, byteName(`${root}/d`), byteName(""), new Set(listed), deleted);
  } catch (error) {
    if (error instanceof TsyncError) return { ...result, exitCode: error.exitCode, error: error.message, deleted: [] };
    throw error;
  }
  return { ...result, exitCode: 0, error: "", deleted: deleted.sort() };
}

interface Entry {
  readonly path: ByteName;
  readonly directory: boolean;
}

function entriesOf(root: ByteName, path: ByteName): Entry[] {
  const found = readdirSync(toBytes(joinName(root, path)), { encoding: "buffer", withFileTypes: true });
  const entries = found.map((entry) => ({
    path: joinName(path, fromBytes(entry.name)),
    directory: entry.isDirectory(),
  }));
  // Last name first, as rsync deletes: it matters which of two wrong rule files is met first.
  return entries.sort((a, b) => compareBytes(b.path, a.path));
}

function listNames(filter: FilterEvaluator, root: ByteName, path: ByteName, listed: string[], reasons: string[]): void {
  filter.enter(path, joinName(root, path));
  const below: ByteName[] = [];
  for (const entry of entriesOf(root, path)) {
    const verdict = filter.check(entry.path, entry.directory);
    if (verdict !== 0) {
      const act = verdict < 0 ? "hiding" : "showing";
      const type = entry.directory ? "directory" : "file";
      reasons.push(`${act} ${type} ${entry.path} because of pattern ${filter.lastRuleText}`);
    }
    if (verdict < 0) continue;
    listed.push(`${entry.path}${entry.directory ? "/" : ""}`);
    if (entry.directory) below.push(entry.path);
  }
  // Sorted as rsync goes: it matters which directory's `-C` comes first.
  for (const directory of below.sort()) listNames(filter, root, directory, listed, reasons);
  filter.leave();
}

/** Deletes (in thought) what the sender has not, in the directories that it has. */
function deleteIn(
  filter: FilterEvaluator,
  root: ByteName,
  path: ByteName,
  listed: ReadonlySet<string>,
  deleted: string[],
): void {
  filter.enter(path, joinName(root, path));
  const entries = entriesOf(root, path);
  for (const entry of entries) {
    if (listed.has(`${entry.path}${entry.directory ? "/" : ""}`)) continue;
    if (filter.check(entry.path, entry.directory) >= 0) removeAll(filter, root, entry, deleted);
  }
  for (const entry of entries.reverse()) {
    if (entry.directory && listed.has(`${entry.path}/`)) deleteIn(filter, root, entry.path, listed, deleted);
  }
  filter.leave();
}

/**
 * Removes one entry with its contents; false if something in it is protected. A dry run reports a nested directory as
 * deleted all the same (3-transfer 5.11).
 */
function removeAll(filter: FilterEvaluator, root: ByteName, entry: Entry, deleted: string[], nested = false): boolean {
  if (entry.directory) {
    let empty = true;
    filter.enter(entry.path, joinName(root, entry.path));
    for (const inner of entriesOf(root, entry.path)) {
      const verdict = filter.check(inner.path, inner.directory, { ignorePerishable: true });
      if (verdict < 0 || !removeAll(filter, root, inner, deleted, true)) empty = false;
    }
    filter.leave();
    if (!empty && nested) deleted.push(`${entry.path}/`);
    if (!empty) return false;
  }
  deleted.push(`${entry.path}${entry.directory ? "/" : ""}`);
  return true;
}

function diskReader(root: ByteName): FilterReader {
  const read = (path: ByteName): Uint8Array | undefined => {
    try {
      return readFileSync(toBytes(path));
    } catch {
      return undefined;
    }
  };
  return {
    readOperatorFile: (path) => read(path.startsWith("/") ? path : joinName(root, path)) ?? -2,
    readMergeFile: (directory, name) => read(name.startsWith("/") ? name : joinName(directory, name)),
    describeError: (errno) => (errno === -2 ? "No such file or directory (2)" : `error ${-errno}`),
    warn: () => undefined,
  };
}
