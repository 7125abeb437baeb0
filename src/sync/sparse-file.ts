/**
 * Holes of `--sparse` where zeros do not come to lie in nothing: in a file that is changed in place, and in one whose space is
 * reserved (3-transfer 5.1.6).
 */
import type { DataCopier, ZeroRun } from "../fs/copy-data.ts";
import type { ReceiveJob } from "./receive-job.ts";

/** No file system has larger blocks. */
const blockBytesMax = 65_536;

/** Where the zeros of a job are kept until data follows; undefined where holes are simply left out, or there are none. */
export function zeroRunOf({ method, preallocate, sparse }: ReceiveJob): ZeroRun | undefined {
  return sparse && (method !== "replace" || preallocate) ? { start: 0, length: 0 } : undefined;
}

/**
 * What becomes of the zeros at the end: in place of old data a hole, in reserved space nothing. 0 or a negative errno. Of a file
 * that is written as a whole the hole goes to the end of the last block, as if it had been empty before.
 */
export function settleEnd(copier: DataCopier, job: ReceiveJob, target: number, run: ZeroRun | undefined): number {
  if (run === undefined || job.method === "replace") return 0;
  if (run.length > 0 && job.delta === undefined) run.length += blockBytesMax;
  return copier.settle(target, run);
}
