/** Faults of rsync 3.5.0 in what a run leaves behind that tsync does not share: docs/differences.md lists them. */
import { baseName } from "../../src/bytes/byte-name.ts";
import type { Scenario } from "./scenario.ts";
import type { Snapshot, SnapshotEntry, TreeDifference } from "./snapshot.ts";

/** Whether only a known fault of the reference (`left`) explains a difference between two trees. */
export function isKnownFault(difference: TreeDifference, reference: Snapshot, scenario: Scenario): boolean {
  const entry = reference.get(difference.path);
  if (entry === undefined) return false;
  return losesGroupEntry(difference, entry) || takesTimeOfDirectory(difference, entry, scenario);
}

/**
 * A new directory with set-id or sticky bits loses the permissions of its ACL's entry for the group: rsync takes them from the
 * mode 0700 that the directory has at first.
 */
function losesGroupEntry({ property, left, right }: TreeDifference, entry: SnapshotEntry): boolean {
  if (property !== "xattrs" || entry.type !== "directory" || left === undefined || right === undefined) return false;
  const special = (Number.parseInt(entry.mode, 8) & 0o7000) !== 0;
  return special && withoutGroupEntry(left) === withoutGroupEntry(right);
}

function withoutGroupEntry(attributes: string): string {
  return attributes.replace(
    /(system\.posix_acl_access=(?:[0-9a-f]{16})*?[0-9a-f]{8}0400)[0-9a-f]{4}(ffffffff)/,
    "$1#$2",
  );
}

/** What `--ignore-existing` keeps where the source has a directory gets that directory's time. */
function takesTimeOfDirectory({ property, path }: TreeDifference, entry: SnapshotEntry, scenario: Scenario): boolean {
  if (property !== "mtime" || entry.type === "directory" || !scenario.covers.includes("--ignore-existing"))
    return false;
  for (const plan of scenario.sources.values()) {
    for (const [name, { node, attributes }] of plan) {
      if (node.kind !== "directory" || baseName(name) !== baseName(path)) continue;
      if (`${attributes.mtime}` === entry.mtime) return true;
    }
  }
  return false;
}
