/**
 * Which blocks of a file `--sparse` leaves out, against the installed rsync: in new files, in files that are changed in place or
 * by delta, in reserved space, and in what comes from another directory (3-transfer 5.1.6).
 */
import { describe, test } from "vitest";
import { sideBySide } from "../support/side-by-side.ts";

const compare = sideBySide({
  look: `find d -type f -printf '%p %b %s %m\\n' | sort; find d -type f -exec md5sum {} + | sort`,
});

/**
 * Files that begin with, hold and end in zeros, runs that are no multiple of a block, and copies of them without a hole: with
 * other modes, other times, other bytes here and there, and at another place.
 */
const setup = `mkdir s alt d; z() { head -c $1 /dev/zero; }; x() { yes "$2 some text" | head -c $1; }
(z 75000; x 74096 a; z 70000) >s/ends; (x 51160 b; z 32768) >s/tail; (x 5000 c; z 70100; x 8192 d) >s/middle
(z 8192; x 700 e; z 70000; x 45056 f) >s/runs; z 100000 >s/zeros; (x 4096 g; z 4096; x 4096 h; z 8192; x 1 i) >s/aligned
for f in s/*; do g=\${f#s/}; cp -p $f alt/$g; cp -p $f s/mode-$g; cp -p $f alt/mode-$g; chmod 600 alt/mode-$g; cp -p $f s/time-$g
cp -p $f alt/time-$g; touch -d @1000000 alt/time-$g; cp -p $f s/moved-$g; (echo moved; cat $f) >alt/moved-$g
cp -p $f s/short-$g; head -c 9000 $f >alt/short-$g; done`;

const options = ["", "--preallocate", "--inplace", "--inplace --preallocate", "--no-W", "--no-W --preallocate"];
const basis = ["--no-W --inplace", "--no-W --inplace -B5000", "--no-W --inplace -B131072"];

describe("--sparse", () => {
  test.each([...options, ...basis])("onto files that are there: %s", (text) => {
    compare(`${setup}; cp -a alt/. d/`, `-aS ${text} s/ d/`);
  });

  test.each(["--copy-dest", "--link-dest", "--compare-dest"])("with %s", (option) => {
    compare(setup, `-aS ${option}=../alt s/ d/`);
    if (option === "--copy-dest") compare(setup, `-aS --no-W --preallocate ${option}=../alt s/ d/`);
  });
});
