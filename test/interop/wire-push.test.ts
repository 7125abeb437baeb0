/** Pushes, with tsync at one end or at both, against rsync at both ends: what the random differential test has found. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pushRoleNames, pushRoles } from "../support/push-roles.ts";

const push = pushRoles(`mkdir -p s/sub s2 d alt
echo one > s/one; echo two > s/sub/two; echo three > s2/three; echo file > file
ln -s ../s2 s/link; chown -h daemon s/link; echo '- three' > s2/.rules
mkfifo s/pipe; mknod s/dev c 1 3; setfacl -m u:daemon:rw,u:games:r,u:nobody:w s/pipe; setfacl -m u:bin:r s/dev; setfacl -m u:sys:r s/one
setfattr -n trusted.kind -v pipe s/pipe; setfattr -n trusted.kind -v device s/dev; setfattr -h -n trusted.kind -v link s/link
touch -d '2001-01-01 00:00:00.000000001' s/pipe s/dev s/one s/sub/two s2/three
cp -a s2/three alt
touch -d '2001-01-01' s/sub s2 s
mkdir -p p/q d/p/q; echo more > p/q/f; echo extra > d/p/extra; echo extra > d/p/q/extra
mkdir e e/z old old/z; echo equal > e/file; mkfifo e/pipe; ln -s x e/link; touch -hd '2001-01-01' e/* e; cp -a e/file e/pipe e/link old
chmod 600 old/file old/pipe; chown -h daemon old/link; mkdir e/z/new; touch -d '2001-01-01' e/z e/z/new
mkdir link; echo linked > link/a; ln link/a link/b; ln link/a link/c; cp -a link linked; rm linked/c; chmod 600 link/a
mkdir -p w/a/b w/a/b-c w/a-b w/+d w/m d/w; for f in +f +d/f a/f a/b/f a/b.x a/b-c/f a-b/f a-c a.x z; do echo $f > w/$f; done
ln -s / w/-l; ln -s / w/a/l; ln -s / w/a/b.l; ln -s / w/zl; ln w/a/f w/a-c2; ln w/a/f w/a-b/g; ln w/a/f w/a/z; echo z > w/z
cp -a w ww; for f in +f2 a/f2 a/b/f2 a-b/f2 z2; do echo $f > ww/$f; done; echo changed > ww/a/f; rm ww/+f ww/a/b.x ww/z
touch -hd '2001-01-01' w/* w/*/* w w/a/*/* ; echo f > x1; setfattr -n user.a -v 1 x1; touch -d '2001-01-01 00:00:00.5' x1
echo f > old/x1; touch -d '2001-01-01 00:00:00.7' old/x1; touch -d '2001-01-01' old; mkdir there; cp -a old there/e; rm there/e/x1; echo z > there/z; echo d > there/d
cp -a link lalt; mkdir ld; ln lalt/a ld/a; mkdir backed; echo other > backed/x1; touch -d '2001-01-02 00:00:00.7' backed/x1
mkdir -p rules/a/b; echo bogus > rules/a/b/.later; echo bogus > rules/.first
mkdir -p late/a late/b gone/a gone/b; echo f > late/a/f; ln -s nowhere late/b/l; touch gone/a/extra gone/b/extra gone/extra`);

const cases: readonly (readonly [what: string, line: string])[] = [
  ["a client that cannot make its list hangs up", "-rR --log-file=log s/../s far:d/"],
  ["the same at an old protocol, whose server then says nothing", "-rR --protocol=28 --log-file=log s/../s far:d/"],
  ["rules that the server would not understand", "-r --del --protocol=28 -f ':n .x' --log-file=log s far:d/"],
  [
    "rules that the server would not understand, with secluded arguments",
    "-rs --del --protocol=27 -f ':n .x' s far:d/",
  ],
  ["a destination that is a file, with a log", "-r --log-file=log s far:file"],
  ["a destination that is a file, with a log and -v", "-rv --log-file=log s far:file"],
  ["a destination that is a file, at an old protocol", "-r --protocol=29 --log-file=log s far:file"],
  ["what only the server refuses", "-rXX -M--fake-super s far:d/"],
  ["--omit-dir-times with a backup", "-rtbOvv s far:d/"],
  ["--omit-dir-times with a backup directory", "-rtbOvv --backup-dir=b s far:d/"],
  ["words with a colon", "-rovv --usermap=root:daemon s far:d/"],
  ["words with a colon, secluded", "-rovvs --usermap=root:daemon s far:d/"],
  ["merge files behind links of others", "-rk -f ': .rules' s far:d/"],
  ["--list-only with alternates that are not there", "-r --list-only --compare-dest=nope --compare-dest=alt s far:d/"],
  ["unchanged files that become links, with -vv", "-rtvv --stats --protocol=29 --link-dest=../alt s2/three far:d/"],
  ["ACLs of what is not made", "-rvA s/ far:d/"],
  ["attributes of what is not made", "-rvX s/ far:d/"],
  ["the time of a device that is sent as a file", "-rtv --copy-devices --stats s/ far:d/"],
  ["bytes of a file at an old protocol", "-r --protocol=29 --out-format='%n %b %c' s far:d/"],
  ["a message of the server with a name beyond ASCII", "-a --protocol=28 --copy-dest=../n\u00f6 s far:d/"],
  ["bytes of a file at the oldest protocol", "-r --protocol=27 --out-format='%n %b %c' s far:d/"],
  ["a parent that is implied first and then named, with deletion", "-aRi --delete p/q/f p far:d/"],
  ["the same without implied directories", "-aRi --no-implied-dirs p/q/f p far:d/"],
  ["the same at an old protocol", "-aRi --delete --protocol=29 p/q/f p far:d/"],
  ["implied parents in which nothing is to be deleted", "-rRi --delete --protocol=29 p/q/f far:d/"],
  ["the same at the oldest protocol", "-rRi --delete --protocol=27 p/q/f far:d/"],
  ["what only gets other attributes, at an old protocol", "-av --protocol=28 e/ far:old/"],
  ["the same with -vv", "-avv --protocol=28 e/ far:old/"],
  ["the same in a dry run", "-avn --protocol=28 e/ far:old/"],
  ["a directory that is sent without its content, at an old protocol", "-di --delete --protocol=29 p far:d/"],
  ["the same beside the content of another one", "-di --delete --protocol=28 s2/ p far:d/"],
  ["the same without times", "-rpv --protocol=28 e/ far:old/"],
  ["the order of whole names, before the entry of the directory too", "-aHvv --protocol=28 --safe-links w/ far:d/"],
  ["the order of whole names, with deletion", "-aiH --del --protocol=28 w/ far:ww/"],
  ["the order of whole names, with deletion before", "-aHvv --delete-before --protocol=27 w/ far:ww/"],
  ["the order of whole names, with a name", "-aHvvbm --delete-delay --protocol=28 w far:d/"],
  ["the order of whole names, with few of them", "-avvR --no-implied-dirs --protocol=28 w/a/b.x w/a-c w/a/b far:d/"],
  ["the times of backups that are copied at an old protocol", "-ab --inplace --protocol=30 x1 far:backed/"],
  ["a further name whose file of --link-dest is the leader itself", "-aHii --link-dest=../lalt link/ far:ld/"],
  ["further names that --link-dest has, without their times", "-aHii --no-t --link-dest=../lalt link/ far:d/"],
  ["the same where nothing is shown of them", "-aHi --no-t --link-dest=../lalt link/ far:d/"],
  ["the same where they are named", "-aHvv --no-t --link-dest=../lalt link/ far:d/"],
  ["deletions in the order of an old protocol", "-r --delete -v --protocol=28 s2/ far:there/"],
  [
    "an error in a later list, of which a message tells at protocol 30",
    "-rLi --delete-delay --protocol=30 late/ far:gone/",
  ],
  ["the same in a dry run", "-rLin --delete-delay --protocol=30 late/ far:gone/"],
  ["the same while deleting", "-rLi --delete --protocol=30 late/ far:gone/"],
  ["the same at other protocols", "-rLi --delete-delay --protocol=31 late/ far:gone/"],
  ["the same with --ignore-errors", "-rLi --stats --delete-delay --ignore-errors --protocol=30 late/ far:gone/"],
  ["a wrong rule behind the first list, which the server hears of", "-r -f ': .later' -T nope rules/ far:d/"],
  ["the same with rules for the server", "-r --delete -f ': .later' -T nope rules/ far:d/"],
  [
    "a wrong rule before that, of which rules for the server do not come either",
    "-r --delete -f ': .first' -T nope rules/ far:d/",
  ],
  ["the same in the only list", "-r --no-i-r --delete -f ': .later' -T nope rules/ far:d/"],
  [
    "the number of files without implied directories, at an old protocol",
    "-rR --list-only --stats --no-implied-dirs --protocol=29 p/q/f p/q p e/z s far:d/",
  ],
  [
    "the same with names that are converted",
    "-rR --list-only --stats --iconv=UTF-8,LATIN1 --no-implied-dirs --protocol=28 p/q/f p e/z far:d/",
  ],
  ["deletions of which an old client hears by its names", "-r --delete --protocol=28 --info=name1 s2/ far:d/"],
  ["deletions of which an old client hears by their operation", "-r --delete --protocol=28 --out-format=%o s2/ far:d/"],
  ["two options that an old protocol has not", "-am --protocol=28 --link-dest=a --link-dest=b s far:d/"],
  ["an alternate directory in place, at an old protocol", "-am --inplace --protocol=27 --link-dest=a s far:d/"],
  ["a file beside a directory, whose data is asked for first", "-avv --exclude=z s2/three e far:there/"],
  ["what a directory without others has, whose entry comes behind the remarks", "-avv --exclude=z e/ far:there/e/"],
  ["the time of a file that only gets other extended attributes", "-aX x1 far:old/"],
  ["the same at an old protocol", "-aXi --protocol=30 x1 far:old/"],
  [
    "further names of a hard link that --compare-dest has with other attributes",
    "-aHi --compare-dest=../linked link/ far:d/",
  ],
];

describe.each(cases)("%s", (_, line) => {
  test.each(pushRoleNames)("tsync as %s", (role) => {
    expect.hasAssertions();
    push(role, line);
  });
});

// rsync as the receiver appends to nothing here (docs/differences.md): its client must get along with a server that does not.
test.each(["-y", "--copy-dest=../alt"])("--append %s, with a basis that is not the file itself", (option) => {
  const folder = mkdtempSync(join(tmpdir(), "tsync-append-"));
  const script = `mkdir s d alt; seq 5000 >s/file.one; seq 5000 >d/file.two; seq 3 5000 >alt/file.one; echo z >s/z
    printf '#!/bin/sh\\nshift\\nexec sh -c "$*"\\n' >shell; chmod +x shell
    rsync -r --append ${option} -e ./shell --rsync-path=${join(import.meta.dirname, "../../bin/tsync")} s/ h:$PWD/d/ && cat d/z && cmp s/file.one d/file.one`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { cwd: folder, encoding: "latin1" });
  rmSync(folder, { recursive: true });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "z\n", stderr: "" });
});
