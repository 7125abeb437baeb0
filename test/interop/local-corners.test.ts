/**
 * Corners of local runs that random cases of the whole option table came upon, one small tree each, against the installed rsync:
 * the same text, exit code and tree. The others: corners.test.ts, whole-corners.test.ts, rare-corners.test.ts.
 */
import { describe, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const compare = sideBySide({ look: lookAtTrees });
const dated = "find s d -exec touch -h -d @1500000000.5 {} +";

test.each(["--delete", "--delete-before", "--delete-delay", "--delete-after", "--delete --omit-link-times"])(
  "-U reads the links of a directory that is cleaned: %s",
  (text) => {
    const setup = `mkdir -p s d; ln -s x s/l; ln -s x d/l; ${dated}; touch -h -a -d @1400000000 s/* d/*`;
    compare(setup, `-aUvv ${text} s/ d/`);
  },
);

describe("the time of a directory in which the backup directory is made", () => {
  const setup = "mkdir -p s/a/b d/a/b; echo 1 >s/a/f; echo 1 >s/a/b/f";
  test.each([
    "mkfifo d/a/f",
    "ln -s x d/a/f; rm s/a/f; mkdir s/a/f",
    "ln -s x s/a/l; ln -s y d/a/l",
    "rm s/a/f; ln -s x s/a/l; ln -s y d/a/l",
    "ln -s x d/f; mkdir s/f",
  ])("%s", (text) => {
    compare(`${setup}; ${text}; ${dated}`, "-a --backup-dir=.bk s/ d/");
  });
});

test("-KH gives a directory that has two names the time of the last one", () => {
  const setup = `mkdir -p s/l/n s/n s/z d; echo 1 >s/z/f; seq 20000 >s/l/f; ln s/l/f s/n/g; ln -s . d/l; ${dated}
touch -d @1300000000 s/n; touch -d @1400000000 s/l/n`;
  compare(setup, "-rtHK --no-i-r s/ d/");
});

test.each(["-avv", "-avv --no-i-r", "-avvH --no-i-r"])(
  "%s tells of a name that gives way to a directory when that comes",
  (options) => {
    const setup = `mkdir -p s/y/in s/w t/x t/w d; for f in s/x t/y s/z t/z s/y/in/f; do echo 1 >$f; done; ${dated}`;
    compare(setup, `${options} s/ t/ d/`);
    compare(`${setup}; mkdir t/y.; echo 1 >s/w/f; echo 1 >t/w/f`, `${options} s/ t/ s/ d/`);
  },
);

// What stands in the way of a name of a linked file is not looked into where the run makes none of its kind.
test.each(["-rHAXi", "-rlDHAXi", "-rLDHXi --no-specials", "-rlDHAXin --no-devices"])(
  "%s onto links and special files",
  (options) => {
    const ways = "ln -s q d/b; mkfifo d/c; mknod d/e c 1 3; ln -s q d/f; setfattr -h -n trusted.t -v 1 d/f";
    const setup = `mkdir s d; echo 1 >s/a; setfattr -n trusted.t -v 1 s/a; for f in b c e f; do ln s/a s/$f; done`;
    compare(`${setup}; cp -a s/a d/a; ${ways}; ${dated}`, `${options} s/ d/`);
    compare(`${setup}; setfacl -m u:1:rw s/a; cp -a s/a d/a; ${ways}; ${dated}`, `${options} s/ d/`);
  },
);

describe("an argument that only --copy-unsafe-links follows is no directory where rsync asks whether it is sent", () => {
  const setup = "mkdir -p s/sub o d; echo 1 >o/f; ln -s $PWD/o s/ln; ln -s $PWD/o s/sub/ln";
  test.each(["-i", "-ir", "-iR", "-irR", "-irR --no-i-r", "-irk", "-ik"])("%s", (options) => {
    const line = `${options} --copy-unsafe-links`;
    compare(`${setup}; ${dated}`, `${line} s/ln d`);
    compare(`${setup}; ${dated}`, `${line} -f -_ln/ s/sub/ln s/./sub/ln d`);
    compare(`${setup}; ${dated}`, `${line} -f -_ln s/ln d`);
  });
});

describe("-U tells of what is read while the source is listed as rsync sees it", () => {
  const compareTimes = sideBySide({ look: "find d ! -type d -printf '%p %A@\\n' | sort" });
  const names = "ln -s x s/z/l; ln -s y s/a/m; ln -s y s/g; for f in a/f z/f z/.cvsignore; do echo 1 >s/$f; done";
  const setup = `mkdir -p s/z s/a d; ${names}; ln s/z/.cvsignore s/z/zz; ${dated}; find s -exec touch -h -a -d @1400000000 {} +
printf 'z/f\\nz/.cvsignore\\na/f\\nz/zz\\n' >list`;
  test.each([
    ...["s/ s", "s s/", "-c s/ s", "s/z/l s/", "s/z s/a s", "-R s/./z s", "-C s/z s"].map((text) => `--no-i-r ${text}`),
    ...["--delete-after ./s s/", "s s/", "-c s/ s s/z", "-CR s/./z/.cvsignore s/./z/f"],
    ...["-C", "-Cr", "-Cc", "-CL", "-C --no-i-r"].map((text) => `${text} --files-from=list s/`),
  ])("%s", (text) => {
    compareTimes(setup, `-rltU -i ${text} d/`);
  });
});

test.each(["-rlt", "-rlt --fuzzy", "-rltb", "-rlt --inplace", "-rltb --inplace"])(
  "-U sees at another name of a file that it has been read for the first: %s",
  (options) => {
    const names = "echo 12 >s/a; echo 123 >s/b; echo 1 >d/a; ln d/a d/b";
    compare(`mkdir s d; ${names}; ${dated}; touch -a -d @1400000000 s/* d/*`, `${options} -U -i --no-W s/ d/`);
  },
);

test("a directory keeps a time in the future that differs by less than a second", () => {
  const setup =
    "mkdir -p s/n d/n; echo 12 >s/n/f; echo 1 >d/n/f; touch -d @4000000000.5 s/n; touch -d @4000000000.4 d/n";
  compare(setup, "-rt --append -i s/ d/");
});

test.each([
  "-anvv --backup-dir=bk",
  "-anvv --backup-dir=bk --no-i-r",
  "-rlpnvv --backup-dir=bk",
  "-anivvb",
  "-anvv --delete",
])("what a dry run says of room for directories: %s", (options) => {
  const setup = `mkdir -p s/a s/b s/c s/m/n d/m; echo 1 >s/a/f; echo x >d/a; ln -s z d/b; mkfifo d/c; ln -s x d/m/n
touch -h -d @1500000000 s s/m d d/m`;
  compare(setup, `${options} s/ d/`);
});

test.each([
  "--exclude=*/",
  "--exclude=gone/",
  "--exclude=gone",
  "--filter=P_*/",
  "--filter=P_gone/",
  "--filter=-r_*/ --delete",
])("--delete-missing-args with rules for directories: %s", (options) => {
  const setup = `mkdir -p s/l d/gone/x d/empty; for f in d/file d/gone/y s/q; do echo 1 >$f; done; ${dated}`;
  for (const more of ["", "--force"])
    compare(setup, `-ai --delete-missing-args ${options} ${more} s/l s/gone s/empty s/file d/`);
});

describe("--delete-missing-args, what rules say of what is missing on both sides", () => {
  const setup = `mkdir -p s/p d/s; touch s/f d/x; ${dated}`;
  test.each(["--exclude=*", "-F --exclude=gone", "--filter=R_gone", "--filter=P_gone -n", "--include=gone --delete"])(
    "%s",
    (options) => {
      compare(setup, `-avv ${options} --delete-missing-args s/ s/gone d/`);
    },
  );
});

test.each([
  ...["--filter=H_gone", "--filter=S_gone", "--filter=H_s", "--exclude=gone", "--include=gone", "-m --filter=H_gone"],
  ...["--no-i-r --filter=H_gone", "--no-i-r --exclude=gone", "--no-implied-dirs --filter=H_gone"],
])("--delete-missing-args -R with rules of the sender: %s", (options) => {
  const setup = `mkdir -p s/m s/p d/s/p; touch s/f d/gone d/s/gone d/s/p/gone; ${dated}`;
  for (const source of ["s/m s/gone", "s/p/gone s/m", "s/q/gone s/m", "s/p/./gone s/m"])
    compare(setup, `-avvR --delete-missing-args ${options} ${source} d/`);
});

test.each(["n", ".n", "日"])("what is said of a temporary file for a long name that cannot be made: %s", (start) => {
  for (const length of [245, 246, 247, 248, 254]) {
    const name = `${start}$(printf 'n%.0s' $(seq ${length - Buffer.byteLength(start)}))`;
    compare(`mkdir -p s d/.tmp; touch s/${name}; ${dated}`, "-rt --delete --temp-dir=.tmp s/ d/");
  }
  for (const end of ["..日本", "日.本", "...日", "日日日"]) {
    const cut = `$(printf 'n%.0s' $(seq 241))${start}${end}`;
    compare(`mkdir -p s d/.tmp; touch "s/${cut}"; ${dated}`, "-rt --delete --temp-dir=.tmp s/ d/");
  }
});

test.each([...["f/b f", "f f/b x", "f/b f/q f", "f/b/c f/b", "f f f/b f/b", "f/b ./f x/g", "f/b/c f/b f"]])(
  "-m keeps a directory that several names of --files-from bring, also with others in it: %s",
  (names) => {
    const setup = `mkdir -p s/f/b/c s/f/q s/x d; echo 1 >s/x/g; printf '%s\\n' ${names} >l; ${dated}`;
    for (const options of ["-m", "-m --no-implied-dirs", "-rm --no-i-r"])
      compare(setup, `-i ${options} --files-from=l s/ d/`);
  },
);

test.each(["s s", "s/ s/", "s/e s/e s", "s/e/ s/e/ s/"])("-m with a source that is named twice: %s", (names) => {
  for (const options of ["-am", "-am --no-i-r", "-amR", "-am --delete"])
    compare(`mkdir -p s/e/g s/h s/k/l d; echo 1 >s/f; ${dated}`, `-i ${options} ${names} d/`);
});

test.each(["-aAi", "-aAin", "-aAXi --chmod=o+w", "-rlDAi"])(
  "the ACL of a device that is replaced by another: %s",
  (options) => {
    for (const acl of ["u:1:rw s/l", "g::rw,m::x s/l d/l", "u:1:rw d/l", "u:1:rw s/l; setfacl -m u:2:rw d/l"])
      compare(`mkdir s d; mknod s/l c 240 300; mknod d/l c 240 301; setfacl -m ${acl}; ${dated}`, `${options} s/ d/`);
  },
);
