/** Rows of docs/differences.md about --compare-dest, --copy-dest, --link-dest and --fuzzy. Needs root. */
import { difference } from "../support/difference.ts";

difference("links within the tree of `--compare-dest`, `--copy-dest`, `--link-dest`", {
  setup: "mkdir -p s/dir alt other d; echo 1 >s/dir/f; cp -a s/dir/f other/f; ln -s ../other alt/dir",
  run: "-a --link-dest=../alt s/ d/",
  look: "[ d/dir/f -ef other/f ] && echo linked; cat d/dir/f",
  rsync: { status: 0, seen: "linked\n1\n" },
  tsync: { status: 0, seen: "1\n" },
});

difference("`--compare-dest -H` with some members of a group there and not others", {
  setup: "mkdir s d alt; echo 1 >s/a; ln s/a s/b; cp -a s/b alt/",
  run: "-aH --no-i-r --compare-dest=../alt s/ d/",
  look: "ls d",
  rsync: { status: 0, seen: "" },
  tsync: { status: 0, seen: "a\nb\n" },
});

const longValue = "1".repeat(60);

difference(
  "`-X` with `--compare-dest`, `--copy-dest` or `--link-dest`, for links and special files that one of these has with other attributes",
  {
    setup: `mkdir s alt d; ln -s x s/l; setfattr -h -n trusted.x -v ${longValue} s/l; cp -a s/. alt/; setfattr -h -n trusted.y -v 2 alt/l`,
    run: "-aX --copy-dest=../alt s/ d/",
    look: "getfattr -h -n trusted.x --only-values d/l",
    rsync: { seen: "" },
    tsync: { status: 0, seen: longValue },
  },
);

difference("`-A` or `-X` with `--compare-dest`, a file that is there and cannot be removed", {
  setup:
    "mkdir -p s/w alt d; echo 1 >s/w/f; cp -a s/w alt/; cp -a s/w d/; setfattr -n user.a -v 1 d/w/f; chown -R 65534:65534 s alt d; chown 0:0 d/w",
  run: "-rtX --compare-dest=../alt s/ d/",
  look: "getfattr --only-values -d d/w/f",
  nobody: true,
  rsync: { status: 0, seen: "1" },
  tsync: { status: 0, seen: "" },
});

difference("`-n -X` with `--copy-dest` or `--link-dest`, for directories that one of these has", {
  setup: "mkdir -p s/z alt d; setfattr -n user.a -v 1 s/z; cp -a s/. alt/",
  run: "-anX --link-dest=../alt s/ d/",
  rsync: { status: 23, err: /gen_entry_copy_xattrs: .* No such file or directory/ },
  tsync: { status: 0, err: "" },
});

difference(
  "`--append`, `--append-verify` when the shorter file is found by `--fuzzy` or in a directory of `--compare-dest`, `--copy-dest`, `--link-dest`",
  [
    ...["--append", "--append-verify"].map((option) => ({
      setup: "mkdir s d alt; seq 9 >alt/f; seq 20 >s/f",
      run: `-a ${option} --copy-dest=../alt s/ d/`,
      look: "od -An -tx1 -N4 d/f; tail -1 d/f",
      rsync: { status: 0, seen: " 00 00 00 00\n20\n" },
      tsync: { status: 0, seen: " 31 0a 32 0a\n20\n" },
    })),
    {
      setup: "mkdir s d alt; seq 30 >alt/f; seq 20 >s/f",
      run: "-a --append --copy-dest=../alt s/ d/",
      look: "ls d",
      rsync: { status: 0, seen: "" },
      tsync: { status: 0, seen: "f\n" },
    },
    {
      setup: "mkdir s d alt; echo x >alt/f; seq 20 >s/f",
      run: "-ai --append-verify --copy-dest=../alt s/ d/",
      look: "cmp s/f d/f && tail -1 d/f",
      rsync: { status: 0, err: /f failed verification -- update retained/, seen: "20\n" },
      tsync: { status: 0, err: "", seen: "20\n" },
    },
  ],
);

difference("`--link-dest` with an equal file that may be neither linked nor read, and one at the destination", {
  setup: `mkdir s alt d; echo new >s/f; cp -a s/f alt; chown 65534 s s/f d; chmod 400 s/f alt/f; echo old >d/f
chown 65534 d/f; chmod 644 s/f; chmod 600 alt/f; touch -r s/f alt/f`,
  run: "-rlt --link-dest=../alt s/ d/",
  look: "cat d/f",
  nobody: true,
  rsync: { status: 23, err: /open "\S+\/alt\/f": Permission denied/, seen: "" },
  tsync: { status: 23, err: /open "\S+\/alt\/f": Permission denied/, seen: "old\n" },
});

difference(
  "`-H -X` with two or more of `--compare-dest` or `--copy-dest`, further names of a file that one of these has with other attributes",
  ["copy", "compare"].map((kind) => ({
    setup: "mkdir -p s/d alt d; echo 1 >s/a; ln s/a s/d/l; cp -a s/. alt; chmod 600 alt/a",
    run: `-aHX --${kind}-dest=../alt --${kind}-dest=../none s/ d/`,
    look: "[ d/a -ef d/d/l ] && echo linked",
    rsync: { status: 23, err: /llistxattr\("\S+\/none\/d\/l",\d+\) failed: No such file/, seen: "linked\n" },
    tsync: { status: 0, seen: "linked\n" },
  })),
);
