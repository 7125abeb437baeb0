/** Detectors of listed differences: each belongs to a row, recognizes what the row says, and nothing that is only like it. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { type Case, rowOf } from "../../support/differing-case.ts";
import { detectedRows } from "../../support/listed-differences.ts";

const mode = (path: string, left: string, right: string, property: "mode" | "mtime" = "mode") => {
  return { aspect: `tree ${property}`, tree: { path: byteName(path), property, left, right } };
};
const inBackup = 'rsync: [receiver] stat "/d/../bk/f" failed: Invalid argument (22)';
const unread = 'rsync: [generator] opendir "/x/dst/l" failed: Too many levels of symbolic links (40)';
const again = "WARNING: a/f failed verification -- update discarded (will try again).";
const noNames =
  'rsync: [generator] get_xattr_names: llistxattr("/x/dst/../b/f",1024) failed: No such file or directory (2)';
const retained = "WARNING: a/f failed verification -- update retained (will try again).";
const failed = "rsync error: errors selecting input/output files, dirs (code 3) at";
const pipe = "rsync: [sender] write error: Broken pipe (32)";
const refused = "refusing to follow a symlink owned by an untrusted user; use --insecure-links locally";
const lost = 'rsync: [receiver] stat "/x/dst/l/.f.Ab12Cd" failed: Too many levels of symbolic links (40)';
const unverified = "WARNING: f~ failed verification -- update discarded (will try again).";
const link = { "dst/l": { type: "symlink" } } as const;
const wrongRule = "Unknown filter rule: <rule from /x/dst/l/.rsync-filter line 1>";
const progress = (count: string) =>
  `  503,900  68%   72.42MB/s    0:00:00 (xfr#${count}, to-chk=0/63)`.replace("503", count);
const longName = 'rsync: [generator] stat "/x/dst/l~" failed: File name too long (36)';
const acl = (path: string, left: string, right: string) => {
  return { aspect: "tree xattrs", tree: { path: byteName(path), property: "xattrs", left, right } as const };
};
const xattrs = acl;
const forgotten = "File-list index 13 not in 0 - -1 (got_flist_entry_status) [generator]";
const noWay = "could not make way for new regular file: x/f";
const target = (path: string) => {
  const tree = { path: byteName(path), property: "target", left: "a", right: "b" } as const;
  return { aspect: "tree target", tree };
};

const notLinked = 'rsync: [generator] link "/d/.b.XXXXXX" => a failed: Permission denied (13)';
const ungrouped = 'rsync: [generator] chgrp "/d/../bk/f" failed: Operation not permitted (1)';

/** What is recognized, and the same with one thing changed, which is not. */
const cases: readonly { readonly name: string; readonly known: Case; readonly unlike: Partial<Case> }[] = [
  {
    name: "a backup that failed, in another directory",
    known: {
      ...{
        argv: "-a --append --backup-dir=../bk",
        stderr: [inBackup, ""] as const,
        tree: { "bk/f": { mode: "0600" } },
      },
      difference: mode("bk/f", "0600", "0644"),
    },
    unlike: { difference: mode("dst/f", "0600", "0644") },
  },
  {
    name: "a file that is sent again because its beginning was appended to nothing",
    known: {
      ...{ argv: "-ai --append-verify --copy-dest=../alt", stderr: [`${retained}\n`, ""] as const },
      difference: { aspect: "stdout items", left: ["<f..t...... a/f"] },
    },
    unlike: { difference: { aspect: "stdout items", left: ["<f..t...... a/g"] } },
  },
  {
    name: "bytes behind the name of a file that is sent again, as above",
    known: {
      ...{ argv: "-a --append-verify -y --out-format=%i_%n_%b", stderr: [`${retained}\n`, ""] as const },
      difference: { aspect: "stdout items", left: ["<f..t...... a/f 52 16"] },
    },
    unlike: { difference: { aspect: "stdout items", left: ["<f..t...... a/f x"] } },
  },
  {
    name: "the time of a directory in which no parent is made",
    known: {
      ...{
        argv: "-aR --no-implied-dirs",
        tree: { dst: { type: "directory" }, "dst/x": { type: "directory", mtime: "now" } },
      },
      difference: mode("dst", "now", "1500000000", "mtime"),
    },
    unlike: { tree: { dst: { type: "directory" }, "dst/x": { type: "directory" } } },
  },
  {
    name: "a backup that is linked to one that is missing",
    known: {
      ...{ argv: "-abK", stderr: [refused, ""] as const, missing: ["dst/r/f~"] },
      tree: { "dst/g~": { linkedWith: "dst/g~" }, "dst/r/f~": { linkedWith: "dst/g~" } },
      difference: {
        aspect: "tree linkedWith",
        tree: { path: byteName("dst/g~"), property: "linkedWith", left: "", right: "dst/g~" },
      },
    },
    unlike: { missing: [] },
  },
  {
    name: "a backup that did not fail",
    known: { argv: "--append --backup-dir=../bk", stderr: [inBackup, ""], difference: { left: [inBackup] } },
    unlike: { difference: { left: [inBackup], right: [inBackup] } },
  },
  {
    name: "a backup that cannot get its group, where rsync comes no further",
    known: {
      ...{ argv: "--append --backup-dir=../bk", stderr: [inBackup, ungrouped] as const },
      difference: { left: [inBackup], right: [ungrouped] },
    },
    unlike: { difference: { left: [inBackup], right: [ungrouped.replace("../", "")] } },
  },
  {
    name: "totals that another last line does not explain",
    known: {
      ...{
        argv: "-a",
        codes: [12, 12],
        stderr: [`${failed} main.c(777) [Receiver=3.5.0]`, `${failed} tsync [Receiver=0.1.0]`],
      },
      difference: {
        aspect: "log totals",
        left: ["sent 141 bytes  received 173 bytes"],
        right: ["sent 141 bytes  received 167 bytes"],
      },
    },
    unlike: {
      difference: {
        aspect: "log totals",
        left: ["sent 141 bytes  received 173 bytes"],
        right: ["sent 141 bytes  received 166 bytes"],
      },
    },
  },
  {
    name: "more empty lines than statistics",
    known: {
      ...{ argv: "-avv --stats", stdout: ["\nrsync[1] (sender) heap statistics:\n", ""] as const },
      difference: { aspect: "stdout blank", left: [""] },
    },
    unlike: { difference: { aspect: "stdout blank", left: ["", ""] } },
  },
  {
    name: "a file in a directory that is not closed",
    known: {
      ...{ argv: "-rp --chmod=Du-wx", missing: ["dst/d/e/f"] },
      stderr: ['rsync: [receiver] mkstemp "/x/dst/d/e/.f.Ab12Cd" failed: Permission denied (13)', ""],
      tree: { "dst/d": { type: "directory", mode: "0455" }, "dst/d/e/f": { type: "file" } },
      difference: {
        aspect: "tree existence",
        tree: { path: byteName("dst/d/e/f"), property: "existence", left: undefined, right: "file" },
      },
    },
    unlike: { tree: { "dst/d": { type: "directory", mode: "0755" }, "dst/d/e/f": { type: "file" } } },
  },
  {
    name: "what follows a name that does not exist in a set, in another order",
    known: {
      ...{ argv: "-a --iconv=UTF-8,CP850", codes: [4, 23] },
      stderr: ["", "[Receiver] cannot convert filename: s/x (Invalid or incomplete multibyte or wide character)"],
      difference: { aspect: "stdout items", right: [">f+++++++++ f"] },
    },
    unlike: { difference: { aspect: "stdout items", right: [">f+++++++++ f"], isOrder: true } },
  },
  {
    name: "a file that only rsync has, beside a directory outside",
    known: {
      argv: "-a --confine-root=/x/dst --compare-dest=/x/alt0",
      stderr: ["", 'rsync: [generator] open "/x/alt0": Too many levels of symbolic links (40)'],
      difference: {
        aspect: "tree existence",
        tree: { path: byteName("dst/f"), property: "existence", left: undefined, right: "file" },
      },
    },
    unlike: {
      difference: {
        aspect: "tree existence",
        tree: { path: byteName("dst/f"), property: "existence", left: "file", right: undefined },
      },
    },
  },
  {
    name: "a list that grows, on the wrong side",
    known: {
      ...{ argv: "-avv" },
      difference: {
        aspect: "stdout sender",
        left: ["[sender] expand file_list pointer array to 1024 bytes, did move"],
      },
    },
    unlike: {
      difference: {
        aspect: "stdout sender",
        right: ["[sender] expand file_list pointer array to 1024 bytes, did move"],
      },
    },
  },
  {
    name: "the mode of a file without a similar one",
    known: { argv: "-ry", tree: { "dst/f": { type: "file" } }, difference: mode("dst/f", "0644", "0755") },
    unlike: { argv: "-r" },
  },
  {
    name: "the source of a file that was not forgotten",
    known: {
      ...{ argv: "-aH --compare-dest=../a --remove-source-files", missing: ["dst/f"] },
      ...{ tree: { "dst/f": { type: "file", linkedWith: "dst/e" } } },
      difference: { aspect: "stdout removals", right: ["sender file already removed: f"] },
    },
    unlike: { difference: { aspect: "stdout removals", right: ["sender file already removed: g"] } },
  },
  {
    name: "an ACL, and another attribute besides",
    known: {
      argv: "-aX -f-x_user.a",
      difference: xattrs("dst/d", "system.posix_acl_access=02 user.b=01", "user.b=01"),
    },
    unlike: { difference: xattrs("dst/d", "system.posix_acl_access=02 user.b=01", "user.b=02") },
  },
  {
    name: "an ACL without a rule for attributes",
    known: { argv: "-aX --filter=-x/_user.a", difference: xattrs("dst/d", "system.posix_acl_default=02", "") },
    unlike: { argv: "-aX --filter=-_user.x" },
  },
  {
    name: "a verification without --fuzzy",
    known: { argv: "-ay", stderr: [again, ""], difference: { left: [again] } },
    unlike: { argv: "-a" },
  },
  {
    name: "an item of another file than the one that was sent again",
    known: { argv: "-ay", stderr: [again, ""], difference: { aspect: "stdout items", left: [">f+++++++++ a/f"] } },
    unlike: { difference: { aspect: "stdout items", left: [">f+++++++++ a/g"] } },
  },
  {
    name: "a removal of a file that the other side does not know",
    known: {
      ...{ argv: "--remove-source-files", sources: 2 },
      difference: {
        ...{ aspect: "stdout removals", left: ["sender file already removed: a/f"] },
        right: ["sender file already removed: f"],
      },
    },
    unlike: { difference: { aspect: "stdout removals", left: ["sender file already removed: a/f"] } },
  },
  {
    name: "bytes of what a server says of a link that leads out",
    known: {
      ...{ argv: "-aK --delete", stderr: ["", unread], tree: link },
      difference: {
        aspect: "log totals",
        left: ["sent 62 bytes  received 16 bytes"],
        right: ["sent 62 bytes  received 90 bytes"],
      },
    },
    unlike: { argv: "-a --delete" },
  },
  {
    name: "a directory that cannot be opened and is no link",
    known: { argv: "-aK --delete", stderr: ["", unread], tree: link, difference: { right: [unread] } },
    unlike: { tree: { "dst/l": { type: "directory" } } },
  },
  {
    name: "attributes that tsync has not",
    known: {
      ...{ argv: "-aX --link-dest=../alt", tree: { "dst/l": { type: "symlink" } } },
      difference: {
        aspect: "tree xattrs",
        tree: { path: byteName("dst/l"), property: "xattrs", left: "", right: "a=1" },
      },
    },
    unlike: {
      difference: {
        aspect: "tree xattrs",
        tree: { path: byteName("dst/l"), property: "xattrs", left: "a=1", right: "" },
      },
    },
  },
  {
    name: "the mode of another backup directory",
    known: {
      ...{ argv: "-aK --backup-dir=bk", tree: { "dst/bk/d": { type: "directory", mode: "0777" } } },
      difference: mode("dst/bk/d", "0777", "0755"),
    },
    unlike: { tree: { "dst/bk/d": { type: "directory", mode: "0700" } } },
  },
  {
    name: "the mode of a file of which nothing was told",
    known: {
      ...{ argv: "-aK", codes: [23, 0], stderr: [`${refused}\n${lost}`, ""], tree: { "dst/f": {}, "dst/g": {} } },
      difference: {
        aspect: "tree mode",
        tree: { path: byteName("dst/f"), property: "mode", left: "0600", right: "0644" },
      },
    },
    unlike: {
      difference: {
        aspect: "tree mode",
        tree: { path: byteName("dst/g"), property: "mode", left: "0600", right: "0644" },
      },
    },
  },
  {
    name: "a failed verification of what is no backup",
    known: {
      ...{ argv: "-a -b --no-W", tree: { "dst/f": {}, "dst/f~": {} }, stderr: [unverified, ""] },
      difference: { left: [unverified] },
    },
    unlike: { tree: { "dst/g": {}, "dst/f~": {} } },
  },
  {
    name: "the time of a directory that temporary files do not lie in",
    known: {
      ...{ argv: "-a --temp-dir=a", tree: { "dst/a": { type: "directory" }, "dst/b": { type: "directory" } } },
      difference: {
        aspect: "tree mtime",
        tree: { path: byteName("dst/a"), property: "mtime", left: "5", right: "now" },
      },
    },
    unlike: {
      difference: {
        aspect: "tree mtime",
        tree: { path: byteName("dst/b"), property: "mtime", left: "5", right: "now" },
      },
    },
  },
  {
    name: "a file that could not be opened in a run that did not end early",
    known: {
      argv: "-a",
      codes: [11, 11],
      difference: { left: ['rsync: [sender] send_files failed to open "/x": E (1)'] },
    },
    unlike: { codes: [23, 23] },
  },
  {
    name: "the error of a sender that writes to nobody",
    known: {
      ...{ argv: "-a", codes: [2, 2] },
      difference: { left: ["rsync error: error in rsync protocol data stream (code 12)"] },
    },
    unlike: { codes: [12, 12] },
  },
  {
    name: "a broken pipe in a run that did not end early",
    known: { argv: "-a", codes: [11, 11], difference: { left: [pipe] } },
    unlike: { codes: [0, 0] },
  },
  {
    name: "a further name that stands there",
    known: {
      ...{ argv: "-anH", tree: { "alt/b": {} } },
      difference: { aspect: "stdout followers", left: ["hf..t...... b => a"], right: ["hf+++++++++ b => a"] },
    },
    unlike: { tree: { "dst/b": {} } },
  },
  {
    name: "an attribute of a file that was removed before it was read",
    known: {
      ...{ argv: "-aX --remove-source-files", codes: [23, 0] as const },
      stderr: ["failed to re-read xattr user.a for \\#134/f", ""],
      difference: xattrs("dst/\\/f", "user.b=32", "user.a=31 user.b=32"),
    },
    unlike: { difference: xattrs("dst/\\/f", "user.b=32", "user.b=32 user.c=33") },
  },
  {
    name: "a list that was forgotten before a member of a group whose place is taken",
    known: {
      ...{ argv: "-aH", codes: [2, 23] as const, difference: { aspect: "exit code" } },
      stderr: [`could not make way for new regular file: x/f\n${forgotten}`, ""],
    },
    unlike: { stderr: [forgotten, ""] },
  },
  {
    name: "a list that was forgotten before the last of a group is linked, without a place that is taken",
    known: {
      ...{ argv: "-aH", codes: [2, 23] as const, difference: { aspect: "exit code" } },
      stderr: [
        `could not make way for new regular file: x/f\n${forgotten.replace("got_flist_entry_status", "finish_hard_link")}`,
        "",
      ],
    },
    unlike: { stderr: [forgotten.replace("got_flist_entry_status", "finish_hard_link"), ""] },
  },
  {
    name: "a run that ended when a member whose place is taken was tried again",
    known: {
      ...{ argv: "-aH", codes: [13, 23] as const, difference: { aspect: "exit code" } },
      stderr: [`${noWay}\n${noWay}\nHlink node data for 3 already has path=a (a)`, noWay],
    },
    unlike: { stderr: ["Hlink node data for 3 already has path=a (a)", ""] },
  },
  {
    name: "a run that ended when a member that cannot be replaced was tried again",
    known: {
      ...{ argv: "-aH", codes: [13, 23] as const, difference: { aspect: "exit code" } },
      stderr: [`${notLinked}\nHlink node data for 3 already has path=a (a)`, notLinked],
    },
    unlike: { stderr: [`${notLinked}\nHlink node data for 3 already has path=a (a)`, ""] },
  },
  {
    name: "a member that is not tried again, of which nothing was said before",
    known: {
      ...{ argv: "-aH", codes: [23, 23] as const, difference: { aspect: "stderr", right: [noWay] } },
      stderr: [noWay, `${noWay}\n${noWay}`],
    },
    unlike: { stderr: ["", noWay] },
  },
  {
    name: "the time of a file that is said to be wrong still, at an old protocol",
    known: {
      ...{
        argv: "-a --append -b --protocol=27",
        stderr: ["ERROR: f failed verification -- update retained.", ""] as const,
      },
      difference: mode("dst/f", "now", "5", "mtime"),
    },
    unlike: { argv: "-a --append -b --protocol=29" },
  },
  {
    name: "names that are not looked for in an alternate directory",
    known: {
      ...{ argv: "-aHX --copy-dest=../a --copy-dest=../b", codes: [23, 0] as const, stderr: [noNames, ""] as const },
      difference: { aspect: "stderr", left: [noNames] },
    },
    unlike: { argv: "-aX --copy-dest=../a --copy-dest=../b" },
  },
  {
    name: "a line in a format of one's own that names another file",
    known: {
      ...{ argv: "-a --append -y --out-format=%n|_%i", tree: { "dst/d/f": {} }, missing: ["dst/d/f"] },
      difference: { aspect: "stdout items", right: [" d/f | >f+++++++++"] },
    },
    unlike: { difference: { aspect: "stdout items", right: [" d/g | >f+++++++++"] } },
  },
  {
    name: "a log that names nothing, of files that are not appended to",
    known: {
      argv: "-a --append-verify -y --log-file-format=%l",
      tree: { "dst/f": {} },
      missing: ["dst/f"],
      difference: { aspect: "log items", right: ["5"] },
    },
    unlike: { difference: { aspect: "log items", right: ["5", "6"] } },
  },
  {
    name: "times of access that rsync cannot read at protocol 27",
    known: {
      ...{ argv: "-aU --protocol=27", codes: [22, 0] as const },
      stderr: ["[Receiver] buffer overflow: recv_file_entry (file=flist.c, line=1048)", ""],
      difference: { aspect: "exit code" },
    },
    unlike: { argv: "-aU --protocol=28" },
  },
  {
    name: "the same with a number that is none",
    known: {
      ...{ argv: "-aU --protocol=27", codes: [12, 0] as const, stderr: ["Overflow in read_varlong()", ""] },
      difference: { aspect: "tree mode" },
    },
    unlike: { stderr: ["Overflow in read_int()", ""] },
  },
  {
    name: "a file that is sent again with a backup, in the log",
    known: {
      ...{ argv: "-ab --append-verify --protocol=27 --log-file=log", codes: [23, 23] as const },
      stderr: ["ERROR: f failed verification -- update retained.", ""],
      difference: { aspect: "log items", left: ["ERROR: f failed verification -- update retained."] },
    },
    unlike: { argv: "-a --append-verify --protocol=27 --log-file=log" },
  },
  {
    name: "files that are counted as created for further names that are called new",
    known: {
      argv: "-anHi --stats",
      stdout: ["hf..t...... b => a\n", "hf+++++++++ b => a\n"],
      difference: {
        aspect: "stdout summary",
        left: ["Number of created files: 1 (reg: 1)"],
        right: ["Number of created files: 2 (reg: 2)"],
      },
    },
    unlike: { stdout: ["hf+++++++++ b => a\n", "hf+++++++++ b => a\n"] },
  },
  {
    name: "a wrong rule in a directory of the destination",
    known: {
      ...{ argv: "-aF --delete-after", codes: [1, 0] as const, stderr: [wrongRule, ""] as const, tree: link },
      difference: { left: [wrongRule] },
    },
    unlike: { tree: { "dst/l": { type: "directory" } } },
  },
  {
    name: "repeats of progress2 in a run that copies",
    known: {
      ...{ argv: "-an --info=progress2", difference: { aspect: "stdout progress", right: ["186,677 25% xfr#6"] } },
      stdout: [progress("9"), `${progress("6")}\r${progress("9")}`],
    },
    unlike: { argv: "-a --info=progress2" },
  },
  {
    name: "a repeat of progress2 before the first file of a run that copies",
    known: {
      ...{ argv: "-a --info=progress2", difference: { aspect: "stdout progress", right: ["0 0% xfr#0"] } },
      stdout: [progress("9"), `${progress("0")}\r${progress("9")}`],
    },
    unlike: { difference: { aspect: "stdout progress", right: ["0 0% xfr#1"] } },
  },
  {
    name: "repeats of progress2 that end with another figure",
    known: {
      ...{ argv: "-an --info=progress2", difference: { aspect: "stdout progress", right: ["186,677 25% xfr#6"] } },
      stdout: [progress("9"), `${progress("6")}\r${progress("9")}`],
    },
    unlike: { stdout: [progress("9"), progress("6")] },
  },
  {
    name: "an access ACL that a backup's directory lacks",
    known: {
      ...{ argv: "-aA --backup-dir=../bk", tree: { "bk/a": { type: "directory" } } },
      difference: acl("bk/a", "user.a=31", "system.posix_acl_default=02 user.a=31"),
    },
    unlike: { difference: acl("bk/a", "user.a=31", "system.posix_acl_access=02 user.a=31") },
  },
  {
    name: "the default ACL of a directory that is no backup's",
    known: {
      ...{ argv: "-aA --backup-dir=../bk", tree: { "bk/a": { type: "directory" }, "dst/a": { type: "directory" } } },
      difference: acl("bk/a", "", "system.posix_acl_default=02"),
    },
    unlike: { difference: acl("dst/a", "", "system.posix_acl_default=02") },
  },
  {
    name: "a link without a failed backup that is left",
    known: {
      ...{ argv: "-ab", codes: [23, 23] as const, stderr: [longName, longName] as const },
      ...{ tree: { "dst/l": { type: "symlink" }, "dst/m": { type: "symlink" } } },
      difference: target("dst/l"),
    },
    unlike: { difference: target("dst/m") },
  },
  {
    name: "a device in whose place nothing stays, with --copy-devices",
    known: {
      ...{ argv: "-ab --copy-devices", codes: [23, 23] as const, stderr: [longName, longName] as const },
      difference: { left: ['rsync: [sender] send_files failed to open "/x/s/l": No such device or address (6)'] },
    },
    unlike: {
      difference: { left: ['rsync: [sender] send_files failed to open "/x/s/m": No such device or address (6)'] },
    },
  },
  {
    name: "another attribute of a file with one name",
    known: {
      argv: "-aX",
      tree: { "dst/b": { linkedWith: "dst/a", xattrs: "user.a=01" } },
      difference: { aspect: "stdout items", left: [".f          b"], right: [".f........x b"] },
    },
    unlike: { tree: { "dst/b": { xattrs: "user.a=01" } } },
  },
  {
    name: "many bytes without lines of further names",
    known: {
      ...{ argv: "-aX", stdout: ["", ".f........x b\n"] as const },
      difference: {
        aspect: "stdout totals",
        left: ["sent 30 bytes  received 3"],
        right: ["sent 40 bytes  received 3"],
      },
    },
    unlike: { stdout: ["", ""] },
  },
  {
    name: "fewer bytes with lines of further names",
    known: {
      ...{ argv: "-aX", stdout: ["", ".f........x b\n"] as const },
      difference: { aspect: "stdout totals", left: ["sent 3,030 bytes"], right: ["sent 3,050 bytes"] },
    },
    unlike: { difference: { aspect: "stdout totals", left: ["sent 3,051 bytes"], right: ["sent 3,030 bytes"] } },
  },
  {
    name: "many bytes that a unit hides",
    known: {
      ...{ argv: "-aX", stdout: ["", ".f........x b\n"] as const },
      difference: { aspect: "stdout totals", left: ["sent 30.01K bytes"], right: ["sent 30.02K bytes"] },
    },
    unlike: { difference: { aspect: "stdout totals", left: ["sent 30.01K bytes"], right: ["sent 37.02K bytes"] } },
  },
  {
    name: "a default ACL that a directory of the backup has from another",
    known: {
      ...{ argv: "-aA --backup-dir=bk", tree: { "dst/bk/d": { type: "directory" } } as const },
      difference: acl("dst/bk/d", "system.posix_acl_access=01 user.a=1", "user.a=1"),
    },
    unlike: { difference: acl("dst/bk/d", "system.posix_acl_default=01 user.a=1", "user.a=1") },
  },
  {
    name: "more bytes than statistics have",
    known: {
      ...{ argv: "-avv --stats", stdout: ["rsync[1] (server receiver) heap statistics:\n  arena: 1\n\n", ""] as const },
      difference: { aspect: "log totals", left: ["sent 4 bytes  received 99"], right: ["sent 4 bytes  received 33"] },
    },
    unlike: {
      difference: { aspect: "log totals", left: ["sent 4 bytes  received 999"], right: ["sent 4 bytes  received 33"] },
    },
  },
  {
    name: "an order of three lines that one writer cannot have",
    known: {
      ...{ argv: "-avv", before: ["a", "b"], tree: { "dst/a": {}, "dst/b": {} } },
      stdout: ["a\nb\nsent/\n", "sent/\na\nb\n"] as const,
      difference: { aspect: "stdout items", isOrder: true },
    },
    unlike: { stdout: ["a\nb\nsent/\n", "sent/\nb\na\n"] as const },
  },
  {
    name: "another order of itemized lines",
    known: {
      ...{ argv: "-a --info=name2", before: ["a"], tree: { "dst/a": {} } },
      stdout: ["a\nb\n", "b\na\n"] as const,
      difference: { aspect: "stdout items", isOrder: true },
    },
    unlike: { argv: "-aivv" },
  },
  {
    name: "another order of two files that were sent",
    known: {
      ...{ argv: "-avv", before: ["a"], tree: { "dst/a": {} } },
      stdout: ["a\nb\nc\n", "b\na\nc\n"] as const,
      difference: { aspect: "stdout items", isOrder: true },
    },
    unlike: { stdout: ["a\nb\nc\n", "a\nc\nb\n"] as const },
  },
  {
    name: "a file that was there with another size as one that was not sent",
    known: {
      ...{ argv: "-avv", before: ["a"], tree: { "dst/a": {} } },
      stdout: ["a\nb\n", "b\na\n"] as const,
      difference: { aspect: "stdout items", isOrder: true },
    },
    unlike: { tree: { "dst/a": { size: "2" } } },
  },
  {
    name: "an item of something else than the link whose backup failed",
    known: {
      ...{ argv: "-ab", codes: [23, 23] as const, stderr: [longName, longName] as const },
      difference: { aspect: "stdout items", left: ["cLc.t...... l -> x"] },
    },
    unlike: { difference: { aspect: "stdout items", left: ["cLc.t...... m -> x"] } },
  },
  {
    name: "more than the bytes of a file that was not sent",
    known: {
      ...{ argv: "-a --append -y", tree: { "dst/f": {} }, missing: ["dst/f"] },
      difference: { aspect: "stdout totals", left: ["sent 20 bytes"], right: ["sent 90 bytes"] },
    },
    unlike: { difference: { aspect: "stdout totals", left: ["sent 20 bytes"], right: ["sent 900 bytes"] } },
  },
  {
    name: "progress of another file than the one that was not sent",
    known: {
      ...{ argv: "-a --append -y", tree: { "dst/f": {} }, missing: ["dst/f"] },
      difference: { aspect: "stdout progress", left: ["7 100% xfr#1"], right: ["1 100% xfr#1", "7 100% xfr#2"] },
    },
    unlike: {
      difference: { aspect: "stdout progress", left: ["7 100% xfr#1"], right: ["2 100% xfr#1", "7 100% xfr#2"] },
    },
  },
  {
    name: "bytes of a file that has not vanished",
    known: {
      ...{ argv: "-a --remove-source-files", sources: 2, tree: { "dst/f": { size: "500" } } },
      ...{ stderr: ['file has vanished: "/s/f"', ""] as const },
      difference: { aspect: "stdout totals", left: ["sent 20 bytes"], right: ["sent 530 bytes"] },
    },
    unlike: { tree: { "dst/g": { size: "500" } } },
  },
  {
    name: "a file that was not sent and is not behind a link that leads out",
    known: {
      ...{ argv: "-aKy", difference: { aspect: "stdout items", left: [">f+++++++++ l/f"] } },
      stderr: [
        'rsync: [receiver] mkstemp "/x/dst/l/.f.XXXXXX" failed: Too many levels of symbolic links (40)',
        'rsync: [generator] recv_generator: failed to stat "/x/dst/l/f": Too many levels of symbolic links (40)',
      ],
    },
    unlike: { difference: { aspect: "stdout items", left: [">f+++++++++ l/g"] } },
  },
  {
    name: "a link that is refused although no directory has rules",
    known: {
      argv: "-a -f :_.rules",
      difference: { aspect: "stderr", left: ["refusing to follow a symlink owned by an untrusted user"] },
    },
    unlike: { argv: "-a" },
  },
  {
    name: "an error without a word of what has vanished",
    known: {
      ...{ argv: "-a --remove-source-files", sources: 2, codes: [24, 0] as const },
      ...{ stderr: ['file has vanished: "/s/f"', ""] as const, difference: { aspect: "exit code" } },
    },
    unlike: { codes: [0, 23] },
  },
];

describe("listedRow", () => {
  test.each(cases)("does not know $name", ({ known, unlike }) => {
    expect(detectedRows()).toContain(rowOf(known));
    expect(rowOf({ ...known, ...unlike })).toBeUndefined();
  });

  test("has a detector for rows of docs/differences.md only", () => {
    const text = readFileSync(`${import.meta.dirname}/../../../docs/differences.md`, "utf8");
    expect(detectedRows().filter((row) => !text.includes(`\n| ${row} |`))).toEqual([]);
  });
});
