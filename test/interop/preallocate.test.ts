/** `--preallocate` against the installed rsync: the same text, exit code, data and room on the drive. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sideBySide } from "../support/side-by-side.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");

/** A file of data, one of holes, an empty one; in the destination a shorter and a longer one. */
const setup = `mkdir s d; yes data | head -c 300000 >s/f; truncate -s 400000 s/holes; echo x >>s/holes; : >s/empty
head -c 100000 s/f >d/f; yes old | head -c 500000 >d/holes; chmod 600 s/*
find . -depth -exec touch -h -d @1600000000.5 {} +; touch -d @1500000000 d/*`;
/** Blocks beyond those of the data would be what was reserved in vain. */
const look = "find . -type f -printf '%p %s %m %T@ %b\\n' | sort; find . -type f -exec md5sum {} + | sort";
const options = ["", "-S", "--inplace", "--inplace -S", "--no-W", "--no-W -S", "--append", "-n", "--partial-dir=p"];

describe("with koffi", () => {
  const expectSame = sideBySide({ look, backEnd: "koffi" });

  test.each(options)("-ai --preallocate %s", (more) => {
    expectSame(setup, `-ai --preallocate ${more} s/ d/`);
    expectSame(setup, `-ai --preallocate ${more} s/ new/`);
  });
});

test("copies without where space cannot be reserved, and tells of it", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsync-preallocate-"));
  try {
    writeFileSync(join(folder, "file"), "data");
    const options = { encoding: "latin1", env: { ...process.env, TSYNC_SYSCALLS: "plain" } } as const;
    const run = spawnSync(tsync, ["-a", "--preallocate", join(folder, "file"), join(folder, "copy")], options);
    expect(run.stderr).toBe(`rsync: [receiver] do_fallocate "${join(folder, "copy")}": Operation not supported (95)\n`);
    expect(run.status).toBe(0);
    expect(readFileSync(join(folder, "copy"), "latin1")).toBe("data");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
