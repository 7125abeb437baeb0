/** Batch files exchanged with the installed rsync, in both directions: the same trees, text and exit codes. Needs root. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { splitErrors, splitOutput } from "../support/output.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

/** A source, and a destination that differs in every way that matters. */
const setup = `mkdir -p src/a/b src/c src/empty; for i in 1 2 3 4 5; do seq $i 400 >src/f$i; seq $i 300 >src/a/f$i; done
seq 1 60000 >src/a/big; ln src/a/big src/c/further; ln src/f3 src/a/b/link; ln -s a/big src/symlink; mkfifo src/c/fifo
seq 1 9000 >src/c/text; chown 1:2 src/f4; chmod 4755 src/f5; setfattr -n user.short -v abc src/f1
setfattr -n user.long -v $(seq -s, 100 300) src/f2; setfattr -n user.long -v $(seq -s, 100 300) src/a
setfacl -m u:nobody:rwx src/f4; setfacl -d -m g:daemon:rx src/c; touch -d @1500000000.25 src/f1 src/a/b src/c
cp -a src dst; rm dst/f5 dst/symlink dst/a/f1; seq 1 30000 >dst/a/big; echo changed >>dst/c/text; seq 5 200 >dst/f2; chmod 600 dst/c/text
setfattr -x user.long dst/a; mkdir -p dst/gone/deeper; echo x >dst/gone/deeper/f; echo y >dst/a/gone; touch -d @1400000000 dst/f2
find src dst -depth ! -name f1 ! -name f2 -exec touch -h -d @1500000000.5 {} +; touch -d @1450000000 dst/a/big dst/c/text
touch -d @1450000000.75 src/c src/f4; cp -a dst fresh; cp -a dst spare`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-batch-"));
  chmodSync(folder, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything about a tree that must be equal, but the time of the run itself. */
const look = `find . -printf '%p %y %m %U %G %l %n\\n' | sort; find . -type f -exec md5sum {} + | sort
find . ! -newermt 2020-01-01 -printf '%p %T@\\n' | sort; getfattr -Rhd -m. -e hex . 2>&1; getfacl -pR . 2>&1`;

function shell(text: string, cwd = folder) {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", text], { cwd, encoding: "latin1", maxBuffer: 2 ** 28 });
  return { status, output: splitOutput(stdout), errors: splitErrors(stderr) };
}

function prepare(): void {
  shell("rm -rf src dst fresh spare batch batch.sh");
  expect(shell(`umask 022; ${setup}`).errors).toEqual([]);
}

/** Runs either program. With a seed of the moment, the short block checksums of a text now and then agree by chance. */
function run(program: string, args: string) {
  const environment = `PATH="$PATH" HOME=/nonexistent LC_ALL=C.UTF-8 TZ=UTC`;
  return shell(`env -i ${environment} timeout 60 ${program} --checksum-seed=7 ${args}`);
}

function tree(name: string): string[] {
  return spawnSync("sh", ["-c", look], { cwd: join(folder, name), encoding: "latin1" }).stdout.split("\n");
}

/** Applies the batch to a fresh destination. */
function read(program: string, args: string) {
  shell("rm -rf dst; cp -a fresh dst");
  const result = run(program, `${args} --read-batch=batch dst/`);
  return { ...result, tree: tree("dst") };
}

const optionSets = [
  "-ai",
  "-aHAXiv",
  "-aci --no-inc-recursive",
  "-aHAX --no-inc-recursive --stats",
  "-a --numeric-ids -U",
  "-aH --delete",
  "-aHX --delete-after --info=misc",
  "-ai --inplace",
  "-aRi",
  "-aWi",
  "-a --delay-updates",
  "-a --protocol=31",
  "-aHi --protocol=30",
  "-aHi --protocol=29",
  "-aHi --protocol=28",
  "-aHi --protocol=27",
  "-rlti",
];

describe("a batch that rsync wrote", () => {
  test.each([...optionSets, "-azi", "-az --protocol=29"])("is read with %s", (args) => {
    prepare();
    expect(run("rsync", `${args} --write-batch=batch src/ spare/`).status).toBe(0);
    expect(read(tsync, args)).toEqual(read("rsync", args));
    expect(tree("dst")).toEqual(tree("spare"));
  });

  test.each([
    "-ai -n",
    "-rv",
    "-rlti",
    "-aXv",
    "-aHAXcv",
    "-aviI",
    "-aviz",
    "-dv",
    "-a --no-inc-recursive",
    "-a --files-from=batch",
    "-a --remove-source-files",
    "-a --read-batch=missing",
    "-a --read-batch=src",
    "-a --read-batch=- --exclude-from=- dst/",
    "-a --files-from=- --exclude-from=- src/ dst/",
    "-a --files-from=- --filter='._-' src/ dst/",
  ])("is read with other options: %s", (args) => {
    prepare();
    run("rsync", "-a --write-batch=batch src/ spare/");
    const [name] = /(?<=--read-batch=)\w+/.exec(args) ?? [];
    if (name !== undefined) shell(`ln -s ${name} batch.new; mv -fT batch.new batch`);
    expect(read(tsync, args)).toEqual(read("rsync", args));
  });

  test("comes through standard input", () => {
    prepare();
    run("rsync", "-a --write-batch=batch src/ spare/");
    expect(run(tsync, "-a --read-batch=- dst/ <batch").status).toBe(0);
    expect(tree("dst")).toEqual(tree("spare"));
  });

  test("is skipped where the files are there, and misses what was not recorded", () => {
    prepare();
    run("rsync", "-a --no-inc-recursive --write-batch=batch src/ spare/");
    shell("rm -rf fresh; cp -a src fresh; rm fresh/a/f2");
    expect(read(tsync, "-ai")).toEqual(read("rsync", "-ai"));
  });

  test("leaves a file whole that is not what the batch was made for", () => {
    prepare();
    run("rsync", "-a --write-batch=batch src/ spare/");
    shell("sed -i s/1/7/ fresh/a/big; touch -d @1300000000 fresh/a/big");
    const { status, errors } = read(tsync, "-av");
    expect(status).toBe(23);
    // As one text, which a failure shows whole.
    expect(errors.join("\n")).toContain('(No batched update for resend of "a/big")');
    expect(shell("cmp dst/a/big fresh/a/big").status).toBe(0);
  });

  test.each([0, 5, 11, 300, 2000, 60_000])("is refused when it ends after %d bytes", (size) => {
    prepare();
    run("rsync", "-aW --write-batch=batch src/ spare/");
    truncateSync(join(folder, "batch"), size);
    const { status, errors } = read(tsync, "-a");
    expect(status).toBe(12);
    expect(errors).toContain("rsync error: error in rsync protocol data stream (code 12)");
    expect(tree("dst").filter((line) => line.startsWith("./.") || line.includes("/."))).toEqual([]);
  });

  test.each([
    ["new", [0x9f, 0, 0, 0, 0x21, 0, 0, 0]],
    ["old", [0x9f, 0, 0, 0, 5, 0, 0, 0, 1, 2, 3, 4]],
  ])("is refused when its protocol is too %s", (_what, bytes) => {
    prepare();
    writeFileSync(join(folder, "batch"), Uint8Array.from(bytes));
    expect(read(tsync, "-a")).toEqual(read("rsync", "-a"));
  });
});

/** Writes a batch to a fresh destination. */
function write(program: string, args: string, name = "write-batch") {
  shell("rm -rf dst batch batch.sh; cp -a fresh dst");
  const { output, ...result } = run(program, `${args} --${name}=batch src/ dst/`);
  const script = readFileSync(join(folder, "batch.sh"), "latin1").replace(/^'(?:rsync|tsync)' /, "");
  // Its own numbers of bytes are left out.
  return { ...result, items: output.items, generator: output.generator, script, tree: tree("dst") };
}

describe("a batch that tsync writes", () => {
  test("is munged where it is read, not where it is written", () => {
    prepare();
    shell("ln -s /rsyncd-munged/target src/munged");
    const want = write("rsync", "-ai --munge-links");
    expect(want.tree.some((line) => line.startsWith("./symlink l 777 0 0 a/big "))).toBe(true);
    expect(write(tsync, "-ai --munge-links")).toEqual(want);
    const munged = read("rsync", "-a --munge-links");
    expect(munged.tree.some((line) => line.includes(" /rsyncd-munged/a/big "))).toBe(true);
    expect(read(tsync, "-a --munge-links").tree).toEqual(munged.tree);
  });

  test.each(optionSets)("is written and read with %s", (args) => {
    prepare();
    const want = write("rsync", args);
    expect(write(tsync, args)).toEqual(want);
    expect({ ...read("rsync", args), output: undefined }).toMatchObject({ status: 0, tree: want.tree });
    expect(read(tsync, args)).toMatchObject({ status: 0, tree: want.tree });
  });

  test.each(["-ai", "-aHAXi", "-aHX --no-inc-recursive", "-azi", "-ai --delete"])(
    "changes nothing else: %s",
    (args) => {
      prepare();
      const want = write("rsync", args, "only-write-batch");
      expect(write(tsync, args, "only-write-batch")).toEqual(want);
      expect(want.tree).toEqual(tree("fresh"));
      expect(read("rsync", args).tree).toEqual(write("rsync", args).tree);
    },
  );

  test.each([
    "-a --exclude=f1 --include 'f*' --filter='P gone' --delete",
    "-aF --delete-excluded -f '- f2'",
    "-a -M--super",
    "-aq -M--super",
    "-a --backup --suffix='it'\\''s' --out-format '%n'",
  ])("has a script: %s", (args) => {
    prepare();
    const want = write("rsync", args);
    expect(write(tsync, args)).toEqual(want);
  });

  test.each([
    "-a --write-batch=missing/batch src/ dst/",
    "-a --write-batch=batch --read-batch=batch dst/",
    "-an --write-batch=batch src/ dst/",
    "-a --write-batch=src src/ dst/",
    "-a --write-batch= src/ dst/",
    "-a --only-write-batch= src/ dst/",
    "-a --read-batch= dst/",
    "-a --read-batch=missing",
    "-a --read-batch=src",
  ])("is not written: %s", (args) => {
    prepare();
    const look = (program: string) => {
      shell("rm -f src.sh");
      return { ...run(program, args), script: shell("stat -c %s src.sh 2>&1 || :") };
    };
    const want = look("rsync");
    expect(look(tsync)).toEqual(want);
    expect(existsSync(join(folder, "batch"))).toBe(false);
  });

  test("is not written with a rule that has a newline", () => {
    prepare();
    const args = `-a --exclude="$(printf 'a\\n#E#\\nb')" --write-batch=batch src/ dst/`;
    const want = run("rsync", args);
    expect(want.status).toBe(1);
    expect(run(tsync, args)).toEqual(want);
    expect(tree("dst")).toEqual(tree("fresh"));
  });

  test.each(["--verify", "--zc=zstd", "--checksum-choice=xxh64"])("is refused with %s", (option) => {
    prepare();
    expect(run(tsync, `-a ${option} --write-batch=batch src/ dst/`).status).toBe(4);
    expect(tree("dst")).toEqual(tree("fresh"));
  });
});
