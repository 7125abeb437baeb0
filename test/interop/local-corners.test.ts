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
