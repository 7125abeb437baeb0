/**
 * An ordinary user and directories that may not be listed, entered or written to: what is told of them, and when they are closed again
 * (3-transfer 1.8, 1.9). Needs root, to make the trees.
 */
import { describe, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const nobody = 65534;
const check = sideBySide({ look: lookAtTrees, user: nobody });

function checkAll(setup: string, commands: readonly string[]): void {
  test.each(commands)("%s", (line) => void check(setup, line));
}

describe("a directory that its owner may not write to is closed with the first entry of the next list", () => {
  const setup = `mkdir -p s/a/q/z s/a/q/y s/a/q/x/k s/a/q/x/l s/r d; ln -s a s/a/q/y/l; chmod 555 s/a/q s/a/q/x; chown -hR ${nobody} s d`;
  checkAll(setup, [
    ...["", "-H", "-p", "-tO", "-b", "--delete", "-t", "-tH", "-m"].map((options) => `-rl ${options} s/ d/`),
    ...["--no-i-r", "--delete-delay", "--delay-updates", "--delete-after"].map((options) => `-rl ${options} s/ d/`),
    "-rlp --chmod=D400 s/ d/",
    "-rl s/a/q d/",
    "-rlR s/a/q s/a/q/x d/",
  ]);
  const withFile = (path: string) => `mkdir -p s/q/y s/q/z d; echo 1 >${path}; chmod 555 s/q; chown -R ${nobody} s d`;
  checkAll(withFile("s/q/y/f"), ["-r s/ d/", "-rt s/ d/"]);
  checkAll(withFile("s/q/f"), ["-r s/ d/", "-rp s/ d/"]);
});

describe("--fuzzy tells of a directory that may not be listed, once a file is missing in it", () => {
  const make = (rest: string) => `mkdir -p s/q/r d/q a/q; echo 1 >s/q/f; echo 2 >s/q/z; echo 3 >s/q/r/z; ${rest}
find s d -exec touch -hd @1500000000 {} +; chown -hR ${nobody} s d a; chown root d/q`;
  const setup = make("");
  const lines = ["-rty s/ d/", "-rtpWyn s/ d/", "-rtyH s/ d/", "-rty --delete s/ d/", "-rty --ignore-existing s/ d/"];
  checkAll(`${setup}; chmod 733 d/q`, [
    ...lines,
    "-rty --existing s/ d/",
    "-rty --max-size=1 s/ d/",
    "-rty --delete-delay s/ d/",
    "-rtyy --copy-dest=../a s/ d/",
    "-rty s/q/f s/q d/",
  ]);
  checkAll(`${setup}; chmod 700 d/q`, lines.slice(0, 2));
  checkAll(`${setup}; chmod 333 d`, ["-rty s/q/f d/", "-rty s/q/f d/k"]);
  checkAll(`${setup}; chmod 733 d/q; chmod 111 a/q`, ["-rtyy --link-dest=../a s/ d/"]);
  checkAll(`${setup}; chmod 755 d/q; chmod 0 a`, ["-rtyy --link-dest=../a s/ d/"]);
  checkAll(make("cp -a s/q/f d/q; mkdir d/q/z; ln -s x d/q/r"), ["-rty s/ d/"]);
  checkAll(`${make("cp -a s/q/f s/q/z d/q")}; chmod 733 d/q`, ["-rty s/ d/", "-rty s/q/ d/q/"]);
});

describe("a directory that its owner may not write to, behind a link that counts as one", () => {
  const make = (target: string) => `mkdir -p s d/e e; ln -s ../e s/l; ln -s ${target} d/l; echo 1 >e/f; chmod 555 e d/e
find s d -exec touch -hd @1500000000 {} +; chown -hR ${nobody} s d e`;
  const lines = ["-akK", "-akK --insecure-links", "-rkK --insecure-links", "-akK --insecure-links --no-i-r"];
  for (const target of ["e", "../e"])
    checkAll(
      make(target),
      lines.map((options) => `${options} s/ d/`),
    );
});

describe("extended attributes of what somebody else has and nobody may read", () => {
  const setup = `mkdir -p s/t d; echo 1 >s/g; for f in s/g s/t s; do setfattr -n user.c -v 2 $f; done; cp -r --preserve=mode s d/
find s d -exec touch -hd @1500000000 {} +; chown -R ${nobody} s d; chown -R 1 d/s; chmod 511 d/s d/s/t; chmod 400 d/s/g`;
  checkAll(setup, ["-rlX s d/", "-rlptX --no-i-r s d/", "-rlpX s/t/ d/s/t", "-rlX s/ d/s"]);
});

describe("a destination that its mode of --chmod does not let search any more", () => {
  const make = (rest: string) => `mkdir -p s/sub; echo 1 >s/f; echo 2 >s/sub/g; ${rest}
find . -exec touch -hd @1500000000 {} +; chown -R ${nobody} .`;
  checkAll(make(""), ["-rt --chmod==r s/ d/", "-rtpyy --no-i-r --chmod==r s/ d/", "-rHtR --chmod==r s/./ d/"]);
  checkAll(make("mkdir d; echo 222 >d/f; echo 3 >d/x"), [
    "-rtpy --chmod==r s/ d/",
    "-rp --del --chmod==r s/ d/",
    "-rp --delete-after --chmod==r s/ d/",
    "-rp --delete-before --chmod==r s/ d/",
    "-rpR --delete-delay -byy --chmod==r s/./ d/",
  ]);
});

describe("a destination that its owner may not read, and whose mode is opened up", () => {
  const setup = `mkdir s d; echo 1 >s/f; echo 3 >d/x; chmod 300 d; chown -R ${nobody} s d`;
  checkAll(setup, [
    "-r --del s/ d/",
    "-rp --del --chmod=Dug=wx s/ d/",
    "-rp --delete-after --chmod=Dug=wx s/ d/",
    "-rp --delete-before --chmod=Dug=wx s/ d/",
    "-rtpy --no-i-r --chmod=Dug=wx s/ d/",
    "-rp --del s/ d/",
    "-rpb --backup-dir=../b --delete-delay s/ d/",
    "-rp --delete-after s/ d/",
    "-rp --delete-before s/ d/",
    "-rpty s/ d/",
    "-rlptgoi --no-i-r --del s/ d",
  ]);
});

describe("directories with extended attributes that cannot be made", () => {
  const make = (rest: string) => `mkdir -p s/q/a/b d; setfattr -n user.a -v 1 s/q/a s/q/a/b; ${rest}
find s d -exec touch -hd @1500000000 {} +; chown -R ${nobody} s; chown -R 5 d`;
  checkAll(make("mkdir d/q"), ["-rXi s/ d/", "-rX --no-i-r s/ d/", "-rX s/q/a/ d/q/", "-rA s/ d/"]);
  checkAll(make("mkdir d/q; chmod 700 d/q"), ["-rXi s/ d/", "-rX --no-i-r s/ d/", "-rXR --no-implied-dirs s/q/a/b d/"]);
});

describe("parents that --no-implied-dirs leaves out, below a directory that may not be searched", () => {
  const setup = `mkdir -p s/q/a/b d/s; echo 1 >s/q/a/f; chmod 700 d/s; chown -R ${nobody} s d; chown 5 d/s`;
  checkAll(setup, [
    "-rR --no-implied-dirs s/q/a/b s/q/a/f d/",
    "-rpRX --no-implied-dirs --del s/q/a/f d/",
    "-rRd --no-implied-dirs s/q/a/f s/q/a d/",
    "-nrRd --no-implied-dirs s/q/a/f s/q/a d/",
    "-rRd --existing --no-implied-dirs s/q/a/f s/q/a d/",
    "-rHRi --remove-source-files --no-implied-dirs --no-i-r s/q/a/f s/q/a/b d/",
  ]);
});
