/**
 * Clients that lie to `tsync --server`, receiving and sending (4-traps sections 3 to 5): the server ends in time with the right code, in
 * little memory, nothing outside its directory is touched, old files stay whole, and no temporary file is left.
 */
import { existsSync, readFileSync, unlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  byte,
  entry,
  frame,
  hello,
  int,
  listEnd,
  noBasis,
  noRules,
  request,
  type Service,
  serveClient,
  text,
} from "../support/hostile-client.ts";
import { namesIn, picture, Sentinel, temporaryFiles, Workspace } from "./support.ts";

const patienceSeconds = 5 + 15;
const memoryMax = 200 * 1024 * 1024;

let workspace: Workspace;
let sentinel: Sentinel;
beforeAll(() => {
  workspace = new Workspace();
  sentinel = new Sentinel(workspace.at("outside"), ["evil", "f"]);
});
afterAll(() => workspace[Symbol.dispose]());

type Sent = Service["sent"];

/** What every server must show, whatever it was told. */
async function served(service: Omit<Service, "cwd">, code: number): Promise<string> {
  const done = await serveClient({ ...service, cwd: workspace.path });
  const { stderr } = done;
  expect({ code: done.code, signal: done.signal, stderr }).toEqual({ code, signal: null, stderr });
  expect(stderr).not.toMatch(/internal|^\s+at /m);
  expect(stderr, "no raw control byte").not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  expect(done.seconds).toBeLessThan(patienceSeconds);
  expect(done.peakBytes).toBeLessThan(memoryMax);
  sentinel.expectUntouched();
  return done.said.toString("hex");
}

const list = (...entries: readonly string[]): string => frame(entries.join("") + listEnd);
const dir = (name: string): string => entry(name, 0o040755);
const link = (name: string, target: string): string => entry(name, 0o120777, `${byte(target.length)}${text(target)}`);
/** An entry up to its mode. */
const begun = (mode: number): string => `18 01 ${text("l")} 000300 5f01105e ${int(mode)}`;
/** The first file is asked for. */
const asked = { heard: "0100a0" };
const wrongData = `${int(3)}${text("abc")}${int(0)}${"00".repeat(16)}`;
const goodbye = Array.from({ length: 6 }, () => frame("00"));
const answered = (rest: string): Sent => [list(entry("f")), asked, frame(request("01", noBasis, rest))];

describe("a server that receives", () => {
  const receives = (letters: string, ...more: readonly string[]): string[] => [letters, ...more, ".", "d/"];
  const plain = receives("-logDtpre.LsfxCIvu");
  const incremental = receives("-logDtpre.iLsfxCIvu");
  const twoLists = frame(`${dir(".")}${dir("a")}0000`);

  /** Old files, an unchanged picture of them afterwards. */
  async function refuses(args: readonly string[], sent: Sent, code: number, closes = false): Promise<void> {
    workspace.directory("d");
    workspace.file("d/old", "old content");
    const before = picture(workspace.at("d"));
    const names = namesIn(workspace.at("d"));
    await served({ args, sent: [hello, ...sent], closes }, code);
    const files = (tree: string): string[] => tree.split("\n").filter((line) => !line.includes('"type":"directory"'));
    expect(files(picture(workspace.at("d")))).toEqual(files(before));
    expect(namesIn(workspace.at("d"))).toEqual(names);
    expect(temporaryFiles(workspace.at("d"))).toEqual([]);
  }

  test.each<[string, Sent, number]>([
    ["H-01 an unknown message", [frame("", 63)], 12],
    ["H-01 a tag below those of data", [int(0x06000000)], 12],
    ["H-01 a message of another length", [frame("000000", 22)], 12],
    ["H-01 a message that only servers send", [frame(int(1), 33)], 12],
    ["H-02 a text that is too long", [frame("61".repeat(6000), 2)], 12],
    ["H-04 a number of too many bytes", [frame("ff")], 12],
    ["H-04 a size of too many bytes", [frame(`18 01 ${text("l")} ffffffffffffffffff`)], 12],
    ["H-04 a second of nanoseconds", [frame(`a018 01 ${text("l")} 000300 5f01105e f000ca9a3b`)], 2],
    ["H-10 a prefix of nothing", [frame(`38 05 01 ${text("x")}`)], 2],
    ["H-10 a name of negative length", [frame("58 f0ffffffff")], 22],
    ["H-10 a name longer than a path", [frame("58 c00020")], 22],
    ["H-10 an empty name", [list(entry(""))], 2],
    ["H-10 a name with a NUL", [list(entry("a\0b"))], 2],
    ["H-11 a path that leads out", [list(entry("../outside/evil"))], 4],
    ["H-11 a path that ends above", [list(entry("a/.."))], 4],
    ["H-11 the directory above", [list(dir(".."))], 4],
    ["H-11 an absolute path", [list(entry("/outside"))], 4],
    ["H-12 a mode of two kinds", [list(entry("f", 0o110644))], 2],
    ["H-12 a mode of no kind", [list(entry("f", 0))], 2],
    ["H-12 the mode of the entry before the first", [frame(`1a 03 ${text("old")} 000300 5f01105e ${listEnd}`)], 2],
    ["H-12 S-12 a root that is a file", [list(entry("."))], 2],
    ["H-12 S-12 a root that is a link", [list(link(".", "/outside"))], 2],
    [
      "H-13 a file that is also a directory",
      [list(dir("f"), entry("f"), entry("f/evil"), entry("f/evil", 0o110644))],
      2,
    ],
    ["H-15 a hard link that nobody asked for", [frame(`8218 01 ${text("l")} 00`)], 2],
    ["H-16 a target longer than a path", [frame(`${begun(0o120777)} c00020`)], 22],
    ["H-16 a target of negative length", [frame(`${begun(0o120777)} f0ffffffff`)], 22],
    ["S-13 a file through a link", [list(dir("."), link("a", "../outside"), entry("a/evil"))], 2],
    ["S-13 a file through a file", [list(dir("."), entry("a"), entry("a/evil"))], 2],
    ["H-14 a file whose directory is not listed", [list(dir("."), entry("q/evil"))], 2],
    ["H-20 an index that was not asked for", [list(entry("f")), asked, frame(request("02", noBasis))], 2],
    ["H-20 a negative index", [list(entry("f")), asked, frame(request("ff31", noBasis))], 2],
    ["H-21 a head that was not asked for", [list(entry("f")), asked, frame(request("01", [1, 700, 16, 0]))], 2],
    ["H-21 a head of negative count", [list(entry("f")), asked, frame(request("01", [-1, 700, 16, 0]))], 2],
    ["H-22 a block of no basis", answered(int(-1)), 2],
  ])("%s", async (_name, sent, code) => {
    await refuses(plain, sent, code);
  });

  test.each<[string, Sent, number]>([
    ["a list that does not exist", [twoLists, frame("ff70 0000")], 2],
    ["a second list for one directory", [twoLists, frame("ff65 0000"), frame("ff00 0000")], 2],
    ["an entry of another directory", [twoLists, frame(`ff65 ${entry("b/evil")} 0000`)], 4],
    ["an entry further below", [twoLists, frame(`ff65 ${entry("a/b/evil")} 0000`)], 4],
    ["a list behind the end of all", [twoLists, frame("ff01"), frame("ff64 0000")], 2],
    ["the end of a phase before the last list", [twoLists, frame("00"), frame("00")], 2],
    ["a list for what is no directory", [frame(`${entry("f")} ${entry("g")} 0000`), frame("ff65 0000")], 2],
  ])("H-14 with incremental recursion: %s", async (_name, sent, code) => {
    // What came before may have been made.
    workspace.directory("d/a");
    await refuses(incremental, sent, code);
  });

  test.each<[string, string, string, number]>([
    ["H-15 a hard link to what is not there", "-HlogDtpre.LsfxCIvu", `8218 01 ${text("l")} 09`, 2],
    ["H-17 an ACL that was not sent", "-AlogDtpre.LsfxCIvu", `${begun(0o100644)} 32`, 12],
    ["H-17 attributes that were not sent", "-XlogDtpre.LsfxCIvu", `${begun(0o100644)} 32`, 12],
    ["H-17 very many attributes", "-XlogDtpre.LsfxCIvu", `${begun(0o100644)} 00 f0ffffff0f`, 2],
  ])("%s", async (_name, letters, hex, code) => {
    await refuses(receives(letters), [frame(hex)], code);
  });

  test.each<[string, string, number]>([
    ["that is too long", "ffff", 4],
    ["that is empty", "00", 4],
    ["without a common name", `05${text("bogus")}`, 4],
    ["with the name of a property", `09${text("__proto__")}`, 4],
    ["with a name twice", `0b${text("bogus bogus")}`, 4],
  ])("H-29 a list of checksums %s", async (_name, hex, code) => {
    await served({ args: plain, sent: [`${int(31)} ${hex}`], closes: hex === "ffff" }, code);
  });

  test("H-02 floods of empty frames and of messages", async () => {
    const flood = (words: string): Uint8Array => Buffer.from(words.repeat(20_000), "hex");
    const empty = Array.from({ length: 50 }, () => flood("00000007"));
    const noops = Array.from({ length: 5 }, () => flood("00000031"));
    await refuses(plain, [...empty, ...noops, ...empty], 12, true);
  });

  test("H-16 targets that no link can have are reported", async () => {
    for (const target of ["", "a\0b"]) await refuses(plain, [list(link("l", target))], 12, true);
  });

  test("H-22 a run of two gigabytes is taken as it comes", async () => {
    await refuses(plain, [...answered(int(0x7fffffff)), Buffer.from(frame("00".repeat(60_000)), "hex")], 12, true);
  });

  test("H-23 compressed data that is none", async () => {
    await refuses(
      receives("-logDtprze.LsfxCIvu", "--compress-choice=zlibx"),
      answered(`4220${"ff".repeat(0x220)} 00`),
      12,
    );
  });

  test("H-24 data that never verifies is asked for twice and not put into place", async () => {
    workspace.directory("d");
    const again = { heard: "fe0000" };
    const wrong = frame(request("01", noBasis, wrongData));
    const wrongAgain = frame(request("fe0000", noBasis, wrongData));
    const sent = [hello, list(entry("f")), asked, wrong, frame("00"), again, wrongAgain, ...goodbye];
    await served({ args: plain, sent, closes: true }, 23);
    expect(namesIn(workspace.at("d")).filter((name) => name.includes("f"))).toEqual([]);
  });

  test("H-25 a file that grows without end", async () => {
    const zeros = Buffer.alloc(4 * 1024 * 1024);
    const run = Buffer.concat([...frames(Buffer.concat([Buffer.from(int(zeros.length), "hex"), zeros]))]);
    const sparse = receives("-SlogDtpre.LsfxCIvu");
    const sent = [...answered(""), ...Array.from({ length: 300 }, () => run)];
    await refuses(sparse, sent, 2, true);
  });

  test("H-12 S-12 a root that is missing", async () => {
    await refuses(receives("-logDtpre.LsfxCIvu", "--delete-missing-args"), [list(entry(".", 0))], 2);
  });

  test("E-04 bits of I/O errors that do not exist count as those that do", async () => {
    workspace.directory("d");
    const sent = [hello, frame(int(-1), 22), list(dir(".")), ...goodbye];
    await served({ args: plain, sent, closes: true }, 23);
  });
});

function* frames(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 60_000) {
    const piece = bytes.subarray(at, at + 60_000);
    const header = Buffer.alloc(4);
    header.writeUInt32LE(0x0700_0000 + piece.length);
    yield Buffer.concat([header, piece]);
  }
}

describe("a server that sends", () => {
  const sends = (...more: readonly string[]): string[] => ["--sender", "-logDtpre.LsfxCIvu", ...more, ".", "s/"];
  const last: readonly Sent[number][] = [frame("00"), frame("00")];

  beforeAll(() => {
    workspace.directory("s/dir");
    workspace.file("s/file", "the content of the file");
    workspace.file("s/other", "another");
  });

  // The list is `.`, `dir`, `file`, `other`? Files come first: `.` 0, `file` 1, `other` 2, `dir` 3.
  test.each<[string, Sent, number]>([
    ["H-20 R-02 an index past the end", [frame(request("30", noBasis))], 2],
    ["H-20 R-02 a negative index", [frame(request("ff31", noBasis))], 2],
    ["H-20 R-02 the content of a directory", [frame(request("01", noBasis))], 2],
    ["H-20 R-02 content in the last phase", [...last, frame(request("02", noBasis))], 2],
    ["H-20 R-02 a third time", [0, 1, 2].map((time) => frame(request(time === 0 ? "02" : "fe0000", noBasis))), 2],
    ["H-21 R-01 a negative count", [frame(request("02", [-1, 700, 2, 0]))], 2],
    ["H-21 R-01 blocks of no length", [frame(request("02", [1, 0, 2, 0]))], 2],
    ["H-21 R-01 blocks that are too long", [frame(request("02", [1, 131_073, 16, 0]))], 2],
    ["H-21 R-01 sums longer than a digest", [frame(request("02", [1, 700, 17, 0]))], 2],
    ["H-21 R-01 sums of negative length", [frame(request("02", [1, 700, -1, 0]))], 2],
    ["H-21 R-01 a remainder longer than a block", [frame(request("02", [1, 700, 16, 701]))], 2],
    ["H-21 R-01 a negative remainder", [frame(request("02", [1, 700, 16, -1]))], 2],
    ["H-21 R-01 more blocks than any file has", [frame(request("02", [0x7fffffff, 131_072, 16, 0]))], 2],
    ["H-26 a basis name longer than a path", [frame(`02 0090 ffff ${text("x".repeat(4500))}`)], 2],
    ["H-14 a file list", [frame("ff64")], 2],
    ["H-01 an unknown message", [frame("", 63)], 12],
  ])("%s", async (_name, sent, code) => {
    await served({ args: sends(), sent: [hello, frame(noRules), ...sent] }, code);
    expect(readFileSync(workspace.at("s/file"), "utf8")).toBe("the content of the file");
  });

  test.each<[string, string, number]>([
    ["that is too long", int(100_000), 22],
    ["of negative length", int(-5), 22],
  ])("a filter rule %s", async (_name, hex, code) => {
    await served({ args: sends(), sent: [hello, frame(hex)] }, code);
  });

  test("X-01 filter rules without end take so much memory and no more", async () => {
    const rule = `${int(5000)}${text(`- ${"x".repeat(4998)}`)}`;
    const many = Buffer.from(frame(rule.repeat(800)), "hex");
    const flood = Array.from({ length: 100 }, () => many);
    const done = await serveClient({ args: sends(), cwd: workspace.path, sent: [hello, ...flood], closes: true });
    expect(done).toMatchObject({ code: 22, signal: null });
    expect(done.stderr).toContain("filter rules are too large [sender]\n");
    expect(done.peakBytes).toBeLessThan(3 * memoryMax);
  });

  test("H-21 many announced sums take no memory before they come", async () => {
    await served(
      {
        args: sends(),
        sent: [hello, frame(noRules), frame(request("02", [30_000_000, 131_072, 16, 0]))],
        closes: true,
      },
      12,
    );
  });

  test("H-06 messages while nothing is read", async () => {
    const noops = Array.from({ length: 10 }, () => Buffer.from("00000031".repeat(10_000), "hex"));
    await served({ args: sends(), sent: [hello, frame(noRules), ...noops], deaf: true, closes: true }, 12);
  });

  test("R-04 sums of more than there is are not read", async () => {
    const args = ["--sender", "-logDtpre.LsfxCIvu", "--append", "--append", ".", "s/"];
    const said = await served(
      {
        args,
        sent: [hello, frame(noRules), frame(request("02", [1_000_000, 131_072, 16, 0])), ...goodbye],
        closes: true,
      },
      0,
    );
    expect(said).not.toContain(text("the content"));
  });

  test.each<[string, number, string]>([
    ["a directory", 0, "file"],
    ["an index that does not exist", -5, "file"],
    ["an index past the end", 900, "file"],
  ])("R-05 nothing is removed for %s", async (_name, ndx, name) => {
    const args = sends("--remove-source-files");
    await served({ args, sent: [hello, frame(noRules), frame(int(ndx), 100)], closes: true }, 12);
    expect(existsSync(workspace.at(`s/${name}`))).toBe(true);
  });

  test("R-05 a file that has changed, or was reported before, stays", async () => {
    workspace.file("s/other", "another");
    const listed = { heard: text("other") };
    const twice = [frame(int(2), 100), frame(int(2), 100)];
    await served(
      { args: sends("--remove-source-files"), sent: [hello, frame(noRules), listed, ...twice], closes: true },
      12,
    );
    if (existsSync(workspace.at("s/other"))) unlinkSync(workspace.at("s/other"));
    expect(existsSync(workspace.at("s/file"))).toBe(true);
  });
});
