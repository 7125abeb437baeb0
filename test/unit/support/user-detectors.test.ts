/** Detectors of user-detectors.ts: each knows a case of its row, and not the same one with one thing changed. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { type Case, rowOf } from "../../support/differing-case.ts";

const unread = 'rsync: [generator] failed to read xattr user.rsync.%stat for "/x/dst/f": Permission denied (13)';
const unwritten = 'rsync: [generator] failed to write xattr user.rsync.%stat for "/x/dst/f": Permission denied (13)';
const refused = 'rsync: [generator] failed to write xattr user.rsync.%stat for "/x/dst/p": Operation not permitted (1)';
const some23 = "rsync error: some files/attrs were not transferred (see previous errors) (code 23)";
const undeleted = "rsync: [generator] delete_file: unlink(d/f) failed: Permission denied (13)";
const fullDirectory = "cannot delete non-empty directory: d";
const late = "Invalid packet at end of run (6) [sender]";
const unsent = (name: string) =>
  `rsync: [sender] send_files failed to open "/x/src/${name}": No such device or address (6)`;
const unmade = (name: string) => `rsync: [receiver] mkstemp "/x/dst/.${name}.######" failed: Permission denied (13)`;
const closed = (name: string) => `rsync: [generator] open "/x/dst/${name}": Too many levels of symbolic links (40)`;
const outsideOf = (step: string, verb: string) =>
  `rsync: [${step} "/x/dst/ln/f"${verb === "" ? "" : ` ${verb}`}: Too many levels of symbolic links (40)`;
const found = (data: number) => `total: matches=0  hash_hits=0  false_alarms=0 data=${data}`;
const noBasis = 'rsync: [generator] failed to open "/x/dst/f", continuing: Permission denied (13)';
const keptFile = 'rsync: [receiver] open "/x/dst/f" failed: Permission denied (13)';
const overwrites = [noBasis, `${noBasis}\n${keptFile}`] as const;
const noGroup = (name: string) => `rsync: [generator] chgrp "/x/dst/${name}" failed: Operation not permitted (1)`;
const contentOf = (path: string) => {
  const tree = { path: byteName(path), property: "content", left: "a", right: "b" } as const;
  return { aspect: "tree content", tree };
};
const stays = {
  "dst/d/f": { xattrs: "" },
  "alt0/d/f": { xattrs: "" },
};
const keeps = {
  aspect: "tree xattrs",
  tree: { path: byteName("dst/d/f"), property: "xattrs", left: "user.a=1", right: "" },
} as const;

const xattrs = (left: string, right: string) => {
  return { aspect: "tree xattrs", tree: { path: byteName("dst/f"), property: "xattrs", left, right } } as const;
};

const noted = (text: string) => `user.rsync.%stat=${Buffer.from(text).toString("hex")}`;

/** What is recognized, and the same with one thing changed, which is not. */
const cases: readonly (readonly [name: string, row: RegExp, known: Case, unlike: Partial<Case>])[] = [
  [
    "a file whose backup has its group",
    /^`-b --inplace --no-W`, `-b --append --no-W` with `-g`/,
    {
      ...{ argv: "-rgb --append", codes: [23, 23], stderr: [noGroup("f~"), noGroup("f~")] },
      difference: {
        aspect: "tree mode",
        tree: { path: byteName("dst/f"), property: "mode", left: "0600", right: "0644" },
      },
    },
    { stderr: [noGroup("g~"), noGroup("g~")] },
  ],
  [
    "a directory that is no alternate one",
    /^`--confine-root`: `--compare-dest`/,
    {
      ...{ argv: "-a --confine-root=/x/dst --compare-dest=../alt0/", codes: [0, 23], stderr: ["", closed("../alt0")] },
      difference: { right: [closed("../alt0"), some23] },
    },
    { difference: { right: [closed("../alt1"), some23] } },
  ],
  ...(
    [
      { right: [unmade("g")] },
      { aspect: "log items", right: [">f.s....... g"] },
      { aspect: "tree content", tree: { path: byteName("dst/g"), property: "content", left: "1", right: "2" } },
    ] as const
  ).map((difference): [string, RegExp, Case, Partial<Case>] => [
    "a file that is no other name of one that was not received",
    /^`-H` with a linked file that cannot be received/,
    { argv: "-aH", codes: [23, 23], stderr: [unmade("f"), ""], linked: ["f", "g"], difference },
    { linked: ["e", "g"] },
  ]),
  [
    "a device in the way of the next name of a file that cannot be sent",
    /^`-H` with a linked file that cannot be received/,
    {
      ...{ argv: "-aHy --copy-devices", codes: [23, 23], stderr: [unsent("f"), unsent("f")], linked: ["f", "g"] },
      difference: {
        aspect: "tree existence",
        tree: { path: byteName("dst/g"), property: "existence", left: "x", right: undefined },
      },
    },
    { argv: "-aH --copy-devices" },
  ],
  [
    "a file of another source that is not the one behind the link",
    /^`--fuzzy` with `--keep-dirlinks`/,
    {
      argv: "-aKy --inplace",
      codes: [23, 23],
      stderr: [outsideOf("receiver] stat", "failed"), outsideOf("generator] recv_generator: failed to stat", "")],
      difference: {
        ...{ aspect: "source changed", symptom: "source left alone", detail: '"src2/f" mtime: 1500000000 / now' },
      },
    },
    { difference: { aspect: "source changed", symptom: "source changed", detail: '"src2/f" mtime: 1500000000 / now' } },
  ],
  [
    "what was found in a file behind a link that leads out",
    /^`--fuzzy` with `--keep-dirlinks`/,
    {
      argv: "-avvy --ignore-existing",
      codes: [23, 23],
      stderr: [outsideOf("receiver] mkstemp", "failed"), outsideOf("generator] recv_generator: failed to stat", "")],
      difference: { aspect: "stdout summary", left: [found(90)], right: [found(80)] },
    },
    { difference: { aspect: "stdout summary", left: [found(90)], right: ["sent 80 bytes"] } },
  ],
  [
    "a note of another file that could not be written",
    /^`--fake-super` as an ordinary user/,
    { argv: "-a -M--fake-super", stderr: [unread, unwritten], difference: { left: [unread], right: [unwritten] } },
    { difference: { left: [unread], right: [unwritten.replace("dst/f", "dst/g")] } },
  ],
  [
    "a note that could not be read, in the log",
    /^`--fake-super` as an ordinary user/,
    {
      argv: "-a -M--fake-super --log-file=log",
      stderr: [unread, ""],
      difference: { aspect: "log errors", left: [unread] },
    },
    { difference: { aspect: "log errors", left: [undeleted] } },
  ],
  [
    "an exit code where every note was read",
    /^`--fake-super` as an ordinary user/,
    { argv: "-a --fake-super", codes: [23, 0], stderr: [unread, ""], difference: { aspect: "exit code" } },
    { stderr: ["", ""] },
  ],
  [
    "a directory that rsync leaves under --chmod",
    /^`--chmod` in a pull/,
    {
      argv: "-a --delete --chmod=D755",
      stderr: [undeleted, ""],
      difference: { aspect: "stdout generator", left: [fullDirectory], right: ["*deleting   d/"] },
    },
    { difference: { aspect: "stdout generator", left: [fullDirectory], right: ["*deleting   e/"] } },
  ],
  [
    "a directory that is left without --chmod",
    /^`--chmod` in a pull/,
    {
      argv: "-a --delete --chmod=D755",
      codes: [23, 0],
      stderr: [undeleted, ""],
      difference: { aspect: "exit code" },
    },
    { argv: "-a --delete" },
  ],
  [
    "totals that are far apart",
    /^`--fake-super` as an ordinary user/,
    {
      ...{ argv: "-a --fake-super", stderr: [unread, ""] },
      difference: { aspect: "stdout totals", left: ["received 164 bytes"], right: ["received 60 bytes"] },
    },
    { difference: { aspect: "stdout totals", left: ["received 1164 bytes"], right: ["received 60 bytes"] } },
  ],
  [
    "a note that a regular file does not take",
    /^`--fake-super` without/,
    {
      ...{ argv: "-ro --fake-super", stderr: [`${refused}\n${some23}`, ""] },
      ...{ tree: { "dst/p": { type: "fifo" } }, difference: { left: [refused, some23] } },
    },
    { tree: { "dst/p": { type: "file" } } },
  ],
  [
    "such a note where owners and groups are sent",
    /^`--fake-super` without/,
    {
      ...{ argv: "-a --no-g --fake-super", stderr: [refused, ""] },
      ...{ tree: { "dst/p": { type: "fifo" } }, difference: { left: [refused] } },
    },
    { argv: "-a --fake-super" },
  ],
  [
    "an end that no late name explains",
    /^`-H` without incremental recursion, further names/,
    { argv: "-aH", codes: [2, 0], stderr: [`${late}\n`, ""], difference: { aspect: "exit code" } },
    { stderr: ["", ""] },
  ],
  [
    "attributes told of for a file without an ACL",
    /^`-X` with rules of the modifier `x`/,
    {
      ...{ argv: "-rXii -f-,x_user.a*", tree: { "dst/d/f": { xattrs: "system.posix_acl_access=02" } } },
      difference: { aspect: "stdout items", left: [".f........x d/f"], right: [".f          d/f"] },
    },
    { tree: { "dst/d/f": { xattrs: "user.b=02" } } },
  ],
  [
    "the name of a directory without an ACL, where lines are not itemized",
    /^`-X` with rules of the modifier `x`/,
    {
      ...{ argv: "-rXv -f-,x_user.a*", tree: { "dst/s/d": { xattrs: "system.posix_acl_access=02" } } },
      difference: { aspect: "stdout items", left: ["s/d/"] },
    },
    { tree: { "dst/s/d": {} } },
  ],
  [
    "the note of a file that is not to be written where we may, in a log",
    /^`--fake-super` without `-o`/,
    {
      ...{ argv: "-rt -M--fake-super", stderr: [unwritten, ""] },
      difference: { aspect: "log items", left: [unwritten, some23] },
    },
    { argv: "-rtog -M--fake-super" },
  ],
  [
    "another mode of a note",
    /^`--fake-super` without `-o`/,
    {
      argv: "-rt -M--fake-super",
      difference: xattrs(noted("100640 0,0 5:0"), noted("100640 0,0 0:0")),
    },
    { difference: xattrs(noted("100640 0,0 5:0"), noted("100644 0,0 0:0")) },
  ],
  [
    "another attribute besides a note",
    /^`--fake-super` without `-o`/,
    { argv: "-rt -M--fake-super", difference: xattrs(`user.a=1 ${noted("100640 0,0 5:0")}`, "user.a=1") },
    { difference: xattrs(noted("100640 0,0 5:0"), "user.a=1") },
  ],
  [
    "another size without compression",
    /^the same with compression/,
    {
      argv: "-az --out-format=%n_%b",
      difference: { aspect: "stdout items", left: ["f_247272"], right: ["f_247266"] },
    },
    { argv: "-a --out-format=%n_%b" },
  ],
  [
    "another size of quite another file",
    /^the same with compression/,
    {
      argv: "-az --out-format=%n_%b",
      difference: { aspect: "stdout items", left: ["f_247272"], right: ["f_247266"] },
    },
    { difference: { aspect: "stdout items", left: ["f_247272"], right: ["f_147266"] } },
  ],
  [
    "another size of the file itself",
    /^the same with compression/,
    {
      argv: "-az --out-format=%l_%b",
      difference: { aspect: "stdout items", left: ["300_247"], right: ["300_241"] },
    },
    { difference: { aspect: "stdout items", left: ["300_247"], right: ["301_247"] } },
  ],
  [
    "an ACL that rsync keeps, too",
    /^`--fake-super -A -X`/,
    {
      argv: "-aAX -M--fake-super",
      difference: xattrs("user.a=1 user.rsync.%stat=02", "user.a=1 user.rsync.%aacl=80 user.rsync.%stat=02"),
    },
    { difference: xattrs("user.a=1 user.rsync.%aacl=81", "user.a=1 user.rsync.%aacl=80") },
  ],
  [
    "a link without a backup of which nothing is said",
    /^`--fake-super --safe-links` with backups/,
    {
      argv: "-ab --safe-links --fake-super",
      tree: { "bk/ln": { type: "symlink" } },
      missing: ["bk/ln"],
      stderr: ['not backing up symlink with unreadable target "ln"', ""],
      difference: {
        aspect: "tree existence",
        tree: { path: byteName("bk/ln"), property: "existence", left: undefined, right: "symlink" },
      },
    },
    { stderr: ["", ""] },
  ],
  [
    "another file than the one that is not overwritten",
    /^`-b --inplace --no-W`, `-b --append --no-W` onto/,
    { argv: "-a --backup-dir=bk --append-verify --no-W", stderr: overwrites, difference: contentOf("dst/f") },
    { difference: contentOf("dst/g") },
  ],
  [
    "a file whose basis rsync could read",
    /^`-b --inplace --no-W`, `-b --append --no-W` onto/,
    { argv: "-ab --inplace --no-W", stderr: overwrites, difference: { right: [keptFile, some23] } },
    { stderr: ["", keptFile] },
  ],
  [
    "attributes that no alternate has",
    /^`-A` or `-X` with `--compare-dest`/,
    { argv: "-aX --compare-dest=../alt0", tree: stays, difference: keeps },
    { tree: { ...stays, "alt0/d/f": { xattrs: "user.b=1" } } },
  ],
];

describe("userDetectors", () => {
  test.each(cases)("do not know %s", (_, row, known, unlike) => {
    expect(rowOf(known)).toMatch(row);
    expect(rowOf({ ...known, ...unlike })).toBeUndefined();
  });
});
