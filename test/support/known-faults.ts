/** Faults of rsync 3.5.0 in what a run leaves behind that tsync does not share: docs/differences.md lists them. */
import type { Snapshot, TreeDifference } from "./snapshot.ts";

/** Whether only a known fault of the reference (`left`) explains a difference between two trees. */
export function isKnownFault({ path, property, left, right }: TreeDifference, reference: Snapshot): boolean {
  const entry = reference.get(path);
  if (property !== "xattrs" || entry?.type !== "directory" || left === undefined || right === undefined) return false;
  const special = (Number.parseInt(entry.mode, 8) & 0o7000) !== 0;
  return special && withoutGroupEntry(left) === withoutGroupEntry(right);
}

/**
 * Attributes without the permissions of the ACL's entry for the group, which rsync takes from the mode 0700 that a new directory
 * has at first, if the mode that it gets has set-id or sticky bits.
 */
function withoutGroupEntry(attributes: string): string {
  return attributes.replace(
    /(system\.posix_acl_access=(?:[0-9a-f]{16})*?[0-9a-f]{8}0400)[0-9a-f]{4}(ffffffff)/,
    "$1#$2",
  );
}
