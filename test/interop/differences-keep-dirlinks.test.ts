/** Rows of docs/differences.md about --keep-dirlinks. Needs root. */
import { difference } from "../support/difference.ts";

const setup = "mkdir -p s/l d out; echo 1 >s/l/f; ln -s ../out d/l";

difference("`--keep-dirlinks --delete` with a link that leads out of the destination", {
  setup: `${setup}; echo 1 >out/x`,
  run: "-aK --delete s/ d/",
  look: "ls out",
  rsync: { status: 23, err: /delete_file: unlink\(l\/x\) failed: Too many levels/, seen: "x\n" },
  tsync: { status: 23, err: /opendir "\S+\/d\/l" failed: Too many levels/, seen: "x\n" },
});

difference("`--keep-dirlinks -H` with a link that leads out, and a linked file behind it", {
  setup: `${setup}; ln s/l/f s/l/g; ln s/l/f s/z; ln s/l/f s/y`,
  run: "-aHK s/ d/",
  look: "ls d out",
  patience: 1,
  rsync: { status: 124 },
  tsync: { status: 23, err: /failed to stat "\S+\/d\/l\/g".*\n.*\/d\/l\/f"/, seen: "d:\nl\ny\nz\n\nout:\n" },
});

difference("`--keep-dirlinks` with a link that leads out, and `--link-dest -H`", {
  setup: `${setup}; ln s/l/f s/l/g; mkdir alt; cp -a s/. alt/`,
  run: "-aHK --link-dest=../alt s/ d/",
  look: "ls out",
  rsync: { status: 23, seen: "f\n" },
  tsync: { status: 23, seen: "" },
});

difference("`--keep-dirlinks --backup-dir` with files behind a link", [
  {
    setup: "mkdir -p s/l d/r; echo 1 >s/l/f; echo old >d/r/f; ln -s r d/l; chmod 755 s/l d/r",
    run: "-aK -b --backup-dir=bk s/ d/",
    look: "stat -c %a d/bk/l; cat d/bk/l/f",
    rsync: { status: 0, seen: "777\nold\n" },
    tsync: { status: 0, seen: "755\nold\n" },
  },
  {
    setup: "mkdir -p s/l d/r; echo 1 >s/l/f; echo old >d/r/f; chmod 700 d/r; ln -s r d/l; touch -h -d @1500000000 d/l",
    run: "-rltK --backup-dir=../bk s/ d/",
    look: "stat -c %a bk/l; cat bk/l/f",
    rsync: { status: 23, err: /failed to set times on "\S+\/bk\/l": Invalid argument \(22\)/, seen: "755\nold\n" },
    tsync: { status: 0, err: "", seen: "700\nold\n" },
  },
]);

difference("`--keep-dirlinks -b` with a file behind a link of somebody else", {
  setup: "mkdir -p s/l d/m; echo new >s/l/f; echo former >d/m/f; ln -s m d/l; chown -h 1 d/l",
  run: "-rlK -b s/ d/",
  look: "cat d/m/*",
  rsync: { status: 0, err: /^refusing to follow a symlink/, seen: "new\n" },
  tsync: { status: 0, err: "", seen: "new\nformer\n" },
});

difference(
  "`--keep-dirlinks --fuzzy` with a similar file behind a link of somebody else, of which blocks are found in the source",
  {
    setup: "mkdir -p s/l d/m; seq 2000 >s/l/f; seq 2 2000 >d/m/f; seq 3 3000 >s/l/g; ln -s m d/l; chown -h 1 d/l",
    run: "-rlptK -y --no-W s/ d/",
    look: "cmp s/l/f d/m/f; cmp s/l/g d/m/g",
    rsync: { status: 2, err: /^refusing to follow a symlink/ },
    tsync: { status: 0, err: /^refusing to follow a symlink.*\n$/, seen: "" },
  },
);

difference(
  "`--keep-dirlinks -b` with files behind a link of somebody else (whose owner `-o` may have set in the same run)",
  {
    setup: "mkdir -p s/l d/m; ln -s new s/l/g; ln -s old d/m/g; ln -s m d/l; chown 1 s/l",
    run: "-aKb s/ d/",
    look: "cd d/m; for f in g g~; do readlink $f; done",
    rsync: { status: 0, err: /^refusing to follow a symlink/, seen: "new\n" },
    tsync: { status: 0, err: "", seen: "new\nold\n" },
  },
);

difference("`--fuzzy` with `--keep-dirlinks` or `--ignore-existing`, a similar file behind a link that leads out", [
  {
    setup: "mkdir -p s/l d o; echo 1 >s/l/f; echo 1 >o/f; ln -s ../o d/l; chown -h 65534 d/l",
    run: "-rtKy --no-whole-file --no-i-r s/ d/",
    look: "ls o",
    rsync: {
      status: 23,
      err: /^rsync: \[receiver\] mkstemp "\S+\/d\/l\/\.f\.\S+" failed: Too many levels/m,
      seen: "f\n",
    },
    tsync: {
      status: 23,
      err: /^rsync: \[generator\] recv_generator: failed to stat "\S+\/d\/l\/f": Too many/,
      seen: "f\n",
    },
  },
  {
    setup: "mkdir -p s o d; echo 1 >o/f; ln -s ../o s/l; ln -s ../o d/l",
    run: "-rkyv --ignore-existing s/ d/",
    look: "ls o",
    rsync: {
      status: 23,
      out: /^l\/f$/m,
      err: /^rsync: \[receiver\] mkstemp "\S+\/d\/l\/\.f\.\S+" failed: Too many/m,
      seen: "f\n",
    },
    tsync: {
      status: 23,
      err: /^rsync: \[generator\] recv_generator: failed to stat "\S+\/d\/l\/f": Too many/,
      seen: "f\n",
    },
  },
  {
    setup: "mkdir -p s/l d o; echo 1 >s/l/f; echo 1 >o/f; touch -d @1500000000 o/f; ln -s ../o d/l",
    run: "-rtKy --inplace --no-whole-file --no-i-r s/ d/",
    look: "stat -c %Y o/f | sed 's/^1[6-9].*/now/'",
    rsync: { status: 23, err: /^rsync: \[receiver\] stat "\S+\/d\/l\/f" failed: Too many levels/m, seen: "now\n" },
    tsync: {
      status: 23,
      err: /^rsync: \[generator\] recv_generator: failed to stat "\S+\/d\/l\/f": Too many/,
      seen: "1500000000\n",
    },
  },
]);

difference(
  "`--keep-dirlinks` with files behind a link of somebody else that leads through `..` (whose owner `-o` may have set in the same run)",
  {
    setup: "mkdir -p s/n/l d/n; echo 1 >s/n/l/f; touch -d @1500000000 s/n/l/f; chown 1 s/n/l; ln -s ../n d/n/l",
    run: "-aK s/ d/",
    look: "stat -c '%a %Y' d/n/f | sed 's/ 1[6-9].*/ now/'",
    rsync: {
      status: 23,
      err: /^refusing to follow a symlink[\s\S]*stat ".*\/\.f\.\w+" failed: Too many levels/m,
      seen: "600 now\n",
    },
    tsync: { status: 0, err: "", seen: "644 1500000000\n" },
  },
);

difference("`-A -R --no-implied-dirs` without `-p`, a file that is to lie behind an absolute link that leads out", {
  setup: "mkdir -p s/x/y d e; echo 1 >s/x/y/f; ln -s $PWD/e d/x",
  run: "-rltAR --no-p --no-implied-dirs s/./x/y/f d/",
  rsync: { status: 23, err: /^default_perms_for_dir: sys_acl_get_file\(x\/y, ACL_TYPE_DEFAULT\): No such file/m },
  tsync: { status: 23, err: /^default_perms_for_dir: sys_acl_get_file\(x\/y, ACL_TYPE_DEFAULT\): Too many levels/m },
});

difference(
  "`--keep-dirlinks` with a link to the directory that it lies in (`l -> .`), which a file of its name in there replaces",
  {
    setup: "mkdir -p s/l d; for i in a l z; do echo $i >s/l/$i; done; ln -s . d/l",
    run: "-rK s/ d/",
    look: "ls d",
    rsync: { status: 23, err: /mkstemp "\S+\/d\/l\/\.z\.\S+" failed: No such file/, seen: "" },
    tsync: { status: 0, err: "", seen: "a\nl\nz\n" },
  },
);
