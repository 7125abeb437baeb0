/**
 * Delta transfers of a local run (`--no-whole-file`) against the installed rsync: the same trees, the same text, and the
 * same numbers, which are those of the search: `total: matches=...`, literal and matched bytes, `%b` and `%c`.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { referenceRollingSum } from "../../src/delta/reference/rolling-sum.ts";
import { Random } from "../support/random.ts";
import { randomBytes } from "../support/random-bytes.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-delta-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Files = Readonly<Record<string, Uint8Array>>;

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly errors: string;
  /** Path, mode, size, seconds of mtime and content of every file. */
  readonly tree: readonly string[];
}

/** Lines that tell of the bytes that went through a socket, or of memory: a local tsync has none. */
const own = /^(?:sent |total size is |Total bytes |File list |rsync error|rsync\[\d+\]| {2}\w+: )/;

/** Runs a program on fresh copies of the files. */
function run(program: string, source: Files, destination: Files, args: readonly string[]): Outcome {
  const root = join(folder, "run");
  rmSync(root, { recursive: true, force: true });
  for (const [name, files, time] of [
    ["src", source, 1_500_000_000],
    ["dst", destination, 1_400_000_000],
  ] as const) {
    mkdirSync(join(root, name), { recursive: true });
    for (const [path, data] of Object.entries(files)) {
      mkdirSync(join(root, name, path, ".."), { recursive: true });
      writeFileSync(join(root, name, path), data);
      utimesSync(join(root, name, path), time, time);
    }
  }
  // Directories were changed by what was put into them.
  for (const name of ["src/sub", "src", "dst/sub", "dst"]) {
    const path = join(root, name);
    const time = name.startsWith("src") ? 1_500_000_000 : 1_400_000_000;
    if (existsSync(path)) utimesSync(path, time, time);
  }
  const { status, stdout, stderr } = spawnSync(program, ["--no-W", "--checksum-seed=7", ...args, "src/", "dst/"], {
    cwd: root,
    encoding: "latin1",
    env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" },
    maxBuffer: 2 ** 28,
  });
  const kept = (text: string) => text.split("\n").filter((line) => !own.test(line));
  // Lines of backups overtake the names of files by as much as buffers hold (3-transfer 9.10): they come last here.
  const lines = kept(stdout);
  const backups = lines.filter((line) => line.startsWith("backed up "));
  const out = [...lines.filter((line) => !backups.includes(line)), ...backups].join("\n");
  return { status, out, errors: kept(stderr).join("\n"), tree: listTree(join(root, "dst")) };
}

function listTree(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  return names.map((name) => {
    const path = join(directory, name);
    const { mode, size, mtime } = statSync(path);
    if (statSync(path).isDirectory()) return `${name}/ ${mode.toString(8)}`;
    const digest = createHash("md5").update(readFileSync(path)).digest("hex");
    return `${name} ${mode.toString(8)} ${size} ${mtime.toISOString()} ${digest}`;
  });
}

function expectAlike(source: Files, destination: Files, args: readonly string[]): Outcome {
  const expected = run("rsync", source, destination, args);
  const found = run(tsync, source, destination, args);
  expect(found).toEqual(expected);
  return expected;
}

const join2 = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const a = randomBytes(400_000, 1);

/** A few files that have changed in different ways. */
const before: Files = {
  same: a,
  moved: a,
  edited: a,
  cut: a,
  zeros: new Uint8Array(50_000),
  "sub/tiny": randomBytes(10, 2),
  "sub/empty": new Uint8Array(0),
};
const after: Files = {
  same: a,
  moved: join2(a.subarray(200_000), a.subarray(0, 200_000)),
  edited: join2(
    a.subarray(0, 5000),
    randomBytes(333, 3),
    a.subarray(5000, 300_000),
    randomBytes(70_000, 4),
    a.subarray(310_000),
  ),
  cut: a.subarray(1000, 150_000),
  zeros: join2(new Uint8Array(20_000), randomBytes(300, 5), new Uint8Array(40_000)),
  "sub/tiny": randomBytes(12, 6),
  "sub/empty": randomBytes(3000, 7),
  "sub/new": randomBytes(3000, 8),
};

describe("a tree of changed files", () => {
  test.each([
    "-a -vv",
    "-aI -v --stats",
    "-aIc -vv -i",
    "-aI --inplace -vv",
    "-aI --inplace -b -vv",
    "-aI --inplace --backup-dir=bak -vv",
    "-aI -b -v --stats",
    "-aIS -vv",
    "-aIS --inplace -vv",
    "-aI -B100 -vv",
    "-aI -B131072 -vv",
    "-aI --inplace -B64 -vv",
    "-aI -W -vv",
    "-aIn -vv",
    "-a --size-only -vv",
    "-aI --no-i-r -vv",
    "-aI --out-format=%n-%b-%c-%l-%C",
    "-aI --inplace --out-format=%n-%b-%c",
    "-aI --cc=md5 --out-format=%n-%b-%c-%C",
    "-aI --cc=sha1 --out-format=%n-%b-%c-%C -vv",
    "-aI --cc=xxhash,md4 --out-format=%n-%b-%c-%C",
    "-aIc --cc=xxh3,md4 --out-format=%n-%b-%c-%C",
    "-aI --cc=none --out-format=%n-%b-%c-[%C] -vv",
    "-ac --cc=none,md5 --out-format=%n-%C -vv",
    "-aIn --cc=none --out-format=%n-[%C]",
    "-aI --partial-dir=.pd -vv",
    "-aI --list-only -vv",
  ])("%s", (options) => {
    const { status } = expectAlike(after, before, options.split(" "));
    expect(status).toBe(0);
  });

  test.each(["--cc=foo", "--cc=md5,", "-c --cc=none", "-c --cc=md5,none", "-B131073", "--checksum-seed=5000000000"])(
    "%s is refused",
    (options) => {
      const args = ["-a", ...options.split(" ")];
      mkdirSync(join(folder, "refused/src"), { recursive: true });
      writeFileSync(join(folder, "refused/src/f"), "x");
      const tell = (program: string) =>
        spawnSync(program, [...args, "src/", "dst/"], { cwd: join(folder, "refused"), encoding: "latin1" });
      const [expected, found] = [tell("rsync"), tell(tsync)];
      expect(found.status).toBe(expected.status);
      expect(found.stderr.split("\n")[0]).toBe(expected.stderr.split("\n")[0]);
    },
  );
});

test.each([[".pd", "f", "--partial-dir=.pd"]])("a partial file in %s is the basis", (directory, name, option) => {
  const partial = { [`${directory}/${name}`]: a.subarray(0, 150_000) };
  const expected = expectAlike({ [name]: a }, partial, ["-a", option, "-vv", "--out-format=%i %n %b %c"]);
  expect(expected.out).toContain("matches=214");
  expectAlike({ [name]: a }, { ...partial, [name]: randomBytes(5000, 3) }, ["-a", option, "-vv"]);
});

describe("false alarms", () => {
  /** Blocks of three bytes: a to d have one rolling sum, q shares rsync's bucket with them, x and y have other ones. */
  const blocks = new Map(
    Object.entries({
      a: [5, 5, 5],
      b: [6, 3, 6],
      c: [7, 1, 7],
      d: [4, 7, 4],
      q: [4, 3, 10],
      x: [100, 2, 3],
      y: [60, 2, 9],
    }),
  );
  const fileOf = (letters: string): Uint8Array =>
    Uint8Array.from([...letters].flatMap((letter) => blocks.get(letter) ?? []));

  test.each([
    // The preferred block is no reason not to count those before it.
    ["xdcba", "xd"],
    ["dba", "db"],
    ["dbaca", "dad"],
    // Blocks that are alike count once in a row, whatever is between them in the bucket.
    ["aaaa", "b"],
    ["abab", "c"],
    ["aqa", "c"],
    ["aaxaab", "d"],
    // In place, those that stand for good count apart from the others.
    ["aaaa", "aac"],
    ["aaa", "ayc"],
    ["abax", "ayac"],
    ["aaaaax", "aayac"],
    ["aax", "ayax"],
    // The limit is one of those that count.
    [`d${"ab".repeat(511)}`, "d"],
    [`d${"ab".repeat(512)}`, "d"],
    [`d${"a".repeat(1500)}`, "d"],
  ])("of %s in %s", (basis, file) => {
    for (const option of [[], ["--inplace"]]) {
      expectAlike({ f: fileOf(file) }, { f: fileOf(basis) }, ["-aI", "-vv", "-B3", ...option]);
    }
  });
});

test.each(["", "--inplace"])("more blocks than rsync has 16-bit buckets for %s", (option) => {
  // 60,000 blocks: rsync's buckets are remainders of the rolling sum then.
  const basis = { f: a.subarray(0, 300_000) };
  const file = { f: join2(randomBytes(20_001, 30), a.subarray(100_000, 280_000), randomBytes(3000, 31), a) };
  const args = ["-aI", "-vv", "-B5", "--out-format=%n %b %c", ...(option === "" ? [] : [option])];
  expect(expectAlike(file, basis, args).out).toMatch(/hash_hits=\d{5}/);
});

/** Random edits of random content; the seed of a failing case is in its name. */
test.each(Array.from({ length: 40 }, (_, index) => index))("random edits, seed %i", (seed) => {
  const random = new Random("delta", seed);
  const pieces = (): Uint8Array =>
    random.pick([
      () => randomBytes(random.between(0, 20_000), random.between(1, 1e6)),
      () => new Uint8Array(random.between(0, 15_000)),
      () => new Uint8Array(random.between(0, 9000)).fill(random.pick([1, 255])),
    ])();
  const basis = join2(...Array.from({ length: random.between(1, 7) }, pieces));
  const cuts = Array.from({ length: random.between(1, 6) }, () => {
    const from = random.between(0, basis.length);
    return join2(
      basis.subarray(from, from + random.between(0, 30_000)),
      random.chance(0.5) ? pieces() : new Uint8Array(0),
    );
  });
  const args = ["-aI", "-vv", "--stats", "--out-format=%n %b %c", `-B${random.pick([0, 0, 0, 32, 100, 1000, 4096])}`];
  if (random.chance(0.5)) args.push("--inplace");
  // Heap statistics come with --stats at -vv.
  expectAlike(
    { f: join2(...cuts) },
    { f: basis },
    args.filter((word) => word !== "--stats"),
  );
});

describe("data that does not verify", () => {
  /** A block that rsync takes for `block`: equal rolling sum, and equal first two bytes of the strong one (md5, seed 7). */
  function twinOf(block: Uint8Array): Uint8Array {
    const strong = (bytes: Uint8Array) =>
      createHash("md5")
        .update(Uint8Array.of(7, 0, 0, 0))
        .update(bytes)
        .digest()
        .readUInt16LE(0);
    const [wanted, rolling] = [strong(block), referenceRollingSum(block)];
    const random = new Random("twin", 5);
    for (;;) {
      const twin = block.slice();
      // +d, -2d, +d at equal distances leave both halves of the rolling sum as they are, unless a byte wraps.
      for (let change = 0; change < 3; change++) {
        const [at, step, by] = [random.between(0, 599), random.between(1, 39), random.between(1, 3)];
        for (const [place, factor] of [
          [at, 1],
          [at + step, -2],
          [at + 2 * step, 1],
        ] as const) {
          twin[place] = (twin[place] ?? 0) + factor * by;
        }
      }
      if (strong(twin) === wanted && referenceRollingSum(twin) === rolling && Buffer.compare(twin, block) !== 0)
        return twin;
    }
  }

  const block = randomBytes(700, 21);
  const rest = randomBytes(5000, 22);
  const source = { a: randomBytes(100, 23), f: join2(twinOf(block), rest, Uint8Array.of(1)), g: randomBytes(100, 24) };
  const destination = { f: join2(block, rest) };

  test.each([
    "-vv",
    "-i",
    "-q",
    "-vi --partial",
    "-v --inplace",
    "-vv --partial-dir=pd",
    "-v -b --stats",
    "-v -b --inplace",
    "-v -b --partial",
    "--out-format=%n-%b-%c-%C",
    "-vv --no-i-r",
  ])("is asked for again: %s", (options) => {
    const args = ["-a", "--cc=md5", ...options.split(" ")];
    const { status, errors } = expectAlike(source, destination, args);
    expect(status).toBe(0);
    if (/-v|-i/.test(options)) expect(errors).toContain("failed verification");
  });
});
