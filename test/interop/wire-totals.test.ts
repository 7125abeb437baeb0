/**
 * The byte totals of a run with another machine (docs/spec/3-transfer 9.7) against those of rsync at both ends. How many frames
 * carry the same data is a matter of moments, in rsync too: a few more or less, of four bytes each, are the same.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const frameBytes = 4;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-totals-"));
  writeFileSync(join(folder, "shell"), '#!/bin/sh\nshift\nexec sh -c "$*"\n');
  chmodSync(join(folder, "shell"), 0o755);
  mkdirSync(join(folder, "s"));
  writeFileSync(join(folder, "s/file"), "some text\n".repeat(500));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sent and received bytes as the client prints them; `before`: what the destination is a copy of. */
function totals(
  client: string,
  server: string,
  words: readonly string[],
  before?: string,
  lines: readonly RegExp[] = [/^Total bytes sent: (\d+)$/m, /^Total bytes received: (\d+)$/m],
): readonly number[] {
  rmSync(join(folder, "d"), { recursive: true, force: true });
  if (before !== undefined) expect(spawnSync("cp", ["-a", before, "d"], { cwd: folder }).status).toBe(0);
  const shell = ["-e", join(folder, "shell"), `--rsync-path=${server}`];
  const run = spawnSync(client, [...words, "--stats", "--no-h", ...shell], { cwd: folder, encoding: "latin1" });
  expect(run.status, run.stderr).toBe(0);
  return lines.map((line) => Number(line.exec(run.stdout)?.[1]));
}

test.each([
  ["push", 27],
  ["push", 29],
  ["push", 30],
  ["push", 32],
  ["pull", 27],
  ["pull", 29],
  ["pull", 30],
  ["pull", 32],
])("totals of a %s at protocol %i", (direction, protocol) => {
  const operands = direction === "push" ? ["s/file", `h:${folder}/d`] : [`h:${folder}/s/file`, "d"];
  const words = ["-a", `--protocol=${protocol}`, ...operands];
  const expected = totals("rsync", "rsync", words);
  for (const [client, server] of [
    [tsync, "rsync"],
    ["rsync", tsync],
    [tsync, tsync],
  ] as const) {
    const found = totals(client, server, words);
    for (const [index, bytes] of found.entries()) {
      const difference = bytes - (expected[index] ?? Number.NaN);
      expect(difference % frameBytes, `${client} ${server} ${found} for ${expected}`).toBeCloseTo(0);
      expect(Math.abs(difference), `${client} ${server} ${found} for ${expected}`).toBeLessThanOrEqual(4 * frameBytes);
    }
  }
});

test.each([
  "-aH --delay-updates",
  "-aH --delay-updates --delete-after --protocol=30",
  "-avv --copy-dest=../alt",
  "-avv --compare-dest=../alt",
  "-avv --link-dest=../alt",
  "-avvi --link-dest=../alt",
  "-aHvv --link-dest=../alt",
  "-a --exclude=x --delete --delete-excluded",
  "-aW --link-dest=../changed",
  "-anH --copy-dest=../changed --cc=none",
  "-a --delete-excluded -f-C",
  "-a -f-C --delete-excluded",
  "-a -f-Cs --delete",
  "-a -f-rs_x --delete",
  "-a -f+sr_x",
])("records of a receiving side: %s", (options) => {
  spawnSync(
    "bash",
    [
      "-c",
      "rm -rf t alt changed; mkdir -p t/sub changed; echo 1 >changed/a; echo 2 >changed/b; for f in a b; do seq 99 >t/$f; ln t/$f t/$f.link; done; ln -s x t/l; mkfifo t/p; cp -a t alt",
    ],
    { cwd: folder },
  );
  for (const [operands, roles] of [
    [
      [`h:${folder}/t/`, "d"],
      [tsync, "rsync"],
    ],
    [
      ["t/", `h:${folder}/d`],
      ["rsync", tsync],
    ],
  ] as const) {
    const words = [...options.split(" "), ...operands];
    const expected = totals("rsync", "rsync", words);
    const found = totals(roles[0], roles[1], words);
    for (const [index, bytes] of found.entries()) {
      const difference = bytes - (expected[index] ?? Number.NaN);
      const told = `${roles} ${operands}: ${found} for ${expected}`;
      expect(difference % frameBytes, told).toBeCloseTo(0);
      expect(Math.abs(difference), told).toBeLessThanOrEqual(6 * frameBytes);
    }
  }
});

test.each([
  ["up to date", "true"],
  ["with another mode", "chmod 700 t0/a"],
  ["with another attribute", "setfattr -n user.more -v x t0/a"],
  ["that is transferred", "echo more >>t0/a"],
])("a long attribute that another file has too: of one that is here, %s", (_name, change) => {
  const long = "x".repeat(300);
  const script = `rm -rf t t0; mkdir t t0; echo a >t/a; echo b >t/b; for f in a b; do setfattr -n user.long -v ${long} t/$f; done
    touch -d @1500000000 t/*; cp -a t/a t0; ${change}`;
  expect(spawnSync("bash", ["-c", script], { cwd: folder, encoding: "latin1" }).stderr).toBe("");
  for (const [operands, roles] of [
    [
      [`h:${folder}/t/`, "d"],
      [tsync, "rsync"],
    ],
    [
      ["t/", `h:${folder}/d`],
      ["rsync", tsync],
    ],
  ] as const) {
    const words = ["-aX", "--no-W", "--no-i-r", "--checksum-seed=5", ...operands];
    const expected = totals("rsync", "rsync", words, "t0");
    for (const [index, bytes] of totals(roles[0], roles[1], words, "t0").entries())
      expect(Math.abs(bytes - (expected[index] ?? Number.NaN)), `${roles}: ${bytes}`).toBeLessThanOrEqual(
        4 * frameBytes,
      );
  }
});

test("a rate that nothing waits for makes no more frames of a push", () => {
  spawnSync("bash", ["-c", "rm -rf u; mkdir u; for i in {1..30}; do echo $i >u/$i; done"], { cwd: folder });
  const words = ["-a", "--bwlimit=1g", "u/", `h:${folder}/d`];
  const [expected = Number.NaN] = totals("rsync", "rsync", words);
  const [found = Number.NaN] = totals(tsync, "rsync", words);
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(4 * frameBytes);
});

test.each([
  "-aii",
  "-aii --out-format=%n",
  "-aii --out-format=%n_%i",
  "-avvii --out-format=%n",
  "-aii --log-file=log --log-file-format=%i",
  "-aHvv",
  "-aHii",
])("records of what is up to date: %s", (options) => {
  const script = "rm -rf v; mkdir v; for i in {1..30}; do echo $i >v/$i; ln v/$i v/l$i; done";
  spawnSync("bash", ["-c", script], { cwd: folder });
  for (const [operands, roles] of [
    [
      [`h:${folder}/v/`, "d"],
      [tsync, "rsync"],
    ],
    [
      ["v/", `h:${folder}/d`],
      ["rsync", tsync],
    ],
  ] as const) {
    const words = [...options.split(" "), ...operands];
    const expected = totals("rsync", "rsync", words, "v");
    for (const [index, bytes] of totals(roles[0], roles[1], words, "v").entries())
      expect(Math.abs(bytes - (expected[index] ?? Number.NaN)), `${roles}: ${bytes}`).toBeLessThanOrEqual(
        6 * frameBytes,
      );
  }
});

test("the size of the list of a pull at protocol 30: with it come remarks, and the lists that are sent ahead", () => {
  spawnSync("bash", ["-c", "rm -rf w; mkdir -p w/a w/b w/c; touch w/a/f w/b/g w/c/h"], { cwd: folder });
  const words = ["-rvv", "--protocol=30", "--exclude=b", `h:${folder}/w/`, "d"];
  const size = [/^File list size: (\d+)$/m];
  const [expected = Number.NaN] = totals("rsync", "rsync", words, undefined, size);
  for (const [client, server] of [
    [tsync, "rsync"],
    ["rsync", tsync],
  ] as const) {
    const [found = Number.NaN] = totals(client, server, words, undefined, size);
    expect(Math.abs(found - expected), `${client} ${server} ${found} for ${expected}`).toBeLessThanOrEqual(
      4 * frameBytes,
    );
  }
});

test.each(["--inplace", "--append", "--inplace --protocol=29", "--inplace -c"])(
  "what is said of the copy that is a basis, also where a file in place is empty: -b %s",
  (options) => {
    const script = "rm -rf x x0; mkdir x x0; for i in 1 2 3 4 5; do echo $i$i >x/$i; : >x0/$i; done; echo 6 >x0/5";
    spawnSync("bash", ["-c", `${script}; touch -d @1500000000 x0/*`], { cwd: folder });
    for (const [operands, roles] of [
      [
        [`h:${folder}/x/`, "d"],
        [tsync, "rsync"],
      ],
      [
        ["x/", `h:${folder}/d`],
        ["rsync", tsync],
      ],
    ] as const) {
      const words = ["-ab", "--no-W", "--checksum-seed=5", ...options.split(" "), ...operands];
      const expected = totals("rsync", "rsync", words, "x0");
      for (const [index, bytes] of totals(roles[0], roles[1], words, "x0").entries())
        expect((bytes - (expected[index] ?? Number.NaN)) % frameBytes, `${roles}: ${bytes}`).toBeCloseTo(0);
    }
  },
);
