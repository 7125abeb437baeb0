/**
 * POSIX ACLs (2-file-list 7.1 to 7.3) as values of the attributes `system.posix_acl_access` and `_default`. An ACL on its way from
 * sender to receiver has the same form, but lacks the entries that the mode already tells (7.2). Pure functions: reading and
 * setting the attributes is up to the caller.
 */

import type { ByteName } from "../bytes/byte-name.ts";
import { byteName } from "../bytes/byte-name.ts";
import { formatAcl, type NamedAclEntry, needsMask, parseAcl } from "../protocol/posix-acl.ts";

/** The attributes that hold ACLs. */
export const accessAclName: ByteName = byteName("system.posix_acl_access");
export const defaultAclName: ByteName = byteName("system.posix_acl_default");

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
 * when the permission bits are enough: an ACL that the object may have is to be removed. Where it is only noted
 * (`isNoted`, of `--fake-super`), it goes on lacking what the mode tells, and its mask stays what was sent: no mode changes it.
 */
export function accessAclToSet(sent: Uint8Array | undefined, mode: number, isNoted: boolean): Uint8Array | undefined {
  const acl = sent && parseAcl(sent);
  if (!acl || !needsMask(acl)) return undefined;
  const groupBits = (mode >> 3) & 7;
  if (isNoted) return formatAcl({ ...acl, mask: acl.mask ?? groupBits });
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

function sameNamed(a: readonly NamedAclEntry[], b: readonly NamedAclEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every((entry, index) => {
      const other = b[index];
      return other !== undefined && entry.kind === other.kind && entry.id === other.id && entry.perm === other.perm;
    })
  );
}
