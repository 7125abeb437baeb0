/** Options of tsync's own that need both sides at hand: where one of them is elsewhere they are refused, never ignored. */
import { type Role, unsupportedError } from "../errors.ts";
import type { TransferOptions } from "./transfer-options.ts";

type OwnOptions = Pick<TransferOptions, "refuseEmptySource" | "verify" | "reflink"> & {
  readonly deleteGuard: unknown;
};

/**
 * `where` ends the sentence: "with another machine".
 * @throws TsyncError unsupported (exit 4), with the name of the first that is given
 */
export function refuseOwnOptions(options: OwnOptions, where: string, role?: Role): void {
  const given: readonly (readonly [boolean, string])[] = [
    [options.deleteGuard !== undefined, "--delete-guard"],
    [options.refuseEmptySource, "--refuse-empty-source"],
    [options.verify, "--verify"],
    [options.reflink === "always", "--reflink=always"],
  ];
  for (const [isGiven, name] of given) {
    if (isGiven) throw unsupportedError(`This tsync does not support ${name} ${where}`, role);
  }
}
