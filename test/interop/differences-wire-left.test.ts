/** Rows of docs/differences.md about what is left to be mended between two machines. Needs root. */
import { difference } from "../support/difference.ts";

const push = "-e $rsh --rsync-path=$p s/ h:$PWD/d/";
const pull = "-e $rsh --rsync-path=$p h:$PWD/s/ d/";

difference("`-n -H` with a destination that does not exist", {
  setup: "mkdir s; echo 1 >s/a; ln s/a s/b",
  run: "cd s; $p -naHi -e $rsh --rsync-path=$p h:$PWD/ ../new/",
  rsync: { status: 0, out: /^hf {10}a => b$/m },
  tsync: { status: 0, out: /^hf\+{9} a => b$/m },
});

difference("a changed file that cannot be written, with `--compress-choice=zlib`", {
  nobody: true,
  setup: `mkdir -p s/x s/y d/x d/y; for i in 1 2 3; do seq 5000 >s/x/$i; seq 10 4999 >d/x/$i; done
    seq 100 3000 >s/y/z; seq 200 3000 >d/y/z; chmod 777 d/y`,
  run: `-r --no-W -z --compress-choice=zlib ${pull}`,
  look: "cmp s/y/z d/y/z && echo same",
  rsync: { status: 12, seen: /differ/ },
  tsync: { status: 23, err: /mkstemp "\S+\/d\/x\/\.1\.\S+" failed: Permission denied/, seen: "same\n" },
});

difference("`--read-batch` with `--iconv`, where names stand in another order in the other set", {
  setup: "mkdir s d e; for i in ä z é b ü o; do echo $i >s/$i; done",
  run: `$p -a --no-i-r --iconv=UTF-8,CP850 --write-batch=b s/ d/
    $p -a --iconv=UTF-8 --read-batch=b e/`,
  look: "cd e; for i in ä z é b ü o; do cat $i; done",
  rsync: { status: 23, err: /No batched update for/, seen: "\xc3\xa4\nz\nb\no\n" },
  tsync: { status: 0, seen: "\xc3\xa4\nz\n\xc3\xa9\nb\n\xc3\xbc\no\n" },
});

difference("`-R` with deletion, an absolute source and others", [
  {
    setup: "mkdir -p s/a t d; echo 1 >s/a/f; echo 1 >t/c",
    run: "for i in 1 2; do $p -aRi --delete-before -e $rsh --rsync-path=$p $PWD/s/a t h:$PWD/d/; done",
    look: "cat d/t/c",
    rsync: { status: 0, out: /^\*deleting {3}t\/c$/m, seen: "1\n" },
    tsync: { status: 0, out: /^((?!deleting).)*$/s, seen: "1\n" },
  },
  {
    setup: "mkdir -p s/a d; echo 1 >s/a/f; echo 1 >c",
    run: "for i in 1 2; do $p -aRi --delete s/./ $PWD/c d/; done",
    look: "cat d/a/f",
    rsync: { status: 0, out: /^\*deleting {3}a\/f$/m, seen: "1\n" },
    tsync: { status: 0, out: /^((?!deleting).)*$/s, seen: "1\n" },
  },
]);

difference("frames of a receiving server", {
  setup: "mkdir s d; for i in $(seq 40); do head -c 40000 /dev/zero >s/$i; seq 100 3000 >d/$i; done",
  run: `-a --stats --no-W --bwlimit=20000 ${push}`,
  tsync: { status: 0, out: /^Total bytes received: 5,[56]\d\d$/m },
});

difference("rules with the modifier `x` on the receiving side, without `-A`", {
  setup: `mkdir s d; echo 1 >s/f; chmod 640 s/f; cp -a s/f d/f
    setfattr -n user.a -v 1 s/f; setfattr -n user.a -v 1 d/f; setfattr -n user.b -v 1 s/f
    chmod 666 s/f; setfacl -m u:1:rwx s/f d/f; echo 22 >s/f`,
  run: `-aX --filter='-xr user.*' ${push}`,
  look: "getfacl -cn d/f | grep -c ^user:1:; cat d/f",
  rsync: { status: 0, seen: "1\n22\n" },
  tsync: { status: 0, seen: "0\n22\n" },
});

difference("`-ivv` within one machine with `--protocol=27` or `--protocol=28`", {
  setup: "mkdir s d; echo 1 >s/f; cp -a s/f d/",
  run: "-aivv --protocol=28 s/ d/",
  rsync: { status: 0, out: /^f is uptodate$/m },
  tsync: { status: 0, out: /^((?!f is uptodate).)*$/s },
});

difference("`--fake-super` at the sender with `-X` and rules for attributes", {
  setup: "mkdir s d; echo 1 >s/f; setfacl -m u:9:r s/f",
  run: "-rX -f+x_user.c --rsync-path=$p -M--fake-super -e $rsh h:$PWD/s/ d/",
  look: "getfacl -nc d/f | grep user:9; true",
  rsync: { status: 0, seen: "user:9:r--\n" },
  tsync: { status: 0, seen: "" },
});
