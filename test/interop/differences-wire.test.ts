/** Rows of docs/differences.md about runs with another machine. Needs root. */
import { difference } from "../support/difference.ts";

const push = "-e $rsh --rsync-path=$p s/ h:$PWD/d/";
const pull = "-e $rsh --rsync-path=$p h:$PWD/s/ d/";
const setup = "mkdir s d; echo 1 >s/f";

difference("exit code when the remote shell, or the program of `RSYNC_CONNECT_PROG`, ends first", {
  setup: `${setup}; printf '#!/bin/sh\\nexit 77\\n' >sh77; chmod 755 sh77`,
  run: "-a -e ./sh77 s/ h:d/",
  tsync: { status: 77 },
});

difference("`-s`, a pull of a pattern that matches a name with a `-` at its beginning", {
  setup: "mkdir s d; echo 1 >s/f; echo 2 >s/-q",
  run: "cd s && $p -a -s -e $rsh --rsync-path=$p 'h:*' ../d/",
  look: "ls d",
  rsync: { status: 0, err: "", seen: "f\n" },
  tsync: { status: 0, err: "", seen: "-q\nf\n" },
});

// In which order the names come depends on the file system: one of so many will do.
const linked =
  "for i in {1..16}; do echo $i >s/a$i; ln s/a$i s/b$i; echo 1 >s/f$i; chgrp 1 s/a$i; chown 65534 s/*; done";

difference(
  "`-H -g` with an ordinary user as the receiver, and further names of a file whose group is not one of ours",
  ["", "--no-i-r"].map((text) => ({
    setup: `mkdir s d; ${linked}; chgrp 65534 s s/f*; chown 65534 s d`,
    run: `-aH ${text} ${push}`,
    nobody: true,
    ...(text === "" ? { rsync: { status: 23, err: /chgrp "\S+" failed/ } } : {}),
    tsync: { status: 0, err: "" },
  })),
);

difference(
  "`--chmod` in a pull as an ordinary user, something to be deleted in a directory of the destination that may not be written to",
  {
    nobody: true,
    setup:
      "mkdir -p s d/gone d/link/sub; ln -s x s/link; touch d/gone/f d/link/sub/f; chmod 555 d/gone d/link/sub; chown -R 65534 s d",
    run: `-a --delete --chmod=D755 ${pull}`,
    look: "cd d; find . | sort",
    rsync: {
      status: 23,
      err: /delete_file: unlink\(gone\/f\) failed: Permission denied(?:.|\n)*could not make way for new symlink: link/,
      seen: ".\n./gone\n./gone/f\n./link\n./link/sub\n./link/sub/f\n",
    },
    tsync: { status: 0, err: "", seen: ".\n./link\n" },
  },
);

difference("a connection that is lost when the receiving side has a list", {
  setup: `mkdir s d; seq 99999 >s/f; cat >cut <<'END'
#!/bin/sh
shift
exec 3<&0
sh -c "exec $*" <&3 &
exec 3<&- >&-
for try in $(seq 200); do ls d/.f.* >seen 2>&1 && break; sleep .1; done
kill -9 $!
END
chmod 755 cut`,
  run: "-a --bwlimit=50 -e ./cut --rsync-path=$p h:$PWD/s/ d/",
  rsync: {
    status: 12,
    err: /closed \(\d+ bytes received so far\) \[receiver\][\s\S]*closed \(\d+ bytes received so far\) \[generator\]/,
  },
  tsync: { status: 12, err: /^(?![\s\S]*generator)[\s\S]*closed \(\d+ bytes received so far\) \[receiver\]/ },
});

difference("a pull of nothing but missing arguments", {
  run: "-a -e $rsh --rsync-path=$p h:$PWD/nosuch d/",
  tsync: { status: 23, err: /^(?!.*Broken pipe).*link_stat "\S+\/nosuch" failed/s },
});

difference(
  "`-H` without incremental recursion, further names of a file that is sent again because its digest was wrong",
  {
    setup: `mkdir -p s d; for f in s d; do head -c 1000 /dev/zero | tr '\\0' $f >$f/a; ln $f/a $f/b; done; echo more >>s/a; touch -d @1500000000 s/a`,
    run: `-rtHii --no-i-r --append-verify ${push}`,
    look: "cmp s/a d/a; [ d/a -ef d/b ] && echo linked",
    rsync: { status: 2, err: /Invalid packet at end of run/ },
    tsync: { status: 0, out: /\nhf {10}b\n/, err: /^WARNING: a failed verification.*\n$/, seen: "linked\n" },
  },
);

difference("`--sockopts` for buffers, limits and types of service", {
  run: "-a --sockopts=SO_SNDBUF=65536 rsync://127.0.0.1:9/m/ d/",
  rsync: { status: 10 },
  tsync: { status: 4, err: /SO_SNDBUF/ },
});

// A directory whose name is no Latin-1, between two files.
const names = "mkdir -p s/b€ d/x; echo 1 >s/a; echo 2 >s/b€/f; echo 3 >s/c";

difference("`--iconv`, a directory whose name does not exist in the receiver's character set", [
  {
    setup: names,
    run: `-a --delete --iconv=UTF-8,ISO-8859-1 ${push}`,
    look: "find d -type f | sort; ls d",
    rsync: { status: 2 },
    tsync: { status: 23, seen: "d/a\nd/c\na\nc\nx\n" },
  },
  {
    setup: names,
    run: "-a --iconv=UTF-8,ISO-8859-1 s d",
    look: "ls d/s",
    rsync: { status: 4, err: /ABORTING due to invalid path from sender: / },
    tsync: { status: 23, seen: "a\nc\n" },
  },
]);

difference("`--iconv`, another name that does not exist in the character set of a client that pulls", {
  setup: "mkdir s d; echo 1 >s/a; echo 2 >s/b€; echo 3 >s/c",
  run: `-a --iconv=ISO-8859-1,UTF-8 ${pull}`,
  look: "ls d",
  rsync: { status: 4 },
  tsync: { status: 23, seen: "a\nc\n" },
});

difference("`--iconv` with `TSYNC_SYSCALLS=plain`", {
  setup: "mkdir s d; echo 1 >s/ä",
  run: "export TSYNC_SYSCALLS=plain; $p -a --iconv=UTF-8,CP850 s/ d/",
  rsync: { status: 0 },
  tsync: { status: 4 },
});

difference("`-z` within one machine", {
  setup: "mkdir s d; seq 10000 >s/f",
  run: "-avz s/ d/",
  look: "cmp s/f d/f && echo same",
  rsync: { status: 0, out: /\nsent \d,\d{3} bytes|\nsent 1\d,\d{3} bytes|\nsent 2\d,\d{3} bytes/, seen: "same\n" },
  tsync: { status: 0, out: /\nsent 48,894 bytes/, seen: "same\n" },
});

difference("`--timeout` in a local run", {
  setup: "mkdir s d; mkfifo s/list; echo 1 >s/f",
  run: "(sleep 1.5; echo f) | $p -a --timeout=1 --files-from=- s/ d/",
  look: "ls d",
  tsync: { status: 0, seen: "f\n" },
});

difference("`--contimeout` with a remote shell", {
  setup,
  run: "-a --contimeout=5 --ssh=builtin -e ssh s/ h.invalid:d/",
  tsync: { status: 255 },
});

difference("`--delete-guard`, `--verify`, `--reflink=always`", [
  ...["--delete-guard=10", "--verify", "--reflink=always"].map((option) => ({
    setup,
    run: `-a --delete ${option} ${push}`,
    look: "ls d",
    rsync: { status: 1, err: /unknown option/ },
    tsync: { status: 4, err: new RegExp(option.replace(/=.*/, "")), seen: "" },
  })),
]);

difference("`-X` with rules of the modifier `x`, without `-A`", {
  setup: "mkdir s d; mkdir s/e; setfacl -m u:1:r,u:2:r s/e; setfattr -n user.b -v b s/e",
  run: `-aX --filter='-x user.a' ${push}`,
  look: "getfacl -cn d/e | grep -c ^user:[12]:; getfattr --only-values -n user.b d/e",
  rsync: { status: 0, seen: "2\nb" },
  tsync: { status: 0, seen: "0\nb" },
});

difference("numbers of bytes sent and received", {
  setup: "mkdir s d; for i in 1 2 3; do seq $i 2000 >s/$i; done",
  run: `-av ${push}`,
  tsync: { status: 0, out: /\nsent \d\d,\d{3} bytes {2}received \d+ bytes/ },
});

difference("protocols 20 to 26", {
  setup: "mkdir s d; echo f >s/f",
  run: "-a --protocol=26 s/ d/",
  look: "ls d",
  rsync: { status: 0, seen: "f\n" },
  tsync: { status: 2, err: /^protocol 26 is not supported \(only 27 to 32\)$/m, seen: "" },
});

difference(
  'an empty remote shell (`-e ""`, `RSYNC_RSH=`)',
  ["RSYNC_RSH= $p -a s/ nosuch:d/", '$p -a -e "" s/ nosuch:d/', '$p -a --rsh=" " nosuch:s/ d/'].map((run) => ({
    setup: "mkdir s d",
    run,
    rsync: { err: /Failed to exec nosuch: / },
    tsync: { status: 1, err: /^rsync: no remote shell was given\n/ },
  })),
);

difference("a pull of an argument that ends with `..`, without `-R` and `--trust-sender`", {
  setup: "mkdir -p s/sub d; echo f >s/f; echo g >s/sub/g",
  run: "-a -e $rsh --rsync-path=$p h:$PWD/s/sub/.. d/",
  look: "cd d; find . | sort",
  rsync: { status: 4, err: /^ERROR: rejecting unrequested file-list name: f$/m, seen: ".\n" },
  tsync: { status: 0, err: "", seen: ".\n./f\n./sub\n./sub/g\n" },
});

difference("`-M--files-from=FILE` in a push", {
  setup: "mkdir s d; for i in 1 2 3; do echo $i >s/$i; done; echo 1 >list",
  run: "-a --no-i-r -M--files-from=$PWD/list -e $rsh --rsync-path=$p s/ h:$PWD/d/",
  tsync: { status: 2 },
});

difference("`-A`, `-X` within one machine with `--protocol` below 30", {
  setup: "mkdir s d; echo f >s/f",
  run: "-aAX --protocol=29 s/ d/",
  look: "ls d",
  rsync: { status: 0, seen: "f\n" },
  tsync: { status: 2, err: /^--acls requires protocol 30 or higher/m, seen: "" },
});

difference("`-U` at protocol 27", {
  setup:
    "mkdir s d; for i in $(seq 9); do echo $i >s/f$i; done; touch -a -d @1400000000 s/f*; touch -m -d @1500000000 s/f*",
  run: "-rtU --protocol=27 -e $rsh --rsync-path=$p h:$PWD/s/ d/",
  look: "ls d | wc -l",
  rsync: { status: 2, seen: "0\n" },
  tsync: { status: 0, err: "", seen: "9\n" },
});

difference(
  "`--append`, `--append-verify` with `-b` at protocols 27 and 28, a file whose old part differs",
  ["-b --protocol=27", "-b --protocol=28 -t"].map((options) => ({
    setup: "mkdir s d; seq 9000 >s/f; (seq 2000; seq 5) >d/f",
    run: `-r --append --no-W ${options} ${pull}`,
    look: "cmp s/f d/f && ls d",
    rsync: { status: 23, err: /^ERROR: f failed verification -- update retained\.$/m, seen: "f\nf~\n" },
    tsync: { status: 0, err: "", seen: "f\nf~\n" },
  })),
);

difference("a pull with the rule `-Cr`, which is for the receiving side", {
  setup: "mkdir s d; echo 1 >s/f; echo 1 >s/x.o; echo 1 >d/y.o",
  run: `-r --delete -f-Cr ${pull}`,
  look: "ls d",
  rsync: { status: 4, err: /^ERROR: rejecting excluded file-list name: x\.o$/m, seen: "y.o\n" },
  tsync: { status: 0, err: "", seen: "f\nx.o\ny.o\n" },
});

difference("`--early-input` that names a directory", {
  setup: "mkdir s d; echo 1 >s/f; printf '[m]\\npath = %s\\nuse chroot = no\\n' $PWD/s >conf",
  run: `export RSYNC_CONNECT_PROG="rsync --daemon --config=$PWD/conf"; $p -r --early-input=s rsync://h/m/ d/`,
  look: "ls d",
  patience: 1,
  rsync: { status: 124 },
  tsync: { status: 5, err: /^rsync: \[Receiver\] failed to read s: Is a directory \(21\)$/m, seen: "" },
});
