/**
 * Corners that random cases of the whole option table came upon, one small tree each, against the installed rsync: the same text,
 * exit code and tree. More of them: corners.test.ts.
 */
import { describe, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const compare = sideBySide({ look: lookAtTrees });
const compareLogs = sideBySide({
  look: "cut -d' ' -f4- log | sed '/^sent /d; s/ at [^ ]* \\[/ [/; s/=.*//; s/speedup.*//'",
});
const compareLogsOfThreads = sideBySide({ look: "cut -d' ' -f4- log | grep '+++'", env: { TSYNC_THREADS_FROM: "0" } });
const compareBackups = sideBySide({
  look: "find d/*~ /dev/shm/tsync-backups -type f,l -printf '%p %A@ %T@\\n' 2>/dev/null | sort; rm -rf /dev/shm/tsync-backups",
});
const dated = "find s d -exec touch -h -d @1500000000.5 {} +";

describe("--delete-missing-args with --relative", () => {
  const setup = `mkdir -p s/a/b d/s/no/b/c d/s/a; echo 1 >s/a/b/f; echo 2 >s/a/g; echo x >d/s/no/gone; echo y >d/s/no/b/gone
echo z >d/s/no/b/c/gone; echo w >d/s/a/gone; ${dated}`;
  test.each([
    ...["", "-n", "--delete"].map(
      (text) => `-aRi --no-i-r ${text} --delete-missing-args s/a/g s/no/gone s/no/b/gone s/no/b/c/gone d/`,
    ),
    "-aRin --no-i-r --delete-missing-args s/a/b/f s/no/gone s/no/b/gone s/no/b/c/gone d/",
    "-aRi --delete-missing-args s/a/g s/no/gone d/",
    "-aRin --no-implied-dirs --delete-missing-args s/no/b/c/gone s/a/b/f d/",
  ])("%s", (line) => {
    compare(setup, line);
  });

  test.each([
    "s/a/gone",
    "s/a/b/gone s/a/g",
    "s/a/gone s/a/b/gone",
    "s/a/b/gone s/a/x s/a/b/f",
    "s/a/gone s/a/b/",
    "s/no/gone --no-i-r",
  ])("makes the parents that are needed under --no-implied-dirs: %s", (names) => {
    compare(`${setup}; rm -r d/s`, `-aRi --no-implied-dirs --delete-missing-args ${names} d/`);
  });

  test.each([
    ...["", "-p", "-n", "--no-i-r", "--existing"].map((text) => `-rRi ${text} s/a/gone s/a/x`),
    "-rRi s/a/b/gone s/no/gone",
    "-rRi s/a/gone ./s/./ --delete",
  ])("tells of the default ACL of a parent that --no-implied-dirs does not make: %s", (text) => {
    compare(`${setup}; rm -r d/s`, `--no-implied-dirs --delete-missing-args ${text} d/`);
  });

  test.each(["ln -s no d/x", "ln -s x d/x", "ln -s /tmp d/x", "echo 1 >d/x"])(
    "a dry run tells of no default ACL of a new directory in the place of something else: %s",
    (other) => {
      for (const text of ["-rltAin --no-p s/ d/", "-rltAinR --no-p --no-implied-dirs s/./x d/"])
        compare(`mkdir -p s/x/y/z d; echo 1 >s/x/y/f; echo 2 >s/x/y/z/g; ${other}`, text);
    },
  );

  test.each(["s/x/gone s/f", "s/f s/x/gone"])("asks the rules of what is not there either: %s", (names) => {
    for (const made of ["d", "d/s/x", "d/s/x/gone"])
      for (const text of ["", "--del", "--no-implied-dirs"])
        compare(
          `mkdir -p s ${made}; touch s/f`,
          `-aRvv --no-i-r --delete-missing-args -f 'P gone' ${text} ${names} d/`,
        );
  });

  test("tells of the topmost of --no-implied-dirs that --existing leaves out", () => {
    compare(`${setup}; rm -r d/s`, "-aRvv --no-implied-dirs --existing s/a/b/f s/a/g d/");
  });
});

describe("--hard-links", () => {
  const setup = `mkdir -p s d; echo 1 >s/a; ln s/a s/b; ln s/a s/c; echo old >d/b; mkdir d/a; echo x >d/a/x; ${dated}`;
  test.each(["--no-i-r", "--no-i-r -n", "--existing --force", "--existing --force --no-i-r -b"])(
    "a member whose place is taken is tried again as a link: %s",
    (text) => {
      compare(setup, `-aHii ${text} s/ d/`);
    },
  );

  test.each(
    ["--existing", "--ignore-existing", "--existing --ignore-existing"].flatMap((text) =>
      ["x/f", "z/f", "z/g", "z/h"].map((name) => [text, name]),
    ),
  )("of names that are not made the latest is told again if the last is left alone: %s with %s there", (text, name) => {
    const links = "mkdir -p s/x s/z d/x d/z; ln -s q s/x/f; ln s/x/f s/z/f; ln s/x/f s/z/g; ln s/x/f s/z/h";
    compare(`${links}; ln -s q d/${name}; ${dated}`, `-rtHvv --no-i-r ${text} s/ d/`);
  });

  test("a member that had to clear its place is linked under --existing", () => {
    compare(`${setup}; rm -r d/a; mkfifo d/a`, "-aHii --existing s/ d/");
  });
});

describe("further names of a file with several directories of --link-dest", () => {
  const setup = `mkdir s a b d; echo 1 >s/f; ln s/f s/g; ln s/f s/h; cp -a s/. b/; cp -p s/g s/h a/; ${dated}
touch -d @1500000000.5 a/* b/*`;
  test.each(["-aHi", "-aHivv", "-aHin"])("%s: the one with the leader's inode counts, wherever it is", (text) => {
    compare(setup, `${text} --link-dest=../a --link-dest=../b s/ d/`);
    compare(`${setup}; chmod 600 a/h`, `${text} --link-dest=../a --link-dest=../b s/ d/`);
  });
});

test.each(["--progress --info=name0", "--info=progress,name0 -v", "--progress", "--info=progress"])(
  "%s: the name before the progress, where the format's line comes after the data",
  (text) => {
    compare(`mkdir s d; echo 1 >s/f; echo 2 >s/g; ${dated}`, `-a ${text} --out-format=%o:%c s/ d/`);
  },
);

test.each(["-rq --no-msgs2stderr", "-rnvvq --delete --stderr=client", "-rvvq --existing --stderr=client"])(
  "%s: remarks of the receiving side reach no log",
  (text) => {
    const setup = `mkdir s d; ln -s x s/l; echo 1 >s/f; echo 2 >s/g; cp -p s/g d/; echo 3 >d/x; ${dated}`;
    compareLogs(setup, `${text} --log-file=log s/ d/`);
  },
);

test.each(["-rU", "-aUU"])("%s --ignore-existing: another time of access is no change", (text) => {
  compare(
    `mkdir s d; echo 1 >s/f; echo 1 >d/f; ${dated}; touch -ad @1400000000 s/f`,
    `${text} --ignore-existing --info=skip2 s/ d/`,
  );
});

test.each(["-aAHi", "-aAHin", "-aAHib"])("%s: a member with an ACL in the place of a symbolic link", (text) => {
  const setup = `mkdir s d; echo 1 >s/f; setfacl -m u:5:r s/f; ln s/f s/g; cp -p s/f d/; ln -s f d/g; ${dated}`;
  compare(setup, `${text} s/ d/`);
});

describe("--copy-dest and the like", () => {
  const setup = `mkdir s alt d t; echo 1 >s/f; : >s/e; cp -a s/. alt/; chmod 600 s/*; mkdir d/t; ${dated}
touch -d @1500000000.5 t alt/*`;
  test.each([
    "-ai --temp-dir=t --copy-dest=../alt s/ d/",
    "-ai --temp-dir=no/ --link-dest=../alt s/f s/e d/",
    "-ain --mkpath --link-dest=../../../alt s/ d/new/er",
    "-ain --mkpath --copy-dest=../../alt --copy-dest=../alt s/ d/new",
  ])("%s", (line) => {
    compare(setup, line);
  });

  test("a log does not tell that one of them is not there", () => {
    compareLogs(setup, "-a --log-file=log --link-dest=../no s/ d/");
  });

  test("read times change with local copies, also of empty files and under --open-noatime", () => {
    const times = `${setup}; touch -a -d @1400000000 alt/*`;
    compare(times, "-aU --open-noatime --copy-dest=../alt s/ d/");
  });
});

test.each(["--append --cc=none", "--append-verify --cc=none,md5 --no-W", "--append --cc=md5,none"])("%s", (text) => {
  compare(`mkdir s d; echo 12 >s/f; printf 1 >d/f; ${dated}`, `-ai ${text} s/ d/`);
});

test.each(["-ai --progress --out-format=%b%n", "-a --progress --out-format=%%b%n", "-an -P --out-format=%'10C|%n"])(
  "a new destination is told of: %s",
  (line) => {
    compare(`mkdir s; echo 1 >s/f; ${dated.replace("s d", "s")}`, `${line} s/ d/`);
  },
);

describe("hard links of links and special files with alternate directories", () => {
  const setup = `mkdir s d alt; ln -s x s/a; ln s/a s/b; ln -s y s/c; ln s/c s/d; mkfifo s/p; ln s/p s/q; mkfifo s/r; ln s/r s/t
touch -h -d @1500000000 s/*; cp -a s/. alt/; rm alt/d alt/t; cp -a s/d alt/d; cp -a s/t alt/t; ${dated}`;
  test.each(["--link-dest", "--copy-dest", "--compare-dest"])("%s", (option) => {
    compare(setup, `-aHii --no-i-r ${option}=../alt s/ d/`);
    compare(`${setup}; rm alt/b alt/t`, `-aHin --no-i-r ${option}=../alt s/ d/`);
  });
});

test.each(["--stderr=client", "--stderr=errors", "--no-msgs2stderr"])(
  "the log has errors of the receiving side: %s",
  (text) => {
    const setup = `mkdir -p s d/f/x; echo 1 >s/f; echo 2 >s/ü; chmod 600 s/*; ${dated}`;
    compareLogs(setup, `-a ${text} --log-file=log s/ d/`);
    compareLogs(`${setup}; rm -r d; echo 1 >d`, `-a ${text} --log-file=log s/ d`);
  },
);

test("--copy-devices makes files without set-id and sticky bits", () => {
  compare(`mkdir s d; mknod s/n c 1 3; chmod 7565 s/n; ${dated}`, "-aii --copy-devices --out-format=%i|%B|%n s/ d/");
});

test.each([
  "-a --copy-unsafe-links --exclude=ln s/ln d/",
  "-aR --copy-unsafe-links --exclude=l2 s/d/l2 d/",
  "-aL --exclude=l2 s/d/l2 s/ln d/",
  "-aRL --exclude=l2/ s/d/l2 d/",
])("an argument that is a dangling link and left out: %s", (line) => {
  compare(`mkdir -p s/d d; ln -s /nonexistent/x s/ln; ln -s ../../../y s/d/l2; ${dated}`, line);
});

test.each(["-aii", "-aHiin", "-aUHi", "-aUvv", "-avv"])(
  "a file that is another name of the one in --link-dest already counts as what stands there: %s",
  (text) => {
    const setup = `mkdir -p s d a b; echo 1 >s/f; echo 2 >s/g; ln s/g s/h; cp -a s/. a; cp -a s/. b; ln a/f d/f; cp -a s/g d/g
${dated}; touch -a -d @1400000000 a/g s/f; touch -a -d @1300000000 s/g a/f`;
    compare(setup, `${text} --link-dest=../a s/ d/`);
    compare(setup, `${text} --link-dest=../b --link-dest=../a s/ d/`);
    compare(`${setup}; chmod 600 a/f`, `${text} --no-p --link-dest=../a s/ d/`);
  },
);

test.each(["", "-n", "-m", "--delete-during --no-i-r"])(
  "-R --no-implied-dirs makes the parents of an absolute argument: %s",
  (text) => {
    compare(`mkdir s d; ${dated}`, `-aRi --no-implied-dirs ${text} /etc/passwd d/`);
  },
);

test.each(["", "-n", "-b", "--exclude=*~", "--include=b* --exclude=*"])(
  "-vv tells of the rules for what a directory holds that is in the way: %s",
  (text) => {
    compare(
      `mkdir -p s d/f/sub; echo 1 >s/f; echo 2 >d/f/a~; echo 3 >d/f/b; ${dated}`,
      `-avv --include=/f ${text} --exclude=k* --include=b s/ d/`,
    );
  },
);

test.each([
  ["few large", 20000, ""],
  ["many small", 10, ""],
  ["few large", 20000, "--no-i-r"],
  ["many small", 10, "--delete-after --out-format=%o:%n%L"],
])("--remove-source-files tells of further names after %s files: -aHi %s %s", (_, bytes, more) => {
  const setup = `mkdir -p s/a s/b d; ln -s x s/a/l; for i in $(seq 100 170); do head -c ${bytes} /dev/zero >s/b/$i; done
for i in 105 115 145 155 165; do ln s/a/l s/b/\${i}l; done; ln s/b/101 s/a/x; ln s/b/109 s/a/y; ln s/b/160 s/a/z; ${dated}`;
  compare(setup, `-aHi --remove-source-files ${more} s/ d/`);
});

test.each(["", "--no-i-r", "-m --size-only"])(
  "further names come behind the items of a small tree: -aHi %s",
  (more) => {
    const setup = `mkdir -p s/a s/b d; ln -s x s/a/l; for i in $(seq 100 500); do ln -s x s/b/$i; done; echo 1 >s/b/101f
ln s/b/101f s/a/f; for i in 120 450; do ln s/a/l s/b/\${i}l; done; ${dated}`;
    compare(setup, `-aHi ${more} s/ d/`);
  },
);

test("--fuzzy weighs what stands before the first common letter less", () => {
  const setup = `mkdir s d; : >s/.excludes; echo 1 >d/..two-dots; echo 2 >d/core~; chmod 711 d/..two-dots; chmod 640 d/core~; ${dated}`;
  compare(setup, "-rvi -y s/ d/");
});

test.each(["-i", "-v", "-vv"])("a format without %%i does not log links in which nothing else is new: %s", (text) => {
  const setup = `mkdir s d a; echo 1 >s/f; ln s/f s/g; ln s/f s/h; cp -a s/. a; echo 2 >s/n; ln s/n s/m; ${dated}`;
  for (const format of ["%n", "%i%n"])
    compareLogs(setup, `-aH --no-i-r ${text} --log-file=log --log-file-format=${format} --copy-dest=../a s/ d/`);
});

test.each(["-aUvvn", "-aUiin", "-aUvvnJ", "-aUvv"])("a dry run tells of links by their time of access: %s", (text) => {
  const setup = `mkdir s d; ln -s x s/a; ln -s x s/b; echo 1 >s/f; mkfifo s/p; cp -a s/. d/; ${dated}
touch -h -a -d @1300000000 s/* d/b; touch -h -a -d @1400000000 d/[afp]`;
  compare(setup, `${text} s/ d/`);
});

test.each(["-rLi -x", "-rLi", "-rki -x", "-rLi -xx --no-i-r"])("a circle of links in the source: %s", (text) => {
  compare(`mkdir -p s/g d; echo 1 >s/g/f; ln -s . s/g/ln; ${dated}`, `${text} s/ d/`);
});

describe("a backup that is copied keeps the time of access", () => {
  const setup = `mkdir s d; seq 20 >s/f; seq 10 >d/f; ln -s a s/l; ln -s b d/l; ${dated}
find d -exec touch -h -a -d @1300000000.5 {} +; rm -rf /dev/shm/tsync-backups`;
  test.each(["-aUb --append --no-W", "-rUb --append --no-W", "-aUUb --inplace -W"])("%s", (text) => {
    compareBackups(setup, `${text} s/ d/`);
  });

  test.each(["-rpUb", "-aUb", "-aUJOb"])("on another file system: %s", (text) => {
    compareBackups(setup, `${text} --backup-dir=/dev/shm/tsync-backups s/ d/`);
  });
});

test.each(["-rDA", "-rDA --no-i-r", "-rDAR"])("the top's own default ACL counts once it has been left: %s", (text) => {
  const setup = `mkdir -p s/a s/x; : >s/f; : >s/x/f; chmod -R 777 s; mkfifo -m 777 s/p s/a/p`;
  const acl = "setfacl -d -m u:1:rwx,g::-wx";
  for (const more of [`${acl} s`, `${acl} s s/a; mkdir d`, `mkdir d; ${acl} d`, `${acl} .`])
    compare(`${setup}; ${more}`, `${text} s/./ d`);
});

test.each([
  "-aA --no-p -i --chmod=a+X",
  "-aAE --no-p -ii --chmod=g=wx",
  "-aA --no-p -i --chmod=g=r",
  "-aA -i --chmod=a+X",
])("an entry of an ACL that is left out stands for the mode that the object is to get: %s", (text) => {
  const setup = `mkdir -p s/x d; : >s/f; setfacl -m u:1:x,g::wx,m::w s/f s/x; cp -a s/. d; ${dated}`;
  compare(setup, `${text} s/ d/`);
});

test.each([
  "s s/ s",
  "s t/ s",
  "s u/s s",
  "s t/k s s",
  "s ./s ./s s s",
  "s u/../s s u/../s s",
  "u/s t/ u/s",
  "-R s/a u/./s s/a",
])("the total of directories that are named again after other arguments: %s", (names) => {
  const setup = `mkdir -p s/a t u/s d; echo 1234 >s/f; echo 12345678 >s/a/g; echo 1 >t/k; echo 123456 >u/s/l; ${dated}`;
  compare(setup, `-anv ${names} d/`);
});

describe("errors of the sender with a reached deletion limit", () => {
  const setup = `mkdir -p s d/s; echo 1 >s/f; ln -s nowhere s/l; echo 2 >d/gone; echo 3 >d/s/gone; ${dated}`;
  const ways = ["--delete", "--delete-delay", "--delete-after", "--delete-before", "--delete --no-i-r"];
  const lines = ways.flatMap((way) => [
    `-rL ${way} --max-delete=0 s/ d/`,
    `-r ${way} --max-delete=0 s/y/missing s/ d/`,
  ]);
  test.each(lines.flatMap((line) => [`--ignore-errors ${line}`, line]))("%s", (line) => void compare(setup, line));
});

test.each(["", "--no-i-r", "--log-file-format='%i %n %l'"])(
  "a log has files in the order of the list: %s",
  (options) => {
    const setup = `mkdir -p d s/{a..d}/{1..9}; for x in s/*/*; do (cd $x; seq 40 | split -l 1 -a 3; ln -s xaaa ln; mkdir e); done
    head -c 3000000 /dev/zero >s/a/1/xaac`;
    compareLogsOfThreads(setup, `-a --log-file=log ${options} s/ d/`);
  },
);
