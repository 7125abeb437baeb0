/** `--files-from` between two machines (1-session 2.8): where the list lies, and how its names travel at each protocol. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-names-"));
  writeFileSync(join(folder, "shell"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
  const made = spawnSync("sh", ["-c", "mkdir -p s/a/b s/c; echo 1 >s/a/b/f; echo 2 >s/c/g; echo 3 >s/other"], {
    cwd: folder,
  });
  expect(made.status).toBe(0);
  writeFileSync(join(folder, "list"), "a/b/f\nc\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ends = [
  ["tsync", "rsync"],
  ["rsync", "tsync"],
  ["tsync", "tsync"],
] as const;
const forms = [
  ["a pull with the list here", ["--files-from=list", "far:s", "d"]],
  ["a pull with the list on standard input", ["--files-from=-", "far:s", "d"]],
  ["a pull with the list there", ["--files-from=far:list", "far:s", "d"]],
  ["a push with the list there", ["--files-from=:list", "s", "far:d"]],
  ["a push with the list on standard input", ["--files-from=-", "s", "far:d"]],
] as const;

describe.each(ends)("%s with %s", (client, server) => {
  test.each(forms)("%s", (_name, words) => {
    const program = (name: string): string => (name === "tsync" ? tsync : name);
    for (const protocol of [27, 30, 31]) {
      for (const more of protocol === 27 ? [[], ["--remove-source-files", "-n"]] : [[]]) {
        rmSync(join(folder, "d"), { recursive: true, force: true });
        const options = ["-ri", `--protocol=${protocol}`, ...more, "-e", join(folder, "shell")];
        const run = spawnSync(program(client), [...options, `--rsync-path=${program(server)}`, ...words], {
          cwd: folder,
          input: "a/b/f\nc\n",
          encoding: "latin1",
          timeout: 30_000,
        });
        expect({ status: run.status, stderr: run.stderr }, `protocol ${protocol}`).toEqual({ status: 0, stderr: "" });
        if (more.length > 0) continue;
        expect(readdirSync(join(folder, "d"), { recursive: true }).sort()).toEqual(["a", "a/b", "a/b/f", "c", "c/g"]);
      }
    }
  });
});

// Before a word is said: a server says why and leaves its client without a session, a client starts no other side.
const unreadable = [
  ["there, for a pull", ["--files-from=far:none", "far:s", "d"], 12],
  ["there, for a push", ["--files-from=far:none", "s", "far:d"], 12],
  ["here, for a pull", ["--files-from=none", "far:s", "d"], 1],
  ["here, for a push", ["--files-from=none", "s", "far:d"], 1],
] as const;

test.each([
  ["a list that cannot be read", "--files-from=none"],
  ["a wrong rule", "--filter=bad"],
])("a push that ends before it begins logs no totals: %s", (_name, option) => {
  const log = (client: string): string[] => {
    const words = ["-r", "--log-file=log", option, "-e", join(folder, "shell"), "s", "far:d"];
    expect(spawnSync(client, words, { cwd: folder, timeout: 30_000 }).status).toBe(1);
    const lines = readFileSync(join(folder, "log"), "latin1").split("\n");
    rmSync(join(folder, "log"));
    return lines.map((line) => line.replace(/^\S+ \S+ \[\d+\] /, "").replace(/ at .*/, ""));
  };
  expect(log(tsync)).toEqual(log("rsync"));
});

test.each(unreadable)("a list that cannot be read %s", (_name, words, code) => {
  const outcome = (client: string, server: string): unknown => {
    const run = spawnSync(client, ["-r", "-e", join(folder, "shell"), `--rsync-path=${server}`, ...words], {
      cwd: folder,
      encoding: "latin1",
      timeout: 30_000,
    });
    const neutral = run.stderr.replaceAll(/ at .*? \[(\w+)=.*\]/g, " at $1");
    return { status: run.status, stdout: run.stdout, lines: neutral.split("\n").sort() };
  };
  const expected = outcome("rsync", "rsync");
  expect(expected).toMatchObject({ status: code });
  for (const [client, server] of [
    [tsync, "rsync"],
    ["rsync", tsync],
    [tsync, tsync],
  ] as const) {
    expect(outcome(client, server)).toEqual(expected);
  }
});
