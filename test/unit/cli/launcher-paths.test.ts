/** `bin/tsync` is found by whatever path it is started, as an installed package has it: without a Node of its own. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-launcher-"));
  const installed = join(folder, "node_modules/tsync");
  mkdirSync(join(installed, "dist"), { recursive: true });
  cpSync(join(import.meta.dirname, "../../../bin"), join(installed, "bin"), { recursive: true });
  writeFileSync(join(installed, "dist/tsync.cjs"), 'console.log("started", ...process.argv.slice(2));\n');
  mkdirSync(join(folder, "node_modules/.bin"));
  symlinkSync("../tsync/bin/tsync", join(folder, "node_modules/.bin/tsync"));
  symlinkSync(join(folder, "node_modules/.bin/tsync"), join(folder, "rsync"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["", "node_modules/.bin/tsync"],
  ["", "node_modules/tsync/bin/tsync"],
  ["", "./rsync"],
  ["", "sh rsync"],
  ["node_modules", ".bin/tsync"],
  ["node_modules/.bin", "sh tsync"],
  ["node_modules/tsync/bin", "./tsync"],
  ["node_modules/tsync/bin", "PATH=:$PATH; tsync"],
  ["node_modules/tsync", "../../rsync"],
])("is found by a path from %j: %s", (below, command) => {
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
  const how = { cwd: join(folder, below), encoding: "utf8", env } as const;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", `${command} 'a b' c`], how);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "started a b c\n", stderr: "" });
});
