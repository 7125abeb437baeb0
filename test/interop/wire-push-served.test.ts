/** Pushes that `tsync --server` takes, and those of tsync at both ends, against rsync: what the random differential test has found. */
import { describe, expect, test } from "vitest";
import { pushRoles } from "../support/push-roles.ts";

const push = pushRoles(`mkdir s d f
echo 1 > s/one; mkdir s/sub; echo 2 > s/sub/two; touch -d '2001-01-01 00:00:00.5' s/one s/sub/two s/sub s
for n in own kept both; do echo $n > f/$n; done; setfattr -n user.rsync.a -v 1 f/own; setfattr -n trusted.b -v 2 f/kept
setfattr -n trusted.long -v $(printf %0500d 7) f/both; setfattr -n user.rsync.trusted.long -v 3 f/own; touch -d '2001-01-01' f/* f
cp -a f g; setfattr -x trusted.b g/kept; setfattr -n user.rsync.trusted.b -v 2 g/kept; setfattr -n user.rsync.trusted.long -v $(printf %0500d 7) g/both
mkdir acl kept new; setfacl -d -m u::rwx,g::r,o::w acl; setfattr -n user.rsync.%dacl -v 0x07000000040000008000000002000000 kept
echo n > new/file; mkfifo new/pipe; ln -s x new/link; chmod 777 new/file new/pipe
mkdir long nobodys; for n in user trusted security; do echo $n > long/$n; setfattr -n $n.x -v $(printf %0300d 5) long/$n; done
mkdir long/sub; setfattr -n trusted.y -v 3 long/sub; cp -a long/security nobodys/; chown -R 65534:65534 nobodys
mkdir basis closed; echo one > basis/file; echo two > closed/file; chmod 0 closed/file; chown -R 65534:65534 closed
mkdir modes old; for m in 755 775 1755 1777 2755 4755 500 0; do mkdir -m $m modes/$m; echo $m >old/$m; done; mkdir -m 755 old/sub
mkdir -p alt/sub; echo 1 >alt/one; echo 3 >alt/sub/two; touch -d '2001-02-01' alt/one; mkdir one-file; echo 1 >one-file/f; ln -s alt foreign; chown -h 65534 foreign
mkdir -p kl/a kl/b kd/a.real; ln -s a.real kd/a; touch -d '2001-01-01' kl/a kl/b kd/a.real; chmod 700 kl/a kl/b
cp -a s kinds; ln kinds/one kinds/sub/one; mkdir -p temporary/.tmp
mkdir large older; seq 1 1400000 >large/f; sed 's/77777/seven/; 500000,500100d' large/f >older/f`);

/** As large a basis as there is counts as one for two threads. */
const threads = "-e 'env TSYNC_THREADS_FROM=1 ../shell'";

/** A server that may not write. */
const nobody = "--rsync-path='setpriv --reuid=65534 --regid=65534 --clear-groups $FAR'";

const cases: readonly (readonly [what: string, line: string])[] = [
  ["errors of the receiver on the server's own standard error", `-r --stderr=all ${nobody} s/one far:d/`],
  ["the same at an old protocol", `-rq --protocol=28 -M--stderr=all ${nobody} s/one far:d/`],
  ["a directory whose permissions cannot be set, at an old protocol", "-avK --protocol=28 kl/ far:kd/"],
  ["the same with -vv", "-avvK --protocol=27 kl/ far:kd/"],
  ["the same with items", "-aiK --protocol=28 kl/ far:kd/"],
  ["directories that cannot be made, at an old protocol", `-av --protocol=28 ${nobody} kl far:d/`],
  ["errors of the generator alone", `-r --stderr=all ${nobody} s far:d/`],
  ["errors of the receiver that the client tells", `-r --stderr=client ${nobody} s/one far:d/`],
  ["the time of the top with its temporary files in it, deletions at the end", "-ai -T . --delete-delay s/ far:d/"],
  ["attributes that --fake-super has stored, and one of the same name", "-aXi -M--fake-super f/ far:g/"],
  ["the same in an alternate directory", "-aXi -M--fake-super --link-dest=../g f/ far:d/"],
  ["permissions of new entries of a directory with a default ACL", "-rlDog -M--fake-super new/ far:acl/"],
  ["the same where the ACL is only kept", "-rlDog -M--fake-super new/ far:kept/"],
  ["a dry run with files of an alternate directory as bases", "-anv --link-dest=../alt s/ far:d/"],
  ["whole files beside others of an alternate directory", "-av --no-i-r -W --link-dest=../alt s/ far:d/"],
  ["the same in place, with backups", "-avb --inplace -W --copy-dest=../alt s/ far:d/"],
  ["the same without their permissions", "-rtv -W --compare-dest=../alt s/ far:d/"],
  ["the same in a dry run", "-avn -W --link-dest=../alt s/ far:d/"],
  ["a dry run with its file as a copy, links, and whole files", "-aHIniW --copy-dest=../alt kinds/ far:d/"],
  ["the same without whole files", "-aHInv --copy-dest=../no --copy-dest=../alt --no-W kinds/ far:d/"],
  ["modes of new directories, of which an old client hears", "-rpv --protocol=27 modes/ far:d/"],
  ["the same without their permissions", "-rv --protocol=28 modes/ far:d/"],
  ["owners and groups that they cannot have", `-rogv --protocol=28 ${nobody} modes/ far:nobodys/`],
  ["the same where they are stored", `-rogv --protocol=27 -M--fake-super ${nobody} modes/ far:nobodys/`],
  ["a group that they can have", `-rogv --protocol=27 --chown=root:65534 ${nobody} modes/ far:nobodys/`],
  ["deletions for an old client that wants to hear of all items", "-rii --del --protocol=27 modes/ far:old/"],
  ["the same with a format of its own", "-rii --del --protocol=27 --out-format='%i %n' -n modes/ far:old/"],
  [
    "rules that end with white space",
    "-rvv --delete --exclude='a ' --include='b\t' --exclude='c /' --exclude=' ' new/ far:d/",
  ],
  [
    "the same at an old protocol",
    "-rvv --delete --protocol=28 --exclude='a ' --include='- b ' -f '- - c ' new/ far:d/",
  ],
  [
    "long attributes that an ordinary user may not store",
    "-rXi -e 'setpriv --reuid=65534 --regid=65534 --clear-groups ../shell' long/ far:nobodys/",
  ],
  [
    "a basis that an ordinary user may not read, of which an old client hears as of an error",
    "-rI --protocol=28 -e 'setpriv --reuid=65534 --regid=65534 --clear-groups ../shell' basis/ far:closed/",
  ],
  ["a name that does not exist, of which it hears so too", "-r --protocol=28 --chown=nosuchuser s/ far:d/"],
  [
    "linked files that cannot be made, at an old protocol",
    "-aH --delete-before -T .tmp --protocol=28 kinds/ far:temporary/",
  ],
  ["a basis that two threads sum", `-ai --stats ${threads} large/ far:older/`],
  ["the same with another checksum", `-ai --stats --cc=md5 ${threads} large/ far:older/`],
  ["the same in place, for an old client", `-ai --stats --inplace --protocol=28 ${threads} large/ far:older/`],
  ["a link of somebody else that is not followed", "-rn --protocol=28 --link-dest=../foreign one-file/f far:d/"],
];

describe.each(cases)("%s", (_, line) => {
  test.each(["server", "both"] as const)("tsync as %s", (role) => {
    expect.hasAssertions();
    push(role, line);
  });
});
