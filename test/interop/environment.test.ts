/** Variables of the environment that choose or forbid something in a run within one machine, against the installed rsync. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const setup = "mkdir s d; echo 1 >s/f; echo 2 >s/g";

const agreed: readonly [Readonly<Record<string, string>>, string][] = [
  [{ RSYNC_CHECKSUM_LIST: "md5" }, "-rc --out-format=%C s/ d/"],
  [{ RSYNC_CHECKSUM_LIST: "md5 sha1&sha1" }, "-rc --out-format=%C s/ d/"],
  [{ RSYNC_CHECKSUM_LIST: "bad XXHASH" }, "-rI --no-W --out-format=%C s/ d/"],
  [{ RSYNC_CHECKSUM_LIST: "md5 none" }, "-rc --cc=auto --out-format=%C s/ d/"],
  [{ RSYNC_CHECKSUM_LIST: "none" }, "-rI --no-W --out-format=%C s/ d/"],
  [{ RSYNC_CHECKSUM_LIST: "none" }, "-r --append s/ d/"],
  [{ RSYNC_CHECKSUM_LIST: "sha1" }, "-rc --iconv=utf8,latin1 --out-format=%C s/ d/"],
  [{ RSYNC_CHECKSUM_LIST: "md4" }, "-rc --protocol=29 --out-format=%C s/ d/"],
  [{ RSYNC_CHECKSUM_LIST: "md5" }, "-rc --cc=md5 --out-format=%C s/ d/"],
  [{ RSYNC_COMPRESS_LIST: "lz4" }, "-rz s/ d/"],
  [{ RSYNC_COMPRESS_LIST: "none" }, "-rz s/ d/"],
  [{ RSYNC_COMPRESS_LIST: "zlibx" }, "-rzz s/ d/"],
  [{ RSYNC_MAX_ALLOC: "x" }, "-r --max-alloc=2g s/ d/"],
  [{ RSYNC_MAX_ALLOC: "x" }, "-r s/ d/"],
  [{ RSYNC_MAX_ALLOC: "x" }, "-r --nosuch s/ d/"],
  [{ RSYNC_MAX_ALLOC: "x" }, "-r --append -W s/ d/"],
  [{ POSIXLY_CORRECT: "" }, "-i s/f d -r"],
  [{ POSIX_ME_HARDER: "1" }, "s/f -- d -r"],
  [{ POSIXLY_CORRECT: "1" }, "-ri s/f -x"],
];

for (const [index, [env, line]] of agreed.entries()) {
  describe(`${index}: ${JSON.stringify(env)}`, () => {
    const compare = sideBySide({ look: lookAtTrees, env });
    test(line, () => void compare(setup, line));
  });
}

describe("options that the manual page leaves out", () => {
  const compare = sideBySide({ look: lookAtTrees });
  test.each(["-av --qsort s/ d/", "--qsort s/", "-av --qsort --delete s/ s/ d/"])(
    "%s",
    (line) => void compare(setup, line),
  );
  test.each(["-rv --mkpath -- s/ -x/y", "-rn -i -- s/ -x"])("%s", (line) => void compare(setup, line));
});

const refused: readonly [Readonly<Record<string, string>>, string][] = [
  [{ RSYNC_CHECKSUM_LIST: "bad" }, "-r"],
  [{ RSYNC_CHECKSUM_LIST: "md5&sha1" }, "-r"],
  [{ RSYNC_CHECKSUM_LIST: "&bad" }, "-rn"],
  [{ RSYNC_CHECKSUM_LIST: "md5" }, "-r --protocol=29"],
  [{ RSYNC_COMPRESS_LIST: "bad" }, "-rz"],
  [{ RSYNC_COMPRESS_LIST: "zstd&lz4" }, "-r --zl=3"],
  [{ RSYNC_COMPRESS_LIST: "lz4" }, "-rz --protocol=29"],
];

test.each(refused)("%j: nothing to agree on, %s", (env, options) => {
  const folder = mkdtempSync(join(tmpdir(), "tsync-environment-"));
  try {
    for (const directory of ["s", "d"]) mkdirSync(join(folder, directory));
    writeFileSync(join(folder, "s/f"), "1");
    const run = (program: string) => {
      const args = [...options.split(" "), "s/", "d/"];
      const { status, stderr } = spawnSync(program, args, {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", ...env },
      });
      // The other one of rsync's two processes says something, too, in between.
      return { status, told: stderr.split("\n").filter((text) => /^Failed|^Server list|^Client list/.test(text)) };
    };
    const own = run(tsync);
    expect(own.status).toBe(4);
    expect(own.told).toHaveLength(3);
    expect(readdirSync(join(folder, "d"))).toEqual([]);
    // Without an exchange its server tells of the lists as well.
    if (!options.includes("protocol")) expect(own).toEqual(run("rsync"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
