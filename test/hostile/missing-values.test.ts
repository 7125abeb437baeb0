/**
 * Senders that announce a long extended attribute and do not send its value (2-file-list 7.5, 4-traps L-17): none is made up, the one that is
 * there stays, and the run does not end as if all had come.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { byte, frame, int, text } from "../support/hostile-client.ts";
import { LiedTo } from "../support/lying-server.ts";

const folder = mkdtempSync(join(tmpdir(), "tsync-missing-values-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const client = new LiedTo(folder);

beforeEach(() => {
  rmSync(join(folder, "d"), { recursive: true, force: true });
  mkdirSync(join(folder, "d"));
});

/** Version 31, varint flags, md5 for all, seed 1. */
const start = `1f000000 80fe 03${text("md5")} 01000000`;
const entry = (name: string, mode: number, xattrs: string): string =>
  `18 ${byte(name.length)}${text(name)} 000300 5f01105e ${int(mode)} ${xattrs}`;
const none = "00 00";
/** One attribute, whose value of 100 bytes is named by a digest. */
const long = `00 01 07 64 ${text("user.a")}00 ${"11".repeat(16)}`;
const done = frame("00");
const end = done + done + done + frame("000a00 000a00 000a00 000100 000100 00");
/** A file of three bytes. */
const content = `${[0, 0, 0, 0].map(int).join("")} ${int(3)}616263 ${int(0)} 900150983cd24fb0d6963f7d28e17f72`;
const values = (path: string): string =>
  spawnSync("getfattr", ["-d", "--absolute-names", path], { encoding: "utf8" })
    .stdout.replace(/^#.*\n/, "")
    .trim();

/** The shell sends the list, and the records when they were asked for. */
async function pulls(entries: string, records: string) {
  const bytes = (hex: string): string =>
    (hex.replaceAll(" ", "").match(/../g) ?? []).map((pair) => `\\0${Number.parseInt(pair, 16).toString(8)}`).join("");
  const list = `${start} ${frame(`${entry(".", 0o040755, none)} ${entries} 0000 0000`)}`;
  const shell = client.shell(
    `cat >/dev/null & printf '%b' '${bytes(list)}'; sleep 1; printf '%b' '${bytes(records)}'; sleep 1`,
  );
  return client.run(["-aXW", "--inplace", "--timeout=10", "-e", shell, "h:./", "d/"]);
}

describe("a long attribute without its value", () => {
  test.each([
    ["with the flag for values", `02 0081 00 ${content}`],
    ["without it", `02 0080 ${content}`],
  ])("of a file, %s", async (_name, record) => {
    const { code, stderr } = await pulls(entry("f", 0o100644, long), frame(record) + end);
    expect({ code, stderr }).toMatchObject({ code: 23 });
    expect(stderr).toContain(`Missing abbreviated xattr value, user.a, for "${folder}/d/f"\n`);
    expect(values(join(folder, "d/f"))).toBe("");
  });

  test("of a file that has one", async () => {
    writeFileSync(join(folder, "d/f"), "old");
    spawnSync("setfattr", ["-n", "user.a", "-v", "here", join(folder, "d/f")]);
    const { code } = await pulls(entry("f", 0o100644, long), frame(`02 0081 00 ${content}`) + end);
    expect(code).toBe(23);
    expect(values(join(folder, "d/f"))).toBe('user.a="here"');
  });

  test("of a directory", async () => {
    mkdirSync(join(folder, "d/s"));
    spawnSync("setfattr", ["-n", "user.a", "-v", "here", join(folder, "d/s")]);
    const { code, stderr } = await pulls(entry("s", 0o040755, long), frame("02 0001 00") + end);
    expect({ code, stderr }).toMatchObject({ code: 23 });
    expect(stderr).toContain(`Missing abbreviated xattr value, user.a, for "${folder}/d/s"\n`);
    expect(values(join(folder, "d/s"))).toBe('user.a="here"');
  });
});
