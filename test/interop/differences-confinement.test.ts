/** Rows of docs/differences.md about --confine-root, --copy-as and --fake-super. Needs root. */
import { difference } from "../support/difference.ts";

const setup = "mkdir -p w/s w/d t; echo 1 >w/s/f; echo old >w/d/f";

difference("`--confine-root`: `--backup-dir` outside", {
  setup,
  run: "-a --confine-root=$PWD/w -b --backup-dir=$PWD/t w/s/ w/d/",
  look: "cat w/d/f; ls t",
  rsync: { status: 11, err: /^rsync error: .*\n$/, seen: "old\n" },
  tsync: { status: 11, err: /^rsync: \[receiver\] keep_backup failed/, seen: "old\n" },
});

difference("`--confine-root`: `--temp-dir` outside", {
  setup,
  run: "-a --confine-root=$PWD/w --temp-dir=$PWD/t w/s/ w/d/",
  look: "cat w/d/f",
  rsync: { status: 23, err: /rename "\S+" -> "f": Too many levels/, seen: "old\n" },
  tsync: {
    status: 23,
    err: /^rsync: \[receiver\] mkstemp "\S+" failed: Too many levels.*\nrsync error/,
    seen: "old\n",
  },
});

difference("`--confine-root`: `--compare-dest`, `--copy-dest`, `--link-dest` outside", {
  setup: `${setup}; cp -a w/s/f t/f; echo 2 >w/s/g; cp -a w/s/g t/g`,
  run: "-a --confine-root=$PWD/w --link-dest=$PWD/t w/s/ w/d/",
  look: "cat w/d/f w/d/g",
  rsync: { status: 23, err: /open "\S+\/t\/f": .*\n.*open "\S+\/t\/g": Too many/, seen: "1\n2\n" },
  tsync: { status: 23, err: /^rsync: \[generator\] open "\S+\/t": Too many levels.*\nrsync error/, seen: "1\n2\n" },
});

difference("`--confine-root`: `--partial-dir` outside, or below a destination outside", {
  setup,
  run: "-a --confine-root=$PWD/w --delay-updates --partial-dir=$PWD/t w/s/ w/d/",
  look: "cat w/d/f; ls t",
  rsync: { status: 0, err: /^Unable to create partial-dir for f/, seen: "old\n" },
  tsync: { status: 23, err: /^Unable to create partial-dir for f/, seen: "old\n" },
});

difference("`--confine-root`, `-L` and `--files-from`", {
  setup: "mkdir -p w/s w/d t; echo 1 >t/f; ln -s $PWD/t/f w/s/f; echo f >w/list",
  run: "-aL --confine-root=$PWD/w --files-from=w/list w/s/ w/d/",
  look: "cat w/d/f",
  rsync: { status: 0, seen: "1\n" },
  tsync: { status: 23, err: /link_stat "\S+\/w\/s\/f" failed/, seen: "" },
});

difference("`--copy-as` with somebody who does not exist, or without the right", [
  {
    setup: "mkdir s; echo 1 >s/f",
    run: "-a --copy-as=root s/ d/",
    nobody: true,
    rsync: { status: 1, err: /(setgid failed.*){2}/s },
    tsync: { status: 1, err: /^rsync: \[sender\] setgid failed: .*\nrsync error: .*\n$/ },
  },
  {
    setup: "mkdir s; echo 1 >s/f",
    run: "-a --copy-as=no-such-user s/ d/",
    tsync: { status: 1, err: /^Invalid copy-as user: no-such-user\nrsync error: .*\n$/ },
  },
]);

difference("`--fake-super` with `--copy-as`", {
  setup: "mkdir s d; chmod 777 d; echo 1 >s/f; chown 5:6 s/f",
  run: "-rog --fake-super --copy-as=nobody s/ d/",
  look: "getfattr -n user.rsync.%stat --only-values d/f",
  rsync: { status: 0, seen: "" },
  tsync: { status: 0, seen: "100644 0,0 5:6" },
});

difference("`--fake-super` as an ordinary user, a file that may not be read", {
  setup: "mkdir s d; echo 1 >s/f; cp -a s/f d/f; chown -R 65534 .; chmod 0 d/f",
  run: "-rt --fake-super s/ d/",
  nobody: true,
  rsync: { status: 23, err: /failed to read xattr user\.rsync\.%stat for "\S+\/d\/f"/ },
  tsync: { status: 0, err: "" },
});

difference("`--fake-super` as an ordinary user, a file of somebody else that needs no note but another mode", {
  setup: "mkdir s d; echo 1 >s/f; cp -p s/f d/f; chmod 664 d/f; chown 65534 d",
  run: "-aO --fake-super s/ d/",
  look: "stat -c %a d/f",
  nobody: true,
  rsync: { status: 0, err: "", seen: "664\n" },
  tsync: { status: 23, err: /failed to write xattr user\.rsync\.%stat for "\S+\/d\/f": Operation not/, seen: "664\n" },
});

difference("`--fake-super` without `-o` or `-g`", {
  setup: "mkdir s d; echo 1 >s/f; chown -R 65534:65534 .",
  run: "-rltp --fake-super s/ d/",
  look: "getfattr -n user.rsync.%stat --only-values d/f",
  nobody: true,
  rsync: { status: 0, seen: /^100644 0,0 / },
  tsync: { status: 0, seen: "" },
});
