/**
 * Microseconds a call of both back ends of fs/syscalls, on a directory of 2,000 small files that it makes under the
 * temporary directory: `node bench/syscalls.ts [directory]`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { type ByteName, byteName } from "../src/bytes/byte-name.ts";
import { openSyscalls } from "../src/fs/syscalls/choose.ts";
import { emptyStat, type Syscalls } from "../src/fs/syscalls/interface.ts";

const files = 2000;
const rounds = 5;
const parent = process.argv[2] ?? tmpdir();

for (const kind of ["koffi", "plain"] as const) {
  const start = performance.now();
  const calls = openSyscalls(kind);
  const opened = performance.now() - start;
  const tree = mkdtempSync(join(parent, "tsync-bench-"));
  try {
    console.log(`${kind}: opened in ${opened.toFixed(2)} ms`);
    measure(calls, tree);
  } finally {
    calls.dispose();
    rmSync(tree, { recursive: true });
  }
}

function measure(calls: Syscalls, tree: string): void {
  mkdirSync(join(tree, "files"));
  for (let i = 0; i < files; i++) writeFileSync(join(tree, "files", `file-${i}.txt`), "x".repeat(1000));
  const root = must(calls.openPath(byteName(tree), calls.flags.readOnly | calls.flags.directory));
  const directory = must(calls.openDirectoryAt(root, byteName("files")));
  const names = calls.readDirectory(directory);
  if (typeof names === "number") throw new Error(`readDirectory: ${names}`);
  const stat = emptyStat();
  const buffer = new Uint8Array(65536);

  time("readDirectory", names.length, () => calls.readDirectory(directory));
  time("lstatAt", names.length, () => each(names, (name) => calls.lstatAt(directory, name, stat)));
  time("readDirectory + lstatAt", names.length, () => {
    each(calls.readDirectory(directory) as ByteName[], (name) => calls.lstatAt(directory, name, stat));
  });
  time("openAt + fstat + read + close", names.length, () =>
    each(names, (name) => {
      const file = calls.openAt(directory, name, calls.flags.readOnly);
      calls.fstat(file, stat);
      calls.read(file, buffer, 0, buffer.length, -1);
      return calls.close(file);
    }),
  );
  time("openDirectoryAt + close", names.length, () =>
    each(names, () => calls.close(calls.openDirectoryAt(root, byteName("files")))),
  );
  time("chmodAt", names.length, () => each(names, (name) => calls.chmodAt(directory, name, 0o640)));
  time("chownAt", names.length, () => each(names, (name) => calls.chownAt(directory, name, -1, -1)));
  time("setTimesAt", names.length, () =>
    each(names, (name) => calls.setTimesAt(directory, name, 1_600_000_000, 123_456_000)),
  );
  time("readXattrs, none", names.length, () => calls.readXattrs(directory, names));
  const value = Buffer.from("some value");
  time("setXattrAt", names.length, () =>
    each(names, (name) => calls.setXattrAt(directory, name, byteName("user.test"), value)),
  );
  const changes = names.map((name) => ({ name, attribute: byteName("user.test"), value }));
  time("changeXattrs, all at once", names.length, () => calls.changeXattrs(directory, changes));
  time("readXattrs, one", names.length, () => calls.readXattrs(directory, names));
  time("create + write + renameAt + unlinkAt", names.length, () =>
    each(names, (name) => {
      const file = must(calls.openAt(root, byteName(".new"), createFlags(calls), 0o600));
      calls.write(file, buffer, 0, 1000, -1);
      calls.close(file);
      calls.renameAt(root, byteName(".new"), root, name);
      return calls.unlinkAt(root, name);
    }),
  );
  calls.close(directory);
  calls.close(root);
}

function createFlags(calls: Syscalls): number {
  return calls.flags.writeOnly | calls.flags.create | calls.flags.exclusive;
}

function each(names: readonly ByteName[], call: (name: ByteName) => number): void {
  for (const name of names) must(call(name));
}

function must(value: number): number {
  if (value < 0) throw new Error(`error ${value}`);
  return value;
}

/** The best of several rounds: what the machine can do when nothing else runs. */
function time(name: string, count: number, run: () => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  console.log(`  ${name.padEnd(38)} ${((best * 1000) / count).toFixed(2)} us`);
}
