/**
 * What a sender writes is what rsync writes, byte for byte: the lists, their order and the flags of directories that several
 * arguments name (docs/spec/2-file-list 4.6, 9.1, 9.2).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession } from "../golden/explain-session.ts";
import { runTeeSession } from "../support/tee-session.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-order-"));
  const made = `mkdir -p s/a/b/c s/a/d s/h/i t/a/b d
    for f in s/a/x s/a/b/y s/a/b/c/z s/a/d/v s/h/k s/h/i/j s/l t/a/x t/a/b/w; do echo $f >$f; done
    find s t -exec touch -d @1600000000 {} +`;
  expect(spawnSync("bash", ["-c", made], { cwd: folder }).status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All data of a dry run on its way to the server, without frames. */
function sentBy(client: string, line: string): string {
  const [options = "", operands = "", listed] = line.split(" : ");
  if (listed !== undefined) writeFileSync(join(folder, "list"), `${listed.replaceAll(" ", "\n")}\n`);
  const words = ["-n", "--checksum-seed=5", ...options.split(" ")];
  if (listed !== undefined) words.push("--files-from=list");
  const { toServer, toClient } = runTeeSession(folder, words, operands.split(" "), `h:${folder}/d/`, client);
  const stream = openSession({ options: words, direction: "push", toServer, toClient }, 4096).toServer;
  const start = stream.position;
  while (!stream.atEnd) stream.read((reader) => reader.view(reader.available));
  return stream.bytesSince(start).toString("latin1");
}

test.each([
  // An argument is scanned to its end before the next; which of equal entries is the first follows from that.
  "-rt --no-i-r : s/ s/a t/",
  "-rt --no-i-r : s/a/ t/a/ s/a/b",
  "-rtR --no-i-r : s/h s/a s/a/b s/h/k",
  "-rtR --no-i-r : s/a/b/y s/l s/a t/a/b s/a/",
  "-rtR --no-i-r --protocol=29 : s/a/b/y s/l s/",
  "-rtR --no-i-r --no-implied-dirs : s/h/k s/a/b s/h",
  "-aR --no-i-r --delete-missing-args : s/a s/gone s/a/gone s/h",
  "-a : s/ : h/k a/b/y h/gone h/k ./a/b/y",
  "-at : s/ : h/i/j a/b/ ./h a/ h/",
  "-art --no-i-r : s/ : a/b/c h a ./a/x h/k",
  // With incremental recursion an implied directory brings what it is implied for.
  "-rtR : s/a/x s/h s/a s/h/k s/a/b/y",
  "-rtR : s/a s/a/x s/a/b/y",
  "-rtR : s/a/x s/a s/a/b/y s/./a/d/v",
  "-rt : s/ : . a/b/c ./l",
])("a sender's records: %s", (line) => {
  expect(sentBy(tsync, line)).toBe(sentBy("rsync", line));
});
