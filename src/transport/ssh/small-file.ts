/** Files of configuration and keys: whole, and not larger than such files are. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { limits } from "../../limits.ts";

/** The content of a regular file; undefined where there is none, or it cannot be read or is absurdly large. */
export function readSmallFile(path: string): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const isSpecial = !fstatSync(descriptor).isFile();
    const parts: Buffer[] = [];
    let total = 0;
    for (;;) {
      // `/dev/null` is empty; of other devices nothing is read.
      const part = Buffer.allocUnsafe(65_536);
      const count = readSync(descriptor, part, 0, part.length, null);
      if (count === 0) return Buffer.concat(parts);
      total += count;
      if (isSpecial || total > limits.sshFileBytes) return undefined;
      parts.push(part.subarray(0, count));
    }
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}
