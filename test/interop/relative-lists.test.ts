/**
 * The lists that arguments of `--relative` make, with several sources and parents that are implied: what rsync's sender sends, in the same
 * order, so that of equal names the same one arrives (docs/spec/2-file-list 4.6, 9.2).
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const setup = `mkdir -p d; for r in s t; do mkdir -p $r/R/g $r/S; for f in R/x R/y R/g/x R/g/y S/x o; do echo $r-$f-$r >$r/$f; done; done
echo more >>t/R/x; mkdir R; echo here >R/x; ln -s /nope s/R/ln; find s t R -exec touch -h -d @1500000000 {} +`;
const compare = sideBySide({ look: lookAtTrees });

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-relative-"));
  writeFileSync(join(folder, "shell"), '#!/bin/sh\nshift\nexec sh -c "$*"\n');
  chmodSync(join(folder, "shell"), 0o755);
  expect(spawnSync("bash", ["-c", setup], { cwd: folder, encoding: "utf8" }).stderr).toBe("");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The names that a receiving rsync is sent by a server, and how large the list is: their order tells in that. */
function listed(server: string, words: readonly string[]): readonly string[] {
  const options = ["-e", "./shell", `--rsync-path=${server}`, "--debug=flist4", "--stats", "--checksum-seed=1", "-nt"];
  const { stdout, stderr } = spawnSync("rsync", [...options, ...words, "d/"], { cwd: folder, encoding: "latin1" });
  expect(stderr).not.toContain("error in rsync protocol");
  const lines = stdout.split("\n");
  // Its receiver and its generator both tell of them, in no certain order.
  const names = lines.filter((line) => /^recv_file_name|^\[[Rr]eceiver\] receiving flist/.test(line));
  return [...names.sort(), ...lines.filter((line) => line.startsWith("File list size"))];
}

test.each([
  "s/./R s/./R/g",
  "s/./R s/./R/g s/./R/g/x",
  "s/./R/g/x s/./R s/./R/g",
  "s/./R t/./R/x",
  "t/./R/x s/./R",
  "t/./R/x s/./R t/./R/g/y s/./R/g",
  "s/./R/y s/./o s/./R/x",
  "s/./R/y t/./o s/./R/x",
  "s/./R/y t/./R s/./R/x",
  "s/./R/y t/./. s/./R/x",
  "s/./R/y R s/./R/x",
  "R/x s/./o R/x",
  "R/x s/./S/x R/x",
])("the lists of %s", (names) => {
  const words = names.split(" ").map((name, index) => `${index === 0 ? "h" : ""}:${name}`);
  for (const options of [["-rR"], ["-rR", "--no-i-r"], ["-dR"], ["-rR", "--no-implied-dirs"], ["-rR", "--protocol=29"]])
    expect(listed(tsync, [...options, ...words])).toEqual(listed("rsync", [...options, ...words]));
});

test.each([28, 29, 30])("what a receiver deletes that speaks protocol %i", (protocol) => {
  const setup = "mkdir -p e/R/g e/S; touch e/R/gone e/R/g/gone e/S/gone";
  expect(spawnSync("bash", ["-c", setup], { cwd: folder, encoding: "utf8" }).stderr).toBe("");
  const deleted = (server: string, words: readonly string[]): readonly string[] => {
    const options = ["-e", "./shell", `--rsync-path=${server}`, "-rRni", "--delete-before", `--protocol=${protocol}`];
    const { stdout } = spawnSync("rsync", [...options, ...words, "e/"], { cwd: folder, encoding: "latin1" });
    return stdout.split("\n").filter((line) => line.startsWith("*deleting"));
  };
  let count = 0;
  for (const options of [[], ["--no-implied-dirs"]]) {
    for (const names of [
      "s/./R/ s/./R/g",
      "s/./R/g s/./R/",
      "s/./ s/./R/g s/./S/x",
      "s/./R/x s/./S",
      "s/./R/x s/./R/g",
    ]) {
      const words = [...options, ...names.split(" ").map((name, index) => `${index === 0 ? "h" : ""}:${name}`)];
      const expected = deleted("rsync", words);
      expect(deleted(tsync, words), names).toEqual(expected);
      count += expected.length;
    }
  }
  expect(count).toBe(18);
});

test.each(["", "--no-i-r"])("of equal names the same one is copied: %s", (options) => {
  for (const names of ["s/./R t/./R/x", "t/./R/x s/./R", "s/./R t/./R/x t/./R", "s/./R t/./R/g/x s/./R/g"])
    compare(setup, `-rRti ${options} ${names} d/`);
  compare(setup, `-rRti ${options} s/./R t/./R/x d/`);
});

test.each([
  "-rR",
  "-rR --no-i-r",
  "-R",
  "-rRL",
  "-rR --no-implied-dirs",
  "-rR --exclude=ln",
  "-rR --delete-missing-args",
])("the parents of a link that leads nowhere are implied: %s --copy-unsafe-links", (options) => {
  compare(setup, `${options} -ti --copy-unsafe-links s/./R/ln d/`);
});

test.each(["", "--no-i-r", "--no-implied-dirs", "-L"])(
  "rules for missing arguments: -rR --delete-missing-args %s",
  (more) => {
    const missing =
      "printf '%s\\n' '- gone' '- g' >s/R/.rules; ln -s nowhere s/R/ln2; mkdir -p d/R; echo 1 | tee d/gone d/R/gone d/R/ln2 d/R/gone2";
    for (const rule of ["H gone", "- gone", "P gone", "H gone/", "H R", "- ln2", "- /R/gone", ": .rules", ":s .rules"])
      compare(
        `${setup}; ${missing}`,
        `-rRvv --delete-missing-args ${more} -f '${rule}' s/./gone s/./R/gone s/./R/ln2 s/./R/gone2/ s/./R/g d/`,
      );
  },
);

test.each([
  "-i --no-i-r s/zz/gone",
  "-im s/zz/gone",
  "-nim s/zz/gone",
  "-im s/zz/gone s/Empty/",
  "-im aa/gone s/Empty/",
  "-nim s/Empty/zz/gone s/Empty/",
])("missing arguments whose parents are missing too keep the directory before them: %s", (line) => {
  compare(`${setup}\nmkdir -p s/Empty/a`, `-rR --delete-missing-args ${line} s/./R/g d/`);
});

test.each(["", "--no-i-r", "--exclude=ln", "--no-i-r --exclude=ln", "--exclude=u/"])(
  "where -vv tells of links that --copy-unsafe-links follows: %s",
  (options) => {
    const links =
      "mkdir -p d u/v w/v; for x in . u u/v w w/v; do ln -s /etc/hostname $x/ln; ln -s /dev/null $x/on; done";
    for (const sources of ["u/ln ./ln u/v/ln w/ln u w/v/on ./on", "w/./v/ln u/./ln u/./v u/./on", "ln u/ln w/v on"])
      compare(links, `-rlRvvn ${options} --copy-unsafe-links ${sources} d/`);
    compare(links, `-rlvvn ${options} --copy-unsafe-links u/ln w/v u/v/on d/`);
  },
);

test.each([
  ["-R", "s/a/b/x s/a/g s/f"],
  ["-R", "s/f s/a/g s/a/b/x t/f"],
  ["-R", "s/a/b/x s/f s/a/g t/f"],
  ["-R", "s/a/b s/a/g s/f"],
  ["-R", "s/a/gone s/f"],
  ["-R --delete-missing-args", "s/a/gone s/f t/f"],
  ["-R", "s/./a/b/x t/./a/g t/./f"],
  ["-rR --no-i-r", "s/a/b s/f t/f"],
  ["-rR --no-i-r", "s/a/ ./s/f t/f"],
  ["-dR --no-implied-dirs", "s/a/b/ s/f t/f"],
  ["-rR", "s/a/b s/f t/f"],
])("%s judges an argument by the merge files above the one before it: %s", (options, names) => {
  const tree = "mkdir -p d; for r in s t; do mkdir -p $r/a/b; touch $r/f $r/a/g $r/a/b/x; done";
  for (const place of [".", "s", "s/a", "s/a/b", "t/a"]) {
    for (const rule of ["- f", "- g", "- x", "unknown"]) {
      const setup = `${tree}; echo '${rule}' >${place}/.rsync-filter`;
      compare(setup, `-F ${options} ${names} d/`);
    }
  }
});

test.each(["s/", "."])("names of --files-from below %s are judged so too", (base) => {
  const setup = `mkdir -p s/a/b d; touch s/f s/a/g s/a/b/x; (cd ${base}; find * -type f) >list`;
  for (const rule of ["- f", "- g", "- x", "unknown"])
    compare(`${setup}; echo '${rule}' >s/a/.rsync-filter`, `-F --files-from=list ${base} d/`);
});
