/**
 * Owner mapping on the receiving side (2-file-list 5.3). In a local run both sides have one user database, so a name maps
 * back to its own number; only `--usermap`, `--groupmap` and `--chown` change ids.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { mapAclIds } from "../fs/acl.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";
import { type IdRule, mapId, parseIdMap } from "../options/id-map.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { FileList } from "./file-list.ts";

export class IdMapper {
  private readonly users: readonly IdRule[];
  private readonly groups: readonly IdRule[];
  private readonly named: boolean;
  private readonly syscalls: Syscalls;
  private readonly userCache = new Map<number, number>();
  private readonly groupCache = new Map<number, number>();

  /** `warn` receives the text about a target name that this machine does not know. */
  constructor(options: TransferOptions, syscalls: Syscalls, warn: (text: string) => void) {
    this.syscalls = syscalls;
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
    return this.map(uid, this.users, this.userCache, (id) => this.syscalls.userName(id));
  }

  group(gid: number): number {
    return this.map(gid, this.groups, this.groupCache, (id) => this.syscalls.groupName(id));
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
  const users = options.userMap !== undefined && !literal;
  const groups = options.groupMap !== undefined && !(literal && identity.privileged);
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
