/**
 * POSIX ACLs as values of the attributes `system.posix_acl_access` and `_default` (2-file-list 7.3): the form in which
 * file entries hold them. Pure functions.
 */

/** A named entry; `perm` is 0..7 (r=4 w=2 x=1). */
export interface NamedAclEntry {
  readonly kind: "user" | "group";
  readonly id: number;
  readonly perm: number;
}

/** An ACL; a permission is undefined when its entry is absent. */
export interface Acl {
  readonly userObj: number | undefined;
  readonly groupObj: number | undefined;
  readonly mask: number | undefined;
  readonly other: number | undefined;
  /** Users by ascending id, then groups by ascending id. */
  readonly named: readonly NamedAclEntry[];
}

const version = 2;
const headerBytes = 4;
const entryBytes = 8;
const noId = 0xffffffff;
const Tag = { userObj: 1, user: 2, groupObj: 4, group: 8, mask: 16, other: 32 } as const;

/** The ACL in an attribute value; undefined when the value is not one. */
export function parseAcl(value: Uint8Array): Acl | undefined {
  if (value.length < headerBytes || (value.length - headerBytes) % entryBytes !== 0) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (view.getUint32(0, true) !== version) return undefined;
  let userObj: number | undefined;
  let groupObj: number | undefined;
  let mask: number | undefined;
  let other: number | undefined;
  const named: NamedAclEntry[] = [];
  for (let at = headerBytes; at < value.length; at += entryBytes) {
    const perm = view.getUint16(at + 2, true);
    if (perm > 7) return undefined;
    switch (view.getUint16(at, true)) {
      case Tag.userObj:
        userObj = perm;
        break;
      case Tag.groupObj:
        groupObj = perm;
        break;
      case Tag.mask:
        mask = perm;
        break;
      case Tag.other:
        other = perm;
        break;
      case Tag.user:
        named.push({ kind: "user", id: view.getUint32(at + 4, true), perm });
        break;
      case Tag.group:
        named.push({ kind: "group", id: view.getUint32(at + 4, true), perm });
        break;
      default:
        return undefined;
    }
  }
  return { userObj, groupObj, mask, other, named: sortNamed(named) };
}

/** The attribute value of an ACL: entries by tag, then id. */
export function formatAcl(acl: Acl): Uint8Array {
  const { userObj, groupObj, mask, other } = acl;
  const named = sortNamed(acl.named);
  const singles = [userObj, groupObj, mask, other].filter((perm) => perm !== undefined).length;
  const value = new Uint8Array(headerBytes + (singles + named.length) * entryBytes);
  const view = new DataView(value.buffer);
  view.setUint32(0, version, true);
  let at = headerBytes;
  const put = (tag: number, perm: number | undefined, id: number) => {
    if (perm === undefined) return;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, perm, true);
    view.setUint32(at + 4, id, true);
    at += entryBytes;
  };
  put(Tag.userObj, userObj, noId);
  for (const { kind, perm, id } of named) if (kind === "user") put(Tag.user, perm, id);
  put(Tag.groupObj, groupObj, noId);
  for (const { kind, perm, id } of named) if (kind === "group") put(Tag.group, perm, id);
  put(Tag.mask, mask, noId);
  put(Tag.other, other, noId);
  return value;
}

/** Named entries imply a mask even where it was left out (7.3 step 2). */
export function needsMask(acl: Acl): boolean {
  return acl.mask !== undefined || acl.named.length > 0;
}

function sortNamed(named: readonly NamedAclEntry[]): readonly NamedAclEntry[] {
  if (named.length < 2) return named;
  return [...named].sort((a, b) => (a.kind === b.kind ? a.id - b.id : a.kind === "user" ? -1 : 1));
}
