/**
 * Corners of pulls that random cases between two machines came upon, one small tree each: tsync as the client of the installed rsync
 * has the same text, exit code and tree (docs/spec/2-file-list 4.3, 9.2; 3-transfer 1.5, 1.7, 9.6).
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const compare = sideBySide({ look: lookAtTrees });
const remoteShell = '#!/bin/sh\nshift\nexec sh -c "$*"\n';
const placeShell = `cat >shell <<'END'\n${remoteShell}END\nchmod 755 shell`;

/** One case; times are set before `after`, which changes the trees once more. */
function pull(setup: string, line: string, after = "true"): ReturnType<typeof compare> {
  const dated = "find s d -exec touch -h -d @1500000000.5 {} +";
  // How many frames carry the data is a matter of moments.
  return compare(`${setup}; ${dated}; ${after}; ${placeShell}`, `-e ./shell --info=stats0 ${line}`);
}

describe("-R with parents that are not listed", () => {
  const setup = "mkdir -p s/a d/s/no; echo 1 >s/a/f; echo 2 >s/h; echo 3 >d/s/no/gone";
  test.each(["--protocol=29", "--protocol=28", "--no-i-r", ""])("missing arguments are deleted: %s", (options) => {
    for (const more of ["", "--delete", "-n", "-m --no-i-r"])
      if (more !== "-m --no-i-r" || options !== "--protocol=28")
        pull(setup, `-aRii --delete-missing-args ${options} ${more} h:s/no/gone :s/no/gone2 :s/h d/`);
  });

  test.each([28, 29])("without implied directories protocol %i cannot go on", (protocol) => {
    const folder = mkdtempSync(join(tmpdir(), "tsync-absent-"));
    try {
      const shell = join(folder, "shell");
      writeFileSync(shell, remoteShell);
      chmodSync(shell, 0o755);
      const ends = ["rsync", join(import.meta.dirname, "../../bin/tsync")].map((client) => {
        spawnSync("sh", ["-c", "rm -rf s d; mkdir -p s/a d; echo 1 >s/a/f"], { cwd: folder });
        const words = ["-aR", "--no-implied-dirs", `--protocol=${protocol}`, "-e", shell, "h:s/a/f", "d/"];
        const { status, stderr } = spawnSync(client, words, { cwd: folder, encoding: "latin1" });
        const said = stderr.split("\n").filter((line) => line.startsWith("ABORTING"));
        return { status, said, left: spawnSync("ls", [join(folder, "d")], { encoding: "latin1" }).stdout };
      });
      expect(ends[0]).toEqual({ status: 2, said: ["ABORTING due to invalid path from sender: s/a/f"], left: "" });
      expect(ends[1]).toEqual(ends[0]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test.each(["", "--delete", "-n", "--no-i-r"])(
  "--no-implied-dirs: a directory that is implied and asked for too counts as asked for: %s",
  (options) => {
    const setup = "mkdir -p s/g/h d/s/g/h; echo 1 >s/g/f; echo 2 >s/g/h/k; echo 3 >d/s/g/extra; chmod 750 s/g s/g/h";
    pull(setup, `-aRi --no-implied-dirs ${options} h:s/g/h/k :s/g d/`);
    pull(`${setup}; rm -r d/s`, `-aRi --no-implied-dirs ${options} h:s/g/h/k :s/g d/`);
  },
);

test.each(["-avvcn", "-avvc", "-avvcnU", "-avvcnO --no-t", "-avvn"])(
  "times that differ below the second: %s",
  (options) => {
    const setup = "mkdir s d; echo 1 >s/f; echo 2 >s/g; cp s/* d";
    pull(setup, `${options} h:s/ d/`, "touch -d @1500000000.25 d/f");
    pull(setup, `${options} --protocol=30 h:s/ d/`);
  },
);

test.each(["", "-z", "--protocol=27", "--no-i-r -c", "--inplace", "-n"])(
  "bytes that a file took, of a pull: %s",
  (options) => {
    const setup =
      "mkdir s d; for i in 1 2 3; do seq $((i * 999)) >s/f$i; done; seq 5 700 >d/f1; seq 5 700 >d/f3; seq 50000 >s/g; cp s/f2 d/f22";
    pull(setup, `-a --no-W --out-format=%i_%n_%b_%c --checksum-seed=5 ${options} h:s/ d/`);
  },
);

test.each(["mkfifo -m 755 d/f", "mknod -m 711 d/f c 240 9", "ln -s x d/f", "echo x >d/f; chmod 711 d/f"])(
  "--link-dest -U gives the file of the alternate directory the mode of what stood there: %s",
  (made) => {
    pull("mkdir s d a; echo 1 >s/f; chmod 640 s/f; cp -p s/f a", "-rUi --link-dest=../a h:s/ d/", made);
  },
);

test.each(["", "--from0"])("names of a list that would be comments here: %s", (options) => {
  const [setup, end] = ["mkdir -p 's/# h' 's/; s' d; touch 's/# h/f' 's/; s/g' s/k", options === "" ? "\\n" : "\\0"];
  const list = `printf 'k${end}# h/f${end}; s/g${end}# no${end}' >list`;
  expect(pull(setup, `-ai ${options} --files-from=list h:s/ d/`, list).output.items).toContain(">f+++++++++ # h/f");
  pull(setup, `-ai ${options} --files-from=h:list h:s/ d/`, list);
});

test.each(["--old-args", "--files-from=h:list", "--trust-sender", ""])(
  "what the own rules exclude is refused: %s",
  (options) => {
    // The sender is told to include it.
    const { status } = pull(
      "mkdir s d; echo 1 >s/f; echo 1 >s/g; printf 'f\\ng\\n' >list",
      `-a ${options} -M--include=f --exclude=f h:s/ d/`,
    );
    expect(status).toBe(options === "--trust-sender" ? 0 : 4);
  },
);

test.each(["-f+_n*", "-fmerge_rules", "--include-from=rules", "-f+_n* --delete", "-f+_n* -f:_.f"])(
  "the generator tells of names in later lists that an own rule speaks for: %s",
  (rule) => {
    const setup = "mkdir -p s/a/b d; touch s/n1 s/a/n2 s/a/k s/a/b/n3; mkdir s/a/nd; echo '+ n*' >rules";
    for (const options of ["", "-i", "-n", "--protocol=30", "--no-i-r", "--trust-sender", "--list-only", "-q"])
      pull(setup, `-avv ${rule} ${options} h:s/ d/`);
  },
);

test.each(["", "-8", "-s", "--debug=cmd2"])("a command has the bytes of its names escaped: %s", (options) => {
  pull("mkdir s d; echo 1 >s/gr\u00fcn", `-avv ${options} h:s/gr\u00fcn d/`);
});

test.each([0, 1, 23, 24, 25, 99])("what the other side ends with comes first: %i", (code) => {
  const shell = `printf '#!/bin/sh\\nshift\\nsh -c "$*"\\nexit ${code}\\n' >shell2; chmod 755 shell2`;
  const ends = (line: string): number | null => pull("mkdir s d; touch s/f d/gone", line, shell).status;
  expect(ends("-a -e ./shell2 h:s/ d/")).toBe(code);
  // By itself 25.
  const status = ends("-a -e ./shell2 --max-delete=0 --delete-missing-args h:s/f h:s/gone d/");
  expect(status).toBe(code === 0 ? 25 : code);
});

test.each([
  "-rv",
  "-rpv",
  "-rtOv --usermap=*:3 -o",
  "-rogv --chown=1:1",
  "-rpAvO",
  "-aAOv --no-i-r",
  "-rpv --chmod=D2775",
  "-aOvb",
])("new directories that get something they were not made with are named: %s", (options) => {
  const setup =
    "mkdir -p s/a s/b/c s/e/g d/b; chmod 700 s/b; setfacl -d -m u:2:r s/e; setfacl -m u:3:r s/a; echo 1 >s/a/f";
  const logged = (program: string): unknown => {
    const folder = mkdtempSync(join(tmpdir(), "tsync-names-"));
    try {
      writeFileSync(join(folder, "shell"), remoteShell);
      chmodSync(join(folder, "shell"), 0o755);
      const words = `${options} -e ./shell --log-file-format=%n --log-file=log h:s/ d/`.split(" ");
      spawnSync("bash", ["-c", setup], { cwd: folder });
      spawnSync(program, words, { cwd: folder });
      return spawnSync("sh", ["-c", "sed -n '/ sent /d; s/^.*\\] //p' log | sort"], { cwd: folder, encoding: "latin1" })
        .stdout;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  expect(logged(join(import.meta.dirname, "../../bin/tsync"))).toEqual(logged("rsync"));
});

test.each(["--protocol=29", "--protocol=27 -c", "--protocol=28 -n", "--protocol=30", "--protocol=30 -c"])(
  "digests are shown from protocol 30 on: %s",
  (options) => {
    pull("mkdir s d; for i in 1 2; do seq 99$i >s/f$i; done", `-a ${options} --out-format=%n_%C h:s/ d/`);
  },
);

describe("a server that cannot begin its list leaves without a word", () => {
  const serve = (server: string, words: string): unknown => {
    const folder = mkdtempSync(join(tmpdir(), "tsync-base-"));
    try {
      writeFileSync(join(folder, "shell"), remoteShell);
      chmodSync(join(folder, "shell"), 0o755);
      spawnSync("bash", ["-c", "mkdir s s2 t1 d; echo f >list; echo 1 >t1/f"], { cwd: folder });
      const args = `-a -e ./shell --rsync-path=${server} ${words} d/`.split(" ");
      const { status, stderr } = spawnSync("rsync", args, { cwd: folder, encoding: "latin1" });
      const closed = stderr.split("\n").filter((line) => /unexpectedly closed/.test(line));
      return { status, closed, left: spawnSync("ls", ["d"], { cwd: folder, encoding: "latin1" }).stdout };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  test.each([
    ["--files-from=list h:no", 12],
    ["-R h:s/../s/f", 12],
    ["-s --files-from=list h:s*", 12],
    ["-s --files-from=list h:t*", 0],
    ["--files-from=list h:s*", 12],
  ])("%s", (words, code) => {
    const expected = serve("rsync", words);
    expect(expected).toMatchObject({ status: code });
    expect(serve(join(import.meta.dirname, "../../bin/tsync"), words)).toEqual(expected);
  });
});

test.each(["-aR", "-aR --no-i-r", "-aR --protocol=29"])(
  "a parent of missing arguments that is a link to nothing is told as that: %s",
  (options) => {
    const setup = "mkdir s d; ln -s none s/x; echo 1 >s/f";
    expect(pull(setup, `${options} --delete-missing-args h:s/x/gone :s/f d/`).status).toBe(23);
    expect(compare(setup, `${options} --delete-missing-args s/x/gone s/f d/`).status).toBe(23);
  },
);

test.each(["-rog", "-rgp --protocol=28", "-rogn --no-i-r", "-rogv --protocol=27"])(
  "owners and groups are told as they are given: %s",
  (options) => {
    const maps = "--usermap=*:1 --groupmap=0:7 --out-format=%U_%G_%n";
    pull("mkdir -p s/a d; echo 1 >s/f; echo 2 >s/a/g; chown 3:3 s/f", `${options} ${maps} h:s/ d/`);
  },
);

// The sender is told to include everything, so that only the client heeds the rules.
test.each([
  ["-/_/**/d/a/f", "", 4],
  ["-/_/**/d/a/f", "--no-i-r", 0],
  ["-/_/**/d/k", "", 0],
  ["-/!_/**", "", 0],
  ["-/_*/a", "", 4],
  ["-r_f", "", 0],
  ["-rs_f", "", 4],
  ["P!/_/.git/*", "-f -_[!k]*", 4],
  ["-_f", "-f :_.rules", 0],
  ["-_f", "-C", 0],
  ["-_f", "-R", 4],
  ["-_/a", "-R", 4],
])("names that a client's rules refuse: %s %s: %i", (rule, options, code) => {
  const line = `-ai -M--include=* -f ${rule} ${options} h:s/${options === "-R" ? "./" : ""} d/`;
  expect(pull("mkdir -p s/a d; touch s/a/f s/k s/l", line).status).toBe(code);
});

test("names that a client's rules refuse are told with the slash that they have", () => {
  const { status } = pull("mkdir d; touch s", "-aRi -M--include=* -f -/_/usr h:/usr/lib/os-release d/");
  expect(status).toBe(4);
});

describe("merge files of a directory that is a mere parent, or has no content in the list", () => {
  test.each(["--delete", "--delete-before", "--delete-after", "--delete-delay", "--delete --no-i-r"])(
    "%s",
    (options) => {
      const setup = "mkdir -p s/a/b d/a/b; touch s/a/b/g d/a/b/x d/a/b/y d/a/x";
      const rules = "printf 'P x\\n' >d/a/.r";
      const told = pull(setup, `-rRi ${options} -f :_.r h:s/./a/b d/`, rules).output.generator;
      expect(told).toContain("*deleting   a/b/y");
      expect(told).not.toContain("*deleting   a/b/x");
      // A file that is no merge file is found to be wrong.
      for (const line of [`-rRi ${options} -f :_.r h:s/./a/b d/`, `-di ${options} -f :_.r h:s/a d/`])
        expect(pull(setup, line, "printf 'foo bar\\n' >d/a/.r").status).toBe(1);
    },
  );
});

test.each(["--link-dest", "--copy-dest", "--compare-dest"])(
  "-X without -p: modes of directories that %s has",
  (option) => {
    const setup = `mkdir -p s/d1 s/d2 s/d3 d a/d1 a/d2; chmod 777 s/* a/*; for f in s/d1 s/d2 s/d3 a/d1; do setfattr -n user.x -v 1 $f; done
setfattr -n user.x -v 2 a/d2`;
    // Only what the receiver has to change gets the whole mode of the source.
    for (const line of ["-rX", "-rtX --no-i-r"]) {
      const modes = pull(setup, `${line} ${option}=../a h:s/ d/`).trees.filter((name) => /^\.\/d\/d\d d /.test(name));
      expect(modes.map((text) => text.split(" ")[2])).toEqual(["755", "777", "777"]);
    }
  },
);

test.each(["", "-W", "-z", "--inplace"])("data of a file that cannot be made counts: %s", (options) => {
  const folder = mkdtempSync(join(tmpdir(), "tsync-uncounted-"));
  try {
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "shell"), remoteShell, { mode: 0o755 });
    const setup = "umask 22; mkdir -p s/a d/a; seq 9000 >s/a/f; seq 7 >s/a/g; (seq 9000; echo x) >d/a/f";
    spawnSync("sh", ["-c", setup], { cwd: folder });
    const told = ["rsync", join(import.meta.dirname, "../../bin/tsync")].map((client) => {
      const words = ["-r", "--stats", ...options.split(" ").filter(Boolean), "-e", "./shell", "h:s/", "d/"];
      const { stdout } = spawnSync(client, words, { cwd: folder, encoding: "latin1", uid: 65_534, gid: 65_534 });
      return stdout.split("\n").filter((line) => /^(Literal|Matched) data/.test(line));
    });
    expect(told[0]?.[0]).toMatch(/^Literal data: [1-9]/);
    expect(told[1]).toEqual(told[0]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(["../f", "x/../f", ".."])("a listed name with .. asks for nothing: %s", (name) => {
  const setup = `mkdir -p s d; echo 1 >s/f; echo ${name} >list`;
  expect(pull(setup, "-ai --files-from=list h:s d/").status).toBe(4);
  pull(setup, "-ai --no-R --files-from=list h:s d/");
  // What is missing there would be deleted here.
  expect(
    pull(`${setup}; rm s/f; echo 2 >d/f`, "-ai --delete-missing-args --files-from=list h:s d/").trees.join(),
  ).toMatch("/d/f ");
});

test.each(["", "-p", "--inplace", "-p --inplace"])(
  "-X: an ACL that a rule lets pass is an attribute: %s",
  (options) => {
    // A new file has its mode before that as far as its owner goes, and it is set again where that is not all.
    const names = ["600", "700", "702", "400", "711"];
    const setup = `mkdir s d; for m in ${names.join(" ")}; do echo $m >s/$m; setfacl -m u:1:r s/$m; chmod $m s/$m; done; echo 1 >d/700; echo 2 >d/711`;
    expect(pull(setup, `-rX ${options} --filter=+x_user.a h:s/ d/`).trees.join()).toMatch("/d/702 f 70");
  },
);

test.each(["-rlti", "-rlpti", "-rii"])(
  "a new destination that is not the first entry of an old list: %s",
  (options) => {
    for (const protocol of [27, 28, 29])
      compare(`mkdir -p s/sub; touch s/,b s/f; ${placeShell}`, `-e ./shell ${options} --protocol=${protocol} h:s/ d/`);
  },
);

test.each(["", "-n", "--protocol=27", "--protocol=27 -q"])(
  "a name that this machine does not have is told of behind the header of the list: %s",
  (options) => {
    const setup = "mkdir s d; echo 1 >s/.x; echo 2 >s/f";
    pull(setup, `-avv --no-i-r --exclude=.x --chown=nosuchuser:nosuchgroup ${options} h:s/ d/`);
  },
);

test.each(["", "-n", "--delete"])("rules that keep what comes before work begins are not told of: %s", (options) => {
  const setup = "mkdir -p s/e t d; touch s/g s/x s/e/g t/g";
  for (const sources of ["h:s", "h:s/", "h:s :t"]) pull(setup, `-rvv --include=g ${options} ${sources} d/`);
});
