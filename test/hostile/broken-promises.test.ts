/**
 * Peers that end a session as if all were done (4-traps L-17, H-20): what was asked for and did not come is not passed over in silence, and no
 * message of theirs makes a run that broke a success.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { byte, frame, int, serveClient, text } from "../support/hostile-client.ts";
import { LiedTo } from "../support/lying-server.ts";

const folder = mkdtempSync(join(tmpdir(), "tsync-broken-promises-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const client = new LiedTo(folder);

beforeEach(() => {
  rmSync(join(folder, "d"), { recursive: true, force: true });
  mkdirSync(join(folder, "d"));
  writeFileSync(join(folder, "source"), "a file");
});

/** Version 31, varint flags, md5 for all, seed 1; `ff`: with incremental recursion. */
const start = (compat = "fe"): string => `1f000000 80${compat} 03${text("md5")} 01000000`;
const entry = (name: string, mode = 0o100644, flags = "18"): string =>
  `${flags} ${byte(name.length)}${text(name)} 000300 5f01105e ${int(mode)}`;
const done = frame("00");
const stats = "000a00 000a00 000a00 000100 000100";
/** "abc" and its digest, for the file with this index. */
const sent = (ndx: string): string =>
  frame(`${ndx} 0080 ${int(0).repeat(4)} ${int(3)}616263 ${int(0)} 900150983cd24fb0d6963f7d28e17f72`);
/** The same with a wrong digest. */
const wrong = frame(`02 0080 ${int(0).repeat(4)} ${int(3)}616263 ${int(0)} ${"00".repeat(16)}`);
const list = frame(`${entry(".", 0o040755)} ${entry("f")} ${entry("g")} 0000 0000`);
const end = done + done + done + frame(`${stats} 00`);
const listed = frame(`${entry(".", 0o040755, "19")} ${entry("f")} 0000 ff01`);

/** The shell first says one thing, and the other when what was asked for is there. */
const says = (first: string, then: string): string => {
  const bytes = (hex: string): string =>
    (hex.replaceAll(" ", "").match(/../g) ?? []).map((pair) => `\\0${Number.parseInt(pair, 16).toString(8)}`).join("");
  return client.shell(`cat >/dev/null & printf '%b' '${bytes(first)}'; sleep 1; printf '%b' '${bytes(then)}'; sleep 1`);
};

describe("a sender that is through without", () => {
  test.each<[string, string, string, number, RegExp, string[]]>([
    ["nothing left out", start() + list, sent("02") + sent("01") + end, 0, /^$/, ["f", "g"]],
    ["one of two files", start() + list, sent("02") + end, 23, /"g" was asked for, but did not come/, ["f"]],
    ["either file", start() + list, end, 23, /"f" was asked.*\n"g" was asked/, []],
    ["a file of an incremental list", start("ff") + listed, done + end, 23, /"f" was asked/, []],
    ["the second try", start() + list, wrong + sent("01") + end, 23, /"f" was asked/, ["g"]],
    ["a file that it could not send", start() + list, sent("02") + frame(int(2), 102) + end, 0, /^$/, ["f"]],
    ["one that there is not", start() + list, frame(int(77), 102) + end, 2, /Invalid file index: 77/, []],
    ["one below the first", start() + list, frame(int(-1), 102) + end, 2, /Invalid file index: -1/, []],
  ])("%s", async (_name, first, then, code, stderr, names) => {
    const options = ["-a", "--timeout=10", "-e", says(first, then)];
    const ended = await client.run([...options, "h:./", "d/"]);
    expect(ended).toMatchObject({ code });
    expect(ended.stderr).toMatch(stderr);
    expect(readdirSync(join(folder, "d"))).toEqual(names);
  });
});

describe.each([
  ["that says nothing", ""],
  ["0", int(0)],
  ["256", int(256)],
])("the code of an early end, %s, is none of success", (_name, code) => {
  test.each([
    ["push", ["source", "h:d/"]],
    ["pull", ["h:source", "d/"]],
  ] as const)("%s", async (_direction, operands) => {
    const shell = client.sends(`${start()} ${frame(code, 86)}`);
    expect(await client.run(["-a", "-e", shell, ...operands])).toMatchObject({ code: 12 });
  });

  test("a server", async () => {
    const hello = `${int(31)} 03${text("md5")}`;
    const served = await serveClient({
      args: ["-logDtpre.LsfxCIvu", ".", "d/"],
      cwd: folder,
      sent: [hello, frame(code, 86)],
    });
    expect(served).toMatchObject({ code: 12 });
  });
});
