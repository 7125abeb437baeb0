/**
 * Compares the byte totals of two runs between two machines. Data, lists, requests and messages must be the same to the byte; how
 * many frames (of four bytes each) they travel in is a matter of moments in rsync too. Compressed data may be a little longer or
 * shorter: the libraries at hand are not those that rsync was built with (docs/differences.md).
 */

/** Whether the totals agree; lines as `sent 1,036 bytes  received 95 bytes`. */
export function totalsAgree(left: readonly string[], right: readonly string[], isCompressed: boolean): boolean {
  if (left.length !== right.length) return false;
  return left.every((line, index) => lineAgrees(line, right[index] ?? "", isCompressed));
}

/** A number in such a line. */
export const totalNumber: RegExp = /\d[\d,.]*[KMGTP]?/g;

function lineAgrees(left: string, right: string, isCompressed: boolean): boolean {
  if (left.replace(totalNumber, "#") !== right.replace(totalNumber, "#")) return false;
  const others = right.match(totalNumber) ?? [];
  // What counts as coming with a list hangs on where frames end.
  if (left.startsWith("File list size")) {
    const [one, other] = [left, right].map((line) => bytesOf(line.match(totalNumber)?.[0] ?? ""));
    return Math.abs((one ?? 0) - (other ?? 0)) <= 64 + 0.05 * (one ?? 0);
  }
  return (left.match(totalNumber) ?? []).every((text, index) => numberAgrees(text, others[index] ?? "", isCompressed));
}

/** Frames of a run that may come or go, and of each so many bytes that travel. */
const looseFrames = 4;
const bytesPerFrame = 32_768;

/** Length of a frame's head. */
export const frameBytes = 4;

function numberAgrees(left: string, right: string, isCompressed: boolean): boolean {
  if (left === right) return true;
  const [one, other] = [bytesOf(left), bytesOf(right)];
  const difference = Math.abs(one - other);
  if (isCompressed) return difference <= 64 + 0.06 * Math.max(one, other);
  // Rounded for humans: the last digit counts a hundredth of a unit.
  if (/[KMGTP]$/.test(left)) return difference <= 0.03 * Math.max(one, other);
  return difference % frameBytes === 0 && difference <= frameSlack(one);
}

/** By how many bytes frames may change a total. */
export function frameSlack(bytes: number): number {
  return frameBytes * (looseFrames + (2 * bytes) / bytesPerFrame);
}

/** What a number in a total says, also one with a unit. */
export function bytesOf(text: string): number {
  const unit = "KMGTP".indexOf(text.at(-1) ?? "") + 1;
  return Number.parseFloat(text.replaceAll(",", "")) * 1000 ** unit;
}
