/** Options of the receiving side against the installed rsync: the same text, exit code and trees. Needs root. */
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const expectSame = sideBySide({ look: lookAtTrees });

const settled = "find . -depth -exec touch -h -d @1600000000.5 {} +";

/** New, changed and equal files, some longer and some shorter than their source. */
const plain = `mkdir -p s/q/r d/q; for n in a b c q/x q/r/y; do seq 1000 >s/$n; done; : >s/empty; seq 20000 >s/big; ln -s a s/l
head -c 1000 s/a >d/a; seq 1001 >d/b; cp s/c d/c; echo other >d/q/x; head -c 9000 s/big >d/big; echo full >d/empty; echo z >d/extra
${settled}
touch -d @1500000000 d/a d/big`;

describe("--mkpath", () => {
  test.each([
    ...["s/ n1/n2/n3", "s/a n1/n2/n3", "s/a n1/n2/n3/", "s/a s/b n1/n2", "s/a n1", "s/q/r n1/n2", "s n1", "s/ d/q/new"],
    ...["-n s/ n1/n2/n3", "-n s/a n1/n2/n3", "-n s/a s/b n1/", "s/a s/a/x/y", "-q s/ n1/n2", "s/nope n1/n2/", "s/a d"],
    ...[
      "--existing s/a n1/n2/",
      "-v s/ n1/n2",
      "--no-mkpath s/a n1/n2/x",
      "-n s/a d/n1/n2",
      "-n s/q/r n1/n2",
      "s/a d/l/l2/",
    ],
  ])("%s", (line) => {
    expectSame(plain, `-ai --mkpath ${line}`);
    expectSame(plain, `-a --mkpath ${line}`);
  });
});

test.each([
  ...["s/ d//no//q", "s/ ./d/./no/q/", "-n s/ d/a//b", "s/ d/a//b", "s/ no/.", "s/ d/no/.//"],
  ...["--mkpath s/ d//a/b", "--mkpath s/a d//a/b", "--mkpath s/a d//a/b//c", "-n --mkpath s/a d//a/b//c"],
  ...["--mkpath s/ d/a/./b/", "--mkpath s/ d//a/b//c", "--mkpath s/ s/a d//a/./b"],
])("a destination that cannot be made is named as it was written: %s", (line) => {
  expect(expectSame(plain, `-a ${line}`).errors).not.toEqual([]);
});

test.each(["-ai", "-ai --inplace", "-ai --no-W", "-ain"])("--fsync %s", (options) => {
  expect(expectSame(plain, `${options} --fsync s/ d/`).status).toBe(0);
});

/** Files that are shorter than their source, by their contents or by chance; longer and equal ones. */
const growing = `${plain}
yes | head -c 1000 >d/extra; cp d/extra s/short; seq 2000 >>s/short; yes no | head -c 1000 >d/short; ln d/a d/a2; chmod 400 d/big
touch -d @1500000000 d/short; ln s/b s/b2; touch -d @1600000000.5 s/short s d`;

describe("--append", () => {
  test.each([
    ...["-ai", "-avv", "-aib", "-ain", "-aic", "-ai --inplace", "-ai --no-W", "-aiI", "-ai --partial", "-aiu", "-aiX"],
    ...[
      "-ai --stats",
      "-rlvi",
      "-ai --existing",
      "-ai --delete",
      "-ai --checksum-choice=md5",
      "-ai --size-only",
      "-aiF",
    ],
    ...[
      "-ai -W",
      "-ai --partial-dir=x",
      "-ai -W --no-append",
      "-ai --append",
      "-ai --out-format=%i_%n_%l",
      "-ai --fsync",
    ],
  ])("%s", (options) => {
    expectSame(growing, `--append ${options} s/ d/`);
    expectSame(growing, `--append-verify ${options} s/ d/`);
  });
});

const temporary = `${plain}
mkdir t d/t; rm -rf /dev/shm/tsync-temp; mkdir /dev/shm/tsync-temp; touch -d @1600000000.5 d . t; chmod 4711 s/b; chown 1:2 s/c`;

test.each([
  ...["-ai --temp-dir=t", "-aiT /dev/shm/tsync-temp", "-aibT /dev/shm/tsync-temp", "-aiT nope", "-aiT a", "-aniT t"],
  ...["-aiT /dev/shm/tsync-temp --no-W", "-aiT t --inplace", "-aiT t --delete", "-aiT t --delete-after", "-aniT nope"],
  ...["-aiT /dev/shm/tsync-temp -S", "-aiIT /dev/shm/tsync-temp --partial", "-rlT /dev/shm/tsync-temp", "-aiT="],
])("--temp-dir %s", (options) => {
  expectSame(temporary, `${options} s/ d/`);
  expectSame(temporary, `${options} s/a d/new`);
});

test("--temp-dir is not taken from behind a link of somebody else", () => {
  const { status } = expectSame(`${temporary}; mkdir d/real; ln -s real d/link; chown -h 1 d/link`, "-aiT link s/ d/");
  expect(status).toBe(23);
});

describe("-b backs up a backup that the run itself has made in the place of a file of the source", () => {
  const setup = `mkdir -p s/bk d; echo new >s/a; echo own >s/a~; seq 3 >s/a~~; echo own >s/bk/a; echo old >d/a; ${settled}`;
  test.each(["-b", "-b --no-W", "-b --partial-dir=pd", "--backup-dir=bk", "--backup-dir=bk --no-i-r"])(
    "%s",
    (options) => {
      const { trees } = expectSame(setup, `-a ${options} s/ d/`);
      expect(trees.filter((line) => line.startsWith("814fa5ca98406a903e22b43d9b610105"))).toHaveLength(1);
    },
  );
});

// A link that leads nowhere is a read error when it is to be copied.
describe("--delete-before after a read error: it is told where there is something to delete from", () => {
  const setup = `mkdir -p s/sub; echo 1 >s/f; ln -s /nonexistent s/link`;
  test.each([
    "mkdir d",
    "mkdir d; touch d/s",
    "mkdir d d/r; ln -s r d/s",
    "mkdir d; ln -s nowhere d/s",
    "mkdir -p d/s; touch d/s/old",
    "mkdir -p d/s; touch d/s/sub",
  ])("%s", (made) => {
    for (const options of ["-ri", "-Rri", "-rin"])
      expectSame(`${setup}; ${made}`, `${options} --copy-unsafe-links --delete-before s d/`);
  });
});

test("-bK backs up what has come by another path", () => {
  const setup = `mkdir -p s/a s/b d/a; echo 1 >s/a/f; echo other >s/b/f; ln -s a d/b; ${settled}`;
  expectSame(setup, "-abK --ignore-existing s/ d/");
});

test.each(["-aUii --no-W", "-aUUii --no-W --no-i-r"])(
  "what failed verification has its old time of access: %s",
  (options) => {
    const setup = "mkdir s d; seq 999 >s/f; echo other >d/f; touch -d @1450000000 s/f; touch -a -d @1460000000 d/f";
    const { output } = expectSame(setup, `--append-verify ${options} s/ d/`);
    expect(output.items).toContain(">f..t...u.. f");
  },
);
