// Bundles the command line, the library and the worker threads into dist/. koffi stays a package; ssh2 and piscina are bundled, in
// parts of their own that are loaded when they are asked for (docs/decisions/004, 009).
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { asPart } from "./parts.ts";

/**
 * Node's own modules through `process.getBuiltinModule`: an import statement would read every export of `node:fs`, and
 * with them load the streams, in each thread (bench case `ten`).
 */
const builtins = {
  name: "builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin", sideEffects: false } : { path, external: true },
    );
    onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => {
      const properties = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(path)));
      // What has a getter is loaded by it.
      const names = properties.filter(([name, { value }]) => value !== undefined && name !== "default");
      const lines = names.map(([name]) => `export const ${name} = /* @__PURE__ */ get(${JSON.stringify(name)});`);
      const head = `const module = process.getBuiltinModule(${JSON.stringify(path)}); const get = (name) => module[name];`;
      return { contents: [head, ...lines].join("\n") };
    });
  },
};

/**
 * CommonJS packages that are bundled call Node's modules by `require`, which an ES module does not have; their native parts, which would have
 * to be compiled where they are installed, are left out, as they are where compiling fails.
 */
const commonJs = {
  name: "commonjs",
  setup({ onResolve, onLoad }) {
    const names = builtinModules.filter((name) => !name.startsWith("_") && !name.includes(":"));
    onResolve({ filter: new RegExp(`^(?:${names.join("|")})$`) }, ({ path, kind }) =>
      kind === "require-call" ? { path, namespace: "required" } : undefined,
    );
    onLoad({ filter: /./, namespace: "required" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
    onResolve({ filter: /^cpu-features$|\.node$/ }, ({ path }) => ({ path, namespace: "absent" }));
    onLoad({ filter: /./, namespace: "absent" }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not part of tsync`)});`,
    }));
  },
};

/**
 * The command, the library and the worker threads share no parts: what they shared would be cut into three times as many files, each of which
 * takes 0.3 ms to find and load (bench cases `ten`, `attributes`).
 */
const shared = {
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22",
  external: ["koffi", "piscina"],
  plugins: [builtins, commonJs],
  // ssh2 looks for programs of Windows there.
  define: { __dirname: '"/"' },
  metafile: true,
  minifySyntax: true,
  minifyWhitespace: true,
  chunkNames: "[name]-[hash]",
  logLevel: "warning",
};
const inputs = [];
async function bundle(name, file, settings = {}) {
  const { metafile, outputFiles = [] } = await build({ ...shared, entryPoints: { [name]: file }, ...settings });
  inputs.push(...Object.keys(metafile.inputs));
  return outputFiles;
}
await bundle("index", "src/index.ts");
await bundle("worker", "src/sync/worker.ts");
// The command is no module but parts that it loads itself, with compiled code (docs/decisions/004).
const parts = await bundle("main", "src/cli/main.ts", {
  outdir: "dist/command",
  entryNames: "[name]-[hash]",
  outExtension: { ".js": ".js" },
  define: { ...shared.define, "import.meta.url": "partUrl" },
  write: false,
});
mkdirSync("dist/command", { recursive: true });
for (const { path, text } of parts) writeFileSync(path, asPart(path, text));
const mainPart = parts.map(({ path }) => basename(path)).find((name) => name.startsWith("main-"));
await bundle("tsync", "src/cli/entry.ts", {
  outExtension: { ".js": ".cjs" },
  splitting: false,
  format: "cjs",
  define: { mainPart: JSON.stringify(mainPart), "import.meta.filename": "__filename" },
});

// The pool of threads is CommonJS and looks for the file of its threads beside its own: two files instead of fourteen to find and load, which
// takes the main thread 2 ms instead of 8 (bench case `attributes`).
const pool = await build({
  entryPoints: { index: "node_modules/piscina/dist/index.js", worker: "node_modules/piscina/dist/worker.js" },
  outdir: "dist/pool",
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node22",
  // Asked for only if threads are to be nice, which ours are not.
  external: ["@napi-rs/nice"],
  metafile: true,
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: "warning",
});
writeFileSync("dist/pool/package.json", '{ "type": "commonjs" }\n');
inputs.push(...Object.keys(pool.metafile.inputs));

// What is bundled has licences that ask to be passed on with it.
const packages = new Set(inputs.flatMap((path) => /.*\/?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
const notices = [...packages].sort().map((name) => {
  const file = readdirSync(`node_modules/${name}`).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no licence file`);
  return `${name}\n\n${readFileSync(`node_modules/${name}/${file}`, "utf8").trim()}\n`;
});
writeFileSync("dist/third-party-licences.txt", notices.join(`\n${"-".repeat(80)}\n\n`));

// First runs, one of them just large enough for a worker thread, leave the compiled code of what most runs need in dist/compile-cache
// (bench cases `ten`, `attributes`).
const folder = mkdtempSync(join(tmpdir(), "tsync-build-"));
mkdirSync(join(folder, "source"));
for (let index = 0; index < 1500; index++) writeFileSync(join(folder, `source/file${index}`), "content");
const tsync = join(import.meta.dirname, "../bin/tsync");
function warm(args, variables = {}) {
  const { status, stderr } = spawnSync(tsync, args, {
    encoding: "utf8",
    env: { ...process.env, TSYNC_COMPILE_CACHE: "refresh", ...variables },
  });
  if (status !== 0) throw new Error(`tsync ${args.join(" ")} ended with ${status}: ${stderr}`);
}
// Some files are there already, one is to be deleted.
const copy = join(folder, "copy");
mkdirSync(copy);
for (const name of ["file1", "file2", "gone"]) {
  writeFileSync(join(copy, name), "content");
  if (name !== "gone") for (const side of [join(folder, "source"), copy]) utimesSync(join(side, name), 1, 1);
}
warm(["-aAX", "--delete", `${folder}/source/`, `${copy}/`], { TSYNC_THREADS_FROM: "1000" });
warm(["-a", `${folder}/source/`, `${folder}/plain/`]);
warm(["--version"]);
// Both ends of a session.
const shell = join(folder, "shell");
writeFileSync(shell, '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
for (const [from, to] of [
  ["source/", "host:pushed/"],
  ["host:source/", "pulled/"],
]) {
  const inFolder = (place) => place.replace(/^(host:)?/, `$1${folder}/`);
  warm(["-a", "-e", shell, `--rsync-path=${tsync}`, inFolder(from), inFolder(to)]);
}
rmSync(folder, { recursive: true });
