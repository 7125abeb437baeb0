import { describe, expect, test } from "vitest";
import { splitErrors, splitLog, splitOutput, splitWireOutput } from "../../support/output.ts";

describe("splitOutput", () => {
  const cases = [
    { line: ">f+++++++++ a/b", kind: "items", text: ">f+++++++++ a/b" },
    { line: "hf+++++++++ c => b", kind: "followers", text: "hf+++++++++ c => b" },
    { line: "*deleting   x/", kind: "generator", text: "*deleting   x/" },
    { line: "deleting x", kind: "generator", text: "deleting x" },
    { line: "a is uptodate", kind: "generator", text: "a is uptodate" },
    { line: "a exists (file change)", kind: "generator", text: "a exists (file change)" },
    { line: "backed up a to a~", kind: "receiver", text: "backed up a to a~" },
    {
      line: "WARNING: a failed verification -- update retained (will try again).",
      kind: "receiver",
      text: "WARNING: a failed verification -- update retained (will try again).",
    },
    { line: "skipping directory d", kind: "sender", text: "skipping directory d" },
    { line: "p{123} b{9} name", kind: "items", text: "p{#} b{#} name" },
    {
      line: "sent 1,234 bytes  received 35 bytes  2,538.00 bytes/sec",
      kind: "summary",
      text: "sent # bytes  received # bytes",
    },
    {
      line: "total size is 5  speedup is 0.00 (DRY RUN)",
      kind: "summary",
      text: "total size is 5  speedup is # (DRY RUN)",
    },
  ] as const;
  test.each(cases)("puts $line under $kind", ({ line, kind, text }) => {
    const lines = splitOutput(`${line}\n`);
    expect(lines[kind]).toEqual([text]);
    expect(Object.values(lines).flat()).toHaveLength(1);
  });

  test("keeps only the final form of a progress line", () => {
    const text =
      "\r         32,768  10%    0.00kB/s    0:00:00  \r        300,000 100%   42.48MB/s    0:00:00 (xfr#1, to-chk=8/10)\n";
    expect(splitOutput(text).progress).toEqual(["300,000 100% xfr#1"]);
  });

  test("takes the line of one process apart from the progress of another, on a pull", () => {
    const shown = "\r              0   0%    0.00kB/s    0:00:00 (xfr#0, to-chk=0/14)";
    const lines = splitWireOutput(`${shown}${shown}*deleting   a\n`, "pull");
    expect(lines.generator).toEqual(["*deleting   a"]);
    expect(lines.progress).toEqual(["0 0% xfr#0"]);
    const whole = splitWireOutput(`${shown}\n*deleting   a\n`, "pull");
    expect(whole).toEqual(lines);
    expect(splitWireOutput(`${shown}*deleting   a\n`, "push").generator).not.toEqual(["*deleting   a"]);
  });

  test("drops rsync's memory statistics and times", () => {
    const heap = "\nrsync[77] (server receiver) heap statistics:\n  arena:  1   (bytes from sbrk)\n";
    const lines = splitOutput(`${heap}File list generation time: 0.001 seconds\nNumber of files: 1 (reg: 1)\n`);
    expect(Object.values(lines).flat()).toEqual(["Number of files: 1 (reg: 1)"]);
  });
});

describe("splitWireOutput", () => {
  test("keeps the order of what the sender says, apart from duplicates, of which the receiver tells too", () => {
    const lines = [
      "removing duplicate name b from file list (2)",
      "skipping z",
      "removing duplicate name a from file list (1)",
    ];
    const { sender } = splitWireOutput([...lines, "skipping a", ""].join("\n"), "push");
    expect(sender).toEqual(["skipping z", "skipping a", lines[2], lines[0]]);
  });
});

describe("splitLog", () => {
  test("takes time and process id off", () => {
    const lines = splitLog(
      "2026/11/22 23:59:19 [28017] building file list\n2026/11/22 23:59:19 [28018] >f+++++++++ big\n",
    );
    expect(lines.items).toEqual([">f+++++++++ big"]);
    expect(lines.summary).toEqual(["building file list"]);
  });

  test("keeps a name with a newline in the line of what tells of it", () => {
    const lines = splitLog('2026/11/22 23:59:19 [28017] skipping non-regular file "a\nb"\n');
    expect(lines.generator).toEqual(['skipping non-regular file "a\\#012b"']);
    expect(lines.items).toEqual([]);
  });
});

describe("splitErrors", () => {
  test("leaves out what rsync tells of its memory, as splitOutput does", () => {
    const heap =
      "\nrsync[23389] (sender) heap statistics:\n  arena:         479232   (bytes from sbrk)\n  keepcost:  1 (x)\n";
    expect(splitErrors(`one\n${heap}two\n`)).toEqual(["one", "two"]);
  });

  test("sorts, cuts the position and blanks random temp names", () => {
    const error = "rsync error: some files could not be transferred (code 23) at main.c(1394) [sender=3.5.0]";
    expect(
      splitErrors(`${error}\n\nrsync: [receiver] mkstemp "/d/.name.aB3xYz" failed: Permission denied (13)\n`),
    ).toEqual([
      "rsync error: some files could not be transferred (code 23)",
      'rsync: [receiver] mkstemp "/d/.name.######" failed: Permission denied (13)',
    ]);
  });
});
