/** What tsync did beside what rsync does, whose processes race with each other. */
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";

/** So often rsync is asked before a difference counts: now and then it comes out otherwise on a busy machine. */
const runsMax = 4;

/** Expects an outcome of tsync to be one that rsync has; gives the one of rsync that was compared last. */
export function expectAsRsync<T>(own: T, runRsync: () => T): T {
  let expected = runRsync();
  for (let runs = 1; runs < runsMax && !isDeepStrictEqual(own, expected); runs++) expected = runRsync();
  expect(own).toEqual(expected);
  return expected;
}
