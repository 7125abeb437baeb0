/**
 * Corners in which tsync used to do something else than rsync, or to say it otherwise, and now does the same, odd as some of it is:
 * one small tree each, against the installed rsync. More of them: whole-corners.test.ts.
 */
import { describe, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const compare = sideBySide({ look: lookAtTrees });

describe("the counts of a list that is made", () => {
  const setup = "mkdir s d; ln -s no s/l; mkdir s/a; ln -s no s/a/l; for i in $(seq 120); do echo $i >s/a/$i; done";
  test.each([
    "-a --info=flist2 nosuch s/ d/",
    "-a --info=flist2 s/ nosuch d/",
    "-a --info=flist2 nosuch d/",
    "-aL --progress s/ d/",
    "-avv --progress --exclude=77 s/ d/",
    "-a --stderr=all --info=flist2 nosuch s/ d/",
    "-a --stderr=all --info=flist2 s/ nosuch d/",
  ])("%s", (line) => {
    compare(setup, `--no-i-r ${line}`);
  });
});

describe("--keep-dirlinks with a link of somebody else on the way", () => {
  const setup = `mkdir -p s/a/sub d/real/sub alt/a/sub; seq 30 >s/a/new; seq 3 >s/a/old; seq 30 >s/a/same; echo 1 >s/a/sub/deep
ln -s x s/a/link; mkfifo s/a/pipe; cp -a s/. alt/; ln s/a/new s/a/other; echo longer >d/real/old; cp -p s/a/same d/real
seq 29 >d/real/sub/dee; chmod 604 d/real/sub/dee; ln -s real d/a; find s d alt -exec touch -h -d @1500000000.5 {} +; chown -h 1 d/a`;
  test.each([
    "-aKiiv --link-dest=../alt",
    "-aKHii --link-dest=../alt",
    "-aKHiin --link-dest=../alt",
    "-aKii --link-dest=../alt --insecure-links",
    "-rtKyi",
    "-rtKyin",
    "-rtKyi --inplace",
    "-rtKyi --insecure-links",
  ])("%s: nothing there is linked or taken for similar", (text) => {
    compare(setup, `${text} s/ d/`);
  });
});

describe("-k --delete-before with merge files, and a link of somebody else that stands for a directory", () => {
  test.each([
    "true",
    "echo 1 >s/x/f; echo 2 >s/x/g; ln -s f s/x/k; mkfifo s/x/p",
    "mkdir s/x/sub s/x/other; echo 1 >s/x/sub/f; ln -s q s/x/sub/n",
  ])("tells of the link for each name behind it: %s", (content) => {
    const setup = `mkdir -p s/a s/x; ${content}; ln -s ../x s/a/l; chown -h 1 s/a/l; cp -a s d`;
    compare(setup, "-rlDk --delete-before -f:_.f s/ d/");
    compare(setup, "-rlDk --delete-before -f:_.f -f:_.g s/ d/");
  });
});

test.each(["-aKk", "-aKL -v", "-aKkn"])(
  "%s --delete: a link that leads to the source itself has nothing to be deleted",
  (text) => {
    const setup = `mkdir -p s/a out/sub d; echo 1 >out/sub/f; ln -s "$PWD/out" s/l; cp -a s/l d/l; touch d/x
find s out d -exec touch -h -d @1500000000.5 {} +; touch -d @1400000000 d`;
    compare(setup, `${text} --delete s/ d/`);
    compare(setup, `${text} --delete-before s/ d/`);
  },
);

test.each(["-aXi", "-aXii", "-aXvv", "-aXin", "-aXHi"])(
  "%s: further names of a file whose attributes change",
  (text) => {
    const setup = `mkdir s; echo 1 >s/a; ln s/a s/b; setcap cap_chown+ep s/a; echo 1 >s/c; ln s/c s/d; cp -p s/c s/e; cp -a s d
ln -f d/c d/e; chgrp 1 s/a; setcap cap_chown+ep s/a; setfattr -n user.a -v 1 s/c; setfattr -n user.a -v 2 s/e`;
    compare(setup, `${text} s/ d/`);
  },
);

describe("-n -H with a special file and another name in a directory that is to take the place of something else", () => {
  const setup =
    "mkdir -p s/x/y d/real; mkfifo s/x/p; ln s/x/p s/x/q; mkfifo s/x/y/r; ln s/x/y/r s/x/y/t; ln s/x/y/r s/z";
  test.each([
    "echo 1 >d/x",
    "mkfifo d/x",
    "ln -s nowhere d/x",
    "ln -s real d/x",
    "echo 1 >d/real/y; ln -s real d/x",
    "ln -s x d/x",
    "ln -s /tmp d/x",
    "echo 1 >d/f; ln -s f d/x",
  ])("%s", (other) => {
    compare(`${setup}; ${other}`, "-anHi s/ d/");
  });
});

describe("-n -H with a file that --copy-dest has and another name in a directory that is to take the place of something else", () => {
  const setup = "mkdir -p s/x alt/x d/real; echo 1 >s/x/f; ln s/x/f s/x/g";
  const others = ["echo 1 >d/x", "ln -s real d/x", "ln -s x d/x", "ln -s /tmp d/x", "echo 1 >d/f; ln -s f d/x"];
  test.each([
    "cp -a s/x alt",
    "cp -a s/x/f alt/x",
    "cp -a s/x/g alt/x",
    "ln s/x/f s/a; cp -a s alt2; rm -r alt; mv alt2 alt",
  ])("%s", (alternate) => {
    for (const other of others) compare(`${setup}; ${alternate}; ${other}`, "-anHi --copy-dest=../alt s/ d/");
  });
});

test.each(["-aXi", "-aXii --no-i-r", "-aXXvv", "-aXin", "-aXi --no-W", "-aXHi", "-aXHii --no-i-r"])(
  "%s: further names, only in the destination, of a file whose attributes change",
  (text) => {
    for (const value of ["1", "1".repeat(60)])
      for (const more of [`setfattr -n user.b -v ${value} s/b`, "echo new >s/b", "setfattr -n user.a -v 2 d/b"]) {
        const setup = `mkdir s d; for f in a b c; do echo 1 >s/$f; done; cp -p s/a d/a; ln d/a d/b; ln d/a d/c; ${more}
setfattr -n user.a -v ${value} s/a; touch -d @1000000000 s/* d/*; touch -d @1500000000 s d`;
        compare(setup, `${text} s/ d/`);
      }
  },
);

describe("-n -H --no-i-r with names in directories that are to take the place of something else", () => {
  const setup = "mkdir -p s/a/x s/b/x s/c s/f d/c d/f alt; mkfifo d/a d/b";
  const link = "ln -s q s/a/x/l";
  test.each([
    [link, "b/x/m c/n"],
    [link, "a/y b/x/m"],
    [link, "b/x/m b/x/n c/o"],
    [link, "b/x/m b/x/n b/x/o c/p f/q f/r"],
    ["mkfifo s/a/x/l", "b/x/m c/n f/o"],
    [`${link}; ln -s q d/c/n; chown -h 5:5 d/c/n`, "b/x/m c/n f/o"],
    ["echo 1 >s/a/x/l", "b/x/m b/x/n c/o"],
  ])("the next one leads: %s; %s", (first, others) => {
    const all = `${setup}; ${first}; for f in ${others}; do ln s/a/x/l s/$f; done`;
    for (const alternate of ["true", "cp -a s/. alt", "cp -a s/. alt; rm -r alt/a", "cp -a s/. alt; rm -r alt/c"])
      for (const more of ["", "--copy-dest=../alt", "--link-dest=../alt"])
        compare(
          `${all}; ${alternate}; find s d alt -exec touch -h -d @1500000000.5 {} +`,
          `-anHi --no-i-r ${more} s/ d/`,
        );
  });
});
