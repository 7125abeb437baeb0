/** `--delay-updates` against the installed rsync: the same text, exit code and trees. Needs root. */
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const settled = "find . -depth -exec touch -h -d @1600000000.5 {} +";

/** New, changed and equal files at several depths; what lies in the destination is older. */
const plain = `mkdir -p s/a/b s/z s/x d/a/b d/x; echo new1 >s/a/f1; echo new2 >s/a/b/f2; echo top >s/top; seq 9000 >s/z/z1
echo old >d/a/f1; echo oldtop >d/top; echo same >s/x/same; cp s/x/same d/x/same; echo extra >d/a/extra; echo gone >d/gone
${settled}
touch -d @1500000000 d/top d/a/f1`;

/** What an interrupted run left: a whole file, part of one, and files that have no place any more. */
const interrupted = `${plain}
mkdir d/.~tmp~ d/a/.~tmp~ d/x/.~tmp~ d/z d/z/.~tmp~; cp -p s/top d/.~tmp~/top; head -c 99 s/z/z1 >d/z/.~tmp~/z1
echo junk >d/a/.~tmp~/junk; cp -p s/x/same d/x/.~tmp~/same; touch -d @1600000000.5 d d/a d/x d/z`;

describe.each(["koffi", "plain"] as const)("%s", (backEnd) => {
  const expectSame = sideBySide({ look: lookAtTrees, backEnd });
  const some = backEnd === "koffi";

  test.each([
    ...["-ai", "-aivv -b", "-avv --stats", "-ai --delete", "-aivv --delete-after -b", "-ai --remove-source-files"],
    ...(some
      ? [
          ...["-n -ai", "-ai --partial-dir=pp", "-ai -b --backup-dir=bb", "-ai -b --backup-dir=../bk --delete", "-rlv"],
          ...["-ai --delete-before", "-ai --delete-delay", "-ai --delete-excluded", "-ai --delete -b", "-aiI"],
          ...["-ai --no-W", "-ai --fsync", "-ai -c", "-ai --no-delay-updates", "-av --progress", "-ai -O", "-ai -S"],
          ...[
            "-ai --out-format=%i_%n_%l_%b_%C",
            "-ai --existing",
            "-ai -u",
            "-ai -m",
            "-ai --include=.~tmp~/ --delete",
          ],
        ]
      : []),
  ])("--delay-updates %s", (options) => {
    expectSame(plain, `--delay-updates ${options} s/ d/`);
    expectSame(interrupted, `--delay-updates ${options} s/ d/`);
  });
});

const expectSame = sideBySide({ look: lookAtTrees });

test.each([
  ...[
    "--inplace",
    "--append",
    "--append-verify",
    "--inplace --partial-dir=x",
    "--append --partial-dir=x",
    "-W --append",
  ],
])("--delay-updates conflicts with %s", (options) => {
  expect(expectSame(plain, `-ai --delay-updates ${options} s/ d/`).status).toBe(1);
  expectSame(plain, `-ai --delay-updates --no-delay-updates ${options} s/ d/`);
});

test.each([
  "s/top d/top",
  "s/top d/new",
  "s/top s/a/f1 d",
  "-R s/a/f1 d",
  "-b s/top d/top",
  "--mkpath s/top d/n/m/top",
])("--delay-updates of single files: %s", (line) => {
  expectSame(plain, `-ai --delay-updates ${line}`);
  expectSame(interrupted, `-ai --delay-updates ${line}`);
});

test.each(["-aiH", "-aivvH -b", "-aivvH --remove-source-files", "-aiH --delete", "-aiH -n"])(
  "--delay-updates with hard links: %s",
  (options) => {
    const linked = `${plain}; ln s/a/f1 s/l1; ln s/a/f1 s/z/l2; ln s/top s/top2; ln s/x/same s/x/same2
touch -d @1600000000.5 s s/a s/z s/x`;
    expectSame(linked, `--delay-updates ${options} s/ d/`);
    expectSame(`${linked}; ln d/top d/top2`, `--delay-updates ${options} s/ d/`);
  },
);

test.each([
  "echo file >d/.~tmp~",
  "mkdir out; ln -s ../out d/.~tmp~",
  "ln -s a d/.~tmp~",
  "ln -s nothing d/a/.~tmp~",
  "mkfifo d/.~tmp~",
  "mkdir d/.~tmp~; ln -s ../a/f1 d/.~tmp~/top",
  "mkdir -p d/.~tmp~/top",
])("--delay-updates with the holding directory taken: %s", (setup) => {
  const { status } = expectSame(
    `${plain}; ${setup}; ${settled}; touch -d @1500000000 d/top`,
    "-ai --delay-updates s/ d/",
  );
  expect(status).toBe(setup.endsWith("/top") && setup.startsWith("mkdir -p") ? 23 : 0);
});

test("--delay-updates tells of each file that cannot take its place, and keeps it", () => {
  const failing = (options: string) => expectSame(`${plain}; mkdir d/top~; mkdir d/top~/x`, options);
  expect(failing("-ai --delay-updates s/ d/").status).toBe(0);
  const across = `${plain}; rm -rf /dev/shm/tsync-delayed; mkdir /dev/shm/tsync-delayed`;
  const options = "-ai --delay-updates --partial-dir=/dev/shm/tsync-delayed";
  expect(expectSame(across, `${options} s/ d/`).status).toBe(23);
  expectSame(across, "-ai --delay-updates -T /dev/shm/tsync-delayed s/ d/");
});

describe("as an ordinary user", () => {
  const expectSameAsUser = sideBySide({ look: lookAtTrees, user: 65534 });
  const own = `${plain}; chown -R 65534:65534 .; chmod 777 .`;
  test.each(["", "; chmod 555 s/z s/a d/a", "; mkdir d/a/.~tmp~; chmod 555 d/a/.~tmp~", "; chown 0 d/a d/x"])(
    "--delay-updates%s",
    (setup) => {
      for (const options of ["-ai", "-aib", "-ai --no-p", "-ai --delete"]) {
        expectSameAsUser(own + setup, `--delay-updates ${options} s/ d/`);
      }
    },
  );
});
