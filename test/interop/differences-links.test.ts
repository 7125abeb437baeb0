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
  "`-X` with `--copy-dest` or `--link-dest`, a file with a capability that is copied from there and changes its owner",
  {
    setup: `mkdir s alt d; echo 1 >s/f; cp -a s/f alt/f; chown 1:1 s/f; ${capability} s/f; ${capability} alt/f`,
    run: "-aX --copy-dest=../alt s/ d/",
    look: "getfattr --absolute-names -n security.capability d/f",
    rsync: { status: 0, seen: "" },
    tsync: { status: 0, seen: /security\.capability=/ },
  },
);

difference("`-H` with a group whose last place is taken by a directory that may not go", {
  setup: "mkdir -p s d/c; echo 1 >s/a; ln s/a s/b; ln s/a s/c; echo x >d/c/x",
  run: "-aH --no-i-r s/ d/",
  look: "ls d; [ d/a -ef d/b ] && echo linked",
  rsync: { status: 23, seen: "c\n" },
  tsync: { status: 23, seen: "a\nb\nc\nlinked\n" },
});

difference("`-X` with a rule for attributes, `-vv`", {
  setup: "mkdir s d; echo 1 >s/f; setfattr -n user.a -v 1 s/f; setfattr -n user.b -v 1 s/f",
  run: "-aXvv --filter='-x user.a' s/ d/",
  look: "getfattr -d d/f",
  rsync: { status: 0, out: /user\.a/, seen: '# file: d/f\nuser.b="1"\n\n' },
  tsync: { status: 0, out: /^((?!user\.a).)*$/s, seen: '# file: d/f\nuser.b="1"\n\n' },
});

difference("`-H` with a member whose place is taken, under incremental recursion", {
  setup: "mkdir s d; echo 1 >s/a; ln s/a s/b; ln s/a s/c; mkdir d/c; echo x >d/c/x",
  run: "-aH s/ d/",
  look: "ls d; [ d/a -ef d/b ] && echo linked",
  patience: 1,
  rsync: { status: 124, seen: "c\n" },
  tsync: { status: 23, err: /^could not make way for new regular file: c\nrsync error/, seen: "a\nb\nc\nlinked\n" },
});

difference("`-A`: a new directory with an ACL whose group entry equals the mask, and with set-id or sticky bits", {
  setup: "mkdir -p s/z d; chmod 3775 s/z; setfacl -m u:1:rwx,g::rwx,m::rwx s/z",
  run: "-aA s/ d/; getfacl -c d/z | grep ^group; $p -aAi s/ d/",
  rsync: { status: 0, out: "group::---\n.d.......a. z/\n" },
  tsync: { status: 0, out: "group::rwx\n" },
});
