/** Both back ends of the system calls, for tests that run the same table over them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type ByteName, byteName } from "../../../../src/bytes/byte-name.ts";
import { openSyscalls } from "../../../../src/fs/syscalls/choose.ts";
import { emptyStat, type Stat, type Syscalls } from "../../../../src/fs/syscalls/interface.ts";
import { openKoffi } from "../../../../src/fs/syscalls/koffi.ts";

export const kinds = ["koffi", "koffi on an old kernel", "plain"] as const;
export const isRoot: boolean = process.getuid?.() === 0;

/** A fresh directory for each test, open in the back end. */
export interface Fixture {
  readonly calls: Syscalls;
  path: string;
  /** Descriptor of the directory. */
  root: number;
  stat: Stat;
  /** Makes a file and returns its name. */
  file(name: string, content?: string | Uint8Array): ByteName;
  lstat(name: string, directory?: number): Stat;
}

export function useFixture(kind: (typeof kinds)[number], parent: string = tmpdir()): Fixture {
  const calls = kind === "koffi on an old kernel" ? openKoffi({ oldKernel: true }) : openSyscalls(kind);
  const fixture: Fixture = {
    calls,
    path: "",
    root: -1,
    stat: emptyStat(),
    file(name, content = "content") {
      const { writeOnly, create, exclusive } = calls.flags;
      const descriptor = must(calls.openAt(fixture.root, byteName(name), writeOnly | create | exclusive, 0o600));
      const bytes = Buffer.from(content);
      must(calls.write(descriptor, bytes, 0, bytes.length, -1));
      must(calls.close(descriptor));
      return byteName(name);
    },
    lstat(name, directory = fixture.root) {
      const stat = emptyStat();
      must(calls.lstatAt(directory, byteName(name), stat));
      return stat;
    },
  };
  beforeEach(() => {
    fixture.path = mkdtempSync(join(parent, "tsync-test-"));
    fixture.root = must(calls.openPath(byteName(fixture.path), calls.flags.readOnly | calls.flags.directory));
    fixture.stat = emptyStat();
  });
  afterEach(() => {
    calls.close(fixture.root);
    rmSync(fixture.path, { recursive: true, force: true });
  });
  return fixture;
}

/** The value of a call that has to succeed. */
export function must(value: number): number {
  if (value < 0) throw new Error(`call failed with ${value}`);
  return value;
}
