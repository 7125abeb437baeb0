/**
 * File lists in typed arrays, to cross threads without cloning object by object (design section 3). Names travel as one
 * string per list; only lists with digests, ACLs or attributes carry those as arrays of their own.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { FileEntry, Xattr } from "../protocol/file-entry.ts";
import type { RunEvent } from "./events.ts";
import type { Duplicate, FileList, ScannedOrder } from "./file-list.ts";
import { childPath } from "./split-argument.ts";

const integerColumns = 9;

/** A list as it crosses threads. */
export interface PackedList {
  readonly owner: FileEntry | undefined;
  readonly path: ByteName;
  readonly count: number;
  /** Names joined by NUL. */
  readonly names: string;
  /** Paths joined by NUL, only when they are not simply `path/name` (arguments of `--relative`). */
  readonly paths: string | undefined;
  /** Link targets joined by NUL in entry order, for symlinks that have one. */
  readonly targets: string;
  /** Per entry: size, mtime. */
  readonly floats: Float64Array;
  /** Per entry: mode, nanoseconds, uid, gid, rdev major, rdev minor, flags | hasTarget << 8, link group, root. */
  readonly integers: Int32Array;
  /** Access times, under `-U`. */
  readonly atimes: Float64Array | undefined;
  readonly checksums: readonly (Uint8Array | undefined)[] | undefined;
  readonly accessAcls: readonly (Uint8Array | undefined)[] | undefined;
  readonly defaultAcls: readonly (Uint8Array | undefined)[] | undefined;
  readonly xattrs: readonly (readonly Xattr[] | undefined)[] | undefined;
  readonly duplicates: readonly Duplicate[];
  readonly ioError: number;
  readonly events: readonly RunEvent[];
  readonly last: boolean;
  readonly scanned: ScannedOrder | undefined;
}

const hasTarget = 0x100;

export function packList(list: FileList): PackedList {
  const { entries } = list;
  const count = entries.length;
  const floats = new Float64Array(count * 2);
  const integers = new Int32Array(count * integerColumns);
  const names: string[] = [];
  const targets: string[] = [];
  let plainPaths = true;
  for (let index = 0; index < count; index++) {
    const entry = entries[index];
    if (entry === undefined) break;
    names.push(entry.name);
    if (entry.target !== undefined) targets.push(entry.target);
    if (plainPaths && entry.path !== childPath(list.path, entry.name)) plainPaths = false;
    floats[index * 2] = entry.size;
    floats[index * 2 + 1] = entry.mtime;
    const at = index * integerColumns;
    integers[at] = entry.mode;
    integers[at + 1] = entry.mtimeNanoseconds;
    integers[at + 2] = entry.uid;
    integers[at + 3] = entry.gid;
    integers[at + 4] = entry.rdevMajor;
    integers[at + 5] = entry.rdevMinor;
    integers[at + 6] = entry.flags | (entry.target === undefined ? 0 : hasTarget);
    integers[at + 7] = entry.linkGroup;
    integers[at + 8] = entry.root;
  }
  const column = <T>(get: (entry: FileEntry) => T | undefined) =>
    entries.some((entry) => get(entry) !== undefined) ? entries.map(get) : undefined;
  return {
    owner: list.owner,
    path: list.path,
    count,
    names: names.join("\0"),
    paths: plainPaths ? undefined : entries.map((entry) => entry.path).join("\0"),
    targets: targets.join("\0"),
    floats,
    integers,
    atimes: entries.some((entry) => entry.atime !== 0) ? Float64Array.from(entries, (entry) => entry.atime) : undefined,
    checksums: column((entry) => entry.checksum),
    accessAcls: column((entry) => entry.accessAcl),
    defaultAcls: column((entry) => entry.defaultAcl),
    xattrs: column((entry) => entry.xattrs),
    duplicates: list.duplicates,
    ioError: list.ioError,
    events: list.events,
    last: list.last,
    scanned: list.scanned,
  };
}

export function unpackList(packed: PackedList): FileList {
  const { count, floats, integers } = packed;
  const names = count === 0 ? [] : packed.names.split("\0");
  const paths = packed.paths?.split("\0");
  const targets = packed.targets.split("\0");
  const entries: FileEntry[] = new Array(count);
  let nextTarget = 0;
  for (let index = 0; index < count; index++) {
    const at = index * integerColumns;
    const name = (names[index] ?? "") as ByteName;
    const flags = integers[at + 6] ?? 0;
    entries[index] = {
      path: (paths?.[index] ?? childPath(packed.path, name)) as ByteName,
      name,
      root: integers[at + 8] ?? 0,
      mode: integers[at] ?? 0,
      size: floats[index * 2] ?? 0,
      mtime: floats[index * 2 + 1] ?? 0,
      mtimeNanoseconds: integers[at + 1] ?? 0,
      atime: packed.atimes?.[index] ?? 0,
      uid: (integers[at + 2] ?? 0) >>> 0,
      gid: (integers[at + 3] ?? 0) >>> 0,
      rdevMajor: integers[at + 4] ?? 0,
      rdevMinor: integers[at + 5] ?? 0,
      flags: flags & (hasTarget - 1),
      target: (flags & hasTarget) === 0 ? undefined : (targets[nextTarget++] as ByteName),
      linkGroup: integers[at + 7] ?? -1,
      checksum: packed.checksums?.[index],
      accessAcl: packed.accessAcls?.[index],
      defaultAcl: packed.defaultAcls?.[index],
      xattrs: packed.xattrs?.[index],
    };
  }
  return {
    owner: packed.owner,
    path: packed.path,
    entries,
    duplicates: packed.duplicates,
    ioError: packed.ioError,
    events: packed.events,
    last: packed.last,
    scanned: packed.scanned,
  };
}
