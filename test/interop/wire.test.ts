/** Runs with another machine against the real rsync, over a local remote shell, in each role (docs/spec/1 to 3). */
import { describe, expect, test } from "vitest";
import { type WireOutcome, type WireRole, wireRoles } from "../support/wire-roles.ts";

const setup = `
mkdir -p s/x/y s/z 's/a b' s/empty
echo a > s/f; echo b > s/x/g; seq 1 100000 > s/x/y/big; ln -s f s/l; touch s/zero
echo 1 > s/h1; ln s/h1 s/h2; ln s/h1 s/x/h3; echo hh > s/x/k1; ln s/x/k1 s/z/k2
printf 'x' > "s/a b/it's"; printf 'y' > "s/a b/$(printf 'n\\303\\251\\377')"
mkfifo s/p; head -c 200000 /dev/zero > s/zeros; echo x >> s/zeros
chmod 600 s/f; chown 1234:5678 s/x/g; chmod 4755 s/x/y/big
ln -s /etc/passwd s/unsafe; ln -s nowhere s/dang; mknod s/x/null c 1 3; echo o > s/t.o; echo c > s/t.c
touch -d 2030-01-01 s/z; touch -d '2001-02-03 04:05:06.123456789' s/f s/x
cp -a s d; seq 1 90000 > d/x/y/big; rm -rf d/z d/l d/h2 d/p d/x/k1
echo old > d/f; mkdir d/zzz d/p; echo 1 > d/zzz/q; echo junk > d/junk; ln -s other d/l; echo 1 > d/h2
chmod 777 d/x; echo p > d/p/in; echo jo > d/junk.o
mkdir e; cp -a s/x s/f s/t.c e/; echo e > e/t.c
long=$(printf 'x%.0s' $(seq 1 100)); longer=$(printf 'y%.0s' $(seq 1 3000))
for f in s/f s/x s/x/g s/x/k1 s/empty s/t.c s/t.o; do setfattr -n user.short -v hello $f; setfattr -n user.long -v $long $f; done
setfattr -n user.big -v $longer s/x/y/big; setfattr -h -n trusted.l -v $long s/l; setfattr -n user.big -v $longer s/x/y
setfattr -n user.long -v $long d/x/g; setfattr -n user.extra -v e d/t.c; setfattr -n user.big -v old$longer d/x/y/big
setfattr -n user.long -v $long d/t.o; setfattr -n user.short -v hello d/t.o
printf 'f\nx/g\nnope\nz\n' > list
`;

const options = [
  "-aiv",
  "-aivv",
  "-aii",
  "-r",
  "-aHi --delete",
  "-aiv --delete",
  "-ai --delete --force",
  "-ai --delete-before",
  "-ai --delete-after",
  "-ai --delete-delay",
  "-aiv --delete --no-inc-recursive",
  "-aHiv --no-inc-recursive",
  "-ani --delete",
  "-aci",
  "-au",
  "-a --existing -i",
  "-a --ignore-existing -iv",
  "-aib --delete --suffix=.bak",
  "-aib --backup-dir=../bk --delete",
  "-aib --inplace",
  "-ai --append",
  "-ai --append-verify",
  "-aiSW",
  "-ai --partial-dir=.part",
  "-ai --delay-updates --delete",
  "-ai -B1000",
  "-ai --cc=md5",
  "-ai --cc=xxh64",
  "-ai --cc=none",
  "-ai --cc=auto,auto",
  "-aic --cc=md4,auto",
  "-aic --cc=auto,sha1",
  "-ai --list-only",
  "-aiC --delete --delete-excluded",
  "-a --out-format=%12i|%n --delete",
  "-aim",
  "-ai --max-delete=1 --delete",
  "-aiR",
  "-aiR --no-implied-dirs",
  "-dli --delete",
  "-ai --exclude=*.o --delete",
  "-ai --exclude=*.o --delete --delete-excluded",
  "-ai --link-dest=../e",
  "-aiyy --link-dest=../e",
  "-ai --chown=nobody:nogroup",
  "-ai --numeric-ids --usermap=1234:99",
  "-aAi",
  "-aO",
  "-rE",
  "-av --stats --delete",
  "-av --remove-source-files",
  "-ai --safe-links",
  "-a --munge-links",
  "-a --bwlimit=2000",
  "-as",
  "-aXi",
  "-aXAHi --delete",
  "-rXi",
  "-aXi --no-inc-recursive",
  "-aXni",
  "-aXi --protocol=30",
  "-ai --files-from=list --delete",
  "-ai -r --files-from=list --no-R",
];

const operands = [
  "-ai s/f d",
  "-ais s/?* d",
  "-aisR s/*/k? d",
  "-ai s/f d/new",
  "-ai s/x/ s/f d",
  "-ai s/nope s/f d",
  "-aivv s/x/ s/f s/x/ s/f d",
  "-ai --usermap=nosuchuser:1 s/f d/new",
  "-aiv --no-i-r s s/x/ s/f s/f s d",
  "-v s/ no/such/dir",
  "-ai s/f s/t.c d/f",
  "-ai s/ no/such/dir",
];
const old = [
  "-C --delete -v",
  "-aiv",
  "-aHi",
  "-ai --delete",
  "-ac",
  "-ai --inplace",
  "-av --remove-source-files",
  "-ai --cc=md5",
];
/** What is otherwise before protocol 29, 30 or 31. */
const changed = [
  "-aiH --delay-updates --delete",
  "-ai --partial-dir=.part --delete",
  "-ai --files-from=list",
  "-ai --files-from=:%/list --no-R",
];

const roles: readonly (readonly [string, WireRole])[] = [
  ["tsync as the server of a push", "push-server"],
  ["tsync as the server of a pull", "pull-server"],
  ["tsync as the client of a push", "push-client"],
  ["tsync as the client of a pull", "pull-client"],
];

const check = wireRoles(setup);
const treesOf = ({ status, destination, source }: WireOutcome): unknown => ({ status, destination, source });

const remarks = [
  "-az --debug=nstr2,proto",
  "-az --protocol=29 --debug=nstr2,proto",
  "-a --cc=md5,xxh64 -z --zc=lz4 --debug=nstr",
];

describe("what was agreed on", () => {
  test.each(remarks)("%s", (line) => {
    expect(check("push-client", `${line} s/f d/`).stdout.items.length).toBeGreaterThan(1);
    check("pull-client", `${line} s/f d/`);
  });
});

test.each([28, 29])("what old receivers must not take for content is not sent: protocol %i", (protocol) => {
  const line = `-aR --no-implied-dirs --delete --protocol=${protocol} s/x/y d`;
  const compare = ({ status, destination }: WireOutcome) => ({ status, destination });
  expect(check("push-client", line, { compare }).status).toBe(12);
});

test.each(["--groupmap=*:1 --no-g", "--chown=1:1 --no-o --no-g", "-M--usermap=*:1"])(
  "ids that were not sent are not mapped: %s",
  (line) => {
    check("push-server", `-ri ${line} s/ d`);
    check("push-client", `-ri ${line} s/ d`);
  },
);

describe("tsync at both ends", () => {
  test.each(["-aHAXi --delete", "-aiv --no-inc-recursive", "-aib --inplace"])("%s", (line) => {
    check("push-both", `${line} s/ d`);
    check("pull-both", `${line} s/ d`);
  });
});

describe.each(roles)("%s", (_name, role) => {
  test.each(options)("%s", (line) => {
    check(role, `${line} s/ d`);
  });
  test.each(operands)("%s", (line) => {
    check(role, line);
  });
  test.each([27, 28, 29, 30, 31])("protocol %i", (protocol) => {
    for (const line of old) check(role, `${line} --protocol=${protocol} s/ d`);
  });
  test.each([27, 28])("files that are listed twice at protocol %i", (protocol) => {
    check(role, `-aH --protocol=${protocol} s s/x/ s/f d`);
  });
  test.each([27, 29, 30])(
    "a directory that is sent without its content keeps what is beside it: protocol %i",
    (protocol) => {
      check(role, `-d --delete --protocol=${protocol} s/x d`, { compare: treesOf });
      check(role, `-a --no-r -d --delete --protocol=${protocol} --files-from=list s d`, { compare: treesOf });
    },
  );
  test.each([28, 30])("protocol %i does otherwise", (protocol) => {
    for (const line of changed) check(role, `${line} --protocol=${protocol} s/ d`, { compare: treesOf });
  });
  test.each(["-aA --protocol=29", "-aX --protocol=29", "-ay --protocol=28", "-am --protocol=28"])(
    "%s is refused",
    (line) => {
      // Both ends refuse, and which of them notices that the other has is a race.
      const outcome = check(role, `${line} s/ d`, { compare: treesOf });
      expect(outcome.status).toBe(2);
    },
  );
  test("as an ordinary user", () => {
    expect(check(role, "-rliD s/ d", { user: 65534 }).status).toBe(23);
  });
});
