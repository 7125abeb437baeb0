/**
 * ACLs as `--fake-super` stores them (2-file-list 7.8): permissions of owner, group, mask and others as 32-bit numbers, 0x80 for
 * one that is left out, then a pair of id and permissions for each named entry, users with the highest bit. Pure functions.
 */
import { type Acl, formatAcl, type NamedAclEntry, parseAcl } from "../protocol/posix-acl.ts";

const absent = 0x80;
const userBit = 0x80000000;
const headBytes = 16;
const entryBytes = 8;

/** An access ACL that says nothing which the mode does not. */
export function emptyFakeAcl(): Uint8Array {
  return format(absent, absent, absent, absent, []);
}

/** An access ACL: what the mode tells is left out. One without an entry for the owner lacks that already. */
export function fakeAccessAcl({ userObj, groupObj, mask, named }: Acl): Uint8Array {
  if (mask === undefined) return emptyFakeAcl();
  const isTold = groupObj === undefined || (userObj !== undefined && groupObj === mask);
  const group = isTold ? absent : groupObj;
  return format(absent, group, mask, absent, named);
}

/** A default ACL, in full. */
export function fakeDefaultAcl({ userObj, groupObj, mask, other, named }: Acl): Uint8Array {
  return format(userObj ?? absent, groupObj ?? absent, mask ?? absent, other ?? absent, named);
}

/** The attribute value of a stored ACL, whose gaps the mode fills; undefined if it makes no sense. */
export function readFakeAcl(value: Uint8Array, mode: number): Uint8Array | undefined {
  if (value.length < headBytes || (value.length - headBytes) % entryBytes !== 0) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const field = (index: number, fallback: number | undefined): number | undefined => {
    const number = view.getUint32(index * 4, true);
    return number === absent ? fallback : number & 7;
  };
  const named: NamedAclEntry[] = [];
  for (let at = headBytes; at < value.length; at += entryBytes) {
    const access = view.getUint32(at + 4, true);
    const kind = (access & userBit) === 0 ? "group" : "user";
    named.push({ kind, id: view.getUint32(at, true), perm: access & 7 });
  }
  const acl = formatAcl({
    userObj: field(0, (mode >> 6) & 7),
    groupObj: field(1, (mode >> 3) & 7),
    mask: field(2, undefined),
    other: field(3, mode & 7),
    named,
  });
  return parseAcl(acl) === undefined ? undefined : acl;
}

function format(
  userObj: number,
  groupObj: number,
  mask: number,
  other: number,
  named: readonly NamedAclEntry[],
): Uint8Array {
  const value = new Uint8Array(headBytes + named.length * entryBytes);
  const view = new DataView(value.buffer);
  for (const [index, number] of [userObj, groupObj, mask, other].entries()) view.setUint32(index * 4, number, true);
  for (const [index, { kind, id, perm }] of named.entries()) {
    const at = headBytes + index * entryBytes;
    view.setUint32(at, id, true);
    view.setUint32(at + 4, kind === "user" ? (userBit | perm) >>> 0 : perm, true);
  }
  return value;
}
