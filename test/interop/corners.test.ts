/**
 * Corners that random cases came upon, one small tree each, against the installed rsync: the same text, exit code and tree.
 * Needs root.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAsRsync } from "../support/as-rsync.ts";
import { splitErrors, splitOutput } from "../support/output.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-corners-"));
  chmodSync(folder, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything about the trees that must be equal; the times of directories may be those of the run. */
const look = `find . -printf '%p %y %m %U %G %l %n\\n' | sort; find . -type f -exec md5sum {} + | sort
find . ! -type d -printf '%p %T@\\n' | sort; getfattr -Rhd -m. -e hex . 2>&1; getfacl -pR . 2>&1`;

function run(program: string, setup: string, args: string, user: string) {
  const root = join(folder, "run");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  const shell = (text: string) => spawnSync("sh", ["-c", text], { cwd: root, encoding: "latin1", maxBuffer: 2 ** 28 });
  expect(shell(`umask 022; mkdir -p dst; ${setup}\nfind . -depth -exec touch -h -d @1600000000.5 {} +`).stderr).toBe(
    "",
  );
  const environment = `env -i PATH="$PATH" HOME=/nonexistent LC_ALL=C.UTF-8 TZ=UTC TSYNC_THREADS_FROM=1000`;
  const asUser = user === "root" ? "" : `setpriv --reuid ${user} --clear-groups `;
  const { status, stdout, stderr } = shell(`umask 022; ${asUser}${environment} ${program} ${args}`);
  return { status, output: splitOutput(stdout), errors: splitErrors(stderr), tree: shell(look).stdout.split("\n") };
}

function checkAll(setup: string, commands: readonly string[], user = "root"): void {
  test.each(commands)("%s", (args) => {
    expectAsRsync(run(tsync, setup, args, user), () => run("rsync", setup, args, user));
  });
}

describe("hard links below an absolute argument of --relative", () => {
  const setup = `mkdir -p src/b; echo 1 >src/b/f; ln src/b/f src/g; ln -s x src/l; ln src/l src/b/m`;
  checkAll(setup, [
    "-aRHi $PWD/src/ dst/",
    "-aRHin --no-implied-dirs $PWD/src/ dst/",
    "-aRHv $PWD/src/b $PWD/src dst/",
  ]);
});

describe("--super and --no-super", () => {
  const setup = `mkdir -p src/b dst/b src/c; echo 1 >src/b/f; mknod src/n c 240 1; mknod src/blk b 240 1; mkfifo src/p
chown 1:1 src/b/f src/c; chown 5:0 src/b; echo 22 >src/own; cp -a src/own dst/own; chown 0:1 src/own; mknod dst/n c 240 2
ln -s x src/l; chown -h 7:7 src/l; setfattr -n trusted.x -v 1 src/own; setfattr -n user.x -v 1 src/own; chmod 4755 src/b/f`;
  checkAll(setup, [
    ...["--no-super", "--super", "--no-super --super", "--no-super -X", "--no-super --chown=3:4", "--no-super -n"].map(
      (text) => `-ai ${text} src/ dst/`,
    ),
  ]);
});

describe("backups that a dry run tells of", () => {
  const setup = `mkdir -p src; ln -s x src/l; ln -s y dst/l; mknod src/n c 240 1; mknod dst/n c 240 2; mkfifo src/p; echo x >dst/p
ln -s z src/q; echo q >dst/q; mkdir dst/t; ln -s q src/t; ln -s ../../x dst/u; ln -s ok src/u; echo gone >dst/gone
echo a >src/h1; ln src/h1 src/h2; echo b >dst/h2; echo a >dst/h1; ln -s a src/k1; ln src/k1 src/k2; ln -s a dst/k1; ln -s b dst/k2`;
  const options = ["", "-H", "-H --delete", "-H --backup-dir=bk", "--safe-links --info=symsafe", "--ignore-existing"];
  checkAll(
    setup,
    options.map((text) => `-aibn --info=backup ${text} src/ dst/`),
  );
});

describe("without --perms a new file has the mode of its basis", () => {
  const setup = `mkdir -p src alt dst/pd; yes abc | head -c 5000 >src/q; cp src/q alt/q; echo d >>alt/q; chmod 701 alt/q
yes abc | head -c 5000 >src/p; yes abc | head -c 3000 >dst/pd/p; chmod 700 dst/pd/p; cp src/p src/s; cp -p dst/pd/p dst/pd/s
echo short >dst/s; chmod 604 dst/s; chmod 640 src/*; mkdir src/y dst/y; yes xyz | head -c 5000 >src/y/data.bin1
yes xyz | head -c 4990 >dst/y/data.bin2; chmod 4711 dst/y/data.bin2`;
  const options = [
    "-rt --copy-dest=../alt",
    "-rt --no-W -y --copy-dest=../alt",
    "-rtE --compare-dest=../alt --inplace",
  ];
  checkAll(
    setup,
    [
      ...options,
      "-rt --partial-dir=pd -y",
      "-rtE --no-W --partial-dir=pd --link-dest=../alt",
      "-rt --chmod=F600 -y",
    ].map((text) => `${text} -i src/ dst/`),
  );
});

describe("deletions of --delete-missing-args in --stats, and the log of a quiet list", () => {
  const setup =
    "mkdir -p src dst/k/l; echo 1 >src/f; echo 2 >dst/gone; echo 3 >dst/gone3; echo 5 >dst/x; echo 3 >dst/k/z";
  const statistics = "src/f src/gone src/gone3 dst/ | grep deleted";
  checkAll(setup, [
    ...["", "--force", "-n", "-b", "--max-delete=1", "-r --delete src/"].map(
      (text) => `-t --delete-missing-args --stats ${text} ${statistics}`,
    ),
    "-aq --list-only --log-file=log src/ dst/; cut -d' ' -f4- log | grep -v bytes; rm log",
  ]);
});

describe("--remove-source-files behind links", () => {
  const setup = `mkdir -p src/real/sub out/deep; echo 1 >src/f; echo 2 >src/real/g; echo 3 >src/real/sub/h; echo 4 >out/o
echo 5 >out/deep/p; ln -s real src/lr; ln -s ../out src/lo; ln -s f src/lf; ln -s ../out/o src/lfo; ln -s src slink
for i in 1 2 3 4 5 6; do mkdir -p src/t$i/u; echo $i >src/t$i/f; echo $i >src/t$i/u/g; done; mkdir src/z; ln -s $PWD/src/t1 src/a1
ln -s t2/../t2 src/a2; ln -s ../t3 src/z/a3; ln -s t4 src/c4; ln -s c4 src/a4; ln -s t5/u src/a5; ln -s t6 src/a6; chown -h 65534 src/a6`;
  const links = "-aRk src/./a1/f src/./a2/f src/./z/a3/f src/./a4/f src/./a5/g src/./a6/f src/./a6/u/g";
  const rows = [
    "-aL src/",
    "-ak src/",
    "-a --copy-unsafe-links src/",
    "-aR --copy-unsafe-links src/lo/",
    "-aRL src/lo/deep",
  ];
  checkAll(
    setup,
    [...rows, "-a slink/", "-a slink/f src/lo/o", "-aR slink/f src/./lo/o", "-aR $PWD/slink/f", links].map(
      (text) => `--remove-source-files ${text} dst/`,
    ),
  );
});

describe("directories that options name in a list", () => {
  const setup = "mkdir -p src dst/alt alt; echo 1 >src/f; cp -p src/f alt/f";
  const options = ["--link-dest=../alt", "--compare-dest=alt", "--copy-dest=nope --copy-dest=alt", "--link-dest=src/f"];
  checkAll(setup, [
    ...options.map((text) => `-a --list-only ${text} src/ dst/`),
    ...[
      "-b --backup-dir=bk",
      "-b --backup-dir=alt",
      "-b --backup-dir=../alt",
      "--temp-dir=nope",
      "--temp-dir=alt",
    ].flatMap((text) => [`-avv --list-only ${text} src/ dst/`, `-avv ${text} src/`]),
  ]);
});

describe("rules with the modifier / and what is named as an argument", () => {
  const setup = `mkdir -p src/gamma/q; echo 1 >src/gamma/g37; echo 1 >src/gamma/q/z; printf 'gamma/g37\\ngamma/q\\n' >list`;
  const sources = [
    "--no-R --files-from=list src",
    "--files-from=list src",
    "src/gamma/g37",
    "src/gamma/q src/gamma/g37",
  ];
  checkAll(setup, [
    ...[...sources, "-R src/./gamma/g37", "$PWD/src/gamma/g37", "../run/src/./gamma/", "src/ src/gamma/q src"].map(
      (text) => `-ai -f '-/ gamma/***' ${text} dst/`,
    ),
    "-ai -f '-/ src/gamma/g*' src/gamma/q src/gamma/g37 dst/",
    "-ai -f '-/ src/g*' --no-R --files-from=list src dst/",
  ]);
});

describe("directories that are made for the destination", () => {
  const formats = ["-i", "-i --out-format=%n", "--out-format=%12i|%n", "--out-format=%n", "-v --out-format=%n", "-q"];
  checkAll(
    "mkdir src; echo 1 >src/f",
    formats.flatMap((text) => [
      `-a ${text} --mkpath --log-file=log src/ new/deep/er/; cut -d' ' -f4- log | grep -v bytes; rm log`,
      `-a ${text} --log-file=log src/ dst/new; cut -d' ' -f4- log | grep -v bytes; rm log`,
    ]),
  );
});

describe("a temporary directory within the destination", () => {
  const setup = "mkdir -p src/k dst/.tmp dst/k; echo 2 >src/k/g; echo 3 >dst/k/g";
  const places = [".", ".tmp", "k", "$PWD/dst"];
  checkAll(
    setup,
    places.map((text) => `-a --no-i-r --temp-dir=${text} src/ dst/; find dst -type d -printf '%p %Ty\\n' | sort`),
  );
});

describe("missing arguments whose directories are missing too", () => {
  const setup = `mkdir -p src/a dst/a/b; echo 1 >src/f; echo 1 >dst/a/b/c; echo 1 >dst/f; printf 'x/y/z/w/v\\n' >l1
printf 'x/y/z\\nx/y/q\\nx/k\\n' >l2; printf 'a/b/c/d\\n' >l3`;
  const lists = ["l1", "l2", "l3"].flatMap((list) =>
    ["", "-r", "-r --no-i-r"].map((text) => `${text} --files-from=${list} src`),
  );
  const rows = ["-R src/x/y/z/v", "-R src/a/b/c", "-R src/./a/b/c", "-R ./src/x/y/z", "-R src/x/y/z src/a/q src/f"];
  checkAll(
    setup,
    [...lists, ...rows, "-R --no-i-r src/x/y/z src/x/y/q src/x/k"].map(
      (text) => `-ai --delete-missing-args ${text} dst/`,
    ),
  );
});

describe("merge files of directories behind links of somebody else", () => {
  const setup = `mkdir -p src/real src/real2; echo '*.x' >src/real/.cvsignore; echo 1 >src/real/a.x; echo 1 >src/real/b
ln -s real src/ln; chown -h 12345 src/ln; ln -s real src/lr; echo 1 >src/real2/q; ln -s real2 src/l2; chown -h 12345 src/l2`;
  const rows = [
    "-aLC src/",
    "-akC src/",
    "-aLF src/",
    "-aL -f ':w- .cvsignore' src/",
    "-aL src/",
    "-aLC src/ln",
    "-aCRL src/ln/",
  ];
  checkAll(
    setup,
    rows.map((text) => `${text} dst/`),
  );
});

describe("--mkpath where nothing may be made", () => {
  const rows = ["src/ dst/new/er/", "src/ dst/new/er", "src/f dst/new/er/", "src/f dst/new"];
  checkAll(
    "mkdir src; echo 1 >src/f; chmod 555 dst",
    rows.map((text) => `-a --mkpath ${text}`),
    "65534",
  );
});

describe("hard links of links and devices where a full directory stands", () => {
  const setup = "mkdir -p src dst/b/x dst/d/x; ln -s q src/a; ln src/a src/b; mknod src/c c 240 1; ln src/c src/d";
  checkAll(setup, ["-aHi src/ dst/", "-aHi --no-i-r src/ dst/"]);
});

describe("--stderr=all and the log", () => {
  const setup = `mkdir -p src/e; mkfifo src/p "src/gr$(printf '\\303\\274')"; echo 2 >dst/gone; ln -s /x src/u; mkdir dst/f; echo 1 >dst/f/q
echo 1 >src/f; echo 3 >src/h; ln src/h src/h2; echo 4 >dst/h; echo same >src/same; cp -p src/same dst/same`;
  const rows = [
    "-vvi --safe-links --delete src/ dst/",
    "-vvi -b --delete src/ dst/",
    "-v --delete src/ dst/new",
    "-q src/ dst/",
  ];
  checkAll(
    setup,
    [...rows, "-nvv8 --delete src/ dst/", "--list-only src/"].map(
      (text) => `-rlt --stderr=all --log-file=log ${text}; cut -d' ' -f4- log | grep -v ' size '; rm log`,
    ),
  );
});

describe("directories that several arguments name", () => {
  const setup = `mkdir -p A/a/s A/a/b/c A/e D/q
echo g >A/a/g; echo t >A/a/s/t; echo x >A/a/b/x; echo y >A/a/b/c/y; echo z >A/e/z; cp -a A B`;
  const rows = ["AA", "AAA", "AAAA", "AAAAA", "ABB", "ABA", "AADAA", "AABBAA", "ADA", "ADAB"];
  checkAll(setup, [
    ...rows.map((row) => `-a -vv ${[...row].map((name) => `${name}/`).join(" ")} dst/`),
    "-a -vv A/ A// dst/",
    "-a -vv --list-only A/ A// A/",
    ...["A/ A/x/y/z A/", "A/ none/x A/ B/ A/", "A/ none A/", "A none/x A"].map((text) => `-a -vvn ${text} dst/`),
    ...["A/./a none/./x A/./a", "A/./a B/./a/none A/./a"].map((text) => `-aR -vvn ${text} dst/`),
  ]);
});

describe("implied directories of several arguments", () => {
  const setup = `mkdir -p A/a/s A/a/b/c A/e
echo g >A/a/g; echo t >A/a/s/t; echo x >A/a/b/x; echo y >A/a/b/c/y; echo z >A/e/z; cp -a A B`;
  const sources = [
    "A/a/s A/e A/a/s",
    "A/a/s A/a A/a/s",
    "A/a A/a/s A/a",
    "A/a A/a A/a/s A/a",
    "A/a/s A/a A/e A/a A/e A/a",
    "A/a/s A/a/b/x",
    "A/a/b/x A/e/z A/a/b/x",
    "A/a/b/x A/a/s A/a/b/c/y",
    "A/a/s B/a/s A/a/s",
    "A/./a/s B/./a/s A/./a/s",
    "A/./a/b/x B/./a/b/x A/./e/z A/./a/b/x",
    "./A/./a/s A/./a/s ./A/./e",
  ];
  checkAll(setup, [
    ...sources.map((text) => `-aR -vvn ${text} dst/`),
    ...sources.map((text) => `-aR -vvn --no-i-r ${text} dst/`),
  ]);
});

describe("attributes and what -vv says of them", () => {
  const setup = `mkdir src; for f in xattr acl both none; do mkdir src/d$f; echo $f >src/$f; ln -s x src/l$f; done
find src -exec touch -h -d @1600000000.5 {} +; cp -a src/. dst/
setfattr -n user.a -v 1 src/xattr src/both src/dxattr src/dboth; setfattr -h -n trusted.a -v 1 src/lxattr
setfacl -m u:5:r src/acl src/both src/dacl`;
  checkAll(setup, ["-aXA -vv src/ dst/", "-aXA -vvn src/ dst/", "-rX -vv --chmod=F600 src/ dst/", "-aXA -v src/ dst/"]);
});

describe("merge files of several arguments", () => {
  const setup = `mkdir -p A/s/t B/s/t; for d in A B; do touch $d/x1 $d/y1 $d/s/x2 $d/s/y2 $d/s/t/x3 $d/s/t/y3; done
echo 'x*' >A/.cvsignore; echo 'y*' >B/s/.cvsignore; touch B/z A/s/z2 B/s/t/z3; mkdir A/only B/only; touch A/only/x B/only/y`;
  const sources = ["A/ B/", "B/ A/", "A B", "A/s/ A/", "A/s B/s", "B/s A/s A/s/t"];
  checkAll(
    setup,
    sources.flatMap((text) => [`-aC -i ${text} dst/`, `-aC -i --no-i-r ${text} dst/`, `-aCR -i --no-i-r ${text} dst/`]),
  );
});

describe("merge files in a tree that a thread scans", () => {
  const setup = `mkdir s; for d in $(seq 12); do
  mkdir -p s/d$d/x/y; for f in $(seq 300); do : >s/d$d/f$f; done; : >s/d$d/no.o; : >s/d$d/x/no.o; : >s/d$d/x/y/no.o
  : >s/d$d/x/y/z; echo '- z' >s/d$d/x/.rsync-filter
done; echo '- *.o' >s/.rsync-filter`;
  checkAll(setup, ["-aF s/ dst/", "-aF s dst/", "-aF --no-i-r s dst/", "-aFR ./s/d1 s/ dst/"]);
});

describe("--safe-links makes no backup of a link that leads out of the tree", () => {
  const setup = `mkdir -p src dst/sub dst/keep; ln -s /nonexistent/x dst/u; ln -s ../../x dst/sub/u2; ln -s keep dst/ok
ln -s /nonexistent/y dst/replaced; echo r >src/replaced`;
  const options = [
    "-avv --delete --backup-dir=bk",
    "-a --delete --info=symsafe",
    "-avvn --delete",
    "-av --inplace",
    "-rtv",
  ];
  checkAll(
    setup,
    options.map((text) => `${text} -b --safe-links src/ dst/`),
  );
});

describe("compression within one machine", () => {
  const rows = ["-aiz", "-aizz --no-W -B 700", "-aivz --zc=lz4", "-ai --zl=3", "-ai --old-compress", "-aiz --zc=foo"];
  checkAll(
    "mkdir src; seq 9000 >src/x; seq 7000 >dst/x",
    rows.map((options) => `${options} src/ dst/`),
  );
});

describe("the log of a command line with a wrong rule", () => {
  const log = "--log-file=log";
  const wrong = ["-f foo", "--exclude-from=nope", "-f merge_nope", "--files-from=nope"];
  const show = "sed 's/^[^]]*\\]//; s/ at .*//' log 2>/dev/null; rm -f log";
  checkAll(
    "mkdir src; echo 1 >src/x",
    wrong.flatMap((option) =>
      [`${log} ${option}`, `${option} ${log}`, `${option} ${log} --bogus`, `${log} ${option} --bogus`].map(
        (options) => `-r ${options} src/ dst/; ${show}`,
      ),
    ),
  );
});

describe("merge files above the arguments of --relative", () => {
  const setup = `mkdir -p src/d/b/c; touch src/d/b/x1 src/d/b/k src/d/b/c/x2 src/d/b/c/k2 src/d/x0
printf -- '- x*\\n- b\\n' >src/.rsync-filter; echo '- k' >.rsync-filter`;
  const sources = ["src/d/b/", "src/d/b", "src/d/b/c/x2", "src/d/x0", "src/./d/b", "src/d src/d/b", "./src/d/b"];
  // The destination is in its own source here: without the rule it depends on the moment whether it is copied as well.
  const whole = "--exclude=/dst ./";
  checkAll(setup, [
    ...[...sources, whole].flatMap((text) => [`-aRF -i ${text} dst/`, `-aR -i -f:_.rsync-filter ${text} dst/`]),
    ...["src/d/b", "src/d/b/c/x2", "src/d"].map((text) => `-aR -i -f:_.rsync-filter --no-i-r ${text} dst/`),
  ]);
});

describe("rules told of by -vv where deletions are looked for", () => {
  const setup = `mkdir -p A/b/x A/s dst/c dst/s; echo 1 >A/a; echo 2 >A/c; echo 3 >A/d; ln -s q A/e; echo 4 >A/s/f
echo hi >dst/b; echo 5 >dst/c/z; echo q >dst/d; echo f >dst/e; echo x >dst/f; echo 4 >dst/s/f; echo 5 >dst/s/g`;
  // Without item lines: their order against those of the generator is a matter of buffers.
  checkAll(
    setup,
    ["--delete", "--delete-before", "--delete-after", "--delete-delay", "-n --delete"].flatMap((when) => [
      `-rt --info=none --debug=filter ${when} -f 'R *' A/ dst/`,
      `-rt --info=none --debug=filter ${when} -f 'P s*' -f 'R /?' A/ dst/`,
    ]),
  );
});

describe("merge files looked for below links of somebody else", () => {
  const setup = `mkdir -p A/d/k/l dst/real A/e; echo 1 >A/d/f; echo 2 >A/d/k/g; echo 2 >A/d/k/l/h; echo k >A/k; echo r >dst/real/x
ln -s real dst/d; ln -s real dst/e; ln -s zzz dst/k; chown -h nobody dst/d dst/k`;
  const merges = ["-f ':_.foo'", "-f ':_.foo' -f ':_.bar'", "-C"];
  const timings = [
    "--delete",
    "--delete-before",
    "--delete-after",
    "-n --delete",
    "-n --delete-before",
    "-n --delete-after",
  ];
  checkAll(
    setup,
    merges.flatMap((rules) => timings.map((when) => `-a ${rules} ${when} A/ dst/`)),
  );
});

describe("merge files of one argument and the arguments after it", () => {
  const setup = `mkdir -p A B C/log.1; echo '- ?og.1' >A/.rules; echo '- o*' >C/.rules; echo h >B/log.1; echo l >B/other; echo x >A/q; echo o >C/o`;
  const sources = [
    "A/ B/log.1",
    "B/log.1 A/",
    "A B/log.1",
    "A/./ B/log.1",
    "A/ C/log.1",
    "A/ B/",
    "A/ C/",
    "B/ A/ B/log.1",
  ];
  checkAll(
    setup,
    sources.flatMap((text) =>
      ["-rt", "-rtR", "-rt --no-i-r", "-dt"].map((how) => `${how} -f ':_.rules' -v ${text} dst/`),
    ),
  );
});

describe("names of a file that --link-dest has, whose time is not kept", () => {
  const setup =
    "mkdir -p A/a/b dst; echo 1 >A/a/f; ln A/a/f A/a/b/g; ln A/a/f A/z; touch -d 2001-01-01 A/z; cp -a A alt";
  const ways = ["-aHi --no-t", "-aHii --no-t", "-aHivv --no-t", "-aHii", "-rlHii", "-rlHvv"];
  checkAll(
    setup,
    ways.map((how) => `${how} --link-dest=../alt A/ dst/; find . -exec touch -h -d 2001-01-01 {} +`),
  );
});

describe("what rules say of attributes", () => {
  const setup = `mkdir -p A/sub dst/sub alt; for i in a b sub/c; do echo $i >A/$i; setfattr -n user.one -v 1 A/$i; setfattr -n user.two -v 2 A/$i; setfattr -n trusted.t -v 3 A/$i; done
setfattr -n user.dir -v 1 A/sub; setfattr -n user.two -v 1 A/sub; cp -a A/a dst/a; setfattr -n user.two -v 9 dst/a; echo x >dst/b; setfattr -n user.one -v 8 dst/b; setfattr -n user.old -v 8 dst/b
touch -d 2001-01-01 dst/b; setfattr -n user.one -v 4 dst/sub; echo 5 >dst/sub/del; cp -a A/. alt; ln -s x A/l; setfattr -h -n trusted.t -v 1 A/l; cp -a A/l dst/l; cp -a A/a A/z; printf '%s\n' '-x user.two' >A/sub/.r`;
  const rules = "-f '-x user.one' -f '+x user.t*' -f '-x trusted.*'";
  checkAll(setup, [
    ...["-aXvv", "-aXi --debug=filter1 --no-i-r", "-aXivv --delete", "-aXAvv -c --existing", "-aXvvn --inplace"].map(
      (how) => `${how} ${rules} A/ dst/`,
    ),
    `-aXAvv ${rules} --link-dest=../alt A/ dst/`,
    "-aXvv -f ': .r' -f '- a' -f '-x *.one' A/ dst/",
    "-aXvv -f '+x *' A/a A/sub dst/",
  ]);
});

describe("--checksum of files that take long", () => {
  // More than 16 MiB a list, of one file, of several, in two sources; one that is missing, one that cannot be opened.
  const setup = `mkdir -p A/e B/e alt/e dst/e; seq 3000000 >A/long; seq 1000000 >A/e/b; for i in c d e f; do cp A/e/b A/e/$i; done; cp A/long B/m
cp -p A/long dst/; cp A/e/? dst/e; echo >>dst/e/d; sed -i 's/^77$/78/' dst/e/c; cp A/e/b B/e/g; ln A/e/b A/e/h; ln -s b A/e/l; cp A/e/c alt/e; cp A/long alt/long`;
  checkAll(setup, [
    "-rtci A/ B/ dst/",
    "-rlptci --no-i-r A/ B/ dst/",
    "-aHci --delete A/ dst/",
    "-rLtci A/ dst/",
    "-rtci --copy-dest=../alt A/ new/",
    "-tci A/long A/e/b A/nope B/m A/e/c dst/",
    "-Rtci A/long A/./e/c A/e/d dst/",
    "-aUci A/ dst/",
  ]);
});

describe("--checksum without a checksum", () => {
  const setup = `mkdir -p A/e B; echo 1 >A/f; ln -s q B/l`;
  checkAll(
    setup,
    ["-tc A/nope dst/", "-rltc B/ dst/", "-rtc A/e dst/", "-tc A/e dst/", "-tc A/f dst/", "-rtc A/ dst/"].map(
      (text) => `--cc=none ${text}`,
    ),
  );
});

describe("progress counters with duplicates and files that cannot be opened", () => {
  const setup = `mkdir -p A/d/e B/d/f; for i in a d/b d/e/c; do echo 11 >A/$i; done; for i in a z d/b d/q d/f/c; do echo 22 >B/$i; done
mknod A/d/bb b 240 300`;
  // What follows --progress in a line does not say how long anything took.
  const figures = (text: string) => `${text} | tr '\\r' '\\n' | grep -o '(xfr.*'`;
  checkAll(
    setup,
    ["-rtI --no-i-r --progress", "-rt --copy-devices --delete-after --progress"].map((text) =>
      figures(`${text} A/ B/ dst/ 2>&1`),
    ),
  );
});

describe("time of the top directory around a new backup directory", () => {
  const setup = `mkdir -p A/a/b dst/a/b; for i in x a/x a/b/x; do echo 1 >A/$i; cp A/$i dst/$i; done; echo g >dst/a/b/extra
ln -s q A/a/b/l; echo z >dst/a/b/l`;
  const ways = ["", "--no-i-r", "--delete", "--delete-delay", "--delete-after", "-H", "-H --delete", "-O --delete"];
  checkAll(
    setup,
    ways.map(
      (way) => `-a ${way} --backup-dir=.bk A/ dst/; find dst -name .bk -prune -o -type d -printf '%p %Ty\\n' | sort`,
    ),
  );
});

describe("time of the top directory when a deletion makes the backup directory", () => {
  const setup = "mkdir -p src/a/x src/b dst/a/x dst/b";
  for (const where of ["a", "b", "a/x"])
    checkAll(
      `${setup}; echo 1 >dst/${where}/gone`,
      ["--delete", "--delete-after"].map(
        (way) => `-rtb --backup-dir=bk ${way} src/ dst/; stat -c %.4Y dst | cut -c1-4`,
      ),
    );
});

describe("--ignore-existing keeps a file where the source has a directory", () => {
  const setup = `mkdir -p src/d/e src/d/g/h src/d/empty; echo 1 >src/d/f; echo 2 >src/d/e/x; echo 4 >src/d/g/h/z
ln -s q src/d/l; mkfifo src/d/p; echo file >dst/d; : >dst/other; mkdir src/c; echo 5 >src/c/f; mkfifo dst/c`;
  const options = ["-a", "-r", "-rt --max-size=1", "-aA -vv", "-a -vvn", "-aX --existing -v", "-a --no-t -v"];
  const deletions = ["--del", "--delete-before", "--delete-after", "--delete-delay", "--no-i-r --del", "-n --del"];
  checkAll(
    setup,
    [...options, ...deletions.map((text) => `-av ${text}`)].map((text) => `${text} --ignore-existing src/ dst/`),
  );
});

describe("the name of a single file that gets another one", () => {
  const setup = "mkdir src; mkfifo src/p; ln -s x src/l; ln -s /nowhere src/u; echo f >src/f; echo old >dst/q";
  checkAll(setup, [
    "-r src/p dst/new",
    "-r -n src/l dst/new",
    "-r -vv --max-size=1 src/f dst/new",
    "-r -vv --min-size=99 src/f dst/q",
    "-rl -vv --safe-links src/u dst/new",
    "-r -vv --ignore-existing src/f dst/q",
    "-r -vv --existing src/f dst/new",
  ]);
});

describe("directories in the way of files, which may not be removed", () => {
  const setup = `mkdir -p src dst/full/x dst/empty dst/unread/x dst/mine/x dst/foreign/x
for i in full empty unread mine foreign; do echo $i >src/$i; done; chown -R nobody src dst
chmod 333 dst/unread; chown root dst/foreign; chmod 0 dst/mine dst/foreign`;
  checkAll(setup, ["-rt src/ dst/", "-rt -n src/ dst/"], "nobody");
  checkAll(`${setup}; chown root dst`, ["-r src/ dst/", "-r --force src/ dst/"], "nobody");
  checkAll(setup, ["-r --delete-missing-args src/full src/nothing src/mine dst/"], "nobody");
});

describe("a file in the way of a directory, which may not be removed", () => {
  const setup = "mkdir -p src/d/e; echo f >src/d/f; echo d >dst/d; chown -R nobody src dst/d";
  checkAll(setup, ["-a src/ dst/", "-aO src/ dst/", "-a --no-i-r src/ dst/", "-a --delete-before src/ dst/"], "nobody");
});

describe("directories of somebody else whose mode cannot be set", () => {
  const setup = `mkdir -p src/d/e src/c dst/d dst/c; echo f >src/d/f; chown -R nobody src; chown nobody dst
chmod 555 dst/d; chmod 0 dst/c; chmod 555 src/c`;
  checkAll(setup, ["-a src/ dst/", "-rt --chmod=D755 -p src/ dst/"], "nobody");
});

describe("attributes of new backup directories", () => {
  const setup = `mkdir -p src/d/e dst/d/e dst/gone/k; echo 1 >src/d/f; echo 2 >src/d/e/x; echo old >dst/d/f; echo old >dst/d/e/x
echo g >dst/gone/k/f; setfattr -n user.a -v d src/d dst/d; setfattr -n user.a -v g dst/gone; setfacl -m u:5:rx src/d dst/d
setfacl -m u:9:rwx dst/gone/k; setfacl -d -m u:7:rx dst/d; chmod 2711 dst/gone/k; chmod 710 dst/d/e; mkdir bk; chgrp 8 bk; chmod 2755 bk`;
  const options = ["-rt", "-rtX", "-rtA", "-aX", "-aXA", "-rtp", "-rtgo"];
  checkAll(
    setup,
    options.map((text) => `${text} --delete --backup-dir=../bk src/ dst/`),
  );
});

describe("modes of what gets other extended attributes without --perms", () => {
  const setup = `mkdir -p src dst; for m in 2755 4755 1755 6711 7750; do mkdir src/d$m dst/d$m src/s$m dst/s$m; echo 1 >src/f$m
cp -p src/f$m dst/f$m; chmod $m dst/?$m; chmod 700 dst/s$m; chmod $m src/s$m; setfattr -n user.a -v x dst/?$m; done`;
  checkAll(setup, ["-rtX src/ dst/", "-rtX --executability src/ dst/"]);
});

describe("backups whose names are too long", () => {
  const name = "n".repeat(255);
  const setup = `mkdir -p src/s dst/s; echo new >src/s/${name}; echo older >dst/s/${name}`;
  checkAll(setup, ["-rtb src/ dst/", "-rtb src/s/ dst/s/", "-rt --suffix=x --backup-dir=bk src/ dst/"]);
});

describe("times of the directories of an absolute argument of --relative", () => {
  const setup = "mkdir -p src/d dst/$PWD/src; echo 1 >src/d/f; echo x >dst/$PWD/src/gone";
  checkAll(
    setup,
    ["--delete-after", "--delete-delay", "--delete", "-H --delete-after", "--no-i-r --delete-after"].map(
      (when) => `-aR ${when} $PWD/src dst/; find dst -mindepth 4 -type d -printf '%p %Ty\\n' | sort`,
    ),
  );
});

describe("links of somebody else that are refused, in the log", () => {
  const setup = `mkdir -p src/d src/e dst/real; echo 1 >src/d/f; ln -s real dst/d; echo r >dst/real/x; ln -s r0 rules; echo '- x' >r0
echo '- *.o' >r1; ln -s ../r1 src/.foo; ln -s dst dlink; chown -h nobody dst/d rules src/.foo dlink`;
  const rows = [
    "--delete -f :_.foo src/ dst/",
    "--delete-before -f :_.foo src/ dst/",
    "-f ._rules src/ dst/",
    "src/ dlink/",
    "--link-dest=../dlink src/ dst/",
  ];
  checkAll(
    setup,
    rows.map((text) => `-rt --log-file=log ${text}; echo $?; grep -o 'refusing.*' log; rm -f log`),
  );
});

describe("newlines and high bytes in what ends a run", () => {
  const setup = `mkdir -p "src/new
line"; echo x >"src/new
line/.rules"`;
  checkAll(setup, [
    "-an -f ': .rules' src/ dst/",
    `-a -f 'x\ny' src/ dst/`,
    `-a "--é\x01\ny" src/ dst/`,
    "-a --info=é src/ dst/",
  ]);
});

describe("repeats of --info=progress2 after a list", () => {
  const setup = `mkdir -p src/a src/b src/c src/d/q src/e; echo 1 >src/f; echo 22 >src/b/f; echo 333 >src/b/g; echo 4 >src/d/q/f
echo 5 >src/d/q/g`;
  const rows = [
    "-an src/",
    "-anH src/",
    "-an src",
    "-an --delete src/d src",
    "-an --no-i-r src/",
    "-a src/a src/c src/e",
    "-aH src/a src/c src/e",
  ];
  checkAll(
    setup,
    rows.map((text) => `${text} --info=progress2 dst/ | tr '\r' '\n' | grep -o '(xfr.*)'`),
  );
});

describe("the last line of --info=progress2 ends before late deletions and the totals of the search for blocks", () => {
  const setup = "mkdir -p src/d dst/d; echo 1 >src/f; echo 22 >src/d/f; touch dst/gone dst/d/gone";
  const parts = "tr '\r' '\n' | grep -o '(xfr.*)\\|^deleting .*\\|^total: .*\\|^IO error.*'";
  const rows = [
    "-a --delete-after",
    "-a --delete-delay",
    "-a --no-i-r --delete-delay",
    "-a --delay-updates --delete-after",
    "-avv --no-W",
    "-avvn",
    "--list-only -rvv",
  ];
  checkAll(
    setup,
    rows.map((text) => `${text} --info=progress2 src/ dst/ | ${parts}`),
  );
});

describe("directories of an absolute argument of --relative that a full deletion pass tells of", () => {
  const setup = "mkdir -p src/d src/e dst; touch src/d/f src/e/f";
  const rows = ["--delete-after $PWD/src/.", "--delete-before $PWD/src", "--delete-before $PWD/src/d/."];
  checkAll(
    setup,
    rows.map((text) => `-aRvv ${text} dst/ | grep '^deleting in'`),
  );
});

describe("names that the generator tells under -vv, and the first record", () => {
  const setup = `mkdir -p src/d/e dst; for i in 1 2 3 4 5 6; do echo $i >src/$i; done; cp -a src/3 src/5 dst
chmod 600 dst/3 dst/5; touch -d @5 src/d/e/x; cp -a src/d dst; chmod 700 dst/d; chmod 600 dst/d/e/x`;
  const options = ["-H", "--no-i-r", "-m", "--delete-after", "-nH", "-n --delete-before"];
  checkAll(setup, [
    ...options.map((text) => `-a -vv ${text} src/ dst/`),
    "-tg -vv src/2 src/3 src/4 src/5 src/6 dst/",
    "-a -vv --no-i-r src/2 src/3 src/4 src/5 src/6 dst/",
    "-a -vv --no-i-r --info=progress2 src/2 src/3 src/4 src/5 src/6 dst/",
    "-rtg -vv -H src/2 src/3 src/4 src/5 src/d dst/",
    "-a -vv -H src/d dst/",
    "-a -vv --no-i-r src/d dst/",
  ]);
  const many = `mkdir src; for i in $(seq 1000 1450); do touch src/f$i; done; cp -a src/. dst; chmod 600 dst/f1??0; rm dst/f??05`;
  checkAll(many, ["-a -vv --no-i-r src/ dst/", "-a -vv src/* dst/ --no-i-r", "-a --info=name2 -m src dst/"]);
});

describe("what is told of several arguments", () => {
  const setup = `mkdir -p src/a/x src/b/y src2/b; echo 1 >src/a/x/f; echo 2 >src/b/y/f; echo 3 >src2/b/g; ln -s none src/a/x/l
ln -s none src2/b/l; echo a/x/ >list; echo b/ >>list; echo a/ >>list`;
  const rows = ["src src/none src2", "src/none src/ src2/", "src/b src2/b src/a", "-R src/./b/y src2 src/./b"];
  checkAll(setup, [
    ...rows.map((text) => `-aL -nvv --no-i-r -f '+ [bf]' ${text} dst/`),
    "-rL -nvv -f '+ [bf]' --files-from=list src/ dst/",
    ...rows.map((text) => `-aL -nvv -f '+ [bf]' ${text} dst/`),
    "-aL -nvv -f '+ [bfs]*' src/. src src2/ src2 dst/",
  ]);
});

describe("ids in ACLs under --numeric-ids", () => {
  const setup = `mkdir src; echo 1 >src/f; chmod 644 src/f; setfacl -m u:1:r,u:12345:r,g:12345:rw,g:2:r src/f; mkdir src/d
setfacl -d -m u:12345:r,g:1:rw src/d; chmod 777 . dst`;
  const rows = ["--groupmap=12345:daemon,*:9", "--usermap=*:9", "--chown=5:5"];
  const commands = rows.flatMap((map) => ["", "--no-i-r"].map((text) => `-aA --numeric-ids ${text} ${map} src/ dst/`));
  checkAll(setup, commands);
  describe("as an ordinary user", () => checkAll(setup, commands, "nobody"));
});

describe("the id that no object can have", () => {
  const setup = `mkdir -p src/d; echo 1 >src/f; ln -s x src/l; mkfifo src/p; chown -h 5:7 src/*; chmod 4755 src/f; cp -a src dst2
chown -h 0:0 dst2/*; echo 22 >dst2/f`;
  const maps = [
    "--usermap=5:4294967295",
    "--groupmap=7:4294967295",
    "--chown=4294967295:4294967295",
    "--chown=9:4294967295",
  ];
  const commands = maps.flatMap((map) => [`-ai ${map} src/ dst/`, `-aXi --inplace ${map} src/ dst2/`]);
  checkAll(setup, [...commands, `-aiX --fake-super ${maps[0]} src/ dst/`]);
});

describe("links of absolute arguments of --relative", () => {
  const setup =
    "mkdir src; echo 1 >src/a; ln src/a src/b; ln src/a src/c; mkdir -p dst/$PWD/src; cp -p src/b dst/$PWD/src";
  checkAll(setup, ["-aHRi $PWD/src dst/", "-aHRvv --no-i-r $PWD/src/ dst/", "-aHRin $PWD/./src/ dst/"]);
});

describe("files in /proc, whose size is not known", () => {
  const setup = "mkdir src; ln -s /proc/version src/v; echo 1 >src/f; touch dst/v";
  checkAll(setup, [
    "-rltpL -c -i src/ dst/; touch -d @5 dst/v",
    "-rltpLI --out-format='%n %C %l' src/ dst/; touch -d @5 dst/v",
  ]);
});

describe("backups that cannot be made", () => {
  const setup = `mkdir -p src/d dst/d dst/bk/d dst/closed; echo new >src/d/a; echo older >dst/d/a; echo d >dst/d/gone
ln -s x dst/d/gl; ln -s x dst/d/l; ln -s y src/d/l; mkfifo dst/d/p; chown -hR nobody src dst; chown root dst/closed`;
  const keep = "--exclude=/bk --exclude=/closed";
  const replacing = ["-r", "-rt --inplace", `-r --delete --existing --exclude=a ${keep} -v`];
  const closed = `${setup}; chown root dst/bk/d`;
  checkAll(
    `${setup}; chown root dst/d`,
    ["-rtb --inplace", `-rltbD --delete --existing --exclude=a ${keep}`].map((text) => `${text} src/ dst/`),
    "nobody",
  );
  checkAll(
    `${closed}; rm dst/d/gl dst/d/p`,
    replacing.map((text) => `${text} --backup-dir=bk src/ dst/`),
    "nobody",
  );
  checkAll(
    `${closed}; touch dst/bk/d/a dst/bk/d/gone; rm dst/d/gl dst/d/p`,
    replacing.map((text) => `${text} --backup-dir=bk src/ dst/`),
    "nobody",
  );
  checkAll(setup, [`-r --backup-dir=closed src/ dst/`, `${replacing[2]} --backup-dir=closed src/ dst/`], "nobody");
  checkAll(setup, [`${replacing[2]} --backup-dir=closed/new/er src/ dst/`], "nobody");
  checkAll(`${setup}; mkdir dst/bk/d/a`, ["-r --inplace --backup-dir=bk src/ dst/"], "nobody");
});

describe("files for which there is no room in a directory of somebody else", () => {
  const setup = `mkdir -p src/d dst/d; seq 2000 >src/d/a; (seq 1500; echo x; seq 1600 2000) >dst/d/a; seq 300 >src/d/new
: >src/d/empty; touch -d @1600000000 src/d/*; chmod 555 src/d; chown -R nobody src dst; chown -R root dst/d`;
  const ways = [
    "-r",
    "-r --no-W",
    "-rt --inplace --no-W",
    "-r --append --no-W",
    "-r --append-verify",
    "-r --partial -vv",
  ];
  checkAll(
    setup,
    ways.map((way) => `${way} --out-format=%i-%n-%C-%b-%c-%l --stats src/ dst/`),
    "nobody",
  );
});

describe("read errors that are known when --delete-delay looks for extraneous entries", () => {
  const setup = `mkdir -p src/a/b src/m/n src/z/y; cp -a src/. dst; for d in . a a/b m m/n z z/y; do touch dst/$d/extra; done
chmod 0 src/m/n; chown -R nobody src dst`;
  const ways = ["", "-H", "--no-i-r", "-n", "-d", "--max-delete=3"];
  checkAll(
    setup,
    ways.map((way) => `-rv --delete-delay ${way} src/ dst/`),
    "nobody",
  );
});

describe("an empty directory whose destination is a link that leads nowhere", () => {
  const setup = "mkdir src src2; echo 1 >src2/f; ln -s nowhere link";
  checkAll(setup, [
    "-av src/ link",
    "-avn src/ link",
    "-av src2/ link",
    "-av src/ src/ link",
    "-av --no-i-r src link",
    "-avn src link",
    "-av src link",
    "-av src new",
    "-aRv ./src new",
  ]);
});

describe("more links in a path than may be passed, under -A", () => {
  const setup = "mkdir src; echo 1 >src/f; ln -s . src/d; ln -s f src/l; ln -s l src/m";
  checkAll(setup, ["-rLA --list-only src/", "-rlkA -n -i src/ dst/", "-rLA -nv --delete src dst/"]);
});

describe("directories with content where a backup goes", () => {
  const setup = `mkdir -p src dst/f~/s dst/l~/s dst/g~/s dst/bk/f/s; ln -s new src/l; ln -s old dst/l; echo new >src/f; echo older >dst/f
echo g >dst/g; for d in f~ l~ g~ bk/f; do echo x >dst/$d/s/x; echo z >dst/$d/z; done`;
  const rows = [
    "-abvv --force",
    "-abv --delete",
    "-abv --delete-delay -f 'P g~'",
    "-abi --inplace --force",
    "-ab -n --delete",
    "-av --backup-dir=bk --force",
  ];
  checkAll(
    setup,
    rows.map((text) => `${text} src/ dst/`),
  );
  checkAll(
    `${setup}; rm -rf dst/f~; touch dst/l~/z~`,
    ["-abv --force", "-abv --delete"].map((text) => `${text} src/ dst/`),
  );
  checkAll(
    `${setup}; touch dst/f~/z~; rm -r dst/l dst/l~`,
    ["-ab --delete", "-rt --delete-after -b"].map((text) => `${text} src/ dst/`),
  );
});

describe("attributes of copies that are made as backups", () => {
  const setup = `mkdir -p src dst; echo new >src/f; echo older >dst/f; chown 5:6 dst/f; chmod 2751 dst/f; setfattr -n user.k -v 1 dst/f
setfacl -m u:7:r dst/f`;
  const rows = ["-rb", "-rtob", "-rgb", "-rpbA", "-rbX", "-abXA"];
  checkAll(
    setup,
    rows.map((text) => `${text} --inplace src/ dst/; touch -d @9 dst/f dst/f~`),
  );
});

describe("inherited ACLs of new files where rules for attributes let them be sent", () => {
  const setup = "mkdir src; setfacl -d -m u:1:rwx dst; echo 1 >src/f; echo 2 >src/g; setfacl -m u:2:r src/g";
  checkAll(setup, ["-aX -f -x_nothing src/ dst/", "-aX --inplace -f +x_user.* src/ dst/", "-aX src/ dst/"]);
});

describe("copies that are made as backups in a directory with a default ACL", () => {
  const make = (acls: string) =>
    `mkdir src; echo newer >src/f; echo old >dst/f; touch -d @1500000000 dst/f; setfacl ${acls}`;
  const rows = [
    "-aAb --inplace",
    "-aAb --append --no-W",
    "-aAXb --inplace --no-W",
    "-aAb --inplace --backup-dir=bk",
    "-ab --inplace",
  ];
  checkAll(
    make("-d -m u:7:rwx src dst"),
    rows.map((text) => `${text} src/ dst/`),
  );
  checkAll(
    make("-d -m u:7:rwx src; setfacl -m u:9:rw dst/f"),
    rows.map((text) => `${text} src/ dst/`),
  );
});

describe("linked files whose other names are in a directory that something else keeps the place of", () => {
  const setup = `mkdir -p src/l/g src/a; echo 1 >src/l/f; ln src/l/f src/l/g/z; ln src/l/f src/l/g/a; echo 2 >src/l/h; mkfifo dst/l
find src -exec touch -hd @1500000000 {} +`;
  const rows = ["-aH", "-aH --no-i-r", "-aHXX --no-i-r --partial-dir=.pd", "-aHn"];
  checkAll(
    setup,
    rows.map((text) => `${text} --ignore-existing src/ dst/`),
  );
});

describe("arguments from several file systems under -x", () => {
  const setup = "mkdir -p src/d/e src/m two; echo 1 >src/d/f; echo 2 >src/d/e/f";
  const fill =
    "mount -t tmpfs none two; mkdir -p two/d/e two/s two/d/m; mount -t tmpfs none two/s; echo 3 >two/d/e/g; echo 4 >two/s/g";
  const mounted = `unshare -m sh -c 'mount -t tmpfs none src/m; echo 5 >src/m/f; ${fill}; find src two -exec touch -d @1600000000 {} +; exec "$0" "$@"'`;
  const operands = ["src/ two/", "two/ src/", "src two", "-R src/./ two/./", "-R src two/s two", "src/d two/d"];
  const ways = operands.flatMap((text) => [text, `--no-i-r ${text}`, `-x ${text}`]);
  test.each(ways)("-ax -vv %s", (text) => {
    const args = `-ax -vv ${text} dst/`;
    expectAsRsync(run(`${mounted} ${tsync}`, setup, args, "root"), () => run(`${mounted} rsync`, setup, args, "root"));
  });
});

describe("mount points in the destination under -x", () => {
  const setup = "mkdir -p src/m src/d dst/m dst/d/n dst/gone dst/q/r/m dst/q/z; echo 1 >src/m/f; echo 2 >src/d/f";
  const mounted = `unshare -m sh -c 'for d in m d/n gone q/r/m; do mount -t tmpfs none dst/$d; done; exec "$0" "$@"'`;
  const options = ["", "-f 'P /m'", "--delete-after", "--delete-excluded --exclude=m", "-n"];
  test.each(options.flatMap((text) => [text, `-x ${text}`]))("-ax -vv --delete %s", (text) => {
    const args = `-ax -vv --delete ${text} src/ dst/`;
    expectAsRsync(run(`${mounted} ${tsync}`, setup, args, "root"), () => run(`${mounted} rsync`, setup, args, "root"));
  });
  test.each([
    ...["src/ dst/", "src/m src/d dst/", "src/d/f dst/new", "src/ new/"],
    ...[
      "--delete src/ dst/",
      "-n src/ dst/",
      "-y --copy-dest=../dst src/ new/",
      "-y --copy-dest=../dst src/m/f dst/d/",
    ],
  ])("-axxy --info=mount %s", (text) => {
    const args = `-axxy --info=mount ${text}`;
    expectAsRsync(run(`${mounted} ${tsync}`, setup, args, "root"), () => run(`${mounted} rsync`, setup, args, "root"));
  });
});

test.each([
  "-x --force",
  "-x --delete-after",
  "-xx --force --info=mount",
  "-x --delete",
  "-x",
  "-xn --force",
  "--force",
])("a mount point in the way of a link: %s", (options) => {
  const setup = "mkdir -p src dst/m; ln -s x src/m";
  const made = "mount -t tmpfs none dst/m; mkdir -p dst/m/sub/deep dst/m/sub2; touch dst/m/f dst/m/sub/g";
  const mounted = `unshare -m sh -c '${made}; "$0" "$@"; code=$?; find dst | sort; exit $code'`;
  const args = `-ai ${options} src/ dst/`;
  expectAsRsync(run(`${mounted} ${tsync}`, setup, args, "root"), () => run(`${mounted} rsync`, setup, args, "root"));
});

describe("implied directories that are listed as content, too", () => {
  const setup = `mkdir -p src/c/f/w src/c/b dst/c/f/w; touch src/c/f/w/d src/c/f/w/e src/c/f/x src/c/b/y dst/c/f/w/gone
echo c/f/w/d >one; echo c/f/ >>one; echo c/f/w/d >two; echo . >>two; echo c/f/w >three; echo c/f >>three`;
  const commands = ["one", "two", "three"].map((list) => `-anr -vv --delete-before --files-from=${list} src/ dst/`);
  checkAll(setup, [
    ...commands,
    "-anR -vv --delete-after src/./c/f/w/d src/./c dst/",
    "-axR -vv --delete src/./c/f/w/d src/./c dst/",
  ]);
});

describe("attributes of hard links that stand there with others", () => {
  const setup = `mkdir src; echo 1 >src/a; ln src/a src/b; setfattr -n user.a -v 1 src/a; setfacl -m u:5:r src/a; echo 1 >dst/a
touch -d @1600000000.5 dst/a src/a; cp -p dst/a dst/b`;
  const linked = `${setup}; ln -f dst/a dst/b`;
  checkAll(
    setup,
    ["-aHA", "-aHA -I", "-aHAXn", "-aHX -I", "-aHAXb"].map((text) => `${text} -i src/ dst/`),
  );
  checkAll(`${setup}; chmod 671 dst/b`, ["-aHA -i src/ dst/", "-aHA -I -i src/ dst/"]);
  checkAll(
    `${linked}; setfacl -m u:7:r dst/a`,
    ["-aHAX", "-aHA -I", "-aHAXn"].map((text) => `${text} -i src/ dst/`),
  );
});

describe("the line of the list, without -r only with --dirs, which --files-from implies", () => {
  const setup = "mkdir -p src/a; echo 1 >src/a/b; echo a/b >list";
  const options = ["-av", "-av --no-d", "-av --no-d --info=flist2", "-av --no-d -r", "-rtv --no-d --no-i-r"];
  checkAll(setup, [
    ...options.map((text) => `${text} --files-from=list src/ dst/`),
    ...["-av --no-r src/a/b dst/", "-av --no-r --old-dirs src/a dst/"],
  ]);
});

describe("the directory that ./ implies before an argument that is missing", () => {
  const setup = "mkdir -p src/d; echo 1 >src/f; rmdir dst";
  const options = ["-aRv", "-aRv --no-i-r", "-aRv --no-r", "-aRvn --no-implied-dirs", "-aRvn --ignore-missing-args"];
  checkAll(setup, [
    ...options.map((text) => `${text} src/./././none dst`),
    ...options.map((text) => `${text} ./none ./src/f dst`),
    "-aRv ./src/d/none dst",
    "-aRv ././none dst",
  ]);
});

describe("the directory that ./ implies before an argument that a rule leaves out", () => {
  const setup = "mkdir -p src/a/b; echo 1 >src/a/b/f; echo 2 >src/f";
  const rules = ["-Rt --exclude=src", "-R -f-_*", "-R -f-!_**ha", "-dR -f-_*", "-rRt -f-_[!a-z]*"];
  checkAll(setup, [
    ...rules.map((text) => `${text} ./src dst/`),
    ...rules.map((text) => `${text} ./src/f ./src/./a/b/ dst/`),
  ]);
});

describe("wrong filter rules and other wrong arguments: the first is told", () => {
  const setup = "mkdir src; echo '- a' >rules; echo bogus >bad";
  const rows = [
    "-r -f 'bogus rule' --del --delete-before src/ dst/",
    "-r --exclude-from=nothing --info=bogus src/ dst/",
    "-r --info=bogus --exclude-from=nothing src/ dst/",
    "-r -f '. rules' --info=bogus src/ dst/",
    "-r -f '. bad' --backup-dir=. -b --suffix= src/ dst/",
    "-r -f '- a' --max-size=x src/ dst/",
    "-r -f 'bogus rule' --no-such-option src/ dst/",
    "-r --exclude-from=nothing --files-from=rules src",
  ];
  checkAll(setup, rows);
});

describe("directories where a further name of a hard link goes", () => {
  const setup =
    "mkdir -p src dst/b/x dst/c; echo 1 >src/a; ln src/a src/b; ln src/a src/c; touch -d @1600000000.5 src/a";
  const rows = ["-aHii --delete", "-aHii --force", "-aHiin --delete", "-aHii --delete-delay"];
  const there = `${setup}; cp -p src/a dst/a`;
  for (const how of [setup, there, `${there}; echo 22 >dst/a`, `${there}; rmdir dst/c`]) {
    checkAll(
      how,
      rows.map((text) => `${text} src/ dst/`),
    );
  }
});

describe("empty directories that several arguments bring", () => {
  const setup = `mkdir -p src/a/x/y src/a/z src/b src/c/d src2/b src/.e; touch src/c/f; mkdir -p dst/a/x/gone dst/b`;
  const sources = ["src/ src/", "src/ src2/", "src/ src/a", "src src2 src", "src/ src/b", "src/c/d src/ src/c/d"];
  checkAll(
    setup,
    sources.flatMap((text) => [`-am -i ${text} dst/`, `-am -i --delete ${text} dst/`]),
  );
});

describe("what --info=skip2 says of links and special files", () => {
  const setup = `mkdir src; for d in src dst; do ln -s a $d/same; mkfifo $d/p; ln -s $d $d/other; done; mknod src/c c 1 3; mknod dst/c c 1 5
for d in src dst; do mknod $d/d c 1 3; mknod $d/e b 0 0; done`;
  checkAll(
    setup,
    ["-rltc", "-rtDc", "-rt", "-aD", "-a --no-devices", "-a --no-specials"].map(
      (text) => `${text} --ignore-existing --info=skip2,nonreg0 src/ dst/`,
    ),
  );
});

describe("--update by the comparison window", () => {
  const setup = `mkdir -p src; for t in 99 99.5 100 100.3 100.7 101 101.5 102 103; do echo new >src/$t; echo older >dst/$t
touch -d @100.5 src/$t; touch -d @$t dst/$t; done`;
  checkAll(
    setup,
    ["-1", "0", "1", "2"].map((window) => `-rtui --modify-window=${window} src/ dst/`),
  );
});

describe("directories of --link-dest that are not there", () => {
  const setup = `mkdir -p src dst; echo 1 >src/f`;
  const places = ["dst/sub", "new/deep", "dst"].flatMap((place) =>
    ["no", "../no", "../../no", "a/../no"].map((path) => `-rn --mkpath --link-dest=${path} src/ ${place}`),
  );
  checkAll(setup, places);
});

describe("directories in the place of links under --existing", () => {
  const setup = `mkdir -p src/d/l src/d/new src/l2 dst/d; ln -s x dst/d/l; ln -s x dst/l2; touch -d @1400000000 src/d src`;
  checkAll(setup, [
    "-rlt --existing src/ dst/",
    "-rlti --no-i-r --existing src/ dst/",
    "-rltn --existing -i src/ dst/",
  ]);
});

describe("owners and modes of many files in few directories", () => {
  const setup = `mkdir -p src dst; for d in a b c; do mkdir src/$d dst/$d; for i in $(seq 280); do echo $i >src/$d/$i; done; done
chown 3 src/*/*1; chown :4 src/*/*2 src/b/*3; chown 5:5 src/*/*4; chmod 600 src/*/*5; chmod 4755 src/*/?6; chmod 2755 src/*/*12
chgrp 4 dst/b; chmod 2777 dst/b; setfacl -d -m u:7:rwx dst/c; chmod 777 dst dst/a; chgrp 5 dst/c; chmod 2777 dst/c; cp -a src/a src/d
setfattr -n user.x -v 1 src/a/*; setfacl -d -m u::---,g::---,o::--- dst/a`;
  const options = [
    "-a",
    "-rlt",
    "-rlpt",
    "-rtg",
    "-rto",
    "-aAX",
    "-rto --chmod=F600",
    "-a --no-super",
    "-a --fake-super",
  ];
  checkAll(
    setup,
    options.map((text) => `${text} --omit-dir-times src/ dst/`),
  );
  checkAll(setup, ["-a --omit-dir-times src/ dst/", "-rtX --omit-dir-times src/ dst/"], "4");
});
