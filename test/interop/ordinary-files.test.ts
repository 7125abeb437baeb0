/** An ordinary user and files of the destination that belong to somebody else. Needs root, to make the trees. */
import { describe, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const nobody = 65534;
const check = sideBySide({ look: lookAtTrees, user: nobody });

function checkAll(setup: string, commands: readonly string[]): void {
  test.each(commands)("%s", (line) => void check(setup, line));
}

describe("a file of somebody else that is written in place, and its ACL", () => {
  const make = (rest: string) => `mkdir s d; echo 123 >s/f; echo 12 >d/f; chmod 664 s/f d/f; ${rest}
find s d -exec touch -hd @1500000000 {} +; chown -R ${nobody}:${nobody} s d; chown 5 d/f`;
  checkAll(make(""), ["-rAi --inplace s/ d/", "-rAX --append s/ d/", "-rAi --inplace --chmod=F644 s/ d/"]);
  const lines = ["-rAi --inplace s/ d/", "-rAi --append --no-W s/ d/"];
  checkAll(make("setfacl -m u:7:rwx s/f; setfacl -m u:7:rwx d/f"), lines);
  checkAll(make("setfacl -m u:7:rwx s/f; setfacl -m u:8:rwx d/f"), lines);
  checkAll(make("setfacl -m u:8:rwx d/f"), lines);
});
