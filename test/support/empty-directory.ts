/** Removes trees whose names need not be text, which `fs.rm` cannot. */
import { readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { type ByteName, byteName, joinName, toBytes } from "../../src/bytes/byte-name.ts";

/** Removes everything in a directory but the kept names. */
export function emptyDirectory(directory: ByteName, kept: ReadonlySet<string> = new Set()): void {
  for (const entry of readdirSync(toBytes(directory), { encoding: "buffer", withFileTypes: true })) {
    const name = entry.name.toString("latin1");
    if (kept.has(name)) continue;
    const path = joinName(directory, byteName(name));
    if (!entry.isDirectory()) {
      unlinkSync(toBytes(path));
      continue;
    }
    emptyDirectory(path);
    rmdirSync(toBytes(path));
  }
}
