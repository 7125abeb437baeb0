/**
 * Seeded corpora for the benchmarks: the same seed and scale give the same names, sizes, contents and times on every
 * machine. Everything is written once, before anything is measured, and is therefore in the page cache.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";

/** A source of numbers in [0, 1) that depends on nothing but its seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that do not compress. */
export function randomBytes(random: () => number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE((random() * 2 ** 32) >>> 0, at);
  for (let at = length - (length % 4); at < length; at++) bytes[at] = random() * 256;
  return bytes;
}

/**
 * `count` files of up to `bytesMax` bytes, a hundred a directory, directories three levels deep, and one symbolic link
 * in every directory. Returns the paths of the files.
 */
export function writeSmallFiles(root: string, count: number, bytesMax: number, seed: number): string[] {
  const random = seededRandom(seed);
  const content = randomBytes(random, 1 << 20);
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    const directory = Math.floor(index / 100);
    const folder = `${root}/${directory % 10}/d${Math.floor(directory / 10) % 100}/set ${directory}`;
    if (index % 100 === 0) {
      mkdirSync(folder, { recursive: true });
      symlinkSync("file-0000000.dat", `${folder}/first`);
    }
    const path = `${folder}/file-${String(index).padStart(7, "0")}.dat`;
    const start = Math.floor(random() * (content.length - bytesMax));
    writeFileSync(path, content.subarray(start, start + Math.floor(random() * (bytesMax + 1))));
    const seconds = 1_500_000_000 + Math.floor(random() * 1e8);
    utimesSync(path, seconds, seconds + Math.floor(random() * 64) / 64);
    paths.push(path);
  }
  return paths;
}

/** `count` files of exactly `bytes` bytes in one directory. */
export function writeEqualFiles(root: string, count: number, bytes: number, seed: number): void {
  const random = seededRandom(seed);
  const piece = randomBytes(random, Math.min(bytes, 1 << 20));
  mkdirSync(root, { recursive: true });
  for (let index = 0; index < count; index++) {
    const path = `${root}/part-${String(index).padStart(6, "0")}.bin`;
    const file = openSync(path, "w");
    try {
      for (let done = 0; done < bytes; done += piece.length) {
        // Every MiB differs from every other one.
        piece.writeUInt32LE((random() * 2 ** 32) >>> 0, 0);
        writeSync(file, piece, 0, Math.min(piece.length, bytes - done));
      }
    } finally {
      closeSync(file);
    }
    utimesSync(path, 1_600_000_000, 1_600_000_000 + index / 4096);
  }
}

/**
 * One file of random pages of 4 KiB, none like another. Files of the same seed have, in this share of their places, the same
 * pages.
 */
export function writePagedFile(root: string, bytes: number, seed: number, shared: number): void {
  const choose = seededRandom(seed + 1);
  const piece = Buffer.alloc(1 << 20);
  const words = new Uint32Array(piece.buffer, piece.byteOffset, piece.length / 4);
  const pageWords = 1024;
  mkdirSync(root, { recursive: true });
  const path = `${root}/file.bin`;
  const file = openSync(path, "w");
  try {
    for (let done = 0, page = 0; done < bytes; done += piece.length) {
      for (let start = 0; start < words.length; start += pageWords, page++) {
        const random = seededRandom(Math.imul(page + 1, 0x9e3779b1) + (choose() < shared ? seed : ~seed));
        for (let at = start; at < start + pageWords; at++) words[at] = random() * 2 ** 32;
      }
      writeSync(file, piece, 0, Math.min(piece.length, bytes - done));
    }
  } finally {
    closeSync(file);
  }
  utimesSync(path, 1_600_000_000, 1_600_000_000);
}

/**
 * Gives directories, links and whatever else was made by the hour an old time: names and contents decide, not the
 * moment (and rsync leaves the time of a new directory alone when it was made within the wanted second).
 */
export function settleTimes(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory()) settleTimes(inner);
    else if (entry.isSymbolicLink()) lutimesSync(inner, 1_600_000_000, 1_600_000_000.5);
  }
  utimesSync(path, 1_650_000_000, 1_650_000_000.25);
}

/** Gives every file an extended attribute and every second one an ACL. */
export function addAttributes(paths: readonly string[]): void {
  const attributes = paths.map((path, index) => `# file: ${path}\nuser.origin="camera ${index % 7}"\n`).join("\n");
  restore("setfattr", attributes);
  const acls = paths
    .filter((_, index) => index % 2 === 0)
    .map(
      (path, index) =>
        `# file: ${path}\nuser::rw-\nuser:${1000 + (index % 3)}:r--\ngroup::r--\nmask::r--\nother::r--\n`,
    );
  restore("setfacl", acls.join("\n"));
}

function restore(program: string, input: string): void {
  const done = spawnSync(program, ["--restore=-"], { input });
  if (done.status !== 0) throw new Error(`${program}: ${done.error ?? done.stderr}`);
}
