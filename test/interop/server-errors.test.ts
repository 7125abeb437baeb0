/** What a server says of arguments that are wrong, and which of them it lets pass, as rsync's (1-session 2.2). */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { tsyncProgram } from "../hostile/support.ts";

/** The code and what is said before the last line, which names the program. */
function answer(program: string, argument: string): { status: number | null; lines: string[] } {
  const args = ["--server", "-logDtpre.LsfxCIvu", argument, ".", "/nonexistent/d"];
  const { status, stderr } = spawnSync(program, args, { input: "", encoding: "utf8", timeout: 20_000 });
  return { status, lines: stderr.split("\n").filter((line) => !line.startsWith("rsync error:")) };
}

test.each([
  "--bogus",
  "-Q",
  "--timeout=z",
  "--timeout=99999999999",
  "--recursive=yes",
  "--max-size=abc",
  "--bwlimit=x",
  "--block-size=-1",
  "--chmod=zz",
  "--stop-at=foo",
  "--stop-after=x",
  "--max-alloc=z",
  // A newer client may know more words.
  "--info=newer2",
  "--info=stats2,newer",
  "--debug=newer",
  "--outbuf=Q",
])("%s", (argument) => {
  expect(answer(tsyncProgram, argument)).toEqual(answer("rsync", argument));
});
