/**
 * Proves that the differential test can fail: rsync behind a script that spoils one thing must be told from rsync.
 */
import { mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromText } from "../../src/bytes/byte-name.ts";
import { DifferentialRunner, type Program } from "../support/differential.ts";
import { emptyDirectory } from "../support/empty-directory.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-detects-"));
});
afterAll(() => {
  emptyDirectory(fromText(folder));
  rmdirSync(folder);
});

/** What the script does after rsync (`$out` holds its stdout), and the aspect that must be found different. */
const faults = [
  { fault: "another exit code", script: "status=9", aspect: "exit code" },
  { fault: "a line more on stdout", script: 'echo surplus >>"$out"', aspect: "stdout items" },
  { fault: "lines in another order", script: 'tac "$out" >"$out.2"; mv "$out.2" "$out"', aspect: "stdout items" },
  { fault: "a line more on stderr", script: "echo surplus >&2", aspect: "stderr" },
  { fault: "another mode", script: 'chmod 0602 "$file"', aspect: "tree mode" },
  { fault: "another owner", script: 'chown 77 "$file"', aspect: "tree owner" },
  { fault: "another nanosecond", script: 'touch -m -d @1500000000.000000001 "$file"', aspect: "tree mtime" },
  { fault: "a directory's time", script: 'touch -m -d @1500000000 "$directory"', aspect: "tree mtime" },
  { fault: "other bytes", script: 'printf Z | dd of="$file" conv=notrunc status=none', aspect: "tree content" },
  { fault: "another attribute", script: 'setfattr -n user.surplus -v 1 "$file"', aspect: "tree xattrs" },
  { fault: "another ACL", script: 'setfacl -m u:99:r "$file"', aspect: "tree xattrs" },
  { fault: "a link more", script: 'ln "$file" "$directory/linked"', aspect: "tree linkedWith" },
  { fault: "a file more", script: 'touch "$directory/.surplus.a1B2c3"', aspect: "tree existence" },
  { fault: "a changed source", script: "touch src", aspect: "source changed" },
];

describe("DifferentialRunner", () => {
  test.each(faults)("finds $fault", ({ script, aspect }) => {
    const program = join(folder, "faulty");
    const find = (type: string): string => `$(find dst -mindepth 1 -type ${type} -print -quit)`;
    const body = `out=${folder}/out\nrsync "$@" >"$out"\nstatus=$?\nfile="${find("f")}"\ndirectory="${find("d")}"\n`;
    writeFileSync(
      program,
      `#!/bin/sh\n${body}{ ${script}; } 2>&1 | grep -v '^$' >&2\n`.replace(/\{ (status=9); \}.*/, "$1"),
    );
    writeFileSync(program, `cat "$out"\nexit $status\n`, { flag: "a" });
    const reference: Program = { name: "rsync", command: ["rsync"], environment: {} };
    const subject: Program = { name: "faulty", command: ["sh", program], environment: {} };
    const runner = new DifferentialRunner(folder, {
      user: "root",
      reference,
      subject,
      coarse: false,
      referenceRuns: 2,
    });
    const found = new Set<string>();
    // Not every case has a file in dst or several lines of output: some of these do.
    for (let seed = 1; seed <= 16 && !found.has(aspect); seed++) {
      for (const difference of runner.run(seed).differences) found.add(difference.aspect);
    }
    expect([...found]).toContain(aspect);
  });

  test("finds nothing between rsync and rsync", () => {
    const program: Program = { name: "rsync", command: ["rsync"], environment: {} };
    const options = { user: "root", reference: program, subject: program, coarse: false, referenceRuns: 3 } as const;
    const runner = new DifferentialRunner(folder, options);
    for (let seed = 21; seed < 41; seed++) expect(runner.run(seed).differences).toEqual([]);
  });
});
