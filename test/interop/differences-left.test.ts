/** Rows of docs/differences.md about what is left to be mended within one machine, and some others that are of no kind. Needs root. */
import { difference } from "../support/difference.ts";

difference("`-n -H --link-dest`, links in a later directory", {
  setup: `mkdir -p s/a s/b s/c d alt/a alt/b; echo 1 >s/a/f; ln s/a/f s/b/g; ln s/a/f s/c/h; ln s/a/f s/c/i
    cp -al s/b/g alt/b/g`,
  run: "-naHi --link-dest=../alt s/ d/",
  rsync: { status: 0, out: /^hf\S+ c\/h => b\/g\nhf\S+ c\/i => \/\S+\/alt\/b\/g\n$/m },
  tsync: { status: 0, out: /^hf\S+ c\/h => b\/g\nhf\S+ c\/i => b\/g\n$/m },
});

difference("`-H`, linked links or special files of which one cannot be replaced", {
  nobody: true,
  setup: `mkdir -p s/a s/b d/a d/b; ln -s x s/a/1; ln -P s/a/1 s/b/2; ln -P s/a/1 s/b/3
    ln -s q d/a/1; ln -s q d/b/2; ln -s x d/b/3; chmod 777 d d/b`,
  run: "-rlH s/ d/",
  look: "readlink d/*/*; [ d/b/2 -ef d/b/3 ] && echo linked",
  patience: 1,
  rsync: { status: 124, err: /link "\S+" => b\/2 failed: Permission denied/ },
  tsync: { status: 23, err: /^rsync: \S+ symlink "\S+" -> "x" failed[^\n]+\nrsync error[^\n]+\n$/, seen: "q\nx\nx\n" },
});

difference("`-L --remove-source-files` with links to files that are sent under another name too", {
  setup: "mkdir -p s/b d; echo 1 >s/a; ln -s ../a s/b/l",
  run: "-aL --remove-source-files s/ d/",
  look: "cat d/a; ls d/b",
  tsync: { status: 0, err: "", seen: "1\nl\n" },
});

difference("`-H --delay-updates` and linked files of which the first cannot be put into the partial directory", {
  setup: "mkdir -p s/a s/b d/a/q d/b; echo 1 >s/a/f; ln s/a/f s/b/g; ln s/a/f s/b/h",
  run: "-aH --delay-updates --partial-dir=q/r --no-i-r s/ d/",
  look: "find d -type f",
  rsync: { status: 0, err: "Unable to create partial-dir for b/h -- discarding completed file.\n", seen: "" },
  tsync: { status: 23, err: /^Unable to create partial-dir for b\/h /, seen: "d/a/f\n" },
});

difference("`--fake-super --safe-links` with backups, a symbolic link of the destination", {
  setup: "mkdir s d; ln -s x d/ln",
  run: "-rlbv --safe-links --del --backup-dir=../bk -M--fake-super -e $rsh --rsync-path=$p s/ h:$PWD/d/",
  look: "ls -A d; readlink bk/ln",
  rsync: { status: 0, out: /^not backing up symlink with unreadable target "ln"$/m, seen: "" },
  tsync: { status: 0, out: /^deleting ln$/m, seen: "x\n" },
});

difference("`--fake-super -A -X`", {
  setup: `mkdir -p s/a d; setfacl -m u:1:rwx,d:u:1:rwx s/a; echo 1 >s/a/f
    setfattr -n user.a -v 1 s/a`,
  run: "-aAX --no-i-r -M--fake-super -e $rsh --rsync-path=$p s/ h:$PWD/d/",
  look: "getfattr -m - d/a",
  rsync: { status: 0, seen: "# file: d/a\nuser.a\n\n" },
  tsync: { status: 0, seen: "# file: d/a\nuser.a\nuser.rsync.%aacl\nuser.rsync.%dacl\n\n" },
});

difference("`-r --link-dest` twice, without `-p`, onto files with other modes", {
  setup: `mkdir s d a1 a2; echo 1 >s/f; echo 1 >a1/f; touch -d @1500000000 s/f a1/f
    chmod 755 s/f; echo 2 >d/f; chmod 600 d/f`,
  run: "-rt --link-dest=../a1 --link-dest=../a2 s/ d/",
  look: "stat -c '%a %h' a1/f d/f",
  tsync: { status: 0, seen: "644 2\n644 2\n" },
});

difference("`-b --inplace --no-W` with a name that is the name of another file's backup (`f` and `f~`)", {
  setup: "mkdir s d; seq 5000 >s/f; seq 4000 >d/f; ln -s x s/f~; ln -s y d/f~",
  run: "-rlb --inplace --no-W s/ d/",
  look: "cmp -s s/f d/f && echo same; readlink d/f~",
  rsync: { status: 2, err: /^got a block match with no basis file for/, seen: "x\n" },
  tsync: { status: 0, seen: "same\nx\n" },
});

difference("`-A -b` with `--inplace` or `--append`, files without an ACL in a directory that has one", {
  setup: "mkdir s d; seq 9 >s/f; seq 5 >d/f; setfacl -m u:2:rwx s",
  run: "-aAb --append -e $rsh --rsync-path=$p h:$PWD/s/ d/",
  look: "getfacl -nc d/f~ | grep -c user:2",
  rsync: { status: 0, seen: "1\n" },
  tsync: { status: 0, seen: "0\n" },
});

difference("`--iconv` with `./NAME` in `--files-from`, under incremental recursion", {
  setup: `mkdir -p s/a s/c d/a; echo 1 >s/a/f; echo 3 >s/c/h; find s -exec touch -d @1500000000 {} +; printf 'a/f\\n./c/h\\n' >l`,
  run: "-rti --iconv=. --files-from=l s d/",
  rsync: { status: 0, out: /^\.d..t\.{6} \.\/\n>f/ },
  tsync: { status: 0, out: /^\.d..t\.{6} \.\/\n\.d..t\.{6} a\/\n>f/ },
});

difference("`-c --checksum-choice=none`, with arguments that are missing", {
  setup: "mkdir s d; echo 1 >s/f",
  run: "-ac --checksum-choice=none s/no s/f s/nope d/",
  rsync: { status: 4, err: /^[^\n]+link_stat "\S+\/no" failed[^\n]+\nInvalid checksum-choice for --checksum: none/ },
  tsync: { status: 4, err: /^[^\n]+\/no" failed[^\n]+\n[^\n]+\/nope" failed[^\n]+\nInvalid checksum-choice/ },
});

difference(
  "`--delete-before`, or `-n --delete-after`, a link of the destination in the place of a directory of the source",
  ["-ai --delete-before s/ d/", "-ain --delete-after s/ d/"].map((run) => ({
    setup: "mkdir -p s/a/b s/b d/b; echo 1 >s/b/x; cp -p s/b/x d/b/x; ln -s . d/a",
    run,
    look: "cat d/b/x",
    rsync: { status: 0, out: /^\*deleting {3}a\/b\/x$/m, seen: "1\n" },
    tsync: { status: 0, out: /^(?!.*deleting)/s, seen: "1\n" },
  })),
);

difference("`-b` as an ordinary user, a link or special file that can be neither moved nor linked to its backup", [
  {
    setup: "mkdir s d; ln -s x d/l; touch -hd @1500000000 d/l; chown -hR 65534 .; chown -h 0 d d/l",
    run: "-rltb --delete --backup-dir=../bk s/ d/",
    look: "test $(stat -c %Y bk/l) = 1500000000 && echo same",
    nobody: true,
    rsync: { status: 23, err: /failed to set times on "\S+\/bk\/l": Invalid argument/, seen: "" },
    tsync: { status: 23, err: /^rsync: \[generator\] delete_file: unlink[^\n]*\nrsync error/, seen: "same\n" },
  },
  {
    setup: "mkdir -p s d/bk; mkfifo d/p; echo older >d/bk/p; chmod 640 d/p; chown -R 65534 .; chown 0 d d/p",
    run: "-rltDb --delete --exclude=bk --backup-dir=bk s/ d/",
    look: "stat -c %F d/bk/p",
    nobody: true,
    rsync: { status: 23, err: /mknod \S+ failed: File exists/, seen: "regular file\n" },
    tsync: { status: 23, err: /^rsync: \[generator\] delete_file: unlink[^\n]*\nrsync error/, seen: "fifo\n" },
  },
]);

difference("`--temp-dir`, a link, special file or further name in the place of something", {
  setup: "mkdir s d t; ln -s x s/l; ln -s y d/l; mkfifo s/p; ln -s q d/p; chown -hR 65534 .; chown 0 d",
  run: "-rlD --temp-dir=../t s/ d/",
  look: "readlink d/l d/p",
  nobody: true,
  rsync: {
    status: 23,
    err: /^[^\n]*unlink\(l\) failed[^\n]*\ncould not make way for new symlink: l\n/,
    seen: "y\nq\n",
  },
  tsync: { status: 23, err: /^rsync: \[generator\] symlink "\S+\/d\/\.l\.XXXXXX" -> "x" failed/, seen: "y\nq\n" },
});
