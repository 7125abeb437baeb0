/** `--fake-super` against the installed rsync: the same text, exit code, trees and attributes. Needs root for the sources. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const settled = "find . -depth -exec touch -h -d @1600000000.5 {} +";

/** Every kind of object, with owners and modes that an ordinary user cannot give. */
const plain = `mkdir -p s/dir; echo a >s/f; echo b >s/dir/g; ln -s target s/l; mkfifo s/p; mknod s/c c 1 3; mknod s/b b 7 70000
cp s/dir/g s/closed; python3 -c "import socket;socket.socket(socket.AF_UNIX).bind('s/sock')"; chown 5:6 s/f; chmod 4755 s/f
chown 7 s/dir; chmod 1777 s/dir; chown -h 9:10 s/l; chmod 4 s/closed; chown 3:3 s/p s/c; ln s/f s/dir/f2; ${settled}`;

/** A copy that pretends, and a source that has changed since. */
const changed = `${plain}; rsync -aH --fake-super s/ d/; chmod 600 s/f; chown 44 s/f s/p; ln -sfn other s/l; rm s/c s/sock
mknod s/c c 1 5; mkdir s/sock; chmod 700 s/b; echo more >>s/dir/g; rm s/dir/f2; chown 8:8 s/dir; ${settled}; touch -d @1650000000 s/f s/p`;

describe.each(["koffi", "plain"] as const)("%s", (backEnd) => {
  const expectSame = sideBySide({ look: lookAtTrees, backEnd });

  test.each([
    ...["-aiog", "-aivvH", "-aoin", "-rltDpi -og", "-aiH --delete -o", "-aib"],
    ...(backEnd === "koffi"
      ? [
          ...[
            "-aiH --inplace",
            "-ai --delay-updates",
            "-aic",
            "-ai --no-W",
            "-aiU",
            "-ai --no-D",
            "-ai --existing",
            "-aiK",
          ],
          ...[
            "-ai --chmod=F640,D2755",
            "-ai --chown=11:12",
            "-ai --usermap=5:77 --numeric-ids",
            "-aiH --link-dest=../ref",
          ],
          ...[
            "-ai --copy-dest=../ref",
            "-aiT t",
            "-ai --partial-dir=x",
            "-ai --remove-source-files",
            "-aiXA",
            "-aivv -L",
          ],
          ...["-ai --super --fake-super", "-ai --fake-super --super", "-aiXX", "-ai --stats"],
        ]
      : []),
  ])("--fake-super %s", (options) => {
    const line = `--fake-super ${options} s/ d/`;
    const more = options.includes("ref")
      ? "; rsync -aH --fake-super s/ ref/"
      : options.includes("-T")
        ? "; mkdir -p d/t t"
        : "";
    expectSame(`${plain}${more}; mkdir -p d; ${settled}`, line);
    expectSame(`${changed}${more}`, line);
  });

  test.each(["-aiH", "-aiA", "-aiX", "-aivvn"])(
    "-M--fake-super keeps them on the receiving side only: %s",
    (options) => {
      const acls =
        "setfacl -m u:1:rw,g:2:r s/dir/g; setfacl -m m::r s/closed; setfacl -d -m u:3:rx s/dir; chmod 640 s/f";
      expectSame(`${plain}; ${acls}`, `-M--fake-super ${options} s/ d/`);
      expectSame(
        `${changed}; ${acls}; setfattr -n trusted.two -v 2 s/f`,
        `${options} --remote-option=--fake-super s/ d/`,
      );
    },
  );

  test.each(["-ai", "-aiAX", "-ain", "-aivv"])("--fake-super reads what it has written: %s", (options) => {
    expectSame(`${plain}; rsync -aHAX --fake-super s/ e/; ${settled}`, `--fake-super ${options} e/ d/`);
    expectSame(`${changed}; mkdir -p r`, `--fake-super ${options} d/ r/`);
  });
});

const expectSame = sideBySide({ look: lookAtTrees });

test.each([
  "--fake-super -M--super",
  "--fake-super -M--no-super",
  "-M--super",
  "-M--no-super",
  "-M--super -M--fake-super",
  "--fake-super -M--super --iconv=UTF-8,UTF-8",
])("%s gives the receiving side rights of its own", (options) => {
  const setup = `mkdir r s d; echo 1 >r/f; chown 5:6 r/f; mknod r/n c 1 3; chmod 4755 r/f; touch -d @1600000000 r/* r d
rsync -a --fake-super r/ s/; echo 2 >s/g; chown 7:8 s/g`;
  expectSame(setup, `-ai ${options} s/ d/`);
});

test("-M--fake-super concerns the receiving side of a run that converts names, too", () => {
  const setup = "mkdir s d; echo 1 >s/f; chown 5:6 s/f; mknod s/n c 1 3; chmod 4755 s/f; touch -d @1600000000 s/* s d";
  const { trees } = expectSame(setup, "-ai -M--fake-super --iconv=UTF-8,UTF-8 s/ d/");
  expect(trees.filter((line) => line.startsWith("user.rsync.%stat")).length).toBe(2);
});

test("--fake-super keeps attributes of other namespaces, and ACLs that are kept so", () => {
  const attributes = `setfattr -n user.one -v 1 s/f; setfattr -n trusted.two -v 2 s/f; setfattr -n security.three -v 3 s/f
setfattr -n user.rsync.own -v 4 s/f; setfattr -n user.rsync.%odd -v 5 s/f; setfattr -n trusted.d -v 6 s/dir`;
  expectSame(`${plain}; ${attributes}`, "-aiX --fake-super s/ d/");
  // An ACL by the book: user 1 rw, the group nothing; and a default one.
  const acls = `setfattr -n user.rsync.%aacl -v 0x80000000000000000600000080000000010000000600008 s/f
setfattr -n user.rsync.%dacl -v 0x070000000500000005000000050000000300000005000080 s/dir; chmod 664 s/f`;
  const stored = `${plain}; ${acls.replace("600008 ", "6000080 ")}; ${settled}`;
  expectSame(stored, "-aiA --fake-super s/ d/");
  expectSame(`${stored}; rsync -aA --fake-super s/ d/; setfattr -x user.rsync.%aacl s/f`, "-aiA --fake-super s/ d/");
});

test.each(["-ai", "-aic", "-aiH", "-aivv", "-ain"])(
  "--fake-super moves into the note what an unchanged file has by itself: %s",
  (options) => {
    const real =
      "mkdir -p s/x d; for n in f owner x/g; do echo a >s/$n; done; chmod 4755 s/f; chown 5:6 s/owner; chown 7:8 s/x";
    const modes = "chmod 2775 s/x; chmod 400 s/x/g";
    expectSame(`${real}; ${modes}; ${settled}; cp -a s/. d/`, `${options} --fake-super s/ d/`);
  },
);

test("--fake-super replaces a real link by a file that stands for one, even if both point to the same", () => {
  expectSame(`${plain}; mkdir d; cp -a s/l d/; ${settled}`, "-aiio --fake-super s/ d/");
  expectSame(`${plain}; mkdir d; ln -s other d/l; ${settled}`, "-aiio --fake-super s/ d/");
});

test.each(["garbage", "100644 0,0 5:", "8 0,0 1:1"])("--fake-super ends at a note that makes no sense: %s", (note) => {
  const setup = `mkdir s d; echo a >s/f; echo a >d/f; setfattr -n user.rsync.%stat -v "${note}" d/f; ${settled}`;
  const { status, errors } = expectSame(setup, "-a --fake-super s/ d/");
  expect(status).toBe(11);
  expect(errors.join()).toContain("Corrupt user.rsync.%stat xattr");
});

describe("as an ordinary user", () => {
  const expectSameAsUser = sideBySide({ look: lookAtTrees, user: 65534 });
  test.each(["-ai", "-aivvH", "-aiX", "-rlti", "-ai --delete", "-ai --inplace"])("--fake-super %s", (options) => {
    const own = `${plain}; chmod 755 s/dir; chmod 444 s/closed; mkdir d; chown 65534:65534 d`;
    expectSameAsUser(own, `--fake-super ${options} -og s/ d/`);
  });

  test.each(["-ai", "-aiX", "-rltXi -og", "-aiXn"])("what its owner may not write to: %s", (options) => {
    const there =
      "mkdir -p s/x d; echo f >s/f; cp -a s/. d; setfattr -n user.a -v 1 s/x s/f; setfattr -n user.b -v 2 d/x d/f";
    const modes =
      "chown 1:1 s/x s/f; chmod 555 s/x; chmod 444 s/f; chmod 500 d/x; chmod 400 d/f; chown -R 65534:65534 d";
    expectSameAsUser(`${there}; ${modes}; ${settled}`, `--fake-super ${options} s/ d/`);
  });

  test.each(["755 2755", "666 2755", "2755 3755", "2666 2755"])("modes of somebody else's file: %s", (modes) => {
    const [there, sent] = modes.split(" ");
    const setup = `mkdir s d; echo 1 >s/f; echo 1 >d/f; chown 65534 d; chmod ${sent} s/f; chmod ${there} d/f; ${settled}`;
    expectSameAsUser(setup, "-ai --fake-super s/ d/");
  });

  test.each(["-ai", "-aAi", "-aXi", "-rtpgoi --no-i-r", "-aiI --no-p"])(
    "somebody else's file, written in place: %s",
    (options) => {
      const setup = `mkdir s d; echo 1 >s/f; echo 22 >d/f; cp s/f s/g; cp d/f d/g; chmod 666 d/f d/g; chmod 600 s/g; setfacl -m u:1:r s/f
chown -R 65534:65534 s d; chown 0:0 d/f d/g; chown 5:6 s/f; find s d -exec touch -hd @1600000000 {} +; touch -d @1500000000 d/f d/g`;
      expectSameAsUser(setup, `${options} --fake-super --inplace s/ d/`);
    },
  );
});

test("a run with more files than one thread takes", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsync-fake-super-"));
  const shell = (text: string): string => {
    const done = spawnSync("bash", ["-c", text], { cwd: folder, encoding: "latin1" });
    expect(done.stderr).toBe("");
    return done.stdout;
  };
  try {
    shell(
      `mkdir -p s/{a,b,c}; for n in {1..900}; do echo $n >s/a/$n; ln -s $n s/b/$n; done; chown -hR 3:4 s/a s/b; ${settled}`,
    );
    const program = join(import.meta.dirname, "../../bin/tsync");
    shell(`${program} -a --fake-super s/ d/ && ${program} -a --fake-super d/ e/ && rsync -a --fake-super e/ r/`);
    const tell = "find . -printf '%p %y %m %T@\\n' | sort; getfattr -Rhd -m. . | sort";
    expect(shell(`cd d; ${tell}`)).toBe(shell(`cd r; ${tell}`));
    expect(shell("rsync -ai --fake-super s/ d/")).toBe("");
    expect(shell("getfattr -Rd -m. d | grep -c '3:4'").trim()).toBe("1802");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** ACLs of which mode, mask and group entry are the same or not. */
const masks = `mkdir s; for one in u:1:r,g::r,m:rw u:1:r,g::rw,m:r u:1:r,g::rwx,m:r g::rw,m:r u:1:r,g::rw,m:rw u:1:r,g::r,m:rwx g::rw,m:rw; do
echo a >s/$one; chmod 640 s/$one; setfacl -m $one s/$one; done`;

test.each(["g=r", "g=rw", "g=rwx", "g="])("--chmod=%s changes no mask that is only kept", (changes) => {
  expectSame(`${masks}; ${settled}`, `-aiA -M--fake-super --chmod=${changes} s/ d/`);
  const again = `${masks}; rsync -aA -M--fake-super s/ d/; ${settled}`;
  expectSame(again, `-aiA -M--fake-super --chmod=${changes} s/ d/`);
});

/** Special files that are what they are, each with one thing that they cannot be made to stand for. */
const real = `mkdir s d; for p in a b c e f g h; do mkfifo s/$p d/$p; chmod 755 s/$p d/$p; done; mknod s/n c 1 3; mknod d/n c 1 3
chmod 2755 s/a d/a; chmod 2711 d/b; chmod 2755 s/c; chmod 711 d/c; chown 1 s/e; chown 1 s/f d/f; chown 1 d/g; chmod 111 s/h; chown 2 s/n`;

test.each(["-ai", "-avv"])("special files that cannot be made to stand for others are told of: %s", (options) => {
  expectSame(`${real}; ${settled}`, `${options} -M--fake-super s/ d/`);
});

/** Links, where something else is or nothing. */
const links = `mkdir s d; for p in a b c e f g h; do ln -s x s/$p; done; ln -s y d/a; echo f >d/b; chmod 4640 d/b; mkdir d/c; mkfifo d/e; chmod 750 d/e
echo -n x >d/f; chmod 640 d/f; setfattr -n user.rsync.%stat -v '120640 0,0 0:0' d/f; echo -n y >d/g; chmod 600 d/g
setfattr -n user.rsync.%stat -v '120604 0,0 0:0' d/g; ${settled}; touch -hd @1500000000 d/f d/g`;

test.each(["-rlti", "-rlptiJ", "-rltiJ", "-rli"])("modes and times of what stands for links: %s", (options) => {
  expectSame(links, `${options} -M--fake-super s/ d/`);
});

test.each(["-ai --inplace", "-aiI --inplace"])(
  "what a file has by itself is noted when it is written in place: %s",
  (options) => {
    const setup = "mkdir s d; echo more >s/f; printf mo >d/f; for f in s/f d/f; do chown :1 $f; chmod 2564 $f; done";
    expectSame(`${setup}; ${settled}; touch -d @1500000000 d/f`, `${options} -M--fake-super s/ d/`);
  },
);

test.each(["-aXi", "-aXii"])("attributes that a file has itself are not those that are kept for it: %s", (options) => {
  const setup = `mkdir s d; for f in a b c e g; do echo 1 >s/$f; setfattr -n trusted.m -v 1 s/$f; setfattr -n user.a -v 1 s/$f; cp s/$f d/$f; setfattr -n user.a -v 1 d/$f; done
for f in c e g; do setfattr -n user.rsync.trusted.m -v 1 d/$f; done; setfattr -n trusted.m -v 1 d/a d/c; setfattr -n trusted.m -v 2 d/b; setfattr -n trusted.z -v 1 d/g`;
  expectSame(`${setup}; ${settled}`, `${options} -M--fake-super s/ d/`);
});

test.each(["-aA", "-aAi"])("an ACL of a special file cannot be kept: %s", (options) => {
  const setup = `mkdir s d; mkfifo s/p d/p; setfacl -m u:1:rwx s/p; ${settled}`;
  expect(expectSame(setup, `${options} -M--fake-super s/ d/`).errors.join()).toMatch("user.rsync.%aacl");
});

test.each(["-rlk", "-rL", "-rk", "-rL --no-i-r", "-rlkX", "-rlk --copy-unsafe-links"])(
  "links to directories are looked at by their whole path, in which only forty may be passed: %s",
  (options) => {
    expectSame(
      `mkdir -p s/e; echo 1 >s/e/f; ln -s ../e s/e/l; ${settled}`,
      `${options} -t --fake-super -M--super s/ d/`,
    );
  },
);

test.each(["--copy-dest", "--link-dest", "--compare-dest"])(
  "an attribute that cannot be set on a copy of an alternate file is told of as on others: %s",
  (option) => {
    const setup = `mkdir -p s/d alt/d d; for f in a b; do echo 1 >s/d/$f; setfattr -n user.rsync.x -v 1 s/d/$f; done; ${settled}; cp -a s/. alt; chmod 600 alt/d/a`;
    const { errors } = expectSame(setup, `-aXi ${option}=../alt --fake-super -M--super s/ d/`);
    expect(errors.join()).toMatch("[receiver] rsync_xal_set");
  },
);
