// Bundles the command line, the library and the worker threads into dist/. koffi and piscina stay packages.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

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

await build({
  entryPoints: {
    tsync: "src/cli/entry.ts",
    index: "src/index.ts",
    worker: "src/sync/worker.ts",
  },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22",
  packages: "external",
  plugins: [builtins],
  minifySyntax: true,
  minifyWhitespace: true,
  chunkNames: "[name]-[hash]",
  logLevel: "warning",
});

// A first small run leaves the compiled code of what every run needs in dist/compile-cache (bench case `ten`).
const folder = mkdtempSync(join(tmpdir(), "tsync-build-"));
mkdirSync(join(folder, "source"));
writeFileSync(join(folder, "source/file"), "content");
const node = join(import.meta.dirname, "../node_modules/node/bin/node");
for (const round of ["first", "second"]) {
  const args = ["dist/tsync.mjs", "-a", "--delete", `${folder}/source/`, `${folder}/copy`];
  const { status, stderr } = spawnSync(node, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the ${round} run of the bundle ended with ${status}: ${stderr}`);
}
rmSync(folder, { recursive: true });
