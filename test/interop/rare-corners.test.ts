/**
 * More corners that random cases of the whole option table came upon, one small tree each, against the installed rsync: the same
 * text, exit code and tree. The others: corners.test.ts, whole-corners.test.ts.
 */
import { describe, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const compare = sideBySide({ look: lookAtTrees });
const dated = "find s d -exec touch -h -d @1500000000.5 {} +";

test("--no-implied-dirs makes the parents of an absolute argument", () => {
  compare(`mkdir -p s/b d; echo 1 >s/b/f; ${dated}`, "-aRi --no-implied-dirs /proc/self/cwd/s/b/ d/");
});

describe("--mkpath with something in the way", () => {
  const setup = `mkdir s d; echo 1 >s/f; echo x >d/file; ln -s file d/link; ln -s none d/nowhere; ln -s ../s/f/ d/odd; ${dated}`;
  test.each([
    ...["s/ d/file/new/er", "s/f d/file/new/er", "s/ d/file/new/", "s/f d/file/new", "s/ d/file/"],
    ...["s/ d/link/new/er", "s/f d/nowhere/new/er", "s/f d/nowhere/new", "s/ d/nowhere/", "s/f d/odd/new"],
  ])("%s", (names) => {
    compare(setup, `-a --mkpath ${names}`);
    compare(setup, `-an --mkpath ${names}`);
  });
});
