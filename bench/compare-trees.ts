/**
 * Compares a copied tree with its source completely: names, types, modes, owners, nanosecond times, link targets, sizes
 * and every byte of content; on request extended attributes and ACLs too. A figure counts only if the copy is right.
 */
import { spawnSync } from "node:child_process";
import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";

/** The first difference as text, or undefined if there is none. */
export function firstDifference(a: string, b: string, withAttributes: boolean): string | undefined {
  const left = Buffer.allocUnsafe(1 << 20);
  const right = Buffer.allocUnsafe(1 << 20);
  const compare = (name: string): string | undefined => {
    const one = lstatSync(a + name, { bigint: true });
    const other = lstatSync(b + name, { bigint: true, throwIfNoEntry: false });
    if (other === undefined) return `${b}${name} is missing`;
    if (describe(one) !== describe(other)) return `${name}: ${describe(one)} and ${describe(other)}`;
    if (one.isSymbolicLink() && readlinkSync(a + name) !== readlinkSync(b + name)) return `${name}: targets differ`;
    if (one.isFile() && !sameContent(a + name, b + name, left, right)) return `${name}: contents differ`;
    if (!one.isDirectory()) return undefined;
    const names = readdirSync(a + name).sort();
    if (
      names.join("\0") !==
      readdirSync(b + name)
        .sort()
        .join("\0")
    )
      return `${name}/: names differ`;
    for (const child of names) {
      const difference = compare(`${name}/${child}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  };
  const difference = compare("");
  if (difference !== undefined || !withAttributes) return difference;
  return dumpAttributes(a) === dumpAttributes(b) ? undefined : "extended attributes or ACLs differ";
}

function describe(stats: BigIntStats): string {
  const size = stats.isDirectory() ? 0n : stats.size;
  return `mode ${stats.mode.toString(8)} owner ${stats.uid}:${stats.gid} size ${size} mtime ${stats.mtimeNs}`;
}

function sameContent(a: string, b: string, left: Buffer, right: Buffer): boolean {
  const one = openSync(a, "r");
  const other = openSync(b, "r");
  try {
    for (;;) {
      const count = readSync(one, left);
      if (readSync(other, right) !== count) return false;
      if (count === 0) return true;
      if (left.compare(right, 0, count, 0, count) !== 0) return false;
    }
  } finally {
    closeSync(one);
    closeSync(other);
  }
}

/** All extended attributes below `root`, ACLs among them, sorted by name of the file. */
function dumpAttributes(root: string): string {
  const done = spawnSync("getfattr", ["-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "."], {
    cwd: root,
    maxBuffer: 1 << 28,
  });
  if (done.status !== 0) throw new Error(`getfattr: ${done.error ?? done.stderr}`);
  return done.stdout.toString("latin1").split("\n\n").sort().join("\n\n");
}
