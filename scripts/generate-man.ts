/** Writes the man page and the completions for bash, zsh and fish, all made from the option table, to dist/. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bashCompletion } from "./manual/bash.ts";
import { fishCompletion } from "./manual/fish.ts";
import { manPage } from "./manual/page.ts";
import { zshCompletion } from "./manual/zsh.ts";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const files: Readonly<Record<string, string>> = {
  "man/tsync.1": manPage(),
  "completions/tsync.bash": bashCompletion(),
  "completions/_tsync": zshCompletion(),
  "completions/tsync.fish": fishCompletion(),
};
for (const folder of ["man", "completions"]) mkdirSync(`${dist}/${folder}`, { recursive: true });
for (const [path, content] of Object.entries(files)) writeFileSync(`${dist}/${path}`, content);
