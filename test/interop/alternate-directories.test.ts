/**
 * `--compare-dest`, `--copy-dest` and `--link-dest` against the installed rsync: the same text, exit code, trees and links.
 * Needs root for owners and devices.
 */
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const expectSame = sideBySide({ look: lookAtTrees });
const expectSameAsNobody = sideBySide({ look: lookAtTrees, user: 65_534 });

const settled = "find . -depth -exec touch -h -d @1600000000.5 {} +";

/** An older copy in `alt` with differences of every kind, a still older one in `alt2`, and something in `d`. */
const older = `mkdir -p s/sub/deep s/other s/made d
for f in same cont size time mode owner both absent xattr acl; do echo "$f of the source" >s/$f; done
seq 12000 >s/big; echo deep >s/sub/deep/x; ln -s same s/l; ln -s same s/l-other; mkfifo s/p; mknod s/n c 1 3
ln -s cont s/l-time; echo x >s/other/x; : >s/empty
${settled}
cp -a s alt; cp -a s alt2; echo 9 >alt2/size
echo other data here >alt/cont; echo longer than the source >alt/size; touch -d @1500000000 alt/time
chmod 600 alt/mode; chown 1:1 alt/owner; echo "both of the sourc3" >alt/both; rm alt/absent alt2/absent
setfattr -n user.a -v 1 alt/xattr; setfacl -m u:1:r alt/acl; ln -sfn elsewhere alt/l-other; touch -h -d @1500000000 alt/l-time
head -c 30000 s/big >alt/big; chmod 700 alt/other; touch -d @1600000000.5 alt/cont alt/size alt/both alt/big alt/other`;

/** The same where something of everything stands at the destination already. */
const present = `${older}
cp -a s/. d/; echo zzzz >d/same; rm d/size; echo half >d/big; echo "cont of the sourcE" >d/cont; touch -d @1600000000.5 d/cont
rm d/p; ln s/mode d/mode2; ln -sfn zzz d/l; mkdir d/gone; echo g >d/gone/g`;

/** Groups of links, complete, cut and spread in the alternate directory. */
const linked = `mkdir -p s/sub d; for g in 1 2 3 4; do
  echo group $g >s/a$g; ln s/a$g s/b$g; ln s/a$g s/sub/c$g; done
${settled}
cp -a s alt; rm alt/b2 alt/sub/c2; rm alt/a3 alt/b3; cp -a alt/sub/c3 alt/b3; cp -a --remove-destination s/a4 alt/a4
touch -d @1600000000.5 alt alt/sub`;

const kinds = ["compare", "copy", "link"] as const;

describe.each(kinds)("--%s-dest", (kind) => {
  const alt = `--${kind}-dest=../alt`;

  test.each([
    ...[
      "-a",
      "-aii",
      "-ai",
      "-av",
      "-avv",
      "-aivv",
      "-rlvv",
      "-rltivv",
      "-rtv --info=name2",
      "-ac",
      "-aIi",
      "-ai --size-only",
    ],
    ...["-aXAivv", "-aEi --no-p", "-ain", "-aUivv", "-aii --no-W", "-avv --stats --no-W", "-ai --inplace", "-aJi"],
    ...[
      "-ai --modify-window=2",
      "-aOii",
      "-aivv --delete",
      "-ai --delete-after -b",
      "-ai --existing",
      "-ai --max-size=10",
    ],
    ...[
      "-aui",
      "-ai --ignore-existing",
      "-aSi",
      "-ai --no-i-r",
      "-aiR",
      "-aiS --no-W --inplace",
      "-ai --no-t",
      "-ai --chmod=g+w",
    ],
    ...[
      "-ai --chown=1:1",
      "-aii --remove-source-files --info=remove",
      "-aic --no-W",
      "-aI --stats",
      "-ai --partial-dir=.p",
    ],
  ])("%s", (options) => {
    expectSame(older, `${options} ${alt} s/ d/`);
    if (kind !== "copy") expectSame(present, `${options} ${alt} s/ d/`);
  });

  test.each(["-aivv", "-aiin", "-ai --no-W"])("%s with several directories", (options) => {
    expectSame(older, `${options} ${alt} --${kind}-dest=../alt2 s/ d/`);
    expectSame(older, `${options} --${kind}-dest=../alt2 ${alt} --${kind}-dest=../nope s/ d/`);
    expectSame(older, `${options} --${kind}-dest=../s/same --${kind}-dest=nope/ ${alt}/ s/ d/`);
    expectSame(older, `${options} --${kind}-dest= s/ d/`);
    expectSame(older, `${options} ${alt} s/ new/`);
    expectSame(older, `${options} ${alt} s/same s/cont d`);
    expectSame(older, `${options} ${alt} s/same d/same`);
    expectSame(older, `${options} ${alt} s/same d/another`);
    expectSame(older, `${options} ${alt} s alt2 d/`);
  });

  // A dry run of rsync names the alternate of a leader where a run names the leader.
  const dry = kind === "link" ? [] : ["-aHiin"];
  // What rsync says twice of a link to a copy comes between other lines by chance.
  const bare = kind === "copy" ? [] : ["-aHvv"];
  test.each([
    ...["-aHi", "-aHivv", ...dry, ...bare, "-aHi --no-W", "-aHc", "-aHi --delete", "-aHiI", "-rlHi", "-aHii -b"],
  ])("%s", (options) => {
    // A group of which a directory to compare with has a part makes rsync wait for ever with incremental recursion.
    // And one that has the last of a group but not the first lets rsync forget the first.
    const ways = kind === "compare" ? `${options} --no-i-r --exclude=?3` : options;
    expectSame(linked, `${ways} ${alt} s/ d/`);
    expectSame(`${linked}; cp -a alt/a1 d/; echo zz >d/b2; cp -a s/sub d/`, `${ways} ${alt} s/ d/`);
  });

  test.each(["-rti", "-rtvv", "-rtivv --no-W", "-rlptgoDi", "-rti --info=copy"])("%s as nobody", (options) => {
    const closed = `${older}; chown 65534 d; chmod 000 alt/same alt/mode alt/cont; chmod 700 alt/other`;
    expectSameAsNobody(closed, `${options} ${alt} s/ d/`);
    expectSameAsNobody(
      `${closed}; chown -R 65534 alt s; chmod 400 alt/same; chmod 700 alt/sub`,
      `${options} ${alt} s/ d/`,
    );
  });

  test("a link of somebody else in its path is not followed", () => {
    const foreign = `${older}; mv alt real; ln -s real alt; chown -h 1 alt`;
    const { output } = expectSame(foreign, `-ai ${alt} s/ d/`);
    expect(output.items).toContain(">f+++++++++ same");
    expectSame(`${older}; mv alt real; ln -s real alt`, `-ai ${alt} s/ d/`);
  });

  test("another file system", () => {
    const elsewhere = `${older}; rm -rf /dev/shm/tsync-alt; cp -a alt /dev/shm/tsync-alt`;
    expectSame(elsewhere, `-aivv --${kind}-dest=/dev/shm/tsync-alt s/ d/`);
    expectSame(elsewhere, `-avv --${kind}-dest=/dev/shm/tsync-alt s/ d/`);
    expectSame(elsewhere, `-ai --remove-source-files --${kind}-dest=/dev/shm/tsync-alt s/ d/`);
    expectSame(elsewhere, `-aHi --remove-sent-files --${kind}-dest=/dev/shm/tsync-alt s/ d/`);
  });
});

test.each([
  "--copy-dest=x --link-dest=y",
  "--link-dest=x --compare-dest=y --copy-dest=z",
  Array.from({ length: 21 }, (_, index) => `--link-dest=d${index}`).join(" "),
])("%s is refused", (options) => {
  expect(expectSame(older, `-a ${options} s/ d/`).status).toBe(1);
});

/** New names for old files, beside each other and in another directory. */
const similar = `mkdir -p s/sub d/sub alt/sub
seq 3000 >s/report-2.txt; seq 2999 >d/report-1.txt; seq 2000 >d/other.txt; seq 4000 >s/renamed; seq 4000 >d/oldname
seq 500 >s/sub/lib-1.2.tar.gz; seq 499 >alt/sub/lib-1.1.tar.gz; seq 77 >alt/sub/lib-1.2.tar; : >d/report-2.tx
seq 600 >s/sub/a.b.c; seq 550 >d/sub/a.b.d; seq 580 >d/sub/a.b.c~; seq 590 >d/sub/x.1.c; seq 5000 >s/same; seq 5001 >d/same
seq 700 >s/list.old; seq 690 >d/list.new; seq 680 >d/lost.old; seq 20 >s/20; seq 19 >d/19.1; seq 6000 >s/samf; ln -s same d/samg
${settled}; touch -d @1500000000 d/report-1.txt d/list.new`;

test.each(["-rptgOii", "-rptgnbv", "-rptgOv", "-rpgii", "-rptgOii --modify-window=-1"])(
  "new directories that an alternate directory has with another time: %s",
  (options) => {
    const setup = `mkdir -p s/k alt/k alt/j s/j s/same alt/same d; echo 1 >s/k/f; chmod 700 s/j; ${settled}
touch -d @1400000000 alt/k; touch -d @1300000000 alt`;
    expectSame(setup, `${options} --link-dest=../alt s/ d/`);
  },
);

test.each(["", "-n", "--no-W", "--no-W --no-i-r", "--no-u"])(
  "a linked file that has a similar one does not wait for the others: -aHuiy %s",
  (options) => {
    const setup = `mkdir -p s d; echo 1 >s/R; ln s/R s/g; ln s/R s/h; ln s/R s/i; echo old12 >d/R; ln d/R d/h; echo zz >d/i
touch -d @1700000000.5 d/R d/i; touch -d @1500000000.5 s/R; touch -d @1600000000.5 s d`;
    expectSame(setup, `-aHuiy ${options} s/ d/`);
  },
);

describe("similar files", () => {
  test.each([
    ...["-ay", "-aiyy --no-W", "-avy --no-W", "-aiy --no-W", "-aiyn --no-W", "-aiyy --no-W --delete"],
    ...["-aiyy --no-W --delete-after", "-aiyy --no-W --inplace", "-aiyc --no-W", "-aHiy --no-W", "-aiy --no-y --no-W"],
  ])("%s", (options) => {
    const stats = "--stats --info=stats2 --debug=deltasum1";
    expectSame(similar, `${options} ${stats} s/ d/`);
    expectSame(similar, `${options} ${stats} --copy-dest=../alt s/ d/`);
    expectSame(similar, `${options} ${stats} s/report-2.txt d/new.txt`);
  });
});

describe("ACLs and extended attributes of a new directory that two alternate directories have", () => {
  const changes = [
    "setfattr -n user.a -v 1 c/t",
    "setfattr -n user.a -v 1 a/t c/t; setfacl -m u:1:rx a/t",
    "setfattr -n user.a -v 1 c/t; chmod 700 a/t",
    "setfattr -n user.a -v 1 a/t; chmod 700 a/t",
    "setfattr -n user.a -v 2 a/t; setfattr -n user.a -v 1 c/t; rmdir a/t",
  ];
  test.each(changes)("%s", (change) => {
    const setup = `mkdir -p s/t a/t c/t d; setfattr -n user.a -v 1 s/t; ${change}; ${settled}`;
    expectSame(setup, "-rptXAi --compare-dest=../a --compare-dest=../c s/ d/");
    expectSame(setup, "-rptXAii --no-i-r --link-dest=../a --link-dest=../c s/ d/");
  });
});
