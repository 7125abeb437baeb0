/**
 * Captures sessions of two real rsyncs for the golden tests: `node test/golden/capture.ts` as root, with the rsync that is
 * installed. A script in place of the remote shell copies both directions. Not part of any test run: the transcripts are
 * committed.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, lutimesSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runTeeSession, type TeeSession } from "../support/tee-session.ts";
import { type FilterCase, readFilters } from "./filter-cases.ts";
import { type FixtureObject, fixtureTree, oldDelta } from "./fixture-tree.ts";

const filterCases = fileURLToPath(new URL("filter-rules.json", import.meta.url));
const transcripts = fileURLToPath(new URL("transcripts/", import.meta.url));

/** Filter arguments of which the wire form is captured. */
const filterSets: readonly (readonly string[])[] = [
  ["--exclude=*.o", "--include=a/", "--exclude=- x", "--exclude=+ y", "--include=- z"],
  ["--exclude=- - w", "--exclude=- + w", "--include=+ + v", "--exclude=/top", "--exclude=a/**/b/"],
  ["-f", "-/ /abs", "-f", "-! not", "-f", "+s shown", "-f", "-r kept", "-f", "-sr both"],
  ["-f", "hide h*", "-f", "show s", "-f", "protect p/", "-f", "risk r"],
  ["-f", "-p perish/", "-f", "-x user.a"],
  ["-f", ": .rules", "-f", "dir-merge,e .ex", "-f", ":n- .plain", "-f", ":w+ .words", "-f", ":C", "-f", ":sp .s"],
  ["-f", ":- .minus", "-f", ":r .other", "-f", ":/ .abs"],
  ["-F"],
  ["-FF", "--exclude=b"],
  ["-C", "--exclude=b"],
  ["-f", "-C", "--exclude=c"],
  [
    "--delete-excluded",
    "--exclude=*.o",
    "-f",
    "P kept",
    "-f",
    ": .rules",
    "-f",
    ":- .minus",
    "-f",
    "-r back",
    "-f",
    "-sr both",
  ],
  ["--delete-excluded", "-C"],
  ["-f", "- gone", "-f", "!", "-f", "- here"],
];

/** Options of the sessions by name; `from`: the oldest protocol that has them. */
const optionSets: readonly { readonly name: string; readonly from: number; readonly options: readonly string[] }[] = [
  { name: "a", from: 27, options: ["-a"] },
  { name: "aH", from: 27, options: ["-aH", "--no-inc-recursive"] },
  { name: "aHc", from: 27, options: ["-aHc"] },
  { name: "numeric", from: 27, options: ["-a", "--numeric-ids", "--delete"] },
  { name: "aHAX", from: 30, options: ["-aHAX"] },
  { name: "aHAXc-flat", from: 30, options: ["-aHAXc", "--no-inc-recursive"] },
  { name: "atimes", from: 28, options: ["-aUi"] },
  { name: "z", from: 28, options: ["-az"] },
  { name: "zlibx", from: 29, options: ["-a", "--compress-choice=zlibx"] },
  { name: "lz4", from: 31, options: ["-a", "--compress-choice=lz4"] },
  { name: "sha1", from: 32, options: ["-ac", "--checksum-choice=sha1"] },
];

function makeTree(root: string): void {
  mkdirSync(root);
  for (const object of fixtureTree) if (object.path !== ".") makeObject(root, object);
  for (const object of [...fixtureTree].reverse()) setAttributes(root, object);
}

function makeObject(root: string, object: FixtureObject): void {
  const path = join(root, object.path);
  if (object.linkedTo !== undefined) linkSync(join(root, object.linkedTo), path);
  else if (object.type === "directory") mkdirSync(path);
  else if (object.type === "symlink") symlinkSync(object.target ?? "", path);
  else if (object.type === "file") writeFileSync(path, object.content ?? "");
  else if (object.type === "fifo") execFileSync("mknod", [path, "p"]);
  else {
    const [major, minor] = object.device ?? [0, 0];
    execFileSync("mknod", [path, object.type === "block" ? "b" : "c", String(major), String(minor)]);
  }
}

function setAttributes(root: string, object: FixtureObject): void {
  const path = join(root, object.path);
  if (object.linkedTo !== undefined) return;
  execFileSync("chown", ["-h", `${object.uid}:${object.gid}`, path]);
  for (const [name, value] of Object.entries(object.xattrs ?? {})) {
    execFileSync("setfattr", ["-h", "-n", name, "-v", value, path]);
  }
  if (object.type !== "symlink") chmodSync(path, object.mode);
  if (object.acl !== undefined) execFileSync("setfacl", ["--set", object.acl, path]);
  if (object.defaultAcl !== undefined) execFileSync("setfacl", ["-d", "--set", object.defaultAcl, path]);
  lutimesSync(path, object.mtime, object.mtime);
  if (object.nanoseconds > 0) {
    execFileSync("touch", ["-h", "-d", `@${object.mtime}.${String(object.nanoseconds).padStart(9, "0")}`, path]);
  }
}

function hexLines(bytes: Buffer): string {
  return (bytes.toString("hex").match(/.{1,128}/g) ?? []).join("\n");
}

/** Runs a session in `work`, with a fresh destination. */
function session(work: string, options: readonly string[], from: string, to: string): TeeSession {
  const destination = join(work, "d");
  rmSync(destination, { recursive: true, force: true });
  mkdirSync(destination);
  writeFileSync(join(destination, "delta"), oldDelta);
  lutimesSync(join(destination, "delta"), 1_500_000_000, 1_500_000_000);
  return runTeeSession(work, options, from, to);
}

function capture(
  work: string,
  direction: "push" | "pull",
  protocol: number,
  name: string,
  options: readonly string[],
): void {
  const all = [...options, "--checksum-seed=5", `--protocol=${protocol}`];
  const [from, to] = direction === "push" ? (["s/", "host:d/"] as const) : (["host:s/", "d/"] as const);
  const { status, stderr, toServer, toClient } = session(work, all, from, to);
  if (status !== 0) throw new Error(`${direction} ${protocol} ${name}: exit ${status}\n${stderr}`);
  const text = [
    `rsync ${all.join(" ")} ${from} ${to}`,
    "client to server",
    hexLines(toServer),
    "server to client",
    hexLines(toClient),
  ].join("\n");
  writeFileSync(`${transcripts}${direction}-${protocol}-${name}.txt`, `${text}\n`);
}

/** The rules that a client sends for filter arguments; undefined if it refuses them. */
async function filterCase(
  work: string,
  direction: "push" | "pull",
  protocol: number,
  filters: readonly string[],
): Promise<FilterCase> {
  const options = ["-r", "--delete", ...filters, `--protocol=${protocol}`];
  const [from, to] = direction === "push" ? (["e/", "host:d/"] as const) : (["host:e/", "d/"] as const);
  const { status, stderr, toServer, toClient } = session(work, options, from, to);
  if (status === 2) return { direction, protocol, filters, error: stderr.split("\n")[0] ?? "" };
  if (status !== 0) throw new Error(`${direction} ${protocol} ${filters.join(" ")}: exit ${status}\n${stderr}`);
  return { direction, protocol, filters, rules: readFilters({ options, direction, toServer, toClient }) };
}

const work = mkdtempSync(join(tmpdir(), "tsync-capture-"));
try {
  makeTree(join(work, "s"));
  rmSync(transcripts, { recursive: true, force: true });
  mkdirSync(transcripts);
  for (const { name, from, options } of optionSets) {
    for (let protocol = from; protocol <= 32; protocol++) {
      for (const direction of ["push", "pull"] as const) capture(work, direction, protocol, name, options);
    }
  }
  mkdirSync(join(work, "e"));
  const cases: FilterCase[] = [];
  for (const filters of filterSets) {
    for (const protocol of [28, 29, 30, 32]) {
      for (const direction of ["push", "pull"] as const) {
        cases.push(await filterCase(work, direction, protocol, filters));
      }
    }
  }
  writeFileSync(filterCases, `[\n${cases.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n]\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
