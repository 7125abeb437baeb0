/** Detectors of backup-detectors.ts, and of lines that overtake each other: each knows a case of its row, and not the same one with one thing changed. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { type Case, rowOf } from "../../support/differing-case.ts";
import type { TreeDifference } from "../../support/snapshot.ts";

const differs = (path: string, property: TreeDifference["property"], left?: string, right?: string) => {
  return { aspect: `tree ${property}`, tree: { path: byteName(path), property, left, right } };
};
const through = 'rsync: [generator] failed to set permissions on "/x/dst/l": Too many levels of symbolic links (40)';
const refusal = "refusing to follow a symlink owned by an untrusted user; use --insecure-links locally";
const tooLong = 'rsync: [generator] stat "/x/dst/d/long~" failed: File name too long (36)';
const notDeleted = (path: string) =>
  `rsync: [generator] delete_file: make_backup(${path}) failed: File name too long (36)`;
const expanded = "[generator] expand file_list pointer array to 1024 bytes, did move";

/** A socket whose backup would have too long a name. */
const unkept: Omit<Case, "difference"> = {
  ...{ argv: "-ab --delete", codes: [23, 23], stderr: [tooLong, `${tooLong}\n${notDeleted("d/long")}`] },
  tree: { "dst/d/long": { type: "socket", linkedWith: "dst/a" }, "dst/a": { type: "socket", linkedWith: "dst/a" } },
  missing: ["dst/d/long"],
};
const bytes = (received: number) => [`sent 9 bytes  received ${received} bytes`];
const printed = (...lines: string[]) => lines.map((line) => `${line}\n`).join("");

/** What is recognized, and the same with one thing changed, which is not. */
const cases: readonly (readonly [name: string, row: RegExp, known: Case, unlike: Partial<Case>])[] = [
  [
    "a backup that neither has the place of a file nor is missing",
    /^`--keep-dirlinks -b`/,
    {
      ...{ argv: "-aKb", stderr: [refusal, ""], tree: { "dst/x/f": {}, "dst/x/f~": {} }, missing: ["dst/x/f~"] },
      difference: differs("dst/x/f~", "existence", undefined, "file"),
    },
    { difference: differs("dst/x/f~", "existence", "file", undefined) },
  ],
  [
    "a backup without a refusal",
    /^`--keep-dirlinks -b`/,
    {
      ...{ argv: "-aKb", stderr: [refusal, ""], tree: { "dst/x/f": {}, "dst/x/f~": {} }, missing: ["dst/x/f~"] },
      difference: differs("dst/x/f~", "existence", undefined, "file"),
    },
    { stderr: ["", ""] },
  ],
  [
    "a refusal in the log",
    /^`--keep-dirlinks -b`/,
    { argv: "-aKb", stderr: [refusal, ""], difference: { aspect: "log items", left: [refusal] } },
    { difference: { aspect: "log items", left: ["x/f"] } },
  ],
  [
    "another link than the one that was told of",
    /^`-b` without `-l`, a new directory/,
    {
      ...{ argv: "-rtb", stderr: [through, ""], tree: { "dst/l": { type: "symlink" }, "dst/k": { type: "symlink" } } },
      difference: differs("dst/l", "mtime", "1", "2"),
    },
    { difference: differs("dst/k", "mtime", "1", "2") },
  ],
  [
    "another file than a backup",
    /^`--keep-dirlinks -b`/,
    { argv: "-rK -b", stderr: [refusal, ""], difference: differs("dst/x/f~", "existence", undefined, "file") },
    { difference: differs("dst/x/f", "existence", undefined, "file") },
  ],
  [
    "more bytes than the lines of backups have",
    /^`--keep-dirlinks -b`/,
    {
      ...{ argv: "-aKb", stderr: [refusal, ""], stdout: ["", "backed up x/f to x/f~\n"] },
      difference: {
        ...{ aspect: "stdout totals", left: ["sent 9 bytes  received 10 bytes"] },
        right: ["sent 9 bytes  received 36 bytes"],
      },
    },
    {
      difference: {
        ...{ aspect: "stdout totals", left: ["sent 9 bytes  received 10 bytes"] },
        right: ["sent 9 bytes  received 96 bytes"],
      },
    },
  ],
  [
    "another thing that is not deleted than the one without a backup",
    /^a backup of a link or special file/,
    { ...unkept, difference: { aspect: "stderr", right: [notDeleted("d/long")] } },
    { difference: { aspect: "stderr", right: [notDeleted("d/other")] } },
  ],
  [
    "another thing that is deleted than the one without a backup",
    /^a backup of a link or special file/,
    { ...unkept, difference: { aspect: "stdout generator", left: ["deleting d/long"] } },
    { difference: { aspect: "stdout generator", left: ["deleting d/other"] } },
  ],
  [
    "a backup of another thing than the one without a backup",
    /^a backup of a link or special file/,
    { ...unkept, difference: { aspect: "stdout receiver", left: ["backed up d/long to d/long~"] } },
    { difference: { aspect: "stdout receiver", left: ["backed up d/other to d/other~"] } },
  ],
  [
    "a link to what both have",
    /^a backup of a link or special file/,
    { ...unkept, difference: differs("dst/a", "linkedWith", "", "dst/a") },
    { missing: [] },
  ],
  [
    "another directory in place of something whose backup would have too long a name",
    /^a backup of a link or special file/,
    {
      ...{ argv: "-rb", codes: [23, 23], stderr: ["", tooLong] },
      stdout: ["make_bak: skipping non-regular file d/long\n", ""],
      difference: differs("dst/d/long", "mode", "0755", "0644"),
    },
    { difference: differs("dst/d/other", "mode", "0755", "0644") },
  ],
  [
    "an ACL of something that is no backup",
    /^`-A -b` with `--inplace`/,
    {
      ...{ argv: "-aA -b --inplace", tree: { "dst/f~": {}, "dst/f": {} } },
      difference: differs("dst/f~", "xattrs", "system.posix_acl_access=02", ""),
    },
    { difference: differs("dst/f", "xattrs", "system.posix_acl_access=02", "") },
  ],
  [
    "an ACL that only the backup of tsync has",
    /^`-A -b` with `--inplace`/,
    {
      ...{ argv: "-aA --append --backup-dir=bk", tree: { "dst/bk/f": {} } },
      difference: differs("dst/bk/f", "xattrs", "system.posix_acl_access=02", ""),
    },
    { difference: differs("dst/bk/f", "xattrs", "", "system.posix_acl_access=02") },
  ],
  [
    "a run that ends over something else than a backup",
    /^a directory with content where a backup goes/,
    {
      ...{ argv: "-ab", codes: [0, 11], tree: { "dst/f": {} } },
      stderr: ["", 'rsync: [receiver] keep_backup failed: "/x/dst/f" -> "f~": Directory not empty (39)'],
      difference: differs("dst/f", "content", "a", "b"),
    },
    { stderr: ["", 'rsync: [receiver] keep_backup failed: "/x/dst/f" -> "f~": No space left on device (28)'] },
  ],
  [
    "more bytes than a list that has grown tells of",
    /^`-vv` with more than 32 entries/,
    {
      ...{ argv: "-avv --delete", stdout: [`${expanded}\n`, ""] },
      difference: { aspect: "stdout totals", left: bytes(150), right: bytes(79) },
    },
    { difference: { aspect: "stdout totals", left: bytes(250), right: bytes(79) } },
  ],
  [
    "the order of new directories at protocol 29 and later",
    /^order of lines/,
    {
      ...{ argv: "-av --protocol=28", stdout: [printed("f", "d/", "l -> x"), printed("d/", "l -> x", "f")] },
      difference: { aspect: "stdout items", isOrder: true },
    },
    { argv: "-av --protocol=29" },
  ],
  [
    "the order of files in a log that were not there",
    /^order of lines/,
    {
      ...{ argv: "-avv", log: [printed("g", "f"), printed("f", "g")], before: ["f"] },
      ...{ tree: { "dst/f": {}, "dst/g": {} }, difference: { aspect: "log items", isOrder: true } },
    },
    { before: [] },
  ],
];

describe("backupDetectors", () => {
  test.each(cases)("do not know %s", (_, row, known, unlike) => {
    expect(rowOf(known)).toMatch(row);
    expect(rowOf({ ...known, ...unlike })).toBeUndefined();
  });
});
