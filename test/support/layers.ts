/**
 * The layer rules of `src/` and a checker for them. Works on a map of file names to sources, so that the test can also
 * plant violations and see them found. Imports are read with regular expressions from sources whose comments are
 * blanked; type-only imports count like all others.
 */
import { posix } from "node:path";
import { maskSource } from "./mask-source.ts";

/** Sources by path relative to `src/`, e.g. `bytes/byte-name.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** One broken rule. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly rule: "layer" | "cycle" | "module" | "global" | "default-export" | "length" | "unknown-layer";
  readonly message: string;
}

/**
 * From top to bottom; a file may import from its own folder and from every line below it, so folders on one line do
 * not know each other.
 */
export const layerOrder: readonly (readonly string[])[] = [
  ["cli"],
  ["index.ts"],
  ["daemon", "backup"],
  ["library"],
  ["text"],
  ["sync"],
  ["transport", "fs", "options", "compress", "filter"],
  ["protocol", "delta"],
  ["bytes"],
  ["errors.ts", "limits.ts", "steady-time.ts", "version.ts"],
];

/** Longest file, in lines. */
export const fileLinesMax = 400;

/** Folders that compute only: no files, sockets, children, clocks or timers. */
const pureFolders: ReadonlySet<string> = new Set(["bytes", "protocol", "filter", "options", "compress", "delta"]);
/** What a pure folder may nevertheless import from Node. */
const pureModules: Readonly<Record<string, readonly string[]>> = {
  compress: ["node:module", "node:zlib"],
  delta: ["node:crypto", "node:module"],
};
const nodeNames: ReadonlySet<string> = new Set([
  "fs",
  "fs/promises",
  "net",
  "tls",
  "child_process",
  "timers",
  "worker_threads",
]);
const pureGlobals = /(?<![\w$.]|\.\s)(process|setTimeout|setInterval|setImmediate)\b(?!\s*[:?]?:)/g;
const terminalGlobals = /(?<![\w$.])(console\s*\.|process\s*\.\s*(?:exit\b|exitCode\b|stdout\b|stderr\b))/g;
const importPattern =
  /(?:^|[;}\n])\s*(?:import|export)\b(?:[^;"'`()]*?\bfrom)?\s*["']([^"'\n]+)["']|\b(?:import|require)\s*\(\s*["'`]([^"'`\n]+)["'`]/g;
const defaultExport = /(?:^|[;}\n])\s*export\s+default\b|\bas\s+default\b/g;

/** Every broken rule, in order of files; cycles come last. */
export function checkLayers(sources: Sources): Violation[] {
  const violations: Violation[] = [];
  const graph = new Map<string, { readonly target: string; readonly line: number }[]>();
  for (const [file, source] of [...sources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const report = (rule: Violation["rule"], offset: number, message: string): void => {
      violations.push({ file, line: source.slice(0, offset).split("\n").length, rule, message });
    };
    const layer = file.split("/")[0] ?? "";
    const rank = rankOf(layer);
    if (rank < 0) report("unknown-layer", 0, `'${layer}' is in no layer`);
    const edges: { target: string; line: number }[] = [];
    graph.set(file, edges);

    const commented = maskSource(source, "comments");
    for (const match of commented.matchAll(importPattern)) {
      const specifier = match[1] ?? match[2] ?? "";
      const offset = match.index + match[0].length;
      if (!specifier.startsWith(".")) {
        const message = moduleProblem(file, layer, specifier);
        if (message !== undefined) report("module", offset, message);
        continue;
      }
      const target = posix.normalize(posix.join(posix.dirname(file), specifier));
      const targetLayer = target.split("/")[0] ?? "";
      if (sources.has(target)) edges.push({ target, line: source.slice(0, offset).split("\n").length });
      if (targetLayer !== layer && rankOf(targetLayer) <= rank) {
        report("layer", offset, `${layer} must not import ${target}`);
      }
    }

    const code = maskSource(source, "text");
    for (const match of code.matchAll(defaultExport))
      report("default-export", match.index + match[0].length, "default export");
    if (pureFolders.has(layer)) {
      for (const match of code.matchAll(pureGlobals))
        report("global", match.index, `${layer} must not use ${match[1]}`);
    }
    if (layer !== "cli") {
      for (const match of code.matchAll(terminalGlobals)) report("global", match.index, `only cli may use ${match[1]}`);
    }
    const lines = source.split("\n").length - (source.endsWith("\n") ? 1 : 0);
    if (lines > fileLinesMax) report("length", source.length, `${lines} lines, at most ${fileLinesMax} allowed`);
  }
  return [...violations, ...findCycles(graph)];
}

/** One violation as a line of text. */
export function formatViolation(violation: Violation): string {
  return `src/${violation.file}:${violation.line} [${violation.rule}] ${violation.message}`;
}

function rankOf(layer: string): number {
  return layerOrder.findIndex((names) => names.includes(layer));
}

function moduleProblem(file: string, layer: string, specifier: string): string | undefined {
  if (specifier === "koffi" && !file.startsWith("fs/syscalls/")) return "only fs/syscalls may import koffi";
  const isNode = specifier.startsWith("node:") || nodeNames.has(specifier);
  if (isNode && pureFolders.has(layer) && !(pureModules[layer] ?? []).includes(specifier)) {
    return `${layer} must not import ${specifier}`;
  }
  return undefined;
}

function findCycles(
  graph: ReadonlyMap<string, readonly { readonly target: string; readonly line: number }[]>,
): Violation[] {
  const violations: Violation[] = [];
  const state = new Map<string, "open" | "done">();
  const path: string[] = [];
  const visit = (file: string): void => {
    state.set(file, "open");
    path.push(file);
    for (const { target, line } of graph.get(file) ?? []) {
      const seen = state.get(target);
      if (seen === undefined) visit(target);
      else if (seen === "open") {
        const circle = [...path.slice(path.indexOf(target)), target];
        violations.push({ file, line, rule: "cycle", message: circle.join(" -> ") });
      }
    }
    path.pop();
    state.set(file, "done");
  };
  for (const file of graph.keys()) if (!state.has(file)) visit(file);
  return violations;
}
