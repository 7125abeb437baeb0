/**
 * Options of the sending side against the installed rsync, one small tree a subject: the same text, exit code, and the same
 * trees on both sides, access times included. Needs root for devices.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAsRsync } from "../support/as-rsync.ts";
import { splitErrors, splitOutput } from "../support/output.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-source-options-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settled = "find . -depth -exec touch -h -d @1600000000.5 {} +";

/** Links of every kind; `out` lies beside the source. */
const links = `mkdir -p s/sub/deep s/x/y out/dir d
echo data >out/file; echo x >out/dir/x; echo f >s/f; echo g >s/sub/g; ln s/f s/f2
ln -s f s/l; ln -s l s/ll; ln -s nowhere s/dangling; ln -s loop s/loop; ln -s /etc/hostname s/absolute
ln -s ../nowhere s/away; ln -s ../out/file s/unsafe; ln -s ../out/dir s/unsafe-dir; ln -s sub/deep s/safe-dir
ln -s ../f s/sub/up; ln -s ../../f s/sub/deep/up2; ln -s ./y/.. s/x/odd; ln -s f/../g s/sub/odd
ln -s /rsyncd-munged/../t s/munged; ln -s /rsyncd-munged/ s/prefix; mkfifo s/sub/p; mknod s/sub/n c 1 3
setfattr -n user.a -v 1 out/file; setfacl -m u:1:r out/file out/dir
${settled}`;

/** Up to date, changed and new things of every kind. */
const aged = `mkdir -p s/sub d/sub d/nope d/gone/x out
echo f >s/f; head -c 3000 /dev/zero >s/big; echo g >s/sub/g; ln s/f s/f2; ln s/f s/sub/f3; ln -s f s/l; : >s/zero
ln -s ../out/o s/u; echo o >out/o; mknod s/sub/n c 1 3; mkfifo s/sub/p; cp s/big d/big; echo x >d/f; cp -a s/l d/
echo q >d/nope/q; echo w >d/w; ln -s nowhere d/dl; echo 1 >d/sub/zap
${settled}
find s d -type f -exec touch -a -d @1500000000.3 {} +
touch -a -d @1400000000.7 s/big; touch -h -a -d @1400000000 s/l; touch -m -d @1700000000 s/f`;

/** More entries than one thread scans. */
const many = `mkdir -p s out; echo o >out/o
for d in $(seq 50); do
  mkdir s/d$d; for f in $(seq 60); do echo $f >s/d$d/f$f; done
  ln -s ../../out s/d$d/lo; ln -s f1 s/d$d/li; ln -s nope s/d$d/dangling
done
${settled}
find s -type f -exec touch -a -d @1500000000 {} +`;

/** Directories of other file systems behind links. */
const elsewhere = `mkdir -p s/a; ln -s /proc s/proc; ln -s /sys s/sys; echo f >s/a/f; ${settled}`;

/**
 * Everything about both trees that must be equal; what was touched just now has no time. Sorted, since some file systems list
 * names in the order in which they were made; and with few processes, for there are thousands of files.
 */
const look = `find d -type l -printf '%p %A@\\n' 2>&1 | sort
find s d out -printf '%p %y %m %U %s %l %n %T@\\n' 2>&1 | sort
find s d out -xtype f -exec md5sum {} + 2>&1 | sort
find s d ! -type d -printf '%p %A@\\n' 2>&1 | sort
find s d -print0 | sort -z | xargs -0 getfattr -hd -m. -e hex 2>&1; find d -print0 | sort -z | xargs -0 getfacl -p 2>&1`;

interface Outcome {
  readonly status: number | null;
  readonly output: ReturnType<typeof splitOutput>;
  readonly errors: readonly string[];
  readonly trees: readonly string[];
}

function run(program: string, setup: string, args: readonly string[]): Outcome {
  const root = join(folder, "run");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  const shell = (text: string) => spawnSync("sh", ["-c", text], { cwd: root, encoding: "latin1", maxBuffer: 2 ** 28 });
  expect(shell(`umask 022; ${setup}`).stderr).toBe("");
  const environment = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC", TSYNC_THREADS_FROM: "1000" };
  const options = { cwd: root, encoding: "latin1", env: environment, maxBuffer: 2 ** 28 } as const;
  const now = Math.floor(Date.now() / 1000) - 2;
  const { status, stdout, stderr } = spawnSync(program, args, options);
  const trees = shell(look)
    .stdout.replace(/\b(\d{10})\.\d{10}\b/g, (time, seconds) => (Number(seconds) >= now ? "now" : time))
    .split("\n");
  // A device that is taken for a file is as young as its listing.
  const output = stdout.replace(/\b\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\b/g, (time) =>
    Date.parse(`${time} UTC`) / 1000 >= now ? "now" : time,
  );
  return { status, output: splitOutput(output), errors: splitErrors(stderr), trees };
}

function expectSame(setup: string, line: string): Outcome {
  const args = line.split(" ");
  return expectAsRsync(run(tsync, setup, args), () => run("rsync", setup, args));
}

describe("links of the source", () => {
  const options = [
    ...["-aiL", "-riL", "-aLH", "-aivk", "-rik --no-l", "-aiRL", "-diL", "-aLi --list-only", "-aLXAc", "-akHvv"],
    ...["-ai --copy-unsafe-links", "-av --safe-links", "-aRv --safe-links"],
    ...["-ai --munge-links", "-aiv --munge-links --safe-links", "-a --munge-links --list-only"],
    ...["-ai --exclude=dangling -L", "-aiL --exclude=dangling/ --exclude=loop -vv", "-aL --delete --exclude=sub"],
  ];
  // Where the forty links of a path end is told in other words where attributes are read by path.
  const withoutLoop = links.replace("ln -s ./y/.. s/x/odd;", "");
  test.each(options)("%s", (option) => {
    const setup = option.includes("A") || option.includes("unsafe") ? withoutLoop : links;
    expectSame(setup, `${option} s/ d/`);
    expectSame(setup, `${option} s d/`);
  });

  test.each([
    "-aiL",
    "-aik",
    "-ai --copy-unsafe-links",
    "-aivk --copy-unsafe-links",
    "-aiR --copy-unsafe-links",
    "-ai --safe-links",
    "-aiRL",
  ])("%s with links as arguments", (option) => {
    const args = "s/l s/sub/up s/dangling s/unsafe s/unsafe-dir s/away s/absolute s/safe-dir";
    expect(expectSame(links, `${option} ${args} d/`).trees.length).toBeGreaterThan(50);
  });
});

describe("removal of sources", () => {
  test.each([
    ...["-ai", "-aivv", "-aiH", "-ain", "-aiL", "-aiv --copy-unsafe-links", "-ai --existing", "-ai --ignore-existing"],
    ...["-aivv --max-size=10", "-ai -b", "-ai --copy-devices", "-ai --inplace", "-ac", "-ai --list-only", "-rv --no-D"],
  ])("%s", (option) => {
    expectSame(aged, `${option} --remove-source-files --info=remove s/ d/`);
    expectSame(aged, `${option} --remove-sent-files --info=remove s/ d/`);
  });

  test("takes everything but directories away that is at the destination", () => {
    const { trees } = expectSame(aged, "-a --remove-source-files s/ d/");
    expect(trees.filter((line) => /^s\S* [^d] /.test(line))).toEqual([]);
  });

  test("never removes the destination", () => {
    const { status, errors } = expectSame("mkdir -p s d out; echo f >s/f", "-r --remove-source-files s/ s/");
    expect(status).toBe(23);
    expect(errors).toContain("ERROR: Skipping sender remove of destination file: f");
  });
});

describe("missing arguments", () => {
  const lists = [
    "s/nope s/f s/w d/",
    "s/dl s/gone d/",
    "s/nope d/w",
    "s/nope d/new",
    "s/nope/ s/f d/",
    "s/sub/zap d/sub",
  ];
  const options = [
    ...["--ignore-missing-args", "--delete-missing-args", "--delete-missing-args --force", "--delete-missing-args -n"],
    ...["--delete-missing-args -b", "--delete-missing-args --list-only", "--delete-missing-args --exclude=w -vv"],
    ...["--delete-missing-args --max-delete=1", "--delete-missing-args --delete", "--delete-missing-args --existing"],
  ];
  test.each(options)("%s", (option) => {
    for (const list of lists) expectSame(aged, `-ai ${option} ${list}`);
    expectSame(aged, `-aiR ${option} s/./sub/zap s/./sub/no s/./nono/x d/`);
  });

  test.each(["", "--delete-missing-args ", "--ignore-missing-args "])("%s--files-from", (option) => {
    const setup = `${aged}\nprintf 'f\\nnope\\nsub/zap\\nnono/x\\nw\\n' >names`;
    expectSame(setup, `-ai ${option}--files-from=names s/ d/`);
    expectSame(setup, `-ai ${option}--no-R --files-from=names s/ d/`);
  });
});

describe("sizes, access times, devices, file systems", () => {
  test.each([
    ...["-avv --max-size=10", "-ai --min-size=1 --max-size=100 --info=skip", "-ai --max-size=0", "-aiu --min-size=2"],
    ...["-aiU", "-aUvv", "-aiUU", "-aiUc", "-aiUI", "-aiUJ", "-aUO --no-t", "-aiU --inplace", "-aiU --modify-window=5"],
    ...["-rU --list-only", "-aiU --size-only", "-aic --open-noatime", "-aiI --open-noatime", "-rUA --no-h --list-only"],
    ...["-ai --copy-devices", "-rti --copy-devices", "-aL --copy-devices --list-only"],
  ])("%s", (option) => {
    // rsync reads for the digest before it looks at the next name: the access time of a linked file depends on the order in
    // which the file system lists.
    expectSame(option.includes("Uc") ? aged.replaceAll("; ln s/f ", "; cp s/f ") : aged, `${option} s/ d/`);
  });

  test.each(["-ai", "-aiU", "-aUJ", "-rlU", "-aiU --modify-window=5"])(
    "%s leaves times of access of links",
    (option) => {
      const setup = `mkdir -p s d out; for f in same time access both target; do ln -s x s/$f; ln -s x d/$f; done
rm d/target; ln -s y d/target; touch -h -m -d @1500000000.5 s/* d/*; touch -h -a -d @1400000000.5 s/* d/*
touch -h -m -d @1500000100.5 d/time d/both; touch -h -a -d @1400000003.2 d/access d/both
touch -d @1500000000 s d`;
      expectSame(setup, `${option} s/ d/`);
    },
  );

  test.each(["--append", "--inplace", "--inplace --no-W", "--append-verify"])(
    "-b --open-noatime %s leaves times of access of what it backs up",
    (option) => {
      const setup = `mkdir -p s d out; yes abc | head -c 4000 >s/f; yes abc | head -c 3000 >d/f; yes abd | head -c 4000 >s/g
yes abc | head -c 4000 >d/g; touch -a -d @1000000000 d/f d/g; touch -m -d @1400000000 d/f d/g; touch -d @1500000000 s/* s d`;
      expectSame(setup, `-ab --open-noatime ${option} s/ d/`);
    },
  );

  test.each([
    "-aixL",
    "-aixxL",
    "-dixxL",
    "-aivxxk",
    "-aix --copy-unsafe-links",
    "-aixx --copy-unsafe-links --info=mount",
  ])("%s", (option) => {
    expectSame(elsewhere, `${option} s/ d/`);
  });

  test("-N is refused as by a build without times of creation", () => {
    const { status, errors } = expectSame(aged, "-aN s/ d/");
    expect([status, errors[0]]).toEqual([1, "rsync error: syntax or usage error (code 1)"]);
  });
});

test.each(["-ai --copy-unsafe-links", "-ai --remove-source-files", "-aiUL"])("%s on many files", (option) => {
  expectSame(many, `${option} s/ d/`);
});

test("the tests are run against the version that is followed", () => {
  expect(spawnSync("rsync", ["--version"], { encoding: "utf8" }).stdout).toContain("rsync  version 3.5.0");
  expect(readFileSync(tsync, "utf8")).toContain("node");
});
