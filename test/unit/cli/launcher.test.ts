/** `bin/tsync` on the Node of PATH: an old one gets one line and exit code 4, whatever it would make of the program. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../../bin", import.meta.url));
let folder: string;

/** A package without its own Node, whose program prints what it was given. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-launcher-"));
  cpSync(bin, join(folder, "package/bin"), { recursive: true });
  for (const name of ["package/dist", "path"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "package/dist/tsync.cjs"), "console.log(JSON.stringify(process.argv.slice(2)))");
  for (const tool of ["sh", "readlink"]) {
    const found = spawnSync("which", [tool], { encoding: "utf8" }).stdout.trim();
    symlinkSync(found, join(folder, "path", tool));
  }
});

afterEach(() => rmSync(folder, { recursive: true }));

const launch = (...args: string[]) =>
  spawnSync(join(folder, "package/bin/tsync"), args, { encoding: "utf8", env: { PATH: join(folder, "path") } });

/** Puts a `node` in PATH that is this one but says that it is of another version. */
function placeNode(version: string): void {
  const disguise = join(folder, "disguise.cjs");
  const versions = JSON.stringify({ ...process.versions, node: version });
  writeFileSync(disguise, `Object.defineProperty(process, "versions", { value: ${versions} });`);
  const wrapper = join(folder, "path/node");
  writeFileSync(wrapper, `#!/bin/sh\nexec '${process.execPath}' --require '${disguise}' "$@"\n`);
  chmodSync(wrapper, 0o755);
}

test.each(["10.24.1", "12.22.12", "20.20.2", "22.14.0"])("the launcher refuses Node %s", (version) => {
  placeNode(version);
  expect(launch("-a", "a", "b")).toMatchObject({
    status: 4,
    stdout: "",
    stderr: `tsync: needs Node.js 22.15 or newer in PATH, this is ${version}\n`,
  });
});

test.each(["22.15.0", "22.20.1", "24.9.0", "101.0.0"])("the launcher starts the program on Node %s", (version) => {
  placeNode(version);
  const done = launch("-a", "a b", "");
  expect(done).toMatchObject({ status: 0, stdout: '["-a","a b",""]\n', stderr: "" });
});

test("the launcher says what it needs when there is no Node", () => {
  expect(launch("-a", "a", "b")).toMatchObject({
    status: 4,
    stdout: "",
    stderr: "tsync: needs Node.js 22.15 or newer in PATH\n",
  });
});
