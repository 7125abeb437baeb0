/** Batch files written while talking with another machine (3-transfer 8): as rsync's own, and read by either program. Needs root. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { splitErrors, splitOutput } from "../support/output.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const folder = mkdtempSync(join(tmpdir(), "tsync-batch-remote-"));

const setup = `mkdir -p src/d src/e base/d base/gone; seq 1 20000 >src/a; seq 1 300 >src/b; seq 1 5000 >src/d/x; ln -s a src/link
ln src/b src/d/hard; echo x >src/e/z; : >src/e/empty; sed s/777/77x/ src/a >base/a; seq 1 4990 >base/d/x; echo g >base/gone/f
find src base -depth -exec touch -h -d @1500000000.5 {} +; touch -d @1450000000 base/a base/d/x base/d`;

beforeAll(() => {
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "shell"), '#!/bin/sh\nprintf "%s\\n" "$*" >>words\nshift\nexec sh -c "$*"\n', {
    mode: 0o755,
  });
  expect(shell(`umask 022; ${setup}`).errors).toEqual([]);
});
beforeEach(() => {
  shell("rm -rf dst batch batch.sh words; cp -a base dst");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shell(text: string) {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", text], { cwd: folder, encoding: "latin1" });
  return { status, output: splitOutput(stdout), errors: splitErrors(stderr) };
}

function run(program: string, args: string) {
  return shell(`env -i PATH="$PATH" HOME=/nonexistent LC_ALL=C.UTF-8 TZ=UTC timeout 60 ${program} ${args}`);
}

function tree(name: string): string[] {
  const look = "find . -printf '%p %y %m %T@ %l %n\\n' | sort; find . -type f -exec md5sum {} + | sort";
  return spawnSync("sh", ["-c", look], { cwd: join(folder, name), encoding: "latin1" }).stdout.split("\n");
}

/** A run of a client that writes a batch, and what it leaves. */
function write(client: string, server: string, direction: string, kind: string, args: string) {
  shell("rm -rf dst batch batch.sh words; cp -a base dst");
  const operands = direction === "push" ? `src/ far:${folder}/dst/` : `far:${folder}/src/ dst/`;
  const words = `${args} -e ./shell --rsync-path=${server} --${kind}=batch ${operands}`;
  const { status, output, errors } = run(client, words);
  const script = readFileSync(join(folder, "batch.sh"), "latin1")
    .replace(/^'(?:rsync|tsync)' /, "")
    .replace(`'${server}'`, "'PROGRAM'");
  const asked = readFileSync(join(folder, "words"), "latin1").replace(` ${server} `, " PROGRAM ");
  // The order of an old receiver's remarks is one of the listed differences.
  const items = /--protocol=2[78]/.test(args) ? [...output.items].sort() : output.items;
  return { status, items, errors, script, asked, tree: tree("dst") };
}

/** Applies the batch to a fresh destination. */
function read(program: string, args: string) {
  shell("rm -rf dst; cp -a base dst");
  const { status } = run(program, `${args} --read-batch=batch dst/`);
  return { status, tree: tree("dst") };
}

const runs = ["-ai", "-aHi --delete", "-ai --no-i-r -B700", "-rtzi -c", "-ai --exclude=e --delete-after"].flatMap(
  (args, index) =>
    ([32, 31, 30, 29, 28, 27] as const)
      .filter((protocol) => protocol === 32 || protocol % 5 === index)
      .map((protocol) => `${args} --protocol=${protocol}`),
);

describe.each(["push", "pull"])("a batch written by a %s", (direction) => {
  test.each(runs)("holds what was sent: %s", (args) => {
    const want = write("rsync", "rsync", direction, "write-batch", args);
    const done = read("rsync", args);
    expect(done).toEqual({ status: 0, tree: want.tree });
    expect(write(tsync, "rsync", direction, "write-batch", args)).toEqual(want);
    expect(read("rsync", args)).toEqual(done);
    expect(read(tsync, args)).toEqual(done);
    expect(write(tsync, tsync, direction, "write-batch", args)).toEqual(want);
    expect(read("rsync", args)).toEqual(done);
  });

  test.each(["-ai --delete", "-aHi --protocol=29", "-rti --protocol=30"])("may be all that is written: %s", (args) => {
    const want = write("rsync", "rsync", direction, "only-write-batch", args);
    expect(want.tree).toEqual(tree("base"));
    const done = read("rsync", args);
    // A server of either kind changes nothing.
    for (const [client, server] of [
      [tsync, "rsync"],
      ["rsync", tsync],
      [tsync, tsync],
    ] as const) {
      expect(write(client, server, direction, "only-write-batch", args), `${client} ${server}`).toEqual(want);
      expect(read("rsync", args)).toEqual(done);
    }
  });
});

describe("a batch with another machine", () => {
  test("is all that is written by a pull with zlib, at which rsync breaks down", () => {
    expect(write("rsync", "rsync", "pull", "only-write-batch", "-rtz").status).toBe(12);
    const { tree: want } = write("rsync", "rsync", "pull", "write-batch", "-rtz");
    expect(write(tsync, "rsync", "pull", "only-write-batch", "-rtz")).toMatchObject({ status: 0, errors: [] });
    expect(read("rsync", "-rtz")).toEqual({ status: 0, tree: want });
  });

  test.each([
    `-a --write-batch=missing/batch src/ far:${folder}/dst/`,
    `-an --write-batch=batch src/ far:${folder}/dst/`,
  ])("is not written: %s", (args) => {
    const want = run("rsync", `-e ./shell ${args}`);
    const started = shell("cat words").output;
    shell("rm -f words");
    expect(run(tsync, `-e ./shell --rsync-path=rsync ${args}`)).toEqual(want);
    expect(shell("cat words").output).toEqual(started);
    expect(shell("ls batch batch.sh").status).not.toBe(0);
  });

  test("is refused with a checksum that not every reader knows, before anything is started", () => {
    const args = `-a --checksum-choice=xxh64 --write-batch=batch src/ far:${folder}/dst/`;
    expect(run(tsync, `-e ./shell ${args}`).status).toBe(4);
    expect(shell("ls words").status).not.toBe(0);
  });
});

test.each(["push", "pull"])("what --only-write-batch logs of a %s", (direction) => {
  const log = (client: string, args: string): string[] => {
    shell("rm -rf dst batch batch.sh log; cp -a base dst");
    const operands = direction === "push" ? `src/ far:${folder}/dst/` : `far:${folder}/src/ dst/`;
    const { status } = run(client, `${args} -e ./shell --rsync-path=rsync --only-write-batch=batch ${operands}`);
    expect(status).toBe(0);
    const lines = readFileSync(join(folder, "log"), "latin1").split("\n");
    return lines.map((line) => line.replace(/^\S+ \S+ \S+ /, "").replace(/\d+/g, "#"));
  };
  for (const args of [
    "-a --delete --log-file=log",
    "-ai --delete --log-file=log --log-file-format=%i_%n",
    "-a --log-file=log",
  ])
    expect(log(tsync, args), args).toEqual(log("rsync", args));
});
