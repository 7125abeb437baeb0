/** Rows of docs/differences.md about where files wait, what is backed up, and what is written into. Needs root. */
import { difference } from "../support/difference.ts";

difference("`--delay-updates` where the partial directory cannot be made (`--partial-dir=a/b` without `a`)", {
  setup: "mkdir s d; echo 1 >s/f",
  run: "-a --delay-updates --partial-dir=a/b s/ d/",
  look: "ls -A d",
  rsync: { status: 0, err: /^Unable to create partial-dir for f -- discarding/, seen: "" },
  tsync: { status: 23, err: /^Unable to create partial-dir for f -- discarding/, seen: "" },
});

difference("`--delay-updates --partial-dir=/DIR` with files of one name in several directories", {
  setup: "mkdir -p s/a s/b d; echo 1 >s/a/f; echo 2 >s/b/f",
  run: "-a --no-i-r --delay-updates --partial-dir=$PWD/pd s/ d/",
  look: "cat d/a/f d/b/f; ls -A pd",
  rsync: { status: 23, seen: "2\n" },
  tsync: { status: 0, seen: "1\n2\n" },
});

difference(
  "`--delay-updates --partial-dir=.`, or with an empty name",
  ["--partial-dir=.", "--partial-dir="].map((option) => ({
    setup: "mkdir -p s/a d; echo 1 >s/a/f; echo 2 >s/f",
    run: `-a --delay-updates ${option} s/ d/`,
    look: "cat d/a/f d/f; ls -A d",
    rsync: { status: 12, seen: "1\n2\na\nf\n" },
    tsync: { status: 0, seen: "1\n2\na\nf\n" },
  })),
);

difference("`--delay-updates --partial-dir=../DIR`", {
  setup: "mkdir s d pd; echo 1 >s/f",
  run: "-a --delay-updates --partial-dir=../pd s/ d/",
  look: "ls -A d pd",
  rsync: { status: 23, err: /rename \S+ -> "\.\.\/pd\/f": Invalid argument/, seen: "d:\n\npd:\n" },
  tsync: { status: 23, err: /^Unable to create partial-dir for f/, seen: "d:\n\npd:\n" },
});

difference("a directory with content where a backup goes", [
  {
    setup: "mkdir -p s d bk/f; echo 1 >s/f; echo old >d/f; echo x >bk/f/x",
    run: "-a -b --backup-dir=../bk s/ d/",
    look: "cat bk/f; cat bk/f/x d/f",
    rsync: { status: 0, seen: "old\n1\n" },
    tsync: { status: 11, err: /keep_backup failed/, seen: "x\nold\n" },
  },
  {
    setup: "mkdir -p s d/bk/f; echo 1 >s/f; echo old >d/f; echo x >d/bk/f/x",
    run: "-a -b --backup-dir=bk s/ d/",
    look: "cat d/bk/f; cat d/bk/f/x d/f",
    rsync: { status: 0, seen: "old\n1\n" },
    tsync: { status: 11, err: /keep_backup failed/, seen: "x\nold\n" },
  },
  {
    setup: "mkdir -p s d/bk/f; echo 1 >s/f; echo old >d/f; echo x >d/bk/f/x",
    run: "-a -b --backup-dir=bk --force s/ d/",
    look: "cat d/bk/f; cat d/f",
    tsync: { status: 0, seen: "old\n1\n" },
  },
]);

difference("`-b` without `-l`, a new directory in place of a link in a directory that may not be changed", {
  setup: "mkdir -p s/l d; ln -s b d/l; chown -R 65534 s; chown 0:0 d",
  run: "-rp -b s/ d/",
  look: "readlink d/l",
  nobody: true,
  rsync: { status: 23, err: /failed to set permissions on "\S+\/d\/l"/, seen: "b\n" },
  tsync: { status: 23, err: /failed to stat "\S+\/d\/l": Not a directory/, seen: "b\n" },
});

difference(
  "`-b --inplace --no-W`, `-b --append --no-W` onto a file that its owner may not read",
  ["--inplace", "--append"].map((option) => ({
    setup: "mkdir s d; echo new new >s/f; echo old >d/f; chown -R 65534 .; chmod 200 d/f",
    run: `-a -b ${option} --no-W s/ d/`,
    look: "cat d/f; ls d",
    nobody: true,
    rsync: { status: 0, seen: /^(new new|old\nnew)\nf\n$/ },
    tsync: { status: 23, err: /open "\S+\/d\/f" failed: Permission denied/, seen: "old\nf\n" },
  })),
);

difference(
  "`-b --inplace --no-W`, `-b --append --no-W` with `-g` but not `-p`, a file whose backup cannot get its group",
  ["--inplace", "--append"].map((option) => ({
    setup: "mkdir s d; echo 123456 >s/f; echo 12 >d/f; chown -R 65534 .; chgrp 5 s/f d/f",
    run: `-rg -b ${option} --no-W s/ d/`,
    look: "stat -c %a d/f",
    nobody: true,
    rsync: { status: 23, err: /chgrp "\S+\/d\/f~" failed/, seen: "600\n" },
    tsync: { status: 23, err: /chgrp "\S+\/d\/f~" failed/, seen: "644\n" },
  })),
);

difference("`--write-devices -b` with a character device", {
  setup: "mkdir s d; echo 1 >s/f; mknod d/f c 1 5",
  run: "ulimit -f 1000; $p -a -b --write-devices s/ d/",
  look: "stat -c %s d/f~",
  rsync: { seen: /^[1-9]\d{5}/ },
  tsync: { status: 0, seen: "0\n" },
});

difference("`--write-devices -S`", {
  setup: "mkdir s d; truncate -s 100000 s/f; mknod d/f c 1 3",
  run: "-a -S --write-devices s/ d/",
  rsync: { status: 11, err: /write failed on "\S+\/d\/f": Invalid argument/ },
  tsync: { status: 0, err: "" },
});

difference("a backup of a link or special file that cannot be made", {
  setup: "mkdir s d bk; ln -s a s/l; ln -s b d/l; mkfifo d/m; ln -s x s/m",
  run: "chattr +i bk; $p -a -b --backup-dir=../bk s/ d/; x=$?; chattr -i bk; exit $x",
  look: "readlink d/l d/m",
  rsync: { status: 23, err: /link \S+ -> "b": Operation not permitted/, seen: "a\nx\n" },
  tsync: { status: 23, err: /link \S+ -> "b": Operation not permitted/, seen: "b\n" },
});

difference(
  "a backup on another file system of a link or special file, of a kind that the run does not make (`-b` without `-l`, `-D`)",
  {
    setup: "mkdir s d; echo 1 >s/l; ln -s b d/l",
    run: "B=$(mktemp -d /dev/shm/tsync.XXXXXX); $p -rt -b --backup-dir=$B s/ d/; ls $B; rm -r $B",
    look: "cat d/l",
    rsync: { status: 0, out: /^make_bak: skipping non-regular file l\n(make_bak.*\n)*$/, seen: "1\n" },
    tsync: { status: 0, out: "l\n", seen: "1\n" },
  },
);

difference("a backup directory that cannot be made, or lacks a directory that cannot be made", [
  {
    setup: "mkdir s d; echo 1 >s/f; echo old >d/f; ln -s a s/l; ln -s b d/l; chown -R 65534 s d; chown 0:0 .",
    run: "-a -b --inplace --no-W --backup-dir=../bk s/ d/",
    look: "cat d/f; readlink d/l",
    nobody: true,
    rsync: { status: 0, err: "", seen: "old\nb\n" },
    tsync: { status: 23, err: /backup mkdir \.\.\/bk failed/, seen: "old\nb\n" },
  },
  {
    setup: "mkdir s d; echo 1 >s/f; echo old >d/f; chown -R 65534 s d; chown 0:0 .",
    run: "-a -b --backup-dir=../bk s/ d/",
    look: "cat d/f",
    nobody: true,
    rsync: { status: 11, err: /^rsync error: .*\n$/, seen: "old\n" },
    tsync: { status: 11, err: /^.*backup mkdir \.\.\/bk failed.*\nrsync error: .*\n$/, seen: "old\n" },
  },
]);

difference("`--ignore-existing` with a symbolic link where the source has a directory", [
  {
    setup: "mkdir -p s/x d/out; echo 1 >s/x/f; ln -s out d/x",
    run: "-r --ignore-existing s/ d/",
    look: "ls d/out",
    rsync: { status: 0, seen: "f\n" },
    tsync: { status: 0, seen: "" },
  },
  {
    setup: "mkdir -p s/x d; echo 1 >s/x/f; ln -s nothing d/x",
    run: "-r --ignore-existing s/ d/",
    look: "ls d/nothing 2>/dev/null",
    rsync: { status: 23, seen: "" },
    tsync: { status: 0, seen: "" },
  },
  {
    setup: "mkdir -p s/x d; echo 1 >s/x/f; ln -s . d/x; echo 1 >s/old; echo 2 >d/old",
    run: "-r --ignore-existing --delete s/ d/",
    look: "ls d",
    rsync: { status: 23, seen: "old\n" },
    tsync: { status: 0, seen: "old\nx\n" },
  },
]);

// What is at the name of the file while the other file system is read: never nothing.
difference("`--temp-dir` or `--partial-dir` on another file system", {
  setup: "mkdir s d; seq 100000 >s/f; echo old >d/f",
  run: `T=$(mktemp -d /dev/shm/tsync.XXXXXX)
strace -f -s 200 -o trace -e trace=unlink,unlinkat,rename,renameat,renameat2 $p -a --temp-dir=$T s/ d/; x=$?; rm -r $T; exit $x`,
  look: `sed -nE 's/^[0-9]+ +([a-z]+)\\(.*"([^"]*)".*\\) += 0$/\\1 \\2/p' trace | grep -E '^(unlink|unlinkat|rename|renameat|renameat2) (.*\\/)?f$'`,
  rsync: { status: 0, seen: /^unlink(at)? f\n/ },
  tsync: { status: 0, seen: /^rename(at2?)? f\n$/ },
});

difference("`--delete-missing-args` with merge files in the destination that protect", {
  setup: "mkdir s d; echo 1 >s/f; echo 2 >d/gone; echo 'P gone' >d/.rules",
  run: "-ti --filter=:_.rules --delete-missing-args s/gone s/f d/",
  look: "ls d",
  rsync: { status: 0, out: /^\*deleting {3}gone$/m, seen: "f\n" },
  tsync: { status: 0, out: ">f+++++++++ f\n", seen: "f\ngone\n" },
});

difference("`-A --backup-dir`, a directory without an ACL below one that has one", {
  setup: `mkdir -p d/p/a/b d/p/z; ln -s x d/p/a/b/f; setfacl -m u:2:rwx d/p/a; setfacl -m u:3:rwx d/p/z
    cp -a d s; rm s/p/a/b/f; mkdir s/p/a/b/f`,
  run: "-rA --backup-dir=../bk s/ d/",
  look: "getfacl -nc bk/p/a/b | grep user:2",
  rsync: { status: 0, seen: "user:2:rwx\t#effective:r-x\n" },
  tsync: { status: 0, seen: "" },
});

difference("`-A --backup-dir`, directories with three or more different default ACLs", {
  setup: `mkdir -p s/a/g s/b; setfacl -d -m g:2:r s; setfacl -d -m g:3:r s/b; setfacl -d -m g:4:r s/a/g
    cp -a s d; touch d/a/g/x`,
  run: "-aA --delete-after --backup-dir=../bk s/ d/",
  look: "getfacl -dnc bk/a/g | grep group:4",
  rsync: { status: 0, seen: "" },
  tsync: { status: 0, seen: "group:4:r--\n" },
});

difference("`--temp-dir` names a directory of the transfer (`--temp-dir=.`): its time", {
  setup: "mkdir -p s/a d; echo 1 >s/a/f; touch -d @1500000000 s/a s",
  run: "-a --temp-dir=. s/ d/",
  look: "[ $(stat -c %Y d) -gt 1600000000 ] && stat -c %Y d/a",
  tsync: { status: 0, seen: "1500000000\n" },
});

difference(
  "`-R --no-implied-dirs` under incremental recursion, a directory of the source in which a parent is made later",
  {
    setup: "mkdir -p s/a x/y d; echo 1 >s/a/f; echo 1 >x/y/g; touch -d @1500000000 s s/a",
    run: "-rtR --no-implied-dirs s/./ x/y/g d/",
    look: "date -r d +%s; cat d/x/y/g",
    rsync: { status: 0, err: "", seen: /^1[6-9]\d{8}\n1\n$/ },
    tsync: { status: 0, err: "", seen: "1500000000\n1\n" },
  },
);
