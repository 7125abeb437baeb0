import { build } from "esbuild";
const builtins = {
  name: "builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin", sideEffects: false } : { path, external: true },
    );
    onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => {
      const properties = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(path)));
      const names = properties.filter(([name, { value }]) => value !== undefined && name !== "default");
      const lines = names.map(([name]) => `export const ${name} = /* @__PURE__ */ get(${JSON.stringify(name)});`);
      const head = `const module = process.getBuiltinModule(${JSON.stringify(path)}); const get = (name) => module[name];`;
      return { contents: [head, ...lines].join("\n") };
    });
  },
};
await build({ entryPoints: ["src/cli/main.ts"], bundle: true, format: "cjs", platform: "node", target: "node22", minifySyntax:true, minifyWhitespace:true, outfile: "dist/t-main.cjs", external:["koffi","piscina","ssh2"], plugins:[builtins], define: {"import.meta.url":"__filename_url","import.meta.dirname":"__dirname"}, banner:{js:"var __filename_url='file://'+__dirname+'/tsync.mjs';"}, logLevel:"warning" });
