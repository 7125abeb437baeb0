/** What the sender of `--remove-source-files` hears of, and when (3-transfer 5.5). */
import type { FileEntry, Xattr } from "../../protocol/file-entry.ts";
import { ReceivedXattr } from "../../protocol/xattr-block.ts";
import type { RunContext } from "../context.ts";
import { type Arrivals, isRemoved } from "../remove-source.ts";
import type { Link } from "./link.ts";
import type { ReleaseTracker } from "./release-tracker.ts";

/**
 * Tells the sender what has arrived, which it then removes. Of a file whose long attributes are still to come it hears once they
 * are here (`settled`): it reads them from the file.
 */
export function reportArrivals(
  { connection, condition }: Link,
  context: RunContext,
  lists: ReleaseTracker | undefined,
): Arrivals & { settled(entry: FileEntry, isWhole: boolean): void } {
  const waiting = new Map<FileEntry, number>();
  const send = (entry: FileEntry, ndx: number): void => {
    if (context.lateXattrs?.has(entry) === true && entry.xattrs?.some(isUnderWay) === true) {
      waiting.set(entry, ndx);
      // The sender must not forget its list before.
      lists?.count(ndx, 1);
    } else connection.message({ kind: "success", ndx });
  };
  const report: Arrivals["succeeded"] = ({ entry, ndx }, success) => {
    if (isRemoved(context, entry, success)) send(entry, ndx);
  };
  return {
    succeeded: report,
    arrived: report,
    linked: ({ entry, ndx }) => {
      if (isRemoved(context, entry, "handled")) send(entry, ndx);
    },
    flush: () => undefined,
    settled: (entry, isWhole) => {
      const ndx = waiting.get(entry);
      if (ndx === undefined) return;
      waiting.delete(entry);
      if (isWhole) send(entry, ndx);
      lists?.count(ndx, -1);
      condition.changed();
    },
  };
}

function isUnderWay(item: Xattr): boolean {
  return item instanceof ReceivedXattr && item.requested && item.abbreviated !== undefined;
}
