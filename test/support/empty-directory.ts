/** Removes trees whose names need not be text, which `fs.rm` cannot. */
import { lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { type ByteName, byteName, joinName, toBytes } from "../../src/bytes/byte-name.ts";

/** Where a path becomes so long, in bytes, a directory is moved up: a call takes fewer than 4,096. */
const longPath = 3000;

/** Removes everything in a directory but the kept names. */
export function emptyDirectory(directory: ByteName, kept: ReadonlySet<string> = new Set()): void {
  emptyBelow(directory, directory, kept);
}

function emptyBelow(directory: ByteName, top: ByteName, kept: ReadonlySet<string>): void {
  for (const entry of readdirSync(toBytes(directory), { encoding: "buffer", withFileTypes: true })) {
    const name = entry.name.toString("latin1");
    if (kept.has(name)) continue;
    const path = joinName(directory, byteName(name));
    if (!entry.isDirectory()) {
      unlinkSync(toBytes(path));
      continue;
    }
    const place = path.length < longPath ? path : joinName(top, byteName(`moved-up-${lstatSync(toBytes(path)).ino}`));
    if (place !== path) renameSync(toBytes(path), toBytes(place));
    emptyBelow(place, top, new Set());
    rmdirSync(toBytes(place));
  }
}
