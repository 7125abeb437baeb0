/** Rows of docs/differences.md about hard links and attributes. Needs root. */
import { difference } from "../support/difference.ts";

const capability = "setfattr -n security.capability -v 0sAQAAAgAgAAAAAAAAAAAAAAAAAAA=";

difference(
  "`--inplace` or `--append` with `--backup-dir=../DIR`",
  ["--inplace", "--append --no-W"].map((option) => ({
    setup: "mkdir s d; echo new file >s/f; echo old >d/f; chmod 640 d/f; touch -d @1500000000 d/f",
    run: `-a ${option} --backup-dir=../bk s/ d/`,
    look: "stat -c '%a %Y' bk/f; cat bk/f",
    rsync: { status: 23, err: /d\/\.\.\/bk\/f" failed: Invalid argument \(22\)/, seen: /^600 \d+\nold\n$/ },
    tsync: { status: 0, seen: "640 1500000000\nold\n" },
  })),
);

difference(
  "`--fake-super --backup-dir=../DIR` as an ordinary user, a file of somebody else in the place of a link or special file",
  {
    setup: `mkdir s d; ln -s newer s/l; echo old >d/l; setfattr -n user.rsync.%stat -v '120755 0,0 0:0' d/l
touch -d @1500000000 d/l; chown -hR 65534 . ; chown 1 d/l`,
    nobody: true,
    run: "-ab --fake-super --backup-dir=../bk s/ d/",
    look: "test $(stat -c %Y bk/l) = 1500000000 && echo same; cat bk/l",
    rsync: { status: 23, err: /d\/\.\.\/bk\/l": Invalid argument \(22\)/, seen: "old\n" },
    tsync: { status: 0, seen: "same\nold\n" },
  },
);

difference(
  "`-X` with `--copy-dest` or `--link-dest`, a file with a capability that is copied from there and changes its owner",
  {
    setup: `mkdir s alt d; echo 1 >s/f; cp -a s/f alt/f; chown 1:1 s/f; ${capability} s/f; ${capability} alt/f`,
    run: "-aX --copy-dest=../alt s/ d/",
    look: "getfattr --absolute-names -n security.capability d/f",
    rsync: { status: 0, seen: "" },
    tsync: { status: 0, seen: /security\.capability=/ },
  },
);

difference(
  "`-X -b`, a file with a capability and another owner, whose backup is a copy (`--inplace`, `--append`, another file system)",
  ["--inplace --no-W", "--append-verify --no-W"].map((options) => ({
    setup: `mkdir s d; echo 1 >d/f; (cat d/f; echo 2) >s/f; chown 1:1 s/f d/f; ${capability} s/f; ${capability} d/f`,
    run: `-acXb ${options} s/ d/`,
    look: "getfattr --absolute-names -n security.capability d/f~",
    rsync: { status: 0, seen: "" },
    tsync: { status: 0, seen: /security\.capability=/ },
  })),
);

difference("`-H` with a group whose last place is taken by a directory that may not go", {
  setup: "mkdir -p s d/c; echo 1 >s/a; ln s/a s/b; ln s/a s/c; echo x >d/c/x",
  run: "-aH --no-i-r s/ d/",
  look: "ls d; [ d/a -ef d/b ] && echo linked",
  rsync: { status: 23, seen: "c\n" },
  tsync: { status: 23, seen: "a\nb\nc\nlinked\n" },
});

difference("`-H` with a member whose place is taken", [
  {
    setup: "mkdir s d; echo 1 >s/a; ln s/a s/b; ln s/a s/c; mkdir d/c; echo x >d/c/x",
    run: "-aH s/ d/",
    look: "ls d; [ d/a -ef d/b ] && echo linked",
    patience: 1,
    rsync: { status: 124, seen: "c\n" },
    tsync: { status: 23, err: /^could not make way for new regular file: c\nrsync error/, seen: "a\nb\nc\nlinked\n" },
  },
  {
    setup: "mkdir -p s d/b; echo 1 >s/a; ln s/a s/b; ln s/a s/c; echo x >d/b/x; cp -a s/a d/",
    run: "-aH s/ d/",
    look: "ls d; [ d/a -ef d/c ] && echo linked",
    rsync: {
      status: 13,
      err: /^(could not make way .*\n){2}Hlink node data for 2 already has path=a \(a\)\n/,
    },
    tsync: { status: 23, err: /^could not make way for new regular file: b\nrsync error/, seen: "a\nb\nc\nlinked\n" },
  },
  {
    setup: `mkdir -p s/a s/b s/c d/a d/b d/c; echo 1 >s/a/f; ln s/a/f s/b/g; ln s/a/f s/c/h; echo old | tee d/a/f d/b/g d/c/h >d/x
    chmod 555 s/b d/b; cp -p s/a/f d/a/f; chown -R 65534 s d; chown 5 s/b d/b`,
    run: "-rtH s/ d/",
    look: "[ d/a/f -ef d/c/h ] && echo linked",
    nobody: true,
    rsync: { status: 2, err: /link "\S+" => a\/f failed: Permission denied/ },
    tsync: { status: 23, err: /link "\S+" => a\/f failed: Permission denied/, seen: "linked\n" },
  },
  {
    setup: "mkdir -p s/b/c s/z d/f d/z; echo 1 >s/f; ln s/f s/b/c/f; ln s/f s/z/f; echo x >d/f/x; echo old >d/z/f",
    run: "-aH s/ d/",
    look: "[ d/b/c/f -ef d/z/f ] && echo linked",
    rsync: { status: 23, err: /^could not make way for new regular file: f\nrsync error/, seen: "linked\n" },
    tsync: { status: 23, err: /^(could not make way for new regular file: f\n){2}rsync error/, seen: "linked\n" },
  },
]);

difference("`-A`: a new directory with an ACL whose group entry equals the mask, and with set-id or sticky bits", {
  setup: "mkdir -p s/z d; chmod 3775 s/z; setfacl -m u:1:rwx,g::rwx,m::rwx s/z",
  run: "-aA s/ d/; getfacl -c d/z | grep ^group; $p -aAi s/ d/",
  rsync: { status: 0, out: "group::---\n.d.......a. z/\n" },
  tsync: { status: 0, out: "group::rwx\n" },
});

difference("`-A -H` with another name of a file or special file in the place of a directory", {
  setup:
    "mkdir s d; mkfifo s/p; ln s/p s/q; mkdir d/q d/g; setfacl -m u:1:rw s/p; echo 1 >s/f; ln s/f s/g; cp -a s/f d/",
  run: "-aAHi s/ d/",
  look: "[ d/p -ef d/q ] && [ d/f -ef d/g ] && echo linked",
  rsync: {
    ...{ status: 23, out: /^hf\.s\.p\.\.\.a\. g => f$/m, seen: "linked\n" },
    err: /\(g, ACL_TYPE_DEFAULT\): Permission denied[\s\S]*get_acl: sys_acl_get_file\(q, ACL_TYPE_DEFAULT\): Permission denied/,
  },
  tsync: { status: 0, out: /^hf\.s\.p\.\.\.\.\. g => f$/m, err: "", seen: "linked\n" },
});

difference("`-A` as an ordinary user, below the top something of one's own that one may not read", {
  setup:
    "mkdir -p s/q d/q; for x in s d; do mkfifo $x/q/p; done; setfacl -m u:1:rw,g::- s/q/p; chmod 0 d/q/p; chown -R 65534 .",
  run: "-aA s/ d/",
  look: "getfacl -cE d/q/p",
  nobody: true,
  rsync: { status: 0, seen: "user::rw-\ngroup::rw-\nother::r--\n\n" },
  tsync: { status: 0, seen: "user::rw-\nuser:daemon:rw-\ngroup::---\nmask::rw-\nother::r--\n\n" },
});

difference("`-A` as an ordinary user, a new directory of mode 0000 below one that has a default ACL", {
  setup: "mkdir -p s/n/x d; setfacl -dm u::rx,u:1:r s/n; setfacl -bk s/n/x; chmod 0 s/n/x; chown -R 65534 .",
  run: "-aA s/ d/",
  look: "getfacl -cE d/n/x | grep daemon",
  nobody: true,
  rsync: { status: 23, seen: "user:daemon:r--\ndefault:user:daemon:r--\n" },
  tsync: { status: 23, seen: "" },
});

difference(
  "`-X` with `--copy-dest`, `--link-dest` or `--compare-dest`, as an ordinary user: a new directory that one of these has, of which either may not be read or the new one not be written to",
  [
    {
      setup: "mkdir -p s/n alt d; setfattr -n user.a -v 1 s/n; chmod 555 s/n; cp -a s/n alt/; chown -R 65534 .",
      run: "-aX --link-dest=../alt s/ d/",
      look: "getfattr --only-values -n user.a d/n 2>/dev/null",
      nobody: true,
      rsync: { status: 23, err: /copy_xattrs: fsetxattr[^\n]* Permission denied/, seen: "" },
      tsync: { status: 0, err: "", seen: "1" },
    },
    {
      setup: "mkdir -p s/n alt/n d; setfattr -n user.a -v 1 s/n; chmod 700 alt/n; chown -R 65534 .; chown 0 alt/n",
      run: "-aX --compare-dest=../alt s/ d/",
      look: "getfattr --only-values -n user.a d/n",
      nobody: true,
      rsync: { status: 23, err: /gen_entry_copy_xattrs: [^\n]* Permission denied/, seen: "1" },
      tsync: { status: 0, err: "", seen: "1" },
    },
  ],
);

difference("`--chmod` that closes new directories, as an ordinary user", [
  {
    setup: "mkdir -p s/n/m d; echo 1 >s/n/f; echo 2 >s/n/m/g; chown -R 65534 .",
    run: "-r --chmod==r s/ d/",
    look: "stat -c '%n %a' d/n d/n/m",
    nobody: true,
    rsync: { status: 0, seen: "d/n 444\nd/n/m 744\n" },
    tsync: { status: 0, seen: "d/n 444\nd/n/m 444\n" },
  },
  {
    setup: "mkdir -p s/n/m d; echo 2 >s/n/m/g; chown -R 65534 .",
    run: "-rp --chmod=Du-wx s/n d/",
    look: "cat d/n/m/g",
    nobody: true,
    tsync: { status: 0, seen: "2\n" },
  },
]);

difference("`-H` with a linked file that cannot be received, and others of its names", [
  {
    setup: `mkdir -p s/a s/b d/a d/b; echo new >s/a/f; ln s/a/f s/b/g; echo older >d/a/f; echo older >d/b/g
    chown -R 65534 s d; chown 0 d/a s/a`,
    run: "-rtH --no-i-r s/ d/",
    look: "cat d/a/f d/b/g",
    nobody: true,
    rsync: { status: 23, err: /mkstemp/, seen: "older\nolder\n" },
    tsync: { status: 23, err: /mkstemp/, seen: "older\nnew\n" },
  },
  ...["", "--inplace"].map((option) => ({
    setup: `mkdir -p s/a s/b d; echo new >s/a/f; ln s/a/f s/b/f; setfattr -n user.a -v 1 s/b; chown -R 65534 s d; chmod 555 s/b`,
    run: `-rtpHX ${option} --no-i-r s/ d/`,
    look: "find d -type f",
    nobody: true,
    rsync: { status: 23, err: /\[receiver\] \w+ "\S+\/d\/b\/\S*f\S*" failed/, seen: "" },
    tsync: { status: 23, err: /\[receiver\] \w+ "\S+\/d\/b\/\S*f\S*" failed/, seen: "d/a/f\n" },
  })),
  // Another name stands there as a large file that is compared by its digest; here rsync may not come to its end.
  ...["s/ d/", "--no-i-r -e $rsh --rsync-path=$p h:$PWD/s/ d/", "-e $rsh --rsync-path=$p h:$PWD/s/ d/"].map((ends) => ({
    setup: `mkdir -p s/a s/b d/a d/b; seq 8000000 >s/a/f; ln s/a/f s/b/f; tail -c +2 s/a/f >d/a/f; echo >>d/a/f; sed 's/^77$/78/' s/a/f >d/b/f
    touch -d 2001-01-01 d/?/f; chown -R 65534 s d; chown 0 d/a`,
    run: `-rlHtc ${ends}`,
    look: "cmp s/b/f d/b/f && echo same",
    nobody: true,
    tsync: { status: 23, err: /mkstemp/, seen: "same\n" },
  })),
  // Very many names.
  ...[29, 31].map((protocol) => ({
    setup: `mkdir -p s/1 d; echo new >s/1/f; for i in $(seq 55); do ln s/1/f s/1/$i; done; for i in $(seq 2 55); do cp -al s/1 s/$i; done
    cp -a s/. d; rm d/*/*; chown -R 65534 s`,
    run: `-rlHt --protocol=${protocol} -e $rsh --rsync-path=$p h:$PWD/s/ d/ 2>&1 | grep -c mkstemp`,
    nobody: true,
    tsync: { status: 0, out: protocol < 30 ? "1\n" : "3080\n" },
  })),
  // The place for temporary files is deleted.
  ...[32, 30].map((protocol) => ({
    setup: "mkdir -p s/a s/b s/c d/.tmp; echo new >s/a/f; ln s/a/f s/b/f; ln s/a/f s/c/f; ln s/a/f s/f",
    run: `-aH --delete-before -T .tmp --protocol=${protocol} -e $rsh --rsync-path=$p s/ h:$PWD/d/ 2>&1 | grep -c mkstemp`,
    look: "find d -type f",
    rsync: { status: 0, out: "1\n", seen: "" },
    tsync: { status: 0, out: "4\n", seen: "" },
  })),
  // One that cannot be sent, with a basis by --fuzzy.
  {
    setup: "mkdir -p s/a d; mknod s/b c 240 0; ln s/b s/a/x; cp -a s/. d; echo 1 >d/b1",
    run: "-aHy --no-i-r --copy-devices s/ d/",
    look: "ls d/a",
    rsync: {
      status: 23,
      err: /^rsync: \[sender\] send_files failed to open "\S+\/s\/b": No such device.*\n.*error/,
      seen: "x\n",
    },
    tsync: { status: 23, err: /send_files failed to open "\S+\/s\/a\/x": No such device/, seen: "" },
  },
]);

difference("`-A -R` as an ordinary user, an argument `DIR/` that may not be searched", {
  setup: "mkdir -p s/n d; setfacl -m u:1:r s/n; chmod 0 s/n; chown -R 65534 .",
  run: "-aAR s/n/ d/",
  look: "getfacl -cE d/s/n | grep daemon",
  nobody: true,
  rsync: { status: 23, seen: "" },
  tsync: { status: 23, seen: "user:daemon:r--\n" },
});

difference("`--inplace`, `--append` onto files of the destination that are links of one file but not in the source", [
  {
    setup: "mkdir s d; seq 2000 >s/a; seq 5000 -1 3000 >s/b; echo x >d/a; ln d/a d/b",
    run: "-r --inplace --no-W s/ d/",
    look: "cmp s/b d/b && [ d/a -ef d/b ] && echo last",
    tsync: { status: 0, seen: "last\n" },
  },
  {
    // Equal in the source: the second is up to date as soon as the first is here.
    setup: "mkdir s d; echo new >s/a; cp -p s/a s/b; echo old >d/a; ln d/a d/b; touch -d @1500000000 d/a",
    run: "-rt -b --inplace --no-W --remove-source-files s/ d/",
    look: "ls s | grep -v b; cat d/a~ d/a d/b",
    tsync: { status: 0, seen: "old\nnew\nnew\n" },
  },
  ...["2000", "20"].map((lines) => ({
    setup: `mkdir s d; seq ${lines} >s/a; seq 500 -1 1 >s/b; printf x >d/a; ln d/a d/b`,
    run: "-r --append s/ d/",
    look: "cmp -i 1 s/b d/b && [ d/a -ef d/b ] && echo last",
    tsync: { status: 0, seen: "last\n" },
  })),
]);

difference(
  "`-b --inplace` without `-H`, onto files of the destination that are links of one file but not in the source",
  {
    setup: "mkdir s d; seq 2000 >s/a; seq 5000 -1 3000 >s/b; echo x >d/a; ln d/a d/b",
    run: "-r -b --inplace --no-W s/ d/",
    look: "cmp s/b d/b && [ d/a -ef d/b ] && cat d/a~",
    tsync: { status: 0, seen: "x\n" },
  },
);

const attributeOnly = `mkdir s d; echo 1 >s/f; cp -p s/f d/f; setfattr -n user.a -v ${"1".repeat(60)} s/f; touch -d @1500000000 s/f d/f`;
const lookAtAttribute = { look: "getfattr --only-values -n user.a d/f 2>/dev/null; ls s" };

difference("`-X --remove-source-files` with `-H`, or where only long attributes differ", [
  {
    setup: `mkdir s d; echo 1 >s/f; ln s/f s/g; ln s/f s/h; setfattr -n user.a -v ${"1".repeat(60)} s/f`,
    run: "-aHX --remove-source-files s/ d/",
    look: "getfattr --only-values -n user.a d/h; ls s",
    tsync: { status: 0, err: "", seen: "1".repeat(60) },
  },
  ...["s/ d/", "-e $rsh --rsync-path=rsync h:$PWD/s/ d/", "-e $rsh --rsync-path=$p s/ h:$PWD/d/"].map((operands) => ({
    setup: attributeOnly,
    run: `-aX --remove-source-files ${operands}`,
    ...lookAtAttribute,
    rsync: { status: 23, err: /^failed to re-read xattr user\.a for f$/m, seen: "" },
    tsync: { status: 0, err: "", seen: "1".repeat(60) },
  })),
]);

difference(
  "`-H` without `-l` or `-D`, under incremental recursion: names of a link or special file of which the last stays as `--ignore-existing` or `--existing` says",
  {
    setup: "mkdir -p s/x s/z d/x d/z; ln -s q s/x/l; ln s/x/l s/z/l; ln -s q d/z/l",
    run: "-rH --ignore-existing s/ d/",
    patience: 3,
    rsync: { status: 124 },
    tsync: { status: 0, out: 'skipping non-regular file "x/l"\n' },
  },
);

difference(
  "`-n -H` under incremental recursion, three or more names of a link or special file, or of a file that `--copy-dest` has, in a directory that is to take the place of something else",
  [
    {
      setup: "mkdir -p s/x d; mkfifo s/x/p; ln s/x/p s/x/q; ln s/x/p s/x/r; echo 1 >d/x",
      run: "-anHi s/ d/",
      rsync: { status: 13, err: /stat "\S+\/d\/x\/p" failed: Not a directory .*\nHlink node data for/ },
      tsync: { status: 23, err: /^(?:.*stat "\S+\/d\/x\/p" failed: Not a directory \(20\)\n){2}rsync error/ },
    },
    {
      setup: "mkdir -p s/x alt d; echo 1 >s/x/p; ln s/x/p s/x/q; ln s/x/p s/x/r; cp -a s/x alt/; echo 1 >d/x",
      run: "-anHi --copy-dest=../alt s/ d/",
      rsync: { status: 13, err: /stat "\S+\/d\/x\/p" failed: Not a directory .*\nHlink node data for/ },
      tsync: { status: 23, err: /^(?:.*stat "\S+\/d\/x\/p" failed: Not a directory \(20\)\n){2}rsync error/ },
    },
  ],
);

difference(
  "`--append-verify -H` with names of a file of which the first is missing and another has an old part that differs",
  [
    {
      setup: `mkdir -p s/a s/b s/c d/b d/c; seq 3000 >s/a/f; ln s/a/f s/b/g; ln s/a/f s/c/h
        seq 2 1000 >d/b/g; ln d/b/g d/c/h`,
      run: "-aH --append-verify --no-i-r s/ d/",
      look: "for f in d/*/*; do echo $f; cmp s/a/f $f; done",
      rsync: { status: 0, seen: /^d\/b\/g\n.* differ: byte 1, line 1\nd\/c\/h\n/ },
      tsync: { status: 0, seen: "d/a/f\nd/b/g\nd/c/h\n" },
    },
    {
      setup: "mkdir -p s/a s/b d/b; seq 3000 >s/a/f; ln s/a/f s/b/g; seq 2 1000 >d/b/g",
      run: "-aH --append-verify --no-i-r s/ d/",
      look: "for f in d/*/*; do echo $f; cmp s/a/f $f; done",
      rsync: { status: 2 },
      tsync: { status: 0, seen: "d/a/f\nd/b/g\n" },
    },
  ],
);

difference("`--delete-before`, `--delete-after` with merge files, and a wrong rule behind a link of the destination", {
  setup: "mkdir -p s out d; ln -s ../out s/l; cp -P s/l d/l; echo foo >out/.rsync-filter; touch d/x",
  run: "-aF --delete-after s/ d/",
  look: "ls d",
  rsync: { status: 1, err: /^Unknown filter rule: <rule from \S+\/d\/l\/.rsync-filter line 1>\n/, seen: /^l\n/ },
  tsync: { status: 0, err: "", seen: "l\n" },
});

difference("`-X` without `-H`, further names of a file whose attributes change", {
  setup: `mkdir s; echo 1 >s/a; ln s/a s/b; setcap cap_chown+ep s/a; echo 1 >s/c; ln s/c s/d; cp -a s d; chgrp 1 s/a
    setcap cap_chown+ep s/a; setfattr -n user.a -v 1 s/c`,
  run: "-aXi s/ d/",
  look: "getcap d/a d/b; getfattr --only-values -n user.a d/d",
  tsync: {
    ...{ status: 0, out: ".f.....g..x a\n.f........x b\n.f........x c\n.f........x d\n" },
    seen: "d/a cap_chown=ep\nd/b cap_chown=ep\n1",
  },
});

difference(
  "`-H --existing` with a file of several names in the place of a directory, whose other names are not there",
  {
    setup: "mkdir -p s/z d/f; echo 1 >s/f; ln s/f s/z/g; echo 2 >d/f/x",
    run: "-aH --existing --delete-after s/ d/",
    look: "ls d; cat d/f",
    rsync: { status: 0, seen: "" },
    tsync: { status: 0, seen: "f\n1\n" },
  },
);
