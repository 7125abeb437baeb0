/** Detectors of link-detectors.ts: each knows a case of its row, and not the same one with one thing changed. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { type Case, rowOf } from "../../support/differing-case.ts";
import type { TreeDifference } from "../../support/snapshot.ts";

const differs = (path: string, property: TreeDifference["property"], left?: string, right?: string) => {
  return { aspect: `tree ${property}`, tree: { path: byteName(path), property, left, right } };
};
const some23 = "rsync error: some files/attrs were not transferred (see previous errors) (code 23)";
const unlinked = 'rsync: [generator] link "/x/dst/.a.######" => b failed: Permission denied (13)';
const unread = 'rsync: [generator] open "/x/alt/d/f": Permission denied (13)';
const notOpened = (name: string, reason: string) =>
  `rsync: [generator] failed to open "/x/dst/d/${name}", continuing: ${reason}`;
const notTimed = (name: string, reason: string) =>
  `rsync: [generator] failed to set times on "/x/dst/d/${name}": ${reason}`;
const notAllowed = (name: string, reason: string) =>
  `rsync: [generator] failed to set permissions on "/x/dst/d/${name}": ${reason}`;
const refused = "Operation not permitted (1)";
const gone = 'file has vanished: "/x/src/d/f"';
const noLeader = 'rsync: [generator] stat "/x/dst/x/p" failed: Not a directory (20)';
const tooDeep = "rsync: [sender] sender failed to secure-open-parent d/l/l/f: Too many levels of symbolic links (40)";
const noEntry = 'rsync: [generator] gen_entry_copy_xattrs: openat("/x/dst/d") failed: No such file or directory (2)';
const noArgument = 'rsync: [sender] link_stat "/x/no" failed: No such file or directory (2)';
const noPlace = "could not make way for new regular file: d/f";
const noDefault = "rsync: [generator] get_acl: sys_acl_get_file(d/p, ACL_TYPE_DEFAULT): Permission denied (13)";

/** What is recognized, and the same with one thing changed, which is not. */
const cases: readonly (readonly [name: string, row: RegExp, known: Case, unlike: Partial<Case>])[] = [
  [
    "the item of a regular file",
    /^`-H`, linked links or special files/,
    {
      ...{ argv: "-rlH", stderr: [unlinked, ""], codes: [23, 23] },
      difference: { aspect: "stdout followers", left: ["hL          a => b"] },
    },
    { difference: { aspect: "stdout followers", left: ["hf          a => b"] } },
  ],
  [
    "the backup of a regular file besides",
    /^`-H`, linked links or special files/,
    {
      ...{ argv: "-alHb", stderr: [unlinked, ""], codes: [23, 23], tree: { "dst/l~": { type: "symlink" } } },
      difference: differs("dst/l~", "existence", "symlink", undefined),
    },
    { tree: { "dst/l~": { type: "file" } } },
  ],
  [
    "a backup without its capability",
    /^`-X -b`, a file with a capability/,
    {
      ...{ argv: "-aXb --inplace --no-W", tree: { "dst/f~": { owner: "1:1" } } },
      difference: differs("dst/f~", "xattrs", "user.a=61", "security.capability=01 user.a=61"),
    },
    { tree: { "dst/f~": { owner: "0:0" } } },
  ],
  [
    "the time of another file that is not there",
    /^`--link-dest` with an equal file/,
    {
      ...{ argv: "-aU --link-dest=../alt", stderr: [unread, unread], tree: { "dst/d/f": {} } },
      difference: {
        aspect: "stderr",
        left: [notTimed("f", "No such file or directory (2)")],
        right: [notTimed("f", refused)],
      },
    },
    {
      difference: {
        aspect: "stderr",
        left: [notTimed("g", "No such file or directory (2)")],
        right: [notTimed("g", refused)],
      },
    },
  ],
  [
    "permissions of another file that cannot be set",
    /^`--link-dest` with an equal file/,
    {
      ...{ argv: "-a --link-dest=../alt", stderr: [unread, unread] },
      difference: { left: [notAllowed("f", "No such file or directory (2)")], right: [notAllowed("f", refused)] },
    },
    { difference: { left: [notAllowed("g", "No such file or directory (2)")], right: [notAllowed("g", refused)] } },
  ],
  [
    "a file that is missing in tsync's tree",
    /^`--link-dest` with an equal file/,
    {
      ...{ argv: "-a --link-dest=../alt", stderr: [unread, unread], tree: { "dst/d/f": {} } },
      difference: differs("dst/d/f", "existence", undefined, "file"),
    },
    { difference: differs("dst/d/f", "existence", "file", undefined) },
  ],
  [
    "a file that is not there, of which no equal one could be read",
    /^`--link-dest` with an equal file/,
    {
      ...{ argv: "-a --link-dest=../alt", stderr: [unread, unread] },
      difference: {
        left: [notOpened("f", "No such file or directory (2)")],
        right: [notOpened("f", "Permission denied (13)")],
      },
    },
    {
      difference: {
        left: [notOpened("g", "No such file or directory (2)")],
        right: [notOpened("g", "Permission denied (13)")],
      },
    },
  ],
  [
    "the name alone of a file that another name has brought up to date",
    /^`--inplace`, `--append` onto files of the destination that are links/,
    {
      ...{ argv: "-av --append", tree: { "dst/d/f": { linkedWith: "dst/d/f" }, "dst/g": { linkedWith: "dst/d/f" } } },
      difference: { aspect: "stdout items", left: ["d/f"] },
    },
    { difference: { aspect: "stdout items", left: ["d/h"] } },
  ],
  [
    "the mode alone of a file that another name has brought up to date",
    /^`--inplace`, `--append` onto files of the destination that are links/,
    {
      ...{ argv: "-a --append", tree: { "dst/d/f": { linkedWith: "dst/d/f" }, "dst/g": { linkedWith: "dst/d/f" } } },
      difference: { aspect: "log items", left: ["rw-r--r--"] },
    },
    { tree: { "dst/d/f": {}, "dst/g": {} } },
  ],
  [
    "an argument that is missing before a checksum is refused",
    /^`-c --checksum-choice=none`, with arguments/,
    { argv: "-ac --checksum-choice=none", codes: [4, 4], difference: { aspect: "stderr", right: [noArgument] } },
    { difference: { aspect: "stderr", left: [noArgument] } },
  ],
  [
    "a file that is not appended to",
    /^`--append`, `--append-verify` when the shorter file/,
    {
      ...{ argv: "-a --append -y", tree: { "dst/f": {} }, missing: ["dst/f"] },
      difference: differs("dst/f", "existence", undefined, "file"),
    },
    { argv: "-a -y" },
  ],
  [
    "the time of a directory that holds a file which rsync does not make",
    /^`--append`, `--append-verify` when the shorter file/,
    {
      ...{ argv: "-a --append -y", tree: { "dst/d": { type: "directory" }, "dst/d/f": {} }, missing: ["dst/d/f"] },
      difference: differs("dst/d", "mtime", "5", "now"),
    },
    { missing: [] },
  ],
  [
    "the item of a file that rsync has",
    /^`--append`, `--append-verify` when the shorter file/,
    {
      ...{ argv: "-a --append-verify --fuzzy", tree: { "dst/f": {} }, missing: ["dst/f"] },
      difference: { aspect: "stdout items", right: [">f+++++++++ f"] },
    },
    { missing: [] },
  ],
  [
    "the beginning of a file that stood there",
    /^`--append`, `--append-verify` when the shorter file/,
    { argv: "-a --append -y", tree: { "dst/f": {} }, difference: differs("dst/f", "content", "1", "2") },
    { before: ["f"] },
  ],
  [
    "the item of a file that stands there, in a dry run",
    /^`--append`, `--append-verify` when the shorter file/,
    { argv: "-an --append -y", difference: { aspect: "stdout items", right: ["<f+++++++++"] } },
    { difference: { aspect: "stdout items", right: ["<f..t......"] } },
  ],
  [
    "the count of files that stand there, in a dry run",
    /^`--append`, `--append-verify` when the shorter file/,
    {
      argv: "-an --append -y --stats",
      difference: {
        aspect: "stdout summary",
        left: ["Number of created files: 0"],
        right: ["Number of created files: 2 (reg: 2)"],
      },
    },
    { argv: "-a --append -y --stats" },
  ],
  [
    "a source whose copy rsync has",
    /^`--append`, `--append-verify` when the shorter file/,
    {
      ...{ argv: "-a --append -y", tree: { "dst/f": {} }, missing: ["dst/f"] },
      difference: { aspect: "source changed", detail: '"src/f" existence: file / missing' },
    },
    { missing: [] },
  ],
  [
    "a foreign attribute that is kept under another name",
    /^`-X --remove-source-files` with `-H`/,
    {
      ...{ argv: "-aX --remove-source-files", stderr: ["failed to re-read xattr security.a for s/f", ""] },
      difference: differs("dst/s/f", "xattrs", "user.rsync.security.a=", "user.rsync.security.a=31"),
    },
    { difference: differs("dst/s/f", "xattrs", "user.rsync.security.b=", "user.rsync.security.b=31") },
  ],
  [
    "more bytes than attributes that could not be read again have",
    /^`-X --remove-source-files` with `-H`/,
    {
      ...{ argv: "-aX --remove-source-files", stderr: ["failed to re-read xattr user.a for s/f", ""] },
      tree: { "dst/s/f": { xattrs: `user.a=${"31".repeat(50)}` } },
      difference: { aspect: "stdout totals", left: ["Total bytes sent: 10"], right: ["Total bytes sent: 60"] },
    },
    { tree: { "dst/s/f": { xattrs: "user.a=31" } } },
  ],
  [
    "a file that did not vanish",
    /^`-L --remove-source-files`/,
    {
      argv: "-aL --remove-source-files",
      stderr: [gone, ""],
      difference: differs("dst/e/f", "existence", undefined, "file"),
    },
    { difference: differs("dst/e/g", "existence", undefined, "file") },
  ],
  [
    "another error than that of a name that leads over too many links",
    /^`-L --remove-source-files`/,
    { argv: "-aL --remove-source-files", stderr: [gone, ""], difference: { left: [gone], right: [tooDeep] } },
    { difference: { left: [gone], right: [tooDeep.replace("parent", "file")] } },
  ],
  [
    "the item of a file that did not vanish",
    /^`-L --remove-source-files`/,
    {
      ...{ argv: "-rk --remove-source-files", stderr: [gone, ""] },
      difference: { aspect: "stdout items", right: [">f+++++++++ d/f"] },
    },
    { difference: { aspect: "stdout items", right: [">f+++++++++ d/g"] } },
  ],
  [
    "more lines without a name than files that one side has",
    /^`-L --remove-source-files`/,
    {
      ...{ argv: "-aL --remove-source-files --out-format=%5l|", stderr: [gone, ""] },
      ...{ tree: { "dst/e/f": {}, "dst/e/g": {} }, missing: ["dst/e/f"] },
      difference: { aspect: "stdout items", right: ["    1|"] },
    },
    { difference: { aspect: "stdout items", right: ["    1|", "    1|"] } },
  ],
  [
    "a line that has another name",
    /^`-L --remove-source-files`/,
    {
      ...{ argv: "-aL --remove-source-files --out-format=%l", stderr: [gone, ""] },
      ...{ tree: { "dst/e/f": {} }, missing: ["dst/e/f"] },
      difference: { aspect: "stdout items", right: ["1"] },
    },
    { argv: "-aL --remove-source-files --out-format=%n" },
  ],
  [
    "two followers of which one is another file",
    /^`-n -H --link-dest`/,
    {
      argv: "-anH --link-dest=../alt",
      difference: { aspect: "stdout followers", left: ["hf...p..... b => /x/alt/a"], right: ["hf...p..... b => a"] },
    },
    {
      difference: { aspect: "stdout followers", left: ["hf...p..... b => /x/alt/a"], right: ["hf...p..... c => a"] },
    },
  ],
  [
    "an exit code without its reason",
    /^`-n -X` with `--copy-dest`/,
    {
      argv: "-anX --copy-dest=../a",
      codes: [23, 0],
      stderr: [`${noEntry}\n${some23}`, ""],
      difference: { aspect: "exit code" },
    },
    { stderr: [some23, ""] },
  ],
  [
    "an order of items",
    /^`-H` with `-m`/,
    { argv: "-aH -m", difference: { aspect: "stdout generator", isOrder: true } },
    { difference: { aspect: "stdout items", isOrder: true } },
  ],
  [
    "an order of names of other files",
    /^`-H` with `-m`/,
    {
      ...{ argv: "-aHvv -m", tree: { "dst/a": { linkedWith: "dst/a" } } },
      stdout: ["a is uptodate\nb is uptodate\n", "b is uptodate\na is uptodate\n"],
      difference: { aspect: "stdout generator", isOrder: true },
    },
    { tree: {} },
  ],
  [
    "a follower that differs in more than its ACL",
    /^`-A -H` with another name/,
    {
      ...{ argv: "-aAH", codes: [23, 0], stderr: [noDefault, ""] },
      difference: { aspect: "log followers", left: ["hS..tp...a. d/p => a"], right: ["hS..tp..... d/p => a"] },
    },
    { difference: { aspect: "log followers", left: ["hS..tp...a. d/p => a"], right: ["hS..t...... d/p => a"] } },
  ],
  [
    "a log that tells of something else that failed",
    /^`-A -H` with another name/,
    {
      ...{ argv: "-aAH", codes: [23, 0], stderr: [noDefault, ""] },
      difference: { aspect: "log items", left: [some23] },
    },
    { difference: { aspect: "log items", left: ["hS..t...... d/p => a"] } },
  ],
  [
    "a capability of which something else is lost",
    /^`-X` with `--copy-dest` or `--link-dest`, a file with a capability/,
    {
      ...{ argv: "-aX --copy-dest=../a", tree: { "dst/f": {} } },
      difference: differs("dst/f", "xattrs", "user.a=1", "security.capability=2 user.a=1"),
    },
    { difference: differs("dst/f", "xattrs", "user.b=1", "security.capability=2 user.a=1") },
  ],
  [
    "a regular file that is told of as new",
    /^`-n -H` under incremental recursion, three or more names/,
    {
      ...{ argv: "-anH", stderr: [noLeader, noLeader], codes: [23, 23] },
      difference: { aspect: "stdout items", left: ["cS+++++++++ x/r"] },
    },
    { difference: { aspect: "stdout items", left: [">f+++++++++ x/r"] } },
  ],
  [
    "a further name that is linked and not forgotten",
    /^`--compare-dest -H` with some members/,
    {
      ...{
        argv: "-aH --compare-dest=../a",
        tree: { "dst/a": { linkedWith: "dst/a" }, "dst/b": { linkedWith: "dst/a" } },
      },
      ...{ missing: ["dst/b"], difference: { aspect: "stdout followers", right: ["hf+++++++++ b => a"] } },
    },
    { missing: [] },
  ],
  [
    "a file that rsync makes, too",
    /^`-H --existing` with a file of several names/,
    {
      ...{ argv: "-aHi --existing --delete", tree: { "dst/f": {} }, missing: ["dst/f"] },
      difference: { aspect: "stdout items", right: [">f+++++++++ f"] },
    },
    { missing: [] },
  ],
  [
    "a directory that is missing instead of a link, with lines on standard error",
    /^`--compare-dest -H` with some members/,
    {
      ...{ argv: "-aH --compare-dest=../a --stderr=all", missing: ["dst/b"] },
      tree: { "dst/a": { linkedWith: "dst/a" }, "dst/b": { type: "symlink", linkedWith: "dst/a" } },
      difference: { aspect: "stderr", right: ["hL+++++++++ b => a"] },
    },
    { tree: { "dst/a": { linkedWith: "dst/a" }, "dst/b": { type: "directory" } } },
  ],
  [
    "a file that is transferred and not forgotten",
    /^`--compare-dest -H` with some members/,
    {
      ...{ argv: "-aHi --compare-dest=../a", missing: ["dst/b"] },
      tree: { "dst/a": { linkedWith: "dst/a" }, "dst/b": { linkedWith: "dst/a" } },
      difference: { aspect: "stdout items", right: [">f+++++++++ b"] },
    },
    { difference: { aspect: "stdout items", right: [">f+++++++++ a"] } },
  ],
  [
    "a line without a name that only rsync has",
    /^`--compare-dest -H` with some members/,
    {
      ...{ argv: "-aHi --compare-dest=../a --out-format=%i", missing: ["dst/b"] },
      tree: { "dst/a": { linkedWith: "dst/a" }, "dst/b": { linkedWith: "dst/a" } },
      difference: { aspect: "stdout items", right: [">f+++++++++"] },
    },
    { difference: { aspect: "stdout items", left: [">f+++++++++"] } },
  ],
  [
    "a file that has no name in common with what has no place",
    /^`-H` with a group whose last place/,
    {
      ...{ argv: "-aH", stderr: [noPlace, noPlace], codes: [23, 23], missing: ["dst/f"], tree: { "dst/f": {} } },
      difference: differs("dst/f", "existence", undefined, "file"),
    },
    { stderr: [noPlace.replace("/f", "/g"), noPlace.replace("/f", "/g")] },
  ],
  [
    "a line of a file that is there anyway",
    /^`-H` with a group whose last place/,
    {
      ...{ argv: "-aHi", stderr: [noPlace, noPlace], codes: [23, 23], missing: ["dst/f"], tree: { "dst/f": {} } },
      difference: { aspect: "stdout items", right: [">f+++++++++ f"] },
    },
    { missing: [] },
  ],
  [
    "the time of another directory than the top",
    /^`--iconv` with/,
    { argv: "-rt --iconv=. --files-from=l", difference: differs("dst", "mtime", "now", "5") },
    { difference: differs("dst/d", "mtime", "now", "5") },
  ],
];

describe("linkDetectors", () => {
  test.each(cases)("do not know %s", (_, row, known, unlike) => {
    expect(rowOf(known)).toMatch(row);
    expect(rowOf({ ...known, ...unlike })).toBeUndefined();
  });
});
