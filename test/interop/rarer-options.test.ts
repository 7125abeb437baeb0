/**
 * Options that few use, against the installed rsync: `--old-dirs`, `--drop-D`, `--insecure-links`, `--confine-root`, `--copy-as`,
 * `--max-alloc`, and `--protocol` within one machine. Needs root.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const expectSame = sideBySide({ look: lookAtTrees });

/** Links of ours and of somebody else that lead to directories, and files of every kind. */
const setup = `mkdir -p s/a/b/c s/e d/a/z d/x/y out/sub in own theirs
echo f >s/f; echo g >s/a/g; echo h >s/a/b/h; mkfifo s/p; mknod s/n c 1 3; ln -s f s/l; echo k >d/x/y/k; echo old >d/f; mkfifo d/q
echo f >out/f; echo secret >out/secret; echo '- f' >out/rules; echo f >out/list; ln -s ../../out/rules s/a/.flt
ln -s ../out own/link; ln -s ../out theirs/link; ln -s out lout; ln -s in lin; chown -h 1234 theirs/link
ln -s ../out s/lout; ln -s a/b s/lin; ln -s ../out d/e
find . -depth -exec touch -h -d @1600000000.5 {} +`;

describe("--old-dirs", () => {
  test.each([
    ...[
      "-i --old-dirs",
      "-i --old-d -r",
      "-ai --old-d --no-r",
      "-i --old-d -d",
      "-i --old-d -d -r",
      "-i --old-d --no-d",
    ],
    ...["-ai --old-d --delete", "-ai --old-d --delete-excluded --exclude=/f", "-ivv --old-d --include=/a/g"],
    ...[
      "-im --old-d",
      "--old-d --list-only",
      "-aiR --old-d",
      "-ai --old-d -b --delete -FC",
      "-ai --old-d --delete-before",
    ],
  ])("%s", (options) => {
    expectSame(setup, `${options} s/ d/`);
    expectSame(setup, `${options} s d/`);
  });

  test("with --files-from", () => {
    expectSame(`${setup}; printf 'a\\nf\\n' >names`, "-ai --old-d --include=/a/g --files-from=names s/ d/");
  });
});

describe("--protocol within one machine", () => {
  test.each(["-ai", "-aH --delete -i", "-rti -c", "-n -ai", "-ai --no-W", "-aib --suffix=.b", "--list-only"])(
    "%s",
    (options) => {
      for (const protocol of options === "--list-only" ? [29, 32] : [29, 30, 31, 32])
        expectSame(setup, `${options} --protocol=${protocol} s/ d/`);
    },
  );

  test.each([0, 19, 33])("%d is refused", (protocol) => {
    const folder = mkdtempSync(join(tmpdir(), "tsync-protocol-"));
    mkdirSync(join(folder, "s"));
    for (const program of ["rsync", tsync]) {
      const args = ["-a", `--protocol=${protocol}`, "s/", "d/"];
      expect(spawnSync(program, args, { cwd: folder }).status).toBe(2);
    }
    expect(readdirSync(folder)).toEqual(["s"]);
    rmSync(folder, { recursive: true });
  });
});

describe("--drop-D", () => {
  test.each([
    ...[
      "-ai --drop-D",
      "-ai --drop-D --no-drop-D",
      "-aivv --drop-D --delete",
      "-ain --drop-D",
      "-ri --devices --drop-D",
    ],
    ...[
      "-ai --drop-D --info=nonreg0",
      "-aii --drop-D --stats",
      "-aib --drop-D --existing",
      "-ai --drop-D --copy-devices",
    ],
  ])("%s", (options) => {
    expectSame(setup, `${options} s/ d/`);
    expectSame(`${setup}; cp -a s/n s/p d/; touch -d @1500000000 d/p`, `${options} s/ d/`);
  });
});

describe("--insecure-links", () => {
  test.each([
    ...[
      "s/ theirs/link/",
      "s/f theirs/link",
      "--backup-dir=../theirs/link s/ d/",
      "--exclude-from=theirs/link/rules s/ d/",
    ],
    ...[
      "--files-from=theirs/link/list s/ d/",
      "--compare-dest=../theirs/link s/ d/",
      "--copy-dest=../theirs/link s/ d/",
    ],
    ...["--link-dest=../theirs/link s/ d/", "--no-insecure-links s/ theirs/link/"],
    ...["-f._theirs/link/rules s/ d/", "-K s/ d/", "-K --delete s/ d/", "--mkpath s/ theirs/link/new/dir/"],
  ])("%s", (line) => {
    expectSame(setup, `-aI --insecure-links ${line}`);
  });

  test("lets the log lie behind a link of somebody else", () => {
    const folder = mkdtempSync(join(tmpdir(), "tsync-insecure-"));
    spawnSync("sh", ["-c", "mkdir out; ln -s out theirs; chown -h 1234 theirs"], { cwd: folder });
    for (const [options, count] of [
      [["--insecure-links"], 1],
      [["--insecure-links", "--no-insecure-links"], 0],
    ] as const) {
      spawnSync(tsync, ["-r", ...options, "--log-file=theirs/log", "/etc/fstab", "copy"], { cwd: folder });
      expect(readdirSync(join(folder, "out"))).toHaveLength(count);
      rmSync(join(folder, "out/log"), { force: true });
    }
    rmSync(folder, { recursive: true });
  });
});

describe("--confine-root", () => {
  test.each([
    ...["--confine-root=rel s/ d/", "--confine-root= s/ d/", "--confine-root=/ -b --backup-dir=../out s/ d/"],
    ...["--confine-root=/x --insecure-links s/ d/", "--confine-root=/x --insecure-links --no-insecure-links s/ d/"],
    "--confine-root=/nonexistent s/ d/",
  ])("%s", (line) => {
    expectSame(setup, `-ai ${line}`);
  });

  const folder = mkdtempSync(join(tmpdir(), "tsync-confine-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const fresh = (): void => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const text = `mkdir -p conf/s/real conf/d conf/in out; echo new >conf/s/f; echo g >conf/s/real/g; echo old >conf/d/f
echo secret >out/secret; echo new >out/f; printf -- '- f\\n- zz\\n' >out/rules; ln -s ../../out conf/s/lout; ln -s real conf/s/lin
ln -s ../out conf/lout; ln -s in conf/lin; ln -s ../../out/rules conf/s/.flt; cp -P conf/s/.flt conf/d/; : >conf/d/zz; : >conf/d/yy
printf 'lin/g\\nf\\n' >inside; printf 'lout/secret\\nf\\nlout\\n../../out/f\\n' >outside
find . -depth -exec touch -h -d @1600000000 {} +`;
    expect(spawnSync("sh", ["-c", text], { cwd: folder }).status).toBe(0);
  };
  const state = (): string =>
    spawnSync("sh", ["-c", "find . | sort; find . -type f -exec md5sum {} + | sort"], {
      cwd: folder,
      encoding: "latin1",
    }).stdout;
  const run = (program: string, line: string) => {
    fresh();
    const args = [
      "-aiI",
      `--confine-root=${folder}/conf`,
      ...line.split(" ").map((word) => word.replace("ROOT", folder)),
    ];
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "latin1" });
    return { status, stdout, stderr, state: state() };
  };

  test.each([
    ...[
      "--files-from=inside conf/s/ conf/d/",
      "--backup-dir=../in conf/s/ conf/d/",
      "--backup-dir=../lin/new conf/s/f conf/d/",
    ],
    ...["-T ROOT/conf/in conf/s/f conf/d/", "--exclude-from=out/rules conf/s/ conf/d/", "conf/s/lout/secret conf/d/"],
    ...["--files-from=outside conf/s/ conf/d/", "--files-from=outside --no-R conf/s/ conf/d/", "conf/s/f out/"],
    ...["--delete -f:_.flt conf/s/ conf/d/", "--delete -f._out/rules conf/s/ conf/d/", "conf/s/f conf/lout/"],
    ...["--files-from=inside out/ conf/d/", "--link-dest=../in conf/s/ conf/d/"],
  ])("does what rsync does: %s", (line) => {
    const theirs = run("rsync", line);
    const ours = run(tsync, line);
    expect([ours.status, ours.stdout, ours.state]).toEqual([theirs.status, theirs.stdout, theirs.state]);
    const told = (text: string): string[] =>
      text
        .split("\n")
        .filter((each) => each.startsWith("rsync: "))
        .sort();
    expect(told(ours.stderr)).toEqual(told(theirs.stderr));
  });

  test.each([
    ["--backup-dir=ROOT/out/new conf/s/f conf/d/", 11],
    ["--backup-dir=../lout conf/s/f conf/d/", 11],
    ["-T ROOT/out conf/s/f conf/d/", 23],
    ["--link-dest=ROOT/out conf/s/f conf/d/new/", 23],
    ["--copy-dest=../../lout conf/s/f conf/d/new/", 23],
    ["--delay-updates --partial-dir=ROOT/out conf/s/f conf/d/", 23],
  ])("writes nothing outside and says so: %s", (line, code) => {
    const { status, state: after, stderr } = run(tsync, line);
    expect(stderr).toMatch(/Too many levels of symbolic links|discarding/);
    const outside = (text: string): string[] => text.split("\n").filter((each) => each.includes("./out"));
    fresh();
    expect(outside(after)).toEqual(outside(state()));
    expect(status).toBe(code);
  });
});

describe("--copy-as", () => {
  const owned = `mkdir -p s/sub ours; mkdir -m 1777 d; mkdir -m 700 secret; echo p >secret/p; : >secret/f
echo a >s/a; echo b >s/b; chmod 600 s/b; echo c >s/sub/c; chown nobody s/a; echo '- sub' >rules; chmod 600 rules
find . -depth -exec touch -h -d @1600000000.5 {} +`;
  test.each([
    ...[
      "nobody s/ d/",
      "nobody:daemon s/a d/x",
      "1234:4321 s/a d/x",
      "root s/ d/",
      "nobody s/ ours/",
      "nobody s/ new/",
    ],
    ...["nobody --exclude-from=rules s/a s/sub d/", "nobody --delete s/ d/", "nobody secret/ d/", "nobody s/a secret/"],
    ...["nobody -n s/ d/", "nobody --mkpath s/a d/n/m/", "nobody --list-only s/", "nobody -A --no-W -I s/ d/"],
    ...["nobody --super -og s/ d/", "nobody -M--super -og s/ d/"],
    ...["root --no-super -og s/ d/", "root -M--no-super -og s/ d/"],
    ...["nobody --copy-as=daemon s/a d/x"],
  ])("--copy-as=%s", (line) => {
    expectSame(owned, `-rlpti --copy-as=${line}`);
  });

  // Both of rsync's processes say so, one after the other or one of them.
  test.each(["nosuch", "nobody:nosuch", "", ":", "nobody:", "*:*", "+5", "0x5", "1234"])("--copy-as=%s", (who) => {
    const told = ["rsync", tsync].map((program) => {
      const args = ["-r", `--copy-as=${who}`, "/etc/fstab", "/tmp/tsync-copy-as"];
      const { status, stderr } = spawnSync(program, args, { encoding: "latin1" });
      const lines = stderr.split("\n").filter((line) => /copy-as|getpwuid/.test(line));
      return { status, lines: [...new Set(lines.map((line) => line.replace("[Receiver]", "[sender]")))] };
    });
    expect(told[1]).toEqual(told[0]);
    expect(told[1]?.lines).toHaveLength(1);
  });

  test("needs the right to do so", () => {
    const options = { encoding: "latin1" } as const;
    const args = ["--reuid=1234", "--regid=1234", "--clear-groups"];
    const { status, stderr } = spawnSync(
      "setpriv",
      [...args, tsync, "-r", "--copy-as=daemon", "/etc/fstab", "/tmp/"],
      options,
    );
    expect([status, stderr.split("\n")[0]]).toEqual([1, "rsync: [sender] setgid failed: Operation not permitted (1)"]);
  });

  test("is not for the library, which would change its process", async () => {
    const { sync } = await import("../../src/index.ts");
    const options = { sources: ["a"], destination: "b", copyAs: "nobody" };
    await expect(async () => await sync(options)).rejects.toThrow(/copyAs/);
  });
});

describe("--max-alloc", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tsync-max-alloc-"));
    mkdirSync(join(folder, "s"));
    for (let number = 0; number < 65_537; number++) writeFileSync(join(folder, `s/${number}`), "");
    expect(spawnSync("sh", ["-c", "mkdir e d; truncate -s 44000000 a b; touch -d @1 b"], { cwd: folder }).status).toBe(
      0,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ways: readonly (readonly [string, number])[] = [
    ["-rn --max-alloc=1m s/ d/", 22],
    ["-rn --max-alloc=1048583 s/ d/", 22],
    ["-rn --max-alloc=1048584 s/ d/", 0],
    ["-rn --max-alloc=1048583 --exclude=/7* s/ d/", 0],
    ["-rn --max-alloc=1048583 --no-i-r s/ d/", 22],
    ["-rn --max-alloc=1m --delete e/ s/", 22],
    ["-rn --max-alloc=9m --delete e/ s/", 0],
    ["-rn --max-alloc=0 s/ d/", 0],
    ["-rn s/ d/", 0],
    ["-rnI --max-alloc=1m --no-W -B1000 a b", 0],
    ["-rI --max-alloc=1056023 --no-W --inplace -B1000 a b", 22],
    ["-rI --max-alloc=1056024 --no-W --inplace -B1000 a b", 0],
    ["-rI --max-alloc=1m --no-W --append -B1000 a b", 0],
  ];
  test.each(ways)("%s gives %i", (line, code) => {
    for (const program of ["rsync", tsync]) {
      const { status, stderr } = spawnSync(program, line.split(" "), { cwd: folder, encoding: "latin1" });
      // rsync's sender may hear of the generator's end before its exit code.
      expect([code, ...(program === "rsync" && code !== 0 ? [12] : [])], program).toContain(status);
      if (code !== 0) expect(stderr).toMatch(/^\[(?:sender|generator)\] exceeded --max-alloc=\d+ setting/m);
    }
    expect(readdirSync(join(folder, "d"))).toEqual([]);
  });

  test("is what $RSYNC_MAX_ALLOC says, unless it is given", () => {
    const env = { ...process.env, RSYNC_MAX_ALLOC: "1m" };
    for (const program of ["rsync", tsync]) {
      const run = (...args: string[]) => spawnSync(program, [...args, "s/", "d/"], { cwd: folder, env }).status;
      expect([run("-rn"), run("-rn", "--max-alloc=1g")], program).toEqual([22, 0]);
    }
  });
});
