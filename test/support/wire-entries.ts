/** Random file lists in the form that a wire can carry: what is decoded must equal what was encoded. */
import { createHash } from "node:crypto";
import { type ByteName, baseName, byteName } from "../../src/bytes/byte-name.ts";
import { EntryFlag, type FileEntry, FileType, type Xattr } from "../../src/protocol/file-entry.ts";
import type { FileListSettings, FileListSource } from "../../src/protocol/file-list-settings.ts";
import { type Acl, formatAcl } from "../../src/protocol/posix-acl.ts";
import { CompatFlag, isIncremental } from "../../src/protocol/wire-context.ts";
import type { Random } from "./random.ts";

/** Names of ids as a machine has them: some have none. */
export const namedIds: FileListSource = {
  nameOf(kind, id): ByteName | undefined {
    return id % 3 === 2 ? undefined : byteName(`${kind}${id}`);
  },
  md5: (bytes) => new Uint8Array(createHash("md5").update(bytes).digest()),
};

/** Random options that go with a protocol. */
export function randomSettings(random: Random, protocol: number): FileListSettings {
  const isNew = protocol >= 30;
  const compat = isNew
    ? (random.chance(0.5) ? CompatFlag.incremental : 0) |
      (random.chance(0.5) ? CompatFlag.safeFileList : 0) |
      (random.chance(0.5) ? CompatFlag.varintFlags : 0) |
      (random.chance(0.5) ? CompatFlag.id0Names : 0)
    : 0;
  return {
    protocol,
    compat,
    owner: random.chance(0.7),
    group: random.chance(0.7),
    devices: random.chance(0.7),
    specials: random.chance(0.7),
    links: random.chance(0.8),
    hardLinks: random.chance(0.6),
    atimes: protocol > 27 && random.chance(0.3),
    acls: isNew && random.chance(0.5),
    xattrs: isNew && random.chance(0.5),
    checksumBytes: random.chance(0.4) ? random.pick([8, 16, 20]) : 0,
    numericIds: random.chance(0.3),
    relative: random.chance(0.2),
    recursive: true,
    missingArguments: random.chance(0.2),
  };
}

/** What one list has, and where it stands. */
export interface RandomList {
  readonly firstNdx: number;
  readonly directory: ByteName | undefined;
  readonly entries: readonly FileEntry[];
  readonly ioError: number;
}

/** Lists as a sender with these options makes them. */
export function randomLists(random: Random, settings: FileListSettings): readonly RandomList[] {
  const count = isIncremental(settings) ? random.between(1, 4) : 1;
  const lists: RandomList[] = [];
  const firsts = new Map<number, FileEntry>();
  let firstNdx = isIncremental(settings) ? 1 : 0;
  for (let number = 0; number < count; number++) {
    const directory = isIncremental(settings) ? byteName(number === 0 ? "" : `dir${number}/sub`) : undefined;
    const entries: FileEntry[] = [];
    for (let left = random.between(0, 30); left > 0; left--) {
      entries.push(randomEntry(random, settings, directory, firsts, firstNdx + entries.length));
    }
    const carriesError = isIncremental(settings) ? settings.protocol > 30 || (settings.compat & 0x88) !== 0 : true;
    const hasError = carriesError && random.chance(0.3);
    lists.push({ firstNdx, directory, entries, ioError: hasError ? random.between(1, 7) : 0 });
    firstNdx += entries.length + 1;
  }
  return lists;
}

const types = [
  FileType.regular,
  FileType.regular,
  FileType.regular,
  FileType.directory,
  FileType.symlink,
  FileType.block,
  FileType.character,
  FileType.fifo,
  FileType.socket,
];

function randomEntry(
  random: Random,
  settings: FileListSettings,
  directory: ByteName | undefined,
  firsts: Map<number, FileEntry>,
  ndx: number,
): FileEntry {
  const { protocol } = settings;
  const isOld = protocol < 30;
  const type = settings.missingArguments && random.chance(0.05) ? 0 : random.pick(types);
  const isDirectory = type === FileType.directory;
  const isDevice = type === FileType.block || type === FileType.character;
  const path = randomPath(random, directory, settings.relative);
  const base = {
    path,
    name: baseName(path),
    root: -1,
    mtime: isOld
      ? random.pick([0, 1, 0x65937d25, 2 ** 31, 2 ** 32 - 1])
      : random.pick([-5, 0, 1.6e9, 1.6e9 + 1, 2 ** 40]),
    mtimeNanoseconds: protocol >= 31 && random.chance(0.4) ? random.between(1, 999_999_999) : 0,
  };
  const group = settings.hardLinks && !isDirectory && protocol >= 28 && random.chance(0.3) ? random.between(0, 5) : -1;
  const first = firsts.get(group);
  if (first !== undefined && (first.mode & FileType.mask) === type) {
    return { ...first, path: base.path, name: base.name };
  }
  const entry: FileEntry = {
    ...base,
    mode: type === 0 ? 0 : type | random.pick([0o644, 0o755, 0o7777, 0]),
    size: random.pick([0, 12, 700, 2 ** 31 - 1, 2 ** 31, 2 ** 40]),
    atime: settings.atimes && !isDirectory ? random.pick([0, 1, 1.6e9]) : 0,
    uid: settings.owner ? random.pick([0, 1, 2, 1000, 2 ** 31, 2 ** 32 - 2]) : 0,
    gid: settings.group ? random.pick([0, 1, 2, 1000, 2 ** 32 - 2]) : 0,
    rdevMajor: isDevice && settings.devices ? random.pick([0, 8, 8, 259]) : 0,
    rdevMinor: isDevice && settings.devices ? random.pick([0, 1, 255, 256, 70_000]) : 0,
    flags: isDirectory ? randomMarks(random, protocol) : 0,
    target:
      type === FileType.symlink && settings.links ? byteName("t".repeat(random.pick([0, 1, 200, 4095]))) : undefined,
    linkGroup: first === undefined && group >= 0 && protocol >= 30 ? ndx : -1,
    checksum: settings.checksumBytes > 0 && type === FileType.regular ? digest(random, settings) : undefined,
    accessAcl: settings.acls && type !== FileType.symlink ? randomAcl(random) : undefined,
    defaultAcl: settings.acls && isDirectory ? randomAcl(random) : undefined,
    xattrs: settings.xattrs ? randomXattrs(random) : undefined,
  };
  if (entry.linkGroup >= 0) firsts.set(group, entry);
  return entry;
}

function randomPath(random: Random, directory: ByteName | undefined, relative: boolean): ByteName {
  const name = random.pick(["a", "ab", "abc", "abd", ".x", "é".repeat(50), "n".repeat(255), "...", "x y\n"]);
  if (directory !== undefined) return byteName(directory === "" ? name : `${directory}/${name}`);
  const deep = random.pick(["", "", "d/", "d/e/", `${"p".repeat(250)}/${"q".repeat(200)}/`]);
  return byteName(`${relative && random.chance(0.3) ? "/" : ""}${deep}${name}`);
}

function randomMarks(random: Random, protocol: number): number {
  // Before protocol 30 everything behind a root has content; the test only makes roots.
  if (protocol < 30) return EntryFlag.top | EntryFlag.content;
  return random.pick([0, EntryFlag.implied, EntryFlag.content, EntryFlag.top | EntryFlag.content]);
}

function digest(random: Random, settings: FileListSettings): Uint8Array {
  return new Uint8Array(random.bytes(settings.checksumBytes));
}

function randomAcl(random: Random): Uint8Array | undefined {
  if (random.chance(0.4)) return undefined;
  const perm = (): number => random.between(0, 7);
  const maybe = (): number | undefined => (random.chance(0.5) ? perm() : undefined);
  const named: Acl["named"] = [
    ...(random.chance(0.4) ? [{ kind: "user" as const, id: random.between(0, 9), perm: perm() }] : []),
    ...(random.chance(0.4) ? [{ kind: "group" as const, id: random.between(0, 9), perm: perm() }] : []),
  ];
  return formatAcl({ userObj: perm(), groupObj: maybe(), mask: maybe(), other: maybe(), named });
}

function randomXattrs(random: Random): readonly Xattr[] {
  return random.sample(["user.a", "user.b", "trusted.c"], random.between(0, 3)).map((name) => ({
    name: byteName(name),
    value: new Uint8Array(random.pick([0, 1, 32, 33, 500])).fill(random.between(1, 2)),
  }));
}
