/** Rows of docs/differences.md about surroundings and damage: closed streams, directories in place of files, what must not be lost. Needs root. */
import { difference } from "../support/difference.ts";

difference("aliases in `/etc/popt` and `~/.popt`", {
  setup: "mkdir s; echo 1 >s/f; echo 'rsync alias --foo -r' >$HOME/.popt",
  run: "--foo s/ d/",
  look: "ls d",
  rsync: { status: 0, seen: "f\n" },
  tsync: { status: 1, err: /--foo: unknown option/ },
});

difference("`$TZ` without koffi (`TSYNC_SYSCALLS=plain`)", {
  setup: "mkdir s; touch -d @1500000000 s/f",
  run: `export TSYNC_SYSCALLS=plain
TZ=XYZ-3DST,M1.1.0,M12.1.0 $p --list-only s/f; TZ=Asia/Tokyo $p --list-only s/f`,
  rsync: { status: 0, out: /2017\/07\/14 06:40:00 f\n.*11:40:00 f\n/ },
  tsync: { status: 0, out: /2017\/07\/14 02:40:00 f\n.*11:40:00 f\n/ },
});

// ext4 has no such times, tmpfs has.
difference("dates beyond the year 275760", {
  run: "D=$(mktemp -d /dev/shm/tsync.XXXXXX); touch -d @8640000000001 $D/f; $p --list-only $D/f; rm -r $D",
  rsync: { status: 0, out: / 275760\/09\/13 00:00: f\n$/ },
  tsync: { status: 0, out: / @8640000000001 \?\?:\?\?:\?\? f\n$/ },
});

difference(
  "`RSYNC_CHECKSUM_LIST`, `RSYNC_COMPRESS_LIST` without what `--checksum-choice` or `--compress-choice` names, within one machine",
  [
    ["RSYNC_CHECKSUM_LIST=md5", "--checksum-choice=sha1"],
    ["RSYNC_COMPRESS_LIST=lz4", "--compress-choice=none"],
  ].map(([variable, option]) => ({
    setup: "mkdir s d; echo 1 >s/f",
    run: `export ${variable}; $p -a ${option} s/ d/`,
    look: "ls d",
    rsync: { status: 12, err: /^Your --\S+ value \(\w+\) was refused by the server\.\n/, seen: "" },
    tsync: { status: 4, err: /^Your --\S+ value \(\w+\) was refused by the server\.\n/, seen: "" },
  })),
);

difference("standard output or standard input closed at the start", [
  {
    setup: "mkdir s; echo 1 >s/f",
    run: "$p -av s/ d/ >&-",
    look: "ls d",
    rsync: { status: 12 },
    tsync: { status: 0, err: "", seen: "f\n" },
  },
  { setup: "mkdir s; echo 1 >s/f", run: "$p -a s/ d/ <&-", look: "ls d", tsync: { status: 0, err: "", seen: "f\n" } },
]);

difference("standard error full or closed", {
  setup: "mkdir s; echo 1 >s/f",
  run: "$p -a nosuch s/ d/ 2>/dev/full",
  look: "ls d",
  rsync: { status: 13, seen: "" },
  tsync: { status: 23, seen: "f\n" },
});

difference(
  "`--exclude-from`, `--include-from` or a merge rule that names a directory",
  ["--exclude-from=s", "--include-from=s", "-f'. s'"].map((option) => ({
    setup: "mkdir s; echo 1 >s/f",
    run: `-a ${option} s/ d/`,
    look: "ls d 2>&1",
    rsync: { status: 0, seen: "f\n" },
    tsync: { status: 11, err: /s: Is a directory/, seen: /cannot access/ },
  })),
);

difference("`--files-from` that names a directory", {
  setup: "mkdir s; echo 1 >s/f",
  run: "-a --files-from=s s/ d/",
  rsync: { status: 12, err: /safe_read failed/ },
  tsync: { status: 1, err: /failed to open files-from file s: Is a directory/ },
});

difference("working directory that was deleted", {
  setup: "mkdir s x; echo 1 >s/f",
  run: "cd x; rmdir ../x; $p -a $OLDPWD/s/ $OLDPWD/d/",
  look: "ls d",
  rsync: { status: 3, err: /getcwd\(\): No such file/ },
  tsync: { status: 0, seen: "f\n" },
});

difference("`--remove-source-files` with the source as destination", {
  setup: "mkdir s; echo 1 >s/f; ln -s x s/l",
  run: "-a --remove-source-files s/ s/",
  look: "ls s",
  rsync: { status: 23, seen: "f\n" },
  tsync: { status: 23, err: /remove of destination file: f\n.*remove of destination file: l\n/, seen: "f\nl\n" },
});

difference("times, holes, preallocation without koffi", {
  setup: "mkdir s; touch -d @1500000000.123456789 s/f; truncate -s 1000000 s/h",
  run: "TSYNC_SYSCALLS=plain $p -aS s/ d/",
  look: "stat -c %.9Y d/f",
  rsync: { status: 0, seen: "1500000000.123456789\n" },
  tsync: { status: 0, seen: "1500000000.123456000\n" },
});

difference("`--stderr=all` with `--help` or `--version`", {
  run: "--stderr=all --version",
  rsync: { status: 0, out: "", err: /^rsync {2}version/ },
  tsync: { status: 0, out: /^tsync {2}version/, err: "" },
});

difference("`--temp-dir` with `..` in a relative path", {
  setup: "mkdir s d t; echo 1 >s/f",
  run: "-a --temp-dir=../t s/ d/",
  look: "ls d",
  rsync: { status: 23, err: /mkstemp .* Invalid argument \(22\)/, seen: "" },
  tsync: { status: 0, seen: "f\n" },
});

difference("`--append -S` and `--append-verify -S`", [
  {
    setup: "mkdir s d; seq 9 >d/f; seq 20 >s/f",
    run: "-a --append -S s/ d/",
    look: "head -1 d/f | od -An -c; tail -1 d/f",
    rsync: { status: 0, seen: /^( *\\0){16}/ },
    tsync: { status: 0, seen: "   1  \\n\n20\n" },
  },
  {
    setup: "mkdir s d; seq 9 >d/f; seq 20 >s/f",
    run: "-ai --append-verify -S s/ d/",
    rsync: { status: 0, out: /update discarded|(>f.*f\n){2}/s },
    tsync: { status: 0, out: ">f.s....... f\n" },
  },
]);

difference("end by `--stop-after`, `--stop-at`", {
  setup: "mkdir s; head -c 1000000 /dev/zero >s/f",
  run: "-a --stop-at=$(date -d '+1 minute' +%Y-%m-%dT%H:%M) --bwlimit=1 --max-size=0 s/ d/",
  tsync: { status: 0 },
});

difference("`-R` without incremental recursion, merge files, an argument that ends with `/./` behind others", {
  setup: "mkdir -p s/a t; echo '- f' >s/.m; echo 1 >s/a/g; echo 1 >t/f",
  run: "-aR --no-i-r -f ': .m' s/a/g t/./ d/",
  look: "find d -name f",
  rsync: { status: 0, seen: "" },
  tsync: { status: 0, seen: "d/f\n" },
});

difference("a merge file of an argument that lies behind a link of somebody else (`-C link/`)", {
  setup: "mkdir -p s; ln -s s l; chown -h 5 l; echo f >s/.cvsignore; touch s/f s/g",
  run: "-aC l/ d/",
  look: "ls d",
  rsync: { status: 0, err: /refusing to follow a symlink/, seen: "f\ng\n" },
  tsync: { status: 0, err: "", seen: "g\n" },
});

difference("a socket that cannot be made for want of space or the like", {
  setup: `mkdir s d; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s/k")'`,
  run: "strace -f -o trace -e inject=mknodat,mknod:error=ENOSPC $p -aD s/ d/",
  rsync: { status: 0, err: "" },
  tsync: { status: 23, err: /mknod "\S+\/d\/k" failed: No space left on device/ },
});

difference("`-L` with links to directories that lead over 39 or 40 others", {
  setup: "mkdir s; for i in $(seq 1 40); do ln -s l$((i + 1)) s/l$i; done; mkdir s/l41; echo 1 >s/l41/f",
  run: "-aL s/ d/",
  look: "ls d/l1 d/l2",
  rsync: { status: 0, seen: "d/l1:\nf\n\nd/l2:\nf\n" },
  tsync: { status: 23, err: /opendir "\S+\/s\/l1" failed: Too many levels/ },
});

difference("`--bwlimit`", {
  setup: "mkdir s; head -c 300000 /dev/zero >s/f",
  run: "s=$(date +%s%N); $p -a --bwlimit=1000 s/ d/ && [ $(($(date +%s%N) - s)) -gt 200000000 ] && echo slow",
  tsync: { status: 0, out: "slow\n" },
});

difference("`--remove-source-files` and a file that two arguments have", [
  {
    setup: "mkdir s; echo 1 >s/f; ln -s f s/g",
    run: "-aL --remove-source-files s/f s/g d/",
    look: "ls d; ls -A s",
    tsync: { status: 0, seen: /^f\ng\n/ },
  },
  {
    // Both entries of the list have the file.
    setup: "mkdir -p s/a/b; echo 1 >s/a/b/f; printf 'a/b/\\na/\\n' >list",
    run: "-a --remove-source-files --files-from=list -r --no-R s/ d/",
    look: "cat d/f; find s -type f",
    tsync: { status: 0, err: "", seen: "1\n" },
  },
  {
    // Nothing has vanished: a source is removed some files later.
    setup: "mkdir -p s/a d/a; for i in 1 2 3; do echo $i >s/a/$i; done; cp -p s/a/2 d/a",
    run: "$p -a --remove-source-files --info=remove s/ s/a/ d/ | sort; ls d d/a; find s -type f",
    tsync: {
      ...{ status: 0, err: "" },
      out: `sender file already removed: 2
sender file already removed: a/1
sender file already removed: a/3
sender removed 1
sender removed 3
sender removed a/2
d:
1
2
3
a

d/a:
1
2
3
`,
    },
  },
]);

difference("`--fuzzy`, `--append-verify`, `-b` with a file that is replaced while its sums are made, or named twice", {
  setup: "mkdir s t d; seq 9 >s/f; seq 20 >t/f; seq 5 >d/f",
  run: "-rt --append-verify t/f s/f d/",
  look: "cat d/f | wc -l",
  tsync: { status: 0, err: "", seen: "20\n" },
});

difference("`--fuzzy` without `-p`, a similar file that is changed or replaced in the same run", {
  setup: "mkdir s d; echo new >s/f1; echo old >d/f2; chmod 751 d/f2; ln -s f1 s/f2",
  run: "-rly s/ d/",
  look: "stat -c %a d/f1",
  tsync: { status: 0, err: "", seen: "751\n" },
});

/** Signals a run of some seconds once its file is being made. */
function signalled(signal: string): { readonly setup: string; readonly run: string; readonly look: string } {
  const wait = "for try in $(seq 100); do ls -A d | grep -q . && break; sleep .1; done";
  const run = `$p -a --bwlimit=1000 s/ d & ${wait}; sleep .2; kill -${signal} $!; wait $! 2>/dev/null`;
  return { setup: "mkdir s d; head -c 3000000 /dev/zero >s/f", run, look: "sleep .5; ls -A d" };
}

difference("`SIGALRM`, `SIGQUIT`, `SIGABRT`, `SIGXCPU`, `SIGIO`, `SIGPWR`", [
  {
    ...signalled("ALRM"),
    rsync: { status: 142, err: /connection unexpectedly closed .*\n.*\(code 12\)/s, seen: "" },
    tsync: { status: 142, err: /^((?!rsync).)*$/s, seen: "" },
  },
  {
    ...signalled("ABRT"),
    rsync: { status: 134, err: /connection unexpectedly closed .*\n.*\(code 12\)/s, seen: "" },
    tsync: { status: 134, err: /^((?!rsync).)*$/s, seen: "" },
  },
]);

difference("`SIGUSR2`", { ...signalled("USR2"), rsync: { status: 0, seen: "" }, tsync: { status: 140, seen: "" } });

difference("`SIGQUIT` and the like, ignored when the program is started (`&` in a script)", {
  ...signalled("QUIT"),
  rsync: { status: 0, seen: "f\n" },
  tsync: { status: 131, seen: "" },
});

difference("paths whose absolute form has more than 4,095 bytes, with shorter names below the argument", {
  setup: `n=$(printf 'd%.0s' $(seq 200)); long=$n; for i in $(seq 17); do long=$long/$n; done; mkdir -p s/$long d
echo $n >n; echo s/$long >long; cd s/$long; mkdir -p $n/$n/$n; echo f >$n/$n/$n/f`,
  run: "n=$(cat n); cd $(cat long) && $p -a $n/$n/$n/ $OLDPWD/d/",
  look: "ls d",
  rsync: { status: 23, err: /change_dir ".*" failed: File name too long \(36\)\n/, seen: "" },
  tsync: { status: 0, err: "", seen: "f\n" },
});

difference("`--no-implied-dirs --delete-missing-args` with new parents whose first name is missing", [
  {
    setup: "mkdir s d; echo 1 >s/f",
    run: "-aR --no-implied-dirs --delete-missing-args s/a s/f d/",
    look: "find d -type f",
    rsync: { status: 23, err: /mkstemp ".*\/d\/s\/\.f\.XXXXXX" failed: No such file/, seen: "" },
    tsync: { status: 0, seen: "d/s/f\n" },
  },
  {
    setup: "mkdir -p s/n d; echo 1 >s/n/f",
    run: "-rR --no-implied-dirs --delete-missing-args s/a s/n d/",
    look: "find d -type f",
    rsync: { status: 0, err: /^default_perms_for_dir: sys_acl_get_file\(s, /, seen: "d/s/n/f\n" },
    tsync: { status: 0, err: "", seen: "d/s/n/f\n" },
  },
]);

difference("a block device in the place of a character device of the same number, or the other way round", {
  setup: "mkdir s d; mknod s/a b 240 1; mknod s/c c 240 1; mknod d/a c 240 1; mknod d/c b 240 1",
  run: "-ai s/ d/",
  look: "find d -name '[ac]' -printf '%p %y\\n' | sort",
  rsync: { status: 0, seen: "d/a c\nd/c b\n" },
  tsync: { status: 0, out: /cDc[. ]{8} a\ncDc[. ]{8} c\n/, seen: "d/a b\nd/c c\n" },
});
