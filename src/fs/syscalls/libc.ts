/**
 * libc through koffi: loading it, declaring functions, the scratch memory that carries names and records across, and
 * `errno`. Design section 3. Nothing here knows what a call means; `koffi.ts` does.
 *
 * Pointers are plain numbers (user addresses are below 2^53), so that a call converts nothing but integers. A function
 * is looked up when it is first used (about 15 us each), except the few that every run needs.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { endianness } from "node:os";
import type { ByteName } from "../../bytes/byte-name.ts";
import { limits } from "../../limits.ts";
import { checkName, Errno } from "./common.ts";

/** A C function whose parameters and result are integers. */
export type NativeFunction = (...parameters: (number | bigint)[]) => number;

/** The C types used; `size_t` also stands for a pointer and `int64` for `off_t` and `ssize_t`. */
type CType = "int" | "uint" | "size_t" | "int64";

/** The part of koffi that is used. */
interface Koffi {
  load(path: null): { func(name: string, result: CType, parameters: readonly CType[]): NativeFunction };
  address(value: Uint8Array): bigint;
  errno(): number;
}

/** One thread's access to libc. */
export interface Libc {
  /** The named function; throws if libc lacks it. */
  declare(name: string, result: CType, parameters: readonly CType[]): NativeFunction;
  /** Like `declare`, but looked up at its first call. */
  lazy(name: string, result: CType, parameters: readonly CType[]): NativeFunction;
  /** Address of the first byte of a view; valid as long as the view's memory lives. */
  address(value: Uint8Array): number;
  /** errno of the last call of this thread, negated. */
  failure(): number;
}

/** Loads koffi and libc; throws when this machine has no koffi binary or is not 64-bit little-endian. */
export function loadLibc(): Libc {
  if (process.platform !== "linux" || endianness() !== "LE" || /^(arm|ia32|mipsel)$/.test(process.arch)) {
    throw new Error("the koffi system calls need 64-bit little-endian Linux");
  }
  const koffi = loadKoffi();
  const library = koffi.load(null);
  return {
    declare: (name, result, parameters) => library.func(name, result, parameters),
    lazy(name, result, parameters) {
      let found: NativeFunction | undefined;
      const find = () => {
        found ??= library.func(name, result, parameters);
        return found;
      };
      // Not `...values`: an array a call costs a fifth of it while the code is cold, as it is in most runs.
      switch (parameters.length) {
        case 1:
          return (a = 0) => (found ?? find())(a);
        case 2:
          return (a = 0, b = 0) => (found ?? find())(a, b);
        case 3:
          return (a = 0, b = 0, c = 0) => (found ?? find())(a, b, c);
        case 4:
          return (a = 0, b = 0, c = 0, d = 0) => (found ?? find())(a, b, c, d);
        default:
          return (...values) => (found ?? find())(...values);
      }
    },
    address: (value) => Number(koffi.address(value)),
    failure: () => -koffi.errno(),
  };
}

/** koffi's own entry takes 7 ms to find its binary, the package of the binary 3 (it reads which libc Node is linked with), the file 2. */
function loadKoffi(): Koffi {
  const require = createRequire(import.meta.url);
  const folder = `@koromix/koffi-linux-${process.arch}`;
  const places = mayBeMusl() ? [folder] : [`${folder}/linux_${process.arch}/koffi.node`, folder];
  for (const place of places) {
    try {
      const binary: Koffi = require(place);
      if (typeof binary.load === "function") return binary;
    } catch {
      // Installed in another layout: koffi knows where.
    }
  }
  return require("koffi");
}

/** Whether the loader of the other libc is there, so that Node may be linked with it. */
function mayBeMusl(): boolean {
  const machine = process.arch === "x64" ? "x86_64" : process.arch === "arm64" ? "aarch64" : undefined;
  return machine === undefined || existsSync(`/lib/ld-musl-${machine}.so.1`);
}

/** Places in the scratch memory: two names with their terminators, a record, and two lists. */
const nameBytes = limits.pathBytes + 256;
const recordAt = 2 * nameBytes;
const recordBytes = 512;
const listAt = recordAt + recordBytes;
/** Bytes of the list area: what one getdents64 fills, and the longest xattr value or list of names (64 KiB). */
const listBytes = 128 * 1024;

/**
 * Memory shared with the kernel, one piece a thread. Each call overwrites it: take what you need before the next.
 */
export class Scratch {
  readonly bytes: Buffer;
  /** Addresses of the first name, the second name, the record and the list area. */
  readonly first: number;
  readonly second: number;
  readonly record: number;
  readonly list: number;
  readonly listOffset: number = listAt;
  readonly listBytes: number = listBytes;
  /** Views of the record area. */
  readonly unsigned: Uint32Array;
  readonly signed: Int32Array;

  constructor(libc: Libc) {
    const memory = new ArrayBuffer(listAt + listBytes);
    this.bytes = Buffer.from(memory);
    const base = libc.address(this.bytes);
    this.first = base;
    this.second = base + nameBytes;
    this.record = base + recordAt;
    this.list = base + listAt;
    this.unsigned = new Uint32Array(memory, recordAt, recordBytes / 4);
    this.signed = new Int32Array(memory, recordAt, recordBytes / 4);
  }

  /** Stores one path component as the first name; 0, or the errno of a name that cannot be one. */
  putName(name: ByteName): number {
    return checkName(name) || this.#put(name, 0);
  }

  /** Stores one path component as the second name. */
  putSecondName(name: ByteName): number {
    return checkName(name) || this.#put(name, nameBytes);
  }

  /** Stores a whole path, link target or attribute name as the first name. */
  putText(text: string): number {
    return text.indexOf("\0") >= 0 ? Errno.EINVAL : this.#put(text, 0);
  }

  /** Stores a whole path, link target or attribute name as the second name. */
  putSecondText(text: string): number {
    return text.indexOf("\0") >= 0 ? Errno.EINVAL : this.#put(text, nameBytes);
  }

  #put(text: string, at: number): number {
    if (text.length >= nameBytes) return Errno.ENAMETOOLONG;
    const written = this.bytes.write(text, at, "latin1");
    this.bytes[at + written] = 0;
    return 0;
  }

  /** Writes a 64-bit signed integer into the record area, `index` in 4-byte units. */
  putInteger(index: number, value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    this.unsigned[index] = value - high * 0x1_0000_0000;
    this.signed[index + 1] = high;
  }

  /** The NUL-terminated text at a byte offset. */
  textAt(offset: number): ByteName {
    return this.bytes.toString("latin1", offset, this.bytes.indexOf(0, offset)) as ByteName;
  }
}
