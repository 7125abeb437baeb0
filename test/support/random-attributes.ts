/**
 * Random contents, times, owners, modes, extended attributes and ACLs of one object.
 */
import type { Random } from "./random.ts";
import type { Content, PlanAttributes, PlanNode, Segment } from "./tree-plan.ts";
import { poolBytes } from "./tree-plan.ts";

/** Who will run the programs: the tree of an ordinary user is mostly theirs. */
export type RunUser = "root" | "nobody";

/** The numeric id of the ordinary user of these tests. */
export const nobodyId = 65_534;

/** A random time; some share their second and differ only in nanoseconds. */
export function randomMtime(random: Random): bigint {
  const second = 1_000_000_000n;
  const nanoseconds = BigInt(
    random.weighted([
      [4, random.between(0, 999_999_999)],
      [2, 0],
      [1, 1],
      [1, 999_999_999],
      [1, 500_000_000],
    ]),
  );
  const seconds = random.weighted([
    [10, BigInt(random.between(1_000_000_000, 1_700_000_000))],
    [4, 1_600_000_000n],
    [1, 0n],
    [1, -1n],
    [1, BigInt(-random.between(2, 2_000_000_000))],
    [1, BigInt(random.between(2_147_483_646, 2_147_483_650))],
    [1, 4_000_000_000n],
  ]);
  return seconds * second + nanoseconds;
}

/** Random contents of a regular file; mostly small. */
export function randomContent(random: Random): Content {
  const start = random.between(0, poolBytes - 1);
  const data = (length: number): Segment => ({ offset: (start + length) % poolBytes, length });
  const hole = (length: number): Segment => ({ offset: undefined, length });
  const parts = random.weighted<() => Segment[]>([
    [3, () => []],
    [3, () => [data(1)]],
    [20, () => [data(random.between(2, 2000))]],
    [4, () => [data(random.between(30_000, 70_000))]],
    [2, () => [data(random.between(100_000, 300_000))]],
    [0.3, () => [data(random.between(1_048_576, 2_500_000))]],
    [1, () => [hole(random.between(1, 200_000)), data(random.between(1, 5000))]],
    [1, () => [data(5000), hole(131_072), data(random.between(1, 9000))]],
    [1, () => [data(random.between(1, 5000)), hole(random.between(4096, 100_000))]],
    [0.5, () => [hole(random.between(1, 300_000))]],
  ])();
  return { kind: "parts", parts };
}

/** Random owner, mode, time, attributes for a node of this kind. */
export function randomAttributes(random: Random, kind: PlanNode["kind"], user: RunUser): PlanAttributes {
  const own = user === "root" ? 0 : nobodyId;
  const ordinary = random.chance(user === "root" ? 0.7 : 0.88);
  const mode = kind === "directory" ? directoryMode(random, user) : fileMode(random);
  return {
    mode,
    uid: ordinary ? own : random.pick([0, 1, nobodyId, 12_345]),
    gid: random.chance(0.8) ? own : random.pick([0, 1, nobodyId, 12_345, 54_321]),
    mtime: randomMtime(random),
    xattrs: random.chance(0.2) ? randomXattrs(random, kind) : new Map(),
  };
}

/** A raw POSIX ACL value; without `mask` it holds only the three basic entries. */
export function randomAcl(random: Random): Buffer {
  const named = (tag: number): [number, number, number][] =>
    random
      .sample([1, 2, 12_345, nobodyId], random.between(0, 2))
      .sort((left, right) => left - right)
      .map((id) => [tag, random.between(0, 7), id]);
  const none = 0xffff_ffff;
  const users = named(2);
  const groups = named(8);
  const masked = users.length + groups.length > 0 || random.chance(0.3);
  const entries: [number, number, number][] = [
    [1, random.pick([6, 7, 7, 5]), none],
    ...users,
    [4, random.between(0, 7), none],
    ...groups,
    ...(masked ? [[16, random.between(0, 7), none] satisfies [number, number, number]] : []),
    [32, random.between(0, 7), none],
  ];
  const value = Buffer.alloc(4 + entries.length * 8);
  value.writeUInt32LE(2, 0);
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    value.writeUInt16LE(tag, 4 + index * 8);
    value.writeUInt16LE(permissions, 6 + index * 8);
    value.writeUInt32LE(id, 8 + index * 8);
  }
  return value;
}

function directoryMode(random: Random, user: RunUser): number {
  const rare = user === "root" ? 1 : 0.4;
  return random.weighted([
    [12, 0o755],
    [3, 0o700],
    [2, 0o775],
    [rare, 0o555],
    [rare, 0o1777],
    [rare, 0o2775],
    [rare * 0.5, 0o000],
    [rare * 0.5, 0o4711],
  ]);
}

function fileMode(random: Random): number {
  return random.weighted([
    [12, 0o644],
    [3, 0o600],
    [3, 0o755],
    [2, 0o664],
    [1, 0o444],
    [0.7, 0o000],
    [0.7, 0o4755],
    [0.7, 0o2755],
    [0.7, 0o6711],
    [0.7, 0o1644],
    [0.7, 0o711],
    [0.5, 0o7777],
  ]);
}

function randomXattrs(random: Random, kind: PlanNode["kind"]): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const value = (): Uint8Array =>
    random.weighted<() => Uint8Array>([
      [3, () => Buffer.from("plain text")],
      [1, () => Buffer.alloc(0)],
      [2, () => random.bytes(random.between(1, 32))],
      [2, () => random.bytes(random.between(33, 300))],
      [0.5, () => random.bytes(1000)],
    ])();
  const names: readonly (readonly [number, string])[] = [
    [5, "user.comment"],
    [3, "user.a.b"],
    [2, "user.long-name-with-many-letters"],
    [1, "user.rsync.x"],
    [2, "trusted.mark"],
    [1, "security.note"],
  ];
  for (let count = random.between(0, 3); count > 0; count--) found.set(random.weighted(names), value());
  if (kind === "file" && random.chance(0.05)) {
    found.set("security.capability", Buffer.from("0100000200200000000000000000000000000000", "hex"));
  }
  if (random.chance(0.45)) found.set("system.posix_acl_access", randomAcl(random));
  if (kind === "directory" && random.chance(0.35)) found.set("system.posix_acl_default", randomAcl(random));
  return found;
}
