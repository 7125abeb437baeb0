/**
 * Owner mapping on the receiving side (2-file-list 5.3). In a local run both sides have one user database, so a name maps
 * back to its own number; only `--usermap`, `--groupmap` and `--chown` change ids.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { mapAclIds } from "../fs/acl.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";
import { type IdRule, mapId, parseIdMap } from "../options/id-map.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { FileList } from "./file-list.ts";

/** Names that another machine gives to ids. */
export interface PeerNames {
  readonly users: ReadonlyMap<number, ByteName>;
  readonly groups: ReadonlyMap<number, ByteName>;
}

export class IdMapper {
  private readonly users: readonly IdRule[];
  private readonly groups: readonly IdRule[];
  private readonly named: boolean;
  private readonly syscalls: Syscalls;
  private readonly userCache = new Map<number, number>();
  private readonly groupCache = new Map<number, number>();

  /** What another machine calls its ids; undefined: both sides are this one. */
  private readonly peer: PeerNames | undefined;

  /** `warn` receives the text about a target name that this machine does not know. */
  constructor(options: TransferOptions, syscalls: Syscalls, warn: (text: string) => void, peer?: PeerNames) {
    this.syscalls = syscalls;
    this.peer = peer;
    this.named = !options.numericIds;
    this.users =
      options.userMap === undefined
        ? []
        : parseIdMap("usermap", options.userMap, (name) => syscalls.userId(name), warn);
    this.groups =
      options.groupMap === undefined
        ? []
        : parseIdMap("groupmap", options.groupMap, (name) => syscalls.groupId(name), warn);
  }

  user(uid: number): number {
    const { peer, syscalls } = this;
    if (peer !== undefined)
      return this.mapPeers(uid, this.users, this.userCache, peer.users, (name) => syscalls.userId(name));
    return this.map(uid, this.users, this.userCache, (id) => syscalls.userName(id));
  }

  group(gid: number): number {
    const { peer, syscalls } = this;
    if (peer !== undefined) {
      return this.mapPeers(gid, this.groups, this.groupCache, peer.groups, (name) => syscalls.groupId(name));
    }
    return this.map(gid, this.groups, this.groupCache, (id) => syscalls.groupName(id));
  }

  /** Whether the ids are those of another machine. */
  get hasPeer(): boolean {
    return this.peer !== undefined;
  }

  /** By the rules, else by the peer's name for the id, else the number (2-file-list 5.3). */
  private mapPeers(
    id: number,
    rules: readonly IdRule[],
    cache: Map<number, number>,
    names: ReadonlyMap<number, ByteName>,
    idOf: (name: ByteName) => number | undefined,
  ): number {
    const known = cache.get(id);
    if (known !== undefined) return known;
    const name = names.get(id) ?? (id === 0 && rules.length > 0 && this.named ? byteName("root") : undefined);
    const ruled = rules.length === 0 ? undefined : mapId(rules, id, name);
    const mapped = ruled ?? (name === undefined || id === 0 ? id : (idOf(name) ?? id));
    cache.set(id, mapped);
    return mapped;
  }

  private map(
    id: number,
    rules: readonly IdRule[],
    cache: Map<number, number>,
    nameOf: (id: number) => ByteName | undefined,
  ): number {
    if (rules.length === 0) return id;
    const known = cache.get(id);
    if (known !== undefined) return known;
    const mapped = mapId(rules, id, this.named ? nameOf(id) : undefined) ?? id;
    cache.set(id, mapped);
    return mapped;
  }
}

/** What of a run decides about ids in ACLs. */
interface AclMapping {
  readonly options: TransferOptions;
  readonly ids: IdMapper;
  readonly identity: { readonly privileged: boolean };
}

/** The list with the ids in its ACLs mapped (2-file-list 7.3); the same list when there is nothing to map. */
export function mapAcls({ options, ids, identity }: AclMapping, list: FileList): FileList {
  const literal = options.numericIds && options.incrementalRecursion;
  const users = (options.userMap !== undefined || (ids.hasPeer && !options.numericIds)) && !literal;
  const groups =
    (options.groupMap !== undefined || (ids.hasPeer && !options.numericIds)) && !(literal && identity.privileged);
  if (!options.acls || !(users || groups)) return list;
  const map = (kind: "user" | "group", id: number) =>
    kind === "user" ? (users ? ids.user(id) : id) : groups ? ids.group(id) : id;
  const mapEntry = (entry: FileEntry): FileEntry => ({
    ...entry,
    accessAcl: entry.accessAcl === undefined ? undefined : mapAclIds(entry.accessAcl, map),
    defaultAcl: entry.defaultAcl === undefined ? undefined : mapAclIds(entry.defaultAcl, map),
  });
  return {
    ...list,
    owner: list.owner === undefined ? undefined : mapEntry(list.owner),
    entries: list.entries.map(mapEntry),
  };
}
