import { chmodSync, lchownSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { foreignLinkText } from "../../../src/fs/operator-path.ts";
import { ClockText } from "../../../src/text/clock-text.ts";
import { LogFile, type LogSettings } from "../../../src/text/log-file.ts";
import { someTime } from "./samples.ts";

const settings: LogSettings = { pid: 4711, clock: new ClockText(), now: () => someTime };
let folder = "";

beforeAll(() => {
  vi.stubEnv("TZ", "UTC");
  folder = mkdtempSync(join(tmpdir(), "tsync-log-"));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function open(name: string): LogFile {
  const opened = LogFile.open(byteName(join(folder, name)), settings);
  if (!(opened instanceof LogFile)) throw new Error(opened.text);
  return opened;
}

function failure(name: string): string {
  const opened = LogFile.open(byteName(join(folder, name)), settings);
  if (opened instanceof LogFile) throw new Error("it opened");
  return opened.text.replaceAll(folder, "DIR");
}

describe("LogFile", () => {
  test("stamps and escapes its lines, and appends", () => {
    for (const text of [">f+++++++++ big", "a\nb\x85\xe9\\#012"]) {
      const log = open("log");
      log.line(byteName(text));
      log.close();
    }
    expect(readFileSync(join(folder, "log"), "latin1")).toBe(
      "2026/11/22 23:58:29 [4711] >f+++++++++ big\n2026/11/22 23:58:29 [4711] a\\#012b\\#205\xe9\\#134#012\n",
    );
    expect(lstatSync(join(folder, "log")).mode & 0o777).toBe(0o644 & ~process.umask());
  });

  test("writes out at flush", () => {
    const log = open("flushed");
    log.line(byteName("x"));
    log.flush();
    expect(readFileSync(join(folder, "flushed"), "latin1")).toContain(" x\n");
    log.close();
  });

  test.each([
    ["nodir/log", "rsync: [client] failed to open log-file DIR/nodir/log: No such file or directory (2)"],
    [".", "rsync: [client] failed to open log-file DIR: Is a directory (21)"],
  ])("says why %s cannot be opened", (name, text) => {
    expect(failure(name)).toBe(text);
  });

  test("follows a link of our own", () => {
    symlinkSync("target", join(folder, "own-link"));
    open("own-link").close();
    expect(lstatSync(join(folder, "target")).isFile()).toBe(true);
  });

  // Only root can give a link away; the walk itself is the same for everybody.
  test.runIf(process.geteuid?.() === 0)("refuses a link that somebody else made, at the end and on the way", () => {
    mkdirSync(join(folder, "real"));
    chmodSync(folder, 0o755);
    for (const [name, target] of [
      ["evil", "stolen"],
      ["evil-dir", "real"],
    ] as const) {
      symlinkSync(target, join(folder, name));
      lchownSync(join(folder, name), 65_534, 65_534);
    }
    const refused = (name: string): string =>
      `${foreignLinkText}\nrsync: [client] failed to open log-file DIR/${name}: Too many levels of symbolic links (40)`;
    expect(failure("evil")).toBe(refused("evil"));
    expect(failure("evil-dir/log")).toBe(refused("evil-dir/log"));
  });
});
