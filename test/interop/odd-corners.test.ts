/**
 * Corners in which rsync 3.5.0 is odd and tsync is the same, since that costs nothing and loses nothing: the same text, exit code and
 * tree. Other corners: whole-corners.test.ts, rare-corners.test.ts.
 */
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const compare = sideBySide({ look: lookAtTrees });
const compareLogs = sideBySide({
  look: "cut -d' ' -f4- log | sed -n '/error: /s/ at .*//p; s/^Usage: .*/usage/p; /^Unk/p' | sort",
});
const compareRules = sideBySide({ look: "stat -c %X d/.rules" });
const dated = "find s d -exec touch -h -d @1500000000.5 {} +";

describe("--ignore-existing keeps what stands in place of a directory, but gives it the directory's time", () => {
  const setup = `mkdir -p s/{file/sub,fifo/q,dev,empty,none,out} d/real; for x in file out none; do echo $x >s/$x/f; done; echo e >d/empty
echo old >d/file; mkfifo d/fifo; mknod d/dev c 1 3; ln -s /nonexistent/x/y d/out; ln -s file d/none; ${dated}
find d -exec touch -h -d @1400000000.5 {} +`;
  test.each([
    ...["-rt", "-rtO", "-rtb", "-rtb --backup-dir=bk", "-rtn", "-dt", "-rlt --no-i-r", "-rlDtJ", "-rt --delete-after"],
    ...["-rt --existing", "-rt --delay-updates", "-rtH"],
  ])("%s", (text) => {
    compare(setup, `${text} --ignore-existing s/ d/`);
  });

  test.each(["-Rt --no-implied-dirs", "-Rt"])("%s", (text) => {
    compare(setup, `${text} --ignore-existing s/./file/f s/./fifo s/./none/f d/`);
  });
});

describe("a directory with attributes gets its setgid bit when others have been made in it", () => {
  const setup = `mkdir -p s/a/b/c/d s/a/e s/x/y/z s/x/w d/a; for x in s/a s/x/y; do touch $x/f; done; setfattr -n user.a -v 1 s/a
setfattr -n user.a -v 1 s/a/b/c; setfattr -n user.a -v 1 s/x/y; ${dated}`;
  test.each(["-rtX", "-rtX --no-i-r", "-rtXp", "-rX --delete-before", "-rtXn"])("%s", (text) => {
    compare(setup, `${text} --chmod=Dg+s s/ d/`);
  });
});

test.each(["-a", "-a -q", "-a -f bad"])("the usage text is logged, as what is wrong is: %s", (text) => {
  const { trees } = compareLogs("mkdir s", `--log-file=log ${text}`);
  expect(trees.join("\n")).toMatch(/error: /);
});

describe("a file that is read under one name is listed under the next with another time of access", () => {
  const compareTimes = sideBySide({ look: "stat -c '%n %X' d/* | sed 's/ 1[^4].*/ now/'" });
  test.each(["ln s/f", "ln -s f", "ln -s $PWD/s/f"])("-c -U: %s", (link) => {
    const setup = `mkdir s d; echo 1 >s/f; for i in 1 2 3; do ${link} s/$i; done; touch -a -d @1400000000 s/f`;
    compareTimes(setup, "-rcLU s/ d/");
    compareTimes(setup, "-rlcU --copy-unsafe-links s/ d/");
  });

  test("-k -U: a link that is an argument", () => {
    const setup = "mkdir s d; echo 1 >s/f; for i in 1 2; do ln -s f s/$i; done; touch -h -a -d @1400000000 s/*";
    compareTimes(setup, "-rlkU s/1 s/ d/");
    compareTimes(setup, "-rlU s/1 s/ d/");
  });
});

test("merge files in the destination that only missing arguments are judged by keep their times of access", () => {
  const setup = "mkdir s d; echo 1 >s/f; echo 2 >d/gone; echo 'P other' >d/.rules; touch -a -d @1400000000 d/.rules";
  compareRules(setup, "-tiU --filter=:_.rules --delete-missing-args s/gone s/f d/");
});

describe("a dry run to nowhere compares further names with what stands in the working directory", () => {
  const setup = `mkdir -p s/e; echo 1 >s/a; ln s/a s/b; ln s/a s/e/c; ln -s x s/l; ln s/l s/m; ${dated.replace(" d ", " ")}
mkdir -p e; echo 22 >b; ln -s x m; echo 1 >e/c; chmod 600 e/c; touch -d @1500000000.5 b`;
  test.each(["-naHi s/ new/", "-naHi s new/", "-naHvi --no-i-r s/ new/", "-naHRi s/./ new/", "-nrHi s/ new/"])(
    "%s",
    (line) => {
      compare(setup, line);
    },
  );
});

test("merge files are looked for below a link of somebody else that --ignore-existing keeps, unless deletions are skipped", () => {
  const setup = `mkdir -p s/l/sub d out; touch s/l/.f out/.f d/gone; ln -s ../out d/l; chown -h 1 d/l; ${dated}`;
  for (const text of ["-rLt", "-rt"]) compare(setup, `${text} --ignore-existing --delete-during -f:_.f s/ d/`);
  compare(`${setup}; ln -s no s/broken`, "-rLt --ignore-existing --delete-delay -f:_.f s/ d/");
});

test.each(["", "--no-W", "--append"])(
  "-X --inplace onto a file with a capability, which goes when it is written to: %s",
  (options) => {
    const capability = "setfattr -n security.capability -v 0sAQAAAgAgAAAAAAAAAAAAAAAAAAA=";
    const files = `mkdir s d; echo 1234 >s/f; echo 1 >d/f; cp s/f s/g; cp d/f d/g; ${capability} d/f d/g; ${capability} s/g`;
    compare(`${files}; touch -d @1500000000 s/f s/g`, `-aX --inplace ${options} s/ d/`);
  },
);

describe("a backup takes the place of a directory: what the receiver deletes is not counted, and nothing can be linked there", () => {
  const setup = `mkdir -p s/d~ d/d~; echo new >s/d; echo x >s/d~/x; ln -s x s/d~/l; cp -a s/d~/? d/d~/; echo older >d/d; ${dated}`;
  const linked = `mkdir -p s/d~ d/d~; echo new >s/d; ln s/d s/d~/d; ln s/d s/e; echo older >d/d; ln d/d d/d~/d; ${dated}`;
  const byGenerator = `mkdir -p s d/d~; ln -s new s/d; echo x >d/d~/x; echo older >d/d; ${dated}`;
  test.each(["--delete", "--delete --no-i-r", "--delete-before", "--force", "--delete-after --max-delete=5"])(
    "%s",
    (options) => {
      for (const files of [setup, linked, byGenerator]) compare(files, `-aHb --info=stats2 ${options} s/ d/`);
    },
  );
});

test.each(["-rLF s/ d/", "-rLC s d", "-rkFF --no-i-r s/ d/"])(
  "merge files are looked for behind more links than can be followed: %s",
  (line) => {
    const setup = "mkdir -p s/a s/b; ln -s ../b s/a/l; ln -s ../a s/b/m; chown -h 1 s/a/l; touch s/a/f";
    expect(compare(`${setup}; ${dated.replace(" d ", " ")}`, line).status).toBe(23);
  },
);

describe("-R --no-implied-dirs with something else in the place of a parent", () => {
  test.each([
    "mkfifo d/a",
    "mkdir d/a; echo 1 >d/a/b",
    "ln -s /nowhere d/a",
    "mkdir d/a; ln -s .. d/a/b",
    "mkfifo d/x; ln -s x d/a",
  ])("tells of each parent that cannot be made: %s", (other) => {
    const setup = `mkdir -p a/b/c/d d; touch a/f a/b/f a/b/c/f a/b/c/d/f; ${other}`;
    const dated = "find a d -exec touch -h -d @1500000000.5 {} +";
    for (const options of ["-aRi", "-aRiK", "-aRi --no-i-r"])
      for (const names of ["a/b/c/f", "a/b/c/d/", "a/b/c", "a/b/c/f a/b/f a/f"])
        compare(`${setup}; ${dated}`, `${options} --no-implied-dirs ${names} d/`);
  });
});

test.each([
  "-rvv -f -_in s/x s/e s/f d/",
  "-dvv -f P_in s/x s/f d/",
  "-rvv --old-d s/x s/f d/",
  "-rvvn -f P_in s/x s/f d/",
])("--delete-missing-args tells of the rules for what a directory holds that it does not delete: %s", (line) => {
  const setup = `mkdir -p s d/x/y d/e; echo 1 >d/x/in; echo 2 >d/x/y/z; echo 3 >s/f; echo 1 >d/e/in; ${dated}`;
  compare(setup, `--delete-missing-args ${line}`);
});

test.each(["line line/a", "line/a line/b", "line/a line", "q/a q/a/b", "q q/a/b", "q/a/b q"])(
  "--delete-missing-args warns of the absent parent of a missing name unless that is named too: %s",
  (names) => {
    const setup = `mkdir -p s d/line d/q/a; touch s/f d/line/a d/q/a/b; ${dated}; printf '%s\\n' ${names} >list`;
    for (const options of ["-aR", "-rR --no-i-r", "-aRn"])
      compare(setup, `${options} --delete-missing-args --files-from=list s d`);
  },
);
