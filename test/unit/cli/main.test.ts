/** The command as a process: what goes to which stream, to the log and into the exit code. Lines are those of rsync. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { version } from "../../../src/version.ts";

const entry = fileURLToPath(new URL("../../../src/cli/entry.ts", import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-main-"));
  mkdirSync(join(folder, "src"));
  for (const name of ["a", "b"]) {
    writeFileSync(join(folder, "src", name), name);
    utimesSync(join(folder, "src", name), 1_720_000_000, 1_720_000_000);
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

function tsync(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = ["--no-warnings", entry, ...args];
  const done = spawnSync(process.execPath, command, { cwd: folder, env: { ...env }, encoding: "latin1" });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** The texts of the log's lines. */
function logLines(): string[] {
  const lines = readFileSync(join(folder, "log"), "latin1").split("\n").slice(0, -1);
  return lines.map((line) => {
    expect(line).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] /);
    return line.replace(/^.*?\] /, "");
  });
}

const usageLine = `rsync error: syntax or usage error (code 1) at tsync [client=${version}]`;

describe("exit codes and streams", () => {
  test("a copy prints nothing and ends with 0", () => {
    expect(tsync(["-r", "src/", "dst"])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(join(folder, "dst/b"), "utf8")).toBe("b");
  });

  test("an unknown option ends with 1, before anything is done", () => {
    const stderr = `rsync: --bogus: unknown option\n${usageLine}\n`;
    expect(tsync(["-r", "--bogus", "src/", "dst"])).toEqual({ code: 1, stdout: "", stderr });
    expect(existsSync(join(folder, "dst"))).toBe(false);
  });

  test("what is not supported ends with 4 and its name", () => {
    const done = tsync(["-r", "-M--bogus", "src/", "dst"]);
    expect(done).toMatchObject({ code: 4, stdout: "" });
    expect(done.stderr).toMatch(
      /--remote-option \(-M\) yet\nrsync error: requested action not supported \(code 4\) at tsync \[client=[^\n]*\]\n$/,
    );
  });

  test("a source that is missing ends with 23, and the others are copied", () => {
    const done = tsync(["-r", "src/a", "nope", "dst/"]);
    expect(done.code).toBe(23);
    expect(done.stderr).toBe(
      `rsync: [sender] link_stat "${folder}/nope" failed: No such file or directory (2)\n` +
        `rsync error: some files/attrs were not transferred (see previous errors) (code 23) at tsync [sender=${version}]\n`,
    );
    expect(readFileSync(join(folder, "dst/a"), "utf8")).toBe("a");
  });

  test("help goes to standard output with 0, usage to standard error with 1", () => {
    const help = tsync(["--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("--recursive");
    expect(tsync([])).toEqual({ code: 1, stdout: "", stderr: `${help.stdout}\n${usageLine}\n` });
  });

  test.each([["--version"], ["-r", "src/", "dst"], ["--list-only", "src"]])(
    "an impossible TSYNC_SYSCALLS is refused: %s",
    (...args) => {
      expect(tsync(args, { TSYNC_SYSCALLS: "magic" })).toEqual({
        code: 1,
        stdout: "",
        stderr: `rsync: TSYNC_SYSCALLS=magic: must be koffi, plain or auto\n${usageLine}\n`,
      });
    },
  );

  test.each(["koffi", "plain"])("--version names the system calls in use: %s", (kind) => {
    expect(tsync(["--version"], { TSYNC_SYSCALLS: kind }).stdout).toContain(`${kind} system calls`);
  });
});

describe("the log", () => {
  test("has the run's items and totals", () => {
    expect(tsync(["-r", "--log-file=log", "src/", "dst"]).code).toBe(0);
    expect(logLines()).toEqual([
      "building file list",
      "cd+++++++++ ./",
      ">f+++++++++ a",
      ">f+++++++++ b",
      expect.stringMatching(/^sent \d+ bytes {2}received \d+ bytes {2}total size 2$/),
    ]);
  });

  test("has the lines of an option error", () => {
    const text = "rsync: --delete does not work without --recursive (-r) or --dirs (-d).";
    const done = tsync(["--log-file=log", "--delete", "src/", "dst"]);
    expect(done).toEqual({ code: 1, stdout: "", stderr: `${text}\n${usageLine}\n` });
    expect(logLines()).toEqual([text, usageLine]);
  });

  test("has the end of the client when the receiving side gives up", () => {
    writeFileSync(join(folder, "plain"), "");
    const done = tsync(["--log-file=log", "src/a", "src/b", "plain"]);
    const last = "rsync error: errors selecting input/output files, dirs (code 3) at tsync";
    expect(done).toEqual({
      code: 3,
      stdout: "",
      stderr:
        "ERROR: destination must be a directory when copying more than 1 file\n" +
        `${last} [Receiver=${version}]\n${last} [sender=${version}]\n`,
    });
    expect(logLines()).toEqual(["building file list", expect.stringMatching(/^sent /), `${last} [sender=${version}]`]);
  });

  test("is done without when it cannot be opened", () => {
    expect(tsync(["-r", "--log-file=no/log", "src/", "dst"])).toEqual({
      code: 0,
      stdout: 'Ignoring "log file" setting.\n',
      stderr: "rsync: [client] failed to open log-file no/log: No such file or directory (2)\n",
    });
    expect(existsSync(join(folder, "dst/a"))).toBe(true);
  });
});

test.each([
  ["UTC", "2024/07/03 09:46:40"],
  [":Europe/Berlin", "2024/07/03 11:46:40"],
  ["<-0330>3:30", "2024/07/03 06:16:40"],
  ["EST5EDT,M3.2.0,M11.1.0", "2024/07/03 05:46:40"],
])("--list-only shows local times in TZ=%s", (zone, time) => {
  expect(tsync(["--list-only", "src/a"], { TZ: zone }).stdout).toBe(`-rw-r--r--              1 ${time} a\n`);
});
