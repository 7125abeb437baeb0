/**
 * Temporary files beside their target (3-transfer 5.2; 4-traps L-05, S-19): created exclusively, mode 0600, in a held
 * directory, under the name `.NAME.XXXXXX`.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import type { ByteName } from "../bytes/byte-name.ts";
import { limits } from "../limits.ts";
import type { Syscalls } from "./syscalls/interface.ts";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const attempts = 100;
const poolBytes = 8192;
const EEXIST = -17;

/** Hands out temp names; one for each thread. */
export class TempNames {
  private pool: Buffer = Buffer.alloc(0);
  private used = 0;

  /** A name for a temp file of `name`: at most 254 bytes, a multi-byte character is not cut in two. */
  next(name: ByteName, hidden = true): ByteName {
    return `${tempPrefix(name, hidden)}.${this.suffix()}` as ByteName;
  }

  private suffix(): string {
    // One string: what is put together from letters is put together once more for the kernel.
    return String.fromCharCode(
      this.letter(),
      this.letter(),
      this.letter(),
      this.letter(),
      this.letter(),
      this.letter(),
    );
  }

  private letter(): number {
    for (;;) {
      if (this.used === this.pool.length) {
        this.pool = randomBytes(poolBytes);
        this.used = 0;
      }
      // Values above 247 would favour some letters.
      const value = this.pool[this.used++] ?? 255;
      if (value < letters.length * 4) return letters.charCodeAt(value % letters.length);
    }
  }
}

/** A created temp file. */
export interface TempFile {
  readonly descriptor: number;
  readonly name: ByteName;
}

/** Creates a temp file for `name`, in the directory of `name` itself a hidden one; a negative errno if none can be made. */
export function createTempFile(
  syscalls: Syscalls,
  names: TempNames,
  directory: number,
  name: ByteName,
  hidden = true,
): TempFile | number {
  const { writeOnly, create, exclusive } = syscalls.flags;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const temp = names.next(name, hidden);
    const descriptor = syscalls.openAt(directory, temp, writeOnly | create | exclusive, 0o600);
    if (descriptor >= 0) return { descriptor, name: temp };
    if (descriptor !== EEXIST) return descriptor;
  }
  return EEXIST;
}

/** `.NAME` without a second leading dot, or NAME where it is not hidden, cut as rsync does: to 246 bytes besides a dot of ours. */
export function tempPrefix(name: ByteName, hidden = true): string {
  const base = !hidden || name.startsWith(".") ? name : `.${name}`;
  const longest = limits.nameBytes - (hidden ? 8 : 9);
  if (base.length <= longest) return base;
  let end = longest;
  // It may end inside a UTF-8 sequence: then all bytes of such go, and in any case a dot at the end.
  if (base.charCodeAt(end) >= 0x80) while (end > 0 && base.charCodeAt(end - 1) >= 0x80) end--;
  if (base[end - 1] === ".") end--;
  return base.slice(0, end);
}

/** From the kernel directly, where it can be: loading node:crypto costs 3 to 6 ms, a tenth of a small run. */
function randomBytes(length: number): Buffer {
  try {
    const device = openSync("/dev/urandom", "r");
    try {
      const bytes = Buffer.alloc(length);
      if (readSync(device, bytes) === length) return bytes;
    } finally {
      closeSync(device);
    }
  } catch {
    // No such device, as in a bare chroot.
  }
  const crypto = createRequire(import.meta.url)("node:crypto") as typeof import("node:crypto");
  return crypto.randomBytes(length);
}
