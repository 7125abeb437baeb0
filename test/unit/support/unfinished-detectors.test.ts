/** Detectors of unfinished-detectors.ts, of backups behind links and of files that vanish: each knows a case of its row, and not the same one with one thing changed. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { type Case, rowOf } from "../../support/differing-case.ts";
import type { TreeDifference } from "../../support/snapshot.ts";

const differs = (path: string, property: TreeDifference["property"], left?: string, right?: string) => {
  return { aspect: `tree ${property}`, tree: { path: byteName(path), property, left, right } };
};
const notMade = 'rsync: [receiver] mkstemp "/x/dst/x/l/.f.######" failed: No such file or directory (2)';
const notHere = 'rsync: [receiver] mkstemp "/x/dst/x/m/.f.######" failed: No such file or directory (2)';
const some23 = "rsync error: some files/attrs were not transferred (see previous errors) (code 23)";
const again = "WARNING: b/g failed verification -- update retained (will try again).";
const untimed = 'rsync: [receiver] failed to set times on "/x/dst/../bk/l": Invalid argument (22)';

const behindLink: Omit<Case, "difference"> = {
  ...{ argv: "-a --ignore-existing", codes: [23, 0], stderr: [notMade, ""] },
  tree: { "dst/x/l": { type: "symlink", target: "../none" } },
};
const sentAgain: Omit<Case, "difference"> = {
  ...{ argv: "-aH --append-verify", stderr: [again, again], missing: ["dst/a/f"] },
  tree: {
    ...{ "dst/a": { type: "directory" }, "dst/b": { type: "directory" } },
    "dst/a/f": { linkedWith: "dst/a/f" },
    "dst/b/g": { linkedWith: "dst/a/f" },
    "dst/c/h": {},
  },
};
const backupBehindLink: Omit<Case, "difference"> = {
  ...{ argv: "-aK --backup-dir=../bk", codes: [23, 0], stderr: [untimed, ""] },
  tree: { "dst/bk/l": { type: "directory", mode: "0755" } },
};

const vanishedTwice: Omit<Case, "difference"> = {
  ...{ argv: "-a --remove-source-files --files-from=list --log-file-format=%l s/ d/", codes: [24, 0] },
  ...{ stderr: ['file has vanished: "/x/src/a/a/f"', ""], missing: ["dst/a/f"] },
  tree: { "dst/f": { size: "20" }, "dst/a/f": { size: "20" } },
};
const data = (bytes: number) => `total: matches=0  hash_hits=0  false_alarms=0 data=${bytes}`;
const totals = (received: number) => [`sent 9,000 bytes  received ${received} bytes`];
const sentBytes = "sent # bytes  received # bytes";

const passedLink: Omit<Case, "difference"> = {
  ...{ argv: "-ai --ignore-existing --del", stdout: ["*deleting   x/l/g\n", ""] },
  tree: { "dst/x": { type: "directory" }, "dst/x/l": { type: "symlink", target: "." }, "dst/x/g": {} },
};

const deletedOnce: Omit<Case, "difference"> = {
  ...{ argv: "-aRi --del s/./ /x/c", sources: ["s/./", "/x/c"], stdout: ["*deleting   a/f\n", ""] },
  tree: { "dst/a/f": {} },
};
const endedAll: Omit<Case, "difference"> = { argv: "-a --msgs2stderr --out-format=b{%l}%L", codes: [11, 11] };
const givenUp: Omit<Case, "difference"> = {
  ...{ argv: "-a --append-verify", codes: [23, 24] },
  stderr: [`${again}\nERROR: b/g failed verification -- update retained.`, again],
  tree: { "dst/a/f": { linkedWith: "dst/a/f" }, "dst/b/g": { linkedWith: "dst/a/f" }, "dst/c/h": {} },
};
const behindSelf: Omit<Case, "difference"> = {
  ...{ argv: "-rK", codes: [23, 0], stderr: [notMade, ""], linkBefore: ["x/l", "."], missing: ["dst/x/f"] },
  tree: { "dst/x": { type: "directory" }, "dst/x/f": {}, "dst/x/g": {} },
};
const noBackup = 'rsync: [generator] link "/x/dst/x/l~" -> "g": File name too long (36)';
const unbacked: Omit<Case, "difference"> = {
  ...{ argv: "-aib --del", stderr: [noBackup, noBackup], missing: ["dst/x/l"] },
  tree: { "dst/x": { type: "directory" }, "dst/x/l": { type: "symlink", target: "g" } },
};

/** What is recognized, and the same with one thing changed, which is not. */
const twice = ">f.st...... b/g";
const orders = (line: string): Case => ({
  ...{ argv: "-ai --append-verify", stderr: [again, again] },
  stdout: [`cd+++++++++ c/\n${line}\ncd+++++++++ e/\n`, `cd+++++++++ c/\ncd+++++++++ e/\n${line}\n`],
  difference: { aspect: "stdout items", isOrder: true },
});

const cases: readonly (readonly [name: string, row: RegExp, known: Case, unlike: Partial<Case>])[] = [
  [
    "an exit code without a link to nothing",
    /^`--ignore-existing` with a symbolic link/,
    { ...behindLink, difference: { aspect: "exit code" } },
    { tree: { "dst/x/l": { type: "directory" } } },
  ],
  [
    "a link over another one to what is there",
    /^`--ignore-existing` with a symbolic link/,
    {
      ...{ ...behindLink, difference: { aspect: "stdout items", left: ["k/m/f"] } },
      tree: { "dst/k": { type: "symlink", target: "x" }, "dst/x/m": { type: "symlink", target: "../gone/n" } },
    },
    { tree: { "dst/k": { type: "symlink", target: "x" }, "dst/x/m": { type: "symlink", target: "../k" } } },
  ],
  [
    "a failure elsewhere",
    /^`--ignore-existing` with a symbolic link/,
    { ...behindLink, difference: { left: [notMade, some23] } },
    { difference: { left: [notHere, some23] } },
  ],
  [
    "the item of a file elsewhere",
    /^`--ignore-existing` with a symbolic link/,
    { ...behindLink, difference: { aspect: "stdout items", left: [">f+++++++++ x/l/f"] } },
    { difference: { aspect: "stdout items", left: [">f+++++++++ x/m/f"] } },
  ],
  [
    "something else than what a link leads to",
    /^`--ignore-existing` with a symbolic link/,
    { ...passedLink, difference: differs("dst/x/g", "existence", undefined, "file") },
    { difference: differs("dst/y/g", "existence", undefined, "file") },
  ],
  [
    "a link behind which nothing is told",
    /^`--ignore-existing` with a symbolic link/,
    { ...passedLink, difference: differs("dst/x/g", "existence", undefined, "file") },
    { stdout: ["*deleting   x/g\n", ""] },
  ],
  [
    "a deletion elsewhere",
    /^`--ignore-existing` with a symbolic link/,
    { ...passedLink, difference: { aspect: "stdout generator", left: ["*deleting   x/l/g"] } },
    { difference: { aspect: "stdout generator", left: ["*deleting   g"] } },
  ],
  [
    "the backup of a regular file",
    /^a backup of a link or special file that cannot be made/,
    { ...unbacked, difference: differs("dst/x/l", "existence", undefined, "symlink") },
    { tree: { "dst/x/l": {} } },
  ],
  [
    "a backup that only one misses",
    /^a backup of a link or special file that cannot be made/,
    { ...unbacked, difference: { aspect: "stdout generator", left: ["*deleting   x/l"] } },
    { stderr: [noBackup, ""] },
  ],
  [
    "an item on standard error that is not in the format",
    /^end by an error of the receiving side/,
    { ...endedAll, difference: { left: ["b{12} => x/f"] } },
    { difference: { left: ["c{12} => x/f"] } },
  ],
  [
    "items where not everything is told on standard error",
    /^end by an error of the receiving side/,
    { ...endedAll, difference: { left: ["b{12} => x/f"] } },
    { argv: "-a --out-format=b{%l}%L" },
  ],
  [
    "the code of a file that the second attempt has right",
    /^`--inplace`, `--append` onto files/,
    { ...givenUp, difference: { aspect: "exit code" } },
    { stderr: [again, again] },
  ],
  [
    "another file that is given up",
    /^`--inplace`, `--append` onto files/,
    { ...givenUp, difference: { left: ["ERROR: b/g failed verification -- update retained."] } },
    { difference: { left: ["ERROR: c/h failed verification -- update retained."] } },
  ],
  [
    "a file that is not to go behind the link",
    /^`--keep-dirlinks` with a link to the directory that it lies in/,
    { ...behindSelf, difference: differs("dst/x/f", "existence", undefined, "file") },
    { difference: differs("dst/x/g", "existence", undefined, "file") },
  ],
  [
    "a link to another directory",
    /^`--keep-dirlinks` with a link to the directory that it lies in/,
    { ...behindSelf, difference: { aspect: "exit code" } },
    { linkBefore: ["x/l", ".."] },
  ],
  [
    "a file that is deleted by both",
    /^`-R` with deletion/,
    { ...deletedOnce, difference: differs("dst/a/f", "xattrs", "", "user.a=31") },
    { tree: { "dst/a/g": {} } },
  ],
  [
    "an error of tsync only",
    /^`-R` with deletion/,
    { ...deletedOnce, difference: { aspect: "stdout generator", left: ["*deleting   a/f"] } },
    { difference: { right: [some23] } },
  ],
  [
    "the content of a file that is not sent again",
    /^`--append-verify -H` with names/,
    { ...sentAgain, difference: differs("dst/b/g", "content", "a", "b") },
    { difference: differs("dst/c/h", "content", "a", "b") },
  ],
  [
    "a name that only rsync has",
    /^`--append-verify -H` with names/,
    { ...sentAgain, difference: differs("dst/a/f", "existence", undefined, "file") },
    { difference: differs("dst/a/f", "existence", "file", undefined) },
  ],
  [
    "the time of a directory where nothing is missing",
    /^`--append-verify -H` with names/,
    { ...sentAgain, difference: differs("dst/a", "mtime", "5", "now") },
    { difference: differs("dst/b", "mtime", "5", "now") },
  ],
  [
    "an exit code without the backup's directory",
    /^`--keep-dirlinks --backup-dir`/,
    { ...backupBehindLink, difference: { aspect: "exit code" } },
    { stderr: [some23, ""] },
  ],
  [
    "the mode of another backup's directory",
    /^`--keep-dirlinks --backup-dir`/,
    { ...backupBehindLink, difference: differs("dst/bk/l", "mode", "0755", "0700") },
    { stderr: [untimed.replace("bk/l", "bk/m"), ""] },
  ],
  [
    "progress of a file of another size",
    /^`--remove-source-files` and a file/,
    {
      ...vanishedTwice,
      difference: { aspect: "stdout progress", left: ["7 100% xfr#2"], right: ["20 100% xfr#2", "7 100% xfr#3"] },
    },
    { difference: { aspect: "stdout progress", left: ["7 100% xfr#2"], right: ["21 100% xfr#2", "7 100% xfr#3"] } },
  ],
  [
    "a line more without a name than files are missing",
    /^`--remove-source-files` and a file/,
    { ...vanishedTwice, difference: { aspect: "log items", right: ["20"] } },
    { difference: { aspect: "log items", right: ["20", "20"] } },
  ],
  ["the place of a file that is sent once", /^order of lines: files/, orders(twice), orders(">f.st...... b/h")],
  [
    "the time of access of another file than one with rules",
    /^`--delete-missing-args` with merge files/,
    {
      ...{
        argv: "-a --delete-missing-args --filter=:_.rules",
        tree: { "dst/.rules": { type: "file" }, "dst/f": { type: "file" } },
      },
      difference: differs("dst/.rules", "atime", "1", "now"),
    },
    { difference: differs("dst/f", "atime", "1", "now") },
  ],
  [
    "another sum of data",
    /^`--remove-source-files` and a file/,
    { ...vanishedTwice, difference: { aspect: "log summary", left: [data(7), sentBytes], right: [data(27)] } },
    { difference: { aspect: "log summary", left: [data(7), sentBytes], right: [data(28)] } },
  ],
  [
    "bytes that are no frames",
    /^frames of a receiving server/,
    { argv: "-a", difference: { aspect: "stdout totals", left: totals(14_176), right: totals(14_112) } },
    { difference: { aspect: "stdout totals", left: totals(14_177), right: totals(14_112) } },
  ],
  [
    "a hundred frames",
    /^frames of a receiving server/,
    { argv: "-a", difference: { aspect: "log totals", left: totals(14_176), right: totals(14_272) } },
    { difference: { aspect: "log totals", left: totals(14_176), right: totals(14_576) } },
  ],
];

describe("unfinishedDetectors", () => {
  test.each(cases)("do not know %s", (_, row, known, unlike) => {
    expect(rowOf(known)).toMatch(row);
    expect(rowOf({ ...known, ...unlike })).toBeUndefined();
  });
});
