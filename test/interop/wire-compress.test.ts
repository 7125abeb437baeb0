/** Compression on the way to and from another machine, against the real rsync (1-session 4.2, 3-transfer 4). */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type WireOutcome, type WireRole, wireRoles } from "../support/wire-roles.ts";

/** Text, noise, blocks that are found again in front of, between and behind new data, and zmany small files. */
const setup = `
mkdir -p s/zmany d/zmany
seq 1 60000 > s/text; seq 1 40000 > d/text; echo changed >> d/text; seq 40001 60000 >> d/text
head -c 300000 /dev/urandom > s/noise
head -c 500000 /dev/urandom > d/mixed
{ head -c 1000 /dev/urandom; head -c 200000 d/mixed; seq 1 9000; tail -c 299000 d/mixed; seq 1 90; head -c 40000 d/mixed; } > s/mixed
head -c 200000 /dev/zero > s/zeros; : > s/empty; echo x > s/small
for n in $(seq 1 30); do seq $n 400 > s/zmany/$n; seq $((n / 2)) 390 > d/zmany/$n; done
for f in s/text s/mixed s/zmany/*; do touch -d '2001-02-03 04:05:06' $f; done
`;

const options = [
  "-aiz",
  "-aizz",
  "-ai --zc=lz4",
  "-ai --zc=zstd --zl=9",
  "-ai --zc=zlib",
  "-ai --zc=zlibx",
  "-aiz --zc=none",
  "-ai --zl=0",
  "-aizz --zl=0",
  "-ai --zl=-3",
  "-aiz --no-z",
  "-ai --old-compress --zl=1",
  "-aiz --skip-compress=gz",
  "-aizW",
  "-aiz --inplace",
  "-ai --zc=zlib --inplace -B700",
  "-ai --zc=zlib -B100000",
  "-ai --zc=zlib --append",
  "-aiz --append-verify",
  "-aizc --cc=md5",
  "-aizn",
];

/** Without what the two ends say of each other when both of them give up. */
function withoutRaces({ stderr, ...rest }: WireOutcome): unknown {
  return {
    ...rest,
    stderr: stderr.filter((line) => !/^rsync error: |safe_write failed|connection unexpectedly closed/.test(line)),
  };
}

const roles: readonly (readonly [string, WireRole])[] = [
  ["tsync as the server of a push", "push-server"],
  ["tsync as the server of a pull", "pull-server"],
];
const clients: readonly (readonly [string, WireRole])[] = [
  ["tsync as the client of a push", "push-client"],
  ["tsync as the client of a pull", "pull-client"],
];

describe.each(clients)("%s", (_name, role) => {
  const check = wireRoles(setup);
  test.each(["-aiz", "-aizz", "-ai --zc=lz4", "-ai --zc=zlib", "-aiz --protocol=28", "-aiz --zc=none"])(
    "%s",
    (line) => {
      check(role, `${line} s/ d`);
    },
  );
  test.each([{ RSYNC_COMPRESS_LIST: "zlib&zstd zlib" }, { RSYNC_COMPRESS_LIST: "zstd&lz4" }])("%j", (variables) => {
    check(role, "-aiz s/ d", { variables, compare: withoutRaces });
  });
  test("a name that nobody knows", () => {
    expect(check(role, "-az --zc=fast s/ d").status).toBe(4);
  });
});

describe.each(roles)("%s", (_name, role) => {
  const check = wireRoles(setup);
  test.each(options)("%s", (line) => {
    check(role, `${line} s/ d`);
  });
  test.each([27, 28, 29, 30, 31])("protocol %i", (protocol) => {
    for (const line of ["-aiz", "-ai --zc=zstd", "-ai --zc=zlib -B100000"]) {
      check(role, `${line} --protocol=${protocol} s/ d`);
    }
  });
  test.each([
    ["zstd lz4", "xxh64 md5"],
    ["zlib", "md5&xxh3 md5"],
    ["lz4&zlibx lz4", "sha1&sha1"],
    ["zstd&lz4", undefined],
    ["bad", undefined],
    [undefined, "md5&xxh64"],
  ])("lists %j and %j of the environment", (compressions, checksums) => {
    const variables = {
      ...(compressions === undefined ? {} : { RSYNC_COMPRESS_LIST: compressions }),
      ...(checksums === undefined ? {} : { RSYNC_CHECKSUM_LIST: checksums }),
    };
    for (const line of ["-aiz", "-ai --zc=lz4", "-ai --cc=xxh64", "-aiz --protocol=29"]) {
      check(role, `${line} s/ d`, { variables, compare: withoutRaces });
    }
  });
  test("a name that nobody knows", () => {
    expect(check(role, "-az -M--zc=fast s/ d", { compare: withoutRaces }).status).toBe(12);
  });
});

/** The data of `sub/f`, which nobody may write, is compressed against blocks that nobody reads; `zz/g` comes behind it. */
const unwritable = `
mkdir -p s/sub s/zz d/sub d/zz; seq 1 60000 > d/sub/f
{ seq 1 30000; echo x; seq 30001 60000; seq 1 500; head -c 70000 d/sub/f; seq 1 600; } > s/sub/f
cp s/sub/f s/zz/g; cp d/sub/f d/zz/g; chown -R nobody d; chown root d/sub; chmod 755 .
printf '#!/bin/sh\nshift; exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$*"\n' > shell; chmod 755 shell
rsync -rI --zc="$1" -e ./shell --rsync-path="$2" s/ "h:$PWD/d"; echo "ended with $?"; cmp s/zz/g d/zz/g; cmp -s s/sub/f d/sub/f || echo f is old`;

// With zlib the receiver of rsync 3.5.0 crashes here.
test.each(["zlib", "zlibx", "zstd", "lz4"])("a file that cannot be written leaves the next ones whole: %s", (name) => {
  const folder = mkdtempSync(join(tmpdir(), "tsync-unwritable-"));
  const tsync = join(import.meta.dirname, "../../bin/tsync");
  const how = { cwd: folder, encoding: "latin1", timeout: 60_000 } as const;
  const { stdout } = spawnSync("bash", ["-c", unwritable, "bash", name, tsync], how);
  rmSync(folder, { recursive: true, force: true });
  expect(stdout).toBe("ended with 23\nf is old\n");
});
