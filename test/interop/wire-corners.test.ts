/**
 * Corners of pulls that random cases between two machines came upon, with tsync at either end and at both (docs/spec/1-session 4.4, 7.5;
 * 3-transfer 9.4, 9.6).
 */
import { describe, expect, test } from "vitest";
import { type WireOutcome, type WireRole, wireRoles } from "../support/wire-roles.ts";

const run = wireRoles(`
mkdir -p s/x d; seq 9 >s/a; seq 99 >s/x/b; seq 5 >d/a
for i in $(seq 120); do echo $i >s/x/f$i; done; ln -s nowhere s/ln
`);

const wrongRule = wireRoles("mkdir -p s/x/y d; echo a >s/f; echo 'bogus rule' >s/x/.rsync-filter; echo b >s/x/y/g");

const pulls: readonly WireRole[] = ["pull-client", "pull-server", "pull-both"];

test("a file of a list without digests under --checksum: a server that sends leaves without a word", () => {
  for (const role of pulls)
    for (const options of ["-rc --cc=none", "-rc --cc=md5,none --no-i-r", "-rc --cc=none --protocol=29"])
      expect(run(role, `${options} s/ d/`).status).toBe(12);
});

test("a wrong rule in a merge file: so too", () => {
  for (const role of pulls)
    for (const options of ["-rF", "-rF --no-i-r", "-rF --protocol=29"])
      wrongRule(role, `${options} s/ d/`, { compare: ({ status, stderr }) => ({ status, stderr }) });
});

describe("digests in formats", () => {
  test.each(["", "--cc=md5", "--cc=xxh64,auto", "--cc=auto,md5", "-c", "-c --cc=sha1,auto", "-c --cc=auto,md5"])(
    "of an old session: %s",
    (options) => {
      for (const role of ["pull-client", "push-client"] as const)
        for (const more of ["", "-n"]) run(role, `-r --protocol=29 ${options} ${more} --out-format=%n|%C| s/ d/`);
    },
  );

  test("of a session that settled on another checksum", () => {
    const how = { variables: { RSYNC_CHECKSUM_LIST: "sha1" } };
    for (const role of ["pull-client", "push-client"] as const)
      for (const more of ["", "-n", "-c"]) run(role, `-r ${more} --out-format=%n|%C| s/ d/`, how);
  });
});

test.each([27, 28, 29, 30])("an error of the sender before the list that is counted: protocol %i", (protocol) => {
  for (const role of pulls) run(role, `-rL --progress --no-i-r --protocol=${protocol} s/ d/`);
});

const implied = wireRoles(`
mkdir -p s/a/b out/b d; echo x >s/a/f; echo y >s/a/b/g; echo z >out/f; touch -d @1500000000 s/a/f s/a/b/g s/a/b
mkdir -p d/file d/fifo d/inside/real d/outside d/deep/a d/nothing d/denied; echo file >d/file/a; mkfifo d/fifo/a; ln -s real d/inside/a
ln -s ../../out d/outside/a; echo file >d/deep/a/b; ln -s nowhere d/nothing/a
`);

describe("--no-implied-dirs: what stands in place of a parent that is left out", () => {
  const places = ["file", "fifo", "inside", "outside", "deep"];
  test.each(["", "--no-i-r --delete", "-n"])("%s", (options) => {
    for (const role of options === "" ? (["pull-client", "push-server"] as const) : (["pull-client"] as const))
      for (const place of places)
        for (const sources of ["s/./a/f s/./a/b/g", "s/./a/b"])
          implied(role, `-rptRi --no-implied-dirs ${options} ${sources} d/${place}/`);
  });

  test.each(["s/./a/f", "s/./a/b", "s/./a/b/g"])("a link to nothing, %s", (source) => {
    for (const role of ["pull-client", "push-server"] as const) {
      const compare = ({ status, destination }: WireOutcome) => ({ status, destination });
      const { status } = implied(role, `-rptR --no-implied-dirs ${source} d/nothing/`, { compare });
      expect(status).toBe(23);
    }
  });
});

const bits = wireRoles(`
mkdir -p s/long/sub/deep s/short/sub d; setfattr -n user.a -v ${"1".repeat(60)} s/long; setfattr -n user.a -v 1 s/short
chmod 2775 s/long s/short; touch -d @1500000000 s/long/sub/deep s/long/sub s/long s/short/sub s/short
`);

test("-X without -p: what is made in a new directory does not get its setgid bit", () => {
  for (const role of ["pull-client", "push-server"] as const) {
    const { destination } = bits(role, "-rtXi --no-i-r s/ d/");
    expect(destination.join("\n")).toMatch(/^\.\/long\/sub d 755 /m);
  }
});

test("-X with -p: new directories keep their setgid bit", () => {
  for (const role of ["pull-client", "push-server"] as const) {
    for (const line of ["-aXi s/ d/", "-rpX --no-i-r s/ d/"]) {
      const { destination } = bits(role, line);
      expect(destination.join("\n")).toMatch(/^\.\/long d 2775 /m);
      expect(destination.join("\n")).toMatch(/^\.\/short d 2775 /m);
    }
  }
});

test.each(["0", "19", "33", "41"])("a protocol that there is not, --protocol=%s", (number) => {
  // Whether the other end has left before it is written to depends on the moment.
  const isSteady = (line: string): boolean => !/safe_write failed|unexpectedly closed/.test(line);
  const compare = ({ status, stderr }: WireOutcome) => ({ status, stderr: stderr.filter(isSteady).sort() });
  for (const role of ["pull-client", "push-server"] as const)
    for (const words of [`--protocol=${number}`, `-M--protocol=${number}`]) run(role, `-r ${words} s/ d/`, { compare });
});

test.each(["28", "30"])("a server that is told the protocol, -M--protocol=%s", (number) => {
  for (const role of ["pull-both", "push-server", "pull-server"] as const)
    run(role, `-ai -M--protocol=${number} s/ d/`);
});

test("an index of no file that the receiving side asks for", () => {
  const compare = ({ stderr }: WireOutcome) => stderr.filter((line) => line.startsWith("File-list index"));
  for (const options of ["--no-i-r", ""]) {
    const { stderr } = run("push-client", `-a ${options} -M--files-from=d/a s/ d/`, { compare });
    expect(stderr.join("\n")).toMatch(/^File-list index \d+ not in /m);
  }
});

const late = wireRoles(`
mkdir -p s/a s/b d/a d/b; echo f >s/a/f; ln -s nowhere s/b/l; touch d/extra d/a/extra d/b/extra
`);

test.each(["--delete", "--delete-delay"])(
  "an error of a later list, told ahead of the first at protocol 30: %s",
  (option) => {
    for (const role of pulls) {
      const { destination } = late(role, `-rLi --protocol=30 ${option} s/ d/`);
      expect(destination.join("\n")).toMatch(/^\.\/extra /m);
    }
  },
);

// Nothing of them is through, and nothing else is to be told: no record lets the sender send on.
const manyNames = wireRoles(`
mkdir -p s/1 d; echo new >s/1/f; for i in $(seq 55); do ln s/1/f s/1/$i; done; for i in $(seq 2 55); do cp -al s/1 s/$i; done
cp -a s/. d; rm d/*/*; (cd s; for i in *; do touch -r $i ../d/$i; done)
`);

test("more names of one file than a sender lists ahead, in directories that are as they should be", () => {
  const roles: readonly WireRole[] = [...pulls, "push-client", "push-server", "push-both"];
  for (const role of roles) manyNames(role, "-rlHt s/ d/", { compare: ({ status, stderr }) => ({ status, stderr }) });
});

const noted = wireRoles(`
mkdir -p s/a s/b d; setfattr -n user.rsync.x -v 1 s/a; setfattr -n user.rsync.x -v ${"1".repeat(60)} s/b; chmod 2775 s/a s/b
touch -d @1500000000 s/a s/b s
`);

test("-X without -p: an attribute that a setgid directory cannot have is told of once", () => {
  const { stderr } = noted("pull-client", "-rtXi -M--fake-super s/ d/");
  expect(stderr.filter((line) => line.includes("rsync_xal_set")).length).toBe(2);
});

const unreadable = wireRoles(`
mkdir -p s/a s/z d/a; echo 111 >s/a/f; ln s/a/f s/z/f; ln s/a/f s/b; echo 222 >d/a/f; echo 222 >d/b; chmod 0 d/b d/a/f
chown -R 65534:65534 s d; find s d -exec touch -d @1500000000 {} +; touch -d @1400000000 d/b d/a/f
`);

test.each(["", "--no-i-r", "-c"])("linked files that cannot be read do not lead their group: %s", (options) => {
  for (const role of ["pull-client", "push-server"] as const)
    unreadable(role, `-rtpHi ${options} s/ d/`, { user: 65534 });
});

const linkedPlace = wireRoles(`
mkdir -p s/a s/b d/a.real; ln -s a.real d/a; touch -d @1500000000 s/a s/b d/a.real; chmod 700 s/a s/b
`);

test.each(["-avK", "-avvK", "-aiK", "-avKn"])(
  "a directory whose permissions cannot be set, at old protocols: %s",
  (options) => {
    for (const role of [...pulls, "push-server"] as const)
      for (const protocol of [27, 28]) linkedPlace(role, `${options} --protocol=${protocol} s/ d/`);
  },
);

const long = "1".repeat(60);
const copied = wireRoles(`
mkdir -p s alt d; seq 300 >s/a; cp -p s/a s/b; ln s/b s/c; cp -p s/[ab] alt; setfattr -n user.a -v ${long} s/a s/b
setfattr -n user.b -v 1 s/a; setfattr -n user.c -v ${long} alt/b; chmod 604 alt/b; touch -d @1500000000 s/* s alt/* alt d
`);

test.each(["-aX", "-aXH --no-W", "-rptX --delay-updates"])(
  "%s: a file that is copied from an alternate directory gets the long attributes that are missing there",
  (options) => {
    for (const role of ["pull-client", "push-server", "pull-both"] as const)
      for (const kind of ["copy", "link"]) copied(role, `${options} -i --${kind}-dest=../alt s/ d/`);
  },
);
