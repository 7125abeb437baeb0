/** Rows of docs/differences.md about what the two programs print. Needs root. */
import { difference } from "../support/difference.ts";

difference("last line of a failed run", {
  run: "-a nosuch d/",
  rsync: { status: 23, err: /\(code 23\) at main\.c\(\d+\) \[sender=3\.5\.0\]\n$/ },
  tsync: { status: 23, err: /\(code 23\) at tsync \[sender=0\.1\.0\]\n$/ },
});

difference(
  "`sent N bytes  received N bytes`, rate, speedup; in `--stats`: `Total bytes sent`, `Total bytes received`",
  {
    setup: "mkdir s; seq 1000 | head -c 1000 >s/f",
    run: "-av --stats s/ d/",
    rsync: { status: 0, out: /\nTotal bytes received: [1-9]\d*\n\nsent [\d,]+ bytes {2}received [1-9]/ },
    tsync: {
      status: 0,
      out: /\nTotal bytes sent: 1,000\nTotal bytes received: 0\n\nsent 1,000 bytes {2}received 0 bytes/,
    },
  },
);

difference(
  "`--info=stats3` and up, `-vv --stats`",
  ["-a --info=stats3", "-a --info=stats9", "-avv --stats"].map((options) => ({
    setup: "mkdir s; echo 1 >s/f",
    run: `${options} s/ d/`,
    rsync: { status: 0, out: /heap statistics/ },
    tsync: { status: 0, out: /^(?=.*Number of files: 2)((?!heap|arena).)*$/s },
  })),
);

difference("`-vv` with more than 32 entries in a directory or in what is behind it, under incremental recursion", [
  ...["-avv s d/", "-avvn s d/"].map((words) => ({
    setup: "mkdir s; touch s/{1..40}",
    run: words,
    rsync: { status: 0, out: /\n\[sender\] expand file_list pointer array to 1024 bytes, did (?:not )?move\n/ },
    tsync: { status: 0, out: /^sending incremental file list\ncreated directory d\ndelta-transmission disabled / },
  })),
  {
    setup: "mkdir s d; touch d/{1..40}",
    run: "-avv --delete s/ d/",
    rsync: { status: 0, out: /\n\[generator\] expand file_list pointer array to 1024 bytes, did (?:not )?move\n/ },
    tsync: { status: 0, out: /^((?!expand).)*\ndeleting 1\n((?!expand).)*$/s },
  },
]);

difference("`--debug=WORDS`, `-vvv` and up", [
  {
    setup: "mkdir s; echo 1 >s/f",
    run: "-a --debug=recv,flist,del s/ d/",
    rsync: { status: 0, out: /recv_files\(f\)/ },
    tsync: { status: 0, out: "delta-transmission disabled for local transfer or --whole-file\n", err: "" },
  },
  {
    setup: "mkdir s; echo 1 >s/f",
    run: "-avvv s/ d/",
    rsync: { status: 0, out: /recv_generator\(f,2\)/ },
    tsync: { status: 0, out: /^(?=.*\ndelta-transmission disabled)(?=.*\nf\n)((?!recv_|send_).)*$/s },
  },
  {
    // Of a run with another machine the words are not empty.
    setup: "mkdir s; echo 1 >s/f",
    run: "-a --debug=cmd2,nstr,proto,send -e $rsh --rsync-path=$p s/ h:$PWD/d/",
    rsync: { status: 0, out: /send_files starting/ },
    tsync: { status: 0, out: /^(?=.*Protocol versions: )((?!send_files).)*$/s },
  },
]);

difference("`--help`, usage, `--version`, `-VV`", [
  { run: "--help", rsync: { status: 0, out: /^rsync / }, tsync: { status: 0, out: /^tsync copies/ } },
  {
    run: "--version",
    rsync: { status: 0, out: /^rsync {2}version 3\.5\.0/ },
    tsync: { status: 0, out: /^tsync {2}version/ },
  },
  { run: "-VV", rsync: { status: 0, out: /"program": "rsync"/ }, tsync: { status: 0, out: /"program": "tsync"/ } },
  { run: "$p", rsync: { status: 1, err: /^rsync {2}version/ }, tsync: { status: 1, err: /^(?!rsync {2}version)/ } },
]);

difference(
  "`-q` before `--help`, `--version`, `--info=help`; `-hq`",
  ["-q --help", "-q --version", "-q --info=help", "-hq"].map((run) => ({
    run,
    rsync: { status: 0, out: "" },
    tsync: { status: 0, out: /tsync|FLAG0 turns it off/ },
  })),
);

difference("`--log-file` after a wrong filter rule", {
  setup: "mkdir s",
  run: "-a -f bad --log-file=l s/ d/",
  look: "ls; cat l",
  rsync: { status: 1, seen: "s\n" },
  tsync: { status: 1, seen: "l\ns\n" },
});

// Forty names: no order of a file system is that of their bytes by chance.
difference(
  "lines about filter rules (`-vv`) and unsafe links of a directory's names, without koffi (`TSYNC_SYSCALLS=plain`)",
  {
    setup: "mkdir s d; cd s; for i in $(seq 40 -1 11); do echo $i >$i; done; for i in $(seq 41 50); do echo >$i; done",
    run: `TSYNC_SYSCALLS=plain $p -avv --exclude='*' s/ d/ >all; sed -n 's/.*hiding file \\(..\\).*/\\1/p' all >order
sort order >sorted; cmp -s order sorted && echo sorted; wc -l <order`,
    rsync: { status: 0, out: "40\n" },
    tsync: { status: 0, out: "sorted\n40\n" },
  },
);

// When rsync's generator hears of it is a matter of the moment.
difference("order of lines: files that are sent again under incremental recursion, and further names of those", {
  setup: `mkdir -p d s/{a,b,c,e,f}/{1,2,3}/{x,y}; for x in s/*/*/*; do seq 9 >$x/f; done; seq 9999 >s/g; seq 2 9 >d/g
    touch -d @1400000000 d/g`,
  run: "-ri --append-verify s/ d/ 2>/dev/null",
  tsync: { status: 0, out: /^>f\S+ g\n(?:.*\n)+>f\S+ g\n$/ },
});

difference("order of lines", {
  setup: `mkdir -p s/a s/b d/a d/b; for i in a/1 a/2 b/1; do echo >s/$i; done; for i in a/x a/y b/x; do echo >d/$i; done`,
  run: "-ri --delete s/ d/",
  tsync: {
    status: 0,
    out: /^\*deleting {3}a\/y\n\*deleting {3}a\/x\n\*deleting {3}b\/x\n>f\S+ a\/1\n>f\S+ a\/2\n>f\S+ b\/1\n$/,
  },
});

difference("several errors", {
  setup: "mkdir -p s/a s/b d/a/f; ln -s x s/a/l; echo 1 >s/a/f; echo 1 >d/a/f/x; ln -s x s/b/l",
  run: "-rL s/ d/",
  tsync: {
    status: 23,
    err: /\/s\/a\/l"\n(could not make way for new regular file: a\/f\n)?.*\/s\/b\/l"\n(could not make way.*a\/f\n)?rsync error/,
  },
});

difference(
  "second last line after an error of the receiving side",
  ["", "--log-file=l"].map((option) => ({
    setup: "mkdir -p s d bk/f; echo 1 >s/f; echo old >d/f; echo x >bk/f/x",
    run: `-a ${option} -b --backup-dir=../bk s/ d/`,
    tsync: {
      status: 11,
      err:
        option === ""
          ? /^.*keep_backup failed.*\n.*\(code 11\) at tsync \[receiver=.*\n$/
          : /^.*keep_backup failed.*\n.*\(code 11\) at tsync \[receiver=.*\n.*\(code 11\) at tsync \[sender=.*\n$/,
    },
  })),
);

difference("end by an error of the receiving side", {
  setup: "mkdir -p s d bk/f; seq 100000 >s/f; seq 100000 >s/g; echo old >d/f; echo x >bk/f/x",
  run: "-a -b --backup-dir=../bk s/ d/",
  tsync: { status: 11, err: /^(?!.*Broken pipe)/s },
});

difference("run in the background of a terminal", {
  setup: "mkdir s; seq 9 >s/f",
  run: `echo 'set -m; $p -a --progress s/ d/ & wait' >script; script -qec 'bash script' /dev/null </dev/null | grep -o 100% | wc -l`,
  rsync: { status: 0, out: "1\n" },
  tsync: { status: 0, out: "2\n" },
});

difference(
  "`-n` with an owner or group 4294967295, which nothing can have (`--usermap=0:4294967295`), for something that is there",
  {
    setup: "mkdir s; echo 1 >s/f; cp -a s d",
    run: "-an --usermap=0:4294967295 s/ d/",
    rsync: { status: 23, err: /^(uid 4294967295 \(-1\) is impossible to set on ".*\/d\/[.f]"\n){2}/ },
    tsync: { status: 0, err: "" },
  },
);

difference(
  "`--config`, `--dparam`, `--detach`, `--no-detach` without `--daemon`",
  ["--config=x", "--dparam=a=b", "--detach", "--no-detach"].map((option) => ({
    setup: "mkdir s d",
    run: `-r ${option} s/ d/`,
    rsync: { status: 1, err: /^rsync: -r: unknown option \(in daemon mode\)$/m },
    tsync: { status: 1, err: /^Daemon option\(s\) used without --daemon\.$/m },
  })),
);

difference(
  "a wrong rule in a merge file of an argument, without incremental recursion, before arguments that are missing",
  {
    setup: "mkdir s d; echo x >s/.r; echo 1 >s/f",
    run: "-a --no-i-r --filter=:_.r s/ s/no d/",
    rsync: { status: 1, err: /^Unknown filter rule/ },
    tsync: { status: 1, err: /^rsync: \[sender\] link_stat "\S+\/no" failed[^\n]+\nUnknown filter rule/ },
  },
);
