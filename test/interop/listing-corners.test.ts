/**
 * Corners of what the sender lists, and when, that random cases of the whole option table came upon, against the installed rsync. The
 * others: local-corners.test.ts, whole-corners.test.ts.
 */
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const compare = sideBySide({ look: lookAtTrees });
const dated = "find s d -exec touch -h -d @1500000000.5 {} +";

describe("--delete-before after an error of reading tells of it where a directory stands at the destination", () => {
  const setup = "mkdir -p s/b; ln -s nowhere s/b/l";
  test.each(["", "mkdir d", "mkdir -p d/s", "mkdir d; echo 1 >d/s", "mkdir -p d d/e; ln -s e d/s"])("%s", (text) => {
    compare(`${setup}; ${text}`, "-rL --delete-before s d/");
    compare(`${setup}; ${text}`, "-rLK --delete-before s d/");
  });
});

describe("-cU has the times of access from before a file was read for its digest", () => {
  const look = "find d -type f -printf '%p %A@\\n' | sort";
  const compareTimes = sideBySide({ look });
  const setup = "mkdir -p s/a s/b d; echo 1 >s/a/f; echo 2 >s/a/g; ln s/a/f s/a/h";
  test.each(["--i-r", "--no-i-r"])("%s", (recursion) => {
    for (const sources of ["s/a s/", "-R s/a s/a/f", "-R s/a/h s/a"]) {
      compareTimes(`${setup}; ${dated}`, `-rtcU ${recursion} ${sources} d/`);
      // Without -H the first name is that of the directory that the file system lists first.
      compareTimes(`${setup}; ln s/a/f s/b/f; ${dated}`, `-rtcUH ${recursion} ${sources} d/`);
    }
    compareTimes(`${setup}; printf 'a\\na/g\\na/f\\n' >list; ${dated}`, `-rtcU ${recursion} --files-from=list s d/`);
  });
  // Of two links that are followed the first one is in the directory that the file system lists first.
  test.each(["-L --i-r", "-L --no-i-r", "--copy-unsafe-links --no-i-r", "-LH --no-i-r"])("%s", (options) => {
    for (const names of ["a b c", "c b a", "b c a"]) {
      const links = `mkdir s d o; echo 1 >o/f; for i in ${names}; do mkdir -p s/$i; ln -s $PWD/o/f s/$i/f; done`;
      compareTimes(`${links}; find s d o -exec touch -h -d @1500000000.5 {} +`, `-rtcU ${options} s/ d/`);
    }
  });
});

test.each(["-aik", "-aiL", "-aikR"])(
  "%s --insecure-links --remove-source-files removes what links lead to",
  (options) => {
    const setup = "mkdir -p s/k o/q d; echo 1 >s/f; echo 2 >o/f; echo 3 >o/q/f; ln -s ../o s/l; ln -s $PWD/o/q s/k/m";
    compare(setup, `${options} --remove-source-files s/ d/`);
    compare(setup, `${options} --insecure-links --remove-source-files s/ d/`);
  },
);

test.each(["-R", "-Rv", "-dR", "-rR --no-implied-dirs", "-R --delete-missing-args"])(
  "%s --list-only /PATH",
  (options) => {
    compare("mkdir d", `${options} --list-only /usr/bin/env d/`);
    compare("mkdir d", `${options} --list-only /usr/bin/no-such-name d/`);
  },
);

test.each(["-rLn", "-rLRni", "-rLn --no-i-r", "-rLnv --exclude=x*", "-rLn -e ./shell --rsync-path=rsync"])(
  "names that are as long as they can be, and longer: %s",
  (options) => {
    const name = (letter: string, length: number) => letter.repeat(length);
    const files = [78, 79, 80].map((length) => `s/${name("x", length)}`).join(" ");
    const links = `ln -s . s/${name("l", 250)}`;
    const shell = "printf '#!/bin/sh\nshift\nexec sh -c \"$*\"\n' >shell; chmod 755 shell";
    const source = options.includes("shell") ? "h:s/" : "s/";
    const setup = `mkdir -p s/${name("d", 78)} s/${name("d", 79)} s/${name("d", 80)}; touch ${files}; ${links}; ${shell}`;
    const { errors } = compare(setup, `${options} --info=name ${source} d/`);
    expect(errors.some((line) => line.startsWith("filename overflows max-path len by 1: "))).toBe(true);
  },
);

test.each(["-avv", "-avvr", "-avvr --no-i-r", "-avvrR"])(
  "names of a list that a rule speaks for are told of in the list of their directory too: %s",
  (options) => {
    for (const names of ["a/f", "a/f a", "a a/f", "a/f a/k", "./a/f ./a/k a", "a/b/f a/f"])
      compare(
        `mkdir -p s/a/b; touch s/a/f s/a/k s/a/h s/a/b/f; echo ${names} | tr ' ' '\\n' >list`,
        `${options} --include=f --exclude=h --files-from=list s d/`,
      );
  },
);
