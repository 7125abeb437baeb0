/**
 * More corners that random cases of the whole option table came upon, one small tree each, against the installed rsync: the same
 * text, exit code and tree. The others: corners.test.ts, whole-corners.test.ts.
 */
import { describe, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const compare = sideBySide({ look: lookAtTrees });
const dated = "find s d -exec touch -h -d @1500000000.5 {} +";

test("--no-implied-dirs makes the parents of an absolute argument", () => {
  compare(`mkdir -p s/b d; echo 1 >s/b/f; ${dated}`, "-aRi --no-implied-dirs /proc/self/cwd/s/b/ d/");
});

describe("--mkpath with something in the way", () => {
  const setup = `mkdir s d; echo 1 >s/f; echo x >d/file; ln -s file d/link; ln -s none d/nowhere; ln -s ../s/f/ d/odd; ${dated}`;
  test.each([
    ...["s/ d/file/new/er", "s/f d/file/new/er", "s/ d/file/new/", "s/f d/file/new", "s/ d/file/"],
    ...["s/ d/link/new/er", "s/f d/nowhere/new/er", "s/f d/nowhere/new", "s/ d/nowhere/", "s/f d/odd/new"],
  ])("%s", (names) => {
    compare(setup, `-a --mkpath ${names}`);
    compare(setup, `-an --mkpath ${names}`);
  });
});

test.each(["-aHii", "-aiin", "-rii"])(
  "%s --link-dest tells of what is linked already as of what stands there",
  (options) => {
    const setup = `mkdir s alt d; for f in a b c; do echo $f >s/$f; done; ln s/b s/b2; ${dated}; cp -a s/. alt; ln alt/a d/a
cp -a s/b d/b; echo x >d/c; ln alt/a d/a2; cp -a s/a s/a2`;
    compare(setup, `${options} --link-dest=../alt s/ d/`);
  },
);

describe("--hard-links with alternate directories", () => {
  const setup = `mkdir -p s/z alt d; echo leader >s/a; for f in b c z/c2; do ln s/a s/$f; done; ${dated}; cp -a s/. alt`;
  test.each(["", "--delay-updates", "--no-i-r", "-n"])("members that wait for a transfer: %s", (text) => {
    compare(`${setup}; echo x >d/a; chgrp 5 alt/a`, `-aHii ${text} --copy-dest=../alt s/ d/`);
  });

  test.each(["-aHiin", "-aHvvn", "-aHii"])(
    "members that are linked with each other or with the alternate: %s",
    (text) => {
      compare(`${setup}; cp -a s/. d; rm d/c`, `${text} --link-dest=../alt s/ d/`);
      compare(`${setup}; cp -a s/. d; ln -f alt/a d/c; ln -f alt/a d/b`, `${text} --link-dest=../alt s/ d/`);
    },
  );
});

test.each([
  ...["-aLi s/a/ln", "-aLi --files-from=list s/", "-aLRi s/a/ln", "-aLRi s/./a/ln", "-ai --copy-unsafe-links s/a/ln"],
  ...["-ak --files-from=list s/", "-aL --files-from=list --delete-after --no-i-r -r s/"],
])("--delete-missing-args and a link that leads nowhere: %s", (line) => {
  const setup = `mkdir -p s/a d/a; for f in s/a d d/a; do ln -s /nonexistent $f/ln; done; echo a/ln >list; ${dated}`;
  compare(setup, `--delete-missing-args ${line} d/`);
});

describe("--ignore-existing with a link in place of a directory", () => {
  const setup = `mkdir -p s/l/sub d out; echo 1 >s/l/f; mkfifo s/l/p; ln -s x s/l/ln; ln -s ../out d/l; touch d/file s/file; ${dated}`;
  test.each(["-aO", "-rlO", "-aOn", "-aO --delete", "-aO --no-i-r"])("%s fails for each entry", (text) => {
    compare(setup, `${text} -v --ignore-existing s/ d/`);
    compare(`${setup}; ln -sfn file d/l`, `${text} -v --ignore-existing s/ d/`);
  });

  test("without -p where it leads out to nothing", () => {
    compare(`${setup}; rmdir out`, "-rltO --ignore-existing s/ d/");
  });
});

test.each(["-aKi", "-aKi --no-i-r", "-aKiO"])("%s gives a link that leads out the time of the directory", (options) => {
  const setup = `mkdir -p s/l s/m d out; echo 1 >s/m/f; for f in l m; do ln -s ../out d/$f; done; ${dated}
touch -d @1400000000 s/l s/m out`;
  compare(setup, `${options} s/ d/`);
});

test.each(["", "-n"])("-Uk and -Uy read times of access as they are found: %s", (text) => {
  const setup = `mkdir s d; ln -s x s/l; echo 1 >s/new1.c; echo 2 >d/old1.c; cp -a s/l d/l; ${dated}
touch -h -a -d @1400000000 s/* d/*`;
  compare(setup, `-aUkvv ${text} s/ d/`);
  compare(setup, `-aUyvv ${text} s/ d/`);
  compare(`${setup}; touch -h -a -d @1300000000 d/l`, `-aUvv ${text} s/ d/`);
});

test.each(["s/z/f t/./x s/ln", "s/z/ s/./z/ s/ln", "s/z/f t/./q/y s/ln", "s/z/f t/./s/z/g s/ln"])(
  "-R implies again what another base came between: %s",
  (names) => {
    const setup = `mkdir -p s/z t/q t/s/z d; for f in s/z/f s/ln t/x t/q/y t/s/z/g; do echo 1 >$f; done; ${dated}`;
    compare(setup, `-aRi --stats ${names} d/`);
  },
);
