/** Whole transcripts: events of a run, and what rsync 3.5.0 printed for that run. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import {
  abortedError,
  plainUsageError,
  type Role,
  selectionError,
  type TsyncError,
  usageError,
} from "../../../src/errors.ts";
import { ItemFlag } from "../../../src/protocol/item-flags.ts";
import type { ItemEvent, NoticeCode, ProgressEvent, RunEvent, TransferredEvent } from "../../../src/sync/events.ts";
import { ClockText } from "../../../src/text/clock-text.ts";
import { createRenderer, type Renderer } from "../../../src/text/render.ts";
import type { RenderOptions } from "../../../src/text/render-options.ts";
import { version } from "../../../src/version.ts";
import {
  directory,
  entryOf,
  itemOf,
  newLocal,
  newTransfer,
  optionsOf,
  someTime,
  summaryOf,
  symlink,
} from "./samples.ts";

beforeAll(() => vi.stubEnv("TZ", "UTC"));
afterAll(() => vi.unstubAllEnvs());

interface Printed {
  stdout: string;
  stderr: string;
  log: string[];
}

/** Runs events through a renderer; `finish` says how the run ends. */
function print(options: RenderOptions, events: readonly RunEvent[], finish: (renderer: Renderer) => void): Printed {
  const printed: Printed = { stdout: "", stderr: "", log: [] };
  const renderer = createRenderer(
    options,
    {
      out: (text) => {
        printed.stdout += text;
      },
      error: (text) => {
        printed.stderr += text;
      },
      log: (text) => {
        printed.log.push(text);
      },
    },
    {
      locale: { utf8: true, decimalComma: false },
      own: { umask: 0o022, uid: 0, gid: 0 },
      pid: 4711,
      checksumName: "xxh128",
      clock: new ClockText(),
      now: () => someTime,
      steadyMilliseconds: () => 1000,
    },
  );
  events.forEach(renderer);
  finish(renderer);
  return printed;
}

const well = (renderer: Renderer): void => renderer.finish(summaryOf());
const badly = (renderer: Renderer): void => renderer.finish(summaryOf({ exitCode: 23 }));
const fatally =
  (error: TsyncError) =>
  (renderer: Renderer): void =>
    renderer.finish(undefined, error);

function sent(item: ItemEvent, wireBytes = 47): TransferredEvent {
  return { type: "transferred", item, wireBytes, checksumBytes: 16, digest: undefined };
}

function notice(code: NoticeCode, text: string): RunEvent {
  return { type: "notice", role: "generator", code, path: undefined, text: byteName(text) };
}

function problem(text: string, role: Role = "sender"): RunEvent {
  return { type: "problem", severity: "error", role, text: byteName(text), path: undefined, errno: 2 };
}

const incremental: RunEvent = { type: "list-start", incremental: true };
const building: RunEvent = { type: "list-start", incremental: false };
const listed = (count: number): RunEvent => ({ type: "list-done", count });
const counted = (count: number, { info }: RenderOptions): RunEvent[] =>
  Array.from({ length: info.flist < 2 ? 0 : Math.ceil(count / 100) }, (_, index) => ({
    type: "list-count",
    count: index * 100,
  }));
const created: RunEvent = { type: "created-directory", path: byteName("d") };
const top = itemOf(".", newLocal, directory);
const big = itemOf("big", newTransfer);
const link = itemOf("l", newLocal, symlink("f"));
const sub = itemOf("a", newLocal, directory);
const hard = itemOf("h", newLocal | ItemFlag.nameFollows, {}, "big");
const gone: RunEvent = { type: "delete", path: byteName("jd"), directory: true };
const firstCopy: readonly RunEvent[] = [incremental, created, top, big, sent(big), link, sub, hard];
const moded = itemOf("f", ItemFlag.permissions);
/** What the generator itself says of it, ahead of the items. */
const modedName = notice("up-to-date", "f");
const modedDirectory = itemOf("a", ItemFlag.permissions, directory);
const same = itemOf("big", 0);

const totals = `
sent 340,362 bytes  received 87 bytes  680,898.00 bytes/sec
total size is 340,005  speedup is 1.00
`;
const code23 = "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at tsync";

describe("standard output", () => {
  test.each<[string, RenderOptions, string]>([
    ["nothing without -v", optionsOf(0), ""],
    [
      "-v",
      optionsOf(1),
      `sending incremental file list\ncreated directory d\n./\nbig\nl -> f\na/\nh => big\n${totals}`,
    ],
    ["-vq", optionsOf(1, { quiet: true }), ""],
    [
      "-i",
      optionsOf(0, { itemize: 1, outFormat: byteName("%i %n%L") }),
      "created directory d\ncd+++++++++ ./\n>f+++++++++ big\ncL+++++++++ l -> f\ncd+++++++++ a/\nhf+++++++++ h => big\n",
    ],
    ["--out-format='%n %l'", optionsOf(0, { outFormat: byteName("%n %l") }), "./ 4096\nbig 3\nl 1\na/ 4096\nh 3\n"],
    ["--out-format='%n %b'", optionsOf(0, { outFormat: byteName("%n %b") }), "./ 0\nbig 47\nl 0\na/ 0\nh 0\n"],
    ["--out-format=''", optionsOf(0, { outFormat: byteName("") }), "\n\n\n\n\n"],
    ["--info=name", optionsOf(0, {}, { name: 1 }), "created directory d\n./\nbig\nl -> f\na/\nh => big\n"],
    ["-v --info=name0", optionsOf(1, {}, { name: 0 }), `sending incremental file list\n${totals}`],
    [
      "-v of plain files",
      optionsOf(1, { recursive: false }),
      `created directory d\n./\nbig\nl -> f\na/\nh => big\n${totals}`,
    ],
  ])("%s of a first copy", (_title, options, stdout) => {
    const printed = print(options, firstCopy, well);
    expect(printed.stdout).toBe(stdout);
    expect(printed.stderr).toBe("");
  });

  test("a dry run prints a transfer once, whatever the format needs", () => {
    const options = optionsOf(0, { dryRun: true, outFormat: byteName("%n %b %C") });
    expect(print(options, [big, sent(big)], well).stdout).toBe(`big 0 ${"0".repeat(32)}\n`);
  });

  test.each<[string, RenderOptions, string]>([
    ["-v", optionsOf(1), "a/\n"],
    ["-vv", optionsOf(2), "f\na/\n"],
    ["-vv --out-format='[%n]'", optionsOf(2, { outFormat: byteName("[%n]") }), "f\n[a/]\n"],
    ["-i", optionsOf(0, { outFormat: byteName("%i %n%L") }), ".f...p..... f\n.d...p..... a/\n"],
    [
      "-ii",
      optionsOf(0, { itemize: 2, outFormat: byteName("%i %n%L") }),
      ".f...p..... f\n.d...p..... a/\n.f          big\n",
    ],
    ["-vvi", optionsOf(2, { outFormat: byteName("%i %n%L") }), ".f...p..... f\n.d...p..... a/\n.f          big\n"],
    ["-ii without %i", optionsOf(0, { itemize: 2, outFormat: byteName("%n%L") }), "a/\n"],
  ])("%s of changed attributes and an unchanged file", (_title, options, stdout) => {
    const silent: RenderOptions = { ...options, info: { ...options.info, stats: 0 } };
    expect(print(silent, [modedName, moded, modedDirectory, same], well).stdout).toBe(stdout);
  });

  test.each<[string, RenderOptions, string]>([
    ["without -v", optionsOf(0), ""],
    ["--info=del", optionsOf(0, {}, { del: 1 }), "deleting jd/\n"],
    ["-i", optionsOf(0, { outFormat: byteName("%i %n%L") }), "*deleting   jd/\n"],
    ["--out-format=%n", optionsOf(0, { outFormat: byteName("%n") }), "deleting jd/\n"],
    ["--out-format=%o", optionsOf(0, { outFormat: byteName("%o:%n") }), "del.:jd/\n"],
    ["--list-only", optionsOf(0, { listOnly: true, outFormat: byteName("%i %n%L") }), ""],
  ])("%s of a deletion", (_title, options, stdout) => {
    expect(print(options, [gone], well).stdout).toBe(stdout);
  });

  test.each<[NoticeCode, string, string, string]>([
    ["up-to-date", "", "T\n", ""],
    ["exists", "", "T\n", "T\n"],
    ["newer", "", "T\n", "T\n"],
    ["not-creating", "", "T\n", "T\n"],
    ["mount-point", "", "T\n", "T\n"],
    ["backed-up", "", "T\n", "T\n"],
    ["backup-directory", "", "T\n", "T\n"],
    ["filter", "", "T\n", "T\n"],
    ["delta-transmission", "", "T\n", "T\n"],
    ["deleting-in", "", "T\n", "T\n"],
    ["match-totals", "", "T\n", "T\n"],
    ["duplicate", "", "T\n", "T\n"],
    ["non-regular", "T\n", "T\n", "T\n"],
    ["skipping-directory", "T\n", "T\n", "T\n"],
    ["non-empty-directory", "T\n", "T\n", "T\n"],
    ["deletion-skipped", "T\n", "T\n", "T\n"],
    ["command", "T\n", "T\n", "T\n"],
    ["other", "T\n", "T\n", "T\n"],
  ])("notice %s without -v, with -vv, with -vvi", (code, plain, verbose, itemized) => {
    const show = (options: RenderOptions): string =>
      print({ ...options, info: { ...options.info, stats: 0 } }, [notice(code, "T")], well).stdout;
    expect(show(optionsOf(0))).toBe(plain);
    expect(show(optionsOf(2))).toBe(verbose);
    expect(show(optionsOf(2, { outFormat: byteName("%i") }))).toBe(itemized);
  });

  test("--stats adds its block before the summary", () => {
    const { stdout } = print(optionsOf(0, {}, { stats: 2 }), [], well);
    expect(stdout.startsWith("\nNumber of files: 6 (reg: 3, dir: 2, link: 1)\n")).toBe(true);
    expect(stdout.endsWith(`\nTotal bytes received: 87\n${totals}`)).toBe(true);
  });

  test("--list-only", () => {
    const events: RunEvent[] = [incremental, { type: "listed", entry: entryOf("b\x01", symlink("x")) }];
    const printed = print(optionsOf(1, { listOnly: true }), events, well);
    expect(printed.stdout).toBe(
      `sending incremental file list\nlrwxrwxrwx              1 2026/11/22 23:58:29 b\\#001 -> x\n${totals}`,
    );
  });

  test("names are escaped, with -8 only control bytes", () => {
    const odd = itemOf("b\x80\xc3\xa9\n", newTransfer);
    const format = { outFormat: byteName("%n") };
    expect(print(optionsOf(0, format), [odd], well).stdout).toBe("b\\#200\xc3\xa9\\#012\n");
    expect(print(optionsOf(0, { ...format, eightBitOutput: true }), [odd], well).stdout).toBe("b\x80\xc3\xa9\\#012\n");
  });
});

describe("the header of a complete list", () => {
  test.each<[string, RenderOptions, number, string]>([
    ["-v", optionsOf(1), 6, "building file list ... done\n"],
    ["FLIST2", optionsOf(1, {}, { flist: 2 }), 1, "building file list ... \n 0 files...\r1 file to consider\n"],
    ["FLIST2", optionsOf(1, {}, { flist: 2 }), 100, "building file list ... \n 0 files...\r100 files to consider\n"],
    [
      "FLIST2",
      optionsOf(1, {}, { flist: 2 }),
      122,
      "building file list ... \n 0 files...\r 100 files...\r122 files to consider\n",
    ],
    ["--info=flist0", optionsOf(1, {}, { flist: 0 }), 6, ""],
    ["-d", optionsOf(1, { recursive: false, directories: true }), 6, "building file list ... done\n"],
    ["neither -r nor -d", optionsOf(1, { recursive: false }), 6, ""],
  ])("%s with %i entries", (_title, options, count, stdout) => {
    const printed = print(options, [building, ...counted(count, options), listed(count)], well);
    expect(printed.stdout).toBe(stdout + totals);
    // rsync logs the end of the line, if it printed any.
    const [, end] = /(?:\.\.\. |\r)([^\r]+)\n$/.exec(stdout) ?? [];
    expect(printed.log).toEqual([
      "building file list",
      ...(end === undefined ? [] : [end]),
      ...totals.trim().split("\n"),
    ]);
  });

  test("an error puts its newline on standard error, and done into the log", () => {
    const trouble = problem('rsync: [sender] link_stat "/s/nope" failed: No such file or directory (2)');
    const printed = print(optionsOf(1), [building, trouble, listed(1)], badly);
    expect(printed.stdout).toBe(`building file list ... done\n${totals}`);
    expect(printed.stderr).toBe(
      `\nrsync: [sender] link_stat "/s/nope" failed: No such file or directory (2)\n${code23} [sender=${version}]\n`,
    );
    expect(printed.log).toContain("done");
    const counting = optionsOf(1, {}, { flist: 2 });
    const count = counted(1, counting);
    const early = print(counting, [building, trouble, ...count, listed(1)], badly);
    expect(early.stdout).toBe(`building file list ...  0 files...\r1 file to consider\n${totals}`);
    const late = print(counting, [building, ...count, trouble, listed(1)], badly);
    expect(late.stdout).toBe(`building file list ... \n 0 files...\r1 file to consider\n${totals}`);
    expect(late.stderr).toBe(early.stderr);
    const none = print(counting, [building, trouble, listed(0)], badly);
    expect(none.stdout).toBe(`building file list ... 0 files to consider\n${totals}`);
  });
});

test("what is told before the two sides talk to each other does not reach the log", () => {
  const early = problem("--link-dest arg does not exist: /d/no", "Receiver");
  const printed = print(optionsOf(0), [early], well);
  expect(printed.stderr).toBe("--link-dest arg does not exist: /d/no\n");
  expect(printed.log.join()).not.toContain("arg does not exist");
});

test("--stderr=client: words of the receiving side are in the log, and in the locale of the terminal", () => {
  const trouble = problem('rsync: [receiver] mkstemp "/d/.f\u00c3\u00bc" failed', "receiver");
  expect(print(optionsOf(0, { clientTells: true }), [trouble], well).log).toContain(
    trouble.type === "problem" && trouble.text,
  );
  expect(print(optionsOf(0), [trouble], well).log.join()).not.toContain("mkstemp");
});

test("a signal leaves an open line as it is", () => {
  const printed = print(optionsOf(1), [building], fatally(abortedError("sender")));
  expect(printed.stdout).toBe("building file list ... ");
  expect(printed.stderr).toBe(
    `rsync error: received SIGINT, SIGTERM, or SIGHUP (code 20) at tsync [sender=${version}]\n`,
  );
});

describe("progress", () => {
  const update = (parts: Partial<ProgressEvent>): ProgressEvent => ({
    type: "progress",
    path: byteName("big"),
    done: 300_000,
    total: 300_000,
    finished: false,
    runDone: 300_000,
    runTotal: 340_005,
    transferIndex: 1,
    leftToCheck: 4,
    listedCount: 6,
    listComplete: true,
    ...parts,
  });
  const final = "\r        300,000 100%    0.00kB/s    0:00:00 (xfr#1, to-chk=4/6)";
  const open = "\r        300,000 100%    0.00kB/s    0:00:00  ";

  test("--progress puts a line below each name", () => {
    const printed = print(
      optionsOf(0, {}, { progress: 1, name: 1 }),
      [big, update({}), update({ finished: true }), link],
      well,
    );
    expect(printed.stdout).toBe(`big\n${open}${final}\nl -> f\n`);
  });

  test("other text ends an open line on its own stream", () => {
    const two = optionsOf(0, {}, { progress: 2, name: 1 });
    const half = final.replace("100%", " 88%");
    expect(print(two, [update({}), update({ finished: true }), link], well).stdout).toBe(
      `${open.replace("100%", " 88%")}${half}\nl -> f\n`,
    );
    const printed = print(two, [update({ finished: true }), problem("trouble"), link], well);
    expect(printed.stdout.endsWith("(xfr#1, to-chk=4/6)l -> f\n")).toBe(true);
    expect(printed.stderr).toBe("\ntrouble\n");
  });

  test("is not shown with -q, nor without --progress", () => {
    expect(print(optionsOf(0, { quiet: true }, { progress: 1 }), [update({})], well).stdout).toBe("");
    expect(print(optionsOf(0), [update({})], well).stdout).toBe("");
  });
});

describe("the end of a run", () => {
  test.each<[string, TsyncError, string]>([
    [
      "usage",
      usageError("--bogus: unknown option"),
      "rsync: --bogus: unknown option\nrsync error: syntax or usage error (code 1) at tsync [client=VERSION]\n",
    ],
    [
      "plain usage",
      plainUsageError("Empty source arg specified.", "sender"),
      "Empty source arg specified.\nrsync error: syntax or usage error (code 1) at tsync [sender=VERSION]\n",
    ],
    [
      "bytes and text",
      usageError("caf\xe9 \u2014"),
      "rsync: caf\xc3\xa9 \xe2\x80\x94\nrsync error: syntax or usage error (code 1) at tsync [client=VERSION]\n",
    ],
    [
      "bytes",
      usageError("caf\xe9\x07"),
      "rsync: caf\\#351\\#007\nrsync error: syntax or usage error (code 1) at tsync [client=VERSION]\n",
    ],
    [
      "selection",
      selectionError("ERROR: cannot overwrite non-directory with a directory"),
      "ERROR: cannot overwrite non-directory with a directory\nrsync error: errors selecting input/output files, dirs (code 3) at tsync [Receiver=VERSION]\n",
    ],
  ])("%s error", (_title, error, stderr) => {
    const printed = print(optionsOf(1), [], fatally(error));
    expect(printed.stderr).toBe(stderr.replace("VERSION", version));
    expect(printed.stdout).toBe("");
  });

  test("vanished files end with a warning", () => {
    const { stderr } = print(optionsOf(0, { quiet: true }), [], (r) => r.finish(summaryOf({ exitCode: 24 })));
    expect(stderr).toBe(
      `rsync warning: some files vanished before they could be transferred (code 24) at tsync [sender=${version}]\n`,
    );
  });
});

describe("the log", () => {
  const sentLine = "sent 340362 bytes  received 87 bytes  total size 340005";
  const summaryLog = totals.trim().split("\n");

  test.each<[string, RenderOptions, string[]]>([
    [
      "-a",
      optionsOf(0),
      [
        "building file list",
        "cd+++++++++ ./",
        ">f+++++++++ big",
        "cL+++++++++ l -> f",
        "cd+++++++++ a/",
        "hf+++++++++ h => big",
        sentLine,
      ],
    ],
    [
      "-avq",
      optionsOf(1, { quiet: true }),
      [
        "building file list",
        "cd+++++++++ ./",
        ">f+++++++++ big",
        "cL+++++++++ l -> f",
        "cd+++++++++ a/",
        "hf+++++++++ h => big",
        ...summaryLog,
      ],
    ],
    [
      "--log-file-format",
      optionsOf(0, { logFileFormat: byteName("%o %n %b") }),
      ["building file list", "send ./ 0", "send big 47", "send l 0", "send a/ 0", "send h 0", sentLine],
    ],
    [
      "-an: no transfers",
      optionsOf(0, { dryRun: true }),
      [
        "building file list",
        "cd+++++++++ ./",
        "cL+++++++++ l -> f",
        "cd+++++++++ a/",
        "hf+++++++++ h => big",
        sentLine,
      ],
    ],
  ])("%s of a first copy", (_title, options, log) => {
    expect(print(options, firstCopy, well).log).toEqual(log);
  });

  test.each<[string, RenderOptions, string[]]>([
    ["-a", optionsOf(0), [".d...p..... a/"]],
    ["-ai", optionsOf(0, { outFormat: byteName("%i %n%L") }), [".f...p..... f", ".d...p..... a/"]],
    [
      "-aii",
      optionsOf(0, { itemize: 2, outFormat: byteName("%i %n%L") }),
      [".f...p..... f", ".d...p..... a/", ".f          big"],
    ],
    [
      "-aii, log without %i",
      optionsOf(0, { itemize: 2, outFormat: byteName("%i"), logFileFormat: byteName("%n") }),
      ["f", "a/"],
    ],
    ["-a --info=name2", optionsOf(0, {}, { name: 2 }), ["f", ".d...p..... a/"]],
  ])("%s of changed attributes", (_title, options, log) => {
    expect(print(options, [modedName, moded, modedDirectory, same], well).log).toEqual([...log, sentLine]);
  });

  test("an empty log format keeps items out of the log, but not deletions", () => {
    const events = [gone, sent(itemOf("a", newTransfer)), modedDirectory];
    expect(print(optionsOf(0, { logFileFormat: byteName("") }), events, well).log).toEqual(["deleting jd/", sentLine]);
  });

  test("deletions are logged by the log format, but not in a dry run", () => {
    expect(print(optionsOf(0), [gone], well).log).toEqual(["*deleting   jd/", sentLine]);
    expect(print(optionsOf(0, { logFileFormat: byteName("%n") }), [gone], well).log).toEqual([
      "deleting jd/",
      sentLine,
    ]);
    expect(print(optionsOf(0, { dryRun: true }), [gone], well).log).toEqual([sentLine]);
  });

  test("errors of the other side are escaped whatever the locale, but not with -8", () => {
    const errors = [problem("b\xc3\xa9"), problem("b\xc3\xa9", "generator"), problem("b\xc3\xa9", "receiver")];
    const escaped = "b\\#303\\#251\n";
    expect(print(optionsOf(0), errors, well).stderr).toBe(`b\xc3\xa9\n${escaped}${escaped}`);
    const raw = print(optionsOf(0, { eightBitOutput: true }), errors, well);
    expect(raw.stderr).toBe("b\xc3\xa9\nb\xc3\xa9\nb\xc3\xa9\n");
  });

  test("errors of the sender are logged, those of the other side are not", () => {
    const printed = print(optionsOf(1), [problem("ours"), problem("theirs", "generator")], badly);
    expect(printed.stderr.startsWith("ours\ntheirs\n")).toBe(true);
    expect(printed.log).toEqual(["ours", ...summaryLog, sentLine, `${code23} [sender=${version}]`]);
  });

  test("option errors are logged without totals", () => {
    expect(print(optionsOf(0), [], fatally(usageError("--bogus: unknown option"))).log).toEqual([
      "rsync: --bogus: unknown option",
      `rsync error: syntax or usage error (code 1) at tsync [client=${version}]`,
    ]);
  });

  test("notices of the sender are logged even with -q, those of the other side are not", () => {
    const notices = [
      notice("up-to-date", "f is uptodate"),
      { ...notice("match-totals", "total"), role: "sender" },
    ] as const;
    const printed = print(optionsOf(2, { quiet: true }, { stats: 0 }), notices, well);
    expect(printed).toEqual({ stdout: "", stderr: "", log: ["total", sentLine] });
    expect(print(optionsOf(2), notices, well).log).toEqual(["f is uptodate", "total", ...summaryLog]);
  });
});

describe("needs", () => {
  const needsOf = (options: RenderOptions, log: boolean): Renderer["needs"] =>
    createRenderer(
      options,
      { out: () => undefined, error: () => undefined, ...(log ? { log: () => undefined } : {}) },
      {
        locale: { utf8: true, decimalComma: false },
        own: { umask: 0o022, uid: 0, gid: 0 },
        pid: 1,
        checksumName: "xxh128",
        clock: new ClockText(),
        now: () => 0,
        steadyMilliseconds: () => 0,
      },
    ).needs;

  test.each<[string, RenderOptions, boolean, Renderer["needs"]]>([
    ["-av", optionsOf(1), false, { items: true, transferred: false, digest: false, progress: false, unchanged: false }],
    [
      "--log-file",
      optionsOf(0),
      true,
      { items: true, transferred: true, digest: false, progress: false, unchanged: false },
    ],
    [
      "%C",
      optionsOf(0, { outFormat: byteName("%C") }),
      false,
      { items: true, transferred: true, digest: true, progress: false, unchanged: false },
    ],
    [
      "-n with %b",
      optionsOf(0, { dryRun: true, outFormat: byteName("%b") }),
      false,
      { items: true, transferred: false, digest: false, progress: false, unchanged: false },
    ],
    [
      "-ii --progress",
      optionsOf(0, { itemize: 2, outFormat: byteName("%i") }, { progress: 1 }),
      false,
      { items: true, transferred: false, digest: false, progress: true, unchanged: true },
    ],
    ["-vv", optionsOf(2), false, { items: true, transferred: false, digest: false, progress: false, unchanged: false }],
    [
      "-vvi",
      optionsOf(2, { outFormat: byteName("%i") }),
      false,
      { items: true, transferred: false, digest: false, progress: false, unchanged: true },
    ],
    [
      "nothing",
      optionsOf(0),
      false,
      { items: false, transferred: false, digest: false, progress: false, unchanged: false },
    ],
    [
      "--info=del",
      optionsOf(0, {}, { del: 1 }),
      false,
      { items: true, transferred: false, digest: false, progress: false, unchanged: false },
    ],
  ])("%s", (_title, options, log, needs) => {
    expect(needsOf(options, log)).toEqual(needs);
  });
});
