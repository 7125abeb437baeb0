/** Alternate directories (`--link-dest` and its relatives): named by the operator, filled by others. */
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tsync, Workspace } from "./support.ts";

const time = 1_600_000_000;

function put(path: string, content: string): void {
  writeFileSync(path, content);
  utimesSync(path, time, time);
}

test.each(["--link-dest", "--copy-dest", "--compare-dest"])(
  "S-15 P-03 a link planted in the tree of an alternate directory is not passed: %s",
  (option) => {
    using workspace = new Workspace();
    for (const name of ["src", "src/sub", "alt", "outside", "dst"]) mkdirSync(workspace.at(name));
    put(workspace.at("src/sub/file"), "public");
    put(workspace.at("outside/file"), "SECRET");
    put(workspace.at("src/leaf"), "public");
    symlinkSync("../outside", workspace.at("alt/sub"));
    symlinkSync("../outside/file", workspace.at("alt/leaf"));
    for (const delta of ["--whole-file", "--no-whole-file"]) {
      rmSync(workspace.at("dst"), { recursive: true });
      const run = tsync(["-a", delta, `${option}=../alt`, `${workspace.at("src")}/`, `${workspace.at("dst")}/`]);
      expect(run.code).toBe(0);
      for (const name of ["sub/file", "leaf"])
        expect(readFileSync(workspace.at(`dst/${name}`), "latin1")).toBe("public");
      expect(statSync(workspace.at("outside/file")).nlink).toBe(1);
    }
  },
);

test("T-28 a basis of an alternate directory is compared, not trusted", () => {
  using workspace = new Workspace();
  for (const name of ["src", "alt"]) mkdirSync(workspace.at(name));
  put(workspace.at("src/file"), `${"a".repeat(5000)}end`);
  put(workspace.at("alt/file"), `${"a".repeat(4000)}${"b".repeat(1000)}enD`);
  const args = ["-aI", "--no-whole-file", `--link-dest=${workspace.at("alt")}`];
  expect(tsync([...args, `${workspace.at("src")}/`, `${workspace.at("dst")}/`]).code).toBe(0);
  expect(readFileSync(workspace.at("dst/file"), "latin1")).toBe(`${"a".repeat(5000)}end`);
  expect(readFileSync(workspace.at("alt/file"), "latin1")).toContain("enD");
});

test("L-01 replacing a file by its alternate never leaves the name without a file", () => {
  using workspace = new Workspace();
  for (const name of ["src", "alt", "dst"]) mkdirSync(workspace.at(name));
  for (const name of ["src/file", "alt/file"]) put(workspace.at(name), "same");
  put(workspace.at("dst/file"), "old!");
  linkSync(workspace.at("dst/file"), workspace.at("kept"));
  const args = ["-a", "--link-dest=../alt", `${workspace.at("src")}/`, `${workspace.at("dst")}/`];
  expect(tsync(args).code).toBe(0);
  expect(statSync(workspace.at("dst/file")).ino).toBe(statSync(workspace.at("alt/file")).ino);
  expect(readFileSync(workspace.at("kept"), "latin1")).toBe("old!");
});
