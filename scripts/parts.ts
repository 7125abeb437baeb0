/**
 * Makes parts of the files that esbuild gives for the command: plain scripts that src/cli/part-loader.ts runs. Each is one function that gets
 * `load`, which gives what another part exports, and the address of the program; it returns its own exports.
 */
import { Script } from "node:vm";

/** One ES module of esbuild's as the text of a part. */
export function asPart(path: string, module: string): string {
  let text = module.trim();
  // esbuild writes imports first, exports last, and each of them in this one way.
  let imports = "";
  for (;;) {
    const found = /^import(?:\{([^{}]*)\}from)?"\.\/([\w.-]+)";/.exec(text);
    if (found === null) break;
    const [statement, names, file] = found;
    imports += names === undefined ? `load("${file}");` : `const{${renamed(names, "$1:$2")}}=load("${file}");`;
    text = text.slice(statement.length);
  }
  let exports = "";
  const found = /export(?:\{([^{}]*)\}| default ([\w$]+\(\)));$/.exec(text);
  if (found !== null) {
    const [, names, value] = found;
    exports = `return{${names === undefined ? `default:${value}` : renamed(names, "$2:$1")}}`;
    text = text.slice(0, found.index);
  }
  text = text.replace(/\bimport\("\.\/([\w.-]+)"\)/g, '(async()=>load("$1"))()');
  const part = `(function(load,partUrl){"use strict";${imports}${text}\n${exports}})`;
  // In another way they are syntax errors in a script, but for an import when it is run.
  if (/\bimport\(["'.`]/.test(text)) throw new Error(`${path}: imports in another way`);
  new Script(part, { filename: path });
  if (/[^\0-\x7f]/.test(part)) throw new Error(`${path}: not all of it is ASCII`);
  return part;
}

/** `a,b as c` in another way of writing; `pattern` is about `$1 as $2`. */
function renamed(names: string, pattern: string): string {
  return names
    .split(",")
    .map((name) => name.replace(/^(\S+) as (\S+)$/, pattern))
    .join(",");
}
