/**
 * The tree that the transcripts were captured with: small, with every kind of object. The tests compare what they decode with
 * this description, so they need neither the tree nor rsync.
 */

/** An object; times are seconds and nanoseconds, numbers of the owner as captured. */
export interface FixtureObject {
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "fifo" | "block" | "character";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly nanoseconds: number;
  readonly content?: Buffer;
  readonly target?: string;
  readonly device?: readonly [major: number, minor: number];
  /** Another path of the same file. */
  readonly linkedTo?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
  /** For setfacl. */
  readonly acl?: string;
  readonly defaultAcl?: string;
}

const base = { uid: 0, gid: 0, mode: 0o644, mtime: 1_600_000_000, nanoseconds: 0 };

/** Bytes that hardly compress, the same on every machine. */
export function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

/** What stands at the destination in place of `delta`. */
export const oldDelta: Buffer = noise(3000, 7);
/** Blocks 1 and 3 of 700 bytes of the old content, with other data around. */
const newDelta = Buffer.concat([
  Buffer.from("new start ".repeat(10)),
  oldDelta.subarray(700, 1400),
  noise(50, 9),
  oldDelta.subarray(2100, 2800),
  oldDelta.subarray(0, 700),
]);

export const fixtureTree: readonly FixtureObject[] = [
  { ...base, path: ".", type: "directory", mode: 0o755, mtime: 1_600_000_001 },
  { ...base, path: "delta", type: "file", content: newDelta, nanoseconds: 5 },
  { ...base, path: "empty", type: "file", content: Buffer.alloc(0), mode: 0o600, uid: 12_345, gid: 54_321 },
  { ...base, path: "old", type: "file", content: Buffer.from("old\n"), mtime: 5, uid: 1, gid: 2 },
  { ...base, path: "text", type: "file", content: Buffer.from("some text\n".repeat(30)), mode: 0o4755 },
  { ...base, path: "link", type: "symlink", mode: 0o777, target: "dir/nowhere" },
  { ...base, path: "pipe", type: "fifo" },
  { ...base, path: "disk", type: "block", device: [8, 1] },
  { ...base, path: "console", type: "character", device: [8, 70_000], mode: 0o666 },
  { ...base, path: "dir", type: "directory", mode: 0o700, uid: 1, defaultAcl: "u::rwx,g::r-x,o::-,u:1:rw-" },
  { ...base, path: "dir/h1", type: "file", content: Buffer.from("hard"), nanoseconds: 999_999_999 },
  { ...base, path: "dir/h2", type: "file", content: Buffer.from("hard"), nanoseconds: 999_999_999, linkedTo: "dir/h1" },
  { ...base, path: "h3", type: "file", content: Buffer.from("hard"), nanoseconds: 999_999_999, linkedTo: "dir/h1" },
  {
    ...base,
    path: "dir/attributes",
    type: "file",
    content: Buffer.from("a"),
    mode: 0o674,
    acl: "u::rw-,u:1:rwx,u:12345:r--,g::r--,g:2:r-x,m::rwx,o::r--",
    xattrs: { "user.short": "v", "user.long": "Z".repeat(40), "trusted.t": "t" },
  },
  {
    ...base,
    path: "dir/attributes2",
    type: "file",
    content: Buffer.from("b"),
    xattrs: { "user.short": "v", "user.long": "Z".repeat(40), "trusted.t": "t" },
  },
  { ...base, path: "dir/sub", type: "directory", mode: 0o755 },
  { ...base, path: `dir/sub/${"n".repeat(250)}`, type: "file", content: Buffer.from("1") },
  { ...base, path: "dir/sub/f", type: "file", content: Buffer.from("2") },
  { ...base, path: "none", type: "directory", mode: 0o755 },
];
