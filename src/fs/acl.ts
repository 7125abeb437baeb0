/**
 * POSIX ACLs (2-file-list 7.1 to 7.3) as values of the attributes `system.posix_acl_access` and `_default`. An ACL on its way from
 * sender to receiver has the same form, but lacks the entries that the mode already tells (7.2). Pure functions: reading and
 * setting the attributes is up to the caller.
 */

import type { ByteName } from "../bytes/byte-name.ts";
import { byteName } from "../bytes/byte-name.ts";

/** The attributes that hold ACLs. */
export const accessAclName: ByteName = byteName("system.posix_acl_access");
export const defaultAclName: ByteName = byteName("system.posix_acl_default");

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

/** Whether an access ACL says no more than permission bits can: no mask and no named entries. */
export function aclEquivalentToMode(value: Uint8Array): boolean {
  const acl = parseAcl(value);
  return acl !== undefined && acl.mask === undefined && acl.named.length === 0;
}

/**
 * The access ACL to send for an object with this attribute value (undefined: it has none) and this mode, the one sent
 * with the entry. Undefined when the mode says it all (7.2).
 */
export function accessAclToSend(value: Uint8Array | undefined, mode: number): Uint8Array | undefined {
  const acl = value && parseAcl(value);
  if (acl?.mask === undefined) return undefined;
  const groupBits = (mode >> 3) & 7;
  return formatAcl({
    userObj: undefined,
    groupObj: acl.groupObj === groupBits ? undefined : acl.groupObj,
    mask: acl.named.length > 0 && acl.mask === groupBits ? undefined : acl.mask,
    other: undefined,
    named: acl.named,
  });
}

/**
 * The attribute value that gives an object the access ACL sent, when its final mode is `mode` (7.3 step 3). Undefined
 * when the permission bits are enough: an ACL that the object may have is to be removed.
 */
export function accessAclToSet(sent: Uint8Array | undefined, mode: number): Uint8Array | undefined {
  const acl = sent && parseAcl(sent);
  if (!acl || !needsMask(acl)) return undefined;
  const groupBits = (mode >> 3) & 7;
  return formatAcl({
    userObj: (mode >> 6) & 7,
    groupObj: acl.groupObj ?? groupBits,
    mask: groupBits,
    other: mode & 7,
    named: acl.named,
  });
}

/**
 * Whether an existing object's access ACL (its attribute value, undefined if none) differs from the one sent, for an
 * entry with mode `mode`: letter `a` of the itemised output (7.3 step 5). An entry left out on either side stands
 * for that side's mode. Permission bits as such are not compared here.
 */
export function accessAclDiffers(
  sent: Uint8Array | undefined,
  mode: number,
  existing: Uint8Array | undefined,
  existingMode: number,
): boolean {
  if (sent === undefined && existing === undefined) return false;
  const wanted = sent && parseAcl(sent);
  const present = existing && parseAcl(existing);
  const wantsMask = wanted !== undefined && needsMask(wanted);
  const hasMask = present !== undefined && needsMask(present);
  if (wantsMask !== hasMask) return true;
  if (!wantsMask || !hasMask) return false;
  const wantedGroup = wanted.groupObj ?? (mode >> 3) & 7;
  const presentGroup = present.groupObj ?? (existingMode >> 3) & 7;
  return wantedGroup !== presentGroup || !sameNamed(wanted.named, present.named);
}

/** The permission bits that a default ACL lets new files of its directory have: it replaces the umask (4-traps T-14). */
export function defaultAclPermissions(value: Uint8Array): number {
  const acl = parseAcl(value);
  return ((acl?.userObj ?? 7) << 6) | ((acl?.mask ?? acl?.groupObj ?? 7) << 3) | (acl?.other ?? 7);
}

/** The default ACL to send: nothing is left out (7.2). Undefined when the directory has none. */
export function defaultAclToSend(value: Uint8Array | undefined): Uint8Array | undefined {
  const acl = value && parseAcl(value);
  return acl && formatAcl(acl);
}

/** The attribute value for the default ACL sent; undefined: remove the directory's default ACL (7.3 steps 2 and 4). */
export function defaultAclToSet(sent: Uint8Array | undefined): Uint8Array | undefined {
  const acl = sent && parseAcl(sent);
  if (acl?.userObj === undefined) return undefined;
  const allowed = acl.named.reduce((perms, entry) => perms | entry.perm, acl.groupObj ?? 0);
  return formatAcl({
    userObj: acl.userObj,
    groupObj: acl.groupObj ?? 0,
    mask: acl.mask ?? (acl.named.length > 0 ? allowed : undefined),
    other: acl.other ?? 0,
    named: acl.named,
  });
}

/** Whether a directory's default ACL (attribute value, undefined if none) differs from the one sent. */
export function defaultAclDiffers(sent: Uint8Array | undefined, existing: Uint8Array | undefined): boolean {
  const wanted = defaultAclToSet(sent);
  const acl = existing && parseAcl(existing);
  if (!wanted || !acl) return wanted !== undefined || existing !== undefined;
  return Buffer.compare(wanted, formatAcl(acl)) !== 0;
}

/** The same ACL with the ids of its named entries replaced (7.3 step 1). */
export function mapAclIds(value: Uint8Array, map: (kind: "user" | "group", id: number) => number): Uint8Array {
  const acl = parseAcl(value);
  if (!acl) return value;
  return formatAcl({ ...acl, named: acl.named.map((entry) => ({ ...entry, id: map(entry.kind, entry.id) })) });
}

/** Named entries imply a mask even where it was left out (7.3 step 2). */
function needsMask(acl: Acl): boolean {
  return acl.mask !== undefined || acl.named.length > 0;
}

function sameNamed(a: readonly NamedAclEntry[], b: readonly NamedAclEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every((entry, index) => {
      const other = b[index];
      return other !== undefined && entry.kind === other.kind && entry.id === other.id && entry.perm === other.perm;
    })
  );
}

function sortNamed(named: readonly NamedAclEntry[]): readonly NamedAclEntry[] {
  if (named.length < 2) return named;
  return [...named].sort((a, b) => (a.kind === b.kind ? a.id - b.id : a.kind === "user" ? -1 : 1));
}
