/**
 * Times of access (`-U`) of what the sender reads while it lists the source: each name has the time that rsync sees, who looks at it just
 * before it reads it, in the order of its scan (docs/spec/3-transfer 5.6).
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const setup = `mkdir -p s/a/b s/c s/e/f d; ln -s ../nowhere s/c/link; ln s/c/link s/a/b/name; ln s/c/link s/name; ln s/c/link s/e/f/last
echo x >s/e/data; ln s/e/data s/a/b/data; ln s/e/data s/c/data; : >s/a/empty; ln s/a/empty s/e/f/empty; ln -s c s/one
find s -type l -exec touch -h -d @1500000000 {} +; find s ! -type l -exec touch -d @1500000000 {} +`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-access-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A listing, with the times of access of before this run. */
function listing(program: string, line: string): string {
  const root = join(folder, "run");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC" };
  const shell = `printf '#!/bin/sh\\nshift\\nexec sh -c "$*"\\n' >shell; chmod 755 shell`;
  const script = `${setup}\n${shell}\n${program} --list-only ${line} d/`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { cwd: root, encoding: "latin1", env });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  // Permissions, size and time of modification stand before it.
  return stdout.replaceAll(/(?<=^.{46})(?!2017)\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/gm, "now");
}

test.each([
  "-rlU --no-i-r s/",
  "-rlUc --no-i-r s/",
  "-rlUH --no-i-r s/",
  "-rlUcH --no-i-r s/",
  "-rlUc s/",
  "-rU s/ s/name s/one",
  "-rU --no-i-r s/ s/name s/c/link s/one",
  "-rlUc s/ s/name s/one s/e/data",
  "-rlUcH --no-i-r s/c s/e s/a s/one s/e/data",
  "-rlUR --no-i-r s/e s/c/link s/a",
])("what a listing with %s says", (line) => {
  const expected = listing("rsync", line);
  expect(expected).toMatch(/ 2017\/07\/14 02:40:00 /);
  expect(listing(tsync, line)).toBe(expected);
});

const pull = (program: string): string => `-e ./shell --rsync-path=${program} h:$PWD/s/`;

test.each([
  "-rlU --protocol=29",
  "-rlUH --protocol=28",
  "-rlUH --protocol=29 --no-i-r",
  "-rlUH --protocol=30",
  "-rlUcH --protocol=29",
])("what a listing of another machine with %s says", (line) => {
  const expected = listing("rsync", `${line} ${pull("rsync")}`);
  expect(expected).toMatch(/ 2017\/07\/14 02:40:00 /);
  for (const client of ["rsync", tsync]) expect(listing(client, `${line} ${pull(tsync)}`)).toBe(expected);
});

const compareReadable = sideBySide({ look: "find d -type f -printf '%p %A@\\n' | sort", user: 65534 });

// A file that has another name which gets its time before, too.
test.each(["", "--inplace", "-b", "-b --inplace", "--append", "--whole-file", "-n", "-H --inplace"])(
  "the file that stands where one of the source cannot be read: %s",
  (options) => {
    const trees =
      "mkdir s d; echo 1 >s/f; echo 345678 >d/f; echo 345678 >d/g; echo 345678 >s/a; ln d/g d/a; echo 1 >s/g";
    const times = "touch -d @1000000000 s/* d/*; touch -a -d @900000000 s/a d/f; touch -a -d @2000000000 d/a";
    const owners = "chown -R 65534:65534 .; chown 1 s/[fg]; chmod 0 s/[fg]";
    compareReadable(`${trees}; ${times}; ${owners}`, `-rtU --no-whole-file ${options} s/ d/`);
  },
);

const compare = sideBySide({ look: "find d e -type f -printf '%p %A@\\n' | sort" });

test.each(
  ["compare", "copy", "link"].flatMap((kind) =>
    ["", "-c", "-c --no-whole-file", "-cn"].map((text) => `${text} --${kind}-dest=../e --${kind}-dest=../none`),
  ),
)("a file of an alternate directory that is looked at again: %s", (options) => {
  const trees =
    "mkdir s d e; for f in s/a e/b e/c; do echo 1 >$f; done; for f in e/a s/b s/c; do echo 2 >$f; done; echo 1 >s/g";
  const times =
    "cp s/g e/g; touch -d @1000000000 s/* e/*; touch -a -d @900000000 s/* e/*; touch -d @1100000000 e/c; chmod 600 e/g";
  compare(`${trees}; ${times}`, `-rtpOiiU ${options} s/ d/`);
});

test.each([
  "",
  "--no-W",
  "--no-W -c",
  "--no-W --inplace",
  "--no-W --no-i-r --open-noatime",
  "-H --no-W --delay-updates",
])("similar files whose own turn is before and after that of the file built on them: %s", (options) => {
  for (const lines of [3, 2000]) {
    const trees = `mkdir s d; for f in s/f1 s/f2 s/f3 s/f4 s/f6; do seq ${lines} >$f; done; echo 5 >s/f5; cp s/f[1246] d`;
    const times =
      "touch -d @1000000000 s/* d/*; touch -a -d @1200000000 s/* d/*; touch -a -d @1100000000 d/f[26]; touch -d @1000000001 s/f[35]";
    compare(`${trees}; ${times}`, `-rtyOiiU ${options} s/ d/`);
  }
});

// The basis of a delta is read when the file is asked for, and once more when data of it are used.
test.each(["", "-b", "-H", "--no-i-r", "--inplace", "--delay-updates", "--partial-dir=p"])(
  "a file that replaces one with another name, which gets its time of access: %s",
  (options) => {
    for (const last of ["x", "$(seq 3000)"]) {
      const trees = `mkdir s d; seq 3000 >s/b; cp s/b d/b; ln d/b d/a; ln d/b d/c; echo "${last}" >s/a; cp s/b s/c`;
      const times = "touch -d @1000000000 s/* d/*; touch -d @1000000001 s/a; touch -a -d @900000000 s/*";
      compare(`${trees}; mkdir e; ${times}`, `-rtU --no-W ${options} s/ d/`);
      compareReadable(`${trees}; mkdir e; ${times}; chown -R 65534:65534 .`, `-rtU --no-W ${options} s/ d/`);
    }
  },
);

const compareRules = sideBySide({ look: "find d -name .rsync-filter -printf '%p %A@\\n' | sort" });

test.each([
  "-aUFF",
  "-rlUFn",
  "-aUFF --force",
  "-aUFF --no-i-r",
  "-aU --filter=:_.rsync-filter --force",
  "-aU --filter=:_/.rsync-filter",
])("rules of the directories above one that gives way: %s", (options) => {
  const trees = `mkdir -p s/p/q d/p/q/f d/p/q/h/i; echo 1 >s/p/q/f; ln -s x s/p/q/h; for f in d d/p d/p/q; do echo P x >$f/.rsync-filter; done`;
  compareRules(`${trees}; find d -name .r* -exec touch -d @1500000000 {} +`, `${options} s/ d/`);
});

const compareAsUser = sideBySide({ look: lookAtTrees, user: 65534 });

test.each(["-rti", "-rti --open-noatime", "-rtiUU --no-W", "-rtiUU --inplace --no-W", "-rtiUU -b", "-rtiUU --no-W -b"])(
  "files of somebody else, which may not be read without a trace: %s",
  (options) => {
    const trees = "mkdir s d; for f in a b c; do echo 1 >s/$f; echo 22 >d/$f; done; chmod 444 s/*; chmod 600 d/c";
    compareAsUser(`${trees}; chown 65534:65534 s s/* d d/b; touch -d @1500000000 s/* d/* s d`, `${options} s/ d/`);
  },
);

test("a backup of what is written in place, of which a pull uses nothing", () => {
  const times = (client: string, server: string): string => {
    const root = join(folder, "pull");
    const script = `rm -rf ${root}; mkdir -p ${root}/s ${root}/d; cd ${root}; : >s/f; seq 99 >d/f; touch -d @1400000000 s/f d/f
      printf '#!/bin/sh\nshift\nexec sh -c "$*"\n' >shell; chmod 755 shell; touch -a -d @1500000000 s/f d/f
      ${client} -tbU --inplace -e ./shell --rsync-path=${server} h:$PWD/s/f d/; find d -type f -printf '%p %A@\n' | sort`;
    return spawnSync("sh", ["-c", script], { encoding: "latin1" }).stdout;
  };
  const expected = times("rsync", "rsync");
  expect(expected).toMatch(/^d\/f~ 1500000000\./m);
  expect(times(tsync, "rsync")).toBe(expected);
});

const compareTimes = sideBySide({
  look: "find s alt d -type f -printf '%p %A@\\n' | sed 's/ 1[7-9]........*/ now/' | sort",
});
test.each(["--copy-dest", "--link-dest"])("what a file of %s has that is copied from there", (option) => {
  const trees = `mkdir s alt d; echo 1 >s/f; touch -d @1500000000 s/f; cp -p s/f alt/f; chmod 600 alt/f
    touch -ad @1000000000 s/f alt/f`;
  for (const options of [
    "-aU",
    "-aUU",
    "-aU --insecure-links",
    "-aUU --insecure-links",
    "-aU --open-noatime --insecure-links",
  ])
    compareTimes(trees, `${options} ${option}=../alt s/ d/`);
});

test.each([": >d/z", "echo 1 >d/z"])("the other name of a file that is sent by delta, after %s", (content) => {
  const trees = `mkdir s d; echo 22 >s/z; ${content}; cp -p d/z s/a; ln d/z d/a; touch -d @1500000000 s/a d/a; touch -ad @1100000000 s/a`;
  for (const options of ["", "--inplace", "-H", "-b"])
    compareTimes(`${trees}; mkdir alt`, `-aU --no-W ${options} s/ d/`);
});

const compareLinks = sideBySide({ look: "find s d -type l -printf '%p %T@\\n' | sort" });
test("what a link has that is an argument of --relative, under --copy-unsafe-links", () => {
  const trees = `mkdir s d; ln -s dangling s/l; ln -s dangling d/l; echo l >list; touch -hmd @0 s/l d/l; touch -had @0 s/l d/l`;
  for (const options of [
    "-aUvv --copy-unsafe-links",
    "-aUi --copy-unsafe-links",
    "-aUvvk",
    "-aUvvk --copy-unsafe-links",
  ])
    for (const operands of ["-R s/./l", "--files-from=list s/", "s/l"])
      compareLinks(trees, `${options} ${operands} d/`);
});
