/**
 * An ordinary user in trees of which some belong to somebody else: what cannot be set, read or written, and what is said of
 * it. Needs root, to make the trees.
 */
import { describe, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const nobody = 65534;
const check = sideBySide({ look: lookAtTrees, user: nobody });

function checkAll(setup: string, commands: readonly string[]): void {
  test.each(commands)("%s", (line) => void check(setup, line));
}

describe("attributes that cannot be set", () => {
  const setup = `mkdir -p s/d d/d; for f in xt xp xtp xg t p; do echo $f >s/$f; done; ln -s q s/l; cp -P s/?* d/ 2>/dev/null
for f in xt xp xtp xg d; do setfattr -n user.x -v 1 s/$f; done; setfattr -n user.y -v 1 d/xg; chmod 666 s/*p; chmod 700 s/d
chgrp 5 s/xg; find s d -exec touch -hd @1600000000 {} +; touch -hd @1500000000 s/*t* s/l s/d
chown -hR ${nobody} s d; chown -h root d/*`;
  checkAll(setup, [
    "-rltXc -vv s/ d/",
    "-rltpXc -vv s/ d/",
    "-rltpXc -vv --no-i-r s/ d/",
    "-rltUc -vv s/ d/",
    "-rltpX -i s/ d/",
  ]);
});

describe("modes of files that replace ones that cannot be read", () => {
  const setup = `mkdir -p s d; for m in 000 200 400 600 755 311 711; do for f in f x; do echo new >s/$f$m; chmod 644 s/$f$m
echo older >d/$f$m; chmod $m d/$f$m; done; chmod 755 s/x$m; done; chown -R ${nobody} s d`;
  checkAll(setup, [
    "-r s/ d/",
    "-r --no-W s/ d/",
    "-rE s/ d/",
    "-r --inplace s/ d/",
    "-rX --partial-dir=pd s/ d/",
    "-rp s/ d/",
  ]);
});

describe("a file of somebody else that is to be written in place", () => {
  const setup = `mkdir s d; for m in 444 644 200; do echo 12 >s/f$m; echo 1 >d/f$m; chmod $m d/f$m; done; chown -R 5 d`;
  checkAll(setup, ["-r --inplace s/ d/", "-rp --inplace s/ d/", "-rE --append s/ d/"]);
});

describe("a directory that may not be searched, named with a slash, and its attributes", () => {
  const setup = `mkdir -p s/n d; echo 1 >s/n/f; echo 2 >s/g; setfattr -n user.x -v 1 s/n; setfacl -m u:5:rx s/n; printf 'g\\nn/\\n' >l
printf 'n/f\\nn/.\\n' >l2; chown -R ${nobody} s d; chmod 0 s/n`;
  checkAll(setup, [
    "-aA --files-from=l s/ d/",
    "-aX --files-from=l s/ d/",
    "-aAX --files-from=l2 s/ d/",
    "-aA s/n/ d/",
    "-aAd --no-r s/n/. d/new/",
  ]);
});

describe("a source directory that cannot be read, with a destination that is not there", () => {
  const setup = `mkdir s d; echo 1 >s/f; chown -R ${nobody} s d; chmod 444 s`;
  checkAll(setup, ["-r -i --delete s/ d/new", "-r -i --delete-after s/ d/new", "-r -in --delete s/ d/new"]);
});

describe("--delete-before after an error of reading, with a destination in which no directory stands yet", () => {
  const setup = `mkdir -p s/a/n s/b d; echo 1 >s/f; echo 2 >s/b/g; chown -R ${nobody} s d; chmod 0 s/a/n`;
  checkAll(setup, [
    "-rv --delete-before s d/new/",
    "-rv --delete-before --no-i-r s s/b d/",
    "-rv --delete-before s/ d/",
  ]);
  checkAll(`${setup}; echo 1 >d/b`, ["-rv --delete-before s/a s/b d/"]);
  checkAll(`${setup}; ln -s ../s/b d/b`, ["-rv --delete-before s/b s/a d/"]);
});

describe("a directory with extended attributes that its owner may not write to is closed when the receiver sets them", () => {
  const setup = `mkdir -p s/n/k s/q/r d/q; for x in s/n s/q; do setfattr -n user.a -v 1 $x; done; echo 222 >d/q/f; echo x >d/q/gone
for f in n/f n/g q/f n/k/x q/r/x; do echo 1 >s/$f; done; ln -s x s/n/l; ln -s y s/q/l; ln -s x d/q/l; ln s/n/f s/n/k/fl
find s -exec touch -hd @1500000000 {} +; chown -hR ${nobody} s d`;
  checkAll(`${setup}; chmod 555 s/n; chmod 311 s/q`, [
    ...["", "--inplace", "--append", "--delay-updates", "-b", "--delete-after", "-H", "--delete --no-i-r"].map(
      (text) => `-aXi ${text} s/ d/`,
    ),
    "-aX --remove-source-files s/ d/",
  ]);
  checkAll(`${setup}; chmod 535 s/n s/q; chmod 577 d/q`, [
    "-rX s/ d/",
    "-rX --no-i-r s/ d/",
    "-rX --delete-delay s/ d/",
  ]);
});

describe("ACLs of what belongs to somebody else, and cannot be read", () => {
  const make =
    "for x in s s/q d d/q; do echo 1 >$x/f; mkfifo $x/p; mkdir $x/e; done; touch -d @1500000000 s/*f s/*p s/q/* d/*f d/*p d/q/*";
  const setup = `mkdir -p s/q d/q; ${make}; chmod 777 s s/q d d/q`;
  const all = (from: string) => `${from}/f ${from}/p ${from}/e ${from}/q/f ${from}/q/p ${from}/q/e`;
  checkAll(`${setup}; setfacl -m u:65534:- ${all("d")}`, ["-aAi s/ d/"]);
  checkAll(`${setup}; setfacl -m u:1:rw ${all("s")}; chmod 0 ${all("d")}`, ["-aAi s/ d/"]);
  checkAll(`${setup}; setfacl -m u:1:rw ${all("s")}; setfacl -dm u:1:r d/e d/q/e`, ["-aAi s/ d/"]);
  checkAll(`${setup}; setfacl -dm u:1:r s/e s/q/e; chmod 700 s/e s/q/e d/e d/q/e`, ["-aAi s/ d/"]);
  checkAll(`${setup}; setfacl -dm u:1:r d/e d/q/e; chmod 700 s/e s/q/e d/e d/q/e`, ["-aAi s/ d/"]);
});

describe("-H: an entry with the group of the one before it, and a further name, are judged by the group that travelled last", () => {
  const make =
    "for i in 1 2 3 4 5 6; do echo $i >s/$i; ln s/$i s/n/l$i; ln s/$i s/m$i; ln -s x s/s$i; ln s/s$i s/n/t$i; echo 1 >s/o$i; done";
  const setup = `mkdir -p s/n; ${make}; find s -exec touch -hd @1500000000 {} +; chown -hR ${nobody}:1 s; chgrp -h ${nobody} s s/o* s/1 s/s1
chgrp 2 s/2 s/3 s/n; cp -a s d; chgrp -hR 3 d`;
  checkAll(`${setup}; rm -r d; mkdir d; chown ${nobody} d`, ["-rlgtHi s/ d/", "-rlgtHi --no-i-r s/ d/"]);
  checkAll(setup, ["-rlgtHi s/ d/", "-rlgtHi --numeric-ids s/ d/", "-rlgtHi --no-i-r s/ d/"]);
});

describe("times of directories that --super leaves closed", () => {
  const setup = `mkdir -p s/n s/w d; echo 1 >s/n/f; touch -d @1000000000 s/n s/w; chmod 644 s/n; chmod 200 s/w; chown -R ${nobody} s d`;
  checkAll(setup, ["-rlpt --super s/ d/", "-rlpt --super --no-i-r s/ d/"]);
});

describe("progress of files for which there is no room", () => {
  const setup = `mkdir -p s/d d/d; echo 1 >s/d/f; echo 22 >s/d/g; chown -R ${nobody} s; chmod 555 s/d`;
  checkAll(setup, ["-r --info=progress2 s/ d/", "-r --progress s/ d/", "-r -vv --progress s/ d/"]);
});

describe("linked links and special files of which the first cannot be made", () => {
  const setup = `mkdir -p s/a s/b s/c d/a d/b; ln -s t s/a/l; ln s/a/l s/b/l; ln s/a/l s/c/l; mkfifo s/a/p; ln s/a/p s/b/p
ln -s old d/b/l; chmod 555 s/a; chown -hR ${nobody} s d; chown root d/a; chown root d/b`;
  checkAll(setup, ["-aHi --no-i-r s/ d/", "-aH --no-D -vv --no-i-r s/ d/"]);
});

describe("linked files in a directory that may not be searched", () => {
  const setup = `mkdir -p s/a s/b d/a d/b; echo 1 >s/a/f; ln s/a/f s/b/f; echo 2 >s/a/g; ln s/a/g s/a/h; chown -R ${nobody} s d
chown -R root d/a; chmod 700 d/a; chmod 755 s/a`;
  // With incremental recursion rsync 3.5.0 hangs here.
  checkAll(setup, ["-rtHi --no-i-r s/ d/", "-rtHin --no-i-r s/ d/"]);
});

describe("new directories that get the source's mode with its attributes", () => {
  const setup = `mkdir -p s/502 s/707 s/722 s/333 d; for m in 502 707 722 333; do setfattr -n user.x -v 1 s/$m; chmod $m s/$m; done
chown -R ${nobody} s d`;
  checkAll(setup, ["-rX s/ d/", "-rtX --no-i-r s/ d/", "-aX s/ d/"]);
});

describe("new directories that are closed, in one with a setgid bit", () => {
  const setup = `mkdir -p s/n/555/z s/n/2555/z s/n/755/z s/n/655 d/n; for m in 555 2555 755 655; do touch s/n/$m/f
chmod $m s/n/$m; setfattr -n user.x -v 1 s/n/$m; done; chown -R ${nobody}:${nobody} s d; chmod 2775 d/n`;
  checkAll(setup, ["-r s/ d/", "-rt --no-i-r s/ d/", "-rX s/ d/", "-rp s/ d/"]);
});

describe("directories that may be read but not searched, where entries are looked for", () => {
  const names = "for x in a b c d; do touch s/$x/keep d/$x/keep d/$x/gone d/$x/prot; ln -s q d/$x/l; done";
  const setup = `mkdir -p s/a s/b s/c s/d d/a d/b d/c d/d; ${names}
chown -hR ${nobody} s d; chmod 444 d/a d/c s/c; chmod 744 d/b s/b; chown root d/b; chmod 666 d/d`;
  const ways = ["-n --delete-before", "-n --delete", "--delete", "--delete-delay", "-n --delete-after --exclude=prot"];
  checkAll(
    setup,
    ways.map((way) => `-rlt -i --ignore-errors ${way} s/ d/`),
  );
  checkAll(
    `mkdir -p s d/a d/b d/c d/d; for x in a b c d; do echo 1 >s/$x; touch d/$x/in; done; chown -R ${nobody} s d
chmod 444 d/a; chmod 744 d/b; chown root d/b; chmod 666 d/d; chmod 0 d/c`,
    ["-rlt -i s/ d/", "-rlt -in s/ d/", "-rlt -i --force s/ d/"],
  );
});

describe("a backup whose group cannot be set", () => {
  const setup = `mkdir s d; echo new >s/f; echo older >d/f; touch -d @1500000000 d/f; chmod 640 d/f; chgrp 5 d/f
echo newer >s/x; cp d/f d/x; chmod 2755 d/x; chgrp 5 d/x; chown ${nobody} s s/? d d/?`;
  checkAll(setup, ["-rtpgb --inplace s/ d/", "-rtb --inplace s/ d/", "-rtpgoi --inplace --backup-dir=bk s/ d/"]);
  checkAll(setup, ["-rtpgb --inplace --no-W s/ d/", "-rtpgb --append s/ d/"]);
});

describe("sockets that may not be made", () => {
  const bind = "python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])'";
  const setup = `mkdir -p s/d s/e d/d d/e; for f in s/d/s s/d/r s/e/t d/d/x; do ${bind} $f; done; mkfifo d/d/r
find . -exec touch -hd @1600000000 {} +; chown -R ${nobody} s d; chown root d/d d/d/r`;
  const ways = ["-rtD -i", "-rtDb -i", "-rtDHi --no-i-r", "-rtD -in", "-rtDb --delete"];
  checkAll(
    setup,
    ways.map((way) => `${way} s/ d/`),
  );
});

describe("sockets that may not be made at the top of the destination", () => {
  const bind = "python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])'";
  const setup = `mkdir -p s/e d/e; for f in s/s s/p s/e/t; do ${bind} $f; done; mkfifo d/p; touch -hd @1600000000 s/e d/e s d
chown -R ${nobody} s d; chown root d d/e`;
  checkAll(setup, ["-rtD -i s/ d/", "-rtDb s/ d/", "-rD --no-i-r s/ d/"]);
});

describe("alternates of files that stand in a directory of somebody else", () => {
  const setup = `mkdir -p s/d a/d d/d; for f in mode time both new; do echo $f >s/d/$f; done; cp -p s/d/* a/d; cp -p s/d/[mtb]* d/d
echo x >d/d/both; chmod 600 d/d/mode; find s a d -exec touch -hd @1600000000 {} +; touch -d @1500000000 d/d/time
chown -R ${nobody} s a d; chown root d/d`;
  const ways = ["--compare-dest=../a", "--link-dest=../a", "--link-dest=../a --no-i-r", "--compare-dest=../a --no-W"];
  checkAll(setup, [
    ...ways.map((way) => `-rltp -i ${way} s/ d/`),
    ...ways.map((way) => `-rltp -vv ${way} s/ d/`),
    "-rlt --link-dest=no --link-dest=../a s/ d/",
  ]);
});

describe("times of directories in whose second they differ", () => {
  const setup = `mkdir -p s/d s/e d/d d/e; echo 1 >s/d/f; echo 1 >s/e/f; touch -d @1600000000.7 s s/*; touch -d @1600000000.2 d d/*
chown -R ${nobody} s d; chown root d/d`;
  checkAll(setup, ["-rt -i s/ d/", "-rt -i --no-i-r s/ d/", "-rtH --delete s/ d/", "-rt --existing s/ d/"]);
});

describe("backups of what a run does not make, where nothing can be renamed", () => {
  const setup = `mkdir -p s/x d/x; mkfifo d/x/pipe d/x/pipe2; ln -s a d/x/link; ln -s a d/x/link2; mknod d/x/device c 1 3; echo 1 >d/x/file
echo new >s/x/link2; ln -s k s/x/pipe2; find s d -exec touch -hd @1600000000 {} +; chown -hR ${nobody} s d; chown root d/x`;
  const ways = ["-rtb", "-rltb", "-rltDb", "-rb --backup-dir=bk", "-rtb --no-i-r", "-rltDb --info=backup"];
  checkAll(
    setup,
    ways.map((way) => `${way} -i --delete s/ d/`),
  );
});

describe("backups of links and special files of somebody else", () => {
  const setup = `mkdir s d; for i in f g; do ln -s a s/l$i; ln -s b d/l$i; ln -s q s/p$i; mkfifo d/p$i; done
touch -hd @1600000000 s/* d/* s d; chown -hR ${nobody} s d; chown -h root d/lf d/pf`;
  checkAll(setup, ["-rltDb -i s/ d/", "-rltDb --backup-dir=bk s/ d/"]);
});

describe("backups of special files whose group cannot be set", () => {
  const setup = `mkdir -p s/a d/a; for m in 0 111 444 644 666; do echo x >s/a/$m; mkfifo d/a/$m; chmod $m d/a/$m; done
chown -R ${nobody} s d/a/*; chgrp 5 d/a/*; chown ${nobody} d`;
  checkAll(setup, ["-ab --backup-dir=bk s/ d/", "-rtDb --backup-dir=bk s/ d/", "-rtgDb --backup-dir=bk s/ d/"]);
});

describe("special files whose owner cannot be set", () => {
  const setup = `mkdir s d; for m in 0 111 444 644 666; do mkfifo s/$m; chmod $m s/$m; done; ln -s x s/l; chown -hR 7:7 s; chown ${nobody} d`;
  checkAll(setup, ["-a --super s/ d/", "-aA --super s/ d/", "-rD --super --chown=5:5 s/ d/"]);
});

describe.each(["", "mkdir -p d/d d/e/g"])("directories and files whose owner cannot be set, %s", (there) => {
  const setup = `mkdir -p s/d s/e/g s/h/i d; echo 1 >s/e/f; echo 1 >s/e/g/f; ${there}
chown -R ${nobody} s d; chgrp -hR 5 s; chmod 755 s/*; find s -exec touch -hd @1500000000 {} +`;
  const options = ["-a", "-rtg", "-a --no-i-r", "-rto --chown=7", "-rgtb", "-ro --chown=7 --no-i-r", "-aO"];
  const ways = options.map((words) => `${words} --super s/ d/`);
  checkAll(setup, ways);
});

describe("backups of files that cannot be read, written in place", () => {
  const setup = (
    modes: string,
  ) => `mkdir s d; echo new >s/f; echo older >d/f; touch -d @1500000000 d/f; chown -R ${nobody} s d
chmod ${modes.split(" ")[0]} s/f; chmod ${modes.split(" ")[1]} d/f`;
  checkAll(setup("644 000"), ["-rtb -i --inplace s/ d/"]);
  checkAll(setup("000 000"), [
    "-rtb -i --inplace --no-W s/ d/",
    "-rtb -i --append --no-W s/ d/",
    "-rtb --inplace s/ d/",
  ]);
});

describe("progress of the run with sources that cannot be read", () => {
  const setup = `mkdir s d; for i in 1 2 3 4 5; do seq 1 $((i*300)) >s/f$i; done; chown -R ${nobody} s d; chmod 0 s/f3`;
  checkAll(setup, ["-r --info=progress2 s/ d/", "-rH --no-i-r --info=progress2 --progress s/ d/"]);
});

describe("directories that may be read but not searched, and are to be deleted", () => {
  const setup = `mkdir -p s d/x d/y/q d/n/x d/n/y d/n/u/v; for i in x y n/x n/y n/u/v; do echo 1 >d/$i/a; ln -s a d/$i/l; done
find s d -exec touch -hd @1600000000 {} +; chown -hR ${nobody} s d; chmod 620 d/x d/n/x; chmod 444 d/y d/n/y d/n/u/v`;
  const ways = ["--delete", "--delete-delay", "--delete-after --exclude=a", "-n --delete", "-n --delete --exclude=a"];
  checkAll(
    setup,
    ways.flatMap((way) => [`-rt -i ${way} s/ d/`, `-dt -i ${way} s/ d/`]),
  );
});

describe("files of somebody else that are written in place", () => {
  const setup = `mkdir s d; for i in a b c; do echo new$i >s/$i; echo old >d/$i; touch -d @1500000000 d/$i; setfacl -m u:1:r s/$i; done
chown -R ${nobody} s d; chown 1 d/*; chmod 7777 d/* s/*; chmod 755 s/b; chmod 666 d/c`;
  checkAll(setup, ["-rt -i --inplace s/ d/", "-rtpA --inplace --no-W s/ d/", "-rtE --append s/ d/"]);
});

describe("attributes of files that cannot be read", () => {
  const setup = `mkdir s d; echo new >s/f; echo older >d/f; for x in s d; do setfattr -n user.x -v $x $x/f; done
touch -d @1500000000 d/f; chown -R ${nobody} s d; chmod 200 d/f`;
  checkAll(setup, ["-rtX -i --no-W s/ d/", "-rtX -i s/ d/", "-rtX --size-only s/ d/", "-rtX --inplace --no-W s/ d/"]);
});

describe("modes of files copied from an alternate in the place of something else", () => {
  const setup = `mkdir -p s/x d/x/d a/x; for i in z s l d; do echo $i >s/x/$i; done; touch -d @1500000000 s/x/*; cp -p s/x/* a/x
cp -p s/x/z d/x; echo k >d/x/z; mkfifo -m 600 d/x/s; ln -s q d/x/l; chmod 711 d/x/d; chown -hR ${nobody} s d a`;
  checkAll(setup, [
    "-rt --force --copy-dest=../a s/ d/",
    "-rE --force --copy-dest=../a s/ d/",
    "-rt --force --link-dest=../a s/ d/",
  ]);
});

describe("links that count as directories, and extended attributes", () => {
  const setup = `mkdir -p s/x s/y s/z s/w d/r1 d/r2 d/r3 d/r4; ln -s r1 d/x; ln -s r2 d/y; ln -s r3 d/z; ln -s r4 d/w
for i in s/x s/y s/z d/r3; do setfattr -n user.a -v 1 $i; done; touch -d @1500000000 s/? d/r* s d; touch -hd @1400000000 d/[xyz]
touch -d @1600000000 s/y; chown -hR ${nobody} s d; chown -h root d/y; chgrp -h 5 d/y d/z; chmod 555 s/w d/r4; chmod 700 s/z`;
  checkAll(setup, ["-aXK -i s/ d/", "-rltgXK --no-i-r s/ d/", "-rtXK s/ d/"]);
});

test.each(["", "--inplace", "-X --delay-updates", "-b --append"])(
  "a file whose owner cannot be set gets neither mode nor times: --super %s",
  (text) => {
    const setup = `mkdir s d; for m in 444 640 755 4711; do echo 1 >s/f$m; chmod $m s/f$m; done; echo old >d/f755
touch -d @1000000000 s/*; chown -R ${nobody} s d`;
    check(setup, `-rltpogi --super --chown=1:2 ${text} s/ d/`);
  },
);

describe("an equal file of an alternate directory that may be neither linked nor read", () => {
  const setup = `mkdir -p s/x a/x d; echo 1 >s/x/f; echo 1 >s/g; cp s/g a/; cp s/g s/x/.h; cp s/x/f s/x/.h a/x/; chmod 600 a/x/f a/x/.h a/g
find s a -type f -exec touch -d @1500000000 {} +; chown -R ${nobody} s d`;
  checkAll(setup, ["-rtvv --link-dest=../a s/ d/", "-rtvv --link-dest=../a s/g d/h"]);
});

describe("an equal file of an alternate directory, for one that cannot be looked at", () => {
  const setup = `mkdir -p s/x d/x a/x; echo 1 >s/x/f; echo 2 >s/x/g; cp -a s/x/f a/x/; chmod 700 d/x; touch -d @1500000000 s/x d/x
chown -R ${nobody} s; chown ${nobody} d`;
  const options = ["-ain --link-dest", "-ain --copy-dest", "-ai --compare-dest", "-ai --copy-dest", "-ai --link-dest"];
  checkAll(
    setup,
    options.map((text) => `${text}=../a s/ d/`),
  );
});

describe("an argument of --relative below a directory that may not be entered", () => {
  const names = ["./x/.//", "./x/./y", "././x/./", "x//y/./", ".//x/y/./f", "./././x/y/./f"];
  checkAll(
    `mkdir -p x/y d; touch x/y/f; chmod 700 x; chown ${nobody} d`,
    names.map((name) => `-aR ${name} d/`),
  );
});

describe("the last lines after an error of the receiver", () => {
  const setup = `mkdir -p s/x s/y d/x d/y; echo 1 >s/x/f; echo 1 >s/y/g; echo 2 >s/k; chmod 700 d/y; chown -R ${nobody} s; chown ${nobody} d`;
  const options = ["-rti", "-rti --stderr=all", "-rti --msgs2stderr --delay-updates --no-i-r", "-rtq --stderr=all"];
  checkAll(
    setup,
    options.map((text) => `${text} s/ d/`),
  );
  checkAll(`${setup}; chmod 700 d/x`, ["-rti --stderr=all s/ d/"]);
});

describe("extended attributes of new files, which a default ACL closes to their owner", () => {
  const setup = `mkdir s d alt; for m in 644 444 755; do echo $m >s/$m; setfattr -n user.x -v 1 s/$m; chmod $m s/$m; done; cp -a s/. alt/
cp s/644 d/g; find s d alt -exec touch -hd @1600000000 {} +; setfacl -dm u::r-x,g::r-x,o::r-x d; chown -R ${nobody} s d alt`;
  checkAll(setup, ["-aX s/ d/", "-rX --inplace s/ d/", "-aX --copy-dest=../alt s/ d/", "-aX -M--fake-super s/ d/"]);
});

describe("ACLs that cannot be set, with extended attributes that cannot either", () => {
  const setup = `mkdir -p s/a s/b s/c/e d/a d/b d/c/e; for n in f g c/f; do echo 1 >s/$n; echo 1 >d/$n; done; setfacl -m u:1:rx s/a s/f s/c/e s/c/f
setfacl -dm u:1:rx s/b; setfacl -m u:2:r d/g; for n in a b f g c/e; do setfattr -n user.x -v 1 s/$n; done
find s d -exec touch -hd @1600000000 {} +; chown -R ${nobody} s; chown ${nobody} d`;
  checkAll(setup, ["-rtAX s/ d/", "-rtpAXi --no-i-r s/ d/", "-rtXi s/ d/"]);
});

describe("copies from an alternate directory into one that may not be written to", () => {
  const setup = `mkdir -p s/a d/a e/a; echo 1 >s/a/f; echo 2 >s/a/g; echo 3 >d/a/g; cp -p s/a/* e/a/; find . -exec touch -d @1500000000 {} +
chown -R ${nobody} s d e; chown 0 d/a`;
  checkAll(setup, [
    "-a --copy-dest=../e s/ d/",
    "-a --copy-dest=../e --inplace s/ d/",
    "-a --link-dest=../e --inplace --no-W s/ d/",
    "-a --copy-dest=../e --append --no-W s/ d/",
  ]);
});

describe("backups of files that cannot be read, in a directory that cannot be changed", () => {
  const setup = `mkdir -p s d/x d/y; echo 1 >s/f; echo 2 >d/x/g; echo 3 >d/y/h; chmod 0 d/y/h; chown -R ${nobody} s d; chown 1 d/?/* d/?`;
  checkAll(setup, ["-rb --delete s/ d/", "-rbUU --delete s/ d/", "-rb --delete --backup-dir=../bk s/ d/"]);
});

describe("a directory of the source that may be read but not searched", () => {
  const setup = `mkdir -p s/a/sub s/b d; echo 1 >s/a/f; ln -s x s/a/l; echo 2 >s/b/g; chown -hR ${nobody} s d; chmod 644 s/a
find s d -exec touch -hd @1600000000 {} +`;
  const options = [
    "",
    "--insecure-links",
    "-L",
    "-R --insecure-links",
    "-c --insecure-links --no-i-r",
    "-n --insecure-links",
  ];
  checkAll(
    setup,
    options.map((text) => `-ai ${text} s/ d/`),
  );
});

describe("a directory that may not be listed, under a new name", () => {
  const modes = ["455", "655", "055", "755"];
  test.each(modes)("of mode %s", (mode) => {
    const setup = `mkdir -p s/n/q d; touch -d @1500000000 s/n/q; chmod ${mode} s/n/q; chown -R ${nobody} s d; chgrp ${nobody} d; chmod 2755 d`;
    for (const option of ["-r", "-rt", "-a"]) check(setup, `${option} s/n/q d/q`);
  });
});

describe("a new destination that its default ACL closes to its owner", () => {
  const setup = `mkdir -p s d; echo 1 >s/f; setfacl -dm u::---,g::---,o::--- d; chown -R ${nobody} s d`;
  checkAll(
    setup,
    ["d/new", "d/new/", "d/new//"].map((place) => `-a s/ ${place}`),
  );
});

describe("missing arguments that are directories which may not be written to", () => {
  const setup = `mkdir -p s d/gone/sub/sub2 d/gone2/sub d/e; for f in gone gone/sub gone/sub/sub2 gone2/sub; do echo $f >d/$f/f; done
echo >s/x; chown -R ${nobody} s d; chmod 555 d/gone/sub/sub2 d/gone/sub d/gone d/gone2/sub d/e`;
  checkAll(setup, [
    "-a --delete-missing-args s/ s/gone s/gone2 s/e d/",
    "-ai --delete-missing-args --delete s/ s/gone s/gone2 s/e d/",
    "-ai --delete-missing-args --force s/ s/gone s/gone2 s/e d/",
  ]);
});

describe("directories in one that --chmod closes, and in which there is nothing to search", () => {
  const setup = `mkdir -p s/a/b/c d; echo 1 >s/a/b/c/f; chown -R ${nobody} s d; chmod 555 s/a/b/c s/a/b s/a s`;
  checkAll(setup, ["-rl --chmod=Du-wx s/ d/", "-rlv --chmod=Du-wx s/ d/", "-rlp --chmod=Du-x s/ d/"]);
});

describe("a linked file that is changed and cannot be read does not lead its group", () => {
  for (const name of ["a/f", "b", "z/f"]) {
    const setup = `mkdir -p s/a s/z d/a d/z; echo 111 >s/a/f; ln s/a/f s/z/f; ln s/a/f s/b; echo 222 >d/${name}
chmod 0 d/${name}; chown -R ${nobody} s d; find s d -exec touch -d @1500000000 {} +; touch -d @1400000000 d/${name}`;
    checkAll(
      setup,
      ["", "--no-W", "--no-W --no-i-r", "--no-W --inplace", "-c --no-W -b", "--no-W --delay-updates"].map(
        (text) => `-rtpHi ${text} s/ d/`,
      ),
    );
  }
});

describe("links and special files of somebody else in a sticky directory, which cannot be replaced", () => {
  const setup = `mkdir -p s/d d/d; echo a >s/a; ln s/a s/d/n; ln -s x s/d/l; mkfifo s/d/p; ln -s q s/m; ln s/m s/d/m; cp s/a d/a; ln -s q d/m
for n in n l p m; do ln -s y d/d/$n; done; touch -hd @1600000000 s/a d/a s/m d/m; chown -hR ${nobody} s d; chown -h 5 d/d/*; chown 0 d/d; chmod 1777 d/d`;
  checkAll(setup, ["-rlHDt s/ d/", "-rlDt s/ d/", "-rlHt --no-i-r --link-dest=../s s/ d/", "-rlHtb --existing s/ d/"]);
});

describe("backups of special files that cannot be renamed or linked, of which some are another group's", () => {
  const setup = `mkdir -p s d/bk; for m in 644 600 666 111 0; do mkfifo d/p$m d/q$m; chmod $m d/?$m; done
chown -R ${nobody} s d; chown root d d/[pq]*; chgrp 5 d/p*; touch -d @1500000000 d/[pq]*`;
  checkAll(setup, [
    "-a --delete --backup-dir=bk --exclude=bk s/ d/",
    "-rltD --delete --backup-dir=bk --exclude=bk s/ d/",
  ]);
});

describe("a batch that is written: what fails counts more than what has vanished", () => {
  const setup = `mkdir s d; ln -s x s/l; chown -hR ${nobody} s d; chown 0 d`;
  checkAll(setup, ["-aR --write-batch=bt --delete-missing-args s/x/gone ./s/./ d/"]);
});
