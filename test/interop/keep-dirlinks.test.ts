/** `--keep-dirlinks` against the installed rsync: the same text, exit code and trees. Needs root. */
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const settled = "find . -depth -exec touch -h -d @1600000000.5 {} +";

/** `d/dir` leads to `d/real`, `d/od` out of the destination. */
const plain = `mkdir -p s/dir/sub/deep s/od/sub d/real/sub out/sub; echo a >s/dir/f; echo b >s/dir/sub/g; echo c >s/od/x; echo q >s/q
ln -s t s/od/link; mkfifo s/od/fifo; echo y >s/od/sub/y; echo old >d/real/f; echo other >out/x; echo hidden >out/sub/y
ln -s real d/dir; ln -s ../out d/od
${settled}
touch -d @1500000000 d/real/f d/real; touch -h -d @1400000000 d/dir; chmod 700 s/od/sub`;

/** Only the link that stays inside. */
const inside = `${plain}; rm -r d/od s/od; echo extra >d/real/extra; touch -d @1600000000.5 s d d/real/extra`;

describe.each(["koffi", "plain"] as const)("%s", (backEnd) => {
  const expectSame = sideBySide({ look: lookAtTrees, backEnd });
  const some = backEnd === "koffi";

  test.each([
    ...["-aiK", "-aivvK", "-aiKn", "-riK", "-aKv --stats"],
    ...(some
      ? [
          ...[
            "-aiKb",
            "-aiK --inplace",
            "-aiK --delay-updates",
            "-aiK --existing",
            "-aivvK --ignore-existing",
            "-aiKc",
          ],
          ...["-aiKR", "-diK", "-aiK --no-i-r", "-aiKO", "-aiKJ", "-aiK --partial-dir=p", "-aiKu", "-aiK --no-W"],
        ]
      : []),
  ])("--keep-dirlinks %s", (options) => {
    expectSame(plain, `${options} s/ d/`);
    expectSame(inside, `${options} s/ d/`);
  });

  test.each([
    ...["-aiK --delete --exclude=real", "-aiK --delete"],
    ...(some ? ["-aiK --delete-after", "-aivvK --delete-before", "-aiKb --delete", "-aiKn --delete", "-aiKH"] : []),
  ])("--keep-dirlinks %s", (options) => {
    expectSame(inside, `${options} s/ d/`);
    expectSame(`${inside}; ln s/dir/f s/dir/sub/f2; ln s/dir/f s/z; ${settled}`, `${options} s/ d/`);
  });

  test.each(
    some
      ? [
          ...["real", "./real/", "real/sub/..", "real/../real", "l2", "real/sub", "nothing", "q", "dir"],
          ...["..", "../d/real", "$PWD/d/real", "../out", "real/../../d/real", "x/real"],
        ]
      : ["real/sub/..", "l2", "..", "$PWD/d/real"],
  )("--keep-dirlinks with a link to %s", (target) => {
    const setup = `${inside}; ln -s real d/l2; echo file >d/q; mkdir d/x; ln -sfn "${target}" d/dir; ${settled}`;
    for (const owner of some ? [0, 1] : [0]) expectSame(`${setup}; chown -h ${owner} d/dir`, "-aiK s/ d/");
  });

  // A full pass comes only into what is there; a link that leads nowhere is replaced later.
  test.each(["../nowhere", "/nowhere", "../out/x", "dir"])("--keep-dirlinks with deletion, a link to %s", (target) => {
    const setup = `${inside}; ln -sfn "${target}" d/dir; ${settled}`;
    for (const when of ["before", "after", "during", "delay"]) expectSame(setup, `-aiK --delete-${when} s/ d/`);
  });
});

const expectSame = sideBySide({ look: lookAtTrees });

test("--keep-dirlinks sets attributes on the link", () => {
  const setup = `${inside}; chown 5:6 s/dir; touch -d @1550000000 s/dir`;
  expect(expectSame(setup, "-aiK s/ d/").status).toBe(0);
  expect(expectSame(`${setup}; chmod 700 s/dir`, "-aiK s/ d/").status).toBe(23);
});

/** Directories that differ in mode and ACLs from what the links of the same names lead to. */
const withAcls = `mkdir -p s/{a,b,c,d,e,g} d/r{a,b,c,d,e,g}; for n in a b c d e g; do ln -s r$n d/$n; echo x >s/$n/f; done
setfacl -m u:33:rwx s/a s/e s/g d/rb d/re; setfacl -d -m u:33:rwx s/c d/rd; setfacl -m u:34:r d/rg; setfattr -n user.a -v b s/e
${settled}`;

test.each([
  ...["-aAiK", "-aAXiK", "-aAiK --existing", "-aAiK --insecure-links", "-aAXiK --insecure-links"],
  ...[
    "-rpiK --insecure-links",
    "-aXiK --insecure-links --existing",
    "-aAiKn --insecure-links",
    "-aAXiKO",
    "-aXiKJ",
    "-rtpXiKb",
  ],
])("--keep-dirlinks with ACLs and other modes: %s", (options) => {
  expectSame(withAcls, `${options} s/ d/`);
  expectSame(
    `${withAcls}; chmod g-r s/*; chown 5:6 s/a; ln -sfn ../out d/e; mkdir out; ${settled}`,
    `${options} s/ d/`,
  );
  expectSame(`${inside}; rm s/q; chmod 750 s/dir; ln -sfn . d/dir; ${settled}`, `${options} --existing s/ d/`);
});

test("--keep-dirlinks where the source has no directory, and for links below links", () => {
  expectSame(`${plain}; rm -r s/dir s/od; echo f >s/dir; echo f >s/od; ${settled}`, "-aiK s/ d/");
  expectSame(`${inside}; mkdir d/new; rm -r d/real/sub; ln -s ../new d/real/sub; ${settled}`, "-aiK s/ d/");
  expectSame(`${plain}; rm -r d/real/sub; ln -s ../../out d/real/sub; ${settled}`, "-aiK s/ d/");
});

test.each([
  "s/dir/f d/dir/new",
  "s/dir/f d/dir",
  "-R s/./dir/f s/./od/x d/",
  "-R --no-implied-dirs s/./dir/sub/g s/./od/x d/",
])("--keep-dirlinks with arguments: %s", (line) => {
  expectSame(plain, `-aiK ${line}`);
});

test.each(["", "setfacl -d -m u:1:rwx s/x", "setfacl -d -m u:1:rwx d/real", "setfacl -m u:1:rwx s/x", "chmod 700 s/x"])(
  "--keep-dirlinks -A -X where the receiver finds a link: %s",
  (text) => {
    const setup =
      "mkdir -p s/x/y d/real/z; ln -s real d/x; ln -s z d/real/y; setfattr -n user.long -v $(seq -s 7 40) s/x s/x/y";
    expectSame(`${setup}; ${text}`, "-rAXKi s/ d/");
  },
);

describe("as an ordinary user", () => {
  const expectSameAsUser = sideBySide({ look: lookAtTrees, user: 65534 });
  test.each([
    "",
    "; chown -h 0 d/dir d/od",
    "; chown -h 1 d/dir",
    "; chmod 311 d/real",
    "; chmod 511 d/real",
    "; chmod 0 out",
  ])("--keep-dirlinks%s", (setup) => {
    expectSameAsUser(`${plain}; chown -hR 65534:65534 s d${setup}`, "-aiK s/ d/");
  });
});

describe("a directory in which something was made just now, under the name of a link that leads to it", () => {
  const expectSame = sideBySide({ look: lookAtTrees });
  const setup = `mkdir -p s/a s/l d/a; ln -s x s/a/y; ln -s a d/l; ln -s x s/l/z; echo 1 >d/a/e
find s d -exec touch -hd @1500000000 {} +`;
  test.each(["", "--no-i-r", "--delete", "--delete-after", "--delete-delay", "-b", "-n", "-pH"])("%s", (options) => {
    expectSame(setup, `-rltiK ${options} s/ d/`);
  });
});
